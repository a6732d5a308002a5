/*
 * learn/compare.h: what comparing two rankers and comparing two croppers share: the paired difference and its test.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_COMPARE_H
#define SAI_LEARN_COMPARE_H

#include "base/text.h"
#include "learn/decisions.h"

/* Sums by group of what b wins over a, and how many only one of them got right. */
struct sai_paired {
    double *sum, *count;
    size_t *group, n_groups; /* of sai_compact_groups() */
    uint64_t only_a, only_b;
};

/* use: the decisions that both are measured on. Call sai_paired_free() in any case. */
int sai_paired_begin(struct sai_paired *out, const struct sai_decisions *decisions, const bool *use);
void sai_paired_add(struct sai_paired *paired, size_t decision, double difference);

/* ,"difference":...,"low":...,"high":...,"only_a":...,"only_b":...,"p_value":... */
int sai_paired_write(struct sai_text *text, const struct sai_paired *paired);
void sai_paired_free(struct sai_paired *paired);

#endif
