/*
 * test_trainset_log_write.c: decisions written in the forms of old logs, and added to old logs.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "decisions_fixture.h"

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

static const char *at(const char *name)
{
    static char paths[4][512];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void check_file(const char *name, const char *expected)
{
    char *text = read_text(at(name));
    assert_string_equal(text, expected);
    free(text);
}

static uint64_t write_log(const selectai_trainset *set, const char *name, int32_t form, int32_t append)
{
    uint64_t n = 99;
    if (selectai_trainset_write_log(&n, set, at(name), form, append) != SELECTAI_OK)
        fail_msg("%s", selectai_last_error());
    return n;
}

/* The file must stay as it is, and nothing beside it. */
static void refused(const selectai_trainset *set, int32_t form, int code, const char *old, const char *word)
{
    uint64_t n = 99;
    write_text(at("old.csv"), old);
    assert_int_equal(selectai_trainset_write_log(&n, set, at("old.csv"), form, 1), code);
    assert_int_equal(n, 99);
    if (!strstr(selectai_last_error(), word) || !strstr(selectai_last_error(), "old.csv"))
        fail_msg("\"%s\" does not say %s", selectai_last_error(), word);
    check_file("old.csv", old);
}

#define S1 "p/20250708_060711_stage1_generated.png"
#define S2 "p/20250708_060713_stage2_upscaled.png"
#define S3 "p/20250708_060714_stage3_enhanced.png"

/* An anomaly with a crop; one of the usual kind; a crop without losers. */
static selectai_trainset *three(void)
{
    selectai_trainset *set = new_set();
    struct selectai_entry *e = add_entry(set, "mojo", S2, S1 "|" S3);
    set_crop(e, 66, 0, 1000, 934);
    e->set_id = "g1";
    e->timestamp = "20250708_060713";
    e->session_id = "2025-10-04 21:23:51";
    e->decided_at = "2025-10-05T01:24:18.152546Z";
    e = add_entry(set, "mojo", S2, S1);
    e->set_id = "=g2";
    e->timestamp = "20250708_060713";
    e = add_entry(set, "", "crop/odd, name.png", "");
    e->has_crop = 1;
    e->crop = (struct selectai_box){0, 0.1, 1.0 / 3, 0.5};
    e->image_width = 300;
    e->image_height = 200;
    return set;
}

/* ---- New files ------------------------------------------------------------------------------- */

static void selections(void **state)
{
    selectai_trainset *set = three();
    (void)state;
    assert_int_equal(write_log(set, "s.csv", SELECTAI_LOG_SELECTION, 0), 2);
    check_file("s.csv",
               "session_id,set_id,chosen_path,neg_paths,timestamp\n"
               "2025-10-04 21:23:51,g1," S2 ",\"[\"\"" S1 "\"\",\"\"" S3 "\"\"]\",2025-10-05T01:24:18.152546Z\n"
               "mojo_extracted,\"'=g2\"," S2 ",\"[\"\"" S1 "\"\"]\",20250708_060713\n");
    selectai_trainset_destroy(&set);
}

static void minimal_crops(void **state)
{
    selectai_trainset *set = three();
    struct selectai_entry *e = add_entry(set, "mojo", S1, "");
    (void)state;
    set_crop(e, 1, 2, 3, 4);
    e->image_width = 0; /* the size is not known */
    assert_int_equal(write_log(set, "m.csv", SELECTAI_LOG_CROP, 0), 2);
    check_file("m.csv",
               "timestamp,project_id,filename,crop_x1,crop_y1,crop_x2,crop_y2,width,height\n"
               "2025-10-05T01:24:18.152546Z,mojo,20250708_060713_stage2_upscaled.png,0.066,0,1,0.934,1000,1000\n"
               "\"\",,\"odd, name.png\",0,0.1,0.3333333333333333,0.5,300,200\n");
    selectai_trainset_destroy(&set);
}

static void full_crops(void **state)
{
    selectai_trainset *set = three();
    (void)state;
    assert_int_equal(write_log(set, "f.csv", SELECTAI_LOG_CROP_FULL, 0), 2);
    check_file("f.csv",
               "session_id,set_id,directory,image_count,chosen_index,chosen_path,crop_x1,crop_y1,crop_x2,crop_y2,"
               "timestamp,image_0_path,image_0_stage,width_0,height_0,image_1_path,image_1_stage,width_1,height_1,"
               "image_2_path,image_2_stage,width_2,height_2\n"
               "2025-10-04 21:23:51,g1,p,3,1," S2 ",66,0,1000,934,2025-10-05T01:24:18.152546Z," S1
               ",stage1_generated,,," S2 ",stage2_upscaled,1000,1000," S3 ",stage3_enhanced,,\n"
               "extracted,,crop,1,0,\"crop/odd, name.png\",0,20,100,100,,\"crop/odd, "
               "name.png\",,300,200,,,,,,,,\n");
    set->count = 0; /* none at all: a header with room for two */
    assert_int_equal(write_log(set, "g.csv", SELECTAI_LOG_CROP_FULL, 0), 0);
    check_file("g.csv", "session_id,set_id,directory,image_count,chosen_index,chosen_path,crop_x1,crop_y1,crop_x2,"
                        "crop_y2,timestamp,image_0_path,image_0_stage,width_0,height_0,image_1_path,image_1_stage,"
                        "width_1,height_1\n");
    selectai_trainset_destroy(&set);
}

