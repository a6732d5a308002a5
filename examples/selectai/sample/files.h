/*
 * examples/selectai/sample/files.h: folders, files, times, and taking everything back.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_SAMPLE_FILES_H
#define SELECTAI_SAMPLE_FILES_H

#include <stddef.h>
#include <stdint.h>

#define PATH_SIZE 4096

/* What went wrong first: a SELECTAI_ERR_* code and one line for humans. */
struct failure {
    int code;
    char text[PATH_SIZE + 256];
};

/* Records it if it is the first, and returns the code. */
int failure_set(struct failure *f, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
int failure_from_errno(struct failure *f, const char *path);

/* Joins folder and name with a slash; INVALID_ARGUMENT if that is too long. */
int files_join(char out[PATH_SIZE], const char *folder, const char *name, struct failure *f);
/* Accepts a folder that is there and empty; *made is 1 if it had to be made. */
int files_prepare(const char *dir, int *made, struct failure *f);
int files_mkdir(const char *path, struct failure *f); /* one that is there already is fine */
/* Writes the bytes; time: mtime in seconds since 1970, or negative for now. */
int files_write(const char *path, const void *bytes, size_t n, int64_t time, struct failure *f);
/* Removes what sample_generate() makes in DIR, whatever of it is there. */
void files_take_back(const char *dir, int made);

#endif
