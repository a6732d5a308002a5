/*
 * image/register_refine.c: moves a box to where the original fits the crop best, to parts of a pixel.
 *
 * Gauss-Newton on the four edges, with the mean of both sides' gradients (S. Benhimane and E. Malis, "Real-time
 * image-based tracking of planes using efficient second-order minimization", IROS 2004; S. Baker and I. Matthews,
 * "Lucas-Kanade 20 years on", IJCV 56(3), 2004). Both sides are structure of unit norm, so that what is minimised is
 * one minus their correlation. The original is sampled anew at each box, so the crop's own borders are its borders.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "image/register.h"

/* Of a step, in compared pixels; beyond it the linearisation says nothing. */
#define MAX_STEP 2.0

/* An edge that moves less than this, in compared pixels, has arrived. */
#define ARRIVED 0.004

/* Boxes may leave the frame by this share of a compared pixel; edges are put on the frame at the end. */
#define OUTSIDE 0.5

/* Smallest side of a box, in original pixels. */
#define MIN_SIDE 4.0

struct comparison {
    const struct sai_sides *sides;
    uint32_t width, height;
    size_t n;
    float *crop, *here;                     /* luma */
    float *crop_structure, *here_structure; /* mean 0, norm 1 */
    float *work;
};

/* Normal equations for the edges x1, x2, y1, y2. */
struct normal {
    double h[4][4], b[4];
};

static void clear_comparison(struct comparison *c)
{
    sai_free(c->crop);
}

/* Subtracts the mean and divides by the norm, which is returned. */
static double unit_norm(float *v, size_t n)
{
    double sum = 0, square = 0;
    for (size_t i = 0; i < n; i++)
        sum += v[i];
    double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        square += (v[i] - mean) * (v[i] - mean);
    double norm = sqrt(square);
    float shift = (float)mean, scale = norm > 1e-3 ? (float)(1 / norm) : 0;
    for (size_t i = 0; i < n; i++)
        v[i] = (v[i] - shift) * scale;
    return norm;
}

static uint32_t limit_size(double size, uint32_t image, double box)
{
    size = size > image ? image : size;
    size = size > box ? box : size;
    return size < 4 ? 4 : (uint32_t)lrint(size);
}

static int make_comparison(struct comparison *c, const struct sai_fit *fit, uint32_t side)
{
    double width = fit->place.x2 - fit->place.x1, height = fit->place.y2 - fit->place.y1;
    double factor = side / (width > height ? width : height);
    c->width = limit_size(width * factor, c->sides->cropped.width, width);
    c->height = limit_size(height * factor, c->sides->cropped.height, height);
    c->n = (size_t)c->width * c->height;
    c->crop = sai_malloc_array(c->n, 6 * sizeof *c->crop);
    if (c->crop == NULL)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    c->here = c->crop + c->n;
    c->crop_structure = c->here + c->n;
    c->here_structure = c->crop_structure + c->n;
    c->work = c->here_structure + c->n;
    return SELECTAI_OK;
}

static inline void swap(float *a, float *b)
{
    float t = *a;
    *a = *b;
    *b = t;
}

static void mirror(float *luma, uint32_t width, uint32_t height)
{
    for (uint32_t y = 0; y < height; y++, luma += width)
        for (uint32_t x = 0; x < width / 2; x++)
            swap(luma + x, luma + width - 1 - x);
}

static void turn_over(float *luma, uint32_t width, uint32_t height)
{
    for (uint32_t y = 0; y < height / 2; y++)
        for (uint32_t x = 0; x < width; x++)
            swap(luma + (size_t)y * width + x, luma + (size_t)(height - 1 - y) * width + x);
}

static int look_at_crop(struct comparison *c, struct sai_fit *fit)
{
    struct sai_place whole = {0, 0, c->sides->cropped.width, c->sides->cropped.height};
    int rc = sai_pyramid_sample(c->crop, c->width, c->height, &c->sides->cropped, &whole);
    if (rc != SELECTAI_OK)
        return rc;
    if (c->sides->mirrored)
        mirror(c->crop, c->width, c->height);
    if (c->sides->upside_down)
        turn_over(c->crop, c->width, c->height);
    sai_luma_structure(c->crop_structure, c->crop, c->width, c->height, c->work);
    double norm = unit_norm(c->crop_structure, c->n);
    fit->width = c->width;
    fit->height = c->height;
    fit->texture = norm * norm;
    return SELECTAI_OK;
}

