/*
 * test_trainset_extract.c: from RAW and FINAL folders to decisions.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "trainset_fixture.h"

/* ---- Plain cases ----------------------------------------------------------------------------- */

static void one_winner(void **state)
{
    (void)state;
    put("raw/d/" T "01_stage1_generated.png", "1", 0);
    put("raw/d/" T "20_stage1.5_face_swapped.png", "2", 0);
    put("raw/d/" T "40_stage2_upscaled.png", "3", 0);
    put("final/kept/" T "20_stage1.5_face_swapped.png", "2", 6);
    selectai_extraction *x = extract(SELECTAI_CROP_CHECK_MTIME);
    assert_int_equal(n_entries(x), 1);
    struct selectai_entry e = entry_of(x, 0);
    char path[512];
    snprintf(path, sizeof path, "%s/raw/d/" T "20_stage1.5_face_swapped.png", folder);
    assert_string_equal(e.chosen_path, path);
    snprintf(path, sizeof path, "%s/final/kept/" T "20_stage1.5_face_swapped.png", folder);
    assert_string_equal(e.chosen_final_path, path);
    assert_string_equal(e.project, "p");
    assert_string_equal(e.timestamp, T "20");
    assert_true(e.chosen_stage == 1.5);
    assert_int_equal(e.n_negatives, 2);
    assert_true(ends_in(e.neg_paths[0], "/raw/d/" T "01_stage1_generated.png"));
    assert_true(e.neg_stages[0] == 1 && e.neg_stages[1] == 2);
    assert_int_equal(e.anomaly, 1);
    assert_int_equal(e.was_cropped, 1);
    assert_int_equal(e.crop_evidence, SELECTAI_CROP_EVIDENCE_MTIME);
    assert_int_equal(e.has_crop, 0);
    assert_int_equal(e.evidence, SELECTAI_EVIDENCE_NAME);
    assert_int_equal(e.group_mode, SELECTAI_GROUP_NEAREST_UP);
    assert_string_equal(e.extraction_date, "2026-01-02");
    assert_string_equal(e.raw_dir, at("raw"));
    assert_int_equal(strlen(e.set_id), 17);
    selectai_extraction_destroy(&x);
}

static void five_seconds(void **state)
{
    (void)state;
    put("raw/" T "01_stage1.png", "", 0);
    put("raw/" T "02_stage2.png", "", 0);
    put("final/" T "02_stage2.png", "", 5); /* not more than 5 */
    selectai_extraction *x = extract(SELECTAI_CROP_CHECK_MTIME);
    assert_int_equal(entry_of(x, 0).was_cropped, 0);
    assert_int_equal(entry_of(x, 0).crop_evidence, SELECTAI_CROP_EVIDENCE_NONE);
    assert_int_equal(entry_of(x, 0).anomaly, 0);
    selectai_extraction_destroy(&x);
}

