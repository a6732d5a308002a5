/*
 * test_finalize.c: what goes where, what is refused, and back again.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "finalize_folder.h"

static void make_plan(struct folder *folder, struct finalize_plan *plan)
{
    struct journal *journal = open_journal(folder);
    assert_int_equal(plan_finalize(plan, &folder->groups, journal), SELECTAI_OK);
    journal_close(&journal);
}

static int plan_code(struct folder *folder)
{
    struct journal *journal = open_journal(folder);
    struct finalize_plan plan;
    int rc = plan_finalize(&plan, &folder->groups, journal);
    assert_int_equal(rc == SELECTAI_OK, plan.message[0] == 0);
    free_plan(&plan);
    journal_close(&journal);
    return rc;
}

static const struct planned *move_from(const struct finalize_plan *plan, enum move_kind kind, const char *from)
{
    const struct planned *found = NULL;
    for (size_t i = 0; i < plan->n; i++)
        if (plan->moves[i].kind == kind && strcmp(plan->moves[i].from, from) == 0) {
            assert_null(found); /* once */
            found = &plan->moves[i];
        }
    return found;
}

static void assert_move(const struct finalize_plan *plan, enum move_kind kind, const char *from, const char *to)
{
    const struct planned *move = move_from(plan, kind, from);
    if (!move)
        fail_msg("%s is not moved so", from);
    else
        assert_string_equal(move->to, to);
}

/* ---- Plans ----------------------------------------------------------------------------------- */

static void a_plan_says_where_everything_goes(void **state)
{
    struct folder *folder = *state;
    struct finalize_plan plan;
    char *before = tree(folder->root);
    make_plan(folder, &plan);
    assert_move(&plan, WRITE_CROP, A "10_stage1.5_face_swapped.png", "__selected/" A "10_stage1.5_face_swapped.png");
    assert_move(&plan, MOVE_ORIGINAL, A "10_stage1.5_face_swapped.png",
                "__originals/" A "10_stage1.5_face_swapped.png");
    assert_move(&plan, MOVE_SELECTED, A "10_stage1.5_face_swapped.yaml",
                "__selected/" A "10_stage1.5_face_swapped.yaml");
    assert_move(&plan, MOVE_SELECTED, A "10_stage1.5_face_swapped.caption",
                "__selected/" A "10_stage1.5_face_swapped.caption");
    assert_move(&plan, MOVE_ORIGINAL, A "10_stage1.5_face_swapped.png.xmp",
                "__originals/" A "10_stage1.5_face_swapped.png.xmp");
    assert_move(&plan, MOVE_STAGING, A "00_stage1_generated.yaml", "__delete_staging/" A "00_stage1_generated.yaml");
    assert_move(&plan, MOVE_STAGING, B "20_stage2_upscaled.png", "__delete_staging/" B "20_stage2_upscaled.png");
    assert_move(&plan, MOVE_CROP_LATER, "day 1/" C "00_stage1_generated.png",
                "__crop/day 1/" C "00_stage1_generated.png");
    assert_move(&plan, MOVE_STAGING, "day 1/" C "10_stage1.5_face_swapped.png",
                "__delete_staging/day 1/" C "10_stage1.5_face_swapped.png");
    /* Something is called so in __selected: the picture and all its companions get another name. */
    assert_move(&plan, MOVE_SELECTED, "day 1/" C "20_stage2_upscaled.png",
                "__selected/day 1/" C "20_stage2_upscaled~2.png");
    assert_move(&plan, MOVE_SELECTED, "day 1/" C "20_stage2_upscaled.yaml",
                "__selected/day 1/" C "20_stage2_upscaled~2.yaml");
    assert_move(&plan, MOVE_SELECTED, "day 1/" C "20_stage2_upscaled.txt",
                "__selected/day 1/" C "20_stage2_upscaled~2.txt");
    assert_int_equal(plan.n_selected, 1);
    assert_int_equal(plan.n_cropped, 1);
    assert_int_equal(plan.n_later, 1);
    assert_int_equal(plan.n_staged, 2 + 3 + 1);
    assert_int_equal(plan.n_companions, 7);
    assert_int_equal(plan.n_renamed, 1);
    assert_int_equal(plan.n_skipped, 1);
    assert_int_equal(plan.n_undecided, folder->groups.n_groups - 4);
    assert_int_equal(plan.n, 9 + 1 + 7);
    for (size_t i = 0; i < plan.n; i++)
        assert_null(strstr(plan.moves[i].from, D));   /* skipped */
    assert_int_equal(json_array_size(plan.notes), 2); /* .yaml and .txt are the .webp's as well */
    assert_same_tree(folder->root, before);
    free(before);
    free_plan(&plan);
}

