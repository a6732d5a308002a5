/*
 * fuzz/fuzz_model.c: rankers and croppers: ours, and old ones in PyTorch's files. What begins like a pickle is put into
 * an archive first, with numbers for its tensors, so that mutations need not keep a zip's places and sizes right.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

#include "../unit/torch_builder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const float numbers[256] = {0.5f, -1.0f, 0.25f, 2.0f, -0.5f, 1.5f};
    char path[64];
    struct bytes archive = {0};
    if (size > 0 && data[0] == 0x80)
        archive = make_torch_file(data, size, numbers, sizeof numbers);
    int fd = memory_file(path, archive.data ? archive.data : data, archive.data ? archive.n : size);
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
        uint32_t dim = selectai_cropper_dim(cropper), second = selectai_cropper_layout_dim(cropper),
                 sizes[2] = {100, 50};
        float *x = calloc(dim ? dim : 1, sizeof *x), *layout = calloc(second ? second : 1, sizeof *layout);
        struct selectai_crop_proposal p = {.struct_size = sizeof p};
        if (x && layout && selectai_cropper_propose_all(cropper, &p, x, layout, sizes, 1) == SELECTAI_OK &&
            !(p.box.x1 >= 0 && p.box.x1 < p.box.x2 && p.box.x2 <= 1 && p.box.y1 >= 0 && p.box.y1 < p.box.y2 &&
              p.box.y2 <= 1) &&
            p.box.x1 == p.box.x1)
            abort();
        free(x);
        free(layout);
        selectai_cropper_destroy(&cropper);
    }
    close(fd);
    free_bytes(&archive);
    return 0;
}
