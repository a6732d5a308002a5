/*
 * embed/cache.h: inside of an embedding cache. docs/formats.md describes the folder.
 *
 *   cache.c           open, create, close, look-ups
 *   cache_manifest.c  manifest.json
 *   cache_list.c      which parts a folder holds, which of them replace others
 *   cache_part.c      loading and removing one part
 *   cache_resolve.c   which row a file name means
 *   cache_write.c     add, flush, merging the parts of this writer
 *   cache_failures.c  images that could not be decoded
 *   cache_leftovers.c files that belong to no part
 *   cache_verify.c    proof that a folder is sound
 *   cache_merge.c, cache_compact.c, cache_export.c, cache_import.c: looking after caches; cache_options.c,
 * cache_bulk.c: what they share cache_table.c, cache_find.c, cache_index.c, cache_text.c: rows, hash tables, names;
 * cache_line.c, cache_npy.c, cache_part_index.c: the three files of a part
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_EMBED_CACHE_H
#define SAI_EMBED_CACHE_H

#include <selectai/embedding_cache.h>

#include "base/file.h"
#include "base/issues.h"
#include "embed/cache_failures.h"
#include "embed/cache_table.h"

#define SAI_CACHE_FORMAT     "selectai-embedding-cache"
#define SAI_CACHE_VERSION    1
#define SAI_CACHE_MANIFEST   "manifest.json"
#define SAI_CACHE_MAX_DIM    65536u
#define SAI_CACHE_FLUSH_ROWS 1024u

/* ---- Names of parts ------------------------------------------------------------------------------------------------
 *
 * "part-<writer>-<first>-<last>": <writer> is 12 hexadecimal digits of time and 8 of chance, <first> and <last> are the
 * flushes of that writer, counted from 1, that the part holds. Merging makes 1-1, 2-2, 3-3 into 1-3; a part whose
 * flushes are all in another one's is superseded. Any other <id> is a part that stands for itself.
 */
#define SAI_CACHE_WRITER_DIGITS 20u

struct sai_cache_part_name {
    char *id;                                 /* what stands between "part-" and the extension */
    char writer[SAI_CACHE_WRITER_DIGITS + 1]; /* "" if the id has another form */
    uint32_t first, last;                     /* flushes; 0 if the id has another form */
};

struct sai_cache_list {
    struct sai_cache_part_name *names; /* by writer, then first, the widest before those it holds */
    size_t n, capacity;
    char compacted[SAI_CACHE_WRITER_DIGITS + 1]; /* of the latest compaction, or "" */
};

/*
 * "compacted-<writer>": a compaction with that writer id has begun, before it looked which parts there are. Parts of
 * earlier writers may be gone since.
 */
#define SAI_CACHE_COMPACTED "compacted-"
/* The greatest writer id of such files; false if there is none. */
bool sai_cache_compacted(char out[SAI_CACHE_WRITER_DIGITS + 1], const char *directory);
/* The writer id in the name of such a file, or NULL. */
const char *sai_cache_compacted_writer(const char *name);
/* Both files of a part count; temporary files do not. */
int sai_cache_list_read(struct sai_cache_list *out, const char *directory);
void sai_cache_list_free(struct sai_cache_list *list);
/* Of two listings, one after the other: false if parts were joined meanwhile, so that the first may lack some. */
bool sai_cache_list_settled(const struct sai_cache_list *before, const struct sai_cache_list *now);
/* A writer's flushes are 1, 2, 3...: the first missing one, or 0; *i is the part before which it is missing. */
uint32_t sai_cache_list_gap(const struct sai_cache_list *list, size_t *i);
/* Writer digits that sort after all of the list's, and that nobody else has. */
void sai_cache_new_writer(char out[SAI_CACHE_WRITER_DIGITS + 1], const struct sai_cache_list *list);

/* ---- Parts ----------------------------------------------------------------------------------- */

struct sai_cache_part {
    char *npy_path, *jsonl_path;
    struct sai_mapping npy;
    size_t data_offset, first_row, n_rows;
    bool half;
    uint32_t first, last; /* flushes; of this handle's own parts only */
    uint32_t level;       /* of this handle's own parts: how often they were merged */
};

struct selectai_embedding_cache {
    char *directory, *encoder_id;
    uint32_t dim;
    struct sai_cache_table table; /* rows of all parts, then the pending ones */
    struct sai_cache_part *parts;
    size_t n_parts, parts_capacity;
    struct selectai_issues *issues;
    bool lines_only;    /* index files are not used */
    bool tidy;          /* parts that others replace are removed */
    const char *before; /* only parts of writers that sort before this; NULL: all */

