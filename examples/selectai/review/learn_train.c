/*
 * review/learn_train.c: vectors, a candidate, and whether it is better.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "learn_internal.h"

/* Files that are embedded before others may have the encoder: the wait for a guest is the page's, when files move. */
#define EMBED_AT_ONCE 4u
/* Passes over the decisions, where networks go on from others. */
#define EPOCHS_ON 20u

int learn_progress(uint64_t done, uint64_t total, const char *stage, void *user)
{
    (void)done, (void)total, (void)stage;
    return learner_stopping(user) || interrupted();
}

/* ---- Vectors --------------------------------------------------------------------------------- */

/* Files of one project whose vectors are not there. */
struct missing {
    struct learner *learner;
    selectai_embedding_cache *cache;
    char *project;
    char *paths[EMBED_AT_ONCE];
    size_t n;
};

static const char *below_root(const struct learner *learner, const char *path)
{
    size_t n = strlen(learner->root);
    return strncmp(path, learner->root, n) == 0 && path[n] == '/' ? path + n + 1 : path;
}

static int embed_missing(struct missing *m)
{
    struct selectai_embed_options options;
    const char *rel_paths[EMBED_AT_ONCE];
    struct lent lent;
    if (m->n == 0)
        return SELECTAI_OK;
    for (size_t i = 0; i < m->n; i++)
        rel_paths[i] = below_root(m->learner, m->paths[i]);
    selectai_embed_options_init(&options, sizeof options);
    options.threads = 1;
    options.progress = learn_progress;
    options.user = m->learner;
    suggestions_lend(m->learner->session->suggestions, &lent);
    int rc = selectai_embed_files(NULL, NULL, m->cache, lent.encoder, m->project, (const char *const *)m->paths,
                                  rel_paths, m->n, &options);
    suggestions_take_back(m->learner->session->suggestions);
    for (size_t i = 0; i < m->n; i++)
        free(m->paths[i]);
    m->n = 0;
    return rc;
}

/* Those that Finalize has moved are found by their names; those that are neither here nor known are left out. */
static int want_vector(struct missing *m, const char *project, const char *path)
{
    int rc = selectai_embedding_cache_find_file(m->cache, project, path, NULL, NULL);
    if (rc != SELECTAI_ERR_NOT_FOUND || access(path, R_OK) != 0)
        return SELECTAI_OK;
    rc = SELECTAI_OK;
    if (m->project && strcmp(m->project, project) != 0) {
        rc = embed_missing(m);
        free(m->project);
        m->project = NULL;
    }
    if (!m->project)
        m->project = strdup(project);
    m->paths[m->n] = strdup(path);
    if (!m->project || !m->paths[m->n])
        return SELECTAI_ERR_OUT_OF_MEMORY;
    m->n++;
    return rc == SELECTAI_OK && m->n == EMBED_AT_ONCE ? embed_missing(m) : rc;
}

static int want_vectors(struct missing *m, const char *project, const char *first, const char *const *others,
                        uint32_t n)
{
    int rc = learn_progress(0, 0, "embed", m->learner) ? SELECTAI_ERR_CANCELLED : want_vector(m, project, first);
    for (uint32_t i = 0; i < n && rc == SELECTAI_OK; i++)
        rc = want_vector(m, project, others[i]);
    return rc;
}

static int want_all(struct missing *m, const selectai_trainset *set)
{
    int rc = SELECTAI_OK;
    for (size_t i = 0; i < selectai_trainset_count(set) && rc == SELECTAI_OK; i++) {
        struct selectai_entry e = {.struct_size = sizeof e};
        rc = selectai_trainset_get(set, i, &e);
        if (rc == SELECTAI_OK && e.n_negatives > 0)
            rc = want_vectors(m, e.project, e.chosen_path, e.neg_paths, e.n_negatives);
    }
    for (size_t i = 0; i < selectai_trainset_rejected_count(set) && rc == SELECTAI_OK; i++) {
        struct selectai_rejected_group g = {.struct_size = sizeof g};
        rc = selectai_trainset_get_rejected(set, i, &g);
        if (rc == SELECTAI_OK)
            rc = want_vectors(m, g.project, g.paths[0], g.paths + 1, g.n_images - 1);
    }
    return rc == SELECTAI_OK ? embed_missing(m) : rc;
}

int open_learn_cache(selectai_embedding_cache **out, struct learner *learner, const selectai_trainset *set)
{
    struct missing missing = {.learner = learner};
    struct lent lent;
    *out = NULL;
    suggestions_lend(learner->session->suggestions, &lent); /* another writer: it adds parts of its own */
    int rc = selectai_embedding_cache_create(out, lent.cache, selectai_encoder_id(lent.encoder),
                                             selectai_encoder_dim(lent.encoder), 0);
    suggestions_take_back(learner->session->suggestions);
    missing.cache = *out;
    if (rc == SELECTAI_OK)
        rc = want_all(&missing, set);
    if (rc == SELECTAI_OK)
        rc = selectai_embedding_cache_flush(*out);
    for (size_t i = 0; i < missing.n; i++)
        free(missing.paths[i]);
    free(missing.project);
    if (rc != SELECTAI_OK)
        selectai_embedding_cache_close(out);
    return rc;
}

