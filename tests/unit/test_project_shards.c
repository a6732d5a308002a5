/*
 * test_project_shards.c: dealing files out to processes: the pinned rule, and what must hold for any files.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "test_util.h"

#include "base/rng.h"

#define MAX_FILES 600

/* ---- The rule -------------------------------------------------------------------------------- */

/* Made by a few lines of Python from the words of project.h. If this test fails, the library is wrong: caches that are
 * half done would be dealt out anew. */
static void golden(void **state)
{
    static const uint32_t counts[] = {1, 2, 3, 16, 1000, 65536};
    static const struct {
        const char *rel_path;
        uint32_t shards[6];
    } cases[] = {
        {"20250708_060711_stage1_generated.png", {0, 1, 1, 7, 575, 29303}},
        {"day 1/20250708_060711_stage1_generated.png", {0, 0, 0, 10, 402, 15818}},
        {"holiday.png", {0, 1, 2, 9, 969, 43849}},
        {"ordner/\xc3\xbc.png", {0, 0, 1, 4, 164, 65348}},
        {"", {0, 1, 2, 9, 553, 55273}},
        {"\xff.png", {0, 1, 1, 7, 359, 43239}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
            uint32_t got = 99;
            assert_int_equal(selectai_shard_assign(&got, "mojo1", &cases[i].rel_path, 1, counts[k], NULL), SELECTAI_OK);
            assert_int_equal(got, cases[i].shards[k]);
        }
    static const char *const nameless[] = {"holiday.png", "20250708_060711_stage1_generated.png"};
    uint32_t got[2];
    assert_int_equal(selectai_shard_assign(got, "", nameless, 2, 16, NULL), SELECTAI_OK);
    assert_int_equal(got[0], 8);
    assert_int_equal(got[1], 8);
}

static void groups_go_by_their_least_path(void **state)
{
    static const char *const names[] = {"day 1/20250708_060755_stage2_upscaled.png", "holiday.png",
                                        "day 1/20250708_060711_stage1_generated.png",
                                        "day 1/20250708_060830_stage3_enhanced.png"};
    uint32_t got[4];
    (void)state;
    assert_int_equal(selectai_shard_assign(got, "mojo1", names, 4, 1000, NULL), SELECTAI_OK);
    assert_int_equal(got[0], 402);
    assert_int_equal(got[1], 969);
    assert_int_equal(got[2], 402);
    assert_int_equal(got[3], 402);
    struct selectai_group_options group;
    struct selectai_shard_options options;
    selectai_group_options_init(&group, sizeof group);
    selectai_shard_options_init(&options, sizeof options);
    options.group = &group;
    group.max_gap = 40; /* now the second stage belongs to the third */
    assert_int_equal(selectai_shard_assign(got, "mojo1", names, 4, 1000, &options), SELECTAI_OK);
    assert_int_equal(got[2], 402);
    assert_int_equal(got[0], got[3]);
    assert_int_not_equal(got[0], 402);
}

/* ---- Properties ------------------------------------------------------------------------------ */

struct files {
    char texts[MAX_FILES][96], places[MAX_FILES][128];
    const char *names[MAX_FILES], *paths[MAX_FILES];
    size_t n;
    uint32_t shards[MAX_FILES];
};

static void point(struct files *f, size_t i)
{
    f->names[i] = f->texts[i];
    f->paths[i] = f->places[i];
}

/* A few folders, files some seconds apart, some of them without a stage, some named twice. */
static void make_files(struct files *f, struct sai_rng *rng, size_t n)
{
    f->n = n;
    for (size_t i = 0; i < n; i++) {
        unsigned folder = (unsigned)sai_rng_below(rng, 4), seconds = (unsigned)sai_rng_below(rng, 3600);
        const char *prefix = folder ? (const char *const[]){"", "a/", "a/b/", "c d/"}[folder] : "";
        if (i > 0 && sai_rng_below(rng, 20) == 0)
            memcpy(f->texts[i], f->texts[sai_rng_below(rng, i)], sizeof f->texts[i]);
        else if (sai_rng_below(rng, 8) == 0)
            snprintf(f->texts[i], sizeof f->texts[i], "%sIMG_%04u.jpg", prefix, seconds);
        else
            snprintf(f->texts[i], sizeof f->texts[i], "%s20250708_10%02u%02u_stage%g.png", prefix, seconds / 60,
                     seconds % 60, 1 + 0.5 * (double)sai_rng_below(rng, 5));
        snprintf(f->places[i], sizeof f->places[i], "/mnt/RAW/%s", f->texts[i]);
        point(f, i);
    }
}

static void assign(struct files *f, uint32_t n_shards, int with_paths)
{
    struct selectai_shard_options options;
    selectai_shard_options_init(&options, sizeof options);
    if (with_paths)
        options.paths = f->paths;
    memset(f->shards, 0xff, sizeof f->shards);
    assert_int_equal(selectai_shard_assign(f->shards, "p", f->names, f->n, n_shards, &options), SELECTAI_OK);
}

static uint32_t shard_of(const struct files *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->names[i], name) == 0)
            return f->shards[i];
    fail();
    return 0;
}

