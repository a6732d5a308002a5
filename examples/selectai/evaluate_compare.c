/*
 * evaluate_compare.c: two models on the same decisions.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "evaluate.h"
#include "figures.h"

static json_t *compare_rankers(int *rc, const struct comparison *c)
{
    char *text = NULL;
    *rc = selectai_ranker_compare(&text, c->a->ranker, c->b->ranker, c->set, c->cache, c->cache_b);
    return *rc == SELECTAI_OK ? json_of_text(text) : NULL;
}

static json_t *compare_croppers(int *rc, const struct comparison *c)
{
    char *text = NULL;
    *rc = selectai_cropper_compare(&text, c->a->cropper, c->b->cropper, c->set, c->cache, c->cache_b, c->layout);
    return *rc == SELECTAI_OK ? json_of_text(text) : NULL;
}

json_t *compare_models(int *code, const struct comparison *c)
{
    int rc;
    json_t *out;
    *code = EXIT_FAILED;
    if (!c->a->ranker != !c->b->ranker) {
        say("%s is a %s, %s is a %s: only models of one kind can be compared", c->name_a,
            c->a->ranker ? "ranker" : "cropper", c->name_b, c->b->ranker ? "ranker" : "cropper");
        return NULL;
    }
    out = c->a->ranker ? compare_rankers(&rc, c) : compare_croppers(&rc, c);
    if (!out) {
        *code = report_failure(rc);
        return NULL;
    }
    *code = EXIT_DONE;
    json_t *whole = json_pack("{s:o, s:o, s:s, s:b}", "a_model", json_of_bytes(c->name_a), "b_model",
                              json_of_bytes(c->name_b), "kind", c->a->ranker ? "ranker" : "cropper", "paired", 1);
    json_object_update(whole, out);
    json_decref(out);
    return whole;
}

/* ---- Text ------------------------------------------------------------------------------------ */

char *verdict_text(char buf[VERDICT_TEXT], const json_t *c)
{
    double p = real_of(c, "p_value");
    char value[32];
    if (p < 0.001)
        snprintf(value, sizeof value, "p < 0.001");
    else
        snprintf(value, sizeof value, "p = %.*f", p < 0.1 ? 3 : 2, p);
    if (isnan(p) || count_of(c, "only_a") + count_of(c, "only_b") == 0)
        snprintf(buf, VERDICT_TEXT, "they are right on the same decisions");
    else if (p >= 0.05)
        snprintf(buf, VERDICT_TEXT, "no evidence that they differ (%s)", value);
    else
        snprintf(buf, VERDICT_TEXT, "%s evidence that %s is better (%s)", p < 0.001 ? "strong" : "some",
                 count_of(c, "only_a") > count_of(c, "only_b") ? "A" : "B", value);
    return buf;
}

static void print_figure(const char *name, double a, double b)
{
    printf("%-10s ", name);
    print_interval(a, NAN, NAN, 8);
    print_interval(b, NAN, NAN, 8);
    if (!isnan(a) && !isnan(b))
        printf("%+.3f", b - a);
    printf("\n");
}

static void print_flip(const json_t *flip)
{
    size_t i;
    json_t *image;
    printf("  only %s is right", strcmp(text_of(flip, "right"), "a") == 0 ? "A" : "B");
    if (*text_of(flip, "project")) {
        printf(", ");
        put_clean(stdout, text_of(flip, "project"));
    }
    printf("\n");
    json_array_foreach(json_object_get(flip, "images"), i, image)
    {
        printf("    %s A %5.1f %%  B %5.1f %%  ", i == 0 ? "taken" : "     ", 100 * real_of(image, "a"),
               100 * real_of(image, "b"));
        put_clean(stdout, text_of(image, "path"));
        printf("\n");
    }
}

/* What "right" means, and which figure the difference is of. */
static const struct {
    const char *kind, *difference, *right;
} meanings[] = {
    {"ranker", "top1", "right"},
    {"cropper", "iou", "within 5 % of the person's box"},
};

const char *compared_figure(const json_t *c)
{
    return meanings[strcmp(text_of(c, "kind"), "cropper") == 0].difference;
}

const char *compared_right(const json_t *c)
{
    return meanings[strcmp(text_of(c, "kind"), "cropper") == 0].right;
}

static void print_figures_and_flips(const json_t *c, size_t most)
{
    char verdict[VERDICT_TEXT];
    const json_t *flips = json_object_get(c, "flips");
    size_t n = json_array_size(flips);
    const char *name;
    json_t *value;
    printf("%llu decisions in %llu groups that neither has seen (%llu left out)\n\n%-10s %-8s%-8s%s\n",
           (unsigned long long)count_of(c, "n"), (unsigned long long)count_of(c, "groups"),
           (unsigned long long)count_of(c, "excluded"), "measure", "A", "B", "B - A");
    json_object_foreach(json_object_get(c, "a"), name, value) print_figure(
        name, json_is_number(value) ? json_number_value(value) : (double)NAN, real_of(json_object_get(c, "b"), name));
    printf("\n%s of B minus A: %+.3f (95 %%: %+.3f to %+.3f); %s only in A: %llu, only in B: %llu\n"
           "McNemar's exact test: %s\n",
           compared_figure(c), real_of(c, "difference"), real_of(c, "low"), real_of(c, "high"), compared_right(c),
           (unsigned long long)count_of(c, "only_a"), (unsigned long long)count_of(c, "only_b"),
           verdict_text(verdict, c));
    if (n > 0)
        printf("\nDecisions of which one is right and the other is not:\n");
    for (size_t i = 0; i < n && i < most; i++)
        print_flip(json_array_get(flips, i));
    if (n > most)
        printf("  ... and %zu more (--json has all)\n", n - most);
}

void print_comparison(const json_t *c, size_t most)
{
    printf("\nA: ");
    put_clean(stdout, text_of(c, "a_model"));
    printf("\nB: ");
    put_clean(stdout, text_of(c, "b_model"));
    printf("\n");
    print_figures_and_flips(c, most);
}
