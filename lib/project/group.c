/*
 * project/group.c: which files are stages of one picture.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "project/group.h"

static const struct selectai_group_options defaults = {
    .mode = SELECTAI_GROUP_NEAREST_UP, .scope = SELECTAI_SCOPE_DIRECTORY, .lookahead = 50, .min_size = 2, .max_gap = 0};

void selectai_group_options_init(struct selectai_group_options *options, uint32_t struct_size)
{
    sai_options_init(options, struct_size, &defaults, sizeof defaults);
}

int sai_group_options_read(struct selectai_group_options *out, const struct selectai_group_options *options)
{
    *out = defaults;
    int rc = sai_options_copy(out, sizeof *out, options);
    if (rc != SELECTAI_OK)
        return rc;
    SAI_REQUIRE(out->mode == SELECTAI_GROUP_NEAREST_UP || out->mode == SELECTAI_GROUP_TIMESTAMP);
    SAI_REQUIRE(out->scope == SELECTAI_SCOPE_DIRECTORY || out->scope == SELECTAI_SCOPE_PROJECT);
    if (out->lookahead < 1 || out->min_size < 1)
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "lookahead and min_size of groups must be at least 1");
    SAI_REQUIRE(isfinite(out->max_gap) && out->max_gap >= 0);
    return SELECTAI_OK;
}

/* ---- Folders --------------------------------------------------------------------------------- */

static int compare_names(const struct sai_folder *a, const struct sai_folder *b)
{
    size_t n = a->length < b->length ? a->length : b->length;
    int c = memcmp(a->name, b->name, n);
    return c ? c : (a->length > b->length) - (a->length < b->length);
}

static int compare_ranked(const void *left, const void *right, void *ctx)
{
    const struct sai_folder *folders = *(const struct sai_folder *const *)ctx;
    uint32_t i, j;
    memcpy(&i, left, sizeof i);
    memcpy(&j, right, sizeof j);
    return compare_names(&folders[i], &folders[j]);
}

int sai_rank_folders(uint32_t *ranks, const struct sai_folder *folders, size_t n)
{
    uint32_t *order = sai_malloc_array(n, sizeof *order), rank = 0;
    if (!order)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    qsort_r(order, n, sizeof *order, compare_ranked, &folders);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && compare_names(&folders[order[i - 1]], &folders[order[i]]) != 0)
            rank++;
        ranks[order[i]] = rank;
    }
    sai_free(order);
    return SELECTAI_OK;
}

/* The work in progress. */
struct grouping {
    const struct sai_group_key *keys;
    const struct selectai_group_options *options;
    uint32_t *order; /* indices into keys, sorted */
    size_t n_order;
    uint32_t *members, *starts;
    size_t n_members, n_groups;
    struct sai_group_counts counts;
};

/* ---- Order ----------------------------------------------------------------------------------- */

static int compare_time(const struct sai_group_key *a, const struct sai_group_key *b)
{
    if (a->seconds != b->seconds)
        return a->seconds < b->seconds ? -1 : 1;
    if (a->stage != b->stage)
        return a->stage < b->stage ? -1 : 1;
    return strcmp(a->name, b->name);
}

static int compare_folder(const struct sai_group_key *a, const struct sai_group_key *b)
{
    return (a->folder > b->folder) - (a->folder < b->folder);
}

/* Folder first where folders are kept apart, last where they are not; the index makes the order total. */
static int compare_in_scope(const void *left, const void *right, void *ctx)
{
    const struct grouping *g = ctx;
    uint32_t i, j;
    memcpy(&i, left, sizeof i);
    memcpy(&j, right, sizeof j);
    const struct sai_group_key *a = &g->keys[i], *b = &g->keys[j];
    bool apart = g->options->scope == SELECTAI_SCOPE_DIRECTORY;
    int c = apart ? compare_folder(a, b) : 0;
    if (c == 0)
        c = compare_time(a, b);
    if (c == 0 && !apart)
        c = compare_folder(a, b);
    return c ? c : (i > j) - (i < j);
}

static bool same_scope(const struct grouping *g, const struct sai_group_key *a, const struct sai_group_key *b)
{
    return g->options->scope == SELECTAI_SCOPE_PROJECT || a->folder == b->folder;
}

static int sort_keys(struct grouping *g, size_t n)
{
    g->order = sai_malloc_array(n, sizeof *g->order);
    if (!g->order)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n; i++)
        if (g->keys[i].parsed)
            g->order[g->n_order++] = (uint32_t)i;
    qsort_r(g->order, g->n_order, sizeof *g->order, compare_in_scope, g);
    return SELECTAI_OK;
}

/* ---- Runs ------------------------------------------------------------------------------------ */

static const struct sai_group_key *key_at(const struct grouping *g, size_t position)
{
    return &g->keys[g->order[position]];
}

