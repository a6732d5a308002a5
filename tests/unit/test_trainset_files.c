/*
 * test_trainset_files.c: training entries in JSONL and CSV files.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "test_util.h"

#include <math.h>

#include "base/rng.h"

static char folder[256];

static int set_up(void **state)
{
    (void)state;
    make_temporary(folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_temporary(folder);
    return 0;
}

static const char *at(const char *rel)
{
    static char paths[4][512];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, rel);
    return path;
}

static selectai_trainset *load(const char *rel, const char *text)
{
    selectai_trainset *set = NULL;
    const char *path = at(rel);
    if (text)
        write_text(path, text);
    if (selectai_trainset_load(&set, &path, 1, 0) != SELECTAI_OK)
        fail_msg("%s", selectai_last_error());
    return set;
}

static int load_code(const char *rel, const char *text, int strict)
{
    selectai_trainset *set = NULL;
    const char *path = at(rel);
    write_text(path, text);
    int rc = selectai_trainset_load(&set, &path, 1, strict);
    selectai_trainset_destroy(&set);
    return rc;
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

static const char full[] =
    "{\"project\":\"mojo-1\",\"timestamp\":\"20250708_060711\",\"chosen_path\":\"raw/a "
    "\\\"b\\\".png\",\"chosen_stage\":"
    "1.5,\"neg_paths\":[\"raw/c.png\",\"raw/d,e.png\"],\"neg_stages\":[1,null],\"was_cropped\":true,\"set_id\":\"g1\","
    "\"chosen_final_path\":\"final/"
    "a.png\",\"anomaly\":null,\"crop\":{\"x1\":0,\"y1\":0.25,\"x2\":0.5,\"y2\":0.75,\"box_"
    "px\":[0,256,512,768],\"method\":\"exact\",\"residual\":0},\"crop_evidence\":\"pixels\",\"group_mode\":\"nearest-"
    "up\",\"evidence\":\"name\",\"metadata\":{\"raw_dir\":\"raw\",\"final_dir\":\"final\",\"extraction_date\":"
    "\"2026-01-02\"}}";

static void full_entry_round_trip(void **state)
{
    char *line = NULL, text[2048];
    (void)state;
    snprintf(text, sizeof text, "%s\n", full);
    selectai_trainset *set = load("a.jsonl", text);
    assert_int_equal(selectai_trainset_count(set), 1);
    struct selectai_entry e = entry_of(set, 0);
    assert_string_equal(e.project, "mojo-1");
    assert_string_equal(e.chosen_path, "raw/a \"b\".png");
    assert_true(e.chosen_stage == 1.5);
    assert_int_equal(e.n_negatives, 2);
    assert_true(e.neg_stages[0] == 1 && isnan(e.neg_stages[1]));
    assert_int_equal(e.was_cropped, 1);
    assert_int_equal(e.anomaly, SELECTAI_UNKNOWN); /* one stage is not known */
    assert_int_equal(e.has_crop, 1);
    assert_true(e.crop.y1 == 0.25 && e.crop.x2 == 0.5);
    assert_int_equal(e.crop_px.y2, 768);
    assert_int_equal(e.crop_method, SELECTAI_CROP_EXACT);
    assert_int_equal(e.crop_evidence, SELECTAI_CROP_EVIDENCE_PIXELS);
    assert_int_equal(e.group_mode, SELECTAI_GROUP_NEAREST_UP);
    assert_int_equal(e.evidence, SELECTAI_EVIDENCE_NAME);
    assert_string_equal(e.raw_dir, "raw");
    assert_string_equal(e.extraction_date, "2026-01-02");
    assert_int_equal(selectai_trainset_entry_json(&line, set, 0), SELECTAI_OK);
    assert_string_equal(line, full); /* the same members in the same order */
    selectai_free(line);

    assert_int_equal(selectai_trainset_write(set, at("b.jsonl"), 0), SELECTAI_OK);
    char *written = read_text(at("b.jsonl"));
    assert_string_equal(written, text);
    free(written);
    selectai_trainset_destroy(&set);
}

