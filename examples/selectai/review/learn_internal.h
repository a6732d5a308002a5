/*
 * review/learn_internal.h: what the learner's files share.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_LEARN_INTERNAL_H
#define REVIEW_LEARN_INTERNAL_H

#include "ids.h"
#include "learn.h"

#define MODELS_FOLDER "models"       /* in the state folder */
#define LEARNED_FILE  "learned.json" /* beside it: what is in use, and the events */

/* With fewer, one lucky guess would exchange the ranker. */
#define MIN_HELD_OUT 10u

/* Instead of an error code: the message went to stderr, the library knows none. */
#define LEARN_SAID SELECTAI_DONE

enum learn_state { LEARN_IDLE, LEARN_TRAINING, LEARN_COMPARING, LEARN_OFF };

/* `lock` guards what the page is told, and `stopping`; the rest is the thread's. The session's lock is never taken
 * while it is held. */
struct learner {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    int running, stopping;
    struct session *session;
    struct learn_how how;
    char *root, *project, *cache, *folder; /* copies: a new scan of the folder exchanges the session's */
    selectai_ranker *base;                 /* that every training goes on from; NULL: from the start */
    selectai_ranker *current;              /* in use; NULL: none, the highest stage is suggested */
    char *current_path;
    char base_id[ID_TEXT]; /* of the ranker that was given; "": none was */
    uint64_t trained_op;   /* decisions up to this one were looked at by the last training */
    /* For the page. */
    enum learn_state state;
    char message[300];
    size_t decisions, next_at;
    json_t *events;
};

int learner_stopping(struct learner *learner);
void learner_tell(struct learner *learner, enum learn_state state, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- learn_state.c: what survives a restart -------------------------------------------------- */

/* Reads the file; what is missing or damaged begins anew, and that is said. Sets trained_op, events and, where it may
 * be used, current_path. */
void read_learned(struct learner *learner);
/* Whole or not at all. EXIT_DONE, or EXIT_FAILED with a message. */
int write_learned(struct learner *learner);
/* state/models, which must be no link; the same of files in it that are written. EXIT_DONE or EXIT_FAILED. */
int make_models_folder(const struct learner *learner);
int may_be_written(const char *path);
/* A hash of what a ranker tells about itself, which tells two trainings apart; "" for NULL. */
void ranker_id(char out[ID_TEXT], const selectai_ranker *ranker);

/* ---- learn_data.c: what was decided, divided ------------------------------------------------- */

/* Every fourth group, always the same ones: by digits of its id, which is a hash. */
int is_held_out(const char *group_id);

/* Decisions that count: each group with its last one; those that were approved many at once, unseen, do not. */
struct learn_counts {
    size_t decided;  /* picked or rejected */
    size_t changed;  /* of them since `since` */
    size_t held_out; /* picked, with losers, held out */
};
struct journal;
void count_decisions_since(struct learn_counts *out, const struct journal *journal, uint64_t since);

struct learn_data {
    selectai_trainset *all; /* own and history */
    selectai_trainset *training, *held_out;
    uint64_t n_own; /* decisions made here that are trained on */
    uint64_t op;    /* the last operation that is in it */
};
/* From the journal's file, without the session's lock. SELECTAI_OK or an error code. */
int load_learn_data(struct learn_data *out, struct learner *learner);
void free_learn_data(struct learn_data *data);

/* ---- learn_train.c --------------------------------------------------------------------------- */

struct verdict {
    uint64_t trained;     /* decisions made here that it learned from */
    int better;           /* 1: the candidate is to be used */
    uint64_t held_out;    /* decisions that were compared */
    double before, after; /* shares of them whose winner was named first */
    double p;             /* NaN: not tested */
    char message[200];
};
int train_candidate(selectai_ranker **out, struct learner *learner, const struct learn_data *data,
                    const selectai_embedding_cache *cache);
int judge_candidate(struct verdict *out, const struct learner *learner, const selectai_ranker *candidate,
                    const struct learn_data *data, const selectai_embedding_cache *cache);
/* The callback by which everything is broken off when the program ends. */
int learn_progress(uint64_t done, uint64_t total, const char *stage, void *user);

#endif
