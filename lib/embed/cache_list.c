/*
 * embed/cache_list.c: the parts that lie in a cache's folder, and what their names say.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/path.h"
#include "base/rng.h"
#include "embed/cache.h"

#define PREFIX      "part-"
#define MAX_ID      200u
#define TIME_DIGITS 12u /* of milliseconds since 1970: enough until the year 10889 */

/* "part-<id>.npy" or "part-<id>.jsonl": where <id> starts and how long it is. */
static bool split_name(const char *name, const char **id, size_t *n)
{
    const char *extension = sai_path_extension(name);
    if (strncmp(name, PREFIX, sizeof PREFIX - 1) != 0 ||
        (strcmp(extension, ".npy") != 0 && strcmp(extension, ".jsonl") != 0))
        return false;
    *id = name + sizeof PREFIX - 1;
    *n = (size_t)(extension - *id);
    return *n > 0 && *n <= MAX_ID;
}

static bool is_hex(const char *text, size_t n)
{
    return strspn(text, "0123456789abcdef") >= n;
}

const char *sai_cache_compacted_writer(const char *name)
{
    const size_t k = sizeof SAI_CACHE_COMPACTED - 1;
    if (strncmp(name, SAI_CACHE_COMPACTED, k) != 0 || strlen(name) != k + SAI_CACHE_WRITER_DIGITS ||
        !is_hex(name + k, SAI_CACHE_WRITER_DIGITS))
        return NULL;
    return name + k;
}

static void keep_latest(char latest[SAI_CACHE_WRITER_DIGITS + 1], const char *name)
{
    const char *writer = sai_cache_compacted_writer(name);
    if (writer && strcmp(writer, latest) > 0)
        memcpy(latest, writer, SAI_CACHE_WRITER_DIGITS + 1);
}

bool sai_cache_compacted(char out[SAI_CACHE_WRITER_DIGITS + 1], const char *directory)
{
    const struct dirent *entry;
    DIR *dir = opendir(directory);
    *out = '\0';
    while (dir && (entry = readdir(dir)) != NULL)
        keep_latest(out, entry->d_name);
    if (dir)
        closedir(dir);
    return *out != '\0';
}

static bool read_flush(uint32_t *out, const char **p, char end)
{
    uint32_t value = 0;
    const char *start = *p;
    for (; **p >= '0' && **p <= '9' && *p - start < 9; (*p)++)
        value = value * 10 + (uint32_t)(**p - '0');
    *out = value;
    return *p - start >= 6 && *(*p)++ == end;
}

static void read_id(struct sai_cache_part_name *name)
{
    const char *p = name->id + SAI_CACHE_WRITER_DIGITS + 1;
    if (strlen(name->id) <= SAI_CACHE_WRITER_DIGITS || !is_hex(name->id, SAI_CACHE_WRITER_DIGITS) || p[-1] != '-')
        return;
    if (!read_flush(&name->first, &p, '-') || !read_flush(&name->last, &p, '\0') || name->first == 0 ||
        name->last < name->first) {
        name->first = name->last = 0;
        return;
    }
    memcpy(name->writer, name->id, SAI_CACHE_WRITER_DIGITS);
}

