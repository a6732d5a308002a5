/*
 * unit/test_image_decode_golden.c: JPEG and WebP files with Pillow's pixels (golden/decode.h), whole, cut short and
 * damaged.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "decode_fixture.h"

#include "../golden/decode.h"

static bool is_decodable(const struct golden_file *file)
{
    return strncmp(file->name, "webp", 4) != 0 || SAI_HAVE_WEBP;
}

/* Pillow's pixels; stb_image, where it stands in for libjpeg, rounds otherwise. */
static void golden_pixels(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden_files / sizeof golden_files[0]; i++) {
        const struct golden_file *file = &golden_files[i];
        selectai_image *image = NULL;
        if (!is_decodable(file)) {
            assert_int_equal(decode(&image, file->bytes, file->n), SELECTAI_ERR_UNSUPPORTED);
            continue;
        }
        assert_int_equal(decode(&image, file->bytes, file->n), SELECTAI_OK);
        assert_int_equal(image->width, file->width);
        assert_int_equal(image->height, file->height);
        if ((SAI_HAVE_JPEG || strncmp(file->name, "jpeg", 4) != 0) && image_crc(image) != file->crc)
            fail_msg("%s: other pixels than Pillow's", file->name);
        selectai_image_destroy(&image);
    }
}

/* Cut anywhere: refused, but for bytes behind the picture. */
static void golden_files_cut_short(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden_files / sizeof golden_files[0]; i++) {
        const struct golden_file *file = &golden_files[i];
        selectai_image *image = NULL;
        for (size_t n = 0; is_decodable(file) && n < file->n; n++) {
            uint8_t *part = malloc(n + 1);
            assert_non_null(part);
            memcpy(part, file->bytes, n);
            if (decode(&image, part, n) != SELECTAI_ERR_FORMAT)
                fail_msg("%s, cut to %zu bytes: not refused as corrupt", file->name, n);
            assert_null(image);
            free(part);
        }
    }
}

static void golden_files_damaged(void **state)
{
    (void)state;
    uint32_t seed = 5;
    for (size_t i = 0; i < sizeof golden_files / sizeof golden_files[0]; i++)
        for (int round = 0; round < 300; round++) {
            struct bytes copy = {0};
            struct selectai_image_options options;
            selectai_image *image = NULL;
            selectai_image_options_init(&options, sizeof options);
            options.max_pixels = 1 << 16;
            options.min_side = round % 3 == 0 ? 4 : 0;
            put(&copy, golden_files[i].bytes, golden_files[i].n);
            for (uint32_t k = 1 + lcg_below(&seed, 3); k > 0; k--)
                copy.data[lcg_below(&seed, (uint32_t)copy.n)] = (uint8_t)lcg(&seed);
            int rc = selectai_image_decode(&image, copy.data, copy.n, NULL, &options);
            assert_true((rc == SELECTAI_OK) == (image != NULL));
            assert_true(rc == SELECTAI_OK || rc == SELECTAI_ERR_FORMAT || rc == SELECTAI_ERR_LIMIT ||
                        rc == SELECTAI_ERR_UNSUPPORTED);
            selectai_image_destroy(&image);
            free(copy.data);
        }
}

#if SAI_HAVE_WEBP
static const struct golden_file *golden(const char *name)
{
    for (size_t i = 0; i < sizeof golden_files / sizeof golden_files[0]; i++)
        if (strcmp(golden_files[i].name, name) == 0)
            return &golden_files[i];
    fail_msg("%s is not in golden/decode.h", name);
    return NULL;
}

/* An animation's picture stands where it says, on black; one that leaves the canvas is refused. */
static void golden_animation(void **state)
{
    (void)state;
    const struct golden_file *file = golden("webp_moved");
    struct bytes copy = {0};
    selectai_image *image = NULL;
    assert_int_equal(decode(&image, file->bytes, file->n), SELECTAI_OK);
    for (uint32_t y = 0; y < image->height; y++)
        for (uint32_t x = 0; x < image->width; x++)
            if (x < 4 || x >= 25 || y < 2 || y >= 15)
                assert_memory_equal(image->pixels + 3 * ((size_t)y * image->width + x), "\0\0\0", 3);
    selectai_image_destroy(&image);
    put(&copy, file->bytes, file->n);
    for (size_t i = 0; i + 20 < copy.n; i++)
        if (memcmp(copy.data + i, "ANMF", 4) == 0) {
            copy.data[i + 8] = 4;
            break;
        }
    refuse(copy, "leaves the canvas");
}

static void golden_lossless_memory(void **state)
{
    (void)state;
    const struct golden_file *file = golden("webp_lossless");
    struct selectai_image_options options;
    selectai_image *image = NULL;
    selectai_image_options_init(&options, sizeof options);
    options.max_memory = (uint64_t)file->width * file->height * 7 - 1;
    assert_int_equal(selectai_image_decode(&image, file->bytes, file->n, NULL, &options), SELECTAI_ERR_LIMIT);
    options.max_memory++;
    assert_int_equal(selectai_image_decode(&image, file->bytes, file->n, NULL, &options), SELECTAI_OK);
    selectai_image_destroy(&image);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_pixels),
        cmocka_unit_test(golden_files_cut_short),
        cmocka_unit_test(golden_files_damaged),
#if SAI_HAVE_WEBP
        cmocka_unit_test(golden_animation),
        cmocka_unit_test(golden_lossless_memory),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
