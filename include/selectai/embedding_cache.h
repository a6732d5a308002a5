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
        *filename;  /**< last part of rel_path: the key together with project; NULL for add: taken from rel_path */
    uint64_t xxh64; /**< of the file's bytes, seed 0; 0: not known */
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
 * Images that could not be decoded, remembered by content (size, CRC-32 and XXH64): one issue each of kind
 * "undecodable", whose path is the one below the folder where it was met first. Failures that an older version of the
 * library met are not among them. *issues is a new list, which the caller destroys.
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
 * else by size, crc32 and xxh64), so vectors of other files of that name, or of an earlier content, are not taken for
 * it: SELECTAI_ERR_NOT_FOUND then. If it does not exist, as in logs that have moved, this is find().
 */
SELECTAI_API int selectai_embedding_cache_find_file(const selectai_embedding_cache *cache, const char *project,
                                                    const char *path, float *out, size_t *row);

/**
 * By content: size and crc32 of the file's bytes: the latest such row. Two numbers do not tell all contents apart (a
 * PNG file with one chunk of data has only 65536 CRCs): SELECTAI_ERR_AMBIGUOUS if such rows of the project have
 * different xxh64.
 */
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
 * finite, no row twice (two runs at the same time may both have embedded a file: that is no fault), no vectors without
 * their .jsonl unless rows have all of them, as once a killed run was repeated. *issues is a new
 * list (empty: all is well), which the caller destroys. The return code is an error only if the folder itself cannot be
 * read.
 */
SELECTAI_API int selectai_embedding_cache_verify(selectai_issues **issues, const char *directory);

/**
 * Files that belong to no part, because a run was killed or is still writing them: kinds "uncommitted" (vectors without
 * their .jsonl) and "temporary". Whoever opens the cache for adding removes those that nobody has touched for an hour,
 * of vectors only such as rows have. *issues is a new list, which the caller destroys.
 */
SELECTAI_API int selectai_embedding_cache_leftovers(selectai_issues **issues, const char *directory);

/* ---- Looking after caches -------------------------------------------------------------------- */

/** Where the vectors of selectai_embedding_cache_export() go. */
#define SELECTAI_EXPORT_PLAIN          0 /**< `embeddings.npy` and `embeddings.jsonl` */
#define SELECTAI_EXPORT_CLIP_RETRIEVAL 1 /**< `img_emb/img_emb_<N>.npy` and `metadata/metadata_<N>.<jsonl|csv>` */

#define SELECTAI_METADATA_JSONL 0
#define SELECTAI_METADATA_CSV   1

/** For all functions of this section; each one's comment says which members it reads besides progress and user. */
struct selectai_cache_options {
    uint32_t struct_size;
    int32_t dtype;          /**< of what is written; default AUTO: float16 if all that is read is, else float32 */
    int32_t layout;         /**< SELECTAI_EXPORT_*; default PLAIN */
    int32_t metadata;       /**< SELECTAI_METADATA_*, for CLIP_RETRIEVAL; default JSONL */
    int32_t normalise;      /**< 1: vectors are scaled to length 1; default 0 */
    int32_t drop_missing;   /**< 1: rows of files that are gone are dropped; needs roots; default 0 */
    uint64_t rows_per_file; /**< of CLIP_RETRIEVAL; default 1000000 */
    const char *project;    /**< NULL: all */
    const char *encoder_id; /**< see selectai_embedding_cache_import_legacy() */
    const char *const *root_projects; /**< n_roots projects, and */
    const char *const *root_folders;  /**< the folder that each one's rel_paths lie below */
    uint64_t n_roots;
    uint32_t threads; /**< default 0 = all cores */
    uint32_t reserved;
    selectai_progress_fn
        progress; /**< in rows; stages "merge", "compact", "export", "import", "verify"; default NULL */
    void *user;
};
SELECTAI_API void selectai_cache_options_init(struct selectai_cache_options *options, uint32_t struct_size);

/** What happened to rows. */
struct selectai_cache_counts {
    uint32_t struct_size; /**< set by the caller */
    uint32_t reserved;
    uint64_t read;       /**< rows, or lines, that were looked at */
    uint64_t written;    /**< rows that were written */
    uint64_t present;    /**< were in the output already */
    uint64_t superseded; /**< left out: the same project and path has a later row with other content */
    uint64_t repeated; /**< left out: the same project, path and content is there in a later row; import: the same path
                          in a later line */
    uint64_t missing; /**< compact: dropped, because the file is gone; import: written, without facts about the image */
    uint64_t failed;  /**< left out: damaged; see the issues */
    uint64_t files;   /**< parts, or files of vectors, that were written */
};

