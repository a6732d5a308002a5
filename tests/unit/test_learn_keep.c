/*
 * test_learn_keep.c: is anything of a group kept? Learned where it can be, not claimed where it cannot. Needs the torch
 * module.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "learn/model.h"
#include "ranker_fixture.h"

enum { GROUPS = 240, LEARNED = 180 };

static char dir[256];

static int setup(void **state)
{
    (void)state;
    make_temporary(dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove_temporary(dir);
    return 0;
}

static bool rejected(int group)
{
    return group * 7 % 3 == 0;
}

/* What a group shows, and in one direction, by `signal`, whether it will be rejected; the second image is the better
 * one, along another. */
static void make_group(float x[2][DIM], int group, double signal)
{
    struct sai_rng rng;
    double content[DIM];
    sai_rng_seed(&rng, (uint64_t)group + 1);
    for (int j = 0; j < DIM; j++)
        content[j] = normal(&rng);
    for (int k = 0; k < 2; k++)
        for (int j = 0; j < DIM; j++)
            x[k][j] = (float)(content[j] + 0.3 * normal(&rng) + (j == 3 && rejected(group) ? signal : 0) +
                              (j == 5 ? k : 0));
}

static selectai_ranker *train(const char *name, double signal, uint32_t threads)
{
    char cache_dir[300];
    selectai_trainset *set = new_set();
    selectai_ranker *r = NULL;
    selectai_evaluation *e = NULL;
    struct selectai_ranker_options o;
    snprintf(cache_dir, sizeof cache_dir, "%s/%s", dir, name);
    selectai_embedding_cache *cache = new_cache(cache_dir);
    for (int g = 0; g < LEARNED; g++) {
        float x[2][DIM];
        make_group(x, g, signal);
        add_group_of_two(set, cache, "anna", g, rejected(g) ? 0 : 2, x);
    }
    selectai_ranker_options_init(&o, sizeof o);
    o.epochs = 12;
    o.lr = 0.003f;
    o.folds = 2;
    o.ensemble = 1;
    o.threads = threads;
    assert_int_equal(selectai_ranker_train(&r, &e, NULL, set, cache, &o), SELECTAI_OK);
    assert_int_equal(metric(e, "top1").n, LEARNED - LEARNED / 3); /* rejected groups are no choices */
    selectai_evaluation_destroy(&e);
    selectai_trainset_destroy(&set);
    selectai_embedding_cache_close(&cache);
    return r;
}

/* Of the groups that were not learned from. mean[0]: of kept ones, mean[1]: of rejected ones. */
static double area_under_curve(const selectai_ranker *r, double signal, double mean[2])
{
    double keep[GROUPS], right = 0, n[2] = {0};
    mean[0] = mean[1] = 0;
    for (int g = LEARNED; g < GROUPS; g++) {
        float x[2][DIM];
        struct selectai_group_score group = {.struct_size = sizeof group};
        make_group(x, g, signal);
        assert_int_equal(selectai_ranker_score_group(r, NULL, NULL, NULL, NULL, NULL, &group, "anna", x[0], NULL, 2),
                         SELECTAI_OK);
        assert_true(group.keep > 0 && group.keep < 1);
        keep[g] = group.keep;
        mean[rejected(g)] += keep[g];
        n[rejected(g)]++;
    }
    for (int a = LEARNED; a < GROUPS; a++)
        for (int b = LEARNED; b < GROUPS; b++)
            if (!rejected(a) && rejected(b))
                right += keep[a] > keep[b] ? 1 : keep[a] < keep[b] ? 0 : 0.5;
    mean[0] /= n[0];
    mean[1] /= n[1];
    return right / (n[0] * n[1]);
}

static void what_rejected_groups_have_in_common_is_learned(void **state)
{
    (void)state;
    selectai_ranker *r = train("signal", 2.5, 0);
    double mean[2], auc = area_under_curve(r, 2.5, mean);
    print_message("AUC %.3f; kept %.3f, rejected %.3f\n", auc, mean[0], mean[1]);
    assert_true(auc > 0.8);
    assert_true(mean[0] > 0.7 && mean[1] < 0.55);
    selectai_ranker_destroy(&r);
}

static void what_cannot_be_told_is_not_claimed(void **state)
{
    (void)state;
    selectai_ranker *r = train("noise", 0, 0);
    double mean[2], auc = area_under_curve(r, 0, mean);
    print_message("AUC %.3f; kept %.3f, rejected %.3f\n", auc, mean[0], mean[1]);
    assert_true(auc > 0.3 && auc < 0.7); /* 40 against 20: a deviation of 0.08 */
    /* About as often as it happened: two in three. */
    assert_true(mean[0] > 0.5 && mean[0] < 0.83 && mean[1] > 0.5 && mean[1] < 0.83);
    selectai_ranker_destroy(&r);
}

static void the_keep_network_is_saved_and_deterministic(void **state)
{
    (void)state;
    char path[2][300];
    selectai_ranker *r[2], *loaded = NULL;
    struct stat st[2];
    double before[2], after[2];
    for (int k = 0; k < 2; k++) {
        r[k] = train(k ? "two" : "one", 1, (uint32_t)k + 1);
        snprintf(path[k], sizeof path[k], "%s/%d.safetensors", dir, k);
        assert_int_equal(selectai_ranker_save(r[k], path[k]), SELECTAI_OK);
        assert_int_equal(stat(path[k], &st[k]), 0);
    }
    assert_int_equal(st[0].st_size, st[1].st_size);
    char *a = read_text(path[0]), *b = read_text(path[1]);
    assert_memory_equal(a, b, (size_t)st[0].st_size);
    assert_int_equal(selectai_ranker_load(&loaded, path[0]), SELECTAI_OK);
    assert_true(area_under_curve(r[0], 1, before) == area_under_curve(loaded, 1, after));
    assert_memory_equal(before, after, sizeof before);
    free(a);
    free(b);
    selectai_ranker_destroy(&r[0]);
    selectai_ranker_destroy(&r[1]);
    selectai_ranker_destroy(&loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_rejected_groups_have_in_common_is_learned),
        cmocka_unit_test(what_cannot_be_told_is_not_claimed),
        cmocka_unit_test(the_keep_network_is_saved_and_deterministic),
    };
    const char *name = NULL;
    if (selectai_backend_load(&name, NULL) == SELECTAI_ERR_BACKEND_MISSING) {
        printf("skipped: %s\n", selectai_last_error());
        return 77;
    }
    return cmocka_run_group_tests(tests, setup, teardown);
}
