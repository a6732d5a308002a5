/*
 * learn/evaluate_segments.c: where a ranker is good and where it is not: by project, size of group, stages.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "learn/evaluate_details.h"
#include "learn/statistics.h"

#define MAX_SEGMENTS 50u /* of one kind that are written: those with most decisions */

struct keyed {
    const char *key;
    const struct sai_outcome *outcome;
};

struct segment {
    const char *key;
    size_t first, n;
};

static int by_key(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    int order = strcmp(x->key, y->key);
    if (order != 0)
        return order;
    if (x->outcome->group != y->outcome->group)
        return x->outcome->group < y->outcome->group ? -1 : 1;
    return (x->outcome->decision > y->outcome->decision) - (x->outcome->decision < y->outcome->decision);
}

static int by_size(const void *a, const void *b)
{
    const struct segment *x = a, *y = b;
    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return strcmp(x->key, y->key);
}

static const char *key_of_project(struct sai_arena *arena, const struct sai_outcomes *o, const struct sai_decision *d)
{
    (void)arena;
    (void)o;
    return d->project;
}

static const char *key_of_size(struct sai_arena *arena, const struct sai_outcomes *o, const struct sai_decision *d)
{
    (void)o;
    return sai_arena_printf(arena, "%u", d->n);
}

/* "2 > 1 3": the stage that was taken, and those that were not, ascending. */
static const char *key_of_pattern(struct sai_arena *arena, const struct sai_outcomes *o, const struct sai_decision *d)
{
    const struct sai_member *m = &o->decisions->members[d->first];
    double *stages = sai_malloc_array(d->n, sizeof *stages);
    struct sai_text text = {0};
    const char *key = NULL;
    if (!stages)
        return NULL;
    for (uint32_t j = 0; j < d->n; j++)
        stages[j] = isnan(m[j].stage) ? -1.0 : m[j].stage;
    qsort(stages + 1, d->n - 1, sizeof *stages, sai_ascending);
    for (uint32_t j = 0; j < d->n; j++) {
        char number[SAI_NUMBER_SIZE] = "?";
        if (stages[j] >= 0.0)
            sai_number_format(number, stages[j]);
        sai_text_printf(&text, "%s%s", j == 0 ? "" : j == 1 ? " > " : " ", number);
    }
    if (!text.failed)
        key = sai_arena_strndup(arena, text.data, text.length);
    sai_text_free(&text);
    sai_free(stages);
    return key;
}

/* Groups lie together: sums by group need no table. */
static int write_segment(struct sai_text *text, const struct keyed *k, size_t n, const char *name, bool first)
{
    double *right = sai_calloc(n, sizeof *right), *count = sai_calloc(n, sizeof *count), by_stage = 0.0;
    struct sai_interval interval = {NAN, NAN};
    size_t groups = 0;
    int rc = right && count ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++) {
        groups += i == 0 || k[i].outcome->group != k[i - 1].outcome->group;
        right[groups - 1] += k[i].outcome->right;
        count[groups - 1] += 1.0;
        by_stage += k[i].outcome->by_stage;
    }
    if (rc == SELECTAI_OK)
        rc = sai_ratio_interval(&interval, right, count, groups, SAI_RATIO_SHARE);
    if (rc == SELECTAI_OK) {
        sai_text_puts(text, first ? "{\"" : ",{\"");
        sai_text_printf(text, "%s\":", name);
        sai_text_json_string(text, k[0].key);
        sai_text_printf(text, ",\"n\":%zu,\"top1\":", n);
        sai_text_json_number(text, sai_ratio(right, count, groups));
        sai_text_puts(text, ",\"low\":");
        sai_text_json_number(text, interval.low);
        sai_text_puts(text, ",\"high\":");
        sai_text_json_number(text, interval.high);
        sai_text_puts(text, ",\"baseline\":");
        sai_text_json_number(text, by_stage / (double)n);
        sai_text_puts(text, "}");
    }
    sai_free(right);
    sai_free(count);
    return rc;
}

typedef const char *key_fn(struct sai_arena *, const struct sai_outcomes *, const struct sai_decision *);

static int write_kind(struct sai_text *text, const struct sai_outcomes *o, const char *member, const char *name,
                      key_fn *key)
{
    struct sai_arena arena = {0};
    struct keyed *keyed = sai_malloc_array(o->n, sizeof *keyed);
    struct segment *segments = sai_malloc_array(o->n, sizeof *segments);
    size_t n_segments = 0;
    int rc = keyed && segments ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < o->n && rc == SELECTAI_OK; i++) {
        keyed[i] = (struct keyed){key(&arena, o, &o->decisions->items[o->items[i].decision]), &o->items[i]};
        rc = keyed[i].key ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    }
    if (rc == SELECTAI_OK)
        qsort(keyed, o->n, sizeof *keyed, by_key);
    for (size_t i = 0; i < o->n && rc == SELECTAI_OK; i++) {
        if (i == 0 || strcmp(keyed[i].key, keyed[i - 1].key) != 0)
            segments[n_segments++] = (struct segment){keyed[i].key, i, 0};
        segments[n_segments - 1].n++;
    }
    if (rc == SELECTAI_OK)
        qsort(segments, n_segments, sizeof *segments, by_size);
    sai_text_printf(text, ",\"%s\":[", member);
    for (size_t i = 0; i < n_segments && i < MAX_SEGMENTS && rc == SELECTAI_OK; i++)
        rc = write_segment(text, keyed + segments[i].first, segments[i].n, name, i == 0);
    sai_text_puts(text, "]");
    sai_arena_clear(&arena);
    sai_free(keyed);
    sai_free(segments);
    return rc;
}

int sai_write_segments(struct sai_text *text, const struct sai_outcomes *o)
{
    int rc = write_kind(text, o, "by_project", "project", key_of_project);
    if (rc == SELECTAI_OK)
        rc = write_kind(text, o, "by_size", "images", key_of_size);
    if (rc == SELECTAI_OK)
        rc = write_kind(text, o, "by_pattern", "stages", key_of_pattern);
    return rc;
}
