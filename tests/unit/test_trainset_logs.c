/*
 * test_trainset_logs.c: old logs as input: each form, each bad cell.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "test_util.h"

#include <math.h>

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

static int try_load(selectai_trainset **set, const char *text, int strict)
{
    char path[512];
    const char *paths[] = {path};
    struct selectai_load_options options;
    snprintf(path, sizeof path, "%s/log.csv", folder);
    write_text(path, text);
    selectai_load_options_init(&options, sizeof options);
    options.strict = strict;
    *set = NULL;
    return selectai_trainset_load_logs(set, paths, 1, &options);
}

static selectai_trainset *load(const char *text)
{
    selectai_trainset *set;
    if (try_load(&set, text, 0) != SELECTAI_OK)
        fail_msg("%s", selectai_last_error());
    return set;
}

static struct selectai_entry entry_of(const selectai_trainset *set, size_t i)
{
    struct selectai_entry e = {.struct_size = sizeof e};
    assert_int_equal(selectai_trainset_get(set, i, &e), SELECTAI_OK);
    return e;
}

static const char *complaint(const selectai_trainset *set)
{
    struct selectai_issue issue = {.struct_size = sizeof issue};
    if (selectai_issues_count(selectai_trainset_issues(set)) == 0)
        return "nothing";
    assert_int_equal(selectai_issues_get(selectai_trainset_issues(set), 0, &issue), SELECTAI_OK);
    return issue.message;
}

static void expect_counts(const selectai_trainset *set, size_t entries, size_t issues)
{
    if (selectai_trainset_count(set) != entries || selectai_issues_count(selectai_trainset_issues(set)) != issues)
        fail_msg("%zu entries, %zu issues: %s", selectai_trainset_count(set),
                 selectai_issues_count(selectai_trainset_issues(set)), complaint(set));
}

/* One row below a header is left out for that reason; strict loading makes it an error that names file and row. */
static void expect_bad(const char *header, const char *row, const char *reason)
{
    char text[4096];
    selectai_trainset *set;
    snprintf(text, sizeof text, "%s\n%s\n", header, row);
    set = load(text);
    expect_counts(set, 0, 1);
    if (!strstr(complaint(set), reason) || !strstr(complaint(set), "log.csv:2: "))
        fail_msg("%s: expected \"%s\", found \"%s\"", row, reason, complaint(set));
    selectai_trainset_destroy(&set);
    assert_int_not_equal(try_load(&set, text, 1), SELECTAI_OK);
    assert_null(set);
    assert_non_null(strstr(selectai_last_error(), reason));
}

static void expect_box(const struct selectai_entry *e, double x1, double y1, double x2, double y2)
{
    assert_int_equal(e->has_crop, 1);
    assert_int_equal(e->crop_evidence, SELECTAI_CROP_EVIDENCE_LOG);
    assert_true(fabs(e->crop.x1 - x1) < 1e-12 && fabs(e->crop.y1 - y1) < 1e-12 && fabs(e->crop.x2 - x2) < 1e-12 &&
                fabs(e->crop.y2 - y2) < 1e-12);
}

static void expect_pixels(const struct selectai_entry *e, int x1, int y1, int x2, int y2)
{
    assert_int_equal(e->crop_px.x1, x1);
    assert_int_equal(e->crop_px.y1, y1);
    assert_int_equal(e->crop_px.x2, x2);
    assert_int_equal(e->crop_px.y2, y2);
}

/* ---- Selections and anomaly cases ------------------------------------------------------------ */

#define SELECTION "session_id,set_id,chosen_path,neg_paths,timestamp"
#define ANOMALIES "session_id,set_id,project,chosen_stage,max_rejected_stage,chosen_path,rejected_paths,timestamp"

