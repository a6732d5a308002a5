/*
 * unit/test_image_decode.c: decoding files and bytes: BMP and GIF, limits, headers, truncated and damaged files of all
 * kinds.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "decode_fixture.h"

static void test_gif(void **state)
{
    (void)state;
    for (int transparent = -1; transparent < 8; transparent += 4) {
        struct bytes file = small_gif(transparent);
        selectai_image *image = NULL;
        assert_int_equal(decode(&image, file.data, file.n), SELECTAI_OK);
        assert_int_equal(image->width, 4);
        assert_int_equal(image->height, 2);
        for (unsigned i = 0; i < 24; i++)
            assert_int_equal(image->pixels[i], 10 * i);
        selectai_image_destroy(&image);
        free(file.data);
    }
}

static void test_bmp(void **state)
{
    (void)state;
    struct bytes file = small_bmp();
    selectai_image *image = NULL;
    assert_int_equal(decode(&image, file.data, file.n), SELECTAI_OK);
    const uint8_t expected[] = {102, 101, 100, 105, 104, 103, 108, 107, 106, 2, 1, 0, 5, 4, 3, 8, 7, 6};
    assert_int_equal(sai_image_bytes(image), sizeof expected);
    assert_memory_equal(image->pixels, expected, sizeof expected);
    selectai_image_destroy(&image);
    free(file.data);
}

/* No prefix of a file is taken for a whole picture, in any format. */
static void test_truncated(void **state)
{
    (void)state;
    struct bytes files[] = {small_png(), encode(SELECTAI_FORMAT_JPEG, 40, 24), small_gif(-1), small_bmp()};
    const size_t needless[] = {0, 0, 1, 3}; /* bytes at the end that carry no picture: trailer, padding */
    for (size_t f = 0; f < 4; f++) {
        selectai_image *image = NULL;
        for (size_t n = 0; n + needless[f] < files[f].n; n++) {
            uint8_t *part = malloc(n + 1); /* of its own size, so that a sanitizer sees every read beyond it */
            assert_non_null(part);
            memcpy(part, files[f].data, n);
            assert_int_equal(decode(&image, part, n), SELECTAI_ERR_FORMAT);
            assert_null(image);
            free(part);
        }
        assert_int_equal(decode(&image, files[f].data, files[f].n), SELECTAI_OK);
        selectai_image_destroy(&image);
        free(files[f].data);
    }
}

static void test_random_damage(void **state)
{
    (void)state;
    struct bytes files[] = {small_png(), encode(SELECTAI_FORMAT_JPEG, 40, 24), small_gif(2), small_bmp()};
    struct selectai_image_options options;
    selectai_image_options_init(&options, sizeof options);
    options.max_pixels = 100000;
    uint32_t seed = 99;
    for (size_t f = 0; f < 4; f++) {
        for (int i = 0; i < 400; i++) {
            struct bytes copy = {0};
            selectai_image *image = NULL;
            put(&copy, files[f].data, files[f].n);
            for (uint32_t k = 1 + lcg_below(&seed, 4); k > 0; k--)
                copy.data[lcg_below(&seed, (uint32_t)copy.n)] = (uint8_t)lcg(&seed);
            int rc = selectai_image_decode(&image, copy.data, copy.n, NULL, &options);
            assert_true((rc == SELECTAI_OK) == (image != NULL));
            assert_true(rc == SELECTAI_OK || rc == SELECTAI_ERR_FORMAT || rc == SELECTAI_ERR_LIMIT ||
                        rc == SELECTAI_ERR_UNSUPPORTED);
            selectai_image_destroy(&image);
            free(copy.data);
        }
        free(files[f].data);
    }
}

