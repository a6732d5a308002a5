/*
 * learn/cropper_cross.c: croppers of all folds and of all data.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "learn/crop_deviations.h"
#include "learn/cropper_cross.h"
#include "learn/cropper_propose.h"

/* Fold k is fits[k]; the last one is of all data. */
struct cross {
    const struct sai_training *training;
    struct sai_crop_data data;
    struct sai_crop_fit *fits;
    size_t n_fits;
    uint32_t members;
    struct sai_epochs epochs;
    struct selectai_crop_proposal *proposals; /* by row: raw, of the cropper that has not seen it */
    struct sai_crop_answer *rules;            /* by row: only its rules */
    double *iou;                              /* by row: of the raw proposal */
};

static int train_member(size_t index, unsigned thread, void *ctx)
{
    struct cross *c = ctx;
    (void)thread;
    return sai_crop_fit_member(&c->fits[index / c->members], (uint32_t)(index % c->members), c->training, &c->epochs);
}

static int train_all(struct cross *c)
{
    const struct sai_train_options *o = c->training->options;
    int rc = SELECTAI_OK;
    for (size_t k = 0; k < c->n_fits && rc == SELECTAI_OK; k++)
        rc = sai_crop_fit_begin(&c->fits[k], &c->data, k + 1 < c->n_fits ? (int32_t)k : SAI_FOLD_NONE, c->members);
    if (rc != SELECTAI_OK)
        return rc;
    c->epochs.total = (uint64_t)c->n_fits * c->members * o->epochs;
    c->epochs.stage = "train";
    c->epochs.progress.fn = o->progress;
    c->epochs.progress.user = o->user;
    return sai_epochs_run(&c->epochs, c->n_fits * c->members, o->threads, train_member, c);
}

/* A cropper from one fit, without encoder, metadata, level. */
static int make_model(struct sai_model **out, const struct cross *c, const struct sai_crop_fit *fit,
                      const struct sai_crop_layout *layout, double snap)
{
    struct sai_model *m = NULL;
    int rc = sai_model_create(&m, SAI_KIND_CROPPER);
    if (rc != SELECTAI_OK)
        return rc;
    const struct sai_standardiser *s = &fit->standardiser;
    m->form.box = SAI_BOX_CHANCES;
    m->snap = snap;
    m->dim = c->training->vectors.dim;
    m->head.level[1] = 1.0;
    m->head.widen = 1.0;
    rc = sai_crop_fit_finish(m, fit);
    if (rc == SELECTAI_OK)
        rc = sai_standardiser_copy(&m->standardiser, s->n, s->mean, s->scale, s->clip);
    if (rc == SELECTAI_OK && layout) {
        m->head.n_columns = layout->n_columns;
        m->head.columns = sai_malloc_array(layout->n_columns, sizeof *m->head.columns);
        rc = m->head.columns ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    }
    if (rc == SELECTAI_OK && layout)
        memcpy(m->head.columns, layout->columns, layout->n_columns * sizeof *m->head.columns);
    if (rc == SELECTAI_OK)
        *out = m;
    else
        sai_model_destroy(&m);
    return rc;
}

/* What a cropper says of the rows of one fold, which it has not seen. */
static int answer_fold(struct cross *c, const struct sai_model *m, int32_t fold)
{
    int rc = SELECTAI_OK;
    for (size_t r = 0; r < c->data.n && rc == SELECTAI_OK; r++) {
        if (c->data.fold[r] != fold)
            continue;
        rc = sai_crop_propose_rows(&c->proposals[r], m, c->data.x + r * c->data.width, 1);
        c->iou[r] = selectai_box_iou(&c->proposals[r].box, &c->data.boxes[r]);
        c->rules[r].constant = m->constant;
        c->rules[r].by_size = sai_crop_by_size(m->head.sizes, m->head.n_sizes, c->data.sizes + 2 * r, &m->constant);
    }
    return rc;
}

/* The worth of proposals by all folds but one (or none: SAI_FOLD_NONE). */
static int level_of(double level[2], double *widen, const struct cross *c, int32_t without)
{
    bool *use = sai_calloc(c->data.n, sizeof *use);
    if (!use)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t r = 0; r < c->data.n; r++)
        use[r] = c->data.fold[r] >= 0 && c->data.fold[r] != without;
    int rc = sai_crop_fit_level(level, widen, c->proposals, c->iou, use, c->data.n);
    sai_free(use);
    return rc;
}

