/*
 * embed/cache_part.c: loading one part: the .npy is mapped, the .jsonl is read, and both must agree to the byte.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/safetensors.h"
#include "embed/cache.h"
#include "embed/cache_line.h"
#include "embed/cache_npy.h"
#include "embed/cache_part_index.h"

/* Parts hold little-endian numbers, which are used as they lie there. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a big-endian machine needs a conversion in this file");

char *sai_cache_part_path(const char *directory, const char *id, const char *extension)
{
    char *name = sai_asprintf("part-%s%s", id, extension), *path = name ? sai_path_join(directory, name) : NULL;
    sai_free(name);
    return path;
}

void sai_cache_part_remove(const char *npy_path, const char *jsonl_path)
{
    char *index = sai_part_index_name(jsonl_path);
    if (unlink(jsonl_path) == 0 || !sai_path_exists(jsonl_path)) {
        if (index)
            (void)unlink(index);
        (void)unlink(npy_path);
    }
    sai_free(index);
}

void sai_cache_part_close(struct sai_cache_part *part)
{
    sai_file_unmap(&part->npy);
    sai_free(part->npy_path);
    sai_free(part->jsonl_path);
    *part = (struct sai_cache_part){0};
}

static int check_array(selectai_embedding_cache *cache, struct sai_cache_part *part)
{
    struct sai_npy npy;
    int rc = sai_npy_parse(&npy, &part->npy, part->npy_path);
    if (rc != SELECTAI_OK)
        return rc;
    if (npy.dim != cache->dim)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: vectors of %llu numbers, but the cache's manifest says %u",
                        part->npy_path, (unsigned long long)npy.dim, cache->dim);
    part->n_rows = (size_t)npy.n_rows;
    part->data_offset = npy.data_offset;
    part->half = npy.half;
    return SELECTAI_OK;
}

static int push_lines(selectai_embedding_cache *cache, const struct sai_cache_part *part,
                      const struct sai_mapping *jsonl, struct sai_cache_line_scratch *scratch)
{
    const char *p = (const char *)jsonl->data, *end = p + jsonl->size;
    size_t n = 0;
    for (; p < end; n++) {
        struct sai_cache_record record;
        const char *lf = memchr(p, '\n', (size_t)(end - p));
        if (!lf)
            return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: its last line is cut off", part->jsonl_path);
        if (n == part->n_rows)
            break;
        int rc = sai_cache_line_parse(&record, scratch, p, (size_t)(lf - p), n, part->jsonl_path);
        if (rc == SELECTAI_OK)
            rc = sai_cache_table_push(&cache->table, &record);
        if (rc != SELECTAI_OK)
            return rc;
        p = lf + 1;
    }
    if (n < part->n_rows || p < end)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: has %s lines than its .npy has rows (%zu)", part->jsonl_path,
                        p < end ? "more" : "fewer", part->n_rows);
    return SELECTAI_OK;
}

static int read_lines(selectai_embedding_cache *cache, const struct sai_cache_part *part)
{
    struct sai_mapping jsonl = {0};
    struct sai_cache_line_scratch scratch = {0};
    int rc = sai_file_map(&jsonl, part->jsonl_path);
    if (rc == SELECTAI_OK)
        rc = push_lines(cache, part, &jsonl, &scratch);
    sai_cache_line_scratch_free(&scratch);
    sai_file_unmap(&jsonl);
    return rc;
}

/* Takes the rows from the part's index file, if it has a sound one. */
static int use_index(bool *used, selectai_embedding_cache *cache, const struct sai_cache_part *part, const char *path)
{
    struct sai_part_index *index = NULL;
    int rc = sai_part_index_open(&index, path, part->jsonl_path);
    if (rc != SELECTAI_OK) /* the lines tell the same */
        return rc == SELECTAI_ERR_OUT_OF_MEMORY ? rc : SELECTAI_OK;
    if (index->n_rows == part->n_rows)
        rc = sai_cache_table_push_index(&cache->table, index);
    *used = rc == SELECTAI_OK && index->n_rows == part->n_rows;
    if (!*used)
        sai_part_index_close(&index);
    return rc;
}

/* The lines are the truth; the index spares reading them. A writer makes the index that is missing. */
static int read_rows(selectai_embedding_cache *cache, const struct sai_cache_part *part)
{
    struct sai_error_copy kept;
    bool used = false;
    if (cache->lines_only || cache->table.n_segments == SAI_CACHE_MAX_SEGMENTS)
        return read_lines(cache, part);
    char *path = sai_part_index_name(part->jsonl_path);
    if (!path)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    sai_error_save(&kept);
    int rc = use_index(&used, cache, part, path);
    if (rc == SELECTAI_OK) {
        sai_error_restore(&kept);
        rc = used ? SELECTAI_OK : read_lines(cache, part);
    }
    if (rc == SELECTAI_OK && !used && cache->writable)
        sai_cache_part_index(cache, part);
    sai_free(path);
    return rc;
}