static void csv_round_trip(void **state)
{
    (void)state;
    selectai_trainset *set = load("a.jsonl", full);
    assert_int_equal(selectai_trainset_write(set, at("a.csv"), 0), SELECTAI_OK);
    char *text = read_text(at("a.csv"));
    assert_string_equal(
        text, "project,timestamp,chosen_path,chosen_stage,neg_paths,neg_stages,was_cropped\n"
              "mojo-1,20250708_060711,\"raw/a \"\"b\"\".png\",1.5,\"[\"\"raw/c.png\"\",\"\"raw/d,e.png\"\"]\","
              "\"[1,null]\",true\n");
    free(text);
    selectai_trainset_destroy(&set);
    set = load("a.csv", NULL);
    assert_int_equal(selectai_trainset_count(set), 1);
    struct selectai_entry e = entry_of(set, 0);
    assert_string_equal(e.chosen_path, "raw/a \"b\".png");
    assert_string_equal(e.neg_paths[1], "raw/d,e.png");
    assert_true(isnan(e.neg_stages[1]) && e.neg_stages[0] == 1);
    assert_int_equal(e.was_cropped, 1);
    assert_int_equal(e.has_crop, 0);
    assert_string_equal(e.set_id, "");
    selectai_trainset_destroy(&set);
}

static void minimal_entries(void **state)
{
    (void)state;
    selectai_trainset *set = load(
        "a.jsonl", "\xEF\xBB\xBF{\"project\":\"p\",\"chosen_path\":\"a.png\",\"neg_paths\":[\"b.png\"]}\r\n\n  \n"
                   "{\"project\":\"p\",\"chosen_path\":\"x/20250708_060711_stage1.png\",\"neg_paths\":"
                   "[\"x/20250708_060712_stage2.png\"],\"extra\":[1]}");
    assert_int_equal(selectai_issues_count(selectai_trainset_issues(set)), 0);
    assert_int_equal(selectai_trainset_count(set), 2);
    struct selectai_entry e = entry_of(set, 0);
    assert_true(isnan(e.chosen_stage) && isnan(e.neg_stages[0]));
    assert_int_equal(e.was_cropped, SELECTAI_UNKNOWN);
    assert_int_equal(e.anomaly, SELECTAI_UNKNOWN);
    assert_int_equal(e.group_mode, SELECTAI_UNKNOWN);
    assert_int_equal(e.evidence, SELECTAI_EVIDENCE_UNKNOWN);
    assert_string_equal(e.timestamp, "");
    e = entry_of(set, 1); /* what the names say is known */
    assert_true(e.chosen_stage == 1 && e.neg_stages[0] == 2);
    assert_int_equal(e.anomaly, 1);
    assert_string_equal(e.timestamp, "20250708_060711");
    selectai_trainset_destroy(&set);

    set = load("b.csv", "neg_paths,chosen_path,project\r\n\"['b.png', \"\"it's.png\"\"]\",a.png,p\r\n");
    assert_int_equal(selectai_trainset_count(set), 1);
    e = entry_of(set, 0);
    assert_int_equal(e.n_negatives, 2);
    assert_string_equal(e.neg_paths[0], "b.png");
    assert_string_equal(e.neg_paths[1], "it's.png");
    selectai_trainset_destroy(&set);
}

static void lists_in_csv_cells(void **state)
{
    static const struct {
        const char *paths, *stages, *first;
    } cases[] = {
        {"[\"\"x.png\"\"]", "[2.0]", "x.png"},
        {"['x.png']", "[2]", "x.png"},
        {"['it\\'s \\\\ \"\"q\"\".png']", "[ 2.0 ]", "it's \\ \"q\".png"},
        {"['\\xe9.png']", "[2.0]", "\xC3\xA9.png"},
        {"[\"\"\"\"x.png\"\"\"\"]", "[2]", "x.png"}, /* quotes doubled twice */
        {" [ 'x.png' ] ", "[2.0]", "x.png"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "project,timestamp,chosen_path,chosen_stage,neg_paths,neg_stages,was_cropped\n"
                 "p,,a.png,1,\"%s\",\"%s\",%s\n",
                 cases[i].paths, cases[i].stages, i % 2 ? "True" : "false");
        selectai_trainset *set = load("a.csv", text);
        if (selectai_trainset_count(set) != 1)
            fail_msg("%s: %s", cases[i].paths, issue_of(set, 0).message);
        struct selectai_entry e = entry_of(set, 0);
        assert_string_equal(e.neg_paths[0], cases[i].first);
        assert_true(e.neg_stages[0] == 2);
        assert_int_equal(e.was_cropped, i % 2);
        assert_int_equal(e.anomaly, 1);
        selectai_trainset_destroy(&set);
    }
}

