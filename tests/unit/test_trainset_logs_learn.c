/*
 * test_trainset_logs_learn.c: what learning makes of decisions from old logs.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "learn_fixture.h"

#include "learn/measure.h"

struct fixture {
    char folder[256];
    selectai_trainset *set;
    selectai_issues *issues;
    struct sai_decisions decisions;
};

static struct fixture f;

static void read_log(const char *text)
{
    char path[512];
    const char *paths[] = {path};
    snprintf(path, sizeof path, "%s/log.csv", f.folder);
    write_text(path, text);
    assert_int_equal(selectai_trainset_load_logs(&f.set, paths, 1, NULL), SELECTAI_OK);
    assert_int_equal(sai_issues_create(&f.issues), SELECTAI_OK);
    assert_int_equal(sai_decisions_read(&f.decisions, f.issues, f.set), SELECTAI_OK);
}

static int set_up(void **state)
{
    (void)state;
    f = (struct fixture){0};
    make_temporary(f.folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sai_decisions_free(&f.decisions);
    selectai_issues_destroy(&f.issues);
    selectai_trainset_destroy(&f.set);
    remove_temporary(f.folder);
    return 0;
}

static void expect_usable(const char *expected)
{
    assert_int_equal(f.decisions.count, strlen(expected));
    for (size_t i = 0; i < f.decisions.count; i++)
        if (f.decisions.items[i].usable != (expected[i] == '1'))
            fail_msg("decision %zu of %s", i, expected);
}

#define CROPS                                                                                                          \
    "session_id,set_id,directory,image_count,chosen_index,chosen_path,crop_x1,crop_y1,crop_x2,crop_y2,timestamp,"      \
    "image_0_path,image_0_stage,width_0,height_0,image_1_path,image_1_stage,width_1,height_1\n"

/* Crops alone are neither pairs nor worth a word; a cropper takes those whose project is known, each image once. */
static void crops_alone(void **state)
{
    size_t without = 0;
    (void)state;
    read_log(CROPS "s,1,p,2,1,p/b.png,,,,,,p/a.png,,100,100,p/b.png,,100,100\n"
                   "s,2,p,2,1,p/d.png,0,0,50,50,,p/c.png,,100,100,p/d.png,,100,100\n"
                   "s,3,p,1,0,p/d.png,0,0,60,60,,p/d.png,,100,100,,,,\n"
                   "s,4,p,1,0,p/b.png,0,0,60,60,,p/b.png,,100,100,,,,\n"
                   "s,5,crop,1,0,crop/e.png,0,0,60,60,,crop/e.png,,100,100,,,,\n"
                   "s,6,crop,1,0,crop/f.png,0,0,60,60,,crop/f.png,,100,100,,,,\n"
                   "s,7,p,1,0,p/b.png,0,0,60,60,,p/b.png,,100,100,,,,\n");
    expect_usable("1100000");
    assert_int_equal(f.decisions.n_crops_alone, 5);
    assert_int_equal(selectai_issues_count(f.issues), 0);
    assert_int_equal(sai_require_crops(&f.decisions, f.issues, &without), SELECTAI_OK);
    expect_usable("0101000"); /* d.png's crop stands in its selection, b.png's is known from the log alone */
    assert_int_equal(without, 1);
    assert_int_equal(selectai_issues_count(f.issues), 3); /* one for e.png and f.png, one each for repeated crops */
    struct selectai_issue issue = {.struct_size = sizeof issue};
    assert_int_equal(selectai_issues_get(f.issues, 0, &issue), SELECTAI_OK);
    assert_string_equal(issue.kind, "unknown-project");
    assert_non_null(strstr(issue.message, "2 crops"));
}

/* Sessions number their sets anew. */
static void sets_of_sessions(void **state)
{
    (void)state;
    read_log("session_id,set_id,chosen_path,neg_paths,timestamp\n"
             "s1,group_1,p/a.png,[\"p/b.png\"],\n"
             "s2,group_1,p/c.png,[\"p/d.png\"],\n"
             "s1,group_1,p/e.png,[\"p/f.png\"],\n");
    assert_int_equal(f.decisions.n_groups, 2);
    assert_int_equal(f.decisions.items[0].group, f.decisions.items[2].group);
    assert_int_not_equal(f.decisions.items[0].group, f.decisions.items[1].group);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(crops_alone), TEST(sets_of_sessions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
