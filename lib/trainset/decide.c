/*
 * trainset/decide.c: from groups and winners to entries.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/rng.h"
#include "trainset/extraction.h"

/* ---- Texts of entries ------------------------------------------------------------------------ */

const char *sai_raw_path(const struct sai_project_work *work, uint32_t raw)
{
    const char *slash = work->raw_dir[strlen(work->raw_dir) - 1] == '/' ? "" : "/";
    return sai_arena_printf(&work->extraction->entries->arena, "%s%s%s", work->raw_dir, slash,
                            work->raw.items[raw].rel);
}

static const char *final_path(const struct sai_project_work *work, uint32_t final)
{
    const char *slash = work->final_dir[strlen(work->final_dir) - 1] == '/' ? "" : "/";
    return sai_arena_printf(&work->extraction->entries->arena, "%s%s%s", work->final_dir, slash,
                            work->final.items[final].rel);
}

const char *sai_raw_timestamp(const struct sai_project_work *work, uint32_t raw)
{
    return sai_arena_strndup(&work->extraction->entries->arena, sai_file_name(&work->raw.items[raw]), 15);
}

/* The same whatever the order of folders, threads and runs: made from what names the group's first file. */
const char *sai_group_id(const struct sai_project_work *work, size_t group)
{
    const struct sai_file *first = &work->raw.items[work->members[work->starts[group]]];
    uint64_t hash = sai_hash_bytes(work->name, strlen(work->name), 0);
    hash = sai_hash_bytes(first->rel, strlen(first->rel), hash); /* folder and name; the project is the seed */
    return sai_arena_printf(&work->extraction->entries->arena, "g%016llx", (unsigned long long)hash);
}

/* ---- Groups to winners ----------------------------------------------------------------------- */

static bool is_loser(const struct sai_fate *fate)
{
    return fate->final_plus_1 == 0 && !fate->maybe;
}

