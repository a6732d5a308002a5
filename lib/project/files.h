/*
 * project/files.h: all image files below one folder, in memory, with their names taken apart.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_PROJECT_FILES_H
#define SAI_PROJECT_FILES_H

#include "base/issues.h"
#include "base/progress.h"
#include "project/group.h"
#include "project/name_index.h"

struct sai_file {
    struct sai_file_moment { /* key of sai_files_by_moment(): no padding */
        int64_t seconds;
        double stage;
    } moment;
    const char *rel;     /* path below the folder */
    const char *problem; /* why the name does not parse; NULL: it does */
    uint32_t base;       /* the name stands at rel + base */
    uint32_t folder;     /* rank of its folder */
};

struct sai_files {
    char *directory; /* as given */
    struct sai_file *items;
    size_t count, capacity;
    size_t n_unparsed;
    struct sai_arena arena;
};

/* `done` counts on over several folders: the progress stage is "scan". Zero *out before; free it also after an error.
 */
int sai_files_scan(struct sai_files *out, const char *directory, struct sai_progress *progress, uint64_t *done,
                   selectai_issues *issues);
void sai_files_free(struct sai_files *files);

static inline const char *sai_file_name(const struct sai_file *file)
{
    return file->rel + file->base;
}

/* "directory/rel"; sai_free() it. */
char *sai_files_path(const struct sai_files *files, size_t i);

/* Tables of all files; values are indices into items, in a chain the lowest comes first. */
int sai_files_by_name(struct sai_name_index *out, const struct sai_files *files);
int sai_files_by_rel(struct sai_name_index *out, const struct sai_files *files);
int sai_files_by_moment(struct sai_name_index *out, const struct sai_files *files); /* only names that parse */

/* Groups them; members and starts are allocated, the caller frees them with sai_free(). */
int sai_files_group(uint32_t **members, uint32_t **starts, size_t *n_groups, struct sai_group_counts *counts,
                    const struct sai_files *files, const struct selectai_group_options *options);

#endif
