/*
 * selectai/embedding_cache.h: vectors on disk, found by (project, file name) and by content.
 *
 * A cache is a folder (docs/formats.md): `manifest.json` names the encoder; each writer adds parts of its own,
 * `part-<id>.npy` (NumPy, N x dim, memory-mappable) with `part-<id>.jsonl` (one line a row). Several processes may
 * write at once, each into parts of its own; a killed run loses at most what was not flushed.
 *
 * Tier 3: needs encoder.h.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_EMBEDDING_CACHE_H
#define SELECTAI_EMBEDDING_CACHE_H

#include <selectai/encoder.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Thread-safety: find, get and count may run in any number of threads; add, flush and close need it alone.
 * Several processes may open one folder at the same time; each sees what was flushed before it opened it.
 */
typedef struct selectai_embedding_cache selectai_embedding_cache;

/** One row's index record. */
struct selectai_cache_row {
    uint32_t struct_size; /**< set by the caller */
    uint32_t crc32;       /**< of the file's bytes, as zlib's crc32() */
    uint64_t size;        /**< of the file, bytes */
    int64_t mtime_ns;     /**< of the file */
    uint64_t phash;       /**< selectai_image_phash() */
    uint32_t width;       /**< pixels */
    uint32_t height;      /**< pixels */
    const char *project;  /**< borrowed from the cache; for add: read during the call */
    const char *rel_path; /**< below the folder that was embedded, with '/' */
    const char
        *filename; /**< last part of rel_path: the key together with project; NULL for add: taken from rel_path */
};

/** Opens for reading. NOT_FOUND if the folder or its manifest is missing, FORMAT if it is none of ours. */
SELECTAI_API int selectai_embedding_cache_open(selectai_embedding_cache **out, const char *directory);

/**
 * Opens for adding; makes the folder and manifest if needed. A cache of another encoder: SELECTAI_ERR_MISMATCH, and
 * the message names both. dtype of new parts: SELECTAI_DTYPE_FLOAT32 (also for AUTO) or FLOAT16.
 */
SELECTAI_API int selectai_embedding_cache_create(selectai_embedding_cache **out, const char *directory,
                                                 const char *encoder_id, uint32_t dim, int32_t dtype);

/** Flushes what was added (ignoring errors: call flush to know) and frees everything. */
SELECTAI_API void selectai_embedding_cache_close(selectai_embedding_cache **cache);

SELECTAI_API size_t selectai_embedding_cache_count(const selectai_embedding_cache *cache);
SELECTAI_API uint32_t selectai_embedding_cache_dim(const selectai_embedding_cache *cache);
SELECTAI_API const char *selectai_embedding_cache_encoder_id(const selectai_embedding_cache *cache);

/** Parts that were dropped while opening (torn files of a killed run) and the like; borrowed. */
SELECTAI_API const selectai_issues *selectai_embedding_cache_issues(const selectai_embedding_cache *cache);

/**
 * Images that could not be decoded, remembered by content (size and CRC-32): one issue each of kind "undecodable", whose
 * path is the one below the folder where it was met first. Failures that an older version of the library met are not
 * among them. *issues is a new list, which the caller destroys.
 */
SELECTAI_API int selectai_embedding_cache_failures(selectai_issues **issues, const selectai_embedding_cache *cache);

/**
 * Looks a file up by project and file name. `filename` may be a path: where several folders of the project have a file
 * of that name, the row whose folders agree best with it, from the file upwards, is meant; of equal contents the one
 * added last; otherwise SELECTAI_ERR_AMBIGUOUS. out: dim floats, or NULL. row: index for get, or NULL.
 * SELECTAI_ERR_NOT_FOUND (with no message cost: it is an expected answer) if there is none.
 */
SELECTAI_API int selectai_embedding_cache_find(const selectai_embedding_cache *cache, const char *project,
                                               const char *filename, float *out, size_t *row);

/**
 * The same for a file on this machine: if `path` exists, the row must be of what the file holds now (by size and time,
 * else by size and crc32), so vectors of other files of that name, or of an earlier content, are not taken for it:
 * SELECTAI_ERR_NOT_FOUND then. If it does not exist, as in logs that have moved, this is find().
 */
SELECTAI_API int selectai_embedding_cache_find_file(const selectai_embedding_cache *cache, const char *project,
                                                    const char *path, float *out, size_t *row);

/** By content: size and crc32 of the file's bytes. */
SELECTAI_API int selectai_embedding_cache_find_content(const selectai_embedding_cache *cache, const char *project,
                                                       uint64_t size, uint32_t crc32, float *out, size_t *row);

/** Row `index`'s record and, if out is not NULL, its dim floats. */
SELECTAI_API int selectai_embedding_cache_get(const selectai_embedding_cache *cache, size_t index,
                                              struct selectai_cache_row *row, float *out);

/** Adds one row (copied). It is on disk after the next flush, which happens by itself every 1024 rows. */
SELECTAI_API int selectai_embedding_cache_add(selectai_embedding_cache *cache, const struct selectai_cache_row *row,
                                              const float *vector);
SELECTAI_API int selectai_embedding_cache_flush(selectai_embedding_cache *cache);

/** Flushed parts: for mapping the vectors elsewhere, e.g. numpy.load(path, mmap_mode="r"). */
SELECTAI_API size_t selectai_embedding_cache_part_count(const selectai_embedding_cache *cache);

/** path of a part's .npy (borrowed) and its number of rows; its first row has index *first_row in this handle. */
SELECTAI_API int selectai_embedding_cache_part(const selectai_embedding_cache *cache, size_t part, const char **path,
                                               size_t *first_row, size_t *n_rows);

/**
 * Proves that index and vectors of a folder agree: every part complete, of the manifest's dimension, every value
 * finite, no row twice (two runs at the same time may both have embedded a file: that is no fault). *issues is a new
 * list (empty: all is well), which the caller destroys. The return code is an error only if the folder itself cannot be
 * read.
 */
SELECTAI_API int selectai_embedding_cache_verify(selectai_issues **issues, const char *directory);

/* ---- Filling --------------------------------------------------------------------------------- */

struct selectai_embed_options {
    uint32_t struct_size;
    uint32_t threads;              /**< for reading and decoding; default 0 = all cores */
    selectai_progress_fn progress; /**< stage "embed", in files; default NULL */
    void *user;
};
SELECTAI_API void selectai_embed_options_init(struct selectai_embed_options *options, uint32_t struct_size);

/** What happened to the files of one selectai_embed_files(). */
struct selectai_embed_counts {
    uint32_t struct_size; /**< set by the caller */
    uint32_t reserved;
    uint64_t encoded;   /**< vectors computed and added */
    uint64_t unchanged; /**< already there: same name, size and time, or same content */
    uint64_t moved;     /**< same content under another name: the vector was taken over */
    uint64_t failed;    /**< unreadable: see the issues */
};

/**
 * Makes sure that every file's vector is in the cache: paths[i] belongs to `project` and has rel_paths[i] below its
 * folder (rel_paths NULL: the paths themselves). Files are recognised by name, size and time, then by content, so
 * renamed folders cost a read but no encoding, and changed files are encoded again. Resumes after a kill. counts and
 * issues may be NULL; *issues is a new list, which the caller destroys.
 */
SELECTAI_API int selectai_embed_files(struct selectai_embed_counts *counts, selectai_issues **issues,
                                      selectai_embedding_cache *cache, selectai_encoder *encoder, const char *project,
                                      const char *const *paths, const char *const *rel_paths, size_t n,
                                      const struct selectai_embed_options *options);

#ifdef __cplusplus
}
#endif

#endif
