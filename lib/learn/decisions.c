/*
 * learn/decisions.c: decisions as learning sees them.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/rng.h"
#include "base/text.h"
#include "learn/decisions.h"

uint64_t sai_image_key(const char *project, const char *filename)
{
    const char *name = sai_path_basename(filename);
    return sai_hash_bytes(name, strlen(name), sai_hash_bytes(project, strlen(project), 0));
}

static double stage_of(double stage, const char *filename)
{
    struct selectai_parsed_name name = {.struct_size = sizeof name};
    if (!isnan(stage))
        return stage;
    return selectai_parse_filename(&name, filename) == SELECTAI_OK ? name.stage : NAN;
}

static int add_member(struct sai_decisions *d, const char *project, const char *path, double stage)
{
    if (!SAI_GROW(d->members, d->members_capacity, d->n_members + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    struct sai_member *m = &d->members[d->n_members++];
    const char *filename = sai_path_basename(path);
    *m = (struct sai_member){.path = path,
                             .filename = filename,
                             .key = sai_image_key(project, filename),
                             .stage = stage_of(stage, filename)};
    return SELECTAI_OK;
}

/* Losers that are the winner itself, or named twice, count once or not at all. */
static bool known(const struct sai_decisions *d, const struct sai_decision *decision, const char *path)
{
    const char *filename = sai_path_basename(path);
    for (uint32_t i = 0; i < decision->n; i++)
        if (strcmp(d->members[decision->first + i].filename, filename) == 0)
            return true;
    return false;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* File names hold no '/', so the text is unambiguous. */
static const char *decision_text(struct sai_decisions *d, const struct sai_decision *decision)
{
    struct sai_text text = {0};
    const char *copy = NULL, **names = sai_malloc_array(decision->n, sizeof *names);
    if (!names)
        return NULL;
    for (uint32_t i = 0; i < decision->n; i++)
        names[i] = d->members[decision->first + i].filename;
    if (decision->rejected) /* no winner in front */
        qsort(names, decision->n, sizeof *names, by_text);
    else
        qsort(names + 1, decision->n - 1, sizeof *names, by_text);
    sai_text_puts(&text, decision->rejected ? "rejected/" : "");
    sai_text_puts(&text, decision->project);
    for (uint32_t i = 0; i < decision->n; i++) {
        sai_text_puts(&text, "/");
        sai_text_puts(&text, names[i]);
    }
    if (!text.failed)
        copy = sai_arena_strndup(&d->arena, text.data, text.length);
    sai_text_free(&text);
    sai_free(names);
    return copy;
}

/* When it was made, for splits by time: the winner's name says it best. */
static const char *time_of(struct sai_decisions *d, const char *path, const char *otherwise)
{
    struct selectai_parsed_name name = {.struct_size = sizeof name};
    if (selectai_parse_filename(&name, path) == SELECTAI_OK)
        return sai_arena_strdup(&d->arena, name.timestamp);
    return otherwise ? otherwise : "";
}

static int push(struct sai_decisions *d, struct sai_decision *decision, const char *path, const char *timestamp)
{
    decision->text = decision_text(d, decision);
    decision->time = time_of(d, path, timestamp);
    if (!decision->text || !decision->time || !SAI_GROW(d->items, d->capacity, d->count + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    d->items[d->count++] = *decision;
    return SELECTAI_OK;
}

/* Known not to be cropped: then the person's box is the whole image. */
static bool kept_whole(const struct selectai_entry *entry)
{
    return entry->has_crop == 0 && entry->was_cropped == 0;
}

int sai_decisions_add(struct sai_decisions *d, const struct selectai_entry *entry)
{
    struct sai_decision decision = {.project = entry->project,
                                    .entry = d->count,
                                    .first = d->n_members,
                                    .n = 1,
                                    .fold = SAI_FOLD_NONE,
                                    .usable = true,
                                    .crop_alone = entry->n_negatives == 0,
                                    .has_crop = entry->has_crop == 1 || kept_whole(entry),
                                    .crop = kept_whole(entry) ? (struct selectai_box){0.0, 0.0, 1.0, 1.0}
                                                              : entry->crop};
    int rc = add_member(d, entry->project, entry->chosen_path, entry->chosen_stage);
    for (uint32_t i = 0; i < entry->n_negatives && rc == SELECTAI_OK; i++) {
        if (known(d, &decision, entry->neg_paths[i]))
            continue;
        rc = add_member(d, entry->project, entry->neg_paths[i], entry->neg_stages ? entry->neg_stages[i] : (double)NAN);
        decision.n++;
    }
    if (rc != SELECTAI_OK)
        return rc;
    return push(d, &decision, entry->chosen_path, entry->timestamp);
}

int sai_decisions_add_rejected(struct sai_decisions *d, const struct selectai_rejected_group *group)
{
    struct sai_decision decision = {.project = group->project,
                                    .entry = d->n_rejected,
                                    .first = d->n_members,
                                    .fold = SAI_FOLD_NONE,
                                    .rejected = true};
    int rc = SELECTAI_OK;
    for (uint32_t i = 0; i < group->n_images && rc == SELECTAI_OK; i++) {
        if (known(d, &decision, group->paths[i]))
            continue;
        rc = add_member(d, group->project, group->paths[i], group->stages ? group->stages[i] : (double)NAN);
        decision.n++;
    }
    if (rc != SELECTAI_OK || decision.n == 0)
        return rc;
    d->n_rejected++;
    return push(d, &decision, group->paths[0], group->timestamp);
}

void sai_require_rejected(struct sai_decisions *d)
{
    for (size_t i = 0; i < d->count; i++)
        d->items[i].usable = d->items[i].usable || d->items[i].rejected;
}

/* The first loser stays where it is; the others get a copy of the winner each. */
int sai_decisions_explode(struct sai_decisions *d)
{
    size_t count = d->count;
    for (size_t i = 0; i < count; i++) {
        uint32_t n = d->items[i].n;
        for (uint32_t j = 2; j < n && !d->items[i].rejected; j++) {
            if (!SAI_GROW(d->items, d->capacity, d->count + 1) ||
                !SAI_GROW(d->members, d->members_capacity, d->n_members + 2))
                return SELECTAI_ERR_OUT_OF_MEMORY;
            struct sai_decision pair = d->items[i];
            const struct sai_member winner = d->members[pair.first], loser = d->members[pair.first + j];
            pair.first = d->n_members;
            pair.n = 2;
            d->members[d->n_members++] = winner;
            d->members[d->n_members++] = loser;
            d->items[d->count++] = pair;
        }
        if (n > 2 && !d->items[i].rejected)
            d->items[i].n = 2;
    }
    return SELECTAI_OK;
}

struct named {
    const char *text;
    size_t index;
};

static int by_text_then_index(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* The first of equal decisions stays usable. */
static int mark_repeated(struct sai_decisions *d)
{
    struct named *order = sai_malloc_array(d->count, sizeof *order);
    if (!order)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < d->count; i++)
        order[i] = (struct named){d->items[i].text, i};
    qsort(order, d->count, sizeof *order, by_text_then_index);
    for (size_t i = 1; i < d->count; i++)
        if (strcmp(order[i - 1].text, order[i].text) == 0 && !d->items[order[i].index].crop_alone)
            d->items[order[i].index].usable = false;
    sai_free(order);
    return SELECTAI_OK;
}

static int report_unusable(struct sai_decisions *d, struct selectai_issues *issues)
{
    int rc = SELECTAI_OK;
    for (size_t i = 0; i < d->count && rc == SELECTAI_OK; i++) {
        struct sai_decision *decision = &d->items[i];
        const char *path = d->members[decision->first].path;
        if (decision->rejected)
            continue;
        if (decision->crop_alone)
            d->n_crops_alone++; /* logs hold thousands of them: nothing is wrong with any */
        else if (!decision->usable)
            rc = sai_issues_add(issues, SELECTAI_ERR_EXISTS, "repeated", path, 0,
                                "%s: the same decision of project %s stands in the data already", path,
                                decision->project);
        else if (decision->n < 2)
            rc = sai_issues_add(issues, SELECTAI_ERR_NO_DATA, "no-loser", path, 0,
                                "%s: no loser other than the winner itself", path);
        decision->usable = decision->usable && decision->n >= 2;
    }
    return rc;
}

/* Tools that logged sessions began to number their sets anew in each. */
static uint64_t set_key(const struct selectai_entry *entry)
{
    uint64_t key = sai_hash_bytes(entry->project, strlen(entry->project), 1);
    if (*entry->session_id)
        key = sai_hash_bytes(entry->session_id, strlen(entry->session_id), key);
    return sai_hash_bytes(entry->set_id, strlen(entry->set_id), key);
}

int sai_decisions_read(struct sai_decisions *out, struct selectai_issues *issues, const selectai_trainset *set)
{
    size_t n = selectai_trainset_count(set), n_rejected = selectai_trainset_rejected_count(set), room;
    *out = (struct sai_decisions){0};
    uint64_t *set_keys = sai_add_size(&room, n, n_rejected) ? sai_calloc(room, sizeof *set_keys) : NULL;
    int rc = set_keys ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++) {
        struct selectai_entry entry = {.struct_size = sizeof entry};
        rc = selectai_trainset_get(set, i, &entry);
        if (rc == SELECTAI_OK)
            rc = sai_decisions_add(out, &entry);
        if (rc == SELECTAI_OK && entry.set_id[0] != '\0')
            set_keys[i] = set_key(&entry);
    }
    for (size_t i = 0; i < n_rejected && rc == SELECTAI_OK; i++) {
        struct selectai_rejected_group group = {.struct_size = sizeof group};
        rc = selectai_trainset_get_rejected(set, i, &group);
        if (rc == SELECTAI_OK)
            rc = sai_decisions_add_rejected(out, &group);
    }
    if (rc == SELECTAI_OK)
        rc = mark_repeated(out);
    if (rc == SELECTAI_OK)
        rc = report_unusable(out, issues);
    if (rc == SELECTAI_OK)
        rc = sai_decisions_group(out, set_keys);
    sai_free(set_keys);
    return rc;
}

void sai_decisions_free(struct sai_decisions *d)
{
    sai_free(d->items);
    sai_free(d->members);
    sai_arena_clear(&d->arena);
    *d = (struct sai_decisions){0};
}