/* Each with what its message must say. */
static void broken_rows(void **state)
{
    static const char *const rows[][2] = {
        {"{", "bad JSON"},
        {"{}x", "bad JSON"},
        {"[1]", "object"},
        {"{\"chosen_path\":\"a\",\"neg_paths\":[\"b\"]}", "project is missing"},
        {"{\"project\":\"\",\"chosen_path\":\"a\",\"neg_paths\":[\"b\"]}", "project is missing"},
        {"{\"project\":7,\"chosen_path\":\"a\",\"neg_paths\":[\"b\"]}", "project is no text"},
        {"{\"project\":\"p\",\"neg_paths\":[\"b\"]}", "chosen_path is missing"},
        {"{\"project\":\"p\",\"chosen_path\":\"a\"}", "neg_paths is missing"},
        {"{\"project\":\"p\",\"chosen_path\":\"a\",\"neg_paths\":[]}", "neg_paths is missing"},
        {"{\"project\":\"p\",\"chosen_path\":\"a\",\"neg_paths\":\"b\"}", "neg_paths is missing"},
        {"{\"project\":\"p\",\"chosen_path\":\"a\",\"neg_paths\":[\"b\",3]}", "no path"},
        {"{\"project\":\"p\",\"chosen_path\":\"a\",\"neg_paths\":[\"b\",\"\"]}", "no path"},
        {"{\"project\":\"p\",\"chosen_path\":\"a\",\"neg_paths\":[\"a\"]}", "among neg_paths"},
        {"{\"project\":\"p\",\"chosen_path\":\"a\",\"neg_paths\":[\"b\",\"b\"]}", "twice"},
        {"{\"project\":\"p\",\"chosen_path\":\"a\",\"neg_paths\":[\"b\"],\"neg_stages\":[1,2]}", "as long as"},
        {"{\"project\":\"p\",\"chosen_path\":\"a\",\"neg_paths\":[\"b\"],\"neg_stages\":[\"1\"]}", "no number"},
        {"{\"project\":\"p\",\"chosen_path\":\"a\",\"neg_paths\":[\"b\"],\"chosen_stage\":\"1\"}", "no number"},
        {"{\"project\":\"p\",\"chosen_path\":\"a\",\"neg_paths\":[\"b\"],\"was_cropped\":1}", "neither true"},
        {"{\"project\":\"p\",\"chosen_path\":\"a\",\"neg_paths\":[\"b\"],\"crop\":{\"x1\":0,\"y1\":0,\"x2\":1}}",
         "no box"},
        {"{\"project\":\"p\",\"chosen_path\":\"a\",\"neg_paths\":[\"b\"],\"crop\":{\"x1\":0,\"y1\":0,\"x2\":2,\"y2\":1}"
         "}",
         "no box"},
        {"{\"project\":\"p\",\"chosen_path\":\"a\",\"neg_paths\":[\"b\"],\"evidence\":\"guess\"}", "known words"},
        {"{\"project\":\"p\",\"chosen_path\":\"a\xFF\",\"neg_paths\":[\"b\"]}", "bad JSON"},
        {"{\"project\":\"p\",\"project\":\"q\",\"chosen_path\":\"a\",\"neg_paths\":[\"b\"]}", "bad JSON"},
    };
    static const char good[] = "{\"project\":\"p\",\"chosen_path\":\"a\",\"neg_paths\":[\"b\"]}";
    const size_t n = sizeof rows / sizeof *rows;
    char text[8192] = "";
    (void)state;
    for (size_t i = 0; i < n; i++)
        strcat(strcat(strcat(strcat(text, good), "\n"), rows[i][0]), "\n");
    selectai_trainset *set = load("a.jsonl", text);
    assert_int_equal(selectai_trainset_count(set), n);
    assert_int_equal(selectai_issues_count(selectai_trainset_issues(set)), n);
    for (size_t i = 0; i < n; i++) {
        struct selectai_issue issue = issue_of(set, i);
        assert_int_equal(issue.row, 2 * i + 2);
        assert_string_not_equal(issue.kind, "");
        assert_string_equal(issue.path, at("a.jsonl"));
        if (!strstr(issue.message, rows[i][1]))
            fail_msg("\"%s\" does not say %s", issue.message, rows[i][1]);
    }
    selectai_trainset_destroy(&set);
    assert_int_equal(load_code("a.jsonl", text, 1), SELECTAI_ERR_FORMAT);
    assert_non_null(strstr(selectai_last_error(), "a.jsonl:2: "));
}

