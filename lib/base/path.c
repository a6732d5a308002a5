/*
 * base/path.c: taking paths apart and together, folders.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"

char *sai_path_join(const char *folder, const char *name)
{
    size_t n = strlen(folder);
    if (n == 0)
        return sai_strdup(name);
    return sai_asprintf("%s%s%s", folder, folder[n - 1] == '/' ? "" : "/", name);
}

const char *sai_path_basename(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *sai_path_dirname(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return sai_strdup(".");
    return slash == path ? sai_strdup("/") : sai_strndup(path, (size_t)(slash - path));
}

const char *sai_path_extension(const char *path)
{
    const char *name = sai_path_basename(path), *dot = strrchr(name, '.');
    return dot && dot != name ? dot : name + strlen(name);
}

bool sai_path_is_image(const char *path)
{
    static const char *const extensions[] = {".png", ".jpg", ".jpeg", ".webp"};
    const char *extension = sai_path_extension(path);
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++)
        if (strcasecmp(extension, extensions[i]) == 0)
            return true;
    return false;
}

bool sai_path_is_directory(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool sai_path_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

int sai_path_require_directory(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return SAI_FAIL_ERRNO("open the folder", path);
    if (!S_ISDIR(st.st_mode))
        return SAI_FAIL(SELECTAI_ERR_NOT_A_DIRECTORY, "%s: is a file, a folder is needed", path);
    if (access(path, R_OK | X_OK) != 0)
        return SAI_FAIL_ERRNO("open the folder", path);
    return SELECTAI_OK;
}

int sai_path_make_directories(const char *path)
{
    char *copy = sai_strdup(path);
    int rc = copy ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    /* Each prefix that ends at a '/', then the whole; a leading '/' is no folder to make. */
    for (char *p = copy ? copy + 1 : NULL; rc == SELECTAI_OK && p && p[-1]; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char kept = *p;
        *p = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST)
            rc = SAI_FAIL_ERRNO("make the folder", copy);
        else if (kept == '\0' && !sai_path_is_directory(copy))
            rc = SAI_FAIL(SELECTAI_ERR_NOT_A_DIRECTORY, "%s: is a file, a folder is needed", copy);
        *p = kept;
        if (kept == '\0')
            break;
    }
    sai_free(copy);
    return rc;
}
