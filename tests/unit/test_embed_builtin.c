/*
 * unit/test_embed_builtin.c: the built-in descriptor: finite everywhere, repeatable, and it sees what it says it sees.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <selectai/common.h>

#include "embed/builtin.h"

enum { WIDTH = 320, HEIGHT = 256, THREADS = 4 };

struct picture {
    uint32_t width, height;
    uint8_t *rgb; /* exactly width * height * 3 bytes, so that a sanitizer sees every step beyond */
};

static struct picture picture_new(uint32_t width, uint32_t height)
{
    struct picture picture = {width, height, calloc((size_t)width * height, 3)};
    assert_non_null(picture.rgb);
    return picture;
}

static uint8_t *at(const struct picture *picture, uint32_t x, uint32_t y)
{
    return picture->rgb + ((size_t)y * picture->width + x) * 3;
}

static uint32_t hash(uint32_t x, uint32_t y)
{
    uint32_t h = x * 0x9e3779b1u ^ (y + 0x7f4a7c15u) * 0x85ebca77u;
    h = (h ^ (h >> 15)) * 0x2c1b3c6du;
    h = (h ^ (h >> 12)) * 0x297a2d39u;
    return h ^ (h >> 15);
}

static int clamp(int value)
{
    return value < 0 ? 0 : value > 255 ? 255 : value;
}

/* Value noise of one cell size, -128..127. */
static int texture(uint32_t x, uint32_t y, uint32_t cell)
{
    int fx = (int)(x % cell), fy = (int)(y % cell), c = (int)cell;
    uint32_t cx = x / cell + cell * 101, cy = y / cell;
    int a = hash(cx, cy) & 255, b = hash(cx + 1, cy) & 255, d = hash(cx, cy + 1) & 255, e = hash(cx + 1, cy + 1) & 255;
    return ((a * (c - fx) + b * fx) * (c - fy) + (d * (c - fx) + e * fx) * fy) / (c * c) - 128;
}

/* A soft background with fine grain and a textured warm disc at (cx, cy): in whole numbers, so the same everywhere. */
static struct picture scene(uint32_t width, uint32_t height, int cx, int cy)
{
    struct picture picture = picture_new(width, height);
    int radius = (int)(width < height ? width : height) / 5;
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            int dx = (int)x - cx, dy = (int)y - cy;
            bool disc = dx * dx + dy * dy < radius * radius;
            int grain = (int)(hash(x, y) % 5) - 2;
            int base = 90 + texture(x, y, 64) / 6 + (int)(y * 40 / height) + grain;
            int detail = disc ? texture(x, y, 5) / 2 + texture(x, y, 17) / 3 : 0;
            uint8_t *p = at(&picture, x, y);
            p[0] = (uint8_t)clamp(disc ? 185 + detail : base);
            p[1] = (uint8_t)clamp(disc ? 135 + detail : base + 8);
            p[2] = (uint8_t)clamp(disc ? 105 + detail : base + 24);
        }
    return picture;
}

static struct picture plain_scene(void)
{
    return scene(WIDTH, HEIGHT, WIDTH / 2, HEIGHT / 2);
}

static void encode(float out[SAI_BUILTIN_DIM], const struct picture *picture)
{
    assert_int_equal(sai_builtin_encode(out, picture->rgb, picture->width, picture->height), SELECTAI_OK);
}

static void encode_and_free(float out[SAI_BUILTIN_DIM], struct picture picture)
{
    encode(out, &picture);
    free(picture.rgb);
}

/* Number `index` of the named block. */
static float value_of(const float *vector, const char *block, uint32_t index)
{
    const struct sai_builtin_block *found = sai_builtin_block_find(block);
    assert_non_null(found);
    assert_true(index < found->count);
    return vector[found->first + index];
}

#define assert_rises(after, before, block, index, by)                                                                  \
    do {                                                                                                               \
        float from_ = value_of(before, block, index), to_ = value_of(after, block, index);                             \
        if (!(to_ > from_ + (by)))                                                                                     \
            fail_msg("%s[%d] went from %g to %g", block, (int)(index), (double)from_, (double)to_);                    \
    } while (0)
#define assert_falls(after, before, block, index, by) assert_rises(before, after, block, index, by)