static void broken_csv(void **state)
{
    (void)state;
    selectai_trainset *set = load("a.csv", "project,chosen_path,neg_paths,chosen_stage,was_cropped\n"
                                           "p,a,\"['b']\",1,true\n"
                                           "p,a,\"['b'\",1,true\n"
                                           "p,a,\"['b']\",one,true\n"
                                           "p,a,\"['b']\",1,maybe\n"
                                           "p,a,\"['b']\",1\n"
                                           ",a,\"['b']\",1,\n"
                                           "p,a,\"['b\n']\",1,\n"
                                           "p,a\xFF,\"['b']\",1,\n"
                                           "p,z,\"['b']\",,\n");
    static const uint64_t bad[] = {3, 4, 5, 6, 7, 8, 10};
    assert_int_equal(selectai_trainset_count(set), 2);
    assert_int_equal(selectai_issues_count(selectai_trainset_issues(set)), 7);
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(issue_of(set, i).row, bad[i]);
    assert_string_equal(entry_of(set, 1).chosen_path, "z");
    selectai_trainset_destroy(&set);
    assert_int_equal(load_code("b.csv", "a,b,c\n1,2,3\n", 0), SELECTAI_ERR_FORMAT);
    assert_non_null(strstr(selectai_last_error(), "project"));
    assert_int_equal(load_code("c.csv", "project,chosen_path,neg_paths\np,a,\"[", 1), SELECTAI_ERR_FORMAT);
}

static void append(void **state)
{
    (void)state;
    static const char old[] = "{\"project\":\"p\",\"chosen_path\":\"a\",\"neg_paths\":[\"b\"]}";
    selectai_trainset *set = load("in.jsonl", "{\"project\":\"p\",\"chosen_path\":\"c\",\"neg_paths\":[\"d\"]}\n");
    write_text(at("out.jsonl"), old); /* without a line end */
    assert_int_equal(selectai_trainset_write(set, at("out.jsonl"), 1), SELECTAI_OK);
    selectai_trainset *both = load("out.jsonl", NULL);
    assert_int_equal(selectai_trainset_count(both), 2);
    char *text = read_text(at("out.jsonl"));
    assert_int_equal(strncmp(text, old, sizeof old - 1), 0);
    free(text);
    selectai_trainset_destroy(&both);

    for (int i = 0; i < 3; i++) /* the first makes the file */
        assert_int_equal(selectai_trainset_write(set, at("out.csv"), 1), SELECTAI_OK);
    text = read_text(at("out.csv"));
    const char *header = strstr(text, "project,");
    assert_ptr_equal(header, text);
    assert_null(strstr(text + 1, "project,"));
    free(text);
    both = load("out.csv", NULL);
    assert_int_equal(selectai_trainset_count(both), 3);
    selectai_trainset_destroy(&both);

    write_text(at("other.csv"), "a,b\n1,2\n");
    assert_int_equal(selectai_trainset_write(set, at("other.csv"), 1), SELECTAI_ERR_MISMATCH);
    text = read_text(at("other.csv"));
    assert_string_equal(text, "a,b\n1,2\n");
    free(text);
    write_text(at("other.jsonl"), "a,b\n1,2\n");
    assert_int_equal(selectai_trainset_write(set, at("other.jsonl"), 1), SELECTAI_ERR_MISMATCH);
    assert_int_equal(selectai_trainset_write(set, at("out.txt"), 0), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_trainset_write(set, at("none/out.csv"), 0), SELECTAI_ERR_NOT_FOUND);
    selectai_trainset_destroy(&set);
}

