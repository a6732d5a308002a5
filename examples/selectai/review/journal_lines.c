/*
 * review/journal_lines.c: the journal's lines, made. docs/review.md describes them.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "journal_internal.h"
#include "verbs.h"

#define LINE_STYLE (JSON_COMPACT | JSON_STYLE)

void time_now(char out[32])
{
    struct timespec now;
    struct tm tm;
    char seconds[24];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out, 32, "%s.%03dZ", seconds, (int)(now.tv_nsec / 1000000));
}

/* ---- Images ---------------------------------------------------------------------------------- */

static json_t *json_of_number(double number)
{
    return isfinite(number) ? json_real(number) : json_null();
}

static json_t *images_of_group(const struct review_groups *groups, size_t group)
{
    json_t *list = json_array();
    const struct review_group *g = &groups->groups[group];
    for (uint32_t i = g->first; i < g->first + g->n; i++) {
        const struct review_image *image = &groups->images[i];
        json_t *item = json_pack("{s:s, s:o}", "id", image->id, "name", json_of_name(image->rel_path));
        json_object_set_new(item, "stage", json_of_number(image->stage));
        if (json_array_append_new(list, item) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* Of a group that is gone: its last line tells. */
static json_t *images_of_line(const struct journal *journal, const struct slot *slot)
{
    char *line = slot->length > 0 && slot->length < SIZE_MAX ? malloc((size_t)slot->length) : NULL;
    json_t *json = NULL, *images = NULL;
    if (line && journal_file_read(&journal->file, line, (size_t)slot->length, slot->offset) == (long long)slot->length)
        json = json_loadb(line, (size_t)slot->length, 0, NULL);
    images = json_object_get(json, "images");
    if (json_is_array(images))
        json_incref(images);
    else
        images = NULL;
    json_decref(json);
    free(line);
    return images;
}

json_t *images_of_slot(const struct journal *journal, size_t slot)
{
    json_t *images = slot < journal->groups->n_groups ? images_of_group(journal->groups, slot)
                                                      : images_of_line(journal, &journal->slots[slot]);
    if (!images)
        say("%s: out of memory, or the images of group %s cannot be read in it", journal->file.path,
            id_of_slot(journal, slot));
    return images;
}

static const char *text_of_image(const json_t *images, uint32_t image, const char *key)
{
    const char *text = json_string_value(json_object_get(json_array_get(images, image), key));
    return text ? text : "";
}

static const char *id_in_images(const void *of, uint32_t image)
{
    return text_of_image(of, image, "id");
}

static const char *name_in_images(const void *of, uint32_t image)
{
    return text_of_image(of, image, "name");
}

json_t *json_of_standing(const struct standing *standing, const json_t *images)
{
    return standing ? json_of_decision_named(&standing->decision, id_in_images, name_in_images, images) : json_null();
}

/* ---- Lines ----------------------------------------------------------------------------------- */

json_t *begin_line(uint64_t op, const char *time, const char *action)
{
    return json_pack("{s:I, s:s, s:s}", "op", (json_int_t)op, "time", time, "action", action);
}

void set_batch(json_t *line, uint64_t batch, size_t n)
{
    if (n < 2)
        return;
    json_object_set_new(line, "batch", json_integer((json_int_t)batch));
    json_object_set_new(line, "lines", json_integer((json_int_t)n));
}

static const char *action_of(const struct decide_line *what)
{
    if (what->standing->decision.outcome == UNDECIDED)
        return "clear";
    if (what->standing->decision.outcome == PICK && what->circumstances->agreed == 1)
        return "approve";
    return outcome_name(what->standing->decision.outcome);
}

static json_t *copy_or_null(const json_t *value)
{
    return value ? json_deep_copy(value) : json_null();
}

static void set_circumstances(json_t *line, const struct decide_line *what)
{
    const struct circumstances *circumstances = what->circumstances;
    json_object_set_new(line, "model", circumstances->model ? json_of_name(circumstances->model) : json_null());
    json_object_set_new(line, "suggestion", copy_or_null(circumstances->suggestion));
    json_object_set_new(line, "shown", copy_or_null(circumstances->shown));
    json_object_set_new(line, "source", json_string(source_name(circumstances->source)));
    json_object_set_new(line, "agreed",
                        circumstances->agreed < 0 ? json_null() : json_boolean(circumstances->agreed == 1));
    json_object_set_new(line, "seconds", json_of_number(what->standing->seconds));
}

static const struct standing *standing_at(const struct journal *journal, size_t change)
{
    return change ? &journal->changes[change - 1].standing : NULL;
}

/* What all lines about a group have; what held before, and its operation, and what will hold. */
static void set_group(json_t *line, const struct journal *journal, size_t slot, json_t *images,
                      const struct standing *now)
{
    const struct standing *before = standing_at(journal, journal->slots[slot].current);
    json_object_set_new(line, "group", json_string(id_of_slot(journal, slot)));
    json_object_set(line, "images", images);
    json_object_set_new(line, "previous", json_of_standing(before, images));
    json_object_set_new(line, "previous_op", before ? json_integer((json_int_t)before->op) : json_null());
    json_object_set_new(line, "decision", json_of_standing(now, images));
}

json_t *line_of_decision(const struct journal *journal, const struct decide_line *what)
{
    json_t *images = images_of_slot(journal, what->slot);
    json_t *line = images ? begin_line(what->op, what->standing->time, action_of(what)) : NULL;
    if (line) {
        set_group(line, journal, what->slot, images, what->standing);
        set_circumstances(line, what);
        set_batch(line, what->batch, what->n_batch);
    }
    json_decref(images);
    return line;
}

json_t *line_of_step(const struct journal *journal, const char *action, const char *time, uint64_t op, uint64_t of,
                     size_t slot, size_t now)
{
    json_t *images = images_of_slot(journal, slot);
    json_t *line = images ? begin_line(op, time, action) : NULL;
    if (line) {
        json_object_set_new(line, "of", json_integer((json_int_t)of));
        set_group(line, journal, slot, images, standing_at(journal, now));
    }
    json_decref(images);
    return line;
}

json_t *header_line(const struct journal *journal)
{
    return json_pack("{s:s, s:i, s:s, s:s, s:s}", "journal", JOURNAL_KIND, "version", JOURNAL_VERSION, "project",
                     journal->project, "created", journal->created, "program", selectai_version_string());
}

/* ---- Texts ----------------------------------------------------------------------------------- */

int put_line(struct text *out, json_t *line)
{
    char *text = line ? json_dumps(line, LINE_STYLE) : NULL, id[REVIEW_ID], end[64];
    size_t n = text ? strlen(text) : 0;
    int ok = n > 2;
    if (ok) {
        id_text(id, check_of(text, n - 1)); /* without the bracket that closes it */
        snprintf(end, sizeof end, CHECK_MEMBER "%s\"}\n", id);
        text_put(out, text, n - 1);
        text_add(out, end);
        ok = !out->failed;
    }
    free(text);
    json_decref(line);
    return ok;
}