static void check_groups_together(const struct files *f)
{
    static uint32_t members[MAX_FILES], starts[MAX_FILES + 1];
    static const char *different[MAX_FILES];
    size_t n = 0, n_groups;
    for (size_t i = 0; i < f->n; i++) {
        size_t k = 0;
        while (k < n && strcmp(different[k], f->names[i]) != 0)
            k++;
        if (k == n)
            different[n++] = f->names[i];
    }
    assert_int_equal(selectai_group_names(members, starts, &n_groups, different, n, NULL), SELECTAI_OK);
    assert_true(n_groups > 0);
    for (size_t g = 0; g < n_groups; g++)
        for (uint32_t k = starts[g]; k < starts[g + 1]; k++)
            assert_int_equal(shard_of(f, different[members[k]]), shard_of(f, different[members[starts[g]]]));
}

static void shuffle(struct files *f, struct sai_rng *rng)
{
    for (size_t i = f->n; i > 1; i--) {
        size_t j = (size_t)sai_rng_below(rng, i);
        const char *name = f->names[i - 1], *path = f->paths[i - 1];
        f->names[i - 1] = f->names[j];
        f->paths[i - 1] = f->paths[j];
        f->names[j] = name;
        f->paths[j] = path;
    }
}

/* One shard each, in range, the same for a file that is named twice: so union is all and none is in two. */
static void any_files(void **state)
{
    static struct files f, again;
    struct sai_rng rng;
    (void)state;
    sai_rng_seed(&rng, 5);
    for (int round = 0; round < 60; round++) {
        uint32_t n_shards = 1 + (uint32_t)sai_rng_below(&rng, 9);
        make_files(&f, &rng, 20 + (size_t)sai_rng_below(&rng, 180));
        assign(&f, n_shards, 0);
        for (size_t i = 0; i < f.n; i++) {
            assert_true(f.shards[i] < n_shards);
            assert_int_equal(f.shards[i], shard_of(&f, f.names[i]));
        }
        check_groups_together(&f);

        again = f; /* another order, and the folder lies elsewhere */
        for (size_t i = 0; i < again.n; i++)
            point(&again, i);
        shuffle(&again, &rng);
        assign(&again, n_shards, round % 2);
        for (size_t i = 0; i < f.n; i++)
            assert_int_equal(f.shards[i], shard_of(&again, f.names[i]));
    }
}

static void more_files_elsewhere_change_nothing(void **state)
{
    static struct files f, more;
    struct sai_rng rng;
    (void)state;
    sai_rng_seed(&rng, 6);
    make_files(&f, &rng, 200);
    assign(&f, 7, 0);
    more = f;
    for (size_t i = 0; i < more.n; i++)
        point(&more, i);
    for (; more.n < 500; more.n++) {
        snprintf(more.texts[more.n], sizeof more.texts[0], "new/%s", f.texts[more.n % f.n]);
        point(&more, more.n);
    }
    shuffle(&more, &rng);
    assign(&more, 7, 0);
    for (size_t i = 0; i < f.n; i++)
        assert_int_equal(f.shards[i], shard_of(&more, f.names[i]));
}

/* Loose files, as a command line has them: the name decides, their folders tell which belong together. */
static void folders_of_loose_files_are_kept_apart(void **state)
{
    static const char *const names[] = {"20250708_060711_stage1.png", "20250708_060712_stage1.png",
                                        "20250708_060755_stage2.png", "20250708_060756_stage2.png"};
    static const char *const paths[] = {"/x/a/20250708_060711_stage1.png", "/x/b/20250708_060712_stage1.png",
                                        "/x/a/20250708_060755_stage2.png", "/x/b/20250708_060756_stage2.png"};
    static const char *const moved[] = {"/y/20250708_060711_stage1.png", "/20250708_060712_stage1.png",
                                        "/y/20250708_060755_stage2.png", "/20250708_060756_stage2.png"};
    struct selectai_shard_options options;
    uint32_t got[4], alone[2], again[4];
    (void)state;
    selectai_shard_options_init(&options, sizeof options);
    options.paths = paths;
    assert_int_equal(selectai_shard_assign(got, "p", names, 4, 65536, &options), SELECTAI_OK);
    assert_int_equal(selectai_shard_assign(alone, "p", names, 2, 65536, NULL), SELECTAI_OK);
    assert_int_equal(got[0], alone[0]);
    assert_int_equal(got[1], alone[1]);
    assert_int_equal(got[2], alone[0]);
    assert_int_equal(got[3], alone[1]);
    options.paths = moved;
    assert_int_equal(selectai_shard_assign(again, "p", names, 4, 65536, &options), SELECTAI_OK);
    assert_memory_equal(got, again, sizeof got);
}

