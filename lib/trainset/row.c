/*
 * trainset/row.c: one training entry from its JSON; a rejected group goes to row_rejected.c.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "trainset/load.h"

/* What a row is read into. */
struct row {
    const json_t *object;
    struct sai_loader *loader;
    struct selectai_entry entry;
};

static int read_number(double *out, const json_t *object, const char *key)
{
    const json_t *value = sai_row_member(object, key);
    if (value && !json_is_number(value))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s is no number", key);
    if (value)
        *out = json_number_value(value);
    return SELECTAI_OK;
}

static int read_truth(int32_t *out, struct row *row, const char *key)
{
    const json_t *value = sai_row_member(row->object, key);
    if (value && !json_is_boolean(value))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s is neither true nor false", key);
    if (value)
        *out = json_is_true(value);
    return SELECTAI_OK;
}

static int read_word(int32_t *out, const json_t *object, const char *key, const struct sai_word *words)
{
    const json_t *value = sai_row_member(object, key);
    if (!value)
        return SELECTAI_OK;
    if (!json_is_string(value) || !sai_word_value(out, words, json_string_value(value)))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s is none of the known words", key);
    return SELECTAI_OK;
}

/* ---- Negatives ------------------------------------------------------------------------------- */

static int read_losers(struct row *row)
{
    static const struct sai_row_keys keys = {.paths = "neg_paths", .stages = "neg_stages", .what = "losers"};
    struct sai_row_images losers;
    const json_t *list = sai_row_member(row->object, keys.paths);
    if (json_is_array(list) && json_array_size(list) == 0 && sai_row_member(row->object, "crop"))
        return SELECTAI_OK; /* a crop alone */
    int rc = sai_row_images(&losers, row->loader, row->object, &keys);
    if (rc != SELECTAI_OK)
        return rc;
    row->entry.neg_paths = losers.paths;
    row->entry.neg_stages = losers.stages;
    row->entry.n_negatives = losers.n;
    return SELECTAI_OK;
}

/* ---- Crop ------------------------------------------------------------------------------------ */

static int read_pixel_box(struct row *row, const json_t *list)
{
    int32_t v[4] = {0};
    if (!list)
        return SELECTAI_OK;
    for (size_t i = 0; i < 4; i++) {
        const json_t *value = json_array_get(list, i);
        json_int_t number = json_integer_value(value);
        if (json_array_size(list) != 4 || !json_is_integer(value) || number < 0 || number > INT32_MAX)
            return SAI_BAD_ROW(row->loader, "box-not-a-number", "crop.box_px is no list of four whole numbers");
        v[i] = (int32_t)number;
    }
    if (v[0] >= v[2] || v[1] >= v[3])
        return SAI_BAD_ROW(row->loader, v[0] > v[2] || v[1] > v[3] ? "box-inverted" : "box-empty",
                           "crop.box_px is empty or turned round");
    row->entry.crop_px = (struct selectai_pixel_box){v[0], v[1], v[2], v[3]};
    return SELECTAI_OK;
}

static const char *fault_of(const struct selectai_box *box)
{
    const double edges[4] = {box->x1, box->y1, box->x2, box->y2};
    if (isnan(box->x1) || isnan(box->y1) || isnan(box->x2) || isnan(box->y2))
        return "box-not-a-number";
    return box->x1 >= box->x2 || box->y1 >= box->y2 ? sai_box_fault(edges) : "box-outside";
}

static int read_crop(struct row *row)
{
    const json_t *crop = sai_row_member(row->object, "crop");
    if (!crop)
        return SELECTAI_OK;
    if (!json_is_object(crop))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "crop is no object");
    struct selectai_box box = {NAN, NAN, NAN, NAN};
    int rc = read_number(&box.x1, crop, "x1");
    if (rc == SELECTAI_OK)
        rc = read_number(&box.y1, crop, "y1");
    if (rc == SELECTAI_OK)
        rc = read_number(&box.x2, crop, "x2");
    if (rc == SELECTAI_OK)
        rc = read_number(&box.y2, crop, "y2");
    if (rc == SELECTAI_OK && !(box.x1 >= 0 && box.x1 < box.x2 && box.x2 <= 1 && box.y1 >= 0 && box.y1 < box.y2 &&
                               box.y2 <= 1)) /* false for NaN too */
        rc = SAI_BAD_ROW(row->loader, fault_of(&box),
                         "crop is no box in fractions, 0 <= x1 < x2 <= 1 and the same for y");
    if (rc == SELECTAI_OK)
        rc = read_pixel_box(row, sai_row_member(crop, "box_px"));
    if (rc == SELECTAI_OK)
        rc = read_word(&row->entry.crop_method, crop, "method", sai_words_crop_method);
    if (rc == SELECTAI_OK)
        rc = read_number(&row->entry.crop_residual, crop, "residual");
    row->entry.crop = box;
    row->entry.has_crop = 1;
    return rc;
}

