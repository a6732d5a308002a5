/*
 * trainset/log_write_row.c: a decision as a row of an old log.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/path.h"
#include "project/name.h"
#include "trainset/log_write.h"

static bool known(const char *text)
{
    return text && *text;
}

bool sai_log_holds(int32_t form, const struct selectai_entry *entry)
{
    if (form == SELECTAI_LOG_SELECTION)
        return entry->n_negatives > 0;
    if (form == SELECTAI_LOG_ANOMALIES)
        return entry->n_negatives > 0 && entry->anomaly == 1;
    return entry->has_crop && entry->image_width > 0 && entry->image_height > 0;
}

/* ---- Images ---------------------------------------------------------------------------------- */

static const char *path_of(const struct selectai_entry *entry, uint32_t image)
{
    return image ? entry->neg_paths[image - 1] : entry->chosen_path;
}

static double stage_of(const struct selectai_entry *entry, uint32_t image)
{
    return image ? entry->neg_stages[image - 1] : entry->chosen_stage;
}

/* Whether image a stands before b: by stage, unknown ones last. */
static bool is_before(const struct selectai_entry *entry, uint32_t a, uint32_t b)
{
    double x = stage_of(entry, a), y = stage_of(entry, b);
    if (isnan(x) || isnan(y))
        return !isnan(x) && isnan(y);
    return x < y;
}

/* Losers are in stage order already, so inserting finds its place at once; equal ones stay as they are. */
static int order_images(struct sai_log_writer *writer)
{
    const struct selectai_entry *entry = writer->entry;
    uint32_t n = entry->n_negatives + 1;
    if (!SAI_GROW(writer->order, writer->order_capacity, n))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t image = i + 1 < n ? i + 1 : 0, at = i; /* the winner last: it passes those that stand after it */
        for (; at > 0 && is_before(entry, image, writer->order[at - 1]); at--)
            writer->order[at] = writer->order[at - 1];
        writer->order[at] = image;
    }
    for (uint32_t i = 0; i < n; i++)
        if (writer->order[i] == 0)
            writer->chosen_index = i;
    return SELECTAI_OK;
}

/* ---- Boxes ----------------------------------------------------------------------------------- */

static double fraction(const struct selectai_box *box, int side)
{
    const double sides[4] = {box->x1, box->y1, box->x2, box->y2};
    return sides[side];
}

/* Whole pixels come out whole. */
static double pixels(const struct selectai_entry *entry, int side)
{
    const struct selectai_pixel_box *px = &entry->crop_px;
    const double sides[4] = {px->x1, px->y1, px->x2, px->y2};
    if (px->x1 < px->x2 && px->y1 < px->y2)
        return sides[side];
    double value = fraction(&entry->crop, side) * (side % 2 ? entry->image_height : entry->image_width);
    return fabs(value - round(value)) < 1e-6 ? round(value) : value;
}

/* ---- Cells ----------------------------------------------------------------------------------- */

static void number_cell(struct sai_text *line, double value)
{
    char text[SAI_NUMBER_SIZE] = "";
    if (isfinite(value))
        sai_number_format(text, value);
    sai_csv_field(line, text);
}

static void session_cell(struct sai_text *line, struct sai_log_writer *writer)
{
    const struct selectai_entry *entry = writer->entry;
    if (known(entry->session_id)) {
        sai_csv_field(line, entry->session_id);
        return;
    }
    sai_text_clear(&writer->list);
    sai_text_printf(&writer->list, "%s%sextracted", known(entry->project) ? entry->project : "",
                    known(entry->project) ? "_" : "");
    sai_csv_field(line, writer->list.failed ? "" : writer->list.data);
}

static const char *time_of(const struct selectai_entry *entry)
{
    if (known(entry->decided_at))
        return entry->decided_at;
    return known(entry->timestamp) ? entry->timestamp : "";
}

static void directory_cell(struct sai_text *line, struct sai_log_writer *writer)
{
    const char *path = writer->entry->chosen_path, *name = sai_path_basename(path);
    size_t n = (size_t)(name - path);
    sai_text_clear(&writer->list);
    sai_text_add(&writer->list, path, n > 1 ? n - 1 : n);
    sai_csv_field(line, writer->list.failed ? "" : writer->list.data);
}

static void losers_cell(struct sai_text *line, struct sai_log_writer *writer)
{
    sai_text_clear(&writer->list);
    sai_json_texts(&writer->list, writer->entry->neg_paths, writer->entry->n_negatives);
    sai_csv_field(line, writer->list.failed ? "" : writer->list.data);
}

/* "stage2_upscaled", as the file is called; empty if its name has no stage. */
static void stage_cell(struct sai_text *line, struct sai_log_writer *writer, const char *path)
{
    struct selectai_parsed_name parsed;
    const char *name = sai_path_basename(path), *stage = strstr(name, "stage");
    sai_text_clear(&writer->list);
    if (stage && sai_parse_name(&parsed, name) == NULL)
        sai_text_add(&writer->list, stage, strlen(stage) - strlen(sai_path_extension(stage)));
    sai_csv_field(line, writer->list.length ? writer->list.data : "");
}

