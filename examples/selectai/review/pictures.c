/*
 * review/pictures.c: the threads that make pictures, and those who wait for them.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "pictures.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "beneath.h"
#include "picture_cache.h"
#include "picture_make.h"

#define MOST_THREADS 4

struct queue {
    struct entry *first, *last;
};

struct pictures {
    pthread_mutex_t lock; /* of all but root */
    pthread_cond_t work;
    pthread_mutex_t large; /* make_picture() */
    int root;
    struct picture_cache cache;
    struct queue wanted, ahead;
    int n_ahead_busy; /* one at a time: the other threads are there for those who wait */
    int ending;
    unsigned n_threads;
    pthread_t threads[MOST_THREADS];
};

static void enqueue(struct queue *queue, struct entry *entry, enum entry_state state)
{
    entry->state = state;
    entry->before = queue->last;
    entry->after = NULL;
    *(queue->last ? &queue->last->after : &queue->first) = entry;
    queue->last = entry;
}

static void dequeue(struct queue *queue, struct entry *entry)
{
    *(entry->before ? &entry->before->after : &queue->first) = entry->after;
    *(entry->after ? &entry->after->before : &queue->last) = entry->before;
    entry->before = entry->after = NULL;
}

/* The next to be made, out of its queue; NULL: the end has come. *ahead: nobody waited when it was taken. */
static struct entry *next_entry(struct pictures *pictures, int *ahead)
{
    while (!pictures->ending) {
        struct entry *entry = pictures->wanted.first;
        *ahead = !entry;
        if (!entry && pictures->n_ahead_busy == 0)
            entry = pictures->ahead.first;
        if (entry) {
            dequeue(*ahead ? &pictures->ahead : &pictures->wanted, entry);
            entry->state = ENTRY_BUSY;
            return entry;
        }
        pthread_cond_wait(&pictures->work, &pictures->lock);
    }
    return NULL;
}

static void tell_all(struct waiter *waiters, struct picture *picture)
{
    while (waiters) {
        struct waiter *next = waiters->next;
        waiters->ready(picture_share(picture), waiters->user);
        free(waiters);
        waiters = next;
    }
}

/* Called and returns under the lock, which is not held while the picture is made. */
static void make_entry(struct pictures *pictures, struct entry *entry)
{
    pthread_mutex_unlock(&pictures->lock);
    struct picture *picture = make_picture(pictures->root, &entry->key, entry->rel_path, &pictures->large);
    pthread_mutex_lock(&pictures->lock);
    struct waiter *waiters = entry->waiters;
    entry->waiters = NULL;
    cache_fill(&pictures->cache, entry, picture_share(picture));
    pthread_mutex_unlock(&pictures->lock);
    tell_all(waiters, picture);
    picture_release(picture);
    pthread_mutex_lock(&pictures->lock);
}

static void *work(void *user)
{
    struct pictures *pictures = user;
    struct entry *entry;
    int ahead;
    pthread_mutex_lock(&pictures->lock);
    while ((entry = next_entry(pictures, &ahead))) {
        pictures->n_ahead_busy += ahead;
        make_entry(pictures, entry);
        pictures->n_ahead_busy -= ahead;
        if (ahead)
            pthread_cond_signal(&pictures->work);
    }
    pthread_mutex_unlock(&pictures->lock);
    return NULL;
}

static unsigned threads_wanted(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 2 ? 2 : n > MOST_THREADS ? MOST_THREADS : (unsigned)n;
}

static int start_threads(struct pictures *pictures)
{
    for (unsigned n = threads_wanted(); pictures->n_threads < n; pictures->n_threads++)
        if (pthread_create(&pictures->threads[pictures->n_threads], NULL, work, pictures) != 0)
            return pictures->n_threads > 0 ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    return SELECTAI_OK;
}

int pictures_open(struct pictures **out, const char *root, size_t budget)
{
    struct pictures *pictures = calloc(1, sizeof *pictures);
    *out = NULL;
    if (!pictures)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    pthread_mutex_init(&pictures->lock, NULL);
    pthread_mutex_init(&pictures->large, NULL);
    pthread_cond_init(&pictures->work, NULL);
    pictures->cache.budget = budget;
    pictures->root = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int rc = pictures->root < 0 ? picture_error(errno) : start_threads(pictures);
    *out = pictures;
    if (rc != SELECTAI_OK)
        pictures_close(out);
    return rc;
}

static void drop_queue(struct pictures *pictures, struct queue *queue, struct waiter **waiters)
{
    while (queue->first) {
        struct entry *entry = queue->first;
        dequeue(queue, entry);
        while (entry->waiters) {
            struct waiter *waiter = entry->waiters;
            entry->waiters = waiter->next;
            waiter->next = *waiters;
            *waiters = waiter;
        }
        cache_drop(&pictures->cache, entry);
    }
}

