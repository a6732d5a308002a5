/*
 * unit/test_image_decode_png.c: every kind of PNG, damaged ones, and the quick ways against the plain ones.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "image/png.h"

#include "decode_fixture.h"

static const struct png_kind png_kinds[] = {
    {0, 1, 1, false}, {0, 2, 1, false},  {0, 4, 1, false},  {0, 8, 1, false}, {0, 16, 1, false},
    {2, 8, 3, false}, {2, 16, 3, false}, {3, 1, 1, false},  {3, 2, 1, false}, {3, 4, 1, false},
    {3, 8, 1, false}, {4, 8, 2, false},  {4, 16, 2, false}, {6, 8, 4, false}, {6, 16, 4, false},
};

/* What Pillow's convert("RGB") makes of one pixel's samples. */
static void expected_rgb(uint8_t out[3], const struct png_kind *kind, const uint16_t *s, const uint8_t *palette)
{
    unsigned shift = kind->depth == 16 ? 8 : 0;
    for (int c = 0; c < 3; c++) {
        if (kind->colour == 3)
            out[c] = palette[s[0] * 3 + c];
        else if (kind->colour == 2 || kind->colour == 6)
            out[c] = (uint8_t)(s[c] >> shift);
        else if (kind->colour == 0 && kind->depth == 16)
            out[c] = (uint8_t)(s[0] > 255 ? 255 : s[0]);
        else if (kind->depth < 8)
            out[c] = (uint8_t)(s[0] * 255 / ((1 << kind->depth) - 1));
        else
            out[c] = (uint8_t)(s[0] >> shift);
    }
}

static void check_png(const struct png_kind *kind, uint32_t width, uint32_t height, size_t piece, uint32_t seed)
{
    uint8_t palette[768];
    size_t n_samples = (size_t)width * height * kind->samples;
    uint16_t *samples = malloc(n_samples * sizeof *samples);
    assert_non_null(samples);
    for (size_t i = 0; i < sizeof palette; i++)
        palette[i] = (uint8_t)lcg(&seed);
    for (size_t i = 0; i < n_samples; i++) /* small numbers among the 16-bit ones, or nothing but clipping is seen */
        samples[i] = (uint16_t)((lcg(&seed) << 8 | lcg(&seed)) >> (i % 3 == 0 ? 8 : 0) & ((1u << kind->depth) - 1));
    struct bytes raw = png_raw(kind, samples, width, height, &seed);
    size_t n_palette = kind->depth > 8 ? 256 : (size_t)1 << kind->depth;
    struct bytes file = png_file(kind, width, height, &raw, kind->colour == 3 ? palette : NULL, n_palette, piece);
    selectai_image *image = NULL;
    assert_int_equal(decode(&image, file.data, file.n), SELECTAI_OK);
    assert_int_equal(image->width, width);
    assert_int_equal(image->height, height);
    for (size_t i = 0; i < (size_t)width * height; i++) {
        uint8_t expected[3];
        expected_rgb(expected, kind, samples + i * kind->samples, palette);
        assert_memory_equal(image->pixels + 3 * i, expected, 3);
    }
    selectai_image_destroy(&image);
    free(samples);
    free(raw.data);
    free(file.data);
}

static void test_every_png_kind(void **state)
{
    (void)state;
    const uint32_t sizes[][2] = {{1, 1}, {2, 9}, {9, 2}, {13, 11}, {40, 33}};
    for (size_t k = 0; k < sizeof png_kinds / sizeof png_kinds[0]; k++)
        for (size_t i = 0; i < 5; i++)
            for (int interlaced = 0; interlaced < 2; interlaced++) {
                struct png_kind kind = png_kinds[k];
                kind.interlaced = interlaced == 1;
                check_png(&kind, sizes[i][0], sizes[i][1], i % 2 == 0 ? 7 : 1 << 20, (uint32_t)(k * 100 + i));
            }
}

