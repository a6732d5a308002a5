/*
 * suggest/grouping.c: files to groups, and which files are in none.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "suggest/grouping.h"

#include <string.h>

void sai_grouping_free(struct sai_grouping *g)
{
    sai_free(g->members);
    sai_free(g->starts);
    *g = (struct sai_grouping){0};
}

static int report_left_out(struct selectai_issues *issues, const struct sai_grouping *g, const char *const *paths,
                           size_t n)
{
    uint8_t *grouped = sai_calloc(n, sizeof *grouped);
    int rc = grouped ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (uint32_t i = 0; grouped && g->n_groups > 0 && i < g->starts[g->n_groups]; i++)
        grouped[g->members[i]] = 1;
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++) {
        struct selectai_parsed_name name = {.struct_size = sizeof name};
        if (grouped[i])
            continue;
        if (selectai_parse_filename(&name, paths[i]) != SELECTAI_OK)
            rc = sai_issues_add_last(issues, "unparsed", paths[i], 0);
        else
            rc = sai_issues_add(issues, SELECTAI_ERR_NO_DATA, "no-group", paths[i], 0,
                                "%s: no other stages of this picture were found near it", paths[i]);
    }
    sai_free(grouped);
    return rc;
}

int sai_grouping_make(struct sai_grouping *g, struct selectai_issues *issues, const char *const *paths, size_t n,
                      const struct selectai_group_options *options)
{
    *g = (struct sai_grouping){0};
    g->members = sai_malloc_array(n, sizeof *g->members);
    g->starts = sai_calloc(n + 1, sizeof *g->starts);
    if (!g->members || !g->starts)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int rc = selectai_group_names(g->members, g->starts, &g->n_groups, paths, n, options);
    return rc == SELECTAI_OK ? report_left_out(issues, g, paths, n) : rc;
}

int sai_grouping_take(struct sai_grouping *g, size_t n, const uint32_t *starts, uint64_t n_groups)
{
    *g = (struct sai_grouping){0};
    if (n_groups > n || starts[0] != 0 || starts[n_groups] != n)
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "set_starts must begin with 0 and end with the number of files");
    for (uint64_t i = 0; i < n_groups; i++)
        if (starts[i + 1] > n || starts[i + 1] < starts[i] || starts[i + 1] - starts[i] < 2)
            return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "set_starts: group %zu has fewer than two files", (size_t)i);
    g->members = sai_malloc_array(n, sizeof *g->members);
    g->starts = sai_calloc((size_t)n_groups + 1, sizeof *g->starts);
    if (!g->members || !g->starts)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n; i++)
        g->members[i] = (uint32_t)i;
    memcpy(g->starts, starts, ((size_t)n_groups + 1) * sizeof *starts);
    g->n_groups = (size_t)n_groups;
    return SELECTAI_OK;
}
