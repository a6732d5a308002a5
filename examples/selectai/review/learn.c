/*
 * review/learn.c: the thread that learns, and what it tells.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "learn.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "journal_internal.h"
#include "learn_internal.h"

/* ---- What the page is told ------------------------------------------------------------------- */

int learner_stopping(struct learner *l)
{
    return __atomic_load_n(&l->stopping, __ATOMIC_RELAXED);
}

void learner_tell(struct learner *l, enum learn_state state, const char *fmt, ...)
{
    va_list list;
    pthread_mutex_lock(&l->lock);
    l->state = state;
    va_start(list, fmt);
    vsnprintf(l->message, sizeof l->message, fmt, list);
    va_end(list);
    pthread_mutex_unlock(&l->lock);
}

json_t *learner_json(struct learner *l)
{
    static const char *const names[] = {"idle", "training", "comparing", "off"};
    pthread_mutex_lock(&l->lock);
    json_t *json = json_pack("{s:s, s:I, s:I, s:o, s:o}", "state", names[l->state], "decisions",
                             (json_int_t)l->decisions, "next_at", (json_int_t)l->next_at, "events",
                             json_deep_copy(l->events), "message",
                             l->message[0] ? json_of_bytes(l->message) : json_null());
    pthread_mutex_unlock(&l->lock);
    return json;
}

uint32_t learner_every(const struct learner *l)
{
    return l->how.every;
}

const char *learner_ranker(const struct learner *l)
{
    return l->current_path;
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *event_of(const struct learner *l, const struct verdict *v)
{
    char time[32];
    const char *slash = v->better ? strrchr(l->current_path, '/') : NULL;
    time_now(time);
    return json_pack("{s:s, s:b, s:I, s:I, s:o, s:o, s:o, s:o, s:s}", "time", time, "swapped", v->better, "trained",
                     (json_int_t)v->trained, "held_out", (json_int_t)v->held_out, "before", number(v->before), "after",
                     number(v->after), "p", number(v->p), "ranker", slash ? json_string(slash + 1) : json_null(),
                     "message", v->message);
}

/* ---- Exchanging ------------------------------------------------------------------------------ */

/* In the journal, for whoever reads it later; a run of Finalize has the journal for itself. */
static void note(struct learner *l, const json_t *event)
{
    pthread_mutex_lock(&l->session->lock);
    if (!l->session->moving)
        (void)journal_note(l->session->journal, "model", event); /* says what is wrong; learned.json has it, too */
    pthread_mutex_unlock(&l->session->lock);
}

/* The suggestions get what anybody gets who loads the file. */
static int use_candidate(struct learner *l, selectai_ranker **candidate, uint64_t op)
{
    char name[64];
    selectai_ranker *loaded = NULL;
    snprintf(name, sizeof name, "ranker-%" PRIu64 ".safetensors", op);
    char *path = path_of(l->folder, name);
    int rc = may_be_written(path) == EXIT_DONE ? selectai_ranker_save(*candidate, path) : LEARN_SAID;
    if (rc == SELECTAI_OK)
        rc = selectai_ranker_load(&loaded, path);
    if (rc != SELECTAI_OK) {
        selectai_ranker_destroy(&loaded);
        free(path);
        return rc;
    }
    selectai_ranker_destroy(&l->current);
    l->current = *candidate;
    *candidate = NULL;
    free(l->current_path);
    l->current_path = path;
    suggestions_use(l->session->suggestions, loaded, path);
    return SELECTAI_OK;
}

static void keep_event(struct learner *l, const struct verdict *v)
{
    json_t *event = event_of(l, v);
    if (event)
        note(l, event);
    pthread_mutex_lock(&l->lock);
    json_array_append_new(l->events, event);
    pthread_mutex_unlock(&l->lock);
    (void)write_learned(l);
}

/* ---- Once ------------------------------------------------------------------------------------ */

static int train_and_judge(struct verdict *v, selectai_ranker **candidate, struct learner *l,
                           const struct learn_data *data)
{
    selectai_embedding_cache *cache = NULL;
    int rc = selectai_embedding_cache_open(&cache, l->cache); /* with all that is flushed by now */
    if (rc == SELECTAI_OK)
        rc = train_candidate(candidate, l, data, cache);
    if (rc == SELECTAI_OK) {
        learner_tell(l, LEARN_COMPARING, "%s", "");
        rc = judge_candidate(v, l, *candidate, data, cache);
    }
    selectai_embedding_cache_close(&cache);
    return rc;
}

/* What went wrong is an event, too; it is tried again after N more decisions. last: the last operation by now. */
static void learn_once(struct learner *l, uint64_t last)
{
    struct verdict v = {.before = NAN, .after = NAN, .p = NAN};
    struct learn_data data;
    selectai_ranker *candidate = NULL;
    learner_tell(l, LEARN_TRAINING, "%s", "");
    int rc = load_learn_data(&data, l);
    uint64_t op = rc == SELECTAI_OK ? data.op : last;
    if (rc == SELECTAI_OK)
        rc = train_and_judge(&v, &candidate, l, &data);
    if (rc == SELECTAI_OK && v.better && !learner_stopping(l))
        rc = use_candidate(l, &candidate, op);
    if (rc != SELECTAI_ERR_CANCELLED && !learner_stopping(l)) {
        if (rc != SELECTAI_OK) {
            v.better = 0;
            snprintf(v.message, sizeof v.message, "not learned: %.180s",
                     rc == LEARN_SAID ? "files cannot be written or read; the terminal says which"
                                      : selectai_last_error());
            if (rc != LEARN_SAID)
                say("%s", v.message);
        }
        l->trained_op = op;
        keep_event(l, &v);
    }
    selectai_ranker_destroy(&candidate);
    free_learn_data(&data);
}

/* ---- The thread ------------------------------------------------------------------------------ */

/* How many decisions are missing until the next training; 0: it is due. */
static size_t missing_decisions(const struct learner *l, const struct learn_counts *c)
{
    size_t few = c->changed < l->how.every ? l->how.every - c->changed : 0;
    size_t held = c->held_out < MIN_HELD_OUT ? 4 * (MIN_HELD_OUT - c->held_out) : 0; /* about */
    return few > held ? few : held;
}

/* The journal is looked at only where something happened. 1: a training is due. */
static int look(struct learner *l, uint64_t *seen)
{
    struct learn_counts counts;
    pthread_mutex_lock(&l->session->lock);
    uint64_t op = journal_operations(l->session->journal);
    int moving = l->session->moving;
    if (op != *seen && !moving)
        count_decisions_since(&counts, l->session->journal, l->trained_op);
    pthread_mutex_unlock(&l->session->lock);
    if (op == *seen || moving)
        return 0;
    *seen = op;
    size_t missing = missing_decisions(l, &counts);
    pthread_mutex_lock(&l->lock);
    l->state = missing > 0 ? LEARN_IDLE : LEARN_TRAINING; /* only together with the new figures */
    l->decisions = counts.decided;
    l->next_at = counts.decided + missing;
    l->message[0] = '\0';
    if (missing > 0 && counts.changed >= l->how.every)
        snprintf(l->message, sizeof l->message,
                 "%zu of the decisions so far are held out to compare with; the ranker is trained at %u",
                 counts.held_out, MIN_HELD_OUT);
    pthread_mutex_unlock(&l->lock);
    return missing == 0;
}

static void wait_a_second(struct learner *l)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec++;
    pthread_mutex_lock(&l->lock);
    if (!learner_stopping(l))
        pthread_cond_timedwait(&l->wake, &l->lock, &until);
    pthread_mutex_unlock(&l->lock);
}

