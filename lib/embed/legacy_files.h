/*
 * embed/legacy_files.h: the vectors of earlier caches: a NumPy file for each image, which lines of a
 * processed_images.jsonl name by paths that may be those of another machine.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_EMBED_LEGACY_FILES_H
#define SAI_EMBED_LEGACY_FILES_H

#include <stdbool.h>

#include "base/memory.h"
#include "embed/cache_index.h"

struct sai_legacy_file {
    const char *path;
    bool used; /* a line names it */
};

struct sai_legacy_files {
    const char *folder; /* of the jsonl */
    struct sai_legacy_file *items;
    size_t n, capacity;
    struct sai_cache_index by_path, by_name; /* by_name: of each name the first */
    struct sai_arena arena;
};

/* Lists the .npy files of the folder and of those below it, three levels deep. The folder is borrowed. */
int sai_legacy_files_list(struct sai_legacy_files *out, const char *folder);
void sai_legacy_files_free(struct sai_legacy_files *files);

/*
 * Where a line's file is: as written, below the folder, or by its name anywhere below it. *out is NULL if it is
 * nowhere; the caller frees it. From any number of threads.
 */
int sai_legacy_files_find(char **out, const struct sai_legacy_files *files, const char *written);

/* Notes that a line names this path. */
void sai_legacy_files_use(struct sai_legacy_files *files, const char *path);

/* Which line names a path last. */
struct sai_legacy_path {
    const char *path;
    uint64_t row;
};

struct sai_legacy_paths {
    struct sai_legacy_path *items;
    size_t n, capacity;
    struct sai_cache_index by_path;
    struct sai_arena arena;
};

/* Lines are noted in their order; the path is copied. */
int sai_legacy_paths_note(struct sai_legacy_paths *paths, const char *path, uint64_t row);
/* The last line of a path that was noted; 0: none. */
uint64_t sai_legacy_paths_last(const struct sai_legacy_paths *paths, const char *path);
void sai_legacy_paths_free(struct sai_legacy_paths *paths);

#endif
