/*
 * embed/cache_table.c: rows in memory and their look-up tables.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <sched.h>
#include <string.h>

#include "base/rng.h"
#include "embed/cache_part_index.h"

/* Of a row: */
enum {
    EMPTY, /* in an index file only */
    BUSY,  /* some thread reads it right now */
    FILLED,
    DAMAGED,
};

/* ---- Projects -------------------------------------------------------------------------------- */

uint32_t sai_cache_table_project(const struct sai_cache_table *table, const char *project, size_t n)
{
    size_t cursor;
    uint32_t hash = (uint32_t)sai_hash_bytes(project, n, 0);
    uint32_t i = sai_cache_index_first(&table->by_project, hash, &cursor);
    while (i != SAI_CACHE_NONE && (strncmp(table->projects[i], project, n) != 0 || table->projects[i][n] != '\0'))
        i = sai_cache_index_next(&table->by_project, hash, &cursor);
    return i;
}

static int intern_project(uint32_t *out, struct sai_cache_table *table, const char *project, size_t n)
{
    *out = sai_cache_table_project(table, project, n);
    if (*out != SAI_CACHE_NONE)
        return SELECTAI_OK;
    char *copy = sai_arena_strndup(&table->arena, project, n);
    if (!copy || !SAI_GROW(table->projects, table->projects_capacity, table->n_projects + 1) ||
        !SAI_GROW(table->project_hashes, table->hashes_capacity, table->n_projects + 1) ||
        sai_cache_index_reserve(&table->by_project, 1) != SELECTAI_OK)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    *out = (uint32_t)table->n_projects;
    table->project_hashes[table->n_projects] = sai_hash_bytes(project, n, 0);
    table->projects[table->n_projects++] = copy;
    sai_cache_index_add(&table->by_project, (uint32_t)table->project_hashes[*out], *out);
    return SELECTAI_OK;
}

/* ---- Adding rows ----------------------------------------------------------------------------- */

static int make_room(struct sai_cache_table *table, size_t more)
{
    if (more > SAI_CACHE_NONE - 1 - table->n_rows)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "a cache holds at most %u rows: use several caches", SAI_CACHE_NONE - 1);
    return SAI_GROW(table->rows, table->rows_capacity, table->n_rows + more) &&
                   SAI_GROW(table->filled, table->filled_capacity, table->n_rows + more)
               ? SELECTAI_OK
               : SELECTAI_ERR_OUT_OF_MEMORY;
}

int sai_cache_table_push(struct sai_cache_table *table, const struct sai_cache_record *record)
{
    struct sai_cache_row row = record->row;
    int rc = make_room(table, 1);
    if (rc == SELECTAI_OK)
        rc = intern_project(&row.project, table, record->project, record->n_project);
    if (rc != SELECTAI_OK)
        return rc;
    row.rel_path = sai_arena_strndup(&table->arena, record->rel_path, record->n_rel_path);
    if (!row.rel_path)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    atomic_init(&table->filled[table->n_rows], FILLED);
    table->rows[table->n_rows++] = row;
    table->n_in_memory++;
    return SELECTAI_OK;
}

int sai_cache_table_push_index(struct sai_cache_table *table, struct sai_part_index *index)
{
    struct sai_cache_segment *segment = &table->segments[table->n_segments];
    const char *project = index->projects;
    int rc = make_room(table, index->n_rows);
    if (rc != SELECTAI_OK)
        return rc;
    uint32_t *projects = sai_arena_array(&table->arena, index->n_projects + 1, sizeof *projects);
    if (!projects)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < index->n_projects; i++) {
        size_t n = strlen(project);
        rc = intern_project(&projects[i], table, project, n);
        if (rc != SELECTAI_OK)
            return rc;
        project += n + 1;
    }
    for (size_t i = 0; i < index->n_rows; i++)
        atomic_init(&table->filled[table->n_rows + i], EMPTY);
    *segment = (struct sai_cache_segment){.index = index, .first_row = table->n_rows, .projects = projects};
    table->n_segments++;
    table->n_rows += index->n_rows;
    return SELECTAI_OK;
}

void sai_cache_table_truncate(struct sai_cache_table *table, size_t n)
{
    table->n_in_memory -= table->n_rows - n;
    table->n_rows = n;
}

/* ---- Rows of segments ------------------------------------------------------------------------ */

const struct sai_cache_segment *sai_cache_table_segment(const struct sai_cache_table *table, size_t row)
{
    for (size_t i = 0; i < table->n_segments; i++)
        if (row >= table->segments[i].first_row &&
            row - table->segments[i].first_row < table->segments[i].index->n_rows)
            return &table->segments[i];
    return NULL;
}

static unsigned char read_row(const struct sai_cache_table *table, size_t i)
{
    const struct sai_cache_segment *segment = sai_cache_table_segment(table, i);
    struct sai_cache_row *row = &table->rows[i];
    if (!segment || !sai_part_index_row(row, segment->index, (uint32_t)(i - segment->first_row))) {
        *row = (struct sai_cache_row){.rel_path = ""};
        return DAMAGED;
    }
    row->project = segment->projects[row->project];
    return FILLED;
}

/* One thread fills a row; others that want it at the same time wait the moment that takes. */
const struct sai_cache_row *sai_cache_table_row(const struct sai_cache_table *table, size_t i)
{
    unsigned char state = atomic_load_explicit(&table->filled[i], memory_order_acquire);
    while (state != FILLED && state != DAMAGED) {
        unsigned char empty = EMPTY;
        if (state == EMPTY && atomic_compare_exchange_strong(&table->filled[i], &empty, BUSY)) {
            state = read_row(table, i);
            atomic_store_explicit(&table->filled[i], state, memory_order_release);
        } else {
            sched_yield();
            state = atomic_load_explicit(&table->filled[i], memory_order_acquire);
        }
    }
    return state == FILLED ? &table->rows[i] : NULL;
}

void sai_cache_table_clear(struct sai_cache_table *table)
{
    for (size_t i = 0; i < table->n_segments; i++)
        sai_part_index_close(&table->segments[i].index);
    sai_free(table->rows);
    sai_free(table->filled);
    sai_free(table->projects);
    sai_free(table->project_hashes);
    sai_arena_clear(&table->arena);
    sai_cache_index_free(&table->by_project);
    sai_cache_index_free(&table->by_name);
    sai_cache_index_free(&table->by_content);
    sai_cache_index_free(&table->by_path);
    *table = (struct sai_cache_table){0};
}