/* ---- Training -------------------------------------------------------------------------------- */

/*
 * Always from the ranker that was given, never from what was learned in between: so a decision that was undone leaves
 * no trace, none counts more because it was there longer, and the probabilities rest on decisions that the networks to
 * go on from had not seen. Where it cannot be gone on from (other layers, other vectors), from the start.
 */
int train_candidate(selectai_ranker **out, struct learner *learner, const struct learn_data *data,
                    const selectai_embedding_cache *cache)
{
    struct selectai_ranker_options options;
    selectai_ranker_options_init(&options, sizeof options);
    options.threads = 1;
    options.split = SELECTAI_SPLIT_GROUP;
    options.progress = learn_progress;
    options.user = learner;
    int rc = SELECTAI_ERR_MISMATCH;
    for (int differences = 0; differences < 2 && learner->base && rc == SELECTAI_ERR_MISMATCH; differences++) {
        struct selectai_ranker_options on = options;
        on.start = learner->base;
        on.epochs = EPOCHS_ON;
        on.differences = differences;
        rc = selectai_ranker_train(out, NULL, NULL, data->training, cache, &on);
    }
    return rc == SELECTAI_ERR_MISMATCH ? selectai_ranker_train(out, NULL, NULL, data->training, cache, &options) : rc;
}

/* ---- Comparing ------------------------------------------------------------------------------- */

static double number_of(const json_t *json, const char *key)
{
    const json_t *value = json_object_get(json, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static int compare_with_current(struct verdict *out, const struct learner *learner, const selectai_ranker *candidate,
                                const struct learn_data *data, const selectai_embedding_cache *cache)
{
    char *text = NULL;
    int rc = selectai_ranker_compare(&text, learner->current, candidate, data->held_out, cache, NULL);
    if (rc != SELECTAI_OK)
        return rc;
    json_t *json = json_of_text(text);
    double n = number_of(json, "n");
    out->held_out = n > 0 ? (uint64_t)n : 0;
    out->before = number_of(json_object_get(json, "a"), "top1");
    out->after = number_of(json_object_get(json, "b"), "top1");
    out->p = number_of(json, "p_value");
    json_decref(json);
    return rc;
}

/* Without a ranker in use, the page suggests the highest stage. */
static int compare_with_stages(struct verdict *out, const selectai_ranker *candidate, const struct learn_data *data,
                               const selectai_embedding_cache *cache)
{
    selectai_evaluation *evaluation = NULL;
    struct selectai_metric top1 = {.struct_size = sizeof top1};
    int rc = selectai_ranker_evaluate(&evaluation, candidate, data->held_out, cache);
    if (rc == SELECTAI_OK)
        rc = selectai_evaluation_find(evaluation, "top1", &top1);
    if (rc == SELECTAI_OK) {
        out->held_out = top1.n;
        out->before = top1.baseline;
        out->after = top1.value;
    }
    selectai_evaluation_destroy(&evaluation);
    return rc;
}

/* Ties count half, so the gain may be no whole number. As good is not better: every exchange unsettles what is shown.
 */
static void say_verdict(struct verdict *v, const char *old)
{
    double gained = round(2 * (v->after - v->before) * (double)v->held_out) / 2;
    if (v->held_out < MIN_HELD_OUT || isnan(gained)) {
        snprintf(v->message, sizeof v->message,
                 "%" PRIu64 " held-out decisions could be compared, %u are needed: %s stays", v->held_out, MIN_HELD_OUT,
                 old);
        return;
    }
    v->better = gained > 0;
    if (fabs(gained) > 0)
        snprintf(v->message, sizeof v->message, "names %g %s of %" PRIu64 " held-out winners first than %s",
                 fabs(gained), gained > 0 ? "more" : "fewer", v->held_out, old);
    else
        snprintf(v->message, sizeof v->message, "names as many of %" PRIu64 " held-out winners first as %s",
                 v->held_out, old);
}

int judge_candidate(struct verdict *out, const struct learner *learner, const selectai_ranker *candidate,
                    const struct learn_data *data, const selectai_embedding_cache *cache)
{
    *out = (struct verdict){.before = NAN, .after = NAN, .p = NAN};
    int rc = learner->current ? compare_with_current(out, learner, candidate, data, cache)
                              : compare_with_stages(out, candidate, data, cache);
    if (rc != SELECTAI_OK)
        return rc;
    say_verdict(out, learner->current ? "the ranker in use" : "the highest stage");
    return SELECTAI_OK;
}
