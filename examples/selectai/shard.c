/*
 * shard.c: the part of a job that one of several processes does.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shard.h"

/* ---- Flags ----------------------------------------------------------------------------------- */

/* Digits alone, up to `end`; 0, or -1 if it is no number or far too large. */
static int read_number(uint32_t *out, const char *text, const char *end)
{
    uint32_t value = 0;
    if (text == end)
        return -1;
    for (; text < end; text++) {
        if (*text < '0' || *text > '9' || value > UINT32_MAX / 16)
            return -1;
        value = 10 * value + (uint32_t)(*text - '0');
    }
    *out = value;
    return 0;
}

static int read_pair(struct shard *out, const struct verb *verb, const struct shard_args *args)
{
    const char *id = args->id, *count = args->count;
    if (read_number(&out->count, count, count + strlen(count)) || out->count < 1 || out->count > SELECTAI_SHARDS_MAX)
        return usage_error(verb, "--num-shards: '%s' is not valid, expected a number from 1 to %d", count,
                           SELECTAI_SHARDS_MAX);
    if (read_number(&out->index, id, id + strlen(id)) || out->index >= out->count)
        return usage_error(verb, "--shard-id: '%s' is not valid, expected a number from 0 to %u", id, out->count - 1);
    return -1;
}

int read_shard_args(struct shard *out, const struct verb *verb, const struct shard_args *args)
{
    const char *text = args->shard, *slash = text ? strchr(text, '/') : NULL;
    *out = (struct shard){0};
    if (text && (args->id || args->count))
        return usage_error(verb, "--shard and --shard-id are two ways to say one thing: give one of them");
    if (!args->id != !args->count)
        return usage_error(verb, "--shard-id and --num-shards are given together or not at all");
    if (args->id)
        return read_pair(out, verb, args);
    if (!text)
        return -1;
    if (!slash || read_number(&out->index, text, slash) || read_number(&out->count, slash + 1, text + strlen(text)))
        return usage_error(verb, "--shard: '%s' is not valid, expected I/N such as 3/16, the third part of sixteen",
                           text);
    if (out->count < 1 || out->count > SELECTAI_SHARDS_MAX)
        return usage_error(verb, "--shard: '%s' is not valid, there can be 1 to %d parts", text, SELECTAI_SHARDS_MAX);
    if (out->index < 1 || out->index > out->count)
        return usage_error(verb, "--shard: '%s' is not valid, parts are counted from 1/%u to %u/%u", text, out->count,
                           out->count, out->count);
    out->index--;
    return -1;
}

/* ---- Where files lie ------------------------------------------------------------------------- */

/* The path with its folder resolved, so that one file and one folder have one name each; NULL without memory. */
static char *place_of(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    char *real = folder ? realpath(folder, NULL) : NULL;
    char *place = NULL;
    if (real && (place = malloc(strlen(real) + strlen(name) + 2)))
        sprintf(place, "%s/%s", real, name);
    else if (folder && !real) /* as in logs that have moved */
        place = strdup(path);
    free(real);
    free(folder);
    return place;
}

static void free_places(char **places, size_t n)
{
    for (size_t i = 0; places && i < n; i++)
        free(places[i]);
    free(places);
}

static char **places_of(const struct file_list *files)
{
    char **places = calloc(files->count + 1, sizeof *places);
    for (size_t i = 0; places && i < files->count; i++) {
        places[i] = place_of(files->paths[i]);
        if (!places[i]) {
            free_places(places, i);
            return NULL;
        }
    }
    return places;
}

/* ---- Assignment ------------------------------------------------------------------------------ */

/* keys: what decides; out: room for all files. */
static int assign(uint32_t *out, const struct shard *shard, const char *project, const struct file_list *files,
                  const char *const *keys, const uint32_t *set_starts, size_t n_sets)
{
    struct selectai_shard_options options;
    char **places = places_of(files);
    if (!places)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    selectai_shard_options_init(&options, sizeof options);
    options.paths = (const char *const *)places;
    options.set_starts = set_starts;
    options.n_sets = n_sets;
    int rc = selectai_shard_assign(out, project, keys, files->count, shard->count, &options);
    free_places(places, files->count);
    return rc;
}

/* Takes off the list what is marked, and counts it. */
static void leave(struct file_list *files, struct shard *shard, const char *marked)
{
    size_t before = files->count;
    drop_marked_files(files, marked);
    shard->left += before - files->count;
}

int keep_shard(struct file_list *files, struct shard *shard, const char *project)
{
    if (shard->count == 0)
        return SELECTAI_OK;
    uint32_t *shards = calloc(files->count + 1, sizeof *shards);
    char *marked = calloc(files->count + 1, 1);
    int rc = shards && marked ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = assign(shards, shard, project, files, (const char *const *)files->rel_paths, NULL, 0);
    for (size_t i = 0; rc == SELECTAI_OK && i < files->count; i++)
        marked[i] = shards[i] != shard->index;
    if (rc == SELECTAI_OK)
        leave(files, shard, marked);
    free(shards);
    free(marked);
    return rc;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Files of logs are known by their names within the project: their folders may have moved. */
int keep_shard_of_sets(struct file_list *files, struct shard *shard, const char *project, const struct file_list *named,
                       const uint32_t *set_starts, size_t n_sets)
{
    if (shard->count == 0)
        return SELECTAI_OK;
    size_t n_mine = 0;
    uint32_t *shards = calloc(named->count + 1, sizeof *shards);
    const char **texts = calloc(named->count + 1, sizeof *texts); /* the names, then the paths that are ours */
    char *marked = calloc(files->count + 1, 1);
    int rc = shards && texts && marked ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; rc == SELECTAI_OK && i < named->count; i++)
        texts[i] = last_part(named->paths[i]);
    if (rc == SELECTAI_OK)
        rc = assign(shards, shard, project, named, texts, set_starts, n_sets);
    if (rc == SELECTAI_OK) {
        for (size_t i = 0; i < named->count; i++)
            if (shards[i] == shard->index)
                texts[n_mine++] = named->paths[i];
        qsort(texts, n_mine, sizeof *texts, compare_paths);
        for (size_t i = 0; i < files->count; i++)
            marked[i] = !bsearch(&files->paths[i], texts, n_mine, sizeof *texts, compare_paths);
        leave(files, shard, marked);
    }
    free(shards);
    free(texts);
    free(marked);
    return rc;
}
