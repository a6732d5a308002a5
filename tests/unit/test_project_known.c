/*
 * test_project_known.c: the list of known projects: names, aliases, configs, manifests.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "test_util.h"

#include "project/known.h"

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
    assert_null(projects);
    remove_temporary(folder);
    return 0;
}

static const char *at(const char *rel)
{
    static char path[2][1024];
    static int next;
    next = !next;
    snprintf(path[next], sizeof path[next], "%s/%s", folder, rel);
    return path[next];
}

static const char *put(const char *rel, const char *text)
{
    const char *path = at(rel);
    write_text(path, text);
    return path;
}

static struct selectai_known_project get(size_t i)
{
    struct selectai_known_project out = {.struct_size = sizeof out};
    assert_int_equal(selectai_projects_get(projects, i, &out), SELECTAI_OK);
    return out;
}

static void expect(const char *text, const char *wanted)
{
    const char *name = "untouched";
    if (selectai_projects_find(&name, projects, text) != SELECTAI_OK)
        fail_msg("%s: %s", text, selectai_last_error());
    assert_string_equal(name, wanted);
}

static void expect_not(const char *text, int code)
{
    const char *name = "untouched";
    int rc = selectai_projects_find(&name, projects, text);
    if (rc != code)
        fail_msg("%s: %d, %s", text, rc, rc ? "" : name);
    assert_string_equal(name, "untouched");
}

static void expect_issue(size_t i, const char *kind, const char *words)
{
    struct selectai_issue issue = {.struct_size = sizeof issue};
    assert_int_equal(selectai_issues_get(selectai_projects_issues(projects), i, &issue), SELECTAI_OK);
    assert_string_equal(issue.kind, kind);
    if (!strstr(issue.message, words))
        fail_msg("\"%s\" is not in: %s", words, issue.message);
}

static size_t n_issues(void)
{
    return selectai_issues_count(selectai_projects_issues(projects));
}

/* ---- Names and aliases ----------------------------------------------------------------------- */

static void names_are_found(void **state)
{
    (void)state;
    assert_int_equal(selectai_projects_add(projects, "mojo1", NULL, NULL), SELECTAI_OK);
    assert_int_equal(selectai_projects_add(projects, "Zoë und Jürgen", "/r", ""), SELECTAI_OK);
    assert_int_equal(selectai_projects_add(projects, "mojo1", "/raw", "/final"), SELECTAI_OK);
    assert_int_equal(selectai_projects_add(projects, "mojo1", NULL, NULL), SELECTAI_OK);
    assert_int_equal(selectai_projects_count(projects), 2);
    assert_string_equal(get(0).raw_dir, "/raw");
    assert_string_equal(get(0).final_dir, "/final");
    assert_string_equal(get(1).final_dir, "");
    assert_true(get(0).started == INT64_MIN && get(0).finished == INT64_MAX);
    assert_true(get(0).initial_images == -1 && get(0).final_images == -1 && !get(0).has_manifest);
    expect("mojo1", "mojo1");
    expect("MOJO1", "mojo1");
    expect("zoë Und jürgen", "Zoë und Jürgen");
    expect_not("mojo", SELECTAI_ERR_NOT_FOUND);
    expect_not("", SELECTAI_ERR_NOT_FOUND);
    char longest[1000];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    expect_not(longest, SELECTAI_ERR_NOT_FOUND);
}

static void case_alone_is_no_guess(void **state)
{
    (void)state;
    assert_int_equal(selectai_projects_add(projects, "Mojo1", "/a", "/b"), SELECTAI_OK);
    assert_int_equal(selectai_projects_add(projects, "mojo1", "/c", "/d"), SELECTAI_OK);
    assert_int_equal(selectai_projects_count(projects), 2);
    expect("Mojo1", "Mojo1");
    expect("mojo1", "mojo1");
    expect_not("MOJO1", SELECTAI_ERR_AMBIGUOUS);
}

static void bad_arguments_are_refused(void **state)
{
    (void)state;
    const char *const names[] = {"", "  ", "a\nb", "\x7f", "\xff", NULL};
    struct selectai_known_project out = {.struct_size = sizeof out};
    const char *name;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(selectai_projects_add(projects, names[i], NULL, NULL), SELECTAI_ERR_INVALID_ARGUMENT);
        assert_int_equal(selectai_projects_add_alias(projects, names[i], "x"), SELECTAI_ERR_INVALID_ARGUMENT);
        assert_int_equal(selectai_projects_add_alias(projects, "x", names[i]), SELECTAI_ERR_INVALID_ARGUMENT);
    }
    assert_int_equal(selectai_projects_count(projects), 0);
    assert_int_equal(selectai_projects_create(NULL), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_projects_get(projects, 0, &out), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_projects_find(&name, NULL, "x"), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_projects_resolve(&name, NULL, "x", 0), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_projects_add_config(projects, NULL), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_projects_add_manifests(NULL, "x"), SELECTAI_ERR_INVALID_ARGUMENT);
    selectai_projects_destroy(NULL);
}

