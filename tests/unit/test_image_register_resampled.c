/*
 * unit/test_image_register_resampled.c: crops that were resized, toned or saved with loss are found, and nothing else
 * is.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "image_fixture.h"

#include <math.h>

/* Discs, stripes and a ramp: structure everywhere, nothing twice. */
static selectai_image *make_scene(uint32_t width, uint32_t height, uint32_t seed)
{
    selectai_image *image = NULL;
    double discs[60][4];
    assert_int_equal(sai_image_alloc(&image, width, height), SELECTAI_OK);
    for (int d = 0; d < 60; d++)
        for (int k = 0; k < 4; k++)
            discs[d][k] = lcg_below(&seed, 10000) / 10000.0;
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            double u = (double)x / width, v = (double)y / height, value = 60 + 60 * v + 20 * sin(40 * u * v);
            for (int d = 0; d < 60; d++) {
                double dx = u - discs[d][0], dy = v - discs[d][1], r = 0.02 + 0.07 * discs[d][2];
                if (dx * dx + dy * dy < r * r)
                    value += 100 * discs[d][3] - 50;
            }
            for (uint32_t c = 0; c < 3; c++) {
                double p = value + 12.0 * c;
                image->pixels[((size_t)y * width + x) * 3 + c] = (uint8_t)(p < 0 ? 0 : p > 255 ? 255 : p);
            }
        }
    return image;
}

static struct selectai_crop_match recover(const selectai_image *original, const selectai_image *cropped)
{
    struct selectai_crop_match match = {.struct_size = sizeof match};
    assert_int_equal(selectai_image_recover_crop(&match, original, cropped), SELECTAI_OK);
    if (match.method == SELECTAI_CROP_NONE) {
        assert_int_equal(match.box.x1 | match.box.y1 | match.box.x2 | match.box.y2, 0);
        assert_true(isnan(match.residual) && isnan(match.x1) && isnan(match.scale_x));
    }
    return match;
}

/* Saved as JPEG and read again; takes the image. */
static selectai_image *resave(selectai_image *image, int32_t quality)
{
    selectai_image *out = NULL;
    uint8_t *bytes = NULL;
    size_t n;
    assert_int_equal(selectai_image_encode(&bytes, &n, image, SELECTAI_FORMAT_JPEG, quality), SELECTAI_OK);
    assert_int_equal(selectai_image_decode(&out, bytes, n, NULL, NULL), SELECTAI_OK);
    selectai_free(bytes);
    selectai_image_destroy(&image);
    return out;
}

/* Resized; takes the image. */
static selectai_image *resized(selectai_image *image, uint32_t width, uint32_t height, int32_t filter)
{
    selectai_image *out = NULL;
    assert_int_equal(selectai_image_resize(&out, image, width, height, filter), SELECTAI_OK);
    selectai_image_destroy(&image);
    return out;
}

static selectai_image *cut(const selectai_image *image, const struct selectai_pixel_box *box)
{
    selectai_image *out = NULL;
    assert_int_equal(selectai_image_crop(&out, image, box), SELECTAI_OK);
    return out;
}

static void expect_box(const selectai_image *original, selectai_image *copy, const struct selectai_pixel_box *box)
{
    struct selectai_crop_match match = recover(original, copy);
    assert_int_equal(match.method, SELECTAI_CROP_RESAMPLED);
    assert_int_equal(match.box.x1, box->x1);
    assert_int_equal(match.box.y1, box->y1);
    assert_int_equal(match.box.x2, box->x2);
    assert_int_equal(match.box.y2, box->y2);
    assert_int_equal(match.unique, 1);
    assert_true(match.residual > 0 && match.residual < 40);
    assert_true(match.correlation > 0.5 && match.correlation <= 1 && match.texture > 0);
    assert_true(fabs(match.x1 - box->x1) <= 0.51 && fabs(match.y1 - box->y1) <= 0.51);
    assert_true(fabs(match.x2 - box->x2) <= 0.51 && fabs(match.y2 - box->y2) <= 0.51);
    assert_true(fabs(match.scale_x / (copy->width / (match.x2 - match.x1)) - 1) < 1e-9);
    assert_true(fabs(match.scale_y / (copy->height / (match.y2 - match.y1)) - 1) < 1e-9);
    selectai_image_destroy(&copy);
}

