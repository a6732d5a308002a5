/*
 * test_export.c: what is exported is what was decided, and the library reads it back.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "review_folder.h"

#include <glob.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "review/export.h"

static struct journal *opened(struct folder *folder)
{
    struct journal *journal = NULL;
    int read_only;
    assert_int_equal(journal_open(&journal, folder->state, &folder->groups, &read_only), SELECTAI_OK);
    return journal;
}

static void decide(struct journal *journal, size_t group, const struct decision *decision)
{
    struct circumstances how = {.source = MANUAL, .seconds = NAN, .agreed = -1};
    uint64_t op;
    assert_int_equal(journal_decide(journal, &op, group, decision, &how), SELECTAI_OK);
}

static size_t group_of(const struct folder *folder, const char *first)
{
    for (size_t g = 0; g < folder->groups.n_groups; g++)
        if (strcmp(folder->groups.images[folder->groups.groups[g].first].rel_path, first) == 0)
            return g;
    fail_msg("no group begins with %s", first);
    return 0;
}

#define FIRST  "20250708_060100_stage1_generated.png"
#define SECOND "20250708_060200_stage1_generated.png"
#define THIRD  "day 1/20250708_060300_stage1_generated.png"
#define FOURTH "day 1/20250708_060400_stage1_generated.png"

/* FIRST: stage 1.5 cropped; SECOND: stages 1 (later) and 2 (whole); THIRD: rejected; FOURTH: skipped. */
static void decide_all_kinds(struct folder *folder, struct journal *journal)
{
    struct winner cropped = {.image = 1, .crop = CROP_EDITED, .box = {0.25, 0, 0.75, 0.5}};
    struct winner two[2] = {{.image = 0, .crop = CROP_LATER}, {.image = 2, .crop = CROP_WHOLE}};
    decide(journal, group_of(folder, FIRST), &(struct decision){PICK, 1, &cropped});
    decide(journal, group_of(folder, SECOND), &(struct decision){PICK, 2, two});
    decide(journal, group_of(folder, THIRD), &(struct decision){.outcome = REJECT});
    decide(journal, group_of(folder, FOURTH), &(struct decision){.outcome = SKIP});
}

static selectai_trainset *loaded(const struct folder *folder, const char *rel_path)
{
    selectai_trainset *set = NULL;
    char path[512];
    const char *paths[1] = {path};
    folder_path(path, folder, rel_path);
    assert_int_equal(selectai_trainset_load(&set, paths, 1, 1), SELECTAI_OK);
    assert_int_equal(selectai_issues_count(selectai_trainset_issues(set)), 0);
    return set;
}

static void assert_path(const struct folder *folder, const char *path, const char *rel_path)
{
    char expected[512];
    snprintf(expected, sizeof expected, "%s/%s", folder->root, rel_path);
    assert_string_equal(path, expected);
}

static struct selectai_entry entry_at(const selectai_trainset *set, size_t index)
{
    struct selectai_entry entry = {.struct_size = sizeof entry};
    assert_int_equal(selectai_trainset_get(set, index, &entry), SELECTAI_OK);
    return entry;
}

static void check_cropped(const struct folder *folder, const struct selectai_entry *e)
{
    assert_string_equal(e->project, "mojo");
    assert_string_equal(e->timestamp, "20250708_060110");
    assert_path(folder, e->chosen_path, "20250708_060110_stage1.5_face_swapped.png");
    assert_true(e->chosen_stage == 1.5);
    assert_int_equal(e->n_negatives, 2);
    assert_path(folder, e->neg_paths[0], FIRST);
    assert_path(folder, e->neg_paths[1], "20250708_060120_stage2_upscaled.png");
    assert_true(e->neg_stages[0] == 1 && e->neg_stages[1] == 2);
    assert_int_equal(e->was_cropped, 1);
    assert_int_equal(e->anomaly, 1);
    assert_int_equal(e->has_crop, 1);
    assert_int_equal(e->crop_evidence, SELECTAI_CROP_EVIDENCE_LOG);
    assert_true(e->crop.x1 == 0.25 && e->crop.y1 == 0 && e->crop.x2 == 0.75 && e->crop.y2 == 0.5);
    assert_true(e->crop_px.x1 == 20 && e->crop_px.y1 == 0 && e->crop_px.x2 == 60 && e->crop_px.y2 == 60);
    assert_true(e->image_width == 80 && e->image_height == 120);
    assert_string_equal(e->raw_dir, folder->root);
    assert_int_equal(strncmp(e->session_id, "mojo_review_20", 14), 0);
    assert_int_equal(strlen(e->decided_at), strlen("2026-11-28T04:01:02.345Z"));
}

