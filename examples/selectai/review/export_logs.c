/*
 * review/export_logs.c: the old logs' forms, written by the library from the training entries.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export_internal.h"
#include "verbs.h"

static int write_log(const char *path, const char *entries, int32_t form, uint64_t *n)
{
    selectai_trainset *set = NULL;
    int rc = selectai_trainset_load(&set, &entries, 1, 1); /* strict: a row of ours that is not taken is our fault */
    if (rc == SELECTAI_OK)
        rc = selectai_trainset_write_log(n, set, path, form, 0);
    selectai_trainset_destroy(&set);
    return rc == SELECTAI_OK ? EXIT_DONE : report_failure(rc);
}

static int export_log(const char *path, const struct review_groups *groups, const struct journal *journal, int32_t form,
                      uint64_t *n)
{
    uint64_t n_entries;
    size_t size = strlen(path) + 48;
    char *entries = malloc(size);
    if (!entries) {
        say("out of memory");
        return EXIT_FAILED;
    }
    snprintf(entries, size, "%s.tmp-entries-%ld", path, (long)getpid());
    int code = export_entries(entries, groups, journal, &n_entries);
    if (code == EXIT_DONE) {
        code = write_log(path, entries, form, n);
        unlink(entries);
    }
    free(entries);
    return code;
}

int export_selection_log(const char *path, const struct review_groups *groups, const struct journal *journal,
                         uint64_t *n)
{
    return export_log(path, groups, journal, SELECTAI_LOG_SELECTION, n);
}

int export_crop_log(const char *path, const struct review_groups *groups, const struct journal *journal, uint64_t *n)
{
    return export_log(path, groups, journal, SELECTAI_LOG_CROP_FULL, n);
}