/* A loser's size stands in its own header, if the file is here. */
static double loser_side(const struct selectai_entry *entry, uint32_t image, enum sai_field field)
{
    struct selectai_image_info info = {.struct_size = sizeof info};
    if (selectai_image_read_info(&info, path_of(entry, image)) != SELECTAI_OK)
        return NAN;
    return field == SAI_FIELD_IMAGE_WIDTH ? info.width : info.height;
}

static double side_of(const struct selectai_entry *entry, uint32_t image, enum sai_field field)
{
    if (image != 0)
        return loser_side(entry, image, field);
    return field == SAI_FIELD_IMAGE_WIDTH ? entry->image_width : entry->image_height;
}

static void image_cell(struct sai_text *line, struct sai_log_writer *writer, const struct sai_log_column_at *column)
{
    const struct selectai_entry *entry = writer->entry;
    bool there = column->image <= entry->n_negatives;
    uint32_t image = there ? writer->order[column->image] : 0;
    if (!there)
        sai_csv_field(line, "");
    else if (column->field == SAI_FIELD_IMAGE_PATH)
        sai_csv_field(line, path_of(entry, image));
    else if (column->field == SAI_FIELD_IMAGE_STAGE)
        stage_cell(line, writer, path_of(entry, image));
    else
        number_cell(line, side_of(entry, image, column->field));
}

static void cell(struct sai_text *line, struct sai_log_writer *writer, const struct sai_log_column_at *column)
{
    const struct selectai_entry *entry = writer->entry;
    int side = (int)column->field - SAI_FIELD_X1;
    switch (column->field) {
    case SAI_FIELD_SESSION_ID:
        session_cell(line, writer);
        break;
    case SAI_FIELD_SET_ID:
        sai_csv_field(line, known(entry->set_id) ? entry->set_id : "");
        break;
    case SAI_FIELD_PROJECT:
    case SAI_FIELD_PROJECT_ID:
        sai_csv_field(line, known(entry->project) ? entry->project : "");
        break;
    case SAI_FIELD_DIRECTORY:
        directory_cell(line, writer);
        break;
    case SAI_FIELD_IMAGE_COUNT:
        number_cell(line, (double)entry->n_negatives + 1);
        break;
    case SAI_FIELD_CHOSEN_INDEX:
        number_cell(line, writer->chosen_index);
        break;
    case SAI_FIELD_CHOSEN_STAGE:
        number_cell(line, entry->chosen_stage);
        break;
    case SAI_FIELD_MAX_REJECTED_STAGE:
        number_cell(line, sai_entry_highest_loser(entry));
        break;
    case SAI_FIELD_CHOSEN_PATH:
        sai_csv_field(line, entry->chosen_path);
        break;
    case SAI_FIELD_FILENAME:
        sai_csv_field(line, sai_path_basename(entry->chosen_path));
        break;
    case SAI_FIELD_NEG_PATHS:
    case SAI_FIELD_REJECTED_PATHS:
        losers_cell(line, writer);
        break;
    case SAI_FIELD_X1:
    case SAI_FIELD_Y1:
    case SAI_FIELD_X2:
    case SAI_FIELD_Y2:
        number_cell(line, writer->columns->n_images ? pixels(entry, side) : fraction(&entry->crop, side));
        break;
    case SAI_FIELD_WIDTH:
        number_cell(line, entry->image_width);
        break;
    case SAI_FIELD_HEIGHT:
        number_cell(line, entry->image_height);
        break;
    case SAI_FIELD_TIMESTAMP:
        sai_csv_field(line, time_of(entry));
        break;
    case SAI_FIELD_OTHER:
        sai_csv_field(line, "");
        break;
    default:
        image_cell(line, writer, column);
    }
}

int sai_log_row_write(struct sai_text *line, struct sai_log_writer *writer)
{
    for (size_t i = 0; i < writer->columns->count; i++)
        cell(line, writer, &writer->columns->items[i]);
    sai_csv_end(line);
    return line->failed || writer->list.failed ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK;
}

/* ---- The row's key --------------------------------------------------------------------------- */

int sai_log_writer_set(struct sai_log_writer *writer, const struct selectai_entry *entry)
{
    struct sai_log_key *key = &writer->key;
    int32_t form = writer->columns->form;
    bool crop = form == SELECTAI_LOG_CROP || form == SELECTAI_LOG_CROP_FULL;
    writer->entry = entry;
    key->texts[0] = form == SELECTAI_LOG_CROP || form == SELECTAI_LOG_ANOMALIES ? entry->project : NULL;
    key->texts[1] = form == SELECTAI_LOG_CROP ? sai_path_basename(entry->chosen_path) : entry->chosen_path;
    key->has_box = crop;
    for (int side = 0; crop && side < 4; side++)
        key->box[side] = pixels(entry, side);
    key->n_paths = 0;
    if (form != SELECTAI_LOG_CROP) {
        if (!SAI_GROW(key->paths, key->capacity, entry->n_negatives))
            return SELECTAI_ERR_OUT_OF_MEMORY;
        for (uint32_t i = 0; i < entry->n_negatives; i++)
            key->paths[key->n_paths++] = entry->neg_paths[i];
    }
    return form == SELECTAI_LOG_CROP_FULL ? order_images(writer) : SELECTAI_OK;
}

void sai_log_writer_free(struct sai_log_writer *writer)
{
    sai_free(writer->order);
    sai_free(writer->key.paths);
    sai_text_free(&writer->list);
}
