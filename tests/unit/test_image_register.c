/*
 * unit/test_image_register.c: crop recovery against a search that tries every position.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "image_fixture.h"

#include <math.h>

static struct selectai_crop_match recover(const selectai_image *original, const selectai_image *cropped)
{
    struct selectai_crop_match match = {.struct_size = sizeof match};
    assert_int_equal(selectai_image_recover_crop(&match, original, cropped), SELECTAI_OK);
    assert_int_equal(match.struct_size, sizeof match);
    return match;
}

static selectai_image *cut(const selectai_image *image, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    selectai_image *out = NULL;
    struct selectai_pixel_box box = {(int32_t)x, (int32_t)y, (int32_t)(x + width), (int32_t)(y + height)};
    assert_int_equal(selectai_image_crop(&out, image, &box), SELECTAI_OK);
    return out;
}

/* All positions, in reading order: their number and the first one. */
static uint32_t search_slowly(const selectai_image *a, const selectai_image *b, uint32_t *first_x, uint32_t *first_y)
{
    uint32_t found = 0;
    for (uint32_t y = 0; y + b->height <= a->height; y++)
        for (uint32_t x = 0; x + b->width <= a->width; x++) {
            uint32_t row = 0;
            while (row < b->height && memcmp(a->pixels + ((size_t)(y + row) * a->width + x) * 3,
                                             b->pixels + (size_t)row * b->width * 3, (size_t)b->width * 3) == 0)
                row++;
            if (row == b->height && found++ == 0) {
                *first_x = x;
                *first_y = y;
            }
        }
    return found;
}

/* `cut_x`, `cut_y`: where it was cut out, before a pixel of it was changed. */
static void check(const selectai_image *original, const selectai_image *cropped, uint32_t cut_x, uint32_t cut_y)
{
    uint32_t x = 0, y = 0;
    uint32_t found = search_slowly(original, cropped, &x, &y);
    struct selectai_crop_match match = recover(original, cropped);
    if (found == 0) {
        assert_true(match.method == SELECTAI_CROP_NONE || match.method == SELECTAI_CROP_RESAMPLED);
        if (match.method == SELECTAI_CROP_RESAMPLED) { /* a pixel was changed: as good as saved with loss */
            assert_true(match.unique == 0 || (match.box.x1 == (int32_t)cut_x && match.box.y1 == (int32_t)cut_y));
            return;
        }
        assert_int_equal(match.box.x1 | match.box.y1 | match.box.x2 | match.box.y2, 0);
        assert_true(isnan(match.residual));
        return;
    }
    bool same = original->width == cropped->width && original->height == cropped->height;
    assert_int_equal(match.method, same ? SELECTAI_CROP_IDENTICAL : SELECTAI_CROP_EXACT);
    assert_int_equal(match.box.x1, x);
    assert_int_equal(match.box.y1, y);
    assert_int_equal(match.box.x2, x + cropped->width);
    assert_int_equal(match.box.y2, y + cropped->height);
    assert_int_equal(match.unique, found == 1);
    assert_true(match.residual == 0);
}

/* Kinds of picture: noise, few colours (many near misses), flat, a repeating pattern, flat with one odd pixel. */
static selectai_image *make_kind(uint32_t kind, uint32_t width, uint32_t height, uint32_t *seed)
{
    selectai_image *image = make_noise(width, height, *seed);
    size_t n = sai_image_bytes(image), period = 3 * (size_t)(1 + lcg_below(seed, 5));
    for (size_t i = 0; i < n; i++) {
        if (kind == 1)
            image->pixels[i] = i % 3 == 0 ? image->pixels[i] >> 7 : 0;
        else if (kind == 2 || kind == 4)
            image->pixels[i] = 90;
        else if (kind == 3)
            image->pixels[i] = (uint8_t)(i % (3 * (size_t)width) % period);
    }
    if (kind == 4)
        image->pixels[lcg_below(seed, (uint32_t)n)] = 91;
    return image;
}

static void test_as_slow_search(void **state)
{
    (void)state;
    uint32_t seed = 11;
    for (uint32_t i = 0; i < 1500; i++) {
        selectai_image *original = make_kind(i % 5, 1 + lcg_below(&seed, 24), 1 + lcg_below(&seed, 24), &seed);
        uint32_t w = 1 + lcg_below(&seed, original->width), h = 1 + lcg_below(&seed, original->height);
        uint32_t x = lcg_below(&seed, original->width - w + 1), y = lcg_below(&seed, original->height - h + 1);
        selectai_image *cropped = cut(original, x, y, w, h);
        check(original, cropped, x, y);
        cropped->pixels[lcg_below(&seed, (uint32_t)sai_image_bytes(cropped))] ^= 1;
        check(original, cropped, x, y);
        selectai_image_destroy(&original);
        selectai_image_destroy(&cropped);
    }
}

static void test_large(void **state)
{
    (void)state;
    selectai_image *original = make_noise(700, 500, 21);
    const uint32_t boxes[][4] = {{0, 0, 699, 500}, {1, 0, 699, 500},    {0, 0, 700, 499}, {0, 1, 700, 499},
                                 {699, 499, 1, 1}, {150, 99, 333, 250}, {5, 5, 2, 400},   {0, 250, 700, 3}};
    for (size_t i = 0; i < sizeof boxes / sizeof boxes[0]; i++) {
        const uint32_t *b = boxes[i];
        selectai_image *cropped = cut(original, b[0], b[1], b[2], b[3]);
        struct selectai_crop_match match = recover(original, cropped);
        assert_int_equal(match.method, SELECTAI_CROP_EXACT);
        assert_int_equal(match.box.x1, b[0]);
        assert_int_equal(match.box.y1, b[1]);
        assert_int_equal(match.unique, 1);
        selectai_image_destroy(&cropped);
    }
    selectai_image_destroy(&original);
}

static void test_not_a_crop(void **state)
{
    (void)state;
    selectai_image *original = make_noise(50, 40, 1), *same = make_noise(50, 40, 1), *other = make_noise(50, 40, 2);
    selectai_image *wider = make_noise(51, 10, 1), *higher = make_noise(10, 41, 1), *smaller = NULL;
    assert_int_equal(recover(original, same).method, SELECTAI_CROP_IDENTICAL);
    assert_int_equal(recover(original, same).unique, 1);
    assert_int_equal(recover(original, other).method, SELECTAI_CROP_NONE);
    assert_int_equal(recover(original, wider).method, SELECTAI_CROP_NONE);
    assert_int_equal(recover(original, higher).method, SELECTAI_CROP_NONE);
    assert_int_equal(selectai_image_resize(&smaller, original, 25, 20, SELECTAI_FILTER_BICUBIC), SELECTAI_OK);
    assert_int_not_equal(recover(original, smaller).method, SELECTAI_CROP_EXACT);
    struct selectai_crop_match unset = {0};
    assert_int_equal(selectai_image_recover_crop(&unset, original, same), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_image_recover_crop(&unset, NULL, same), SELECTAI_ERR_INVALID_ARGUMENT);
    selectai_image_destroy(&original);
    selectai_image_destroy(&same);
    selectai_image_destroy(&other);
    selectai_image_destroy(&wider);
    selectai_image_destroy(&higher);
    selectai_image_destroy(&smaller);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_slow_search),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_not_a_crop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
