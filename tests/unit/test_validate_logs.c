/*
 * test_validate_logs.c: what is found in rows of logs, and that it is what loading them takes and leaves.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "validate_fixture.h"

#define FULL                                                                                                           \
    "session_id,set_id,directory,image_count,chosen_index,chosen_path,crop_x1,crop_y1,crop_x2,crop_y2,timestamp,"      \
    "image_0_path,image_0_stage,width_0,height_0,image_1_path,image_1_stage,width_1,height_1\n"
#define SELECTION "session_id,set_id,chosen_path,neg_paths,timestamp\n"
#define T1        "20250101_000000_stage1.png"
#define T2        "20250101_000100_stage2.png"

/* One row of a form, what it is called, and whether it can be used. */
struct row_case {
    const char *header, *row, *code;
    int usable;
};

static const struct row_case rows[] = {
    {SELECTION, "s,g,p/" T2 ",\"[\"\"p/" T1 "\"\"]\",2025-01-02T00:00:00Z,more", "column-count", 0},
    {SELECTION, "s,g", "column-count", 0},
    {SELECTION, "s,g,p/" T2 ",[p/" T1 "],2025-01-02T00:00:00Z", "bad-list", 0},
    {SELECTION, "s,g,p/" T2 ",,2025-01-02T00:00:00Z", "missing-field", 0},
    {SELECTION, "s,g,,\"['p/" T1 "']\",2025-01-02T00:00:00Z", "missing-field", 0},
    {SELECTION, "s,g,p/" T2 ",\"['p/" T2 "']\",2025-01-02T00:00:00Z", "winner-among-losers", 0},
    {SELECTION, "s,g,p/" T2 ",\"['p/" T1 "', 'p/" T1 "']\",2025-01-02T00:00:00Z", "duplicate-loser", 0},
    {SELECTION, "s,g,p/" T2 ",\"['q/" T1 "']\",2025-01-02T00:00:00Z", "mixed-projects", 0},
    {SELECTION, "s,g,crop/" T2 ",\"['crop/" T1 "']\",2025-01-02T00:00:00Z", "unknown-project", 0},
    {SELECTION, "s,g,p/" T2 ",\"['p/" T1 "']\",yesterday", "bad-time", 0},
    {SELECTION, "s,g,p/" T2 ",\"['p/" T1 "']\",2026-06-02T00:00:00Z", "time-in-future", 1},
    {SELECTION, "s,g,p/picture.png,\"['p/" T1 "']\",2025-01-02T00:00:00Z", "unparsed-name", 1},
    {SELECTION, "s,g,p/\xFF.png,\"['p/" T1 "']\",2025-01-02T00:00:00Z", "not-utf8", 0},
    {SELECTION, "s,g,p/20990101_000000_stage2.png,\"['p/" T1 "']\",2025-01-02T00:00:00Z", "time-in-future", 1},
    {FULL, "s,g,p,1,0,p/" T2 ",0,0,50,50,,p/" T2 ",stage2,100,100,,,,", "box-pixels", 1},
    {FULL, "s,g,p,1,0,p/" T2 ",0,0,0.5,0.5,,p/" T2 ",stage2,100,100,,,,", "box-normalised", 1},
    {FULL, "s,g,p,1,0,p/" T2 ",0,0,100,100,,p/" T2 ",stage2,100,100,,,,", "full-frame", 1},
    {FULL, "s,g,p,1,0,p/" T2 ",0,0,50,60,,p/" T2 ",stage2,100,100,,,,", "aspect-changed", 1},
    {FULL, "s,g,p,1,0,p/" T2 ",0,0,150,50,,p/" T2 ",stage2,100,100,,,,", "box-outside", 0},
    {FULL, "s,g,p,1,0,p/" T2 ",-1,0,50,50,,p/" T2 ",stage2,100,100,,,,", "box-outside", 0},
    {FULL, "s,g,p,1,0,p/" T2 ",50,0,50,50,,p/" T2 ",stage2,100,100,,,,", "box-empty", 0},
    {FULL, "s,g,p,1,0,p/" T2 ",60,0,50,50,,p/" T2 ",stage2,100,100,,,,", "box-inverted", 0},
    {FULL, "s,g,p,1,0,p/" T2 ",nan,0,50,50,,p/" T2 ",stage2,100,100,,,,", "box-not-a-number", 0},
    {FULL, "s,g,p,1,0,p/" T2 ",0,0,50,,,p/" T2 ",stage2,100,100,,,,", "missing-field", 0},
    {FULL, "s,g,p,1,0,p/" T2 ",0,0,1,1,,p/" T2 ",stage2,100,100,,,,", "box-placeholder", 0},
    {FULL, "s,g,p,2,0,p/" T2 ",0,0,1,1,,p/" T2 ",stage2,100,100,p/" T1 ",stage1,9,9", "box-placeholder", 1},
    {FULL, "s,g,p,1,0,p/" T2 ",0,0,50,50,,p/" T2 ",stage2,0,0,,,,", "missing-dimension", 0},
    {FULL, "s,g,p,2,0,p/" T2 ",0,0,50,50,,p/" T2 ",stage2,0,0,p/" T1 ",stage1,9,9", "missing-dimension", 1},
    {FULL, "s,g,p,1,0,p/" T2 ",0,0,0.5,0.5,,p/" T2 ",stage2,0,0,,,,", "missing-dimension", 1},
    {FULL, "s,g,p,1,0,p/" T2 ",,,,,,p/" T2 ",stage2,100,100,,,,", "no-crop", 0},
    {FULL, "s,g,p,1,1,p/" T2 ",0,0,50,50,,p/" T2 ",stage2,100,100,,,,", "index-mismatch", 0},
    {FULL, "s,g,p,2,0,p/" T2 ",0,0,50,50,,p/" T2 ",stage2,100,100,,,,", "index-mismatch", 0},
    {FULL, "s,g,p,2,1,p/" T2 ",0,0,50,50,,p/" T2 ",stage2,100,100,p/" T1 ",stage1,9,9", "index-mismatch", 0},
    {FULL, "s,g,p,1,0,p/" T2 ",0,0,50,50,,p/" T2 ",stage3,100,100,,,,", "stage-mismatch", 1},
    {FULL, "s,g,crop,1,0,crop/" T2 ",0,0,50,50,,crop/" T2 ",stage2,100,100,,,,", "unknown-project", 1},
    {"project,chosen_path,neg_paths,neg_stages,chosen_stage\n", "p,a/" T2 ",\"['a/" T1 "']\",[1.5],2", "stage-mismatch",
     1},
    {"project,chosen_path,neg_paths,neg_stages,chosen_stage\n", "p,a/" T2 ",\"['a/" T1 "']\",\"[1,2]\",2", "bad-list",
     0},
    {"project,chosen_path,neg_paths,was_cropped\n", "p,a/" T2 ",\"['a/" T1 "']\",perhaps", "bad-value", 0},
    {"session_id,set_id,project,chosen_stage,max_rejected_stage,chosen_path,rejected_paths,timestamp\n",
     "s,g,p,1,3,p/" T1 ",['p/" T2 "'],2025-01-02T00:00:00Z", "stage-mismatch", 1},
    {"timestamp,project_id,filename,crop_x1,crop_y1,crop_x2,crop_y2,width,height\n",
     "2025-01-02T00:00:00Z,p," T2 ",0,0,0.5,0.5,,", "missing-dimension", 1},
    {"{\"project\":\"p\",\"chosen_path\":\"p/" T2 "\",\"neg_paths\":[\"p/" T1 "\"]}\n", "{\"project\":", "bad-json", 0},
    {"{\"project\":\"p\",\"chosen_path\":\"p/" T2 "\",\"neg_paths\":[\"p/" T1 "\"]}\n", "[1]", "wrong-type", 0},
    {"{\"project\":\"p\",\"chosen_path\":\"p/" T2 "\",\"neg_paths\":[\"p/" T1 "\"]}\n",
     "{\"project\":\"p\",\"chosen_path\":\"p/" T2 "\"}", "missing-field", 0},
    {"{\"project\":\"p\",\"chosen_path\":\"p/" T2 "\",\"neg_paths\":[\"p/" T1 "\"]}\n",
     "{\"project\":\"p\",\"chosen_path\":\"p/" T2 "\",\"neg_paths\":[\"p/x.png\"],\"crop\":{\"x1\":0.5,\"y1\":0,"
     "\"x2\":0.2,\"y2\":1}}",
     "box-inverted", 0},
    {"{\"project\":\"p\",\"chosen_path\":\"p/" T2 "\",\"neg_paths\":[\"p/" T1 "\"]}\n",
     "{\"project\":\"p\",\"chosen_path\":\"p/y.png\",\"neg_paths\":[\"p/x.png\"],\"timestamp\":\"20251399_999999\"}",
     "bad-time", 1},
};