static int look_at_original(struct comparison *c, const struct sai_place *place, double *score)
{
    int rc = sai_pyramid_sample(c->here, c->width, c->height, &c->sides->original, place);
    if (rc != SELECTAI_OK)
        return rc;
    sai_luma_structure(c->here_structure, c->here, c->width, c->height, c->work);
    unit_norm(c->here_structure, c->n);
    double sum = 0;
    for (size_t i = 0; i < c->n; i++)
        sum += (double)c->crop_structure[i] * c->here_structure[i];
    *score = sum;
    return SELECTAI_OK;
}

/* ---- One step -------------------------------------------------------------------------------- */

/* Sums over one row; u is 0 at the box's left edge and 1 at its right. */
struct row_sums {
    double xx, xxu, xxuu, xy, xyu, yy, xe, xeu, ye;
};

static void sum_row(struct row_sums *s, const struct comparison *c, uint32_t y)
{
    const float *t = c->crop_structure + (size_t)y * c->width, *p = c->here_structure + (size_t)y * c->width;
    size_t row = c->width;
    double per_column = 1.0 / c->width;
    *s = (struct row_sums){0};
    for (uint32_t x = 1; x + 1 < c->width; x++) {
        double gx = 0.25 * ((double)(t[x + 1] - t[x - 1]) + (double)(p[x + 1] - p[x - 1]));
        double gy = 0.25 * ((double)((t + row)[x] - (t - row)[x]) + (double)((p + row)[x] - (p - row)[x]));
        double e = (double)t[x] - p[x], u = (x + 0.5) * per_column, gxu = gx * u;
        s->xx += gx * gx;
        s->xxu += gx * gxu;
        s->xxuu += gxu * gxu;
        s->xy += gx * gy;
        s->xyu += gxu * gy;
        s->yy += gy * gy;
        s->xe += gx * e;
        s->xeu += gxu * e;
        s->ye += gy * e;
    }
}

static void build_normal(struct normal *n, const struct comparison *c)
{
    memset(n, 0, sizeof *n);
    for (uint32_t y = 1; y + 1 < c->height; y++) {
        struct row_sums s;
        double v = (y + 0.5) / c->height, w = 1 - v;
        sum_row(&s, c, y);
        n->h[0][0] += s.xx - 2 * s.xxu + s.xxuu;
        n->h[0][1] += s.xxu - s.xxuu;
        n->h[1][1] += s.xxuu;
        n->h[0][2] += (s.xy - s.xyu) * w;
        n->h[0][3] += (s.xy - s.xyu) * v;
        n->h[1][2] += s.xyu * w;
        n->h[1][3] += s.xyu * v;
        n->h[2][2] += s.yy * w * w;
        n->h[2][3] += s.yy * w * v;
        n->h[3][3] += s.yy * v * v;
        n->b[0] += s.xe - s.xeu;
        n->b[1] += s.xeu;
        n->b[2] += s.ye * w;
        n->b[3] += s.ye * v;
    }
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++)
            n->h[i][j] = n->h[j][i];
}

/* Solves h x = b for the first `n` unknowns, h symmetric and positive (Cholesky); false if it is not. */
static bool solve(double x[4], double h[4][4], const double b[4], int n)
{
    double l[4][4] = {{0}}, trace = 0;
    for (int i = 0; i < n; i++)
        trace += h[i][i];
    if (!(trace > 0))
        return false;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j <= i; j++) {
            double sum = h[i][j] + (i == j ? 1e-4 * trace : 0); /* damped: one-sided structure moves nothing */
            for (int k = 0; k < j; k++)
                sum -= l[i][k] * l[j][k];
            if (i == j && !(sum > 0))
                return false;
            l[i][j] = i == j ? sqrt(sum) : sum / l[j][j];
        }
    }
    for (int i = 0; i < n; i++) {
        x[i] = b[i];
        for (int k = 0; k < i; k++)
            x[i] -= l[i][k] * x[k];
        x[i] /= l[i][i];
    }
    for (int i = n - 1; i >= 0; i--) {
        for (int k = i + 1; k < n; k++)
            x[i] -= l[k][i] * x[k];
        x[i] /= l[i][i];
    }
    return true;
}

