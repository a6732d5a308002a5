/*
 * test_project_known_paths.c: whose a path is.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "test_util.h"

#include <time.h>

#include "base/iso_time.h"
#include "project/known.h"

#define NEVER INT64_MIN

static char folder[256];
static selectai_projects *projects;

static int set_up(void **state)
{
    (void)state;
    make_temporary(folder);
    return selectai_projects_create(&projects);
}

static int tear_down(void **state)
{
    (void)state;
    selectai_projects_destroy(&projects);
    remove_temporary(folder);
    return 0;
}

static int64_t at(const char *text)
{
    int64_t seconds;
    assert_true(sai_time_parse(&seconds, text));
    return seconds;
}

static void add(const char *name, const char *raw, const char *final)
{
    assert_int_equal(selectai_projects_add(projects, name, raw, final), SELECTAI_OK);
}

static void add_manifest(const char *id, const char *rest)
{
    char path[512], text[2048];
    snprintf(path, sizeof path, "%s/%s.project.json", folder, id);
    snprintf(text, sizeof text, "{\"projectId\":\"%s\"%s}", id, rest);
    write_text(path, text);
    if (selectai_projects_add_manifests(projects, path) != SELECTAI_OK)
        fail_msg("%s", selectai_last_error());
}

static void expect_at(const char *path, int64_t when, const char *wanted)
{
    const char *name = "untouched";
    if (selectai_projects_resolve(&name, projects, path, when) != SELECTAI_OK)
        fail_msg("%s", selectai_last_error());
    if (strcmp(name, wanted) != 0)
        fail_msg("%s: %s instead of %s", path, name, wanted);
}

static void expect(const char *path, const char *wanted)
{
    expect_at(path, NEVER, wanted);
}

static void expect_not_at(const char *path, int64_t when, int code)
{
    const char *name = "untouched";
    int rc = selectai_projects_resolve(&name, projects, path, when);
    if (rc != code)
        fail_msg("%s: %d %s", path, rc, name);
    assert_string_equal(name, "untouched");
    assert_int_equal(selectai_last_error_detail()->code, code);
}

static void expect_not(const char *path, int code)
{
    expect_not_at(path, NEVER, code);
}

/* The manifests as old tools wrote them. */
static void add_mojos(void)
{
    static const char form[] = ",\"title\":\"Mojo%c\",\"startedAt\":\"%s\",\"finishedAt\":\"%s\",\"paths\":{\"root\":"
                               "\"../../mojo%c\",\"selectedDir\":\"../../selected\",\"cropDir\":\"../../crop\","
                               "\"characterGroups\":[\"../../character_group_1\",\"../../character_group_2\"]}";
    char rest[1024];
    snprintf(rest, sizeof rest, form, '1', "2025-10-01T00:00:00Z", "2025-10-11T00:00:00Z", '1');
    add_manifest("mojo1", rest);
    snprintf(rest, sizeof rest, form, '2', "2025-10-12T00:00:00Z", "2025-10-20T00:00:00Z", '2');
    add_manifest("mojo2", rest);
}

/* ---- Rule 1 ---------------------------------------------------------------------------------- */

static void innermost_folder_counts(void **state)
{
    (void)state;
    add("outer", "/data/all", "/data/./out//final/");
    add("inner", "/data/all/raw/../inner", "/data/in/final");
    expect("/data/all/x.png", "outer");
    expect("/data/all/inner/x.png", "inner");
    expect("/data/all/inner/deep/er/x.png", "inner");
    expect("/data/all/./b/../inner//x.png", "inner");
    expect("/data/out/final/a/x.png", "outer");
    expect("/data/all/inner2/x.png", "outer");
    expect_not("/data/allx/x.png", SELECTAI_ERR_NOT_FOUND);
    expect_not("/data/x.png", SELECTAI_ERR_NOT_FOUND);
    expect_not("/data/all", SELECTAI_ERR_NOT_FOUND); /* a file of that name */
    expect("/data/all/", "outer");
}

static void bases_may_be_missing(void **state)
{
    (void)state;
    add("p", "/home/me/work/p_files/raw", "/home/me/work/p_done");
    add("q", "sets/q_in", "sets/q_out");
    expect("work/p_files/raw/x.png", "p");
    expect("p_files/raw/a/x.png", "p");
    expect("PROJECT_ROOT/p_done/x.png", "p");
    expect("/elsewhere/sets/q_in/a/x.png", "q");
    expect("sets/q_out/x.png", "q");
    expect("./sets/q_out/x.png", "q");
    /* "raw" is the end of p's folder, too, but anybody's folder may be called so. */
    expect_not("raw/x.png", SELECTAI_ERR_NOT_FOUND);
    expect_not("/other/p_files/raw/x.png", SELECTAI_ERR_NOT_FOUND); /* absolute with absolute: from the root */
}

