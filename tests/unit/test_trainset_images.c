/*
 * test_trainset_images.c: the image database.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "trainset_fixture.h"

#include <dirent.h>

static char images[512];

static int set_up_images(void **state)
{
    set_up(state);
    snprintf(images, sizeof images, "%s/images.jsonl", folder);
    return 0;
}

static selectai_extraction *create_images(int32_t crop_check)
{
    struct selectai_extract_options o = plain_options();
    o.crop_check = crop_check;
    o.images_path = images;
    return create_with(&o);
}

static void add_folders(selectai_extraction *x, const char *raw, const char *final, const char *project)
{
    if (selectai_extraction_add_project(x, at(raw), at(final), project) != SELECTAI_OK)
        fail_msg("%s", selectai_last_error());
}

static char *committed(selectai_extraction *x)
{
    if (selectai_extraction_commit_images(x) != SELECTAI_OK)
        fail_msg("%s", selectai_last_error());
    return read_text(images);
}

static size_t n_files_here(void)
{
    size_t n = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (const struct dirent *e; (e = readdir(dir)) != NULL;)
        n += e->d_type == DT_REG;
    closedir(dir);
    return n;
}

/* The row of that file name; the caller releases it. */
static json_t *row_of(const char *text, const char *name)
{
    for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
        json_t *row = NULL;
        assert_int_equal(sai_json_parse(&row, line, (size_t)(strchr(line, '\n') - line), "row", 0), SELECTAI_OK);
        if (strcmp(sai_json_string(row, "filename", ""), name) == 0)
            return row;
        json_decref(row);
    }
    fail_msg("%s has no row", name);
    return NULL;
}

static void expect(const char *text, const char *name, const char *key, const char *wanted)
{
    json_t *row = row_of(text, name), *value = json_object_get(row, key);
    char *got = NULL;
    if (!value)
        fail_msg("%s has no %s", name, key);
    got = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    if (strcmp(got, wanted) != 0)
        fail_msg("%s: %s is %s, not %s", name, key, got, wanted);
    free(got);
    json_decref(row);
}

static void make_project(void)
{
    put("raw/a/" T "01_stage1_generated.png", "12345", 0);
    put("raw/a/" T "02_stage1.5.png", "", 0);
    put("raw/a/" T "02_stage1.5.yaml", "", 0);
    put("raw/a/" T "02_stage1.5.txt", "", 0);
    put("raw/b/" T "11_stage2_x y.png", "", 0); /* in no group, but chosen */
    put("raw/holiday.png", "", 0);
    put("raw/c/" T "21_stage1.png", "", 0);
    put("raw/d/" T "21_stage1.png", "", 0);
    put("final/k/" T "02_stage1.5.png", "", 60);
    put("final/k/" T "11_stage2_x y.png", "", 3);
    put("final/holiday.png", "", 6);
    put("final/k/" T "21_stage1.png", "no such content", 0); /* c's or d's */
}

static void whole_rows(void **state)
{
    char wanted[4096];
    (void)state;
    put("raw/a/" T "01_stage1_generated.png", "12345", 0);
    put("raw/a/" T "02_stage1.5.png", "", 0);
    put("raw/a/" T "02_stage1.5.txt", "", 0);
    put("raw/\"odd\".png", "", 0);
    put("final/k/" T "02_stage1.5.png", "", 60);
    selectai_extraction *x = create_images(SELECTAI_CROP_CHECK_MTIME);
    add_folders(x, "raw", "final", "p");
    assert_int_equal(access(images, F_OK), -1);
    char *text = committed(x);
    snprintf(wanted, sizeof wanted,
             "{\"project\":\"p\",\"image_path\":\"%s/raw/\\\"odd\\\".png\",\"filename\":\"\\\"odd\\\".png\","
             "\"timestamp\":null,\"stage\":null,\"label\":null,\"file_mtime\":\"2025-06-15T15:06:40Z\",\"file_size\":0,"
             "\"in_final\":false,\"final_path\":null,\"final_mtime\":null,\"was_cropped\":null,\"companions\":[],"
             "\"problem\":\"it does not start with a timestamp YYYYMMDD_HHMMSS\"}\n"
             "{\"project\":\"p\",\"image_path\":\"%s/raw/a/" T "01_stage1_generated.png\",\"filename\":\"" T
             "01_stage1_generated.png\",\"timestamp\":\"" T "01\",\"stage\":1,\"label\":\"generated\","
             "\"file_mtime\":\"2025-06-15T15:06:40Z\",\"file_size\":5,\"in_final\":false,\"final_path\":null,"
             "\"final_mtime\":null,\"was_cropped\":null,\"companions\":[]}\n"
             "{\"project\":\"p\",\"image_path\":\"%s/raw/a/" T "02_stage1.5.png\",\"filename\":\"" T
             "02_stage1.5.png\",\"timestamp\":\"" T "02\",\"stage\":1.5,\"label\":null,"
             "\"file_mtime\":\"2025-06-15T15:06:40Z\",\"file_size\":0,\"in_final\":true,\"final_path\":\"%s/final/k/" T
             "02_stage1.5.png\",\"final_mtime\":\"2025-06-15T15:07:40Z\",\"was_cropped\":true,\"companions\":[\"" T
             "02_stage1.5.txt\"]}\n",
             folder, folder, folder, folder);
    assert_string_equal(text, wanted);
    free(text);
    assert_int_equal(reported(x, "companions"), 1);
    selectai_extraction_destroy(&x);
    assert_int_equal(n_files_here(), 1);
}

