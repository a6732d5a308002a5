/*
 * learn/cropper.c: the public cropper handle: loading, saving, telling, measuring.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/cropper.h>

#include <math.h>

#include "learn/cropper_propose.h"
#include "learn/evaluate.h"
#include "learn/measure.h"

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

const char *selectai_cropper_layout_id(const selectai_cropper *cropper)
{
    return cropper && cropper->model->head.layout_id ? cropper->model->head.layout_id : "";
}

uint32_t selectai_cropper_layout_dim(const selectai_cropper *cropper)
{
    return cropper ? cropper->model->head.layout_dim : 0;
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

int selectai_cropper_evaluate_with_layout(selectai_evaluation **out, const selectai_cropper *cropper,
                                          const selectai_trainset *set, const selectai_embedding_cache *cache,
                                          const selectai_embedding_cache *layout_cache)
{
    struct sai_measurement m = {0};
    selectai_evaluation *e = NULL;
    struct sai_crop_answer *answers = NULL;
    SAI_REQUIRE(out && cropper && set && (cache || cropper->model->dim == 0));
    int rc = sai_measure_begin(&m, cropper->model, set, cache, layout_cache, SAI_JOIN_WINNER);
    if (rc == SELECTAI_OK)
        rc = sai_crop_answers(&answers, cropper->model, &m.decisions, &m.vectors, m.layout);
    if (rc == SELECTAI_OK)
        rc = sai_evaluate_cropper(&e, &m.decisions, NULL, answers, &m.head);
    if (rc == SELECTAI_OK)
        rc = sai_measure_end(&e, &m);
    if (rc == SELECTAI_OK)
        *out = e;
    sai_measure_free(&m);
    sai_free(answers);
    return rc;
}

int selectai_cropper_evaluate(selectai_evaluation **out, const selectai_cropper *cropper, const selectai_trainset *set,
                              const selectai_embedding_cache *cache)
{
    return selectai_cropper_evaluate_with_layout(out, cropper, set, cache, NULL);
}
