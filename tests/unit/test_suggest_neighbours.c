/*
 * test_suggest_neighbours.c: the most similar past decisions, against all similarities computed here in double.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/rng.h"
#include "decisions_fixture.h"
#include "learn_fixture.h"
#include "suggest/history.h"
#include "suggest/suggest.h"

enum { DIM = 20, PAST = 1100, GROUPS = 140, MEMBERS = 3, K = 5 };

/* Decision i: the winner and two losers. Of every tenth the last loser has no vector; every ninth is of project q;
 * every seventh took stage 2 over 3. */
static float past[PAST][MEMBERS][DIM], now[GROUPS * MEMBERS][DIM];
static double winners[PAST][DIM], differences[PAST][DIM];
static bool counts[PAST];
static char dir[256], name_room[64];
static selectai_embedding_cache *cache;
static selectai_trainset *history;
static uint32_t few; /* decisions of a second, short history */

static bool is_lower(int i)
{
    return i % 7 == 0;
}

static const char *past_name(int i, int member)
{
    static char names[4][64];
    static unsigned next;
    static const int normal[MEMBERS] = {3, 1, 2}, lower[MEMBERS] = {2, 1, 3};
    char *name = names[next++ % 4];
    snprintf(name, sizeof names[0], "old/2024%02d%02d_%02d%02d00_stage%d.png", 1 + i / 500, 1 + i / 60 % 28, i % 24,
             i / 24 % 60, (is_lower(i) ? lower : normal)[member]);
    return name;
}

/* The first twenty groups hold an image of a decision; the file lies elsewhere. */
static const char *group_name(int g, int member)
{
    if (g < 20 && member == 0)
        snprintf(name_room, sizeof name_room, "new/%s", strchr(past_name(g * 11, 1), '/') + 1);
    else
        snprintf(name_room, sizeof name_room, "new/2026%02d%02d_%02d0000_stage%d.png", 1 + g / 28, 1 + g % 28, g % 24,
                 member + 1);
    return name_room;
}

static void fill(float *x, size_t n, struct sai_rng *rng)
{
    /* Dimensions of very different sizes: without a common measure the last one would decide alone. */
    for (size_t i = 0; i < n; i++)
        x[i] = (float)((sai_rng_uniform(rng) + sai_rng_uniform(rng)) * pow(2.0, (double)(i % DIM)) + 3.0);
}

static void add_to_cache(const char *project, const char *path, const float *x)
{
    const struct selectai_cache_row row = {.struct_size = sizeof row, .project = project, .rel_path = path};
    assert_int_equal(selectai_embedding_cache_add(cache, &row, x), SELECTAI_OK);
}

static void add_past(int i)
{
    char losers[160];
    const char *project = i % 9 == 0 ? "q" : "p";
    snprintf(losers, sizeof losers, "%s|%s", past_name(i, 1), past_name(i, 2));
    add_entry(history, project, past_name(i, 0), losers);
    for (int m = 0; m < MEMBERS - (i % 10 == 0); m++)
        add_to_cache(project, past_name(i, m), past[i][m]);
    counts[i] = i % 9 != 0 && i % 10 != 0;
}

/* Mean 0 and deviation 1 over those that count, cut at 5, length 1: in double, in the plainest way. */
static void make_points(double (*points)[DIM], double (*queries)[DIM], int n_queries)
{
    double n = 0, mean[DIM] = {0}, square[DIM] = {0};
    for (int i = 0; i < PAST; i++)
        n += counts[i];
    for (int j = 0; j < DIM; j++) {
        for (int i = 0; i < PAST; i++)
            mean[j] += counts[i] ? points[i][j] / n : 0;
        for (int i = 0; i < PAST; i++)
            square[j] += counts[i] ? (points[i][j] - mean[j]) * (points[i][j] - mean[j]) / n : 0;
    }
    for (int i = 0; i < PAST + n_queries; i++) {
        double *x = i < PAST ? points[i] : queries[i - PAST], length = 0;
        for (int j = 0; j < DIM; j++) {
            x[j] = fmax(-5, fmin(5, (x[j] - mean[j]) / sqrt(square[j])));
            length += x[j] * x[j];
        }
        for (int j = 0; j < DIM; j++)
            x[j] /= sqrt(length);
    }
}

static void set_apart(double *winner, double *difference, float x[][DIM], int w)
{
    for (int j = 0; j < DIM; j++) {
        winner[j] = (double)x[w][j];
        difference[j] = (double)x[w][j];
        for (int m = 0; m < MEMBERS; m++)
            difference[j] -= m == w ? 0 : (double)x[m][j] / (MEMBERS - 1);
    }
}

