/*
 * test_finalize_problems.c: files that vanish or change, full disks, places that are taken, damaged plans.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "finalize_folder.h"

#include <signal.h>
#include <sys/resource.h>

static int stop_after(size_t done, size_t total, void *user)
{
    assert_true(done <= total);
    return done >= *(size_t *)user;
}

/* ---- What goes wrong ------------------------------------------------------------------------- */

static int has_problem(const struct finalize_result *result, const char *path, const char *part)
{
    for (size_t i = 0; i < json_array_size(result->problems); i++) {
        const json_t *problem = json_array_get(result->problems, i);
        if (strcmp(json_string_value(json_object_get(problem, "path")), path) == 0 &&
            strstr(json_string_value(json_object_get(problem, "message")), part))
            return 1;
    }
    return 0;
}

/* Runs a plan after `spoil` changed the folder. */
static void run_spoiled(struct folder *folder, struct finalize_result *result, void (*spoil)(struct folder *))
{
    struct journal *journal = open_journal(folder);
    struct finalize_plan plan;
    assert_int_equal(plan_finalize(&plan, &folder->groups, journal), SELECTAI_OK);
    spoil(folder);
    assert_int_equal(run_finalize(result, folder->state, &folder->groups, journal, &plan, NULL, NULL), SELECTAI_OK);
    free_plan(&plan);
    journal_close(&journal);
}

static void spoil_some(struct folder *folder)
{
    char path[512];
    folder_path(path, folder, "raw/" A "00_stage1_generated.yaml"); /* vanishes */
    assert_int_equal(unlink(path), 0);
    put_text(folder, "raw/" B "20_stage2_upscaled.yaml", "has grown since then\n");
    folder_path(path, folder, "raw/" B "00_stage1_generated.png"); /* a link to elsewhere takes its place */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    put_text(folder, "raw/__selected/day 1/" C "20_stage2_upscaled~2.txt", "comes in between\n");
}

static void steps_that_fail_are_told(void **state)
{
    struct folder *folder = *state;
    struct finalize_result result = {0};
    char path[512];
    run_spoiled(folder, &result, spoil_some);
    assert_int_equal(result.failed, 4);
    assert_int_equal(result.done, 13);
    assert_true(has_problem(&result, A "00_stage1_generated.yaml", "not there"));
    assert_true(has_problem(&result, B "20_stage2_upscaled.yaml", "has changed"));
    assert_true(has_problem(&result, B "00_stage1_generated.png", "has changed"));
    assert_true(has_problem(&result, "day 1/" C "20_stage2_upscaled.txt", "not written over"));
    assert_int_equal(problems_of(&result), 4);
    assert_int_equal(finalize_unfinished(folder->state), 0); /* they would fail again */
    char *text = tree(folder->root);
    assert_true(tree_has(text, B "20_stage2_upscaled.yaml", "file"));
    assert_true(tree_has(text, "day 1/" C "20_stage2_upscaled.txt", "file"));
    free(text);
    /* What was in the way goes: resuming does the rest. */
    folder_path(path, folder, "raw/__selected/day 1/" C "20_stage2_upscaled~2.txt");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(finalize_again(folder, &result, resume_finalize), SELECTAI_OK);
    assert_int_equal(result.failed, 3);
    assert_int_equal(problems_of(&result), 3);
    text = tree(folder->root);
    assert_true(tree_has(text, "__selected/day 1/" C "20_stage2_upscaled~2.txt", "file"));
    free(text);
    assert_int_equal(finalize_again(folder, &result, undo_finalize), SELECTAI_OK);
    assert_int_equal(problems_of(&result), 0);
}

static void break_picture(struct folder *folder)
{
    size_t n;
    char *bytes = get_bytes(folder, "raw/" A "10_stage1.5_face_swapped.png", &n);
    bytes[n / 2] ^= 0x55;
    put_bytes(folder, "raw/" A "10_stage1.5_face_swapped.png", bytes, n);
    free(bytes);
}

/* It cannot be cropped: it stays, and so does all that belongs to it. */
static void a_picture_that_is_broken(void **state)
{
    struct folder *folder = *state;
    struct finalize_result result = {0};
    run_spoiled(folder, &result, break_picture);
    assert_int_equal(result.failed, 8); /* what was not chosen stays, too: the group is asked about again */
    assert_true(has_problem(&result, A "10_stage1.5_face_swapped.png", "corrupt PNG"));
    assert_true(has_problem(&result, A "00_stage1_generated.png", "chosen instead"));
    assert_true(has_problem(&result, A "10_stage1.5_face_swapped.yaml", "stays with its picture"));
    problems_of(&result);
    char *text = tree(folder->root);
    assert_true(tree_has(text, A "10_stage1.5_face_swapped.png", "file"));
    assert_true(tree_has(text, A "10_stage1.5_face_swapped.png.xmp", "file"));
    assert_false(tree_has(text, "__originals", "folder"));
    assert_null(strstr(text, ".part"));
    free(text);
}

