/*
 * learn/crop_fit_finish.c: what the members of a cropper are worth, from what each says of rows that it had not seen.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "learn/crop_deviations.h"
#include "learn/crop_fit.h"
#include "learn/crop_join.h"

#define MAX_TRIED 1024u /* rows that shrinking is judged by */
#define ENOUGH    0.5   /* standard errors that count as worse: chance, but chance that costs */

static const double shares[] = {1.0, 0.75, 0.5, 0.25, 0.0};
enum { N_SHARES = sizeof shares / sizeof shares[0] };

/* How the joined network's outputs are made from the members' mean: scale * mean + shift. */
struct worth {
    double scale[SAI_CROP_OUTPUTS], shift[SAI_CROP_OUTPUTS];
};

/* Rows that trained and that some member had not seen. */
static bool is_held(const struct sai_crop_fit *fit, size_t row)
{
    return fit->use[row] && fit->part[row] < fit->n;
}

static void outputs_of(float out[SAI_CROP_OUTPUTS], const struct worth *w, const struct sai_crop_fit *fit, size_t row)
{
    for (int k = 0; k < SAI_CROP_OUTPUTS; k++)
        out[k] = (float)(w->scale[k] * (double)fit->held[row * SAI_CROP_OUTPUTS + (size_t)k] + w->shift[k]);
}

/* What the chances are worth. */
static int weigh_chances(struct worth *w, const struct sai_crop_fit *fit)
{
    size_t rows = fit->data->n;
    double *logits = sai_malloc_array(rows, sizeof *logits), *targets = sai_malloc_array(rows, sizeof *targets);
    bool ok = logits && targets;
    for (int k = SAI_CROP_EDGES; k < SAI_CROP_OUTPUTS && ok; k++) {
        size_t n = 0;
        for (size_t r = 0; r < rows; r++) {
            const struct sai_crop_target *t = &fit->targets[r];
            if (!is_held(fit, r) || (k != SAI_CROP_WHOLE && t->whole != 0.0))
                continue;
            logits[n] = (double)fit->held[r * SAI_CROP_OUTPUTS + (size_t)k];
            targets[n++] = k == SAI_CROP_WHOLE ? t->whole : t->edges[k - SAI_CROP_EDGES];
        }
        sai_crop_platt(&w->scale[k], &w->shift[k], logits, targets, n);
    }
    sai_free(logits);
    sai_free(targets);
    return ok ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

/* Points move towards their mean: 1 - share of the way. */
static void shrink(struct worth *w, const struct sai_crop_fit *fit, double share)
{
    for (int k = SAI_CROP_SCALE; k <= SAI_CROP_Y; k++) {
        double sum = 0.0, n = 0.0;
        for (size_t r = 0; r < fit->data->n; r++)
            if (is_held(fit, r)) {
                sum += (double)fit->held[r * SAI_CROP_OUTPUTS + (size_t)k];
                n += 1.0;
            }
        w->scale[k] = share;
        w->shift[k] = n > 0.0 ? (1.0 - share) * sum / n : 0.0;
    }
}

/* How far the persons' boxes lie from the points, of images that were cropped. Where a box has no free play, its place
 * says nothing and deviates by nothing. */
static int cluster(struct sai_crop_head *head, const struct sai_crop_fit *fit, const struct worth *w)
{
    double(*by)[3] = sai_malloc_array(fit->data->n, sizeof *by);
    size_t n = 0;
    if (!by)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t r = 0; r < fit->data->n; r++) {
        struct sai_box_numbers truth;
        float o[SAI_CROP_OUTPUTS];
        if (!is_held(fit, r) || fit->targets[r].whole != 0.0 || !sai_box_to_numbers(&truth, &fit->data->boxes[r]))
            continue;
        outputs_of(o, w, fit, r);
        by[n][0] = truth.scale - sai_sigmoid((double)o[SAI_CROP_SCALE]);
        by[n][1] = isnan(truth.x) ? 0.0 : truth.x - sai_sigmoid((double)o[SAI_CROP_X]);
        by[n][2] = isnan(truth.y) ? 0.0 : truth.y - sai_sigmoid((double)o[SAI_CROP_Y]);
        n++;
    }
    sai_free(head->deviations);
    head->deviations = NULL;
    int rc = sai_crop_cluster(&head->deviations, &head->n_deviations, (const double(*)[3])by, n);
    sai_free(by);
    return rc;
}

