/*
 * learn/cholesky.h: solving with symmetric positive definite matrices.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_CHOLESKY_H
#define SAI_LEARN_CHOLESKY_H

#include <stddef.h>
#include <stdint.h>

/* a: n x n, of which the lower triangle is read, becomes its factor L (L L' = a) there; pivots are kept >= 1e-12. */
void sai_cholesky(double *a, uint32_t n);

/* x: from b to the solution of L L' x = b. */
void sai_cholesky_solve(double *x, const double *l, uint32_t n);

#endif
