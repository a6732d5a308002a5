/*
 * trainset_fixture.h: RAW and FINAL in a temporary folder, and questions to an extraction.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef TRAINSET_FIXTURE_H
#define TRAINSET_FIXTURE_H

#include "test_util.h"

#include <fcntl.h>
#include <math.h>

#include "base/json.h"
#include "base/rng.h"
#include "base/time.h"

#define T "20250708_0607"

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

static inline const char *at(const char *rel)
{
    static char paths[4][512];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, rel);
    return path;
}

static inline void make_parents(const char *rel)
{
    char text[512];
    snprintf(text, sizeof text, "%s", at(rel));
    for (char *p = text + strlen(folder) + 1; (p = strchr(p, '/')) != NULL; *p++ = '/') {
        *p = '\0';
        mkdir(text, 0777);
    }
}

/* A file made `seconds` after some fixed day. */
static inline void age(const char *rel, long seconds)
{
    struct timespec times[2] = {{.tv_sec = 1750000000 + seconds}, {.tv_sec = 1750000000 + seconds}};
    assert_int_equal(utimensat(AT_FDCWD, at(rel), times, 0), 0);
}

static inline void put(const char *rel, const char *content, long seconds)
{
    make_parents(rel);
    write_text(at(rel), content);
    age(rel, seconds);
}

static inline selectai_extraction *create(int32_t crop_check, const struct selectai_group_options *group)
{
    struct selectai_extract_options o;
    selectai_extraction *x = NULL;
    selectai_extract_options_init(&o, sizeof o);
    o.crop_check = crop_check;
    o.group = group;
    o.date = "2026-01-02";
    assert_int_equal(selectai_extraction_create(&x, &o), SELECTAI_OK);
    return x;
}

static inline void add(selectai_extraction *x, const char *project)
{
    if (selectai_extraction_add_project(x, at("raw"), at("final"), project) != SELECTAI_OK)
        fail_msg("%s", selectai_last_error());
}

static inline selectai_extraction *extract(int32_t crop_check)
{
    selectai_extraction *x = create(crop_check, NULL);
    add(x, "p");
    return x;
}

static inline struct selectai_entry entry_of(const selectai_extraction *x, size_t i)
{
    struct selectai_entry e = {.struct_size = sizeof e};
    assert_int_equal(selectai_trainset_get(selectai_extraction_entries(x), i, &e), SELECTAI_OK);
    return e;
}

static inline size_t n_entries(const selectai_extraction *x)
{
    return selectai_trainset_count(selectai_extraction_entries(x));
}

/* A count of the first project's report. */
static inline long reported(const selectai_extraction *x, const char *name)
{
    char *text = NULL;
    json_t *report = NULL;
    assert_int_equal(selectai_extraction_report_json(&text, x), SELECTAI_OK);
    assert_int_equal(sai_json_parse(&report, text, strlen(text), "report", 0), SELECTAI_OK);
    const json_t *value = json_object_get(json_array_get(json_object_get(report, "projects"), 0), name);
    if (!json_is_integer(value))
        fail_msg("the report has no count %s", name);
    long count = (long)json_integer_value(value);
    json_decref(report);
    selectai_free(text);
    return count;
}

static inline size_t n_issues(const selectai_extraction *x, const char *kind)
{
    size_t n = 0;
    const selectai_issues *issues = selectai_extraction_issues(x);
    for (size_t i = 0; i < selectai_issues_count(issues); i++) {
        struct selectai_issue issue = {.struct_size = sizeof issue};
        assert_int_equal(selectai_issues_get(issues, i, &issue), SELECTAI_OK);
        n += strcmp(issue.kind, kind) == 0;
    }
    return n;
}

/* The first issue of that kind. */
static inline struct selectai_issue issue_of(const selectai_extraction *x, const char *kind)
{
    struct selectai_issue issue = {.struct_size = sizeof issue};
    const selectai_issues *issues = selectai_extraction_issues(x);
    for (size_t i = 0; i < selectai_issues_count(issues); i++) {
        assert_int_equal(selectai_issues_get(issues, i, &issue), SELECTAI_OK);
        if (strcmp(issue.kind, kind) == 0)
            return issue;
    }
    fail_msg("there is no issue %s", kind);
    return issue;
}

/* Default options, but times only and a fixed date. */
static inline struct selectai_extract_options plain_options(void)
{
    struct selectai_extract_options o;
    selectai_extract_options_init(&o, sizeof o);
    o.crop_check = SELECTAI_CROP_CHECK_MTIME;
    o.date = "2026-01-02";
    return o;
}

static inline selectai_extraction *create_with(const struct selectai_extract_options *o)
{
    selectai_extraction *x = NULL;
    if (selectai_extraction_create(&x, o) != SELECTAI_OK)
        fail_msg("%s", selectai_last_error());
    return x;
}

static inline bool ends_in(const char *text, const char *end)
{
    return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

#endif
