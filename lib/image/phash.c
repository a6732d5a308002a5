/*
 * image/phash.c: 64-bit perceptual hash with the same bits as ImageHash's phash().
 *
 * Method: DCT hash after C. Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010, in the
 * variant of the Python package ImageHash 4.3: median of the low 8 x 8 coefficients including the constant one.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image/resample.h"

#define SIDE 32
#define LOW  8

/* cosines[k][n] = 2 cos(pi k (2n + 1) / 64): one row of an un-normalised DCT-II. */
static void fill_cosines(double cosines[LOW][SIDE])
{
    const double pi = 3.14159265358979323846;
    for (int k = 0; k < LOW; k++)
        for (int n = 0; n < SIDE; n++)
            cosines[k][n] = 2.0 * cos(pi * k * (2 * n + 1) / (2.0 * SIDE));
}

/*
 * The low coefficients of the DCT along the first axis, then along the second. For k > 0 the cosines add up to 0, so
 * the first value is taken off before: what does not vary along an axis gives exactly 0 there, not rounding noise on
 * either side of the median.
 */
static void low_dct(double out[LOW * LOW], const uint8_t pixels[SIDE * SIDE])
{
    double cosines[LOW][SIDE], columns[LOW][SIDE];
    fill_cosines(cosines);
    for (int k = 0; k < LOW; k++)
        for (int x = 0; x < SIDE; x++) {
            double sum = 0, offset = k > 0 ? pixels[x] : 0;
            for (int y = 0; y < SIDE; y++)
                sum += cosines[k][y] * (pixels[y * SIDE + x] - offset);
            columns[k][x] = sum;
        }
    for (int k = 0; k < LOW; k++)
        for (int j = 0; j < LOW; j++) {
            double sum = 0, offset = j > 0 ? columns[k][0] : 0;
            for (int x = 0; x < SIDE; x++)
                sum += (columns[k][x] - offset) * cosines[j][x];
            out[k * LOW + j] = sum;
        }
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(const double values[LOW * LOW])
{
    double sorted[LOW * LOW];
    memcpy(sorted, values, sizeof sorted);
    qsort(sorted, LOW * LOW, sizeof *sorted, compare_doubles);
    return (sorted[LOW * LOW / 2 - 1] + sorted[LOW * LOW / 2]) / 2;
}

static uint64_t hash_of(const uint8_t pixels[SIDE * SIDE])
{
    double low[LOW * LOW];
    uint64_t hash = 0;
    low_dct(low, pixels);
    double middle = median(low);
    for (int i = 0; i < LOW * LOW; i++)
        hash = hash << 1 | (low[i] > middle);
    return hash;
}

int selectai_image_phash(uint64_t *out, const selectai_image *image)
{
    SAI_REQUIRE(out != NULL);
    SAI_REQUIRE(image != NULL);
    uint8_t *small = NULL;
    int rc = sai_resample_grey(&small, SIDE, SIDE, image, SELECTAI_FILTER_LANCZOS);
    if (rc != SELECTAI_OK)
        return rc;
    *out = hash_of(small);
    sai_free(small);
    return SELECTAI_OK;
}