static void swap_for_link(struct folder *folder)
{
    char path[512], command[1200];
    folder_path(path, folder, "raw/day 1");
    snprintf(command, sizeof command, "mv '%s' '%s/elsewhere' && ln -s ../elsewhere '%s'", path, folder->path, path);
    assert_int_equal(system(command), 0);
}

/* A folder that became a link is not entered. */
static void nothing_leaves_the_project(void **state)
{
    struct folder *folder = *state;
    struct finalize_result result = {0};
    char path[512];
    folder_path(path, folder, "raw/day 1");
    char *inside = tree(path);
    run_spoiled(folder, &result, swap_for_link);
    assert_int_equal(result.failed, 5);
    assert_int_equal(problems_of(&result), 5);
    folder_path(path, folder, "elsewhere");
    assert_same_tree(path, inside);
    free(inside);
}

/* The limit on a file's size fails as a full disk does, only for one file. */
static void a_full_disk(void **state)
{
    struct folder *folder = *state;
    struct finalize_result result = {0};
    struct rlimit old, small;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){.rlim_cur = 10000, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int rc = finalize_all(folder, &result, NULL, NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(rc, SELECTAI_OK);
    assert_int_equal(result.failed, 8);
    assert_true(has_problem(&result, A "10_stage1.5_face_swapped.png", "cannot be cropped"));
    problems_of(&result);
    char *text = tree(folder->root);
    assert_null(strstr(text, ".finalize"));
    assert_false(tree_has(text, "__selected/" A "10_stage1.5_face_swapped.png", "file"));
    assert_true(tree_has(text, "__crop/day 1/" C "00_stage1_generated.png", "file"));
    free(text);
    assert_int_equal(finalize_unfinished(folder->state), 1);
    assert_int_equal(finalize_again(folder, &result, resume_finalize), SELECTAI_OK);
    assert_int_equal(result.done, 17);
    assert_int_equal(problems_of(&result), 0);
    assert_int_equal(finalize_unfinished(folder->state), 0);
    text = tree(folder->root);
    assert_true(tree_has(text, "__selected/" A "10_stage1.5_face_swapped.png", "file"));
    free(text);
}

/* Not even the plan can be written: nothing moves. */
static void a_disk_that_is_full_at_once(void **state)
{
    struct folder *folder = *state;
    struct finalize_result result = {0};
    struct rlimit old, small;
    char *before = tree(folder->root);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){.rlim_cur = 1500, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int rc = finalize_all(folder, &result, NULL, NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, handler);
    assert_int_not_equal(rc, SELECTAI_OK);
    assert_int_equal(problems_of(&result), 1);
    assert_same_tree(folder->root, before);
    assert_int_equal(finalize_unfinished(folder->state), 0);
    char *text = tree(folder->state);
    assert_null(strstr(text, "finalize"));
    free(text);
    free(before);
}

/* Who may only read the journal moves nothing, and leaves no plan behind. */
static void another_process_has_the_journal(void **state)
{
    struct folder *folder = *state;
    struct finalize_result result = {0};
    struct finalize_plan plan;
    struct journal *reader = NULL;
    int read_only = 0;
    char *before = tree(folder->root);
    struct journal *writer = open_journal(folder);
    assert_int_equal(journal_open(&reader, folder->state, &folder->groups, &read_only), SELECTAI_OK);
    assert_int_equal(read_only, 1);
    assert_int_equal(plan_finalize(&plan, &folder->groups, reader), SELECTAI_OK);
    assert_int_equal(run_finalize(&result, folder->state, &folder->groups, reader, &plan, NULL, NULL),
                     SELECTAI_ERR_PERMISSION);
    problems_of(&result);
    assert_int_equal(finalize_can_undo(folder->state), 0);
    assert_int_equal(finalize_unfinished(folder->state), 0);
    assert_same_tree(folder->root, before);
    free_plan(&plan);
    journal_close(&reader);
    journal_close(&writer);
    free(before);
}

/* ---- Taking back ----------------------------------------------------------------------------- */

static void places_that_are_taken(void **state)
{
    struct folder *folder = *state;
    struct finalize_result result = {0};
    char path[512];
    assert_int_equal(finalize_all(folder, &result, NULL, NULL), SELECTAI_OK);
    problems_of(&result);
    put_text(folder, "raw/" B "10_stage1.5_face_swapped.png", "new\n");
    folder_path(path, folder, "raw/__delete_staging/" B "00_stage1_generated.png");
    assert_int_equal(unlink(path), 0);
    folder_path(path, folder, "raw/day 1");
    char *rest = tree(path);
    assert_int_equal(finalize_again(folder, &result, undo_finalize), SELECTAI_OK);
    assert_int_equal(result.failed, 2);
    assert_true(has_problem(&result, B "10_stage1.5_face_swapped.png", "something else lies"));
    assert_true(has_problem(&result, B "00_stage1_generated.png", "cannot be put back"));
    assert_int_equal(problems_of(&result), 2);
    char *text = tree(folder->root);
    assert_true(tree_has(text, "__delete_staging/" B "10_stage1.5_face_swapped.png", "file"));
    assert_false(tree_has(text, "__originals", "folder"));
    size_t n;
    char *bytes = get_bytes(folder, "raw/" B "10_stage1.5_face_swapped.png", &n);
    assert_string_equal(bytes, "new\n");
    assert_int_equal(finalize_can_undo(folder->state), 0);
    free(bytes);
    free(text);
    free(rest);
}

/* The folder in which a file lay was removed since: it is made again. */
static void folders_that_are_gone(void **state)
{
    struct folder *folder = *state;
    struct finalize_result result = {0};
    char command[300];
    char *before = tree(folder->root);
    struct journal *journal = open_journal(folder);
    decide_as(journal, 3, REJECT, NULL, 0);
    journal_close(&journal);
    assert_int_equal(finalize_all(folder, &result, NULL, NULL), SELECTAI_OK);
    problems_of(&result);
    snprintf(command, sizeof command, "cd '%s/raw' && mv 'day 1'/*.webp .. && rmdir 'day 1'", folder->path);
    assert_int_equal(system(command), 0);
    assert_int_equal(finalize_again(folder, &result, undo_finalize), SELECTAI_OK);
    assert_int_equal(problems_of(&result), 0);
    snprintf(command, sizeof command, "cd '%s/raw' && mv ../*.webp 'day 1'", folder->path);
    assert_int_equal(system(command), 0);
    char *but = tree_but(folder->root, "__delete_staging");
    assert_string_equal(but, before);
    free(before);
    free(but);
}

/* ---- The plan's file ------------------------------------------------------------------------- */

static void replace_in_plan(struct folder *folder, const char *what, const char *with)
{
    size_t n;
    char *text = get_bytes(folder, "state/finalize-1.jsonl", &n), *at = strstr(text, what);
    assert_non_null(at);
    assert_int_equal(strlen(what), strlen(with));
    memcpy(at, with, strlen(with));
    put_bytes(folder, "state/finalize-1.jsonl", text, n);
    free(text);
}

/* A file that leads out of the project, or is damaged, is not followed; a torn last line is no harm. */
static void files_that_were_tampered_with(void **state)
{
    struct folder *folder = *state;
    struct finalize_result result = {0};
    size_t steps = 3, n;
    assert_int_equal(finalize_all(folder, &result, stop_after, &steps), SELECTAI_ERR_CANCELLED);
    problems_of(&result);
    char *good = get_bytes(folder, "state/finalize-1.jsonl", &n), *before = tree(folder->root);
    static const char *const changes[][2] = {{"\"from\":\"" B, "\"from\":\"../../20250708/"},
                                             {"\"to\":\"__crop/day", "\"to\":\"/crop/../.."},
                                             {"\"kind\":\"staging\"", "\"kind\":\"deleted\""},
                                             {"\"lead\":0", "\"lead\":9"},
                                             {"\"project\":\"mojo\"", "\"project\":\"dojo\""},
                                             {"\"box\":[", "\"bax\":["},
                                             {"\"step\":3", "\"step\":2"},
                                             {"{\"step\":1", "x\"step\":1"}};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        put_bytes(folder, "state/finalize-1.jsonl", good, n);
        char with[64];
        snprintf(with, sizeof with, "%.*s", (int)strlen(changes[i][0]), changes[i][1]);
        replace_in_plan(folder, changes[i][0], with);
        assert_true(finalize_again(folder, &result, i % 2 ? undo_finalize : resume_finalize) < 0);
        assert_int_equal(problems_of(&result), 1);
        assert_same_tree(folder->root, before);
    }
    char *torn = malloc(n + 20);
    memcpy(torn, good, n);
    memcpy(torn + n, "{\"done\":1", 9);
    put_bytes(folder, "state/finalize-1.jsonl", torn, n + 9);
    assert_int_equal(finalize_again(folder, &result, resume_finalize), SELECTAI_OK);
    assert_int_equal(problems_of(&result), 0);
    assert_int_equal(finalize_unfinished(folder->state), 0);
    free(torn);
    free(good);
    free(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(steps_that_fail_are_told, project_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_picture_that_is_broken, project_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(nothing_leaves_the_project, project_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_full_disk, project_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_disk_that_is_full_at_once, project_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(another_process_has_the_journal, project_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(places_that_are_taken, project_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(folders_that_are_gone, project_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(files_that_were_tampered_with, project_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