static void a_plan_as_json(void **state)
{
    struct folder *folder = *state;
    struct finalize_plan plan;
    make_plan(folder, &plan);
    json_t *json = json_of_plan(&plan, &folder->groups), *first = json_array_get(json_object_get(json, "moves"), 0);
    assert_string_equal(json_string_value(json_object_get(json, "plan")), "4");
    assert_string_equal(json_string_value(json_object_get(first, "kind")), "crop");
    assert_string_equal(json_string_value(json_object_get(first, "group")), folder->groups.groups[0].id);
    assert_int_equal(json_array_size(json_object_get(json, "moves")), plan.n);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(json, "counts"), "staged")), 6);
    json_decref(json);
    free_plan(&plan);
}

/* A crop is a PNG: of x.jpg and x.png both cropped one must get another name, original and all. */
static void crops_of_twins(void **state)
{
    struct folder *folder = *state;
    struct finalize_plan plan;
    char from[512], to[512];
    folder_path(from, folder, "raw/" A "10_stage1.5_face_swapped.png");
    folder_path(to, folder, "raw/" A "10_stage1.5_face_swapped.jpg");
    selectai_image *image = NULL;
    assert_int_equal(selectai_image_load(&image, from, NULL), SELECTAI_OK);
    assert_int_equal(selectai_image_save(image, to, 90), SELECTAI_OK);
    selectai_image_destroy(&image);
    put_text(folder, "raw/" A "10_STAGE1.5_FACE_SWAPPED.yaml", "another stem, the same to many file systems");
    scan_groups(folder);
    struct journal *journal = open_journal(folder);
    for (size_t g = 0; g < folder->groups.n_groups; g++) {
        struct winner all[4];
        uint32_t n = folder->groups.groups[g].n;
        assert_true(n <= 4);
        for (uint32_t i = 0; i < n; i++)
            all[i] = (struct winner){.image = i, .crop = CROP_EDITED, .box = {0, 0, 0.5, 0.5}};
        decide_as(journal, g, PICK, all, n);
    }
    assert_int_equal(plan_finalize(&plan, &folder->groups, journal), SELECTAI_OK);
    journal_close(&journal);
    for (size_t i = 0; i < plan.n; i++)
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(strcasecmp(plan.moves[i].to, plan.moves[k].to), 0);
    const struct planned *png = move_from(&plan, MOVE_ORIGINAL, A "10_stage1.5_face_swapped.png"),
                         *jpg = move_from(&plan, MOVE_ORIGINAL, A "10_stage1.5_face_swapped.jpg");
    assert_non_null(png);
    assert_non_null(jpg);
    assert_int_equal((strstr(png->to, "~2.png") != NULL) + (strstr(jpg->to, "~2.jpg") != NULL), 1);
    free_plan(&plan);
}

static void links_and_files_in_the_way(void **state)
{
    struct folder *folder = *state;
    char path[512];
    char *before = tree(folder->root);
    folder_path(path, folder, "raw/__originals");
    assert_int_equal(symlink("/tmp", path), 0);
    assert_int_equal(plan_code(folder), SELECTAI_ERR_NOT_A_DIRECTORY);
    assert_int_equal(unlink(path), 0);
    put_text(folder, "raw/__crop", "a file");
    assert_int_equal(plan_code(folder), SELECTAI_ERR_NOT_A_DIRECTORY);
    folder_path(path, folder, "raw/__crop");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0777), 0);
    folder_path(path, folder, "raw/__crop/day 1");
    assert_int_equal(symlink("/tmp", path), 0);
    assert_int_equal(plan_code(folder), SELECTAI_ERR_NOT_A_DIRECTORY);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(plan_code(folder), SELECTAI_OK);
    folder_path(path, folder, "raw/__crop");
    assert_int_equal(rmdir(path), 0);
    assert_same_tree(folder->root, before);
    free(before);
}

