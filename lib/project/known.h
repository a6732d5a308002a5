/*
 * project/known.h: the list of known projects, inside.
 *
 *   known.c          the list: projects, aliases, copies
 *   known_names.c    texts that mean a project, with and without regard to case
 *   known_folders.c  paths taken apart, and folders that belong to projects
 *   known_resolve.c  whose a path is
 *   known_config.c, known_manifest.c  the files they come from
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_PROJECT_KNOWN_H
#define SAI_PROJECT_KNOWN_H

#include <selectai/projects.h>

#include "base/issues.h"
#include "project/name_index.h"

#define SAI_KNOWN_NONE         UINT32_MAX
#define SAI_KNOWN_MAX          100000u     /* projects in one list */
#define SAI_KNOWN_NAME_BYTES   255u        /* of a name: no folder can be called longer */
#define SAI_KNOWN_FILE_BYTES   (16u << 20) /* of a config or manifest */
#define SAI_KNOWN_PATH_BYTES   8192u       /* of a path, with its NUL: twice what systems allow */
#define SAI_KNOWN_PATH_FOLDERS 128u        /* components of a path */

/* ---- For the other parts of the library ------------------------------------------------------ */

/* A list of its own with everything that stands in `from` (NULL: an empty list), issues excepted. */
int sai_projects_copy(selectai_projects **out, const selectai_projects *from);

/* Whether the moment lies in the project's time. A time of which neither end is known holds nothing. */
bool sai_projects_in_time(const struct selectai_known_project *project, int64_t seconds);

/* ---- For the files of known*.c --------------------------------------------------------------- */

struct sai_known {
    struct selectai_known_project seen; /* texts in the arena */
    uint32_t alias_to;                  /* its name is an alias of that project, or SAI_KNOWN_NONE */
    bool has_folders;                   /* a config or a caller gave some */
};

enum sai_label_kind { SAI_LABEL_NAME, SAI_LABEL_ALIAS, SAI_LABEL_TITLE };

/* A text that means a project. */
struct sai_label {
    const char *text;
    uint32_t project;
    enum sai_label_kind kind;
};

/* A folder of a project: components joined by '/', behind a '/' if absolute. */
struct sai_known_folder {
    const char *text;
    uint32_t project;
    bool weak; /* relative, and every component is called as working folders are: names of projects tell more */
};

struct selectai_projects {
    struct sai_arena arena; /* all texts */
    struct selectai_issues *issues;
    struct sai_known *items;
    size_t count, capacity;
    struct sai_label *labels;
    size_t n_labels, labels_capacity;
    struct sai_name_index names, titles, folded; /* -> label; names holds aliases too */
    struct sai_known_folder *folders;
    size_t n_folders, folders_capacity;
    struct sai_name_index absolute, relative; /* -> folder */
    struct sai_name_index tails;              /* ends of absolute folders that hold more than working names -> folder */
    struct sai_name_index heads;              /* first components of relative folders */
    size_t longest_relative;                  /* components */
};

/* known.c */

/* Refuses what cannot be a name; `where` is the file (or NULL), `what` the key. */
int sai_known_check_name(const char *name, const char *where, const char *what);

/* A new project with that checked name; *index is its number. */
int sai_known_append(selectai_projects *projects, const char *name, uint32_t *index);

/* The project meant in the end, along aliases. */
uint32_t sai_known_follow(const selectai_projects *projects, uint32_t project);

/*
 * The project that `name` gives folders to, which is added if there is none. A title, or a name that differs in case
 * only, counts for projects that just a manifest made known.
 */
int sai_known_obtain(selectai_projects *projects, const char *name, uint32_t *index);

/* Gives a project folders; NULL and "" leave what is there. */
int sai_known_set_folders(selectai_projects *projects, uint32_t project, const char *raw_dir, const char *final_dir);

/* known_names.c */

int sai_known_add_label(selectai_projects *projects, const char *text, uint32_t project, enum sai_label_kind kind);

/* The label of that kind and text, or NULL. */
const struct sai_label *sai_known_label(const selectai_projects *projects, const char *text, enum sai_label_kind kind);

/* The project a text of n bytes means, as selectai_projects_find() has it, but without a message. */
int sai_known_find(const selectai_projects *projects, const char *text, size_t n, uint32_t *project);

char sai_known_lower(char c); /* ASCII */

/* known_folders.c */

/* A path taken apart: "." dropped, ".." resolved and dropped where nothing is left to leave, PROJECT_ROOT dropped. */
struct sai_path_parts {
    char text[SAI_KNOWN_PATH_BYTES];
    uint32_t starts[SAI_KNOWN_PATH_FOLDERS], ends[SAI_KNOWN_PATH_FOLDERS]; /* of the components in text */
    size_t count;
    size_t folders; /* components but the file's name; the last one is a folder too if a '/' follows it */
    bool absolute;
};

/* false if it is too long or too deep. */
bool sai_known_split(struct sai_path_parts *out, const char *path);

/* LIMIT if a folder cannot be kept. */
int sai_known_check_folder(const char *folder, const char *where, const char *what);

int sai_known_add_folder(selectai_projects *projects, uint32_t project, const char *path);

/* The folder, crop or selected and the like, where work is done for whatever project is at hand. */
bool sai_known_is_working(const char *name, size_t n);

/* The innermost known folder around a path; its owners stand in up to two chains. */
struct sai_folder_match {
    const struct sai_name_index *index[2];
    uint32_t item[2]; /* SAI_INDEX_END: no such chain */
};

/* strong, weak: see sai_known_folder; both may be found, or none (index[0] is NULL then). */
void sai_known_match_folder(struct sai_folder_match *strong, struct sai_folder_match *weak,
                            const selectai_projects *projects, const struct sai_path_parts *path);

#endif
