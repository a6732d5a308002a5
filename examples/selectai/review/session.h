/*
 * review/session.h: everything that one running review holds, and what may be asked of it. HTTP knows only this.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_SESSION_H
#define REVIEW_SESSION_H

#include <pthread.h>

#include "finalize.h"
#include "journal.h"
#include "suggestions.h"

struct pictures;
struct learner;

struct session {
    pthread_mutex_t lock; /* of everything below; held for microseconds, but for an fsync */
    struct review_groups groups;
    struct journal *journal;
    struct suggestions *suggestions;
    struct pictures *pictures; /* has its own lock */
    struct learner *learner;   /* NULL: --learn was not given */
    char *state;               /* the state folder */
    json_t *keys;              /* {"approve":["Enter","a"],...}: docs/review-protocol.md */
    int read_only;             /* another process has the journal */
    /* The window that decides: the first that claims it; another one may take it over, or takes it after 15 s silence.
     */
    char writer[33];
    double writer_seen;
    double min_confidence;
    const char *cropper; /* its file, as given; NULL: none */
    size_t cursor;       /* the group on screen, for a restart */
    size_t kept_cursor;  /* that is written down; NO_INDEX: none */
    uint64_t kept_op;    /* ... with the journal's last operation then */
    struct selectai_group_options group;
    struct choice choice; /* of files; root NULL: the whole folder */
    /* Finalize, or taking it back, runs in its own thread; meanwhile nothing can be decided. */
    int moving; /* 0, or 1 */
    size_t moved, to_move;
    json_t *moved_result; /* of the last run; NULL: none */
    uint64_t epoch;       /* rises when the groups were scanned anew: clients load everything again */
};

struct session_how {
    const char *folder;  /* that is reviewed, or a list of files: see choice.h */
    const char *project; /* NULL: the folder's name */
    const char *state;   /* the state folder; NULL: ".selectai-review" in the folder */
    const char *keys;    /* a file; NULL: the defaults */
    const struct selectai_group_options *group;
    int looks_back; /* 1: nothing will be decided, so an earlier review must be there; none is begun */
};

/*
 * Scans, reads the journal, finds where the last run was. No suggestions, pictures or learner yet. EXIT_DONE or
 * EXIT_FAILED with a message.
 */
int session_open(struct session *session, const struct session_how *how);
void session_close(struct session *session);

/* The group that a restart begins with is written down where it has changed: "cursor" in the state folder. */
void session_keep_cursor(struct session *session);

/* Scans the folder again and goes on with what is there now; epoch rises. Called under the lock, while nothing moves.
 * SELECTAI_OK, or an error code and everything is as it was. */
int session_reload(struct session *session);

#endif
