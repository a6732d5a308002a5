/*
 * test_trainset_order.c: the same bytes come out whatever the order of files in folders and the number of threads.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "trainset_fixture.h"

#define N_FILES 120u

/* What goes wrong, too: its issues must come in the same order. */
static const char *const oddities[] = {"raw/f1/link-a.png", "raw/f1/link-b.png", "raw/f1/link-c.png"};

static void make_file(const char *top, unsigned i)
{
    char rel[256];
    unsigned picture = i / 3, stage = i % 3 + 1, folder_number = picture % 4;
    snprintf(rel, sizeof rel, "%s/raw/f%u/202507%02u_0607%02u_stage%u_x.png", top, folder_number, picture % 28 + 1,
             stage * 7, stage);
    put(rel, stage == 2 ? "no image" : "", 0);
    snprintf(rel, sizeof rel, "%s/raw/f%u/202507%02u_0607%02u_stage%u_x.txt", top, folder_number, picture % 28 + 1,
             stage * 7, stage);
    put(rel, "", 0);
    if (stage != 1 + picture % 3)
        return;
    snprintf(rel, sizeof rel, "%s/final/k%u/202507%02u_0607%02u_stage%u_%s.png", top, picture % 3, picture % 28 + 1,
             stage * 7, stage, picture % 5 ? "x" : "X");
    put(rel, "other", 20);
    snprintf(rel, sizeof rel, "%s/raw/f%u/bad\xFF%u.png", top, folder_number, picture);
    put(rel, "", 0);
}

/* The same tree under another name, its entries made in another order. */
static void make_tree(const char *top, unsigned stride)
{
    char rel[256];
    for (unsigned i = 0; i < N_FILES; i++)
        make_file(top, i * stride % N_FILES);
    for (unsigned i = 0; i < 3; i++) {
        snprintf(rel, sizeof rel, "%s/%s", top, oddities[i * stride % 3]);
        assert_int_equal(symlink("nowhere", at(rel)), 0);
    }
}

/* Everything that an extraction says, in one text. */
static char *everything(const char *top, uint32_t threads)
{
    struct sai_text text = {0};
    struct selectai_extract_options o = plain_options();
    char raw[600], final[600], images[512], tree[512], *out = NULL, *part = NULL;
    snprintf(tree, sizeof tree, "%s", at("tree"));
    snprintf(raw, sizeof raw, "%s/raw", tree);
    snprintf(final, sizeof final, "%s/final", tree);
    snprintf(images, sizeof images, "%s", at("images.jsonl"));
    assert_int_equal(rename(at(top), tree), 0); /* the same paths every time */
    o.images_path = images;
    o.threads = threads;
    o.crop_check = SELECTAI_CROP_CHECK_AUTO;
    selectai_extraction *x = create_with(&o);
    assert_int_equal(selectai_extraction_add_project(x, raw, final, "p"), SELECTAI_OK);
    assert_int_equal(selectai_extraction_commit_images(x), SELECTAI_OK);
    for (size_t i = 0; i < n_entries(x); i++, selectai_free(part)) {
        assert_int_equal(selectai_trainset_entry_json(&part, selectai_extraction_entries(x), i), SELECTAI_OK);
        sai_text_puts(&text, part);
    }
    for (size_t i = 0; i < selectai_extraction_rejected_count(x); i++, selectai_free(part)) {
        assert_int_equal(selectai_extraction_rejected_json(&part, x, i), SELECTAI_OK);
        sai_text_puts(&text, part);
    }
    assert_int_equal(selectai_extraction_report_json(&part, x), SELECTAI_OK);
    sai_text_puts(&text, part);
    selectai_free(part);
    part = read_text(images);
    sai_text_puts(&text, part);
    free(part);
    assert_int_equal(sai_text_finish(&text, &out), SELECTAI_OK);
    assert_true(n_entries(x) > 10);
    assert_true(n_issues(x, "symlink") == 3 && n_issues(x, "bad-name") > 10 && n_issues(x, "case-differs") > 2);
    selectai_extraction_destroy(&x);
    assert_int_equal(rename(tree, at(top)), 0);
    return out;
}

static void the_same_bytes(void **state)
{
    static const unsigned strides[] = {1, 119, 7, 49};
    char *first = NULL;
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        char top[16];
        snprintf(top, sizeof top, "t%u", i);
        make_tree(top, strides[i]);
        char *got = everything(top, i + 1);
        if (first)
            assert_string_equal(got, first);
        else
            first = sai_strdup(got);
        sai_free(got);
    }
    sai_free(first);
}

/* Links in a circle and a thousand folders: each is visited once. */
static void many_folders(void **state)
{
    char path[512];
    (void)state;
    assert_int_equal(mkdir(at("raw"), 0777), 0);
    assert_int_equal(mkdir(at("final"), 0777), 0);
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(path, sizeof path, "%s/raw/%05u", folder, i);
        assert_int_equal(mkdir(path, 0777), 0);
        if (i % 5 != 0)
            continue;
        snprintf(path, sizeof path, "%s/raw/%05u/" T "01_stage1.png", folder, i);
        write_text(path, "");
        snprintf(path, sizeof path, "%s/raw/%05u/" T "02_stage2.png", folder, i);
        write_text(path, "");
    }
    snprintf(path, sizeof path, "%s/final/00015", folder);
    assert_int_equal(mkdir(path, 0777), 0);
    snprintf(path, sizeof path, "%s/final/00015/" T "02_stage2.png", folder);
    write_text(path, "");
    assert_int_equal(symlink("..", at("raw/00001/up")), 0);
    assert_int_equal(symlink("../00001", at("raw/00002/there")), 0);
    assert_int_equal(symlink("../00002", at("raw/00001/back")), 0);
    selectai_extraction *x = extract(SELECTAI_CROP_CHECK_MTIME);
    assert_int_equal(reported(x, "raw_images"), 400);
    assert_int_equal(reported(x, "groups"), 200);
    assert_int_equal(n_entries(x), 1);
    assert_int_equal(n_issues(x, "symlink"), 3);
    assert_true(ends_in(entry_of(x, 0).chosen_path, "/00015/" T "02_stage2.png"));
    selectai_extraction_destroy(&x);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(the_same_bytes), TEST(many_folders)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
