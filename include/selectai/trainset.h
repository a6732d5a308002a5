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
#include <selectai/projects.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Decisions ------------------------------------------------------------------------------- */

/**
 * A list of decisions: in each, one image was chosen and those of its group that were not are its losers. Old crop logs
 * also hold decisions about one image alone: no losers, only a crop. Beside them a list of rejected groups, of which
 * nothing was chosen: they say nothing about which image is better, only that none was good enough.
 * Thread-safety: immutable once returned; may be read from any number of threads.
 */
typedef struct selectai_trainset selectai_trainset;

#define SELECTAI_UNKNOWN (-1) /**< in three-valued fields: not known */

#define SELECTAI_CROP_EVIDENCE_NONE   0 /**< nothing says whether it was cropped, or it was not */
#define SELECTAI_CROP_EVIDENCE_MTIME  1 /**< the final is more than 5 s newer: weak */
#define SELECTAI_CROP_EVIDENCE_SIZE   2 /**< width or height differ */
#define SELECTAI_CROP_EVIDENCE_PIXELS 3 /**< the final's pixels were found in the original, or are identical to it */
#define SELECTAI_CROP_EVIDENCE_LOG    4 /**< an old log has the box that the person drew */

#define SELECTAI_EVIDENCE_UNKNOWN 0
#define SELECTAI_EVIDENCE_NAME    1 /**< winner found by exact file name */
#define SELECTAI_EVIDENCE_STAGE   2 /**< by (timestamp, stage), which was unique */
#define SELECTAI_EVIDENCE_CONTENT 3 /**< among several of that name, by identical content */

/** One decision. All pointers are borrowed from the set; texts that are not known are "", numbers NaN. */
struct selectai_entry {
    uint32_t struct_size;          /**< set by the caller */
    uint32_t n_negatives;          /**< 0 only if has_crop: such a decision says where an image was cropped, no more */
    const char *project;           /**< "" only where n_negatives is 0: an old crop log whose paths tell no project */
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
    int32_t crop_evidence;  /**< SELECTAI_CROP_EVIDENCE_* */
    int32_t evidence;       /**< SELECTAI_EVIDENCE_* */
    int32_t group_mode;     /**< SELECTAI_GROUP_*, or SELECTAI_UNKNOWN */
    int32_t shared_folders; /**< 1: raw_dir or final_dir holds files of other projects too, told apart by dates; 0 */
    const char *raw_dir, *final_dir, *extraction_date;
    const char *session_id;  /**< of the tool that logged it */
    const char *decided_at;  /**< when the person decided, ISO 8601 UTC; only old logs know */
    const char *source_path; /**< the file this was read from; "" if it was extracted */
    uint64_t source_row;     /**< its line there, from 1; 0 if it was extracted */
    uint32_t image_width;    /**< of the winner's original, in pixels; 0 = not known */
    uint32_t image_height;
};

/**
 * A group of which nothing was chosen. All pointers are borrowed from the set; texts that are not known are "", numbers
 * NaN.
 */
struct selectai_rejected_group {
    uint32_t struct_size;     /**< set by the caller */
    uint32_t n_images;        /**< at least 1 */
    const char *project;      /**< never "" */
    const char *set_id;       /**< stable name of the group within the project */
    const char *timestamp;    /**< the first image's, "YYYYMMDD_HHMMSS" */
    const char *const *paths; /**< n_images, in the order given (extracted: by time and stage) */
    const double *stages;     /**< n_images; NaN = unknown */
    const char *source_path;  /**< the file this was read from; "" if it was extracted */
    uint64_t source_row;      /**< its line there, from 1; 0 if it was extracted */
};

/** How logs are read. */
struct selectai_load_options {
    uint32_t struct_size;
    int32_t strict;                    /**< non-zero: a bad row is an error, not an issue; default 0 */
    const selectai_projects *projects; /**< for paths and names in old logs; read during the call; default NULL */
    int32_t by_dates; /**< non-zero: rows whose paths name no project go by the time of decision; default 0 */
    uint32_t reserved;
    const char *project; /**< whose the rows are that tell no project in any other way; default NULL: not known */
    const char *root;    /**< put in place of a leading "PROJECT_ROOT" in paths; default NULL: stays */
    selectai_progress_fn progress; /**< stage "read" (bytes); default NULL */
    void *user;
};
SELECTAI_API void selectai_load_options_init(struct selectai_load_options *options, uint32_t struct_size);

