/*
 * test_trainset_manifest.c: manifests beside what is found, and projects that share folders.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "trainset_fixture.h"

static selectai_projects *projects;

static int set_up_projects(void **state)
{
    assert_int_equal(selectai_projects_create(&projects), SELECTAI_OK);
    return set_up(state);
}

static int tear_down_projects(void **state)
{
    selectai_projects_destroy(&projects);
    return tear_down(state);
}

/* Adds a manifest; members: what stands behind the id. */
static void know(const char *id, const char *members)
{
    char rel[128], text[1024];
    snprintf(rel, sizeof rel, "%s.project.json", id);
    snprintf(text, sizeof text, "{\"projectId\":\"%s\"%s}", id, members);
    write_text(at(rel), text);
    if (selectai_projects_add_manifests(projects, at(rel)) != SELECTAI_OK)
        fail_msg("%s", selectai_last_error());
}

#define DATES(from, to) ",\"startedAt\":\"" from "\",\"finishedAt\":\"" to "\""

static selectai_extraction *create_known(int32_t by_dates)
{
    struct selectai_extract_options o = plain_options();
    o.projects = projects;
    o.by_dates = by_dates;
    return create_with(&o);
}

static int try_add(selectai_extraction *x, const char *raw, const char *final, const char *project)
{
    return selectai_extraction_add_project(x, at(raw), at(final), project);
}

static void must_add(selectai_extraction *x, const char *raw, const char *final, const char *project)
{
    if (try_add(x, raw, final, project) != SELECTAI_OK)
        fail_msg("%s", selectai_last_error());
}

static json_t *report_of(const selectai_extraction *x)
{
    char *text = NULL;
    json_t *report = NULL;
    assert_int_equal(selectai_extraction_report_json(&text, x), SELECTAI_OK);
    assert_int_equal(sai_json_parse(&report, text, strlen(text), "report", 0), SELECTAI_OK);
    selectai_free(text);
    return report;
}

/* The manifest's part of a project's report as text. */
static void expect_manifest(const selectai_extraction *x, size_t project, const char *wanted)
{
    json_t *report = report_of(x);
    const json_t *part = json_object_get(json_array_get(json_object_get(report, "projects"), project), "manifest");
    char *got = part ? json_dumps(part, JSON_COMPACT) : NULL;
    if (!wanted) {
        assert_null(part);
    } else {
        assert_non_null(got);
        const char *behind_path = strstr(got, ",\"initial_images\"");
        assert_non_null(behind_path);
        assert_string_equal(behind_path, wanted);
    }
    free(got);
    json_decref(report);
}

static void expect_count(const selectai_extraction *x, size_t project, const char *key, long wanted)
{
    json_t *report = report_of(x);
    const json_t *row = json_array_get(json_object_get(report, "projects"), project);
    long got = (long)sai_json_integer(row, key, -1);
    if (got != wanted)
        fail_msg("project %zu: %s is %ld, not %ld", project, key, got, wanted);
    json_decref(report);
}

/* ---- Checks ---------------------------------------------------------------------------------- */

/* put() makes files on 2025-06-15 at 15:06:40 plus so many seconds. */
static void make_project(void)
{
    put("raw/" T "01_stage1.png", "", 0);
    put("raw/" T "02_stage2.png", "", 0);
    put("raw/" T "03_stage3.png", "", 0);
    put("final/" T "02_stage2.png", "", 0);
    put("final/" T "03_stage3.png", "", 86400 * 3);
}

static void that_agrees(void **state)
{
    (void)state;
    make_project();
    know("p", DATES("2025-06-15", "2025-06-18") ",\"counts\":{\"initialImages\":3,\"finalImages\":2}");
    selectai_extraction *x = create_known(0);
    must_add(x, "raw", "final", "p");
    assert_int_equal(n_issues(x, "manifest"), 0);
    expect_manifest(x, 0,
                    ",\"initial_images\":3,\"final_images\":2,\"started\":\"2025-06-15T00:00:00Z\",\"finished\":"
                    "\"2025-06-19T00:00:00Z\",\"finals_before\":0,\"finals_after\":0}");
    selectai_extraction_destroy(&x);
}

