/*
 * decisions_fixture.h: sets of decisions made by hand.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef DECISIONS_FIXTURE_H
#define DECISIONS_FIXTURE_H

#include "test_util.h"

#include <math.h>

#include "project/name.h"
#include "trainset/entry.h"

static inline double stage_in(const char *path)
{
    struct selectai_parsed_name parsed;
    return sai_parse_name(&parsed, path) ? (double)NAN : parsed.stage;
}

static inline selectai_trainset *new_set(void)
{
    selectai_trainset *set = NULL;
    assert_int_equal(sai_trainset_create(&set), SELECTAI_OK);
    return set;
}

static inline const char *kept_text(selectai_trainset *set, const char *text)
{
    const char *copy = sai_arena_strdup(&set->arena, text);
    assert_non_null(copy);
    return copy;
}

/* Adds a decision; losers are separated by '|', "" for none. The caller may change the entry until the next one. */
static inline struct selectai_entry *add_entry(selectai_trainset *set, const char *project, const char *chosen,
                                               const char *losers)
{
    const char *paths[16];
    double stages[16];
    struct selectai_entry e = sai_entry_blank();
    char *list = sai_arena_strdup(&set->arena, losers), *rest = list;
    for (char *path = strtok_r(list, "|", &rest); path; path = strtok_r(NULL, "|", &rest)) {
        paths[e.n_negatives] = path;
        stages[e.n_negatives++] = stage_in(path);
    }
    e.project = kept_text(set, project);
    e.chosen_path = kept_text(set, chosen);
    e.chosen_stage = stage_in(chosen);
    if (e.n_negatives > 0) {
        const char **own_paths = sai_arena_array(&set->arena, e.n_negatives, sizeof *own_paths);
        double *own_stages = sai_arena_array(&set->arena, e.n_negatives, sizeof *own_stages);
        memcpy(own_paths, paths, e.n_negatives * sizeof *paths);
        memcpy(own_stages, stages, e.n_negatives * sizeof *stages);
        e.neg_paths = own_paths;
        e.neg_stages = own_stages;
        e.anomaly = sai_entry_anomaly(&e);
    }
    assert_int_equal(sai_trainset_add(set, &e), SELECTAI_OK);
    return &set->items[set->count - 1];
}

/* Adds a rejected group; images are separated by '|'. */
static inline void add_group(selectai_trainset *set, const char *project, const char *images)
{
    struct selectai_entry *e = add_entry(set, project, "", images);
    const struct selectai_rejected_group g = {.n_images = e->n_negatives,
                                              .project = e->project,
                                              .set_id = "g",
                                              .timestamp = "",
                                              .paths = e->neg_paths,
                                              .stages = e->neg_stages,
                                              .source_path = ""};
    set->count--;
    assert_int_equal(sai_trainset_add_rejected(set, &g), SELECTAI_OK);
}

/* Gives the entry a logged crop in an image of 1000 x 1000. */
static inline void set_crop(struct selectai_entry *e, int x1, int y1, int x2, int y2)
{
    e->has_crop = 1;
    e->was_cropped = 1;
    e->crop_evidence = SELECTAI_CROP_EVIDENCE_LOG;
    e->crop = (struct selectai_box){x1 / 1000.0, y1 / 1000.0, x2 / 1000.0, y2 / 1000.0};
    e->crop_px = (struct selectai_pixel_box){x1, y1, x2, y2};
    e->image_width = e->image_height = 1000;
}

static inline struct selectai_entry entry_at(const selectai_trainset *set, size_t i)
{
    struct selectai_entry e = {.struct_size = sizeof e};
    assert_int_equal(selectai_trainset_get(set, i, &e), SELECTAI_OK);
    return e;
}

static inline struct selectai_issue issue_at(const selectai_trainset *set, size_t i)
{
    struct selectai_issue issue = {.struct_size = sizeof issue};
    assert_int_equal(selectai_issues_get(selectai_trainset_issues(set), i, &issue), SELECTAI_OK);
    return issue;
}

#endif
