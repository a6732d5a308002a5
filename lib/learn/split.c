/*
 * learn/split.c: dividing decisions into training, validation and test.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/ranker.h>

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "learn/split.h"

enum { DRAW_TEST = 1, DRAW_VALIDATION = 2 };

const char *sai_split_name(int32_t kind)
{
    return kind == SELECTAI_SPLIT_PROJECT ? "project" : "group";
}

/* A number in 0..1 that belongs to this group, seed and purpose. */
static double draw(uint64_t identity, uint64_t seed, uint8_t purpose)
{
    uint8_t bytes[9];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(identity >> (8 * i));
    bytes[8] = purpose;
    return (double)(sai_hash_bytes(bytes, sizeof bytes, seed) >> 11) * 0x1p-53;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The project with most usable decisions, the first by name if several have as many; counts projects too. */
static int largest_project(const char **out, size_t *n_projects, const struct sai_decisions *d)
{
    const char **names = sai_malloc_array(d->count, sizeof *names);
    size_t n = 0, best = 0;
    if (!names)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < d->count; i++)
        if (d->items[i].usable)
            names[n++] = d->items[i].project;
    qsort(names, n, sizeof *names, by_text);
    *out = NULL;
    *n_projects = 0;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && strcmp(names[end], names[i]) == 0;)
            end++;
        ++*n_projects;
        if (end - i > best) {
            best = end - i;
            *out = names[i];
        }
    }
    sai_free(names);
    return SELECTAI_OK;
}

static int choose_project(const char **out, const struct sai_decisions *d, const char *wanted)
{
    const char *largest;
    size_t n_projects;
    int rc = largest_project(&largest, &n_projects, d);
    if (rc != SELECTAI_OK)
        return rc;
    if (n_projects < 2)
        return SAI_FAIL(SELECTAI_ERR_NO_DATA,
                        "holding out a project needs usable decisions of two or more, there %s "
                        "%zu: add another project's data, or split by groups",
                        n_projects == 1 ? "is" : "are", n_projects);
    if (!wanted) {
        *out = largest;
        return SELECTAI_OK;
    }
    for (size_t i = 0; i < d->count; i++)
        if (d->items[i].usable && strcmp(d->items[i].project, wanted) == 0) {
            *out = d->items[i].project;
            return SELECTAI_OK;
        }
    return SAI_FAIL(SELECTAI_ERR_NOT_FOUND,
                    "project %s, to be held out, has no usable decisions: check its name in the data", wanted);
}

int sai_split_sides(struct sai_decisions *d, const struct sai_split *split, const char **held_out)
{
    const char *project = NULL;
    SAI_REQUIRE(split->kind == SELECTAI_SPLIT_GROUP || split->kind == SELECTAI_SPLIT_PROJECT);
    SAI_REQUIRE(split->test_share >= 0.0 && split->test_share < 1.0);
    SAI_REQUIRE(split->validation_share >= 0.0 && split->validation_share < 1.0);
    if (split->kind == SELECTAI_SPLIT_PROJECT) {
        int rc = choose_project(&project, d, split->hold_out);
        if (rc != SELECTAI_OK)
            return rc;
    }
    for (size_t i = 0; i < d->count; i++) {
        struct sai_decision *it = &d->items[i];
        bool test = project ? strcmp(it->project, project) == 0
                            : draw(it->identity, split->seed, DRAW_TEST) < split->test_share;
        bool validation = draw(it->identity, split->seed, DRAW_VALIDATION) < split->validation_share;
        it->side = test ? SAI_SIDE_TEST : validation ? SAI_SIDE_VALIDATION : SAI_SIDE_TRAIN;
    }
    if (held_out)
        *held_out = project;
    return SELECTAI_OK;
}
