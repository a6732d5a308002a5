/*
 * test_trainset_logs_projects.c: whose the rows of old logs are; real logs if they are here.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "test_util.h"

static char folder[256];
static struct selectai_load_options options;

static int set_up(void **state)
{
    (void)state;
    make_temporary(folder);
    selectai_load_options_init(&options, sizeof options);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_temporary(folder);
    return 0;
}

static const char *file(const char *name, const char *text)
{
    static char paths[8][512];
    static unsigned turn;
    char *path = paths[turn++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    if (text)
        write_text(path, text);
    return path;
}

static selectai_trainset *load(const char *const *paths, size_t n)
{
    selectai_trainset *set = NULL;
    if (selectai_trainset_load_logs(&set, paths, n, &options) != SELECTAI_OK)
        fail_msg("%s", selectai_last_error());
    return set;
}

static struct selectai_entry entry_of(const selectai_trainset *set, size_t i)
{
    struct selectai_entry e = {.struct_size = sizeof e};
    assert_int_equal(selectai_trainset_get(set, i, &e), SELECTAI_OK);
    return e;
}

static struct selectai_issue issue_of(const selectai_trainset *set, size_t i)
{
    struct selectai_issue issue = {.struct_size = sizeof issue};
    assert_int_equal(selectai_issues_get(selectai_trainset_issues(set), i, &issue), SELECTAI_OK);
    return issue;
}

static void expect_counts(const selectai_trainset *set, size_t entries, size_t issues)
{
    size_t n = selectai_issues_count(selectai_trainset_issues(set));
    if (selectai_trainset_count(set) != entries || n != issues)
        fail_msg("%zu entries, %zu issues: %s", selectai_trainset_count(set), n, n ? issue_of(set, 0).message : "");
}

#define SELECTION "session_id,set_id,chosen_path,neg_paths,timestamp\n"
#define MINIMAL   "timestamp,project_id,filename,crop_x1,crop_y1,crop_x2,crop_y2,width,height\n"

/* A path that no convention explains is understood because a row of a later file names the project. */
static void later_files_help(void **state)
{
    (void)state;
    const char *paths[] = {
        file("a.csv", SELECTION "s,1,/disk/ann/a.png,[\"/disk/ann_raw/b.png\"],\n"
                                "s,2,/disk/bob/a.png,[\"/disk/bob/b.png\"],\n"),
        file("b.jsonl", "{\"project\":\"ann\",\"chosen_path\":\"c.png\",\"neg_paths\":[\"d.png\"]}\n")};
    selectai_trainset *set = load(paths, 2);
    expect_counts(set, 2, 1);
    assert_string_equal(entry_of(set, 0).project, "ann");
    assert_string_equal(entry_of(set, 1).project, "ann");
    assert_string_equal(issue_of(set, 0).kind, "unknown-project");
    assert_int_equal(issue_of(set, 0).row, 3);
    assert_string_equal(issue_of(set, 0).path, paths[0]);
    static const char *const remedies[] = {"--config", "--manifest", "--project-alias", "--project", "a.csv:3"};
    for (size_t i = 0; i < sizeof remedies / sizeof *remedies; i++)
        assert_non_null(strstr(issue_of(set, 0).message, remedies[i]));
    selectai_trainset_destroy(&set);

    options.strict = 1;
    assert_int_equal(selectai_trainset_load_logs(&set, paths, 2, &options), SELECTAI_ERR_NOT_FOUND);
    assert_non_null(strstr(selectai_last_error(), "a.csv:3"));

    options.project = "carl";
    set = load(paths, 2);
    expect_counts(set, 3, 0);
    assert_string_equal(entry_of(set, 0).project, "ann"); /* the option is the last resort */
    assert_string_equal(entry_of(set, 1).project, "carl");
    selectai_trainset_destroy(&set);
}

static void rows_over_several_projects(void **state)
{
    (void)state;
    const char *path = file("a.csv", SELECTION "s,1,ann/a.png,[\"bob/b.png\"],\n"
                                               "s,2,ann/a.png,\"[\"\"/else/b.png\"\"]\",\n");
    selectai_trainset *set = load(&path, 1);
    expect_counts(set, 1, 1);
    assert_string_equal(entry_of(set, 0).project, "ann"); /* one path that tells is enough */
    assert_string_equal(issue_of(set, 0).kind, "project-rule");
    assert_int_equal(issue_of(set, 0).code, SELECTAI_ERR_PROJECT_RULE);
    assert_non_null(strstr(issue_of(set, 0).message, "a.csv:2: ann/a.png belongs to project ann, bob/b.png to bob"));
    selectai_trainset_destroy(&set);
}

