/*
 * test_project_groups.c: grouping, by example and against a second implementation.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "test_util.h"

#include "base/rng.h"

#define MAX_FILES 64

/* Names of one folder, a minute apart, with the given stages. */
struct fixture {
    char texts[MAX_FILES][96];
    const char *names[MAX_FILES];
    size_t n;
    uint32_t members[MAX_FILES], starts[MAX_FILES + 1];
    size_t n_groups;
};

static void add(struct fixture *f, const char *folder, unsigned seconds, double stage, const char *label)
{
    snprintf(f->texts[f->n], sizeof f->texts[0], "%s20250708_%02u%02u%02u_stage%g%s.png", folder, seconds / 3600 % 24,
             seconds / 60 % 60, seconds % 60, stage, label);
    f->names[f->n] = f->texts[f->n];
    f->n++;
}

static void with_stages(struct fixture *f, const char *stages)
{
    f->n = 0;
    for (unsigned i = 0; stages[i]; i++)
        add(f, "", i * 60, stages[i] - '0', "");
}

static void group(struct fixture *f, const struct selectai_group_options *options)
{
    assert_int_equal(selectai_group_names(f->members, f->starts, &f->n_groups, f->names, f->n, options), SELECTAI_OK);
}

/* "123|12": the stages of each group. */
static void expect(struct fixture *f, const struct selectai_group_options *options, const char *wanted)
{
    char got[256] = "";
    size_t n = 0;
    group(f, options);
    for (size_t g = 0; g < f->n_groups; g++) {
        if (g > 0)
            got[n++] = '|';
        for (uint32_t i = f->starts[g]; i < f->starts[g + 1]; i++)
            got[n++] = strstr(f->names[f->members[i]], "_stage")[6];
    }
    got[n] = '\0';
    assert_string_equal(got, wanted);
}

