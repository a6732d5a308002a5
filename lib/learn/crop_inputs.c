/*
 * learn/crop_inputs.c: what a cropper's network sees of an image.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "embed/builtin.h"
#include "learn/crop_inputs.h"

void sai_crop_row(float *out, const float *embedding, uint32_t dim, const float *layout, const int64_t *columns,
                  uint32_t n_columns, const uint32_t size[2])
{
    double width = (double)size[0], height = (double)size[1];
    if (dim > 0)
        memcpy(out, embedding, dim * sizeof *out);
    for (uint32_t i = 0; i < n_columns; i++)
        out[dim + i] = layout[columns[i]];
    out[dim + n_columns] = (float)(log2(width) + log2(height));
    out[dim + n_columns + 1] = (float)(log2(width) - log2(height));
}

int sai_crop_layout_columns(int64_t **columns, uint32_t *n)
{
    static const char *const names[] = {"layout", "subject", "skin", "composition"};
    const struct sai_builtin_block *blocks[sizeof names / sizeof names[0]];
    size_t total = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        blocks[i] = sai_builtin_block_find(names[i]);
        if (!blocks[i])
            return SAI_FAIL(SELECTAI_ERR_INTERNAL, "the built-in descriptor has no block %s", names[i]);
        total += blocks[i]->count;
    }
    int64_t *list = sai_malloc_array(total, sizeof *list);
    if (!list)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    *n = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (uint32_t k = 0; k < blocks[i]->count; k++)
            list[(*n)++] = (int64_t)blocks[i]->first + k;
    *columns = list;
    return SELECTAI_OK;
}
