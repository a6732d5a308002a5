/*
 * learn/folds.c: dividing decisions into folds by project, by time, or by pairs.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/ranker.h>

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "learn/folds.h"

#define FOLDS_OF_PROJECTS 10u
#define FOLDS_OF_GROUPS   5u

enum { DRAW_VALIDATION = 2, DRAW_PAIR = 3, DRAW_START = 4 };

/* A project's usable decisions are items[first] .. items[first + n - 1] of the order below. */
struct project {
    const char *name;
    size_t first, n, n_choices;
};

struct order {
    size_t *items; /* usable decisions: by project, then by what the kind wants */
    size_t n;
    struct project *projects;
    size_t n_projects;
};

const char *sai_split_name(int32_t kind)
{
    return kind == SELECTAI_SPLIT_PROJECT ? "project" : kind == SELECTAI_SPLIT_PAIR ? "pair" : "group";
}

uint32_t sai_folds_wanted(uint32_t folds)
{
    return folds == 0 ? SAI_FOLDS_DEFAULT : folds == 1 ? 0 : folds;
}

/* A number in 0..1 that belongs to this key, seed and purpose. */
static double draw(uint64_t key, uint64_t seed, uint8_t purpose)
{
    uint8_t bytes[9];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(key >> (8 * i));
    bytes[8] = purpose;
    return (double)(sai_hash_bytes(bytes, sizeof bytes, seed) >> 11) * 0x1p-53;
}

/* What qsort's comparison needs: one sort at a time, in one thread each. */
struct sorted {
    const char *project, *time;
    uint64_t identity;
    size_t index;
};

/* Times of one group may differ: its first one counts, and all of it lies together. */
static int by_time(const void *a, const void *b)
{
    const struct sorted *x = a, *y = b;
    int order = strcmp(x->project, y->project);
    if (order == 0)
        order = strcmp(x->time, y->time);
    if (order == 0)
        order = (x->identity > y->identity) - (x->identity < y->identity);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* first[g]: the earliest time of a usable decision of group g. */
static const char **first_times(const struct sai_decisions *d)
{
    const char **first = sai_calloc(d->n_groups, sizeof *first);
    for (size_t i = 0; first && i < d->count; i++) {
        const struct sai_decision *it = &d->items[i];
        if (it->usable && (!first[it->group] || strcmp(it->time, first[it->group]) < 0))
            first[it->group] = it->time;
    }
    return first;
}

static void free_order(struct order *o)
{
    sai_free(o->items);
    sai_free(o->projects);
}

static int note_projects(struct order *o, const struct sai_decisions *d)
{
    o->projects = sai_malloc_array(o->n, sizeof *o->projects);
    if (!o->projects)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < o->n; i++) {
        const char *name = d->items[o->items[i]].project;
        if (i == 0 || strcmp(o->projects[o->n_projects - 1].name, name) != 0)
            o->projects[o->n_projects++] = (struct project){.name = name, .first = i};
        o->projects[o->n_projects - 1].n++;
        o->projects[o->n_projects - 1].n_choices += !d->items[o->items[i]].rejected;
    }
    return SELECTAI_OK;
}

static int make_order(struct order *o, const struct sai_decisions *d)
{
    const char **first = first_times(d);
    struct sorted *sorted = sai_malloc_array(d->count, sizeof *sorted);
    o->items = sai_malloc_array(d->count, sizeof *o->items);
    int rc = first && sorted && o->items ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < d->count && rc == SELECTAI_OK; i++) {
        const struct sai_decision *it = &d->items[i];
        if (it->usable && it->fold != SAI_FOLD_HELD_OUT)
            sorted[o->n++] = (struct sorted){it->project, first[it->group], it->identity, i};
    }
    if (rc == SELECTAI_OK) {
        qsort(sorted, o->n, sizeof *sorted, by_time);
        for (size_t i = 0; i < o->n; i++)
            o->items[i] = sorted[i].index;
        rc = note_projects(o, d);
    }
    sai_free(first);
    sai_free(sorted);
    return rc;
}

