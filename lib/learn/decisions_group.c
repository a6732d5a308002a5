/*
 * learn/decisions_group.c: which decisions belong together, so that no split may part them.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/duplicates.h>

#include <stdlib.h>
#include <string.h>

#include "learn/decisions.h"

struct link {
    uint64_t key;
    size_t decision;
};

static int by_key(const void *a, const void *b)
{
    const struct link *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->decision > y->decision) - (x->decision < y->decision);
}

static size_t root_of(size_t *parent, size_t i)
{
    while (parent[i] != i) {
        parent[i] = parent[parent[i]]; /* path halving */
        i = parent[i];
    }
    return i;
}

static void join_equal(size_t *parent, struct link *links, size_t n)
{
    qsort(links, n, sizeof *links, by_key);
    for (size_t i = 1; i < n; i++)
        if (links[i].key == links[i - 1].key) {
            size_t a = root_of(parent, links[i].decision), b = root_of(parent, links[i - 1].decision);
            parent[a > b ? a : b] = a > b ? b : a;
        }
}

static size_t list_links(struct link *links, const struct sai_decisions *d, const uint64_t *set_keys)
{
    size_t n = 0;
    for (size_t i = 0; i < d->count; i++) {
        for (uint32_t j = 0; j < d->items[i].n; j++)
            links[n++] = (struct link){d->members[d->items[i].first + j].key, i};
        if (set_keys && set_keys[i] != 0)
            links[n++] = (struct link){set_keys[i], i};
    }
    return n;
}

/* Numbers groups by their identity, which does not depend on the order of entries. */
static void number_groups(struct sai_decisions *d, size_t *parent, struct link *links)
{
    for (size_t i = 0; i < d->count; i++)
        d->items[i].identity = UINT64_MAX;
    for (size_t i = 0; i < d->count; i++) {
        struct sai_decision *root = &d->items[root_of(parent, i)];
        for (uint32_t j = 0; j < d->items[i].n; j++) {
            uint64_t key = d->members[d->items[i].first + j].key;
            root->identity = key < root->identity ? key : root->identity;
        }
    }
    for (size_t i = 0; i < d->count; i++) {
        d->items[i].identity = d->items[root_of(parent, i)].identity;
        links[i] = (struct link){d->items[i].identity, i};
    }
    qsort(links, d->count, sizeof *links, by_key);
    d->n_groups = 0;
    for (size_t i = 0; i < d->count; i++) {
        d->n_groups += i == 0 || links[i].key != links[i - 1].key;
        d->items[links[i].decision].group = (uint32_t)(d->n_groups - 1);
    }
}

/* Joins decisions whose links have equal keys, and numbers what comes out. */
static int group_by(struct sai_decisions *d, struct link *links, size_t n)
{
    size_t *parent = sai_malloc_array(d->count, sizeof *parent);
    struct link *order = sai_malloc_array(d->count, sizeof *order);
    int rc = parent && order ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK) {
        for (size_t i = 0; i < d->count; i++)
            parent[i] = i;
        join_equal(parent, links, n);
        number_groups(d, parent, order);
    }
    sai_free(parent);
    sai_free(order);
    return rc;
}

int sai_decisions_group(struct sai_decisions *d, const uint64_t *set_keys)
{
    size_t room;
    if (d->count > UINT32_MAX || !sai_add_size(&room, d->n_members, d->count))
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "more than 2^32 decisions");
    struct link *links = sai_malloc_array(room, sizeof *links);
    int rc = links ? group_by(d, links, list_links(links, d, set_keys)) : SELECTAI_ERR_OUT_OF_MEMORY;
    sai_free(links);
    return rc;
}

/* The usable decisions' members with a known hash, project by project: runs of equal projects lie together. */
struct hashed {
    const char *project;
    uint64_t phash;
    size_t decision;
};

static int by_project(const void *a, const void *b)
{
    const struct hashed *x = a, *y = b;
    int order = strcmp(x->project, y->project);
    return order ? order : (x->decision > y->decision) - (x->decision < y->decision);
}

static size_t list_hashed(struct hashed *out, const struct sai_decisions *d, const uint64_t *phash, bool winners)
{
    size_t n = 0;
    for (size_t i = 0; i < d->count; i++)
        for (uint32_t j = 0; d->items[i].usable && j < (winners ? 1 : d->items[i].n); j++) {
            uint64_t hash = phash[d->members[d->items[i].first + j].row];
            if (hash != 0)
                out[n++] = (struct hashed){d->items[i].project, hash, i};
        }
    qsort(out, n, sizeof *out, by_project);
    return n;
}

/* Links of one project's images: those in one group of near hashes get one key. *key: the next free one. */
static int link_near(struct link *links, size_t *n_links, uint64_t *key, const struct hashed *h, size_t n,
                     uint32_t distance)
{
    uint64_t *hashes = sai_malloc_array(n, sizeof *hashes);
    uint32_t *groups = sai_malloc_array(n, sizeof *groups);
    size_t n_groups = 0;
    int rc = hashes && groups ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++)
        hashes[i] = h[i].phash;
    if (rc == SELECTAI_OK)
        rc = selectai_hash_groups(groups, &n_groups, hashes, n, distance);
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++)
        links[(*n_links)++] = (struct link){*key + groups[i], h[i].decision};
    *key += n_groups;
    sai_free(hashes);
    sai_free(groups);
    return rc;
}

int sai_decisions_join_near(struct sai_decisions *d, size_t *n_joined, const uint64_t *phash, uint32_t distance,
                            bool winners)
{
    size_t room, n = 0, n_links = 0, before = d->n_groups;
    uint64_t key = d->n_groups;
    if (!sai_add_size(&room, d->n_members, d->count))
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "more than 2^32 decisions");
    struct link *links = sai_malloc_array(room, sizeof *links);
    struct hashed *hashed = sai_malloc_array(d->n_members, sizeof *hashed);
    int rc = links && hashed ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        n = list_hashed(hashed, d, phash, winners);
    for (size_t i = 0; i < d->count && rc == SELECTAI_OK; i++) /* what is one group stays one */
        links[n_links++] = (struct link){d->items[i].group, i};
    for (size_t i = 0, end; i < n && rc == SELECTAI_OK; i = end) {
        for (end = i + 1; end < n && strcmp(hashed[end].project, hashed[i].project) == 0;)
            end++;
        rc = link_near(links, &n_links, &key, hashed + i, end - i, distance);
    }
    if (rc == SELECTAI_OK)
        rc = group_by(d, links, n_links);
    *n_joined = before - d->n_groups;
    sai_free(links);
    sai_free(hashed);
    return rc;
}