static const struct selectai_pixel_box boxes[] = {{0, 0, 400, 300},   {0, 0, 240, 180},     {100, 0, 340, 180},
                                                  {37, 51, 253, 213}, {160, 120, 400, 300}, {211, 33, 351, 138}};
enum { N_BOXES = sizeof boxes / sizeof boxes[0] };

static void test_saved_with_loss(void **state)
{
    selectai_image *original = make_scene(400, 300, 5);
    (void)state;
    for (int i = 0; i < N_BOXES; i++)
        expect_box(original, resave(cut(original, &boxes[i]), 60 + 6 * i), &boxes[i]);
    selectai_image_destroy(&original);
}

static void test_resized(void **state)
{
    static const double scales[] = {0.4, 0.55, 0.8, 1.3, 2.2, 4};
    selectai_image *original = make_scene(400, 300, 6);
    (void)state;
    for (int i = 0; i < N_BOXES; i++)
        for (int f = i % 3; f <= SELECTAI_FILTER_BOX; f += 2) {
            const struct selectai_pixel_box *b = &boxes[i];
            double scale = scales[(i + 2 * f) % 6];
            uint32_t w = (uint32_t)lrint((b->x2 - b->x1) * scale), h = (uint32_t)lrint((b->y2 - b->y1) * scale);
            expect_box(original, resave(resized(cut(original, b), w, h, f), 85), b);
        }
    selectai_image_destroy(&original);
}

static void test_squeezed(void **state)
{
    selectai_image *original = make_scene(400, 300, 7);
    (void)state;
    for (int i = 0; i < N_BOXES; i++)
        expect_box(original, resized(cut(original, &boxes[i]), 200, 200, SELECTAI_FILTER_LANCZOS), &boxes[i]);
    selectai_image_destroy(&original);
}

static void test_toned(void **state)
{
    selectai_image *original = make_scene(400, 300, 8);
    (void)state;
    for (int i = 0; i < N_BOXES; i++) {
        selectai_image *copy = cut(original, &boxes[i]);
        for (size_t k = 0; k < sai_image_bytes(copy); k++) {
            double v = pow(copy->pixels[k] / 255.0, 0.6 + 0.2 * i) * (k % 3 == 0 ? 0.8 : 1);
            copy->pixels[k] = (uint8_t)(20 + 200 * v);
        }
        expect_box(original, resave(copy, 80), &boxes[i]);
    }
    selectai_image_destroy(&original);
}

static void test_other_pictures(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 12; i++) {
        selectai_image *original = make_scene(240 + 10 * i, 200, 100 + i), *other = make_scene(200, 150 + i, 200 + i);
        assert_int_equal(recover(original, other).method, SELECTAI_CROP_NONE);
        assert_true(recover(original, other).correlation < 0.6);
        selectai_image_destroy(&original);
        selectai_image_destroy(&other);
    }
}

/* The left half is the right one's mirror image, so a mirrored copy has the original's shapes in their places. */
static void test_mirrored(void **state)
{
    selectai_image *original = make_scene(300, 300, 9), *copy;
    const struct selectai_pixel_box whole = {0, 0, 300, 300};
    (void)state;
    for (uint32_t y = 0; y < 300; y++)
        for (uint32_t x = 0; x < 150; x++)
            memcpy(original->pixels + (y * 300 + x) * 3, original->pixels + (y * 300 + 299 - x) * 3, 3);
    for (uint32_t y = 0; y < 300; y += 3) /* and something that tells them apart */
        memset(original->pixels + (y * 300 + y / 3) * 3, 255, 9);
    copy = cut(original, &whole);
    for (uint32_t y = 0; y < 300; y++)
        for (uint32_t x = 0; x < 300; x++)
            memcpy(copy->pixels + (y * 300 + x) * 3, original->pixels + (y * 300 + 299 - x) * 3, 3);
    struct selectai_crop_match match = recover(original, copy);
    assert_true(match.correlation > 0.8); /* it would have passed */
    assert_int_equal(match.method, SELECTAI_CROP_NONE);
    selectai_image_destroy(&copy);
    expect_box(original, resave(cut(original, &whole), 70), &whole);
    selectai_image_destroy(&original);
}

