/*
 * old_model_builder.h: PyTorch files of Linear layers, as torch.save() of a state dict writes them. All numbers lie in
 * one storage, layer after layer. Knows no test framework, so that fuzz targets can use it, too.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef OLD_MODEL_BUILDER_H
#define OLD_MODEL_BUILDER_H

#include "torch_builder.h"

struct old_tensor {
    const char *name;
    size_t rank;
    int64_t shape[2]; /* rank 1: shape[0] alone */
};

static inline size_t old_count(const struct old_tensor *t)
{
    return (size_t)(t->rank == 2 ? t->shape[0] * t->shape[1] : t->rank == 1 ? t->shape[0] : 1);
}

/* An OrderedDict of n tensors; the storage has `elements`. */
static inline void put_state_dict(struct bytes *p, const struct old_tensor *tensors, size_t n,
                                  const char *storage_class, size_t elements)
{
    size_t at = 0;
    put_ordered_dict(p);
    put_op(p, '(');
    for (size_t i = 0; i < n; i++) {
        struct tensor_recipe t = {.storage_class = storage_class,
                                  .location = "mps",
                                  .elements = (int64_t)elements,
                                  .offset = (int64_t)at,
                                  .rank = tensors[i].rank,
                                  .shape = {tensors[i].shape[0], tensors[i].shape[1]},
                                  .strides = {tensors[i].rank == 2 ? tensors[i].shape[1] : 1, 1}};
        put_text(p, tensors[i].name);
        put_tensor(p, &t);
        at += old_count(&tensors[i]);
    }
    put_op(p, 'u');
}

/* Elements that the tensors need together. */
static inline size_t old_elements(const struct old_tensor *tensors, size_t n)
{
    size_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += old_count(&tensors[i]);
    return sum;
}

/* The file of a state dict alone. */
static inline struct bytes make_old_model(const struct old_tensor *tensors, size_t n, const char *storage_class,
                                          const void *numbers, size_t n_bytes)
{
    struct bytes p = {0};
    put_protocol(&p);
    put_state_dict(&p, tensors, n, storage_class, old_elements(tensors, n));
    put_op(&p, '.');
    struct bytes file = make_torch_file(p.data, p.n, numbers, n_bytes);
    free_bytes(&p);
    return file;
}

#endif
