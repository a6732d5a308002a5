/*
 * selectai/projects.h: the projects a person has. Their names, folders and times, and whose a path is.
 *
 * Old logs name images by paths from many machines. Which project such an image belongs to is read off the path with
 * the help of what is known: the config, the manifests, aliases.
 *
 * Tier 1: needs common.h only.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_PROJECTS_H
#define SELECTAI_PROJECTS_H

#include <selectai/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A list of known projects.
 * Thread-safety: filled by one thread; afterwards read by any number of them.
 */
typedef struct selectai_projects selectai_projects;

/** Borrowed from the list; texts that are not known are "". */
struct selectai_known_project {
    uint32_t struct_size; /**< set by the caller */
    int32_t has_manifest;
    const char *name;          /**< what it is called from now on */
    const char *title;         /**< the manifest's; counts as a name too */
    const char *raw_dir;       /**< of the config: below the config's folder if it is there, else as written */
    const char *final_dir;     /**< the same */
    const char *manifest_path; /**< of the file that was read */
    const char *status;        /**< the manifest's, such as "finished" */
    int64_t initial_images;    /**< the manifest's counts.initialImages; -1 = not known */
    int64_t final_images;      /**< counts.finalImages; -1 = not known */
    int64_t started;           /**< first second of the project's time, seconds since 1970 UTC; INT64_MIN = not known */
    int64_t finished; /**< first second after it; a date at midnight counts as that whole day; INT64_MAX = not known */
};

SELECTAI_API int selectai_projects_create(selectai_projects **out);

/**
 * Adds one project, or gives folders to one that is known already: of that exact name, or, if only a manifest made it
 * known, of that title or a name that differs in case. Folders may be NULL; earlier ones go on telling whose a path is.
 * Refuses a name that is empty, longer than 255 bytes, no UTF-8 or holds control characters.
 */
SELECTAI_API int selectai_projects_add(selectai_projects *projects, const char *name, const char *raw_dir,
                                       const char *final_dir);

/**
 * Adds what `{"projects":[{"name","raw_dir","final_dir"}]}` names. A project that is incomplete or named twice is left
 * out and becomes an issue (kind "config"). Relative folders are taken below the config's folder if they exist there,
 * else as they are. Errors: what reading gives; FORMAT if it is no such document or names no project at all; LIMIT
 * beyond 16 MiB.
 */
SELECTAI_API int selectai_projects_add_config(selectai_projects *projects, const char *path);

/**
 * Adds the manifest `<id>.project.json` (projectId, title, status, startedAt, finishedAt, paths, counts), or all such
 * files of a folder, not of folders below, in byte order. A manifest of a project that is known already (by name or
 * title, also if only the case of letters differs) completes it; a second manifest of a project is refused (AMBIGUOUS),
 * the same file again is not. One bad file in a folder becomes an issue (kind "manifest"); a bad file that was named
 * itself is an error and changes nothing. A date that is none, or an end before the start, becomes an issue and is not
 * known. Every text in `paths`, and in lists there, is a folder. NO_DATA if a folder holds no manifest.
 */
SELECTAI_API int selectai_projects_add_manifests(selectai_projects *projects, const char *path);

/**
 * Whatever is called old_name belongs to new_name, which is added if it is not known; also if old_name is a project in
 * the list, which stays there. Chains are followed. Refused (INVALID_ARGUMENT): circles, and a second meaning.
 */
SELECTAI_API int selectai_projects_add_alias(selectai_projects *projects, const char *old_name, const char *new_name);

SELECTAI_API size_t selectai_projects_count(const selectai_projects *projects);

/** In the order in which they were added. */
SELECTAI_API int selectai_projects_get(const selectai_projects *projects, size_t index,
                                       struct selectai_known_project *out);

/**
 * The project a name means: an alias, the exact name, a title (also a manifest's projectId, where the project is called
 * otherwise), then all of these without regard to the case of ASCII letters. NOT_FOUND, or AMBIGUOUS if only case could
 * tell two of them apart or two bear that title. *name is borrowed.
 */
SELECTAI_API int selectai_projects_find(const char **name, const selectai_projects *projects, const char *text);

/**
 * The project a path belongs to, in this order:
 *  1. it lies below a folder of the config or of a manifest (the innermost counts; one that several projects share
 *     tells nothing by itself). A relative folder may begin anywhere in an absolute path, a relative path
 *     anywhere in an absolute folder; PROJECT_ROOT and leading ".." are dropped. A relative folder that is called as
 *     working folders are (crop, selected, ...) counts only after rule 3;
 *  2. its folders are called as exactly one known project, also with _raw, _final, _raw_incoming or _raw_final behind
 *     the name (the longest name that is known counts: Aiko_raw_final is Aiko_raw if there is one, else Aiko);
 *  3. by convention: the folder after "training data", "sandbox", "content" or "archives", else the first one of a
 *     relative path or after PROJECT_ROOT, without _raw and so on, unless it is called as working folders are: such a
 *     project need not be known. Not where rule 1 found a folder that several share;
 *  4. if `when` (seconds since 1970 UTC; INT64_MIN = not known, then this step is left out) lies in the time of exactly
 *     one of the projects with a manifest that share the folder (all of them, if none names it). A manifest without
 *     dates leaves it open among those that share a folder, and counts for nothing otherwise.
 * NOT_FOUND if none of them tells, AMBIGUOUS if several projects fit; the message says why. *name is borrowed and lives
 * as long as the list or, by rule 3, until the next call in this thread.
 */
SELECTAI_API int selectai_projects_resolve(const char **name, const selectai_projects *projects, const char *path,
                                           int64_t when);

/** Incomplete projects of configs, manifests that could not be used; borrowed. */
SELECTAI_API const selectai_issues *selectai_projects_issues(const selectai_projects *projects);

SELECTAI_API void selectai_projects_destroy(selectai_projects **projects);

#ifdef __cplusplus
}
#endif

#endif
