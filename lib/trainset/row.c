/*
 * trainset/row.c: one row of training entries, checked.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "project/name.h"
#include "trainset/load.h"

/* What a row is read into. */
struct row {
    const json_t *object;
    struct sai_arena *arena;
    const char *path; /* of the file, for messages */
    uint64_t number;
    struct selectai_entry entry;
};

#define BAD(row, ...) bad_row((row), sai_asprintf(__VA_ARGS__))

/* Takes over and frees `what`. */
static int bad_row(const struct row *row, char *what)
{
    if (!what)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int rc = SAI_FAIL(SELECTAI_ERR_FORMAT, "%s:%llu: %s", row->path, (unsigned long long)row->number, what);
    sai_free(what);
    return rc;
}

/* A member that is there and not null. */
static const json_t *member(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_null(value) ? NULL : value;
}

static int read_text(const char **out, struct row *row, const json_t *object, const char *key, bool needed)
{
    const json_t *value = member(object, key);
    if (value && !json_is_string(value))
        return BAD(row, "%s is no text", key);
    const char *text = value ? json_string_value(value) : "";
    if (needed && !*text)
        return BAD(row, "%s is missing or empty", key);
    if (!*text)
        return SELECTAI_OK; /* stays "" */
    *out = sai_arena_strdup(row->arena, text);
    return *out ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

static int read_number(double *out, struct row *row, const json_t *object, const char *key)
{
    const json_t *value = member(object, key);
    if (value && !json_is_number(value))
        return BAD(row, "%s is no number", key);
    if (value)
        *out = json_number_value(value);
    return SELECTAI_OK;
}

static int read_truth(int32_t *out, struct row *row, const char *key)
{
    const json_t *value = member(row->object, key);
    if (value && !json_is_boolean(value))
        return BAD(row, "%s is neither true nor false", key);
    if (value)
        *out = json_is_true(value);
    return SELECTAI_OK;
}

static int read_word(int32_t *out, struct row *row, const json_t *object, const char *key, const struct sai_word *words)
{
    const json_t *value = member(object, key);
    if (!value)
        return SELECTAI_OK;
    if (!json_is_string(value) || !sai_word_value(out, words, json_string_value(value)))
        return BAD(row, "%s is none of the known words", key);
    return SELECTAI_OK;
}

/* ---- Negatives ------------------------------------------------------------------------------- */

/* No file twice: one that won and lost, or lost twice, would be a pair of a picture with itself. */
static int check_distinct(struct row *row)
{
    const struct selectai_entry *e = &row->entry;
    for (uint32_t i = 0; i < e->n_negatives; i++) {
        if (strcmp(e->neg_paths[i], e->chosen_path) == 0)
            return BAD(row, "the chosen image stands among neg_paths too: %s", e->chosen_path);
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(e->neg_paths[i], e->neg_paths[k]) == 0)
                return BAD(row, "neg_paths has the same image twice: %s", e->neg_paths[i]);
    }
    return SELECTAI_OK;
}

#define MAX_NEGATIVES 4096u /* a group has 2 to 4 files; this only keeps check_distinct() short */

static int read_neg_paths(struct row *row)
{
    const json_t *list = member(row->object, "neg_paths");
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n == 0)
        return BAD(row, "neg_paths is missing or no list of at least one path");
    if (n > MAX_NEGATIVES)
        return BAD(row, "neg_paths has %zu paths, at most %u are taken", n, MAX_NEGATIVES);
    const char **paths = sai_arena_array(row->arena, n, sizeof *paths);
    double *stages = sai_arena_array(row->arena, n, sizeof *stages);
    if (!paths || !stages)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n; i++) {
        const char *path = json_string_value(json_array_get(list, i));
        if (!path || !*path)
            return BAD(row, "neg_paths has an element that is no path");
        paths[i] = sai_arena_strdup(row->arena, path);
        if (!paths[i])
            return SELECTAI_ERR_OUT_OF_MEMORY;
        stages[i] = NAN;
    }
    const json_t *list_of_stages = member(row->object, "neg_stages");
    size_t n_stages = json_array_size(list_of_stages);
    if (list_of_stages && (!json_is_array(list_of_stages) || (n_stages != 0 && n_stages != n)))
        return BAD(row, "neg_stages is no list as long as neg_paths");
    for (size_t i = 0; i < n_stages; i++) {
        const json_t *stage = json_array_get(list_of_stages, i);
        if (!json_is_number(stage) && !json_is_null(stage))
            return BAD(row, "neg_stages has an element that is no number");
        if (json_is_number(stage))
            stages[i] = json_number_value(stage);
    }
    row->entry.neg_paths = paths;
    row->entry.neg_stages = stages;
    row->entry.n_negatives = (uint32_t)n;
    return check_distinct(row);
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
            return BAD(row, "crop.box_px is no list of four whole numbers");
        v[i] = (int32_t)number;
    }
    if (v[0] >= v[2] || v[1] >= v[3])
        return BAD(row, "crop.box_px is empty or turned round");
    row->entry.crop_px = (struct selectai_pixel_box){v[0], v[1], v[2], v[3]};
    return SELECTAI_OK;
}

