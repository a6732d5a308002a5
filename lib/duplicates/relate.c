/*
 * duplicates/relate.c: what the files of a group really hold, which one is kept, and which could go.
 *
 * A near hash is a hint, no more: the stages of one picture have near hashes too. So bytes are compared, then pixels,
 * then how both look at 64 x 64.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/threads.h"
#include "duplicates/duplicates.h"
#include "image/image.h"
#include "image/resample.h"
#include "project/name.h"

#define SIDE 64 /* of the grey thumbnail that pictures are compared by */

/*
 * Up to where two files show the same picture, in grey levels: root mean square over the thumbnail, and its worst
 * place. Measured on 12 photos and 48 generated pictures: JPEG at quality 60 gives up to 0.85 and 4, scaling to a half
 * or a third up to 0.75 and 6, to the double 0.35 and 2; an eighth of the width that was blurred or mirrored, as when a
 * face was exchanged, 2.2 and 47 in the median.
 */
#define MOST_DIFFERENCE 1.0
#define MOST_AT_A_PLACE 8

/* ---- Facts about one file -------------------------------------------------------------------- */

static void digest_pixels(struct sai_copy *copy, const selectai_image *image)
{
    struct sai_sha256 sha;
    uint32_t size[2] = {copy->width, copy->height};
    sai_sha256_init(&sha);
    sai_sha256_update(&sha, size, sizeof size);
    sai_sha256_update(&sha, selectai_image_pixels(image), (size_t)copy->width * copy->height * 3);
    sai_sha256_hex(&sha, copy->pixels);
}

static int learn_copy(size_t index, unsigned thread, void *ctx)
{
    struct sai_copy *copy = &((struct selectai_duplicates *)ctx)->items[index];
    struct selectai_image_info info = {.struct_size = sizeof info};
    selectai_image *image = NULL;
    (void)thread;
    int rc = sai_file_crc32(&copy->crc32, &copy->size, copy->path);
    if (rc == SELECTAI_OK)
        rc = selectai_image_read_info(&info, copy->path);
    if (rc == SELECTAI_OK)
        rc = selectai_image_load(&image, copy->path, NULL);
    if (rc == SELECTAI_OK) {
        copy->width = selectai_image_width(image);
        copy->height = selectai_image_height(image);
        copy->lossy = strcmp(info.format, "jpeg") == 0 || strcmp(info.format, "webp") == 0;
        digest_pixels(copy, image);
    }
    selectai_image_destroy(&image);
    return rc == SELECTAI_OK ? rc : sai_copy_failed(copy, rc);
}

/* ---- The one that is kept -------------------------------------------------------------------- */

static uint64_t pixels_of(const struct sai_copy *copy)
{
    return (uint64_t)copy->width * copy->height;
}

/* By group; in a group the best first. */
static int by_worth(const void *left, const void *right)
{
    const struct sai_copy *a = left, *b = right;
    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    if (pixels_of(a) != pixels_of(b))
        return pixels_of(a) > pixels_of(b) ? -1 : 1;
    if (a->lossy != b->lossy)
        return a->lossy ? 1 : -1;
    if (a->size != b->size)
        return a->size > b->size ? -1 : 1;
    return strcmp(a->path, b->path);
}

/* Takes out what could not be read, and numbers the groups anew that still have several members. */
static int settle_groups(struct selectai_duplicates *d)
{
    size_t kept = 0, n = 0, end;
    int rc = SELECTAI_OK;
    for (size_t i = 0; i < d->count; i++) {
        struct sai_copy *copy = &d->items[i];
        if (!copy->problem) {
            d->items[n++] = *copy;
            continue;
        }
        if (rc == SELECTAI_OK)
            rc = sai_issues_add(d->issues, copy->problem_code, "unreadable", copy->path, 0, "%s", copy->problem);
        sai_free(copy->problem);
    }
    if (n > 1)
        qsort(d->items, n, sizeof *d->items, by_worth);
    for (size_t begin = 0; begin < n; begin = end) {
        uint32_t group = d->items[begin].group;
        for (end = begin + 1; end < n && d->items[end].group == group; end++)
            ;
        if (end - begin < 2)
            continue;
        for (size_t i = begin; i < end; i++) {
            d->items[kept] = d->items[i];
            d->items[kept++].group = (uint32_t)d->n_groups;
        }
        d->n_groups++;
    }
    d->count = kept;
    return rc;
}

/* ---- Relations ------------------------------------------------------------------------------- */

