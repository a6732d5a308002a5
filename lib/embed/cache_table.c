/*
 * embed/cache_table.c: rows in memory and their look-up tables.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/path.h"
#include "base/rng.h"
#include "base/text.h"
#include "embed/cache_table.h"

enum key { KEY_NAME, KEY_PATH, KEY_CONTENT };

static uint32_t hash_text(const char *text, size_t n, uint64_t seed)
{
    return (uint32_t)sai_hash_bytes(text, n, seed);
}

static uint32_t hash_content(uint64_t size, uint32_t crc, uint32_t project)
{
    uint64_t words[2] = {size, crc};
    return (uint32_t)sai_hash_bytes(words, sizeof words, project);
}

static uint32_t find_project(const struct sai_cache_table *table, const char *project, size_t n)
{
    size_t cursor;
    uint32_t hash = hash_text(project, n, 0), i = sai_cache_index_first(&table->by_project, hash, &cursor);
    while (i != SAI_CACHE_NONE && (strncmp(table->projects[i], project, n) != 0 || table->projects[i][n] != '\0'))
        i = sai_cache_index_next(&table->by_project, hash, &cursor);
    return i;
}

static int intern_project(uint32_t *out, struct sai_cache_table *table, const char *project, size_t n)
{
    *out = find_project(table, project, n);
    if (*out != SAI_CACHE_NONE)
        return SELECTAI_OK;
    char *copy = sai_arena_strndup(&table->arena, project, n);
    if (!copy || !SAI_GROW(table->projects, table->projects_capacity, table->n_projects + 1) ||
        sai_cache_index_reserve(&table->by_project, 1) != SELECTAI_OK)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    *out = (uint32_t)table->n_projects;
    table->projects[table->n_projects++] = copy;
    sai_cache_index_add(&table->by_project, hash_text(project, n, 0), *out);
    return SELECTAI_OK;
}

int sai_cache_table_push(struct sai_cache_table *table, const struct sai_cache_record *record)
{
    struct sai_cache_row row = record->row;
    if (table->n_rows >= SAI_CACHE_NONE - 1)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "a cache holds at most %u rows: use several caches", SAI_CACHE_NONE - 1);
    int rc = intern_project(&row.project, table, record->project, record->n_project);
    if (rc != SELECTAI_OK)
        return rc;
    row.rel_path = sai_arena_strndup(&table->arena, record->rel_path, record->n_rel_path);
    if (!row.rel_path || !SAI_GROW(table->rows, table->rows_capacity, table->n_rows + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    table->rows[table->n_rows++] = row;
    return SELECTAI_OK;
}

void sai_cache_table_truncate(struct sai_cache_table *table, size_t n)
{
    table->n_rows = n;
}

static bool same_key(const struct sai_cache_row *a, const struct sai_cache_row *b, enum key key)
{
    if (a->project != b->project)
        return false;
    if (key == KEY_CONTENT)
        return a->size == b->size && a->crc32 == b->crc32;
    if (key == KEY_PATH)
        return strcmp(a->rel_path, b->rel_path) == 0;
    return strcmp(sai_path_basename(a->rel_path), sai_path_basename(b->rel_path)) == 0;
}

static uint32_t row_hash(const struct sai_cache_row *row, enum key key)
{
    if (key == KEY_CONTENT)
        return hash_content(row->size, row->crc32, row->project);
    const char *text = key == KEY_PATH ? row->rel_path : sai_path_basename(row->rel_path);
    return hash_text(text, strlen(text), row->project);
}

/* From slot i on, the first row with that key. */
static uint32_t matching(const struct sai_cache_table *table, const struct sai_cache_index *index, uint32_t i,
                         uint32_t hash, const struct sai_cache_row *wanted, enum key key, size_t *cursor)
{
    while (i != SAI_CACHE_NONE && !same_key(&table->rows[i], wanted, key))
        i = sai_cache_index_next(index, hash, cursor);
    return i;
}

static uint32_t find_row(const struct sai_cache_table *table, const struct sai_cache_index *index,
                         const struct sai_cache_row *wanted, enum key key, size_t *cursor)
{
    uint32_t hash = row_hash(wanted, key);
    return matching(table, index, sai_cache_index_first(index, hash, cursor), hash, wanted, key, cursor);
}