static size_t loaded(const char *path)
{
    selectai_trainset *set = NULL;
    assert_int_equal(selectai_trainset_load(&set, &path, 1, 0), SELECTAI_OK);
    size_t n = selectai_trainset_count(set);
    selectai_trainset_destroy(&set);
    return n;
}

static void every_code(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[2048];
        size_t first = rows[i].header[0] == '{';
        snprintf(text, sizeof text, "%s%s\n", rows[i].header, rows[i].row);
        const char *path = put("log", text);
        selectai_validation *v = look(path);
        struct selectai_validated_problem p = problem_of(v, 0, rows[i].code);
        if (p.count != 1 || p.unusable != (uint64_t)!rows[i].usable) {
            print_problems(v);
            fail_msg("case %zu: no %s", i, rows[i].code);
        }
        assert_int_equal(file_of(v, 0).rows, first + 1);
        assert_int_equal(file_of(v, 0).usable, first + (size_t)rows[i].usable);
        assert_int_equal(loaded(path), first + (size_t)rows[i].usable);
        assert_int_equal(selectai_validation_severity(v) == SELECTAI_SEVERITY_ERROR, !rows[i].usable);
        assert_true(*p.meaning && (*p.remedy || p.severity == SELECTAI_SEVERITY_NOTE));
        selectai_validation_destroy(&v);
        assert_null(v);
    }
}