static void aliases_are_followed(void **state)
{
    (void)state;
    assert_int_equal(selectai_projects_add(projects, "b", "/b/raw", "/b/final"), SELECTAI_OK);
    assert_int_equal(selectai_projects_add_alias(projects, "a", "b"), SELECTAI_OK);
    expect("a", "b");
    expect("A", "b");
    assert_int_equal(selectai_projects_add_alias(projects, "b", "c"), SELECTAI_OK);
    assert_int_equal(selectai_projects_count(projects), 2); /* b and c: a is no project */
    expect("a", "c");
    expect("b", "c");
    expect("B", "c");
    assert_int_equal(selectai_projects_add_alias(projects, "a", "c"), SELECTAI_OK); /* says nothing new */
    assert_int_equal(selectai_projects_add(projects, "a", NULL, NULL), SELECTAI_OK);
    assert_int_equal(selectai_projects_count(projects), 2);
    assert_int_equal(selectai_projects_add(projects, "a", "/a/raw", NULL), SELECTAI_OK);
    assert_int_equal(selectai_projects_count(projects), 3);
    expect("a", "c");
}

static void aliases_never_form_a_circle(void **state)
{
    (void)state;
    assert_int_equal(selectai_projects_add_alias(projects, "a", "a"), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_projects_add_alias(projects, "a", "b"), SELECTAI_OK);
    assert_int_equal(selectai_projects_add_alias(projects, "b", "a"), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_projects_add_alias(projects, "b", "c"), SELECTAI_OK);
    assert_int_equal(selectai_projects_add_alias(projects, "c", "a"), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_projects_add_alias(projects, "a", "z"), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_projects_count(projects), 2); /* refused ones leave nothing behind */
    assert_int_equal(selectai_projects_add(projects, "a", "/r", "/f"), SELECTAI_OK);
    expect("a", "c");
    expect("c", "c");
}

static void aliases_may_come_after_or_before_the_project(void **state)
{
    (void)state;
    assert_int_equal(selectai_projects_add(projects, "old", "/old/raw", NULL), SELECTAI_OK);
    assert_int_equal(selectai_projects_add_alias(projects, "old", "new"), SELECTAI_OK);
    const char *name;
    assert_int_equal(selectai_projects_resolve(&name, projects, "/old/raw/x.png", INT64_MIN), SELECTAI_OK);
    assert_string_equal(name, "new");
    assert_int_equal(selectai_projects_add(projects, "new", "/new/raw", NULL), SELECTAI_OK);
    assert_int_equal(selectai_projects_count(projects), 2);
    assert_int_equal(selectai_projects_resolve(&name, projects, "/new/raw/x.png", INT64_MIN), SELECTAI_OK);
    assert_string_equal(name, "new");
}

/* ---- Configs --------------------------------------------------------------------------------- */

static void config_folders_lie_below_it_if_they_exist(void **state)
{
    (void)state;
    char wanted[1024];
    mkdir(at("archives"), 0777);
    mkdir(at("archives/mojo1_raw"), 0777);
    put("c.json",
        "{\"projects\":[{\"name\":\"mojo-1\",\"raw_dir\":\"archives/mojo1_raw\",\"final_dir\":\"gone/mojo1\"},"
        "{\"name\":\"Aiko_raw\",\"raw_dir\":\"/x/Aiko_raw_incoming\",\"final_dir\":\"/x/Aiko_raw_final\"}]}");
    assert_int_equal(selectai_projects_add_config(projects, at("c.json")), SELECTAI_OK);
    assert_int_equal(selectai_projects_count(projects), 2);
    assert_int_equal(n_issues(), 0);
    snprintf(wanted, sizeof wanted, "%s/archives/mojo1_raw", folder);
    assert_string_equal(get(0).raw_dir, wanted);
    assert_string_equal(get(0).final_dir, "gone/mojo1");
    assert_string_equal(get(1).raw_dir, "/x/Aiko_raw_incoming");
    assert_string_equal(get(1).name, "Aiko_raw");
}

