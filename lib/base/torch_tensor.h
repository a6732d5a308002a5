/*
 * base/torch_tensor.h: from what a pickle says of a tensor to its numbers. See torch_file.h.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_TORCH_TENSOR_H
#define SAI_BASE_TORCH_TENSOR_H

#include "base/pickle.h"
#include "base/tensor.h"
#include "base/zip.h"

/* Where the numbers lie, and where those go that have to be put into order. */
struct sai_torch_storages {
    const char *path; /* for messages */
    const struct sai_zip *zip;
    const char *folder; /* of the archive's members: "name/data/" */
    struct sai_arena *arena;
    size_t copied, copy_limit; /* bytes in the arena */
};

/*
 * Fills everything but out->name. Storages may be shared; numbers that do not lie in C order are copied. SELECTAI_DONE:
 * the value is no tensor, or one of a kind that no weights are made of (sparse, quantised, complex). `name` is for
 * messages.
 */
int sai_torch_tensor(struct sai_tensor *out, struct sai_torch_storages *storages, const struct sai_pickle_value *value,
                     const char *name);

#endif