static void entries_say_what_was_decided(void **state)
{
    struct folder *folder = *state;
    struct journal *journal = opened(folder);
    char path[512];
    uint64_t n = 0;
    decide_all_kinds(folder, journal);
    folder_path(path, folder, "entries.jsonl");
    assert_int_equal(export_entries(path, &folder->groups, journal, &n), EXIT_DONE);
    assert_int_equal(n, 3);
    selectai_trainset *set = loaded(folder, "entries.jsonl");
    assert_int_equal(selectai_trainset_count(set), 3);
    struct selectai_entry e = entry_at(set, 0);
    check_cropped(folder, &e);
    e = entry_at(set, 1); /* later: not known whether, nor where */
    assert_path(folder, e.chosen_path, SECOND);
    assert_int_equal(e.n_negatives, 1);
    assert_path(folder, e.neg_paths[0], "20250708_060210_stage1.5_face_swapped.png");
    assert_int_equal(e.was_cropped, SELECTAI_UNKNOWN);
    assert_int_equal(e.has_crop, 0);
    assert_int_equal(e.crop_evidence, SELECTAI_CROP_EVIDENCE_NONE);
    assert_int_equal(e.anomaly, 1);
    e = entry_at(set, 2); /* whole */
    assert_path(folder, e.chosen_path, "20250708_060220_stage2_upscaled.png");
    assert_int_equal(e.n_negatives, 1);
    assert_int_equal(e.was_cropped, 0);
    assert_int_equal(e.has_crop, 0);
    assert_int_equal(e.crop_evidence, SELECTAI_CROP_EVIDENCE_LOG);
    assert_int_equal(e.anomaly, 0);
    selectai_trainset_destroy(&set);
    journal_close(&journal);
}

static void whole_groups_and_boxes_teach_no_more_than_they_say(void **state)
{
    struct folder *folder = *state;
    struct journal *journal = opened(folder);
    struct winner all[3] = {{.image = 0}, {.image = 1}, {.image = 2}};
    struct winner full = {.image = 2, .crop = CROP_EDITED, .box = {0, 0.001, 1, 1}}; /* less than a pixel is off */
    char path[512];
    uint64_t n = 9;
    decide(journal, 0, &(struct decision){PICK, 3, all});
    folder_path(path, folder, "entries.jsonl");
    assert_int_equal(export_entries(path, &folder->groups, journal, &n), EXIT_DONE);
    assert_int_equal(n, 0);
    decide(journal, 1, &(struct decision){PICK, 1, &full});
    assert_int_equal(export_entries(path, &folder->groups, journal, &n), EXIT_DONE);
    selectai_trainset *set = loaded(folder, "entries.jsonl");
    assert_int_equal(selectai_trainset_count(set), 1);
    struct selectai_entry e = entry_at(set, 0);
    assert_int_equal(e.was_cropped, 0);
    assert_int_equal(e.has_crop, 0);
    selectai_trainset_destroy(&set);
    journal_close(&journal);
}

