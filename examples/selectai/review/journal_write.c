/*
 * review/journal_write.c: the journal's changes: deciding, undoing, notes. First everything that can fail, then the
 * line, then what it does.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal_internal.h"
#include "terminal.h"

static int out_of_memory(void)
{
    say("out of memory");
    return SELECTAI_ERR_OUT_OF_MEMORY;
}

static int may_write(const struct journal *journal)
{
    if (!journal->file.read_only)
        return 1;
    say("%s: another program decides, here it is only read", journal->file.path);
    return 0;
}

/* What a line can tell with its 15 digits, so that a restart changes nothing. */
static void round_boxes(struct decision *decision)
{
    for (uint32_t i = 0; i < decision->n_winners; i++) {
        struct selectai_box *box = &decision->winners[i].box;
        double *const edges[4] = {&box->x1, &box->y1, &box->x2, &box->y2};
        for (int k = 0; k < 4; k++) {
            char text[40];
            snprintf(text, sizeof text, "%.15g", *edges[k]);
            *edges[k] = strtod(text, NULL);
        }
    }
}

/* The journal's next change, not counted yet. */
static int prepare_change(struct change *change, const struct journal *journal, size_t group,
                          const struct decision *decision, const struct circumstances *circumstances)
{
    *change = (struct change){.slot = group,
                              .standing = {.source = circumstances->source,
                                           .agreed = circumstances->agreed,
                                           .seconds = nearbyint(circumstances->seconds * 1000) / 1000}};
    int rc = copy_decision(&change->standing.decision, decision);
    if (rc == SELECTAI_OK) {
        round_boxes(&change->standing.decision);
        measure_decision(&change->standing.decision, journal->groups, group);
    }
    return rc;
}

struct deciding {
    struct journal *journal;
    struct text text;
    const size_t *groups;
    const struct decision *decisions;
    const struct circumstances *circumstances;
    size_t n;
    char time[32];
};

static int add_decision(struct deciding *d, size_t i)
{
    struct journal *journal = d->journal;
    struct change *change = &journal->changes[journal->n_changes + i];
    size_t begin = d->text.n;
    int rc = prepare_change(change, journal, d->groups[i], &d->decisions[i], &d->circumstances[i]);
    if (rc != SELECTAI_OK)
        return rc;
    memcpy(change->standing.time, d->time, sizeof d->time);
    change->standing.op = journal->op + 1 + i;
    struct decide_line line = {change->standing.op, journal->op + 1,   d->n,
                               d->groups[i],        &change->standing, &d->circumstances[i]};
    if (!put_line(&d->text, line_of_decision(journal, &line)))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    change->offset = journal->file.end + begin;
    change->length = d->text.n - begin - 1;
    return SELECTAI_OK;
}

static int write_decisions(struct deciding *d, size_t *n_made)
{
    int rc = state_reserve(d->journal, d->n) ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (*n_made = 0; rc == SELECTAI_OK && *n_made < d->n; ++*n_made) {
        d->journal->changes[d->journal->n_changes + *n_made] = (struct change){0};
        rc = add_decision(d, *n_made);
    }
    if (rc != SELECTAI_OK)
        return out_of_memory();
    return journal_file_append(&d->journal->file, d->text.bytes, d->text.n);
}

int journal_decide_all(struct journal *journal, uint64_t *op, const size_t *groups, const struct decision *decisions,
                       const struct circumstances *circumstances, size_t n)
{
    struct deciding deciding = {
        .journal = journal, .groups = groups, .decisions = decisions, .circumstances = circumstances, .n = n};
    size_t n_made = 0;
    if (!may_write(journal))
        return SELECTAI_ERR_PERMISSION;
    for (size_t i = 0; i < n; i++)
        if (groups[i] >= journal->groups->n_groups)
            return SELECTAI_ERR_INVALID_ARGUMENT;
    if (n == 0)
        return SELECTAI_ERR_INVALID_ARGUMENT;
    time_now(deciding.time);
    int rc = write_decisions(&deciding, &n_made);
    text_free(&deciding.text);
    if (rc == SELECTAI_OK) {
        *op = journal->op + 1;
        state_decide(journal, *op, n);
        journal->op += n;
        journal->n_lines += n;
        return SELECTAI_OK;
    }
    for (size_t i = 0; i < n_made; i++)
        free_decision(&journal->changes[journal->n_changes + i].standing.decision);
    return rc;
}