static void names_and_aliases(void **state)
{
    selectai_projects *projects = NULL;
    (void)state;
    assert_int_equal(selectai_projects_create(&projects), SELECTAI_OK);
    assert_int_equal(selectai_projects_add(projects, "ann", "/disk/first", NULL), SELECTAI_OK);
    assert_int_equal(selectai_projects_add_alias(projects, "old", "ann"), SELECTAI_OK);
    const char *path = file("a.csv", MINIMAL ",old,a.png,0,0,0.5,0.5,10,10\n"
                                             ",ANN,b.png,0,0,0.5,0.5,10,10\n"
                                             ",Zoe,c.png,0,0,0.5,0.5,10,10\n"
                                             ",zoe,d.png,0,0,0.5,0.5,10,10\n"
                                             ",,/disk/first/e.png,0,0,0.5,0.5,10,10\n"
                                             ",,/disk/second/f.png,0,0,0.5,0.5,10,10\n");
    static const char *const expected[] = {"ann", "ann", "Zoe", "zoe", "ann", ""};
    options.projects = projects;
    selectai_trainset *set = load(&path, 1);
    expect_counts(set, 6, 0);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(entry_of(set, i).project, expected[i]);
    selectai_trainset_destroy(&set);

    /* Without a list, names stay as they are written. */
    options.projects = NULL;
    set = load(&path, 1);
    assert_string_equal(entry_of(set, 0).project, "old");
    assert_string_equal(entry_of(set, 1).project, "ANN");
    selectai_trainset_destroy(&set);
    selectai_projects_destroy(&projects);
}

/* A folder inside a project's RAW is called as another project is: the config knows whose it is. */
static void folders_of_the_config(void **state)
{
    selectai_projects *projects = NULL;
    (void)state;
    assert_int_equal(selectai_projects_create(&projects), SELECTAI_OK);
    assert_int_equal(selectai_projects_add(projects, "ann", "arch/ann_raw", "done/ann"), SELECTAI_OK);
    assert_int_equal(selectai_projects_add(projects, "kim", "arch/kim_raw", "done/kim"), SELECTAI_OK);
    const char *path = file("a.jsonl", "{\"project\":\"ann\",\"chosen_path\":\"arch/ann_raw/kim/a.png\","
                                       "\"neg_paths\":[\"arch/ann_raw/kim/b.png\"]}\n"
                                       "{\"project\":\"kim\",\"chosen_path\":\"arch/kim_raw/a.png\","
                                       "\"neg_paths\":[\"arch/kim_raw/b.png\"]}\n"
                                       "{\"project\":\"ann\",\"chosen_path\":\"arch/ann_raw/a.png\","
                                       "\"neg_paths\":[\"arch/kim_raw/b.png\"]}\n");
    options.projects = projects;
    selectai_trainset *set = load(&path, 1);
    expect_counts(set, 2, 1); /* the third reaches over */
    assert_string_equal(entry_of(set, 0).project, "ann");
    selectai_trainset_destroy(&set);
    options.projects = NULL;
    selectai_projects_destroy(&projects);
}

static void roots(void **state)
{
    selectai_projects *projects = NULL;
    (void)state;
    assert_int_equal(selectai_projects_create(&projects), SELECTAI_OK);
    assert_int_equal(selectai_projects_add(projects, "ann", "/data/x1", NULL), SELECTAI_OK);
    const char *path = file("a.csv", SELECTION "s,1,PROJECT_ROOT/x1/a.png,[\"PROJECT_ROOT/x1/b.png\"],\n"
                                               "s,2,PROJECT_ROOT/bob/a.png,[\"PROJECT_ROOTS/b.png\"],\n");
    options.projects = projects;
    options.root = "/data";
    selectai_trainset *set = load(&path, 1);
    expect_counts(set, 1, 1); /* PROJECT_ROOTS is a folder like others: two projects */
    assert_string_equal(entry_of(set, 0).project, "ann");
    assert_string_equal(entry_of(set, 0).chosen_path, "/data/x1/a.png");
    assert_string_equal(entry_of(set, 0).neg_paths[0], "/data/x1/b.png");
    selectai_trainset_destroy(&set);
    options.root = NULL;
    set = load(&path, 1);
    assert_string_equal(entry_of(set, 0).chosen_path, "PROJECT_ROOT/x1/a.png");
    selectai_trainset_destroy(&set);
    selectai_projects_destroy(&projects);
}

