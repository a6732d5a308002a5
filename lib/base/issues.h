/*
 * base/issues.h: building the issue lists of selectai/common.h.
 *
 * Not thread-safe: workers store a status per item, the calling thread turns them into issues in item order.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_ISSUES_H
#define SAI_BASE_ISSUES_H

#include "base/memory.h"

int sai_issues_create(struct selectai_issues **out);

/* kind, path and message are copied; path may be NULL. Returns SELECTAI_OK or OUT_OF_MEMORY. */
int sai_issues_add(struct selectai_issues *issues, int code, const char *kind, const char *path, uint64_t row,
                   const char *fmt, ...) SAI_PRINTF(6, 7);

/* Adds the thread's last error as an issue about `path`. */
int sai_issues_add_last(struct selectai_issues *issues, const char *kind, const char *path, uint64_t row);

/* Appends copies of all issues of `from` (may be NULL). */
int sai_issues_append(struct selectai_issues *to, const struct selectai_issues *from);

/* Takes back all but the first n. */
void sai_issues_cut(struct selectai_issues *issues, size_t n);

#endif