int journal_decide(struct journal *journal, uint64_t *op, size_t group, const struct decision *decision,
                   const struct circumstances *circumstances)
{
    return journal_decide_all(journal, op, &group, decision, circumstances, 1);
}

/* ---- Undo, redo, notes ----------------------------------------------------------------------- */

/* One line a change: the group, what held, what holds from now on. */
static int put_steps(struct text *text, const struct journal *journal, const struct operation *operation, int undo)
{
    char time[32];
    time_now(time);
    for (size_t i = 0; i < operation->n; i++) {
        const struct change *change = &journal->changes[operation->first + i];
        json_t *line = line_of_step(journal, undo ? "undo" : "redo", time, journal->op + 1 + i, operation->op,
                                    change->slot, undo ? change->before : operation->first + i + 1);
        if (!line)
            return SELECTAI_ERR_IO; /* said already */
        set_batch(line, journal->op + 1, operation->n);
        if (!put_line(text, line))
            return out_of_memory();
    }
    return SELECTAI_OK;
}

static size_t first_known(const struct journal *journal, const struct operation *operation)
{
    for (size_t i = 0; i < operation->n; i++)
        if (journal->changes[operation->first + i].slot < journal->groups->n_groups)
            return journal->changes[operation->first + i].slot;
    return NO_INDEX;
}

static int step(struct journal *journal, uint64_t *op, size_t *group, size_t *n, int undo)
{
    struct text text = {0};
    if (!may_write(journal))
        return SELECTAI_ERR_PERMISSION;
    const struct operation *operation = undo ? state_to_undo(journal) : state_to_redo(journal);
    if (!operation)
        return SELECTAI_DONE;
    int rc = put_steps(&text, journal, operation, undo);
    if (rc == SELECTAI_OK)
        rc = journal_file_append(&journal->file, text.bytes, text.n);
    text_free(&text);
    if (rc != SELECTAI_OK)
        return rc;
    *op = journal->op + 1;
    *group = first_known(journal, operation);
    *n = operation->n;
    journal->op += operation->n;
    journal->n_lines += operation->n;
    if (undo)
        state_undo(journal);
    else
        state_redo(journal);
    return SELECTAI_OK;
}

int journal_undo(struct journal *journal, uint64_t *op, size_t *group, size_t *n)
{
    return step(journal, op, group, n, 1);
}

int journal_redo(struct journal *journal, uint64_t *op, size_t *group, size_t *n)
{
    return step(journal, op, group, n, 0);
}

/* Before it is written: afterwards it must not fail any more. */
static int reserve_floor(struct journal *journal)
{
    return make_room(&journal->floors, &journal->floors_capacity, journal->n_floors + 1, sizeof *journal->floors);
}

int journal_note(struct journal *journal, const char *action, const json_t *more)
{
    struct text text = {0};
    char time[32];
    const char *key;
    json_t *value;
    if (!may_write(journal))
        return SELECTAI_ERR_PERMISSION;
    time_now(time);
    json_t *line = begin_line(journal->op + 1, time, action);
    json_t *copy = more ? json_deep_copy(more) : NULL;
    json_object_foreach(copy, key, value) if (!json_object_get(line, key) && strcmp(key, "check") != 0)
        json_object_set(line, key, value);
    json_decref(copy);
    int rc = reserve_floor(journal) && put_line(&text, line) ? journal_file_append(&journal->file, text.bytes, text.n)
                                                             : out_of_memory();
    text_free(&text);
    if (rc != SELECTAI_OK)
        return rc;
    journal->op++;
    journal->n_lines++;
    if (strcmp(action, "finalize") == 0)
        (void)state_finalize(journal);
    else if (strcmp(action, "undo-finalize") == 0)
        state_undo_finalize(journal);
    return SELECTAI_OK;
}