static void bad_config_entries_are_issues(void **state)
{
    (void)state;
    put("c.json", "{\"projects\":[{\"name\":\"a\",\"raw_dir\":\"r\",\"final_dir\":\"f\"},{\"name\":\"b\"},7,"
                  "{\"raw_dir\":\"r\",\"final_dir\":\"f\"},{\"name\":5},{\"name\":\"\"},{\"name\":\"x\\ty\"},"
                  "{\"name\":\"c\",\"raw_dir\":[],\"final_dir\":\"f\"},{\"name\":\"d\",\"raw_dir\":\"r\",\"final_dir\":"
                  "\"\"},{\"name\":\"a\",\"raw_dir\":\"r2\",\"final_dir\":\"f2\"},"
                  "{\"name\":\"e\",\"raw_dir\":\"er\",\"final_dir\":\"ef\"}]}");
    assert_int_equal(selectai_projects_add_config(projects, at("c.json")), SELECTAI_OK);
    assert_int_equal(selectai_projects_count(projects), 2);
    assert_string_equal(get(0).raw_dir, "r");
    assert_string_equal(get(1).name, "e");
    const char *const words[] = {"projects[1] (b) has no \"raw_dir\"",
                                 "projects[2] is not an object",
                                 "projects[3] has no \"name\"",
                                 "projects[4].name is not a text",
                                 "projects[5].name is empty",
                                 "projects[6].name\" holds a control character",
                                 "projects[7].raw_dir (c) is not a text",
                                 "projects[8].final_dir (d) is empty",
                                 "projects[9]: a is named twice"};
    assert_int_equal(n_issues(), sizeof words / sizeof words[0]);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        expect_issue(i, "config", words[i]);
}

static void what_is_no_config_is_refused(void **state)
{
    (void)state;
    const char *const texts[] = {"",
                                 "{",
                                 "[]",
                                 "7",
                                 "{}",
                                 "{\"projects\":{}}",
                                 "{\"projects\":[]}",
                                 "{\"projects\":[1]}",
                                 "{\"projects\":[{\"name\":\"\xff\"}]}",
                                 "{\"projects\":null}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        put("c.json", texts[i]);
        if (selectai_projects_add_config(projects, at("c.json")) != SELECTAI_ERR_FORMAT)
            fail_msg("accepted: %s", texts[i]);
        assert_non_null(strstr(selectai_last_error(), "c.json"));
    }
    assert_int_equal(selectai_projects_add_config(projects, at("none.json")), SELECTAI_ERR_NOT_FOUND);
    assert_int_equal(selectai_projects_add_config(projects, folder), SELECTAI_ERR_IS_A_DIRECTORY);
    char *deep = malloc(200001);
    memset(deep, '[', 200000);
    deep[200000] = '\0';
    put("c.json", deep);
    free(deep);
    assert_int_equal(selectai_projects_add_config(projects, at("c.json")), SELECTAI_ERR_FORMAT);
    assert_int_equal(truncate(at("c.json"), (off_t)SAI_KNOWN_FILE_BYTES + 1), 0);
    assert_int_equal(selectai_projects_add_config(projects, at("c.json")), SELECTAI_ERR_LIMIT);
    assert_int_equal(selectai_projects_count(projects), 0);
}

/* ---- Manifests ------------------------------------------------------------------------------- */

static void manifests_are_read(void **state)
{
    (void)state;
    put("m.json",
        "{\"projectId\":\"mojo1\",\"title\":\"Mojo One\",\"status\":\"finished\",\"startedAt\":"
        "\"2025-10-01T00:00:00Z\",\"finishedAt\":\"2025-10-11T00:00:00Z\",\"paths\":{\"root\":\"../../mojo1\","
        "\"characterGroups\":[\"../../character_group_1\",null],\"none\":null},"
        "\"counts\":{\"initialImages\":19183,\"finalImages\":null}}");
    assert_int_equal(selectai_projects_add_manifests(projects, at("m.json")), SELECTAI_OK);
    assert_int_equal(selectai_projects_add_manifests(projects, at("m.json")), SELECTAI_OK); /* the same again */
    assert_int_equal(selectai_projects_count(projects), 1);
    struct selectai_known_project p = get(0);
    assert_int_equal(p.has_manifest, 1);
    assert_string_equal(p.name, "mojo1");
    assert_string_equal(p.title, "Mojo One");
    assert_string_equal(p.status, "finished");
    assert_string_equal(p.manifest_path, at("m.json"));
    assert_string_equal(p.raw_dir, "");
    assert_true(p.initial_images == 19183 && p.final_images == -1);
    assert_true(p.started == 1759276800 && p.finished == 1760140800 + 86400);
    assert_true(sai_projects_in_time(&p, p.started) && sai_projects_in_time(&p, p.finished - 1));
    assert_false(sai_projects_in_time(&p, p.started - 1) || sai_projects_in_time(&p, p.finished));
    expect("Mojo One", "mojo1");
    expect("mojo one", "mojo1");
}