/* ---- The row --------------------------------------------------------------------------------- */

static int read_metadata(struct row *row)
{
    const json_t *metadata = sai_row_member(row->object, "metadata");
    if (metadata && !json_is_object(metadata))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "metadata is no object");
    int rc = sai_row_text(&row->entry.raw_dir, row->loader, metadata, "raw_dir", false);
    if (rc == SELECTAI_OK)
        rc = sai_row_text(&row->entry.final_dir, row->loader, metadata, "final_dir", false);
    if (rc == SELECTAI_OK)
        rc = sai_row_text(&row->entry.extraction_date, row->loader, metadata, "extraction_date", false);
    row->entry.shared_folders = json_is_true(json_object_get(metadata, "shared_folders"));
    return rc;
}

static int read_image_size(struct row *row)
{
    const json_t *list = sai_row_member(row->object, "image_size");
    if (!list)
        return SELECTAI_OK;
    json_int_t width = json_integer_value(json_array_get(list, 0)),
               height = json_integer_value(json_array_get(list, 1));
    if (json_array_size(list) != 2 || width <= 0 || width > INT32_MAX || height <= 0 || height > INT32_MAX)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "image_size is no list of a width and a height");
    row->entry.image_width = (uint32_t)width;
    row->entry.image_height = (uint32_t)height;
    return SELECTAI_OK;
}

/* Members that entries from old logs have. */
static int read_log_members(struct row *row)
{
    int rc = read_image_size(row);
    if (rc == SELECTAI_OK)
        rc = sai_row_text(&row->entry.session_id, row->loader, row->object, "session_id", false);
    return rc == SELECTAI_OK ? sai_row_text(&row->entry.decided_at, row->loader, row->object, "decided_at", false) : rc;
}

static int read_row(struct row *row)
{
    struct selectai_entry *e = &row->entry;
    const json_t *object = row->object;
    if (!json_is_object(object))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "a JSON object is expected");
    int rc = read_losers(row);
    if (rc == SELECTAI_OK) /* a crop alone may belong to a project that nobody knows */
        rc = sai_row_text(&e->project, row->loader, object, "project", e->n_negatives > 0);
    if (rc == SELECTAI_OK)
        rc = sai_row_text(&e->timestamp, row->loader, object, "timestamp", false);
    if (rc == SELECTAI_OK)
        rc = sai_row_text(&e->chosen_path, row->loader, object, "chosen_path", true);
    if (rc == SELECTAI_OK)
        rc = read_number(&e->chosen_stage, object, "chosen_stage");
    if (rc == SELECTAI_OK)
        rc = read_truth(&e->was_cropped, row, "was_cropped");
    if (rc == SELECTAI_OK)
        rc = sai_row_text(&e->set_id, row->loader, object, "set_id", false);
    if (rc == SELECTAI_OK)
        rc = sai_row_text(&e->chosen_final_path, row->loader, object, "chosen_final_path", false);
    if (rc == SELECTAI_OK)
        rc = read_truth(&e->anomaly, row, "anomaly");
    if (rc == SELECTAI_OK)
        rc = read_crop(row);
    if (rc == SELECTAI_OK)
        rc = read_word(&e->crop_evidence, object, "crop_evidence", sai_words_crop_evidence);
    if (rc == SELECTAI_OK)
        rc = read_word(&e->group_mode, object, "group_mode", sai_words_group_mode);
    if (rc == SELECTAI_OK)
        rc = read_word(&e->evidence, object, "evidence", sai_words_evidence);
    if (rc == SELECTAI_OK)
        rc = read_metadata(row);
    return rc == SELECTAI_OK ? read_log_members(row) : rc;
}

int sai_load_object(struct selectai_entry *out, struct sai_loader *loader, const json_t *object, uint64_t number)
{
    struct row row = {.object = object, .loader = loader, .entry = sai_entry_blank()};
    loader->kind = "wrong-type";
    loader->notes = 0;
    loader->rejected = false;
    if (sai_is_rejected(object))
        return sai_row_rejected(out, loader, object, number);
    int rc = read_row(&row);
    if (rc == SELECTAI_OK)
        rc = sai_loader_complete(loader, &row.entry, number);
    if (rc == SELECTAI_OK)
        *out = row.entry;
    return rc;
}

int sai_loader_add_row(struct sai_loader *loader, const json_t *object, uint64_t number)
{
    struct selectai_entry entry;
    int rc = sai_load_object(&entry, loader, object, number);
    return rc == SELECTAI_OK ? sai_loader_add_entry(loader, &entry) : rc;
}
