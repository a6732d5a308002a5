/*
 * learn/cropper_propose.c: from images to proposals, for models of all forms.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "learn/crop_belief.h"
#include "learn/crop_inputs.h"
#include "learn/cropper_propose.h"
#include "learn/model_cropper.h"

#define BATCH 256u /* rows whose input is put together at a time */

/* An old cropper's; a size of 0 gives NaN here, too. */
static void old_input(float *out, const float *embedding, uint32_t dim, uint32_t width, uint32_t height)
{
    memcpy(out, embedding, dim * sizeof *out);
    out[dim] = width > 0 ? (float)width / 2048.0f : NAN;
    out[dim + 1] = height > 0 ? (float)height / 2048.0f : NAN;
}

/* Nothing kept an old cropper from giving the corners in the wrong order, or on one line: then they are swapped, or a
 * pixel apart. All else is as it comes. */
static void order(double *low, double *high, double a, double b, uint32_t pixels)
{
    *low = a < b ? a : b;
    *high = a < b ? b : a;
    if (*low == *high) {
        double step = 1.0 / (double)pixels;
        *low = *low + step > 1.0 ? 1.0 - step : *low;
        *high = *low + step;
    }
}

static void corners_to_box(struct selectai_box *box, const float corners[4], const uint32_t size[2])
{
    *box = (struct selectai_box){NAN, NAN, NAN, NAN};
    if (isnan(corners[0]))
        return;
    order(&box->x1, &box->x2, (double)corners[0], (double)corners[2], size[0]);
    order(&box->y1, &box->y2, (double)corners[1], (double)corners[3], size[1]);
}

/* Of the forms that know nothing but a box. */
static struct selectai_crop_proposal box_alone(const float *numbers, const struct sai_model *m, const uint32_t size[2])
{
    const double no = (double)NAN;
    struct selectai_crop_proposal p = {.struct_size = sizeof p,
                                       .no_crop = no,
                                       .edges = {no, no, no, no},
                                       .expected_iou = no,
                                       .iou_low = no,
                                       .iou_high = no};
    const struct sai_box_numbers n = {(double)numbers[0], (double)numbers[1], (double)numbers[2]};
    if (m->form.box == SAI_BOX_CORNERS)
        corners_to_box(&p.box, numbers, size);
    else
        p.box = sai_box_from_numbers(&n, m->snap);
    p.whole = p.box.x1 == 0.0 && p.box.y1 == 0.0 && p.box.x2 == 1.0 && p.box.y2 == 1.0;
    return p;
}

static void fill(float *x, const struct sai_model *m, const float *embedding, const float *layout,
                 const uint32_t size[2])
{
    if (m->form.size == SAI_SIZE_2048)
        old_input(x, embedding, m->dim, size[0], size[1]);
    else
        sai_crop_row(x, embedding, m->dim, layout, m->head.columns, m->head.n_columns, size);
}

static int require_inputs(const struct sai_model *m, const float *embeddings, const float *layouts)
{
    SAI_REQUIRE(embeddings || m->dim == 0);
    if (layouts || m->head.n_columns == 0)
        return SELECTAI_OK;
    return SAI_FAIL(SELECTAI_ERR_MISMATCH,
                    "this cropper also needs each image's vector of encoder %s, which tells where things are",
                    m->head.layout_id);
}