/**
 * Reads decisions from files, each recognised by its content, in any mixture:
 *
 *   training entries   JSONL, or CSV with the seven columns of the first tool; only project, chosen_path and neg_paths
 *                      are needed
 *   selection log      session_id,set_id,chosen_path,neg_paths,timestamp
 *   crop logs          19 columns (or 11 + 4 per image), 9 columns, or the minimal form timestamp,project_id,filename,
 *                      crop_x1,crop_y1,crop_x2,crop_y2,width,height; boxes in pixels or in fractions, row by row
 *   anomaly cases      session_id,set_id,project,chosen_stage,max_rejected_stage,chosen_path,rejected_paths,timestamp
 *   rejected groups    JSONL with project, paths and, where known, stages, set_id, timestamp; such lines may also stand
 *                      among training entries. They become the set's rejected groups
 *
 * Columns may stand in any order; further ones are ignored. Lists may be JSON, JSON with quotes doubled twice, or
 * Python's notation. The project of a row that does not name it is found as selectai_projects_resolve() does, knowing
 * also the projects that other rows name. A row of a crop log with several images is a selection too; with one it has
 * no losers. A crop log's placeholder box (0,0,1,1), or a box that cannot be placed because the size is not known, is
 * no crop.
 *
 * A row that is broken, whose project is not known though it has losers, or whose images belong to several projects, is
 * left out and becomes an issue with its row number. Kinds: "unknown-project", "project-rule", and
 * for broken rows the words of selectai/validate.h, such as "column-count", "bad-list", "box-outside".
 *
 * A rejected group counts once: a later one of the same project and the same file names, in any order and folders, is
 * left out ("repeated"). One of which an image is the winner of a decision of that project, wherever that stands, is
 * left out, too ("decided"): the person kept something after all. Both are issues also where `strict` is set, since
 * nothing is wrong with those rows.
 */
SELECTAI_API int selectai_trainset_load_logs(selectai_trainset **out, const char *const *paths, size_t n_paths,
                                             const struct selectai_load_options *options);

/** The same with no options but `strict`. */
SELECTAI_API int selectai_trainset_load(selectai_trainset **out, const char *const *paths, size_t n_paths,
                                        int32_t strict);

SELECTAI_API size_t selectai_trainset_count(const selectai_trainset *set);
SELECTAI_API int selectai_trainset_get(const selectai_trainset *set, size_t index, struct selectai_entry *out);

/** Groups of which nothing was chosen, in the order in which they were read or extracted. */
SELECTAI_API size_t selectai_trainset_rejected_count(const selectai_trainset *set);
SELECTAI_API int selectai_trainset_get_rejected(const selectai_trainset *set, size_t index,
                                                struct selectai_rejected_group *out);

/** The entry as one line of JSON, as it stands in JSONL files; the caller frees it with selectai_free(). */
SELECTAI_API int selectai_trainset_entry_json(char **out, const selectai_trainset *set, size_t index);

/** Rows that were left out while loading; borrowed. */
SELECTAI_API const selectai_issues *selectai_trainset_issues(const selectai_trainset *set);

/**
 * Writes .jsonl or .csv by extension. append non-zero: adds all decisions to what is there (a CSV keeps its header),
 * also those that stand there already: selectai_trainset_merge() makes each of them one.
 */
SELECTAI_API int selectai_trainset_write(const selectai_trainset *set, const char *path, int32_t append);

/**
 * Writes the rejected groups as .jsonl, whole or not at all. append non-zero: adds all of them to what is there, which
 * may also be training entries in JSONL; loading takes each group once.
 */
SELECTAI_API int selectai_trainset_write_rejected(const selectai_trainset *set, const char *path, int32_t append);

/* The forms of old logs. */
#define SELECTAI_LOG_SELECTION 0 /**< session_id,set_id,chosen_path,neg_paths,timestamp: decisions with losers */
#define SELECTAI_LOG_CROP      1 /**< the minimal crop form, in fractions: decisions with a crop and a known size */
#define SELECTAI_LOG_CROP_FULL 2 /**< the crop form of 11 columns + 4 per image, in pixels: the same decisions */
#define SELECTAI_LOG_ANOMALIES 3 /**< anomaly cases: decisions with anomaly == 1 */