static int setup(void **state)
{
    (void)state;
    struct sai_rng rng;
    char path[300];
    sai_rng_seed(&rng, 5);
    fill(&past[0][0][0], sizeof past / sizeof(float), &rng);
    fill(&now[0][0], sizeof now / sizeof(float), &rng);
    make_temporary(dir);
    snprintf(path, sizeof path, "%s/cache", dir);
    assert_int_equal(selectai_embedding_cache_create(&cache, path, "test-1", DIM, SELECTAI_DTYPE_FLOAT32), SELECTAI_OK);
    history = new_set();
    for (int i = 0; i < PAST; i++)
        add_past(i);
    assert_int_equal(selectai_embedding_cache_flush(cache), SELECTAI_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    selectai_trainset_destroy(&history);
    selectai_embedding_cache_close(&cache);
    remove_temporary(dir);
    return 0;
}

/* Groups as they are once winners are known: of group g image g % 3 won. */
static selectai_suggestions *make_groups(void)
{
    selectai_suggestions *s = sai_calloc(1, sizeof *s);
    s->n_groups = GROUPS;
    s->n_images = GROUPS * MEMBERS;
    s->groups = sai_calloc(GROUPS, sizeof *s->groups);
    s->paths = sai_calloc(s->n_images, sizeof *s->paths);
    assert_int_equal(sai_issues_create(&s->issues), SELECTAI_OK);
    for (int g = 0; g < GROUPS; g++) {
        s->groups[g] = (struct sai_suggested_group){
            .first = (size_t)g * MEMBERS, .n = MEMBERS, .winner = (uint32_t)(g % MEMBERS)};
        for (int m = 0; m < MEMBERS; m++)
            s->paths[g * MEMBERS + m] = sai_arena_strdup(&s->arena, group_name(g, m));
    }
    return s;
}

static selectai_suggestions *search(uint32_t k, uint32_t threads, const char *project)
{
    struct selectai_suggest_options o;
    selectai_suggestions *s = make_groups();
    selectai_suggest_options_init(&o, sizeof o);
    o.project = project;
    o.history = history;
    o.neighbours = k;
    o.threads = threads;
    assert_int_equal(sai_add_neighbours(s, &now[0][0], cache, &o), SELECTAI_OK);
    return s;
}

static int decision_named(const char *winner)
{
    for (int i = 0; i < PAST; i++)
        if (strcmp(past_name(i, 0), winner) == 0)
            return i;
    fail_msg("no decision took %s", winner);
    return -1;
}

static void are_those_of_a_naive_search(void **state)
{
    (void)state;
    static double queries[GROUPS][DIM], query_differences[GROUPS][DIM];
    selectai_suggestions *s = search(K, 2, "p");
    for (int i = 0; i < PAST; i++)
        set_apart(winners[i], differences[i], past[i], 0);
    for (int g = 0; g < GROUPS; g++)
        set_apart(queries[g], query_differences[g], now + (size_t)g * MEMBERS, g % MEMBERS);
    make_points(winners, queries, GROUPS);
    make_points(differences, query_differences, GROUPS);
    for (int g = 0; g < GROUPS; g++) {
        double similarity[PAST];
        assert_int_equal(s->groups[g].n_neighbours, K);
        for (int i = 0; i < PAST; i++) {
            double sum = 0;
            for (int j = 0; j < DIM; j++)
                sum += (winners[i][j] * queries[g][j] + differences[i][j] * query_differences[g][j]) / 2;
            bool own = g < 20 && i == g * 11; /* holds an image of the group */
            similarity[i] = counts[i] && !own ? sum : -2;
        }
        for (int k = 0; k < K; k++) {
            const struct selectai_neighbour *b = &s->groups[g].neighbours[k];
            int best = 0;
            for (int i = 1; i < PAST; i++)
                best = similarity[i] > similarity[best] ? i : best;
            assert_near(b->similarity, similarity[best], 1e-5);
            /* The one that is named is as similar as is said; nearly equal ones may stand in another order. */
            int named = decision_named(b->winner_path);
            assert_near(similarity[named], b->similarity, 1e-5);
            similarity[named] = -2;
        }
    }
    selectai_suggestions_destroy(&s);
}

/* A decision about the group itself would be the nearest by far, and would prove nothing. */
static void a_group_is_not_its_own_neighbour(void **state)
{
    (void)state;
    const int own = 11; /* of group 1, in which the second image won */
    memcpy(now[3 + 1], past[own][0], sizeof now[0]);
    memcpy(now[3 + 0], past[own][1], sizeof now[0]);
    memcpy(now[3 + 2], past[own][2], sizeof now[0]);
    memcpy(now[3 * 30 + 0], past[own][0], sizeof now[0]); /* the same pictures under other names: not excluded */
    memcpy(now[3 * 30 + 1], past[own][1], sizeof now[0]);
    memcpy(now[3 * 30 + 2], past[own][2], sizeof now[0]);
    selectai_suggestions *s = search(1, 1, "p");
    assert_true(decision_named(s->groups[1].neighbours[0].winner_path) != own);
    assert_true(s->groups[1].neighbours[0].similarity < 0.99);
    assert_int_equal(decision_named(s->groups[30].neighbours[0].winner_path), own);
    assert_near(s->groups[30].neighbours[0].similarity, 1, 1e-5);
    selectai_suggestions_destroy(&s);
}

static void tell_the_whole_decision(void **state)
{
    (void)state;
    selectai_suggestions *s = search(3, 1, "p");
    int lower = 0;
    for (int g = 0; g < GROUPS; g++)
        for (int k = 0; k < 3; k++) {
            const struct selectai_neighbour *b = &s->groups[g].neighbours[k];
            int i = decision_named(b->winner_path);
            assert_string_equal(b->project, "p");
            assert_int_equal(b->n_losers, 2);
            assert_string_equal(b->loser_paths[0], past_name(i, 1));
            assert_string_equal(b->loser_paths[1], past_name(i, 2));
            assert_true(b->winner_stage == (is_lower(i) ? 2 : 3) && b->loser_stages[0] == 1);
            assert_true(b->loser_stages[1] == (is_lower(i) ? 3 : 2));
            assert_int_equal(b->anomaly, is_lower(i));
            lower += b->anomaly;
        }
    assert_true(lower > 0);
    selectai_suggestions_destroy(&s);
}

static void do_not_depend_on_threads_and_number(void **state)
{
    (void)state;
    selectai_suggestions *one = search(2, 1, "p"), *three = search(7, 3, "p");
    for (int g = 0; g < GROUPS; g++)
        for (int k = 0; k < 2; k++) {
            const struct selectai_neighbour *a = &one->groups[g].neighbours[k], *b = &three->groups[g].neighbours[k];
            assert_string_equal(a->winner_path, b->winner_path);
            assert_true(a->similarity == b->similarity);
        }
    selectai_suggestions_destroy(&one);
    selectai_suggestions_destroy(&three);
}

static const char *first_issue(const selectai_suggestions *s, struct selectai_issue *issue)
{
    issue->struct_size = sizeof *issue;
    assert_int_equal(selectai_issues_count(s->issues), 1);
    assert_int_equal(selectai_issues_get(s->issues, 0, issue), SELECTAI_OK);
    return issue->kind;
}

static void what_cannot_be_compared_is_said(void **state)
{
    (void)state;
    struct selectai_issue issue;
    size_t of_p = 0, missing = 0;
    char said[64];
    for (int i = 0; i < PAST; i++) {
        of_p += i % 9 != 0;
        missing += i % 9 != 0 && !counts[i];
    }
    selectai_suggestions *s = search(1, 1, "p");
    assert_string_equal(first_issue(s, &issue), "history-not-in-cache");
    snprintf(said, sizeof said, "%zu of %zu past decisions of project p", missing, of_p);
    assert_non_null(strstr(issue.message, said));
    selectai_suggestions_destroy(&s);
    s = search(1, 1, "r");
    assert_string_equal(first_issue(s, &issue), "history-empty");
    assert_int_equal(s->groups[0].n_neighbours, 0);
    selectai_suggestions_destroy(&s);
}

/* Two decisions have no deviation worth the name, and fewer than are wanted are all that there is. */
static void a_short_history_works(void **state)
{
    (void)state;
    selectai_trainset *all = history;
    history = new_set();
    for (int i = 1; i < 3; i++) {
        char losers[160];
        snprintf(losers, sizeof losers, "%s|%s", past_name(i, 1), past_name(i, 2));
        add_entry(history, "p", past_name(i, 0), losers);
        few++;
    }
    memcpy(now[3 * 40 + 1], past[2][0], sizeof now[0]); /* group 40: the second image won */
    memcpy(now[3 * 40 + 0], past[2][1], sizeof now[0]);
    memcpy(now[3 * 40 + 2], past[2][2], sizeof now[0]);
    selectai_suggestions *s = search(K, 1, "p");
    assert_int_equal(s->groups[40].n_neighbours, few);
    assert_string_equal(s->groups[40].neighbours[0].winner_path, past_name(2, 0));
    assert_near(s->groups[40].neighbours[0].similarity, 1, 1e-5);
    assert_int_equal(selectai_issues_count(s->issues), 0);
    selectai_suggestions_destroy(&s);
    selectai_trainset_destroy(&history);
    history = all;
}

/* What could not be read is no part of a group's mean; a winner alone is compared by itself. */
static void unreadable_images_do_not_count(void **state)
{
    (void)state;
    for (int j = 0; j < DIM; j++)
        now[3 * 50 + 0][j] = now[3 * 50 + 1][j] = NAN; /* group 50: the third image won */
    memcpy(now[3 * 50 + 2], past[2][0], sizeof now[0]);
    selectai_suggestions *s = search(1, 1, "p");
    assert_string_equal(s->groups[50].neighbours[0].winner_path, past_name(2, 0));
    assert_near(s->groups[50].neighbours[0].similarity, 1, 1e-5);
    selectai_suggestions_destroy(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(are_those_of_a_naive_search),     cmocka_unit_test(a_group_is_not_its_own_neighbour),
        cmocka_unit_test(tell_the_whole_decision),         cmocka_unit_test(do_not_depend_on_threads_and_number),
        cmocka_unit_test(what_cannot_be_compared_is_said), cmocka_unit_test(a_short_history_works),
        cmocka_unit_test(unreadable_images_do_not_count),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