static void selections(void **state)
{
    (void)state;
    selectai_trainset *set = load(
        "\xEF\xBB\xBF" SELECTION "\r\n"
        "s1,g1,PROJECT_ROOT/training data/mojo1_final/x/20250708_060711_stage1_generated.png,"
        "\"[\"\"PROJECT_ROOT/training data/mojo1/20250708_060711_stage2_upscaled.png\"\"]\",20250708_060711\r\n"
        "s1,g2,mojo1/20250708_060811_stage2_upscaled.png,\"['mojo1/20250708_060800_stage1_generated.png']\","
        "2025-10-05T01:24:18.152546Z\r\n"
        "s1,g3,mojo1/20250708_070811_stage2_upscaled.png,"
        "\"[\"\"\"\"mojo1/20250708_070800_stage1_generated.png\"\"\"\"]\",2025-10-05T01:24:18+02:00\r\n");
    expect_counts(set, 3, 0);
    struct selectai_entry e = entry_of(set, 0);
    assert_string_equal(e.project, "mojo1");
    assert_string_equal(e.session_id, "s1");
    assert_string_equal(e.set_id, "g1");
    assert_string_equal(e.timestamp, "20250708_060711");
    assert_string_equal(e.decided_at, ""); /* it is the image's time */
    assert_int_equal(e.n_negatives, 1);
    assert_true(e.chosen_stage == 1 && e.neg_stages[0] == 2);
    assert_int_equal(e.anomaly, 1);
    assert_int_equal(e.has_crop, 0);
    assert_int_equal(e.was_cropped, SELECTAI_UNKNOWN);
    assert_int_equal(e.source_row, 2);
    assert_non_null(strstr(e.source_path, "log.csv"));
    e = entry_of(set, 1);
    assert_string_equal(e.decided_at, "2025-10-05T01:24:18.152546Z");
    assert_string_equal(e.timestamp, "20250708_060811");
    assert_int_equal(e.anomaly, 0);
    e = entry_of(set, 2);
    assert_string_equal(e.neg_paths[0], "mojo1/20250708_070800_stage1_generated.png");
    assert_string_equal(e.decided_at, "2025-10-04T23:24:18Z");
    selectai_trainset_destroy(&set);
}