static void rejected_groups_are_read_back(void **state)
{
    struct folder *folder = *state;
    struct journal *journal = opened(folder);
    struct selectai_rejected_group group = {.struct_size = sizeof group};
    char path[512];
    uint64_t n = 0;
    decide_all_kinds(folder, journal);
    folder_path(path, folder, "rejected.jsonl");
    assert_int_equal(export_rejected(path, &folder->groups, journal, &n), EXIT_DONE);
    assert_int_equal(n, 1);
    selectai_trainset *set = loaded(folder, "rejected.jsonl");
    assert_int_equal(selectai_trainset_count(set), 0);
    assert_int_equal(selectai_trainset_rejected_count(set), 1);
    assert_int_equal(selectai_trainset_get_rejected(set, 0, &group), SELECTAI_OK);
    assert_int_equal(group.n_images, 3);
    assert_path(folder, group.paths[0], THIRD);
    assert_true(group.stages[1] == 1.5);
    assert_string_equal(group.timestamp, "20250708_060300");
    assert_string_equal(group.project, "mojo");
    selectai_trainset_destroy(&set);
    journal_close(&journal);
}

/* Without a project in their columns, both logs need to be told. */
static selectai_trainset *loaded_log(const struct folder *folder, const char *rel_path)
{
    selectai_trainset *set = NULL;
    struct selectai_load_options options;
    char path[512];
    const char *paths[1] = {path};
    folder_path(path, folder, rel_path);
    selectai_load_options_init(&options, sizeof options);
    options.strict = 1;
    options.project = "mojo";
    assert_int_equal(selectai_trainset_load_logs(&set, paths, 1, &options), SELECTAI_OK);
    return set;
}

static void old_logs_are_read_back(void **state)
{
    struct folder *folder = *state;
    struct journal *journal = opened(folder);
    char path[512];
    uint64_t n = 0;
    size_t n_bytes;
    decide_all_kinds(folder, journal);
    folder_path(path, folder, "selection_only_log.csv");
    assert_int_equal(export_selection_log(path, &folder->groups, journal, &n), EXIT_DONE);
    assert_int_equal(n, 3);
    char *text = get_bytes(folder, "selection_only_log.csv", &n_bytes);
    assert_int_equal(strncmp(text, "session_id,set_id,chosen_path,neg_paths,timestamp\n", 50), 0);
    free(text);
    selectai_trainset *set = loaded_log(folder, "selection_only_log.csv");
    assert_int_equal(selectai_trainset_count(set), 3);
    assert_path(folder, entry_at(set, 0).chosen_path, "20250708_060110_stage1.5_face_swapped.png");
    selectai_trainset_destroy(&set);

    folder_path(path, folder, "select_crop_log.csv");
    assert_int_equal(export_crop_log(path, &folder->groups, journal, &n), EXIT_DONE);
    assert_int_equal(n, 1);
    text = get_bytes(folder, "select_crop_log.csv", &n_bytes);
    int commas = 0;
    for (const char *at = text; *at != '\n'; at++)
        commas += *at == ',';
    assert_int_equal(commas + 1, 11 + 4 * 3);
    assert_non_null(strstr(text, ",3,1,")); /* image_count, chosen_index */
    assert_non_null(strstr(text, ",20,0,60,60,"));
    free(text);
    set = loaded_log(folder, "select_crop_log.csv");
    struct selectai_entry e = entry_at(set, 0);
    assert_true(e.crop_px.x1 == 20 && e.crop_px.y2 == 60 && e.image_width == 80);
    assert_int_equal(e.n_negatives, 2);
    selectai_trainset_destroy(&set);
    journal_close(&journal);
    snprintf(path, sizeof path, "%s/*.tmp-*", folder->path);
    glob_t left = {.gl_pathc = 0};
    assert_int_equal(glob(path, 0, NULL, &left), GLOB_NOMATCH);
    globfree(&left);
}

