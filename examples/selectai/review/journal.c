/*
 * review/journal.c: the journal as others see it: opening, following, asking.
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

/* ---- Opening --------------------------------------------------------------------------------- */

static int write_header(struct journal *journal)
{
    struct text text = {0};
    time_now(journal->created);
    int rc = put_line(&text, header_line(journal)) ? journal_file_append(&journal->file, text.bytes, text.n)
                                                   : out_of_memory();
    journal->has_header = rc == SELECTAI_OK;
    journal->n_lines = 1;
    text_free(&text);
    return rc;
}

static int open_state(struct journal *journal, const char *folder)
{
    uint64_t torn = 0;
    int rc = state_open(journal);
    if (rc != SELECTAI_OK)
        return out_of_memory();
    rc = journal_file_open(&journal->file, folder);
    if (rc == SELECTAI_OK)
        rc = journal_replay(journal);
    if (rc != SELECTAI_OK || journal->file.read_only)
        return rc;
    rc = journal_file_set_aside(&journal->file, journal->op + 1, &torn);
    return rc == SELECTAI_OK && !journal->has_header ? write_header(journal) : rc;
}

int journal_open(struct journal **out, const char *folder, const struct review_groups *groups, int *read_only)
{
    struct journal *journal = calloc(1, sizeof *journal);
    *out = NULL;
    *read_only = 0;
    if (!journal)
        return out_of_memory();
    journal->file = (struct journal_file){.folder_fd = -1, .lock_fd = -1, .fd = -1};
    journal->groups = groups;
    journal->project = strdup(groups->project);
    int rc = journal->project ? open_state(journal, folder) : out_of_memory();
    if (rc != SELECTAI_OK) {
        journal_close(&journal);
        return rc;
    }
    *read_only = journal->file.read_only;
    *out = journal;
    return SELECTAI_OK;
}

void journal_close(struct journal **journal)
{
    if (!*journal)
        return;
    journal_file_close(&(*journal)->file);
    state_close(*journal);
    free((*journal)->project);
    free(*journal);
    *journal = NULL;
}

int journal_regroup(struct journal **journal, const struct review_groups *groups)
{
    static const struct journal_file none = {.folder_fd = -1, .lock_fd = -1, .fd = -1};
    struct journal *fresh = calloc(1, sizeof *fresh);
    if (!fresh)
        return out_of_memory();
    fresh->groups = groups;
    fresh->project = strdup(groups->project);
    fresh->file = (*journal)->file;
    fresh->file.end = 0;
    int rc = fresh->project ? state_open(fresh) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = journal_replay(fresh);
    if (rc == SELECTAI_OK) {
        struct journal *old = *journal;
        old->file = none; /* it is the new one's now */
        *journal = fresh;
        fresh = old;
    } else {
        fresh->file = none;
    }
    journal_close(&fresh);
    return rc;
}

int journal_follow(struct journal *journal)
{
    uint64_t size, before = journal->revision;
    size_t n = 0;
    if (!journal->file.read_only)
        return 0;
    int rc = journal_file_size(&journal->file, &size);
    if (rc != SELECTAI_OK || size == journal->file.end)
        return rc;
    if (size < journal->file.end)
        state_reset(journal); /* the writer could not sync what had been read here, and took it back */
    rc = journal_replay(journal);
    for (size_t i = 0; i < journal->n_slots && journal->revision > before; i++)
        n += journal->slots[i].revision > before;
    return rc != SELECTAI_OK ? rc : n < INT32_MAX ? (int)n : INT32_MAX;
}

/* ---- Asking ---------------------------------------------------------------------------------- */

static const struct standing nothing = {.agreed = -1, .seconds = NAN};

const struct standing *journal_standing(const struct journal *journal, size_t group)
{
    size_t current = journal->slots[group].current;
    return current ? &journal->changes[current - 1].standing : &nothing;
}

uint64_t journal_revision(const struct journal *journal)
{
    return journal->revision;
}

uint64_t journal_group_revision(const struct journal *journal, size_t group)
{
    return journal->slots[group].revision;
}

uint64_t journal_operations(const struct journal *journal)
{
    return journal->op;
}

uint64_t journal_moves(const struct journal *journal)
{
    return journal->moves;
}

size_t journal_strangers(const struct journal *journal)
{
    size_t n = 0;
    for (size_t i = journal->groups->n_groups; i < journal->n_slots; i++)
        n += journal->slots[i].length > 0;
    return n;
}

int journal_can_undo(const struct journal *journal)
{
    return !journal->file.read_only && state_to_undo(journal) != NULL;
}

int journal_can_redo(const struct journal *journal)
{
    return !journal->file.read_only && state_to_redo(journal) != NULL;
}