static void anomalies(void **state)
{
    selectai_trainset *set = three();
    (void)state;
    assert_int_equal(write_log(set, "a.csv", SELECTAI_LOG_ANOMALIES, 0), 1);
    check_file("a.csv",
               "session_id,set_id,project,chosen_stage,max_rejected_stage,chosen_path,rejected_paths,timestamp\n"
               "2025-10-04 21:23:51,g1,mojo,2,3," S2 ",\"[\"\"" S1 "\"\",\"\"" S3
               "\"\"]\",2025-10-05T01:24:18.152546Z\n");
    selectai_trainset_destroy(&set);
}

/* ---- Adding ---------------------------------------------------------------------------------- */

static void nothing_twice(void **state)
{
    selectai_trainset *set = three(), *again = three();
    (void)state;
    again->items[0].session_id = "another";
    again->items[0].decided_at = "";
    for (int32_t form = SELECTAI_LOG_SELECTION; form <= SELECTAI_LOG_ANOMALIES; form++) {
        uint64_t n = write_log(set, "twice.csv", form, 0);
        char *before = read_text(at("twice.csv"));
        assert_int_equal(write_log(again, "twice.csv", form, 1), 0);
        check_file("twice.csv", before);
        free(before);
        add_entry(again, "mojo", S2, S1 "|" S3);
        again->items[again->count - 1] = again->items[0];
        assert_int_equal(write_log(again, "twice.csv", form, 0), n); /* nor in one call */
        unlink(at("twice.csv"));
        assert_int_equal(write_log(set, "twice.csv", form, 1), n); /* a file that is not there is a new one */
    }
    selectai_trainset_destroy(&set);
    selectai_trainset_destroy(&again);
}

/* Other columns, another order, Python's lists, CRLF and no line end at the end. */
static void old_header_stays(void **state)
{
    static const char old[] = "note,timestamp,neg_paths,chosen_path,set_id\r\n"
                              "hm,2020,\"['" S3 "', '" S1 "']\"," S2 ",g1\r\nbroken,row\r\nlast,,x,y,z";
    char expected[1000];
    selectai_trainset *set = three();
    (void)state;
    write_text(at("o.csv"), old);
    assert_int_equal(write_log(set, "o.csv", SELECTAI_LOG_SELECTION, 1), 1);
    snprintf(expected, sizeof expected, "%s\n\"\",20250708_060713,\"[\"\"" S1 "\"\"]\"," S2 ",\"'=g2\"\n", old);
    check_file("o.csv", expected);
    assert_int_equal(write_log(set, "o.csv", SELECTAI_LOG_SELECTION, 1), 0);
    check_file("o.csv", expected);
    selectai_trainset_destroy(&set);
}

/* Rows as the first tool wrote them: pixels with ".0" or fractions, and sizes of losers. */
static void old_crops_are_recognised(void **state)
{
    static const char header[] = "session_id,set_id,directory,image_count,chosen_index,chosen_path,crop_x1,crop_y1,"
                                 "crop_x2,crop_y2,timestamp,image_0_path,image_0_stage,width_0,height_0,image_1_path,"
                                 "image_1_stage,width_1,height_1,image_2_path,image_2_stage,width_2,height_2\n";
    static const char *const boxes[] = {"66.0,0.0,1000.0,934.0", "0.066,0.0,1.0,0.934"};
    char old[1500];
    selectai_trainset *set = three();
    (void)state;
    set->count = 1;
    for (size_t i = 0; i < 2; i++) {
        snprintf(old, sizeof old,
                 "%ss,g1,elsewhere,3,1," S2 ",%s,t," S1 ",stage1_generated,10,10," S2 ",stage2,1000,1000," S3
                 ",stage3_enhanced,20,20\n",
                 header, boxes[i]);
        write_text(at("c.csv"), old);
        assert_int_equal(write_log(set, "c.csv", SELECTAI_LOG_CROP_FULL, 1), 0);
        check_file("c.csv", old);
    }
    set->items[0].crop_px.x1 = 70; /* another crop of the same image */
    assert_int_equal(write_log(set, "c.csv", SELECTAI_LOG_CROP_FULL, 1), 1);
    selectai_trainset_destroy(&set);
}

