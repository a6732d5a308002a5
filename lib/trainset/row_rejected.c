/*
 * trainset/row_rejected.c: a rejected group from its JSON, and from rows to the set's list.
 *
 * While it is loaded it is carried as an entry, the first image in the winner's place: whose its images are is found
 * out and judged as that of a decision. loader->rejected, or its origin, tells what it is.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "project/name.h"
#include "trainset/load.h"
#include "trainset/rejected_sift.h"

bool sai_is_rejected(const json_t *object)
{
    return json_object_get(object, "paths") && !json_object_get(object, "chosen_path") &&
           !json_object_get(object, "neg_paths");
}

static int check_distinct(struct sai_loader *loader, const struct sai_row_images *images)
{
    for (uint32_t i = 0; i < images->n; i++)
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(images->paths[i], images->paths[k]) == 0)
                return SAI_BAD_ROW(loader, "duplicate-loser", "paths has the same image twice: %s", images->paths[i]);
    return SELECTAI_OK;
}

/* What a row does not say but its file names do. */
static int complete_from_names(struct selectai_entry *e, struct sai_row_images *images, struct sai_arena *arena)
{
    struct selectai_parsed_name parsed;
    for (uint32_t i = 0; i < images->n; i++) {
        if ((!isnan(images->stages[i]) && (i > 0 || *e->timestamp)) || sai_parse_name(&parsed, images->paths[i]))
            continue;
        if (isnan(images->stages[i]))
            images->stages[i] = parsed.stage;
        if (i == 0 && !*e->timestamp)
            e->timestamp = sai_arena_strdup(arena, parsed.timestamp);
        if (!e->timestamp)
            return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    return SELECTAI_OK;
}

int sai_row_rejected(struct selectai_entry *out, struct sai_loader *loader, const json_t *object, uint64_t row)
{
    static const struct sai_row_keys keys = {.paths = "paths", .stages = "stages", .what = "images"};
    struct selectai_entry e = sai_entry_blank();
    struct sai_row_images images = {0};
    const json_t *stages = json_object_get(object, keys.stages);
    loader->rejected = true;
    if (json_is_array(stages) && json_array_size(stages) == 0)
        return SAI_BAD_ROW(loader, "bad-list", "stages is no list as long as paths");
    int rc = sai_row_images(&images, loader, object, &keys);
    if (rc == SELECTAI_OK)
        rc = sai_row_text(&e.project, loader, object, "project", true);
    if (rc == SELECTAI_OK)
        rc = sai_row_text(&e.set_id, loader, object, "set_id", false);
    if (rc == SELECTAI_OK)
        rc = sai_row_text(&e.timestamp, loader, object, "timestamp", false);
    if (rc == SELECTAI_OK)
        rc = check_distinct(loader, &images);
    if (rc == SELECTAI_OK)
        rc = complete_from_names(&e, &images, &loader->set->arena);
    if (rc != SELECTAI_OK)
        return rc;
    e.chosen_path = images.paths[0];
    e.chosen_stage = images.stages[0];
    e.neg_paths = images.paths + 1;
    e.neg_stages = images.stages + 1;
    e.n_negatives = images.n - 1;
    e.source_path = loader->path;
    e.source_row = row;
    *out = e;
    return sai_entry_check_lengths(loader, out);
}

int sai_rejected_of_entry(struct selectai_rejected_group *out, const struct selectai_entry *e, struct sai_arena *arena)
{
    uint32_t n = e->n_negatives + 1;
    const char **paths = sai_arena_array(arena, n, sizeof *paths);
    double *stages = sai_arena_array(arena, n, sizeof *stages);
    if (!paths || !stages)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < n; i++) {
        paths[i] = i ? e->neg_paths[i - 1] : e->chosen_path;
        stages[i] = i ? e->neg_stages[i - 1] : e->chosen_stage;
    }
    *out = (struct selectai_rejected_group){.struct_size = sizeof *out,
                                            .n_images = n,
                                            .project = e->project,
                                            .set_id = e->set_id,
                                            .timestamp = e->timestamp,
                                            .paths = paths,
                                            .stages = stages,
                                            .source_path = e->source_path,
                                            .source_row = e->source_row};
    return SELECTAI_OK;
}

/* ---- From rows to the list ------------------------------------------------------------------- */

/* Decisions stay, groups go to their list; the groups' origins are not needed afterwards. */
static int move_group(struct sai_loader *loader, struct sai_rejected_sift *sift, size_t index)
{
    struct selectai_rejected_group group;
    selectai_trainset *set = loader->set;
    int rc = sai_rejected_of_entry(&group, &set->items[index], &set->arena);
    if (rc == SELECTAI_OK)
        rc = sai_rejected_judge(sift, &group);
    if (rc == SELECTAI_OK)
        return sai_trainset_add_rejected(set, &group);
    return sai_is_left_out(rc) ? sai_loader_note(loader, rc, sai_rejected_kind(rc), loader->origins[index]) : rc;
}

int sai_loader_part_rejected(struct sai_loader *loader)
{
    selectai_trainset *set = loader->set;
    struct sai_rejected_sift *sift = NULL;
    size_t kept = 0;
    int rc = sai_rejected_sift_create(&sift);
    for (size_t i = 0; rc == SELECTAI_OK && i < set->count; i++)
        if (!loader->origins[i].rejected)
            rc = sai_rejected_see_winner(sift, &set->items[i]);
    for (size_t i = 0; rc == SELECTAI_OK && i < set->count; i++) {
        if (loader->origins[i].rejected) {
            rc = move_group(loader, sift, i);
        } else {
            loader->origins[kept] = loader->origins[i];
            set->items[kept++] = set->items[i];
        }
    }
    if (rc == SELECTAI_OK)
        set->count = loader->n_origins = kept;
    sai_rejected_sift_destroy(&sift);
    return rc;
}
