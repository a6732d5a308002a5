/*
 * embed/cache_leftovers.c: files that belong to no part: what kills left, and what writers at work have not finished.
 *
 * The two look the same, so nothing younger than an hour is touched.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/path.h"
#include "embed/cache.h"

#define ABANDONED_SECONDS 3600

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), k = strlen(end);
    return n > k && strcmp(text + n - k, end) == 0;
}

static bool is_temporary(const char *name)
{
    bool ours = begins(name, "part-") || begins(name, SAI_CACHE_FAILED_PREFIX) || begins(name, SAI_CACHE_COMPACTED) ||
                begins(name, SAI_CACHE_MANIFEST);
    return (ours && strstr(name, ".tmp-")) || begins(name, SAI_CACHE_MANIFEST ".new-");
}

/* A .npy or .idx whose .jsonl is not there. */
static bool lacks_lines(const char *name, const char *path)
{
    if (!begins(name, "part-") || (!ends_with(path, ".npy") && !ends_with(path, ".idx")))
        return false;
    char *lines = sai_asprintf("%.*s.jsonl", (int)(strlen(path) - 4), path);
    bool lacks = lines && !sai_path_exists(lines);
    sai_free(lines);
    return lacks;
}

typedef int (*visitor)(const char *path, bool temporary, void *ctx);

static int visit(const char *directory, const char *name, visitor fn, void *ctx)
{
    char *path = sai_path_join(directory, name);
    int rc = path ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    if (path && is_temporary(name))
        rc = fn(path, true, ctx);
    else if (path && lacks_lines(name, path))
        rc = fn(path, false, ctx);
    sai_free(path);
    return rc;
}

static int each(const char *directory, visitor fn, void *ctx)
{
    const struct dirent *entry;
    DIR *dir = opendir(directory);
    int rc = dir ? SELECTAI_OK : SAI_FAIL_ERRNO("open the folder", directory);
    while (rc == SELECTAI_OK && (entry = readdir(dir)) != NULL)
        rc = visit(directory, entry->d_name, fn, ctx);
    if (dir)
        closedir(dir);
    return rc;
}

static int remove_abandoned(const char *path, bool temporary, void *ctx)
{
    struct stat st;
    (void)temporary;
    if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && *(const time_t *)ctx - st.st_mtime > ABANDONED_SECONDS)
        (void)unlink(path);
    return SELECTAI_OK;
}

void sai_cache_leftovers_remove(const char *directory)
{
    struct sai_error_copy kept;
    time_t now = time(NULL);
    sai_error_save(&kept);
    if (each(directory, remove_abandoned, &now) != SELECTAI_OK)
        sai_error_restore(&kept); /* they are in nobody's way */
}

static int list(const char *path, bool temporary, void *ctx)
{
    return sai_issues_add(ctx, SELECTAI_OK, temporary ? "temporary" : "uncommitted", path, 0,
                          temporary ? "%s: a file of a run that was killed, or is at work"
                                    : "%s: has no .jsonl: a run was killed, or is still writing it",
                          path);
}

int selectai_embedding_cache_leftovers(selectai_issues **issues, const char *directory)
{
    selectai_issues *found = NULL;
    SAI_REQUIRE(issues && directory);
    int rc = sai_path_require_directory(directory);
    if (rc == SELECTAI_OK)
        rc = sai_issues_create(&found);
    if (rc == SELECTAI_OK)
        rc = each(directory, list, found);
    if (rc == SELECTAI_OK)
        *issues = found;
    else
        selectai_issues_destroy(&found);
    return rc;
}
