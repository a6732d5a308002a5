/*
 * learn/ranker_compare.c: which of two rankers is better, and on which decisions they differ.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/ranker.h>

#include <math.h>

#include "learn/compare.h"
#include "learn/evaluate_details.h"
#include "learn/measure.h"
#include "learn/scored.h"

struct side {
    struct sai_measurement m;
    struct sai_scored scored;
};

static int open_side(struct side *s, const struct sai_model *model, const selectai_trainset *set,
                     const selectai_embedding_cache *cache)
{
    int rc = sai_measure_begin(&s->m, model, set, cache, NULL, SAI_JOIN_ALL);
    return rc == SELECTAI_OK ? sai_score_measurement(&s->scored, model, &s->m) : rc;
}

static void close_side(struct side *s)
{
    sai_measure_free(&s->m);
    sai_scored_free(&s->scored);
}

/* Both read the same set, so decision i is the same in both. */
static bool common(const struct side *a, const struct side *b, size_t i)
{
    return sai_is_choice(&a->m.decisions.items[i]) && sai_is_choice(&b->m.decisions.items[i]);
}

static void number(struct sai_text *text, const char *before, double value)
{
    sai_text_puts(text, before);
    sai_text_json_number(text, value);
}

/* Rejected groups and crops alone are no choices. */
static size_t count_choices(const struct sai_decisions *d)
{
    return d->count - d->n_rejected - d->n_crops_alone;
}

struct tally {
    double right[4], n[4]; /* normal, anomaly, overall, top1 */
};

static void count(struct tally *t, const struct side *s, size_t i)
{
    const struct sai_decision *d = &s->m.decisions.items[i];
    const struct sai_member *m = &s->m.decisions.members[d->first];
    const float *score = s->scored.score + d->first;
    for (uint32_t j = 1; j < d->n; j++) {
        double right = score[0] > score[j] ? 1.0 : score[0] < score[j] ? 0.0 : 0.5;
        int kind = m[0].stage < m[j].stage;
        if (!isnan(m[0].stage) && !isnan(m[j].stage)) {
            t->right[kind] += right;
            t->n[kind] += 1.0;
        }
        t->right[2] += right;
        t->n[2] += 1.0;
    }
    t->right[3] += sai_first_place(score, d->n);
    t->n[3] += 1.0;
}

static void write_tally(struct sai_text *text, const char *name, const struct tally *t)
{
    static const char *const names[4] = {"{\"normal\":", ",\"anomaly\":", ",\"overall\":", ",\"top1\":"};
    sai_text_printf(text, ",\"%s\":", name);
    for (int k = 0; k < 4; k++)
        number(text, names[k], t->n[k] > 0.0 ? t->right[k] / t->n[k] : (double)NAN);
    sai_text_puts(text, "}");
}

static void write_flip(struct sai_text *text, const struct side *a, const struct side *b, size_t i, bool a_is_right)
{
    const struct sai_decisions *d = &a->m.decisions;
    const struct sai_decision *it = &d->items[i];
    sai_text_puts(text, "{\"project\":");
    sai_text_json_string(text, it->project);
    sai_text_printf(text, ",\"right\":\"%s\",\"images\":[", a_is_right ? "a" : "b");
    for (uint32_t j = 0; j < it->n; j++) {
        sai_text_puts(text, j ? ",{\"path\":" : "{\"path\":");
        sai_text_json_string(text, d->members[it->first + j].path);
        number(text, ",\"stage\":", d->members[it->first + j].stage);
        number(text, ",\"a\":", (double)a->scored.probability[it->first + j]);
        number(text, ",\"b\":", (double)b->scored.probability[b->m.decisions.items[i].first + j]);
        sai_text_puts(text, "}");
    }
    sai_text_puts(text, "]}");
}

static void write_flips(struct sai_text *text, struct sai_paired *x, const struct side *a, const struct side *b)
{
    sai_text_puts(text, ",\"flips\":[");
    for (size_t i = 0; i < a->m.decisions.count; i++) {
        if (!common(a, b, i))
            continue;
        uint32_t n = a->m.decisions.items[i].n;
        double of_a = sai_first_place(a->scored.score + a->m.decisions.items[i].first, n);
        double of_b = sai_first_place(b->scored.score + b->m.decisions.items[i].first, n);
        sai_paired_add(x, i, of_b - of_a);
        if ((of_a == 1.0) == (of_b == 1.0))
            continue;
        sai_text_puts(text, x->only_a + x->only_b > 0 ? "," : "");
        write_flip(text, a, b, i, of_a == 1.0);
        *(of_a == 1.0 ? &x->only_a : &x->only_b) += 1;
    }
    sai_text_puts(text, "]");
}

static int write(struct sai_text *text, struct sai_paired *x, const struct side *a, const struct side *b)
{
    struct tally of_a = {0}, of_b = {0};
    for (size_t i = 0; i < a->m.decisions.count; i++)
        if (common(a, b, i)) {
            count(&of_a, a, i);
            count(&of_b, b, i);
        }
    if (of_a.n[3] == 0.0)
        return SAI_FAIL(SELECTAI_ERR_NO_DATA, "no decisions are left that neither ranker has seen");
    sai_text_printf(text, "{\"n\":%.0f,\"groups\":%zu,\"excluded\":%zu", of_a.n[3], x->n_groups,
                    count_choices(&a->m.decisions) - (size_t)of_a.n[3]);
    write_tally(text, "a", &of_a);
    write_tally(text, "b", &of_b);
    write_flips(text, x, a, b);
    int rc = sai_paired_write(text, x);
    sai_text_puts(text, "}");
    return rc;
}

static int compare(char **json, const struct side *a, const struct side *b)
{
    const struct sai_decisions *d = &a->m.decisions;
    struct sai_paired x = {0};
    struct sai_text text = {0};
    bool *use = sai_calloc(d->count, sizeof *use);
    int rc = use ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < d->count && rc == SELECTAI_OK; i++)
        use[i] = common(a, b, i);
    if (rc == SELECTAI_OK)
        rc = sai_paired_begin(&x, d, use);
    if (rc == SELECTAI_OK)
        rc = write(&text, &x, a, b);
    if (rc == SELECTAI_OK)
        rc = sai_text_finish(&text, json);
    sai_text_free(&text);
    sai_paired_free(&x);
    sai_free(use);
    return rc;
}

int selectai_ranker_compare(char **json, const selectai_ranker *a, const selectai_ranker *b,
                            const selectai_trainset *set, const selectai_embedding_cache *cache,
                            const selectai_embedding_cache *cache_b)
{
    struct side of_a = {0}, of_b = {0};
    SAI_REQUIRE(json && a && b && set && cache);
    int rc = open_side(&of_a, a->model, set, cache);
    if (rc == SELECTAI_OK)
        rc = open_side(&of_b, b->model, set, cache_b ? cache_b : cache);
    if (rc == SELECTAI_OK)
        rc = compare(json, &of_a, &of_b);
    close_side(&of_a);
    close_side(&of_b);
    return rc;
}
