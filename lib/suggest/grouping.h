/*
 * suggest/grouping.h: files to groups, and which files are in none.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_SUGGEST_GROUPING_H
#define SAI_SUGGEST_GROUPING_H

#include <selectai/project.h>

#include "base/issues.h"

/* Group g is the paths members[starts[g]] .. members[starts[g + 1] - 1]. */
struct sai_grouping {
    uint32_t *members, *starts;
    size_t n_groups;
};

/* Names that do not parse, and files that no group wanted, become issues. Call sai_grouping_free() in any case. */
int sai_grouping_make(struct sai_grouping *out, struct selectai_issues *issues, const char *const *paths, size_t n,
                      const struct selectai_group_options *options);
/* Groups that the caller knows: group g is the paths starts[g] .. starts[g + 1] - 1. INVALID_ARGUMENT if one has fewer
 * than two, or they do not add up to n. Free as above. */
int sai_grouping_take(struct sai_grouping *out, size_t n, const uint32_t *starts, uint64_t n_groups);
void sai_grouping_free(struct sai_grouping *grouping);

#endif
