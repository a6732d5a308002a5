/*
 * review/journal_file.c: the journal as bytes.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <selectai/selectai.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "terminal.h"

int code_of_errno(int err)
{
    switch (err) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: /* the process may not make files so large */
        return SELECTAI_ERR_NO_SPACE;
    case EACCES:
    case EPERM:
    case EROFS:
        return SELECTAI_ERR_PERMISSION;
    case ENOENT:
        return SELECTAI_ERR_NOT_FOUND;
    case ENOTDIR:
        return SELECTAI_ERR_NOT_A_DIRECTORY;
    case ENOMEM:
        return SELECTAI_ERR_OUT_OF_MEMORY;
    default:
        return SELECTAI_ERR_IO;
    }
}

static int failed(const char *path, const char *what, int err)
{
    say("%s: cannot %s: %s", path, what, strerror(err));
    return code_of_errno(err);
}

/* ---- Who writes ------------------------------------------------------------------------------ */

/* For people who look what holds the lock; nothing depends on it. */
static void write_pid(int fd)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)n, 0) != n)
        (void)ftruncate(fd, 0);
}

static int no_lock(const struct journal_file *file, int err)
{
    if (err != ENOLCK && err != EOPNOTSUPP && err != EINVAL && err != ENOSYS)
        return failed(file->folder, "lock " LOCK_NAME " in it", err);
    say("%s: this file system cannot lock files (%s), so that two programs could write one journal: give a folder on a "
        "local disk",
        file->folder, strerror(err));
    return SELECTAI_ERR_UNSUPPORTED;
}