static void nothing_decided_gives_empty_files(void **state)
{
    struct folder *folder = *state;
    struct journal *journal = opened(folder);
    char path[512];
    uint64_t n = 9;
    size_t n_bytes;
    folder_path(path, folder, "log.csv");
    assert_int_equal(export_selection_log(path, &folder->groups, journal, &n), EXIT_DONE);
    assert_int_equal(n, 0);
    assert_int_equal(export_crop_log(path, &folder->groups, journal, &n), EXIT_DONE);
    char *text = get_bytes(folder, "log.csv", &n_bytes);
    assert_int_equal(strncmp(text, "session_id,set_id,directory,", 28), 0);
    free(text);
    folder_path(path, folder, "nowhere/entries.jsonl");
    assert_int_equal(export_entries(path, &folder->groups, journal, &n), EXIT_FAILED);
    journal_close(&journal);
}

static void groups_that_are_gone_are_exported_too(void **state)
{
    struct folder *folder = *state;
    struct journal *journal = opened(folder);
    char from[512], to[512];
    uint64_t n = 0;
    size_t n_before, n_after;
    decide_all_kinds(folder, journal);
    folder_path(to, folder, "entries.jsonl");
    assert_int_equal(export_entries(to, &folder->groups, journal, &n), EXIT_DONE);
    char *before = get_bytes(folder, "entries.jsonl", &n_before);
    journal_close(&journal);
    for (size_t i = 0; i < folder->groups.n_images; i++) {
        char *path = image_path(&folder->groups, &folder->groups.images[i]);
        unlink(path);
        free(path);
    }
    folder_path(from, folder, "raw/day 1");
    rmdir(from);
    scan_groups(folder);
    assert_int_equal(folder->groups.n_groups, 0);
    journal = opened(folder);
    assert_int_equal(journal_strangers(journal), 4);
    assert_int_equal(export_entries(to, &folder->groups, journal, &n), EXIT_DONE);
    assert_int_equal(n, 3);
    char *after = get_bytes(folder, "entries.jsonl", &n_after);
    assert_string_equal(after, before);
    assert_int_equal(export_rejected(to, &folder->groups, journal, &n), EXIT_DONE);
    assert_int_equal(n, 1);
    assert_int_equal(export_crop_log(to, &folder->groups, journal, &n), EXIT_DONE);
    assert_int_equal(n, 1);
    assert_int_equal(export_xmp(&folder->groups, journal, XMP_ADOBE, 5, &n), EXIT_DONE);
    assert_int_equal(n, 0);
    free(before);
    free(after);
    journal_close(&journal);
}

/* ---- .decision files ------------------------------------------------------------------------- */

static json_t *json_in(const struct folder *folder, const char *rel_path)
{
    size_t n;
    char *text = get_bytes(folder, rel_path, &n);
    json_t *json = text ? json_loadb(text, n, 0, NULL) : NULL;
    free(text);
    return json;
}

static void decision_files_tell_and_follow(void **state)
{
    struct folder *folder = *state;
    struct journal *journal = opened(folder);
    uint64_t n = 0;
    size_t n_bytes;
    decide_all_kinds(folder, journal);
    put_text(folder, "raw/20250708_060200_stage1_generated.decision", "{\"mine\":1}");
    assert_int_equal(export_decision_files(&folder->groups, journal, &n), EXIT_DONE);
    assert_int_equal(n, 2);
    json_t *json = json_in(folder, "raw/20250708_060100_stage1_generated.decision");
    const char *outcome, *name;
    int x1, y1, x2, y2;
    assert_int_equal(json_unpack(json, "{s:s, s:[{s:s, s:[i,i,i,i]}]}", "outcome", &outcome, "chosen", "name", &name,
                                 "box_px", &x1, &y1, &x2, &y2),
                     0);
    assert_string_equal(outcome, "pick");
    assert_string_equal(name, "20250708_060110_stage1.5_face_swapped.png");
    assert_int_equal(x2, 60);
    assert_int_equal(json_array_size(json_object_get(json, "images")), 3);
    json_decref(json);
    char *text = get_bytes(folder, "raw/20250708_060200_stage1_generated.decision", &n_bytes);
    assert_string_equal(text, "{\"mine\":1}");
    free(text);
    assert_null(get_bytes(folder, "raw/day 1/20250708_060400_stage1_generated.decision", &n_bytes));
    decide(journal, group_of(folder, FIRST), &(struct decision){.outcome = UNDECIDED});
    assert_int_equal(export_decision_files(&folder->groups, journal, &n), EXIT_DONE);
    assert_int_equal(n, 1);
    json = json_in(folder, "raw/20250708_060100_stage1_generated.decision");
    assert_true(json_is_null(json_object_get(json, "outcome")));
    assert_int_equal(json_array_size(json_object_get(json, "chosen")), 0);
    json_decref(json);
    journal_close(&journal);
}

