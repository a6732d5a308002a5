/*
 * learn/evaluate_cropper.c: how near proposed crops come to the person's, beside one constant box.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "learn/evaluate.h"

#define BASELINE "constant box"
#define NEAR     0.05

enum { IOU, WITHIN5, N_TALLIES };

static const char *const names[N_TALLIES] = {"iou", "within5"};

static double within(const struct selectai_box *a, const struct selectai_box *b)
{
    return fabs(a->x1 - b->x1) <= NEAR && fabs(a->y1 - b->y1) <= NEAR && fabs(a->x2 - b->x2) <= NEAR &&
           fabs(a->y2 - b->y2) <= NEAR;
}

static void count(struct sai_tally *t, size_t group, double model, double baseline)
{
    t->model[group] += model;
    if (t->baseline)
        t->baseline[group] += baseline;
    t->count[group] += 1.0;
    t->n++;
}

int sai_evaluate_cropper(selectai_evaluation **out, const struct sai_decisions *d, const bool *use,
                         const struct selectai_box *proposed, const struct selectai_box *constant,
                         const struct sai_evaluation_head *head)
{
    static const struct selectai_box nothing = {0.0, 0.0, 0.0, 0.0};
    const struct selectai_box *fixed = constant ? constant : &nothing;
    struct sai_tally tallies[N_TALLIES];
    selectai_evaluation *e = NULL;
    size_t *group = NULL, n_groups = 0, size;
    int rc = sai_compact_groups(&group, &n_groups, d, use);
    if (rc != SELECTAI_OK)
        return rc;
    double *room = sai_mul_size(&size, n_groups, 3 * N_TALLIES) ? sai_calloc(size, sizeof *room) : NULL;
    if (!room)
        rc = SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "out of memory for %zu groups", n_groups);
    for (size_t k = 0; k < N_TALLIES && rc == SELECTAI_OK; k++)
        tallies[k] = (struct sai_tally){.name = names[k],
                                        .baseline_name = BASELINE,
                                        .model = room + 3 * k * n_groups,
                                        .baseline = constant ? room + (3 * k + 1) * n_groups : NULL,
                                        .count = room + (3 * k + 2) * n_groups,
                                        .is_share = k == WITHIN5};
    for (size_t i = 0; i < d->count && rc == SELECTAI_OK; i++) {
        if (group[i] == SIZE_MAX)
            continue;
        const struct selectai_box *truth = &d->items[i].crop;
        count(&tallies[IOU], group[i], selectai_box_iou(&proposed[i], truth), selectai_box_iou(fixed, truth));
        count(&tallies[WITHIN5], group[i], within(&proposed[i], truth), within(fixed, truth));
    }
    if (rc == SELECTAI_OK)
        rc = sai_evaluation_create(&e, head, n_groups);
    for (int k = 0; k < N_TALLIES && rc == SELECTAI_OK; k++)
        rc = sai_evaluation_add(e, &tallies[k], n_groups);
    sai_free(room);
    sai_free(group);
    if (rc == SELECTAI_OK)
        *out = e;
    else
        selectai_evaluation_destroy(&e);
    return rc;
}
