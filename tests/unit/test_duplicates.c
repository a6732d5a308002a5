/*
 * unit/test_duplicates.c: groups of near hashes against a naive search, and copies of made pictures.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "image_fixture.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/rng.h"

/* ---- Hashes ---------------------------------------------------------------------------------- */

static void naive_groups(uint32_t *groups, size_t *n_groups, const uint64_t *hashes, size_t n, uint32_t distance)
{
    uint32_t *stack = malloc(n * sizeof *stack);
    for (size_t i = 0; i < n; i++)
        groups[i] = UINT32_MAX;
    *n_groups = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (groups[i] != UINT32_MAX)
            continue;
        size_t depth = 0;
        groups[i] = (uint32_t)*n_groups;
        stack[depth++] = i;
        while (depth > 0) {
            uint32_t a = stack[--depth];
            for (uint32_t b = 0; b < n; b++)
                if (groups[b] == UINT32_MAX && (uint32_t)__builtin_popcountll(hashes[a] ^ hashes[b]) <= distance) {
                    groups[b] = (uint32_t)*n_groups;
                    stack[depth++] = b;
                }
        }
        ++*n_groups;
    }
    free(stack);
}

/* Chains and clumps: every second hash is an earlier one with some bits turned. */
static void make_hashes(uint64_t *hashes, size_t n, unsigned most_flips, struct sai_rng *rng)
{
    for (size_t i = 0; i < n; i++) {
        hashes[i] = i % 2 ? hashes[sai_rng_below(rng, i)] : sai_rng_next(rng);
        for (uint64_t k = i % 2 ? sai_rng_below(rng, most_flips + 1) : 0; k > 0; k--)
            hashes[i] ^= UINT64_C(1) << sai_rng_below(rng, 64);
    }
}

static void compare_with_naive(size_t n, uint32_t distance, struct sai_rng *rng)
{
    uint64_t *hashes = malloc(n * sizeof *hashes);
    uint32_t *got = malloc(n * sizeof *got), *want = malloc(n * sizeof *want);
    size_t n_got = 0, n_want = 0;
    make_hashes(hashes, n, distance + 3, rng);
    assert_int_equal(selectai_hash_groups(got, &n_got, hashes, n, distance), SELECTAI_OK);
    naive_groups(want, &n_want, hashes, n, distance);
    assert_int_equal(n_got, n_want);
    assert_memory_equal(got, want, n * sizeof *got);
    free(hashes);
    free(got);
    free(want);
}

static void test_as_naive_search(void **state)
{
    struct sai_rng rng;
    (void)state;
    sai_rng_seed(&rng, 20261120);
    for (uint32_t distance = 0; distance <= 16; distance++)
        compare_with_naive(300, distance, &rng); /* all pairs */
    for (uint32_t distance = 1; distance <= 12; distance++)
        compare_with_naive(4500, distance, &rng); /* chunk by chunk */
    compare_with_naive(12000, 8, &rng);
    compare_with_naive(300, 64, &rng);
    compare_with_naive(4500, 64, &rng);
}

/* Chunks that do not vary, or hardly: the plan leaves them out, and nothing may be lost by that. */
static void test_lopsided_hashes(void **state)
{
    enum { N = 5000 };
    static uint64_t hashes[N];
    static uint32_t got[N], want[N];
    static const uint64_t masks[] = {
        UINT64_C(0xFFFFFFFFFFFF),    UINT64_C(0xFFFFFFFF00000000), UINT64_C(0x0F0F0F0F0F0F0F0F), 0xFFFF0000, 0x1FFF,
        UINT64_C(0x8000FFFFFFFF0001)};
    struct sai_rng rng;
    size_t n_got, n_want;
    (void)state;
    sai_rng_seed(&rng, 3);
    for (size_t m = 0; m < sizeof masks / sizeof *masks; m++)
        for (uint32_t distance = 1; distance <= 8; distance += m < 3 ? 1 : 7) {
            for (size_t i = 0; i < N; i++)
                hashes[i] = sai_rng_next(&rng) & masks[m];
            assert_int_equal(selectai_hash_groups(got, &n_got, hashes, N, distance), SELECTAI_OK);
            naive_groups(want, &n_want, hashes, N, distance);
            assert_int_equal(n_got, n_want);
            assert_memory_equal(got, want, sizeof got);
        }
}

