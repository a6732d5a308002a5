/*
 * embed/cache_bulk.c: large parts, row by row.
 *
 * As with a flush, the .npy is published first and the .jsonl commits; then comes the index.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "embed/cache_bulk.h"
#include "embed/cache_part_index.h"

void sai_cache_bulk_begin(struct sai_cache_bulk *bulk, const char *directory, const char *writer, uint32_t dim,
                          bool half)
{
    *bulk = (struct sai_cache_bulk){.directory = directory, .dim = dim, .half = half, .max_rows = SAI_CACHE_BULK_ROWS};
    memcpy(bulk->writer, writer, sizeof bulk->writer);
}

static char *part_path(const struct sai_cache_bulk *bulk, uint32_t number, const char *extension)
{
    char *id = sai_asprintf("%s-%06u-%06u", bulk->writer, number, number);
    char *path = id ? sai_cache_part_path(bulk->directory, id, extension) : NULL;
    sai_free(id);
    return path;
}

static int begin_part(struct sai_cache_bulk *bulk)
{
    if (!bulk->row && !(bulk->row = sai_malloc_array(bulk->dim, 4)))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    char *path = part_path(bulk, bulk->n_parts + 1, ".npy");
    int rc = path ? sai_npy_begin(&bulk->npy, path, bulk->dim, bulk->half) : SELECTAI_ERR_OUT_OF_MEMORY;
    sai_free(path);
    return rc;
}

/* As a flush: the .npy, then the .jsonl, which commits; on failure nothing is left on disk. */
static int publish(struct sai_cache_bulk *bulk, const char *array, const char *lines, const char *index)
{
    struct sai_error_copy kept;
    int rc = sai_npy_commit(&bulk->npy);
    if (rc != SELECTAI_OK)
        return rc;
    rc = sai_cache_lines_write(lines, &bulk->table, 0, bulk->table.n_rows);
    if (rc != SELECTAI_OK) {
        (void)unlink(array);
        return rc;
    }
    sai_error_save(&kept);
    if (bulk->table.n_rows >= SAI_CACHE_INDEX_ROWS &&
        sai_part_index_write(index, lines, &bulk->table, 0, bulk->table.n_rows) != SELECTAI_OK)
        sai_error_restore(&kept); /* slower, and sound */
    return SELECTAI_OK;
}

int sai_cache_bulk_finish(struct sai_cache_bulk *bulk)
{
    const uint32_t number = bulk->n_parts + 1;
    if (!bulk->npy.open)
        return SELECTAI_OK;
    char *array = part_path(bulk, number, ".npy"), *lines = part_path(bulk, number, ".jsonl"),
         *index = part_path(bulk, number, ".idx");
    int rc = array && lines && index ? publish(bulk, array, lines, index) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK) {
        bulk->n_parts++;
        sai_cache_table_clear(&bulk->table);
    }
    sai_free(array);
    sai_free(lines);
    sai_free(index);
    return rc;
}

int sai_cache_bulk_add(struct sai_cache_bulk *bulk, const struct sai_cache_record *record, const float *vector)
{
    struct sai_cache_record stored = *record;
    int rc = bulk->npy.open ? SELECTAI_OK : begin_part(bulk);
    if (rc == SELECTAI_OK)
        rc = sai_cache_pack(bulk->row, &stored.row.vector_crc32, vector, bulk->dim, bulk->half);
    stored.row.has_vector_crc32 = 1;
    if (rc == SELECTAI_OK)
        rc = sai_cache_table_push(&bulk->table, &stored);
    if (rc != SELECTAI_OK)
        return rc;
    sai_npy_add(&bulk->npy, bulk->row);
    bulk->n_rows++;
    return bulk->table.n_rows == bulk->max_rows ? sai_cache_bulk_finish(bulk) : SELECTAI_OK;
}

void sai_cache_bulk_end(struct sai_cache_bulk *bulk)
{
    sai_npy_discard(&bulk->npy);
    sai_cache_table_clear(&bulk->table);
    sai_free(bulk->row);
    *bulk = (struct sai_cache_bulk){0};
}

void sai_cache_bulk_take_back(const struct sai_cache_bulk *bulk)
{
    for (uint32_t i = bulk->n_parts; i > 0; i--) { /* the last first: no reader misses one in between */
        char *npy = part_path(bulk, i, ".npy"), *jsonl = part_path(bulk, i, ".jsonl");
        if (npy && jsonl)
            sai_cache_part_remove(npy, jsonl);
        sai_free(npy);
        sai_free(jsonl);
    }
}

const struct sai_cache_row *sai_cache_record_of(struct sai_cache_record *out, const selectai_embedding_cache *cache,
                                                size_t i)
{
    const struct sai_cache_row *row = sai_cache_table_row(&cache->table, i);
    if (!row)
        return NULL;
    *out = (struct sai_cache_record){
        .row = *row, .project = cache->table.projects[row->project], .rel_path = row->rel_path};
    out->n_project = strlen(out->project);
    out->n_rel_path = strlen(out->rel_path);
    return row;
}

int sai_cache_checked_floats(float *out, const selectai_embedding_cache *cache, size_t row)
{
    bool half;
    const uint8_t *data = sai_cache_row_data(cache, row, &half);
    const struct sai_cache_row *it = sai_cache_table_row(&cache->table, row);
    const struct sai_cache_part *part = sai_cache_part_of(cache, row);
    if (it && it->has_vector_crc32 && crc32_z(0, data, sai_cache_row_bytes(cache, half)) != it->vector_crc32)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: row %zu is not the vector that was written for %s: embed it again",
                        part ? part->npy_path : cache->directory, part ? row - part->first_row : row, it->rel_path);
    sai_cache_row_floats(out, cache, row);
    return SELECTAI_OK;
}

bool sai_cache_all_half(const selectai_embedding_cache *cache)
{
    for (size_t i = 0; i < cache->n_parts; i++)
        if (!cache->parts[i].half)
            return false;
    return cache->n_parts > 0;
}
