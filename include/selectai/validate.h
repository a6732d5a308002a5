/*
 * selectai/validate.h: what is wrong in the files a person has: logs, caches, models, configs, manifests, folders.
 *
 * Tier 5: needs trainset.h only, but looks into files of every kind.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_VALIDATE_H
#define SELECTAI_VALIDATE_H

#include <selectai/trainset.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * What was found, file by file.
 * Thread-safety: immutable once returned; may be read from any number of threads.
 */
typedef struct selectai_validation selectai_validation;

#define SELECTAI_SEVERITY_NOTE    0 /**< good to know; nothing is wrong */
#define SELECTAI_SEVERITY_WARNING 1 /**< the row or file can be used all the same */
#define SELECTAI_SEVERITY_ERROR   2 /**< the row, or the whole file, cannot be used */

struct selectai_validate_options {
    uint32_t struct_size;
    uint32_t threads;                  /**< for images; default 0 = all cores */
    int64_t now;                       /**< seconds since 1970 UTC: what is later is in the future; 0 = the clock */
    int32_t deep;                      /**< non-zero: decodes images; default 0: reads their headers */
    int32_t by_dates;                  /**< as in struct selectai_load_options */
    const selectai_projects *projects; /**< the same; read during the call */
    const char *project;               /**< the same */
    const char *root;                  /**< the same */
    const char *images_root; /**< folder in which images of logs are looked for by name; default NULL: only where they
                                  are said to be */
    const char *encoder_id;  /**< that caches and models must be of; default NULL: of the same as the first one */
    selectai_progress_fn progress; /**< stages "read" (bytes of logs), "lines" (of other
                                    JSONL files; no total), "images" (files); default NULL */
    void *user;
};
SELECTAI_API void selectai_validate_options_init(struct selectai_validate_options *options, uint32_t struct_size);

/**
 * Looks into each path: a file of any kind, or a folder, which is searched for known files; its images count as one
 * result. Kinds are told by content:
 *
 *   "entries" "selection-log" "crop-log" "anomaly-cases"   decisions, see selectai_trainset_load_logs()
 *   "rejected"                                             the same function's rejected groups; its rows may also stand
 *                                                          in "entries"
 *   "images" "report"                                      what an extraction wrote
 *   "config" "manifest"                                    project_paths.json, <id>.project.json
 *   "cache" "legacy-cache"                                 vectors: a folder, or the file that names them
 *   "model" "weights" "legacy-model"                       of ours; other weights; PyTorch's of such a model
 *   "images-folder" "image"                                pictures
 *   "unknown"                                              an error only if it was named itself
 *
 * Rows of logs are judged by the code that loads them, so `usable` is what selectai_trainset_load_logs() of the same
 * files would take; but rejected groups that it leaves out as "repeated" or "decided" are usable, with a warning of
 * that code where both rows stand in one file. All logs of one call are taken together where it matters whose a row is.
 * Logs are read as streams; what is kept is hashes. What cannot be read at all becomes a result with an error; a return
 * code other than OK means that nothing could be done, or that progress asked to stop.
 */
SELECTAI_API int selectai_validate(selectai_validation **out, const char *const *paths, size_t n_paths,
                                   const struct selectai_validate_options *options);

/**
 * The same, and writes a copy of each log and each JSONL file into the new or empty folder out_dir, without the rows
 * that cannot be used and otherwise byte for byte, and out_dir/dropped.jsonl, which lists those rows: file, row, code,
 * message, text. Files are named as they were, a second one of that name name-2.csv. Inputs are never changed: an
 * out_dir that is or lies in an input, or holds something, is refused (INVALID_ARGUMENT, EXISTS). n_dropped may be
 * NULL.
 */
SELECTAI_API int selectai_validate_fix(selectai_validation **out, uint64_t *n_dropped, const char *const *paths,
                                       size_t n_paths, const char *out_dir,
                                       const struct selectai_validate_options *options);

/** One file or folder. Texts are borrowed. */
struct selectai_validated_file {
    uint32_t struct_size; /**< set by the caller */
    int32_t severity;     /**< of the worst problem; NOTE if there is none */
    const char *path;     /**< as given, or found below a given folder */
    const char *kind;
    const char *encoder_id; /**< of caches and models; "" otherwise */
    uint64_t rows;          /**< rows, vectors, images; projects of a config; 1 for a model or manifest */
    uint64_t usable;        /**< of these */
    uint64_t n_problems;    /**< different codes, notes among them */
};

/** Everything of one code in one file. Texts are borrowed; code, meaning and remedy are static. */
struct selectai_validated_problem {
    uint32_t struct_size; /**< set by the caller */
    int32_t severity;     /**< SELECTAI_SEVERITY_* of the worst place */
    const char *code;     /**< short stable word, such as "column-count" */
    const char *meaning;  /**< what it means, for people */
    const char *remedy;   /**< what to do, for people; "" for notes */
    uint64_t count;       /**< rows or items concerned */
    uint64_t unusable;    /**< of these, how many cannot be used for that reason */
    uint64_t n_examples;  /**< the first places that are kept: at most 10 */
};

/** One place. Texts are borrowed. */
struct selectai_validated_example {
    uint32_t struct_size; /**< set by the caller */
    uint32_t reserved;
    uint64_t row;        /**< 1-based line in a text file; 0 where that makes no sense */
    const char *path;    /**< the file or folder inside of a folder that it is about; "" for the file itself */
    const char *message; /**< one line for humans */
};

/** In the order of the paths; what was found in a folder by name. */
SELECTAI_API size_t selectai_validation_count(const selectai_validation *validation);
SELECTAI_API int selectai_validation_get(const selectai_validation *validation, size_t file,
                                         struct selectai_validated_file *out);

/** Errors first, then warnings, then notes. */
SELECTAI_API int selectai_validation_problem(const selectai_validation *validation, size_t file, size_t problem,
                                             struct selectai_validated_problem *out);
SELECTAI_API int selectai_validation_example(const selectai_validation *validation, size_t file, size_t problem,
                                             size_t example, struct selectai_validated_example *out);

/** SELECTAI_SEVERITY_* of the worst file. */
SELECTAI_API int32_t selectai_validation_severity(const selectai_validation *validation);

/**
 * {"files":[{"path","kind","encoder","rows","usable","severity","problems":{code:count},"notes":{code:count},
 * "examples":[{"row","code","severity","path","message"}]}]}; the caller frees it with selectai_free().
 */
SELECTAI_API int selectai_validation_json(char **out, const selectai_validation *validation);

SELECTAI_API void selectai_validation_destroy(selectai_validation **validation);

#ifdef __cplusplus
}
#endif

#endif