/* Any change of a critical chunk is noticed: all bytes of this file but those of tRNS are in critical chunks. */
static void test_damaged_png(void **state)
{
    (void)state;
    struct bytes file = small_png();
    const size_t after_header = 8 + 25, after_transparency = after_header + 12 + 6;
    for (size_t i = 0; i < file.n; i++) {
        if (i >= after_header && i < after_transparency)
            continue;
        selectai_image *image = NULL;
        file.data[i] ^= 0x04;
        int rc = decode(&image, file.data, file.n);
        assert_true(rc == SELECTAI_ERR_FORMAT || rc == SELECTAI_ERR_LIMIT);
        assert_null(image);
        file.data[i] ^= 0x04;
    }
    free(file.data);
}

/* Rows that are missing, a bad filter, a bad Adler checksum: with correct chunk checksums around them. */
static void test_bad_png_stream(void **state)
{
    (void)state;
    static const struct png_kind kind = {2, 8, 3, false};
    uint16_t samples[5 * 4 * 3] = {0};
    uint32_t seed = 1;
    selectai_image *image = NULL;
    struct bytes raw = png_raw(&kind, samples, 5, 4, &seed);
    struct bytes shorter = {raw.data, raw.n - 1};
    struct bytes file = png_file(&kind, 5, 4, &shorter, NULL, 0, 1000);
    assert_int_equal(decode(&image, file.data, file.n), SELECTAI_ERR_FORMAT);
    assert_non_null(strstr(selectai_last_error(), "ends early"));
    free(file.data);
    raw.data[16] = 5;
    file = png_file(&kind, 5, 4, &raw, NULL, 0, 1000);
    assert_int_equal(decode(&image, file.data, file.n), SELECTAI_ERR_FORMAT);
    assert_non_null(strstr(selectai_last_error(), "filter"));
    raw.data[16] = 0;
    free(file.data);
    file = png_file(&kind, 5, 4, &raw, NULL, 0, 1000);
    size_t checksum = file.n - 12 - 4; /* of the picture's chunk; before it stands Adler's, at the end of the stream */
    file.data[checksum - 1] ^= 1;
    size_t start = 8 + 25 + 18 + 4;
    uint32_t crc = (uint32_t)crc32(0, file.data + start, (uInt)(checksum - start));
    for (int i = 0; i < 4; i++)
        file.data[checksum + i] = (uint8_t)(crc >> (24 - 8 * i));
    assert_int_equal(decode(&image, file.data, file.n), SELECTAI_ERR_FORMAT);
    assert_non_null(strstr(selectai_last_error(), "compressed data is damaged"));
    assert_null(image);
    free(file.data);
    free(raw.data);
}

/* The file with its only data chunk, of n bytes behind the head, replaced by these. */
static struct bytes with_data(const struct bytes *file, const uint8_t *data, size_t n)
{
    struct bytes out = {0};
    put(&out, file->data, 8 + 25 + 18);
    put_chunk(&out, "IDAT", data, n);
    put_chunk(&out, "IEND", NULL, 0);
    return out;
}

/* Surplus rows are no harm, but the stream must end, and with the right checksum, however many there are. */
static void test_png_stream_end(void **state)
{
    (void)state;
    static const struct png_kind kind = {2, 8, 3, false};
    static const size_t surplus[] = {0, 1, 64, 5000};
    uint16_t samples[5 * 4 * 3] = {0};
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof surplus / sizeof surplus[0]; i++) {
        selectai_image *image = NULL;
        struct bytes raw = png_raw(&kind, samples, 5, 4, &seed);
        for (size_t k = 0; k < surplus[i]; k++)
            put_byte(&raw, lcg(&seed));
        struct bytes file = png_file(&kind, 5, 4, &raw, NULL, 0, 100000);
        assert_int_equal(decode(&image, file.data, file.n), SELECTAI_OK);
        selectai_image_destroy(&image);
        uint8_t *data = file.data + 8 + 25 + 18 + 8;
        size_t n = file.n - 8 - 25 - 18 - 24;
        for (size_t cut = 1; cut <= 4; cut++) {
            struct bytes shorter = with_data(&file, data, n - cut);
            assert_int_equal(decode(&image, shorter.data, shorter.n), SELECTAI_ERR_FORMAT);
            assert_non_null(strstr(selectai_last_error(), "truncated"));
            free(shorter.data);
        }
        data[n - 1] ^= 1;
        struct bytes wrong = with_data(&file, data, n);
        assert_int_equal(decode(&image, wrong.data, wrong.n), SELECTAI_ERR_FORMAT);
        assert_non_null(strstr(selectai_last_error(), "compressed data is damaged"));
        assert_null(image);
        free(wrong.data);
        free(file.data);
        free(raw.data);
    }
}