static void times_end_where_they_say(void **state)
{
    (void)state;
    put("a.json", "{\"projectId\":\"a\",\"startedAt\":\"2025-09-09\",\"finishedAt\":\"2025-09-09T16:00:00Z\"}");
    put("b.json", "{\"projectId\":\"b\",\"startedAt\":\"2025-09-09\",\"finishedAt\":\"2025-09-09\"}");
    put("c.json", "{\"projectId\":\"c\",\"startedAt\":\"2025-09-09\",\"finishedAt\":null}");
    put("d.json", "{\"projectId\":\"d\",\"startedAt\":\"2025-09-10\",\"finishedAt\":\"2025-09-09\"}");
    put("e.json", "{\"projectId\":\"e\",\"startedAt\":\"soon\",\"finishedAt\":\"2025-09-09T00:00:00-04:00\"}");
    for (const char *p = "abcde"; *p; p++) {
        char name[] = {*p, '.', 'j', 's', 'o', 'n', '\0'};
        assert_int_equal(selectai_projects_add_manifests(projects, at(name)), SELECTAI_OK);
    }
    const int64_t day = 1757376000; /* 2025-09-09 */
    assert_true(get(0).started == day && get(0).finished == day + 16 * 3600 + 1);
    assert_true(get(1).finished == day + 86400);
    assert_true(get(2).started == day && get(2).finished == INT64_MAX);
    assert_true(get(3).started == INT64_MIN && get(3).finished == INT64_MAX);
    assert_true(get(4).started == INT64_MIN && get(4).finished == day + 4 * 3600 + 86400);
    assert_int_equal(n_issues(), 2);
    expect_issue(0, "manifest", "before \"startedAt\"");
    expect_issue(1, "manifest", "\"soon\"");
    struct selectai_known_project running = get(2), unknown = get(3);
    assert_true(sai_projects_in_time(&running, INT64_MAX - 1) && !sai_projects_in_time(&running, day - 1));
    assert_false(sai_projects_in_time(&unknown, day));
}

static void bad_manifests_name_the_key(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"{}", "no \"projectId\""},
        {"[]", "is no manifest"},
        {"{\"projectId\":7}", "\"projectId\" is not a text"},
        {"{\"projectId\":\"\"}", "projectId"},
        {"{\"projectId\":\"a\\u0001\"}", "\"projectId\" holds a control character"},
        {"{\"projectId\":\"a\\u0000\"}", "bad JSON"},
        {"{\"projectId\":\"\xc3\"}", "bad JSON"},
        {"{\"projectId\":\"a\",\"projectId\":\"b\"}", "duplicate"},
        {"{\"projectId\":\"a\",\"title\":[]}", "\"title\" is not a text"},
        {"{\"projectId\":\"a\",\"title\":\"a\\nb\"}", "\"title\" holds a control character"},
        {"{\"projectId\":\"a\",\"status\":1}", "\"status\" is not a text"},
        {"{\"projectId\":\"a\",\"startedAt\":1}", "\"startedAt\" is not a text"},
        {"{\"projectId\":\"a\",\"counts\":[]}", "\"counts\" is not an object"},
        {"{\"projectId\":\"a\",\"counts\":{\"initialImages\":-1}}", "counts.initialImages"},
        {"{\"projectId\":\"a\",\"counts\":{\"finalImages\":1.5}}", "counts.finalImages"},
        {"{\"projectId\":\"a\",\"counts\":{\"finalImages\":\"9\"}}", "counts.finalImages"},
        {"{\"projectId\":\"a\",\"paths\":\"x\"}", "\"paths\" is not an object"},
        {"{\"projectId\":\"a\",\"paths\":{\"root\":1}}", "\"paths.root\" is not a folder"},
        {"{\"projectId\":\"a\",\"paths\":{\"characterGroups\":[\"x\",{}]}}",
         "\"paths.characterGroups\" is not a folder"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put("bad.json", cases[i].text);
        assert_int_equal(selectai_projects_add_manifests(projects, at("bad.json")), SELECTAI_ERR_FORMAT);
        if (!strstr(selectai_last_error(), cases[i].words) || !strstr(selectai_last_error(), "bad.json"))
            fail_msg("%s: %s", cases[i].text, selectai_last_error());
    }
    assert_int_equal(selectai_projects_count(projects), 0);
    assert_int_equal(n_issues(), 0);
    assert_int_equal(selectai_projects_add_manifests(projects, at("none")), SELECTAI_ERR_NOT_FOUND);
}

