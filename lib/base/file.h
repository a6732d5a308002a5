/*
 * base/file.h: reading whole files within a limit, mapping files, and writing files that appear whole or not at all.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_FILE_H
#define SAI_BASE_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/memory.h"

/* Reads a regular file whole; a NUL byte is added after *n bytes. More than max_bytes: SELECTAI_ERR_LIMIT. */
int sai_file_read(void **bytes, size_t *n, const char *path, uint64_t max_bytes);

/* Read-only private mapping. An empty file gives data != NULL with size 0. Zeroed struct = nothing mapped. */
struct sai_mapping {
    const uint8_t *data;
    size_t size;
    void *base;
};
int sai_file_map(struct sai_mapping *out, const char *path);
void sai_file_unmap(struct sai_mapping *mapping);

/* CRC-32 (as zlib's) and size of a file's content. */
int sai_file_crc32(uint32_t *crc, uint64_t *size, const char *path);

/*
 * A file being written: everything goes to "<path>.tmp-<pid>-<n>" in the same folder. commit syncs and renames it over
 * path; discard (also after a failed commit, or on a zeroed struct) removes the temporary file. Write errors are
 * sticky: commit reports the first one, so single writes need no check.
 */
struct sai_atomic_file {
    FILE *stream;
    char *path, *temporary;
    int failed;    /* errno of the first failed write */
    bool only_new; /* commit puts it beside nothing, never over something */
};
int sai_atomic_open(struct sai_atomic_file *file, const char *path);
/* For a path at which nothing may lie, no link either: SELECTAI_ERR_EXISTS, also when it appears until the commit. */
int sai_atomic_open_new(struct sai_atomic_file *file, const char *path);
void sai_atomic_write(struct sai_atomic_file *file, const void *bytes, size_t n);
void sai_atomic_puts(struct sai_atomic_file *file, const char *text);
int sai_atomic_commit(struct sai_atomic_file *file);
void sai_atomic_discard(struct sai_atomic_file *file);

/* The three steps in one, for content that is in memory. */
int sai_file_write_atomic(const char *path, const void *bytes, size_t n);

#endif
