/*
 * validate_fixture.h: files in a temporary folder, and questions to a validation.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef VALIDATE_FIXTURE_H
#define VALIDATE_FIXTURE_H

#include "test_util.h"

#define NOW INT64_C(1767225600) /* 2026-01-01 */

static char folder[256];

static inline int set_up(void **state)
{
    (void)state;
    make_temporary(folder);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    remove_temporary(folder);
    return 0;
}

static inline const char *at(const char *name)
{
    static char paths[4][512];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static inline const char *put(const char *name, const char *text)
{
    const char *path = at(name);
    write_text(path, text);
    return path;
}

static inline struct selectai_validate_options options_at(int64_t now)
{
    struct selectai_validate_options options;
    selectai_validate_options_init(&options, sizeof options);
    options.now = now;
    options.threads = 1;
    return options;
}

static inline selectai_validation *look_with(const char *path, const struct selectai_validate_options *options)
{
    selectai_validation *v = NULL;
    if (selectai_validate(&v, &path, 1, options) != SELECTAI_OK)
        fail_msg("%s: %s", path, selectai_last_error());
    return v;
}

static inline selectai_validation *look(const char *path)
{
    const struct selectai_validate_options options = options_at(NOW);
    return look_with(path, &options);
}

static inline struct selectai_validated_file file_of(const selectai_validation *v, size_t i)
{
    struct selectai_validated_file f = {.struct_size = sizeof f};
    assert_int_equal(selectai_validation_get(v, i, &f), SELECTAI_OK);
    return f;
}

/* The problem of that code; count 0 if there is none. */
static inline struct selectai_validated_problem problem_of(const selectai_validation *v, size_t file, const char *code)
{
    struct selectai_validated_problem p = {.struct_size = sizeof p};
    for (size_t i = 0; i < file_of(v, file).n_problems; i++) {
        assert_int_equal(selectai_validation_problem(v, file, i, &p), SELECTAI_OK);
        if (strcmp(p.code, code) == 0)
            return p;
    }
    return (struct selectai_validated_problem){.struct_size = sizeof p};
}

static inline void print_problems(const selectai_validation *v)
{
    char *text = NULL;
    assert_int_equal(selectai_validation_json(&text, v), SELECTAI_OK);
    print_message("%s", text);
    selectai_free(text);
}

/* In the first file: so many of that code, so many of them unusable. */
static inline void expect(const selectai_validation *v, const char *code, uint64_t count, uint64_t unusable)
{
    struct selectai_validated_problem p = problem_of(v, 0, code);
    if (p.count == count && p.unusable == unusable)
        return;
    print_problems(v);
    fail_msg("%s: %llu, of them unusable %llu, not %llu and %llu", code, (unsigned long long)p.count,
             (unsigned long long)p.unusable, (unsigned long long)count, (unsigned long long)unusable);
}

static inline void expect_kind(const selectai_validation *v, size_t i, const char *kind, uint64_t rows, uint64_t usable)
{
    struct selectai_validated_file f = file_of(v, i);
    if (strcmp(f.kind, kind) == 0 && f.rows == rows && f.usable == usable)
        return;
    print_problems(v);
    fail_msg("%s: %s with %llu rows, %llu usable", f.path, f.kind, (unsigned long long)f.rows,
             (unsigned long long)f.usable);
}

#endif
