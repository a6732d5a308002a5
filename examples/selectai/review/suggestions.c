/*
 * review/suggestions.c: a thread that suggests, and what it has found so far.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "suggestions.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suggestions_work.h"
#include "terminal.h"

#define MOST_WANTED  16u
#define MOST_AT_ONCE 64u /* groups in one piece of work: a second or two of encoding */

struct slot {
    struct suggested known;
    uint64_t revision;
    uint32_t round; /* in which it was worked out; 0: not yet */
};

/*
 * `lock` guards everything but the tools' handles, which belong to whoever holds `work`: the thread while it works out
 * some groups, or a guest. `work` is taken before `lock`. Guests go first: the thread breaks off, and waits for them.
 */
struct suggestions {
    pthread_mutex_t lock, work;
    pthread_cond_t wake;
    pthread_t thread;
    int running, embeds_anyway;
    int stopping, guests; /* changed under `lock`, read without it, too */
    struct suggestions_tools tools;
    selectai_ranker *ranker;
    selectai_cropper *cropper;
    char *cache_folder;
    char model[256], problem[256];
    const struct review_groups *groups;
    struct slot *slots;
    size_t n, done, next;
    size_t finished; /* groups worked out in this round */
    size_t wanted[MOST_WANTED], n_wanted;
    uint32_t round; /* rises with each ranker */
    uint64_t revision;
};

/* ---- What is next ---------------------------------------------------------------------------- */

static int is_open(const struct suggestions *s, size_t group)
{
    return group < s->n && s->slots[group].round != s->round;
}

/* Those that are wanted, else the next ones in order. More at a time while nobody waits. */
static size_t choose(struct suggestions *s, size_t chosen[MOST_AT_ONCE], size_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_wanted; i++)
        if (is_open(s, s->wanted[i]))
            chosen[n++] = s->wanted[i];
    s->n_wanted = 0;
    if (n > 0)
        return n;
    for (size_t looked = 0; looked < s->n && n < most; looked++) {
        size_t group = s->next;
        s->next = group + 1 < s->n ? group + 1 : 0;
        if (is_open(s, group))
            chosen[n++] = group;
    }
    return n;
}

static int has_work(const struct suggestions *s)
{
    return (s->ranker || s->embeds_anyway) && s->finished < s->n;
}

static void take(struct suggestions *s, const size_t *chosen, struct suggested *found, size_t n, uint32_t round)
{
    for (size_t k = 0; k < n; k++) {
        struct slot *slot = &s->slots[chosen[k]];
        free(slot->known.json);
        slot->known = found[k];
        s->done += slot->round == 0;
        s->finished += slot->round != round;
        slot->round = round;
        slot->revision = s->revision + 1;
    }
    s->revision++;
}

/* ---- The thread ------------------------------------------------------------------------------ */

static int stop_asked(uint64_t done, uint64_t total, const char *stage, void *user)
{
    const struct suggestions *s = user;
    (void)done, (void)total, (void)stage;
    return __atomic_load_n(&s->stopping, __ATOMIC_RELAXED) || __atomic_load_n(&s->guests, __ATOMIC_RELAXED) > 0;
}

/* What the thread works with is the guest's until leave(). */
static void enter(struct suggestions *s)
{
    __atomic_add_fetch(&s->guests, 1, __ATOMIC_RELAXED);
    pthread_mutex_lock(&s->work);
}

static void leave(struct suggestions *s)
{
    pthread_mutex_unlock(&s->work);
    pthread_mutex_lock(&s->lock);
    __atomic_sub_fetch(&s->guests, 1, __ATOMIC_RELAXED);
    pthread_cond_broadcast(&s->wake);
    pthread_mutex_unlock(&s->lock);
}

/* A cache's reader sees what was flushed before it was opened, so the writer is opened for good. */
static int open_cache(struct suggestions *s)
{
    if (!s->cache_folder || s->tools.cache)
        return SELECTAI_OK;
    return selectai_embedding_cache_create(&s->tools.cache, s->cache_folder, selectai_encoder_id(s->tools.encoder),
                                           selectai_encoder_dim(s->tools.encoder), 0);
}

/* One piece of work; `work` is held, `lock` is not. */
static int work_out(struct suggestions *s, const size_t *chosen, struct suggested *found, size_t n)
{
    int rc = open_cache(s);
    if (rc == SELECTAI_OK)
        rc = suggest_groups(found, &s->tools, chosen, n);
    if (rc == SELECTAI_OK && s->tools.cache)
        rc = selectai_embedding_cache_flush(s->tools.cache);
    return rc;
}

/* Nothing can be suggested for these: said once, and they are not tried again with this ranker. */
static void give_up(struct suggestions *s, const size_t *chosen, struct suggested *found, size_t n, int code)
{
    if (!s->problem[0]) {
        snprintf(s->problem, sizeof s->problem, "%s", selectai_last_error());
        say("no suggestions: %s (%s)", s->problem, selectai_error_name(code));
    }
    for (size_t k = 0; k < n; k++) {
        found[k].json = NULL;
        brief_without_suggestion(&found[k].brief, s->groups, chosen[k], SUGGESTION_NONE);
    }
}

