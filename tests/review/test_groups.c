/*
 * test_groups.c: ids that survive a restart; what a scan takes and what it leaves.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "review/groups.h"
#include "verbs.h"

struct folder {
    char path[64];
};

static int setup(void **state)
{
    struct folder *folder = calloc(1, sizeof *folder);
    strcpy(folder->path, "/tmp/selectai-review-XXXXXX");
    *state = folder;
    return mkdtemp(folder->path) ? 0 : -1;
}

static int teardown(void **state)
{
    struct folder *folder = *state;
    remove_tree(folder->path);
    free(folder);
    return 0;
}

static void put(const struct folder *folder, const char *rel_path)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder->path, rel_path);
    for (char *slash = path + strlen(folder->path) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = 0;
        mkdir(path, 0777);
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(rel_path, file);
    fclose(file);
}

static void fill(const struct folder *folder)
{
    put(folder, "a b/20250708_060711_stage1_generated.png");
    put(folder, "a b/20250708_060711_stage1_generated.yaml");
    put(folder, "a b/20250708_060731_stage2_upscaled.png");
    put(folder, "20250709_060711_stage1_generated.png");
    put(folder, "20250709_060712_stage1.5_face.png");
    put(folder, "20250709_060713_stage2_upscaled.jpg");
    put(folder, "20250810_000000_stage1_alone.png");
    put(folder, "holiday.png");
    put(folder, "__selected/20250601_060711_stage1_generated.png");
    put(folder, "__selected/20250601_060712_stage2_upscaled.png");
    put(folder, "__crop/20250602_060711_stage1_generated.png");
    put(folder, "__crop/20250602_060712_stage2_upscaled.png");
    put(folder, "sub/__crop/20250603_060711_stage1_generated.png"); /* not ours: only those of the root are */
    put(folder, "sub/__crop/20250603_060712_stage2_upscaled.png");
    put(folder, ".hidden/20250604_060712_stage2_upscaled.png");
}

static void takes_groups_and_leaves_what_finalize_moved(void **state)
{
    struct review_groups groups;
    fill(*state);
    assert_int_equal(open_groups(&groups, ((struct folder *)*state)->path, "p", NULL, NULL), SELECTAI_OK);
    assert_int_equal(groups.n_groups, 3);
    assert_int_equal(groups.n_images, 7);
    assert_int_equal(groups.n_alone, 2);
    for (size_t g = 0; g < groups.n_groups; g++) {
        assert_int_equal(find_group(&groups, groups.groups[g].id), g);
        for (uint32_t i = groups.groups[g].first; i < groups.groups[g].first + groups.groups[g].n; i++) {
            assert_int_equal(find_image(&groups, groups.images[i].id), i);
            assert_int_equal(groups.images[i].group, g);
            assert_null(strstr(groups.images[i].rel_path, "__selected"));
        }
    }
    close_groups(&groups);
}

static void ids_survive_a_restart_and_other_files(void **state)
{
    struct review_groups before, after;
    struct folder *folder = *state;
    char with_slash[80];
    fill(folder);
    assert_int_equal(open_groups(&before, folder->path, "p", NULL, NULL), SELECTAI_OK);
    put(folder, "0000/20240101_000000_stage1_x.png");
    put(folder, "0000/20240101_000001_stage2_x.png");
    snprintf(with_slash, sizeof with_slash, "%s/", folder->path);
    assert_int_equal(open_groups(&after, with_slash, "p", NULL, NULL), SELECTAI_OK);
    assert_int_equal(after.n_groups, before.n_groups + 1);
    for (size_t g = 0; g < before.n_groups; g++) {
        size_t again = find_group(&after, before.groups[g].id);
        assert_int_not_equal(again, NO_INDEX);
        assert_string_equal(after.images[after.groups[again].first].rel_path,
                            before.images[before.groups[g].first].rel_path);
    }
    close_groups(&before);
    close_groups(&after);
}

static void companions_and_paths_are_known(void **state)
{
    struct review_groups groups;
    struct folder *folder = *state;
    char expected[256];
    fill(folder);
    assert_int_equal(open_groups(&groups, folder->path, "p", NULL, NULL), SELECTAI_OK);
    size_t found = 0;
    for (size_t i = 0; i < groups.n_images; i++)
        if (strcmp(groups.images[i].rel_path, "a b/20250708_060711_stage1_generated.png") == 0) {
            char *path = image_path(&groups, &groups.images[i]);
            snprintf(expected, sizeof expected, "%s/%s", folder->path, groups.images[i].rel_path);
            assert_string_equal(path, expected);
            assert_int_equal(groups.images[i].n_companions, 1);
            assert_string_equal(groups.images[i].companions[0], "20250708_060711_stage1_generated.yaml");
            assert_int_equal(groups.images[i].size, strlen(groups.images[i].rel_path));
            assert_float_equal(groups.images[i].stage, 1, 0);
            free(path);
            found++;
        }
    assert_int_equal(found, 1);
    close_groups(&groups);
}

