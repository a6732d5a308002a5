/*
 * embed/cache_table.h: the records of all rows of a cache, and the three ways to find one.
 *
 * Rows are numbered through all parts. Those of a part that was read line by line, and those that were added, are in
 * memory; those of a part with an index file (cache_part_index.h) stay there until they are asked for: opening a cache
 * of a million rows touches none of them.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_EMBED_CACHE_TABLE_H
#define SAI_EMBED_CACHE_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/memory.h"
#include "embed/cache_index.h"

struct sai_part_index;

struct sai_cache_row {
    const char *rel_path; /* in the table's arena or a mapped index; the file name is its last part */
    uint64_t size;        /* 0: not known, as of rows from earlier caches whose image is gone */
    int64_t mtime_ns;
    uint64_t phash;
    uint64_t xxh64;   /* of the file's bytes; 0: not known */
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

/* More index files than this would make looking one name up slow: further parts are read into memory. */
#define SAI_CACHE_MAX_SEGMENTS 16u

/* The rows of one part with an index file. */
struct sai_cache_segment {
    struct sai_part_index *index;
    size_t first_row;
    uint32_t *projects; /* the index's number of a project -> the table's */
};

struct sai_cache_table {
    struct sai_cache_row *rows; /* those of segments are filled when a look-up finds them: see sai_cache_table_row() */
    size_t n_rows, rows_capacity;
    atomic_uchar *filled; /* of each row: an enum in cache_table.c */
    size_t filled_capacity;
    size_t n_indexed;                                          /* rows that can be found */
    struct sai_cache_segment segments[SAI_CACHE_MAX_SEGMENTS]; /* by first_row */
    size_t n_segments;
    size_t n_in_memory; /* rows that belong to no segment */
    char **projects;
    uint64_t *project_hashes;
    size_t n_projects, projects_capacity, hashes_capacity;
    struct sai_arena arena;
    struct sai_cache_index by_project, by_name, by_content, by_path; /* the last three: of rows in memory */
};

/* Appends a row that cannot be found yet: a part is indexed once all of it proved to be sound. */
int sai_cache_table_push(struct sai_cache_table *table, const struct sai_cache_record *record);

/* Appends all rows of a part; there must be room for a segment. Takes the index over on success. */
int sai_cache_table_push_index(struct sai_cache_table *table, struct sai_part_index *index);

/* Takes rows n.. back, which were not indexed yet. */
void sai_cache_table_truncate(struct sai_cache_table *table, size_t n);

/* Makes all pushed rows findable: of each path, and of each content, the last one. */
int sai_cache_table_index(struct sai_cache_table *table);

/*
 * Row i; from any number of threads. NULL if its place in an index file is damaged. Rows that a look-up by path or
 * content returned, and rows in memory, may be read from `rows` directly.
 */
const struct sai_cache_row *sai_cache_table_row(const struct sai_cache_table *table, size_t i);

/*
 * The rows of one file name, one for each folder that has such a file: start with cursor 0, until SAI_CACHE_NONE.
 */
struct sai_cache_name_search {
    uint32_t project, hash;
    const char *filename;
    size_t n_filename, cursor, source; /* source 0: rows in memory; k: segment k - 1 */
    bool started, inside;              /* a look-up has begun; one in the current source has */
};
uint32_t sai_cache_table_next_name(const struct sai_cache_table *table, struct sai_cache_name_search *search,
                                   const char *project, const char *filename);

/* Row numbers or SAI_CACHE_NONE. Keys are compared as they are: see sai_cache_clean_text(). */
uint32_t sai_cache_table_find_path(const struct sai_cache_table *table, const char *project, const char *rel_path);
/* By content: the row's size, crc32 and xxh64 are those; none if the size or xxh64 is 0, which means not known. */
uint32_t sai_cache_table_find_content(const struct sai_cache_table *table, const char *project, uint64_t size,
                                      uint32_t crc32, uint64_t xxh64);
/* By size and crc32 alone: the last such row, whatever its xxh64; *differ: there are several contents among them. */
uint32_t sai_cache_table_find_checksum(bool *differ, const struct sai_cache_table *table, const char *project,
                                       uint64_t size, uint32_t crc32);

/* As far as the two rows tell. */
static inline bool sai_cache_same_content(const struct sai_cache_row *a, const struct sai_cache_row *b)
{
    return a->size == b->size && a->crc32 == b->crc32 && a->xxh64 == b->xxh64;
}

/* The number of a project, or SAI_CACHE_NONE. */
uint32_t sai_cache_table_project(const struct sai_cache_table *table, const char *project, size_t n);

/* The segment that a row belongs to; NULL: it is in memory. */
const struct sai_cache_segment *sai_cache_table_segment(const struct sai_cache_table *table, size_t row);

/* True if no later row is of the same project and path. */
bool sai_cache_table_is_latest(const struct sai_cache_table *table, size_t i);

/* The three tables of rows [first, first + n), as an index file has them: by name, by path, by content. */
int sai_cache_table_range(struct sai_cache_index out[3], const struct sai_cache_table *table, size_t first, size_t n);

void sai_cache_table_clear(struct sai_cache_table *table);

/*
 * Index records are JSON, and JSON is UTF-8, but file names are bytes: each byte that is no UTF-8 becomes U+FFFD, in
 * what is stored and in what is looked for. *out is `text` itself where that changes nothing, else *copy, which the
 * caller frees.
 */
int sai_cache_clean_text(const char **out, char **copy, const char *text);

#endif
