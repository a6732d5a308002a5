/*
 * review/finalize_beside.c: the files that belong to a picture.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "finalize_private.h"
#include "verbs.h"

#define IMAGES ".png|.jpg|.jpeg|.webp"

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void free_beside(struct beside *beside)
{
    for (size_t i = 0; i < beside->n; i++)
        free(beside->names[i]);
    free(beside->names);
    free(beside->folder);
    *beside = (struct beside){0};
}

/* Most file systems tell with the name whether it is a file. */
static int is_file(int folder, const struct dirent *entry)
{
    struct stat st;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_REG;
    return fstatat(folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

static int add_name(struct beside *beside, size_t *capacity, const char *name)
{
    if (beside->n == *capacity) {
        size_t more = *capacity ? 2 * *capacity : 256;
        char **names = realloc(beside->names, more * sizeof *names);
        if (!names)
            return SELECTAI_ERR_OUT_OF_MEMORY;
        beside->names = names;
        *capacity = more;
    }
    if (!(beside->names[beside->n] = strdup(name)))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    beside->n++;
    return SELECTAI_OK;
}

int read_beside(struct beside *beside, int root, const char *folder)
{
    size_t capacity = 0;
    int rc = SELECTAI_OK;
    if (beside->known && strcmp(beside->folder, folder) == 0)
        return SELECTAI_OK;
    free_beside(beside);
    if (!(beside->folder = strdup(folder)))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    beside->known = 1;
    int fd = open_folder_below(root, folder, 0);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return SELECTAI_OK;
    }
    for (struct dirent *entry; rc == SELECTAI_OK && (entry = readdir(dir)) != NULL;)
        if (is_file(fd, entry))
            rc = add_name(beside, &capacity, entry->d_name);
    closedir(dir);
    if (beside->n > 0)
        qsort(beside->names, beside->n, sizeof *beside->names, by_name);
    return rc;
}

/* The first name that is not below the first `n` bytes of `start`. */
static size_t first_from(const struct beside *beside, const char *start, size_t n)
{
    size_t low = 0, high = beside->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strncmp(beside->names[middle], start, n) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int each_companion(const struct beside *beside, const char *name, companion_fn take, void *user)
{
    size_t n_stem = stem_bytes(name), n = strlen(name);
    for (size_t i = first_from(beside, name, n_stem); i < beside->n && strncmp(beside->names[i], name, n_stem) == 0;
         i++) {
        const char *other = beside->names[i];
        int whole = strncmp(other, name, n) == 0 && other[n] == '.';
        int rc = 0;
        if ((whole || stem_bytes(other) == n_stem) && !has_ending(other, IMAGES))
            rc = take(user, other, whole);
        if (rc != 0)
            return rc;
    }
    return 0;
}

const char *twin_of(const struct beside *beside, const char *name)
{
    size_t n_stem = stem_bytes(name);
    for (size_t i = first_from(beside, name, n_stem); i < beside->n && strncmp(beside->names[i], name, n_stem) == 0;
         i++)
        if (stem_bytes(beside->names[i]) == n_stem && has_ending(beside->names[i], IMAGES) &&
            strcmp(beside->names[i], name) != 0)
            return beside->names[i];
    return NULL;
}