/* A path a line, or a document of suggestions; relative ones from the list's folder, too. */
static void a_list_chooses_files(void **state)
{
    static const char *const texts[] = {
        "20250709_060711_stage1_generated.png\r\n\n20250709_060713_stage2_upscaled.jpg\nnot_there.png\n"
        "20250709_060711_stage1_generated.png\n20250810_000000_stage1_alone.png",
        "{\"groups\": [{\"images\": [{\"path\": \"20250709_060711_stage1_generated.png\"}, {\"path\": "
        "\"20250709_060713_stage2_upscaled.jpg\"}, {\"path\": \"not_there.png\"}, {\"path\": "
        "\"20250810_000000_stage1_alone.png\"}]}]}",
    };
    struct folder *folder = *state;
    char path[256];
    fill(folder);
    for (size_t k = 0; k < 2; k++) {
        struct choice choice;
        struct review_groups groups;
        snprintf(path, sizeof path, "%s/list", folder->path);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(texts[k], file);
        fclose(file);
        assert_int_equal(read_choice(&choice, path), EXIT_DONE);
        assert_int_equal(choice.n, 3);
        assert_int_equal(choice.n_missing, 1);
        assert_int_equal(open_groups(&groups, choice.root, "p", NULL, &choice), SELECTAI_OK);
        assert_int_equal(groups.n_groups, 1);
        assert_int_equal(groups.groups[0].n, 2); /* stage 1.5, which is there, was not chosen */
        assert_int_equal(groups.n_alone, 1);
        close_groups(&groups);
        free_choice(&choice);
    }
}

static void what_is_no_list_is_refused(void **state)
{
    static const char *const texts[] = {"", "nothing.png\n", "{\"a\": 1}", "{", "{\"groups\": [1, {\"images\": 2}]}"};
    struct folder *folder = *state;
    struct choice choice;
    char path[256];
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        snprintf(path, sizeof path, "%s/list", folder->path);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(texts[k], file);
        fclose(file);
        assert_int_equal(read_choice(&choice, path), EXIT_FAILED);
        assert_null(choice.root);
    }
}

static void what_is_no_id_is_not_found(void **state)
{
    struct review_groups groups;
    char longer[32];
    fill(*state);
    assert_int_equal(open_groups(&groups, ((struct folder *)*state)->path, "p", NULL, NULL), SELECTAI_OK);
    assert_int_equal(find_group(&groups, ""), NO_INDEX);
    assert_int_equal(find_group(&groups, "../../etc/passwd"), NO_INDEX);
    assert_int_equal(find_group(&groups, "0000000000000000"), NO_INDEX);
    assert_int_equal(find_group(&groups, groups.images[0].id), NO_INDEX);
    snprintf(longer, sizeof longer, "%s0", groups.groups[0].id);
    assert_int_equal(find_group(&groups, longer), NO_INDEX);
    close_groups(&groups);
}

static void equal_hashes_are_two_ids(void **state)
{
    struct id_table table;
    char a[ID_TEXT], b[ID_TEXT];
    (void)state;
    assert_int_equal(id_table_open(&table, 2), 0);
    id_text(a, id_table_add(&table, UINT64_MAX, 0));
    id_text(b, id_table_add(&table, UINT64_MAX, 1));
    assert_string_not_equal(a, b);
    assert_int_equal(id_table_find(&table, a), 0);
    assert_int_equal(id_table_find(&table, b), 1);
    id_table_close(&table);
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    struct review_groups groups;
    (void)state;
    assert_int_equal(open_groups(&groups, "/nowhere/at all", "p", NULL, NULL), SELECTAI_ERR_NOT_FOUND);
    assert_null(groups.images);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(takes_groups_and_leaves_what_finalize_moved, setup, teardown),
        cmocka_unit_test_setup_teardown(ids_survive_a_restart_and_other_files, setup, teardown),
        cmocka_unit_test_setup_teardown(companions_and_paths_are_known, setup, teardown),
        cmocka_unit_test_setup_teardown(a_list_chooses_files, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_list_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_id_is_not_found, setup, teardown),
        cmocka_unit_test(equal_hashes_are_two_ids),
        cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