/* The crop fits on both sides. */
static void test_twice(void **state)
{
    selectai_image *original = make_scene(400, 200, 10);
    const struct selectai_pixel_box box = {10, 10, 180, 190};
    (void)state;
    for (uint32_t y = 0; y < 200; y++)
        memcpy(original->pixels + (y * 400 + 200) * 3, original->pixels + y * 400 * 3, 600);
    selectai_image *copy = resave(cut(original, &box), 85);
    struct selectai_crop_match match = recover(original, copy);
    assert_int_equal(match.method, SELECTAI_CROP_RESAMPLED);
    assert_int_equal(match.unique, 0);
    assert_int_equal(match.box.x1 % 200, 10);
    selectai_image_destroy(&original);
    selectai_image_destroy(&copy);
}

static void test_nothing_to_go_by(void **state)
{
    static const uint32_t sizes[][2] = {{1, 1}, {1, 500}, {500, 1}, {15, 15}, {16, 17}, {400, 16}, {64, 64}};
    enum { N = sizeof sizes / sizeof sizes[0] };
    (void)state;
    for (uint32_t i = 0; i < N * N; i++) {
        const uint32_t *a = sizes[i / N], *b = sizes[i % N];
        selectai_image *noise = make_noise(a[0], a[1], 3 + i), *other = make_noise(b[0], b[1], 1000 + i), *flat = NULL;
        assert_int_equal(recover(noise, other).method, SELECTAI_CROP_NONE);
        assert_int_equal(sai_image_alloc(&flat, b[0], b[1]), SELECTAI_OK);
        memset(flat->pixels, 128, sai_image_bytes(flat));
        assert_int_equal(recover(noise, flat).method, SELECTAI_CROP_NONE);
        assert_int_equal(recover(flat, noise).method, SELECTAI_CROP_NONE);
        selectai_image_destroy(&noise);
        selectai_image_destroy(&other);
        selectai_image_destroy(&flat);
    }
    /* Flat on both sides, but not the same pixels. */
    selectai_image *grey = NULL, *white = NULL;
    assert_int_equal(sai_image_alloc(&grey, 100, 80), SELECTAI_OK);
    assert_int_equal(sai_image_alloc(&white, 50, 40), SELECTAI_OK);
    memset(grey->pixels, 128, sai_image_bytes(grey));
    memset(white->pixels, 255, sai_image_bytes(white));
    assert_int_equal(recover(grey, white).method, SELECTAI_CROP_NONE);
    selectai_image_destroy(&grey);
    selectai_image_destroy(&white);
}

/* A program that knows the struct's first version gets no more than that. */
static void test_older_callers(void **state)
{
    struct selectai_crop_match match;
    selectai_image *original = make_scene(120, 90, 12), *copy = resave(make_scene(120, 90, 12), 80);
    (void)state;
    memset(&match, 0x5A, sizeof match);
    match.struct_size = offsetof(struct selectai_crop_match, x1);
    assert_int_equal(selectai_image_recover_crop(&match, original, copy), SELECTAI_OK);
    assert_int_equal(match.method, SELECTAI_CROP_RESAMPLED);
    assert_int_equal(match.box.x2, 120);
    uint8_t untouched[sizeof match];
    memset(untouched, 0x5A, sizeof untouched);
    assert_memory_equal(&match.x1, untouched, sizeof match - offsetof(struct selectai_crop_match, x1));
    selectai_image_destroy(&original);
    selectai_image_destroy(&copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_saved_with_loss), cmocka_unit_test(test_resized),
        cmocka_unit_test(test_squeezed),        cmocka_unit_test(test_toned),
        cmocka_unit_test(test_other_pictures),  cmocka_unit_test(test_mirrored),
        cmocka_unit_test(test_twice),           cmocka_unit_test(test_nothing_to_go_by),
        cmocka_unit_test(test_older_callers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