static void file_row(struct sai_cache_table *table, struct sai_cache_index *index, uint32_t number, enum key key)
{
    size_t cursor;
    const struct sai_cache_row *row = &table->rows[number];
    /* Files of one name in different folders are all kept under the name. */
    enum key same = key == KEY_NAME ? KEY_PATH : key;
    uint32_t hash = row_hash(row, key);
    uint32_t i = matching(table, index, sai_cache_index_first(index, hash, &cursor), hash, row, same, &cursor);
    if (i != SAI_CACHE_NONE)
        sai_cache_index_replace(index, cursor, number);
    else
        sai_cache_index_add(index, hash, number);
}

int sai_cache_table_index(struct sai_cache_table *table)
{
    size_t more = table->n_rows - table->n_indexed;
    int rc = sai_cache_index_reserve(&table->by_name, more);
    if (rc == SELECTAI_OK)
        rc = sai_cache_index_reserve(&table->by_path, more);
    if (rc == SELECTAI_OK)
        rc = sai_cache_index_reserve(&table->by_content, more);
    for (; rc == SELECTAI_OK && table->n_indexed < table->n_rows; table->n_indexed++) {
        file_row(table, &table->by_name, (uint32_t)table->n_indexed, KEY_NAME);
        file_row(table, &table->by_path, (uint32_t)table->n_indexed, KEY_PATH);
        file_row(table, &table->by_content, (uint32_t)table->n_indexed, KEY_CONTENT);
    }
    return rc;
}

static uint32_t find(const struct sai_cache_table *table, const struct sai_cache_index *index, const char *project,
                     struct sai_cache_row *wanted, enum key key, size_t *cursor)
{
    wanted->project = find_project(table, project, strlen(project));
    return wanted->project == SAI_CACHE_NONE ? SAI_CACHE_NONE : find_row(table, index, wanted, key, cursor);
}

uint32_t sai_cache_table_next_name(const struct sai_cache_table *table, struct sai_cache_name_search *search,
                                   const char *project, const char *filename)
{
    if (!search->started) {
        search->started = true;
        search->wanted = (struct sai_cache_row){.rel_path = filename};
        return find(table, &table->by_name, project, &search->wanted, KEY_NAME, &search->cursor);
    }
    uint32_t hash = row_hash(&search->wanted, KEY_NAME);
    uint32_t i = sai_cache_index_next(&table->by_name, hash, &search->cursor);
    return matching(table, &table->by_name, i, hash, &search->wanted, KEY_NAME, &search->cursor);
}

uint32_t sai_cache_table_find_path(const struct sai_cache_table *table, const char *project, const char *rel_path)
{
    size_t cursor;
    struct sai_cache_row wanted = {.rel_path = rel_path};
    return find(table, &table->by_path, project, &wanted, KEY_PATH, &cursor);
}

uint32_t sai_cache_table_find_content(const struct sai_cache_table *table, const char *project, uint64_t size,
                                      uint32_t crc32)
{
    size_t cursor;
    struct sai_cache_row wanted = {.size = size, .crc32 = crc32};
    return find(table, &table->by_content, project, &wanted, KEY_CONTENT, &cursor);
}

void sai_cache_table_clear(struct sai_cache_table *table)
{
    sai_free(table->rows);
    sai_free(table->projects);
    sai_arena_clear(&table->arena);
    sai_cache_index_free(&table->by_project);
    sai_cache_index_free(&table->by_name);
    sai_cache_index_free(&table->by_content);
    sai_cache_index_free(&table->by_path);
    *table = (struct sai_cache_table){0};
}

/* Length of the UTF-8 character at p, 0 if there is none. */
static size_t character(const char *p, size_t n)
{
    for (size_t k = 1; k <= 4 && k <= n; k++)
        if (sai_utf8_valid(p, k))
            return k;
    return 0;
}

int sai_cache_clean_text(const char **out, char **copy, const char *text)
{
    size_t n = strlen(text);
    struct sai_text clean = {0};
    *copy = NULL;
    *out = text;
    if (sai_utf8_valid(text, n))
        return SELECTAI_OK;
    for (size_t i = 0; i < n;) {
        size_t k = character(text + i, n - i);
        if (k == 0)
            sai_text_puts(&clean, "\xEF\xBF\xBD");
        else
            sai_text_add(&clean, text + i, k);
        i += k ? k : 1;
    }
    int rc = sai_text_finish(&clean, copy);
    if (rc == SELECTAI_OK)
        *out = *copy;
    return rc;
}