/* Only what nobody else wants of the processors: on Linux, threads have priorities of their own. */
static void be_modest(void)
{
#ifdef SYS_gettid
    (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 19);
#endif
}

static int can_train(struct learner *l)
{
    const char *name;
    if (selectai_backend_load(&name, NULL) == SELECTAI_OK)
        return 1;
    learner_tell(l, LEARN_OFF, "Nothing is learned: %s", selectai_last_error());
    say("--learn: %s", selectai_last_error());
    return 0;
}

static void *run(void *user)
{
    struct learner *l = user;
    uint64_t seen = UINT64_MAX;
    be_modest();
    if (!can_train(l))
        return NULL;
    while (!learner_stopping(l)) {
        if (look(l, &seen)) {
            learn_once(l, seen);
            seen = UINT64_MAX;
        } else {
            wait_a_second(l);
        }
    }
    return NULL;
}

/* ---- From start to end ----------------------------------------------------------------------- */

static int copy_names(struct learner *l, const struct session *session)
{
    l->root = strdup(session->groups.root);
    l->project = strdup(session->groups.project);
    l->cache = strdup(l->how.cache);
    l->folder = path_of(session->state, MODELS_FOLDER);
    l->events = json_array();
    return l->root && l->project && l->cache && l->folder && l->events ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

/* Twice: once to go on from, once for as long as it is the one in use. */
static int load_given(struct learner *l)
{
    if (!l->how.ranker)
        return SELECTAI_OK;
    int rc = selectai_ranker_load(&l->base, l->how.ranker);
    ranker_id(l->base_id, l->base);
    return rc;
}

static int use_given(struct learner *l)
{
    if (l->current_path || !l->how.ranker)
        return SELECTAI_OK;
    l->current_path = strdup(l->how.ranker);
    return l->current_path ? selectai_ranker_load(&l->current, l->how.ranker) : SELECTAI_ERR_OUT_OF_MEMORY;
}

int learner_open(struct learner **out, struct session *session, const struct learn_how *how)
{
    struct learner *l = calloc(1, sizeof *l);
    *out = NULL;
    if (!l)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->wake, NULL);
    l->session = session;
    l->how = *how;
    int rc = copy_names(l, session);
    if (rc == SELECTAI_OK)
        rc = load_given(l);
    if (rc == SELECTAI_OK && make_models_folder(l) != EXIT_DONE)
        rc = SELECTAI_ERR_IO;
    else if (rc != SELECTAI_OK)
        report_failure(rc);
    if (rc == SELECTAI_OK) {
        read_learned(l);
        rc = use_given(l);
    }
    if (rc == SELECTAI_OK)
        *out = l;
    else
        learner_stop(&l);
    return rc;
}

int learner_start(struct learner *l)
{
    uint64_t last = journal_operations(l->session->journal);
    l->trained_op = l->trained_op <= last ? l->trained_op : 0; /* of another journal */
    l->running = pthread_create(&l->thread, NULL, run, l) == 0;
    if (!l->running)
        say("no thread to learn in can be started");
    return l->running ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
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
    if (l->running)
        pthread_join(l->thread, NULL);
    selectai_ranker_destroy(&l->base);
    selectai_ranker_destroy(&l->current);
    json_decref(l->events);
    free(l->current_path);
    free(l->root);
    free(l->project);
    free(l->cache);
    free(l->folder);
    pthread_mutex_destroy(&l->lock);
    pthread_cond_destroy(&l->wake);
    free(l);
    *learner = NULL;
}
