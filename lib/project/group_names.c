/*
 * project/group_names.c: grouping names that a caller has at hand.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/memory.h"
#include "base/path.h"
#include "project/group.h"
#include "project/name.h"

/* Gives every key the rank of its folder: what precedes the last '/'. */
static int rank_folders(struct sai_group_key *keys, const char *const *names, size_t n)
{
    struct sai_folder *folders = sai_malloc_array(n, sizeof *folders);
    uint32_t *ranks = sai_malloc_array(n, sizeof *ranks);
    int rc = folders && ranks ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; rc == SELECTAI_OK && i < n; i++) {
        size_t before_name = (size_t)(keys[i].name - names[i]);
        folders[i] = (struct sai_folder){.name = names[i], .length = before_name ? before_name - 1 : 0};
    }
    if (rc == SELECTAI_OK)
        rc = sai_rank_folders(ranks, folders, n);
    for (size_t i = 0; rc == SELECTAI_OK && i < n; i++)
        keys[i].folder = ranks[i];
    sai_free(folders);
    sai_free(ranks);
    return rc;
}

int selectai_group_names(uint32_t *members, uint32_t *starts, size_t *n_groups, const char *const *names, size_t n,
                         const struct selectai_group_options *options)
{
    struct selectai_group_options checked;
    struct selectai_parsed_name parsed;

    SAI_REQUIRE(members && starts && n_groups && (names || n == 0));
    SAI_REQUIRE(n < UINT32_MAX);
    for (size_t i = 0; i < n; i++)
        SAI_REQUIRE(names[i] != NULL);
    int rc = sai_group_options_read(&checked, options);
    if (rc != SELECTAI_OK)
        return rc;
    struct sai_group_key *keys = sai_malloc_array(n, sizeof *keys);
    if (!keys)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n; i++) {
        keys[i] = (struct sai_group_key){.name = sai_path_basename(names[i])};
        keys[i].parsed = sai_parse_name(&parsed, names[i]) == NULL;
        if (keys[i].parsed) {
            keys[i].seconds = parsed.seconds;
            keys[i].stage = parsed.stage;
        }
    }
    rc = rank_folders(keys, names, n);
    if (rc == SELECTAI_OK)
        rc = sai_group(members, starts, n_groups, NULL, keys, n, &checked);
    sai_free(keys);
    return rc;
}
