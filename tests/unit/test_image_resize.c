/*
 * unit/test_image_resize.c: resampling, cropping and CLIP's input against what Pillow computes.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "image_fixture.h"

#include "image/preprocess.h"
#include "image/resample.h"

static const struct {
    uint32_t width, height, to_width, to_height;
    int32_t filter;
    uint32_t seed, crc;
} resize_cases[] = {
#include "../golden/resize.h"
};

static const struct {
    uint32_t width, height, size, seed, crc;
} preprocess_cases[] = {
#include "../golden/preprocess.h"
};

static void test_same_bits_as_pillow(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof resize_cases / sizeof resize_cases[0]; i++) {
        selectai_image *in = make_noise(resize_cases[i].width, resize_cases[i].height, resize_cases[i].seed);
        selectai_image *out = NULL;
        assert_int_equal(selectai_image_resize(&out, in, resize_cases[i].to_width, resize_cases[i].to_height,
                                               resize_cases[i].filter),
                         SELECTAI_OK);
        assert_int_equal(selectai_image_width(out), resize_cases[i].to_width);
        assert_int_equal(selectai_image_height(out), resize_cases[i].to_height);
        assert_int_equal(image_crc(out), resize_cases[i].crc);
        selectai_image_destroy(&in);
        selectai_image_destroy(&out);
    }
}

/* Channels do not mix: one of three resampled alone gives the same. */
static void test_single_channel(void **state)
{
    (void)state;
    selectai_image *in = make_noise(61, 47, 5), *rgb = NULL;
    uint8_t plane[61 * 47], *out = NULL;
    assert_int_equal(selectai_image_resize(&rgb, in, 20, 90, SELECTAI_FILTER_LANCZOS), SELECTAI_OK);
    for (uint32_t c = 0; c < 3; c++) {
        for (size_t i = 0; i < sizeof plane; i++)
            plane[i] = in->pixels[3 * i + c];
        struct sai_plane one = {61, 47, 1, plane};
        assert_int_equal(sai_resample(&out, 20, 90, &one, SELECTAI_FILTER_LANCZOS), SELECTAI_OK);
        for (size_t i = 0; i < 20 * 90; i++)
            assert_int_equal(out[i], rgb->pixels[3 * i + c]);
        sai_free(out);
    }
    selectai_image_destroy(&in);
    selectai_image_destroy(&rgb);
}

static void test_bad_arguments(void **state)
{
    (void)state;
    selectai_image *in = make_noise(4, 4, 1), *out = NULL;
    assert_int_equal(selectai_image_resize(&out, in, 0, 4, 0), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_image_resize(&out, in, 4, 4, 3), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_image_resize(&out, in, 4, 4, -1), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_image_resize(&out, NULL, 4, 4, 0), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_image_resize(&out, in, UINT32_MAX, 4, 0), SELECTAI_ERR_LIMIT);
    assert_int_equal(selectai_image_create(&out, 0, 4, in->pixels, 0), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_image_create(&out, 4, 4, in->pixels, 11), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_null(out);
    selectai_image_destroy(&in);
    assert_null(in);
    selectai_image_destroy(&in);
    selectai_image_destroy(NULL);
}

static void test_crop(void **state)
{
    (void)state;
    selectai_image *in = make_noise(20, 10, 3), *out = NULL;
    struct selectai_pixel_box box = {3, 2, 8, 10};
    assert_int_equal(selectai_image_crop(&out, in, &box), SELECTAI_OK);
    assert_int_equal(out->width, 5);
    assert_int_equal(out->height, 8);
    for (uint32_t y = 0; y < 8; y++)
        assert_memory_equal(out->pixels + y * 15, in->pixels + ((y + 2) * 20 + 3) * 3, 15);
    selectai_image_destroy(&out);
    const struct selectai_pixel_box wrong[] = {{3, 2, 3, 5},  {3, 5, 6, 4},  {-1, 0, 4, 4},
                                               {0, 0, 21, 4}, {0, 0, 4, 11}, {0, -2147483647, 4, 4}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(selectai_image_crop(&out, in, &wrong[i]), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_null(out);
    selectai_image_destroy(&in);
}

static void test_preprocess_as_pillow(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof preprocess_cases / sizeof preprocess_cases[0]; i++) {
        uint32_t size = preprocess_cases[i].size;
        selectai_image *in = make_noise(preprocess_cases[i].width, preprocess_cases[i].height,
                                        preprocess_cases[i].seed);
        selectai_image *out = NULL;
        assert_int_equal(sai_preprocess_u8(&out, in, size), SELECTAI_OK);
        assert_int_equal(out->width, size);
        assert_int_equal(out->height, size);
        assert_int_equal(image_crc(out), preprocess_cases[i].crc);
        selectai_image_destroy(&in);
        selectai_image_destroy(&out);
    }
}

static void test_preprocess_normalises(void **state)
{
    (void)state;
    static const double mean[3] = {0.48145466, 0.4578275, 0.40821073};
    static const double deviation[3] = {0.26862954, 0.26130258, 0.27577711};
    selectai_image *in = make_noise(16, 16, 9);
    float out[3 * 16 * 16];
    assert_int_equal(selectai_image_preprocess(out, in, 16), SELECTAI_OK);
    for (size_t c = 0; c < 3; c++)
        for (size_t i = 0; i < 256; i++) {
            double expected = (in->pixels[3 * i + c] / 255.0 - mean[c]) / deviation[c];
            assert_true(expected - out[c * 256 + i] < 1e-6 && out[c * 256 + i] - expected < 1e-6);
        }
    assert_int_equal(selectai_image_preprocess(out, in, 0), SELECTAI_ERR_INVALID_ARGUMENT);
    selectai_image_destroy(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits_as_pillow),  cmocka_unit_test(test_single_channel),
        cmocka_unit_test(test_bad_arguments),        cmocka_unit_test(test_crop),
        cmocka_unit_test(test_preprocess_as_pillow), cmocka_unit_test(test_preprocess_normalises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
