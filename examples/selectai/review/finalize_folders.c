/*
 * review/finalize_folders.c: folders below the root, walked part by part without following links.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "finalize_private.h"

int is_safe_path(const char *path)
{
    for (const char *p = path;; p++) {
        size_t n = strcspn(p, "/");
        if (n == 0 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
            return 0;
        p += n;
        if (*p == 0)
            return 1;
    }
}

/* The folder `name` in `above`, made if it is missing and `make` says so. */
static int enter(int above, const char *name, int make)
{
    int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, fd = openat(above, name, flags);
    if (fd >= 0 || errno != ENOENT || !make)
        return fd;
    if (mkdirat(above, name, 0777) != 0 && errno != EEXIST)
        return -1;
    (void)fsync(above);
    return openat(above, name, flags);
}

int open_folder_below(int root, const char *path, int make)
{
    int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && *path) {
        char name[256];
        size_t n = strcspn(path, "/");
        int next = -1;
        errno = ENAMETOOLONG;
        if (n < sizeof name) {
            memcpy(name, path, n);
            name[n] = 0;
            next = enter(fd, name, make);
        }
        int err = errno;
        close(fd);
        errno = err;
        fd = next;
        path += n + (path[n] == '/');
    }
    return fd;
}

int stat_below(int root, const char *path, struct stat *st)
{
    char *folder = folder_in_path(path);
    int fd = folder ? open_folder_below(root, folder, 0) : -1, rc = -1;
    if (!folder)
        errno = ENOMEM;
    free(folder);
    if (fd < 0)
        return -1;
    rc = fstatat(fd, last_part(path), st, AT_SYMLINK_NOFOLLOW);
    int err = errno;
    close(fd);
    errno = err;
    return rc;
}

void sync_folder_below(int root, const char *path)
{
    int fd = open_folder_below(root, path, 0);
    if (fd >= 0) {
        (void)fsync(fd); /* file systems that cannot do that for folders have nothing to sync */
        close(fd);
    }
}

void remove_parts(int root, const char *folder, const char *prefix)
{
    int fd = open_folder_below(root, folder, 0);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
            unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
}
