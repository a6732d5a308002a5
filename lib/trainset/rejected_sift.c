/*
 * trainset/rejected_sift.c: each rejected group once, and none that was decided after all.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "trainset/rejected_sift.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "project/name_index.h"
#include "trainset/copy.h"

/* Where a row stands; an extracted one stands nowhere. */
struct place {
    const char *path, *image;
    uint64_t row;
};

struct sai_rejected_sift {
    struct sai_name_index images;  /* project, NUL, file name -> number */
    struct sai_name_index winners; /* number of an image -> place */
    struct sai_name_index groups;  /* ascending numbers of a group's images, each once -> place */
    struct place *places;
    size_t n_places, places_capacity;
    uint32_t *numbers; /* of the group being judged */
    size_t numbers_capacity;
    struct sai_text name;
    struct sai_arena arena; /* keys */
};

int sai_rejected_sift_create(struct sai_rejected_sift **out)
{
    *out = sai_calloc(1, sizeof **out);
    return *out ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

void sai_rejected_sift_destroy(struct sai_rejected_sift **sift)
{
    struct sai_rejected_sift *s = *sift;
    if (!s)
        return;
    sai_name_index_free(&s->images);
    sai_name_index_free(&s->winners);
    sai_name_index_free(&s->groups);
    sai_free(s->places);
    sai_free(s->numbers);
    sai_text_free(&s->name);
    sai_arena_clear(&s->arena);
    sai_free(s);
    *sift = NULL;
}

/* ---- Numbers --------------------------------------------------------------------------------- */

static int number_of(uint32_t *out, struct sai_rejected_sift *s, const char *project, const char *path)
{
    sai_text_clear(&s->name);
    sai_text_puts(&s->name, project);
    sai_text_add(&s->name, "\0", 1);
    sai_text_puts(&s->name, sai_path_basename(path));
    if (s->name.failed)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    uint32_t item = sai_name_index_find(&s->images, s->name.data, s->name.length);
    if (item != SAI_INDEX_END) {
        *out = s->images.items[item].value;
        return SELECTAI_OK;
    }
    const char *key = sai_arena_strndup(&s->arena, s->name.data, s->name.length);
    *out = (uint32_t)s->images.count; /* the index has a limit below that of uint32_t */
    return key ? sai_name_index_add(&s->images, key, s->name.length, *out) : SELECTAI_ERR_OUT_OF_MEMORY;
}

/* Remembers under `n` numbers where a row stands. */
static int remember(struct sai_rejected_sift *s, struct sai_name_index *index, const uint32_t *numbers, size_t n,
                    const struct place *place)
{
    if (s->n_places >= UINT32_MAX)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "%zu rows are too many to be compared at once", s->n_places);
    uint32_t *key = sai_arena_array(&s->arena, n, sizeof *key);
    if (!key || !SAI_GROW(s->places, s->places_capacity, s->n_places + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    memcpy(key, numbers, n * sizeof *key);
    s->places[s->n_places] = *place;
    return sai_name_index_add(index, key, n * sizeof *key, (uint32_t)s->n_places++);
}

/* NULL: nothing was remembered under these numbers. */
static const struct place *recall(const struct sai_rejected_sift *s, const struct sai_name_index *index,
                                  const uint32_t *numbers, size_t n)
{
    uint32_t item = sai_name_index_find(index, numbers, n * sizeof *numbers);
    return item == SAI_INDEX_END ? NULL : &s->places[index->items[item].value];
}

static int compare_numbers(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* s->numbers: those of the images in their order; the caller sorts them. */
static int number_images(struct sai_rejected_sift *s, const struct selectai_rejected_group *group)
{
    if (!SAI_GROW(s->numbers, s->numbers_capacity, group->n_images))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int rc = SELECTAI_OK;
    for (uint32_t i = 0; rc == SELECTAI_OK && i < group->n_images; i++)
        rc = number_of(&s->numbers[i], s, group->project, group->paths[i]);
    return rc;
}

static size_t sort_numbers(uint32_t *numbers, size_t n)
{
    size_t kept = 0;
    qsort(numbers, n, sizeof *numbers, compare_numbers);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || numbers[kept - 1] != numbers[i])
            numbers[kept++] = numbers[i];
    return kept;
}

/* ---- Judging --------------------------------------------------------------------------------- */

static int refuse(int code, const struct selectai_rejected_group *group, const char *what, const struct place *other)
{
    struct sai_text text = {0};
    const bool read[2] = {*group->source_path != '\0', *other->path != '\0'};
    if (read[0])
        sai_text_printf(&text, "%s:%llu", group->source_path, (unsigned long long)group->source_row);
    else
        sai_text_printf(&text, "extracted group of %s", group->paths[0]);
    sai_text_puts(&text, what);
    if (read[1])
        sai_text_printf(&text, "%s:%llu", other->path, (unsigned long long)other->row);
    else
        sai_text_printf(&text, "an extracted row about %s", other->image);
    int rc = text.failed ? SELECTAI_ERR_OUT_OF_MEMORY : SAI_FAIL(code, "%s", text.data);
    sai_text_free(&text);
    return rc;
}

int sai_rejected_see_winner(struct sai_rejected_sift *sift, const struct selectai_entry *entry)
{
    uint32_t number = 0;
    const struct place place = {entry->source_path, entry->chosen_path, entry->source_row};
    if (!*entry->project) /* a crop alone: nobody knows whose image it is */
        return SELECTAI_OK;
    int rc = number_of(&number, sift, entry->project, entry->chosen_path);
    if (rc != SELECTAI_OK || recall(sift, &sift->winners, &number, 1))
        return rc;
    return remember(sift, &sift->winners, &number, 1, &place);
}

int sai_rejected_judge(struct sai_rejected_sift *sift, const struct selectai_rejected_group *group)
{
    const struct place place = {group->source_path, group->paths[0], group->source_row}, *other = NULL;
    int rc = number_images(sift, group);
    if (rc != SELECTAI_OK)
        return rc;
    for (uint32_t i = 0; i < group->n_images; i++)
        if ((other = recall(sift, &sift->winners, &sift->numbers[i], 1)) != NULL)
            return refuse(SELECTAI_ERR_AMBIGUOUS, group, ": one of its images was chosen in ", other);
    size_t n = sort_numbers(sift->numbers, group->n_images);
    if ((other = recall(sift, &sift->groups, sift->numbers, n)) != NULL)
        return refuse(SELECTAI_ERR_EXISTS, group, ": the same rejected group as ", other);
    return remember(sift, &sift->groups, sift->numbers, n, &place);
}

/* ---- Copying --------------------------------------------------------------------------------- */

int sai_rejected_copy(selectai_trainset *to, const selectai_trainset *from)
{
    struct sai_rejected_sift *sift = NULL;
    int rc = from->n_rejected > 0 ? sai_rejected_sift_create(&sift) : SELECTAI_OK;
    for (size_t i = 0; sift && rc == SELECTAI_OK && i < from->count; i++)
        rc = sai_rejected_see_winner(sift, &from->items[i]);
    for (size_t i = 0; rc == SELECTAI_OK && i < from->n_rejected; i++) {
        const struct selectai_rejected_group *group = &from->rejected[i];
        rc = sai_rejected_judge(sift, group);
        if (rc == SELECTAI_OK)
            rc = sai_rejected_write(to, group);
        else if (sai_is_left_out(rc))
            rc = sai_issues_add_last(to->issues, sai_rejected_kind(rc),
                                     *group->source_path ? group->source_path : group->paths[0], group->source_row);
    }
    sai_rejected_sift_destroy(&sift);
    return rc;
}