/* Some groups, from choosing to keeping. `lock` is held before and after. 0: there was nothing to do. */
static size_t do_some(struct suggestions *s, size_t most)
{
    struct suggested found[MOST_AT_ONCE];
    size_t chosen[MOST_AT_ONCE];
    pthread_mutex_unlock(&s->lock);
    pthread_mutex_lock(&s->work);
    pthread_mutex_lock(&s->lock);
    size_t n = has_work(s) ? choose(s, chosen, most) : 0;
    uint32_t round = s->round;
    s->tools.ranker = s->ranker;
    s->tools.groups = s->groups;
    pthread_mutex_unlock(&s->lock);
    int rc = n > 0 ? work_out(s, chosen, found, n) : SELECTAI_ERR_CANCELLED;
    pthread_mutex_lock(&s->lock); /* still with `work`: groups and ranker are those it was worked out for */
    if (rc != SELECTAI_OK && rc != SELECTAI_ERR_CANCELLED)
        give_up(s, chosen, found, n, rc);
    if (rc != SELECTAI_ERR_CANCELLED)
        take(s, chosen, found, n, round);
    pthread_mutex_unlock(&s->work);
    return n;
}

static void *run(void *user)
{
    struct suggestions *s = user;
    size_t most = 4;
    pthread_mutex_lock(&s->lock);
    while (!s->stopping) {
        int idle = __atomic_load_n(&s->guests, __ATOMIC_RELAXED) > 0 || !has_work(s);
        if (idle)
            pthread_cond_wait(&s->wake, &s->lock);
        else if (do_some(s, most) > 0)
            most = most < MOST_AT_ONCE ? 2 * most : most;
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- From start to stop ---------------------------------------------------------------------- */

/* "ranker.safetensors 3f0a12c4": the hash that stands in the file. */
static void name_model(struct suggestions *s, const char *name)
{
    char *text = NULL, id[ID_TEXT] = "";
    s->model[0] = '\0';
    if (!s->ranker || selectai_ranker_metadata_json(&text, s->ranker) != SELECTAI_OK)
        return;
    id_text(id, id_hash(ID_SEED, text));
    selectai_free(text);
    const char *slash = name ? strrchr(name, '/') : NULL;
    snprintf(s->model, sizeof s->model, "%.200s %.8s", slash ? slash + 1 : name ? name : "ranker", id);
}

/* before: what the slots belong to; NULL: there are none yet. */
static int take_groups(struct suggestions *s, const struct review_groups *before, const struct review_groups *groups)
{
    struct slot *slots = calloc(groups->n_groups + 1, sizeof *slots);
    if (!slots)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    enum suggestion_state state = s->ranker ? SUGGESTION_PENDING : SUGGESTION_NONE;
    size_t done = 0, finished = 0;
    for (size_t g = 0; g < groups->n_groups; g++) {
        size_t old = before ? find_group(before, groups->groups[g].id) : NO_INDEX;
        if (old != NO_INDEX) {
            slots[g] = s->slots[old];
            s->slots[old].known.json = NULL;
            done += slots[g].round != 0;
            finished += slots[g].round == s->round;
        } else {
            brief_without_suggestion(&slots[g].known.brief, groups, g, state);
        }
    }
    for (size_t g = 0; g < s->n; g++)
        free(s->slots[g].known.json);
    free(s->slots);
    s->slots = slots;
    s->n = groups->n_groups;
    s->done = done;
    s->finished = finished;
    s->next = s->n_wanted = 0;
    s->revision++;
    return SELECTAI_OK;
}

int suggestions_start(struct suggestions **out, const struct review_groups *groups, const struct suggestions_how *how)
{
    struct suggestions *s = calloc(1, sizeof *s);
    if (!s)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->work, NULL);
    pthread_cond_init(&s->wake, NULL);
    s->ranker = how->ranker;
    s->cropper = how->cropper;
    s->cache_folder = how->cache ? strdup(how->cache) : NULL;
    s->tools = (struct suggestions_tools){.cropper = how->cropper,
                                          .encoder = how->encoder,
                                          .history = how->history,
                                          .min_confidence = how->min_confidence,
                                          .min_keep = how->min_keep,
                                          .threads = how->threads,
                                          .progress = stop_asked,
                                          .user = s};
    s->round = 1;
    s->embeds_anyway = how->embeds_anyway;
    name_model(s, how->model);
    s->groups = groups;
    int rc = take_groups(s, NULL, groups);
    if (rc == SELECTAI_OK && pthread_create(&s->thread, NULL, run, s) != 0)
        rc = SELECTAI_ERR_OUT_OF_MEMORY;
    s->running = rc == SELECTAI_OK;
    if (rc == SELECTAI_OK)
        *out = s;
    else
        suggestions_stop(&s);
    return rc;
}

void suggestions_stop(struct suggestions **suggestions)
{
    struct suggestions *s = *suggestions;
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    __atomic_store_n(&s->stopping, 1, __ATOMIC_RELAXED);
    pthread_cond_broadcast(&s->wake);
    pthread_mutex_unlock(&s->lock);
    if (s->running)
        pthread_join(s->thread, NULL);
    for (size_t g = 0; g < s->n; g++)
        free(s->slots[g].known.json);
    free(s->slots);
    selectai_embedding_cache_close(&s->tools.cache);
    selectai_encoder_close(&s->tools.encoder);
    selectai_cropper_destroy(&s->cropper);
    selectai_ranker_destroy(&s->ranker);
    free(s->cache_folder);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->work);
    pthread_cond_destroy(&s->wake);
    free(s);
    *suggestions = NULL;
}

