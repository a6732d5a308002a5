/*
 * review/picture_cache.h: which pictures are there, being made or wanted, and which go first when room is needed. No
 * threads: pictures.c has the lock.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_PICTURE_CACHE_H
#define REVIEW_PICTURE_CACHE_H

#include "pictures.h"

struct waiter {
    picture_ready_fn ready;
    void *user;
    struct waiter *next;
};

enum entry_state {
    ENTRY_AHEAD,  /* in the queue of what is made ahead */
    ENTRY_WANTED, /* in the queue of what somebody waits for */
    ENTRY_BUSY,   /* a thread makes it */
    ENTRY_THERE,  /* has its picture */
};

struct entry {
    struct picture_key key;
    char *rel_path;
    enum entry_state state;
    struct picture *picture;
    struct waiter *waiters;
    struct entry *chain;          /* in its bucket */
    struct entry *newer, *older;  /* ENTRY_THERE: in the order of use */
    struct entry *before, *after; /* AHEAD, WANTED: in the queue */
};

#define BUCKETS 4096u
struct picture_cache {
    struct entry *buckets[BUCKETS];
    struct entry *newest, *oldest;
    size_t bytes, budget;
};

struct entry *cache_find(struct picture_cache *cache, const struct picture_key *key);
/* A new one, in state ENTRY_AHEAD and in no queue; NULL if memory ran out. */
struct entry *cache_add(struct picture_cache *cache, const struct picture_key *key, const char *rel_path);
/* It gets its picture (the reference is taken) and is the newest; older ones make room. One that would take more than
 * an eighth of all room is not kept. */
void cache_fill(struct picture_cache *cache, struct entry *entry, struct picture *picture);
void cache_use(struct picture_cache *cache, struct entry *entry);  /* it is the newest now */
void cache_drop(struct picture_cache *cache, struct entry *entry); /* in no queue, nobody waits */
void cache_empty(struct picture_cache *cache);

struct picture *picture_share(struct picture *picture); /* one reference more */

#endif