static void repeated_and_contradicting(void **state)
{
    (void)state;
    selectai_validation *v = look(put("log.csv", SELECTION "s,g,p/" T2 ",\"['p/" T1 "']\",2025-01-02T00:00:00Z\n"
                                                           "s,g,x/p/" T2 ",\"['p/" T1
                                                           "']\",2025-01-02T00:00:00Z\n" /* first folder: x */
                                                           "s,g,p/deep/" T2 ",\"['p/" T1 "']\",2025-01-03T00:00:00Z\n"
                                                           "s,g,p/" T1 ",\"['p/" T2 "']\",2025-01-02T00:00:00Z\n"
                                                           "s,g,q/" T1 ",\"['q/" T2 "']\",2025-01-02T00:00:00Z\n"));
    expect(v, "duplicate-decision", 1, 0);
    expect(v, "contradicting-decisions", 1, 0);
    expect(v, "mixed-projects", 1, 1);
    expect_kind(v, 0, "selection-log", 5, 4);
    struct selectai_validated_example e = {.struct_size = sizeof e};
    for (size_t i = 0; i < file_of(v, 0).n_problems; i++) {
        struct selectai_validated_problem p = {.struct_size = sizeof p};
        assert_int_equal(selectai_validation_problem(v, 0, i, &p), SELECTAI_OK);
        if (strcmp(p.code, "duplicate-decision") != 0)
            continue;
        assert_int_equal(selectai_validation_example(v, 0, i, 0, &e), SELECTAI_OK);
        assert_int_equal(e.row, 4);
        assert_non_null(strstr(e.message, "row 2"));
    }
    selectai_validation_destroy(&v);
    v = look(put("crops.csv", FULL "s,g,p,1,0,p/" T2 ",0,0,50,50,,p/" T2 ",,100,100,,,,\n"
                                   "s,g,p,1,0,p/" T2 ",0,0,0.5,0.5,,p/" T2 ",,100,100,,,,\n"
                                   "s,g,p,1,0,p/" T2 ",50,50,100,100,,p/" T2 ",,100,100,,,,\n"));
    expect(v, "duplicate-decision", 1, 0);
    expect(v, "contradicting-decisions", 1, 0);
    expect(v, "mixed-units", 3, 0);
    expect(v, "box-pixels", 2, 0);
    expect(v, "box-normalised", 1, 0);
    selectai_validation_destroy(&v);
}

