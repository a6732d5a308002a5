/*
 * review/suggestions_work.c: from the files of some groups to what is said about them.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "suggestions_work.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "verbs.h"

/* The files of the chosen groups, group after group. */
struct batch {
    char **paths;
    const char **rel_paths;
    uint32_t *starts; /* n_groups + 1 */
    size_t n, n_groups;
};

static void free_batch(struct batch *batch)
{
    for (size_t i = 0; i < batch->n; i++)
        free(batch->paths[i]);
    free(batch->paths);
    free(batch->rel_paths);
    free(batch->starts);
}

static int add_group(struct batch *batch, const struct review_groups *groups, size_t g)
{
    const struct review_group *group = &groups->groups[g];
    for (uint32_t i = 0; i < group->n; i++) {
        const struct review_image *image = &groups->images[group->first + i];
        if (!(batch->paths[batch->n] = image_path(groups, image)))
            return SELECTAI_ERR_OUT_OF_MEMORY;
        batch->rel_paths[batch->n++] = image->rel_path;
    }
    batch->starts[++batch->n_groups] = (uint32_t)batch->n;
    return SELECTAI_OK;
}

static int make_batch(struct batch *batch, const struct review_groups *groups, const size_t *chosen, size_t n)
{
    size_t files = 0;
    for (size_t k = 0; k < n; k++)
        files += groups->groups[chosen[k]].n;
    *batch = (struct batch){.paths = calloc(files + 1, sizeof *batch->paths),
                            .rel_paths = calloc(files + 1, sizeof *batch->rel_paths),
                            .starts = calloc(n + 1, sizeof *batch->starts)};
    int rc = batch->paths && batch->rel_paths && batch->starts ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t k = 0; k < n && rc == SELECTAI_OK; k++)
        rc = add_group(batch, groups, chosen[k]);
    return rc;
}

/* ---- As JSON --------------------------------------------------------------------------------- */

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *json_of_box(const struct selectai_box *box)
{
    if (!box || !isfinite(box->x1))
        return json_null();
    return json_pack("{s:f, s:f, s:f, s:f}", "x1", box->x1, "y1", box->y1, "x2", box->x2, "y2", box->y2);
}

static json_t *json_of_images(const struct selectai_suggestion *s)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < s->n_images; i++)
        json_array_append_new(list,
                              json_pack("{s:o, s:o, s:o, s:o}", "probability",
                                        number(isnan(s->scores[i]) ? (double)NAN : (double)s->probabilities[i]),
                                        "prior", number((double)s->priors[i]), "image", number((double)s->images[i]),
                                        "crop", json_of_box(s->crops ? &s->crops[i] : NULL)));
    return list;
}

/* Its picture's id where it lies in this folder; the path to it is not told. */
static json_t *json_of_neighbour(const struct selectai_neighbour *b, const struct review_groups *groups)
{
    const char *name = last_part(b->winner_path);
    size_t root = strlen(groups->root), image = NO_INDEX;
    char id[ID_TEXT];
    if (strncmp(b->winner_path, groups->root, root) == 0 && b->winner_path[root] == '/') {
        id_text(id, id_hash(ID_SEED, b->winner_path + root + 1));
        image = find_image(groups, id);
    }
    json_t *stages = json_array();
    for (uint32_t i = 0; i < b->n_losers; i++)
        json_array_append_new(stages, number(b->loser_stages[i]));
    return json_pack("{s:f, s:o, s:o, s:o, s:o, s:o}", "similarity", b->similarity, "winner_stage",
                     number(b->winner_stage), "loser_stages", stages, "anomaly",
                     b->anomaly < 0 ? json_null() : json_boolean(b->anomaly), "name", json_of_bytes(name), "image",
                     image == NO_INDEX ? json_null() : json_string(groups->images[image].id));
}

static char *json_text(const struct selectai_suggestion *s, const struct review_groups *groups)
{
    json_t *neighbours = json_array();
    for (uint32_t i = 0; i < s->n_neighbours; i++)
        json_array_append_new(neighbours, json_of_neighbour(&s->neighbours[i], groups));
    json_t *json = json_pack(
        "{s:I, s:f, s:b, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "winner", (json_int_t)s->winner, "confidence",
        s->confidence, "sure", s->sure, "keep", number(s->keep), "keep_nothing", s->keep_nothing, "why",
        json_of_bytes(s->why), "no_crop", number(s->has_crop ? s->no_crop : (double)NAN), "crop_iou",
        number(s->has_crop ? s->crop_iou : (double)NAN), "crop_iou_low",
        number(s->has_crop ? s->crop_iou_low : (double)NAN), "crop_iou_high",
        number(s->has_crop ? s->crop_iou_high : (double)NAN), "neighbours", neighbours, "images", json_of_images(s));
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(8)) : NULL;
    json_decref(json);
    return text;
}