int suggestions_reload(struct suggestions *s, struct review_groups *groups, struct review_groups *fresh)
{
    struct review_groups before;
    enter(s);
    pthread_mutex_lock(&s->lock);
    int rc = take_groups(s, groups, fresh);
    if (rc == SELECTAI_OK) {
        before = *groups;
        *groups = *fresh;
        *fresh = before;
    }
    pthread_mutex_unlock(&s->lock);
    leave(s);
    return rc;
}

void suggestions_use(struct suggestions *s, selectai_ranker *ranker, const char *model)
{
    enter(s);
    pthread_mutex_lock(&s->lock);
    selectai_ranker_destroy(&s->ranker);
    s->ranker = ranker;
    s->round++;
    s->next = s->finished = 0;
    s->problem[0] = '\0';
    name_model(s, model);
    for (size_t g = 0; g < s->n; g++)
        if (s->slots[g].known.brief.state == SUGGESTION_NONE) {
            s->slots[g].known.brief.state = SUGGESTION_PENDING;
            s->slots[g].revision = s->revision + 1;
        }
    s->revision++;
    pthread_mutex_unlock(&s->lock);
    leave(s);
}

/* ---- Questions ------------------------------------------------------------------------------- */

void suggestions_want(struct suggestions *s, const size_t *groups, size_t n)
{
    pthread_mutex_lock(&s->lock);
    s->n_wanted = n < MOST_WANTED ? n : MOST_WANTED;
    memcpy(s->wanted, groups, s->n_wanted * sizeof *groups);
    pthread_cond_broadcast(&s->wake);
    pthread_mutex_unlock(&s->lock);
}

void suggestions_brief(struct suggestions *s, size_t group, struct suggestion_brief *out)
{
    pthread_mutex_lock(&s->lock);
    if (group < s->n)
        *out = s->slots[group].known.brief;
    pthread_mutex_unlock(&s->lock);
}

json_t *suggestions_json(struct suggestions *s, size_t group)
{
    pthread_mutex_lock(&s->lock);
    char *text = group < s->n && s->slots[group].known.json ? strdup(s->slots[group].known.json) : NULL;
    pthread_mutex_unlock(&s->lock);
    json_t *json = text ? json_loads(text, 0, NULL) : NULL;
    free(text);
    return json;
}

json_t *suggestions_record(struct suggestions *s, size_t group)
{
    json_t *json = suggestions_json(s, group), *probabilities = json_array();
    if (!json) {
        json_decref(probabilities);
        return NULL;
    }
    json_t *images = json_object_get(json, "images");
    size_t winner = (size_t)json_integer_value(json_object_get(json, "winner"));
    for (size_t i = 0; i < json_array_size(images); i++)
        json_array_append(probabilities, json_object_get(json_array_get(images, i), "probability"));
    const struct review_group *g = &s->groups->groups[group];
    json_t *record = json_pack("{s:s, s:o, s:O, s:O}", "winner", s->groups->images[g->first + winner].id,
                               "probabilities", probabilities, "keep", json_object_get(json, "keep"), "crop",
                               json_object_get(json_array_get(images, winner), "crop"));
    json_decref(json);
    return record;
}

void suggestions_model(struct suggestions *s, char *out, size_t n_out)
{
    pthread_mutex_lock(&s->lock);
    snprintf(out, n_out, "%s", s->model);
    pthread_mutex_unlock(&s->lock);
}

void suggestions_problem(struct suggestions *s, char *out, size_t n_out)
{
    pthread_mutex_lock(&s->lock);
    snprintf(out, n_out, "%s", s->problem);
    pthread_mutex_unlock(&s->lock);
}

uint64_t suggestions_revision(struct suggestions *s)
{
    pthread_mutex_lock(&s->lock);
    uint64_t revision = s->revision;
    pthread_mutex_unlock(&s->lock);
    return revision;
}

uint64_t suggestions_group_revision(struct suggestions *s, size_t group)
{
    pthread_mutex_lock(&s->lock);
    uint64_t revision = group < s->n ? s->slots[group].revision : 0;
    pthread_mutex_unlock(&s->lock);
    return revision;
}

size_t suggestions_done(struct suggestions *s)
{
    pthread_mutex_lock(&s->lock);
    size_t done = s->done;
    pthread_mutex_unlock(&s->lock);
    return done;
}