/* With the ratio locked there are three unknowns: two shifts, and how far the right and lower edge go outwards. */
static bool solve_locked(double step[4], const struct normal *n, double width, double height)
{
    double longer = width > height ? width : height;
    const double p = 0.5 * width / longer, q = 0.5 * height / longer;
    const double basis[4][3] = {{1, 0, -p}, {1, 0, p}, {0, 1, -q}, {0, 1, q}};
    double h[4][4] = {{0}}, b[4] = {0}, x[4];
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 4; k++)
                for (int m = 0; m < 4; m++)
                    h[i][j] += basis[k][i] * n->h[k][m] * basis[m][j];
        for (int k = 0; k < 4; k++)
            b[i] += basis[k][i] * n->b[k];
    }
    if (!solve(x, h, b, 3))
        return false;
    for (int k = 0; k < 4; k++)
        step[k] = basis[k][0] * x[0] + basis[k][1] * x[1] + basis[k][2] * x[2];
    return true;
}

static double clamp(double v, double low, double high)
{
    return v < low ? low : v > high ? high : v;
}

/* Moves the edges by `step` compared pixels, inside the frame. Returns the longest move in compared pixels. */
static double move(struct sai_place *place, const struct comparison *c, const double step[4])
{
    struct sai_place old = *place;
    double ux = (old.x2 - old.x1) / c->width, uy = (old.y2 - old.y1) / c->height;
    double right = c->sides->original.width + OUTSIDE * ux, bottom = c->sides->original.height + OUTSIDE * uy;
    place->x1 = clamp(old.x1 + ux * clamp(step[0], -MAX_STEP, MAX_STEP), -OUTSIDE * ux, right - MIN_SIDE);
    place->x2 = clamp(old.x2 + ux * clamp(step[1], -MAX_STEP, MAX_STEP), place->x1 + MIN_SIDE, right);
    place->y1 = clamp(old.y1 + uy * clamp(step[2], -MAX_STEP, MAX_STEP), -OUTSIDE * uy, bottom - MIN_SIDE);
    place->y2 = clamp(old.y2 + uy * clamp(step[3], -MAX_STEP, MAX_STEP), place->y1 + MIN_SIDE, bottom);
    double x = fmax(fabs(place->x1 - old.x1), fabs(place->x2 - old.x2)) / ux;
    double y = fmax(fabs(place->y1 - old.y1), fabs(place->y2 - old.y2)) / uy;
    return fmax(x, y);
}

/* ---- Together -------------------------------------------------------------------------------- */

/* Root mean square difference after the gain and offset that bring the original's luma nearest to the crop's. */
static double residual_of(const struct comparison *c)
{
    double n = (double)c->n, t = 0, p = 0, tt = 0, pp = 0, tp = 0;
    for (size_t i = 0; i < c->n; i++) {
        double a = c->crop[i], b = c->here[i];
        t += a;
        p += b;
        tt += a * a;
        pp += b * b;
        tp += a * b;
    }
    double var_t = tt - t * t / n, var_p = pp - p * p / n, cov = tp - t * p / n;
    double left = var_p > 0 ? var_t - cov * cov / var_p : var_t;
    return left > 0 ? sqrt(left / n) : 0;
}

static int iterate(struct comparison *c, struct sai_fit *fit, uint32_t iterations, bool locked)
{
    struct sai_place place = fit->place;
    double score;
    int rc = look_at_original(c, &place, &score);
    if (rc == SELECTAI_OK) {
        fit->score = score;
        fit->residual = residual_of(c);
    }
    for (uint32_t i = 0; rc == SELECTAI_OK && i < iterations; i++) {
        struct normal n;
        double step[4];
        build_normal(&n, c);
        if (!(locked ? solve_locked(step, &n, c->width, c->height) : solve(step, n.h, n.b, 4)))
            break;
        double moved = move(&place, c, step);
        if (moved < ARRIVED)
            break;
        rc = look_at_original(c, &place, &score);
        if (rc == SELECTAI_OK && score > fit->score) {
            fit->score = score;
            fit->place = place;
            fit->residual = residual_of(c);
        }
    }
    return rc;
}

int sai_refine(struct sai_fit *fit, const struct sai_sides *sides, uint32_t side, uint32_t iterations, bool locked)
{
    struct comparison c = {.sides = sides};
    int rc = make_comparison(&c, fit, side);
    if (rc == SELECTAI_OK)
        rc = look_at_crop(&c, fit);
    if (rc == SELECTAI_OK)
        rc = iterate(&c, fit, iterations, locked);
    clear_comparison(&c);
    return rc;
}