/* What one log names helps another one, as in loading both. */
static void logs_together(void **state)
{
    (void)state;
    char a[512], b[512];
    snprintf(a, sizeof a, "%s", put("a.csv", SELECTION "s,g,crop/" T2 ",\"['crop/" T1 "']\",\n"));
    snprintf(b, sizeof b, "%s",
             put("b.jsonl", "{\"project\":\"anna\",\"chosen_path\":\"crop/x.png\",\"neg_paths\":[\"crop/y.png\"],"
                            "\"metadata\":{\"raw_dir\":\"crop\",\"final_dir\":\"f\"}}\n"));
    selectai_validation *v = look(a);
    expect(v, "unknown-project", 1, 1);
    selectai_validation_destroy(&v);
    const char *paths[] = {a, b};
    const struct selectai_validate_options options = options_at(NOW);
    assert_int_equal(selectai_validate(&v, paths, 2, &options), SELECTAI_OK);
    expect(v, "unknown-project", 0, 0);
    selectai_trainset *set = NULL;
    assert_int_equal(selectai_trainset_load(&set, paths, 2, 1), SELECTAI_OK);
    assert_int_equal(selectai_trainset_count(set), 2);
    selectai_trainset_destroy(&set);
    selectai_validation_destroy(&v);
}

static void images_there_or_not(void **state)
{
    (void)state;
    const char *log = put("log.csv", SELECTION "s,g,p/" T2 ",\"['p/" T1 "']\",2025-01-02T00:00:00Z\n");
    selectai_validation *v = look(log);
    expect(v, "images-not-here", 2, 0);
    expect(v, "missing-image", 0, 0);
    selectai_validation_destroy(&v);
    mkdir(at("p"), 0777);
    put("p/" T2, "x");
    v = look(log); /* beside the log */
    expect(v, "images-not-here", 0, 0);
    expect(v, "missing-image", 1, 0);
    selectai_validation_destroy(&v);
    mkdir(at("elsewhere"), 0777);
    put("elsewhere/" T1, "x");
    struct selectai_validate_options options = options_at(NOW);
    options.images_root = folder;
    v = look_with(log, &options);
    expect(v, "missing-image", 0, 0);
    selectai_validation_destroy(&v);
}

static void at_most_ten_places(void **state)
{
    (void)state;
    char text[4096] = SELECTION;
    for (int i = 0; i < 25; i++)
        strcat(text, "a,b\n");
    selectai_validation *v = look(put("log.csv", text));
    struct selectai_validated_problem p = problem_of(v, 0, "column-count");
    assert_int_equal(p.count, 25);
    assert_int_equal(p.n_examples, 10);
    struct selectai_validated_example e = {.struct_size = sizeof e};
    assert_int_equal(selectai_validation_example(v, 0, 0, 9, &e), SELECTAI_OK);
    assert_int_equal(e.row, 11);
    assert_int_equal(selectai_validation_example(v, 0, 0, 10, &e), SELECTAI_ERR_INVALID_ARGUMENT);
    selectai_validation_destroy(&v);
}

/* A million rows fit into memory because nothing is kept of them; here it is shown that many rows are all counted. */
static void many_rows(void **state)
{
    (void)state;
    FILE *f = fopen(at("many.csv"), "w");
    assert_non_null(f);
    fputs(SELECTION, f);
    for (int i = 0; i < 3000; i++)
        fprintf(f, "s%d,g,p/2025010%d_%06d_stage2.png,\"['p/a%d.png']\",2025-01-02T00:00:00Z\n", i, i % 9 + 1,
                i % 60 + 100 * (i / 60 % 60), i % 1500);
    fclose(f);
    selectai_validation *v = look(at("many.csv"));
    expect_kind(v, 0, "selection-log", 3000, 3000);
    expect(v, "unparsed-name", 3000, 0);
    selectai_validation_destroy(&v);
}

static int stop(uint64_t done, uint64_t total, const char *stage, void *user)
{
    (void)done;
    (void)total;
    (void)stage;
    (void)user;
    return 1;
}

static void stopping_and_wrong_calls(void **state)
{
    (void)state;
    selectai_validation *v = NULL;
    const char *log = at("many.csv"), *nothing = "";
    FILE *f = fopen(log, "w");
    fputs(SELECTION, f);
    for (int i = 0; i < 600; i++)
        fputs("a,b\n", f);
    fclose(f);
    struct selectai_validate_options options = options_at(NOW);
    options.progress = stop;
    assert_int_equal(selectai_validate(&v, &log, 1, &options), SELECTAI_ERR_CANCELLED);
    assert_null(v);
    assert_int_equal(selectai_validate(NULL, &log, 1, NULL), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_validate(&v, &nothing, 1, NULL), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_validate(&v, NULL, 0, NULL), SELECTAI_OK);
    assert_int_equal(selectai_validation_count(v), 0);
    assert_int_equal(selectai_validation_severity(v), SELECTAI_SEVERITY_NOTE);
    selectai_validation_destroy(&v);
    selectai_validation_destroy(&v);
}

