/*
 * duplicates/find.c: from paths to groups of near hashes, project by project.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/threads.h"
#include "duplicates/duplicates.h"
#include "project/name_index.h"

static const struct selectai_duplicates_options defaults = {.distance = 8};

void selectai_duplicates_options_init(struct selectai_duplicates_options *options, uint32_t struct_size)
{
    sai_options_init(options, struct_size, &defaults, sizeof defaults);
}

/* ---- What was given -------------------------------------------------------------------------- */

/*
 * What tells one file from the others, in a buffer that is large enough: device and number; a path where nothing is
 * there. Two names of one file, such as a link and its target, must not pass for two copies: both might be removed.
 */
static size_t identify(char *key, const char *path, size_t n_path)
{
    struct stat st;
    if (stat(path, &st) == 0)
        return (size_t)sprintf(key, "/%jx:%jx", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    memcpy(key, path, n_path + 1);
    return n_path + 1;
}

#define IDENTITY_BYTES (2 * 2 * sizeof(uintmax_t) + 3)

static int add_path(struct selectai_duplicates *d, struct sai_name_index *seen, const char *path, const char *project,
                    const uint64_t *hash, size_t index)
{
    size_t n_path = strlen(path), n;
    if (!sai_add_size(&n, n_path, IDENTITY_BYTES))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    char *key = sai_arena_alloc(&d->arena, n);
    if (!key)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    n = identify(key, path, n_path);
    if (sai_name_index_find(seen, key, n) != SAI_INDEX_END)
        return SELECTAI_OK;
    struct sai_copy copy = {.path = sai_arena_strdup(&d->arena, path),
                            .project = sai_arena_strdup(&d->arena, project),
                            .index = index,
                            .hash = hash ? *hash : 0,
                            .hashed = hash != NULL};
    if (!copy.path || !copy.project || !SAI_GROW(d->items, d->capacity, d->count + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    d->items[d->count++] = copy;
    return sai_name_index_add(seen, key, n, (uint32_t)(d->count - 1));
}

static int take_paths(struct selectai_duplicates *d, const char *const *paths, const char *const *projects, size_t n,
                      const struct selectai_duplicates_options *options)
{
    const uint64_t *hashes = options->hashes;
    const uint8_t *known = options->hash_known;
    struct sai_name_index seen = {0};
    int rc = SELECTAI_OK;
    for (size_t i = 0; rc == SELECTAI_OK && i < n; i++)
        rc = add_path(d, &seen, paths[i], projects ? projects[i] : "",
                      hashes && (!known || known[i]) ? &hashes[i] : NULL, i);
    sai_name_index_free(&seen);
    return rc;
}

/* ---- Hashes ---------------------------------------------------------------------------------- */

static int hash_one(size_t index, unsigned thread, void *ctx)
{
    struct sai_copy *copy = &((struct selectai_duplicates *)ctx)->items[index];
    (void)thread;
    if (copy->hashed)
        return SELECTAI_OK;
    int rc = sai_hash_file(&copy->hash, copy->path);
    copy->hashed = rc == SELECTAI_OK;
    return rc == SELECTAI_OK ? rc : sai_file_failed(&copy->problem, rc);
}

/* ---- Groups ---------------------------------------------------------------------------------- */

static int by_project(const void *left, const void *right)
{
    const struct sai_copy *a = left, *b = right;
    int order = strcmp(a->project, b->project);
    return order ? order : (a->index > b->index) - (a->index < b->index);
}

static int by_group(const void *left, const void *right)
{
    const struct sai_copy *a = left, *b = right;
    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

/* Files without a hash become issues and are left out. */
static int drop_unreadable(struct selectai_duplicates *d)
{
    size_t kept = 0;
    int rc = SELECTAI_OK;
    for (size_t i = 0; i < d->count; i++) {
        struct sai_copy *copy = &d->items[i];
        struct sai_file_problem *problem = &copy->problem;
        if (problem->text && rc == SELECTAI_OK)
            rc = sai_issues_add(d->issues, problem->code, "unreadable", copy->path, 0, "%s", problem->text);
        sai_free(problem->text);
        problem->text = NULL;
        if (copy->hashed)
            d->items[kept++] = *copy;
    }
    d->count = kept;
    return rc;
}

/* Groups the files of one project: items[0..n). Numbers go on from *n_groups. */
static int group_project(struct sai_copy *items, size_t n, uint32_t distance, size_t *n_groups)
{
    uint64_t *hashes = sai_malloc_array(n, sizeof *hashes);
    uint32_t *groups = sai_malloc_array(n, sizeof *groups);
    size_t found = 0;
    int rc = hashes && groups ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; rc == SELECTAI_OK && i < n; i++)
        hashes[i] = items[i].hash;
    if (rc == SELECTAI_OK)
        rc = selectai_hash_groups(groups, &found, hashes, n, distance);
    for (size_t i = 0; rc == SELECTAI_OK && i < n; i++)
        items[i].group = (uint32_t)*n_groups + groups[i];
    *n_groups += found;
    sai_free(hashes);
    sai_free(groups);
    return rc;
}

/* Leaves only files that are in a group of several, group by group. */
static void keep_groups(struct selectai_duplicates *d)
{
    size_t kept = 0, end;
    qsort(d->items, d->count, sizeof *d->items, by_group);
    for (size_t begin = 0; begin < d->count; begin = end) {
        for (end = begin + 1; end < d->count && d->items[end].group == d->items[begin].group; end++)
            ;
        if (end - begin < 2)
            continue;
        memmove(d->items + kept, d->items + begin, (end - begin) * sizeof *d->items);
        kept += end - begin;
    }
    d->count = kept;
}

static int group_copies(struct selectai_duplicates *d)
{
    size_t n_groups = 0, end;
    int rc = SELECTAI_OK;
    if (d->count > 1)
        qsort(d->items, d->count, sizeof *d->items, by_project);
    for (size_t begin = 0; rc == SELECTAI_OK && begin < d->count; begin = end) {
        for (end = begin + 1; end < d->count && strcmp(d->items[end].project, d->items[begin].project) == 0; end++)
            ;
        rc = group_project(d->items + begin, end - begin, d->distance, &n_groups);
    }
    if (rc == SELECTAI_OK && d->count > 0)
        keep_groups(d);
    return rc;
}

/* ---- The whole ------------------------------------------------------------------------------- */

static int find(struct selectai_duplicates *d, const char *const *paths, const char *const *projects, size_t n,
                const struct selectai_duplicates_options *options)
{
    struct sai_progress progress = {.fn = options->progress, .user = options->user};
    unsigned threads = sai_thread_count(options->threads);
    d->distance = options->distance;
    int rc = sai_issues_create(&d->issues);
    if (rc == SELECTAI_OK)
        rc = take_paths(d, paths, projects, n, options);
    if (rc == SELECTAI_OK)
        rc = sai_parallel_for(threads, d->count, hash_one, d, &progress, "hash");
    if (rc == SELECTAI_OK)
        rc = drop_unreadable(d);
    if (rc == SELECTAI_OK)
        rc = group_copies(d);
    return rc == SELECTAI_OK ? sai_relate_copies(d, threads, &progress) : rc;
}

int selectai_duplicates_find(selectai_duplicates **out, const char *const *paths, const char *const *projects, size_t n,
                             const struct selectai_duplicates_options *options)
{
    struct selectai_duplicates_options checked = defaults;
    SAI_REQUIRE(out && (paths || n == 0) && n < UINT32_MAX);
    int rc = sai_options_copy(&checked, sizeof checked, options);
    if (rc != SELECTAI_OK)
        return rc;
    SAI_REQUIRE(checked.distance <= 64);
    for (size_t i = 0; i < n; i++)
        SAI_REQUIRE(paths[i] && *paths[i] && (!projects || projects[i]));
    selectai_duplicates *d = sai_calloc(1, sizeof *d);
    rc = d ? find(d, paths, projects, n, &checked) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc != SELECTAI_OK)
        selectai_duplicates_destroy(&d);
    else
        *out = d;
    return rc;
}

size_t selectai_duplicates_group_count(const selectai_duplicates *duplicates)
{
    return duplicates ? duplicates->n_groups : 0;
}

size_t selectai_duplicates_count(const selectai_duplicates *duplicates)
{
    return duplicates ? duplicates->count : 0;
}

int selectai_duplicates_get(const selectai_duplicates *duplicates, size_t index, struct selectai_duplicate *out)
{
    SAI_REQUIRE(duplicates && out && index < duplicates->count);
    const struct sai_copy *copy = &duplicates->items[index], *kept = &duplicates->items[copy->first];
    struct selectai_duplicate full = {.group = copy->group,
                                      .index = copy->index,
                                      .of = duplicates->items[copy->of].index,
                                      .path = copy->path,
                                      .project = copy->project,
                                      .hash = copy->hash,
                                      .size = copy->size,
                                      .width = copy->width,
                                      .height = copy->height,
                                      .distance = (uint32_t)__builtin_popcountll(copy->hash ^ kept->hash),
                                      .relation = copy->relation,
                                      .can_go = copy->can_go,
                                      .difference = copy->difference};
    return sai_struct_out(out, &full, sizeof full);
}

const selectai_issues *selectai_duplicates_issues(const selectai_duplicates *duplicates)
{
    return duplicates ? duplicates->issues : NULL;
}

void selectai_duplicates_destroy(selectai_duplicates **duplicates)
{
    if (!duplicates || !*duplicates)
        return;
    for (size_t i = 0; i < (*duplicates)->count; i++) {
        sai_free((*duplicates)->items[i].problem.text);
        sai_free((*duplicates)->items[i].thumbnail);
    }
    sai_free((*duplicates)->items);
    sai_arena_clear(&(*duplicates)->arena);
    selectai_issues_destroy(&(*duplicates)->issues);
    sai_free(*duplicates);
    *duplicates = NULL;
}
