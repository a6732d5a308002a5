/*
 * review/journal_decision.c: decisions in the form in which lines have them, read without a tree of JSON: most of the
 * time of opening a journal would go into those trees.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "journal_internal.h"

/* Members in the order in which json_of_decision() writes them; others may follow. */
static int next_is(struct scan *scan, const char *name, struct span *value)
{
    struct span key;
    return scan_next(scan, &key, value) && span_is(key, name);
}

static int read_box(struct selectai_box *box, struct span text)
{
    double *const edges[4] = {&box->x1, &box->y1, &box->x2, &box->y2};
    static const char *const names[4] = {"x1", "y1", "x2", "y2"};
    struct scan scan;
    struct span value;
    if (!scan_open(&scan, text, '{'))
        return 0;
    for (int i = 0; i < 4; i++)
        if (!next_is(&scan, names[i], &value) || !span_number(edges[i], value))
            return 0;
    return box->x1 >= 0 && box->x1 < box->x2 && box->x2 <= 1 && box->y1 >= 0 && box->y1 < box->y2 && box->y2 <= 1;
}

/* n whole numbers, or null: then they stay 0. */
static int read_whole(int32_t *out, int n, struct span text)
{
    struct scan scan;
    struct span key, value;
    uint64_t number;
    if (span_is(text, "null"))
        return 1;
    if (!scan_open(&scan, text, '['))
        return 0;
    for (int i = 0; i < n; i++) {
        if (!scan_next(&scan, &key, &value) || !span_count(&number, value) || number > INT32_MAX)
            return 0;
        out[i] = (int32_t)number;
    }
    return !scan_next(&scan, &key, &value) && !scan.failed;
}

static int read_sizes(struct winner *winner, struct span px, struct span size)
{
    int32_t sides[2] = {0}, edges[4] = {0};
    if (!read_whole(sides, 2, size) || !read_whole(edges, 4, px))
        return 0;
    int none = span_is(px, "null");
    winner->width = (uint32_t)sides[0];
    winner->height = (uint32_t)sides[1];
    winner->pixels = (struct selectai_pixel_box){edges[0], edges[1], edges[2], edges[3]};
    return (span_is(size, "null") || (sides[0] > 0 && sides[1] > 0)) &&
           (none || (has_box(winner) && edges[0] < edges[2] && edges[1] < edges[3])) &&
           (none || sides[0] == 0 || (edges[2] <= sides[0] && edges[3] <= sides[1]));
}

static int read_crop(enum crop_kind *out, struct span text)
{
    char word[16];
    return span_text(word, sizeof word, text) && crop_of_name(out, word);
}

static int read_winner(struct winner *out, struct span text, find_image_fn find, const void *of)
{
    struct scan scan;
    struct span image, name, crop, box, px, size;
    char id[REVIEW_ID];
    *out = (struct winner){0};
    if (!scan_open(&scan, text, '{') || !next_is(&scan, "image", &image) || !next_is(&scan, "name", &name) ||
        !next_is(&scan, "crop", &crop) || !next_is(&scan, "box", &box) || !next_is(&scan, "box_px", &px) ||
        !next_is(&scan, "size", &size) || !span_text(id, sizeof id, image) || !read_crop(&out->crop, crop))
        return 0;
    size_t index = find(of, id);
    if (index >= UINT32_MAX || (has_box(out) ? !read_box(&out->box, box) : !span_is(box, "null")))
        return 0;
    out->image = (uint32_t)index;
    return read_sizes(out, px, size);
}

static int read_winners(struct decision *out, struct span list, find_image_fn find, const void *of)
{
    struct scan scan;
    struct span key, value;
    struct winner winners[4]; /* more are rare, and read the other way */
    uint32_t n = 0;
    if (!scan_open(&scan, list, '['))
        return 0;
    while (scan_next(&scan, &key, &value)) {
        if (n == sizeof winners / sizeof *winners || !read_winner(&winners[n], value, find, of) ||
            (n > 0 && winners[n].image <= winners[n - 1].image))
            return 0;
        n++;
    }
    struct decision decision = {PICK, n, winners};
    return !scan.failed && n > 0 && copy_decision(out, &decision) == SELECTAI_OK;
}

int read_plain_decision(struct decision *out, struct span text, find_image_fn find, const void *of)
{
    struct scan scan;
    struct span value;
    *out = (struct decision){0};
    if (span_is(text, "null"))
        return 1;
    if (!scan_open(&scan, text, '{') || !next_is(&scan, "outcome", &value))
        return 0;
    if (span_is(value, "\"pick\""))
        return next_is(&scan, "winners", &value) && read_winners(out, value, find, of);
    return 0;
}