/* What validation calls one bad row is one to loading, too. */
static void rows_without_end(void **state)
{
    (void)state;
    const char *path = at("log.csv");
    selectai_trainset *set = NULL;
    FILE *f = fopen(path, "w");
    fputs("project,chosen_path,neg_paths\np,a,['b']\n", f);
    for (int i = 0; i < 5000; i++)
        fputc(',', f);
    fputs("\np,", f);
    for (int i = 0; i < 3000; i++)
        fputs("c/", f);
    fputs("d,['e']\np,f,['g']\n", f);
    fclose(f);
    selectai_validation *v = look(path);
    expect_kind(v, 0, "entries", 4, 2);
    expect(v, "bad-csv", 1, 1);
    expect(v, "bad-value", 1, 1);
    selectai_validation_destroy(&v);
    assert_int_equal(selectai_trainset_load(&set, &path, 1, 0), SELECTAI_OK);
    assert_int_equal(selectai_trainset_count(set), 2);
    selectai_trainset_destroy(&set);
}

/* Rejected groups among entries: judged one by one, and compared with the decisions of both sides of them. */
static void rejected_groups(void **state)
{
    const char *path = put("both.jsonl",
                           "{\"project\":\"p\",\"paths\":[\"x/a\",\"x/b\"]}\n"                     /* 1 */
                           "{\"project\":\"p\",\"chosen_path\":\"y/b\",\"neg_paths\":[\"y/c\"]}\n" /* 2: decides 1 */
                           "{\"project\":\"p\",\"paths\":[\"z/d\",\"z/b\"],\"stages\":[1,2]}\n"    /* 3: 2 decided it */
                           "{\"project\":\"p\",\"paths\":[\"c\",\"d\"]}\n"                         /* 4 */
                           "{\"project\":\"q\",\"paths\":[\"c\",\"d\"]}\n"                         /* 5 */
                           "{\"project\":\"p\",\"paths\":[\"d\",\"x/c\"]}\n"                       /* 6: again */
                           "{\"project\":\"p\",\"paths\":[]}\n"                                    /* 7 */
                           "{\"project\":\"p\",\"paths\":[\"p/e\",\"q/e\"]}\n"                     /* 8 */
                           "{\"project\":\"p\",\"paths\":[\"d\",\"q/" T1 "\"],\"stages\":[1,2]}\n"); /* 9 */
    selectai_trainset *set = NULL;
    (void)state;
    selectai_validation *v = look(path);
    expect_kind(v, 0, "rejected", 9, 6);
    expect(v, "decided", 2, 0);
    expect(v, "repeated", 1, 0);
    expect(v, "bad-list", 1, 1);
    expect(v, "mixed-projects", 2, 2);
    expect(v, "contradicting-decisions", 0, 0);
    for (size_t i = 0; i < file_of(v, 0).n_problems; i++) {
        struct selectai_validated_problem p = {.struct_size = sizeof p};
        assert_int_equal(selectai_validation_problem(v, 0, i, &p), SELECTAI_OK);
        for (size_t k = 0; k < 2 && strcmp(p.code, "decided") == 0; k++) { /* the row that was read later */
            struct selectai_validated_example e = {.struct_size = sizeof e};
            assert_int_equal(selectai_validation_example(v, 0, i, k, &e), SELECTAI_OK);
            assert_int_equal(e.row, 2 + k);
        }
    }
    selectai_validation_destroy(&v);
    assert_int_equal(selectai_trainset_load(&set, &path, 1, 0), SELECTAI_OK);
    assert_int_equal(selectai_trainset_count(set), 1);
    assert_int_equal(selectai_trainset_rejected_count(set), 2);
    /* 6 can be used; of these 1 and 3 were decided, 6 is there twice. */
    assert_int_equal(selectai_issues_count(selectai_trainset_issues(set)), 9 - 3);
    selectai_trainset_destroy(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rejected_groups, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_code, set_up, tear_down),
        cmocka_unit_test_setup_teardown(repeated_and_contradicting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(logs_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(images_there_or_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(at_most_ten_places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_without_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stopping_and_wrong_calls, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