static void folders_of_manifests_go_on(void **state)
{
    (void)state;
    mkdir(at("m"), 0777);
    mkdir(at("m/below"), 0777);
    assert_int_equal(selectai_projects_add_manifests(projects, at("m")), SELECTAI_ERR_NO_DATA);
    put("m/b.project.json", "{\"projectId\":\"b\"}");
    put("m/B2.project.json", "{\"projectId\":\"b2\"}");
    put("m/a.project.json", "{\"projectId\":");
    put("m/c.project.json", "{\"projectId\":\"B\"}"); /* b again, but for its case */
    put("m/.d.project.json", "{\"projectId\":\"d\"}");
    put("m/e.json", "{\"projectId\":\"e\"}");
    put("m/below/f.project.json", "{\"projectId\":\"f\"}");
    mkdir(at("m/g.project.json"), 0777);
    assert_int_equal(selectai_projects_add_manifests(projects, at("m")), SELECTAI_OK);
    assert_string_equal(get(0).name, "b2");
    assert_string_equal(get(1).name, "b");
    assert_int_equal(n_issues(), 2);
    expect_issue(0, "manifest", "a.project.json");
    expect_issue(1, "manifest", "g.project.json");
    /* Another id with a manifest of its own is another project, even if only case tells it from the first. */
    assert_int_equal(selectai_projects_count(projects), 3);
    expect("B", "B");
    put("m2.json", "{\"projectId\":\"b2\"}");
    assert_int_equal(selectai_projects_add_manifests(projects, at("m2.json")), SELECTAI_ERR_AMBIGUOUS);
    assert_non_null(strstr(selectai_last_error(), "B2.project.json"));
}

static void dates_are_told_of_once(void **state)
{
    (void)state;
    put("x.json", "{\"projectId\":\"x\",\"startedAt\":\"soon\"}");
    put("y.json", "{\"projectId\":\"x\",\"startedAt\":\"later\"}");
    for (int i = 0; i < 3; i++)
        assert_int_equal(selectai_projects_add_manifests(projects, at("x.json")), SELECTAI_OK);
    assert_int_equal(n_issues(), 1);
    expect_issue(0, "manifest", "x.json");
    assert_int_equal(selectai_projects_add_manifests(projects, at("y.json")), SELECTAI_ERR_AMBIGUOUS);
    assert_int_equal(n_issues(), 1); /* what is refused changes nothing */
}

static void a_folder_is_kept_once_a_project(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(selectai_projects_add(projects, "a", "/shared/raw", "/a/final"), SELECTAI_OK);
        assert_int_equal(selectai_projects_add(projects, "b", "/shared/raw", "/b/final"), SELECTAI_OK);
        assert_int_equal(selectai_projects_add(projects, "b", i % 2 ? "/b/raw" : "/shared/raw", NULL), SELECTAI_OK);
    }
    assert_int_equal(projects->n_folders, 5);
    assert_int_equal(projects->absolute.count, 5);
}

static void manifests_complete_what_is_known(void **state)
{
    (void)state;
    assert_int_equal(selectai_projects_add(projects, "Aiko_raw", "/x/Aiko_raw_incoming", "/x/Aiko_raw_final"),
                     SELECTAI_OK);
    assert_int_equal(selectai_projects_add(projects, "first", NULL, NULL), SELECTAI_OK);
    put("a.json", "{\"projectId\":\"aiko_raw\",\"title\":\"Aiko\",\"counts\":{\"initialImages\":1050}}");
    put("b.json", "{\"projectId\":\"1\",\"title\":\"First\"}");
    assert_int_equal(selectai_projects_add_manifests(projects, at("a.json")), SELECTAI_OK);
    assert_int_equal(selectai_projects_add_manifests(projects, at("b.json")), SELECTAI_OK);
    assert_int_equal(selectai_projects_count(projects), 2);
    assert_true(get(0).initial_images == 1050);
    assert_string_equal(get(0).name, "Aiko_raw");
    assert_string_equal(get(0).raw_dir, "/x/Aiko_raw_incoming");
    expect("aiko_raw", "Aiko_raw");
    expect("Aiko", "Aiko_raw");
    expect("1", "first");
}

