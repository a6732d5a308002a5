/*
 * unit/test_image_preprocess.c: EXIF orientation and preprocessing from files: options, errors, memory. What the pixels
 * must be is compared with Pillow in tests/python/test_image_modes.py.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "decode_fixture.h"

#include "image/exif.h"
#include "image/preprocess.h"

enum { SIZE = 8, N = 3 * SIZE * SIZE };

/* Orientation o's element (x, y) of the result, in the words of the EXIF standard: where rows and columns begin. */
static const uint8_t *naive(const uint8_t *in, uint32_t w, uint32_t h, size_t size, unsigned o, uint32_t x, uint32_t y)
{
    uint32_t from_x[9] = {x, x, w - 1 - x, w - 1 - x, x, y, y, w - 1 - y, w - 1 - y};
    uint32_t from_y[9] = {y, y, y, h - 1 - y, h - 1 - y, x, h - 1 - x, h - 1 - x, x};
    return in + ((size_t)from_y[o] * w + from_x[o]) * size;
}

static void test_orient(void **state)
{
    (void)state;
    uint8_t in[7 * 5 * 4], out[7 * 5 * 4];
    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (uint8_t)(i * 37 + i / 9);
    for (size_t size = 2; size <= 4; size++)
        for (unsigned o = 1; o <= 8; o++) {
            uint32_t width = o >= 5 ? 5 : 7, height = o >= 5 ? 7 : 5;
            sai_orient(out, in, 7, 5, size, o);
            for (uint32_t y = 0; y < height; y++)
                for (uint32_t x = 0; x < width; x++)
                    assert_memory_equal(out + (y * width + x) * size, naive(in, 7, 5, size, o, x, y), size);
        }
}