/**
 * Writes the decisions that a form can hold, as CSV. append non-zero: keeps the rows and the header that are there
 * (columns in its order; columns that the form does not know stay empty; one that lacks a needed column is refused,
 * MISMATCH; so is one without room for a decision's images) and adds only rows that are not there yet, whatever their
 * session and time say. No row is written twice. CROP_FULL takes the losers' sizes from their files, where these are
 * here. n_written: how many rows were added; may be NULL.
 */
SELECTAI_API int selectai_trainset_write_log(uint64_t *n_written, const selectai_trainset *set, const char *path,
                                             int32_t form, int32_t append);

/* What happens to decisions that contradict each other. */
#define SELECTAI_CONFLICT_LEAVE_OUT 0 /**< all of them are left out: the default */
#define SELECTAI_CONFLICT_FIRST     1 /**< the first one stays */
#define SELECTAI_CONFLICT_LAST      2 /**< the last one stays */

struct selectai_merge_options {
    uint32_t struct_size;
    int32_t on_conflict; /**< SELECTAI_CONFLICT_*; default LEAVE_OUT */
};
SELECTAI_API void selectai_merge_options_init(struct selectai_merge_options *options, uint32_t struct_size);

struct selectai_merge_counts {
    uint32_t struct_size; /**< set by the caller */
    uint32_t reserved;
    uint64_t rows;       /**< decisions given */
    uint64_t kept;       /**< decisions in the result */
    uint64_t duplicates; /**< left out because the same decision stands before them */
    uint64_t conflicts;  /**< decisions that contradict another one */
    uint64_t completed;  /**< kept decisions that learned something from a duplicate: a crop, a final's path ... */
};

/**
 * Each decision once. The same decision is one of the same project with the winner's and the losers' file names, in any
 * order and folders; the first stays, and what it does not know is taken from the others. Where the project is not
 * known, whole paths are compared. Two decisions contradict each other if, in one project, one prefers image A to B and
 * the other B to A, or if crops of one image without losers differ (IoU below 0.98). FIRST goes through them in order
 * and keeps each that contradicts none kept before, LAST does so from the end. Conflicts and duplicates stand in the
 * result's issues (kinds "conflict", "duplicate"), naming both rows. A crop without losers is a duplicate if a
 * selection of that winner has the same crop, and completes one that has none. Where the same decision has different
 * crops, the one proved by pixels stays, else the first (kind "crop-differs"). The order of the given set is kept.
 * A crop without losers is compared with the first 256 different ones of its image, no more.
 * The set's rejected groups go into the result, without those that selectai_trainset_load_logs() would leave out (kinds
 * "repeated", "decided"; the winners of all given decisions count). `counts` does not count them; it may be NULL.
 */
SELECTAI_API int selectai_trainset_merge(selectai_trainset **out, struct selectai_merge_counts *counts,
                                         const selectai_trainset *set, const struct selectai_merge_options *options);

/**
 * How often a lower stage was chosen, as JSON: {"projects":[{"project","selections","anomalies","rate",
 * "stage_pairs":[{"chosen","rejected","count"}],"unparseable"}],"total":{...}}, projects by name. "rejected" is the
 * highest stage that lost. Rates are of the selections whose stages are known; null if there are none. The caller frees
 * it with selectai_free().
 */
SELECTAI_API int selectai_trainset_anomaly_json(char **out, const selectai_trainset *set);

/**
 * A new set of some of these: decision i if decisions[i] is not 0 (one a decision), rejected group i if rejected[i] is
 * not 0; NULL: none of them. In the same order, without issues. For training on a project or a time of one's own
 * choice.
 */
SELECTAI_API int selectai_trainset_select(selectai_trainset **out, const selectai_trainset *set,
                                          const uint8_t *decisions, const uint8_t *rejected);

SELECTAI_API void selectai_trainset_destroy(selectai_trainset **set);

/* ---- Extraction ------------------------------------------------------------------------------ */

/** How crops are found out. */
#define SELECTAI_CROP_CHECK_AUTO   0 /**< equal bytes are no crop; else sizes, then pixels: the default */
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
    uint32_t threads;                  /**< for decoding; default 0 = all cores */
    int32_t by_dates;                  /**< non-zero: see add_project; default 0 */
    const selectai_projects *projects; /**< manifests to check against; must outlive the extraction; default NULL */
    const char *images_path;           /**< image database to write, .jsonl; default NULL: none. See commit_images */
    const char *crop_journal;          /**< see below; read by AUTO and PIXELS only; default NULL: none */
};
SELECTAI_API void selectai_extract_options_init(struct selectai_extract_options *options, uint32_t struct_size);