/* ---- XMP ------------------------------------------------------------------------------------- */

static void assert_holds(const struct folder *folder, const char *rel_path, const char *piece)
{
    size_t n;
    char *text = get_bytes(folder, rel_path, &n);
    if (!text || !strstr(text, piece))
        fail_msg("%s: no %s in %s", rel_path, piece, text ? text : "nothing");
    free(text);
}

static void sidecars_have_ratings_and_crops(void **state)
{
    struct folder *folder = *state;
    struct journal *journal = opened(folder);
    uint64_t n = 0;
    size_t n_bytes;
    decide_all_kinds(folder, journal);
    assert_int_equal(export_xmp(&folder->groups, journal, XMP_ADOBE | XMP_DARKTABLE, 4, &n), EXIT_DONE);
    assert_int_equal(n, 2 * 9);
    assert_holds(folder, "raw/20250708_060110_stage1.5_face_swapped.xmp", "xmp:Rating=\"4\"");
    assert_holds(folder, "raw/20250708_060110_stage1.5_face_swapped.png.xmp", "crs:HasCrop=\"True\"");
    assert_holds(folder, "raw/20250708_060110_stage1.5_face_swapped.png.xmp", "crs:CropTop=\"0\"");
    assert_holds(folder, "raw/20250708_060110_stage1.5_face_swapped.png.xmp", "crs:CropRight=\"0.75\"");
    assert_holds(folder, "raw/20250708_060100_stage1_generated.xmp", "xmp:Rating=\"0\"");
    assert_holds(folder, "raw/day 1/20250708_060320_stage2_upscaled.xmp", "xmp:Rating=\"-1\"");
    assert_null(get_bytes(folder, "raw/day 1/20250708_060420_stage2_upscaled.xmp", &n_bytes));
    char *before = get_bytes(folder, "raw/20250708_060110_stage1.5_face_swapped.xmp", &n_bytes);
    assert_int_equal(export_xmp(&folder->groups, journal, XMP_ADOBE, 4, &n), EXIT_DONE);
    char *after = get_bytes(folder, "raw/20250708_060110_stage1.5_face_swapped.xmp", &n_bytes);
    assert_string_equal(before, after);
    free(before);
    free(after);
    journal_close(&journal);
}

