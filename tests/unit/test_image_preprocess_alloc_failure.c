/*
 * unit/test_image_preprocess_alloc_failure.c: preprocessing files, turned and in their own mode, with every allocation
 * refused in turn.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "alloc_fail.h"
#include "decode_fixture.h"

#include "../golden/decode.h"

static void try_all(const char *name, const uint8_t *bytes, size_t n)
{
    struct selectai_preprocess_options options;
    struct selectai_image_options decoding;
    unsigned long failed = 1, nth = 1;
    selectai_preprocess_options_init(&options, sizeof options);
    selectai_image_options_init(&decoding, sizeof decoding);
    options.size = 8;
    options.convert = SELECTAI_CONVERT_AFTER;
    decoding.exif = 1;
    for (; failed > 0; nth++) {
        float out[3 * 8 * 8];
        arm_alloc_fail(nth);
        int rc = selectai_image_preprocess_bytes(out, bytes, n, name, &options, &decoding);
        failed = disarm_alloc_fail();
        if (rc != (failed > 0 ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK))
            fail_msg("%s, allocation %lu: code %d, message \"%s\"", name, nth, rc, selectai_last_error());
        assert_true(nth < 1000);
    }
    assert_true(nth > 3);
}

static void golden(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden_files / sizeof golden_files[0]; i++) {
        const char *name = golden_files[i].name;
        bool decoded = strncmp(name, "webp", 4) == 0 ? SAI_HAVE_WEBP : SAI_HAVE_JPEG;
        if (decoded)
            try_all(name, golden_files[i].bytes, golden_files[i].n);
    }
}

/* The file with EXIF that turns it. */
static struct bytes turned(const struct bytes *file)
{
    static const uint8_t exif[] = {'M', 'M', 0, '*', 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0};
    struct bytes out = {0};
    put(&out, file->data, file->n - 12);
    put_chunk(&out, "eXIf", exif, sizeof exif);
    put_chunk(&out, "IEND", NULL, 0);
    return out;
}

static void png_kinds(void **state)
{
    (void)state;
    static const struct png_kind kinds[] = {{0, 8, 1, false}, {2, 8, 3, false},  {3, 8, 1, false}, {0, 1, 1, false},
                                            {6, 8, 4, false}, {0, 16, 1, false}, {4, 16, 2, true}};
    static const uint16_t samples[9 * 7 * 4] = {1, 2, 3};
    static const uint8_t palette[768] = {5};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        uint32_t seed = (uint32_t)i;
        struct bytes raw = png_raw(&kinds[i], samples, 9, 7, &seed);
        struct bytes file = png_file(&kinds[i], 9, 7, &raw, kinds[i].colour == 3 ? palette : NULL, 256, 1000);
        struct bytes again = turned(&file);
        try_all("PNG", again.data, again.n);
        free(raw.data);
        free(file.data);
        free(again.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden),
        cmocka_unit_test(png_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