/**
 * Joins caches of one encoder into `output`, which is made if it is not there and may hold rows already; what is read
 * is never changed. Each (project, rel_path) gets one row: within a cache the last one counts; between caches the one
 * with the greater mtime_ns, and of equal times the one of the later cache (the output counts as the first). Equal rows
 * are written once. A killed run is repeated: it finds what it had written. Rows whose vector is damaged, and parts
 * that cannot be read, are issues. Reads dtype. Errors: SELECTAI_ERR_MISMATCH, naming both, for caches of different
 * encoders or dimensions. counts and issues may be NULL; *issues is a new list, which the caller destroys.
 */
SELECTAI_API int selectai_embedding_cache_merge(struct selectai_cache_counts *counts, selectai_issues **issues,
                                                const char *output, const char *const *caches, size_t n,
                                                const struct selectai_cache_options *options);

/**
 * Rewrites a cache so that each (project, rel_path) has its last row only, in few large parts, each with its index.
 * Readers and writers may be at work meanwhile: what they add stays. A kill at any moment loses nothing: at worst rows
 * are there twice until the next compaction. Rows of files that are gone are kept, unless drop_missing is set: then
 * those of projects in root_projects whose file is not below its folder go. SELECTAI_ERR_NOT_FOUND, and nothing is
 * dropped, if the folder is not there or holds none of its project's files: a disk may not be mounted.
 * Reads dtype, drop_missing and roots.
 */
SELECTAI_API int selectai_embedding_cache_compact(struct selectai_cache_counts *counts, selectai_issues **issues,
                                                  const char *directory, const struct selectai_cache_options *options);

/**
 * Writes the last row of each (project, rel_path) to `output`, a folder that is empty or not there, for other programs.
 * PLAIN: `embeddings.npy` (N x dim) and `embeddings.jsonl`, a line each with row, project, rel_path, size, mtime_ns,
 * crc32, width, height, phash. CLIP_RETRIEVAL: the names of clip-retrieval, rows_per_file rows a file, N with as many
 * digits as the greatest needs; metadata are rows of `image_path` and `project`. image_path is rel_path, below the
 * project's folder where roots tell one. Reads dtype, layout, metadata, normalise, rows_per_file, project and roots.
 * SELECTAI_ERR_NO_DATA if there is no such row.
 */
SELECTAI_API int selectai_embedding_cache_export(struct selectai_cache_counts *counts, selectai_issues **issues,
                                                 const char *directory, const char *output,
                                                 const struct selectai_cache_options *options);

/**
 * Adds an earlier cache to `output`: `jsonl` has lines {"image_path", "embedding_file", ...}, each file one vector of
 * float16, float32 or float64 with the shape [d] or [1, d]. encoder_id and project must be given: the files do not tell
 * them. Vectors are looked for as written, below the jsonl's folder, and there by their name alone; those that are
 * missing or broken are issues. Of lines with the same path the last one counts, the others are `repeated` and issues.
 * An image that is still there, and is no newer than its vector, gets its size, time, CRC, sides and hash; else they
 * are unknown (size 0), and the row is found by name only. A killed run is repeated. Reads dtype, encoder_id, project,
 * threads and the first root: image_path is taken relative to that folder.
 */
SELECTAI_API int selectai_embedding_cache_import_legacy(struct selectai_cache_counts *counts, selectai_issues **issues,
                                                        const char *output, const char *jsonl,
                                                        const struct selectai_cache_options *options);

/** selectai_embedding_cache_verify() with progress; counts->read is the number of rows, failed that of issues. */
SELECTAI_API int selectai_embedding_cache_verify_with(struct selectai_cache_counts *counts, selectai_issues **issues,
                                                      const char *directory,
                                                      const struct selectai_cache_options *options);

/* ---- Filling --------------------------------------------------------------------------------- */

struct selectai_embed_options {
    uint32_t struct_size;
    uint32_t threads;              /**< for reading and decoding; default 0 = all cores */
    selectai_progress_fn progress; /**< stage "embed", in files; default NULL */
    void *user;
    /** 1: images that could not be decoded in an earlier run are tried again; default 0: their content is remembered */
    uint32_t retry_failed;
    uint32_t reserved; /**< 0 */
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
    uint64_t given_up;  /**< of `failed`: not tried, because the same content failed in an earlier run */
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