void pictures_end_waiting(struct pictures *pictures)
{
    struct waiter *waiters = NULL;
    if (!pictures)
        return;
    pthread_mutex_lock(&pictures->lock);
    pictures->ending = 1;
    drop_queue(pictures, &pictures->wanted, &waiters);
    drop_queue(pictures, &pictures->ahead, &waiters);
    pthread_cond_broadcast(&pictures->work);
    pthread_mutex_unlock(&pictures->lock);
    tell_all(waiters, NULL);
    for (; pictures->n_threads > 0; pictures->n_threads--)
        pthread_join(pictures->threads[pictures->n_threads - 1], NULL);
}

void pictures_close(struct pictures **pictures)
{
    struct pictures *p = *pictures;
    *pictures = NULL;
    if (!p)
        return;
    pictures_end_waiting(p);
    cache_empty(&p->cache);
    if (p->root >= 0)
        close(p->root);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->large);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

int pictures_look(struct pictures *pictures, const char *rel_path, struct picture_key *key)
{
    struct stat status;
    int fd = open_beneath(pictures->root, rel_path);
    if (fd < 0 || fstat(fd, &status) != 0) {
        int code = picture_error(errno);
        if (fd >= 0)
            close(fd);
        return code;
    }
    close(fd);
    key->size = (uint64_t)status.st_size;
    key->mtime_ns = (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
    return SELECTAI_OK;
}

/* Through the descriptor, so that it is the file that was checked. */
int pictures_measure(struct pictures *pictures, const char *rel_path, uint32_t *width, uint32_t *height)
{
    struct selectai_image_info info = {.struct_size = sizeof info};
    char name[40];
    int fd = open_beneath(pictures->root, rel_path);
    if (fd < 0)
        return picture_error(errno);
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    int rc = selectai_image_read_info(&info, name);
    close(fd);
    *width = rc == SELECTAI_OK ? info.width : 0;
    *height = rc == SELECTAI_OK ? info.height : 0;
    return rc;
}

struct picture *pictures_find(struct pictures *pictures, const struct picture_key *key)
{
    struct picture *picture = NULL;
    pthread_mutex_lock(&pictures->lock);
    struct entry *entry = cache_find(&pictures->cache, key);
    if (entry && entry->state == ENTRY_THERE) {
        cache_use(&pictures->cache, entry);
        picture = picture_share(entry->picture);
    }
    pthread_mutex_unlock(&pictures->lock);
    return picture;
}

/* Under the lock. The entry for the key, wanted or being made; NULL if memory ran out. */
static struct entry *want_entry(struct pictures *pictures, const struct picture_key *key, const char *rel_path)
{
    struct entry *entry = cache_find(&pictures->cache, key);
    if (!entry && (entry = cache_add(&pictures->cache, key, rel_path)))
        enqueue(&pictures->wanted, entry, ENTRY_WANTED);
    else if (entry && entry->state == ENTRY_AHEAD) {
        dequeue(&pictures->ahead, entry);
        enqueue(&pictures->wanted, entry, ENTRY_WANTED);
    }
    return entry;
}

void pictures_ask(struct pictures *pictures, const struct picture_key *key, const char *rel_path,
                  picture_ready_fn ready, void *user)
{
    struct waiter *waiter = malloc(sizeof *waiter);
    struct picture *picture = NULL;
    int waits = 0;
    pthread_mutex_lock(&pictures->lock);
    struct entry *entry = waiter && !pictures->ending ? want_entry(pictures, key, rel_path) : NULL;
    if (entry && entry->state == ENTRY_THERE) {
        picture = picture_share(entry->picture);
    } else if (entry) {
        *waiter = (struct waiter){ready, user, entry->waiters};
        entry->waiters = waiter;
        waits = 1;
        pthread_cond_signal(&pictures->work);
    }
    pthread_mutex_unlock(&pictures->lock);
    if (waits)
        return;
    free(waiter);
    ready(picture, user);
}

void pictures_ahead(struct pictures *pictures, const struct picture_key *keys, const char *const *rel_paths, size_t n)
{
    struct waiter *nobody = NULL;
    pthread_mutex_lock(&pictures->lock);
    drop_queue(pictures, &pictures->ahead, &nobody);
    for (size_t i = 0; i < n && i < MOST_AHEAD && !pictures->ending; i++) {
        struct entry *entry = cache_find(&pictures->cache, &keys[i]);
        if (entry && entry->state == ENTRY_THERE)
            cache_use(&pictures->cache, entry);
        else if (!entry && (entry = cache_add(&pictures->cache, &keys[i], rel_paths[i])))
            enqueue(&pictures->ahead, entry, ENTRY_AHEAD);
    }
    pthread_cond_signal(&pictures->work);
    pthread_mutex_unlock(&pictures->lock);
}
