/*
 * embed/cache_part_index.h: a part's .idx: what its .jsonl says, in a form that is mapped and used as it lies there,
 * with look-up tables (docs/formats.md). The .jsonl stays the truth: an index that is missing, old or damaged is passed
 * over.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_EMBED_CACHE_PART_INDEX_H
#define SAI_EMBED_CACHE_PART_INDEX_H

#include "base/file.h"
#include "embed/cache_table.h"

/* Smaller parts are read as quickly without. */
#define SAI_CACHE_INDEX_ROWS 32768u

/* One row; as in the file. */
struct sai_part_index_record {
    uint64_t size;
    int64_t mtime_ns;
    uint64_t phash;
    uint64_t xxh64;
    uint64_t path; /* where rel_path starts among the texts; a NUL follows it */
    uint32_t n_path;
    uint32_t project;
    uint32_t crc32, width, height, vector_crc32;
    uint32_t flags;
    uint32_t check; /* CRC-32 of all before, continued over rel_path */
};
#define SAI_PART_INDEX_HAS_VECTOR_CRC 1u

struct sai_part_index {
    struct sai_mapping file;
    const struct sai_part_index_record *records;
    struct sai_cache_index by_name, by_path, by_content; /* mapped: read only */
    const char *paths, *projects;                        /* projects: one after the other, each with its NUL */
    size_t n_rows, n_projects, n_path_bytes;
    uint32_t body_crc32;
};

/*
 * Maps an index and proves that everything in its head is in range and that it is of this .jsonl, as it is now.
 * SELECTAI_ERR_NOT_FOUND (with no message) without a file, FORMAT if it is damaged, MISMATCH if it is of another
 * .jsonl, UNSUPPORTED if an older library wrote it in another form.
 */
int sai_part_index_open(struct sai_part_index **out, const char *path, const char *jsonl_path);
void sai_part_index_close(struct sai_part_index **index);

/* A row's path, not proved to be the one that was written; NULL if it lies outside of the texts. */
const char *sai_part_index_path(const struct sai_part_index *index, const struct sai_part_index_record *record);

/* Reads row i (below n_rows); `project` is the index's number. False if it is damaged. */
bool sai_part_index_row(struct sai_cache_row *out, const struct sai_part_index *index, uint32_t i);

/* Proves the rest: reads the whole file. */
bool sai_part_index_intact(const struct sai_part_index *index);

/* Writes the index of rows [first, first + n), which are in memory and are what the .jsonl says. */
int sai_part_index_write(const char *path, const char *jsonl_path, const struct sai_cache_table *table, size_t first,
                         size_t n);

/* "<...>.jsonl" -> "<...>.idx"; the caller frees it. */
char *sai_part_index_name(const char *jsonl_path);

#endif