/*
 * How AUTO and PIXELS decide. Pixels overrule sizes, and both overrule times:
 *   same bytes (AUTO only, without decoding), same pixels, or the whole picture found again though it was saved with
 *   loss, toned or resized: not cropped, evidence PIXELS
 *   a part of the original, exact or resampled: cropped, evidence PIXELS; with a box if it fits in one place only
 *   not found: cropped if width or height differ, evidence SIZE, no box; else not cropped, evidence NONE
 * Times decide where an image cannot be read, and otherwise never.
 *
 * crop_journal: a file that keeps what was found out, so that an extraction that was cancelled or killed goes on where
 * it was. It is read when the extraction is created and appended to every few seconds. A result is taken only if
 * project, names below the folders, sizes and times (mtime and ctime, nanoseconds) of both files, crop_check and the
 * library's version are the same; torn and foreign lines are passed over. It changes no result. Several runs may use
 * one file. It may be deleted at any time: at best when the results are saved. A file that is no crop journal is
 * refused (FORMAT); if it cannot be written, an issue (kind "crop-journal") says so and the work goes on.
 */

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
 *
 * options.projects with a manifest of this project: its counts are compared with what was found, and the finals'
 * modification times with its dates; differences become issues (kind "manifest") and stand in the report.
 *
 * options.by_dates: several projects may then share a folder (RAW, FINAL or both; the same one, not nested), if each
 * has a manifest and their times do not overlap. A file in it belongs to the project in whose time it was modified.
 * What lies in the time of another known project is left to that one, unless it has its files elsewhere (as a config or
 * an earlier add_project said); what lies in nobody's time is left out if the folder is known to be shared (in the same
 * ways), and stays otherwise. Both are counted. Without a manifest that tells a time, all files are the project's.
 */
SELECTAI_API int selectai_extraction_add_project(selectai_extraction *extraction, const char *raw_dir,
                                                 const char *final_dir, const char *project);

/**
 * All decisions so far, by project, folder and time, and the rejected groups. Borrowed; valid until the next
 * add_project or destroy.
 */
SELECTAI_API const selectai_trainset *selectai_extraction_entries(const selectai_extraction *extraction);

/** Number of groups from which nothing was chosen. */
SELECTAI_API size_t selectai_extraction_rejected_count(const selectai_extraction *extraction);

/** One rejected group as a line of JSON: project, timestamp, set_id, paths, stages. Freed with selectai_free(). */
SELECTAI_API int selectai_extraction_rejected_json(char **out, const selectai_extraction *extraction, size_t index);

/**
 * The report (counts per project and in total, issues) as JSON; the caller frees it with selectai_free().
 * "crops_by_evidence" counts cropped winners; "crops_by_method" all whose pixels were compared, also those found whole
 * ("identical", "resampled") and not found ("none"); "mtime_rule", of those that pixels decided, how often "the final
 * is more than 5 s newer" was "right", called a whole one cropped ("wrong_cropped"), or missed a crop ("wrong_whole").
 */
SELECTAI_API int selectai_extraction_report_json(char **out, const selectai_extraction *extraction);

/**
 * Puts the image database in place under options.images_path: one line of JSON per image of RAW of every project added,
 * with its names, stage, times, size, companions, and what is known of its final (in_final is null if an ambiguous one
 * may have come from it). Without this call nothing is written; after it no project can be added.
 * INVALID_ARGUMENT if there was no images_path or it was committed already.
 */
SELECTAI_API int selectai_extraction_commit_images(selectai_extraction *extraction);

/** How many crops so far were taken from options.crop_journal instead of being searched again. */
SELECTAI_API uint64_t selectai_extraction_crops_recalled(const selectai_extraction *extraction);

/** Unparsed names, orphans, ambiguities, unreadable files and folders of all projects; borrowed. */
SELECTAI_API const selectai_issues *selectai_extraction_issues(const selectai_extraction *extraction);

/** Writes the rejected groups as JSONL, whole or not at all. */
SELECTAI_API int selectai_extraction_write_rejected(const selectai_extraction *extraction, const char *path);

SELECTAI_API void selectai_extraction_destroy(selectai_extraction **extraction);

#ifdef __cplusplus
}
#endif

#endif