static void shards_are_about_equal(void **state)
{
    enum { GROUPS = 16000, SHARDS = 16 };
    char(*texts)[48] = calloc(2 * GROUPS, sizeof *texts);
    const char **names = calloc(2 * GROUPS, sizeof *names);
    uint32_t *shards = calloc(2 * GROUPS, sizeof *shards), sizes[SHARDS] = {0};
    (void)state;
    assert_true(texts && names && shards);
    for (unsigned i = 0; i < 2 * GROUPS; i++) {
        unsigned g = i / 2;
        snprintf(texts[i], sizeof texts[i], "202507%02u_%02u%02u%02u_stage%u.png", 1 + g / 7200, g / 300 % 24,
                 g / 5 % 60, g % 5 * 10 + i % 2, 1 + i % 2);
        names[i] = texts[i];
    }
    assert_int_equal(selectai_shard_assign(shards, "p", names, 2 * GROUPS, SHARDS, NULL), SELECTAI_OK);
    for (unsigned i = 0; i < 2 * GROUPS; i++) {
        sizes[shards[i]]++;
        assert_int_equal(shards[i], shards[i & ~1u]);
    }
    for (unsigned k = 0; k < SHARDS; k++) /* four deviations of 1000 groups */
        assert_in_range(sizes[k], 2 * 875, 2 * 1125);
    free(texts);
    free(names);
    free(shards);
}

/* ---- Sets ------------------------------------------------------------------------------------ */

static void sets_stay_together_and_share_files(void **state)
{
    static const char *const names[] = {"q.png", "c.png", "x.png", "holiday.png", "z.png", "q.png", "other.png"};
    static const uint32_t starts[] = {0, 2, 2, 4, 6, 7}; /* the first and the fourth share q.png */
    static const char *const loose[] = {"c.png", "holiday.png", "other.png"};
    struct selectai_shard_options options;
    uint32_t got[7], alone[3];
    (void)state;
    selectai_shard_options_init(&options, sizeof options);
    options.set_starts = starts;
    options.n_sets = 5;
    assert_int_equal(selectai_shard_assign(got, "mojo1", names, 7, 65536, &options), SELECTAI_OK);
    assert_int_equal(selectai_shard_assign(alone, "mojo1", loose, 3, 65536, NULL), SELECTAI_OK);
    static const int by[] = {0, 0, 1, 1, 0, 0, 2};
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(got[i], alone[by[i]]);
    options.n_sets = 0;
    assert_int_equal(selectai_shard_assign(got, "mojo1", names, 0, 4, &options), SELECTAI_OK);
}

/* ---- Wrong calls ----------------------------------------------------------------------------- */

static int call(uint32_t n_shards, const uint32_t *starts, uint64_t n_sets)
{
    static const char *const names[] = {"a.png", "b.png"};
    struct selectai_shard_options options;
    uint32_t got[2] = {77, 77};
    selectai_shard_options_init(&options, sizeof options);
    options.set_starts = starts;
    options.n_sets = n_sets;
    int rc = selectai_shard_assign(got, "p", names, 2, n_shards, &options);
    if (rc != SELECTAI_OK)
        assert_true(got[0] == 77 && got[1] == 77);
    return rc;
}

static void wrong_calls(void **state)
{
    static const char *const names[] = {"a.png", NULL};
    uint32_t got[2];
    (void)state;
    assert_int_equal(call(0, NULL, 0), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(call(SELECTAI_SHARDS_MAX + 1, NULL, 0), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(selectai_last_error(), "65537 shards"));
    assert_int_equal(call(SELECTAI_SHARDS_MAX, NULL, 0), SELECTAI_OK);
    assert_int_equal(call(4, (const uint32_t[]){0, 2}, 1), SELECTAI_OK);
    assert_int_equal(call(4, (const uint32_t[]){0, 1}, 1), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(call(4, (const uint32_t[]){1, 2}, 1), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(call(4, (const uint32_t[]){0, 9, 2}, 2), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(call(4, (const uint32_t[]){0}, 0), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_shard_assign(got, "p", names, 2, 4, NULL), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_shard_assign(got, NULL, names, 1, 4, NULL), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_shard_assign(NULL, "p", names, 1, 4, NULL), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_shard_assign(NULL, "p", NULL, 0, 4, NULL), SELECTAI_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden),
        cmocka_unit_test(groups_go_by_their_least_path),
        cmocka_unit_test(any_files),
        cmocka_unit_test(more_files_elsewhere_change_nothing),
        cmocka_unit_test(folders_of_loose_files_are_kept_apart),
        cmocka_unit_test(shards_are_about_equal),
        cmocka_unit_test(sets_stay_together_and_share_files),
        cmocka_unit_test(wrong_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
