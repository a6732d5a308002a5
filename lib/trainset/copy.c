/*
 * trainset/copy.c: decisions of one set in another; choosing some of a set.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "trainset/copy.h"

enum text_field {
    PROJECT,
    SET_ID,
    TIMESTAMP,
    CHOSEN_PATH,
    CHOSEN_FINAL_PATH,
    RAW_DIR,
    FINAL_DIR,
    EXTRACTION_DATE,
    SESSION_ID,
    DECIDED_AT,
    SOURCE_PATH
};

static int copy_text(struct sai_entry_writer *writer, enum text_field field, const char **text)
{
    const char **last = &writer->last[field];
    if (!*text || !**text) {
        *text = "";
        return SELECTAI_OK;
    }
    if (!*last || strcmp(*last, *text) != 0)
        *last = sai_arena_strdup(&writer->out->arena, *text);
    *text = *last;
    return *last ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

static int copy_texts(struct sai_entry_writer *writer, struct selectai_entry *entry)
{
    const char **const texts[SAI_ENTRY_TEXTS] = {[PROJECT] = &entry->project,
                                                 [SET_ID] = &entry->set_id,
                                                 [TIMESTAMP] = &entry->timestamp,
                                                 [CHOSEN_PATH] = &entry->chosen_path,
                                                 [CHOSEN_FINAL_PATH] = &entry->chosen_final_path,
                                                 [RAW_DIR] = &entry->raw_dir,
                                                 [FINAL_DIR] = &entry->final_dir,
                                                 [EXTRACTION_DATE] = &entry->extraction_date,
                                                 [SESSION_ID] = &entry->session_id,
                                                 [DECIDED_AT] = &entry->decided_at,
                                                 [SOURCE_PATH] = &entry->source_path};
    int rc = SELECTAI_OK;
    for (int field = 0; rc == SELECTAI_OK && field < SAI_ENTRY_TEXTS; field++)
        rc = copy_text(writer, (enum text_field)field, texts[field]);
    return rc;
}

static int copy_losers(struct sai_entry_writer *writer, struct selectai_entry *entry)
{
    struct sai_arena *arena = &writer->out->arena;
    if (entry->n_negatives == 0)
        return SELECTAI_OK;
    const char **paths = sai_arena_array(arena, entry->n_negatives, sizeof *paths);
    double *stages = sai_arena_array(arena, entry->n_negatives, sizeof *stages);
    if (!paths || !stages)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < entry->n_negatives; i++) {
        paths[i] = sai_arena_strdup(arena, entry->neg_paths[i]);
        if (!paths[i])
            return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    memcpy(stages, entry->neg_stages, entry->n_negatives * sizeof *stages);
    entry->neg_paths = paths;
    entry->neg_stages = stages;
    return SELECTAI_OK;
}

int sai_entry_write(struct sai_entry_writer *writer, const struct selectai_entry *entry)
{
    struct selectai_entry copy = *entry;
    int rc = copy_texts(writer, &copy);
    if (rc == SELECTAI_OK)
        rc = copy_losers(writer, &copy);
    return rc == SELECTAI_OK ? sai_trainset_add(writer->out, &copy) : rc;
}

static int copy_group_texts(struct selectai_rejected_group *copy, struct sai_arena *arena)
{
    const char **const texts[] = {&copy->project, &copy->set_id, &copy->timestamp, &copy->source_path};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        *texts[i] = **texts[i] ? sai_arena_strdup(arena, *texts[i]) : "";
        if (!*texts[i])
            return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    return SELECTAI_OK;
}

int sai_rejected_write(selectai_trainset *to, const struct selectai_rejected_group *group)
{
    struct selectai_rejected_group copy = *group;
    const char **paths = sai_arena_array(&to->arena, group->n_images, sizeof *paths);
    double *stages = sai_arena_array(&to->arena, group->n_images, sizeof *stages);
    if (!paths || !stages)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < group->n_images; i++) {
        paths[i] = sai_arena_strdup(&to->arena, group->paths[i]);
        if (!paths[i])
            return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    memcpy(stages, group->stages, group->n_images * sizeof *stages);
    copy.paths = paths;
    copy.stages = stages;
    int rc = copy_group_texts(&copy, &to->arena);
    return rc == SELECTAI_OK ? sai_trainset_add_rejected(to, &copy) : rc;
}

int selectai_trainset_select(selectai_trainset **out, const selectai_trainset *set, const uint8_t *decisions,
                             const uint8_t *rejected)
{
    struct sai_entry_writer writer = {0};
    SAI_REQUIRE(out && set);
    int rc = sai_trainset_create(&writer.out);
    for (size_t i = 0; i < set->count && decisions && rc == SELECTAI_OK; i++)
        if (decisions[i])
            rc = sai_entry_write(&writer, &set->items[i]);
    for (size_t i = 0; i < set->n_rejected && rejected && rc == SELECTAI_OK; i++)
        if (rejected[i])
            rc = sai_rejected_write(writer.out, &set->rejected[i]);
    if (rc == SELECTAI_OK)
        *out = writer.out;
    else
        selectai_trainset_destroy(&writer.out);
    return rc;
}
