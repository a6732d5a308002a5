/*
 * trainset/entry_json.c: a decision as a line of JSON.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "trainset/entry.h"

static void key(struct sai_text *line, const char *name)
{
    char last = line->length ? line->data[line->length - 1] : '{';
    sai_text_printf(line, "%s\"%s\":", last == '{' ? "" : ",", name);
}

/* "" stands for not known. */
static void text_member(struct sai_text *line, const char *name, const char *value)
{
    key(line, name);
    if (value && *value)
        sai_text_json_string(line, value);
    else
        sai_text_puts(line, "null");
}

static void number_member(struct sai_text *line, const char *name, double value)
{
    key(line, name);
    sai_text_json_number(line, value);
}

static void truth_member(struct sai_text *line, const char *name, int32_t value)
{
    key(line, name);
    sai_text_puts(line, value == 1 ? "true" : value == 0 ? "false" : "null");
}

void sai_json_texts(struct sai_text *line, const char *const *texts, size_t n)
{
    sai_text_puts(line, "[");
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            sai_text_puts(line, ",");
        sai_text_json_string(line, texts[i]);
    }
    sai_text_puts(line, "]");
}

void sai_json_numbers(struct sai_text *line, const double *numbers, size_t n)
{
    sai_text_puts(line, "[");
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            sai_text_puts(line, ",");
        sai_text_json_number(line, numbers[i]);
    }
    sai_text_puts(line, "]");
}

static void crop_member(struct sai_text *line, const struct selectai_entry *entry)
{
    const struct selectai_pixel_box *px = &entry->crop_px;
    key(line, "crop");
    if (!entry->has_crop) {
        sai_text_puts(line, "null");
        return;
    }
    sai_text_puts(line, "{");
    number_member(line, "x1", entry->crop.x1);
    number_member(line, "y1", entry->crop.y1);
    number_member(line, "x2", entry->crop.x2);
    number_member(line, "y2", entry->crop.y2);
    key(line, "box_px");
    if (px->x2 > px->x1 && px->y2 > px->y1)
        sai_text_printf(line, "[%d,%d,%d,%d]", (int)px->x1, (int)px->y1, (int)px->x2, (int)px->y2);
    else
        sai_text_puts(line, "null");                                    /* from a log that knew fractions only */
    bool searched = entry->crop_evidence != SELECTAI_CROP_EVIDENCE_LOG; /* else a person drew it */
    text_member(line, "method", searched ? sai_word_of(sai_words_crop_method, entry->crop_method) : NULL);
    number_member(line, "residual", entry->crop_residual);
    sai_text_puts(line, "}");
}

/* What only old logs know stands there only if it is known. */
static void log_members(struct sai_text *line, const struct selectai_entry *entry)
{
    if (entry->image_width && entry->image_height) {
        key(line, "image_size");
        sai_text_printf(line, "[%u,%u]", (unsigned)entry->image_width, (unsigned)entry->image_height);
    }
    if (*entry->session_id)
        text_member(line, "session_id", entry->session_id);
    if (*entry->decided_at)
        text_member(line, "decided_at", entry->decided_at);
}

void sai_entry_json(struct sai_text *line, const struct selectai_entry *entry)
{
    sai_text_puts(line, "{");
    text_member(line, "project", entry->project);
    text_member(line, "timestamp", entry->timestamp);
    text_member(line, "chosen_path", entry->chosen_path);
    number_member(line, "chosen_stage", entry->chosen_stage);
    key(line, "neg_paths");
    sai_json_texts(line, entry->neg_paths, entry->n_negatives);
    key(line, "neg_stages");
    sai_json_numbers(line, entry->neg_stages, entry->n_negatives);
    truth_member(line, "was_cropped", entry->was_cropped);
    text_member(line, "set_id", entry->set_id);
    text_member(line, "chosen_final_path", entry->chosen_final_path);
    truth_member(line, "anomaly", entry->anomaly);
    crop_member(line, entry);
    text_member(line, "crop_evidence", sai_word_of(sai_words_crop_evidence, entry->crop_evidence));
    text_member(line, "group_mode", sai_word_of(sai_words_group_mode, entry->group_mode));
    text_member(line, "evidence", sai_word_of(sai_words_evidence, entry->evidence));
    key(line, "metadata");
    sai_text_puts(line, "{");
    text_member(line, "raw_dir", entry->raw_dir);
    text_member(line, "final_dir", entry->final_dir);
    text_member(line, "extraction_date", entry->extraction_date);
    if (entry->shared_folders == 1)
        sai_text_puts(line, ",\"shared_folders\":true");
    sai_text_puts(line, "}");
    log_members(line, entry);
    sai_text_puts(line, "}");
}

void sai_rejected_json(struct sai_text *line, const struct selectai_rejected_group *group)
{
    sai_text_puts(line, "{");
    text_member(line, "project", group->project);
    text_member(line, "timestamp", group->timestamp);
    text_member(line, "set_id", group->set_id);
    key(line, "paths");
    sai_json_texts(line, group->paths, group->n_images);
    key(line, "stages");
    sai_json_numbers(line, group->stages, group->n_images);
    sai_text_puts(line, "}");
}

int selectai_trainset_entry_json(char **out, const selectai_trainset *set, size_t index)
{
    struct sai_text line = {0};
    SAI_REQUIRE(out && set && index < set->count);
    sai_entry_json(&line, &set->items[index]);
    return sai_text_finish(&line, out);
}