static void test_blocks_cover_the_vector(void **state)
{
    (void)state;
    size_t count, next = 0;
    const struct sai_builtin_block *blocks = sai_builtin_blocks(&count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(blocks[i].first, next);
        assert_true(blocks[i].count > 0);
        assert_ptr_equal(sai_builtin_block_find(blocks[i].name), &blocks[i]);
        assert_string_equal(sai_builtin_block_at(blocks[i].first), blocks[i].name);
        assert_string_equal(sai_builtin_block_at(blocks[i].first + blocks[i].count - 1u), blocks[i].name);
        next += blocks[i].count;
    }
    assert_int_equal(next, SAI_BUILTIN_DIM);
    assert_null(sai_builtin_block_find("no such block"));
    assert_null(sai_builtin_block_at(SAI_BUILTIN_DIM));
}

enum { BLACK, WHITE, GREY, NOISE, CHECKS, RAMP, DOT, PRIMARIES, CONTENTS };

static uint8_t content(int kind, uint32_t x, uint32_t y, uint32_t channel)
{
    switch (kind) {
    case WHITE:
        return 255;
    case GREY:
        return 128;
    case NOISE:
        return (uint8_t)hash(x * 3 + channel, y);
    case CHECKS:
        return (x + y) % 2 ? 255 : 0;
    case RAMP:
        return (uint8_t)(x + 2 * y + 40 * channel);
    case DOT:
        return x == 0 && y == 0 ? 255 : 0;
    case PRIMARIES:
        return (x / 3 + y / 5) % 3 == channel ? 255 : 0;
    default:
        return 0;
    }
}

static void test_finite_on_any_size_and_content(void **state)
{
    (void)state;
    static const uint32_t sizes[][2] = {{1, 1},    {1, 2},     {2, 1},    {3, 5},    {7, 7},    {8, 9},
                                        {15, 17},  {16, 16},   {31, 33},  {1, 3000}, {3000, 1}, {513, 3},
                                        {64, 999}, {127, 129}, {513, 40}, {700, 520}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int kind = 0; kind < CONTENTS; kind++) {
            struct picture picture = picture_new(sizes[i][0], sizes[i][1]);
            for (uint32_t y = 0; y < picture.height; y++)
                for (uint32_t x = 0; x < picture.width; x++)
                    for (uint32_t channel = 0; channel < 3; channel++)
                        at(&picture, x, y)[channel] = content(kind, x, y, channel);
            float vector[SAI_BUILTIN_DIM];
            encode_and_free(vector, picture);
            for (uint32_t k = 0; k < SAI_BUILTIN_DIM; k++)
                if (!isfinite(vector[k]) || fabsf(vector[k]) > 8.0f)
                    fail_msg("%ux%u, content %d: %s holds %g at %u", sizes[i][0], sizes[i][1], kind,
                             sai_builtin_block_at(k), (double)vector[k], k);
        }
}

struct job {
    const struct picture *picture;
    float vector[2][SAI_BUILTIN_DIM];
    int rc;
};

static void *encode_twice(void *argument)
{
    struct job *job = argument;
    job->rc = SELECTAI_OK;
    for (int i = 0; i < 2 && job->rc == SELECTAI_OK; i++)
        job->rc = sai_builtin_encode(job->vector[i], job->picture->rgb, job->picture->width, job->picture->height);
    return NULL;
}