static int add_name(struct sai_cache_list *list, const char *id, size_t n)
{
    struct sai_cache_part_name name = {.id = sai_strndup(id, n)};
    if (!name.id || !SAI_GROW(list->names, list->capacity, list->n + 1)) {
        sai_free(name.id);
        return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    read_id(&name);
    list->names[list->n++] = name;
    return SELECTAI_OK;
}

static int by_name(const void *a, const void *b)
{
    const struct sai_cache_part_name *x = a, *y = b;
    int order = strcmp(*x->writer ? x->writer : x->id, *y->writer ? y->writer : y->id);
    if (order == 0 && x->first != y->first)
        order = x->first < y->first ? -1 : 1;
    if (order == 0 && x->last != y->last)
        order = x->last > y->last ? -1 : 1;
    return order ? order : strcmp(x->id, y->id);
}

static void sort_and_join(struct sai_cache_list *list)
{
    size_t kept = 0;
    if (list->n > 1)
        qsort(list->names, list->n, sizeof *list->names, by_name);
    for (size_t i = 0; i < list->n; i++) {
        if (kept > 0 && strcmp(list->names[kept - 1].id, list->names[i].id) == 0)
            sai_free(list->names[i].id); /* the .npy and the .jsonl of one part */
        else
            list->names[kept++] = list->names[i];
    }
    list->n = kept;
}

int sai_cache_list_read(struct sai_cache_list *out, const char *directory)
{
    *out = (struct sai_cache_list){0};
    int rc = sai_path_require_directory(directory);
    if (rc != SELECTAI_OK)
        return rc;
    DIR *dir = opendir(directory);
    if (!dir)
        return SAI_FAIL_ERRNO("open the folder", directory);
    const struct dirent *entry;
    errno = 0;
    while (rc == SELECTAI_OK && (entry = readdir(dir)) != NULL) {
        const char *id;
        size_t n;
        if (split_name(entry->d_name, &id, &n))
            rc = add_name(out, id, n);
        else
            keep_latest(out->compacted, entry->d_name);
        errno = 0;
    }
    if (rc == SELECTAI_OK && errno != 0)
        rc = SAI_FAIL_ERRNO("read the folder", directory);
    closedir(dir);
    if (rc == SELECTAI_OK)
        sort_and_join(out);
    else
        sai_cache_list_free(out);
    return rc;
}

void sai_cache_list_free(struct sai_cache_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        sai_free(list->names[i].id);
    sai_free(list->names);
    *list = (struct sai_cache_list){0};
}

/* A part of one flush that a writer has added in the meantime; all others come from joining. */
static bool is_flush(const struct sai_cache_part_name *name, const struct sai_cache_list *list)
{
    return *name->writer && name->first == name->last && strcmp(name->writer, list->compacted) > 0;
}

bool sai_cache_list_settled(const struct sai_cache_list *before, const struct sai_cache_list *now)
{
    size_t i = 0;
    if (strcmp(before->compacted, now->compacted) != 0)
        return false;
    for (size_t k = 0; k < now->n; k++) {
        if (i < before->n && strcmp(before->names[i].id, now->names[k].id) == 0)
            i++;
        else if (!is_flush(&now->names[k], now))
            return false;
    }
    return i == before->n; /* none is gone: both are in the same order */
}

uint32_t sai_cache_list_gap(const struct sai_cache_list *list, size_t *i)
{
    uint32_t until = 0;
    for (; *i < list->n; (*i)++) {
        const struct sai_cache_part_name *name = &list->names[*i];
        if (!*name->writer || strcmp(name->writer, list->compacted) < 0)
            continue; /* a compaction may have taken flushes of earlier writers */
        /* The caller may go on behind a gap: the part before tells up to where all is known. */
        if (*i == 0 || strcmp(list->names[*i - 1].writer, name->writer) != 0)
            until = 0;
        else if (list->names[*i - 1].last > until)
            until = list->names[*i - 1].last;
        if (name->first > until + 1)
            return until + 1;
    }
    return 0;
}

static uint64_t time_of(const char writer[SAI_CACHE_WRITER_DIGITS + 1])
{
    char digits[TIME_DIGITS + 1] = "";
    memcpy(digits, writer, TIME_DIGITS);
    return strtoull(digits, NULL, 16);
}

static uint64_t latest_time(const struct sai_cache_list *list)
{
    uint64_t latest = time_of(list->compacted);
    for (size_t i = 0; i < list->n; i++) {
        uint64_t time_ms = time_of(list->names[i].writer);
        if (time_ms > latest)
            latest = time_ms;
    }
    return latest;
}

void sai_cache_new_writer(char out[SAI_CACHE_WRITER_DIGITS + 1], const struct sai_cache_list *list)
{
    const uint64_t max = ((uint64_t)1 << (4 * TIME_DIGITS)) - 1;
    struct timespec now;
    uint32_t chance;
    clock_gettime(CLOCK_REALTIME, &now);
    if (getrandom(&chance, sizeof chance, 0) != (ssize_t)sizeof chance) {
        int64_t words[4] = {now.tv_sec, now.tv_nsec, getpid(), (int64_t)(intptr_t)out};
        chance = (uint32_t)sai_hash_bytes(words, sizeof words, 0);
    }
    uint64_t time_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    uint64_t latest = latest_time(list);
    if (time_ms <= latest && latest < max) /* a clock behind another machine's: what is added later sorts later */
        time_ms = latest + 1;
    snprintf(out, SAI_CACHE_WRITER_DIGITS + 1, "%012" PRIx64 "%08" PRIx32, time_ms & max, chance);
}
