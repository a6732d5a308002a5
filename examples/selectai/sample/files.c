/*
 * examples/selectai/sample/files.c: folders, files, times, and taking everything back.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <selectai/selectai.h>

int failure_set(struct failure *f, int code, const char *format, ...)
{
    if (f->code == SELECTAI_OK) {
        va_list args;
        va_start(args, format);
        f->code = code;
        vsnprintf(f->text, sizeof f->text, format, args);
        va_end(args);
    }
    return code;
}

int failure_from_errno(struct failure *f, const char *path)
{
    int number = errno, code = SELECTAI_ERR_IO;
    const char *remedy = "check the disk";
    switch (number) {
    case ENOENT:
        code = SELECTAI_ERR_NOT_FOUND, remedy = "make the folder above it first";
        break;
    case ENOTDIR:
        code = SELECTAI_ERR_NOT_A_DIRECTORY, remedy = "name a folder";
        break;
    case EACCES:
    case EPERM:
    case EROFS:
        code = SELECTAI_ERR_PERMISSION, remedy = "choose a folder that you may write to";
        break;
    case ENOSPC:
    case EDQUOT:
        code = SELECTAI_ERR_NO_SPACE, remedy = "free some space, or make a smaller sample with fewer groups";
        break;
    case ENAMETOOLONG:
        code = SELECTAI_ERR_INVALID_ARGUMENT, remedy = "choose a shorter path";
        break;
    default:
        break;
    }
    return failure_set(f, code, "%s: %s; %s", path, strerror(number), remedy);
}

int files_join(char out[PATH_SIZE], const char *folder, const char *name, struct failure *f)
{
    int n = snprintf(out, PATH_SIZE, "%s/%s", folder, name);
    if (n < 0 || n >= PATH_SIZE) {
        return failure_set(f, SELECTAI_ERR_INVALID_ARGUMENT, "%.200s...: the path is too long; choose a shorter one",
                           folder);
    }
    return SELECTAI_OK;
}

static int is_empty(const char *dir, int *empty, struct failure *f)
{
    DIR *d = opendir(dir);
    if (!d) {
        return failure_from_errno(f, dir);
    }
    *empty = 1;
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            *empty = 0;
        }
    }
    closedir(d);
    return SELECTAI_OK;
}

int files_prepare(const char *dir, int *made, struct failure *f)
{
    struct stat info;
    int empty = 0;
    *made = 0;
    if (mkdir(dir, 0777) == 0) {
        *made = 1;
        return SELECTAI_OK;
    }
    if (errno != EEXIST) {
        return failure_from_errno(f, dir);
    }
    if (stat(dir, &info) != 0) {
        return failure_from_errno(f, dir);
    }
    if (!S_ISDIR(info.st_mode)) {
        return failure_set(f, SELECTAI_ERR_NOT_A_DIRECTORY, "%s: is a file; name a folder", dir);
    }
    int code = is_empty(dir, &empty, f);
    if (code == SELECTAI_OK && !empty) {
        code = failure_set(f, SELECTAI_ERR_EXISTS, "%s: the folder is not empty; name a new or an empty one", dir);
    }
    return code;
}

int files_mkdir(const char *path, struct failure *f)
{
    return mkdir(path, 0777) == 0 || errno == EEXIST ? SELECTAI_OK : failure_from_errno(f, path);
}

int files_write(const char *path, const void *bytes, size_t n, int64_t time, struct failure *f)
{
    FILE *file = fopen(path, "wb");
    if (!file) {
        return failure_from_errno(f, path);
    }
    int number = fwrite(bytes, 1, n, file) == n ? 0 : errno;
    if (fclose(file) != 0 && number == 0) {
        number = errno;
    }
    if (number != 0) {
        errno = number;
        return failure_from_errno(f, path);
    }
    if (time >= 0) {
        struct timespec times[2] = {{(time_t)time, 0}, {(time_t)time, 0}};
        if (utimensat(AT_FDCWD, path, times, 0) != 0) {
            return failure_from_errno(f, path);
        }
    }
    return SELECTAI_OK;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    (void)remove(path);
    return 0;
}

void files_take_back(const char *dir, int made)
{
    static const char *const ours[] = {"raw", "final", "truth.json"};
    struct failure ignored = {0, ""};
    char path[PATH_SIZE];
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        if (files_join(path, dir, ours[i], &ignored) == SELECTAI_OK) {
            nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        }
    }
    if (made) {
        (void)rmdir(dir);
    }
}
