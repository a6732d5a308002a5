/*
 * trainset/rejected.c: an extraction's groups of which nothing was chosen.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "trainset/extraction.h"

int sai_reject_group(const struct sai_project_work *work, size_t group)
{
    selectai_trainset *set = work->extraction->entries;
    struct sai_arena *arena = &set->arena;
    uint32_t begin = work->starts[group], n = work->starts[group + 1] - begin;
    const char **paths = sai_arena_array(arena, n, sizeof *paths);
    double *stages = sai_arena_array(arena, n, sizeof *stages);
    struct selectai_rejected_group rejected = {
        .n_images = n, .project = work->name, .paths = paths, .stages = stages, .source_path = ""};

    if (!paths || !stages)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t raw = work->members[begin + i];
        paths[i] = sai_raw_path(work, raw);
        stages[i] = work->raw.items[raw].moment.stage;
        if (!paths[i])
            return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    rejected.timestamp = sai_raw_timestamp(work, work->members[begin]);
    rejected.set_id = sai_group_id(work, group);
    if (!rejected.timestamp || !rejected.set_id)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    return sai_trainset_add_rejected(set, &rejected);
}

size_t selectai_extraction_rejected_count(const selectai_extraction *extraction)
{
    return extraction ? extraction->entries->n_rejected : 0;
}

int selectai_extraction_rejected_json(char **out, const selectai_extraction *extraction, size_t index)
{
    struct sai_text line = {0};
    SAI_REQUIRE(out && extraction && index < extraction->entries->n_rejected);
    sai_rejected_json(&line, &extraction->entries->rejected[index]);
    return sai_text_finish(&line, out);
}

int selectai_extraction_write_rejected(const selectai_extraction *extraction, const char *path)
{
    SAI_REQUIRE(extraction && path && *path);
    return sai_write_rejected(extraction->entries, path, false);
}