static int add_winner(struct sai_project_work *work, uint32_t raw, size_t group)
{
    if (!SAI_GROW(work->winners, work->winners_capacity, work->n_winners + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    work->winners[work->n_winners++] = (struct sai_winner){
        .raw = raw, .final = work->fates[raw].final_plus_1 - 1, .group = (uint32_t)group};
    return SELECTAI_OK;
}

static int judge_group(struct sai_project_work *work, size_t group)
{
    const uint32_t *members = work->members + work->starts[group];
    uint32_t n = work->starts[group + 1] - work->starts[group], n_winners = 0, n_losers = 0;
    int rc = SELECTAI_OK;

    for (uint32_t i = 0; i < n; i++) {
        n_winners += work->fates[members[i]].final_plus_1 != 0;
        n_losers += is_loser(&work->fates[members[i]]);
    }
    work->counts.groups_with_winner += n_winners > 0;
    work->counts.multi_winner_groups += n_winners > 1;
    work->counts.groups_without_loser += n_winners > 0 && n_losers == 0;
    work->counts.groups_undecided += n_winners == 0 && n_losers < n;
    for (uint32_t i = 0; rc == SELECTAI_OK && n_losers > 0 && i < n; i++)
        if (work->fates[members[i]].final_plus_1 != 0)
            rc = add_winner(work, members[i], group);
    if (rc == SELECTAI_OK && n_losers == n) {
        work->counts.groups_rejected++;
        rc = sai_reject_group(work, group);
    }
    return rc;
}

int sai_judge_groups(struct sai_project_work *work)
{
    int rc = SELECTAI_OK;
    work->counts.groups = work->n_groups;
    for (size_t g = 0; rc == SELECTAI_OK && g < work->n_groups; g++)
        rc = judge_group(work, g);
    return rc;
}

/* ---- Winners to entries ---------------------------------------------------------------------- */

static int add_losers(struct sai_project_work *work, struct selectai_entry *entry, uint32_t group)
{
    struct sai_arena *arena = &work->extraction->entries->arena;
    uint32_t begin = work->starts[group], n = work->starts[group + 1] - begin;
    const char **paths = sai_arena_array(arena, n, sizeof *paths);
    double *stages = sai_arena_array(arena, n, sizeof *stages);
    if (!paths || !stages)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t raw = work->members[begin + i];
        if (!is_loser(&work->fates[raw]))
            continue;
        paths[entry->n_negatives] = sai_raw_path(work, raw);
        if (!paths[entry->n_negatives])
            return SELECTAI_ERR_OUT_OF_MEMORY;
        stages[entry->n_negatives++] = work->raw.items[raw].moment.stage;
    }
    entry->neg_paths = paths;
    entry->neg_stages = stages;
    return SELECTAI_OK;
}

static void add_crop(struct selectai_entry *entry, const struct sai_crop *crop)
{
    entry->image_width = crop->width;
    entry->image_height = crop->height;
    entry->was_cropped = crop->was_cropped;
    entry->crop_evidence = crop->evidence;
    entry->has_crop = crop->has_box;
    if (!crop->has_box)
        return;
    entry->crop_method = crop->method;
    entry->crop_residual = crop->residual;
    entry->crop_px = crop->box;
    entry->crop = (struct selectai_box){.x1 = (double)crop->box.x1 / crop->width,
                                        .y1 = (double)crop->box.y1 / crop->height,
                                        .x2 = (double)crop->box.x2 / crop->width,
                                        .y2 = (double)crop->box.y2 / crop->height};
}

static void count_entry(struct sai_extract_counts *counts, const struct selectai_entry *entry)
{
    counts->entries++;
    counts->anomalies += entry->anomaly == 1;
    counts->crop_boxes += entry->has_crop == 1;
    if (entry->was_cropped == 1) {
        counts->cropped++;
        counts->crops_by_evidence[entry->crop_evidence]++;
    }
}

/* How the finals were found, and what the rule of the times would have said where that is known. */
static void count_winner(struct sai_extract_counts *counts, const struct sai_winner *winner)
{
    const struct sai_crop *crop = &winner->crop;
    if (!crop->compared)
        return;
    counts->crops_by_method[crop->method]++;
    if (crop->evidence != SELECTAI_CROP_EVIDENCE_PIXELS)
        return;
    counts->time_right += winner->newer == (crop->was_cropped == 1);
    counts->time_wrong_cropped += winner->newer && crop->was_cropped == 0;
    counts->time_wrong_whole += !winner->newer && crop->was_cropped == 1;
}

static int add_entry(struct sai_project_work *work, const struct sai_winner *winner,
                     const struct selectai_entry *shared)
{
    struct selectai_entry entry = *shared;
    int rc = add_losers(work, &entry, winner->group);
    if (rc != SELECTAI_OK)
        return rc;
    entry.set_id = sai_group_id(work, winner->group);
    entry.timestamp = sai_raw_timestamp(work, winner->raw);
    entry.chosen_path = sai_raw_path(work, winner->raw);
    entry.chosen_final_path = final_path(work, winner->final);
    if (!entry.set_id || !entry.timestamp || !entry.chosen_path || !entry.chosen_final_path)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    entry.chosen_stage = work->raw.items[winner->raw].moment.stage;
    entry.evidence = work->fates[winner->raw].evidence;
    entry.group_mode = work->extraction->group.mode;
    entry.anomaly = sai_entry_anomaly(&entry);
    add_crop(&entry, &winner->crop);
    count_entry(&work->counts, &entry);
    count_winner(&work->counts, winner);
    return sai_trainset_add(work->extraction->entries, &entry);
}

/* Winners stand in the order of groups already. */
int sai_add_entries(struct sai_project_work *work)
{
    struct selectai_extraction *extraction = work->extraction;
    struct sai_arena *arena = &extraction->entries->arena;
    struct selectai_entry shared = sai_entry_blank();
    shared.project = work->name;
    shared.raw_dir = sai_arena_strdup(arena, work->raw_dir);
    shared.final_dir = sai_arena_strdup(arena, work->final_dir);
    shared.shared_folders = extraction->by_dates && sai_manifest_has_time(&work->manifest);
    shared.session_id = shared.decided_at = shared.source_path = ""; /* only logs know these */
    shared.extraction_date = extraction->date; /* lives as long as the extraction, which owns the set */
    int rc = shared.raw_dir && shared.final_dir ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; rc == SELECTAI_OK && i < work->n_winners; i++)
        rc = add_entry(work, &work->winners[i], &shared);
    return rc;
}