static void manifest_roots_have_no_base(void **state)
{
    (void)state;
    add_manifest("one", ",\"paths\":{\"root\":\"../../uno\"}");
    add_manifest("two",
                 ",\"paths\":{\"root\":\"PROJECT_ROOT/content/dos\",\"cropDir\":\"PROJECT_ROOT/content/dos/crop\"}");
    expect("uno/x.png", "one");
    expect("PROJECT_ROOT/uno/x.png", "one");
    expect("../../uno/a/x.png", "one");
    expect("/abs/uno/x.png", "one");
    expect("/abs/uno/b/x.png", "one");
    expect("PROJECT_ROOT/content/dos/crop/x.png", "two");
    expect("/Users/me/content/dos/x.png", "two");
}

static void shared_folders_tell_nothing(void **state)
{
    (void)state;
    add("a", "/in/common", "/out/a1");
    add("b", "/in/common", "/out/b1");
    expect_not("/in/common/x.png", SELECTAI_ERR_AMBIGUOUS);
    expect("/in/common/b_raw/x.png", "b");
    expect("/out/b1/x.png", "b");
    /* A folder that is known to be shared is no new project, though it is the first of a relative path. */
    expect_not("common/x.png", SELECTAI_ERR_AMBIGUOUS);
}

/* ---- Rule 2 ---------------------------------------------------------------------------------- */

static void names_in_the_path_count(void **state)
{
    (void)state;
    add("mojo1", NULL, NULL);
    add("Aiko_raw", NULL, NULL);
    add("tattersail-0918", NULL, NULL);
    add("Zoë und Jürgen", NULL, NULL);
    expect("PROJECT_ROOT/training data/mojo1_final/_young brunette curly/x.png", "mojo1");
    expect("PROJECT_ROOT/training data/Aiko_raw/x.png", "Aiko_raw");
    expect("archives/Aiko_raw_final/x.png", "Aiko_raw");
    expect("/a/Aiko_raw_raw_incoming/x.png", "Aiko_raw");
    expect("training data/mojo1/mojo1_raw/x.png", "mojo1"); /* twice the same one */
    expect("/a/MOJO1_RAW/x.png", "mojo1");
    expect("PROJECT_ROOT/training data/tattersail-0918/tara/tara/x.png", "tattersail-0918");
    expect("/photos/Zoë und Jürgen_final/a b/x.png", "Zoë und Jürgen");
    expect_not("/a/mojo1/Aiko_raw/x.png", SELECTAI_ERR_AMBIGUOUS);
    expect_not("/a/mojo10/x.png", SELECTAI_ERR_NOT_FOUND);
    expect_not("/a/mojo1", SELECTAI_ERR_NOT_FOUND);
}

static void exact_names_come_before_shorter_ones(void **state)
{
    (void)state;
    add("Aiko", NULL, NULL);
    expect("training data/Aiko_raw/x.png", "Aiko");
    expect("training data/Aiko_raw_incoming/x.png", "Aiko");
    add("Aiko_raw", NULL, NULL);
    expect("training data/Aiko_raw/x.png", "Aiko_raw");
    expect("training data/Aiko_final/x.png", "Aiko");
    expect("training data/Aiko_raw_final/x.png", "Aiko_raw");
}

static void aliases_and_case_in_paths(void **state)
{
    (void)state;
    add("Mojo", NULL, NULL);
    add("mojo", NULL, NULL);
    assert_int_equal(selectai_projects_add_alias(projects, "ancient", "old"), SELECTAI_OK);
    assert_int_equal(selectai_projects_add_alias(projects, "old", "new"), SELECTAI_OK);
    expect("training data/ancient_raw/x.png", "new");
    expect("training data/Old/x.png", "new");
    expect("/a/mojo/x.png", "mojo");
    expect_not("/a/MOJO/x.png", SELECTAI_ERR_AMBIGUOUS);
    expect_not("training data/MOJO/x.png", SELECTAI_ERR_AMBIGUOUS); /* and no convention guesses */
}

/* ---- Rule 3 ---------------------------------------------------------------------------------- */

static void conventions_name_unknown_projects(void **state)
{
    (void)state;
    expect("PROJECT_ROOT/training data/1101_hailey/x.png", "1101_hailey");
    expect("/home/u/training data/mojo1_final/a/x.png", "mojo1");
    expect("/abs/sandbox/p/x.png", "p");
    expect("/abs/content/p_raw_incoming/crop/x.png", "p");
    expect("archives/p_raw_final/x.png", "p");
    expect("PROJECT_ROOT/mojo2/faces/x.png", "mojo2");
    expect("mojo1/x.png", "mojo1");
    expect("../../mojo1/x.png", "mojo1");
    expect("data/training data/mojo1/x.png", "mojo1");
    expect("Training Data/Zoë/x.png", "Zoë");
    expect_not("/abs/mojo1/x.png", SELECTAI_ERR_NOT_FOUND);
    expect_not("x.png", SELECTAI_ERR_NOT_FOUND);
    expect_not("", SELECTAI_ERR_NOT_FOUND);
    expect_not("/", SELECTAI_ERR_NOT_FOUND);
    expect_not("PROJECT_ROOT/x.png", SELECTAI_ERR_NOT_FOUND);
    expect_not("training data/x.png", SELECTAI_ERR_NOT_FOUND);
    expect_not("/a/training data/p/content/q/x.png", SELECTAI_ERR_AMBIGUOUS);
    expect("/a/training data/content/q/x.png", "q");
}