static int level_fold(struct sai_crop_cross *out, const struct cross *c, int32_t fold, const double level[2],
                      double widen)
{
    for (size_t r = 0; r < c->data.n; r++) {
        if (c->data.fold[r] != fold)
            continue;
        struct sai_crop_answer *a = &out->answers[c->data.decision[r]];
        *a = c->rules[r];
        a->proposal = c->proposals[r];
        sai_crop_level(&a->proposal, level, widen);
        out->measured[c->data.decision[r]] = fold == SAI_FOLD_HELD_OUT || !c->training->folds.held_out;
    }
    return SELECTAI_OK;
}

static int allocate(struct sai_crop_cross *out, struct cross *c, const struct sai_crop_layout *layout)
{
    const size_t n = c->training->decisions.count;
    int rc = sai_crop_data_make(&c->data, c->training, layout);
    if (rc != SELECTAI_OK)
        return rc;
    c->n_fits = (size_t)c->training->folds.n + 1;
    c->fits = sai_calloc(c->n_fits, sizeof *c->fits);
    c->proposals = sai_calloc(c->data.n, sizeof *c->proposals);
    c->rules = sai_calloc(c->data.n, sizeof *c->rules);
    c->iou = sai_calloc(c->data.n, sizeof *c->iou);
    out->answers = sai_calloc(n, sizeof *out->answers);
    out->measured = sai_calloc(n, sizeof *out->measured);
    bool ok = c->fits && c->proposals && c->rules && c->iou && out->answers && out->measured;
    return ok ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

static void free_cross(struct cross *c)
{
    for (size_t k = 0; c->fits && k < c->n_fits; k++)
        sai_crop_fit_free(&c->fits[k]);
    sai_free(c->fits);
    sai_crop_data_free(&c->data);
    sai_free(c->proposals);
    sai_free(c->rules);
    sai_free(c->iou);
}

/* The croppers of the folds answer for what they have not seen; the last cropper stays. */
static int answer_all(struct sai_crop_cross *out, struct cross *c, const struct sai_crop_layout *layout, double snap)
{
    int rc = SELECTAI_OK;
    for (size_t k = 0; k < c->n_fits && rc == SELECTAI_OK; k++) {
        struct sai_model *m = NULL;
        bool last = k + 1 == c->n_fits;
        rc = make_model(&m, c, &c->fits[k], layout, snap);
        if (rc == SELECTAI_OK)
            rc = answer_fold(c, m, last ? SAI_FOLD_HELD_OUT : (int32_t)k);
        if (rc == SELECTAI_OK && last) {
            out->final = m;
            m = NULL;
        }
        sai_model_destroy(&m);
    }
    return rc;
}

static int level_all(struct sai_crop_cross *out, const struct cross *c)
{
    struct sai_crop_head *head = &out->final->head;
    int rc = level_of(head->level, &head->widen, c, SAI_FOLD_NONE);
    for (size_t k = 0; k + 1 < c->n_fits && rc == SELECTAI_OK; k++) {
        double level[2], widen;
        rc = level_of(level, &widen, c, (int32_t)k);
        if (rc == SELECTAI_OK)
            rc = level_fold(out, c, (int32_t)k, level, widen);
    }
    return rc == SELECTAI_OK ? level_fold(out, c, SAI_FOLD_HELD_OUT, head->level, head->widen) : rc;
}

int sai_crop_cross(struct sai_crop_cross *out, const struct sai_training *training,
                   const struct sai_crop_layout *layout, uint32_t members, double snap)
{
    struct cross c = {.training = training, .members = members};
    *out = (struct sai_crop_cross){0};
    int rc = allocate(out, &c, layout);
    if (rc == SELECTAI_OK)
        rc = train_all(&c);
    if (rc == SELECTAI_OK)
        rc = answer_all(out, &c, layout, snap);
    if (rc == SELECTAI_OK)
        rc = level_all(out, &c);
    for (uint32_t m = 0; rc == SELECTAI_OK && m < members; m++) { /* the longest member's */
        const struct sai_crop_fit *last = &c.fits[c.n_fits - 1];
        out->outcome.epochs_run += last->epochs_run[m];
        if (last->best_epoch[m] > out->outcome.best_epoch)
            out->outcome.best_epoch = last->best_epoch[m];
    }
    free_cross(&c);
    return rc;
}

void sai_crop_cross_free(struct sai_crop_cross *cross)
{
    sai_model_destroy(&cross->final);
    sai_free(cross->answers);
    sai_free(cross->measured);
    *cross = (struct sai_crop_cross){0};
}