static void formula_cells(void **state)
{
    (void)state;
    selectai_trainset *set = load("a.jsonl", "{\"project\":\"=1+1\",\"chosen_path\":\"@a\",\"neg_paths\":[\"-b\"]}");
    assert_int_equal(selectai_trainset_write(set, at("a.csv"), 0), SELECTAI_OK);
    selectai_trainset_destroy(&set);
    char *text = read_text(at("a.csv"));
    assert_non_null(strstr(text, "\n\"'=1+1\",")); /* no spreadsheet may run it */
    free(text);
    set = load("a.csv", NULL);
    struct selectai_entry e = entry_of(set, 0);
    assert_string_equal(e.project, "=1+1");
    assert_string_equal(e.chosen_path, "@a");
    assert_string_equal(e.neg_paths[0], "-b");
    selectai_trainset_destroy(&set);
}

#define ROW(project, chosen, neg, raw)                                                                                 \
    "{\"project\":\"" project "\",\"chosen_path\":\"" chosen "\",\"neg_paths\":[\"" neg                                \
    "\"],\"metadata\":{\"raw_dir\":\"" raw "\"}}\n"

static void projects_never_mix(void **state)
{
    (void)state;
    static const char text[] = ROW("p", "arch/p_raw/a.png", "arch/p_raw/b.png", "arch/p_raw/") /* 1 */
        ROW("q", "arch/q_raw/a.png", "arch/q_raw/b.png", "arch/q_raw")                         /* 2 */
        ROW("p", "arch/p_raw/c.png", "arch/q_raw/d.png", "arch/p_raw")                         /* 3: loser in q's RAW */
        ROW("p", "x/p/e.png", "x/q/f.png", "")                                                 /* 4: folder called q */
        ROW("p", "x/p/q/e.png", "x/q/p/f.png", "")                                             /* 5: own name too */
        ROW("p", "arch/p_raw/q/e.png", "arch/p_raw/f.png", "arch/p_raw")                       /* 6: inside p's RAW */
        ROW("r", "arch/q_raw/r_part/a.png", "arch/q_raw/r_part/b.png", "arch/q_raw/r_part")    /* 7: innermost counts */
        ROW("q", "arch/q_raw/r_part/c.png", "arch/q_raw/d.png", "arch/q_raw")                  /* 8: there, too */
        ROW("p", "elsewhere/q.png", "elsewhere/r.png", "");                                    /* 9: only file names */
    static const uint64_t bad[] = {3, 4, 8};
    selectai_trainset *set = load("a.jsonl", text);
    assert_int_equal(selectai_trainset_count(set), 6);
    assert_int_equal(selectai_issues_count(selectai_trainset_issues(set)), 3);
    for (size_t i = 0; i < 3; i++) {
        struct selectai_issue issue = issue_of(set, i);
        assert_int_equal(issue.row, bad[i]);
        assert_int_equal(issue.code, SELECTAI_ERR_PROJECT_RULE);
        assert_string_equal(issue.kind, "project-rule");
    }
    assert_string_equal(entry_of(set, 5).chosen_path, "elsewhere/q.png");
    selectai_trainset_destroy(&set);
    assert_int_equal(load_code("a.jsonl", text, 1), SELECTAI_ERR_PROJECT_RULE);
    assert_non_null(strstr(selectai_last_error(), "a.jsonl:3: arch/q_raw/d.png"));
}

#define SHARED_ROW(project, chosen, neg, raw, shared)                                                                  \
    "{\"project\":\"" project "\",\"chosen_path\":\"" chosen "\",\"neg_paths\":[\"" neg                                \
    "\"],\"metadata\":{\"raw_dir\":\"" raw "\",\"shared_folders\":" shared "}}\n"

/* Projects told apart by dates may share a folder if both say so; an image still belongs to one of them. */
static void shared_folders(void **state)
{
    (void)state;
    static const char text[] = SHARED_ROW("p", "all/a.png", "all/b.png", "all", "true") /* 1 */
        SHARED_ROW("q", "all/c.png", "all/d.png", "all", "true")                        /* 2 */
        SHARED_ROW("q", "all/e.png", "all/b.png", "all", "true")                        /* 3: b is p's */
        SHARED_ROW("p", "one/a.png", "one/b.png", "one", "true")                        /* 4 */
        SHARED_ROW("q", "one/c.png", "one/d.png", "one", "false");                      /* 5: takes it for itself */
    selectai_trainset *set = load("a.jsonl", text);
    assert_int_equal(selectai_issues_count(selectai_trainset_issues(set)), 2);
    assert_int_equal(issue_of(set, 0).row, 3);
    assert_int_equal(issue_of(set, 1).row, 5);
    assert_int_equal(entry_of(set, 0).shared_folders, 1);
    char *line = NULL;
    assert_int_equal(selectai_trainset_entry_json(&line, set, 0), SELECTAI_OK);
    assert_non_null(strstr(line, "\"shared_folders\":true"));
    selectai_free(line);
    selectai_trainset_destroy(&set);
}