static void working_folders_are_no_projects(void **state)
{
    (void)state;
    const char *const names[] = {"crop",      "crop_auto", "_crop",          "__Selected",        "final",
                                 "raw",       "faces",     "delete_staging", "character_group_1", "_character_group_23",
                                 "crop_final"};
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/hannah/x.png", names[i]);
        expect_not(path, SELECTAI_ERR_NOT_FOUND);
        snprintf(path, sizeof path, "PROJECT_ROOT/training data/%s/x.png", names[i]);
        expect_not(path, SELECTAI_ERR_NOT_FOUND);
    }
    expect("character_group_/x.png", "character_group_");
    expect("crops/x.png", "crops");
}

static void odd_paths_do_no_harm(void **state)
{
    (void)state;
    size_t n = 1 << 20;
    char *path = malloc(n + 1);
    memset(path, '/', n);
    path[n] = '\0';
    expect_not(path, SELECTAI_ERR_NOT_FOUND);
    for (size_t i = 0; i < n; i += 2)
        path[i] = 'a';
    expect_not(path, SELECTAI_ERR_NOT_FOUND);
    path[600] = '\0'; /* three hundred folders */
    expect_not(path, SELECTAI_ERR_NOT_FOUND);
    memset(path, 'b', 4000);
    memcpy(path, "sandbox/", 8);
    memcpy(path + 4000, "/x.png", 7);
    expect_not(path, SELECTAI_ERR_NOT_FOUND); /* no folder is called so */
    free(path);
    expect_not("sandbox/\xff/x.png", SELECTAI_ERR_NOT_FOUND);
    expect_not("sandbox/a\nb/x.png", SELECTAI_ERR_NOT_FOUND);
    expect_not("../../../..", SELECTAI_ERR_NOT_FOUND);
    expect_not("/../..", SELECTAI_ERR_NOT_FOUND);
    add("p", "/", "..");
    expect_not("/abs/x.png", SELECTAI_ERR_NOT_FOUND); /* a folder around everything tells nothing */
}

/* ---- Rule 4 ---------------------------------------------------------------------------------- */

static void time_tells_who_used_a_shared_folder(void **state)
{
    (void)state;
    add_mojos();
    expect("mojo1/20250708_060530_stage2_upscaled.png", "mojo1");
    expect("/abs/mojo2/faces/x.png", "mojo2");
    expect("/abs/mojo2/crop/x.png", "mojo2");
    expect("crop/Mojo2/x.png", "mojo2"); /* a name tells more than the folder everybody uses */
    expect_not("crop/hannah/x.png", SELECTAI_ERR_AMBIGUOUS);
    expect_at("crop/hannah/x.png", at("2025-10-01T00:00:00Z"), "mojo1");
    expect_at("crop/hannah/x.png", at("2025-10-08T18:47:32.4Z"), "mojo1");
    expect_at("crop/hannah/x.png", at("2025-10-11T23:59:59Z"), "mojo1");
    expect_at("crop/hannah/x.png", at("2025-10-12T00:00:00Z"), "mojo2");
    expect_at("PROJECT_ROOT/crop/x.png", at("2025-10-20T12:00:00Z"), "mojo2");
    expect_at("/home/u/crop/x.png", at("2025-10-20T12:00:00Z"), "mojo2");
    expect_not_at("crop/hannah/x.png", at("2025-10-21T00:00:00Z"), SELECTAI_ERR_NOT_FOUND);
    expect_not_at("crop/hannah/x.png", at("2025-09-30T23:59:59Z"), SELECTAI_ERR_NOT_FOUND);
    expect_at("character_group_2/x.png", at("2025-10-05"), "mojo1");
    expect_at("x.png", at("2025-10-05"), "mojo1"); /* no folder tells anything: all manifests */
    expect_at("/nowhere/x.png", at("2025-10-15"), "mojo2");
    expect_at("hannah/x.png", at("2025-10-15"), "hannah"); /* rule 3 comes first */
}

