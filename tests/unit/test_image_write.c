/*
 * unit/test_image_write.c: encoding PNG and JPEG, and saving files whole or not at all.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <dirent.h>

#include "image_fixture.h"

static selectai_image *round_trip(const selectai_image *image, int32_t format, int32_t quality, size_t *n)
{
    uint8_t *bytes = NULL;
    selectai_image *back = NULL;
    assert_int_equal(selectai_image_encode(&bytes, n, image, format, quality), SELECTAI_OK);
    assert_int_equal(selectai_image_decode(&back, bytes, *n, "encoded", NULL), SELECTAI_OK);
    selectai_free(bytes);
    return back;
}

static void test_png_is_lossless(void **state)
{
    (void)state;
    const uint32_t sizes[][2] = {{1, 1}, {1, 50}, {50, 1}, {33, 21}, {400, 300}};
    for (size_t i = 0; i < 10; i++)
        for (int32_t level = 0; level <= 9; level += 3) {
            const uint32_t *size = sizes[i / 2];
            size_t n;
            selectai_image *image = i % 2 ? make_shapes(size[0], size[1], 3) : make_noise(size[0], size[1], 3);
            selectai_image *back = round_trip(image, SELECTAI_FORMAT_PNG, level, &n);
            assert_same_image(image, back);
            selectai_image_destroy(&image);
            selectai_image_destroy(&back);
        }
}

/* The chunks are there, in order, with correct checksums, for readers that are less patient than ours. */
static void test_png_structure(void **state)
{
    (void)state;
    selectai_image *image = make_noise(300, 200, 8);
    uint8_t *b = NULL;
    size_t n, offset = 8, chunks = 0;
    assert_int_equal(selectai_image_encode(&b, &n, image, SELECTAI_FORMAT_PNG, 1), SELECTAI_OK);
    assert_memory_equal(b, "\x89PNG\r\n\x1a\n\0\0\0\x0DIHDR\0\0\x01\x2C\0\0\0\xC8\x08\x02\0\0\0", 29);
    while (offset < n) {
        size_t length = (size_t)b[offset] << 24 | (size_t)b[offset + 1] << 16 | (size_t)b[offset + 2] << 8 |
                        b[offset + 3];
        uint32_t crc = (uint32_t)crc32(0, b + offset + 4, (uInt)(length + 4));
        const uint8_t *at = b + offset + 8 + length;
        assert_int_equal(crc, (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]);
        offset += 12 + length;
        assert_memory_equal(b + (offset == n ? n - 8 : 12), offset == n ? "IEND" : "IHDR", 4);
        chunks++;
    }
    assert_int_equal(offset, n);
    assert_true(chunks >= 4); /* 180000 bytes of noise do not fit into one data chunk */
    selectai_free(b);
    selectai_image_destroy(&image);
}

/* Filters pay: a smooth picture becomes much smaller than zlib alone makes its pixels. */
static void test_png_filters_help(void **state)
{
    (void)state;
    selectai_image *image = make_shapes(256, 256, 2);
    uint32_t seed = 5;
    for (size_t i = 0; i < sai_image_bytes(image); i++)
        image->pixels[i] = (uint8_t)(image->pixels[i] + lcg(&seed) / 128);
    uLongf plain = compressBound((uLong)sai_image_bytes(image));
    uint8_t *packed = malloc(plain), *bytes = NULL;
    size_t n;
    assert_non_null(packed);
    assert_int_equal(compress(packed, &plain, image->pixels, (uLong)sai_image_bytes(image)), Z_OK);
    assert_int_equal(selectai_image_encode(&bytes, &n, image, SELECTAI_FORMAT_PNG, 6), SELECTAI_OK);
    assert_true(n < plain * 8 / 10);
    free(packed);
    selectai_free(bytes);
    selectai_image_destroy(&image);
}

static double mean_difference(const selectai_image *a, const selectai_image *b)
{
    double sum = 0;
    for (size_t i = 0; i < sai_image_bytes(a); i++)
        sum += abs(a->pixels[i] - b->pixels[i]);
    return sum / (double)sai_image_bytes(a);
}

static void test_jpeg_quality(void **state)
{
    (void)state;
    selectai_image *image = make_shapes(200, 150, 1);
    double last = 1e9;
    size_t last_n = 0;
    for (int32_t quality = 20; quality <= 100; quality += 40) {
        size_t n;
        selectai_image *back = round_trip(image, SELECTAI_FORMAT_JPEG, quality, &n);
        double difference = mean_difference(image, back);
        assert_true(difference < last && n > last_n);
        last = difference;
        last_n = n;
        selectai_image_destroy(&back);
    }
    assert_true(last < 1.0);
    selectai_image_destroy(&image);
}

static void test_bad_arguments(void **state)
{
    (void)state;
    selectai_image *image = make_noise(4, 4, 1);
    uint8_t *bytes = NULL;
    size_t n;
    assert_int_equal(selectai_image_encode(&bytes, &n, image, 2, 0), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_image_encode(&bytes, &n, image, 0, 10), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_image_encode(&bytes, &n, image, 1, 101), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_image_encode(&bytes, &n, image, 1, -1), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_image_encode(&bytes, &n, NULL, 1, 1), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_null(bytes);
    selectai_image_destroy(&image);
}

static size_t count_files(const char *path)
{
    size_t n = 0;
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        n += entry->d_name[0] != '.';
    closedir(dir);
    return n;
}

static void test_save(void **state)
{
    (void)state;
    static const char *const names[] = {"a.png", "b.PNG", "c.jpg", "d.Jpeg"};
    static const char *const formats[] = {"png", "png", "jpeg", "jpeg"};
    struct folder folder;
    selectai_image *image = make_shapes(30, 20, 1), *back = NULL;
    folder_make(&folder);
    for (size_t i = 0; i < 4; i++) {
        struct selectai_image_info info = {.struct_size = sizeof info};
        const char *path = folder_file(&folder, names[i]);
        write_bytes(path, "old content", 11);
        assert_int_equal(selectai_image_save(image, path, 0), SELECTAI_OK);
        assert_int_equal(selectai_image_read_info(&info, path), SELECTAI_OK);
        assert_string_equal(info.format, formats[i]);
        assert_int_equal(info.width, 30);
        assert_int_equal(selectai_image_load(&back, path, NULL), SELECTAI_OK);
        if (i < 2)
            assert_same_image(image, back);
        selectai_image_destroy(&back);
        assert_int_equal(count_files(folder.path), 1);
        unlink(path);
    }
    assert_int_equal(selectai_image_save(image, folder_file(&folder, "a.webp"), 0), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_image_save(image, folder_file(&folder, "png"), 0), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_image_save(image, folder_file(&folder, "none/a.png"), 0), SELECTAI_ERR_NOT_FOUND);
    assert_int_equal(count_files(folder.path), 0);
    selectai_image_destroy(&image);
    rmdir(folder.path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_png_is_lossless),  cmocka_unit_test(test_png_structure),
        cmocka_unit_test(test_png_filters_help), cmocka_unit_test(test_jpeg_quality),
        cmocka_unit_test(test_bad_arguments),    cmocka_unit_test(test_save),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
