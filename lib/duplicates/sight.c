/*
 * duplicates/sight.c: do two pictures look the same, but for being saved again or scaled?
 *
 * First thumbnails, which are at hand and cost nothing; then both files, as places of 8 x 8 pixels of the
 * smaller one, where the noise of JPEG's blocks cancels out and a mended spot does not.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "duplicates/duplicates.h"
#include "image/image.h"
#include "image/resample.h"

/*
 * Measured on 12 photos and 90 generated pictures: 1,122 copies (JPEG at quality 60, 75, 90; a quarter, a third, a
 * half, three quarters, the double, partly saved as JPEG again).
 *                                   copies, at most    limit
 *   thumbnails, root mean square          2.0           2.5
 *   thumbnails, at a place               14            20
 *   place of 8 x 8, brightness            4.7           5
 *   place of 8 x 8, colour               13.3          14
 * Beyond the limits: colours taken away (colour: 25 and more in 95 of 100), 2 pixels cut off (brightness: 12 and more
 * in 95 of 100), an eighth of the width mirrored (brightness: 7 and more). A flat or mirrored patch of a 32nd of the
 * width is seen in about half of the pictures. Pixels repeated to grow by half reach 11: no copy.
 */
#define NEAR_DIFFERENCE 2.5
#define NEAR_AT_A_PLACE 20
#define MOST_LUMA       5
#define MOST_CHROMA     14
#define MOST_BRIGHTER   0.75 /* in the mean; all of a picture 3 % brighter: 2.8 */

#define PLACE  8  /* pixels each way */
#define FEWEST 16 /* places in a row, of small pictures */

/* ---- Thumbnails ------------------------------------------------------------------------------ */

int sai_sight_thumbnail(uint8_t out[SAI_SIGHT_BYTES], const selectai_image *image)
{
    size_t n = (size_t)image->width * image->height;
    uint8_t *grey = sai_malloc(n), *small = NULL;
    if (!grey)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    sai_image_grey(grey, image->pixels, n);
    struct sai_plane plane = {image->width, image->height, 1, grey};
    int rc = sai_resample(&small, SAI_SIGHT_SIDE, SAI_SIGHT_SIDE, &plane, SELECTAI_FILTER_BICUBIC);
    if (rc == SELECTAI_OK)
        memcpy(out, small, SAI_SIGHT_BYTES);
    sai_free(small);
    sai_free(grey);
    return rc;
}

double sai_sight_difference(const uint8_t *a, const uint8_t *b)
{
    uint64_t sum = 0;
    for (int i = 0; i < SAI_SIGHT_BYTES; i++) {
        int d = a[i] - b[i];
        sum += (uint64_t)(d * d);
    }
    return sqrt((double)sum / SAI_SIGHT_BYTES);
}

bool sai_sight_near(const uint8_t *a, const uint8_t *b)
{
    for (int i = 0; i < SAI_SIGHT_BYTES; i++)
        if (abs(a[i] - b[i]) > NEAR_AT_A_PLACE)
            return false; /* of most pairs soon: they are different pictures */
    return sai_sight_difference(a, b) <= NEAR_DIFFERENCE;
}

/* ---- Files ----------------------------------------------------------------------------------- */

static uint32_t places(uint32_t pixels)
{
    uint32_t n = pixels / PLACE + (pixels % PLACE != 0);
    return n >= FEWEST ? n : pixels < FEWEST ? pixels : FEWEST;
}

static bool places_agree(const uint8_t *a, const uint8_t *b, const uint8_t *grey_a, const uint8_t *grey_b, size_t n)
{
    int64_t brighter = 0;
    for (size_t i = 0; i < n; i++) {
        int luma = grey_a[i] - grey_b[i];
        int red = a[3 * i] - b[3 * i] - luma, blue = a[3 * i + 2] - b[3 * i + 2] - luma;
        if (abs(luma) > MOST_LUMA || abs(red) > MOST_CHROMA || abs(blue) > MOST_CHROMA)
            return false;
        brighter += luma;
    }
    return fabs((double)brighter / (double)n) <= MOST_BRIGHTER;
}

/* Bicubic, not the mean of a box: Pillow's box counts whole pixels, so that places would shift with odd scales. */
int sai_sight_same(bool *same, const selectai_image *a, const selectai_image *b)
{
    const selectai_image *smaller = (uint64_t)a->width * a->height <= (uint64_t)b->width * b->height ? a : b;
    uint32_t width = places(smaller->width), height = places(smaller->height);
    size_t n = (size_t)width * height;
    selectai_image *x = NULL, *y = NULL;
    uint8_t *grey = sai_malloc_array(n, 2);
    int rc = grey ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = selectai_image_resize(&x, a, width, height, SELECTAI_FILTER_BICUBIC);
    if (rc == SELECTAI_OK)
        rc = selectai_image_resize(&y, b, width, height, SELECTAI_FILTER_BICUBIC);
    if (rc == SELECTAI_OK) {
        sai_image_grey(grey, x->pixels, n);
        sai_image_grey(grey + n, y->pixels, n);
        *same = places_agree(x->pixels, y->pixels, grey, grey + n, n);
    }
    selectai_image_destroy(&x);
    selectai_image_destroy(&y);
    sai_free(grey);
    return rc;
}