static void times_that_overlap_tell_nothing(void **state)
{
    (void)state;
    add_mojos();
    add_manifest("third", ",\"startedAt\":\"2025-10-10\",\"finishedAt\":\"2025-10-13\"");
    expect_at("crop/x.png", at("2025-10-10"), "mojo1"); /* the third never used this folder */
    expect_not_at("x.png", at("2025-10-10"), SELECTAI_ERR_AMBIGUOUS);
    add_manifest("fourth", ",\"paths\":{\"cropDir\":\"../../crop\"}");
    expect_not_at("crop/x.png", at("2025-10-10"), SELECTAI_ERR_AMBIGUOUS); /* it could be the fourth's as well */
    expect_at("x.png", at("2025-10-05"), "mojo1");
}

static void aliases_hold_for_times(void **state)
{
    (void)state;
    add_mojos();
    assert_int_equal(selectai_projects_add_alias(projects, "mojo1", "mojo2"), SELECTAI_OK);
    expect("crop/x.png", "mojo2"); /* both sharers are one project now */
    expect_at("x.png", at("2025-10-05"), "mojo2");
}

static void one_manifest_owns_its_working_folders(void **state)
{
    (void)state;
    add_manifest("solo", ",\"paths\":{\"root\":\"../../solo\",\"cropDir\":\"../../crop\"}");
    add("other", NULL, NULL);
    expect("crop/hannah/x.png", "solo");
    expect("/abs/crop/x.png", "solo");
    expect("/abs/other/crop/x.png", "other");
    expect("/abs/sandbox/new/crop/x.png", "new");
}

/* ---- Real files, where they are -------------------------------------------------------------- */

static void real_manifests_tell(void **state)
{
    (void)state;
    const char *dir = "../shared/data/legacy/projects";
    char path[512];
    const char *root = getenv("SELECTAI_TEST_DATA"); /* the folder of tests */
    snprintf(path, sizeof path, "%s/../%s", root ? root : "tests", dir);
    if (access(path, R_OK) != 0) {
        print_message("no %s: skipped\n", path);
        skip();
    }
    assert_int_equal(selectai_projects_add_manifests(projects, path), SELECTAI_OK);
    assert_int_equal(selectai_projects_count(projects), 5);
    assert_int_equal(selectai_issues_count(selectai_projects_issues(projects)), 0);
    expect("PROJECT_ROOT/training data/mojo1_final/_bbw/x.png", "mojo1");
    expect("PROJECT_ROOT/training data/Aiko_raw/x.png", "aiko_raw"); /* its title */
    expect("PROJECT_ROOT/training data/tattersail-0918/tara/tara/x.png", "tattersail-0918");
    expect("PROJECT_ROOT/training data/1011/x.png", "1011");
    expect("PROJECT_ROOT/mojo2/lindsay/x.png", "mojo2");
    expect("PROJECT_ROOT/training data/agent-1002/x.png", "agent-1002");
    expect_at("crop/kelly_kelly_01_kilah/x.png", at("2025-10-08T18:47:32.429632Z"), "mojo1");
    expect_at("crop/sarahv_tara/x.png", at("2025-10-18T18:47:32.429632Z"), "mojo2");
}

/* ---- Speed and threads ----------------------------------------------------------------------- */

static void many_paths_take_no_time(void **state)
{
    (void)state;
    char name[64], raw[128], final[128], path[256];
    const char *found;
    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof name, "project-%d", i);
        snprintf(raw, sizeof raw, "archives/project-%d_raw", i);
        snprintf(final, sizeof final, "/home/me/finals/project-%d", i);
        add(name, raw, final);
    }
    add_mojos();
    clock_t start = clock();
    for (int i = 0; i < 300000; i++) {
        snprintf(path, sizeof path,
                 "/Users/me/work/training data/project-%d_final/girl %d/20250708_0605%02d_stage2.png", i % 50, i % 7,
                 i % 60);
        assert_int_equal(selectai_projects_resolve(&found, projects, path, NEVER), SELECTAI_OK);
    }
    print_message("300,000 paths of 52 projects: %.3f s\n", (double)(clock() - start) / CLOCKS_PER_SEC);
    snprintf(path, sizeof path, "project-%d", 299999 % 50);
    assert_string_equal(found, path);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(innermost_folder_counts),
        TEST(bases_may_be_missing),
        TEST(manifest_roots_have_no_base),
        TEST(shared_folders_tell_nothing),
        TEST(names_in_the_path_count),
        TEST(exact_names_come_before_shorter_ones),
        TEST(aliases_and_case_in_paths),
        TEST(conventions_name_unknown_projects),
        TEST(working_folders_are_no_projects),
        TEST(odd_paths_do_no_harm),
        TEST(time_tells_who_used_a_shared_folder),
        TEST(times_that_overlap_tell_nothing),
        TEST(aliases_hold_for_times),
        TEST(one_manifest_owns_its_working_folders),
        TEST(real_manifests_tell),
        TEST(many_paths_take_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
