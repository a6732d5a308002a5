/*
 * unit/test_image_kernels.c: every way to resample, to make grey and to undo filters that this processor has, against
 * plain C.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "image_fixture.h"

#include "image/grey.h"
#include "image/png.h"
#include "image/resample.h"

/* An axis' weights; one weight of 1 where the size stays. */
static struct sai_weights weights_of(uint32_t in_size, uint32_t out_size, int filter)
{
    struct sai_weights w = {0};
    struct sai_axis_part all = {in_size, out_size, 0, out_size};
    assert_int_equal(sai_weights_create(&w, &all, filter, false), SELECTAI_OK);
    for (uint32_t i = 0; in_size == out_size && i < out_size; i++) {
        w.first[i] = i;
        w.count[i] = 1;
        w.weight[(size_t)i * w.taps] = 1 << SAI_WEIGHT_BITS;
    }
    return w;
}

static uint8_t sum_of(const uint8_t *in, size_t step, const struct sai_weights *w, uint32_t i)
{
    int64_t sum = 1 << (SAI_WEIGHT_BITS - 1);
    for (uint32_t k = 0; k < w->count[i]; k++)
        sum += (int64_t)in[(w->first[i] + k) * step] * w->weight[(size_t)i * w->taps + k];
    sum >>= SAI_WEIGHT_BITS;
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

/* The whole picture by the definition: along x, rounded to bytes, then along y. */
static uint8_t *naive(const struct sai_plane *in, uint32_t width, uint32_t height, int filter)
{
    uint32_t channels = in->channels;
    struct sai_weights wx = weights_of(in->width, width, filter), wy = weights_of(in->height, height, filter);
    uint8_t *middle = malloc((size_t)width * in->height * channels), *out = malloc((size_t)width * height * channels);
    assert_non_null(middle);
    assert_non_null(out);
    for (uint32_t y = 0; y < in->height; y++)
        for (uint32_t x = 0; x < width; x++)
            for (uint32_t c = 0; c < channels; c++)
                middle[((size_t)y * width + x) * channels + c] = sum_of(
                    in->pixels + (size_t)y * in->width * channels + c, channels, &wx, x);
    for (uint32_t y = 0; y < height; y++)
        for (size_t x = 0; x < (size_t)width * channels; x++)
            out[y * (size_t)width * channels + x] = sum_of(middle + x, (size_t)width * channels, &wy, y);
    free(middle);
    sai_weights_clear(&wx);
    sai_weights_clear(&wy);
    return out;
}

static const struct sai_resample_kernel *kernels[8];
static size_t n_kernels;

static void check_part(const struct sai_part *part, const struct sai_source *source, int filter, const uint8_t *whole)
{
    uint32_t channels = source->to_grey ? 1 : source->plane.channels;
    for (size_t k = 0; k < n_kernels; k++) {
        uint8_t *out = NULL;
        assert_int_equal(sai_resample_with(&out, part, source, filter, kernels[k]), SELECTAI_OK);
        for (uint32_t y = 0; y < part->part_height; y++) {
            const uint8_t *expected = whole + ((size_t)(part->y + y) * part->width + part->x) * channels;
            size_t row = (size_t)part->part_width * channels;
            if (memcmp(out + y * row, expected, row) != 0)
                fail_msg("%s: %u x %u x %u to %u x %u, filter %d: row %u differs", kernels[k]->name,
                         source->plane.width, source->plane.height, source->plane.channels, part->width, part->height,
                         filter, part->y + y);
        }
        sai_free(out);
    }
}

static void check_size(uint32_t width, uint32_t height, uint32_t channels, struct sai_part part, int filter,
                       uint32_t *seed)
{
    size_t n = (size_t)width * height * channels;
    uint8_t *pixels = malloc(n); /* of just this size, so that reading beyond is noticed where that is watched */
    assert_non_null(pixels);
    bool extremes = lcg(seed) % 4 == 0;
    for (size_t i = 0; i < n; i++)
        pixels[i] = (uint8_t)(extremes ? (lcg(seed) & 1) * 255 : lcg(seed));
    struct sai_source source = {{width, height, channels, pixels}, false};
    uint8_t *whole = naive(&source.plane, part.width, part.height, filter);
    check_part(&part, &source, filter, whole);
    free(whole);
    if (channels == 3) {
        uint8_t *grey = malloc((size_t)width * height);
        assert_non_null(grey);
        sai_image_grey_plain(grey, pixels, (size_t)width * height);
        struct sai_plane plane = {width, height, 1, grey};
        whole = naive(&plane, part.width, part.height, filter);
        source.to_grey = true;
        check_part(&part, &source, filter, whole);
        free(whole);
        free(grey);
    }
    free(pixels);
}

static uint32_t some_size(uint32_t *seed)
{
    uint32_t kind = lcg_below(seed, 8);
    return kind == 0 ? 1 + lcg_below(seed, 4) : kind == 1 ? 200 + lcg_below(seed, 300) : 1 + lcg_below(seed, 80);
}

static void test_kernels_agree(void **state)
{
    (void)state;
    uint32_t seed = 11;
    for (int round = 0; round < 400; round++) {
        uint32_t width = some_size(&seed), height = some_size(&seed), channels = 1 + lcg_below(&seed, 4);
        struct sai_part part = {some_size(&seed), some_size(&seed), 0, 0, 0, 0};
        if (round % 5 == 0)
            part.width = width;
        if (round % 7 == 0)
            part.height = height;
        part.part_width = round % 2 ? part.width : 1 + lcg_below(&seed, part.width);
        part.part_height = round % 2 ? part.height : 1 + lcg_below(&seed, part.height);
        part.x = lcg_below(&seed, part.width - part.part_width + 1);
        part.y = lcg_below(&seed, part.height - part.part_height + 1);
        check_size(width, height, channels, part, (int)lcg_below(&seed, 3), &seed);
    }
}

/* Grey of every length and beginning. */
static void test_grey_ways_agree(void **state)
{
    (void)state;
    uint32_t seed = 5;
    for (size_t n = 0; n < 200; n++) {
        uint8_t *rgb = malloc(3 * n + 1), grey[200], plain[200];
        assert_non_null(rgb);
        for (size_t i = 0; i < 3 * n; i++)
            rgb[i] = (uint8_t)(n % 9 == 0 ? 255 : lcg(&seed));
        sai_image_grey(grey, rgb, n);
        sai_image_grey_plain(plain, rgb, n);
        assert_memory_equal(grey, plain, n);
        free(rgb);
    }
}

/* All values of each channel, and of two. */
static void test_grey_of_all_values(void **state)
{
    (void)state;
    uint8_t *rgb = malloc((size_t)3 << 16), *grey = malloc((size_t)2 << 16);
    assert_non_null(rgb);
    assert_non_null(grey);
    for (int free_channel = 0; free_channel < 3; free_channel++) {
        for (size_t i = 0; i < 1 << 16; i++) {
            rgb[3 * i] = (uint8_t)(free_channel == 0 ? 91 : i);
            rgb[3 * i + 1] = (uint8_t)(free_channel == 1 ? 92 : free_channel == 0 ? i : i >> 8);
            rgb[3 * i + 2] = (uint8_t)(free_channel == 2 ? 93 : i >> 8);
        }
        sai_image_grey(grey, rgb, 1 << 16);
        sai_image_grey_plain(grey + (1 << 16), rgb, 1 << 16);
        assert_memory_equal(grey, grey + (1 << 16), 1 << 16);
    }
    free(rgb);
    free(grey);
}

/* Rows of all filters, in waves of 8 and 16 and what is left; nothing beside the rows is touched. */
static void test_waves_of_rows(void **state)
{
    (void)state;
    uint32_t seed = 99;
    for (int round = 0; round < 600; round++) {
        unsigned bpp = 1 + lcg_below(&seed, 4), one_filter = lcg_below(&seed, 8);
        size_t n_rows = 1 + lcg_below(&seed, 50), n = (size_t)bpp * (1 + lcg_below(&seed, 90)), size = n_rows * (n + 1);
        uint8_t *fast = malloc(size), *plain = malloc(size), *prev = malloc(n);
        assert_true(fast != NULL && plain != NULL && prev != NULL);
        for (size_t i = 0; i < n; i++)
            prev[i] = (uint8_t)lcg(&seed);
        for (size_t i = 0; i < size; i++)
            fast[i] = (uint8_t)(i % (n + 1) != 0 ? lcg(&seed) : one_filter < 5 ? one_filter : lcg_below(&seed, 5));
        memcpy(plain, fast, size);
        sai_png_unfilter_rows(fast, prev, n_rows, n, bpp);
        for (size_t y = 0; y < n_rows; y++) {
            uint8_t *row = plain + y * (n + 1) + 1;
            sai_png_unfilter_plain(row, y == 0 ? prev : row - n - 1, n, bpp, row[-1]);
        }
        assert_memory_equal(fast, plain, size);
        free(fast);
        free(plain);
        free(prev);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernels_agree),
        cmocka_unit_test(test_grey_ways_agree),
        cmocka_unit_test(test_grey_of_all_values),
        cmocka_unit_test(test_waves_of_rows),
    };
    n_kernels = sai_resample_kernels(kernels, sizeof kernels / sizeof kernels[0]);
    for (size_t k = 0; k < n_kernels; k++)
        print_message("kernel: %s\n", kernels[k]->name);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
