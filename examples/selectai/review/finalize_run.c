/*
 * review/finalize_run.c: goes through the steps of a run, forward or back.
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

static void add_problem(struct finalize_result *result, const char *path, const char *message)
{
    if (!result->problems)
        result->problems = json_array();
    json_array_append_new(result->problems,
                          json_pack("{s:o,s:o}", "path", json_of_bytes(path), "message", json_of_bytes(message)));
}

int refuse(struct finalize_result *result, int code, const char *path, const char *fmt, ...)
{
    char message[STEP_MESSAGE];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    snprintf(result->message, sizeof result->message, "%.250s: %.340s", path, message);
    say("%s", result->message);
    add_problem(result, path, message);
    return code;
}

static int cannot_record(struct job *job, int err)
{
    return refuse(job->result, err == ENOSPC || err == EDQUOT ? SELECTAI_ERR_NO_SPACE : SELECTAI_ERR_IO, "finalize",
                  "the plan's file cannot be written: %s; free some space and resume", strerror(err));
}

/* What killed runs may have left half written, in all folders that the run writes to. */
int sweep(struct run *run)
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
    if (err != 0)
        return cannot_record(job, err);
    return rc == SELECTAI_OK
               ? rc
               : refuse(job->result, rc, "finalize", "the journal cannot be written: %s", selectai_error_name(rc));
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

static int cancelled(struct job *job)
{
    snprintf(job->result->message, sizeof job->result->message, "stopped; go on with it, or take it back");
    return SELECTAI_ERR_CANCELLED;
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
        return fail_step(job, i,
                         step->kind == MOVE_STAGING && job->run.steps[step->lead].kind != MOVE_STAGING
                             ? "stays: what was chosen instead of it could not be moved"
                             : "stays with its picture");
    enum step_outcome outcome = do_step(&job->run, i, message);
    if (outcome != OUTCOME_DONE) {
        job->retry |= outcome == OUTCOME_RETRY;
        return fail_step(job, i, message);
    }
    job->run.states[i] = STEP_DONE;
    return record(job, "done", i, NULL);
}

int go_forward(struct job *job)
{
    int rc = note(job, "finalize", "note", job->run.note_after);
    job->begun = rc == SELECTAI_OK;
    for (size_t i = 0; i < job->run.n && rc == SELECTAI_OK; i++) {
        rc = step_forward(job, i);
        job->result->done = i + 1;
        if (rc == SELECTAI_OK && stopped(job))
            rc = cancelled(job);
    }
    job->result->done -= job->result->failed;
    int err = sync_run(&job->run);
    if (rc == SELECTAI_OK && err != 0)
        rc = cannot_record(job, err);
    return rc == SELECTAI_OK && !job->retry ? record_synced(job, "ended", job->result->done) : rc;
}

/* ---- Back ------------------------------------------------------------------------------------ */

static int step_back(struct job *job, size_t i)
{
    char message[STEP_MESSAGE] = "";
    if (job->run.states[i] == STEP_UNDONE)
        return SELECTAI_OK;
    enum step_outcome outcome = undo_step(&job->run, i, message);
    job->nothing += outcome == OUTCOME_NOTHING;
    if (outcome == OUTCOME_DONE || outcome == OUTCOME_NOTHING) {
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
            unlinkat(fd, last_part(run->folders[i]), AT_REMOVEDIR);
            close(fd);
        }
        free(above);
    }
}

int go_back(struct job *job)
{
    int rc = job->run.undo_begun ? SELECTAI_OK : record_synced(job, "undo", job->run.n);
    for (size_t i = job->run.n; i-- > 0 && rc == SELECTAI_OK;) {
        rc = step_back(job, i);
        job->result->done = job->run.n - i;
        if (rc == SELECTAI_OK && stopped(job))
            rc = cancelled(job);
    }
    job->result->done -= job->result->failed + job->nothing;
    job->result->total -= job->nothing;
    int err = sync_run(&job->run);
    if (rc == SELECTAI_OK && err != 0)
        rc = cannot_record(job, err);
    if (rc != SELECTAI_OK || job->retry)
        return rc;
    remove_empty_folders(&job->run);
    rc = note(job, "undo-finalize", "undo-note", job->run.undo_note_after);
    return rc == SELECTAI_OK ? record_synced(job, "taken-back", job->run.n) : rc;
}
