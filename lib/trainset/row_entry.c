/*
 * trainset/row_entry.c: what rows of all forms have in common: losers, checks, what file names tell.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "project/name.h"
#include "trainset/load.h"

#define MAX_PATH_BYTES 4096u

const char *sai_box_fault(const double edges[4])
{
    return edges[0] > edges[2] || edges[1] > edges[3] ? "box-inverted" : "box-empty";
}

int sai_entry_make_losers(const char ***paths, double **stages, struct selectai_entry *entry, struct sai_arena *arena,
                          size_t n)
{
    struct sai_row_images losers;
    int rc = sai_row_images_make(&losers, arena, n, "losers");
    if (rc != SELECTAI_OK)
        return rc;
    entry->neg_paths = *paths = losers.paths;
    entry->neg_stages = *stages = losers.stages;
    entry->n_negatives = losers.n;
    return SELECTAI_OK;
}

/* No file can be called so; whose a path is takes time that grows with the square of its length. */
int sai_entry_check_lengths(struct sai_loader *loader, const struct selectai_entry *e)
{
    const char *const others[] = {e->chosen_path, e->chosen_final_path, e->raw_dir, e->final_dir};
    size_t n_others = sizeof others / sizeof *others;
    for (size_t i = 0; i < n_others + e->n_negatives; i++) {
        size_t n = strlen(i < n_others ? others[i] : e->neg_paths[i - n_others]);
        if (n > MAX_PATH_BYTES)
            return SAI_BAD_ROW(loader, "bad-value", "a path of %zu bytes, at most %u are taken", n, MAX_PATH_BYTES);
    }
    return SELECTAI_OK;
}

/* No file twice: one that won and lost, or lost twice, would be a pair of a picture with itself. */
static int check_distinct(struct sai_loader *loader, const struct selectai_entry *e)
{
    for (uint32_t i = 0; i < e->n_negatives; i++) {
        if (strcmp(e->neg_paths[i], e->chosen_path) == 0)
            return SAI_BAD_ROW(loader, "winner-among-losers", "the chosen image stands among neg_paths too: %s",
                               e->chosen_path);
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(e->neg_paths[i], e->neg_paths[k]) == 0)
                return SAI_BAD_ROW(loader, "duplicate-loser", "neg_paths has the same image twice: %s",
                                   e->neg_paths[i]);
    }
    return SELECTAI_OK;
}

static int complete_stages(struct selectai_entry *e, struct sai_arena *arena)
{
    struct selectai_parsed_name parsed;
    double *stages = NULL;
    for (uint32_t i = 0; i < e->n_negatives; i++) {
        if (!isnan(e->neg_stages[i]) || sai_parse_name(&parsed, e->neg_paths[i]) != NULL)
            continue;
        if (!stages) {
            stages = sai_arena_array(arena, e->n_negatives, sizeof *stages);
            if (!stages)
                return SELECTAI_ERR_OUT_OF_MEMORY;
            memcpy(stages, e->neg_stages, e->n_negatives * sizeof *stages);
            e->neg_stages = stages;
        }
        stages[i] = parsed.stage;
    }
    return SELECTAI_OK;
}

/* Not known comes last. */
static bool is_above(double a, double b)
{
    return a > b || (isnan(a) && !isnan(b));
}

/* Losers in stage order, equal ones as they stood. Few, and mostly in order: insertion. */
static int sort_losers(struct selectai_entry *e, struct sai_arena *arena)
{
    uint32_t n = e->n_negatives, ordered = 1;
    while (ordered < n && !is_above(e->neg_stages[ordered - 1], e->neg_stages[ordered]))
        ordered++;
    if (ordered >= n)
        return SELECTAI_OK;
    const char **paths = sai_arena_array(arena, n, sizeof *paths);
    double *stages = sai_arena_array(arena, n, sizeof *stages);
    if (!paths || !stages)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t k = i;
        for (; k > 0 && is_above(stages[k - 1], e->neg_stages[i]); k--) {
            stages[k] = stages[k - 1];
            paths[k] = paths[k - 1];
        }
        stages[k] = e->neg_stages[i];
        paths[k] = e->neg_paths[i];
    }
    e->neg_paths = paths;
    e->neg_stages = stages;
    return SELECTAI_OK;
}

/* What a row does not say but its file names do. */
static int complete_from_names(struct selectai_entry *e, struct sai_arena *arena)
{
    struct selectai_parsed_name parsed;
    if (sai_parse_name(&parsed, e->chosen_path) == NULL) {
        if (isnan(e->chosen_stage))
            e->chosen_stage = parsed.stage;
        if (!*e->timestamp)
            e->timestamp = sai_arena_strdup(arena, parsed.timestamp);
        if (!e->timestamp)
            return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    int rc = complete_stages(e, arena);
    if (rc == SELECTAI_OK)
        rc = sort_losers(e, arena);
    if (rc != SELECTAI_OK)
        return rc;
    int32_t anomaly = sai_entry_anomaly(e);
    if (anomaly != SELECTAI_UNKNOWN)
        e->anomaly = anomaly; /* what the stages say counts, not what the row claims */
    return SELECTAI_OK;
}

int sai_loader_complete(struct sai_loader *loader, struct selectai_entry *entry, uint64_t row)
{
    entry->source_path = loader->path;
    entry->source_row = row;
    int rc = sai_entry_check_lengths(loader, entry);
    if (rc == SELECTAI_OK)
        rc = check_distinct(loader, entry);
    return rc == SELECTAI_OK ? complete_from_names(entry, &loader->set->arena) : rc;
}

int sai_loader_add_entry(struct sai_loader *loader, const struct selectai_entry *entry)
{
    if (!SAI_GROW(loader->origins, loader->origins_capacity, loader->n_origins + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int rc = sai_trainset_add(loader->set, entry);
    if (rc == SELECTAI_OK)
        loader->origins[loader->n_origins++] = (struct sai_origin){
            .file = loader->file, .rejected = loader->rejected, .row = entry->source_row};
    return rc;
}
