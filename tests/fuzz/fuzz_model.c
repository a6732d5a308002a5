/*
 * fuzz/fuzz_model.c: rankers and croppers (safetensors).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int fd = memory_file(path, data, size);
    selectai_ranker *ranker = NULL;
    selectai_cropper *cropper = NULL;
    if (selectai_ranker_load(&ranker, path) == SELECTAI_OK) {
        uint32_t dim = selectai_ranker_dim(ranker);
        float *x = calloc(dim ? dim : 1, sizeof *x), score;
        if (x)
            selectai_ranker_score(ranker, &score, x, NULL, 1);
        free(x);
        selectai_ranker_has_seen(ranker, "p", "f.png");
        selectai_ranker_destroy(&ranker);
    }
    if (selectai_cropper_load(&cropper, path) == SELECTAI_OK) {
        uint32_t dim = selectai_cropper_dim(cropper), sizes[2] = {100, 50};
        float *x = calloc(dim ? dim : 1, sizeof *x);
        struct selectai_box box;
        if (x)
            selectai_cropper_propose(cropper, &box, x, sizes, 1);
        free(x);
        selectai_cropper_destroy(&cropper);
    }
    close(fd);
    return 0;
}