static void expect_bad_rows(const char *text, const uint64_t *bad, size_t n)
{
    selectai_trainset *set = load("a.jsonl", text);
    if (selectai_issues_count(selectai_trainset_issues(set)) != n)
        fail_msg("%zu issues, not %zu", selectai_issues_count(selectai_trainset_issues(set)), n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(issue_of(set, i).row, bad[i]);
        assert_int_equal(issue_of(set, i).code, SELECTAI_ERR_PROJECT_RULE);
    }
    selectai_trainset_destroy(&set);
}

/* A path is where its ".." leads to. */
static void paths_that_go_up(void **state)
{
    (void)state;
    static const char text[] = ROW("p", "/d/p/a.png", "/d/p/b.png", "/d/p") /* 1 */
        ROW("q", "/d/q/a.png", "/d/q/b.png", "/d/x/..//./q/")               /* 2 */
        ROW("p", "/d/p/../q/a.png", "/d/p/b.png", "/d/p")                   /* 3 */
        ROW("p", "/d/p/c.png", "/d/p/x/.././../q/d.png", "/d/p")            /* 4 */
        ROW("p", "/d//q/e.png", "/d/p/f.png", "/d/p")                       /* 5 */
        ROW("p", "/d/q/../p/g.png", "/../d/q/./../p/h.png", "/d/./p")       /* 6: comes back */
        ROW("p", "../q/i.png", "../../x/i.png", "")                         /* 7: folder called q */
        ROW("p", "../q/../x/j.png", "./j.png", "")                          /* 8: not in it */
        ROW("q", "r/../../up/a.png", "../up/b.png", "../up")                /* 9 */
        ROW("p", "x/../../up/k.png", "k.png", "");                          /* 10 */
    static const uint64_t bad[] = {3, 4, 5, 7, 10};
    expect_bad_rows(text, bad, sizeof bad / sizeof *bad);
    static const char here[] = ROW("p", "./a.png", "b/c.png", ".") /* 1 */
        ROW("q", "d.png", "../e.png", "")                          /* 2: below "." */
        ROW("q", "../f.png", "/e.png", "../q");                    /* 3 */
    static const uint64_t bad_here[] = {2};
    expect_bad_rows(here, bad_here, 1);
}

/* A folder has one project: the first that names it. */
static void folders_named_by_two_projects(void **state)
{
    (void)state;
    static const char text[] = ROW("p", "/d/1/a.png", "/d/1/b.png", "/d/1") /* 1 */
        ROW("q", "/d/1/c.png", "/d/1/d.png", "/d/1")                        /* 2 */
        ROW("q", "/d/2/c.png", "/d/2/d.png", "/d/2/../1/")                  /* 3: although its images lie elsewhere */
        ROW("q", "/d/2/e.png", "/d/2/f.png", "/d/2")                        /* 4 */
        ROW("p", "/d/1/e.png", "/d/1/f.png", "/d/1")                        /* 5 */
        "{\"project\":\"r\",\"chosen_path\":\"/d/3/a.png\",\"neg_paths\":[\"/d/3/b.png\"],\"metadata\":"
        "{\"raw_dir\":\"/d/3\",\"final_dir\":\"/d/2\"}}\n"; /* 6: FINAL is q's RAW */
    static const uint64_t bad[] = {2, 3, 6};
    expect_bad_rows(text, bad, sizeof bad / sizeof *bad);
    assert_int_equal(load_code("a.jsonl", text, 1), SELECTAI_ERR_PROJECT_RULE);
    assert_non_null(strstr(selectai_last_error(), "a.jsonl:2: /d/1 is a folder of project p"));
}