static int make_thumbnail(uint8_t thumbnail[SIDE * SIDE], const char *path)
{
    selectai_image *image = NULL;
    uint8_t *grey = NULL, *small = NULL;
    int rc = selectai_image_load(&image, path, NULL);
    if (rc != SELECTAI_OK)
        return rc;
    size_t n = (size_t)image->width * image->height;
    grey = sai_malloc(n);
    rc = grey ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK) {
        sai_image_grey(grey, image->pixels, n);
        struct sai_plane plane = {image->width, image->height, 1, grey};
        rc = sai_resample(&small, SIDE, SIDE, &plane, SELECTAI_FILTER_BICUBIC);
    }
    if (rc == SELECTAI_OK)
        memcpy(thumbnail, small, SIDE * SIDE);
    sai_free(small);
    sai_free(grey);
    selectai_image_destroy(&image);
    return rc;
}

/* Each thread's last kept picture: the members of a group stand together. */
struct kept_thumbnail {
    const struct sai_copy *kept;
    uint8_t pixels[SIDE * SIDE];
};

struct relating {
    struct selectai_duplicates *duplicates;
    struct kept_thumbnail *thumbnails; /* one per thread */
};

static bool look_the_same(double *difference, const uint8_t *a, const uint8_t *b)
{
    uint64_t sum = 0;
    int most = 0;
    for (int i = 0; i < SIDE * SIDE; i++) {
        int d = abs(a[i] - b[i]);
        sum += (uint64_t)(d * d);
        most = d > most ? d : most;
    }
    *difference = sqrt((double)sum / (SIDE * SIDE));
    return *difference <= MOST_DIFFERENCE && most <= MOST_AT_A_PLACE;
}

/* The names tell another moment or another stage: not the same picture, however it looks. */
static bool other_stage(const struct sai_copy *a, const struct sai_copy *b)
{
    struct selectai_parsed_name x, y;
    if (sai_parse_name(&x, a->path) != NULL || sai_parse_name(&y, b->path) != NULL)
        return false;
    return x.seconds != y.seconds || x.stage != y.stage;
}

static bool same_shape(const struct sai_copy *a, const struct sai_copy *b)
{
    double left = (double)a->width * b->height, right = (double)b->width * a->height;
    return fabs(left - right) <= 0.02 * fmax(left, right); /* scaled sizes are rounded */
}

static int compare_by_sight(struct sai_copy *copy, const struct sai_copy *kept, struct kept_thumbnail *last)
{
    uint8_t thumbnail[SIDE * SIDE];
    int rc = SELECTAI_OK;
    if (last->kept != kept) {
        last->kept = NULL;
        rc = make_thumbnail(last->pixels, kept->path);
    }
    if (rc == SELECTAI_OK) {
        last->kept = kept;
        rc = make_thumbnail(thumbnail, copy->path);
    }
    if (rc != SELECTAI_OK) { /* it could be read a moment ago: say no more than the hash does */
        copy->difference = NAN;
        return rc == SELECTAI_ERR_OUT_OF_MEMORY ? rc : SELECTAI_OK;
    }
    bool same = look_the_same(&copy->difference, last->pixels, thumbnail) && same_shape(copy, kept);
    copy->relation = same ? SELECTAI_COPY_RESAVED : SELECTAI_COPY_SIMILAR;
    copy->can_go = same && !other_stage(copy, kept);
    return SELECTAI_OK;
}

/* The first of the group with these pixels; members stand in the order of their worth. */
static const struct sai_copy *first_with_pixels(const struct sai_copy *kept, const struct sai_copy *copy)
{
    while (kept < copy && strcmp(kept->pixels, copy->pixels) != 0)
        kept++;
    return kept;
}

static int relate_one(size_t index, unsigned thread, void *ctx)
{
    struct relating *r = ctx;
    struct sai_copy *copy = &r->duplicates->items[index], *kept = copy;
    while (kept > r->duplicates->items && kept[-1].group == copy->group)
        kept--;
    const struct sai_copy *first = first_with_pixels(kept, copy);
    copy->relation = copy == kept ? SELECTAI_COPY_KEPT : SELECTAI_COPY_SIMILAR;
    copy->of = copy == kept || first == copy ? kept->index : first->index;
    if (first != copy) {
        bool bytes = copy->size == first->size && copy->crc32 == first->crc32;
        copy->relation = bytes ? SELECTAI_COPY_FILE : SELECTAI_COPY_PIXELS;
        copy->can_go = 1;
    } else if (copy != kept) {
        return compare_by_sight(copy, kept, &r->thumbnails[thread]);
    }
    return SELECTAI_OK;
}

int sai_relate_copies(struct selectai_duplicates *d, unsigned threads, struct sai_progress *progress)
{
    struct relating relating = {.duplicates = d, .thumbnails = sai_calloc(threads, sizeof *relating.thumbnails)};
    int rc = relating.thumbnails ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = sai_parallel_for(threads, d->count, learn_copy, d, progress, "compare");
    if (rc == SELECTAI_OK)
        rc = settle_groups(d);
    if (rc == SELECTAI_OK)
        rc = sai_parallel_for(threads, d->count, relate_one, &relating, progress, "compare");
    sai_free(relating.thumbnails);
    return rc;
}
