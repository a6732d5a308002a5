/*
 * review/journal_replay.c: from the file to the state.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "journal_internal.h"
#include "terminal.h"

#define FIRST_BUFFER (1u << 20)
#define MAX_LINE     (64u << 20)

struct replay {
    struct journal *journal;
    char *bytes; /* of the file from `offset` on */
    size_t n, capacity;
    uint64_t offset;
    /* The lines of an operation until the last of them is there: changes behind the journal's own. */
    uint64_t batch, of, n_batch, n_got, last_op;
    enum line_kind kind;
};

static int damaged(const struct replay *replay, const char *why)
{
    say("%s, line %" PRIu64 ": %s. The journal is not read on, so that no decision gets lost: repair the line, or take "
        "it out",
        replay->journal->file.path, replay->journal->n_lines, why);
    return SELECTAI_ERR_FORMAT;
}

static int out_of_memory(void)
{
    say("out of memory");
    return SELECTAI_ERR_OUT_OF_MEMORY;
}

/* ---- Operations ------------------------------------------------------------------------------ */

static int apply_step(struct replay *replay)
{
    struct journal *journal = replay->journal;
    int undo = replay->kind == LINE_UNDO;
    const struct operation *operation = undo ? state_to_undo(journal) : state_to_redo(journal);
    if (!operation || operation->op != replay->of)
        return damaged(replay, undo ? "takes back an operation that is not the last one"
                                    : "does an operation again that was not the last to be undone");
    if (undo)
        state_undo(journal);
    else
        state_redo(journal);
    return SELECTAI_OK;
}

static int apply(struct replay *replay)
{
    struct journal *journal = replay->journal;
    switch (replay->kind) {
    case LINE_DECIDE:
        state_decide(journal, replay->batch, (size_t)replay->n_batch);
        return SELECTAI_OK;
    case LINE_UNDO:
    case LINE_REDO:
        return apply_step(replay);
    case LINE_FINALIZE:
        return state_finalize(journal) ? SELECTAI_OK : out_of_memory();
    case LINE_UNDO_FINALIZE:
        state_undo_finalize(journal);
        return SELECTAI_OK;
    default:
        return SELECTAI_OK;
    }
}

/* Whether the line is the one that must come now. */
static int in_order(const struct replay *replay, const struct line *line)
{
    if (replay->n_got == 0)
        return line->op > replay->journal->op && line->op == line->batch;
    return line->op == replay->last_op + 1 && line->batch == replay->batch && line->n_batch == replay->n_batch &&
           line->kind == replay->kind && line->of == replay->of;
}

static int add_line(struct replay *replay, struct line *line, uint64_t offset, size_t length)
{
    struct journal *journal = replay->journal;
    if (line->kind == LINE_DECIDE && !state_reserve(journal, (size_t)replay->n_got + 1)) {
        free_decision(&line->change.standing.decision);
        return out_of_memory();
    }
    line->change.offset = offset;
    line->change.length = length;
    if (line->kind == LINE_DECIDE)
        journal->changes[journal->n_changes + replay->n_got] = line->change;
    if (replay->n_got++ == 0) {
        replay->kind = line->kind;
        replay->batch = line->batch;
        replay->n_batch = line->n_batch;
        replay->of = line->of;
    }
    replay->last_op = line->op;
    if (replay->n_got < replay->n_batch)
        return SELECTAI_OK;
    int rc = apply(replay);
    journal->op = line->op;
    journal->file.end = offset + length + 1;
    replay->n_got = 0;
    return rc;
}

static int take_line(struct replay *replay, struct span text, uint64_t offset)
{
    struct journal *journal = replay->journal;
    struct line line;
    const char *why = "";
    journal->n_lines++;
    if (!journal->has_header) {
        int rc = read_header(journal, text);
        journal->has_header = rc == SELECTAI_OK;
        journal->file.end = rc == SELECTAI_OK ? offset + text.n + 1 : journal->file.end;
        return rc;
    }
    int rc = read_line(&line, journal, text, &why);
    if (rc == SELECTAI_ERR_OUT_OF_MEMORY)
        return out_of_memory();
    if (rc != SELECTAI_OK)
        return damaged(replay, why);
    if (in_order(replay, &line))
        return add_line(replay, &line, offset, text.n);
    free_decision(&line.change.standing.decision);
    return damaged(replay, "is out of order");
}

/* ---- Bytes ----------------------------------------------------------------------------------- */

static int take_lines(struct replay *replay)
{
    size_t begin = 0;
    int rc = SELECTAI_OK;
    while (rc == SELECTAI_OK && begin < replay->n) {
        const char *end = memchr(replay->bytes + begin, '\n', replay->n - begin);
        if (!end)
            break;
        size_t length = (size_t)(end - replay->bytes) - begin;
        rc = take_line(replay, (struct span){replay->bytes + begin, length}, replay->offset + begin);
        begin += length + 1;
    }
    memmove(replay->bytes, replay->bytes + begin, replay->n - begin);
    replay->n -= begin;
    replay->offset += begin;
    return rc;
}

/* 1: there is more; 0: the file's end. */
static int read_more(struct replay *replay)
{
    size_t need = replay->n < replay->capacity ? replay->capacity : replay->capacity + FIRST_BUFFER;
    if (need > MAX_LINE)
        return damaged(replay, "is longer than 64 MiB");
    if (!make_room(&replay->bytes, &replay->capacity, need, 1))
        return out_of_memory();
    long long got = journal_file_read(&replay->journal->file, replay->bytes + replay->n, replay->capacity - replay->n,
                                      replay->offset + replay->n);
    if (got > 0)
        replay->n += (size_t)got;
    return got < 0 ? (int)got : got > 0;
}

/* An operation whose last lines are missing never was acknowledged. */
static void forget_rest(struct replay *replay)
{
    struct journal *journal = replay->journal;
    for (size_t i = 0; replay->kind == LINE_DECIDE && i < replay->n_got; i++)
        free_decision(&journal->changes[journal->n_changes + i].standing.decision);
    journal->n_lines -= replay->n_got;
}

int journal_replay(struct journal *journal)
{
    struct replay replay = {.journal = journal, .offset = journal->file.end};
    int rc = 1, done = SELECTAI_OK;
    if (journal->file.fd < 0)
        return SELECTAI_OK;
    while (done == SELECTAI_OK && (rc = read_more(&replay)) > 0)
        done = take_lines(&replay);
    forget_rest(&replay);
    free(replay.bytes);
    return done != SELECTAI_OK ? done : rc;
}
