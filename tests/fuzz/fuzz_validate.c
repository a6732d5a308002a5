/*
 * fuzz/fuzz_validate.c: any bytes are looked into; what is said of decisions is what loading them does.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

static struct selectai_validated_file check_file(const selectai_validation *v)
{
    struct selectai_validated_file f = {.struct_size = sizeof f};
    uint64_t worst = 0;
    if (selectai_validation_count(v) != 1 || selectai_validation_get(v, 0, &f) != SELECTAI_OK || f.usable > f.rows)
        abort();
    for (size_t i = 0; i < f.n_problems; i++) {
        struct selectai_validated_problem p = {.struct_size = sizeof p};
        if (selectai_validation_problem(v, 0, i, &p) != SELECTAI_OK || p.count == 0 || p.unusable > p.count ||
            p.n_examples > 10 || !*p.code || !*p.meaning)
            abort();
        if (p.severity == SELECTAI_SEVERITY_ERROR)
            worst = SELECTAI_SEVERITY_ERROR;
    }
    if ((f.severity == SELECTAI_SEVERITY_ERROR) != (worst == SELECTAI_SEVERITY_ERROR))
        abort();
    return f;
}

static int is_log(const char *kind)
{
    return strcmp(kind, "entries") == 0 || strcmp(kind, "selection-log") == 0 || strcmp(kind, "crop-log") == 0 ||
           strcmp(kind, "anomaly-cases") == 0 || strcmp(kind, "rejected") == 0;
}

/* Rejected groups that can be used, but do not count. */
static size_t settled(const selectai_issues *issues)
{
    size_t n = 0;
    for (size_t i = 0; i < selectai_issues_count(issues); i++) {
        struct selectai_issue issue = {.struct_size = sizeof issue};
        if (selectai_issues_get(issues, i, &issue) != SELECTAI_OK)
            abort();
        n += strcmp(issue.kind, "repeated") == 0 || strcmp(issue.kind, "decided") == 0;
    }
    return n;
}

/* The rows that can be used are those that loading takes. */
static void compare(const struct selectai_validated_file *f, const char *path)
{
    const char *paths[] = {path};
    selectai_trainset *set = NULL;
    if (!is_log(f->kind) || selectai_trainset_load(&set, paths, 1, 0) != SELECTAI_OK)
        return;
    if (selectai_trainset_count(set) + selectai_trainset_rejected_count(set) + settled(selectai_trainset_issues(set)) !=
        f->usable)
        abort();
    selectai_trainset_destroy(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64], *text = NULL;
    int fd = memory_file(path, data, size);
    const char *paths[] = {path};
    struct selectai_validate_options options;
    selectai_validation *v = NULL;
    selectai_validate_options_init(&options, sizeof options);
    options.now = 1767225600;
    options.threads = 1;
    if (selectai_validate(&v, paths, 1, &options) != SELECTAI_OK)
        abort();
    struct selectai_validated_file f = check_file(v);
    compare(&f, path);
    if (selectai_validation_json(&text, v) != SELECTAI_OK)
        abort();
    selectai_free(text);
    selectai_validation_destroy(&v);
    close(fd);
    return 0;
}
