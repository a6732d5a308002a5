/*
 * base/weights_file.c: which kind of weights file is it?
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/weights_file.h"

#define TAR_MAGIC_AT 257u

static bool starts_with(const struct sai_mapping *file, size_t at, const char *bytes, size_t n)
{
    return file->size >= at + n && memcmp(file->data + at, bytes, n) == 0;
}

/* torch.save() before 1.6: pickles behind each other (the first byte says "protocol follows"), still earlier a tar. */
static bool is_old_torch(const struct sai_mapping *file)
{
    return (starts_with(file, 0, "\x80", 1) && file->size >= 2 && file->data[1] >= 1 && file->data[1] <= 5 &&
            !starts_with(file, 8, "{", 1)) || /* a safetensors header of that many bytes */
           starts_with(file, TAR_MAGIC_AT, "ustar", 5);
}

int sai_weights_open(struct sai_weights_file *out, const char *path)
{
    struct sai_mapping mapping = {0};
    *out = (struct sai_weights_file){0};
    int rc = sai_file_map(&mapping, path);
    if (rc != SELECTAI_OK)
        return rc;
    out->bytes = mapping.data;
    out->n_bytes = mapping.size;
    if (starts_with(&mapping, 0, "PK\3\4", 4)) {
        rc = sai_torch_read(&out->torch, &mapping, path);
        out->tensors = out->torch.tensors;
        out->n_tensors = out->torch.n_tensors;
    } else if (is_old_torch(&mapping)) {
        rc = SAI_FAIL(SELECTAI_ERR_FORMAT,
                      "%s: PyTorch's format from before version 1.6, or a plain pickle: convert it once in Python: "
                      "torch.save(torch.load(old, map_location=\"cpu\"), new)",
                      path);
        sai_file_unmap(&mapping);
    } else {
        rc = sai_safetensors_read(&out->safetensors, &mapping, path);
        out->tensors = out->safetensors.tensors;
        out->n_tensors = out->safetensors.n_tensors;
    }
    if (rc != SELECTAI_OK)
        *out = (struct sai_weights_file){0}; /* what failed has cleaned up */
    return rc;
}

void sai_weights_close(struct sai_weights_file *file)
{
    if (file->torch.mapping.base)
        sai_torch_close(&file->torch);
    if (file->safetensors.header)
        sai_safetensors_close(&file->safetensors);
    *file = (struct sai_weights_file){0};
}

const struct sai_tensor *sai_weights_find(const struct sai_weights_file *file, const char *name)
{
    const bool torch = file->torch.n_tensors > 0;
    return sai_tensor_index_find(torch ? &file->torch.index : &file->safetensors.index, name);
}

const char *sai_weights_text(const struct sai_weights_file *file, const char *key, const char *otherwise)
{
    return file->safetensors.metadata ? sai_safetensors_text(&file->safetensors, key, otherwise) : otherwise;
}