/* ---- In short -------------------------------------------------------------------------------- */

void brief_without_suggestion(struct suggestion_brief *out, const struct review_groups *groups, size_t group,
                              enum suggestion_state state)
{
    *out = (struct suggestion_brief){
        .state = state, .winner = groups->groups[group].n - 1, .confidence = NAN, .anomaly = NAN};
}

static double chance_of_anomaly(const struct selectai_suggestion *s)
{
    double highest = s->stages[0], chance = 0;
    for (uint32_t i = 1; i < s->n_images; i++)
        highest = fmax(highest, s->stages[i]);
    for (uint32_t i = 0; i < s->n_images; i++)
        chance += s->stages[i] < highest && isfinite(s->probabilities[i]) ? (double)s->probabilities[i] : 0;
    return chance;
}

static int keep(struct suggested *out, const struct selectai_suggestion *s, const struct review_groups *groups)
{
    out->brief = (struct suggestion_brief){.state = SUGGESTION_READY,
                                           .winner = s->winner,
                                           .confidence = s->confidence,
                                           .anomaly = chance_of_anomaly(s),
                                           .sure = s->sure,
                                           .keep_nothing = s->keep_nothing,
                                           .has_crop = s->has_crop && !(s->no_crop >= 0.5),
                                           .crop = s->crop};
    out->json = json_text(s, groups);
    return out->json ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

/* ---- Work ------------------------------------------------------------------------------------ */

/* Groups of which nothing could be read are missing among the suggestions: told by their first file. */
static int keep_all(struct suggested *out, const selectai_suggestions *all, const struct batch *batch,
                    const struct review_groups *groups)
{
    int rc = SELECTAI_OK;
    size_t k = 0;
    for (size_t i = 0; i < selectai_suggestions_count(all) && rc == SELECTAI_OK; i++) {
        struct selectai_suggestion s = {.struct_size = sizeof s};
        rc = selectai_suggestions_get(all, i, &s);
        while (rc == SELECTAI_OK && k < batch->n_groups && strcmp(batch->paths[batch->starts[k]], s.paths[0]) != 0)
            k++;
        if (rc == SELECTAI_OK && k < batch->n_groups)
            rc = keep(&out[k++], &s, groups);
    }
    return rc;
}

static int embed(const struct suggestions_tools *tools, const struct batch *batch)
{
    struct selectai_embed_options how;
    selectai_embed_options_init(&how, sizeof how);
    how.threads = tools->threads;
    how.progress = tools->progress;
    how.user = tools->user;
    return selectai_embed_files(NULL, NULL, tools->cache, tools->encoder, tools->groups->project,
                                (const char *const *)batch->paths, batch->rel_paths, batch->n, &how);
}

static int suggest(struct suggested *out, const struct suggestions_tools *tools, const struct batch *batch)
{
    struct selectai_suggest_options how;
    selectai_suggestions *all = NULL;
    selectai_suggest_options_init(&how, sizeof how);
    how.threads = tools->threads;
    how.project = tools->groups->project;
    how.progress = tools->progress;
    how.user = tools->user;
    how.min_confidence = tools->min_confidence;
    how.min_keep = tools->min_keep;
    how.history = tools->cache ? tools->history : NULL;
    how.set_starts = batch->starts;
    how.n_sets = batch->n_groups;
    how.crop_all = 1;
    int rc = selectai_suggest_files(&all, (const char *const *)batch->paths, batch->n, tools->ranker, tools->cropper,
                                    tools->encoder, tools->cache, &how);
    if (rc == SELECTAI_OK)
        rc = keep_all(out, all, batch, tools->groups);
    selectai_suggestions_destroy(&all);
    return rc;
}

int suggest_groups(struct suggested *out, const struct suggestions_tools *tools, const size_t *chosen, size_t n)
{
    struct batch batch;
    for (size_t k = 0; k < n; k++) {
        out[k].json = NULL;
        brief_without_suggestion(&out[k].brief, tools->groups, chosen[k], SUGGESTION_NONE);
    }
    int rc = make_batch(&batch, tools->groups, chosen, n);
    if (rc == SELECTAI_OK && tools->cache)
        rc = embed(tools, &batch);
    if (rc == SELECTAI_OK && tools->ranker)
        rc = suggest(out, tools, &batch);
    for (size_t k = 0; k < n && rc != SELECTAI_OK; k++) {
        free(out[k].json);
        out[k].json = NULL;
    }
    free_batch(&batch);
    return rc;
}
