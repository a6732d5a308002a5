/*
 * fuzz/fuzz_torch_file.c: weights files of either kind; what begins like a pickle is put into an archive first, so that
 * mutations need not keep a zip's places and sizes right.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

#include "../unit/torch_builder.h"
#include "base/weights_file.h"
#include "embed/clip_weights.h"

static volatile unsigned sum;

/* Every byte that is promised is read. */
static void read_all(const void *data, size_t n)
{
    unsigned part = 0;
    for (size_t i = 0; i < n; i++)
        part = part * 31 + ((const uint8_t *)data)[i];
    sum = part;
}

static void use_tensors(const struct sai_weights_file *file)
{
    for (size_t i = 0; i < file->n_tensors; i++) {
        const struct sai_tensor *t = &file->tensors[i];
        const struct sai_tensor *found = sai_weights_find(file, t->name);
        if (!found || strcmp(found->name, t->name) != 0 || t->n_bytes != t->n * sai_dtype_size(t->dtype) ||
            t->rank > SAI_TENSOR_MAX_RANK)
            abort();
        read_all(t->data, t->n_bytes);
    }
}

static void use_tower(const struct sai_clip_weights *w)
{
    for (size_t i = 0; i < w->n_tensors; i++) {
        const struct sai_backend_tensor *t = &w->tensors[i];
        size_t n = t->dtype == SAI_BACKEND_F32 ? 4 : 2;
        for (uint32_t k = 0; k < t->rank; k++)
            n *= t->shape[k];
        read_all(t->data, n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t storage[256];
    char path[64];
    struct bytes archive = {0};
    if (size > 0 && data[0] == 0x80)
        archive = make_torch_file(data, size, storage, sizeof storage);
    int fd = memory_file(path, archive.data ? archive.data : data, archive.data ? archive.n : size);
    struct sai_weights_file file;
    struct sai_clip_weights tower;
    int rc = sai_weights_open(&file, path);
    if (rc == SELECTAI_OK) {
        use_tensors(&file);
        sai_weights_close(&file);
    } else if (rc != SELECTAI_ERR_FORMAT) {
        abort(); /* there is memory enough for any of these */
    }
    if (sai_clip_weights_open(&tower, path, 1) == SELECTAI_OK) {
        use_tower(&tower);
        sai_clip_weights_close(&tower);
    }
    close(fd);
    free_bytes(&archive);
    return 0;
}
