/*
 * learn/recognise.c: rankers that are not told stages.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "learn/discriminant.h"
#include "learn/recognise.h"
#include "learn/unique_rows.h"

#define UNKNOWN UINT32_MAX

static uint32_t label_of(const struct sai_prior *p, double stage)
{
    for (uint32_t i = 0; i < p->n_stages; i++)
        if (p->stages[i] == stage) /* false for NaN */
            return i;
    return UNKNOWN;
}

/* What the fit works in. */
struct fit {
    const struct sai_training *training;
    const struct sai_samples *samples;
    const struct sai_prior *prior;
    struct sai_unique_rows images;
    float *x; /* of the images */
    uint32_t *label;
    uint8_t *part;
    float *unseen; /* by image: probabilities of the stages */
    float *group;  /* the same of one decision's images */
};

static const struct sai_decision *decision(const struct fit *f, size_t item)
{
    return &f->training->decisions.items[f->samples->decision[item]];
}

static int allocate(struct fit *f)
{
    const struct sai_samples *s = f->samples;
    const size_t n = f->images.n;
    uint32_t longest = 1;
    size_t cells, values;
    for (size_t i = 0; i < s->n_items; i++)
        longest = decision(f, i)->n > longest ? decision(f, i)->n : longest;
    bool fits = sai_mul_size(&cells, n > longest ? n : longest, f->prior->n_stages) && sai_mul_size(&values, n, s->dim);
    f->x = fits ? sai_malloc_array(values, sizeof *f->x) : NULL;
    f->label = sai_malloc_array(n, sizeof *f->label);
    f->part = sai_malloc_array(n, sizeof *f->part);
    f->unseen = fits ? sai_malloc_array(cells, sizeof *f->unseen) : NULL;
    f->group = fits ? sai_malloc_array(cells, sizeof *f->group) : NULL;
    return f->x && f->label && f->part && f->unseen && f->group ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

/* Stage and part of an image are those of the decision in which it comes first. */
static void classify(struct fit *f, const uint8_t *part)
{
    const struct sai_samples *s = f->samples;
    for (size_t i = 0; i < s->n_items; i++)
        for (uint32_t row = s->starts[i]; row < s->starts[i + 1]; row++) {
            const uint32_t image = f->images.which[row];
            if (f->images.first[image] != row)
                continue;
            const struct sai_member *m = &f->training->decisions.members[decision(f, i)->first + (row - s->starts[i])];
            memcpy(f->x + (size_t)image * s->dim, s->x + (size_t)row * s->dim, s->dim * sizeof *f->x);
            f->label[image] = label_of(f->prior, m->stage);
            f->part[image] = part[i];
        }
}

static void expect(float *expected, const struct fit *f)
{
    const struct sai_samples *s = f->samples;
    const uint32_t n_stages = f->prior->n_stages;
    for (size_t i = 0; i < s->n_items; i++) {
        const struct sai_decision *d = decision(f, i);
        for (uint32_t j = 0; j < d->n; j++)
            memcpy(f->group + (size_t)j * n_stages, f->unseen + (size_t)f->images.which[s->starts[i] + j] * n_stages,
                   n_stages * sizeof *f->group);
        sai_prior_expected(expected + d->first, f->prior, d->project, f->group, d->n);
    }
}

int sai_recognise_fit(struct sai_mlp **out, float *expected, const struct sai_training *t, const struct sai_samples *s,
                      const struct sai_prior *prior, const uint8_t *part, unsigned n_parts)
{
    struct fit f = {.training = t, .samples = s, .prior = prior};
    *out = NULL;
    memset(expected, 0, t->decisions.n_members * sizeof *expected);
    if (prior->n_stages < 2)
        return SELECTAI_OK;
    int rc = sai_unique_rows_find(&f.images, s->x, s->dim, s->n_rows);
    if (rc == SELECTAI_OK)
        rc = allocate(&f);
    if (rc == SELECTAI_OK) {
        classify(&f, part);
        const struct sai_classified rows = {f.x, s->dim, f.images.n, f.label, prior->n_stages, f.part, n_parts};
        rc = sai_discriminant_fit(out, f.unseen, &rows);
    }
    if (rc == SELECTAI_OK)
        expect(expected, &f);
    sai_unique_rows_free(&f.images);
    sai_free(f.x);
    sai_free(f.label);
    sai_free(f.part);
    sai_free(f.unseen);
    sai_free(f.group);
    return rc;
}

static int recognise(float **p, const struct sai_model *m, const float *x, size_t n)
{
    size_t cells;
    *p = sai_mul_size(&cells, n, m->prior.n_stages) ? sai_malloc_array(cells, sizeof **p) : NULL;
    return *p ? sai_discriminant_run(*p, m->recogniser, &m->standardiser, x, n) : SELECTAI_ERR_OUT_OF_MEMORY;
}

int sai_recognise_group(float *out, const struct sai_model *m, const char *project, const float *x, size_t n)
{
    float *p;
    int rc = recognise(&p, m, x, n);
    if (rc == SELECTAI_OK)
        sai_prior_expected(out, &m->prior, project, p, n);
    sai_free(p);
    return rc;
}

int sai_recognise_rows(float *out, const struct sai_model *m, const float *x, size_t n)
{
    float *p;
    int rc = recognise(&p, m, x, n);
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++)
        sai_prior_expected(out + i, &m->prior, NULL, p + i * m->prior.n_stages, 1);
    sai_free(p);
    return rc;
}