static void take(struct grouping *g, size_t position)
{
    g->members[g->n_members++] = g->order[position];
}

/* Ends the group that began at members[begin]: keeps it if it is large enough. */
static void close_group(struct grouping *g, size_t begin)
{
    if (g->n_members - begin < g->options->min_size) {
        g->n_members = begin;
        g->counts.too_small++;
        return;
    }
    g->starts[++g->n_groups] = (uint32_t)g->n_members;
}

/* Position of the next file of a run whose last file stands at `last`, or n_order: see the header for the rule. */
static size_t next_of_run(const struct grouping *g, size_t last)
{
    const struct sai_group_key *from = key_at(g, last);
    size_t best = g->n_order, end = g->n_order;

    if (end - last > g->options->lookahead)
        end = last + 1 + g->options->lookahead;
    for (size_t k = last + 1; k < end; k++) {
        const struct sai_group_key *key = key_at(g, k);
        bool too_late = g->options->max_gap > 0 && (double)(key->seconds - from->seconds) > g->options->max_gap;
        if (!same_scope(g, from, key) || key->stage <= from->stage || too_late)
            break;
        if (best == g->n_order || key->stage < key_at(g, best)->stage)
            best = k;
    }
    return best;
}

static void group_nearest_up(struct grouping *g)
{
    for (size_t position = 0; position < g->n_order;) {
        size_t begin = g->n_members, last = position, passed = 0, next;
        take(g, position);
        while ((next = next_of_run(g, last)) < g->n_order) {
            take(g, next);
            passed += next - last - 1;
            last = next;
        }
        close_group(g, begin);
        g->counts.passed_over += passed;
        position = last + 1;
    }
}

static void group_timestamp(struct grouping *g)
{
    for (size_t position = 0; position < g->n_order;) {
        const struct sai_group_key *first = key_at(g, position);
        size_t begin = g->n_members;
        for (; position < g->n_order; position++) {
            const struct sai_group_key *key = key_at(g, position);
            if (key->seconds != first->seconds || !same_scope(g, first, key))
                break;
            take(g, position);
        }
        close_group(g, begin);
    }
}

/* ---- Order of groups ------------------------------------------------------------------------- */

static int compare_groups(const void *left, const void *right, void *ctx)
{
    const struct grouping *g = ctx;
    uint32_t i, j;
    memcpy(&i, left, sizeof i);
    memcpy(&j, right, sizeof j);
    int c = compare_folder(&g->keys[g->members[g->starts[i]]], &g->keys[g->members[g->starts[j]]]);
    return c ? c : (i > j) - (i < j); /* within a folder they are in order already */
}

/* With the project as scope, groups were found in order of time: brings them in order of their first file's folder. */
static int sort_groups(struct grouping *g)
{
    uint32_t *rank = sai_malloc_array(g->n_groups, sizeof *rank);
    uint32_t *members = sai_malloc_array(g->n_members, sizeof *members);
    uint32_t *starts = sai_malloc_array(g->n_groups + 1, sizeof *starts);
    bool ok = rank && members && starts;
    for (size_t i = 0; ok && i < g->n_groups; i++)
        rank[i] = (uint32_t)i;
    if (ok) {
        size_t n = 0;
        qsort_r(rank, g->n_groups, sizeof *rank, compare_groups, g);
        for (size_t i = 0; i < g->n_groups; i++) {
            size_t size = g->starts[rank[i] + 1] - g->starts[rank[i]];
            memcpy(members + n, g->members + g->starts[rank[i]], size * sizeof *members);
            starts[i] = (uint32_t)n;
            n += size;
        }
        starts[g->n_groups] = (uint32_t)n;
        memcpy(g->members, members, n * sizeof *members);
        memcpy(g->starts, starts, (g->n_groups + 1) * sizeof *starts);
    }
    sai_free(rank);
    sai_free(members);
    sai_free(starts);
    return ok ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

int sai_group(uint32_t *members, uint32_t *starts, size_t *n_groups, struct sai_group_counts *counts,
              const struct sai_group_key *keys, size_t n, const struct selectai_group_options *options)
{
    struct grouping g = {.keys = keys, .options = options, .members = members, .starts = starts};

    if (n >= UINT32_MAX)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "%zu files in one project are more than can be grouped", n);
    int rc = sort_keys(&g, n);
    if (rc == SELECTAI_OK) {
        starts[0] = 0;
        if (options->mode == SELECTAI_GROUP_TIMESTAMP)
            group_timestamp(&g);
        else
            group_nearest_up(&g);
        if (options->scope == SELECTAI_SCOPE_PROJECT)
            rc = sort_groups(&g);
    }
    sai_free(g.order);
    if (rc != SELECTAI_OK)
        return rc;
    *n_groups = g.n_groups;
    if (counts)
        *counts = g.counts;
    return SELECTAI_OK;
}
