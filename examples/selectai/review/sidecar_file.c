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
#include "verbs.h"

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
    return 0;
}

/* ---- Batches --------------------------------------------------------------------------------- */

static int cannot_write(const char *name, int err)
{
    say("%s: cannot write it beside its image: %s", name, strerror(err));
    return EXIT_FAILED;
}

/* link() refuses where something lies; some file systems have none, there the name is looked at first. */
static int put_in_place(const struct pending_sidecar *item)
{
    struct stat st;
    if (item->is_new && linkat(item->folder, item->temporary, item->folder, item->name, 0) == 0)
        return unlinkat(item->folder, item->temporary, 0);
    if (item->is_new && errno == EEXIST)
        return -1;
    if (item->is_new && fstatat(item->folder, item->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return renameat(item->folder, item->temporary, item->folder, item->name);
}

/* One sync for all instead of one for each: a thousand files take a second less. */
static int sync_all(const struct sidecar_batch *batch)
{
    struct stat st;
    dev_t synced = 0;
    for (size_t i = 0; i < batch->n; i++) {
        if (fstat(batch->items[i].folder, &st) != 0)
            return errno;
        if ((i == 0 || st.st_dev != synced) && syncfs(batch->items[i].folder) != 0)
            return errno;
        synced = st.st_dev;
    }
    return 0;
}

int flush_sidecars(struct sidecar_batch *batch)
{
    int err = sync_all(batch), code = EXIT_DONE;
    for (size_t i = 0; i < batch->n; i++) {
        const struct pending_sidecar *item = &batch->items[i];
        int failed = err ? err : put_in_place(item) != 0 ? errno : 0;
        if (failed) {
            (void)unlinkat(item->folder, item->temporary, 0);
            code = code == EXIT_DONE ? cannot_write(item->name, failed) : code;
        }
        close(item->folder);
    }
    batch->n = 0;
    return code;
}

/* Its mode is that of the file whose place it takes. */
static int write_temporary(const struct pending_sidecar *item, const char *bytes, size_t n)
{
    struct stat st;
    (void)unlinkat(item->folder, item->temporary, 0); /* of a process that was killed and had the same number */
    int fd = openat(item->folder, item->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return errno;
    if (!item->is_new && fstatat(item->folder, item->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        (void)fchmod(fd, st.st_mode & 07777);
    int err = write_bytes(fd, bytes, n) != 0 ? errno : 0;
    close(fd);
    if (err)
        (void)unlinkat(item->folder, item->temporary, 0);
    return err;
}

int write_sidecar(struct sidecar_batch *batch, int folder, const char *name, const char *bytes, size_t n, int is_new)
{
    struct pending_sidecar *item = &batch->items[batch->n];
    *item = (struct pending_sidecar){.is_new = is_new, .folder = fcntl(folder, F_DUPFD_CLOEXEC, 0)};
    snprintf(item->name, sizeof item->name, "%s", name);
    snprintf(item->temporary, sizeof item->temporary, ".selectai-%ld-%zu.tmp", (long)getpid(), batch->n);
    if (item->folder < 0)
        return cannot_write(name, errno);
    int err = write_temporary(item, bytes, n);
    if (err) {
        close(item->folder);
        return cannot_write(name, err);
    }
    return ++batch->n == SIDECAR_BATCH ? flush_sidecars(batch) : EXIT_DONE;
}
