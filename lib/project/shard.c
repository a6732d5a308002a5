/*
 * project/shard.c: which of n processes a file belongs to. The rule stands in the header and is pinned by a test.
 *
 * Files that must stay together are joined, each set keeps the least of its keys, and the key's hash decides. Nothing
 * depends on the order of the files: they are sorted first, and joining takes minima.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "project/group.h"

static const struct selectai_shard_options defaults;

void selectai_shard_options_init(struct selectai_shard_options *options, uint32_t struct_size)
{
    sai_options_init(options, struct_size, &defaults, sizeof defaults);
}

struct sharding {
    const char *const *rel_paths, *const *paths;
    size_t n;
    uint32_t *order;                /* files by path, then by rel_path */
    uint32_t *place;                /* of each file: the number of its path among the different ones */
    const char **different, **keys; /* paths, and the key of each; of joined ones the root's counts */
    uint32_t *parent;
    size_t n_different;
};

/* ---- Different paths ------------------------------------------------------------------------- */

static int compare_files(const void *left, const void *right, void *ctx)
{
    const struct sharding *s = ctx;
    uint32_t i, j;
    memcpy(&i, left, sizeof i);
    memcpy(&j, right, sizeof j);
    int c = strcmp(s->paths[i], s->paths[j]);
    return c ? c : strcmp(s->rel_paths[i], s->rel_paths[j]);
}

static int find_different(struct sharding *s)
{
    s->order = sai_malloc_array(s->n, sizeof *s->order);
    s->place = sai_malloc_array(s->n, sizeof *s->place);
    s->parent = sai_malloc_array(s->n, sizeof *s->parent);
    s->different = sai_malloc_array(s->n, sizeof *s->different);
    s->keys = sai_malloc_array(s->n, sizeof *s->keys);
    if (!s->order || !s->place || !s->parent || !s->different || !s->keys)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < s->n; i++)
        s->order[i] = (uint32_t)i;
    qsort_r(s->order, s->n, sizeof *s->order, compare_files, s);
    for (size_t k = 0; k < s->n; k++) {
        uint32_t i = s->order[k];
        if (s->n_different == 0 || strcmp(s->paths[i], s->different[s->n_different - 1]) != 0) {
            s->parent[s->n_different] = (uint32_t)s->n_different;
            s->keys[s->n_different] = s->rel_paths[i];
            s->different[s->n_different++] = s->paths[i];
        }
        s->place[i] = (uint32_t)s->n_different - 1;
    }
    return SELECTAI_OK;
}

/* ---- Joining --------------------------------------------------------------------------------- */

static uint32_t root_of(struct sharding *s, uint32_t i)
{
    for (; s->parent[i] != i; i = s->parent[i])
        s->parent[i] = s->parent[s->parent[i]];
    return i;
}

/* The root is always the one with the least key. */
static void join(struct sharding *s, uint32_t i, uint32_t j)
{
    i = root_of(s, i);
    j = root_of(s, j);
    if (strcmp(s->keys[i], s->keys[j]) <= 0)
        s->parent[j] = i;
    else
        s->parent[i] = j;
}

static int join_groups(struct sharding *s, const struct selectai_group_options *options)
{
    uint32_t *members = sai_malloc_array(s->n_different, sizeof *members);
    uint32_t *starts = sai_malloc_array(s->n_different + 1, sizeof *starts);
    size_t n_groups = 0;
    int rc = members && starts ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = selectai_group_names(members, starts, &n_groups, s->different, s->n_different, options);
    for (size_t g = 0; g < n_groups; g++)
        for (uint32_t k = starts[g] + 1; k < starts[g + 1]; k++)
            join(s, members[starts[g]], members[k]);
    sai_free(members);
    sai_free(starts);
    return rc;
}

static int join_sets(struct sharding *s, const uint32_t *starts, size_t n_sets)
{
    bool whole = starts[0] == 0 && starts[n_sets] == s->n;
    for (size_t k = 0; whole && k < n_sets; k++)
        whole = starts[k] <= starts[k + 1];
    if (!whole)
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "set_starts must rise from 0 to the number of files, %zu", s->n);
    for (size_t k = 0; k < n_sets; k++)
        for (uint32_t i = starts[k] + 1; i < starts[k + 1]; i++)
            join(s, s->place[starts[k]], s->place[i]);
    return SELECTAI_OK;
}

/* ---- Public ---------------------------------------------------------------------------------- */

static void deal(uint32_t *out, struct sharding *s, const char *project, uint32_t n_shards)
{
    uint64_t seed = sai_hash_bytes(project, strlen(project), 0);
    for (size_t i = 0; i < s->n; i++) {
        const char *key = s->keys[root_of(s, s->place[i])];
        out[i] = (uint32_t)(sai_hash_bytes(key, strlen(key), seed) % n_shards);
    }
}

int selectai_shard_assign(uint32_t *out, const char *project, const char *const *rel_paths, size_t n, uint32_t n_shards,
                          const struct selectai_shard_options *options)
{
    struct selectai_shard_options o = defaults;

    SAI_REQUIRE(project && ((out && rel_paths) || n == 0));
    SAI_REQUIRE(n < UINT32_MAX);
    int rc = sai_options_copy(&o, sizeof o, options);
    if (rc != SELECTAI_OK)
        return rc;
    if (n_shards < 1 || n_shards > SELECTAI_SHARDS_MAX)
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "%u shards: there must be 1 to %d", n_shards,
                        SELECTAI_SHARDS_MAX);
    SAI_REQUIRE(o.n_sets < UINT32_MAX);
    struct sharding s = {.rel_paths = rel_paths, .paths = o.paths ? o.paths : rel_paths, .n = n};
    for (size_t i = 0; i < n; i++)
        SAI_REQUIRE(rel_paths[i] && s.paths[i]);
    rc = find_different(&s);
    if (rc == SELECTAI_OK)
        rc = o.set_starts ? join_sets(&s, o.set_starts, (size_t)o.n_sets) : join_groups(&s, o.group);
    if (rc == SELECTAI_OK)
        deal(out, &s, project, n_shards);
    sai_free(s.order);
    sai_free(s.place);
    sai_free(s.parent);
    sai_free(s.different);
    sai_free(s.keys);
    return rc;
}
