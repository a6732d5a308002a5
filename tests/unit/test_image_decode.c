/*
 * unit/test_image_decode.c: decoding files and bytes: every kind of PNG, the other formats, limits, damaged files.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "image/stb.h"
#include "png_builder.h"

static int decode(selectai_image **out, const void *bytes, size_t n)
{
    return selectai_image_decode(out, bytes, n, "picture", NULL);
}

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

static struct bytes small_png(void)
{
    static const struct png_kind kind = {2, 8, 3, false};
    uint16_t samples[12 * 10 * 3];
    uint32_t seed = 77;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        samples[i] = (uint16_t)lcg(&seed);
    struct bytes raw = png_raw(&kind, samples, 12, 10, &seed);
    struct bytes file = png_file(&kind, 12, 10, &raw, NULL, 0, 100);
    free(raw.data);
    return file;
}

static struct bytes encode(int32_t format, uint32_t width, uint32_t height)
{
    selectai_image *image = make_shapes(width, height, 4);
    uint8_t *bytes = NULL;
    struct bytes out = {0};
    size_t n = 0;
    assert_int_equal(selectai_image_encode(&bytes, &n, image, format, 0), SELECTAI_OK);
    put(&out, bytes, n);
    selectai_free(bytes);
    selectai_image_destroy(&image);
    return out;
}

/* A GIF of 4 x 2 pixels: colours 0..7 of its table, each code preceded by a clear code, so that codes keep 4 bits. */
static struct bytes small_gif(int transparent)
{
    struct bytes out = {0}, codes = {0};
    unsigned bits = 0, used = 0;
    put(&out, "GIF89a\x04\0\x02\0\x82\0\0", 13); /* table of 8 colours */
    for (unsigned i = 0; i < 24; i++)
        put_byte(&out, 10 * i);
    if (transparent >= 0) {
        put(&out, "!\xF9\x04\x01\0\0", 6);
        put_byte(&out, (unsigned)transparent);
        put_byte(&out, 0);
    }
    put(&out, ",\0\0\0\0\x04\0\x02\0\0\x03", 11);
    for (unsigned i = 0; i < 17; i++) {
        unsigned code = i == 16 ? 9 : i % 2 == 0 ? 8 : i / 2;
        bits |= code << used;
        if ((used += 4) >= 8) {
            put_byte(&codes, bits & 0xFF);
            bits >>= 8;
            used -= 8;
        }
    }
    put_byte(&codes, bits);
    put_byte(&out, (unsigned)codes.n);
    put(&out, codes.data, codes.n);
    put(&out, "\0;", 2);
    free(codes.data);
    return out;
}

/* 3 x 2 pixels, 24 bits, rows from the bottom, padded to 12 bytes. */
static struct bytes small_bmp(void)
{
    struct bytes out = {0};
    put(&out, "BM\x4E\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x03\0\0\0\x02\0\0\0\x01\0\x18\0", 30);
    for (int i = 0; i < 24; i++)
        put_byte(&out, 0);
    for (unsigned y = 0; y < 2; y++)
        for (unsigned i = 0; i < 12; i++)
            put_byte(&out, i < 9 ? 100 * y + i : 0);
    return out;
}

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

static struct bytes without(const struct bytes *file, size_t at, size_t end)
{
    struct bytes out = {0};
    put(&out, file->data, at);
    put(&out, file->data + end, file->n - end);
    return out;
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

static void refuse(struct bytes file, const char *reason)
{
    selectai_image *image = NULL;
    assert_int_equal(decode(&image, file.data, file.n), SELECTAI_ERR_FORMAT);
    assert_non_null(strstr(selectai_last_error(), reason));
    assert_null(image);
    free(file.data);
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
    for (size_t i = 0; i < 5; i++) {
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
        cmocka_unit_test(test_every_png_kind),
        cmocka_unit_test(test_gif),
        cmocka_unit_test(test_bmp),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_damaged_png),
        cmocka_unit_test(test_bad_png_stream),
        cmocka_unit_test(test_png_stream_end),
        cmocka_unit_test(test_png_bomb_behind_picture),
        cmocka_unit_test(test_png_without_palette),
        cmocka_unit_test(test_jpeg),
        cmocka_unit_test(test_jpeg_without_parts),
        cmocka_unit_test(test_progressive_jpeg),
        cmocka_unit_test(test_jpeg_planes_are_zeroed),
        cmocka_unit_test(test_jpeg_of_many_scans),
        cmocka_unit_test(test_random_damage),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_unsupported),
        cmocka_unit_test(test_read_info),
        cmocka_unit_test(test_load_errors),
        cmocka_unit_test(bmp_colours_must_be_in_the_palette),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
