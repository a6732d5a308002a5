/*
 * review/finalize.c: which run is begun, gone on with, or taken back.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "finalize_private.h"

static void start_result(struct finalize_result *result)
{
    *result = (struct finalize_result){.lock = result->lock, .problems = json_array()};
}

static int nothing(struct finalize_result *result, const char *message)
{
    snprintf(result->message, sizeof result->message, "%s", message);
    return SELECTAI_DONE;
}

static int open_job(struct job *job, struct finalize_result *result, const char *state, uint64_t number,
                    const struct review_groups *groups, struct journal *journal, finalize_progress_fn progress,
                    void *user)
{
    *job = (struct job){.result = result, .journal = journal, .progress = progress, .user = user};
    int rc = read_run(&job->run, state, number, groups);
    result->total = rc == SELECTAI_OK ? job->run.n : 0;
    return rc == SELECTAI_OK
               ? rc
               : refuse(result, rc, state, "the plan's file finalize-%" PRIu64 ".jsonl cannot be used", number);
}

enum standing_of_run { RUN_NONE, RUN_UNFINISHED, RUN_ENDED, RUN_HALF_BACK };

/* The last run that was not taken back; *failed: it ended with steps that failed. */
static enum standing_of_run last_run(const char *state, uint64_t *number, int *failed)
{
    for (*number = UINT64_MAX; (*number = last_run_number(state, *number)) != 0;) {
        struct run_look look;
        if (look_at_run(&look, state, *number) != 0)
            return RUN_UNFINISHED; /* whoever goes on with it will be told */
        *failed = look.failed;
        if (!look.undone)
            return look.undo_begun ? RUN_HALF_BACK : look.ended ? RUN_ENDED : RUN_UNFINISHED;
    }
    return RUN_NONE;
}

int finalize_unfinished(const char *state)
{
    uint64_t number;
    int failed;
    enum standing_of_run standing = last_run(state, &number, &failed);
    return standing == RUN_UNFINISHED || standing == RUN_HALF_BACK;
}

int finalize_can_undo(const char *state)
{
    uint64_t number;
    int failed;
    return last_run(state, &number, &failed) != RUN_NONE;
}

/* A run that never began leaves no plan that others would have to go on with. */
static void forget_run(const char *state, uint64_t number)
{
    char *path = run_file(state, number);
    unlink(path);
    free(path);
}

static uint64_t operations_now(const struct finalize_result *result, const struct journal *journal)
{
    if (result->lock)
        pthread_mutex_lock(result->lock);
    uint64_t now = journal_operations(journal);
    if (result->lock)
        pthread_mutex_unlock(result->lock);
    return now;
}

int run_finalize(struct finalize_result *result, const char *state, const struct review_groups *groups,
                 struct journal *journal, const struct finalize_plan *plan, finalize_progress_fn progress, void *user)
{
    struct job job;
    uint64_t number = last_run_number(state, UINT64_MAX);
    start_result(result);
    if (plan->operation != operations_now(result, journal))
        return refuse(result, SELECTAI_ERR_MISMATCH, groups->root,
                      "decisions were made since the plan: make a new one");
    if (finalize_unfinished(state))
        return refuse(result, SELECTAI_ERR_EXISTS, groups->root,
                      "an earlier run is not ended: resume it or take it back first");
    if (plan->n == 0)
        return nothing(result, "there is nothing to move");
    int rc = write_run(state, groups, plan, number + 1);
    if (rc != SELECTAI_OK)
        return refuse(result, rc, state, "the plan's file cannot be written: nothing was moved");
    rc = open_job(&job, result, state, number + 1, groups, journal, progress, user);
    if (rc != SELECTAI_OK)
        return rc;
    job.run.resumed = 0;
    rc = go_forward(&job);
    if (!job.begun) /* the journal cannot be written, or is another process's */
        forget_run(state, number + 1);
    close_run(&job.run);
    return rc;
}

int resume_finalize(struct finalize_result *result, const char *state, const struct review_groups *groups,
                    struct journal *journal, finalize_progress_fn progress, void *user)
{
    struct job job;
    uint64_t number;
    int failed = 0;
    start_result(result);
    enum standing_of_run standing = last_run(state, &number, &failed);
    if (standing == RUN_NONE || (standing == RUN_ENDED && !failed))
        return nothing(result, "there is no run to go on with");
    int rc = open_job(&job, result, state, number, groups, journal, progress, user);
    if (rc != SELECTAI_OK)
        return rc;
    rc = sweep(&job.run);
    if (rc == SELECTAI_OK)
        rc = (standing == RUN_HALF_BACK ? go_back : go_forward)(&job);
    close_run(&job.run);
    return rc;
}

int undo_finalize(struct finalize_result *result, const char *state, const struct review_groups *groups,
                  struct journal *journal, finalize_progress_fn progress, void *user)
{
    struct job job;
    uint64_t number;
    int failed = 0;
    start_result(result);
    if (last_run(state, &number, &failed) == RUN_NONE)
        return nothing(result, "there is no run to take back");
    int rc = open_job(&job, result, state, number, groups, journal, progress, user);
    if (rc != SELECTAI_OK)
        return rc;
    rc = sweep(&job.run);
    if (rc == SELECTAI_OK)
        rc = go_back(&job);
    close_run(&job.run);
    return rc;
}
