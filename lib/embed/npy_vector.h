/*
 * embed/npy_vector.h: one vector in a NumPy file, of any float type: what earlier caches held.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_EMBED_NPY_VECTOR_H
#define SAI_EMBED_NPY_VECTOR_H

#include <stdbool.h>
#include <stdint.h>

struct sai_npy_facts {
    uint64_t count; /* values */
    uint64_t dim;   /* of a vector or of the rows of a matrix with one row */
    bool finite;
};

/* Any array of '<f2', '<f4' or '<f8' of one vector: (n,), (1, n). FORMAT otherwise. */
int sai_npy_vector(struct sai_npy_facts *out, const char *path);

/* The same with its values, as floats; the caller frees them. Of a vector that is not finite: FORMAT. */
int sai_npy_vector_load(float **out, uint64_t *dim, const char *path);

#endif
