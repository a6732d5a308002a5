/*
 * trainset/folders.c: RAW and FINAL must be two folders side by side.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "trainset/extraction.h"

#define MAX_ANCESTORS 4096

static bool same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Whether `outer` is the folder `inner` or one of those above it. By device and inode: names may lie (links, mounts).
 */
static int lies_in(bool *out, bool *equal, const char *inner, const struct stat *outer)
{
    struct stat here, above;
    int fd = open(inner, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int rc = fd >= 0 && fstat(fd, &here) == 0 ? SELECTAI_OK : SAI_FAIL_ERRNO("open the folder", inner);
    *out = *equal = rc == SELECTAI_OK && same(&here, outer);
    for (int i = 0; rc == SELECTAI_OK && !*out && i < MAX_ANCESTORS; i++) {
        int up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (up < 0)
            break; /* above this nobody may look: it cannot be a folder that was just opened by name */
        close(fd);
        fd = up;
        if (fstat(fd, &above) != 0 || same(&above, &here))
            break; /* the root is its own parent */
        here = above;
        *out = same(&here, outer);
    }
    if (fd >= 0)
        close(fd);
    return rc;
}

int sai_check_folders(const char *raw_dir, const char *final_dir)
{
    struct stat raw, final;
    bool raw_in_final = false, final_in_raw = false, equal = false;
    int rc = sai_path_require_directory(raw_dir);
    if (rc == SELECTAI_OK)
        rc = sai_path_require_directory(final_dir);
    if (rc == SELECTAI_OK && stat(raw_dir, &raw) != 0)
        rc = SAI_FAIL_ERRNO("open the folder", raw_dir);
    if (rc == SELECTAI_OK && stat(final_dir, &final) != 0)
        rc = SAI_FAIL_ERRNO("open the folder", final_dir);
    if (rc == SELECTAI_OK)
        rc = lies_in(&raw_in_final, &equal, raw_dir, &final);
    if (rc == SELECTAI_OK && !raw_in_final)
        rc = lies_in(&final_in_raw, &equal, final_dir, &raw);
    if (rc != SELECTAI_OK || (!raw_in_final && !final_in_raw))
        return rc;
    if (equal)
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT,
                        "%s: RAW and FINAL are the same folder, so every image would count as chosen: give two folders",
                        raw_dir);
    return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT,
                    "%s: lies inside %s, so images would count both as generated and as chosen: move one of the two",
                    raw_in_final ? raw_dir : final_dir, raw_in_final ? final_dir : raw_dir);
}