static void that_differs(void **state)
{
    (void)state;
    make_project();
    know("p",
         DATES("2025-06-15T15:06:41Z", "2025-06-17T09:00:00Z") ",\"counts\":{\"initialImages\":4,\"finalImages\":1}");
    selectai_extraction *x = create_known(0);
    must_add(x, "raw", "final", "p");
    assert_int_equal(n_issues(x, "manifest"), 4);
    struct selectai_issue issue = issue_of(x, "manifest");
    assert_true(ends_in(issue.path, "/p.project.json"));
    assert_non_null(strstr(issue.message, "p.project.json: counts.initialImages is 4"));
    assert_non_null(strstr(issue.message, "holds 3 images"));
    expect_manifest(x, 0,
                    ",\"initial_images\":4,\"final_images\":1,\"started\":\"2025-06-15T15:06:41Z\",\"finished\":"
                    "\"2025-06-17T09:00:01Z\",\"finals_before\":1,\"finals_after\":1}");
    assert_int_equal(n_entries(x), 2); /* it is only said */
    selectai_extraction_destroy(&x);
}

static void that_knows_little(void **state)
{
    (void)state;
    make_project();
    know("p", ",\"startedAt\":\"2025-06-16\"");
    selectai_extraction *x = create_known(0);
    must_add(x, "raw", "final", "p");
    assert_int_equal(n_issues(x, "manifest"), 1);
    expect_manifest(x, 0,
                    ",\"initial_images\":null,\"final_images\":null,\"started\":\"2025-06-16T00:00:00Z\","
                    "\"finished\":null,\"finals_before\":1,\"finals_after\":null}");
    selectai_extraction_destroy(&x);
}

/* Without a manifest, or with that of another project, nothing is said. */
static void that_is_not_there(void **state)
{
    (void)state;
    make_project();
    know("other", ",\"counts\":{\"initialImages\":400}");
    assert_int_equal(selectai_projects_add(projects, "p", "raw", "final"), SELECTAI_OK);
    selectai_extraction *x = create_known(1);
    must_add(x, "raw", "final", "p");
    assert_int_equal(n_issues(x, "manifest"), 0);
    expect_manifest(x, 0, NULL);
    expect_count(x, 0, "raw_images", 3);
    selectai_extraction_destroy(&x);
}

static void that_may_be_one_of_two(void **state)
{
    (void)state;
    make_project();
    know("P1", ",\"title\":\"Two\"");
    know("P2", ",\"title\":\"tWO\"");
    selectai_extraction *x = create_known(0);
    must_add(x, "raw", "final", "two");
    assert_int_equal(n_issues(x, "manifest"), 1);
    assert_int_equal(issue_of(x, "manifest").code, SELECTAI_ERR_AMBIGUOUS);
    expect_manifest(x, 0, NULL);
    selectai_extraction_destroy(&x);
}

/* ---- Shared folders -------------------------------------------------------------------------- */

#define DAY 86400L

/* a works on the first two days (from 15:06:40 on 15 June), b on days 4 and 5; something is from day 10. */
static void make_shared(void)
{
    put("raw/" T "01_stage1.png", "", 0);
    put("raw/" T "02_stage2.png", "", DAY);
    put("raw/" T "11_stage1.png", "", 4 * DAY);
    put("raw/" T "12_stage2.png", "", 4 * DAY);
    put("raw/" T "13_stage3.png", "", 5 * DAY);
    put("raw/" T "14_stage3.5.png", "", 10 * DAY);
    put("final/" T "02_stage2.png", "", DAY);
    put("final/" T "12_stage2.png", "", 5 * DAY);
    put("final/old.png", "", -10 * DAY);
}

static void know_both(void)
{
    know("a", DATES("2025-06-15", "2025-06-16"));
    know("b", DATES("2025-06-19", "2025-06-20"));
}

static void by_dates(void **state)
{
    (void)state;
    make_shared();
    know_both();
    assert_int_equal(selectai_projects_add(projects, "a", at("raw"), at("final")), SELECTAI_OK);
    assert_int_equal(selectai_projects_add(projects, "b", at("raw"), at("final")), SELECTAI_OK);
    selectai_extraction *x = create_known(1);
    must_add(x, "raw", "final", "a");
    must_add(x, "raw", "final", "b");
    assert_int_equal(n_entries(x), 2);
    assert_string_equal(entry_of(x, 0).project, "a");
    assert_int_equal(entry_of(x, 0).n_negatives, 1); /* a's stages do not go on into b's */
    assert_string_equal(entry_of(x, 1).project, "b");
    assert_true(ends_in(entry_of(x, 1).chosen_path, T "12_stage2.png"));
    assert_int_equal(entry_of(x, 1).n_negatives, 2);
    expect_count(x, 0, "raw_images", 2);
    expect_count(x, 0, "final_images", 1);
    expect_count(x, 0, "files_of_other_projects", 4);
    expect_count(x, 0, "files_unattributed", 2);
    expect_count(x, 1, "raw_images", 3);
    expect_count(x, 1, "files_of_other_projects", 3);
    expect_count(x, 1, "files_unattributed", 2);
    expect_count(x, 1, "orphan_finals", 0);
    assert_int_equal(n_issues(x, "other-project"), 4); /* one for each folder */
    assert_int_equal(n_issues(x, "unattributed"), 4);
    assert_non_null(strstr(issue_of(x, "other-project").message, "3 images"));
    assert_non_null(strstr(issue_of(x, "other-project").message, "b (3)"));
    selectai_extraction_destroy(&x);
}