/* Whatever order a log has. */
static void losers_in_stage_order(void **state)
{
    static const char *const expected[] = {"p/20250708_060702_stage1_a.png", "p/20250708_060703_stage1_a.png",
                                           "p/20250708_060701_stage3_a.png", "p/unknown.png"};
    (void)state;
    selectai_trainset *set = load(SELECTION "\n"
                                            "s,g,p/20250708_060711_stage2_a.png,\"['p/unknown.png', "
                                            "'p/20250708_060701_stage3_a.png', 'p/20250708_060702_stage1_a.png', "
                                            "'p/20250708_060703_stage1_a.png']\",\n");
    struct selectai_entry e = entry_of(set, 0);
    assert_int_equal(e.n_negatives, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(e.neg_paths[i], expected[i]);
    assert_true(e.neg_stages[0] == 1 && e.neg_stages[2] == 3 && isnan(e.neg_stages[3]));
    selectai_trainset_destroy(&set);
}

static void selections_with_a_project(void **state)
{
    (void)state;
    selectai_trainset *set = load("project,neg_paths,more,chosen_path,session_id\n"
                                  "p,[\"b.png\"],x,a.png,s\n");
    expect_counts(set, 1, 0);
    struct selectai_entry e = entry_of(set, 0);
    assert_string_equal(e.project, "p");
    assert_string_equal(e.session_id, "s");
    assert_string_equal(e.decided_at, "");
    assert_true(isnan(e.chosen_stage) && isnan(e.neg_stages[0]));
    assert_int_equal(e.anomaly, SELECTAI_UNKNOWN);
    selectai_trainset_destroy(&set);
}

static void what_is_no_log_is_refused(void **state)
{
    (void)state;
    const char *path = "/dev/zero";
    selectai_trainset *set = NULL;
    assert_int_equal(selectai_trainset_load(&set, &path, 1, 0), SELECTAI_ERR_UNSUPPORTED);
    assert_non_null(strstr(selectai_last_error(), "/dev/zero: is no regular file"));
}

static void columns_named_twice_are_refused(void **state)
{
    (void)state;
    selectai_trainset *set = NULL;
    assert_int_equal(try_load(&set, "session_id,set_id,chosen_path,chosen_path,neg_paths,timestamp\n", 0),
                     SELECTAI_ERR_FORMAT);
    assert_non_null(strstr(selectai_last_error(), "names the column chosen_path twice"));
}

static void bad_selections(void **state)
{
    (void)state;
    expect_bad(SELECTION, "s,g,p/a.png,[\"p/b.png\"]", "4 fields where the header has 5");
    expect_bad(SELECTION, "s,g,p/a.png,[\"p/b.png\"],,", "6 fields where the header has 5");
    expect_bad(SELECTION, "s,g,,[\"p/b.png\"],", "chosen_path is missing or empty");
    expect_bad(SELECTION, "s,g,p/a.png,[],", "neg_paths is missing or no list of at least one path");
    expect_bad(SELECTION, "s,g,p/a.png,p/b.png,", "neg_paths is no list");
    expect_bad(SELECTION, "s,g,p/a.png,[1],", "an element that is no path");
    expect_bad(SELECTION, "s,g,p/a.png,[\"p/a.png\"],", "the chosen image stands among neg_paths");
    expect_bad(SELECTION, "s,g,p/a.png,\"[\"\"p/b.png\"\",\"\"p/b.png\"\"]\",", "the same image twice");
    expect_bad(SELECTION, "s,g,p/\xFF.png,[\"p/b.png\"],", "chosen_path is not UTF-8");
    expect_bad(SELECTION, "s,g,p/20250708_060711_stage1.png,[\"p/b.png\"],yesterday", "timestamp is no time");
    expect_bad(SELECTION, "s,g,p/20250708_060711_stage1.png,[\"p/b.png\"],20251308_060711", "timestamp is no time");
}

static void anomaly_cases(void **state)
{
    (void)state;
    selectai_trainset *set = load(
        ANOMALIES "\n"
                  "s,g,mojo2,1,3,PROJECT_ROOT/mojo2/faces/20250706_051414_stage1_generated.png,"
                  "\"['PROJECT_ROOT/mojo2/faces/20250706_051530_stage2_upscaled.png', "
                  "'PROJECT_ROOT/mojo2/faces/20250706_051728_stage3_enhanced.png']\",2025-10-13T01:43:14.936380Z\n"
                  "s,g,mojo2,stage1_generated,2,mojo2/a.png,['mojo2/b.png'],\n"
                  "s,g,mojo2,1,2,mojo2/a.png,\"['mojo2/b.png', 'mojo2/c.png']\",\n"
                  "s,g,mojo2,1,2,mojo2/20250706_051530_stage2_x.png,['mojo2/20250706_051530_stage1_x.png'],\n");
    expect_counts(set, 4, 0);
    struct selectai_entry e = entry_of(set, 0);
    assert_string_equal(e.project, "mojo2");
    assert_int_equal(e.n_negatives, 2);
    assert_true(e.neg_stages[1] == 3);
    assert_int_equal(e.anomaly, 1);
    e = entry_of(set, 1); /* the columns count where names tell nothing */
    assert_true(e.chosen_stage == 1 && e.neg_stages[0] == 2);
    assert_int_equal(e.anomaly, 1);
    e = entry_of(set, 2); /* which of two losers has stage 2 is not known, that one has it is */
    assert_true(isnan(e.neg_stages[0]) && isnan(e.neg_stages[1]));
    assert_int_equal(e.anomaly, 1);
    e = entry_of(set, 3); /* names overrule columns */
    assert_int_equal(e.anomaly, 0);
    selectai_trainset_destroy(&set);
}

/* ---- Crop logs ------------------------------------------------------------------------------- */

#define HEAD                                                                                                           \
    "session_id,set_id,directory,image_count,chosen_index,chosen_path,crop_x1,crop_y1,crop_x2,crop_y2,timestamp"
#define IMAGE(n) ",image_" #n "_path,image_" #n "_stage,width_" #n ",height_" #n
#define CROPS    HEAD IMAGE(0) IMAGE(1)

static void full_crop_form(void **state)
{
    (void)state;
    selectai_trainset *set = load(
        CROPS "\n"
              "2025-10-04 21:23:51,t_1,mojo1,2,1,mojo1/20250708_060530_stage2_upscaled.png,0.0,0.25,0.5,0.75,"
              "2025-10-05T01:24:18.152546Z,mojo1/20250708_060416_stage1_generated.png,stage1_generated,1024,1024,"
              "mojo1/20250708_060530_stage2_upscaled.png,stage2_upscaled,2048,2048\n"
              "s,c_1,crop,1,0,crop/20250705_230713_stage3_enhanced.png,0.0,66.0,1787.0,1853.0,"
              "2025-10-08T18:47:32.429632Z,crop/20250705_230713_stage3_enhanced.png,stage3_enhanced,3072,3072,,,,\n"
              "s,c_2,crop,1,0,crop/20250705_230714_stage3_enhanced.png,0,0,832,1216,,"
              "20250705_230714_stage3_enhanced.png,stage3_enhanced,832,1216,,,,\n"
              "s,c_3,mojo1/sub/,2,0,a.png,0,0,1,1,,a.png,stage1.5_face_swapped,832,1216,b.png,2,0,0\n");
    expect_counts(set, 4, 0);
    struct selectai_entry e = entry_of(set, 0);
    assert_string_equal(e.project, "mojo1");
    assert_int_equal(e.n_negatives, 1);
    assert_string_equal(e.neg_paths[0], "mojo1/20250708_060416_stage1_generated.png");
    expect_box(&e, 0, 0.25, 0.5, 0.75);
    expect_pixels(&e, 0, 512, 1024, 1536);
    assert_int_equal(e.image_width, 2048);
    assert_int_equal(e.was_cropped, 1);
    assert_int_equal(e.anomaly, 0);
    e = entry_of(set, 1);
    assert_string_equal(e.project, "");
    assert_int_equal(e.n_negatives, 0);
    assert_int_equal(e.anomaly, SELECTAI_UNKNOWN);
    expect_box(&e, 0, 66.0 / 3072, 1787.0 / 3072, 1853.0 / 3072);
    expect_pixels(&e, 0, 66, 1787, 1853);
    assert_true(e.chosen_stage == 3);
    assert_string_equal(e.decided_at, "2025-10-08T18:47:32.429632Z");
    e = entry_of(set, 2); /* the full frame is a decision */
    expect_box(&e, 0, 0, 1, 1);
    expect_pixels(&e, 0, 0, 832, 1216);
    assert_int_equal(e.was_cropped, 0);
    e = entry_of(set, 3); /* the placeholder is none */
    assert_int_equal(e.has_crop, 0);
    assert_int_equal(e.was_cropped, SELECTAI_UNKNOWN);
    assert_int_equal(e.crop_evidence, SELECTAI_CROP_EVIDENCE_NONE);
    assert_string_equal(e.chosen_path, "mojo1/sub/a.png");
    assert_true(e.chosen_stage == 1.5 && e.neg_stages[0] == 2);
    selectai_trainset_destroy(&set);
}

static void any_number_of_images(void **state)
{
    (void)state;
    selectai_trainset *set = load(
        HEAD IMAGE(0) IMAGE(1) IMAGE(2) "\n"
                                        "s,g,p,3,1,p/b.png,10,20,30,40,,p/a.png,,0,0,p/b.png,,100,200,p/c.png,,,\n"
                                        "s,g,p,3,1,p/b.png,10,20,30,40,,p/a.png,,0,0,p/b.png,,0,0,p/c.png,,,\n");
    expect_counts(set, 2, 0);
    struct selectai_entry e = entry_of(set, 0);
    assert_int_equal(e.n_negatives, 2);
    assert_string_equal(e.neg_paths[0], "p/a.png");
    assert_string_equal(e.neg_paths[1], "p/c.png");
    expect_box(&e, 0.1, 0.1, 0.3, 0.2);
    e = entry_of(set, 1); /* a selection still; the box cannot be placed */
    assert_int_equal(e.has_crop, 0);
    assert_int_equal(e.image_width, 0);
    selectai_trainset_destroy(&set);
}

#define ROW(count, index, path, box, size) "s,g,p," count "," index "," path "," box ",,p/a.png,," size ",,,,"

static void bad_crop_rows(void **state)
{
    static const struct {
        const char *row, *reason;
    } bad[] = {
        {ROW("2", "0", "p/a.png", "1,2,30,40", "50,50"), "image_count is 2, but 1 images have a path"},
        {ROW("one", "0", "p/a.png", "1,2,30,40", "50,50"), "image_count is no whole number"},
        {ROW("1", "-1", "p/a.png", "1,2,30,40", "50,50"), "chosen_index is no whole number"},
        {ROW("1", "1", "p/a.png", "1,2,30,40", "50,50"), "chosen_index is 1, of 1 images"},
        {ROW("1", "0", "p/b.png", "1,2,30,40", "50,50"), "chosen_path is p/b.png, but image_0_path"},
        {ROW("1", "0", "p/a.png", "1,2,30,", "50,50"), "the crop has 3 of its four edges"},
        {ROW("1", "0", "p/a.png", ",,,", "50,50"), "no crop"},
        {ROW("1", "0", "p/a.png", "1,2,nan,40", "50,50"), "crop_x2 is no number"},
        {ROW("1", "0", "p/a.png", "1,2,30x,40", "50,50"), "crop_x2 is no number"},
        {ROW("1", "0", "p/a.png", "1,-2,30,40", "50,50"), "crop_y1 is negative"},
        {ROW("1", "0", "p/a.png", "30,2,30,40", "50,50"), "empty or turned round"},
        {ROW("1", "0", "p/a.png", "0,0,0,0", "50,50"), "empty or turned round"},
        {ROW("1", "0", "p/a.png", "0.5,0.9,0.7,0.2", "50,50"), "empty or turned round"},
        {ROW("1", "0", "p/a.png", "1,2,30,51", "50,50"), "reaches beyond the image of 50x50"},
        {ROW("1", "0", "p/a.png", "0.1,0.2,1.01,0.9", "1,1"), "in fractions, reaches beyond the image"},
        {ROW("1", "0", "p/a.png", "0.1,0.1,1.05,1.05", "1024,1024"), "in fractions, reaches beyond the image"},
        {ROW("1", "0", "p/a.png", "0,0,1,1", "50,50"), "placeholder"},
        {ROW("1", "0", "p/a.png", "0,0,1,1", "0,0"), "placeholder"},
        {ROW("1", "0", "p/a.png", "1,2,30,40", "0,0"), "whose size the row does not tell"},
        {ROW("1", "0", "p/a.png", "1,2,30,40", "0,50"), "whose size the row does not tell"},
        {ROW("1", "0", "p/a.png", "1,2,30,40", "-5,50"), "width is no number of pixels"},
        {ROW("1", "0", "p/a.png", "1,2,30,40", "50,50.5"), "height is no number of pixels"},
        {ROW("1", "0", "p/a.png", "1,2,30,40", "50,9999999999"), "height is no number of pixels"},
        {"s,g,p,1,0,p/a.png,1,2,30,40,,,,,,p/a.png,,50,50", "image_1_path is filled, image_0_path is not"},
        {"s,g,p,1,0,p/a.png,1,2,30,40", "10 fields where the header has 19"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_bad(CROPS, bad[i].row, bad[i].reason);
}

static void short_crop_form(void **state)
{
    static const char header[] =
        "session_id,directory,chosen_path,chosen_stage,crop_x1,crop_y1,crop_x2,crop_y2,timestamp";
    (void)state;
    selectai_trainset *set = load("session_id,directory,chosen_path,chosen_stage,crop_x1,crop_y1,crop_x2,crop_y2,"
                                  "timestamp\n"
                                  "s,mojo1,a.png,stage1.5_face_swapped,0,0.1,0.5,0.6,2025-10-05T01:24:18Z\n");
    expect_counts(set, 1, 0);
    struct selectai_entry e = entry_of(set, 0);
    assert_string_equal(e.project, "mojo1");
    assert_string_equal(e.chosen_path, "mojo1/a.png");
    assert_true(e.chosen_stage == 1.5);
    expect_box(&e, 0, 0.1, 0.5, 0.6);
    expect_pixels(&e, 0, 0, 0, 0);
    selectai_trainset_destroy(&set);
    expect_bad(header, "s,mojo1,a.png,2,10,20,30,40,", "whose size the row does not tell");
    expect_bad(header, "s,mojo1,,2,0,0.1,0.5,0.6,", "chosen_path is missing or empty");
}

static void minimal_crop_form(void **state)
{
    static const char header[] = "timestamp,project_id,filename,crop_x1,crop_y1,crop_x2,crop_y2,width,height";
    (void)state;
    selectai_trainset *set = load(
        "timestamp,project_id,filename,crop_x1,crop_y1,crop_x2,crop_y2,width,height\n"
        "2025-10-05T01:24:18Z,mojo1,20250708_060530_stage2_upscaled.png,0,0.1,0.5,0.6,1000,2000\n"
        "2025-10-05T01:24:18Z,mojo1,20250708_060531_stage2_upscaled.png,0,200,500,1200,1000,2000\n"
        "2025-10-05T01:24:18Z,mojo1,20250708_060532_stage2_upscaled.png,0,0.1,0.5,0.6,0,0\n");
    expect_counts(set, 3, 0);
    for (size_t i = 0; i < 3; i++) {
        struct selectai_entry e = entry_of(set, i);
        assert_string_equal(e.project, "mojo1");
        assert_string_equal(e.decided_at, "2025-10-05T01:24:18Z");
        expect_box(&e, 0, 0.1, 0.5, 0.6);
        assert_int_equal(e.crop_px.y2, i < 2 ? 1200 : 0);
        assert_int_equal(e.image_height, i < 2 ? 2000 : 0);
    }
    selectai_trainset_destroy(&set);
    expect_bad(header, ",mojo1,,0,0.1,0.5,0.6,1000,2000", "filename is missing or empty");
    expect_bad(header, ",mojo1,a.png,10,20,30,40,0,0", "whose size the row does not tell");
}

/* ---- Other headers, JSONL -------------------------------------------------------------------- */

static void unknown_headers(void **state)
{
    selectai_trainset *set;
    (void)state;
    assert_int_equal(try_load(&set, "name,when\na,b\n", 0), SELECTAI_ERR_FORMAT);
    assert_non_null(strstr(selectai_last_error(), "log.csv"));
    assert_non_null(strstr(selectai_last_error(), "\"name,when\""));
    assert_non_null(strstr(selectai_last_error(), "selection log (session_id, set_id"));
    assert_non_null(strstr(selectai_last_error(), "width, height)"));
    /* names of columns are compared exactly */
    assert_int_equal(try_load(&set, "Session_id,set_id,chosen_path,neg_paths,timestamp\n", 0), SELECTAI_ERR_FORMAT);
    assert_int_equal(try_load(&set, SELECTION "\n", 0), SELECTAI_OK);
    assert_int_equal(selectai_trainset_count(set), 0);
    selectai_trainset_destroy(&set);
}

/* Crops alone, with what old logs know, go through JSONL and come back the same. */
static void crops_in_jsonl(void **state)
{
    char *first = NULL, *second = NULL, path[512];
    const char *paths[] = {path};
    (void)state;
    selectai_trainset *set = load(CROPS
                                  "\n"
                                  "s,c_1,crop,1,0,crop/20250705_230713_stage3_enhanced.png,0.0,66.0,1787.0,1853.0,"
                                  "2025-10-08T18:47:32.429632Z,crop/20250705_230713_stage3_enhanced.png,"
                                  "stage3_enhanced,3072,3072,,,,\n");
    expect_counts(set, 1, 0);
    assert_int_equal(selectai_trainset_entry_json(&first, set, 0), SELECTAI_OK);
    assert_non_null(strstr(first, "\"neg_paths\":[]"));
    assert_non_null(strstr(first, "\"project\":null"));
    assert_non_null(strstr(first, "\"crop_evidence\":\"log\""));
    assert_non_null(strstr(first, "},\"image_size\":[3072,3072],\"session_id\":\"s\",\"decided_at\":\"2025-10-08T18:47:"
                                  "32.429632Z\"}"));
    snprintf(path, sizeof path, "%s/a.jsonl", folder);
    assert_int_equal(selectai_trainset_write(set, path, 0), SELECTAI_OK);
    selectai_trainset_destroy(&set);
    assert_int_equal(selectai_trainset_load(&set, paths, 1, 1), SELECTAI_OK);
    assert_int_equal(selectai_trainset_entry_json(&second, set, 0), SELECTAI_OK);
    assert_string_equal(first, second);
    selectai_free(first);
    selectai_free(second);
    selectai_trainset_destroy(&set);
    expect_counts(set = load("{\"project\":\"p\",\"chosen_path\":\"a\",\"neg_paths\":[]}\n"
                             "{\"chosen_path\":\"a\",\"neg_paths\":[\"b\"]}\n"
                             "{\"chosen_path\":\"a\",\"neg_paths\":[],\"crop\":{\"x1\":0,\"y1\":0,\"x2\":1,\"y2\":1},"
                             "\"image_size\":[1]}\n"),
                  0, 3);
    selectai_trainset_destroy(&set);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(selections),
        TEST(selections_with_a_project),
        TEST(what_is_no_log_is_refused),
        TEST(columns_named_twice_are_refused),
        TEST(bad_selections),
        TEST(losers_in_stage_order),
        TEST(anomaly_cases),
        TEST(full_crop_form),
        TEST(any_number_of_images),
        TEST(bad_crop_rows),
        TEST(short_crop_form),
        TEST(minimal_crop_form),
        TEST(unknown_headers),
        TEST(crops_in_jsonl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