    /* Writers only. */
    bool writable, half;
    char writer[SAI_CACHE_WRITER_DIGITS + 1];
    size_t first_own_part; /* parts from here on were written by this handle */
    uint32_t flushes;
    struct sai_cache_failures failures;
    uint8_t *pending; /* rows of the table that are in no part yet, as they will lie in the file */
    size_t n_pending;
};

/* "<directory>/part-<id><extension>"; the caller frees it. */
char *sai_cache_part_path(const char *directory, const char *id, const char *extension);

/*
 * Adds one part's rows to the cache. A part that is not sound becomes an issue and leaves no rows. Only errors that
 * concern more than this part are returned.
 */
int sai_cache_part_load(selectai_embedding_cache *cache, const char *id, bool *loaded);

/* Deletes a part that another one replaces, with its index: the .jsonl first, so that what is left is no part any more.
 */
void sai_cache_part_remove(const char *npy_path, const char *jsonl_path);
void sai_cache_part_close(struct sai_cache_part *part);

/* Bytes of one row in a part; dim is limited, so they fit. */
static inline size_t sai_cache_row_bytes(const selectai_embedding_cache *cache, bool half)
{
    return (size_t)cache->dim * (half ? 2 : 4);
}

/* Writes the index file of a part whose rows are in memory if it is large enough to need one, else removes it; quietly.
 * For parts that have none that can be used. */
void sai_cache_part_index(const selectai_embedding_cache *cache, const struct sai_cache_part *part);

/* Where a row's stored bytes are, and whether they are float16. */
const uint8_t *sai_cache_row_data(const selectai_embedding_cache *cache, size_t row, bool *half);
void sai_cache_row_floats(float *out, const selectai_embedding_cache *cache, size_t row);

/* The row that (project, path's file name) means: see selectai_embedding_cache_find(). Texts are clean already. */
int sai_cache_resolve(uint32_t *out, const selectai_embedding_cache *cache, const char *project, const char *path);
/* Size, crc32 and xxh64 of a file as it is now. */
int sai_cache_fingerprint(struct sai_cache_row *out, const char *path);
/* The same for a file that may be there: see selectai_embedding_cache_find_file(). */
int sai_cache_resolve_file(uint32_t *out, const selectai_embedding_cache *cache, const char *project, const char *path);

/* The part that holds the row; NULL for a pending one. */
const struct sai_cache_part *sai_cache_part_of(const selectai_embedding_cache *cache, size_t row);

/* Removes, quietly, what belongs to no part and was not touched for an hour: nobody is writing it. */
void sai_cache_leftovers_remove(const selectai_embedding_cache *cache);
/* True if each vector of a .npy without .jsonl is that of some row: nothing is missing without it. */
bool sai_cache_holds_all_of(const selectai_embedding_cache *cache, const char *npy_path);

/* ---- The rest -------------------------------------------------------------------------------- */

/* Opens for reading. */
enum {
    SAI_CACHE_LINES_ONLY = 1, /* without looking at index files */
    SAI_CACHE_TIDY = 2,       /* removing parts that others replace, as writers do */
};
int sai_cache_open(selectai_embedding_cache **out, const char *directory, unsigned mode);
/* The parts of writers that sort before `before`, as SAI_CACHE_LINES_ONLY | SAI_CACHE_TIDY. */
int sai_cache_open_before(selectai_embedding_cache **out, const char *directory, const char *before);
/* Reads the manifest only. */
int sai_cache_open_empty(selectai_embedding_cache **out, const char *directory);

/* Sets encoder_id and dim. */
int sai_cache_manifest_read(selectai_embedding_cache *cache);
/* Adds an issue for each member that says something else than what follows from the encoder's id. */
int sai_cache_manifest_check(selectai_issues *issues, const selectai_embedding_cache *cache);
/* Makes the folder and its manifest if there is none; whoever was first decides what is in it. */
int sai_cache_manifest_make(const char *directory, const char *encoder_id, uint32_t dim, bool half);

/* Joins parts of this handle: those of equal level once there are many, or (at close) all but the largest. */
int sai_cache_merge(selectai_embedding_cache *cache, bool closing);

/* A vector as it lies in a part, with the CRC-32 of those bytes; INVALID_ARGUMENT if a number cannot be held. */
int sai_cache_pack(uint8_t *out, uint32_t *crc, const float *vector, uint32_t dim, bool half);

/* Writes the .jsonl of rows [first, first + n), which are in memory. */
int sai_cache_lines_write(const char *path, const struct sai_cache_table *table, size_t first, size_t n);

/* Adds a row whose members are all set (struct_size is not looked at) and proved to be sound. */
int sai_cache_add(selectai_embedding_cache *cache, const struct selectai_cache_row *row, const float *vector);

#endif