static void test_same_bits_again_and_from_several_threads(void **state)
{
    (void)state;
    struct picture pictures[2] = {plain_scene(), scene(700, 530, 200, 300)};
    float expected[2][SAI_BUILTIN_DIM];
    static struct job jobs[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < 2; i++)
        encode(expected[i], &pictures[i]);
    for (int i = 0; i < THREADS; i++) {
        jobs[i].picture = &pictures[i % 2];
        assert_int_equal(pthread_create(&threads[i], NULL, encode_twice, &jobs[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(jobs[i].rc, SELECTAI_OK);
        for (int k = 0; k < 2; k++)
            assert_memory_equal(jobs[i].vector[k], expected[i % 2], sizeof expected[0]);
    }
    for (int i = 0; i < 2; i++)
        free(pictures[i].rgb);
}

/* Every pixel becomes what the function makes of its old neighbourhood. */
typedef uint8_t (*filter_fn)(const struct picture *from, uint32_t x, uint32_t y, uint32_t channel);

static struct picture filtered(const struct picture *from, filter_fn filter)
{
    struct picture to = picture_new(from->width, from->height);
    for (uint32_t y = 0; y < to.height; y++)
        for (uint32_t x = 0; x < to.width; x++)
            for (uint32_t channel = 0; channel < 3; channel++)
                at(&to, x, y)[channel] = filter(from, x, y, channel);
    return to;
}

static int mean_around(const struct picture *from, uint32_t x, uint32_t y, uint32_t channel, int radius)
{
    int sum = 0, count = 0;
    for (int dy = -radius; dy <= radius; dy++)
        for (int dx = -radius; dx <= radius; dx++) {
            int64_t sx = (int64_t)x + dx, sy = (int64_t)y + dy;
            if (sx < 0 || sy < 0 || sx >= from->width || sy >= from->height)
                continue;
            sum += at(from, (uint32_t)sx, (uint32_t)sy)[channel];
            count++;
        }
    return (sum + count / 2) / count;
}

static uint8_t blur(const struct picture *from, uint32_t x, uint32_t y, uint32_t channel)
{
    return (uint8_t)mean_around(from, x, y, channel, 2);
}

static uint8_t sharpen(const struct picture *from, uint32_t x, uint32_t y, uint32_t channel)
{
    int value = at(from, x, y)[channel];
    return (uint8_t)clamp(value + 2 * (value - mean_around(from, x, y, channel, 2)));
}

static uint8_t grain(const struct picture *from, uint32_t x, uint32_t y, uint32_t channel)
{
    return (uint8_t)clamp(at(from, x, y)[channel] + (int)(hash(3 * x + channel + 7777, y) % 41) - 20);
}

static uint8_t posterise(const struct picture *from, uint32_t x, uint32_t y, uint32_t channel)
{
    return (uint8_t)(at(from, x, y)[channel] / 24 * 24);
}

static uint8_t enlarge(const struct picture *from, uint32_t x, uint32_t y, uint32_t channel)
{
    return at(from, x / 2, y / 2)[channel];
}

/* Twice as large by linear interpolation. */
static uint8_t interpolate(const struct picture *from, uint32_t x, uint32_t y, uint32_t channel)
{
    uint32_t left = x / 2, top = y / 2, right = left + x % 2, bottom = top + y % 2;
    int sum = at(from, left, top)[channel] + at(from, right, top)[channel] + at(from, left, bottom)[channel] +
              at(from, right, bottom)[channel];
    return (uint8_t)((sum + 2) / 4);
}

/* Each 8 x 8 block keeps a quarter of its contrast around its mean: what coarse JPEG does. */
static uint8_t block(const struct picture *from, uint32_t x, uint32_t y, uint32_t channel)
{
    int sum = 0;
    for (uint32_t i = 0; i < 64; i++)
        sum += at(from, (x & ~7u) + i % 8, (y & ~7u) + i / 8)[channel];
    return (uint8_t)((3 * (sum / 64) + at(from, x, y)[channel]) / 4);
}

static uint8_t redden(const struct picture *from, uint32_t x, uint32_t y, uint32_t channel)
{
    return (uint8_t)clamp(at(from, x, y)[channel] + (channel == 0 ? 30 : 0));
}

static uint8_t overexpose(const struct picture *from, uint32_t x, uint32_t y, uint32_t channel)
{
    return (uint8_t)clamp(at(from, x, y)[channel] * 2);
}

static void compare(float before[SAI_BUILTIN_DIM], float after[SAI_BUILTIN_DIM], filter_fn filter)
{
    struct picture from = plain_scene();
    encode(before, &from);
    encode_and_free(after, filtered(&from, filter));
    free(from.rgb);
}

static void test_blur_is_seen(void **state)
{
    (void)state;
    float before[SAI_BUILTIN_DIM], after[SAI_BUILTIN_DIM];
    compare(before, after, blur);
    assert_falls(after, before, "sharpness", 0, 0.5f); /* ln Laplacian energy */
    assert_rises(after, before, "sharpness", 6, 0.3f); /* blur effect across */
    assert_rises(after, before, "sharpness", 7, 0.3f);
    assert_falls(after, before, "noise", 0, 0.5f);
    assert_falls(after, before, "gradient", 0, 0.1f);
    assert_falls(after, before, "spectrum", 28, 0.5f); /* energy falls off towards fine detail */
    assert_rises(after, before, "resample", 0, 0.5f);  /* neighbouring differences correlate */
    assert_falls(after, before, "dct", 6, 0.5f);
}

static void test_noise_is_seen(void **state)
{
    (void)state;
    float before[SAI_BUILTIN_DIM], after[SAI_BUILTIN_DIM];
    compare(before, after, grain);
    for (uint32_t i = 0; i < 8; i++)
        assert_rises(after, before, "noise", i, 0.2f);
    assert_rises(after, before, "dct", 6, 0.5f);
    assert_rises(after, before, "spectrum", 28, 0.3f);
}

static void test_sharpening_is_seen(void **state)
{
    (void)state;
    float before[SAI_BUILTIN_DIM], after[SAI_BUILTIN_DIM];
    compare(before, after, sharpen);
    assert_rises(after, before, "sharpness", 0, 0.3f);
    assert_rises(after, before, "halo", 0, 0.2f); /* overshoot on the bright side */
    assert_rises(after, before, "halo", 1, 0.2f); /* and on the dark side */
}

static void test_coding_and_quantisation_are_seen(void **state)
{
    (void)state;
    float before[SAI_BUILTIN_DIM], after[SAI_BUILTIN_DIM];
    compare(before, after, block);
    assert_rises(after, before, "blocking", 0, 1.0f);
    assert_rises(after, before, "blocking", 5, 1.0f);
    compare(before, after, posterise);
    assert_rises(after, before, "banding", 0, 0.5f); /* equal neighbours */
    assert_falls(after, before, "banding", 4, 0.5f); /* levels in use */
    assert_rises(after, before, "banding", 6, 0.5f); /* comb */
}

static void test_enlarging_is_seen(void **state)
{
    (void)state;
    float before[SAI_BUILTIN_DIM], after[SAI_BUILTIN_DIM];
    compare(before, after, enlarge);
    assert_rises(after, before, "resample", 3, 2.0f);  /* period 2 of the difference across */
    assert_rises(after, before, "resample", 10, 2.0f); /* and down */
    compare(before, after, interpolate);
    assert_rises(after, before, "resample", 0, 0.5f);  /* correlation of neighbouring differences across */
    assert_rises(after, before, "resample", 5, 1.0f);  /* period 2 of the second difference across */
    assert_rises(after, before, "resample", 12, 1.0f); /* and down */
}

static void test_colour_and_exposure_are_seen(void **state)
{
    (void)state;
    float before[SAI_BUILTIN_DIM], after[SAI_BUILTIN_DIM];
    compare(before, after, redden);
    assert_rises(after, before, "colour", 9, 0.5f);  /* mean red-green */
    assert_rises(after, before, "colour", 26, 0.5f); /* red cast of middle tones */
    compare(before, after, overexpose);
    assert_rises(after, before, "colour", 19, 0.5f);  /* clipped reds */
    assert_rises(after, before, "contrast", 3, 0.5f); /* median tone */
}

static void test_size_is_seen(void **state)
{
    (void)state;
    float small[SAI_BUILTIN_DIM], large[SAI_BUILTIN_DIM];
    encode_and_free(small, scene(320, 240, 160, 120));
    encode_and_free(large, scene(640, 480, 320, 240));
    for (uint32_t i = 0; i < 3; i++)
        assert_rises(large, small, "geometry", i, 0.5f);
    assert_true(value_of(large, "geometry", 3) == value_of(small, "geometry", 3)); /* aspect */
}

static void test_the_subject_is_found(void **state)
{
    (void)state;
    float left[SAI_BUILTIN_DIM], right[SAI_BUILTIN_DIM], top[SAI_BUILTIN_DIM];
    encode_and_free(left, scene(WIDTH, HEIGHT, WIDTH / 4, HEIGHT / 2));
    encode_and_free(right, scene(WIDTH, HEIGHT, WIDTH * 3 / 4, HEIGHT / 2));
    encode_and_free(top, scene(WIDTH, HEIGHT, WIDTH / 4, HEIGHT / 4));
    assert_rises(right, left, "subject", 0, 1.0f);      /* centroid of what stands out, x */
    assert_falls(top, left, "subject", 1, 0.5f);        /* y */
    assert_rises(right, left, "subject", 4, 0.5f);      /* left end */
    assert_rises(right, left, "subject", 9, 1.0f);      /* centroid of detail, x */
    assert_rises(left, right, "subject", 18 + 1, 0.5f); /* second column of the profile */
    assert_rises(right, left, "subject", 18 + 6, 0.5f);
    assert_rises(left, right, "layout", 48 + 5, 0.5f); /* contrast of the cell in row 1, column 1 */
    assert_rises(right, left, "layout", 80 + 6, 0.5f); /* salience of the cell in row 1, column 2 */
    assert_rises(right, left, "skin", 1, 0.5f);        /* the disc has a skin's colour */
    assert_rises(left, right, "composition", 6, 0.5f); /* detail left against right */
}

static const struct {
    uint16_t index;
    float value;
} golden[] = {
    /* clang-format off */
    {0, -0.288211f}, {3, 1.129963f}, {5, 0.102487f}, {6, 2.566316f}, {15, -0.333112f}, {23, 0.020661f},
    {24, 0.119711f}, {33, -1.371386f}, {41, -1.550563f}, {42, -2.342888f}, {51, -1.366115f}, {59, -1.565410f},
    {60, -3.111337f}, {69, -1.653368f}, {77, -1.701938f}, {78, -3.917160f}, {82, -4.020012f}, {85, -4.084635f},
    {86, -1.809078f}, {98, -1.579742f}, {109, 0.670924f}, {110, 0.035835f}, {126, -0.054117f}, {141, 0.856085f},
    {142, 1.178397f}, {147, -0.918996f}, {151, 0.323650f}, {152, -1.281801f}, {159, -1.080458f}, {165, -1.615872f},
    {166, -0.040063f}, {170, 0.728739f}, {173, -1.402155f}, {174, -0.071909f}, {178, -0.814044f}, {181, -1.356100f},
    {182, -1.914929f}, {198, -2.849418f}, {213, 1.715911f}, {214, 0.043287f}, {221, -0.011372f}, {227, -1.458260f},
    {228, -0.809316f}, {233, -0.804035f}, {237, 1.300722f}, {238, -0.033768f}, {242, -3.768900f}, {245, 0.135795f},
    {246, -2.445588f}, {260, -0.024864f}, {273, -1.600378f}, {274, 0.009535f}, {304, -0.250342f}, {333, 1.737232f},
    {334, 3.931036f}, {348, -0.886533f}, {361, -0.955940f}, {362, 0.063139f}, {410, -1.922066f}, {457, -1.478576f},
    {458, -3.115990f}, {475, 2.091375f}, {491, -1.675571f}, {492, -1.123408f}, {495, -3.000427f}, {497, -0.718723f},
    {498, 0.618236f}, {501, -1.590830f}, {503, -0.574201f}, {504, 1.226951f}, {508, -2.054299f}, {511, 3.579032f},
    /* clang-format on */
};

/* A change here changes every cached vector: give SAI_BUILTIN_ID a new number with it. */
static void test_numbers_have_not_changed(void **state)
{
    (void)state;
    float vector[SAI_BUILTIN_DIM];
    assert_string_equal(SAI_BUILTIN_ID, "selectai-builtin-1");
    encode_and_free(vector, scene(1100, 700, 300, 400));
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++)
        if (!(fabsf(vector[golden[i].index] - golden[i].value) <= 1e-4f))
            fail_msg("%s: number %u is %.6f, not %.6f", sai_builtin_block_at(golden[i].index), golden[i].index,
                     (double)vector[golden[i].index], (double)golden[i].value);
}

static void test_bad_arguments_are_refused(void **state)
{
    (void)state;
    float vector[SAI_BUILTIN_DIM];
    uint8_t pixel[3] = {0};
    assert_int_equal(sai_builtin_encode(NULL, pixel, 1, 1), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(sai_builtin_encode(vector, NULL, 1, 1), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(sai_builtin_encode(vector, pixel, 0, 1), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(sai_builtin_encode(vector, pixel, 1, 0), SELECTAI_ERR_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_cover_the_vector),
        cmocka_unit_test(test_finite_on_any_size_and_content),
        cmocka_unit_test(test_same_bits_again_and_from_several_threads),
        cmocka_unit_test(test_blur_is_seen),
        cmocka_unit_test(test_noise_is_seen),
        cmocka_unit_test(test_sharpening_is_seen),
        cmocka_unit_test(test_coding_and_quantisation_are_seen),
        cmocka_unit_test(test_enlarging_is_seen),
        cmocka_unit_test(test_colour_and_exposure_are_seen),
        cmocka_unit_test(test_size_is_seen),
        cmocka_unit_test(test_the_subject_is_found),
        cmocka_unit_test(test_numbers_have_not_changed),
        cmocka_unit_test(test_bad_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
