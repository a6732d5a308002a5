/*
 * review/learn_data.c: decisions to learn from, and those that are never learned from.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export_internal.h"
#include "learn_internal.h"

int is_held_out(const char *group_id)
{
    char digit = strlen(group_id) > 5 ? group_id[5] : '1'; /* FNV's first and last digits are mixed less */
    int value = digit <= '9' ? digit - '0' : digit - 'a' + 10;
    return value % 4 == 0;
}

/* ---- How many there are ---------------------------------------------------------------------- */

static int counts(const struct standing *standing)
{
    enum outcome outcome = standing->decision.outcome;
    return (outcome == PICK || outcome == REJECT) && standing->source != BULK;
}

/* Of a group that is not there any more, how many images it had is not known here: taken as one with losers. */
static int has_losers(const struct journal *journal, size_t slot)
{
    uint32_t n_winners = journal_standing(journal, slot)->decision.n_winners;
    size_t n_groups = journal->groups->n_groups;
    return n_winners > 0 && (slot >= n_groups || n_winners < journal->groups->groups[slot].n);
}

void count_decisions_since(struct learn_counts *out, const struct journal *journal, uint64_t since)
{
    *out = (struct learn_counts){0};
    for (size_t slot = 0; slot < journal->n_slots; slot++) {
        const struct standing *standing = journal_standing(journal, slot);
        if (!counts(standing))
            continue;
        out->decided++;
        out->changed += standing->op > since;
        out->held_out += has_losers(journal, slot) && is_held_out(id_of_slot(journal, slot));
    }
}

/* ---- Reading them ---------------------------------------------------------------------------- */

/* Files in the folder of models, for the time of reading. */
struct own_files {
    char *entries, *rejected;
    json_t *unseen; /* ids of groups that were approved many at once */
    uint64_t op;
};

