/*
 * trainset/log_read_crop.c: crop logs: the form of 11 columns + 4 per image, the nine columns, the minimal form.
 *
 * Boxes are in pixels or in fractions, row by row: one whose edges are all at most 1 is in fractions, since a crop of
 * one pixel is none; so is one below 2 with edges that are no whole numbers, which then reaches beyond the image.
 * (0,0,1,1) was written where nobody had drawn anything: no box, never the full frame. A box in pixels of an image of
 * unknown size, which old logs give as (0,0), cannot be placed.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "base/path.h"
#include "project/name.h"
#include "trainset/log_row.h"

/* ---- Sizes and boxes ------------------------------------------------------------------------- */

static int read_side(uint32_t *out, const char *text, const char *name)
{
    double side = 0;
    int rc = sai_log_read_number(&side, text, name);
    if (rc == SELECTAI_OK && !(side >= 0 && side <= INT32_MAX && side == floor(side)))
        rc = SAI_FAIL(SELECTAI_ERR_FORMAT, "%s is no number of pixels", name);
    if (rc == SELECTAI_OK)
        *out = (uint32_t)side;
    return rc;
}

static int read_size(struct sai_log_row *row, const char *width, const char *height)
{
    struct selectai_entry *e = &row->entry;
    int rc = read_side(&e->image_width, width, "width");
    if (rc == SELECTAI_OK)
        rc = read_side(&e->image_height, height, "height");
    if (!e->image_width || !e->image_height) {
        e->image_width = e->image_height = 0;
        if (row->header->form != SAI_FORM_CROP_SHORT) /* which has no columns for it */
            row->loader->notes |= SAI_NOTE_NO_SIZE;
    }
    return rc;
}

/* *any: false if all four cells are empty. */
static int read_edges(double edges[4], bool *any, const struct sai_log_row *row)
{
    size_t n = 0;
    for (int k = 0; k < 4; k++) {
        enum sai_log_column column = (enum sai_log_column)(SAI_COLUMN_X1 + k);
        const char *text = sai_log_text(row, column), *name = sai_log_column_name(column);
        int rc = sai_log_read_number(&edges[k], text, name);
        if (rc != SELECTAI_OK) {
            row->loader->kind = "box-not-a-number";
            return rc;
        }
        if (*text && edges[k] < 0)
            return SAI_BAD_ROW(row->loader, "box-outside", "%s is negative: %s", name, text);
        n += *text != '\0';
    }
    *any = n > 0;
    if (n % 4 != 0)
        return SAI_BAD_ROW(row->loader, "missing-field", "the crop has %zu of its four edges", n);
    if (n && (edges[0] >= edges[2] || edges[1] >= edges[3]))
        return SAI_BAD_ROW(row->loader, sai_box_fault(edges), "the crop is empty or turned round: %g,%g,%g,%g",
                           edges[0], edges[1], edges[2], edges[3]);
    return SELECTAI_OK;
}

/* The nearest whole pixels, at least one of them. */
static void whole_pixels(int32_t *low, int32_t *high, double from, double to, uint32_t side)
{
    *low = (int32_t)lround(from * side);
    *high = (int32_t)lround(to * side);
    if (*low == *high && *high < (int32_t)side)
        ++*high;
    else if (*low == *high)
        --*low;
}

static int place(struct sai_log_row *row, const double edges[4], double width, double height)
{
    struct selectai_entry *e = &row->entry;
    row->loader->notes |= width == 1 && height == 1 && edges[2] <= 1 && edges[3] <= 1 ? SAI_NOTE_FRACTIONS
                                                                                      : SAI_NOTE_PIXELS;
    e->has_crop = 1;
    e->crop_evidence = SELECTAI_CROP_EVIDENCE_LOG;
    e->crop = (struct selectai_box){edges[0] / width, edges[1] / height, edges[2] / width, edges[3] / height};
    if (e->crop.x1 >= e->crop.x2 || e->crop.y1 >= e->crop.y2) /* less apart than a double can say */
        return SAI_BAD_ROW(row->loader, "box-empty", "the crop is empty");
    e->was_cropped = !(e->crop.x1 <= 0 && e->crop.y1 <= 0 && e->crop.x2 >= 1 && e->crop.y2 >= 1);
    if (e->image_width) {
        whole_pixels(&e->crop_px.x1, &e->crop_px.x2, e->crop.x1, e->crop.x2, e->image_width);
        whole_pixels(&e->crop_px.y1, &e->crop_px.y2, e->crop.y1, e->crop.y2, e->image_height);
    }
    return SELECTAI_OK;
}