/* ---- Runs ------------------------------------------------------------------------------------ */

static void there_and_back(void **state)
{
    struct folder *folder = *state;
    struct finalize_result result = {0};
    char *before = tree(folder->root);
    assert_int_equal(finalize_can_undo(folder->state), 0);
    assert_int_equal(finalize_all(folder, &result, NULL, NULL), SELECTAI_OK);
    assert_int_equal(result.done, 17);
    assert_int_equal(result.total, 17);
    assert_int_equal(result.failed, 0);
    assert_int_equal(problems_of(&result), 0);
    char *after = tree(folder->root);
    assert_true(tree_has(after, "__selected/" A "10_stage1.5_face_swapped.png", "file"));
    assert_true(tree_has(after, "__originals/" A "10_stage1.5_face_swapped.png", "file"));
    assert_true(tree_has(after, "__crop/day 1/" C "00_stage1_generated.png", "file"));
    assert_true(tree_has(after, D "00_stage1_generated.png", "file") ||
                tree_has(after, "day 1/" D "00_stage1_generated.png", "file"));
    assert_false(tree_has(after, A "10_stage1.5_face_swapped.png", "file"));
    assert_null(strstr(after, ".part"));
    struct selectai_image_info info = {.struct_size = sizeof info};
    char path[512];
    folder_path(path, folder, "raw/__selected/" A "10_stage1.5_face_swapped.png");
    assert_int_equal(selectai_image_read_info(&info, path), SELECTAI_OK);
    assert_int_equal(info.width, 64);
    assert_int_equal(info.height, 96);
    assert_int_equal(finalize_unfinished(folder->state), 0);
    assert_int_equal(finalize_can_undo(folder->state), 1);
    assert_int_equal(finalize_again(folder, &result, resume_finalize), SELECTAI_DONE);
    assert_int_equal(problems_of(&result), 0);
    assert_same_tree(folder->root, after);
    assert_int_equal(finalize_again(folder, &result, undo_finalize), SELECTAI_OK);
    assert_int_equal(problems_of(&result), 0);
    char *back = tree(folder->root), *but = tree_but(folder->root, "__delete_staging");
    assert_string_equal(but, before);
    assert_true(tree_has(back, "__delete_staging/__crops/" A "10_stage1.5_face_swapped.png", "file"));
    assert_int_equal(finalize_can_undo(folder->state), 0);
    assert_int_equal(finalize_again(folder, &result, undo_finalize), SELECTAI_DONE);
    problems_of(&result);
    free(before);
    free(after);
    free(back);
    free(but);
}

/* The second run is taken back first; crops that were put away twice have two names. */
static void several_runs(void **state)
{
    struct folder *folder = *state;
    struct finalize_result result = {0};
    struct winner whole = {.image = 0, .crop = CROP_WHOLE};
    char *before = tree(folder->root);
    for (int round = 0; round < 2; round++) {
        scan_groups(folder);
        struct journal *journal = open_journal(folder);
        decide_as(journal, folder->groups.n_groups - 1, SKIP, NULL, 0);
        journal_close(&journal);
        assert_int_equal(finalize_all(folder, &result, NULL, NULL), SELECTAI_OK);
        assert_int_equal(problems_of(&result), 0);
        char *first = tree(folder->root);
        scan_groups(folder);
        journal = open_journal(folder);
        decide_as(journal, folder->groups.n_groups - 1, PICK, &whole, 1);
        journal_close(&journal);
        assert_int_equal(finalize_all(folder, &result, NULL, NULL), SELECTAI_OK);
        assert_int_equal(result.total, folder->groups.groups[folder->groups.n_groups - 1].n);
        assert_int_equal(problems_of(&result), 0);
        assert_int_equal(finalize_again(folder, &result, undo_finalize), SELECTAI_OK);
        assert_int_equal(problems_of(&result), 0);
        assert_same_tree(folder->root, first);
        assert_int_equal(finalize_can_undo(folder->state), 1);
        assert_int_equal(finalize_again(folder, &result, undo_finalize), SELECTAI_OK);
        assert_int_equal(problems_of(&result), 0);
        char *but = tree_but(folder->root, "__delete_staging");
        assert_string_equal(but, before);
        free(but);
        free(first);
    }
    char *back = tree(folder->root);
    assert_true(tree_has(back, "__delete_staging/__crops/" A "10_stage1.5_face_swapped.png", "file"));
    assert_true(tree_has(back, "__delete_staging/__crops/" A "10_stage1.5_face_swapped~2.png", "file"));
    free(back);
    free(before);
}