static int note_unseen(struct own_files *own, const struct journal *journal)
{
    own->unseen = json_object();
    for (size_t slot = 0; own->unseen && slot < journal->n_slots; slot++)
        if (journal_standing(journal, slot)->source == BULK)
            json_object_set_new_nocheck(own->unseen, id_of_slot(journal, slot), json_true());
    return own->unseen ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

static int export_own(struct own_files *own, const struct review_groups *groups, const struct journal *journal)
{
    uint64_t n;
    if (may_be_written(own->entries) != EXIT_DONE || may_be_written(own->rejected) != EXIT_DONE ||
        export_entries(own->entries, groups, journal, &n) != EXIT_DONE ||
        export_rejected(own->rejected, groups, journal, &n) != EXIT_DONE)
        return LEARN_SAID;
    own->op = journal_operations(journal);
    return note_unseen(own, journal);
}

/* The journal is read anew as a second process would, so that nobody waits while it is written out: its lines name all
 * images, and no group need be there. */
static int write_own(struct own_files *own, struct learner *learner)
{
    struct review_groups nothing = {.root = learner->root, .project = learner->project};
    struct journal *journal = NULL;
    int read_only = 0;
    own->entries = path_of(learner->folder, "decisions.jsonl");
    own->rejected = path_of(learner->folder, "rejected.jsonl");
    int rc = journal_open(&journal, learner->session->state, &nothing, &read_only);
    rc = rc == SELECTAI_OK ? export_own(own, &nothing, journal) : LEARN_SAID;
    journal_close(&journal);
    return rc;
}

static void free_own(struct own_files *own)
{
    if (own->entries)
        unlink(own->entries);
    if (own->rejected)
        unlink(own->rejected);
    free(own->entries);
    free(own->rejected);
    json_decref(own->unseen);
}

static int load_all(selectai_trainset **out, const struct own_files *own, struct learner *learner)
{
    const struct project_args *args = learner->how.projects;
    const struct text_list *history = learner->how.history;
    struct selectai_load_options options;
    selectai_projects *projects = NULL;
    const char **paths = calloc(history->count + 2, sizeof *paths);
    int rc = paths ? open_projects(&projects, args) : SELECTAI_ERR_OUT_OF_MEMORY;
    selectai_load_options_init(&options, sizeof options);
    options.projects = projects;
    options.by_dates = args->by_dates;
    options.project = args->project;
    options.root = args->root;
    options.progress = learn_progress;
    options.user = learner;
    if (rc == SELECTAI_OK) {
        paths[0] = own->entries;
        paths[1] = own->rejected;
        for (size_t i = 0; i < history->count; i++)
            paths[2 + i] = history->items[i];
        rc = selectai_trainset_load_logs(out, paths, history->count + 2, &options);
    }
    selectai_projects_destroy(&projects);
    free(paths);
    return rc;
}

/* ---- Dividing them --------------------------------------------------------------------------- */

struct division {
    const struct own_files *own;
    const char *project;
    json_t *names; /* of all images that were decided here */
    uint8_t *training, *held_out, *rejected;
    uint64_t n_own;
};

static void add_names(json_t *names, const char *first, const char *const *others, uint32_t n)
{
    json_object_set_new_nocheck(names, last_part(first), json_true());
    for (uint32_t i = 0; i < n; i++)
        json_object_set_new_nocheck(names, last_part(others[i]), json_true());
}

/* A log of the history may hold what was decided here: it would bring back what was undone, or held out. */
static int is_decided_here(const struct division *d, const char *project, const char *first, const char *const *others,
                           uint32_t n)
{
    int found = json_object_get(d->names, last_part(first)) != NULL;
    for (uint32_t i = 0; i < n && !found; i++)
        found = json_object_get(d->names, last_part(others[i])) != NULL;
    return found && strcmp(project, d->project) == 0;
}

static int collect_names(struct division *d, const selectai_trainset *set)
{
    int rc = SELECTAI_OK;
    for (size_t i = 0; i < selectai_trainset_count(set) && rc == SELECTAI_OK; i++) {
        struct selectai_entry e = {.struct_size = sizeof e};
        rc = selectai_trainset_get(set, i, &e);
        if (rc == SELECTAI_OK && strcmp(e.source_path, d->own->entries) == 0)
            add_names(d->names, e.chosen_path, e.neg_paths, e.n_negatives);
    }
    for (size_t i = 0; i < selectai_trainset_rejected_count(set) && rc == SELECTAI_OK; i++) {
        struct selectai_rejected_group g = {.struct_size = sizeof g};
        rc = selectai_trainset_get_rejected(set, i, &g);
        if (rc == SELECTAI_OK && strcmp(g.source_path, d->own->rejected) == 0)
            add_names(d->names, g.paths[0], g.paths + 1, g.n_images - 1);
    }
    return rc;
}

static int divide_decisions(struct division *d, const selectai_trainset *set)
{
    int rc = SELECTAI_OK;
    for (size_t i = 0; i < selectai_trainset_count(set) && rc == SELECTAI_OK; i++) {
        struct selectai_entry e = {.struct_size = sizeof e};
        rc = selectai_trainset_get(set, i, &e);
        if (rc != SELECTAI_OK)
            break;
        if (strcmp(e.source_path, d->own->entries) != 0) {
            d->training[i] = !is_decided_here(d, e.project, e.chosen_path, e.neg_paths, e.n_negatives);
        } else if (!json_object_get(d->own->unseen, e.set_id)) {
            d->held_out[i] = is_held_out(e.set_id) != 0;
            d->training[i] = !d->held_out[i];
            d->n_own += d->training[i];
        }
    }
    return rc;
}

static int divide_rejected(struct division *d, const selectai_trainset *set)
{
    int rc = SELECTAI_OK;
    for (size_t i = 0; i < selectai_trainset_rejected_count(set) && rc == SELECTAI_OK; i++) {
        struct selectai_rejected_group g = {.struct_size = sizeof g};
        rc = selectai_trainset_get_rejected(set, i, &g);
        if (rc != SELECTAI_OK)
            break;
        if (strcmp(g.source_path, d->own->rejected) != 0)
            d->rejected[i] = !is_decided_here(d, g.project, g.paths[0], g.paths + 1, g.n_images - 1);
        else
            d->rejected[i] = !json_object_get(d->own->unseen, g.set_id) && !is_held_out(g.set_id);
    }
    return rc;
}

static int divide(struct learn_data *data, const struct own_files *own, const char *project)
{
    size_t n = selectai_trainset_count(data->all), n_rejected = selectai_trainset_rejected_count(data->all);
    struct division d = {.own = own,
                         .project = project,
                         .names = json_object(),
                         .training = calloc(n + 1, 1),
                         .held_out = calloc(n + 1, 1),
                         .rejected = calloc(n_rejected + 1, 1)};
    int rc = d.names && d.training && d.held_out && d.rejected ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = collect_names(&d, data->all);
    if (rc == SELECTAI_OK)
        rc = divide_decisions(&d, data->all);
    if (rc == SELECTAI_OK)
        rc = divide_rejected(&d, data->all);
    if (rc == SELECTAI_OK)
        rc = selectai_trainset_select(&data->training, data->all, d.training, d.rejected);
    if (rc == SELECTAI_OK)
        rc = selectai_trainset_select(&data->held_out, data->all, d.held_out, NULL);
    data->n_own = d.n_own;
    json_decref(d.names);
    free(d.training);
    free(d.held_out);
    free(d.rejected);
    return rc;
}

int load_learn_data(struct learn_data *out, struct learner *learner)
{
    struct own_files own = {.entries = NULL};
    *out = (struct learn_data){.all = NULL};
    int rc = write_own(&own, learner);
    if (rc == SELECTAI_OK)
        rc = load_all(&out->all, &own, learner);
    if (rc == SELECTAI_OK)
        rc = divide(out, &own, learner->project);
    out->op = own.op;
    if (rc != SELECTAI_OK)
        free_learn_data(out);
    free_own(&own);
    return rc;
}

void free_learn_data(struct learn_data *data)
{
    selectai_trainset_destroy(&data->all);
    selectai_trainset_destroy(&data->training);
    selectai_trainset_destroy(&data->held_out);
}