/* Says why a row that has no losers is of no use. */
static int needs_crop(const struct sai_log_row *row, const char *kind, const char *why)
{
    return row->entry.n_negatives ? SELECTAI_OK
                                  : SAI_BAD_ROW(row->loader, kind, "nothing to learn from: one image, %s", why);
}

#define ROUNDING 1e-6 /* by which a fraction may exceed 1 */

/* Whole numbers beyond 1 are pixels. Others below 2 are fractions that reach too far: nobody crops to a pixel's part.
 */
static bool in_fractions(const double edges[4])
{
    bool whole = true, small = true;
    for (int i = 0; i < 4; i++) {
        whole = whole && edges[i] == floor(edges[i]);
        small = small && edges[i] < 2;
    }
    return (edges[2] <= 1 && edges[3] <= 1) || (small && !whole);
}

static int place_fractions(struct sai_log_row *row, double edges[4])
{
    if (edges[2] > 1 + ROUNDING || edges[3] > 1 + ROUNDING)
        return SAI_BAD_ROW(row->loader, "box-outside", "the crop %g,%g,%g,%g, in fractions, reaches beyond the image",
                           edges[0], edges[1], edges[2], edges[3]);
    edges[2] = fmin(edges[2], 1);
    edges[3] = fmin(edges[3], 1);
    return place(row, edges, 1, 1);
}

/* After the losers and the size. */
static int read_box(struct sai_log_row *row)
{
    struct selectai_entry *e = &row->entry;
    double edges[4] = {0};
    bool any = false;
    int rc = read_edges(edges, &any, row);
    if (rc != SELECTAI_OK)
        return rc;
    if (!any)
        return needs_crop(row, "no-crop", "and no crop");
    if (edges[0] == 0 && edges[1] == 0 && edges[2] == 1 && edges[3] == 1) {
        row->loader->notes |= SAI_NOTE_PLACEHOLDER;
        return needs_crop(row, "box-placeholder", "and the crop is the placeholder (0,0,1,1)");
    }
    if (in_fractions(edges))
        return place_fractions(row, edges);
    if (!e->image_width) {
        row->loader->notes |= SAI_NOTE_PIXELS | SAI_NOTE_NO_SIZE;
        return needs_crop(row, "missing-dimension",
                          "and a crop in pixels of an image whose size the row does not tell");
    }
    if (edges[2] > e->image_width || edges[3] > e->image_height)
        return SAI_BAD_ROW(row->loader, "box-outside", "the crop %g,%g,%g,%g reaches beyond the image of %ux%u pixels",
                           edges[0], edges[1], edges[2], edges[3], (unsigned)e->image_width, (unsigned)e->image_height);
    return place(row, edges, e->image_width, e->image_height);
}

/* ---- Images ---------------------------------------------------------------------------------- */

