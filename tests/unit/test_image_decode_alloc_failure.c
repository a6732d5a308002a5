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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden),
        cmocka_unit_test(png_kinds),
        cmocka_unit_test(others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
