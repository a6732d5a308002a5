/*
 * review/journal_internal.h: what the journal's files share.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_JOURNAL_INTERNAL_H
#define REVIEW_JOURNAL_INTERNAL_H

#include "journal.h"
#include "journal_file.h"
#include "journal_scan.h"
#include "text.h"

#define JOURNAL_KIND    "selectai-review"
#define JOURNAL_VERSION 1

/* A decision as a line told it. Of each group they form a chain: undo goes back along it. */
struct change {
    struct standing standing;
    size_t slot;
    size_t before;           /* index + 1 of the change that held before; 0: none */
    uint64_t offset, length; /* its line */
};

/* What undo takes back at once: changes[first .. first + n). */
struct operation {
    uint64_t op;
    size_t first, n;
};

/* A group: those of `groups` by their index, then those that are not there any more. */
struct slot {
    size_t current; /* index + 1 of the change that holds; 0: undecided */
    uint64_t revision;
    uint64_t offset, length; /* the last line that names its images; length 0: none */
};

struct id_list {
    char (*ids)[REVIEW_ID];
    size_t n, capacity;
    struct id_table table; /* index of each */
    size_t room;           /* of the table */
};

struct journal {
    struct journal_file file;
    const struct review_groups *groups;
    char *project, created[32];
    int has_header;
    uint64_t n_lines; /* read or written so far */
    uint64_t op;      /* the last number */
    uint64_t revision;
    uint64_t moves;
    struct change *changes;
    size_t n_changes, changes_capacity;
    struct operation *operations;
    size_t n_operations, operations_capacity;
    struct slot *slots; /* groups->n_groups, then the strangers */
    size_t n_slots, slots_capacity;
    struct id_list strangers;
    /* stack[0 .. depth) can be undone, down to the last floor; stack[depth .. top) can be done again. */
    size_t *stack, depth, top, stack_capacity;
    size_t *floors, n_floors, floors_capacity;
};

/* ---- journal_state.c: what lines do ---------------------------------------------------------- */

/* Room for `need` items of `size` bytes. 0: no memory. */
int make_room(void *items, size_t *capacity, size_t need, size_t size);

int state_open(struct journal *journal); /* all slots of groups */
void state_close(struct journal *journal);
/* As if nothing had been read; revisions go on rising. */
void state_reset(struct journal *journal);

/* The group's slot, a new one if nobody knows it. SIZE_MAX: no memory. */
size_t slot_of_id(struct journal *journal, const char *id);
const char *id_of_slot(const struct journal *journal, size_t slot);

/* Room for n changes that are one operation, so that what was written cannot fail to be done. 0: no memory. */
int state_reserve(struct journal *journal, size_t n);
/* The last n changes were added at changes[n_changes] and become an operation. */
void state_decide(struct journal *journal, uint64_t op, size_t n);
/* The operation that would be undone or redone; NULL: none. */
const struct operation *state_to_undo(const struct journal *journal);
const struct operation *state_to_redo(const struct journal *journal);
void state_undo(struct journal *journal);
void state_redo(struct journal *journal);
int state_finalize(struct journal *journal); /* 0: no memory */
void state_undo_finalize(struct journal *journal);

/* ---- journal_replay.c: from the file to the state -------------------------------------------- */

/* Reads on from file.end, as far as operations are complete, and moves the end. */
int journal_replay(struct journal *journal);

/* ---- journal_read.c: a line, taken apart ----------------------------------------------------- */

enum line_kind { LINE_DECIDE, LINE_UNDO, LINE_REDO, LINE_FINALIZE, LINE_UNDO_FINALIZE, LINE_OTHER };

struct line {
    enum line_kind kind;
    uint64_t op, of, batch, n_batch; /* n_batch: lines of the operation, 1 or more */
    struct change change;            /* DECIDE: everything; UNDO, REDO: the slot, its line */
};

/* SELECTAI_OK; else *why tells what is wrong with it. */
int read_line(struct line *out, struct journal *journal, struct span text, const char **why);
int read_header(struct journal *journal, struct span text);

/* ---- journal_decision.c ---------------------------------------------------------------------- */

typedef size_t (*find_image_fn)(const void *of, const char *id);
/* 1: read. 0: not in the form in which lines are written, or not right, or no memory: decision_of_json() tells. */
int read_plain_decision(struct decision *out, struct span text, find_image_fn find, const void *of);

/* ---- journal_lines.c: lines, made ------------------------------------------------------------ */

#define CHECK_MEMBER ",\"check\":\""
uint64_t check_of(const char *bytes, size_t n);

/* [{"id","name","stage"}] of any slot; a new reference, NULL with a message said. */
json_t *images_of_slot(const struct journal *journal, size_t slot);
json_t *json_of_standing(const struct standing *standing, const json_t *images); /* its decision; NULL: undecided */

void time_now(char out[32]);
json_t *begin_line(uint64_t op, const char *time, const char *action);
/* Adds the line with its check value. Takes `line`; 0: no memory. */
int put_line(struct text *out, json_t *line);

struct decide_line {
    uint64_t op, batch;
    size_t n_batch, slot;
    const struct standing *standing; /* what will hold */
    const struct circumstances *circumstances;
};
json_t *line_of_decision(const struct journal *journal, const struct decide_line *what);
/* action: "undo" or "redo"; now: index + 1 of the change that will hold, 0: none. */
json_t *line_of_step(const struct journal *journal, const char *action, const char *time, uint64_t op, uint64_t of,
                     size_t slot, size_t now);
json_t *header_line(const struct journal *journal);
void set_batch(json_t *line, uint64_t batch, size_t n);

#endif
