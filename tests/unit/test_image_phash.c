/*
 * unit/test_image_phash.c: the perceptual hash against ImageHash's definition computed with Pillow and numpy.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "image_fixture.h"

static const struct {
    uint32_t width, height, kind, seed;
    uint64_t hash;
} cases[] = {
#include "../golden/phash.h"
};

static uint64_t hash_of(const selectai_image *image)
{
    uint64_t hash = 0;
    assert_int_equal(selectai_image_phash(&hash, image), SELECTAI_OK);
    return hash;
}

static void test_same_bits_as_imagehash(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        selectai_image *image = cases[i].kind == 0 ? make_noise(cases[i].width, cases[i].height, cases[i].seed)
                                                   : make_shapes(cases[i].width, cases[i].height, cases[i].seed);
        assert_true(hash_of(image) == cases[i].hash);
        selectai_image_destroy(&image);
    }
}

/* One colour: only the constant coefficient is above the median, and no rounding noise beside it. */
static void test_flat(void **state)
{
    (void)state;
    for (int value = 0; value < 256; value += 51) {
        selectai_image *image = make_noise(50, 40, 1);
        memset(image->pixels, value, sai_image_bytes(image));
        assert_true(hash_of(image) == (value == 0 ? 0 : UINT64_C(1) << 63));
        selectai_image_destroy(&image);
    }
}

static void test_grey(void **state)
{
    (void)state;
    const uint8_t rgb[] = {255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30};
    const uint8_t expected[] = {255, 0, 76, 150, 29, 18}; /* Pillow's convert("L") */
    uint8_t grey[6];
    sai_image_grey(grey, rgb, 6);
    assert_memory_equal(grey, expected, 6);
}

static void test_bad_arguments(void **state)
{
    (void)state;
    uint64_t hash;
    selectai_image *image = make_noise(2, 2, 1);
    assert_int_equal(selectai_image_phash(&hash, NULL), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_image_phash(NULL, image), SELECTAI_ERR_INVALID_ARGUMENT);
    selectai_image_destroy(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits_as_imagehash),
        cmocka_unit_test(test_flat),
        cmocka_unit_test(test_grey),
        cmocka_unit_test(test_bad_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
