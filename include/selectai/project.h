/*
 * selectai/project.h: a project's files. Scanning folders, parsing names, grouping the stages of one picture, dealing
 * files out to several machines.
 *
 * Tier 1: needs common.h only.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_PROJECT_H
#define SELECTAI_PROJECT_H

#include <selectai/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Names ----------------------------------------------------------------------------------- */

/** `YYYYMMDD_HHMMSS_stageN[.N][_label].ext` taken apart. */
struct selectai_parsed_name {
    uint32_t struct_size;  /**< set by the caller */
    uint32_t label_offset; /**< the label stands at name + label_offset ... */
    uint32_t label_length; /**< ... and has so many bytes (0: none), without its leading '_' and the extension */
    uint32_t reserved;
    double stage;       /**< 1, 1.5, 2, 3, 10.25, ... */
    int64_t seconds;    /**< the timestamp as seconds since 1970, taken as UTC: for differences only */
    char timestamp[16]; /**< "YYYYMMDD_HHMMSS" */
};

/**
 * Parses a file name (or the last part of a path). The timestamp must be a real date and time of day.
 * Returns SELECTAI_ERR_FORMAT if it is not of that form; selectai_last_error() says why.
 */
SELECTAI_API int selectai_parse_filename(struct selectai_parsed_name *out, const char *name);

/* ---- Groups ---------------------------------------------------------------------------------- */

#define SELECTAI_GROUP_NEAREST_UP 0 /**< runs of rising stages, nearest first: the default */
#define SELECTAI_GROUP_TIMESTAMP  1 /**< equal timestamps */

#define SELECTAI_SCOPE_DIRECTORY 0 /**< each folder by itself: the default */
#define SELECTAI_SCOPE_PROJECT   1 /**< all folders together */

struct selectai_group_options {
    uint32_t struct_size;
    int32_t mode;       /**< SELECTAI_GROUP_*; default NEAREST_UP */
    int32_t scope;      /**< SELECTAI_SCOPE_*; default DIRECTORY: the folder is what precedes the last '/' of a name */
    uint32_t lookahead; /**< nearest-up: files looked at for the next stage; default 50, at least 1 */
    uint32_t min_size;  /**< smaller groups are dropped; default 2 */
    uint32_t reserved;
    double max_gap; /**< nearest-up: seconds to the last file taken that end a run; default 0 = no limit */
};
SELECTAI_API void selectai_group_options_init(struct selectai_group_options *options, uint32_t struct_size);

/**
 * Groups names (or relative paths) of one project.
 *
 * Nearest-up: files are sorted by (timestamp, stage, name). A run starts anywhere; next comes the smallest stage above
 * the last one taken, its earliest occurrence, found by looking ahead until a stage <= the last one taken, a gap above
 * max_gap to the last one taken, or `lookahead` files; files passed over are dropped.
 *
 * members: room for n indices into names, group after group, in each group in stage order.
 * starts: room for n + 1; group g is members[starts[g]] .. members[starts[g + 1] - 1].
 * Groups come in the order of (folder, timestamp, stage, name) of their first file. Names that do not parse are in no
 * group. n must be below 2^32.
 */
SELECTAI_API int selectai_group_names(uint32_t *members, uint32_t *starts, size_t *n_groups, const char *const *names,
                                      size_t n, const struct selectai_group_options *options);

/* ---- Shards: one job on many machines --------------------------------------------------------- */

#define SELECTAI_SHARDS_MAX 65536

struct selectai_shard_options {
    uint32_t struct_size;
    uint32_t reserved;
    const struct selectai_group_options *group; /**< how stages of one picture are found; default NULL = defaults */
    /** Where each file lies, n of them: tells which files have one folder, for groups, and which are the same file. How
     * folders are called does not matter. default NULL = the rel_paths. */
    const char *const *paths;
    /** Instead of groups: set s is files set_starts[s] .. set_starts[s + 1] - 1, so there are n_sets + 1 numbers, from
     * 0 up to n. Sets that share a file are one. default NULL. */
    const uint32_t *set_starts;
    uint64_t n_sets;
};
SELECTAI_API void selectai_shard_options_init(struct selectai_shard_options *options, uint32_t struct_size);

/**
 * Deals the files of one project out to n_shards processes, which need not know of each other: out[i] (room for n) is
 * the shard of rel_paths[i], 0 .. n_shards - 1. Each process takes what is its own; no file is left and none taken
 * twice.
 *
 * Files of one group (or set) have one shard, and so has a file that is named twice. It depends on nothing but the
 * project's name, n_shards, and the least in byte order of the group's rel_paths, its key; on its own rel_path for a
 * file in no group. So it is the same wherever the project's folder lies, in whatever order files are listed, and
 * whatever else there is. Groups are dealt out at random, as it were: of many, each shard has about the same number.
 *
 * The rule, which no version may change: shard = H(key, H(project, 0)) modulo n_shards. H(bytes, seed) is FNV-1a of 64
 * bits whose offset basis is XORed with mix(seed) before the first byte, and whose result is mixed: mix(x): x ^= x >>
 * 30; x *= 0xBF58476D1CE4E5B9; x ^= x >> 27; x *= 0x94D049BB133111EB; x ^= x >> 31 (the end of SplitMix64).
 *
 * n_shards: 1 .. SELECTAI_SHARDS_MAX. n must be below 2^32. options may be NULL.
 */
SELECTAI_API int selectai_shard_assign(uint32_t *out, const char *project, const char *const *rel_paths, size_t n,
                                       uint32_t n_shards, const struct selectai_shard_options *options);

/* ---- Scanning -------------------------------------------------------------------------------- */

/**
 * Lists the image files (png, jpg, jpeg, webp in any case) below a folder, recursively. Hidden files and folders are
 * skipped; symbolic links are not followed; order is deterministic (byte order of names, a folder's files before its
 * sub-folders). Unreadable folders become issues.
 * Thread-safety: one thread at a time.
 */
typedef struct selectai_scanner selectai_scanner;

struct selectai_file {
    uint32_t struct_size; /**< set by the caller */
    uint32_t n_companions;
    uint64_t size;        /**< bytes */
    int64_t mtime_ns;     /**< modification time, nanoseconds since 1970 */
    const char *path;     /**< the folder as given + '/' + rel_path; borrowed until the next call */
    const char *rel_path; /**< below the scanned folder, with '/'; borrowed */
    /** Names (without folder, byte order) of the files beside it that have its stem and are no images: .yaml, .caption,
     * .txt and any other; borrowed until the next call. */
    const char *const *companions;
};

/** Errors: NOT_FOUND, NOT_A_DIRECTORY, PERMISSION for `directory` itself. */
SELECTAI_API int selectai_scanner_open(selectai_scanner **out, const char *directory);

/** SELECTAI_OK with the next file, SELECTAI_DONE at the end. */
SELECTAI_API int selectai_scanner_next(selectai_scanner *scanner, struct selectai_file *out);

/** What was passed over so far; borrowed. */
SELECTAI_API const selectai_issues *selectai_scanner_issues(const selectai_scanner *scanner);

SELECTAI_API void selectai_scanner_close(selectai_scanner **scanner);

#ifdef __cplusplus
}
#endif

#endif
