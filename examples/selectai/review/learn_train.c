/*
 * review/learn_train.c: one lesson: from the journal to a ranker, and whether it is better.
 *
 * The journal is read through a handle of its own over no groups at all, for which every line is about a stranger: so
 * exporting needs neither the session's lock nor the files.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "learn_train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export.h"

#define HELD_OUT_ONE_OF 4u

int is_held_out(const char *set_id)
{
    uint64_t hash = id_hash(ID_SEED, set_id);
    return (hash ^ hash >> 32) % HELD_OUT_ONE_OF == 0;
}

/* ---- Data ------------------------------------------------------------------------------------ */

struct data {
    char *entries, *rejected; /* files, removed at the end */
    selectai_trainset *all, *training, *held_out;
    selectai_embedding_cache *cache;
    selectai_ranker *current;
};

static void close_data(struct data *d)
{
    if (d->entries)
        unlink(d->entries);
    if (d->rejected)
        unlink(d->rejected);
    free(d->entries);
    free(d->rejected);
    selectai_trainset_destroy(&d->all);
    selectai_trainset_destroy(&d->training);
    selectai_trainset_destroy(&d->held_out);
    selectai_embedding_cache_close(&d->cache);
    selectai_ranker_destroy(&d->current);
}

static int export_all(struct data *d, uint64_t n[2], const struct lesson_how *how)
{
    struct review_groups none;
    struct journal *journal = NULL;
    int read_only;
    memset(&none, 0, sizeof none);
    none.root = strdup(how->root);
    none.project = strdup(how->project);
    d->entries = path_of(how->state, "learn-entries.jsonl");
    d->rejected = path_of(how->state, "learn-rejected.jsonl");
    int rc = none.root && none.project ? journal_open(&journal, how->state, &none, &read_only)
                                       : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK && (export_entries(d->entries, &none, journal, &n[0]) != EXIT_DONE ||
                              export_rejected(d->rejected, &none, journal, &n[1]) != EXIT_DONE))
        rc = SELECTAI_ERR_IO;
    journal_close(&journal);
    close_groups(&none);
    return rc;
}

static int load_all(struct data *d, const uint64_t n[2], const struct lesson_how *how)
{
    struct text_list logs = {.items = calloc(how->history->count + 2, sizeof *logs.items)};
    struct progress quiet = {.quiet = 1};
    if (!logs.items)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    if (n[0] > 0)
        logs.items[logs.count++] = d->entries;
    if (n[1] > 0)
        logs.items[logs.count++] = d->rejected;
    for (size_t i = 0; i < how->history->count; i++)
        logs.items[logs.count++] = how->history->items[i];
    int rc = logs.count > 0 ? load_decisions(&d->all, &logs, how->projects, 0, &quiet) : SELECTAI_ERR_NO_DATA;
    free_list(&logs);
    return rc;
}

/* What was decided here: one of four groups is held out. The history trains, all of it. */
static int divide(struct data *d, struct lesson *out)
{
    size_t n = selectai_trainset_count(d->all), n_rejected = selectai_trainset_rejected_count(d->all);
    uint8_t *held = calloc(n + 1, 1), *trains = calloc(n + 1, 1), *rejected = calloc(n_rejected + 1, 1);
    int rc = held && trains && rejected ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++) {
        struct selectai_entry entry = {.struct_size = sizeof entry};
        rc = selectai_trainset_get(d->all, i, &entry);
        int own = rc == SELECTAI_OK && strcmp(entry.source_path, d->entries) == 0;
        held[i] = own && is_held_out(entry.set_id);
        trains[i] = !held[i];
        out->n_trained += own && trains[i];
    }
    for (size_t i = 0; i < n_rejected && rc == SELECTAI_OK; i++) {
        struct selectai_rejected_group group = {.struct_size = sizeof group};
        rc = selectai_trainset_get_rejected(d->all, i, &group);
        rejected[i] = !(strcmp(group.source_path, d->rejected) == 0 && is_held_out(group.set_id));
    }
    if (rc == SELECTAI_OK)
        rc = selectai_trainset_select(&d->training, d->all, trains, rejected);
    if (rc == SELECTAI_OK)
        rc = selectai_trainset_select(&d->held_out, d->all, held, NULL);
    free(held);
    free(trains);
    free(rejected);
    return rc;
}