static void empty_files_and_mixtures(void **state)
{
    (void)state;
    const char *paths[] = {
        file("empty.csv", ""), file("blank.csv", "\n\n"), file("m.csv", MINIMAL),
        file("a.jsonl", "\xEF\xBB\xBF{\"project\":\"p\",\"chosen_path\":\"a\",\"neg_paths\":[\"b\"]}")};
    selectai_trainset *set = load(paths, 4);
    expect_counts(set, 1, 0);
    selectai_trainset_destroy(&set);
    const char *gone = file("gone.csv", NULL);
    assert_int_equal(selectai_trainset_load_logs(&set, &gone, 1, &options), SELECTAI_ERR_NOT_FOUND);
}

struct watch {
    uint64_t calls, last, total;
    int stop;
};

static int on_progress(uint64_t done, uint64_t total, const char *stage, void *user)
{
    struct watch *w = user;
    assert_string_equal(stage, "read");
    assert_true(done >= w->last && done <= total);
    w->calls++;
    w->last = done;
    w->total = total;
    return w->stop;
}

static void progress(void **state)
{
    struct watch w = {0};
    (void)state;
    static const char text[] = MINIMAL ",p,a.png,0,0,0.5,0.5,10,10\n";
    const char *path = file("a.csv", text);
    options.progress = on_progress;
    options.user = &w;
    selectai_trainset *set = load(&path, 1);
    selectai_trainset_destroy(&set);
    assert_true(w.calls >= 2 && w.last == w.total && w.total == strlen(text));
    w = (struct watch){.stop = 1};
    assert_int_equal(selectai_trainset_load_logs(&set, &path, 1, &options), SELECTAI_ERR_CANCELLED);
}

/* ---- Real logs ------------------------------------------------------------------------------- */

static char real_logs[512], real_manifests[512];

/* Beside the source tree. */
static int find_real(void)
{
    static const char here[] = __FILE__;
    const char *slash = strrchr(here, '/');
    char place[400];
    snprintf(place, sizeof place, "%.*s../../../shared/data", slash ? (int)(slash - here) + 1 : 0, here);
    snprintf(real_logs, sizeof real_logs, "%s/legacy/logs", place);
    snprintf(real_manifests, sizeof real_manifests, "%s/legacy/projects", place);
    return access(real_logs, R_OK) == 0;
}

static selectai_trainset *load_real(void)
{
    static const char *const names[] = {"anomaly_cases.csv", "historical_selection_log.csv", "select_crop_log.csv"};
    char text[3][600];
    const char *paths[3];
    for (int i = 0; i < 3; i++) {
        snprintf(text[i], sizeof text[i], "%s/%s", real_logs, names[i]);
        paths[i] = text[i];
    }
    return load(paths, 3);
}

static void check_real(const selectai_trainset *set, int with_manifests)
{
    size_t crops = 0, unknown = 0;
    expect_counts(set, 518 + 23 + 7194, 0);
    for (size_t i = 0; i < selectai_trainset_count(set); i++) {
        struct selectai_entry e = entry_of(set, i);
        if (i < 518)
            assert_int_equal(e.anomaly, 1);
        else if (i < 541)
            assert_string_equal(e.project, "mojo1");
        if (i >= 518 && i < 541)
            assert_string_equal(e.decided_at, "");
        else
            assert_true(e.decided_at[0] != '\0');
        crops += e.has_crop == 1;
        if (i < 541)
            continue;
        assert_true(e.has_crop && e.image_width && e.image_height && e.crop.x2 <= 1 && e.crop_px.x2 > e.crop_px.x1);
        assert_int_equal(e.n_negatives, i == 541);
        unknown += !e.project[0];
        if (i == 541 || with_manifests)
            assert_true(strcmp(e.project, "mojo1") == 0 || (i != 541 && strcmp(e.project, "mojo2") == 0));
    }
    assert_int_equal(crops, 7194);
    assert_int_equal(unknown, with_manifests ? 0 : 7193);
}

static void real_files(void **state)
{
    selectai_projects *projects = NULL;
    (void)state;
    if (!find_real()) {
        print_message("no real logs in %s: skipped\n", real_logs);
        skip();
    }
    selectai_trainset *set = load_real();
    check_real(set, 0);
    selectai_trainset_destroy(&set);
    assert_int_equal(selectai_projects_create(&projects), SELECTAI_OK);
    assert_int_equal(selectai_projects_add_manifests(projects, real_manifests), SELECTAI_OK);
    options.projects = projects;
    options.by_dates = 1;
    set = load_real();
    check_real(set, 1);
    selectai_trainset_destroy(&set);
    selectai_projects_destroy(&projects);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(later_files_help),
        TEST(rows_over_several_projects),
        TEST(names_and_aliases),
        TEST(folders_of_the_config),
        TEST(roots),
        TEST(empty_files_and_mixtures),
        TEST(progress),
        TEST(real_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