static int copy_path(const char **out, struct sai_log_row *row, const char *path, const char *name)
{
    const char *folder = sai_log_text(row, SAI_COLUMN_DIRECTORY);
    size_t n = strlen(folder);
    if (!sai_utf8_valid(path, strlen(path)) || !sai_utf8_valid(folder, n))
        return SAI_BAD_ROW(row->loader, "not-utf8", "%s is not UTF-8", name);
    if (n && !strchr(path, '/')) /* a bare name: the row tells its folder beside it */
        *out = sai_arena_printf(row->arena, folder[n - 1] == '/' ? "%s%s" : "%s/%s", folder, path);
    else
        *out = sai_arena_strdup(row->arena, path);
    return *out ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

static int read_count(uint64_t *out, const struct sai_log_row *row, enum sai_log_column column)
{
    if (!sai_number_parse_u64(out, sai_log_text(row, column)))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s is no whole number", sai_log_column_name(column));
    return SELECTAI_OK;
}

/* The images stand one after the other from image_0 on; as many as image_count says. */
static int check_images(size_t *n, size_t *chosen, const struct sai_log_row *row)
{
    const struct sai_log_header *h = row->header;
    uint64_t count, index;
    *n = 0;
    int rc = read_count(&count, row, SAI_COLUMN_IMAGE_COUNT);
    if (rc == SELECTAI_OK)
        rc = read_count(&index, row, SAI_COLUMN_CHOSEN_INDEX);
    for (size_t i = 0; rc == SELECTAI_OK && i < h->n_images; i++) {
        if (!*sai_log_cell(row, h->images[i].path))
            continue;
        if (i != *n)
            rc = SAI_BAD_ROW(row->loader, "index-mismatch", "image_%zu_path is filled, image_%zu_path is not", i, *n);
        ++*n;
    }
    if (rc != SELECTAI_OK)
        return rc;
    if (count != *n)
        return SAI_BAD_ROW(row->loader, "index-mismatch", "image_count is %llu, but %zu images have a path",
                           (unsigned long long)count, *n);
    if (index >= *n)
        return SAI_BAD_ROW(row->loader, "index-mismatch", "chosen_index is %llu, of %zu images",
                           (unsigned long long)index, *n);
    *chosen = (size_t)index;
    const char *path = sai_log_text(row, SAI_COLUMN_CHOSEN_PATH);
    const char *image = sai_log_cell(row, h->images[*chosen].path);
    if (strcmp(sai_path_basename(path), sai_path_basename(image)) != 0)
        return SAI_BAD_ROW(row->loader, "index-mismatch",
                           "chosen_path is %s, but image_%zu_path, which chosen_index names, is %s", path, *chosen,
                           image);
    return SELECTAI_OK;
}

static double stage_beside(const char *path, const char *text)
{
    struct selectai_parsed_name name;
    return sai_parse_name(&name, path) ? sai_log_stage(text) : (double)NAN; /* the name's is found later */
}

static int read_images(struct sai_log_row *row, size_t n, size_t chosen)
{
    const struct sai_log_image *images = row->header->images;
    struct selectai_entry *e = &row->entry;
    const char **paths = NULL;
    double *stages = NULL;
    size_t k = 0;
    int rc = copy_path(&e->chosen_path, row, sai_log_text(row, SAI_COLUMN_CHOSEN_PATH), "chosen_path");
    if (rc == SELECTAI_OK && n > 1)
        rc = sai_entry_make_losers(&paths, &stages, e, row->arena, n - 1);
    if (rc != SELECTAI_OK)
        return rc;
    e->chosen_stage = stage_beside(e->chosen_path, sai_log_cell(row, images[chosen].stage));
    for (size_t i = 0; rc == SELECTAI_OK && i < n; i++) {
        if (i == chosen)
            continue;
        rc = copy_path(&paths[k], row, sai_log_cell(row, images[i].path), "an image's path");
        if (rc == SELECTAI_OK)
            stages[k] = stage_beside(paths[k], sai_log_cell(row, images[i].stage));
        k++;
    }
    return rc;
}

/* ---- Rows ------------------------------------------------------------------------------------ */

int sai_log_read_crop_full(struct sai_log_row *row)
{
    const struct sai_log_image *images = row->header->images;
    size_t n = 0, chosen = 0;
    int rc = check_images(&n, &chosen, row);
    if (rc == SELECTAI_OK)
        rc = sai_log_read_head(row);
    if (rc == SELECTAI_OK)
        rc = read_images(row, n, chosen);
    if (rc == SELECTAI_OK)
        rc = read_size(row, sai_log_cell(row, images[chosen].width), sai_log_cell(row, images[chosen].height));
    if (rc == SELECTAI_OK)
        rc = read_box(row);
    return rc == SELECTAI_OK ? sai_log_read_time(row) : rc;
}

int sai_log_read_crop_one(struct sai_log_row *row)
{
    struct selectai_entry *e = &row->entry;
    enum sai_log_column column = row->header->form == SAI_FORM_CROP_MINIMAL ? SAI_COLUMN_FILENAME
                                                                            : SAI_COLUMN_CHOSEN_PATH;
    const char *path = sai_log_text(row, column);
    if (!*path)
        return SAI_BAD_ROW(row->loader, "missing-field", "%s is missing or empty", sai_log_column_name(column));
    int rc = sai_log_read_head(row);
    if (rc == SELECTAI_OK)
        rc = sai_log_read_text(&e->project, row, SAI_COLUMN_PROJECT_ID, false);
    if (rc == SELECTAI_OK)
        rc = copy_path(&e->chosen_path, row, path, sai_log_column_name(column));
    if (rc == SELECTAI_OK) {
        e->chosen_stage = stage_beside(path, sai_log_text(row, SAI_COLUMN_CHOSEN_STAGE));
        rc = read_size(row, sai_log_text(row, SAI_COLUMN_WIDTH), sai_log_text(row, SAI_COLUMN_HEIGHT));
    }
    if (rc == SELECTAI_OK)
        rc = read_box(row);
    return rc == SELECTAI_OK ? sai_log_read_time(row) : rc;
}
