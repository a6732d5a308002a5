/*
 * review/finalize_run.c: carries a plan out, goes on with it, takes it back.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "finalize_private.h"
#include "verbs.h"

#define STEPS_A_SYNC 256

struct job {
    struct finalize_result *result;
    struct run run;
    struct journal *journal;
    finalize_progress_fn progress;
    void *user;
    int retry; /* a step failed that may succeed later */
};

void add_problem(struct finalize_result *result, const char *path, const char *message)
{
    if (!result->problems)
        result->problems = json_array();
    json_array_append_new(result->problems,
                          json_pack("{s:o,s:o}", "path", json_of_bytes(path), "message", json_of_bytes(message)));
}

static int refuse(struct finalize_result *result, int code, const char *path, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static int refuse(struct finalize_result *result, int code, const char *path, const char *fmt, ...)
{
    char message[STEP_MESSAGE];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    say("%s: %s", path, message);
    add_problem(result, path, message);
    return code;
}

static int cannot_record(struct job *job, int err)
{
    return refuse(job->result, err == ENOSPC || err == EDQUOT ? SELECTAI_ERR_NO_SPACE : SELECTAI_ERR_IO, "finalize",
                  "the plan's file cannot be written: %s; free some space and resume", strerror(err));
}

static void start_result(struct finalize_result *result)
{
    *result = (struct finalize_result){.lock = result->lock, .problems = json_array()};
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

/* What killed runs may have left half written, in all folders that the run writes to. */
static int sweep(struct run *run)
{
    struct name_set seen = {0};
    char prefix[48];
    int rc = SELECTAI_OK;
    snprintf(prefix, sizeof prefix, ".finalize-%" PRIu64 "-", run->number);
    for (size_t i = 0; i < 2 * run->n && rc == SELECTAI_OK; i++) {
        char *folder = folder_in_path(i % 2 ? run->steps[i / 2].from : run->steps[i / 2].to);
        int added = folder ? name_set_add(&seen, folder) : -1;
        if (added > 0)
            remove_parts(run->root, folder, prefix);
        free(folder);
        rc = added < 0 ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK;
    }
    name_set_free(&seen);
    return rc;
}

static json_t *note_of(const struct job *job)
{
    char name[48];
    snprintf(name, sizeof name, "finalize-%" PRIu64 ".jsonl", job->run.number);
    return json_pack("{s:I,s:s,s:I,s:I,s:O}", "run", (json_int_t)job->run.number, "file", name, "steps",
                     (json_int_t)job->run.n, "failed", (json_int_t)job->result->failed, "counts", job->run.counts);
}

/*
 * Once: our file says first after which operation the note comes, so that a run that was killed in between knows
 * whether it is there. (Nobody decides before an unfinished run is resumed or taken back; if somebody did, a note is
 * taken to be there.)
 */
static int note(struct job *job, const char *action, const char *key, json_int_t after)
{
    json_t *more = note_of(job);
    if (!more)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    if (job->result->lock)
        pthread_mutex_lock(job->result->lock);
    uint64_t now = journal_operations(job->journal);
    int there = after >= 0 && now > (uint64_t)after, rc = SELECTAI_OK;
    int err = there || after >= 0 ? 0 : append_line(&job->run, key, (size_t)now, NULL);
    if (err == 0)
        err = sync_run(&job->run);
    if (err == 0 && !there)
        rc = journal_note(job->journal, action, more);
    if (job->result->lock)
        pthread_mutex_unlock(job->result->lock);
    json_decref(more);
    return err == 0 ? rc : cannot_record(job, err);
}

/* One line in the file, and every now and then a sync. */
static int record(struct job *job, const char *key, size_t i, const char *message)
{
    int err = append_line(&job->run, key, i, message);
    if (err == 0 && job->run.unsynced >= STEPS_A_SYNC)
        err = sync_run(&job->run);
    return err == 0 ? SELECTAI_OK : cannot_record(job, err);
}

static int record_synced(struct job *job, const char *key, size_t i)
{
    int rc = record(job, key, i, NULL), err = rc == SELECTAI_OK ? sync_run(&job->run) : 0;
    return err == 0 ? rc : cannot_record(job, err);
}

static int stopped(struct job *job)
{
    return job->progress && job->progress(job->result->done, job->result->total, job->user) != 0;
}

/* ---- Forward --------------------------------------------------------------------------------- */

/* A step that the file calls done is done, unless the machine went down before it was on the disk. */
static int is_done(const struct run *run, size_t i)
{
    struct stat st;
    if (run->states[i] != STEP_DONE)
        return 0;
    return stat_below(run->root, run->steps[i].to, &st) == 0 || stat_below(run->root, run->steps[i].from, &st) != 0;
}

static int fail_step(struct job *job, size_t i, const char *message)
{
    job->run.states[i] = STEP_FAILED;
    job->result->failed++;
    add_problem(job->result, job->run.steps[i].from, message);
    return record(job, "failed", i, message);
}

static int step_forward(struct job *job, size_t i)
{
    char message[STEP_MESSAGE] = "";
    const struct planned *step = &job->run.steps[i];
    if (is_done(&job->run, i))
        return SELECTAI_OK;
    if (step->lead != i && job->run.states[step->lead] != STEP_DONE)
        return fail_step(job, i, "stays with its picture");
    enum step_outcome outcome = do_step(&job->run, i, message);
    if (outcome != OUTCOME_DONE) {
        job->retry |= outcome == OUTCOME_RETRY;
        return fail_step(job, i, message);
    }
    job->run.states[i] = STEP_DONE;
    return record(job, "done", i, NULL);
}

static int go_forward(struct job *job)
{
    int rc = note(job, "finalize", "note", job->run.note_after);
    for (size_t i = 0; i < job->run.n && rc == SELECTAI_OK; i++) {
        rc = step_forward(job, i);
        job->result->done = i + 1;
        if (rc == SELECTAI_OK && stopped(job))
            rc = SELECTAI_ERR_CANCELLED;
    }
    job->result->done -= job->result->failed;
    int err = sync_run(&job->run);
    if (rc == SELECTAI_OK && err != 0)
        rc = cannot_record(job, err);
    return rc == SELECTAI_OK && !job->retry ? record_synced(job, "ended", job->run.n) : rc;
}

/* ---- Back ------------------------------------------------------------------------------------ */

static int step_back(struct job *job, size_t i)
{
    char message[STEP_MESSAGE] = "";
    if (job->run.states[i] == STEP_UNDONE)
        return SELECTAI_OK;
    enum step_outcome outcome = undo_step(&job->run, i, message);
    if (outcome == OUTCOME_DONE) {
        job->run.states[i] = STEP_UNDONE;
        return record(job, "undone", i, NULL);
    }
    job->retry |= outcome == OUTCOME_RETRY;
    job->run.states[i] = STEP_STAYS;
    job->result->failed++;
    add_problem(job->result, job->run.steps[i].from, message);
    return record(job, "stays", i, message);
}

/* Folders that the run made go if nothing is in them. */
static void remove_empty_folders(const struct run *run)
{
    for (size_t i = run->n_folders; i-- > 0;) {
        char *above = folder_in_path(run->folders[i]);
        int fd = above ? open_folder_below(run->root, above, 0) : -1;
        if (fd >= 0) {
            unlinkat(fd, name_in_path(run->folders[i]), AT_REMOVEDIR);
            close(fd);
        }
        free(above);
    }
}

static int go_back(struct job *job)
{
    int rc = job->run.undo_begun ? SELECTAI_OK : record_synced(job, "undo", job->run.n);
    for (size_t i = job->run.n; i-- > 0 && rc == SELECTAI_OK;) {
        rc = step_back(job, i);
        job->result->done = job->run.n - i;
        if (rc == SELECTAI_OK && stopped(job))
            rc = SELECTAI_ERR_CANCELLED;
    }
    job->result->done -= job->result->failed;
    int err = sync_run(&job->run);
    if (rc == SELECTAI_OK && err != 0)
        rc = cannot_record(job, err);
    if (rc != SELECTAI_OK || job->retry)
        return rc;
    remove_empty_folders(&job->run);
    rc = note(job, "undo-finalize", "undo-note", job->run.undo_note_after);
    return rc == SELECTAI_OK ? record_synced(job, "taken-back", job->run.n) : rc;
}

/* ---- Which run ------------------------------------------------------------------------------- */

enum standing_of_run { RUN_NONE, RUN_UNFINISHED, RUN_ENDED, RUN_HALF_BACK };

/* The last run that was not taken back; *failed: it ended with steps that failed. */
static enum standing_of_run last_run(const char *state, uint64_t *number, int *failed)
{
    enum standing_of_run standing = RUN_NONE;
    for (*number = UINT64_MAX; standing == RUN_NONE && (*number = last_run_number(state, *number)) != 0;) {
        struct run run;
        if (read_run(&run, state, *number, NULL) != SELECTAI_OK)
            return RUN_UNFINISHED; /* whoever goes on with it will be told */
        if (!run.undone)
            standing = run.undo_begun ? RUN_HALF_BACK : run.ended ? RUN_ENDED : RUN_UNFINISHED;
        *failed = memchr(run.states, STEP_FAILED, run.n) != NULL;
        close_run(&run);
    }
    return standing;
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

int run_finalize(struct finalize_result *result, const char *state, const struct review_groups *groups,
                 struct journal *journal, const struct finalize_plan *plan, finalize_progress_fn progress, void *user)
{
    struct job job;
    uint64_t number = last_run_number(state, UINT64_MAX);
    start_result(result);
    if (plan->operation != journal_operations(journal))
        return refuse(result, SELECTAI_ERR_MISMATCH, groups->root,
                      "decisions were made since the plan: make a new one");
    if (finalize_unfinished(state))
        return refuse(result, SELECTAI_ERR_EXISTS, groups->root,
                      "an earlier run is not ended: resume it or take it back first");
    if (plan->n == 0)
        return SELECTAI_DONE;
    int rc = write_run(state, groups, plan, number + 1);
    if (rc != SELECTAI_OK)
        return refuse(result, rc, state, "the plan's file cannot be written: nothing was moved");
    rc = open_job(&job, result, state, number + 1, groups, journal, progress, user);
    if (rc != SELECTAI_OK)
        return rc;
    job.run.resumed = 0;
    rc = go_forward(&job);
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
        return SELECTAI_DONE;
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
        return SELECTAI_DONE;
    int rc = open_job(&job, result, state, number, groups, journal, progress, user);
    if (rc != SELECTAI_OK)
        return rc;
    rc = sweep(&job.run);
    if (rc == SELECTAI_OK)
        rc = go_back(&job);
    close_run(&job.run);
    return rc;
}