static int by_size(const void *a, const void *b)
{
    const struct project *x = a, *y = b;
    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* The largest project first, each into the fold that has least: folds are about equally large. */
static int fold_projects(struct sai_decisions *d, struct order *o, uint32_t n)
{
    size_t *load = sai_calloc(n, sizeof *load);
    if (!load)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    qsort(o->projects, o->n_projects, sizeof *o->projects, by_size);
    for (size_t p = 0; p < o->n_projects; p++) {
        uint32_t least = 0;
        for (uint32_t f = 1; f < n; f++)
            least = load[f] < load[least] ? f : least;
        load[least] += o->projects[p].n;
        for (size_t i = 0; i < o->projects[p].n; i++)
            d->items[o->items[o->projects[p].first + i]].fold = (int32_t)least;
    }
    sai_free(load);
    return SELECTAI_OK;
}

/* Projects with something to learn from; where all was rejected, no ranker could learn which image is taken. */
static size_t projects_with_choices(const struct order *o)
{
    size_t n = 0;
    for (size_t p = 0; p < o->n_projects; p++)
        n += o->projects[p].n_choices > 0;
    return n;
}

/* Without the largest project a tenth must be left to train on; a handful would only show what too little data do. */
static bool is_lopsided(const struct order *o)
{
    size_t all = 0, largest = 0;
    for (size_t p = 0; p < o->n_projects; p++) {
        all += o->projects[p].n_choices;
        largest = o->projects[p].n_choices > largest ? o->projects[p].n_choices : largest;
    }
    return all - largest < all / 10;
}

static size_t groups_of(const struct sai_decisions *d, const size_t *items, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += i == 0 || d->items[items[i]].group != d->items[items[i - 1]].group;
    return n;
}

/* A project with fewer groups than folds starts anywhere, by its name: or many of them would all leave the same folds
 * empty. */
static uint32_t first_fold(const struct sai_decisions *d, const struct project *p, const size_t *items, uint32_t n)
{
    if (groups_of(d, items, p->n) >= n)
        return 0;
    return (uint32_t)(draw(sai_hash_bytes(p->name, strlen(p->name), 0), 0, DRAW_START) * n);
}

/* A group belongs to the block in which its middle lies. */
static void fold_by_time(struct sai_decisions *d, const struct order *o, uint32_t n)
{
    for (size_t p = 0; p < o->n_projects; p++) {
        const size_t *items = o->items + o->projects[p].first;
        size_t count = o->projects[p].n;
        uint32_t start = first_fold(d, &o->projects[p], items, n);
        for (size_t i = 0, end; i < count; i = end) {
            for (end = i + 1; end < count && d->items[items[end]].group == d->items[items[i]].group;)
                end++;
            double middle = ((double)i + (double)end) / 2.0 / (double)count;
            for (size_t j = i; j < end; j++)
                d->items[items[j]].fold = (int32_t)(((uint32_t)(middle * n) + start) % n);
        }
    }
}

static void fold_pairs(struct sai_decisions *d, const struct order *o, uint32_t n, uint64_t seed)
{
    for (size_t i = 0; i < o->n; i++) {
        struct sai_decision *it = &d->items[o->items[i]];
        const struct sai_member *m = &d->members[it->first];
        uint64_t key = m[0].key;
        for (uint32_t j = 1; j < it->n; j++)
            key = sai_hash_bytes(&m[j].key, sizeof m[j].key, key);
        it->fold = (int32_t)(draw(key, seed, DRAW_PAIR) * n);
    }
}

/* Folds without a decision are dropped, the others numbered anew. */
static int number_folds(uint32_t *n_used, struct sai_decisions *d, uint32_t n)
{
    uint32_t *number = sai_calloc(n, sizeof *number);
    if (!number)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < d->count; i++)
        if (d->items[i].usable && d->items[i].fold >= 0)
            number[d->items[i].fold] = 1;
    *n_used = 0;
    for (uint32_t f = 0; f < n; f++)
        number[f] = number[f] ? (*n_used)++ : 0;
    for (size_t i = 0; i < d->count; i++)
        if (d->items[i].usable && d->items[i].fold >= 0)
            d->items[i].fold = (int32_t)number[d->items[i].fold];
    sai_free(number);
    return SELECTAI_OK;
}

