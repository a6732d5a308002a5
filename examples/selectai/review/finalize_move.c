/*
 * review/finalize_move.c: moves one file to a place where nothing lies.
 *
 * The only files that are ever unlinked here: a source whose bytes stand, compared and synced, at the target on another
 * file system; a source that is the target's second name, where a file system can link but not rename without
 * overwriting; and parts of copies of ours that were cut short.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "finalize_private.h"

#define PIECE ((size_t)1 << 18)

/* A name in an open folder. */
struct place {
    int folder;
    const char *name;
};

static int open_place(struct place *place, int root, const char *path, int make)
{
    char *folder = folder_in_path(path);
    *place = (struct place){.folder = -1, .name = last_part(path)};
    if (!folder)
        return ENOMEM;
    place->folder = open_folder_below(root, folder, make);
    int err = place->folder < 0 ? errno : 0;
    free(folder);
    return err;
}

static void close_place(struct place *place)
{
    if (place->folder >= 0)
        close(place->folder);
}

static int rename_to_nothing(const struct place *from, const struct place *to)
{
    if (renameat2(from->folder, from->name, to->folder, to->name, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
        return errno;
    if (linkat(from->folder, from->name, to->folder, to->name, 0) != 0)
        return errno;
    return unlinkat(from->folder, from->name, 0) == 0 ? 0 : errno;
}

/* Up to n bytes, less only at the end; -1: errno. */
static ssize_t read_piece(int fd, char *bytes, size_t n)
{
    size_t got = 0;
    while (got < n) {
        ssize_t k = read(fd, bytes + got, n - got);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return -1;
        if (k == 0)
            break;
        got += (size_t)k;
    }
    return (ssize_t)got;
}

static int write_piece(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t k = write(fd, bytes, n);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return errno;
        bytes += k;
        n -= (size_t)k;
    }
    return 0;
}

static int copy_bytes(int in, int out)
{
    char *piece = malloc(PIECE);
    int err = piece ? 0 : ENOMEM;
    ssize_t got = (ssize_t)PIECE;
    while (err == 0 && got == (ssize_t)PIECE) {
        got = read_piece(in, piece, PIECE);
        err = got < 0 ? errno : write_piece(out, piece, (size_t)got);
    }
    free(piece);
    return err;
}

/* 1: the same; 0: not; -1: errno. */
static int same_bytes(int a, int b)
{
    char *x = malloc(2 * PIECE), *y = x ? x + PIECE : NULL;
    int same = x ? 1 : -1;
    ssize_t n = (ssize_t)PIECE;
    while (same == 1 && n == (ssize_t)PIECE) {
        n = read_piece(a, x, PIECE);
        ssize_t k = n < 0 ? -1 : read_piece(b, y, PIECE);
        same = k < 0 ? -1 : k == n && memcmp(x, y, (size_t)n) == 0;
    }
    int err = errno;
    free(x);
    errno = err;
    return same;
}

static int open_regular(const struct place *place)
{
    struct stat st;
    int fd = openat(place->folder, place->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        errno = EINVAL;
        return -1;
    }
    return fd;
}

static int same_places(const struct place *a, const struct place *b)
{
    int x = open_regular(a), y = x >= 0 ? open_regular(b) : -1, same = y >= 0 ? same_bytes(x, y) : -1;
    int err = errno;
    if (x >= 0)
        close(x);
    if (y >= 0)
        close(y);
    errno = err;
    return same;
}

/* Mode and times as the source's; whoever copies to a file system without them loses them. */
static int finish_copy(int in, int out)
{
    struct stat st;
    if (fstat(in, &st) != 0)
        return errno;
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    (void)fchmod(out, st.st_mode & 07777);
    (void)futimens(out, times);
    if (fsync(out) != 0)
        return errno;
    (void)posix_fadvise(out, 0, 0, POSIX_FADV_DONTNEED); /* so that comparing reads what the disk has */
    return 0;
}

static int copy_to_part(const struct place *from, const struct place *part)
{
    int in = open_regular(from), err = in < 0 ? errno : 0, out = -1;
    if (err == 0 &&
        (out = openat(part->folder, part->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)) < 0)
        err = errno;
    if (err == 0)
        err = copy_bytes(in, out);
    if (err == 0)
        err = finish_copy(in, out);
    if (in >= 0)
        close(in);
    if (out >= 0 && close(out) != 0 && err == 0)
        err = errno;
    return err;
}

static int copy_across(const struct place *from, const struct place *to, const char *part_name)
{
    struct place part = {.folder = to->folder, .name = part_name};
    unlinkat(part.folder, part.name, 0);
    int err = copy_to_part(from, &part);
    if (err == 0) {
        int same = same_places(from, &part);
        err = same == 1 ? 0 : same == 0 ? EIO : errno;
    }
    if (err == 0)
        err = rename_to_nothing(&part, to);
    if (err != 0) {
        unlinkat(part.folder, part.name, 0);
        return err;
    }
    (void)fsync(to->folder);
    return unlinkat(from->folder, from->name, 0) == 0 ? 0 : errno;
}

int move_below(int root, const char *from, const char *to, const char *part)
{
    struct place source, target = {.folder = -1};
    struct stat st;
    int err = open_place(&source, root, from, 0);
    if (err == 0 && fstatat(source.folder, source.name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        err = errno;
    if (err == 0 && !S_ISREG(st.st_mode))
        err = EINVAL;
    if (err == 0)
        err = open_place(&target, root, to, 1);
    if (err == 0)
        err = rename_to_nothing(&source, &target);
    if (err == EXDEV)
        err = copy_across(&source, &target, part);
    close_place(&source);
    close_place(&target);
    return err;
}

int same_bytes_below(int root, const char *a, const char *b)
{
    struct place x, y = {.folder = -1};
    int err = open_place(&x, root, a, 0);
    if (err == 0)
        err = open_place(&y, root, b, 0);
    int same = err == 0 ? same_places(&x, &y) : -1;
    if (err == 0)
        err = errno;
    close_place(&x);
    close_place(&y);
    errno = err;
    return same;
}

int is_half_moved(int root, const char *from, const char *to)
{
    struct stat a, b;
    if (stat_below(root, from, &a) != 0 || stat_below(root, to, &b) != 0 || !S_ISREG(a.st_mode) || !S_ISREG(b.st_mode))
        return 0;
    if (a.st_dev == b.st_dev)
        return a.st_ino == b.st_ino;
    return a.st_size == b.st_size && same_bytes_below(root, from, to) == 1;
}

int finish_move(int root, const char *from, const char *to)
{
    char *folder = folder_in_path(to);
    struct place source;
    if (!folder)
        return ENOMEM;
    sync_folder_below(root, folder);
    free(folder);
    int err = open_place(&source, root, from, 0);
    if (err == 0 && unlinkat(source.folder, source.name, 0) != 0)
        err = errno;
    close_place(&source);
    return err;
}