/* Issues come in the order of the rows, whichever check found them; several files count each from 1. */
static void several_files(void **state)
{
    selectai_trainset *set = NULL;
    (void)state;
    write_text(at("1.jsonl"), ROW("p", "p/a", "q/b", "") "broken\n");
    write_text(at("2.jsonl"), "{\n" ROW("q", "q/a", "p/b", "") ROW("q", "q/a", "q/b", ""));
    write_text(at("empty.csv"), "");
    const char *paths[] = {at("1.jsonl"), at("2.jsonl"), at("empty.csv")};
    assert_int_equal(selectai_trainset_load(&set, paths, 3, 0), SELECTAI_OK);
    assert_int_equal(selectai_trainset_count(set), 1);
    assert_int_equal(selectai_issues_count(selectai_trainset_issues(set)), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(issue_of(set, i).row, i % 2 + 1);
        assert_string_equal(issue_of(set, i).path, paths[i / 2]);
    }
    selectai_trainset_destroy(&set);
}

/* Random damage: every row is either taken or reported (the sanitizers watch for the rest). */
static void damaged_files(void **state)
{
    static const char csv[] = "project,timestamp,chosen_path,chosen_stage,neg_paths,neg_stages,was_cropped\n"
                              "p,20250708_060711,a.png,1,\"['b\\'.png', \"\"c\"\"]\",\"[1.0, None]\",True\n"
                              "p,,z.png,,\"[\"\"\"\"x\"\"\"\"]\",,\n";
    struct sai_rng rng;
    size_t taken = 0, reported = 0;
    (void)state;
    sai_rng_seed(&rng, 9);
    for (int i = 0; i < 600; i++) {
        const char *good = i % 2 ? csv : full, *path = at("damaged");
        size_t n = strlen(good);
        char *text = malloc(n);
        memcpy(text, good, n);
        for (uint64_t k = 1 + sai_rng_below(&rng, 3); k > 0; k--)
            text[sai_rng_below(&rng, n)] = sai_rng_below(&rng, 2) ? "[]{}\"'\\,:\nxN"[sai_rng_below(&rng, 12)]
                                                                  : (char)sai_rng_below(&rng, 256);
        write_bytes(path, text, sai_rng_below(&rng, 4) ? n : (size_t)sai_rng_below(&rng, n));
        free(text);
        selectai_trainset *set = NULL;
        if (selectai_trainset_load(&set, &path, 1, 0) == SELECTAI_OK) {
            taken += selectai_trainset_count(set);
            reported += selectai_issues_count(selectai_trainset_issues(set));
            for (size_t k = 0; k < selectai_trainset_count(set); k++) {
                char *line = NULL;
                assert_int_equal(selectai_trainset_entry_json(&line, set, k), SELECTAI_OK);
                selectai_free(line);
            }
        }
        selectai_trainset_destroy(&set);
    }
    assert_true(taken > 100 && reported > 100);
}

static void bad_arguments(void **state)
{
    selectai_trainset *set = NULL;
    const char *path = at("missing.jsonl");
    (void)state;
    assert_int_equal(selectai_trainset_load(&set, &path, 1, 0), SELECTAI_ERR_NOT_FOUND);
    path = folder;
    assert_int_equal(selectai_trainset_load(&set, &path, 1, 0), SELECTAI_ERR_IS_A_DIRECTORY);
    assert_int_equal(selectai_trainset_load(NULL, &path, 1, 0), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_null(set);
    assert_int_equal(selectai_trainset_load(&set, NULL, 0, 0), SELECTAI_OK);
    assert_int_equal(selectai_trainset_count(set), 0);
    struct selectai_entry e = {.struct_size = sizeof e};
    assert_int_equal(selectai_trainset_get(set, 0, &e), SELECTAI_ERR_INVALID_ARGUMENT);
    selectai_trainset_destroy(&set);
    selectai_trainset_destroy(&set);
    assert_int_equal(selectai_trainset_count(NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(full_entry_round_trip),
        TEST(csv_round_trip),
        TEST(minimal_entries),
        TEST(lists_in_csv_cells),
        TEST(broken_rows),
        TEST(broken_csv),
        TEST(append),
        TEST(formula_cells),
        TEST(projects_never_mix),
        TEST(shared_folders),
        TEST(several_files),
        TEST(damaged_files),
        TEST(bad_arguments),
        TEST(paths_that_go_up),
        TEST(folders_named_by_two_projects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