static void test_limits(void **state)
{
    (void)state;
    struct bytes file = small_png();
    struct selectai_image_options options;
    selectai_image *image = NULL;
    selectai_image_options_init(&options, sizeof options);
    assert_int_equal(options.max_side, 32768);
    options.max_side = 11;
    assert_int_equal(selectai_image_decode(&image, file.data, file.n, "x.png", &options), SELECTAI_ERR_LIMIT);
    assert_non_null(strstr(selectai_last_error(), "x.png"));
    options.max_side = 12;
    options.max_pixels = 119;
    assert_int_equal(selectai_image_decode(&image, file.data, file.n, NULL, &options), SELECTAI_ERR_LIMIT);
    options.max_pixels = 120;
    options.max_bytes = file.n - 1;
    assert_int_equal(selectai_image_decode(&image, file.data, file.n, NULL, &options), SELECTAI_ERR_LIMIT);
    options.max_bytes = file.n;
    assert_int_equal(selectai_image_decode(&image, file.data, file.n, NULL, &options), SELECTAI_OK);
    selectai_image_destroy(&image);
    /* A header that promises the world is refused before anything else is looked at. */
    struct bytes bomb = {0};
    put(&bomb, "\x89PNG\r\n\x1a\n\0\0\0\x0DIHDR\0\0\x7F\xFF\0\0\x7F\xFF\x08\x02\0\0\0", 29);
    assert_int_equal(decode(&image, bomb.data, bomb.n), SELECTAI_ERR_LIMIT);
    free(bomb.data);
    free(file.data);
}

static void test_unsupported(void **state)
{
    (void)state;
    static const uint8_t files[4][32] = {
        "II*\0\x08\0\0\0",
        "\0\0\0\040ftypavif",
        "\0\0\0\x0CjP  \r\n\x87\n",
        "8BPS",
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        selectai_image *image = NULL;
        assert_int_equal(decode(&image, files[i], sizeof files[i]), SELECTAI_ERR_UNSUPPORTED);
        assert_non_null(strstr(selectai_last_error(), "convert it to PNG"));
    }
}

struct info_case {
    const char *name;
    uint8_t bytes[40];
    uint32_t width, height, channels;
    const char *format;
};

static void test_read_info(void **state)
{
    (void)state;
    static const struct info_case cases[] = {
        {"lossy.webp", "RIFF\x40\0\0\0WEBPVP8 \x30\0\0\0\x10\x02\0\x9D\x01\x2A\x2C\x81\xC8\x40", 300, 200, 3, "webp"},
        {"lossless.webp", "RIFF\x40\0\0\0WEBPVP8L\x30\0\0\0\x2F\x2B\xC1\x31\x10", 300, 200, 4, "webp"},
        {"extended.webp", "RIFF\x40\0\0\0WEBPVP8X\x0A\0\0\0\x10\0\0\0\x2B\x01\0\xC7\0\0", 300, 200, 4, "webp"},
        {"opaque.webp", "RIFF\x40\0\0\0WEBPVP8X\x0A\0\0\0\x08\0\0\0\x2B\x01\x01\xC7\0\0", 65836, 200, 3, "webp"},
        {"picture.gif", "GIF87a\x2C\x01\xC8\0\x80\0\0", 300, 200, 3, "gif"},
        {"topdown.bmp", "BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x2C\x01\0\0\x38\xFF\xFF\xFF\x01\0\x20", 300, 200, 4,
         "bmp"},
        {"core.bmp", "BM\0\0\0\0\0\0\0\0\x36\0\0\0\x0C\0\0\0\x2C\x01\xC8\0\x01\0\x18", 300, 200, 3, "bmp"},
        {"exif.jpg", "\xFF\xD8\xFF\xE1\0\006abcd\xFF\xFF\xFF\xC2\0\x11\x08\0\xC8\x01\x2C\x03", 300, 200, 3, "jpeg"},
        {"grey.png", "\x89PNG\r\n\x1a\n\0\0\0\x0DIHDR\0\0\x01\x2C\0\0\0\xC8\x08\x04", 300, 200, 2, "png"},
    };
    struct folder folder;
    folder_make(&folder);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct selectai_image_info info = {.struct_size = sizeof info};
        const char *path = folder_file(&folder, cases[i].name);
        write_bytes(path, cases[i].bytes, sizeof cases[i].bytes);
        assert_int_equal(selectai_image_read_info(&info, path), SELECTAI_OK);
        assert_int_equal(info.width, cases[i].width);
        assert_int_equal(info.height, cases[i].height);
        assert_int_equal(info.channels, cases[i].channels);
        assert_string_equal(info.format, cases[i].format);
        unlink(path);
    }
    rmdir(folder.path);
}

