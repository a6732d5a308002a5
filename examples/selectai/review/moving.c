/*
 * review/moving.c: Finalize, going on with it, and taking it back, in a thread of its own. While session->moving is set
 * nobody else uses the journal, and the groups stay as they are.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <signal.h>
#include <stdlib.h>

#include "http.h"
#include "verbs.h"

struct mover {
    struct session *session;
    pthread_t thread;
    int has_thread; /* to be joined */
    int stop;       /* atomic */
    enum movement what;
    struct finalize_plan plan;
};

struct mover *mover_open(struct session *session)
{
    struct mover *mover = calloc(1, sizeof *mover);
    if (mover)
        mover->session = session;
    return mover;
}

static void join(struct mover *mover)
{
    if (mover->has_thread)
        pthread_join(mover->thread, NULL);
    mover->has_thread = 0;
    free_plan(&mover->plan);
    mover->plan = (struct finalize_plan){0};
}

void mover_close(struct mover **mover)
{
    if (*mover) {
        __atomic_store_n(&(*mover)->stop, 1, __ATOMIC_RELAXED);
        join(*mover);
    }
    free(*mover);
    *mover = NULL;
}

static int on_progress(size_t done, size_t total, void *user)
{
    struct mover *mover = user;
    pthread_mutex_lock(&mover->session->lock);
    mover->session->moved = done;
    mover->session->to_move = total;
    pthread_mutex_unlock(&mover->session->lock);
    return __atomic_load_n(&mover->stop, __ATOMIC_RELAXED);
}

static int run(struct mover *mover, struct finalize_result *result)
{
    struct session *session = mover->session;
    if (mover->what == FINALIZE)
        return run_finalize(result, session->state, &session->groups, session->journal, &mover->plan, on_progress,
                            mover);
    return (mover->what == RESUME_FINALIZE ? resume_finalize : undo_finalize)(result, session->state, &session->groups,
                                                                              session->journal, on_progress, mover);
}

/* Takes result->problems. */
static json_t *json_of_result(const struct mover *mover, int rc, const struct finalize_result *result)
{
    static const char *const names[] = {"finalize", "resume-finalize", "undo-finalize"};
    json_t *problems = result->problems ? result->problems : json_array();
    return json_pack("{s:s, s:I, s:I, s:I, s:o, s:o}", "what", names[mover->what], "done", (json_int_t)result->done,
                     "total", (json_int_t)result->total, "failed", (json_int_t)result->failed, "problems", problems,
                     "error", rc == SELECTAI_OK ? json_null() : json_of_bytes(result->message));
}

static void finish(struct mover *mover, int rc, const struct finalize_result *result)
{
    struct session *session = mover->session;
    pthread_mutex_lock(&session->lock);
    json_decref(session->moved_result);
    session->moved_result = json_of_result(mover, rc, result);
    /* When the program ends there is nothing to be scanned for. */
    if (!__atomic_load_n(&mover->stop, __ATOMIC_RELAXED) && session_reload(session) != SELECTAI_OK)
        say("the folder cannot be scanned again: %s", selectai_last_error());
    session->moving = 0;
    pthread_mutex_unlock(&session->lock);
}

static void *move(void *user)
{
    struct mover *mover = user;
    struct finalize_result result = {0};
    int rc = run(mover, &result);
    finish(mover, rc, &result);
    return NULL;
}

int mover_start(struct mover *mover, enum movement what, struct finalize_plan *plan)
{
    struct session *session = mover->session;
    join(mover); /* of the last run, which has ended: nothing is moving */
    mover->what = what;
    if (plan)
        mover->plan = *plan;
    session->moving = 1;
    session->moved = 0;
    session->to_move = plan ? plan->n : 0;
    mover->has_thread = pthread_create(&mover->thread, NULL, move, mover) == 0;
    session->moving = mover->has_thread;
    return mover->has_thread ? 0 : -1;
}

void busy_begin(struct session *session)
{
    session->moving = 1;
    session->moved = session->to_move = 0;
    pthread_mutex_unlock(&session->lock);
}

void busy_end(struct session *session)
{
    pthread_mutex_lock(&session->lock);
    session->moving = 0;
}
