/*
 * embed/cache_table.h: the records of all rows of a cache in memory, and the three ways to find one.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_EMBED_CACHE_TABLE_H
#define SAI_EMBED_CACHE_TABLE_H

#include "base/memory.h"
#include "embed/cache_index.h"

struct sai_cache_row {
    const char *rel_path; /* in the table's arena; the file name is its last part */
    uint64_t size;
    int64_t mtime_ns;
    uint64_t phash;
    uint32_t project; /* index into projects */
    uint32_t crc32, width, height;
    uint32_t vector_crc32; /* of the row's bytes in the .npy */
    uint32_t has_vector_crc32;
};

/* A row as read or given: strings need not end in NUL. */
struct sai_cache_record {
    struct sai_cache_row row; /* rel_path and project are not used */
    const char *project, *rel_path;
    size_t n_project, n_rel_path;
};

struct sai_cache_table {
    struct sai_cache_row *rows;
    size_t n_rows, rows_capacity;
    size_t n_indexed; /* rows that can be found */
    char **projects;
    size_t n_projects, projects_capacity;
    struct sai_arena arena;
    struct sai_cache_index by_project, by_name, by_content, by_path;
};

/* Appends a row that cannot be found yet: a part is indexed once all of it proved to be sound. */
int sai_cache_table_push(struct sai_cache_table *table, const struct sai_cache_record *record);

/* Takes rows n.. back, which were not indexed yet. */
void sai_cache_table_truncate(struct sai_cache_table *table, size_t n);

/* Makes all pushed rows findable: of each path, and of each content, the last one. */
int sai_cache_table_index(struct sai_cache_table *table);

/*
 * The rows of one file name, one for each folder that has such a file: start with cursor 0, until SAI_CACHE_NONE.
 */
struct sai_cache_name_search {
    struct sai_cache_row wanted;
    size_t cursor;
    bool started;
};
uint32_t sai_cache_table_next_name(const struct sai_cache_table *table, struct sai_cache_name_search *search,
                                   const char *project, const char *filename);

/* Row numbers or SAI_CACHE_NONE. Keys are compared as they are: see sai_cache_clean_text(). */
uint32_t sai_cache_table_find_path(const struct sai_cache_table *table, const char *project, const char *rel_path);
uint32_t sai_cache_table_find_content(const struct sai_cache_table *table, const char *project, uint64_t size,
                                      uint32_t crc32);

void sai_cache_table_clear(struct sai_cache_table *table);

/*
 * Index records are JSON, and JSON is UTF-8, but file names are bytes: each byte that is no UTF-8 becomes U+FFFD, in
 * what is stored and in what is looked for. *out is `text` itself where that changes nothing, else *copy, which the
 * caller frees.
 */
int sai_cache_clean_text(const char **out, char **copy, const char *text);

#endif