/* Nobody says that the folder is shared: what is in nobody's time stays, what is in b's may be b's. */
static void folders_of_unknown_sharing(void **state)
{
    (void)state;
    make_shared();
    know_both();
    selectai_extraction *x = create_known(1);
    must_add(x, "raw", "final", "a");
    expect_count(x, 0, "raw_images", 3);
    expect_count(x, 0, "final_images", 2);
    expect_count(x, 0, "files_of_other_projects", 4);
    expect_count(x, 0, "files_unattributed", 0);
    must_add(x, "raw", "final", "b"); /* now it is known to be shared */
    expect_count(x, 1, "raw_images", 3);
    expect_count(x, 1, "files_unattributed", 2);
    selectai_extraction_destroy(&x);
}

/* b has its files elsewhere: what lies here cannot be b's. */
static void folders_of_ones_own(void **state)
{
    (void)state;
    make_shared();
    know_both();
    assert_int_equal(selectai_projects_add(projects, "b", at("raw-b"), at("final-b")), SELECTAI_OK);
    selectai_extraction *x = create_known(1);
    must_add(x, "raw", "final", "a");
    expect_count(x, 0, "raw_images", 6);
    expect_count(x, 0, "final_images", 3);
    expect_count(x, 0, "files_of_other_projects", 0);
    selectai_extraction_destroy(&x);
}

/* One folder is shared, the other is not. */
static void only_one_folder(void **state)
{
    (void)state;
    make_shared();
    put("final-b/" T "12_stage2.png", "", 30 * DAY); /* copied later: but the folder is b's alone */
    know_both();
    assert_int_equal(selectai_projects_add(projects, "a", at("raw"), at("final")), SELECTAI_OK);
    assert_int_equal(selectai_projects_add(projects, "b", at("raw"), at("final-b")), SELECTAI_OK);
    selectai_extraction *x = create_known(1);
    must_add(x, "raw", "final", "a");
    must_add(x, "raw", "final-b", "b");
    expect_count(x, 0, "raw_images", 2);
    expect_count(x, 0, "final_images", 3);
    expect_count(x, 0, "orphan_finals", 2);
    expect_count(x, 1, "raw_images", 3);
    expect_count(x, 1, "final_images", 1);
    expect_count(x, 1, "entries", 1);
    selectai_extraction_destroy(&x);
}

static void refused(const char *why, int32_t dates, const char *raw, const char *final, const char *project)
{
    selectai_extraction *x = create_known(dates);
    must_add(x, "raw", "final", "a");
    assert_int_equal(try_add(x, raw, final, project), SELECTAI_ERR_INVALID_ARGUMENT);
    if (!strstr(selectai_last_error(), why))
        fail_msg("\"%s\" does not say %s", selectai_last_error(), why);
    selectai_extraction_destroy(&x);
}

static void sharing_that_is_refused(void **state)
{
    (void)state;
    make_shared();
    put("raw/deep/x.png", "", 0);
    put("elsewhere/x.png", "", 0);
    know_both();
    know("c", "");
    know("d", DATES("2025-06-16", "2025-06-30"));
    refused("--by-manifest-dates", 0, "raw", "elsewhere", "b");
    refused("its own folders", 0, "raw", "elsewhere", "c");
    refused("a manifest with its dates", 1, "raw", "elsewhere", "c");
    refused("a manifest with its dates", 1, "elsewhere", "final", "unknown");
    refused("overlap", 1, "raw", "elsewhere", "d");
    refused("lies inside", 1, "raw/deep", "elsewhere", "b");
    refused("is the FINAL folder", 1, "final", "elsewhere", "b"); /* RAW of one, FINAL of the other */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_projects, tear_down_projects)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(that_agrees),
        TEST(that_differs),
        TEST(that_knows_little),
        TEST(that_is_not_there),
        TEST(that_may_be_one_of_two),
        TEST(by_dates),
        TEST(folders_of_unknown_sharing),
        TEST(folders_of_ones_own),
        TEST(only_one_folder),
        TEST(sharing_that_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
