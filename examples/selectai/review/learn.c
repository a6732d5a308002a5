/*
 * review/learn.c: a ranker that learns from the decisions while they are made: when, and what comes of it.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "learn.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define STATE_FILE    "learned.json"
#define MODELS_FOLDER "models"
#define MOST_EVENTS   200u

struct learner {
    struct session *session;
    struct learn_how how;
    char *cache;
    char *ranker; /* in use; NULL: none */
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t wake;
    int stopping;      /* read without the lock, too */
    const char *state; /* "idle", "training", "off" */
    char message[256];
    uint64_t trained_at; /* operations */
    uint64_t seen;       /* operations */
    json_t *events;
};

/* ---- What an earlier run learned ------------------------------------------------------------- */

static json_t *read_state(const char *state)
{
    char *path = path_of(state, STATE_FILE);
    json_t *json = json_load_file(path, 0, NULL); /* lost or damaged: it is learned again */
    free(path);
    return json;
}

static int same_base(const json_t *json, const char *base)
{
    const char *then = json_string_value(json_object_get(json, "base"));
    char *real = base ? realpath(base, NULL) : NULL;
    int same = base ? then && real && strcmp(then, real) == 0 : then == NULL;
    free(real);
    return same;
}

char *learned_ranker(const char *state, const char *base)
{
    json_t *json = read_state(state);
    const char *name = json_string_value(json_object_get(json, "ranker"));
    char *models = path_of(state, MODELS_FOLDER), *path = NULL;
    if (name && !strchr(name, '/') && same_base(json, base))
        path = path_of(models, name);
    if (path && access(path, R_OK) != 0) {
        free(path);
        path = NULL;
    }
    free(models);
    json_decref(json);
    return path;
}

static void write_state(struct learner *l)
{
    char *path = path_of(l->session->state, STATE_FILE), *base = l->how.base ? realpath(l->how.base, NULL) : NULL;
    const char *slash = l->ranker ? strrchr(l->ranker, '/') : NULL;
    int learned = l->ranker && (!l->how.base || strcmp(l->ranker, l->how.base) != 0);
    json_t *json = json_pack("{s:i, s:o, s:o, s:I, s:O}", "version", 1, "base",
                             base ? json_of_bytes(base) : json_null(), "ranker",
                             learned && slash ? json_of_bytes(slash + 1) : json_null(), "trained_at",
                             (json_int_t)l->trained_at, "events", l->events);
    if (json)
        write_json_file(path, json);
    json_decref(json);
    free(base);
    free(path);
}

/* ---- One lesson ------------------------------------------------------------------------------ */

static int stop_asked(uint64_t done, uint64_t total, const char *stage, void *user)
{
    const struct learner *l = user;
    (void)done, (void)total, (void)stage;
    return __atomic_load_n(&l->stopping, __ATOMIC_RELAXED);
}

static json_t *real_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *event_of(const struct lesson *lesson, int swapped)
{
    char when[32];
    time_t now = time(NULL);
    struct tm utc;
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    return json_pack("{s:s, s:b, s:I, s:I, s:o, s:o, s:o, s:s}", "time", when, "swapped", swapped, "trained",
                     (json_int_t)lesson->n_trained, "held_out", (json_int_t)lesson->n_held_out, "before",
                     real_or_null(lesson->before), "after", real_or_null(lesson->after), "p", real_or_null(lesson->p),
                     "message", lesson->message);
}

/* Saves it and hands it to the suggestions. 1: it is in use now. */
static int use(struct learner *l, struct lesson *lesson, uint64_t operations)
{
    char name[64], *models = path_of(l->session->state, MODELS_FOLDER);
    snprintf(name, sizeof name, "ranker-%llu.safetensors", (unsigned long long)operations);
    mkdir(models, 0777);
    char *path = path_of(models, name);
    free(models);
    int rc = selectai_ranker_save(lesson->ranker, path);
    if (rc != SELECTAI_OK) {
        snprintf(lesson->message, sizeof lesson->message, "it cannot be kept: %.200s", selectai_last_error());
        free(path);
        return 0;
    }
    suggestions_use(l->session->suggestions, lesson->ranker, name);
    lesson->ranker = NULL; /* theirs now */
    pthread_mutex_lock(&l->lock);
    free(l->ranker);
    l->ranker = path;
    pthread_mutex_unlock(&l->lock);
    return 1;
}

/* In the journal, for whoever reads it later; a run of Finalize has the journal for itself. Returns the operations. */
static uint64_t note(struct learner *l, const json_t *event)
{
    struct session *session = l->session;
    pthread_mutex_lock(&session->lock);
    if (!session->moving)
        journal_note(session->journal, "model", event);
    uint64_t operations = session->moving ? l->seen : journal_operations(session->journal);
    pthread_mutex_unlock(&session->lock);
    return operations;
}

static void keep(struct learner *l, json_t *event, uint64_t operations)
{
    pthread_mutex_lock(&l->lock);
    json_array_append_new(l->events, event);
    while (json_array_size(l->events) > MOST_EVENTS)
        json_array_remove(l->events, 0);
    l->trained_at = l->seen = operations;
    l->state = "idle";
    write_state(l);
    pthread_mutex_unlock(&l->lock);
}

