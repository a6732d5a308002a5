/*
 * trainset/set.c: a set of decisions and its getters.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "trainset/entry.h"

int sai_trainset_create(selectai_trainset **out)
{
    selectai_trainset *set = sai_calloc(1, sizeof *set);
    int rc = set ? sai_issues_create(&set->issues) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc != SELECTAI_OK)
        selectai_trainset_destroy(&set);
    else
        *out = set;
    return rc;
}

int sai_trainset_add(selectai_trainset *set, const struct selectai_entry *entry)
{
    if (!SAI_GROW(set->items, set->capacity, set->count + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    set->items[set->count] = *entry;
    set->items[set->count++].struct_size = sizeof *entry;
    return SELECTAI_OK;
}

int sai_trainset_add_rejected(selectai_trainset *set, const struct selectai_rejected_group *group)
{
    if (!SAI_GROW(set->rejected, set->rejected_capacity, set->n_rejected + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    set->rejected[set->n_rejected] = *group;
    set->rejected[set->n_rejected++].struct_size = sizeof *group;
    return SELECTAI_OK;
}

struct selectai_entry sai_entry_blank(void)
{
    return (struct selectai_entry){.project = "",
                                   .set_id = "",
                                   .timestamp = "",
                                   .chosen_path = "",
                                   .chosen_final_path = "",
                                   .chosen_stage = NAN,
                                   .was_cropped = SELECTAI_UNKNOWN,
                                   .anomaly = SELECTAI_UNKNOWN,
                                   .crop_residual = NAN,
                                   .group_mode = SELECTAI_UNKNOWN,
                                   .raw_dir = "",
                                   .final_dir = "",
                                   .extraction_date = "",
                                   .session_id = "",
                                   .decided_at = "",
                                   .source_path = ""};
}

double sai_entry_highest_loser(const struct selectai_entry *entry)
{
    double highest = NAN;
    for (uint32_t i = 0; i < entry->n_negatives; i++)
        highest = fmax(highest, entry->neg_stages[i]); /* passes over NaN */
    return highest;
}

int32_t sai_entry_anomaly(const struct selectai_entry *entry)
{
    int32_t result = 0;
    if (isnan(entry->chosen_stage) || entry->n_negatives == 0)
        return SELECTAI_UNKNOWN;
    for (uint32_t i = 0; i < entry->n_negatives; i++) {
        if (entry->neg_stages[i] > entry->chosen_stage)
            return 1; /* one higher loser is enough, whatever the others are */
        if (isnan(entry->neg_stages[i]))
            result = SELECTAI_UNKNOWN;
    }
    return result;
}

size_t selectai_trainset_count(const selectai_trainset *set)
{
    return set ? set->count : 0;
}

int selectai_trainset_get(const selectai_trainset *set, size_t index, struct selectai_entry *out)
{
    SAI_REQUIRE(set && out && index < set->count);
    return sai_struct_out(out, &set->items[index], sizeof set->items[index]);
}

size_t selectai_trainset_rejected_count(const selectai_trainset *set)
{
    return set ? set->n_rejected : 0;
}

int selectai_trainset_get_rejected(const selectai_trainset *set, size_t index, struct selectai_rejected_group *out)
{
    SAI_REQUIRE(set && out && index < set->n_rejected);
    return sai_struct_out(out, &set->rejected[index], sizeof set->rejected[index]);
}

const selectai_issues *selectai_trainset_issues(const selectai_trainset *set)
{
    return set ? set->issues : NULL;
}

void selectai_trainset_destroy(selectai_trainset **set)
{
    if (!set || !*set)
        return;
    sai_free((*set)->items);
    sai_free((*set)->rejected);
    sai_arena_clear(&(*set)->arena);
    selectai_issues_destroy(&(*set)->issues);
    sai_free(*set);
    *set = NULL;
}
