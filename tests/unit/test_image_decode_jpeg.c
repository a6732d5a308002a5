/*
 * unit/test_image_decode_jpeg.c: JPEG, and files that a decoder must not see.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "image/stb.h"

#include "decode_fixture.h"

static void test_jpeg(void **state)
{
    (void)state;
    selectai_image *image = NULL, *original = make_noise(61, 35, 4);
    struct bytes file = {0};
    double sum = 0;
    for (size_t i = 0; i < sai_image_bytes(original); i++)
        original->pixels[i] = (uint8_t)(i / 3 % 61 * 2 + i / 183 * 3 + i % 3 * 10);
    assert_int_equal(selectai_image_encode(&file.data, &file.n, original, SELECTAI_FORMAT_JPEG, 95), SELECTAI_OK);
    assert_int_equal(decode(&image, file.data, file.n), SELECTAI_OK);
    for (size_t i = 0; i < sai_image_bytes(original); i++)
        sum += abs(image->pixels[i] - original->pixels[i]);
    assert_true(sum / (double)sai_image_bytes(original) < 2);
    selectai_image_destroy(&image);
    for (size_t i = 0; i + 1 < file.n; i++)
        if (file.data[i] == 0xFF && file.data[i + 1] == 0xC4) { /* more codes than a table can hold */
            memset(file.data + i + 5, 0xFF, 16);
            break;
        }
    assert_int_equal(decode(&image, file.data, file.n), SELECTAI_ERR_FORMAT);
    assert_non_null(strstr(selectai_last_error(), "Huffman"));
    selectai_image_destroy(&original);
    selectai_free(file.data);
}

/* The first segment of that marker in a JPEG. */
static size_t segment_at(const struct bytes *file, unsigned marker)
{
    size_t at = 2;
    while (at + 4 < file->n && file->data[at + 1] != marker)
        at += 2 + ((size_t)file->data[at + 2] << 8 | file->data[at + 3]);
    assert_true(at + 4 < file->n && file->data[at] == 0xFF);
    return at;
}

static struct bytes without_segment(const struct bytes *file, unsigned marker)
{
    size_t at = segment_at(file, marker);
    return without(file, at, at + 2 + ((size_t)file->data[at + 2] << 8 | file->data[at + 3]));
}

/* Only the first component is in the scan. */
static struct bytes with_grey_scan(const struct bytes *file)
{
    struct bytes out = {0};
    size_t at = segment_at(file, 0xDA);
    put(&out, file->data, at);
    put(&out, "\xFF\xDA\0\x08\x01\x01\0\0\x3F\0", 10);
    put(&out, file->data + at + 14, file->n - at - 14);
    return out;
}

static void test_jpeg_without_parts(void **state)
{
    (void)state;
    struct bytes file = encode(SELECTAI_FORMAT_JPEG, 40, 24);
    size_t scan = segment_at(&file, 0xDA);
    refuse(without(&file, scan, file.n - 2), "holds no picture");
    refuse(without_segment(&file, 0xC4), "Huffman table is missing");
    refuse(without_segment(&file, 0xDB), "quantisation table is missing");
    refuse(with_grey_scan(&file), "in none of its scans");
    struct bytes late = without_segment(&file, 0xC4);
    late.n -= 2;
    size_t at = segment_at(&file, 0xC4);
    put(&late, file.data + at, 2 + ((size_t)file.data[at + 2] << 8 | file.data[at + 3]));
    put(&late, "\xFF\xD9", 2);
    refuse(late, "Huffman table is missing");
    static const uint8_t other_tables[] = {0x20, 0x03, 0xF1};
    for (size_t i = 0; i < sizeof other_tables; i++) {
        struct bytes other = without(&file, file.n, file.n);
        other.data[scan + 6] = other_tables[i]; /* of its first component */
        refuse(other, "Huffman table is missing");
    }
    struct bytes other = without(&file, file.n, file.n);
    other.data[segment_at(&file, 0xC0) + 12] = 3;
    refuse(other, "quantisation table is missing");
    free(file.data);
}

enum progressive_part { DC_TABLE = 1, DC_SCAN = 2, DC_BIT = 4, AC_TABLE = 8, AC_SCAN = 16 };

