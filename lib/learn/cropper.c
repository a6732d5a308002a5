/*
 * learn/cropper.c: the public cropper handle: loading, proposing, measuring.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/cropper.h>

#include <math.h>
#include <string.h>

#include "learn/box.h"
#include "learn/evaluate.h"
#include "learn/measure.h"
#include "learn/model.h"

#define BATCH       256u /* rows whose input is put together at a time */
#define MAX_OUTPUTS 4u

int sai_cropper_wrap(struct selectai_cropper **out, struct sai_model **model)
{
    struct selectai_cropper *cropper = sai_calloc(1, sizeof *cropper);
    if (!cropper) {
        sai_model_destroy(model);
        return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    cropper->model = *model;
    *model = NULL;
    *out = cropper;
    return SELECTAI_OK;
}

int selectai_cropper_load(selectai_cropper **out, const char *path)
{
    struct sai_model *model;
    SAI_REQUIRE(out && path);
    int rc = sai_model_load(&model, path, SAI_KIND_CROPPER);
    return rc == SELECTAI_OK ? sai_cropper_wrap(out, &model) : rc;
}

int selectai_cropper_save(const selectai_cropper *cropper, const char *path)
{
    SAI_REQUIRE(cropper && path);
    return sai_model_save(cropper->model, path);
}

void selectai_cropper_destroy(selectai_cropper **cropper)
{
    if (!cropper || !*cropper)
        return;
    sai_model_destroy(&(*cropper)->model);
    sai_free(*cropper);
    *cropper = NULL;
}

uint32_t selectai_cropper_dim(const selectai_cropper *cropper)
{
    return cropper ? cropper->model->dim : 0;
}

const char *selectai_cropper_encoder_id(const selectai_cropper *cropper)
{
    return cropper ? cropper->model->encoder_id : "";
}

int selectai_cropper_metadata_json(char **out, const selectai_cropper *cropper)
{
    SAI_REQUIRE(out && cropper);
    return sai_model_metadata_json(out, cropper->model);
}

int selectai_cropper_has_seen(const selectai_cropper *cropper, const char *project, const char *filename)
{
    if (!cropper || !project || !filename)
        return 0;
    return sai_model_has_seen(cropper->model, sai_image_key(project, filename));
}

void sai_cropper_input(float *out, const float *embedding, uint32_t dim, uint32_t width, uint32_t height)
{
    memcpy(out, embedding, dim * sizeof *out);
    /* A size of 0 gives an infinity, and with it a box of NaN. */
    out[dim] = (float)(log2((double)width) + log2((double)height));
    out[dim + 1] = (float)(log2((double)width) - log2((double)height));
}

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

static void to_box(struct selectai_box *box, const float *numbers, const struct sai_model *model,
                   const uint32_t size[2])
{
    if (model->form.box == SAI_BOX_CORNERS) {
        corners_to_box(box, numbers, size);
        return;
    }
    const struct sai_box_numbers n = {(double)numbers[0], (double)numbers[1], (double)numbers[2]};
    *box = sai_box_from_numbers(&n, model->snap);
}

int selectai_cropper_propose(const selectai_cropper *cropper, struct selectai_box *boxes, const float *embeddings,
                             const uint32_t *sizes, size_t n)
{
    SAI_REQUIRE(cropper);
    SAI_REQUIRE(n == 0 || (boxes && embeddings && sizes));
    const struct sai_model *model = cropper->model;
    size_t width = sai_model_inputs(model), outputs = model->mlp->widths[model->mlp->n_widths - 1];
    void (*input)(float *, const float *, uint32_t, uint32_t,
                  uint32_t) = model->form.size == SAI_SIZE_2048 ? old_input : sai_cropper_input;
    float *x = sai_malloc_array(BATCH * width, sizeof *x), y[BATCH * MAX_OUTPUTS];
    int rc = x ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i += BATCH) {
        size_t rows = n - i < BATCH ? n - i : BATCH;
        for (size_t r = 0; r < rows; r++)
            input(x + r * width, embeddings + (i + r) * model->dim, model->dim, sizes[2 * (i + r)],
                  sizes[2 * (i + r) + 1]);
        rc = sai_mlp_forward(model->mlp, &model->standardiser, y, x, rows);
        for (size_t r = 0; r < rows && rc == SELECTAI_OK; r++)
            to_box(&boxes[i + r], y + outputs * r, model, sizes + 2 * (i + r));
    }
    sai_free(x);
    return rc;
}

int selectai_cropper_evaluate(selectai_evaluation **out, const selectai_cropper *cropper, const selectai_trainset *set,
                              const selectai_embedding_cache *cache)
{
    struct sai_measurement m = {0};
    selectai_evaluation *e = NULL;
    struct selectai_box *boxes = NULL;
    SAI_REQUIRE(out && cropper && set && cache);
    int rc = sai_measure_begin(&m, cropper->model, set, cache, SAI_JOIN_WINNER);
    if (rc == SELECTAI_OK)
        rc = sai_propose_for_winners(&boxes, cropper, &m.decisions, &m.vectors);
    const struct selectai_box *constant = isnan(cropper->model->constant.x1) ? NULL : &cropper->model->constant;
    if (rc == SELECTAI_OK)
        rc = sai_evaluate_cropper(&e, &m.decisions, NULL, boxes, constant, &m.head);
    if (rc == SELECTAI_OK)
        rc = sai_measure_end(&e, &m);
    if (rc == SELECTAI_OK)
        *out = e;
    sai_measure_free(&m);
    sai_free(boxes);
    return rc;
}

int sai_propose_for_winners(struct selectai_box **out, const struct selectai_cropper *cropper,
                            const struct sai_decisions *d, const struct sai_vectors *v)
{
    struct selectai_box *rows = sai_malloc_array(v->n, sizeof *rows), *boxes = sai_calloc(d->count, sizeof *boxes);
    int rc = rows && boxes ? selectai_cropper_propose(cropper, rows, v->x, v->sizes, v->n) : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < d->count && rc == SELECTAI_OK; i++)
        if (d->items[i].usable)
            boxes[i] = rows[d->members[d->items[i].first].row];
    sai_free(rows);
    if (rc == SELECTAI_OK)
        *out = boxes;
    else
        sai_free(boxes);
    return rc;
}
