/*
 * selectai/trainset.h: past decisions. Extracting them from RAW and FINAL folders, reading and writing them.
 *
 * Tier 2: needs project.h and image.h.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_TRAINSET_H
#define SELECTAI_TRAINSET_H

#include <selectai/image.h>
#include <selectai/project.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Decisions ------------------------------------------------------------------------------- */

/**
 * A list of decisions: in each, one image was chosen and one or more of the same group were not.
 * Thread-safety: immutable once returned; may be read from any number of threads.
 */
typedef struct selectai_trainset selectai_trainset;

#define SELECTAI_UNKNOWN (-1) /**< in three-valued fields: not known */

#define SELECTAI_CROP_EVIDENCE_NONE   0 /**< nothing says whether it was cropped, or it was not */
#define SELECTAI_CROP_EVIDENCE_MTIME  1 /**< the final is more than 5 s newer: weak */
#define SELECTAI_CROP_EVIDENCE_SIZE   2 /**< width or height differ */
#define SELECTAI_CROP_EVIDENCE_PIXELS 3 /**< the final's pixels were found in the original, or are identical to it */

#define SELECTAI_EVIDENCE_UNKNOWN 0
#define SELECTAI_EVIDENCE_NAME    1 /**< winner found by exact file name */
#define SELECTAI_EVIDENCE_STAGE   2 /**< by (timestamp, stage), which was unique */
#define SELECTAI_EVIDENCE_CONTENT 3 /**< among several of that name, by identical content */

/** One decision. All pointers are borrowed from the set; texts that are not known are "", numbers NaN. */
struct selectai_entry {
    uint32_t struct_size; /**< set by the caller */
    uint32_t n_negatives; /**< 1 or more */
    const char *project;
    const char *set_id;            /**< stable name of the group within the project */
    const char *timestamp;         /**< the winner's, "YYYYMMDD_HHMMSS" (or as an old log gave it) */
    const char *chosen_path;       /**< the winner in RAW */
    const char *chosen_final_path; /**< its copy in FINAL */
    const char *const *neg_paths;  /**< n_negatives, in stage order */
    const double *neg_stages;      /**< n_negatives; NaN = unknown */
    double chosen_stage;           /**< NaN = unknown */
    int32_t was_cropped;           /**< 1, 0 or SELECTAI_UNKNOWN */
    int32_t anomaly;               /**< 1: the winner's stage is lower than some loser's; 0; SELECTAI_UNKNOWN */
    int32_t has_crop;              /**< 1 if crop, crop_px are known */
    int32_t crop_method;           /**< SELECTAI_CROP_*, where has_crop */
    struct selectai_box crop;      /**< fractions of the original */
    struct selectai_pixel_box crop_px;
    double crop_residual;
    int32_t crop_evidence; /**< SELECTAI_CROP_EVIDENCE_* */
    int32_t evidence;      /**< SELECTAI_EVIDENCE_* */
    int32_t group_mode;    /**< SELECTAI_GROUP_*, or SELECTAI_UNKNOWN */
    int32_t reserved;
    const char *raw_dir, *final_dir, *extraction_date;
};

/**
 * Reads training entries: JSONL (one a line) or CSV (the seven columns of the first tool), recognised by content.
 * Lines need only project, chosen_path and neg_paths. A row that is broken, or whose images belong to several
 * projects, is left out and becomes an issue with its row number; if `strict` is non-zero it is an error instead.
 */
SELECTAI_API int selectai_trainset_load(selectai_trainset **out, const char *const *paths, size_t n_paths,
                                        int32_t strict);

SELECTAI_API size_t selectai_trainset_count(const selectai_trainset *set);
SELECTAI_API int selectai_trainset_get(const selectai_trainset *set, size_t index, struct selectai_entry *out);

/** The entry as one line of JSON, as it stands in JSONL files; the caller frees it with selectai_free(). */
SELECTAI_API int selectai_trainset_entry_json(char **out, const selectai_trainset *set, size_t index);

/** Rows that were left out while loading; borrowed. */
SELECTAI_API const selectai_issues *selectai_trainset_issues(const selectai_trainset *set);

/** Writes .jsonl or .csv by extension. append non-zero: adds to what is there (a CSV keeps its header). */
SELECTAI_API int selectai_trainset_write(const selectai_trainset *set, const char *path, int32_t append);

SELECTAI_API void selectai_trainset_destroy(selectai_trainset **set);

/* ---- Extraction ------------------------------------------------------------------------------ */

/** How crops are found out. */
#define SELECTAI_CROP_CHECK_AUTO   0 /**< sizes first; pixels only where sizes or times differ: the default */
#define SELECTAI_CROP_CHECK_MTIME  1 /**< modification times only: opens no image */
#define SELECTAI_CROP_CHECK_SIZE   2 /**< width and height from the headers; no boxes */
#define SELECTAI_CROP_CHECK_PIXELS 3 /**< always decode and search */

struct selectai_extract_options {
    uint32_t struct_size;
    int32_t crop_check;                         /**< SELECTAI_CROP_CHECK_*; default AUTO */
    const struct selectai_group_options *group; /**< default NULL = defaults; read during create only */
    const char *date;              /**< value of metadata.extraction_date, "YYYY-MM-DD"; NULL (default): today, UTC */
    selectai_progress_fn progress; /**< stages "scan" (files), "crops" (winners); default NULL */
    void *user;
    uint32_t threads; /**< for decoding; default 0 = all cores */
    uint32_t reserved;
};
SELECTAI_API void selectai_extract_options_init(struct selectai_extract_options *options, uint32_t struct_size);

/**
 * Turns RAW and FINAL folders into decisions, one project after the other.
 * Thread-safety: one thread at a time.
 */
typedef struct selectai_extraction selectai_extraction;

SELECTAI_API int selectai_extraction_create(selectai_extraction **out, const struct selectai_extract_options *options);

/**
 * Extracts one project and adds what it finds. On failure nothing of this project is added, what was there before
 * stays. Refused (SELECTAI_ERR_INVALID_ARGUMENT): one folder inside the other, a folder of another project (or one
 * inside or around it), a project name used twice or empty.
 */
SELECTAI_API int selectai_extraction_add_project(selectai_extraction *extraction, const char *raw_dir,
                                                 const char *final_dir, const char *project);

/** All decisions so far, by project, folder and time. Borrowed; valid until the next add_project or destroy. */
SELECTAI_API const selectai_trainset *selectai_extraction_entries(const selectai_extraction *extraction);

/** Number of groups from which nothing was chosen. */
SELECTAI_API size_t selectai_extraction_rejected_count(const selectai_extraction *extraction);

/** One rejected group as a line of JSON: project, timestamp, set_id, paths, stages. Freed with selectai_free(). */
SELECTAI_API int selectai_extraction_rejected_json(char **out, const selectai_extraction *extraction, size_t index);

/** The report (counts per project and in total, issues) as JSON; the caller frees it with selectai_free(). */
SELECTAI_API int selectai_extraction_report_json(char **out, const selectai_extraction *extraction);

/** Unparsed names, orphans, ambiguities, unreadable files and folders of all projects; borrowed. */
SELECTAI_API const selectai_issues *selectai_extraction_issues(const selectai_extraction *extraction);

/** Writes the rejected groups as JSONL, whole or not at all. */
SELECTAI_API int selectai_extraction_write_rejected(const selectai_extraction *extraction, const char *path);

SELECTAI_API void selectai_extraction_destroy(selectai_extraction **extraction);

#ifdef __cplusplus
}
#endif

#endif
