/*
 * learn/crop_join.c: an ensemble of equal networks as one network.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "learn/crop_join.h"

/* One layer of one member goes to its place in the joined layer; p: its weights, then biases. */
static void place_hidden(float *to, const float *p, uint32_t in, uint32_t out, uint32_t member, uint32_t n, bool first)
{
    size_t columns = first ? in : (size_t)in * n, column = first ? 0 : (size_t)in * member;
    for (uint32_t r = 0; r < out; r++)
        memcpy(to + ((size_t)member * out + r) * columns + column, p + (size_t)r * in, in * sizeof *to);
    memcpy(to + (size_t)out * n * columns + (size_t)member * out, p + (size_t)in * out, out * sizeof *to);
}

static void place_last(float *to, const float *p, uint32_t in, uint32_t out, uint32_t member, uint32_t n,
                       const double *scale)
{
    size_t columns = (size_t)in * n;
    for (uint32_t r = 0; r < out; r++) {
        double share = scale[r] / (double)n;
        for (uint32_t c = 0; c < in; c++)
            to[r * columns + (size_t)member * in + c] = (float)(share * (double)p[(size_t)r * in + c]);
        to[columns * out + r] += (float)(share * (double)p[(size_t)in * out + r]);
    }
}

int sai_crop_join(struct sai_mlp **out, struct sai_mlp *const *members, uint32_t n, const double *scale,
                  const double *shift)
{
    const struct sai_mlp *like = members[0];
    uint32_t widths[SAI_MLP_MAX_WIDTHS], last = like->n_widths - 1;
    size_t count;
    for (uint32_t i = 0; i <= last; i++)
        widths[i] = i == 0 || i == last ? like->widths[i] : like->widths[i] * n;
    SAI_REQUIRE(like->n_widths >= 3 && sai_mlp_count(&count, widths, like->n_widths));
    float *p = sai_calloc(count, sizeof *p), *to = p;
    if (!p)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    size_t from = 0;
    for (uint32_t i = 1; i <= last; i++) {
        uint32_t in = like->widths[i - 1], width = like->widths[i];
        for (uint32_t m = 0; m < n; m++) {
            if (i < last)
                place_hidden(to, members[m]->parameters + from, in, width, m, n, i == 1);
            else
                place_last(to, members[m]->parameters + from, in, width, m, n, scale);
        }
        from += ((size_t)in + 1) * width;
        to += ((size_t)widths[i - 1] + 1) * widths[i];
    }
    for (uint32_t r = 0; r < widths[last]; r++) /* the last layer's biases are the last parameters */
        to[(ptrdiff_t)r - (ptrdiff_t)widths[last]] += (float)shift[r];
    int rc = sai_mlp_create(out, widths, like->n_widths, SAI_MLP_LINEAR, p);
    sai_free(p);
    return rc;
}
