/*
 * examples/selectai/sample/sample.c: makes the whole sample: checks, folders, threads, counts.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "sample.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "write_group.h"

#define GROUPS_MAX  100000
#define THREADS_MAX 64

/* Shared by the workers; everything below the lock is guarded by it. */
struct work {
    const char *dir;
    const struct plan *plan;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    uint32_t next, done, running;
    int stop;
    struct failure failure;
};

static void *worker(void *user)
{
    struct work *w = user;
    pthread_mutex_lock(&w->lock);
    while (!w->stop && w->next < w->plan->n_total) {
        struct group *g = &w->plan->groups[w->next++];
        struct failure failure = {SELECTAI_OK, ""};
        pthread_mutex_unlock(&w->lock);
        int code = write_group(w->dir, w->plan, g, &failure);
        pthread_mutex_lock(&w->lock);
        w->done++;
        if (code != SELECTAI_OK) {
            failure_set(&w->failure, code, "%s", failure.text);
            w->stop = 1;
        }
        pthread_cond_signal(&w->moved);
    }
    w->running--;
    pthread_cond_signal(&w->moved);
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* Reports from the calling thread until the last worker has gone. */
static void watch(struct work *w, sample_progress_fn progress, void *user)
{
    uint32_t seen = UINT32_MAX;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (w->running > 0 && w->done == seen) {
            pthread_cond_wait(&w->moved, &w->lock);
        }
        uint32_t done = w->done, running = w->running;
        int stop = w->stop;
        pthread_mutex_unlock(&w->lock);
        int cancel = progress && done != seen && !stop && progress(done, w->plan->n_total, user);
        pthread_mutex_lock(&w->lock);
        seen = done;
        if (cancel) {
            failure_set(&w->failure, SELECTAI_ERR_CANCELLED, "%s: cancelled; nothing was left there", w->dir);
            w->stop = 1;
        }
        if (running == 0) {
            break;
        }
    }
    pthread_mutex_unlock(&w->lock);
}

static uint32_t count_threads(uint32_t wanted, uint32_t jobs)
{
    long online = wanted ? (long)wanted : sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t n = online < 1 ? 1 : online > THREADS_MAX ? THREADS_MAX : (uint32_t)online;
    return n < jobs ? n : jobs;
}

static int write_groups(const char *dir, const struct plan *p, uint32_t threads, sample_progress_fn progress,
                        void *user, struct failure *f)
{
    pthread_t ids[THREADS_MAX];
    uint32_t started = 0, wanted = count_threads(threads, p->n_total);
    struct work w;
    memset(&w, 0, sizeof w);
    w.dir = dir;
    w.plan = p;
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.moved, NULL);
    pthread_mutex_lock(&w.lock);
    while (started < wanted && pthread_create(&ids[started], NULL, worker, &w) == 0) {
        started++;
    }
    w.running = started;
    if (started == 0) {
        failure_set(&w.failure, SELECTAI_ERR_OUT_OF_MEMORY, "%s: no thread could be started; close other programs",
                    dir);
    }
    pthread_mutex_unlock(&w.lock);
    if (started > 0) {
        watch(&w, progress, user);
    }
    for (uint32_t i = 0; i < started; i++) {
        pthread_join(ids[i], NULL);
    }
    pthread_cond_destroy(&w.moved);
    pthread_mutex_destroy(&w.lock);
    if (w.failure.code != SELECTAI_OK) {
        failure_set(f, w.failure.code, "%s", w.failure.text);
    }
    return w.failure.code;
}

static int make_folder(const char *dir, const char *name, struct failure *f)
{
    char path[PATH_SIZE];
    int code = files_join(path, dir, name, f);
    return code == SELECTAI_OK ? files_mkdir(path, f) : code;
}

static int make_folders(const char *dir, const struct plan *p, struct failure *f)
{
    char name[64];
    int code = make_folder(dir, "raw", f);
    if (code == SELECTAI_OK) {
        code = make_folder(dir, "final", f);
    }
    for (int i = 0; i < FOLDERS && code == SELECTAI_OK; i++) {
        snprintf(name, sizeof name, "raw/%s", p->folders[i]);
        code = make_folder(dir, name, f);
    }
    for (int i = 0; i < SCENE_KINDS && code == SELECTAI_OK; i++) {
        snprintf(name, sizeof name, "final/%s", scene_name(i));
        code = make_folder(dir, name, f);
    }
    return code;
}

static void count_group(struct sample_counts *n, const struct group *g)
{
    int best = -1;
    for (int i = 0; i < g->n; i++) {
        const struct picture *p = &g->pictures[i];
        n->raw_images += g->extra != EXTRA_ORPHAN && g->extra != EXTRA_HIDDEN;
        n->final_images += (uint32_t)p->chosen;
        n->cropped += (uint32_t)(p->chosen && p->cropped);
        best = p->chosen ? i : best;
    }
    if (g->extra == EXTRA_NONE) {
        n->groups++;
        n->rejected += (uint32_t)g->rejected;
        n->anomalies += best >= 0 && best < g->n - 1;
    }
}

static int check(const char *dir, const struct sample_options *o, struct failure *f)
{
    if (!dir || !*dir) {
        return failure_set(f, SELECTAI_ERR_INVALID_ARGUMENT, "no output folder given; name one");
    }
    if (o->groups > GROUPS_MAX) {
        return failure_set(f, SELECTAI_ERR_INVALID_ARGUMENT, "%u groups: give 1 to %u", (unsigned)o->groups,
                           GROUPS_MAX);
    }
    if (o->size && (o->size < 256 || o->size > 2048)) {
        return failure_set(f, SELECTAI_ERR_INVALID_ARGUMENT, "size %u: give 256 to 2048 pixels", (unsigned)o->size);
    }
    return SELECTAI_OK;
}

int sample_generate(struct sample_counts *counts, const char *dir, const struct sample_options *options,
                    sample_progress_fn progress, void *user, char *err, size_t err_size)
{
    static const struct sample_options defaults = {0, 0, 0, 0, NULL};
    const struct sample_options *o = options ? options : &defaults;
    struct failure failure = {SELECTAI_OK, ""};
    struct sample_counts n;
    struct plan plan;
    int made = 0, ours = 0;
    memset(&n, 0, sizeof n);
    memset(&plan, 0, sizeof plan);
    int code = check(dir, o, &failure);
    if (code == SELECTAI_OK && (code = plan_create(&plan, o)) != SELECTAI_OK) {
        failure_set(&failure, code, "out of memory; ask for fewer groups");
    }
    if (code == SELECTAI_OK) {
        code = files_prepare(dir, &made, &failure);
        ours = code == SELECTAI_OK;
    }
    if (code == SELECTAI_OK) {
        code = make_folders(dir, &plan, &failure);
    }
    if (code == SELECTAI_OK) {
        code = write_groups(dir, &plan, o->threads, progress, user, &failure);
    }
    for (uint32_t i = 0; i < plan.n_total && code == SELECTAI_OK; i++) {
        count_group(&n, &plan.groups[i]);
    }
    if (code == SELECTAI_OK) {
        code = truth_write(dir, &plan, &n, &failure);
    }
    if (code != SELECTAI_OK && ours) {
        files_take_back(dir, made);
    }
    if (code != SELECTAI_OK && err && err_size > 0) {
        snprintf(err, err_size, "%s", failure.text);
    } else if (code == SELECTAI_OK && counts) {
        *counts = n;
    }
    plan_destroy(&plan);
    return code;
}
