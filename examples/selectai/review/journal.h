/*
 * review/journal.h: the append-only journal of decisions, which is the truth: what is decided now is what its lines
 * say.
 *
 * A line is appended with one write() and fsync() before anybody is told that a decision was made. A last line that was
 * cut off by a crash never was a decision: it is set aside (journal.jsonl.torn-<op>), not guessed at. docs/review.md
 * describes the lines.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_JOURNAL_H
#define REVIEW_JOURNAL_H

#include "decision.h"

/*
 * Thread-safety: none; the session's lock guards it. An error of one call leaves the state as it was (the line is taken
 * off again if it was written in part), so the next call can succeed: a disk that is full becomes free again.
 */
struct journal;

/* Where a group stands. */
struct standing {
    struct decision decision;
    uint64_t op; /* the operation that made it; 0: none */
    enum source source;
    int agreed; /* 1: what was suggested was decided, winner alone; 0: not; -1: there was no suggestion, or no pick */
    double seconds; /* the person's, on this group; NaN: not known */
    char time[32];  /* "2026-11-28T04:01:02.345Z" */
};

/* What surrounded a decision, for those who read the journal. Borrowed for the call. */
struct circumstances {
    enum source source;
    double seconds;    /* NaN: not known */
    const char *model; /* id of the ranker whose suggestion was shown; NULL: none */
    const json_t
        *suggestion;     /* {"winner":"<image id>","probabilities":[...],"keep":p|null,"crop":{box}|null}; NULL: none */
    const json_t *shown; /* ids of images in the order in which they were on screen; NULL: stage order */
    int agreed;          /* as in struct standing */
};

/*
 * Opens `folder`/journal.jsonl, makes it where it is missing, takes the lock (folder/lock), replays. Where another
 * process has the lock: opens it to read only, *read_only = 1. Lines about groups that are not there any more (moved,
 * deleted) are kept and counted. A journal of another project or with damaged lines in its middle is refused: the
 * message names file and line. SELECTAI_OK or an error code, the message goes to stderr by say().
 */
int journal_open(struct journal **out, const char *folder, const struct review_groups *groups, int *read_only);
void journal_close(struct journal **journal);

/* Of a read-only one: reads what the writer appended since. Number of groups that changed, or a negative code. */
int journal_follow(struct journal *journal);

const struct standing *journal_standing(const struct journal *journal, size_t group);

/* Appends; *op gets the operation's number. `decision` is copied. UNDECIDED takes a decision back by name. Deciding
 * what is decided already, the same way, is fine and is written. */
int journal_decide(struct journal *journal, uint64_t *op, size_t group, const struct decision *decision,
                   const struct circumstances *circumstances);

/* Several groups as one operation, one undo; one write, one fsync. */
int journal_decide_all(struct journal *journal, uint64_t *op, const size_t *groups, const struct decision *decisions,
                       const struct circumstances *circumstances, size_t n);

/* Takes back the last operation that is not undone, or does the last undone one again (a new decision ends that).
 * *group: the first group concerned, *n how many. SELECTAI_DONE: there is none. Both survive a restart. */
int journal_undo(struct journal *journal, uint64_t *op, size_t *group, size_t *n);
int journal_redo(struct journal *journal, uint64_t *op, size_t *group, size_t *n);
int journal_can_undo(const struct journal *journal);
int journal_can_redo(const struct journal *journal);

/* A line that is no decision, {"op","time","action":action, ...more}: "finalize", "undo-finalize", "model". They cannot
 * be undone by undo; `more` is borrowed. After "finalize" nothing before it can be undone, until "undo-finalize". */
int journal_note(struct journal *journal, const char *action, const json_t *more);

/* Rises with every change of any group; tells which group's standing changed after a revision. */
uint64_t journal_revision(const struct journal *journal);
uint64_t journal_group_revision(const struct journal *journal, size_t group);
uint64_t journal_operations(const struct journal *journal); /* the last number given */
uint64_t journal_moves(const struct journal *journal);   /* how often files were moved: "finalize", "undo-finalize" */
size_t journal_strangers(const struct journal *journal); /* lines about groups that are not there */

#endif
