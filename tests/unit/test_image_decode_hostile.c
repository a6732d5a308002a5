/*
 * unit/test_image_decode_hostile.c: decompression bombs, and the crashers of other decoders in
 * ../shared/data/malformed: nothing hangs or takes more memory than the limit, and sound pictures have Pillow's pixels
 * (golden/malformed.h).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "decode_fixture.h"

#include <sys/resource.h>
#include <time.h>

#include "base/file.h"

enum { MOST_MIB = 512, MOST_SECONDS = 20 };

static void assert_memory_kept(void)
{
#ifndef __SANITIZE_ADDRESS__
#ifndef __SANITIZE_THREAD__
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    assert_true(usage.ru_maxrss / 1024 <= MOST_MIB);
#endif
#endif
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Decodes with the default limits; the code must be one that an image can be refused with. */
static selectai_image *try_bytes(const void *bytes, size_t n, const char *name)
{
    selectai_image *image = NULL;
    double start = seconds();
    int rc = selectai_image_decode(&image, bytes, n, name, NULL);
    if (seconds() - start > MOST_SECONDS)
        fail_msg("%s: took %g s", name, seconds() - start);
    assert_true((rc == SELECTAI_OK) == (image != NULL));
    assert_true(rc == SELECTAI_OK || rc == SELECTAI_ERR_FORMAT || rc == SELECTAI_ERR_LIMIT ||
                rc == SELECTAI_ERR_UNSUPPORTED);
    assert_memory_kept();
    return image;
}

static void expect(const struct bytes *file, const char *name, int code)
{
    selectai_image *image = try_bytes(file->data, file->n, name);
    assert_true((code == SELECTAI_OK) == (image != NULL));
    if (code != SELECTAI_OK)
        assert_int_equal(selectai_last_error_detail()->code, code);
    selectai_image_destroy(&image);
}

/* One-bit grey, all zeros: 1:1000 in the file, 1:24 again in memory. */
static struct bytes png_bomb(uint32_t side)
{
    static const struct png_kind kind = {0, 1, 1, false};
    struct bytes raw = {calloc(((size_t)side + 7) / 8 + 1, side), (((size_t)side + 7) / 8 + 1) * side};
    assert_non_null(raw.data);
    struct bytes file = png_file(&kind, side, side, &raw, NULL, 0, 1 << 16);
    free(raw.data);
    return file;
}

static void bombs_png(void **state)
{
    (void)state;
    struct bytes largest = png_bomb(11800), larger = png_bomb(12000);
    expect(&largest, "largest.png", SELECTAI_OK);
    expect(&larger, "larger.png", SELECTAI_ERR_LIMIT);
    free(largest.data);
    free(larger.data);
}

/* RGB of zeros, small enough to be inflated at once. */
static void bombs_png_whole(void **state)
{
    (void)state;
    static const struct png_kind kind = {2, 8, 3, false};
    const uint32_t side = 5000;
    struct bytes raw = {calloc(3 * side + 1, side), (size_t)(3 * side + 1) * side};
    assert_non_null(raw.data);
    struct bytes file = png_file(&kind, side, side, &raw, NULL, 0, 1 << 16);
    expect(&file, "rgb.png", SELECTAI_OK);
    free(raw.data);
    free(file.data);
}

/* The screen is as large as the header likes; the picture's data may end at once. */
static void bombs_gif(void **state)
{
    (void)state;
    static const uint8_t start[] =
        "GIF89a\x7C\x15\x7C\x15\x80\0\0\0\0\0\xFF\xFF\xFF,\0\0\0\0\x7C\x15\x7C\x15\0\x02\x02L\x01\0;";
    struct bytes file = {0};
    put(&file, start, sizeof start - 1);
    expect(&file, "5500.gif", SELECTAI_OK);
    file.data[7] = file.data[9] = 0x27; /* 10108 x 10108 */
    expect(&file, "10108.gif", SELECTAI_ERR_LIMIT);
    free(file.data);
}

