/*
 * embed/cache_npy.h: the header of NumPy's .npy files, format version 1.0, two-dimensional, C order, '<f4' or '<f2'.
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_EMBED_CACHE_NPY_H
#define SAI_EMBED_CACHE_NPY_H

#include "base/file.h"

#define SAI_NPY_HEADER 128u /* bytes that sai_npy_header() makes: data is 64-byte aligned */

struct sai_npy {
    uint64_t n_rows, dim;
    bool half;          /* '<f2' */
    size_t data_offset; /* in the file */
};

void sai_npy_header(char out[SAI_NPY_HEADER], uint64_t n_rows, uint32_t dim, bool half);

/* An array that is written row by row; how many there are is known at the end. */
struct sai_npy_file {
    struct sai_atomic_file file;
    uint64_t n_rows;
    uint32_t dim;
    bool half, open;
};
int sai_npy_begin(struct sai_npy_file *npy, const char *path, uint32_t dim, bool half);
void sai_npy_add(struct sai_npy_file *npy, const void *row);
int sai_npy_commit(struct sai_npy_file *npy);
void sai_npy_discard(struct sai_npy_file *npy); /* also after commit, or on a zeroed struct */

/* Reads the header and proves that the file holds exactly that many values; `path` is for messages. */
int sai_npy_parse(struct sai_npy *out, const struct sai_mapping *file, const char *path);

#endif
