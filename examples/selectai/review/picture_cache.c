/*
 * review/picture_cache.c: a hash table whose full entries are also a list by their last use.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "picture_cache.h"

#include <stdlib.h>
#include <string.h>

#include "ids.h"

#define OVERHEAD 512u /* of an entry, about */

struct picture *picture_share(struct picture *picture)
{
    if (picture)
        __atomic_add_fetch(&picture->references, 1, __ATOMIC_RELAXED);
    return picture;
}

void picture_release(struct picture *picture)
{
    if (picture && __atomic_sub_fetch(&picture->references, 1, __ATOMIC_ACQ_REL) == 0)
        free(picture);
}

void picture_release_bytes(void *bytes)
{
    picture_release((struct picture *)((char *)bytes - offsetof(struct picture, bytes)));
}

static struct entry **bucket_of(struct picture_cache *cache, const struct picture_key *key)
{
    uint64_t hash = id_hash(ID_SEED, key->id);
    hash = (hash ^ key->side ^ (key->size << 20) ^ (uint64_t)key->mtime_ns) * 0x9E3779B97F4A7C15u;
    return &cache->buckets[(hash >> 40) % BUCKETS];
}

static int same_key(const struct picture_key *a, const struct picture_key *b)
{
    return a->side == b->side && a->size == b->size && a->mtime_ns == b->mtime_ns && strcmp(a->id, b->id) == 0;
}

struct entry *cache_find(struct picture_cache *cache, const struct picture_key *key)
{
    struct entry *entry = *bucket_of(cache, key);
    while (entry && !same_key(&entry->key, key))
        entry = entry->chain;
    return entry;
}

struct entry *cache_add(struct picture_cache *cache, const struct picture_key *key, const char *rel_path)
{
    struct entry *entry = calloc(1, sizeof *entry), **bucket = bucket_of(cache, key);
    if (!entry || !(entry->rel_path = strdup(rel_path))) {
        free(entry);
        return NULL;
    }
    entry->key = *key;
    entry->chain = *bucket;
    *bucket = entry;
    return entry;
}

static void unlink_use(struct picture_cache *cache, struct entry *entry)
{
    *(entry->newer ? &entry->newer->older : &cache->newest) = entry->older;
    *(entry->older ? &entry->older->newer : &cache->oldest) = entry->newer;
    entry->newer = entry->older = NULL;
}

static void link_use(struct picture_cache *cache, struct entry *entry)
{
    entry->older = cache->newest;
    *(cache->newest ? &cache->newest->newer : &cache->oldest) = entry;
    cache->newest = entry;
}

void cache_drop(struct picture_cache *cache, struct entry *entry)
{
    struct entry **place = bucket_of(cache, &entry->key);
    while (*place != entry)
        place = &(*place)->chain;
    *place = entry->chain;
    if (entry->state == ENTRY_THERE) {
        unlink_use(cache, entry);
        cache->bytes -= entry->picture->n + OVERHEAD;
    }
    picture_release(entry->picture);
    free(entry->rel_path);
    free(entry);
}

void cache_fill(struct picture_cache *cache, struct entry *entry, struct picture *picture)
{
    if (!picture || picture->n > cache->budget / 8) {
        picture_release(picture);
        cache_drop(cache, entry);
        return;
    }
    entry->picture = picture;
    entry->state = ENTRY_THERE;
    link_use(cache, entry);
    cache->bytes += picture->n + OVERHEAD;
    while (cache->bytes > cache->budget && cache->oldest != entry)
        cache_drop(cache, cache->oldest);
}

void cache_use(struct picture_cache *cache, struct entry *entry)
{
    unlink_use(cache, entry);
    link_use(cache, entry);
}

void cache_empty(struct picture_cache *cache)
{
    for (size_t i = 0; i < BUCKETS; i++)
        while (cache->buckets[i])
            cache_drop(cache, cache->buckets[i]);
}
