/*
 * review/sidecar_file.c: small files beside images.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export_internal.h"

int open_image_folder(const char *root, const char *rel_path)
{
    int folder = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (const char *slash; folder >= 0 && (slash = strchr(rel_path, '/')); rel_path = slash + 1) {
        char part[NAME_MAX + 1];
        size_t n = (size_t)(slash - rel_path);
        int next = -1;
        if (n == 0 || n >= sizeof part || (rel_path[0] == '.' && (n == 1 || (n == 2 && rel_path[1] == '.')))) {
            errno = EINVAL;
        } else {
            memcpy(part, rel_path, n);
            part[n] = '\0';
            next = openat(folder, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        }
        int err = errno;
        close(folder);
        errno = err;
        folder = next;
    }
    return folder;
}

static enum sidecar_state read_file(int fd, char **bytes, size_t *n, size_t most)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 0 || (uintmax_t)st.st_size > most)
        return SIDECAR_OTHER;
    *bytes = malloc((size_t)st.st_size + 1);
    if (!*bytes)
        return SIDECAR_OTHER;
    for (*n = 0; *n < (size_t)st.st_size;) {
        ssize_t got = read(fd, *bytes + *n, (size_t)st.st_size - *n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        *n += (size_t)got;
    }
    (*bytes)[*n] = '\0';
    return *n == (size_t)st.st_size ? SIDECAR_READ : SIDECAR_OTHER;
}

enum sidecar_state read_sidecar(int folder, const char *name, char **bytes, size_t *n, size_t most)
{
    *bytes = NULL;
    *n = 0;
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? SIDECAR_NONE : SIDECAR_OTHER;
    enum sidecar_state state = read_file(fd, bytes, n, most);
    close(fd);
    if (state != SIDECAR_READ) {
        free(*bytes);
        *bytes = NULL;
    }
    return state;
}

static int write_bytes(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, bytes, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return -1;
        bytes += done;
        n -= (size_t)done;
    }
    return fsync(fd);
}

/* link() refuses where something lies; some file systems have none, there the name is looked at first. */
static int put_in_place(int folder, const char *temporary, const char *name, int is_new)
{
    struct stat st;
    if (is_new && linkat(folder, temporary, folder, name, 0) == 0)
        return unlinkat(folder, temporary, 0);
    if (is_new && errno == EEXIST)
        return -1;
    if (is_new && fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return renameat(folder, temporary, folder, name);
}

int write_sidecar(int folder, const char *name, const char *bytes, size_t n, int is_new)
{
    char temporary[NAME_MAX + 32];
    struct stat st;
    snprintf(temporary, sizeof temporary, ".selectai-%ld.tmp", (long)getpid());
    (void)unlinkat(folder, temporary, 0); /* of a process that was killed and had the same number */
    int fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return -1;
    if (!is_new && fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        (void)fchmod(fd, st.st_mode & 07777);
    int rc = write_bytes(fd, bytes, n), err = errno;
    close(fd);
    errno = err;
    if (rc == 0)
        rc = put_in_place(folder, temporary, name, is_new);
    if (rc != 0) {
        err = errno;
        (void)unlinkat(folder, temporary, 0);
        errno = err;
    }
    return rc;
}
