/*
 * embed/cache_failures.c: images that could not be decoded, by content.
 *
 * A writer's file is written whole at each flush: failures are few, and so it is never torn. A kill loses what was not
 * flushed, which costs decoding those images once more.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/path.h"
#include "base/rng.h"
#include "embed/cache.h"
#include "embed/cache_line.h"

#define EXTENSION ".jsonl"

/* ---- In memory ------------------------------------------------------------------------------- */

static uint32_t hash_content(uint64_t size, uint32_t crc)
{
    const uint64_t words[2] = {size, crc};
    return (uint32_t)sai_hash_bytes(words, sizeof words, 0);
}

static const struct sai_cache_failure *locate(const struct sai_cache_failures *failures, uint64_t size, uint32_t crc32,
                                              uint64_t xxh64)
{
    size_t cursor;
    uint32_t hash = hash_content(size, crc32), i = sai_cache_index_first(&failures->by_content, hash, &cursor);
    while (i != SAI_CACHE_NONE &&
           (failures->items[i].size != size || failures->items[i].crc32 != crc32 || failures->items[i].xxh64 != xxh64))
        i = sai_cache_index_next(&failures->by_content, hash, &cursor);
    return i == SAI_CACHE_NONE ? NULL : &failures->items[i];
}

const struct sai_cache_failure *sai_cache_failures_find(const struct sai_cache_failures *failures, uint64_t size,
                                                        uint32_t crc32, uint64_t xxh64)
{
    return xxh64 ? locate(failures, size, crc32, xxh64) : NULL;
}

static bool says_something_about_content(int code)
{
    return code == SELECTAI_ERR_FORMAT || code == SELECTAI_ERR_LIMIT;
}