static void examples(void **state)
{
    static const char *const cases[][2] = {{"1323", "123"},     {"3323", "23"},      {"222", ""},    {"1212", "12|12"},
                                           {"1234", "1234"},    {"4321", ""},        {"1", ""},      {"", ""},
                                           {"13412", "134|12"}, {"12312", "123|12"}, {"1432", "12"}, {"1342", "12"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;
        with_stages(&f, cases[i][0]);
        expect(&f, NULL, cases[i][1]);
    }
}

static void gap_and_lookahead(void **state)
{
    struct selectai_group_options o;
    struct fixture f;
    (void)state;
    selectai_group_options_init(&o, sizeof o);
    with_stages(&f, "123");
    o.max_gap = 59;
    expect(&f, &o, "");
    o.max_gap = 60; /* exceeds means more than */
    expect(&f, &o, "123");
    f.n = 0; /* the gap counts from the last one taken, not from the one looked at before */
    add(&f, "", 0, 1, "");
    add(&f, "", 50, 3, "");
    add(&f, "", 100, 2, "");
    expect(&f, &o, "13");
    o.max_gap = 0;
    with_stages(&f, "143");
    o.lookahead = 1;
    expect(&f, &o, "14");
    o.lookahead = 2;
    expect(&f, &o, "13");
    with_stages(&f, "123");
    o.min_size = 4;
    expect(&f, &o, "");
}

static void timestamps(void **state)
{
    struct selectai_group_options o;
    struct fixture f = {.n = 0};
    (void)state;
    selectai_group_options_init(&o, sizeof o);
    o.mode = SELECTAI_GROUP_TIMESTAMP;
    add(&f, "", 5, 3, "");
    add(&f, "", 5, 1, "_a");
    add(&f, "", 5, 1, "_b");
    add(&f, "", 6, 2, "");
    add(&f, "", 9, 2, "");
    add(&f, "", 9, 1, "");
    expect(&f, &o, "113|12");
}

static void folders_and_scope(void **state)
{
    struct selectai_group_options o;
    struct fixture f = {.n = 0};
    (void)state;
    selectai_group_options_init(&o, sizeof o);
    add(&f, "b/", 0, 1, "");
    add(&f, "a/", 60, 2, "");
    add(&f, "b/", 120, 3, "");
    add(&f, "a/", 180, 4, "");
    expect(&f, &o, "24|13"); /* folder a first */
    o.scope = SELECTAI_SCOPE_PROJECT;
    expect(&f, &o, "1234");
    add(&f, "a/", 240, 1, "");
    add(&f, "a/", 300, 2, "");
    expect(&f, &o, "12|1234"); /* by the folder of the first file */
    f.n = 0;                   /* "a" < "a-b" < "a/b" */
    add(&f, "a/b/", 0, 5, "");
    add(&f, "a/b/", 9, 6, "");
    add(&f, "a-b/", 0, 3, "");
    add(&f, "a-b/", 9, 4, "");
    add(&f, "a/", 0, 1, "");
    add(&f, "a/", 9, 2, "");
    o.scope = SELECTAI_SCOPE_DIRECTORY;
    expect(&f, &o, "12|34|56");
}

static void bad_arguments(void **state)
{
    struct selectai_group_options o;
    struct fixture f;
    (void)state;
    with_stages(&f, "12");
    f.names[f.n++] = "no stage.png"; /* not grouped, no error */
    expect(&f, NULL, "12");
    selectai_group_options_init(&o, sizeof o);
    o.lookahead = 0;
    assert_int_equal(selectai_group_names(f.members, f.starts, &f.n_groups, f.names, f.n, &o),
                     SELECTAI_ERR_INVALID_ARGUMENT);
    selectai_group_options_init(&o, sizeof o);
    o.max_gap = -1;
    assert_int_equal(selectai_group_names(f.members, f.starts, &f.n_groups, f.names, f.n, &o),
                     SELECTAI_ERR_INVALID_ARGUMENT);
    o.max_gap = 0;
    o.mode = 7;
    assert_int_equal(selectai_group_names(f.members, f.starts, &f.n_groups, f.names, f.n, &o),
                     SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_group_names(NULL, f.starts, &f.n_groups, f.names, f.n, NULL),
                     SELECTAI_ERR_INVALID_ARGUMENT);
}

/* ---- Second implementation: straight from the text of the rule, on lists of one folder at a time ---- */

struct plain {
    uint32_t index;
    char folder[8];
    const char *name;
    unsigned seconds;
    double stage;
};

static int plain_order(const void *left, const void *right)
{
    const struct plain *a = left, *b = right;
    if (a->seconds != b->seconds)
        return a->seconds < b->seconds ? -1 : 1;
    if (a->stage != b->stage)
        return a->stage < b->stage ? -1 : 1;
    int c = strcmp(a->name, b->name);
    return c                              ? c
           : strcmp(a->folder, b->folder) ? strcmp(a->folder, b->folder)
                                          : (a->index > b->index) - (a->index < b->index);
}

struct plain_result {
    uint32_t members[MAX_FILES];
    size_t sizes[MAX_FILES], n_groups, n_members;
};

static void keep(struct plain_result *r, const uint32_t *run, size_t n, size_t min_size)
{
    if (n < min_size)
        return;
    memcpy(r->members + r->n_members, run, n * sizeof *run);
    r->n_members += n;
    r->sizes[r->n_groups++] = n;
}

/* One folder's (or the project's) sorted files, taken from the list one after the other. */
static void plain_runs(struct plain_result *r, const struct plain *files, size_t n,
                       const struct selectai_group_options *o)
{
    uint32_t run[MAX_FILES];
    while (n > 0) {
        size_t length = 0;
        double last = files[0].stage;
        unsigned when = files[0].seconds;
        run[length++] = files[0].index;
        files++, n--;
        for (;;) {
            size_t window = 0, best = n;
            while (window < n && window < o->lookahead && files[window].stage > last &&
                   !(o->max_gap > 0 && files[window].seconds - when > o->max_gap))
                window++;
            for (size_t k = window; k-- > 0;) /* backwards, so the earliest of equals stays */
                if (best == n || files[k].stage <= files[best].stage)
                    best = k;
            if (best == n)
                break;
            run[length++] = files[best].index;
            last = files[best].stage;
            when = files[best].seconds;
            files += best + 1;
            n -= best + 1;
        }
        keep(r, run, length, o->min_size);
    }
}

static void plain_equal_times(struct plain_result *r, const struct plain *files, size_t n,
                              const struct selectai_group_options *o)
{
    for (size_t i = 0, k; i < n; i = k) {
        uint32_t run[MAX_FILES];
        for (k = i; k < n && files[k].seconds == files[i].seconds; k++)
            run[k - i] = files[k].index;
        keep(r, run, k - i, o->min_size);
    }
}

static void plain_group(struct plain_result *r, struct plain *files, size_t n, const struct selectai_group_options *o)
{
    *r = (struct plain_result){.n_groups = 0};
    qsort(files, n, sizeof *files, plain_order);
    if (o->mode == SELECTAI_GROUP_TIMESTAMP)
        plain_equal_times(r, files, n, o);
    else
        plain_runs(r, files, n, o);
}

/* Random projects of three folders in all combinations of options; project scope is compared as sets of groups. */
static void same_as_second_implementation(void **state)
{
    static const char *const folders[] = {"a/", "b/", "c/d/"};
    struct sai_rng rng;
    size_t n_groups = 0;
    (void)state;
    sai_rng_seed(&rng, 42);
    for (int round = 0; round < 3000; round++) {
        struct selectai_group_options o;
        struct fixture f = {.n = 0};
        struct plain all[MAX_FILES];
        size_t n = (size_t)sai_rng_below(&rng, MAX_FILES);
        unsigned clock = 0;
        selectai_group_options_init(&o, sizeof o);
        o.mode = (int32_t)sai_rng_below(&rng, 2);
        o.scope = (int32_t)sai_rng_below(&rng, 2);
        o.lookahead = 1 + (uint32_t)sai_rng_below(&rng, 6);
        o.min_size = 1 + (uint32_t)sai_rng_below(&rng, 3);
        o.max_gap = sai_rng_below(&rng, 2) ? (double)sai_rng_below(&rng, 40) : 0;
        for (size_t i = 0; i < n; i++) {
            const char *folder = folders[sai_rng_below(&rng, 3)];
            double stage = 1 + (double)sai_rng_below(&rng, 5) / 2;
            clock += (unsigned)sai_rng_below(&rng, 3) * 7;
            add(&f, folder, clock % 3000, stage, sai_rng_below(&rng, 2) ? "_x" : "_y");
            all[i] = (struct plain){
                .index = (uint32_t)i, .name = strrchr(f.names[i], '/') + 1, .seconds = clock % 3000, .stage = stage};
            snprintf(all[i].folder, sizeof all[i].folder, "%s", folder);
        }
        group(&f, &o);
        struct plain_result wanted = {.n_groups = 0};
        if (o.scope == SELECTAI_SCOPE_PROJECT) {
            struct plain_result once;
            plain_group(&once, all, n, &o);
            for (size_t k = 0; k < 3; k++) { /* in the order of their first files' folders */
                size_t at = 0;
                for (size_t g = 0; g < once.n_groups; at += once.sizes[g++])
                    if (strncmp(f.names[once.members[at]], folders[k], strlen(folders[k])) == 0)
                        keep(&wanted, once.members + at, once.sizes[g], 1);
            }
        }
        for (size_t k = 0; o.scope == SELECTAI_SCOPE_DIRECTORY && k < 3; k++) {
            struct plain some[MAX_FILES];
            struct plain_result once;
            size_t n_some = 0, at = 0;
            for (size_t i = 0; i < n; i++)
                if (strcmp(all[i].folder, folders[k]) == 0)
                    some[n_some++] = all[i];
            plain_group(&once, some, n_some, &o);
            for (size_t g = 0; g < once.n_groups; at += once.sizes[g++])
                keep(&wanted, once.members + at, once.sizes[g], 1);
        }
        assert_int_equal(f.n_groups, wanted.n_groups);
        assert_int_equal(f.starts[f.n_groups], wanted.n_members);
        for (size_t g = 0; g < f.n_groups; g++)
            assert_int_equal(f.starts[g + 1] - f.starts[g], wanted.sizes[g]);
        assert_memory_equal(f.members, wanted.members, wanted.n_members * sizeof *f.members);
        n_groups += f.n_groups;
    }
    assert_true(n_groups > 10000);
}

/* The order in which names are given does not matter. */
static void order_of_input(void **state)
{
    struct sai_rng rng;
    struct fixture f = {.n = 0};
    uint32_t order[40];
    char first[40 * 96] = "";
    (void)state;
    sai_rng_seed(&rng, 3);
    for (unsigned i = 0; i < 40; i++) {
        add(&f, i % 3 ? "u/" : "v/", i * 20, 1 + (double)sai_rng_below(&rng, 4), i % 2 ? "_p" : "_q");
        order[i] = i;
    }
    for (int round = 0; round < 20; round++) {
        struct fixture g = {.n = f.n};
        char text[40 * 96] = "";
        for (size_t i = 0; i < f.n; i++)
            g.names[i] = f.names[order[i]];
        group(&g, NULL);
        for (uint32_t i = 0; i < g.starts[g.n_groups]; i++)
            strcat(text, g.names[g.members[i]]);
        assert_true(*text);
        if (round == 0)
            strcpy(first, text);
        assert_string_equal(text, first);
        sai_rng_shuffle(&rng, order, f.n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples),       cmocka_unit_test(gap_and_lookahead),
        cmocka_unit_test(timestamps),     cmocka_unit_test(folders_and_scope),
        cmocka_unit_test(bad_arguments),  cmocka_unit_test(same_as_second_implementation),
        cmocka_unit_test(order_of_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