/* small_png() with a chunk before its IEND. */
static struct bytes with_exif(unsigned orientation)
{
    struct bytes file = small_png(), out = {0}, exif = {0};
    put(&exif, "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 19);
    put_byte(&exif, orientation);
    put_u32(&exif, 0);
    put(&out, file.data, file.n - 12);
    put_chunk(&out, "eXIf", exif.data, exif.n);
    put_chunk(&out, "IEND", NULL, 0);
    free(exif.data);
    free(file.data);
    return out;
}

static void test_exif_option(void **state)
{
    (void)state;
    struct selectai_image_options options;
    selectai_image_options_init(&options, sizeof options);
    assert_int_equal(options.exif, 0);
    struct bytes file = with_exif(6);
    selectai_image *stored = NULL, *turned = NULL;
    assert_int_equal(selectai_image_decode(&stored, file.data, file.n, NULL, &options), SELECTAI_OK);
    options.exif = 1;
    assert_int_equal(selectai_image_decode(&turned, file.data, file.n, NULL, &options), SELECTAI_OK);
    assert_true(turned->width == stored->height && turned->height == stored->width);
    for (uint32_t y = 0; y < turned->height; y++)
        for (uint32_t x = 0; x < turned->width; x++)
            assert_memory_equal(turned->pixels + ((size_t)y * turned->width + x) * 3,
                                naive(stored->pixels, stored->width, stored->height, 3, 6, x, y), 3);
    options.max_memory = sai_image_bytes(stored) * 2 - 1; /* turning takes two of them */
    selectai_image_destroy(&turned);
    assert_int_equal(selectai_image_decode(&turned, file.data, file.n, NULL, &options), SELECTAI_ERR_LIMIT);
    assert_null(turned);
    options.max_memory++;
    assert_int_equal(selectai_image_decode(&turned, file.data, file.n, NULL, &options), SELECTAI_OK);
    options.exif = 2;
    selectai_image_destroy(&turned);
    assert_int_equal(selectai_image_decode(&turned, file.data, file.n, NULL, &options), SELECTAI_ERR_INVALID_ARGUMENT);
    selectai_image_destroy(&stored);
    free(file.data);
}

/* Any change of the EXIF data is taken for another orientation or none, never more. */
static void test_damaged_exif(void **state)
{
    (void)state;
    struct bytes file = with_exif(8);
    for (size_t i = file.n - 12 - 28 - 4; i < file.n - 12; i++)
        for (unsigned change = 1; change < 256; change += 6) {
            file.data[i] ^= (uint8_t)change;
            unsigned orientation = sai_exif_orientation(SAI_KIND_PNG, file.data, file.n);
            assert_in_range(orientation, 1, 8);
            file.data[i] ^= (uint8_t)change;
        }
    for (size_t n = 0; n < file.n; n++)
        assert_in_range(sai_exif_orientation(SAI_KIND_PNG, file.data, n), 1, 8);
    free(file.data);
}

/* Converting first is the two calls one after the other. */
static void test_first_is_load_and_preprocess(void **state)
{
    (void)state;
    struct bytes file = small_png();
    selectai_image *image = NULL;
    float expected[N], found[N];
    struct selectai_preprocess_options options;
    selectai_preprocess_options_init(&options, sizeof options);
    assert_true(options.size == 224 && options.convert == SELECTAI_CONVERT_FIRST);
    options.size = SIZE;
    assert_int_equal(decode(&image, file.data, file.n), SELECTAI_OK);
    assert_int_equal(selectai_image_preprocess(expected, image, SIZE), SELECTAI_OK);
    for (int32_t convert = SELECTAI_CONVERT_FIRST; convert <= SELECTAI_CONVERT_AFTER; convert++) {
        options.convert = convert; /* RGB: the same either way */
        assert_int_equal(selectai_image_preprocess_bytes(found, file.data, file.n, NULL, &options, NULL), SELECTAI_OK);
        assert_memory_equal(found, expected, sizeof found);
    }
    selectai_image_destroy(&image);
    free(file.data);
}

static void test_wrong_arguments(void **state)
{
    (void)state;
    struct bytes file = small_png();
    struct selectai_preprocess_options options;
    float out[N];
    selectai_preprocess_options_init(&options, sizeof options);
    options.size = 0;
    assert_int_equal(selectai_image_preprocess_bytes(out, file.data, file.n, NULL, &options, NULL),
                     SELECTAI_ERR_INVALID_ARGUMENT);
    options.size = SIZE;
    options.convert = 2;
    assert_int_equal(selectai_image_preprocess_bytes(out, file.data, file.n, NULL, &options, NULL),
                     SELECTAI_ERR_INVALID_ARGUMENT);
    options.convert = SELECTAI_CONVERT_AFTER;
    assert_int_equal(selectai_image_preprocess_bytes(NULL, file.data, file.n, NULL, &options, NULL),
                     SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_image_preprocess_file(out, NULL, &options, NULL), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_image_preprocess_file(out, "/nowhere/a.png", &options, NULL), SELECTAI_ERR_NOT_FOUND);
    struct selectai_image_options limits;
    selectai_image_options_init(&limits, sizeof limits);
    limits.max_bytes = file.n - 1;
    assert_int_equal(selectai_image_preprocess_bytes(out, file.data, file.n, NULL, &options, &limits),
                     SELECTAI_ERR_LIMIT);
    free(file.data);
}

/* A PNG of this kind, 9 x 14, of noise. */
static struct bytes png_of(const struct png_kind *kind)
{
    uint16_t samples[9 * 14 * 4];
    uint8_t palette[768];
    uint32_t seed = 5;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        samples[i] = (uint16_t)((lcg(&seed) << 8 | lcg(&seed)) & ((1u << kind->depth) - 1));
    for (size_t i = 0; i < sizeof palette; i++)
        palette[i] = (uint8_t)lcg(&seed);
    struct bytes raw = png_raw(kind, samples, 9, 14, &seed);
    struct bytes file = png_file(kind, 9, 14, &raw, kind->colour == 3 ? palette : NULL,
                                 kind->depth > 8 ? 256 : (size_t)1 << kind->depth, 100);
    free(raw.data);
    return file;
}

/* Interlacing changes nothing; cut anywhere, a file is refused. */
static void test_kinds_that_are_kept(void **state)
{
    (void)state;
    const struct png_kind kinds[] = {{0, 1, 1, false}, {3, 4, 1, false},  {3, 8, 1, false},  {4, 8, 2, false},
                                     {6, 8, 4, false}, {0, 16, 1, false}, {4, 16, 2, false}, {6, 16, 4, false}};
    struct selectai_preprocess_options options;
    selectai_preprocess_options_init(&options, sizeof options);
    options.size = SIZE;
    options.convert = SELECTAI_CONVERT_AFTER;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        struct png_kind kind = kinds[k];
        float plain[N], interlaced[N];
        struct bytes file = png_of(&kind);
        assert_int_equal(selectai_image_preprocess_bytes(plain, file.data, file.n, NULL, &options, NULL), SELECTAI_OK);
        for (size_t n = 0; n < file.n; n += 7) {
            int rc = selectai_image_preprocess_bytes(interlaced, file.data, n, NULL, &options, NULL);
            assert_int_equal(rc, SELECTAI_ERR_FORMAT);
        }
        free(file.data);
        kind.interlaced = true;
        file = png_of(&kind);
        assert_int_equal(selectai_image_preprocess_bytes(interlaced, file.data, file.n, NULL, &options, NULL),
                         SELECTAI_OK);
        assert_memory_equal(plain, interlaced, sizeof plain);
        free(file.data);
    }
}

static void test_gif_is_refused(void **state)
{
    (void)state;
    struct selectai_preprocess_options options;
    float out[N];
    selectai_preprocess_options_init(&options, sizeof options);
    options.size = SIZE;
    struct bytes file = small_gif(-1);
    assert_int_equal(selectai_image_preprocess_bytes(out, file.data, file.n, "a.gif", &options, NULL), SELECTAI_OK);
    options.convert = SELECTAI_CONVERT_AFTER;
    assert_int_equal(selectai_image_preprocess_bytes(out, file.data, file.n, "a.gif", &options, NULL),
                     SELECTAI_ERR_UNSUPPORTED);
    assert_non_null(strstr(selectai_last_error(), "a.gif: a GIF image cannot be shrunk in its own mode"));
    free(file.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orient),          cmocka_unit_test(test_exif_option),
        cmocka_unit_test(test_damaged_exif),    cmocka_unit_test(test_first_is_load_and_preprocess),
        cmocka_unit_test(test_wrong_arguments), cmocka_unit_test(test_kinds_that_are_kept),
        cmocka_unit_test(test_gif_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