static void test_png_bomb_behind_picture(void **state)
{
    (void)state;
    static const struct png_kind kind = {2, 8, 3, false};
    uint16_t samples[5 * 4 * 3] = {0};
    uint32_t seed = 1;
    selectai_image *image = NULL;
    struct bytes raw = png_raw(&kind, samples, 5, 4, &seed), zeros = {calloc(1, 17 << 20), 17 << 20};
    assert_non_null(zeros.data);
    put(&raw, zeros.data, zeros.n);
    struct bytes file = png_file(&kind, 5, 4, &raw, NULL, 0, 1 << 20);
    assert_int_equal(decode(&image, file.data, file.n), SELECTAI_ERR_FORMAT);
    assert_non_null(strstr(selectai_last_error(), "far beyond the last row"));
    assert_null(image);
    free(file.data);
    free(raw.data);
    free(zeros.data);
}

static void test_png_without_palette(void **state)
{
    (void)state;
    static const struct png_kind kind = {3, 8, 1, false};
    uint16_t samples[4] = {0, 1, 2, 3};
    uint32_t seed = 1;
    selectai_image *image = NULL;
    struct bytes raw = png_raw(&kind, samples, 2, 2, &seed);
    struct bytes file = png_file(&kind, 2, 2, &raw, NULL, 0, 1000);
    assert_int_equal(decode(&image, file.data, file.n), SELECTAI_ERR_FORMAT);
    assert_non_null(strstr(selectai_last_error(), "palette"));
    free(file.data);
    free(raw.data);
}

/* Sizes around the SIMD code's steps, all filters, alone and in runs of rows: the same bytes as in plain C. */
static void test_unfilter_equals_plain(void **state)
{
    (void)state;
    enum { ROWS = 9 };
    uint32_t seed = 4711;
    for (unsigned bpp = 1; bpp <= 8; bpp++)
        for (size_t width = 1; width < 40; width++) {
            size_t n = width * bpp, size = ROWS * (n + 1);
            uint8_t *fast = malloc(size), *plain = malloc(size), *zeros = calloc(n, 1);
            assert_true(fast != NULL && plain != NULL && zeros != NULL);
            for (size_t i = 0; i < size; i++)
                fast[i] = (uint8_t)(i % (n + 1) == 0 ? lcg_below(&seed, 5) : lcg(&seed));
            memcpy(plain, fast, size);
            sai_png_unfilter_rows(fast, zeros, ROWS, n, bpp);
            for (size_t y = 0; y < ROWS; y++) {
                uint8_t *row = plain + y * (n + 1) + 1;
                sai_png_unfilter_plain(row, y == 0 ? zeros : row - n - 1, n, bpp, row[-1]);
            }
            assert_memory_equal(fast, plain, size);
            free(fast);
            free(plain);
            free(zeros);
        }
}

/* The standard's words: of a, b and c the nearest to a + b - c, in this order if they are equally near. */
static uint8_t standard_paeth(int a, int b, int c)
{
    int p = a + b - c, pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);
    return (uint8_t)(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
}

