/*
 * learn/compare.c: the paired difference of two models, with its interval and McNemar's test.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "learn/compare.h"
#include "learn/evaluate.h"
#include "learn/statistics.h"

int sai_paired_begin(struct sai_paired *out, const struct sai_decisions *d, const bool *use)
{
    *out = (struct sai_paired){0};
    int rc = sai_compact_groups(&out->group, &out->n_groups, d, use);
    if (rc != SELECTAI_OK)
        return rc;
    out->sum = sai_calloc(out->n_groups, sizeof *out->sum);
    out->count = sai_calloc(out->n_groups, sizeof *out->count);
    return out->sum && out->count ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

void sai_paired_add(struct sai_paired *p, size_t decision, double difference)
{
    p->sum[p->group[decision]] += difference;
    p->count[p->group[decision]] += 1.0;
}

static void number(struct sai_text *text, const char *before, double value)
{
    sai_text_puts(text, before);
    sai_text_json_number(text, value);
}

int sai_paired_write(struct sai_text *text, const struct sai_paired *p)
{
    struct sai_interval interval;
    int rc = sai_ratio_interval(&interval, p->sum, p->count, p->n_groups, SAI_RATIO_PLAIN);
    if (rc != SELECTAI_OK)
        return rc;
    number(text, ",\"difference\":", sai_ratio(p->sum, p->count, p->n_groups));
    number(text, ",\"low\":", interval.low);
    number(text, ",\"high\":", interval.high);
    sai_text_printf(text, ",\"only_a\":%llu,\"only_b\":%llu", (unsigned long long)p->only_a,
                    (unsigned long long)p->only_b);
    number(text, ",\"p_value\":", sai_mcnemar(p->only_a, p->only_b));
    return SELECTAI_OK;
}

void sai_paired_free(struct sai_paired *p)
{
    sai_free(p->sum);
    sai_free(p->count);
    sai_free(p->group);
    *p = (struct sai_paired){0};
}