/* JSON cannot hold such names; they move like all others. */
static void names_that_are_no_utf8(void **state)
{
    struct folder *folder = *state;
    struct finalize_result result = {0};
    put_text(folder, "raw/" B "00_stage1_generated.\xff\xfe", "odd");
    char *before = tree(folder->root);
    assert_int_equal(finalize_all(folder, &result, NULL, NULL), SELECTAI_OK);
    assert_int_equal(result.done, 18);
    assert_int_equal(problems_of(&result), 0);
    char *after = tree(folder->root);
    assert_true(tree_has(after, "__delete_staging/" B "00_stage1_generated.\xff\xfe", "file"));
    assert_int_equal(finalize_again(folder, &result, undo_finalize), SELECTAI_OK);
    assert_int_equal(problems_of(&result), 0);
    char *but = tree_but(folder->root, "__delete_staging");
    assert_string_equal(but, before);
    free(before);
    free(after);
    free(but);
}

static void a_stale_plan_is_refused(void **state)
{
    struct folder *folder = *state;
    struct finalize_result result = {0};
    struct finalize_plan plan;
    char *before = tree(folder->root);
    struct journal *journal = open_journal(folder);
    assert_int_equal(plan_finalize(&plan, &folder->groups, journal), SELECTAI_OK);
    decide_as(journal, 1, SKIP, NULL, 0);
    assert_int_equal(run_finalize(&result, folder->state, &folder->groups, journal, &plan, NULL, NULL),
                     SELECTAI_ERR_MISMATCH);
    assert_int_equal(problems_of(&result), 1);
    assert_int_equal(finalize_can_undo(folder->state), 0);
    assert_same_tree(folder->root, before);
    free_plan(&plan);
    journal_close(&journal);
    free(before);
}

static int stop_after(size_t done, size_t total, void *user)
{
    assert_true(done <= total);
    return done >= *(size_t *)user;
}

/* Stopped after each number of steps, then gone on with; meanwhile no other run is begun. */
static void stopped_and_resumed(void **state)
{
    struct folder *folder = *state;
    struct finalize_result result = {0};
    char *before = tree(folder->root);
    size_t steps = 5;
    assert_int_equal(finalize_all(folder, &result, stop_after, &steps), SELECTAI_ERR_CANCELLED);
    assert_int_equal(result.done, 5);
    assert_int_equal(problems_of(&result), 0);
    assert_int_equal(finalize_unfinished(folder->state), 1);
    assert_int_equal(finalize_all(folder, &result, NULL, NULL), SELECTAI_ERR_EXISTS);
    assert_int_equal(problems_of(&result), 1);
    assert_int_equal(finalize_again(folder, &result, undo_finalize), SELECTAI_OK);
    assert_int_equal(problems_of(&result), 0);
    char *but = tree_but(folder->root, "__delete_staging");
    assert_string_equal(but, before);
    assert_int_equal(finalize_all(folder, &result, stop_after, &steps), SELECTAI_ERR_CANCELLED);
    assert_int_equal(problems_of(&result), 0);
    assert_int_equal(finalize_again(folder, &result, resume_finalize), SELECTAI_OK);
    assert_int_equal(result.done, 17);
    assert_int_equal(problems_of(&result), 0);
    assert_int_equal(finalize_unfinished(folder->state), 0);
    free(before);
    free(but);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_plan_says_where_everything_goes, project_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_plan_as_json, project_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(crops_of_twins, project_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(links_and_files_in_the_way, project_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(there_and_back, project_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(several_runs, project_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(names_that_are_no_utf8, project_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_stale_plan_is_refused, project_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(stopped_and_resumed, project_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
