/*
 * unit/test_image_decode_alloc_failure.c: decoding with every single allocation of the library failing once.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "decode_fixture.h"

#include "../golden/decode.h"
#include "alloc_fail.h"

static void try_all(const char *name, const void *bytes, size_t n)
{
    unsigned long nth = 1, failed = 1;
    for (; failed > 0; nth++) {
        selectai_image *image = NULL;
        arm_alloc_fail(nth);
        int rc = decode(&image, bytes, n);
        failed = disarm_alloc_fail();
        if (rc != (failed > 0 ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK))
            fail_msg("%s, allocation %lu: code %d, message \"%s\"", name, nth, rc, selectai_last_error());
        assert_true((rc == SELECTAI_OK) == (image != NULL));
        selectai_image_destroy(&image);
        assert_true(nth < 1000);
    }
    assert_true(nth > 3); /* at least pixels and handle were refused */
}

static void golden(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden_files / sizeof golden_files[0]; i++)
        if (SAI_HAVE_WEBP || strncmp(golden_files[i].name, "webp", 4) != 0)
            try_all(golden_files[i].name, golden_files[i].bytes, golden_files[i].n);
}

static void png_kinds(void **state)
{
    (void)state;
    static const struct png_kind kinds[] = {{0, 8, 1, false}, {2, 8, 3, false}, {3, 8, 1, false},
                                            {6, 8, 4, false}, {6, 8, 4, true},  {2, 16, 3, false}};
    static const uint16_t samples[9 * 7 * 4] = {1, 2, 3};
    static const uint8_t palette[768] = {5};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        uint32_t seed = (uint32_t)i;
        struct bytes raw = png_raw(&kinds[i], samples, 9, 7, &seed);
        struct bytes file = png_file(&kinds[i], 9, 7, &raw, palette, 256, i % 2 ? 1000 : 10);
        try_all("PNG", file.data, file.n);
        free(raw.data);
        free(file.data);
    }
}

static void others(void **state)
{
    (void)state;
    struct bytes gif = small_gif(2), bmp = small_bmp();
    try_all("GIF", gif.data, gif.n);
    try_all("BMP", bmp.data, bmp.n);
    free(gif.data);
    free(bmp.data);
}

/* Cutting a file: whatever fails, no file is left. */
static void cut(const char *folder, const char *name, const void *bytes, size_t n)
{
    char path[300], output[300];
    const struct selectai_pixel_box box = {1, 1, 3, 2};
    snprintf(path, sizeof path, "%s/in", folder);
    snprintf(output, sizeof output, "%s/out.png", folder);
    write_bytes(path, bytes, n);
    unsigned long nth = 0;
    int rc = SELECTAI_ERR_OUT_OF_MEMORY;
    while (rc != SELECTAI_OK) { /* the last allocation, of the folder's name to sync, may fail without harm */
        arm_alloc_fail(++nth);
        rc = selectai_image_crop_file(output, path, &box, NULL);
        unsigned long failed = disarm_alloc_fail();
        if (rc != SELECTAI_OK && (failed == 0 || rc != SELECTAI_ERR_OUT_OF_MEMORY))
            fail_msg("%s, allocation %lu: code %d, message \"%s\"", name, nth, rc, selectai_last_error());
        assert_true((rc == SELECTAI_OK) == (access(output, F_OK) == 0));
        assert_true(nth < 1000);
    }
    assert_true(nth > 8);
    assert_int_equal(unlink(output), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0); /* nothing else was left */
    assert_int_equal(mkdir(folder, 0777), 0);
}

static void crops(void **state)
{
    (void)state;
    char folder[256];
    make_temporary(folder);
    struct bytes png = small_png(), gif = small_gif(2);
    cut(folder, "PNG", png.data, png.n);
    cut(folder, "GIF", gif.data, gif.n);
    remove_temporary(folder);
    free(png.data);
    free(gif.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden),
        cmocka_unit_test(png_kinds),
        cmocka_unit_test(others),
        cmocka_unit_test(crops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