static void test_hash_arguments(void **state)
{
    const uint64_t hashes[] = {7, 7, ~UINT64_C(7)};
    uint32_t groups[3];
    size_t n = 9;
    (void)state;
    assert_int_equal(selectai_hash_groups(groups, &n, NULL, 0, 8), SELECTAI_OK);
    assert_int_equal(n, 0);
    assert_int_equal(selectai_hash_groups(groups, &n, hashes, 3, 0), SELECTAI_OK);
    assert_int_equal(n, 2);
    assert_int_equal(groups[1], 0);
    assert_int_equal(selectai_hash_groups(groups, &n, hashes, 3, 64), SELECTAI_OK);
    assert_int_equal(n, 1);
    assert_int_equal(selectai_hash_groups(groups, &n, hashes, 3, 65), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_hash_groups(groups, &n, NULL, 3, 8), SELECTAI_ERR_INVALID_ARGUMENT);
}

/* ---- Files ----------------------------------------------------------------------------------- */

static char folder[256];

static const char *in_folder(const char *name)
{
    static char paths[32][400];
    static unsigned next;
    char *path = paths[next++ % 32];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void save(selectai_image *image, const char *name, int32_t quality)
{
    assert_int_equal(selectai_image_save(image, in_folder(name), quality), SELECTAI_OK);
}

static int set_up(void **state)
{
    (void)state;
    make_temporary(folder);
    selectai_image *a = make_shapes(400, 300, 3), *b = make_shapes(400, 300, 11), *half = NULL;
    save(a, "20250708_060711_stage2.png", 6);
    save(a, "recompressed.png", 1);
    save(a, "saved.jpg", 90);
    assert_int_equal(selectai_image_resize(&half, a, 200, 150, SELECTAI_FILTER_BICUBIC), SELECTAI_OK);
    save(half, "half.png", 6);
    save(half, "20250708_060600_stage1.png", 6);
    save(b, "other.png", 6);
    write_text(in_folder("broken.png"), "no picture");
    for (uint32_t y = 100; y < 180; y++) /* somebody mended a corner */
        memset(a->pixels + ((size_t)y * 400 + 100) * 3, 128, 80 * 3);
    save(a, "edited.png", 6);
    selectai_image_destroy(&half);
    selectai_image_destroy(&a);
    selectai_image_destroy(&b);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_temporary(folder);
    return 0;
}

static struct selectai_duplicate copy_at(const selectai_duplicates *d, size_t i)
{
    struct selectai_duplicate copy = {.struct_size = sizeof copy};
    assert_int_equal(selectai_duplicates_get(d, i, &copy), SELECTAI_OK);
    return copy;
}

static struct selectai_duplicate copy_of(const selectai_duplicates *d, uint64_t index)
{
    for (size_t i = 0; i < selectai_duplicates_count(d); i++)
        if (copy_at(d, i).index == index)
            return copy_at(d, i);
    fail_msg("file %d is in no group", (int)index);
    return copy_at(d, 0);
}

enum { STAGE2, RECOMPRESSED, JPEG, HALF, STAGE1, OTHER, BROKEN, EDITED, AGAIN, N_PATHS };

static void test_copies(void **state)
{
    const char *paths[N_PATHS] = {in_folder("20250708_060711_stage2.png"),
                                  in_folder("recompressed.png"),
                                  in_folder("saved.jpg"),
                                  in_folder("half.png"),
                                  in_folder("20250708_060600_stage1.png"),
                                  in_folder("other.png"),
                                  in_folder("broken.png"),
                                  in_folder("edited.png"),
                                  in_folder("20250708_060711_stage2.png")};
    selectai_duplicates *d = NULL;
    struct selectai_duplicates_options options;
    (void)state;
    selectai_duplicates_options_init(&options, sizeof options);
    assert_int_equal(options.distance, 8);
    options.distance = 14; /* the mended corner is a good many bits away */
    assert_int_equal(selectai_duplicates_find(&d, paths, NULL, N_PATHS, &options), SELECTAI_OK);
    assert_int_equal(selectai_duplicates_group_count(d), 1);
    assert_int_equal(selectai_issues_count(selectai_duplicates_issues(d)), 1);

    struct selectai_duplicate kept = copy_at(d, 0);
    assert_int_equal(kept.relation, SELECTAI_COPY_KEPT);
    assert_int_equal(kept.can_go, 0);
    assert_int_equal(kept.width, 400);
    size_t going = 0;
    for (size_t i = 0; i < selectai_duplicates_count(d); i++) {
        assert_true(copy_at(d, i).index != OTHER && copy_at(d, i).index != AGAIN);
        going += copy_at(d, i).can_go == 1;
    }
    assert_true(going < selectai_duplicates_count(d));

    /* The two lossless ones of full size hold the same pixels: the one with more bytes is kept or first. */
    struct selectai_duplicate stage2 = copy_of(d, STAGE2), recompressed = copy_of(d, RECOMPRESSED);
    assert_int_equal(stage2.can_go + recompressed.can_go, 1);
    assert_true(stage2.relation == SELECTAI_COPY_PIXELS || recompressed.relation == SELECTAI_COPY_PIXELS);
    assert_int_equal(copy_of(d, HALF).can_go, 0 + (copy_of(d, HALF).relation == SELECTAI_COPY_RESAVED ||
                                                   copy_of(d, HALF).relation == SELECTAI_COPY_FILE));
    assert_int_equal(copy_of(d, EDITED).can_go, 0);
    assert_true(copy_of(d, JPEG).relation == SELECTAI_COPY_RESAVED);
    selectai_duplicates_destroy(&d);
    selectai_duplicates_destroy(&d);
}

/* Two names of one file are no copies of each other: removing one might remove both. */
static void test_links_count_once(void **state)
{
    char link[400], hard[400];
    snprintf(link, sizeof link, "%s/a link.png", folder);
    snprintf(hard, sizeof hard, "%s/a hard link.png", folder);
    (void)state;
    assert_int_equal(symlink(in_folder("half.png"), link), 0);
    assert_int_equal(linkat(AT_FDCWD, in_folder("half.png"), AT_FDCWD, hard, 0), 0);
    const char *paths[] = {link, in_folder("half.png"), hard, in_folder("./half.png")};
    const char *projects[] = {"a", "a", "b", "b"};
    selectai_duplicates *d = NULL;
    assert_int_equal(selectai_duplicates_find(&d, paths, projects, 4, NULL), SELECTAI_OK);
    assert_int_equal(selectai_duplicates_count(d), 0);
    selectai_duplicates_destroy(&d);
    unlink(link);
    unlink(hard);
}

/* Taking all colour away leaves brightness and hash as they were. */
static void test_grey_is_another_picture(void **state)
{
    selectai_image *image = make_shapes(400, 300, 3);
    size_t n = sai_image_bytes(image) / 3;
    uint8_t *grey = malloc(n);
    (void)state;
    sai_image_grey(grey, image->pixels, n);
    for (size_t i = 0; i < n; i++)
        memset(image->pixels + 3 * i, grey[i], 3);
    save(image, "grey.png", 6);
    const char *paths[] = {in_folder("recompressed.png"), in_folder("grey.png")};
    selectai_duplicates *d = NULL;
    assert_int_equal(selectai_duplicates_find(&d, paths, NULL, 2, NULL), SELECTAI_OK);
    assert_int_equal(selectai_duplicates_count(d), 2);
    assert_int_equal(copy_at(d, 1).relation, SELECTAI_COPY_SIMILAR);
    assert_int_equal(copy_at(d, 1).can_go, 0);
    assert_true(copy_at(d, 1).difference < 1);
    selectai_duplicates_destroy(&d);
    unlink(in_folder("grey.png"));
    selectai_image_destroy(&image);
    free(grey);
}

/* A large JPEG is kept, being larger; the small original is not said to be of no use beside it. */
static void test_lossless_does_not_go_for_lossy(void **state)
{
    selectai_image *small = make_shapes(200, 150, 3), *large = NULL;
    (void)state;
    assert_int_equal(selectai_image_resize(&large, small, 400, 300, SELECTAI_FILTER_BICUBIC), SELECTAI_OK);
    save(small, "small.png", 6);
    save(large, "large.jpg", 95);
    save(small, "small.jpg", 95);
    const char *paths[] = {in_folder("small.png"), in_folder("large.jpg"), in_folder("small.jpg")};
    selectai_duplicates *d = NULL;
    assert_int_equal(selectai_duplicates_find(&d, paths, NULL, 3, NULL), SELECTAI_OK);
    assert_int_equal(selectai_duplicates_count(d), 3);
    assert_int_equal(copy_of(d, 1).relation, SELECTAI_COPY_KEPT);
    assert_int_equal(copy_of(d, 0).relation, SELECTAI_COPY_RESAVED);
    assert_int_equal(copy_of(d, 0).can_go, 0);
    assert_int_equal(copy_of(d, 2).can_go, 1);
    selectai_duplicates_destroy(&d);
    for (int i = 0; i < 3; i++)
        unlink(paths[i]);
    selectai_image_destroy(&small);
    selectai_image_destroy(&large);
}

/* The saved-again copy of a file that is not the kept one is found, too. */
static void test_copies_of_one_that_is_not_kept(void **state)
{
    selectai_image *edited = NULL;
    (void)state;
    assert_int_equal(selectai_image_load(&edited, in_folder("edited.png"), NULL), SELECTAI_OK);
    save(edited, "edited.jpg", 90);
    const char *paths[] = {in_folder("recompressed.png"), in_folder("edited.png"), in_folder("edited.jpg")};
    struct selectai_duplicates_options options;
    selectai_duplicates *d = NULL;
    selectai_duplicates_options_init(&options, sizeof options);
    options.distance = 20;
    assert_int_equal(selectai_duplicates_find(&d, paths, NULL, 3, &options), SELECTAI_OK);
    assert_int_equal(selectai_duplicates_count(d), 3);
    struct selectai_duplicate jpeg = copy_of(d, 2);
    assert_int_equal(jpeg.relation, SELECTAI_COPY_RESAVED);
    assert_int_equal(jpeg.of, 1);
    assert_int_equal(jpeg.can_go, 1);
    selectai_duplicates_destroy(&d);
    unlink(paths[2]);
    selectai_image_destroy(&edited);
}

static int stop(uint64_t done, uint64_t total, const char *stage, void *user);

static void test_hash_files(void **state)
{
    const char *paths[] = {in_folder("half.png"), in_folder("broken.png"), in_folder("other.png"), "/nowhere.png"};
    uint64_t hashes[4], expected;
    uint8_t known[4];
    selectai_issues *issues = NULL;
    selectai_image *image = NULL;
    (void)state;
    assert_int_equal(selectai_hash_files(hashes, known, &issues, paths, 4, 2, NULL, NULL), SELECTAI_OK);
    assert_memory_equal(known, ((uint8_t[]){1, 0, 1, 0}), 4);
    assert_int_equal(selectai_issues_count(issues), 2);
    struct selectai_issue issue = {.struct_size = sizeof issue};
    assert_int_equal(selectai_issues_get(issues, 1, &issue), SELECTAI_OK);
    assert_int_equal(issue.code, SELECTAI_ERR_NOT_FOUND);
    assert_int_equal(selectai_image_load(&image, paths[2], NULL), SELECTAI_OK);
    assert_int_equal(selectai_image_phash(&expected, image), SELECTAI_OK);
    assert_true(hashes[2] == expected && hashes[1] == 0);
    selectai_image_destroy(&image);
    selectai_issues_destroy(&issues);
    assert_int_equal(selectai_hash_files(hashes, known, &issues, paths, 4, 1, stop, NULL), SELECTAI_ERR_CANCELLED);
    assert_memory_equal(known, ((uint8_t[]){0, 0, 0, 0}), 4);
    selectai_issues_destroy(&issues);
    assert_int_equal(selectai_hash_files(hashes, known, NULL, paths, 0, 0, NULL, NULL), SELECTAI_OK);
    assert_int_equal(selectai_hash_files(NULL, NULL, NULL, NULL, 0, 0, NULL, NULL), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_hash_files(hashes, NULL, NULL, paths, 4, 0, NULL, NULL), SELECTAI_ERR_INVALID_ARGUMENT);
}

/* half.png and the stage 1 file have the same bytes, whatever their names say; of the others the stage must agree. */
static void test_stages_are_no_copies(void **state)
{
    const char *paths[] = {in_folder("20250708_060711_stage2.png"), in_folder("20250708_060600_stage1.png")};
    selectai_duplicates *d = NULL;
    (void)state;
    assert_int_equal(selectai_duplicates_find(&d, paths, NULL, 2, NULL), SELECTAI_OK);
    assert_int_equal(selectai_duplicates_count(d), 2);
    struct selectai_duplicate small = copy_at(d, 1);
    assert_int_equal(small.relation, SELECTAI_COPY_RESAVED);
    assert_int_equal(small.can_go, 0);
    assert_true(small.difference < 1);
    selectai_duplicates_destroy(&d);
}

static void test_projects_apart(void **state)
{
    const char *paths[] = {in_folder("20250708_060711_stage2.png"), in_folder("recompressed.png"),
                           in_folder("half.png"), in_folder("20250708_060600_stage1.png")};
    const char *projects[] = {"a", "b", "a", "b"};
    selectai_duplicates *d = NULL;
    (void)state;
    assert_int_equal(selectai_duplicates_find(&d, paths, projects, 4, NULL), SELECTAI_OK);
    assert_int_equal(selectai_duplicates_group_count(d), 2);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(copy_at(d, i).project, i < 2 ? "a" : "b");
    selectai_duplicates_destroy(&d);
}

static void test_given_hashes_open_only_near_files(void **state)
{
    const char *paths[] = {"/nowhere/1.png", "/nowhere/2.png", "/nowhere/3.png"};
    const uint64_t far_apart[] = {0, 0xFFFFFFFF, 0xFFFFFFFF00000000}, near[] = {0, 1, ~UINT64_C(0)};
    struct selectai_duplicates_options options;
    selectai_duplicates *d = NULL;
    (void)state;
    selectai_duplicates_options_init(&options, sizeof options);
    options.hashes = far_apart;
    assert_int_equal(selectai_duplicates_find(&d, paths, NULL, 3, &options), SELECTAI_OK);
    assert_int_equal(selectai_duplicates_count(d), 0);
    assert_int_equal(selectai_issues_count(selectai_duplicates_issues(d)), 0);
    selectai_duplicates_destroy(&d);
    options.hashes = near;
    assert_int_equal(selectai_duplicates_find(&d, paths, NULL, 3, &options), SELECTAI_OK);
    assert_int_equal(selectai_duplicates_count(d), 0);
    assert_int_equal(selectai_issues_count(selectai_duplicates_issues(d)), 2);
    selectai_duplicates_destroy(&d);
    options.hashes = far_apart;
    options.hash_known = (const uint8_t[]){1, 0, 1};
    assert_int_equal(selectai_duplicates_find(&d, paths, NULL, 3, &options), SELECTAI_OK);
    assert_int_equal(selectai_issues_count(selectai_duplicates_issues(d)), 1); /* the one that had to be opened */
    selectai_duplicates_destroy(&d);
}

static int stop(uint64_t done, uint64_t total, const char *stage, void *user)
{
    (void)done;
    (void)total;
    (void)stage;
    (void)user;
    return 1;
}

/* Not at the group's beginning, but while it is at work. */
static int stop_in_group(uint64_t done, uint64_t total, const char *stage, void *user)
{
    (void)total;
    return strcmp(stage, "relate") == 0 && done == 0 && ++*(int *)user == 3;
}

static void test_cancel_in_one_group(void **state)
{
    const char *paths[] = {in_folder("20250708_060711_stage2.png"), in_folder("20250708_060600_stage1.png")};
    struct selectai_duplicates_options options;
    selectai_duplicates *d = NULL;
    int calls = 0;
    (void)state;
    selectai_duplicates_options_init(&options, sizeof options);
    options.threads = 2; /* more than there are groups */
    options.progress = stop_in_group;
    options.user = &calls;
    assert_int_equal(selectai_duplicates_find(&d, paths, NULL, 2, &options), SELECTAI_ERR_CANCELLED);
    assert_int_equal(calls, 3);
    assert_null(d);
}

static void test_arguments_and_cancel(void **state)
{
    const char *paths[] = {in_folder("half.png")};
    struct selectai_duplicates_options options;
    selectai_duplicates *d = NULL;
    (void)state;
    selectai_duplicates_options_init(&options, sizeof options);
    assert_int_equal(selectai_duplicates_find(NULL, paths, NULL, 1, NULL), SELECTAI_ERR_INVALID_ARGUMENT);
    options.distance = 65;
    assert_int_equal(selectai_duplicates_find(&d, paths, NULL, 1, &options), SELECTAI_ERR_INVALID_ARGUMENT);
    options.distance = 8;
    options.progress = stop;
    assert_int_equal(selectai_duplicates_find(&d, paths, NULL, 1, &options), SELECTAI_ERR_CANCELLED);
    assert_null(d);
    assert_int_equal(selectai_duplicates_find(&d, NULL, NULL, 0, NULL), SELECTAI_OK);
    assert_int_equal(selectai_duplicates_group_count(d), 0);
    selectai_duplicates_destroy(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_naive_search),
        cmocka_unit_test(test_lopsided_hashes),
        cmocka_unit_test(test_hash_arguments),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_links_count_once),
        cmocka_unit_test(test_grey_is_another_picture),
        cmocka_unit_test(test_lossless_does_not_go_for_lossy),
        cmocka_unit_test(test_copies_of_one_that_is_not_kept),
        cmocka_unit_test(test_hash_files),
        cmocka_unit_test(test_stages_are_no_copies),
        cmocka_unit_test(test_projects_apart),
        cmocka_unit_test(test_given_hashes_open_only_near_files),
        cmocka_unit_test(test_cancel_in_one_group),
        cmocka_unit_test(test_arguments_and_cancel),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