static void configs_complete_manifests(void **state)
{
    (void)state;
    put("a.json", "{\"projectId\":\"mojo1\",\"title\":\"Mojo One\"}");
    put("c.json", "{\"projects\":[{\"name\":\"Mojo One\",\"raw_dir\":\"/r\",\"final_dir\":\"/f\"}]}");
    assert_int_equal(selectai_projects_add_manifests(projects, at("a.json")), SELECTAI_OK);
    assert_int_equal(selectai_projects_add_config(projects, at("c.json")), SELECTAI_OK);
    assert_int_equal(selectai_projects_count(projects), 1);
    assert_string_equal(get(0).name, "mojo1");
    assert_string_equal(get(0).raw_dir, "/r");
}

static void titles_that_two_bear_tell_nothing(void **state)
{
    (void)state;
    put("a.json", "{\"projectId\":\"a\",\"title\":\"Same\"}");
    put("b.json", "{\"projectId\":\"b\",\"title\":\"Same\"}");
    put("c.json", "{\"projectId\":\"Same\",\"title\":\"\"}");
    assert_int_equal(selectai_projects_add_manifests(projects, at("a.json")), SELECTAI_OK);
    assert_int_equal(selectai_projects_add_manifests(projects, at("b.json")), SELECTAI_OK);
    assert_int_equal(selectai_projects_count(projects), 2);
    expect_not("Same", SELECTAI_ERR_AMBIGUOUS);
    assert_int_equal(selectai_projects_add(projects, "Same", NULL, NULL), SELECTAI_OK);
    expect("Same", "Same"); /* a name is more than a title */
    expect_not("SAME", SELECTAI_ERR_AMBIGUOUS);
}

/* ---- Copies ---------------------------------------------------------------------------------- */

static void copies_stand_alone(void **state)
{
    (void)state;
    selectai_projects *copy = NULL, *empty = NULL;
    put("a.json", "{\"projectId\":\"mojo1\",\"title\":\"One\",\"paths\":{\"root\":\"../../one\"}}");
    assert_int_equal(selectai_projects_add_manifests(projects, at("a.json")), SELECTAI_OK);
    assert_int_equal(selectai_projects_add(projects, "b", "/b/raw", "/b/final"), SELECTAI_OK);
    assert_int_equal(selectai_projects_add_alias(projects, "b", "c"), SELECTAI_OK);
    assert_int_equal(sai_projects_copy(&copy, projects), SELECTAI_OK);
    assert_int_equal(selectai_projects_add(copy, "learnt", NULL, NULL), SELECTAI_OK);
    expect_not("learnt", SELECTAI_ERR_NOT_FOUND);
    selectai_projects *kept = projects;
    selectai_projects_destroy(&kept);
    projects = copy;
    assert_int_equal(selectai_projects_count(projects), 4);
    const char *name;
    expect("One", "mojo1");
    expect("b", "c");
    expect("learnt", "learnt");
    assert_int_equal(selectai_projects_resolve(&name, projects, "/b/final/x.png", INT64_MIN), SELECTAI_OK);
    assert_string_equal(name, "c");
    assert_int_equal(selectai_projects_resolve(&name, projects, "/any/one/x.png", INT64_MIN), SELECTAI_OK);
    assert_string_equal(name, "mojo1");
    assert_int_equal(sai_projects_copy(&empty, NULL), SELECTAI_OK);
    assert_int_equal(selectai_projects_count(empty), 0);
    selectai_projects_destroy(&empty);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_are_found),
        TEST(case_alone_is_no_guess),
        TEST(bad_arguments_are_refused),
        TEST(aliases_are_followed),
        TEST(aliases_never_form_a_circle),
        TEST(aliases_may_come_after_or_before_the_project),
        TEST(config_folders_lie_below_it_if_they_exist),
        TEST(bad_config_entries_are_issues),
        TEST(what_is_no_config_is_refused),
        TEST(manifests_are_read),
        TEST(times_end_where_they_say),
        TEST(bad_manifests_name_the_key),
        TEST(folders_of_manifests_go_on),
        TEST(dates_are_told_of_once),
        TEST(a_folder_is_kept_once_a_project),
        TEST(manifests_complete_what_is_known),
        TEST(configs_complete_manifests),
        TEST(titles_that_two_bear_tell_nothing),
        TEST(copies_stand_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