/* 8 x 8 grey pixels of value 128. Each table has the one code 0, for "nothing"; each scan is that code. */
static struct bytes progressive_jpeg(unsigned parts)
{
    static const uint8_t tables[2][21] = {{0xFF, 0xC4, 0, 20, 0x00, 1}, {0xFF, 0xC4, 0, 20, 0x10, 1}};
    struct bytes out = {0};
    put(&out, "\xFF\xD8\xFF\xDB\0\x43\0", 7);
    for (int i = 0; i < 64; i++)
        put_byte(&out, 1);
    put(&out, "\xFF\xC2\0\x0B\x08\0\x08\0\x08\x01\x01\x11\0", 13);
    if (parts & DC_TABLE) {
        put(&out, tables[0], 21);
        put_byte(&out, 0);
    }
    if (parts & DC_SCAN)
        put(&out, "\xFF\xDA\0\x08\x01\x01\x03\0\0\x01\x7F", 11); /* names AC table 3, needs none */
    if (parts & DC_BIT)
        put(&out, "\xFF\xDA\0\x08\x01\x01\x33\0\0\x10\x7F", 11); /* names tables 3, needs none */
    if (parts & AC_TABLE) {
        put(&out, tables[1], 21);
        put_byte(&out, 0);
    }
    if (parts & AC_SCAN)
        put(&out, "\xFF\xDA\0\x08\x01\x01\x30\x01\x3F\0\x7F", 11); /* names DC table 3, needs none */
    put(&out, "\xFF\xD9", 2);
    return out;
}

static void test_progressive_jpeg(void **state)
{
    (void)state;
    static const unsigned whole[] = {DC_TABLE | DC_SCAN, DC_TABLE | DC_SCAN | DC_BIT,
                                     DC_TABLE | DC_SCAN | DC_BIT | AC_TABLE | AC_SCAN};
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        struct bytes file = progressive_jpeg(whole[i]);
        selectai_image *image = NULL;
        assert_int_equal(decode(&image, file.data, file.n), SELECTAI_OK);
        for (size_t k = 0; k < sai_image_bytes(image); k++)
            assert_int_equal(image->pixels[k], 128);
        selectai_image_destroy(&image);
        free(file.data);
    }
    refuse(progressive_jpeg(DC_TABLE | AC_TABLE), "holds no picture");
    refuse(progressive_jpeg(DC_SCAN), "Huffman table is missing");
    refuse(progressive_jpeg(AC_TABLE | DC_SCAN), "Huffman table is missing");
    refuse(progressive_jpeg(DC_TABLE | DC_SCAN | AC_SCAN), "Huffman table is missing");
}

/* What stb_image allocates is zeroed: planes that nothing wrote do not show what the heap held before. */
static void test_jpeg_planes_are_zeroed(void **state)
{
    (void)state;
    struct bytes file = encode(SELECTAI_FORMAT_JPEG, 40, 24);
    struct bytes empty = without(&file, segment_at(&file, 0xDA), file.n - 2);
    selectai_image *image = NULL;
    void *dirt[200];
    for (size_t i = 0; i < 200; i++) {
        dirt[i] = malloc(1000 + 100 * i);
        assert_non_null(dirt[i]);
        memset(dirt[i], 0xAB, 1000 + 100 * i);
    }
    for (size_t i = 0; i < 200; i++)
        free(dirt[i]);
    assert_int_equal(sai_stb_read(&image, empty.data, empty.n, 40, 24, "picture"), SELECTAI_OK);
    for (size_t i = 0; i < sai_image_bytes(image); i++) /* Y, Cb and Cr of 0 are a green */
        assert_int_equal(image->pixels[i], i % 3 == 1 ? image->pixels[1] : 0);
    assert_in_range(image->pixels[1], 134, 136);
    selectai_image_destroy(&image);
    free(file.data);
    free(empty.data);
}

/* Thousands of empty scans over a large picture would keep the decoder busy for minutes. */
static void test_jpeg_of_many_scans(void **state)
{
    (void)state;
    struct bytes file = encode(SELECTAI_FORMAT_JPEG, 16, 16), longer = {0};
    selectai_image *image = NULL;
    assert_true(file.n > 2);
    put(&longer, file.data, file.n - 2);
    for (int i = 0; i < 1000; i++)
        put(&longer, "\xFF\xDA\0\x08\x01\x01\0\x01\x3F\0", 10);
    put(&longer, "\xFF\xD9", 2);
    assert_int_equal(decode(&image, longer.data, longer.n), SELECTAI_ERR_LIMIT);
    assert_null(image);
    free(file.data);
    free(longer.data);
}