static void several_winners_and_rejected(void **state)
{
    (void)state;
    /* two of three chosen */
    put("raw/a/" T "01_stage1.png", "", 0);
    put("raw/a/" T "02_stage2.png", "", 0);
    put("raw/a/" T "03_stage3.png", "", 0);
    put("final/" T "01_stage1.png", "", 0);
    put("final/" T "03_stage3.png", "", 0);
    /* all chosen */
    put("raw/b/" T "11_stage1.png", "", 0);
    put("raw/b/" T "12_stage2.png", "", 0);
    put("final/" T "11_stage1.png", "", 0);
    put("final/" T "12_stage2.png", "", 0);
    /* none chosen */
    put("raw/c/" T "21_stage1.png", "", 0);
    put("raw/c/" T "22_stage2.png", "", 0);
    /* nothing to choose from, passed over, unparsed */
    put("raw/d/" T "31_stage2.png", "", 0);
    put("raw/e/" T "41_stage1.png", "", 0);
    put("raw/e/" T "42_stage3.png", "", 0);
    put("raw/e/" T "43_stage2.png", "", 0);
    put("raw/holiday.png", "", 0);
    put("raw/notes.txt", "", 0);
    selectai_extraction *x = extract(SELECTAI_CROP_CHECK_MTIME);
    assert_int_equal(n_entries(x), 2);
    for (size_t i = 0; i < 2; i++) { /* the other winner is nobody's loser */
        assert_int_equal(entry_of(x, i).n_negatives, 1);
        assert_true(ends_in(entry_of(x, i).neg_paths[0], T "02_stage2.png"));
        assert_string_equal(entry_of(x, i).set_id, entry_of(x, 0).set_id);
    }
    assert_int_equal(entry_of(x, 0).anomaly, 1);
    assert_int_equal(entry_of(x, 1).anomaly, 0);
    static const struct {
        const char *name;
        long count;
    } counts[] = {{"raw_images", 12},
                  {"final_images", 4},
                  {"unparsed", 1},
                  {"groups", 4},
                  {"single_stage", 1},
                  {"passed_over", 1},
                  {"groups_with_winner", 2},
                  {"groups_rejected", 2},
                  {"groups_without_loser", 1},
                  {"multi_winner_groups", 2},
                  {"entries", 2},
                  {"anomalies", 1},
                  {"cropped", 0},
                  {"orphan_finals", 0},
                  {"ambiguous", 0}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (reported(x, counts[i].name) != counts[i].count)
            fail_msg("%s: %ld, not %ld", counts[i].name, reported(x, counts[i].name), counts[i].count);
    assert_int_equal(n_issues(x, "unparsed"), 1);

    char *line = NULL, *text, wanted[1024];
    assert_int_equal(selectai_extraction_rejected_count(x), 2);
    assert_int_equal(selectai_extraction_rejected_json(&line, x, 0), SELECTAI_OK);
    const char *id = strstr(line, "\"set_id\":\"g");
    assert_non_null(id);
    snprintf(wanted, sizeof wanted,
             "{\"project\":\"p\",\"timestamp\":\"" T "21\",\"set_id\":\"%.17s\",\"paths\":[\"%s/raw/c/" T
             "21_stage1.png\",\"%s/raw/c/" T "22_stage2.png\"],\"stages\":[1,2]}",
             id + 10, folder, folder);
    assert_string_equal(line, wanted);
    assert_int_equal(selectai_extraction_write_rejected(x, at("rejected.jsonl")), SELECTAI_OK);
    text = read_text(at("rejected.jsonl"));
    assert_int_equal(strncmp(text, line, strlen(line)), 0);
    assert_int_equal(text[strlen(line)], '\n');
    free(text);
    selectai_free(line);
    selectai_extraction_destroy(&x);
}

/* ---- Finding the source ---------------------------------------------------------------------- */

static void same_name_in_two_folders(void **state)
{
    (void)state;
    static const char *const folders[] = {"a", "b", "c"};
    for (size_t i = 0; i < 3; i++) {
        char rel[128], content[8];
        for (int stage = 1; stage <= 2; stage++) {
            snprintf(rel, sizeof rel, "raw/%s/" T "0%d_stage%d.png", folders[i], stage, stage);
            snprintf(content, sizeof content, "%s%d", folders[i], stage);
            put(rel, content, 0);
        }
    }
    put("final/a/" T "01_stage1.png", "changed", 0); /* same relative folder */
    put("final/x/" T "01_stage1.png", "b1", 0);      /* identical to b's */
    put("final/x/" T "02_stage2.png", "none", 0);    /* like none of the three */
    selectai_extraction *x = extract(SELECTAI_CROP_CHECK_MTIME);
    assert_int_equal(reported(x, "ambiguous"), 1);
    assert_int_equal(n_issues(x, "ambiguous"), 1);
    /* Any stage 2 may have been chosen: none is a sure loser, and c's group is not rejected. */
    assert_int_equal(n_entries(x), 0);
    assert_int_equal(selectai_extraction_rejected_count(x), 0);
    assert_int_equal(reported(x, "groups_undecided"), 1);
    assert_int_equal(reported(x, "groups_with_winner"), 2);
    selectai_extraction_destroy(&x);

    assert_int_equal(unlink(at("final/x/" T "02_stage2.png")), 0);
    x = extract(SELECTAI_CROP_CHECK_MTIME);
    assert_int_equal(n_entries(x), 2);
    assert_int_equal(entry_of(x, 0).evidence, SELECTAI_EVIDENCE_NAME);
    assert_true(ends_in(entry_of(x, 0).chosen_path, "/raw/a/" T "01_stage1.png"));
    assert_int_equal(entry_of(x, 1).evidence, SELECTAI_EVIDENCE_CONTENT);
    assert_true(ends_in(entry_of(x, 1).chosen_path, "/raw/b/" T "01_stage1.png"));
    assert_int_equal(selectai_extraction_rejected_count(x), 1);
    selectai_extraction_destroy(&x);

    put("raw/c/" T "01_stage1.png", "b1", 0); /* now two are identical */
    x = extract(SELECTAI_CROP_CHECK_MTIME);
    assert_int_equal(n_entries(x), 1);
    assert_int_equal(reported(x, "ambiguous"), 1);
    selectai_extraction_destroy(&x);
}

static void by_timestamp_and_stage(void **state)
{
    (void)state;
    put("raw/" T "01_stage1_generated.png", "", 0);
    put("raw/" T "02_stage2_upscaled.png", "", 0);
    put("raw/d/" T "11_stage1_generated.png", "", 0);
    put("raw/d/" T "12_stage2_upscaled.png", "", 0);
    put("raw/e/" T "12_stage2_other.png", "", 0);
    put("final/" T "02_stage2.0_edited.jpg", "", 0); /* 2.0 is 2 */
    put("final/" T "12_stage2_edited.png", "", 0);   /* two of that moment */
    put("final/" T "13_stage2_edited.png", "", 0);   /* none */
    put("final/favourite.png", "", 0);               /* not even a moment */
    selectai_extraction *x = extract(SELECTAI_CROP_CHECK_MTIME);
    assert_int_equal(n_entries(x), 1);
    assert_int_equal(entry_of(x, 0).evidence, SELECTAI_EVIDENCE_STAGE);
    assert_true(ends_in(entry_of(x, 0).chosen_path, "02_stage2_upscaled.png"));
    assert_true(ends_in(entry_of(x, 0).chosen_final_path, "02_stage2.0_edited.jpg"));
    assert_int_equal(reported(x, "ambiguous"), 1);
    assert_int_equal(reported(x, "orphan_finals"), 2);
    assert_int_equal(n_issues(x, "orphan-final"), 2);
    selectai_extraction_destroy(&x);
}

/* The exact name counts, even if a renamed copy is seen before it. */
static void second_copies(void **state)
{
    (void)state;
    put("raw/" T "01_stage1.png", "", 0);
    put("raw/" T "02_stage2_x.png", "", 0);
    put("final/" T "02_stage2.png", "", 0);
    put("final/sub/" T "02_stage2_x.png", "", 100);
    put("final/sub2/" T "02_stage2_x.png", "", 0);
    selectai_extraction *x = extract(SELECTAI_CROP_CHECK_MTIME);
    assert_int_equal(n_entries(x), 1);
    assert_int_equal(entry_of(x, 0).evidence, SELECTAI_EVIDENCE_NAME);
    assert_true(ends_in(entry_of(x, 0).chosen_final_path, "/final/sub/" T "02_stage2_x.png"));
    assert_int_equal(entry_of(x, 0).was_cropped, 1);
    assert_int_equal(n_issues(x, "duplicate-final"), 2);
    selectai_extraction_destroy(&x);
}

/* ---- Refusals, several projects, cancelling -------------------------------------------------- */

static void folders_that_are_refused(void **state)
{
    (void)state;
    put("raw/in/" T "01_stage1.png", "", 0);
    put("final/" T "01_stage1.png", "", 0);
    put("file", "", 0);
    assert_int_equal(symlink("raw/in", at("link")), 0);
    selectai_extraction *x = create(SELECTAI_CROP_CHECK_MTIME, NULL);
    static const struct {
        const char *raw, *final, *project;
        int code;
        const char *why;
    } cases[] = {
        {"raw", "raw", "p", SELECTAI_ERR_INVALID_ARGUMENT, "same folder"},
        {"raw", "raw/in", "p", SELECTAI_ERR_INVALID_ARGUMENT, "lies inside"},
        {"raw/in", "raw", "p", SELECTAI_ERR_INVALID_ARGUMENT, "lies inside"},
        {"raw", "link", "p", SELECTAI_ERR_INVALID_ARGUMENT, "lies inside"}, /* by another name */
        {"raw/../raw/in", "raw/.", "p", SELECTAI_ERR_INVALID_ARGUMENT, "lies inside"},
        {"raw", "final", "", SELECTAI_ERR_INVALID_ARGUMENT, "name"},
        {"raw", "final", "p\xFF", SELECTAI_ERR_INVALID_ARGUMENT, "UTF-8"},
        {"none", "final", "p", SELECTAI_ERR_NOT_FOUND, "none"},
        {"raw", "file", "p", SELECTAI_ERR_NOT_A_DIRECTORY, "file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(selectai_extraction_add_project(x, at(cases[i].raw), at(cases[i].final), cases[i].project),
                         cases[i].code);
        if (!strstr(selectai_last_error(), cases[i].why))
            fail_msg("\"%s\" does not say %s", selectai_last_error(), cases[i].why);
    }
    add(x, "p");
    assert_int_equal(selectai_extraction_add_project(x, at("raw"), at("final"), "p"), SELECTAI_ERR_INVALID_ARGUMENT);
    selectai_extraction_destroy(&x);
    selectai_extraction_destroy(&x);
}

static int stop_at(uint64_t done, uint64_t total, const char *stage, void *user)
{
    (void)done;
    (void)total;
    const char **where = user;
    return *where && strcmp(stage, *where) == 0;
}

/* Projects stay apart; one that is cancelled leaves no trace, and may be tried again. */
static void projects_and_cancelling(void **state)
{
    struct selectai_extract_options o;
    selectai_extraction *x = NULL;
    const char *where = NULL;
    char *before = NULL, *after = NULL;
    (void)state;
    put("raw/" T "01_stage1.png", "", 0);
    put("raw/" T "02_stage2.png", "", 0);
    put("raw/" T "11_stage1.png", "", 0);
    put("raw/" T "12_stage2.png", "", 0);
    put("raw/other.png", "", 0);
    put("final/" T "02_stage2.png", "", 0);
    selectai_extract_options_init(&o, sizeof o);
    o.crop_check = SELECTAI_CROP_CHECK_MTIME;
    o.progress = stop_at;
    o.user = &where;
    assert_int_equal(selectai_extraction_create(&x, &o), SELECTAI_OK);
    add(x, "p");
    assert_int_equal(selectai_extraction_report_json(&before, x), SELECTAI_OK);
    static const char *const stages[] = {"scan", "crops"};
    for (size_t i = 0; i < 2; i++) {
        where = stages[i];
        make_parents("q/raw/x");
        make_parents("q/final/x");
        assert_int_equal(selectai_extraction_add_project(x, at("q/raw"), at("q/final"), "q"), SELECTAI_ERR_CANCELLED);
        assert_int_equal(n_entries(x), 1);
        assert_int_equal(selectai_extraction_rejected_count(x), 1);
        assert_int_equal(selectai_issues_count(selectai_extraction_issues(x)), 1);
        assert_int_equal(selectai_extraction_report_json(&after, x), SELECTAI_OK);
        assert_string_equal(before, after);
        selectai_free(after);
    }
    where = NULL;
    put("q/raw/" T "01_stage1.png", "", 0);
    put("q/raw/" T "02_stage2.png", "", 0);
    put("q/raw/other.png", "", 0);
    put("q/final/" T "02_stage2.png", "", 0);
    assert_int_equal(selectai_extraction_add_project(x, at("q/raw"), at("q/final"), "q"), SELECTAI_OK);
    assert_int_equal(n_entries(x), 2);
    assert_int_equal(n_issues(x, "unparsed"), 2);
    assert_string_equal(entry_of(x, 1).project, "q");
    assert_string_not_equal(entry_of(x, 0).set_id, entry_of(x, 1).set_id);
    selectai_free(before);
    selectai_extraction_destroy(&x);
}

/* Folders of two projects lie apart, whatever they are called; a parent may be shared. */
static void projects_in_the_same_folders(void **state)
{
    (void)state;
    for (int project = 0; project < 3; project++) {
        char rel[128];
        for (int stage = 1; stage <= 2; stage++) {
            snprintf(rel, sizeof rel, "%c/raw/in/" T "0%d_stage%d.png", "pqr"[project], stage, stage);
            put(rel, "", 0);
        }
        snprintf(rel, sizeof rel, "%c/final/in/" T "02_stage2.png", "pqr"[project]);
        put(rel, "", 0);
    }
    assert_int_equal(symlink("p/raw", at("link")), 0);
    selectai_extraction *x = create(SELECTAI_CROP_CHECK_MTIME, NULL);
    assert_int_equal(selectai_extraction_add_project(x, at("p/raw"), at("p/final"), "first"), SELECTAI_OK);
    static const struct {
        const char *raw, *final, *folder;
    } cases[] = {
        {"p/raw", "p/final", "p/raw"},          {"p/raw", "q/final", "p/raw"},
        {"q/raw", "p/final", "p/final"},        {"q/raw", "p/raw", "p/raw"},
        {"p/final", "q/final", "p/final"},      {"link", "q/final", "p/raw"},
        {"./p/../p/raw/.", "q/final", "p/raw"}, {"p/raw/in", "q/final", "p/raw"},
        {"q/raw", "p/final/in", "p/final"},     {"p", "q/final", "p/raw"},
        {"q/raw", "link/in", "p/raw"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int rc = selectai_extraction_add_project(x, at(cases[i].raw), at(cases[i].final), "second");
        if (rc != SELECTAI_ERR_INVALID_ARGUMENT)
            fail_msg("%s and %s: %d", cases[i].raw, cases[i].final, rc);
        const char *message = selectai_last_error();
        if (!strstr(message, "first") || !strstr(message, "second") || !strstr(message, at(cases[i].folder)))
            fail_msg("\"%s\" does not name both projects and %s", message, cases[i].folder);
        assert_int_equal(n_entries(x), 1);
    }
    assert_int_equal(selectai_extraction_add_project(x, at("q/raw"), at("q/final"), "second"), SELECTAI_OK);
    assert_int_equal(selectai_extraction_add_project(x, at("r/raw"), at("q/final"), "third"),
                     SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_extraction_add_project(x, at("r/raw"), at("r/final"), "third"), SELECTAI_OK);
    assert_int_equal(n_entries(x), 3);
    selectai_extraction_destroy(&x);
}

/* Names that no JSON can carry are reported; names that it must escape are kept. */
static void strange_names(void **state)
{
    char *report = NULL;
    json_t *value = NULL;
    (void)state;
    put("raw/a\"b\n/" T "01_stage1.png", "", 0);
    put("raw/a\"b\n/" T "02_stage2.png", "", 0);
    put("raw/a\"b\n/" T "03_stage3_\xFF.png", "", 0);
    put("final/\xFE.png", "", 0);
    put("final/" T "02_stage2.png", "", 0);
    assert_int_equal(symlink("..", at("raw/loop")), 0);
    selectai_extraction *x = extract(SELECTAI_CROP_CHECK_MTIME);
    assert_int_equal(n_entries(x), 1);
    assert_int_equal(n_issues(x, "bad-name"), 2);
    assert_int_equal(n_issues(x, "symlink"), 1);
    assert_int_equal(selectai_extraction_report_json(&report, x), SELECTAI_OK);
    assert_int_equal(sai_json_parse(&value, report, strlen(report), "report", 0), SELECTAI_OK);
    json_decref(value);
    selectai_free(report);
    assert_int_equal(selectai_trainset_write(selectai_extraction_entries(x), at("out.jsonl"), 0), SELECTAI_OK);
    selectai_trainset *set = NULL;
    const char *path = at("out.jsonl");
    assert_int_equal(selectai_trainset_load(&set, &path, 1, 1), SELECTAI_OK);
    struct selectai_entry e = {.struct_size = sizeof e};
    assert_int_equal(selectai_trainset_get(set, 0, &e), SELECTAI_OK);
    assert_string_equal(e.chosen_path, entry_of(x, 0).chosen_path);
    selectai_trainset_destroy(&set);
    selectai_extraction_destroy(&x);
}

/* ---- Crops in real pixels -------------------------------------------------------------------- */

static selectai_image *noise(uint32_t width, uint32_t height, uint64_t seed)
{
    struct sai_rng rng;
    selectai_image *image = NULL;
    uint8_t *rgb = malloc((size_t)width * height * 3);
    sai_rng_seed(&rng, seed);
    for (size_t i = 0; i < (size_t)width * height * 3; i++)
        rgb[i] = (uint8_t)sai_rng_next(&rng);
    assert_int_equal(selectai_image_create(&image, width, height, rgb, 0), SELECTAI_OK);
    free(rgb);
    return image;
}

static void save(const char *rel, const selectai_image *image, int32_t level, long seconds)
{
    make_parents(rel);
    assert_int_equal(selectai_image_save(image, at(rel), level), SELECTAI_OK);
    age(rel, seconds);
}

/* One group a minute: stage 1 loses, stage 2 is the winner that is looked at. */
static void kinds_of_finals(void)
{
    const struct selectai_pixel_box box = {5, 0, 37, 24};
    selectai_image *original = noise(64, 48, 1), *other = noise(64, 48, 2), *small = noise(20, 15, 3), *cut = NULL,
                   *flat = NULL, *flat_cut = NULL;
    uint8_t grey[64 * 48 * 3];
    memset(grey, 90, sizeof grey);
    assert_int_equal(selectai_image_create(&flat, 64, 48, grey, 0), SELECTAI_OK);
    assert_int_equal(selectai_image_crop(&cut, original, &box), SELECTAI_OK);
    assert_int_equal(selectai_image_crop(&flat_cut, flat, &box), SELECTAI_OK);
    for (int i = 0; i < 7; i++) {
        char rel[128];
        snprintf(rel, sizeof rel, "raw/20250708_06%02d00_stage1.png", i);
        put(rel, "never opened", 0);
        snprintf(rel, sizeof rel, "raw/20250708_06%02d00_stage2.png", i);
        save(rel, i == 6 ? flat : original, 6, 0);
    }
    put("raw/20250708_060700_stage1.png", "never opened", 0);
    put("raw/20250708_060700_stage2.png", "no image", 0);

    save("final/20250708_060000_stage2.png", original, 6, 0);    /* plain copy */
    save("final/20250708_060100_stage2.png", original, 1, 3600); /* saved again */
    save("final/20250708_060200_stage2.png", cut, 6, 3600);      /* cropped */
    save("final/20250708_060300_stage2.png", small, 6, 0);       /* another size, not found */
    save("final/20250708_060400_stage2.png", other, 6, 3600);    /* same size, other pixels */
    save("final/20250708_060500_stage2.png", cut, 6, 0);         /* cropped, time kept */
    save("final/20250708_060600_stage2.png", flat_cut, 6, 3600); /* cropped out of a flat area */
    put("final/20250708_060700_stage2.png", "no image", 3600);   /* cannot be opened */
    put("raw/20250708_060800_stage1.png", "never opened", 0);
    save("raw/20250708_060800_stage2.png", original, 6, 0);
    save("final/20250708_060800_stage2.png", original, 6, 3600); /* copied without its time */
    selectai_image_destroy(&original);
    selectai_image_destroy(&other);
    selectai_image_destroy(&small);
    selectai_image_destroy(&cut);
    selectai_image_destroy(&flat);
    selectai_image_destroy(&flat_cut);
}

static void expect_crop(const selectai_extraction *x, size_t i, int was_cropped, int evidence, int has_crop)
{
    struct selectai_entry e = entry_of(x, i);
    if (e.was_cropped != was_cropped || e.crop_evidence != evidence || e.has_crop != has_crop)
        fail_msg("entry %zu: cropped %d evidence %d box %d, not %d %d %d", i, e.was_cropped, e.crop_evidence,
                 e.has_crop, was_cropped, evidence, has_crop);
}

static void crops_in_auto_mode(void **state)
{
    (void)state;
    kinds_of_finals();
    selectai_extraction *x = extract(SELECTAI_CROP_CHECK_AUTO);
    assert_int_equal(n_entries(x), 9);
    expect_crop(x, 0, 0, SELECTAI_CROP_EVIDENCE_NONE, 0);
    expect_crop(x, 1, 0, SELECTAI_CROP_EVIDENCE_PIXELS, 0);
    expect_crop(x, 2, 1, SELECTAI_CROP_EVIDENCE_PIXELS, 1);
    expect_crop(x, 3, 1, SELECTAI_CROP_EVIDENCE_SIZE, 0);
    expect_crop(x, 4, 0, SELECTAI_CROP_EVIDENCE_NONE, 0);
    expect_crop(x, 5, 1, SELECTAI_CROP_EVIDENCE_PIXELS, 1);
    expect_crop(x, 6, 1, SELECTAI_CROP_EVIDENCE_PIXELS, 0);
    expect_crop(x, 7, 1, SELECTAI_CROP_EVIDENCE_MTIME, 0);
    expect_crop(x, 8, 0, SELECTAI_CROP_EVIDENCE_PIXELS, 0);
    struct selectai_entry e = entry_of(x, 2);
    assert_int_equal(e.crop_px.x1, 5);
    assert_int_equal(e.crop_px.y1, 0);
    assert_int_equal(e.crop_px.x2, 37);
    assert_int_equal(e.crop_px.y2, 24);
    assert_true(e.crop.x1 == 5.0 / 64 && e.crop.y1 == 0 && e.crop.x2 == 37.0 / 64 && e.crop.y2 == 0.5);
    assert_int_equal(e.crop_method, SELECTAI_CROP_EXACT);
    assert_true(e.crop_residual == 0);
    assert_int_equal(n_issues(x, "unreadable"), 1);
    assert_int_equal(reported(x, "cropped"), 5);
    assert_int_equal(reported(x, "crop_boxes"), 2);
    selectai_extraction_destroy(&x);
}

static void crops_in_other_modes(void **state)
{
    (void)state;
    kinds_of_finals();
    static const struct {
        int32_t mode;
        int cropped[7], evidence[7];
    } cases[] = {{SELECTAI_CROP_CHECK_MTIME, {0, 1, 1, 0, 1, 0, 1}, {0, 1, 1, 0, 1, 0, 1}},
                 {SELECTAI_CROP_CHECK_SIZE, {0, 0, 1, 1, 0, 1, 1}, {0, 0, 2, 2, 0, 2, 2}},
                 {SELECTAI_CROP_CHECK_PIXELS, {0, 0, 1, 1, 0, 1, 1}, {3, 3, 3, 2, 0, 3, 3}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        selectai_extraction *x = extract(cases[i].mode);
        for (size_t k = 0; k < 7; k++)
            expect_crop(x, k, cases[i].cropped[k], cases[i].evidence[k],
                        cases[i].mode == SELECTAI_CROP_CHECK_PIXELS && (k == 2 || k == 5));
        selectai_extraction_destroy(&x);
    }
}

/* Thue and Morse's sequence and its complement have the same polynomial hash modulo 2^64, whatever its odd factor: the
 * search meets so many false matches that it gives up, and cannot say that the crop fits nowhere else. */
static void a_box_that_may_not_be_the_only_one(void **state)
{
    enum { WIDTH = 2048, HEIGHT = 70 };
    struct selectai_crop_match match = {.struct_size = sizeof match};
    const struct selectai_pixel_box top = {0, 0, WIDTH, 1};
    selectai_image *original = NULL, *cut = NULL;
    uint8_t *rgb = malloc((size_t)WIDTH * HEIGHT * 3);
    (void)state;
    for (unsigned y = 0; y < HEIGHT; y++)
        for (unsigned x = 0; x < WIDTH; x++)
            memset(rgb + ((size_t)y * WIDTH + x) * 3, (__builtin_popcount(x) & 1) == (y > 0) ? 200 : 30, 3);
    assert_int_equal(selectai_image_create(&original, WIDTH, HEIGHT, rgb, 0), SELECTAI_OK);
    free(rgb);
    assert_int_equal(selectai_image_crop(&cut, original, &top), SELECTAI_OK);
    assert_int_equal(selectai_image_recover_crop(&match, original, cut), SELECTAI_OK);
    assert_int_equal(match.method, SELECTAI_CROP_EXACT);
    assert_int_equal(match.unique, -1);
    put("raw/" T "01_stage1.png", "never opened", 0);
    save("raw/" T "02_stage2.png", original, 6, 0);
    save("final/" T "02_stage2.png", cut, 6, 3600);
    selectai_image_destroy(&original);
    selectai_image_destroy(&cut);
    selectai_extraction *x = extract(SELECTAI_CROP_CHECK_AUTO);
    expect_crop(x, 0, 1, SELECTAI_CROP_EVIDENCE_PIXELS, 0);
    selectai_extraction_destroy(&x);
}

/* Cuts a file's end off. */
static void shorten(const char *rel, long seconds)
{
    struct stat st;
    assert_int_equal(stat(at(rel), &st), 0);
    assert_int_equal(truncate(at(rel), st.st_size / 2), 0);
    age(rel, seconds);
}

/* What could not be looked at is not known, unless the time or the sizes say that it was cropped. */
static void crops_of_unreadable_images(void **state)
{
    static const int32_t modes[] = {SELECTAI_CROP_CHECK_AUTO, SELECTAI_CROP_CHECK_SIZE, SELECTAI_CROP_CHECK_PIXELS};
    selectai_image *large = noise(64, 48, 1), *small = noise(32, 48, 2);
    (void)state;
    for (int i = 0; i < 6; i++) {
        char rel[128];
        snprintf(rel, sizeof rel, "raw/" T "%d1_stage1.png", i);
        put(rel, "never opened", 0);
    }
    put("raw/" T "02_stage2.png", "no image", 0); /* RAW's header */
    save("final/" T "02_stage2.png", large, 6, 5);
    save("raw/" T "12_stage2.png", large, 6, 0); /* FINAL's header */
    put("final/" T "12_stage2.png", "no image", -100);
    save("raw/" T "22_stage2.png", large, 6, 0); /* the same, newer */
    put("final/" T "22_stage2.png", "no image", 6);
    save("raw/" T "32_stage2.png", large, 6, 0); /* FINAL's pixels */
    save("final/" T "32_stage2.png", large, 6, 0);
    shorten("final/" T "32_stage2.png", 0);
    save("raw/" T "42_stage2.png", large, 6, 0); /* the same, newer */
    save("final/" T "42_stage2.png", large, 6, 0);
    shorten("final/" T "42_stage2.png", 6);
    save("raw/" T "52_stage2.png", large, 6, 0); /* the same, of another size */
    save("final/" T "52_stage2.png", small, 6, 0);
    shorten("final/" T "52_stage2.png", 0);
    selectai_image_destroy(&large);
    selectai_image_destroy(&small);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        bool pixels = modes[i] != SELECTAI_CROP_CHECK_SIZE; /* headers alone are still there */
        selectai_extraction *x = extract(modes[i]);
        char *line = NULL;
        assert_int_equal(n_entries(x), 6);
        expect_crop(x, 0, SELECTAI_UNKNOWN, SELECTAI_CROP_EVIDENCE_NONE, 0);
        expect_crop(x, 1, SELECTAI_UNKNOWN, SELECTAI_CROP_EVIDENCE_NONE, 0);
        expect_crop(x, 2, 1, SELECTAI_CROP_EVIDENCE_MTIME, 0);
        expect_crop(x, 3, pixels ? SELECTAI_UNKNOWN : 0, SELECTAI_CROP_EVIDENCE_NONE, 0);
        expect_crop(x, 4, pixels, pixels ? SELECTAI_CROP_EVIDENCE_MTIME : SELECTAI_CROP_EVIDENCE_NONE, 0);
        expect_crop(x, 5, 1, SELECTAI_CROP_EVIDENCE_SIZE, 0);
        assert_int_equal(n_issues(x, "unreadable"), pixels ? 6 : 3);
        assert_int_equal(selectai_trainset_entry_json(&line, selectai_extraction_entries(x), 0), SELECTAI_OK);
        assert_non_null(strstr(line, "\"was_cropped\":null"));
        selectai_free(line);
        selectai_extraction_destroy(&x);
    }
}

/* ---- Times beyond what 64 bits of nanoseconds can say ---------------------------------------- */

static void far_times(void **state)
{
    static const struct timespec now = {1750000000, 5}, before = {1749999999, 999999999}, never = {INT64_MIN, 0},
                                 ever = {INT64_MAX, 999999999}, far = {13569465600, 0}, farther = {13569465606, 1};
    (void)state;
    assert_true(sai_time_ns(&now) == INT64_C(1750000000000000005));
    assert_true(sai_time_ns(&far) == INT64_MAX && sai_time_ns(&ever) == INT64_MAX);
    assert_true(sai_time_ns(&never) == INT64_MIN);
    assert_true(sai_time_difference_ns(&now, &before) == 6);
    assert_true(sai_time_difference_ns(&before, &now) == -6);
    assert_true(sai_time_difference_ns(&farther, &far) == INT64_C(6000000001));
    assert_true(sai_time_difference_ns(&far, &farther) == INT64_C(-6000000001));
    assert_true(sai_time_difference_ns(&far, &now) == INT64_MAX);
    assert_true(sai_time_difference_ns(&now, &far) == INT64_MIN);
    assert_true(sai_time_difference_ns(&ever, &never) == INT64_MAX);
    assert_true(sai_time_difference_ns(&never, &ever) == INT64_MIN);
}

/* Seconds from age()'s day to the year 2400, which not every file system can hold. */
#define YEAR_2400 11819465600L

static void files_of_far_times(void **state)
{
    static const long raw[] = {0, YEAR_2400, YEAR_2400, YEAR_2400, -YEAR_2400},
                      final[] = {YEAR_2400, 0, YEAR_2400 + 5, YEAR_2400 + 6, YEAR_2400};
    static const int cropped[] = {1, 0, 0, 1, 1};
    struct stat st;
    (void)state;
    put("probe", "", YEAR_2400);
    assert_int_equal(stat(at("probe"), &st), 0);
    if (st.st_mtim.tv_sec != 1750000000 + YEAR_2400)
        skip();
    for (int i = 0; i < 5; i++) {
        char rel[128];
        snprintf(rel, sizeof rel, "raw/" T "%d1_stage1.png", i);
        put(rel, "", 0);
        snprintf(rel, sizeof rel, "raw/" T "%d2_stage2.png", i);
        put(rel, "", raw[i]);
        snprintf(rel, sizeof rel, "final/" T "%d2_stage2.png", i);
        put(rel, "", final[i]);
    }
    selectai_extraction *x = extract(SELECTAI_CROP_CHECK_MTIME);
    assert_int_equal(n_entries(x), 5);
    for (size_t i = 0; i < 5; i++)
        expect_crop(x, i, cropped[i], cropped[i] ? SELECTAI_CROP_EVIDENCE_MTIME : SELECTAI_CROP_EVIDENCE_NONE, 0);
    selectai_extraction_destroy(&x);

    selectai_scanner *scanner = NULL;
    struct selectai_file file = {.struct_size = sizeof file};
    put("one/far.png", "", YEAR_2400);
    assert_int_equal(selectai_scanner_open(&scanner, at("one")), SELECTAI_OK);
    assert_int_equal(selectai_scanner_next(scanner, &file), SELECTAI_OK);
    assert_true(file.mtime_ns == INT64_MAX);
    selectai_scanner_close(&scanner);
}

/* ---- Determinism ----------------------------------------------------------------------------- */

static char *everything(uint32_t threads)
{
    struct selectai_extract_options o;
    selectai_extraction *x = NULL;
    char *report = NULL, *text = NULL;
    selectai_extract_options_init(&o, sizeof o);
    o.threads = threads;
    o.date = "2026-01-02";
    assert_int_equal(selectai_extraction_create(&x, &o), SELECTAI_OK);
    add(x, "p");
    assert_int_equal(selectai_extraction_report_json(&report, x), SELECTAI_OK);
    assert_int_equal(selectai_trainset_write(selectai_extraction_entries(x), at("out.jsonl"), 0), SELECTAI_OK);
    text = read_text(at("out.jsonl"));
    text = realloc(text, strlen(text) + strlen(report) + 1);
    strcat(text, report);
    selectai_free(report);
    selectai_extraction_destroy(&x);
    return text;
}

static void same_bytes_on_every_run(void **state)
{
    (void)state;
    kinds_of_finals();
    char *first = everything(1);
    for (uint32_t threads = 0; threads <= 5; threads += 5) {
        char *again = everything(threads);
        assert_string_equal(first, again);
        free(again);
    }
    /* The same files made in another order: another order of directory entries. */
    assert_int_equal(rename(at("raw"), at("old")), 0);
    for (int i = 8; i >= 0; i--) {
        for (int stage = 2; stage >= 1; stage--) {
            char from[128], to[128];
            snprintf(from, sizeof from, "old/20250708_06%02d00_stage%d.png", i, stage);
            snprintf(to, sizeof to, "raw/20250708_06%02d00_stage%d.png", i, stage);
            make_parents(to);
            assert_int_equal(rename(at(from), at(to)), 0);
        }
    }
    char *again = everything(2);
    assert_string_equal(first, again);
    free(again);
    free(first);
}

static void bad_arguments(void **state)
{
    struct selectai_extract_options o;
    selectai_extraction *x = NULL;
    char *text = NULL;
    (void)state;
    selectai_extract_options_init(&o, sizeof o);
    o.crop_check = 9;
    assert_int_equal(selectai_extraction_create(&x, &o), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_extraction_create(NULL, NULL), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_null(x);
    assert_int_equal(selectai_extraction_create(&x, NULL), SELECTAI_OK);
    assert_int_equal(selectai_extraction_rejected_json(&text, x, 0), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_extraction_report_json(&text, x), SELECTAI_OK); /* of nothing: rates are not known */
    assert_non_null(strstr(text, "\"anomaly_rate\":null"));
    selectai_free(text);
    selectai_extraction_destroy(&x);
    assert_int_equal(selectai_extraction_rejected_count(NULL), 0);
    assert_null(selectai_extraction_entries(NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_winner),
        TEST(five_seconds),
        TEST(several_winners_and_rejected),
        TEST(same_name_in_two_folders),
        TEST(by_timestamp_and_stage),
        TEST(second_copies),
        TEST(folders_that_are_refused),
        TEST(projects_and_cancelling),
        TEST(projects_in_the_same_folders),
        TEST(strange_names),
        TEST(crops_in_auto_mode),
        TEST(crops_in_other_modes),
        TEST(a_box_that_may_not_be_the_only_one),
        TEST(crops_of_unreadable_images),
        TEST(far_times),
        TEST(files_of_far_times),
        TEST(same_bytes_on_every_run),
        TEST(bad_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
