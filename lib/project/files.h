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
    struct sai_file_moment { /* key of SAI_FILES_BY_MOMENT: no padding */
        int64_t seconds;
        double stage;
    } moment;
    uint32_t folder;     /* rank of its folder */
    uint32_t base;       /* the name stands at rel + base */
    const char *rel;     /* path below the folder */
    const char *problem; /* why the name does not parse; NULL: it does */
};

/* Kept only where they are wanted. */
struct sai_file_stat {
    int64_t mtime_ns; /* as selectai_file has it: the limits stand for times beyond them */
    uint64_t size;
};

struct sai_files {
    char *directory; /* as given */
    struct sai_file *items;
    size_t count, capacity;
    size_t n_unparsed;
    struct sai_arena arena;

    struct sai_file_stat *stats; /* one per item, or NULL */
    size_t stats_capacity;
    uint32_t *companions; /* one per item, or NULL: 0 for none, else 1 + index in endings */
    size_t companions_capacity;
    uint64_t n_companions;
    struct sai_name_index endings; /* the different lists of companions, see sai_files_companion() */
};

struct sai_files_options {
    unsigned wanted; /* SAI_SCAN_*: what is kept of each file */
    /* False: the file is not taken. It sees sizes and times if needs_stat is set. NULL: all are taken. */
    bool (*take)(const struct selectai_file *file, void *ctx);
    void *ctx;
    bool needs_stat;
    struct sai_progress *progress; /* stage "scan" */
    uint64_t *done;                /* counts on over several folders */
};

/* Zero *out before; free it also after an error. */
int sai_files_scan(struct sai_files *out, const char *directory, const struct sai_files_options *options,
                   selectai_issues *issues);
void sai_files_free(struct sai_files *files);

static inline const char *sai_file_name(const struct sai_file *file)
{
    return file->rel + file->base;
}

/* "directory/rel"; sai_free() it. */
char *sai_files_path(const struct sai_files *files, size_t i);

/*
 * What stands behind the stem in the name of companion k of file i (".yaml", "" if it has no extension), and its
 * length; NULL if it has not so many. Most images of a project have the same ones, so only the endings are kept, once.
 */
const char *sai_files_companion(size_t *length, const struct sai_files *files, size_t i, uint32_t k);

/* What files can be looked up by. */
enum sai_files_key {
    SAI_FILES_BY_NAME,
    SAI_FILES_BY_REL,   /* path below the folder */
    SAI_FILES_BY_MOMENT /* timestamp and stage; only names that parse */
};

/* A table of all files; values are indices into items, in a chain the lowest comes first. */
int sai_files_index(struct sai_name_index *out, const struct sai_files *files, enum sai_files_key by);

/* Groups them; members and starts are allocated, the caller frees them with sai_free(). */
int sai_files_group(uint32_t **members, uint32_t **starts, size_t *n_groups, struct sai_group_counts *counts,
                    const struct sai_files *files, const struct selectai_group_options *options);

#endif