void sai_cache_part_index(const selectai_embedding_cache *cache, const struct sai_cache_part *part)
{
    struct sai_error_copy kept;
    char *path = sai_part_index_name(part->jsonl_path);
    sai_error_save(&kept);
    if (path && part->n_rows < SAI_CACHE_INDEX_ROWS)
        (void)unlink(path); /* not needed, and if there is one it is no good */
    else if (!path ||
             sai_part_index_write(path, part->jsonl_path, &cache->table, part->first_row, part->n_rows) != SELECTAI_OK)
        sai_error_restore(&kept); /* a cache without is slower to open, and sound */
    sai_free(path);
}

static int read_part(selectai_embedding_cache *cache, struct sai_cache_part *part)
{
    /* The .jsonl first: without it there is no part, whatever the .npy is. */
    if (!sai_path_exists(part->jsonl_path))
        return SELECTAI_ERR_NOT_FOUND;
    int rc = sai_file_map(&part->npy, part->npy_path);
    if (rc == SELECTAI_OK)
        rc = check_array(cache, part);
    return rc == SELECTAI_OK ? read_rows(cache, part) : rc;
}

/* What the part's failure means for the cache. */
static int report(selectai_embedding_cache *cache, const struct sai_cache_part *part, int code)
{
    if (code == SELECTAI_ERR_OUT_OF_MEMORY || code == SELECTAI_ERR_LIMIT)
        return code;
    if (code != SELECTAI_ERR_NOT_FOUND)
        return sai_issues_add_last(cache->issues, "torn-part", part->jsonl_path, 0);
    if (sai_path_exists(part->npy_path))
        return sai_issues_add(cache->issues, SELECTAI_ERR_NOT_FOUND, "uncommitted", part->npy_path, 0,
                              "%s: ignored, because it has no .jsonl: a run was killed, or is still writing it",
                              part->npy_path);
    return sai_issues_add(cache->issues, SELECTAI_ERR_NOT_FOUND, "torn-part", part->jsonl_path, 0,
                          "%s: ignored, because its .npy is missing: restore it, or embed again", part->jsonl_path);
}

int sai_cache_part_load(selectai_embedding_cache *cache, const char *id, bool *loaded)
{
    struct sai_cache_part part = {.npy_path = sai_cache_part_path(cache->directory, id, ".npy"),
                                  .jsonl_path = sai_cache_part_path(cache->directory, id, ".jsonl"),
                                  .first_row = cache->table.n_rows};
    int rc = SELECTAI_ERR_OUT_OF_MEMORY;
    *loaded = false;
    if (part.npy_path && part.jsonl_path && SAI_GROW(cache->parts, cache->parts_capacity, cache->n_parts + 1)) {
        rc = read_part(cache, &part);
        if (rc == SELECTAI_OK) {
            cache->parts[cache->n_parts++] = part;
            *loaded = true;
            return SELECTAI_OK;
        }
        sai_cache_table_truncate(&cache->table, part.first_row);
        rc = report(cache, &part, rc);
    }
    sai_cache_part_close(&part);
    return rc;
}

const struct sai_cache_part *sai_cache_part_of(const selectai_embedding_cache *cache, size_t row)
{
    size_t low = 0, high = cache->n_parts; /* the first part that ends behind the row */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (cache->parts[middle].first_row + cache->parts[middle].n_rows <= row)
            low = middle + 1;
        else
            high = middle;
    }
    return low < cache->n_parts ? &cache->parts[low] : NULL;
}

const uint8_t *sai_cache_row_data(const selectai_embedding_cache *cache, size_t row, bool *half)
{
    const struct sai_cache_part *part = sai_cache_part_of(cache, row);
    if (part) {
        *half = part->half;
        return part->npy.data + part->data_offset + (row - part->first_row) * sai_cache_row_bytes(cache, part->half);
    }
    *half = cache->half;
    size_t first_pending = cache->table.n_rows - cache->n_pending;
    return cache->pending + (row - first_pending) * sai_cache_row_bytes(cache, cache->half);
}

void sai_cache_row_floats(float *out, const selectai_embedding_cache *cache, size_t row)
{
    bool half;
    const uint8_t *data = sai_cache_row_data(cache, row, &half);
    if (!half) {
        memcpy(out, data, sai_cache_row_bytes(cache, false));
        return;
    }
    for (uint32_t i = 0; i < cache->dim; i++) {
        uint16_t bits;
        memcpy(&bits, data + 2 * (size_t)i, sizeof bits);
        out[i] = sai_float_from_half(bits);
    }
}
