/*
 * review/groups.h: what there is to decide: the groups of one project's folder, with ids that survive a restart.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_GROUPS_H
#define REVIEW_GROUPS_H

#include <selectai/selectai.h>

#include "choice.h"
#include "ids.h"

/* 16 hexadecimal digits of a hash of relative paths: the client never sends or sees a path that is opened. */
#define REVIEW_ID ID_TEXT

/* The folders that Finalize fills; a scan for groups passes them over. */
#define SELECTED_FOLDER  "__selected"
#define CROP_FOLDER      "__crop"
#define STAGING_FOLDER   "__delete_staging"
#define ORIGINALS_FOLDER "__originals"

struct review_image {
    char id[REVIEW_ID];
    char *rel_path;    /* below the root, with '/' */
    char **companions; /* names, without folder; n_companions */
    size_t n_companions;
    uint64_t size; /* bytes */
    int64_t mtime_ns;
    double stage;
    uint32_t group; /* its group's index */
};

struct review_group {
    char id[REVIEW_ID]; /* of all its images' relative paths */
    uint32_t first, n;  /* images[first .. first + n), in stage order */
};

/* Immutable once opened; may be read from any thread. */
struct review_groups {
    char *root;    /* as given */
    char *project; /* its name */
    struct review_image *images;
    struct review_group *groups; /* by folder, in it by time */
    size_t n_images, n_groups;
    size_t n_alone;                     /* images that belong to no group */
    size_t n_issues;                    /* folders and files that the scan could not read, or passed over */
    struct id_table by_image, by_group; /* private */
};

/* Scans the folder and groups its images, or those that were chosen (NULL: all). SELECTAI_OK or an error code. */
int open_groups(struct review_groups *groups, const char *root, const char *project,
                const struct selectai_group_options *how, const struct choice *choice);
void close_groups(struct review_groups *groups);

#define NO_INDEX SIZE_MAX
/* The index, or NO_INDEX; any text will do for an id. */
size_t find_group(const struct review_groups *groups, const char *id);
size_t find_image(const struct review_groups *groups, const char *id);

/* root + '/' + rel_path; the caller frees it. */
char *image_path(const struct review_groups *groups, const struct review_image *image);

#endif
