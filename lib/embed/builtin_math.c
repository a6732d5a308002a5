/*
 * embed/builtin_math.c: small statistics of the built-in descriptor, the same bits on every machine.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "embed/builtin_priv.h"

#define LN_2          0.69314718055994530942
#define SHAPES        64
#define LN_SHAPE_LOW  (-1.8971199848858813) /* ln 0.15 */
#define LN_SHAPE_HIGH 2.4849066497880004    /* ln 12 */

/*
 * ln of Gamma(1/a) Gamma(3/a) / Gamma(2/a)^2, which is E[x^2] / E[|x|]^2 of a generalised Gaussian of shape a, for 64
 * shapes spaced evenly in ln a (Sharifi and Leon-Garcia 1995). It falls strictly.
 */
static const float ln_ratio_of_shape[SHAPES] = {
    3.636321f, 3.402232f, 3.183913f, 2.980308f, 2.790430f, 2.613362f, 2.448245f, 2.294280f, 2.150722f, 2.016877f,
    1.892094f, 1.775772f, 1.667345f, 1.566289f, 1.472113f, 1.384362f, 1.302609f, 1.226458f, 1.155539f, 1.089506f,
    1.028039f, 0.970838f, 0.917622f, 0.868132f, 0.822124f, 0.779372f, 0.739663f, 0.702801f, 0.668599f, 0.636887f,
    0.607502f, 0.580294f, 0.555121f, 0.531851f, 0.510359f, 0.490528f, 0.472249f, 0.455418f, 0.439939f, 0.425719f,
    0.412672f, 0.400717f, 0.389778f, 0.379780f, 0.370657f, 0.362343f, 0.354778f, 0.347905f, 0.341668f, 0.336019f,
    0.330908f, 0.326292f, 0.322129f, 0.318380f, 0.315009f, 0.311981f, 0.309267f, 0.306836f, 0.304662f, 0.302720f,
    0.300989f, 0.299446f, 0.298073f, 0.296853f,
};

/* x = m 2^e with m in [sqrt(1/2), sqrt(2)); ln m = 2 atanh((m - 1) / (m + 1)) by its series. */
double sai_bi_ln(double x)
{
    if (!(x > 1e-30))
        x = 1e-30;
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int exponent = (int)(bits >> 52) - 1023;
    bits = (bits & 0xfffffffffffffULL) | 0x3ff0000000000000ULL;
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.41421356237309505) {
        m *= 0.5;
        exponent++;
    }
    double s = (m - 1.0) / (m + 1.0), s2 = s * s, series = 0.0;
    for (int k = 15; k >= 1; k -= 2)
        series = series * s2 + 1.0 / k;
    return 2.0 * s * series + exponent * LN_2;
}

double sai_bi_sum(const float *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum;
}

double sai_bi_ratio(double a, double b)
{
    return b > 1e-12 || b < -1e-12 ? a / b : 0.0;
}

double sai_bi_ggd_ln_shape(double ratio)
{
    double wanted = sai_bi_ln(ratio);
    if (!(wanted < ln_ratio_of_shape[0]))
        return LN_SHAPE_LOW;
    if (wanted <= ln_ratio_of_shape[SHAPES - 1])
        return LN_SHAPE_HIGH;
    int low = 0, high = SHAPES - 1;
    while (high - low > 1) {
        int middle = (low + high) / 2;
        if (ln_ratio_of_shape[middle] > wanted)
            low = middle;
        else
            high = middle;
    }
    double part = (ln_ratio_of_shape[low] - wanted) / (ln_ratio_of_shape[low] - ln_ratio_of_shape[high]);
    return LN_SHAPE_LOW + (low + part) * ((LN_SHAPE_HIGH - LN_SHAPE_LOW) / (SHAPES - 1));
}

void sai_bi_sort(float *values, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        float value = values[i];
        uint32_t at = i;
        for (; at > 0 && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
}

struct sai_bi_spread sai_bi_spread(float *values, uint32_t count)
{
    sai_bi_sort(values, count);
    uint32_t eighth = (count - 1) / 8;
    struct sai_bi_spread spread = {values[eighth], values[count / 2], values[count - 1 - eighth]};
    return spread;
}
