/*
 * trainset/rejected.c: groups of which nothing was chosen.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/file.h"
#include "trainset/extraction.h"

int sai_reject_group(const struct sai_project_work *work, size_t group)
{
    struct selectai_extraction *extraction = work->extraction;
    struct sai_arena *arena = &extraction->entries->arena;
    uint32_t begin = work->starts[group], n = work->starts[group + 1] - begin;
    const char **paths = sai_arena_array(arena, n, sizeof *paths);
    double *stages = sai_arena_array(arena, n, sizeof *stages);
    struct sai_rejected rejected = {.project = work->name, .paths = paths, .stages = stages, .n = n};

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
    if (!rejected.timestamp || !rejected.set_id ||
        !SAI_GROW(extraction->rejected, extraction->rejected_capacity, extraction->n_rejected + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    extraction->rejected[extraction->n_rejected++] = rejected;
    return SELECTAI_OK;
}

static void rejected_json(struct sai_text *line, const struct sai_rejected *rejected)
{
    sai_text_puts(line, "{\"project\":");
    sai_text_json_string(line, rejected->project);
    sai_text_puts(line, ",\"timestamp\":");
    sai_text_json_string(line, rejected->timestamp);
    sai_text_puts(line, ",\"set_id\":");
    sai_text_json_string(line, rejected->set_id);
    sai_text_puts(line, ",\"paths\":");
    sai_json_texts(line, rejected->paths, rejected->n);
    sai_text_puts(line, ",\"stages\":");
    sai_json_numbers(line, rejected->stages, rejected->n);
    sai_text_puts(line, "}");
}

size_t selectai_extraction_rejected_count(const selectai_extraction *extraction)
{
    return extraction ? extraction->n_rejected : 0;
}

int selectai_extraction_rejected_json(char **out, const selectai_extraction *extraction, size_t index)
{
    struct sai_text line = {0};
    SAI_REQUIRE(out && extraction && index < extraction->n_rejected);
    rejected_json(&line, &extraction->rejected[index]);
    return sai_text_finish(&line, out);
}

int selectai_extraction_write_rejected(const selectai_extraction *extraction, const char *path)
{
    struct sai_atomic_file file;
    struct sai_text line = {0};

    SAI_REQUIRE(extraction && path && *path);
    int rc = sai_atomic_open(&file, path);
    if (rc != SELECTAI_OK)
        return rc;
    for (size_t i = 0; i < extraction->n_rejected && !line.failed; i++) {
        sai_text_clear(&line);
        rejected_json(&line, &extraction->rejected[i]);
        sai_text_puts(&line, "\n");
        if (!line.failed)
            sai_atomic_write(&file, line.data, line.length);
    }
    rc = line.failed ? SELECTAI_ERR_OUT_OF_MEMORY : sai_atomic_commit(&file);
    if (line.failed)
        sai_atomic_discard(&file);
    sai_text_free(&line);
    return rc;
}