static void links_and_strange_sidecars_are_left_alone(void **state)
{
    struct folder *folder = *state;
    struct journal *journal = opened(folder);
    char target[512], path[512];
    uint64_t n = 0;
    size_t n_bytes;
    decide_all_kinds(folder, journal);
    put_text(folder, "outside", "<x/>");
    folder_path(target, folder, "outside");
    folder_path(path, folder, "raw/20250708_060100_stage1_generated.xmp");
    assert_int_equal(symlink(target, path), 0);
    put_text(folder, "raw/20250708_060120_stage2_upscaled.xmp", "<!DOCTYPE x><x/>");
    put_text(folder, "raw/20250708_060220_stage2_upscaled.JPG", "of the same stem");
    folder_path(path, folder, "raw/20250708_060100_stage1_generated.decision");
    assert_int_equal(symlink(target, path), 0);
    assert_int_equal(export_xmp(&folder->groups, journal, XMP_ADOBE, 5, &n), EXIT_DONE);
    assert_int_equal(n, 9 - 3);
    assert_null(get_bytes(folder, "raw/20250708_060220_stage2_upscaled.xmp", &n_bytes));
    assert_int_equal(export_decision_files(&folder->groups, journal, &n), EXIT_DONE);
    assert_int_equal(n, 2);
    char *text = get_bytes(folder, "outside", &n_bytes);
    assert_string_equal(text, "<x/>");
    free(text);
    assert_holds(folder, "raw/20250708_060120_stage2_upscaled.xmp", "<!DOCTYPE x><x/>");
    folder_path(path, folder, "raw/day 1");
    folder_path(target, folder, "elsewhere");
    assert_int_equal(rename(path, target), 0);
    assert_int_equal(symlink(target, path), 0); /* a folder that became a link */
    folder_path(target, folder, "elsewhere/20250708_060320_stage2_upscaled.xmp");
    assert_int_equal(unlink(target), 0);
    assert_int_equal(export_xmp(&folder->groups, journal, XMP_ADOBE, 5, &n), EXIT_FAILED);
    assert_null(get_bytes(folder, "elsewhere/20250708_060320_stage2_upscaled.xmp", &n_bytes));
    unlink(path);
    journal_close(&journal);
}

static size_t count_files(const struct folder *folder, const char *pattern)
{
    char path[512];
    glob_t found = {.gl_pathc = 0};
    folder_path(path, folder, pattern);
    glob(path, GLOB_PERIOD, NULL, &found);
    size_t n = found.gl_pathc;
    globfree(&found);
    return n;
}

static void a_full_disk_leaves_nothing_in_part(void **state)
{
    struct folder *folder = *state;
    struct journal *journal = opened(folder);
    struct rlimit old, small;
    char path[512];
    uint64_t n;
    decide_all_kinds(folder, journal);
    folder_path(path, folder, "entries.jsonl");
    put_text(folder, "entries.jsonl", "old");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 200;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    int entries = export_entries(path, &folder->groups, journal, &n);
    int crops = export_crop_log(path, &folder->groups, journal, &n);
    int xmp = export_xmp(&folder->groups, journal, XMP_ADOBE, 5, &n);
    int decisions = export_decision_files(&folder->groups, journal, &n);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(entries, EXIT_FAILED);
    assert_int_equal(crops, EXIT_FAILED);
    assert_int_equal(xmp, EXIT_FAILED);
    assert_int_equal(decisions, EXIT_FAILED);
    assert_int_equal(count_files(folder, "raw/*.xmp"), 0);
    assert_int_equal(count_files(folder, "raw/*.decision"), 0);
    assert_int_equal(count_files(folder, "raw/.selectai*"), 0);
    assert_int_equal(count_files(folder, "*tmp*"), 0);
    size_t n_bytes;
    char *text = get_bytes(folder, "entries.jsonl", &n_bytes);
    assert_string_equal(text, "old");
    free(text);
    assert_int_equal(export_xmp(&folder->groups, journal, XMP_ADOBE, 5, &n), EXIT_DONE);
    assert_int_equal(count_files(folder, "raw/*.xmp"), 6);
    assert_int_equal(count_files(folder, "raw/.selectai*"), 0);
    journal_close(&journal);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        TEST(entries_say_what_was_decided),
        TEST(whole_groups_and_boxes_teach_no_more_than_they_say),
        TEST(rejected_groups_are_read_back),
        TEST(old_logs_are_read_back),
        TEST(nothing_decided_gives_empty_files),
        TEST(groups_that_are_gone_are_exported_too),
        TEST(decision_files_tell_and_follow),
        TEST(sidecars_have_ratings_and_crops),
        TEST(links_and_strange_sidecars_are_left_alone),
        TEST(a_full_disk_leaves_nothing_in_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
