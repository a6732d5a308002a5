/*
 * duplicates/hash_files.c: perceptual hashes of many files.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/threads.h"
#include "duplicates/duplicates.h"

int sai_file_failed(struct sai_file_problem *problem, int code)
{
    if (code == SELECTAI_ERR_OUT_OF_MEMORY || code == SELECTAI_ERR_INTERNAL)
        return code;
    problem->text = sai_strdup(selectai_last_error());
    problem->code = code;
    return problem->text ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

int sai_hash_file(uint64_t *out, const char *path)
{
    selectai_image *image = NULL;
    int rc = selectai_image_load(&image, path, NULL);
    if (rc == SELECTAI_OK)
        rc = selectai_image_phash(out, image);
    selectai_image_destroy(&image);
    return rc;
}

struct hashing {
    const char *const *paths;
    uint64_t *hashes;
    uint8_t *known;
    struct sai_file_problem *problems;
};

static int hash_one(size_t index, unsigned thread, void *ctx)
{
    struct hashing *h = ctx;
    (void)thread;
    int rc = sai_hash_file(&h->hashes[index], h->paths[index]);
    h->known[index] = rc == SELECTAI_OK;
    return rc == SELECTAI_OK ? rc : sai_file_failed(&h->problems[index], rc);
}

int selectai_hash_files(uint64_t *hashes, uint8_t *known, selectai_issues **issues, const char *const *paths, size_t n,
                        uint32_t threads, selectai_progress_fn progress, void *user)
{
    SAI_REQUIRE(hashes && known && paths);
    for (size_t i = 0; i < n; i++)
        SAI_REQUIRE(paths[i] && *paths[i]);
    if (n > 0) {
        memset(hashes, 0, n * sizeof *hashes);
        memset(known, 0, n);
    }
    struct sai_progress reporting = {.fn = progress, .user = user};
    struct hashing h = {paths, hashes, known, sai_calloc(n > 0 ? n : 1, sizeof *h.problems)};
    struct selectai_issues *found = NULL;
    int rc = h.problems ? sai_issues_create(&found) : SELECTAI_ERR_OUT_OF_MEMORY, added = SELECTAI_OK;
    if (rc == SELECTAI_OK)
        rc = sai_parallel_for(threads, n, hash_one, &h, &reporting, "hash");
    for (size_t i = 0; h.problems && i < n; i++) {
        if (h.problems[i].text && found && added == SELECTAI_OK)
            added = sai_issues_add(found, h.problems[i].code, "unreadable", paths[i], 0, "%s", h.problems[i].text);
        sai_free(h.problems[i].text);
    }
    sai_free(h.problems);
    if (added != SELECTAI_OK)
        rc = added;
    if (issues && (rc == SELECTAI_OK || rc == SELECTAI_ERR_CANCELLED))
        *issues = found;
    else
        selectai_issues_destroy(&found);
    return rc;
}