static int hold_out(struct sai_folds *out, struct sai_decisions *d, const char *project)
{
    for (size_t i = 0; i < d->count; i++) {
        d->items[i].fold = SAI_FOLD_NONE;
        if (!project || !d->items[i].usable || strcmp(d->items[i].project, project) != 0)
            continue;
        d->items[i].fold = SAI_FOLD_HELD_OUT;
        out->held_out = d->items[i].project;
    }
    if (project && !out->held_out)
        return SAI_FAIL(SELECTAI_ERR_NOT_FOUND,
                        "project %s, to be held out, has no usable decisions: check its name in the data", project);
    return SELECTAI_OK;
}

/* Two folds at least, or there is nothing to train on while the other is measured. */
static int check(struct sai_folds *out, const struct sai_folds_options *o)
{
    if (out->n >= 2)
        return SELECTAI_OK;
    out->n = 0;
    if (o->n == 0 || out->held_out)
        return SELECTAI_OK;
    if (out->kind == SELECTAI_SPLIT_PROJECT)
        return SAI_FAIL(SELECTAI_ERR_NO_DATA,
                        "holding out projects needs usable decisions of two or more, there %s %zu: add another "
                        "project's data, or split by groups",
                        out->n_projects == 1 ? "is" : "are", out->n_projects);
    return SAI_FAIL(SELECTAI_ERR_NO_DATA, "all usable decisions belong to one group (shared or nearly equal images): "
                                          "nothing would be left to measure on; add data");
}

int sai_folds_make(struct sai_folds *out, struct sai_decisions *d, const struct sai_folds_options *o)
{
    struct order order = {0};
    *out = (struct sai_folds){.kind = o->kind};
    SAI_REQUIRE(o->kind >= SELECTAI_SPLIT_GROUP && o->kind <= SELECTAI_SPLIT_AUTO);
    SAI_REQUIRE(o->n == SAI_FOLDS_DEFAULT || (o->n <= SELECTAI_MAX_FOLDS && o->n != 1));
    int rc = hold_out(out, d, o->hold_out);
    if (rc == SELECTAI_OK)
        rc = make_order(&order, d);
    out->n_projects = projects_with_choices(&order);
    if (o->kind == SELECTAI_SPLIT_AUTO || (o->kind == SELECTAI_SPLIT_PROJECT && out->held_out))
        out->kind = out->n_projects >= 2 && !(o->kind == SELECTAI_SPLIT_AUTO && is_lopsided(&order))
                        ? SELECTAI_SPLIT_PROJECT
                        : SELECTAI_SPLIT_GROUP;
    uint32_t n = o->n != SAI_FOLDS_DEFAULT             ? o->n
                 : out->kind == SELECTAI_SPLIT_PROJECT ? FOLDS_OF_PROJECTS
                                                       : FOLDS_OF_GROUPS;
    if (rc == SELECTAI_OK && n > 0 && (out->kind != SELECTAI_SPLIT_PROJECT || out->n_projects >= 2)) {
        if (out->kind == SELECTAI_SPLIT_PROJECT)
            rc = fold_projects(d, &order, n);
        else if (out->kind == SELECTAI_SPLIT_PAIR)
            fold_pairs(d, &order, n, o->seed);
        else
            fold_by_time(d, &order, n);
        if (rc == SELECTAI_OK)
            rc = number_folds(&out->n, d, n);
    }
    free_order(&order);
    return rc == SELECTAI_OK ? check(out, o) : rc;
}

void sai_fold_sides(int8_t *side, const struct sai_decisions *d, int32_t fold, double validation_share, uint64_t seed)
{
    for (size_t i = 0; i < d->count; i++) {
        const struct sai_decision *it = &d->items[i];
        bool test = it->fold == SAI_FOLD_HELD_OUT || (fold >= 0 && it->fold == fold);
        bool validation = draw(it->identity, seed, DRAW_VALIDATION) < validation_share;
        side[i] = !it->usable  ? SAI_SIDE_NONE
                  : test       ? SAI_SIDE_TEST
                  : validation ? SAI_SIDE_VALIDATION
                               : SAI_SIDE_TRAIN;
    }
}