static int open_data(struct data *d, struct lesson *out, const struct lesson_how *how)
{
    uint64_t n[2] = {0, 0};
    int rc = export_all(d, n, how);
    if (rc == SELECTAI_OK)
        rc = load_all(d, n, how);
    if (rc == SELECTAI_OK)
        rc = divide(d, out);
    if (rc == SELECTAI_OK)
        rc = selectai_embedding_cache_open(&d->cache, how->cache);
    if (rc == SELECTAI_OK && how->ranker)
        rc = selectai_ranker_load(&d->current, how->ranker);
    return rc;
}

/* ---- Training -------------------------------------------------------------------------------- */

static int train(struct lesson *out, const struct data *d, const struct lesson_how *how)
{
    struct selectai_ranker_options options;
    selectai_ranker_options_init(&options, sizeof options);
    options.threads = 1; /* the page comes first */
    options.start = d->current;
    options.progress = how->progress;
    options.user = how->user;
    int rc = selectai_ranker_train(&out->ranker, NULL, NULL, d->training, d->cache, &options);
    if (rc == SELECTAI_ERR_MISMATCH && d->current) { /* made by others, or with other layers: from the beginning */
        options.start = NULL;
        rc = selectai_ranker_train(&out->ranker, NULL, NULL, d->training, d->cache, &options);
    }
    return rc;
}

/* ---- Comparing ------------------------------------------------------------------------------- */

static double number_at(const json_t *json, const char *outer, const char *inner)
{
    const json_t *value = json_object_get(json, outer);
    value = inner ? json_object_get(value, inner) : value;
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static int compare_with_current(struct lesson *out, const struct data *d)
{
    char *text = NULL;
    int rc = selectai_ranker_compare(&text, d->current, out->ranker, d->held_out, d->cache, NULL);
    if (rc != SELECTAI_OK)
        return rc;
    json_t *json = json_of_text(text);
    out->n_held_out = (size_t)number_at(json, "n", NULL);
    out->before = number_at(json, "a", "top1");
    out->after = number_at(json, "b", "top1");
    out->p = number_at(json, "p_value", NULL);
    json_decref(json);
    return SELECTAI_OK;
}

static int compare_with_highest_stage(struct lesson *out, const struct data *d)
{
    selectai_evaluation *evaluation = NULL;
    struct selectai_metric metric = {.struct_size = sizeof metric};
    int rc = selectai_ranker_evaluate(&evaluation, out->ranker, d->held_out, d->cache);
    if (rc == SELECTAI_OK)
        rc = selectai_evaluation_find(evaluation, "top1", &metric);
    if (rc == SELECTAI_OK) {
        out->n_held_out = (size_t)metric.n;
        out->before = metric.baseline;
        out->after = metric.value;
    }
    selectai_evaluation_destroy(&evaluation);
    return rc;
}

static int compare(struct lesson *out, const struct data *d)
{
    int rc = d->current ? compare_with_current(out, d) : compare_with_highest_stage(out, d);
    if (rc == SELECTAI_ERR_NO_DATA)
        rc = SELECTAI_OK; /* n_held_out is 0 */
    if (rc != SELECTAI_OK)
        return rc;
    out->better = out->n_held_out >= FEWEST_HELD_OUT && out->after > out->before;
    if (out->n_held_out < FEWEST_HELD_OUT)
        snprintf(out->message, sizeof out->message, "%zu decisions are held out; %u are needed to compare",
                 out->n_held_out, FEWEST_HELD_OUT);
    return SELECTAI_OK;
}

int learn_once(struct lesson *out, const struct lesson_how *how)
{
    struct data d = {0};
    *out = (struct lesson){.before = NAN, .after = NAN, .p = NAN};
    int rc = open_data(&d, out, how);
    if (rc == SELECTAI_OK)
        rc = train(out, &d, how);
    if (rc == SELECTAI_OK)
        rc = compare(out, &d);
    if (rc == SELECTAI_ERR_NO_DATA) { /* will be better with more decisions */
        snprintf(out->message, sizeof out->message, "%.200s", selectai_last_error());
        rc = SELECTAI_OK;
    }
    close_data(&d);
    return rc;
}
