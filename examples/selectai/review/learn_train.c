/*
 * review/learn_train.c: vectors, a candidate, and whether it is better.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "learn_internal.h"

/* Passes over the decisions, where networks go on from others. */
#define EPOCHS_ON 20u

int learn_progress(uint64_t done, uint64_t total, const char *stage, void *user)
{
    (void)done, (void)total, (void)stage;
    return learner_stopping(user) || interrupted();
}

/* ---- Training -------------------------------------------------------------------------------- */

/* Inputs that the ranker to go on from was trained on: others are refused. */
static int same_inputs(struct selectai_ranker_options *options, const selectai_ranker *base)
{
    char *text = NULL;
    int rc = selectai_ranker_metadata_json(&text, base);
    if (rc != SELECTAI_OK)
        return rc;
    json_t *json = json_of_text(text);
    const char *stages = json_string_value(json_object_get(json, "stages"));
    options->differences = json_is_true(json_object_get(json, "differences"));
    options->recognise_stages = stages && strcmp(stages, "recognised") == 0;
    json_decref(json);
    return SELECTAI_OK;
}

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
    int rc = learner->base ? same_inputs(&options, learner->base) : SELECTAI_ERR_MISMATCH;
    if (rc == SELECTAI_OK) {
        struct selectai_ranker_options on = options;
        on.start = learner->base;
        on.epochs = EPOCHS_ON;
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
    *out = (struct verdict){.trained = data->n_own, .before = NAN, .after = NAN, .p = NAN};
    int rc = learner->current ? compare_with_current(out, learner, candidate, data, cache)
                              : compare_with_stages(out, candidate, data, cache);
    if (rc != SELECTAI_OK)
        return rc;
    say_verdict(out, learner->current ? "the ranker in use" : "the highest stage");
    return SELECTAI_OK;
}