static int propose(const struct sai_model *m, struct selectai_crop_proposal *proposals, const float *embeddings,
                   const float *layouts, const uint32_t *sizes, size_t n)
{
    size_t width = sai_model_inputs(m), outputs = sai_cropper_outputs(m);
    const uint32_t stride = proposals->struct_size;
    int rc = require_inputs(m, embeddings, layouts);
    if (rc != SELECTAI_OK)
        return rc;
    float *x = sai_malloc_array(BATCH, width * sizeof *x), y[BATCH * SAI_CROP_OUTPUTS];
    rc = x ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i += BATCH) {
        size_t rows = n - i < BATCH ? n - i : BATCH;
        for (size_t r = 0; r < rows; r++)
            fill(x + r * width, m, m->dim ? embeddings + (i + r) * m->dim : NULL,
                 layouts && m->head.n_columns ? layouts + (i + r) * m->head.layout_dim : NULL, sizes + 2 * (i + r));
        rc = sai_mlp_forward(m->mlp, &m->standardiser, y, x, rows);
        for (size_t r = 0; r < rows && rc == SELECTAI_OK; r++) {
            struct selectai_crop_proposal p = {0};
            void *to = (char *)proposals + (i + r) * stride;
            if (m->form.box == SAI_BOX_CHANCES) {
                sai_crop_decide(&p, &m->head, &m->constant, m->snap, y + outputs * r);
                sai_crop_level(&p, m->head.level, m->head.widen);
            } else {
                p = box_alone(y + outputs * r, m, sizes + 2 * (i + r));
            }
            memcpy(to, &stride, sizeof stride);
            rc = sai_struct_out(to, &p, sizeof p);
        }
    }
    sai_free(x);
    return rc;
}

int selectai_cropper_propose_all(const selectai_cropper *cropper, struct selectai_crop_proposal *proposals,
                                 const float *embeddings, const float *layouts, const uint32_t *sizes, size_t n)
{
    SAI_REQUIRE(cropper);
    SAI_REQUIRE(n == 0 || (proposals && sizes));
    return n > 0 ? propose(cropper->model, proposals, embeddings, layouts, sizes, n) : SELECTAI_OK;
}

int selectai_cropper_propose(const selectai_cropper *cropper, struct selectai_box *boxes, const float *embeddings,
                             const uint32_t *sizes, size_t n)
{
    SAI_REQUIRE(cropper && (n == 0 || boxes));
    struct selectai_crop_proposal *all = sai_calloc(n, sizeof *all);
    if (!all)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    if (n > 0)
        all->struct_size = sizeof *all;
    int rc = selectai_cropper_propose_all(cropper, all, embeddings, NULL, sizes, n);
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++)
        boxes[i] = all[i].box;
    sai_free(all);
    return rc;
}

int sai_crop_propose_rows(struct selectai_crop_proposal *out, const struct sai_model *m, const float *inputs, size_t n)
{
    float y[SAI_CROP_OUTPUTS];
    size_t width = sai_model_inputs(m);
    int rc = SELECTAI_OK;
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++) {
        rc = sai_mlp_forward(m->mlp, &m->standardiser, y, inputs + i * width, 1);
        if (rc == SELECTAI_OK)
            sai_crop_decide(&out[i], &m->head, &m->constant, m->snap, y);
    }
    return rc;
}

int sai_crop_answers(struct sai_crop_answer **out, const struct sai_model *m, const struct sai_decisions *d,
                     const struct sai_vectors *v, const float *layout)
{
    struct selectai_crop_proposal *rows = sai_calloc(v->n, sizeof *rows);
    struct sai_crop_answer *answers = sai_calloc(d->count, sizeof *answers);
    const struct selectai_box none = {NAN, NAN, NAN, NAN};
    int rc = rows && answers ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK && v->n > 0) {
        rows->struct_size = sizeof *rows;
        rc = propose(m, rows, v->x, layout, v->sizes, v->n);
    }
    for (size_t i = 0; i < d->count && rc == SELECTAI_OK; i++) {
        if (!d->items[i].usable)
            continue;
        size_t row = d->members[d->items[i].first].row;
        const uint32_t *size = v->sizes + 2 * row;
        answers[i] = (struct sai_crop_answer){
            rows[row], m->constant,
            m->head.n_sizes ? sai_crop_by_size(m->head.sizes, m->head.n_sizes, size, &m->constant) : none};
    }
    sai_free(rows);
    if (rc == SELECTAI_OK)
        *out = answers;
    else
        sai_free(answers);
    return rc;
}