static void empty_files_are_new(void **state)
{
    selectai_trainset *set = three();
    (void)state;
    write_text(at("e.csv"), "");
    assert_int_equal(write_log(set, "e.csv", SELECTAI_LOG_ANOMALIES, 1), 1);
    char *first = read_text(at("e.csv"));
    assert_int_equal(strncmp(first, "session_id,", 11), 0);
    free(first);
    write_text(at("e.csv"), "session_id,set_id,chosen_path,neg_paths,timestamp"); /* a header alone */
    assert_int_equal(write_log(set, "e.csv", SELECTAI_LOG_SELECTION, 1), 2);
    selectai_trainset_destroy(&set);
}

static void refusals(void **state)
{
    selectai_trainset *set = three();
    (void)state;
    refused(set, SELECTAI_LOG_SELECTION, SELECTAI_ERR_MISMATCH, "session_id,set_id,chosen_path,timestamp\n",
            "neg_paths");
    refused(set, SELECTAI_LOG_CROP, SELECTAI_ERR_MISMATCH, "session_id,directory,chosen_path,chosen_stage\n",
            "project_id");
    refused(set, SELECTAI_LOG_ANOMALIES, SELECTAI_ERR_MISMATCH, "{\"project\":\"mojo\"}\n", "set_id");
    refused(set, SELECTAI_LOG_SELECTION, SELECTAI_ERR_FORMAT,
            "session_id,set_id,chosen_path,neg_paths,timestamp\na,b,c,\"[\"\"x", "not closed");
    refused(set, SELECTAI_LOG_CROP_FULL, SELECTAI_ERR_MISMATCH,
            "session_id,set_id,directory,image_count,chosen_index,chosen_path,crop_x1,crop_y1,crop_x2,crop_y2,"
            "timestamp\n",
            "image_0_path");
    refused(set, SELECTAI_LOG_CROP_FULL, SELECTAI_ERR_MISMATCH,
            "session_id,set_id,directory,image_count,chosen_index,chosen_path,crop_x1,crop_y1,crop_x2,crop_y2,"
            "timestamp,image_0_path,image_0_stage,width_0,height_0,image_1_path,image_1_stage,width_1,height_1\n",
            "write a new file");
    assert_int_equal(selectai_trainset_write_log(NULL, set, at("x"), 4, 0), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_trainset_write_log(NULL, NULL, at("x"), 0, 0), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_trainset_write_log(NULL, set, at(""), 0, 0), SELECTAI_ERR_IS_A_DIRECTORY);
    assert_int_equal(selectai_trainset_write_log(NULL, set, at("no/x.csv"), 0, 0), SELECTAI_ERR_NOT_FOUND);
    selectai_trainset_destroy(&set);
}

/* What a file cannot hold as it is must not look new every time. */
static void odd_texts(void **state)
{
    selectai_trainset *set = new_set();
    (void)state;
    add_entry(set, "p", "a\rb\x02\"c\".png", "'x.png|\xC3\xA9 \\ y.png")->set_id = "@s\r\nt";
    assert_int_equal(write_log(set, "odd.csv", SELECTAI_LOG_SELECTION, 0), 1);
    assert_int_equal(write_log(set, "odd.csv", SELECTAI_LOG_SELECTION, 1), 0);
    selectai_trainset_destroy(&set);
}

/* A log that was read and is added to itself stays as it is. */
static void read_and_added_again(void **state)
{
    selectai_trainset *set = three();
    (void)state;
    for (int32_t form = SELECTAI_LOG_SELECTION; form <= SELECTAI_LOG_ANOMALIES; form++) {
        struct selectai_load_options options;
        selectai_trainset *read = NULL;
        const char *path = at("read.csv");
        uint64_t n = write_log(set, "read.csv", form, 0);
        char *before = read_text(path);
        selectai_load_options_init(&options, sizeof options);
        options.strict = 1;
        options.project = "mojo"; /* a selection log does not name it */
        if (selectai_trainset_load_logs(&read, &path, 1, &options) != SELECTAI_OK)
            fail_msg("%s", selectai_last_error());
        assert_int_equal(selectai_trainset_count(read), n);
        if (form == SELECTAI_LOG_CROP) /* every box comes back as it was */
            assert_true(entry_at(read, 1).crop.x2 == 1.0 / 3 && entry_at(read, 0).crop.y2 == 0.934);
        if (form == SELECTAI_LOG_CROP) /* but not what it does not hold: this crop has no project there */
            read->items[1].project = "";
        assert_int_equal(write_log(read, "read.csv", form, 1), 0);
        check_file("read.csv", before);
        free(before);
        selectai_trainset_destroy(&read);
    }
    selectai_trainset_destroy(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(selections),
        cmocka_unit_test(minimal_crops),
        cmocka_unit_test(full_crops),
        cmocka_unit_test(anomalies),
        cmocka_unit_test(nothing_twice),
        cmocka_unit_test(old_header_stays),
        cmocka_unit_test(old_crops_are_recognised),
        cmocka_unit_test(empty_files_are_new),
        cmocka_unit_test(refusals),
        cmocka_unit_test(odd_texts),
        cmocka_unit_test(read_and_added_again),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