static int read_crop(struct row *row)
{
    const json_t *crop = member(row->object, "crop");
    if (!crop)
        return SELECTAI_OK;
    if (!json_is_object(crop))
        return BAD(row, "crop is no object");
    struct selectai_box box = {NAN, NAN, NAN, NAN};
    int rc = read_number(&box.x1, row, crop, "x1");
    if (rc == SELECTAI_OK)
        rc = read_number(&box.y1, row, crop, "y1");
    if (rc == SELECTAI_OK)
        rc = read_number(&box.x2, row, crop, "x2");
    if (rc == SELECTAI_OK)
        rc = read_number(&box.y2, row, crop, "y2");
    if (rc == SELECTAI_OK && !(box.x1 >= 0 && box.x1 < box.x2 && box.x2 <= 1 && box.y1 >= 0 && box.y1 < box.y2 &&
                               box.y2 <= 1)) /* false for NaN too */
        rc = BAD(row, "crop is no box in fractions, 0 <= x1 < x2 <= 1 and the same for y");
    if (rc == SELECTAI_OK)
        rc = read_pixel_box(row, member(crop, "box_px"));
    if (rc == SELECTAI_OK)
        rc = read_word(&row->entry.crop_method, row, crop, "method", sai_words_crop_method);
    if (rc == SELECTAI_OK)
        rc = read_number(&row->entry.crop_residual, row, crop, "residual");
    row->entry.crop = box;
    row->entry.has_crop = 1;
    return rc;
}

/* ---- The row --------------------------------------------------------------------------------- */

/* What a row does not say but its file names do. */
static int complete_from_names(struct row *row)
{
    struct selectai_entry *e = &row->entry;
    struct selectai_parsed_name parsed;
    if (sai_parse_name(&parsed, e->chosen_path) == NULL) {
        if (isnan(e->chosen_stage))
            e->chosen_stage = parsed.stage;
        if (!*e->timestamp)
            e->timestamp = sai_arena_strdup(row->arena, parsed.timestamp);
        if (!e->timestamp)
            return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    double *stages = sai_arena_array(row->arena, e->n_negatives, sizeof *stages);
    if (!stages)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < e->n_negatives; i++) {
        stages[i] = e->neg_stages[i];
        if (isnan(stages[i]) && sai_parse_name(&parsed, e->neg_paths[i]) == NULL)
            stages[i] = parsed.stage;
    }
    e->neg_stages = stages;
    int32_t anomaly = sai_entry_anomaly(e);
    if (anomaly != SELECTAI_UNKNOWN)
        e->anomaly = anomaly; /* what the stages say counts, not what the row claims */
    return SELECTAI_OK;
}

static int read_metadata(struct row *row)
{
    const json_t *metadata = member(row->object, "metadata");
    if (metadata && !json_is_object(metadata))
        return BAD(row, "metadata is no object");
    int rc = read_text(&row->entry.raw_dir, row, metadata, "raw_dir", false);
    if (rc == SELECTAI_OK)
        rc = read_text(&row->entry.final_dir, row, metadata, "final_dir", false);
    return rc == SELECTAI_OK ? read_text(&row->entry.extraction_date, row, metadata, "extraction_date", false) : rc;
}

static int read_row(struct row *row)
{
    struct selectai_entry *e = &row->entry;
    const json_t *object = row->object;
    if (!json_is_object(object))
        return BAD(row, "a JSON object is expected");
    int rc = read_text(&e->project, row, object, "project", true);
    if (rc == SELECTAI_OK)
        rc = read_text(&e->timestamp, row, object, "timestamp", false);
    if (rc == SELECTAI_OK)
        rc = read_text(&e->chosen_path, row, object, "chosen_path", true);
    if (rc == SELECTAI_OK)
        rc = read_number(&e->chosen_stage, row, object, "chosen_stage");
    if (rc == SELECTAI_OK)
        rc = read_neg_paths(row);
    if (rc == SELECTAI_OK)
        rc = read_truth(&e->was_cropped, row, "was_cropped");
    if (rc == SELECTAI_OK)
        rc = read_text(&e->set_id, row, object, "set_id", false);
    if (rc == SELECTAI_OK)
        rc = read_text(&e->chosen_final_path, row, object, "chosen_final_path", false);
    if (rc == SELECTAI_OK)
        rc = read_truth(&e->anomaly, row, "anomaly");
    if (rc == SELECTAI_OK)
        rc = read_crop(row);
    if (rc == SELECTAI_OK)
        rc = read_word(&e->crop_evidence, row, object, "crop_evidence", sai_words_crop_evidence);
    if (rc == SELECTAI_OK)
        rc = read_word(&e->group_mode, row, object, "group_mode", sai_words_group_mode);
    if (rc == SELECTAI_OK)
        rc = read_word(&e->evidence, row, object, "evidence", sai_words_evidence);
    if (rc == SELECTAI_OK)
        rc = read_metadata(row);
    return rc == SELECTAI_OK ? complete_from_names(row) : rc;
}

int sai_loader_add_row(struct sai_loader *loader, const json_t *object, uint64_t number)
{
    struct row row = {.object = object,
                      .arena = &loader->set->arena,
                      .path = loader->paths[loader->file],
                      .number = number,
                      .entry = sai_entry_blank()};
    int rc = read_row(&row);
    if (rc != SELECTAI_OK)
        return rc;
    if (!SAI_GROW(loader->origins, loader->origins_capacity, loader->n_origins + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    rc = sai_trainset_add(loader->set, &row.entry);
    if (rc == SELECTAI_OK)
        loader->origins[loader->n_origins++] = (struct sai_origin){.file = loader->file, .row = number};
    return rc;
}