static void what_is_known(void **state)
{
    (void)state;
    make_project();
    selectai_extraction *x = create_images(SELECTAI_CROP_CHECK_MTIME);
    add_folders(x, "raw", "final", "p");
    char *text = committed(x);
    expect(text, T "02_stage1.5.png", "companions", "[\"" T "02_stage1.5.txt\",\"" T "02_stage1.5.yaml\"]");
    expect(text, T "11_stage2_x y.png", "in_final", "true");
    expect(text, T "11_stage2_x y.png", "label", "\"x y\"");
    expect(text, T "11_stage2_x y.png", "was_cropped", "false"); /* no entry: by the times */
    expect(text, "holiday.png", "was_cropped", "true");
    expect(text, T "21_stage1.png", "in_final", "null"); /* nobody can tell */
    expect(text, T "21_stage1.png", "final_path", "null");
    free(text);
    selectai_extraction_destroy(&x);

    /* The entry says that nothing is known of an image that cannot be read: so does its row. */
    age("final/k/" T "02_stage1.5.png", 4);
    x = create_images(SELECTAI_CROP_CHECK_AUTO);
    add_folders(x, "raw", "final", "p");
    assert_int_equal(entry_of(x, 0).was_cropped, SELECTAI_UNKNOWN);
    text = committed(x);
    expect(text, T "02_stage1.5.png", "was_cropped", "null");
    free(text);
    selectai_extraction_destroy(&x);
}

/* A time that cannot be said is not replaced by another one. */
static void far_away_times(void **state)
{
    (void)state;
    put("raw/" T "01_stage1.png", "", 0);
    put("raw/" T "02_stage2.png", "", -1750000001);
    age("raw/" T "01_stage1.png", 13569465600L - 1750000000L + 10); /* the year 2400 */
    struct stat st;
    assert_int_equal(stat(at("raw/" T "01_stage1.png"), &st), 0);
    assert_int_equal(mkdir(at("final"), 0777), 0);
    selectai_extraction *x = create_images(SELECTAI_CROP_CHECK_MTIME);
    add_folders(x, "raw", "final", "p");
    char *text = committed(x);
    expect(text, T "02_stage2.png", "file_mtime", "\"1969-12-31T23:59:59Z\"");
    if (st.st_mtime > 9300000000) /* else the file system cannot say it either */
        expect(text, T "01_stage1.png", "file_mtime", "null");
    free(text);
    selectai_extraction_destroy(&x);
}

static int stop(uint64_t done, uint64_t total, const char *stage, void *user)
{
    (void)done;
    (void)total;
    (void)user;
    return strcmp(stage, "crops") == 0;
}

/* A project that fails leaves no rows; those before and after it stay. */
static void failed_projects(void **state)
{
    (void)state;
    make_project();
    put("raw2/" T "01_stage1.png", "", 0);
    put("raw2/" T "02_stage2.png", "", 0);
    put("final2/" T "02_stage2.png", "", 0);
    write_text(images, "what was there");
    selectai_extraction *x = create_images(SELECTAI_CROP_CHECK_MTIME);
    add_folders(x, "raw", "final", "p");
    assert_int_equal(selectai_extraction_add_project(x, at("raw"), at("final"), "q"), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_extraction_add_project(x, at("raw3"), at("final3"), "q"), SELECTAI_ERR_NOT_FOUND);
    add_folders(x, "raw2", "final2", "q");
    char *old = read_text(images);
    assert_string_equal(old, "what was there");
    free(old);
    char *text = committed(x);
    unsigned n_lines = 0;
    for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
        n_lines++;
    assert_int_equal(n_lines, 8);
    expect(text, T "02_stage2.png", "project", "\"q\"");
    free(text);
    assert_int_equal(selectai_extraction_commit_images(x), SELECTAI_ERR_INVALID_ARGUMENT);
    put("raw4/x.png", "", 0);
    put("final4/x.png", "", 0);
    assert_int_equal(selectai_extraction_add_project(x, at("raw4"), at("final4"), "r"), SELECTAI_ERR_INVALID_ARGUMENT);
    selectai_extraction_destroy(&x);
    assert_int_equal(n_files_here(), 1);
}

static void cancelled(void **state)
{
    struct selectai_extract_options o = plain_options();
    (void)state;
    make_project();
    o.images_path = images;
    o.progress = stop;
    selectai_extraction *x = create_with(&o);
    assert_int_equal(selectai_extraction_add_project(x, at("raw"), at("final"), "p"), SELECTAI_ERR_CANCELLED);
    char *text = committed(x);
    assert_string_equal(text, "");
    free(text);
    selectai_extraction_destroy(&x);
}

static void not_committed(void **state)
{
    (void)state;
    make_project();
    selectai_extraction *x = create_images(SELECTAI_CROP_CHECK_MTIME);
    add_folders(x, "raw", "final", "p");
    selectai_extraction_destroy(&x);
    assert_int_equal(n_files_here(), 0);
    x = extract(SELECTAI_CROP_CHECK_MTIME); /* no database was asked for */
    assert_int_equal(selectai_extraction_commit_images(x), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_extraction_commit_images(NULL), SELECTAI_ERR_INVALID_ARGUMENT);
    selectai_extraction_destroy(&x);
}

/* Refused at once, not after hours of work. */
static void bad_places(void **state)
{
    struct selectai_extract_options o = plain_options();
    selectai_extraction *x = NULL;
    (void)state;
    o.images_path = at("missing/images.jsonl");
    assert_int_equal(selectai_extraction_create(&x, &o), SELECTAI_ERR_NOT_FOUND);
    o.images_path = folder;
    assert_int_equal(selectai_extraction_create(&x, &o), SELECTAI_ERR_IS_A_DIRECTORY);
    o.images_path = "";
    assert_int_equal(selectai_extraction_create(&x, &o), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_null(x);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_images, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(whole_rows), TEST(what_is_known), TEST(far_away_times), TEST(failed_projects),
        TEST(cancelled),  TEST(not_committed), TEST(bad_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
