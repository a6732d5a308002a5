/*
 * review/journal_file.h: the journal as bytes: who may write it, what is appended is on the disk or not there at all.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_JOURNAL_FILE_H
#define REVIEW_JOURNAL_FILE_H

#include <stddef.h>
#include <stdint.h>

#define JOURNAL_NAME "journal.jsonl"
#define LOCK_NAME    "lock"

struct journal_file {
    char *folder, *path;
    int folder_fd, lock_fd, fd; /* -1: not open; a reader's fd is -1 until the writer made the file */
    uint64_t end;               /* behind the last line that counts; what lies behind it is no part of the journal */
    int read_only;
    int spoilt; /* a failed append may have left bytes behind the end */
};

/* Takes the lock and opens or makes the file; where another process has the lock, opens it to read. SELECTAI_OK or an
 * error code, the message has been said. */
int journal_file_open(struct journal_file *file, const char *folder);
void journal_file_close(struct journal_file *file);

/* Behind the end, with fsync. On failure the file is as it was. */
int journal_file_append(struct journal_file *file, const char *bytes, size_t n);

/* What lies behind the end goes to journal.jsonl.torn-<number>; *n: how many bytes, 0: there were none. */
int journal_file_set_aside(struct journal_file *file, uint64_t number, uint64_t *n);

/* Up to n bytes, fewer only at the file's end: how many, or a negative code. */
long long journal_file_read(const struct journal_file *file, char *out, size_t n, uint64_t offset);

/* Of a reader: opens the file if it is there by now. *size: 0 if it is not. */
int journal_file_size(struct journal_file *file, uint64_t *size);

/* The code for errno. */
int code_of_errno(int err);

#endif
