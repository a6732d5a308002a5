/*
 * unit/test_image_crop_file.c: crops of files of every kind have the pixels of the cut picture, within limits, and
 * never take the place of something. Samples, chunks and other formats: tests/python/test_crop_file.py.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "decode_fixture.h"

#include "base/file.h"

static char folder[256];

static const char *below(const char *name)
{
    static char path[2][300];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static int setup(void **state)
{
    (void)state;
    make_temporary(folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove_temporary(folder);
    return 0;
}

static void check_crop(const struct bytes *file, struct selectai_pixel_box box)
{
    selectai_image *whole = NULL, *expected = NULL, *found = NULL;
    write_bytes(below("in.png"), file->data, file->n);
    assert_int_equal(selectai_image_crop_file(below("out.png"), below("in.png"), &box, NULL), SELECTAI_OK);
    assert_int_equal(selectai_image_load(&whole, below("in.png"), NULL), SELECTAI_OK);
    assert_int_equal(selectai_image_load(&found, below("out.png"), NULL), SELECTAI_OK);
    assert_int_equal(selectai_image_crop(&expected, whole, &box), SELECTAI_OK);
    assert_same_image(found, expected);
    assert_int_equal(unlink(below("out.png")), 0);
    selectai_image_destroy(&whole);
    selectai_image_destroy(&expected);
    selectai_image_destroy(&found);
}

static void every_kind(void **state)
{
    (void)state;
    static const unsigned kinds[][3] = {{0, 1, 1}, {0, 2, 1},  {0, 4, 1},  {0, 8, 1}, {0, 16, 1},
                                        {2, 8, 3}, {2, 16, 3}, {3, 1, 1},  {3, 2, 1}, {3, 4, 1},
                                        {3, 8, 1}, {4, 8, 2},  {4, 16, 2}, {6, 8, 4}, {6, 16, 4}};
    uint8_t palette[768];
    uint16_t samples[31 * 22 * 4];
    uint32_t seed = 5;
    for (size_t i = 0; i < sizeof palette; i++)
        palette[i] = (uint8_t)lcg(&seed);
    for (size_t k = 0; k < 2 * sizeof kinds / sizeof kinds[0]; k++) {
        const unsigned *kind = kinds[k / 2];
        struct png_kind png = {kind[0], kind[1], kind[2], k % 2 == 1};
        for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
            samples[i] = (uint16_t)lcg_below(&seed, 1u << kind[1]);
        struct bytes raw = png_raw(&png, samples, 31, 22, &seed);
        struct bytes file = png_file(&png, 31, 22, &raw, kind[0] == 3 ? palette : NULL, (size_t)1 << kind[1], 50);
        for (int round = 0; round < 6; round++) {
            int32_t x = (int32_t)lcg_below(&seed, 31), y = (int32_t)lcg_below(&seed, 22);
            check_crop(&file, (struct selectai_pixel_box){x, y, x + 1 + (int32_t)lcg_below(&seed, (uint32_t)(31 - x)),
                                                          y + 1 + (int32_t)lcg_below(&seed, (uint32_t)(22 - y))});
        }
        check_crop(&file, (struct selectai_pixel_box){0, 0, 31, 22});
        free(raw.data);
        free(file.data);
    }
}

static void limits(void **state)
{
    (void)state;
    static const struct png_kind kind = {6, 16, 4, false};
    static const uint16_t samples[40 * 40 * 4];
    const struct selectai_pixel_box all = {0, 0, 40, 40}, part = {0, 0, 40, 20}, beyond = {0, 0, 41, 40};
    struct selectai_image_options options;
    uint32_t seed = 1;
    struct bytes raw = png_raw(&kind, samples, 40, 40, &seed), file = png_file(&kind, 40, 40, &raw, NULL, 0, 1000);
    selectai_image_options_init(&options, sizeof options);
    write_bytes(below("in.png"), file.data, file.n);
    options.max_memory = 40 * 40 * 8 - 1;
    assert_int_equal(selectai_image_crop_file(below("out.png"), below("in.png"), &all, &options), SELECTAI_ERR_LIMIT);
    assert_non_null(strstr(selectai_last_error(), "in.png"));
    assert_int_equal(selectai_image_crop_file(below("out.png"), below("in.png"), &part, &options), SELECTAI_OK);
    options.max_side = 39;
    assert_int_equal(selectai_image_crop_file(below("two.png"), below("in.png"), &part, &options), SELECTAI_ERR_LIMIT);
    assert_int_equal(selectai_image_crop_file(below("two.png"), below("in.png"), &beyond, NULL),
                     SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_image_crop_file(below("two.png"), NULL, &part, NULL), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_image_crop_file(NULL, below("in.png"), &part, NULL), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_image_crop_file(below("two.png"), below("in.png"), NULL, NULL),
                     SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_not_equal(access(below("two.png"), F_OK), 0);
    free(raw.data);
    free(file.data);
}

/* A file that comes there while the crop is being written keeps its place. */
static void nothing_is_replaced(void **state)
{
    (void)state;
    struct sai_atomic_file file;
    assert_int_equal(sai_atomic_open_new(&file, below("new")), SELECTAI_OK);
    sai_atomic_puts(&file, "ours");
    write_text(below("new"), "theirs");
    assert_int_equal(sai_atomic_commit(&file), SELECTAI_ERR_EXISTS);
    assert_non_null(strstr(selectai_last_error(), "something of that name is there"));
    char *text = read_text(below("new"));
    assert_string_equal(text, "theirs");
    free(text);
    assert_int_equal(sai_atomic_open_new(&file, below("new")), SELECTAI_ERR_EXISTS);
    assert_int_equal(unlink(below("new")), 0);
    assert_int_equal(sai_atomic_open_new(&file, below("new")), SELECTAI_OK);
    sai_atomic_puts(&file, "ours");
    assert_int_equal(sai_atomic_commit(&file), SELECTAI_OK);
    text = read_text(below("new"));
    assert_string_equal(text, "ours");
    free(text);
    assert_int_equal(unlink(below("new")), 0);
    assert_int_equal(rmdir(folder), 0); /* no temporary file is left */
    assert_int_equal(mkdir(folder, 0777), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_kind, setup, teardown),
        cmocka_unit_test_setup_teardown(limits, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_replaced, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