/* One code for each of millions of blocks. */
static void bombs_jpeg(void **state)
{
    (void)state;
    struct bytes file = {0}, scan = {0};
    put(&file, "\xFF\xD8\xFF\xDB\0\x43\0", 7);
    for (int i = 0; i < 64; i++)
        put_byte(&file, 1);
    put(&file, "\xFF\xC2\0\x11\x08\x19\x64\x19\x64\x03\x01\x11\0\x02\x11\0\x03\x11\0", 19); /* 6500 x 6500, 4:4:4 */
    put(&file, "\xFF\xC4\0\x14\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22);
    put(&scan, "\xFF\xDA\0\x0C\x03\x01\0\x02\0\x03\0\0\0\x10\0", 14); /* one more bit of all DC terms */
    struct bytes zeros = {calloc(1, 300000), 300000};
    assert_non_null(zeros.data);
    put(&file, "\xFF\xDA\0\x0C\x03\x01\0\x02\0\x03\0\0\0\x0D", 14);
    put(&file, zeros.data, zeros.n);
    for (int i = 13; i > 0; i--) {
        scan.data[13] = (uint8_t)(i << 4 | (i - 1));
        put(&file, scan.data, 14);
        put(&file, zeros.data, zeros.n);
    }
    put(&file, "\xFF\xD9", 2);
    expect(&file, "6500.jpg", SAI_HAVE_JPEG ? SELECTAI_OK : SELECTAI_ERR_LIMIT);
    file.data[7 + 64 + 5] = 0x23; /* 9060 rows: 9 bytes a pixel are too many */
    expect(&file, "9060.jpg", SELECTAI_ERR_LIMIT);
    free(file.data);
    free(scan.data);
    free(zeros.data);
}

#if SAI_HAVE_WEBP
/* Lossless, one colour: every code has no bits, so that the whole picture takes none. */
static void bombs_webp(void **state)
{
    (void)state;
    static const uint8_t start[] = "RIFF\x1A\0\0\0WEBPVP8L\x0E\0\0\0\x2F\0\0\0\0\x88\x88\x08\0\0\0\0\0\0";
    struct bytes file = {0};
    put(&file, start, sizeof start - 1);
    const uint32_t sides[] = {7500, 12000};
    for (size_t i = 0; i < 2; i++) {
        uint32_t bits = (sides[i] - 1) | (sides[i] - 1) << 14;
        for (unsigned k = 0; k < 4; k++)
            file.data[21 + k] = (uint8_t)(bits >> 8 * k);
        expect(&file, "lossless.webp", i == 0 ? SELECTAI_OK : SELECTAI_ERR_LIMIT);
    }
    free(file.data);
}
#endif

struct sound_file {
    const char *path;
    uint32_t width, height, crc;
};

static const struct sound_file sound_files[] = {
#include "../golden/malformed.h"
};

static const char *malformed_folder(void)
{
    static char path[1024];
    const char *tests = getenv("SELECTAI_TEST_DATA");
    snprintf(path, sizeof path, "%s/../../shared/data/malformed", tests != NULL ? tests : "tests");
    return access(path, R_OK) == 0 ? path : NULL;
}

static size_t tried;

static int try_file(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status;
    (void)ftw;
    void *bytes = NULL;
    size_t n = 0;
    if (type != FTW_F)
        return 0;
    assert_int_equal(sai_file_read(&bytes, &n, path, 1 << 28), SELECTAI_OK);
    selectai_image *image = try_bytes(bytes, n, path);
    selectai_image_destroy(&image);
    sai_free(bytes);
    tried++;
    return 0;
}

static void malformed_files(void **state)
{
    (void)state;
    const char *folder = malformed_folder();
    if (folder == NULL) {
        print_message("../shared/data/malformed is not there\n");
        skip();
    }
    tried = 0;
    assert_int_equal(nftw(folder, try_file, 16, FTW_PHYS), 0);
    assert_true(tried >= 300);
}

/* stb_image, where it stands in for libjpeg, rounds otherwise. */
static bool has_pillows_pixels(const selectai_image *image, const struct sound_file *file)
{
    bool rounds = !SAI_HAVE_JPEG && (strstr(file->path, ".jpg") != NULL || strstr(file->path, ".mpo") != NULL);
    return image->width == file->width && image->height == file->height && (rounds || image_crc(image) == file->crc);
}

static void sound_ones_have_pillows_pixels(void **state)
{
    (void)state;
    const char *folder = malformed_folder();
    if (folder == NULL) {
        print_message("../shared/data/malformed is not there\n");
        skip();
    }
    for (size_t i = 0; i < sizeof sound_files / sizeof sound_files[0]; i++) {
        selectai_image *image = NULL;
        char path[2048];
        snprintf(path, sizeof path, "%s/%s", folder, sound_files[i].path);
        if (selectai_image_load(&image, path, NULL) != SELECTAI_OK)
            fail_msg("refused: %s", selectai_last_error());
        if (!has_pillows_pixels(image, &sound_files[i]))
            fail_msg("%s: other pixels than Pillow's", sound_files[i].path);
        selectai_image_destroy(&image);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bombs_png),
        cmocka_unit_test(bombs_png_whole),
        cmocka_unit_test(bombs_gif),
        cmocka_unit_test(bombs_jpeg),
#if SAI_HAVE_WEBP
        cmocka_unit_test(bombs_webp),
#endif
        cmocka_unit_test(malformed_files),
        cmocka_unit_test(sound_ones_have_pillows_pixels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
