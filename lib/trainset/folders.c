/*
 * trainset/folders.c: RAW and FINAL must be two folders side by side, and those of two projects must lie apart.
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

/* Appends the open folder. *more: it is not its own parent, as the root is. */
static int learn_id(struct sai_place *folder, int fd, bool *more)
{
    struct stat st;
    *more = false;
    if (fstat(fd, &st) != 0)
        return folder->n_ids ? SELECTAI_OK : SAI_FAIL_ERRNO("open the folder", folder->path);
    struct sai_place_id id = {st.st_dev, st.st_ino};
    if (folder->n_ids && sai_same_place(&id, &folder->ids[folder->n_ids - 1]))
        return SELECTAI_OK;
    if (!SAI_GROW(folder->ids, folder->ids_capacity, folder->n_ids + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    folder->ids[folder->n_ids++] = id;
    *more = folder->n_ids < MAX_ANCESTORS;
    return SELECTAI_OK;
}

int sai_place_learn(struct sai_place *folder, const char *path)
{
    bool more;
    int rc = sai_path_require_directory(path);
    if (rc != SELECTAI_OK)
        return rc;
    folder->path = sai_strdup(path);
    if (!folder->path)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return SAI_FAIL_ERRNO("open the folder", path);
    rc = learn_id(folder, fd, &more);
    while (rc == SELECTAI_OK && more) {
        int up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (up < 0)
            break; /* above this nobody may look: it cannot be a folder that was just opened by name */
        close(fd);
        fd = up;
        rc = learn_id(folder, fd, &more);
    }
    close(fd);
    return rc;
}

void sai_place_free(struct sai_place *folder)
{
    sai_free(folder->path);
    sai_free(folder->ids);
    *folder = (struct sai_place){0};
}

/* Whether `outer` is the folder `inner` or one of those above it. */
static bool lies_in(const struct sai_place *inner, const struct sai_place *outer)
{
    for (size_t i = 0; i < inner->n_ids; i++)
        if (sai_same_place(&inner->ids[i], &outer->ids[0]))
            return true;
    return false;
}

int sai_check_folders(const struct sai_place *raw, const struct sai_place *final)
{
    bool raw_in_final = lies_in(raw, final);
    if (!raw_in_final && !lies_in(final, raw))
        return SELECTAI_OK;
    if (sai_same_place(&raw->ids[0], &final->ids[0]))
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT,
                        "%s: RAW and FINAL are the same folder, so every image would count as chosen: give two folders",
                        raw->path);
    return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT,
                    "%s: lies inside %s, so images would count both as generated and as chosen: move one of the two",
                    raw_in_final ? raw->path : final->path, raw_in_final ? final->path : raw->path);
}

static const char *const kinds[] = {"RAW", "FINAL"};

static bool times_overlap(const struct sai_manifest *a, const struct sai_manifest *b)
{
    return a->started < b->finished && b->started < a->finished;
}

/* What keeps two projects from sharing one folder; NULL: nothing. */
static const char *why_not_shared(const struct sai_project_work *work, const struct sai_extracted_project *other)
{
    bool dated = sai_manifest_has_time(&work->manifest) && sai_manifest_has_time(&other->manifest);
    if (!work->extraction->by_dates)
        return dated ? "give each project its own folders, or tell their files apart by the times in their manifests "
                       "(--by-manifest-dates)"
                     : "give each project its own folders";
    if (!dated)
        return "give each project its own folders, or a manifest with its dates";
    if (times_overlap(&work->manifest, &other->manifest))
        return "their times overlap, so they cannot be told apart by dates either: correct the dates in the manifests, "
               "or give each project its own folders";
    return NULL;
}

int sai_check_other_project(const struct sai_project_work *work, const struct sai_extracted_project *other)
{
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < 2; k++) {
            const struct sai_place *mine = &work->folders[i], *theirs = &other->folders[k];
            bool inside = lies_in(mine, theirs);
            if (!inside && !lies_in(theirs, mine))
                continue;
            bool equal = sai_same_place(&mine->ids[0], &theirs->ids[0]);
            const char *remedy = equal && i == k ? why_not_shared(work, other) : "give each project its own folders";
            if (!remedy)
                continue;
            return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT,
                            "%s: the %s folder of project %s %s the %s folder of project %s (%s), and projects must "
                            "not mix: %s",
                            mine->path, kinds[i], work->name,
                            equal    ? "is"
                            : inside ? "lies inside"
                                     : "contains",
                            kinds[k], other->name, theirs->path, remedy);
        }
    }
    return SELECTAI_OK;
}
