/*
 * fuzz/fuzz_image.c: pictures.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

/* What can be cut can be read again, and has the pixels of the cut picture. */
static void crop(const char *path, const struct selectai_image_options *options)
{
    char output[64];
    selectai_image *whole = NULL, *part = NULL, *found = NULL;
    struct selectai_pixel_box box = {0, 0, 3, 2};
    struct selectai_image_info info = {.struct_size = sizeof info};
    snprintf(output, sizeof output, "/tmp/selectai-fuzz-%ld.png", (long)getpid());
    if (selectai_image_read_info(&info, path) == SELECTAI_OK && info.width >= 7 && info.height >= 5)
        box = (struct selectai_pixel_box){(int32_t)info.width / 3, 1, (int32_t)info.width - 1, (int32_t)info.height};
    if (selectai_image_crop_file(output, path, &box, options) != SELECTAI_OK)
        return;
    if (selectai_image_load(&found, output, options) != SELECTAI_OK ||
        selectai_image_load(&whole, path, options) != SELECTAI_OK ||
        selectai_image_crop(&part, whole, &box) != SELECTAI_OK ||
        memcmp(selectai_image_pixels(part), selectai_image_pixels(found),
               (size_t)3 * selectai_image_width(part) * selectai_image_height(part)) != 0)
        abort();
    selectai_image_destroy(&whole);
    selectai_image_destroy(&part);
    selectai_image_destroy(&found);
    unlink(output);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct selectai_image_options options;
    selectai_image *image = NULL;
    selectai_image_options_init(&options, sizeof options);
    options.max_pixels = 1 << 22; /* keeps one input quick */
    options.max_memory = 64 << 20;
    options.min_side = size % 4 == 0 ? 16 : 0;
    options.exif = size % 2;
    if (selectai_image_decode(&image, data, size, "fuzz", &options) == SELECTAI_OK) {
        uint64_t hash;
        selectai_image_phash(&hash, image);
        selectai_image_destroy(&image);
    }
    struct selectai_preprocess_options preprocess;
    float input[3 * 16 * 16];
    selectai_preprocess_options_init(&preprocess, sizeof preprocess);
    preprocess.size = 16;
    preprocess.convert = SELECTAI_CONVERT_AFTER;
    selectai_image_preprocess_bytes(input, data, size, "fuzz", &preprocess, &options);
    char path[64];
    struct selectai_image_info info = {.struct_size = sizeof info};
    int fd = memory_file(path, data, size);
    selectai_image_read_info(&info, path);
    options.min_side = options.exif = 0;
    crop(path, &options);
    close(fd);
    return 0;
}