/* IoU of what would be proposed for rows that the member had not seen, at most MAX_TRIED, evenly spread. */
static size_t try_out(double iou[MAX_TRIED], const struct sai_model *m, const struct sai_crop_fit *fit,
                      const struct worth *w)
{
    size_t n_held = 0, seen = 0, tried = 0;
    for (size_t r = 0; r < fit->data->n; r++)
        n_held += is_held(fit, r);
    size_t step = n_held / MAX_TRIED + 1;
    for (size_t r = 0; r < fit->data->n; r++) {
        struct selectai_crop_proposal p;
        float o[SAI_CROP_OUTPUTS];
        if (!is_held(fit, r) || seen++ % step != 0)
            continue;
        outputs_of(o, w, fit, r);
        sai_crop_decide(&p, &m->head, &m->constant, m->snap, o);
        iou[tried++] = selectai_box_iou(&p.box, &fit->data->boxes[r]);
    }
    return tried;
}

/* Is a worse than b, by more than chance? By the mean of the differences, in standard errors. */
static bool is_worse(const double *a, const double *b, size_t n)
{
    double sum = 0.0, square = 0.0, count = (double)n;
    for (size_t i = 0; i < n; i++) {
        sum += b[i] - a[i];
        square += (b[i] - a[i]) * (b[i] - a[i]);
    }
    double variance = n > 1 ? (square - sum * sum / count) / (count - 1.0) : 0.0;
    return sum / count > ENOUGH * sqrt(fmax(variance, 0.0) / count);
}

/*
 * Points that say little about images of another time are drawn to their mean as long as that is not clearly worse. If
 * one box for all images is not clearly worse than what comes out, the images tell nothing, and it is proposed.
 */
static int choose_share(struct sai_model *m, struct worth *w, const struct sai_crop_fit *fit)
{
    double(*iou)[MAX_TRIED] = sai_malloc_array(N_SHARES + 1, sizeof *iou), sums[N_SHARES] = {0};
    size_t n = 0, best = 0, chosen = 0;
    int rc = iou ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < N_SHARES && rc == SELECTAI_OK; i++) {
        shrink(w, fit, shares[i]);
        rc = cluster(&m->head, fit, w);
        if (rc == SELECTAI_OK)
            n = try_out(iou[i], m, fit, w);
        for (size_t k = 0; k < n; k++)
            sums[i] += iou[i][k];
        best = sums[i] > sums[best] ? i : best;
    }
    for (size_t i = 0; i < N_SHARES && n > 0 && rc == SELECTAI_OK; i++)
        if (!is_worse(iou[i], iou[best], n))
            chosen = i; /* the last one: the strongest that does no harm */
    if (rc == SELECTAI_OK) {
        shrink(w, fit, shares[chosen]);
        rc = cluster(&m->head, fit, w);
    }
    if (rc == SELECTAI_OK && n > 0) {
        m->head.one_box = true;
        n = try_out(iou[N_SHARES], m, fit, w);
        m->head.one_box = !is_worse(iou[N_SHARES], iou[chosen], n);
    }
    sai_free(iou);
    return rc;
}

int sai_crop_fit_finish(struct sai_model *m, const struct sai_crop_fit *fit)
{
    const struct sai_crop_data *data = fit->data;
    struct worth worth = {{0}, {0}};
    sai_crop_constant(&m->constant, data->boxes, fit->use, data->n);
    int rc = weigh_chances(&worth, fit);
    if (rc == SELECTAI_OK)
        rc = choose_share(m, &worth, fit);
    if (rc == SELECTAI_OK)
        rc = sai_crop_sizes(&m->head.sizes, &m->head.n_sizes, data->boxes, data->sizes, fit->use, data->n);
    return rc == SELECTAI_OK ? sai_crop_join(&m->mlp, fit->members, fit->n, worth.scale, worth.shift) : rc;
}