int sai_cache_failures_add(struct sai_cache_failures *failures, const struct sai_cache_failure *failure)
{
    struct sai_cache_failure item = *failure;
    if (!says_something_about_content(item.code) || failures->n >= SAI_CACHE_NONE - 1 ||
        locate(failures, item.size, item.crc32, item.xxh64))
        return SELECTAI_OK;
    item.project = sai_arena_strdup(&failures->arena, item.project);
    item.rel_path = sai_arena_strdup(&failures->arena, item.rel_path);
    item.message = sai_arena_strdup(&failures->arena, item.message);
    if (!item.project || !item.rel_path || !item.message ||
        !SAI_GROW(failures->items, failures->capacity, failures->n + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int rc = sai_cache_index_reserve(&failures->by_content, 1);
    if (rc != SELECTAI_OK)
        return rc;
    failures->items[failures->n] = item;
    sai_cache_index_add(&failures->by_content, hash_content(item.size, item.crc32), (uint32_t)failures->n);
    failures->n++;
    return SELECTAI_OK;
}

void sai_cache_failures_free(struct sai_cache_failures *failures)
{
    sai_free(failures->items);
    sai_cache_index_free(&failures->by_content);
    sai_arena_clear(&failures->arena);
    *failures = (struct sai_cache_failures){0};
}

const struct sai_cache_failure *sai_cache_failure_find(const selectai_embedding_cache *cache, uint64_t size,
                                                       uint32_t crc32, uint64_t xxh64)
{
    return sai_cache_failures_find(&cache->failures, size, crc32, xxh64);
}

int sai_cache_failure_add(selectai_embedding_cache *cache, const struct sai_cache_failure *failure)
{
    SAI_REQUIRE(cache && cache->writable && failure && failure->project && failure->rel_path && failure->message);
    return sai_cache_failures_add(&cache->failures, failure);
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* "MAJOR.MINOR.PATCH" as one number that grows with the version; 0 for anything else. */
static uint64_t version_number(const char *text)
{
    uint64_t value = 0;
    for (int i = 0; i < 3; i++) {
        uint64_t part = 0;
        const char *start = text;
        for (; *text >= '0' && *text <= '9' && text - start < 6; text++)
            part = part * 10 + (uint64_t)(*text - '0');
        if (text == start || *text != (i < 2 ? '.' : '\0'))
            return 0;
        value = value * 1000000 + part;
        text++;
    }
    return value;
}

static int bad_line(const struct sai_line_reader *reader)
{
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s, line %" PRIu64 ": is no failure of an image", reader->path, reader->row);
}

static int read_line(struct sai_cache_failures *out, const struct sai_line_reader *reader)
{
    json_t *line = NULL;
    size_t length;
    if (!sai_cache_line_intact(&length, reader->line, reader->length))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s, line %" PRIu64 ": was changed since it was written (line_crc32)",
                        reader->path, reader->row);
    int rc = sai_json_parse(&line, reader->line, reader->length, reader->path, reader->row);
    if (rc != SELECTAI_OK)
        return rc;
    const char *version = sai_json_string(line, "version", "");
    int64_t size = sai_json_integer(line, "size", -1), crc = sai_json_integer(line, "crc32", -1);
    int64_t code = sai_json_integer(line, "code", 0);
    uint64_t xxh64 = 0;
    const char *digits = sai_json_string(line, "xxh64", "0000000000000000");
    bool is_sound = sai_cache_hex_64(&xxh64, digits, strlen(digits));
    const struct sai_cache_failure failure = {.size = (uint64_t)size,
                                              .xxh64 = xxh64,
                                              .crc32 = (uint32_t)crc,
                                              .code = code >= INT32_MIN && code < 0 ? (int32_t)code : 0,
                                              .project = sai_json_string(line, "project", NULL),
                                              .rel_path = sai_json_string(line, "rel_path", NULL),
                                              .message = sai_json_string(line, "message", "")};
    if (length == reader->length && json_object_get(line, "line_crc32"))
        is_sound = false; /* not where it belongs: it proves nothing */
    if (!is_sound || size < 0 || crc < 0 || crc > UINT32_MAX || !failure.code || !failure.project || !failure.rel_path)
        rc = bad_line(reader);
    else if (version_number(version) >= version_number(selectai_version_string()))
        rc = sai_cache_failures_add(out, &failure);
    json_decref(line);
    return rc;
}

/* What is wrong with a line or file is noted; only what concerns more than it is returned. */
static int note(int rc, struct selectai_issues *issues, const char *path, uint64_t row)
{
    if (rc == SELECTAI_OK || rc == SELECTAI_ERR_OUT_OF_MEMORY || rc == SELECTAI_ERR_NOT_FOUND)
        return rc == SELECTAI_ERR_NOT_FOUND ? SELECTAI_OK : rc; /* gone: a compaction joined it with others */
    return issues ? sai_issues_add_last(issues, "bad-failure", path, row) : SELECTAI_OK;
}

static int read_file(struct sai_cache_failures *out, const char *path, struct selectai_issues *issues)
{
    struct sai_line_reader reader;
    int rc = sai_lines_open(&reader, path);
    if (rc != SELECTAI_OK)
        return note(rc, issues, path, 0);
    while (rc == SELECTAI_OK && (rc = sai_lines_next(&reader)) == SELECTAI_OK)
        rc = note(read_line(out, &reader), issues, path, reader.row);
    if (rc < 0)
        rc = note(rc, issues, path, reader.row);
    sai_lines_close(&reader);
    return rc == SELECTAI_DONE ? SELECTAI_OK : rc;
}

static bool is_failures_file(const char *name)
{
    size_t n = strlen(name), k = sizeof EXTENSION - 1, prefix = sizeof SAI_CACHE_FAILED_PREFIX - 1;
    return n > prefix + k && strncmp(name, SAI_CACHE_FAILED_PREFIX, prefix) == 0 &&
           strcmp(name + n - k, EXTENSION) == 0;
}

int sai_cache_failures_each(const char *directory, int (*fn)(const char *path, void *ctx), void *ctx)
{
    DIR *dir = opendir(directory);
    const struct dirent *entry;
    int rc = SELECTAI_OK;
    if (!dir)
        return SAI_FAIL_ERRNO("open the folder", directory);
    while (rc == SELECTAI_OK && (entry = readdir(dir)) != NULL) {
        if (!is_failures_file(entry->d_name))
            continue;
        char *path = sai_path_join(directory, entry->d_name);
        rc = path ? fn(path, ctx) : SELECTAI_ERR_OUT_OF_MEMORY;
        sai_free(path);
    }
    closedir(dir);
    return rc;
}

struct reading {
    struct sai_cache_failures *out;
    struct selectai_issues *issues;
};

static int read_one(const char *path, void *ctx)
{
    const struct reading *reading = ctx;
    return read_file(reading->out, path, reading->issues);
}

int sai_cache_failures_read(struct sai_cache_failures *out, const char *directory, struct selectai_issues *issues)
{
    struct reading reading = {.out = out, .issues = issues};
    int rc = sai_cache_failures_each(directory, read_one, &reading);
    out->n_read = out->n_written = out->n;
    return rc;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void write_line(struct sai_text *text, const struct sai_cache_failure *failure)
{
    const size_t start = text->length;
    sai_text_printf(text, "{\"size\":%" PRIu64 ",\"crc32\":%" PRIu32, failure->size, failure->crc32);
    if (failure->xxh64)
        sai_text_printf(text, ",\"xxh64\":\"%016" PRIx64 "\"", failure->xxh64);
    sai_text_puts(text, ",\"project\":");
    sai_text_json_string(text, failure->project);
    sai_text_puts(text, ",\"rel_path\":");
    sai_text_json_string(text, failure->rel_path);
    sai_text_printf(text, ",\"code\":%" PRId32 ",\"error\":", failure->code);
    sai_text_json_string(text, selectai_error_name(failure->code));
    sai_text_puts(text, ",\"message\":");
    sai_text_json_string(text, failure->message);
    sai_text_puts(text, ",\"version\":");
    sai_text_json_string(text, selectai_version_string());
    sai_cache_line_seal(text, start);
}

int sai_cache_failures_write(struct sai_cache_failures *failures, const char *directory, const char *writer)
{
    struct sai_text text = {0};
    char *name = NULL, *path = NULL, *content = NULL;
    if (failures->n == failures->n_written)
        return SELECTAI_OK;
    for (size_t i = failures->n_read; i < failures->n; i++)
        write_line(&text, &failures->items[i]);
    int rc = sai_text_finish(&text, &content);
    if (rc == SELECTAI_OK && (!(name = sai_asprintf("%s%s%s", SAI_CACHE_FAILED_PREFIX, writer, EXTENSION)) ||
                              !(path = sai_path_join(directory, name))))
        rc = SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = sai_file_write_atomic(path, content, strlen(content));
    if (rc == SELECTAI_OK)
        failures->n_written = failures->n;
    sai_free(name);
    sai_free(path);
    sai_free(content);
    return rc;
}

/* ---- For everybody --------------------------------------------------------------------------- */

int selectai_embedding_cache_failures(selectai_issues **issues, const selectai_embedding_cache *cache)
{
    struct sai_cache_failures all = {0};
    selectai_issues *list = NULL;
    SAI_REQUIRE(issues && cache);
    int rc = sai_issues_create(&list);
    if (rc == SELECTAI_OK)
        rc = sai_cache_failures_read(&all, cache->directory, NULL);
    for (size_t i = cache->failures.n_read; rc == SELECTAI_OK && i < cache->failures.n; i++)
        rc = sai_cache_failures_add(&all, &cache->failures.items[i]); /* not flushed yet */
    for (size_t i = 0; rc == SELECTAI_OK && i < all.n; i++) {
        const struct sai_cache_failure *it = &all.items[i];
        rc = sai_issues_add(list, it->code, "undecodable", it->rel_path, 0,
                            "%s (project %s, %" PRIu64 " bytes, CRC-32 %08" PRIx32 ")", it->message, it->project,
                            it->size, it->crc32);
    }
    sai_cache_failures_free(&all);
    if (rc == SELECTAI_OK)
        *issues = list;
    else
        selectai_issues_destroy(&list);
    return rc;
}