/* A progressive file that asks for more than the limit is refused before anything is decoded. */
static void test_jpeg_memory(void **state)
{
    (void)state;
    struct bytes file = progressive_jpeg(DC_TABLE | DC_SCAN);
    struct selectai_image_options options;
    selectai_image *image = NULL;
    selectai_image_options_init(&options, sizeof options);
    assert_int_equal(options.max_memory, (uint64_t)400 << 20);
    options.max_memory = 3 * 64 + 2 * 64 - 1;
    assert_int_equal(selectai_image_decode(&image, file.data, file.n, "x.jpg", &options), SELECTAI_ERR_LIMIT);
    assert_non_null(strstr(selectai_last_error(), "x.jpg"));
    options.max_memory = 6 * 64;
    assert_int_equal(selectai_image_decode(&image, file.data, file.n, "x.jpg", &options), SELECTAI_OK);
    selectai_image_destroy(&image);
    size_t frame = segment_at(&file, 0xC2);
    memcpy(file.data + frame + 5, "\x2E\xE0\x2E\xE0", 4); /* 12000 x 12000 */
    assert_int_equal(decode(&image, file.data, file.n), SELECTAI_ERR_LIMIT);
    assert_null(image);
    free(file.data);
}

#if SAI_HAVE_JPEG
/* Data that ends in the middle of the picture, with a proper end marker behind it. */
static void test_jpeg_of_half_a_picture(void **state)
{
    (void)state;
    struct bytes file = encode(SELECTAI_FORMAT_JPEG, 160, 120);
    size_t data = segment_at(&file, 0xDA) + 14;
    refuse(without(&file, (data + file.n) / 2, file.n - 2), "damaged or incomplete");
    free(file.data);
}

static void test_reduced_jpeg(void **state)
{
    (void)state;
    static const uint32_t cases[][3] = {{0, 208, 120}, {121, 208, 120}, {120, 208, 120}, {61, 208, 120}, {60, 104, 60},
                                        {31, 104, 60}, {30, 52, 30},    {16, 52, 30},    {15, 26, 15},   {1, 26, 15}};
    struct bytes file = {0};
    struct selectai_image_options options;
    selectai_image *full = NULL, *original = make_noise(208, 120, 1);
    selectai_image_options_init(&options, sizeof options);
    for (size_t i = 0; i < sai_image_bytes(original); i++) /* ramps: reduced in whichever way, they look alike */
        original->pixels[i] = (uint8_t)(i / 3 % 208 / 2 + i / 624 + i % 3 * 10);
    assert_int_equal(selectai_image_encode(&file.data, &file.n, original, SELECTAI_FORMAT_JPEG, 95), SELECTAI_OK);
    selectai_image_destroy(&original);
    assert_int_equal(options.min_side, 0);
    assert_int_equal(decode(&full, file.data, file.n), SELECTAI_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        selectai_image *image = NULL, *small = NULL;
        double sum = 0;
        options.min_side = cases[i][0];
        assert_int_equal(selectai_image_decode(&image, file.data, file.n, NULL, &options), SELECTAI_OK);
        assert_int_equal(image->width, cases[i][1]);
        assert_int_equal(image->height, cases[i][2]);
        assert_int_equal(selectai_image_resize(&small, full, image->width, image->height, SELECTAI_FILTER_BOX),
                         SELECTAI_OK);
        for (size_t k = 0; k < sai_image_bytes(image); k++)
            sum += abs(image->pixels[k] - small->pixels[k]);
        assert_true(sum / (double)sai_image_bytes(image) < 2);
        selectai_image_destroy(&image);
        selectai_image_destroy(&small);
    }
    selectai_image_destroy(&full);
    selectai_free(file.data);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jpeg),
        cmocka_unit_test(test_jpeg_without_parts),
        cmocka_unit_test(test_progressive_jpeg),
        cmocka_unit_test(test_jpeg_planes_are_zeroed),
        cmocka_unit_test(test_jpeg_of_many_scans),
        cmocka_unit_test(test_jpeg_memory),
#if SAI_HAVE_JPEG
        cmocka_unit_test(test_jpeg_of_half_a_picture),
        cmocka_unit_test(test_reduced_jpeg),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
