/*
 * fuzz/fuzz_image.c: pictures.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

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
    close(fd);
    return 0;
}
