/*
 * review/beneath.c: opening files that lie below a folder, whatever has become of the folders between.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(SYS_openat2) && defined(__has_include)
#if __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#define HAVE_OPENAT2 1
#endif
#endif

/* Without waiting for the other end, should it be a pipe by now. */
#define FLAGS (O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)

static int by_parts;

void beneath_by_parts(int on)
{
    by_parts = on;
}

static int is_proper(const char *rel_path)
{
    const char *part = rel_path;
    for (;;) {
        size_t n = strcspn(part, "/");
        if (n == 0 || (n == 1 && part[0] == '.') || (n == 2 && part[0] == '.' && part[1] == '.'))
            return 0;
        if (part[n] == '\0')
            return 1;
        part += n + 1;
    }
}

/* The kernel's own way, since Linux 5.6; some sandboxes refuse it with EPERM. */
static int open_at_once(int root, const char *rel_path)
{
#ifdef HAVE_OPENAT2
    struct open_how how = {.flags = FLAGS, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    return (int)syscall(SYS_openat2, root, rel_path, &how, sizeof how);
#else
    (void)root;
    (void)rel_path;
    errno = ENOSYS;
    return -1;
#endif
}

static int open_by_parts(int root, const char *rel_path)
{
    int folder = root;
    for (;;) {
        char part[NAME_MAX + 1];
        size_t n = strcspn(rel_path, "/");
        int last = rel_path[n] == '\0', fd = -1, err = ENAMETOOLONG;
        if (n < sizeof part) {
            memcpy(part, rel_path, n);
            part[n] = '\0';
            fd = openat(folder, part, last ? FLAGS : FLAGS | O_DIRECTORY);
            err = errno;
        }
        if (folder != root)
            close(folder);
        errno = err;
        if (fd < 0 || last)
            return fd;
        folder = fd;
        rel_path += n + 1;
    }
}

int open_beneath(int root, const char *rel_path)
{
    struct stat status;
    if (!is_proper(rel_path)) {
        errno = EINVAL;
        return -1;
    }
    int fd = by_parts ? -1 : open_at_once(root, rel_path);
    if (fd < 0 && (by_parts || errno == ENOSYS || errno == EPERM))
        fd = open_by_parts(root, rel_path);
    if (fd >= 0 && (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))) {
        close(fd);
        errno = EINVAL;
        return -1;
    }
    return fd;
}