/* The system gives a lock up with its process, however that ends; the file stays and means nothing. */
static int take_lock(struct journal_file *file)
{
    file->lock_fd = openat(file->folder_fd, LOCK_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0666);
    if (file->lock_fd < 0)
        return failed(file->folder, "make " LOCK_NAME " in it", errno);
    if (flock(file->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return no_lock(file, errno);
        close(file->lock_fd);
        file->lock_fd = -1;
        file->read_only = 1;
        return SELECTAI_OK;
    }
    write_pid(file->lock_fd);
    return SELECTAI_OK;
}

/* ---- Opening --------------------------------------------------------------------------------- */

static int open_file(struct journal_file *file)
{
    struct stat st;
    int flags = file->read_only ? O_RDONLY : O_RDWR | O_CREAT;
    file->fd = openat(file->folder_fd, JOURNAL_NAME, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0666);
    if (file->fd < 0 && errno == ENOENT && file->read_only)
        return SELECTAI_OK; /* the writer has only just begun */
    if (file->fd < 0 && errno != ELOOP)
        return failed(file->path, "open", errno);
    if (file->fd < 0 || fstat(file->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        say("%s: is a link or no file, decisions are not written through it: move it away", file->path);
        return SELECTAI_ERR_PERMISSION;
    }
    if (!file->read_only && fsync(file->folder_fd) != 0) /* its name, too, is to survive a power cut */
        return failed(file->folder, "sync", errno);
    return SELECTAI_OK;
}

int journal_file_open(struct journal_file *file, const char *folder)
{
    size_t n = strlen(folder) + sizeof "/" JOURNAL_NAME;
    *file = (struct journal_file){
        .folder = strdup(folder), .path = malloc(n), .folder_fd = -1, .lock_fd = -1, .fd = -1};
    if (!file->folder || !file->path) {
        say("out of memory");
        return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    snprintf(file->path, n, "%s/" JOURNAL_NAME, folder);
    file->folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file->folder_fd < 0)
        return failed(folder, "open", errno);
    int rc = take_lock(file);
    return rc == SELECTAI_OK ? open_file(file) : rc;
}

void journal_file_close(struct journal_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    if (file->lock_fd >= 0) {
        (void)ftruncate(file->lock_fd, 0);
        close(file->lock_fd);
    }
    if (file->folder_fd >= 0)
        close(file->folder_fd);
    free(file->folder);
    free(file->path);
    *file = (struct journal_file){.folder_fd = -1, .lock_fd = -1, .fd = -1};
}

/* ---- Writing --------------------------------------------------------------------------------- */

static int write_all(int fd, const char *bytes, size_t n, uint64_t offset)
{
    while (n > 0) {
        ssize_t done = pwrite(fd, bytes, n, (off_t)offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            errno = done == 0 ? ENOSPC : errno;
            return -1;
        }
        bytes += done;
        n -= (size_t)done;
        offset += (uint64_t)done;
    }
    return 0;
}

static int cut_off(struct journal_file *file)
{
    if (ftruncate(file->fd, (off_t)file->end) != 0 || fsync(file->fd) != 0)
        return failed(file->path, "take off what was written in part", errno);
    file->spoilt = 0;
    return SELECTAI_OK;
}

/* What is written to a file that was removed or replaced meanwhile would be lost with the program. */
static int check_place(const struct journal_file *file)
{
    struct stat ours, there;
    if (fstat(file->fd, &ours) == 0 && fstatat(file->folder_fd, JOURNAL_NAME, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
        ours.st_ino == there.st_ino && ours.st_dev == there.st_dev)
        return SELECTAI_OK;
    say("%s: was removed or replaced while it was in use: nothing is written any more; put it back, and start again",
        file->path);
    return SELECTAI_ERR_NOT_FOUND;
}

int journal_file_append(struct journal_file *file, const char *bytes, size_t n)
{
    int rc = check_place(file);
    if (rc == SELECTAI_OK && file->spoilt)
        rc = cut_off(file);
    if (rc != SELECTAI_OK)
        return rc;
    if (write_all(file->fd, bytes, n, file->end) == 0 && fsync(file->fd) == 0) {
        file->end += n;
        return SELECTAI_OK;
    }
    rc = failed(file->path, "write", errno);
    file->spoilt = 1;
    (void)cut_off(file); /* else the next call tries */
    return rc;
}

static int open_torn(const struct journal_file *file, uint64_t number, char name[96])
{
    int fd = -1;
    snprintf(name, 96, JOURNAL_NAME ".torn-%" PRIu64, number);
    for (int again = 2; again < 10000; again++) {
        fd = openat(file->folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            break;
        snprintf(name, 96, JOURNAL_NAME ".torn-%" PRIu64 "-%d", number, again);
    }
    return fd;
}

/* From the end on into the other file; that one is on the disk before anything is cut off. */
static int copy_rest(const struct journal_file *file, int fd, uint64_t *n)
{
    char buffer[65536];
    long long got;
    *n = 0;
    while ((got = journal_file_read(file, buffer, sizeof buffer, file->end + *n)) > 0) {
        if (write_all(fd, buffer, (size_t)got, *n) != 0)
            return -1;
        *n += (uint64_t)got;
    }
    return got < 0 || fsync(fd) != 0 || fsync(file->folder_fd) != 0 ? -1 : 0;
}

int journal_file_set_aside(struct journal_file *file, uint64_t number, uint64_t *n)
{
    char name[96];
    uint64_t size;
    int rc = journal_file_size(file, &size);
    *n = 0;
    if (rc != SELECTAI_OK || size <= file->end)
        return rc;
    int fd = open_torn(file, number, name);
    if (fd < 0 || copy_rest(file, fd, n) != 0) {
        rc = failed(file->path, "set its torn end aside", errno);
        if (fd >= 0) {
            close(fd);
            unlinkat(file->folder_fd, name, 0);
        }
        return rc;
    }
    close(fd);
    say("%s: the end was cut off while it was written, %" PRIu64 " bytes never were a decision: set aside as %s",
        file->path, *n, name);
    return cut_off(file);
}

/* ---- Reading --------------------------------------------------------------------------------- */

long long journal_file_read(const struct journal_file *file, char *out, size_t n, uint64_t offset)
{
    size_t done = 0;
    while (done < n) {
        ssize_t got = pread(file->fd, out + done, n - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failed(file->path, "read", errno);
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (long long)done;
}

int journal_file_size(struct journal_file *file, uint64_t *size)
{
    struct stat st;
    int rc = file->fd < 0 ? open_file(file) : SELECTAI_OK;
    *size = 0;
    if (rc != SELECTAI_OK || file->fd < 0)
        return rc;
    if (fstat(file->fd, &st) != 0)
        return failed(file->path, "look at", errno);
    *size = (uint64_t)st.st_size;
    return SELECTAI_OK;
}
