/*
 * learn_fixture.h: decisions, vectors and models made by hand, for tests of learning.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef LEARN_FIXTURE_H
#define LEARN_FIXTURE_H

#include <math.h>

#include "learn/decisions.h"
#include "learn/model.h"
#include "test_util.h"

/* One decision: the winner first, then up to three losers (NULL: no more). The texts must live on. */
static inline void add_decision(struct sai_decisions *d, const char *project, const char *const names[4],
                                const double stages[4])
{
    struct selectai_entry e = {.struct_size = sizeof e, .project = project, .set_id = "", .chosen_path = names[0]};
    while (e.n_negatives < 3 && names[1 + e.n_negatives])
        e.n_negatives++;
    e.chosen_stage = stages[0];
    e.neg_paths = names + 1;
    e.neg_stages = stages + 1;
    assert_int_equal(sai_decisions_add(d, &e), SELECTAI_OK);
}

/* A model whose ranker score is (or whose cropper numbers are sigmoids of) sums over the inputs: one layer. */
static inline struct sai_model *linear_model(const char *kind, uint32_t dim, const float *weights, const char *encoder)
{
    struct sai_model *m = NULL;
    assert_int_equal(sai_model_create(&m, kind), SELECTAI_OK);
    m->dim = dim;
    bool cropper = strcmp(kind, SAI_KIND_CROPPER) == 0;
    const uint32_t widths[] = {sai_model_inputs(m), cropper ? 3 : 1};
    assert_int_equal(sai_mlp_create(&m->mlp, widths, 2, cropper ? SAI_MLP_SIGMOID : SAI_MLP_LINEAR, weights),
                     SELECTAI_OK);
    float *mean = calloc(widths[0], sizeof *mean), *scale = malloc(widths[0] * sizeof *scale);
    for (uint32_t i = 0; i < widths[0]; i++)
        scale[i] = 1.0f;
    assert_int_equal(sai_standardiser_copy(&m->standardiser, widths[0], mean, scale, 1000), SELECTAI_OK);
    free(mean);
    free(scale);
    m->encoder_id = sai_strdup(encoder);
    return m;
}

static inline void assert_near(double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance) && !(isnan(a) && isnan(b)))
        fail_msg("%.12g is not %.12g", a, b);
}

#endif