static void give_up(struct learner *l, int code)
{
    pthread_mutex_lock(&l->lock);
    l->state = "off";
    snprintf(l->message, sizeof l->message, "%.250s", selectai_last_error());
    say("--learn ends: %s (%s)", l->message, selectai_error_name(code));
    pthread_mutex_unlock(&l->lock);
}

/* 0: there will be no other one. */
static int give_lesson(struct learner *l, uint64_t operations)
{
    struct session *session = l->session;
    struct lesson lesson = {.ranker = NULL};
    char *root = NULL, *project = NULL;
    pthread_mutex_lock(&session->lock); /* the groups may be exchanged */
    root = strdup(session->groups.root);
    project = strdup(session->groups.project);
    pthread_mutex_unlock(&session->lock);
    const struct lesson_how how = {session->state,  root,       project, l->cache, l->ranker, l->how.history,
                                   l->how.projects, stop_asked, l};
    int rc = root && project ? learn_once(&lesson, &how) : SELECTAI_ERR_OUT_OF_MEMORY;
    free(root);
    free(project);
    if (rc == SELECTAI_OK) {
        int swapped = lesson.better && use(l, &lesson, operations);
        json_t *event = event_of(&lesson, swapped);
        keep(l, event, event ? note(l, event) : operations);
    } else if (rc != SELECTAI_ERR_CANCELLED) {
        give_up(l, rc);
    }
    selectai_ranker_destroy(&lesson.ranker);
    return rc == SELECTAI_OK;
}

/* ---- The thread ------------------------------------------------------------------------------ */

/* While files move the journal is not to be looked at. */
static uint64_t count_operations(struct session *session, uint64_t otherwise)
{
    pthread_mutex_lock(&session->lock);
    uint64_t n = session->moving ? otherwise : journal_operations(session->journal);
    pthread_mutex_unlock(&session->lock);
    return n;
}

static void wait_a_second(struct learner *l)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    pthread_mutex_lock(&l->lock);
    if (!l->stopping)
        pthread_cond_timedwait(&l->wake, &l->lock, &until);
    pthread_mutex_unlock(&l->lock);
}

static void *run(void *user)
{
    struct learner *l = user;
    int goes_on = 1;
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 19); /* of this thread alone, on Linux */
    while (goes_on && !__atomic_load_n(&l->stopping, __ATOMIC_RELAXED)) {
        uint64_t operations = count_operations(l->session, l->seen);
        pthread_mutex_lock(&l->lock);
        l->seen = operations;
        int due = operations >= l->trained_at + l->how.every;
        if (due)
            l->state = "training";
        pthread_mutex_unlock(&l->lock);
        if (due)
            goes_on = give_lesson(l, operations);
        else
            wait_a_second(l);
    }
    return NULL;
}

/* ---- From start to stop ---------------------------------------------------------------------- */

int learner_start(struct learner **out, struct session *session, const struct learn_how *how)
{
    struct learner *l = calloc(1, sizeof *l);
    json_t *before = read_state(session->state), *events = json_object_get(before, "events");
    if (l) {
        *l = (struct learner){.session = session, .how = *how, .state = "idle"};
        l->cache = how->cache ? strdup(how->cache) : NULL;
        l->ranker = how->ranker ? strdup(how->ranker) : NULL;
        l->events = json_is_array(events) && same_base(before, how->base) ? json_incref(events) : json_array();
        l->trained_at = same_base(before, how->base)
                            ? (uint64_t)json_integer_value(json_object_get(before, "trained_at"))
                            : 0;
        l->seen = l->trained_at;
        pthread_mutex_init(&l->lock, NULL);
        pthread_cond_init(&l->wake, NULL);
    }
    json_decref(before);
    if (!l || pthread_create(&l->thread, NULL, run, l) != 0) {
        say("out of memory");
        if (l)
            json_decref(l->events);
        free(l);
        return EXIT_FAILED;
    }
    *out = l;
    return EXIT_DONE;
}

void learner_stop(struct learner **learner)
{
    struct learner *l = *learner;
    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    __atomic_store_n(&l->stopping, 1, __ATOMIC_RELAXED);
    pthread_cond_broadcast(&l->wake);
    pthread_mutex_unlock(&l->lock);
    pthread_join(l->thread, NULL);
    json_decref(l->events);
    free(l->ranker);
    free(l->cache);
    pthread_mutex_destroy(&l->lock);
    pthread_cond_destroy(&l->wake);
    free(l);
    *learner = NULL;
}

json_t *learner_json(struct learner *l)
{
    pthread_mutex_lock(&l->lock);
    json_t *json = json_pack("{s:s, s:I, s:I, s:o, s:o}", "state", l->state, "decisions", (json_int_t)l->seen,
                             "next_at", (json_int_t)(l->trained_at + l->how.every), "message",
                             l->message[0] ? json_of_bytes(l->message) : json_null(), "events",
                             json_deep_copy(l->events));
    pthread_mutex_unlock(&l->lock);
    return json;
}

uint32_t learner_every(const struct learner *l)
{
    return l->how.every;
}