/*
 * All 2^24 triples: a row of two pixels, whose first one is a (zeros around it make that its own prediction), so that
 * the second one is the prediction. `step` makes it quick enough for sanitizers: a prime, so that all values come.
 */
static void check_paeth(void (*unfilter)(uint8_t *, const uint8_t *, size_t, unsigned, unsigned), int step)
{
    for (int c = 0; c < 256; c += step)
        for (int b = 0; b < 256; b++)
            for (int a = 0; a < 256; a++) {
                uint8_t prev[8] = {(uint8_t)c, 0, 255, 9, (uint8_t)b, 3, 4, 5};
                uint8_t row[8] = {(uint8_t)(a - c), 1, 2, 3, 0, 0, 0, 0};
                unfilter(row, prev, 8, 4, PNG_PAETH);
                if (row[4] != standard_paeth(a, b, c))
                    fail_msg("paeth(%d, %d, %d) is %d", a, b, c, row[4]);
            }
}

static void test_paeth_is_the_standards(void **state)
{
    (void)state;
    check_paeth(sai_png_unfilter, 1);
    check_paeth(sai_png_unfilter_plain, 3);
}

/* With too little memory for all rows at once, or none to spare, the other way gives the same. */
static void test_both_ways_agree(void **state)
{
    (void)state;
    static const struct png_kind kinds[] = {
        {0, 8, 1, false}, {2, 8, 3, false}, {3, 8, 1, false}, {4, 8, 2, false}, {6, 8, 4, false}};
    uint8_t palette[768];
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        for (uint32_t width = 1; width < 30; width++) {
            uint32_t seed = (uint32_t)k * 50 + width, height = 1 + width * 7 % 23;
            uint16_t samples[30 * 23 * 4];
            for (size_t i = 0; i < sizeof palette; i++)
                palette[i] = (uint8_t)lcg(&seed);
            for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
                samples[i] = (uint16_t)lcg(&seed);
            struct bytes raw = png_raw(&kinds[k], samples, width, height, &seed);
            struct bytes file = png_file(&kinds[k], width, height, &raw, palette, 256, width % 2 ? 11 : 1 << 20);
            selectai_image *by_rows = NULL, *whole = NULL;
            assert_int_equal(sai_png_read(&by_rows, file.data, file.n, 0, "by rows"), SELECTAI_OK);
            assert_int_equal(sai_png_read(&whole, file.data, file.n, 1 << 20, "whole"), SELECTAI_OK);
            assert_same_image(by_rows, whole);
            selectai_image_destroy(&by_rows);
            selectai_image_destroy(&whole);
            free(raw.data);
            free(file.data);
        }
}

#if SAI_HAVE_DEFLATE
/* The quick way must be the one that is taken: it leaves only what is unusual to the other. */
static void test_usual_files_go_the_quick_way(void **state)
{
    (void)state;
    struct bytes file = small_png();
    struct sai_png png;
    selectai_image *image = NULL;
    assert_int_equal(sai_png_scan(&png, file.data, file.n, "picture"), SELECTAI_OK);
    assert_int_equal(sai_png_read_whole(&image, &png, 1 << 20), SELECTAI_OK);
    assert_non_null(image);
    selectai_image_destroy(&image);
    assert_int_equal(sai_png_read_whole(&image, &png, 100), SELECTAI_OK);
    assert_null(image);
    free(file.data);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_png_kind),
        cmocka_unit_test(test_damaged_png),
        cmocka_unit_test(test_bad_png_stream),
        cmocka_unit_test(test_png_stream_end),
        cmocka_unit_test(test_png_bomb_behind_picture),
        cmocka_unit_test(test_png_without_palette),
        cmocka_unit_test(test_unfilter_equals_plain),
        cmocka_unit_test(test_paeth_is_the_standards),
        cmocka_unit_test(test_both_ways_agree),
#if SAI_HAVE_DEFLATE
        cmocka_unit_test(test_usual_files_go_the_quick_way),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
