/*
 * trainset/merge_identify.c: which rows are the same decision.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "project/name_index.h"
#include "trainset/merge.h"

/* Of one image, without losers: a row is compared with no more of them. All of them contradict each other anyway. */
#define MAX_CROPS 256u

struct identifier {
    struct sai_merge *merge;
    struct sai_name_index images, selections;
    struct sai_text name;
    uint32_t *numbers; /* images of one row */
    size_t numbers_capacity;
};

/* Projects have separate images; where the project is not known, equal file names in two folders are two images. */
static int image_number(uint32_t *out, struct identifier *id, const char *project, const char *path)
{
    struct sai_merge *merge = id->merge;
    sai_text_clear(&id->name);
    sai_text_puts(&id->name, project);
    sai_text_add(&id->name, "\0", 1);
    sai_text_puts(&id->name, *project ? sai_path_basename(path) : path);
    if (id->name.failed)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    uint32_t item = sai_name_index_find(&id->images, id->name.data, id->name.length);
    if (item != SAI_INDEX_END) {
        *out = id->images.items[item].value;
        return SELECTAI_OK;
    }
    const char *key = sai_arena_strndup(&merge->arena, id->name.data, id->name.length);
    if (!key)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    if (!SAI_GROW(merge->images, merge->images_capacity, merge->n_images + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    *out = (uint32_t)merge->n_images; /* the index has a limit below that of uint32_t */
    int rc = sai_name_index_add(&id->images, key, id->name.length, *out);
    if (rc == SELECTAI_OK)
        merge->images[merge->n_images++] = (struct sai_merge_image){SAI_NO_DECISION, SAI_NO_DECISION, SAI_NO_DECISION,
                                                                    SAI_NO_DECISION};
    return rc;
}

static int compare_numbers(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* numbers[0] is the winner, the n_losers behind it are ascending, each once. */
static int number_row(uint32_t *n_losers, struct identifier *id, const struct selectai_entry *entry)
{
    const char *project = entry->project ? entry->project : "";
    size_t n = 0;
    if (!SAI_GROW(id->numbers, id->numbers_capacity, (size_t)entry->n_negatives + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    uint32_t *losers = id->numbers + 1;
    int rc = image_number(id->numbers, id, project, entry->chosen_path);
    for (uint32_t i = 0; rc == SELECTAI_OK && i < entry->n_negatives; i++)
        rc = image_number(&losers[i], id, project, entry->neg_paths[i]);
    if (rc != SELECTAI_OK)
        return rc;
    if (entry->n_negatives > 1)
        qsort(losers, entry->n_negatives, sizeof *losers, compare_numbers);
    for (uint32_t i = 0; i < entry->n_negatives; i++)
        if (n == 0 || losers[n - 1] != losers[i])
            losers[n++] = losers[i];
    *n_losers = (uint32_t)n;
    return SELECTAI_OK;
}

static void append(struct sai_merge *merge, uint32_t *first, uint32_t *last, uint32_t decision)
{
    if (*first == SAI_NO_DECISION)
        *first = decision;
    else
        merge->decisions[*last].next_of_winner = decision;
    *last = decision;
}

static int add_decision(struct identifier *id, uint32_t row, uint32_t n_losers)
{
    struct sai_merge *merge = id->merge;
    size_t n = (size_t)n_losers + 1;
    if (!SAI_GROW(merge->decisions, merge->capacity, merge->n_decisions + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    uint32_t *numbers = sai_arena_array(&merge->arena, n, sizeof *numbers);
    if (!numbers)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    memcpy(numbers, id->numbers, n * sizeof *numbers);
    merge->decision_of[row] = (uint32_t)merge->n_decisions;
    merge->decisions[merge->n_decisions] = (struct sai_decision){.first = row,
                                                                 .last = row,
                                                                 .winner = numbers[0],
                                                                 .n_losers = n_losers,
                                                                 .losers = numbers + 1,
                                                                 .next_of_winner = SAI_NO_DECISION,
                                                                 .entry = merge->set->items[row],
                                                                 .rival = SAI_NO_DECISION,
                                                                 .twin = SAI_NO_DECISION};
    struct sai_merge_image *image = &merge->images[numbers[0]];
    append(merge, n_losers ? &image->selections : &image->crops, n_losers ? &image->last_selection : &image->last_crop,
           (uint32_t)merge->n_decisions++);
    if (n_losers == 0)
        return SELECTAI_OK;
    return sai_name_index_add(&id->selections, numbers, n * sizeof *numbers, merge->decision_of[row]);
}

static void repeat_decision(struct sai_merge *merge, uint32_t row, uint32_t decision)
{
    merge->decision_of[row] = decision;
    merge->decisions[decision].last = row;
}

static int identify_selection(struct identifier *id, uint32_t row, uint32_t n_losers)
{
    size_t bytes = ((size_t)n_losers + 1) * sizeof *id->numbers;
    uint32_t item = sai_name_index_find(&id->selections, id->numbers, bytes);
    if (item == SAI_INDEX_END)
        return add_decision(id, row, n_losers);
    repeat_decision(id->merge, row, id->selections.items[item].value);
    return SELECTAI_OK;
}

/* Compared with the first row of each decision: being alike is not transitive. */
static int identify_crop(struct identifier *id, uint32_t row)
{
    struct sai_merge *merge = id->merge;
    const struct selectai_entry *items = merge->set->items;
    uint32_t d = merge->images[id->numbers[0]].crops;
    unsigned n = 0;
    for (; d != SAI_NO_DECISION && n < MAX_CROPS; d = merge->decisions[d].next_of_winner, n++)
        if (sai_crops_agree(&items[row], &items[merge->decisions[d].first]))
            break;
    if (d == SAI_NO_DECISION || n == MAX_CROPS)
        return add_decision(id, row, 0);
    repeat_decision(merge, row, d);
    return SELECTAI_OK;
}

static int identify_rows(struct identifier *id)
{
    const selectai_trainset *set = id->merge->set;
    uint32_t n_losers;
    int rc = SELECTAI_OK;
    for (uint32_t row = 0; rc == SELECTAI_OK && row < set->count; row++) {
        rc = number_row(&n_losers, id, &set->items[row]);
        if (rc == SELECTAI_OK)
            rc = n_losers > 0 ? identify_selection(id, row, n_losers) : identify_crop(id, row);
    }
    return rc;
}

int sai_merge_identify(struct sai_merge *merge)
{
    struct identifier id = {.merge = merge};
    int rc = identify_rows(&id);
    sai_name_index_free(&id.images);
    sai_name_index_free(&id.selections);
    sai_text_free(&id.name);
    sai_free(id.numbers);
    return rc;
}

bool sai_crops_agree(const struct selectai_entry *a, const struct selectai_entry *b)
{
    return !a->has_crop || !b->has_crop || selectai_box_iou(&a->crop, &b->crop) >= SAI_SAME_CROP;
}