static void test_load_errors(void **state)
{
    (void)state;
    struct folder folder;
    struct selectai_image_info info = {.struct_size = sizeof info};
    selectai_image *image = NULL;
    folder_make(&folder);
    assert_int_equal(selectai_image_load(&image, folder.path, NULL), SELECTAI_ERR_IS_A_DIRECTORY);
    assert_int_equal(selectai_image_read_info(&info, folder.path), SELECTAI_ERR_IS_A_DIRECTORY);
    const char *path = folder_file(&folder, "picture.png");
    assert_int_equal(selectai_image_load(&image, path, NULL), SELECTAI_ERR_NOT_FOUND);
    assert_int_equal(selectai_image_read_info(&info, path), SELECTAI_ERR_NOT_FOUND);
    write_bytes(path, "", 0);
    assert_int_equal(selectai_image_load(&image, path, NULL), SELECTAI_ERR_FORMAT);
    assert_non_null(strstr(selectai_last_error(), "empty"));
    assert_int_equal(selectai_image_read_info(&info, path), SELECTAI_ERR_FORMAT);
    write_bytes(path, "hello, this is text", 19);
    assert_int_equal(selectai_image_load(&image, path, NULL), SELECTAI_ERR_FORMAT);
    assert_non_null(strstr(selectai_last_error(), path));
    struct bytes file = small_png();
    write_bytes(path, file.data, file.n);
    assert_int_equal(selectai_image_load(&image, path, NULL), SELECTAI_OK);
    assert_int_equal(selectai_image_width(image), 12);
    struct selectai_image_options options;
    selectai_image_options_init(&options, sizeof options);
    options.max_bytes = 10;
    selectai_image_destroy(&image);
    assert_int_equal(selectai_image_load(&image, path, &options), SELECTAI_ERR_LIMIT);
    assert_int_equal(selectai_image_load(&image, NULL, NULL), SELECTAI_ERR_INVALID_ARGUMENT);
    info.struct_size = 0;
    assert_int_equal(selectai_image_read_info(&info, path), SELECTAI_ERR_INVALID_ARGUMENT);
    unlink(path);
    rmdir(folder.path);
    free(file.data);
}

/* stb_image would read colours that the palette does not have from its stack. */
static void bmp_colours_must_be_in_the_palette(void **state)
{
    (void)state;
    uint8_t bytes[14 + 40 + 8 + 8] = {
        'B', 'M', [10] = 62, [14] = 40, [18] = 4, [22] = 2, [26] = 1, [28] = 8, [58] = 255, 255, 255};
    static const uint8_t indices[8] = {0, 1, 0, 1, 1, 0, 1, 0};
    selectai_image *image = NULL;
    memcpy(bytes + 62, indices, sizeof indices);
    assert_int_equal(selectai_image_decode(&image, bytes, sizeof bytes, "two.bmp", NULL), SELECTAI_OK);
    assert_int_equal(selectai_image_pixels(image)[0], 255); /* rows come from below */
    assert_int_equal(selectai_image_pixels(image)[3], 0);
    selectai_image_destroy(&image);
    bytes[65] = 9;
    assert_int_equal(selectai_image_decode(&image, bytes, sizeof bytes, "nine.bmp", NULL), SELECTAI_ERR_FORMAT);
    assert_non_null(strstr(selectai_last_error(), "nine.bmp"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gif),
        cmocka_unit_test(test_bmp),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_random_damage),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_unsupported),
        cmocka_unit_test(test_read_info),
        cmocka_unit_test(test_load_errors),
        cmocka_unit_test(bmp_colours_must_be_in_the_palette),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
