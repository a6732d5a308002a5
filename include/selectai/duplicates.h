/*
 * selectai/duplicates.h: copies of one picture. Near hashes first, then what the files really hold.
 *
 * Tier 2: needs image.h and project.h.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_DUPLICATES_H
#define SELECTAI_DUPLICATES_H

#include <selectai/image.h>
#include <selectai/project.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * selectai_image_phash() of each file, in parallel. hashes, known: room for n; known[i] is 1 if hashes[i] was computed,
 * else 0, and the hash is 0. Files that cannot be read become issues (may be NULL; the caller destroys it). All three
 * are also written with SELECTAI_ERR_CANCELLED: known says how far it came. threads: 0 = all cores. progress (may be
 * NULL): stage "hash", files.
 */
SELECTAI_API int selectai_hash_files(uint64_t *hashes, uint8_t *known, selectai_issues **issues,
                                     const char *const *paths, size_t n, uint32_t threads,
                                     selectai_progress_fn progress, void *user);

/**
 * Puts 64-bit hashes whose Hamming distance is at most `distance` (0..64) into one group, and so on from hash to hash:
 * two members of a group may lie further apart (single linkage). groups: room for n numbers; hash i belongs to
 * groups[i], numbered from 0 by first member; every hash is in a group, most of them alone.
 * Multi-index hashing (M. Norouzi, A. Punjani, D. J. Fleet, "Fast search in Hamming space with multi-index hashing",
 * CVPR 2012) where that pays, else all pairs. n must be below 2^32 - 1; takes up to 100 bytes of memory per hash.
 */
SELECTAI_API int selectai_hash_groups(uint32_t *groups, size_t *n_groups, const uint64_t *hashes, size_t n,
                                      uint32_t distance);

/* What a file is to another one of its group: to `of`. */
#define SELECTAI_COPY_KEPT                                                                                             \
    0 /**< it is that one: most pixels, then not lossy, then with alpha, then most bytes, then first path */
#define SELECTAI_COPY_FILE    1 /**< the same bytes */
#define SELECTAI_COPY_PIXELS  2 /**< other bytes, every decoded pixel the same (as 8-bit RGB) */
#define SELECTAI_COPY_RESAVED 3 /**< the same picture by sight: saved again or scaled */
#define SELECTAI_COPY_SIMILAR 4 /**< a near hash, another picture or an edited one */

/** One file of a group of two or more. */
struct selectai_duplicate {
    uint32_t struct_size; /**< set by the caller */
    uint32_t group;       /**< from 0; a group stands together, the file that is kept first */
    uint64_t index;       /**< of the path that was given */
    uint64_t of;          /**< index of the file that this one is a copy of; of a SIMILAR one: the kept one */
    const char *path;     /**< borrowed */
    const char *project;  /**< borrowed */
    uint64_t hash;        /**< selectai_image_phash() */
    uint64_t size;        /**< of the file in bytes */
    uint32_t width, height;
    uint32_t distance; /**< of its hash to that of the kept file, 0..64 */
    int32_t relation;  /**< SELECTAI_COPY_* */
    int32_t can_go;    /**< 1: a file that stays shows all that this one does */
    uint32_t reserved;
    double difference; /**< root mean square of the difference to `of` at 64 x 64 grey, in grey levels 0..255; NaN if
                          not known */
};

struct selectai_duplicates_options {
    uint32_t struct_size;
    uint32_t distance; /**< 0..64; default 8 */
    uint32_t threads;  /**< default 0 = all cores */
    uint32_t reserved;
    const uint64_t *hashes;    /**< hashes of the paths as far as they are known, n of them; default NULL */
    const uint8_t *hash_known; /**< n flags: which of `hashes` count; NULL (default) = all. Only other files, and then
                                  those of groups, are opened */
    selectai_progress_fn progress; /**< stages "hash", "compare" (files), "relate" (groups); default NULL */
    void *user;
};
SELECTAI_API void selectai_duplicates_options_init(struct selectai_duplicates_options *options, uint32_t struct_size);

/** What was found. Thread-safety: immutable; may be read from any number of threads. */
typedef struct selectai_duplicates selectai_duplicates;

/**
 * Finds copies among image files. projects: one name for each path, or NULL: all belong to one project, "". Files of
 * different projects are never compared. One file under two names (the same path, a link) counts once, for the project
 * it is given with first; unreadable ones become issues.
 *
 * A file is RESAVED from one that stays and looks the same, also place by place and in colour; of several, from one
 * that it could go for. Edits of a few pixels may be missed. can_go is set for copies of bytes and pixels, and for
 * RESAVED ones; but not
 *   - for a RESAVED file whose name says another stage or time than that of the file it is a copy of;
 *   - for a RESAVED lossless file, if the other one is lossy;
 *   - for a file with alpha or of a format with several frames (GIF), unless its bytes are the same.
 * Text and other metadata are not compared. Never for the kept one, so of each group at least one file stays, and of
 * each picture that was found in several files, one of those. Nothing is touched. Takes 4 KiB of memory for each file
 * in a group while it works.
 */
SELECTAI_API int selectai_duplicates_find(selectai_duplicates **out, const char *const *paths,
                                          const char *const *projects, size_t n,
                                          const struct selectai_duplicates_options *options);

SELECTAI_API size_t selectai_duplicates_group_count(const selectai_duplicates *duplicates);

/** Files in groups of two or more. */
SELECTAI_API size_t selectai_duplicates_count(const selectai_duplicates *duplicates);
SELECTAI_API int selectai_duplicates_get(const selectai_duplicates *duplicates, size_t index,
                                         struct selectai_duplicate *out);

/** Files that could not be read; borrowed. */
SELECTAI_API const selectai_issues *selectai_duplicates_issues(const selectai_duplicates *duplicates);

SELECTAI_API void selectai_duplicates_destroy(selectai_duplicates **duplicates);

#ifdef __cplusplus
}
#endif

#endif
