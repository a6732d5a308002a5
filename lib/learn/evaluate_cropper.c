/*
 * learn/evaluate_cropper.c: how near proposed crops come to the person's, beside what needs no learning.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "learn/crop_targets.h"
#include "learn/evaluate.h"

#define NEAR     0.05
#define COVERAGE 0.8

double sai_crop_bde(const struct selectai_box *a, const struct selectai_box *b)
{
    return (fabs(a->x1 - b->x1) + fabs(a->y1 - b->y1) + fabs(a->x2 - b->x2) + fabs(a->y2 - b->y2)) / 4.0;
}

double sai_crop_within5(const struct selectai_box *a, const struct selectai_box *b)
{
    return fabs(a->x1 - b->x1) <= NEAR && fabs(a->y1 - b->y1) <= NEAR && fabs(a->x2 - b->x2) <= NEAR &&
           fabs(a->y2 - b->y2) <= NEAR;
}

double sai_crop_kept_alike(const struct selectai_box *a, const struct selectai_box *b)
{
    return sai_crop_is_whole(a) == sai_crop_is_whole(b);
}

/* One figure. */
struct figure {
    const char *name, *baseline_name;
    double (*compare)(const struct selectai_box *proposed, const struct selectai_box *truth); /* NULL: see add_own() */
    int32_t rule;
    bool is_share;
};

enum { RULE_CONSTANT, RULE_SIZE, RULE_FULL, RULE_CROPPED, RULE_EXPECTED, RULE_COVERED };

#define CONSTANT "constant box"
#define SIZE     "median box of the size"
#define FULL     "whole image"

static const struct figure figures[] = {
    {"iou", CONSTANT, selectai_box_iou, RULE_CONSTANT, false},
    {"bde", CONSTANT, sai_crop_bde, RULE_CONSTANT, false},
    {"within5", CONSTANT, sai_crop_within5, RULE_CONSTANT, true},
    {"kept_whole", CONSTANT, sai_crop_kept_alike, RULE_CONSTANT, true},
    {"iou_size", SIZE, selectai_box_iou, RULE_SIZE, false},
    {"bde_size", SIZE, sai_crop_bde, RULE_SIZE, false},
    {"within5_size", SIZE, sai_crop_within5, RULE_SIZE, true},
    {"kept_whole_size", SIZE, sai_crop_kept_alike, RULE_SIZE, true},
    {"iou_full", FULL, selectai_box_iou, RULE_FULL, false},
    {"bde_full", FULL, sai_crop_bde, RULE_FULL, false},
    {"within5_full", FULL, sai_crop_within5, RULE_FULL, true},
    {"kept_whole_full", FULL, sai_crop_kept_alike, RULE_FULL, true},
    {"iou_cropped", CONSTANT, selectai_box_iou, RULE_CROPPED, false},
    {"iou_expected", "what was reached", NULL, RULE_EXPECTED, false},
    {"iou_covered", "what was promised", NULL, RULE_COVERED, true},
};
enum { N_FIGURES = sizeof figures / sizeof figures[0] };

/* The rule's box; NaN where it cannot be applied. */
static struct selectai_box rule_box(const struct figure *f, const struct sai_crop_answer *a)
{
    static const struct selectai_box whole = {0.0, 0.0, 1.0, 1.0};
    return f->rule == RULE_FULL ? whole : f->rule == RULE_SIZE ? a->by_size : a->constant;
}

static void add(struct sai_tally *t, size_t group, double model, double baseline)
{
    t->model[group] += model;
    if (t->baseline)
        t->baseline[group] += baseline;
    t->count[group] += 1.0;
    t->n++;
}

/* What a cropper says of itself. */
static void add_own(struct sai_tally *t, const struct figure *f, size_t group, const struct sai_crop_answer *a,
                    const struct selectai_box *truth)
{
    const struct selectai_crop_proposal *p = &a->proposal;
    double iou = selectai_box_iou(&p->box, truth);
    if (isnan(p->expected_iou))
        return;
    if (f->rule == RULE_EXPECTED)
        add(t, group, p->expected_iou, iou);
    else
        add(t, group, iou >= p->iou_low && iou <= p->iou_high, COVERAGE);
}

static void count(struct sai_tally *t, const struct figure *f, size_t group, const struct sai_crop_answer *a,
                  const struct selectai_box *truth)
{
    const struct selectai_box rule = rule_box(f, a);
    if (!f->compare)
        add_own(t, f, group, a, truth);
    else if (f->rule != RULE_CROPPED || !sai_crop_is_whole(truth))
        add(t, group, f->compare(&a->proposal.box, truth), t->baseline ? f->compare(&rule, truth) : 0.0);
}

/* A rule must be known for every image that counts, or it is no baseline. */
static bool applies(const struct figure *f, const struct sai_decisions *d, const size_t *group,
                    const struct sai_crop_answer *answers)
{
    for (size_t i = 0; i < d->count; i++)
        if (group[i] != SIZE_MAX && isnan(rule_box(f, &answers[i]).x1))
            return false;
    return true;
}

static int add_figure(selectai_evaluation *e, const struct figure *f, const struct sai_decisions *d,
                      const size_t *group, size_t n_groups, const struct sai_crop_answer *answers)
{
    double *room = sai_calloc(n_groups, 3 * sizeof *room);
    if (!room)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    struct sai_tally tally = {.name = f->name,
                              .baseline_name = f->baseline_name,
                              .model = room,
                              .baseline = !f->compare || applies(f, d, group, answers) ? room + n_groups : NULL,
                              .count = room + 2 * n_groups,
                              .is_share = f->is_share,
                              .lower_is_better = f->compare == sai_crop_bde};
    for (size_t i = 0; i < d->count; i++)
        if (group[i] != SIZE_MAX)
            count(&tally, f, group[i], &answers[i], &d->items[i].crop);
    int rc = sai_evaluation_add(e, &tally, n_groups);
    sai_free(room);
    return rc;
}

int sai_evaluate_cropper(selectai_evaluation **out, const struct sai_decisions *d, const bool *use,
                         const struct sai_crop_answer *answers, const struct sai_evaluation_head *head)
{
    selectai_evaluation *e = NULL;
    size_t *group = NULL, n_groups = 0;
    int rc = sai_compact_groups(&group, &n_groups, d, use);
    if (rc == SELECTAI_OK)
        rc = sai_evaluation_create(&e, head, n_groups);
    for (int k = 0; k < N_FIGURES && rc == SELECTAI_OK; k++)
        rc = add_figure(e, &figures[k], d, group, n_groups, answers);
    sai_free(group);
    if (rc == SELECTAI_OK)
        *out = e;
    else
        selectai_evaluation_destroy(&e);
    return rc;
}
