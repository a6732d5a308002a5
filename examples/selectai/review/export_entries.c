/*
 * review/export_entries.c: training entries and rejected groups, as docs/formats.md describes them.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "export_internal.h"
#include "verbs.h"

struct output {
    struct whole_file file;
    uint64_t n;
};

/* ---- Crops ----------------------------------------------------------------------------------- */

/* Of whole pixels, since it is along these that the picture is cut. */
static struct selectai_box box_of(const struct winner *winner)
{
    const struct selectai_pixel_box *px = &winner->pixels;
    const double width = winner->width, height = winner->height;
    if (px->x2 <= 0 || width <= 0 || height <= 0)
        return winner->box;
    return (struct selectai_box){px->x1 / width, px->y1 / height, px->x2 / width, px->y2 / height};
}

/* The person drew or took it, nothing was searched: no method and no residual. */
static json_t *json_of_crop(const struct winner *winner)
{
    const struct selectai_pixel_box *px = &winner->pixels;
    struct selectai_box box = box_of(winner);
    return json_pack("{s:f, s:f, s:f, s:f, s:o, s:n, s:n}", "x1", box.x1, "y1", box.y1, "x2", box.x2, "y2", box.y2,
                     "box_px", px->x2 > 0 ? json_pack("[i,i,i,i]", px->x1, px->y1, px->x2, px->y2) : json_null(),
                     "method", "residual");
}

/* "Crop later" tells that it is to be cropped, not that it was, nor where. */
static void set_crop(json_t *row, const struct winner *winner)
{
    int drawn = has_box(winner) && !is_whole_box(winner), later = winner->crop == CROP_LATER;
    json_object_set_new(row, "crop", drawn ? json_of_crop(winner) : json_null());
    json_object_set_new(row, "crop_evidence", json_string(later ? "none" : "log"));
    json_object_set_new(row, "was_cropped", later ? json_null() : json_boolean(drawn));
    if (winner->width > 0 && winner->height > 0)
        json_object_set_new(row, "image_size",
                            json_pack("[I,I]", (json_int_t)winner->width, (json_int_t)winner->height));
}

/* ---- Entries --------------------------------------------------------------------------------- */

/* Other winners are nobody's losers. */
static int set_losers(json_t *row, const struct decided *decided)
{
    json_t *paths = json_array(), *stages = json_array();
    int failed = 0;
    for (size_t i = 0; i < decided->n; i++) {
        if (winner_of(decided, i))
            continue;
        json_t *path = decided_path(decided, i);
        failed |= !path || json_array_append_new(paths, path) != 0;
        failed |= json_array_append_new(stages, decided_stage(decided, i)) != 0;
    }
    json_object_set_new(row, "neg_paths", paths);
    json_object_set_new(row, "neg_stages", stages);
    return failed ? -1 : 0;
}

/* Whether some loser has a higher stage; null where a stage is not known. */
static json_t *anomaly_of(const struct decided *decided, size_t image)
{
    double chosen = NAN, highest = -INFINITY;
    for (size_t i = 0; i < decided->n; i++) {
        json_t *stage = decided_stage(decided, i);
        int known = json_is_number(stage);
        double value = json_number_value(stage);
        json_decref(stage);
        if ((i == image || !winner_of(decided, i)) && !known)
            return json_null();
        if (i == image)
            chosen = value;
        else if (!winner_of(decided, i))
            highest = fmax(highest, value);
    }
    return json_boolean(chosen < highest);
}

static json_t *entry_of(const struct decided *decided, size_t image)
{
    char session[300];
    json_t *path = decided_path(decided, image), *row = path ? json_object() : NULL;
    if (!row) {
        json_decref(path);
        return NULL;
    }
    json_object_set_new(row, "project", json_of_name(decided->groups->project));
    json_object_set_new(row, "timestamp", decided_timestamp(decided, image));
    json_object_set_new(row, "chosen_path", path);
    json_object_set_new(row, "chosen_stage", decided_stage(decided, image));
    int failed = set_losers(row, decided);
    json_object_set_new(row, "was_cropped", json_null()); /* its place; set_crop() knows */
    json_object_set_new(row, "set_id", json_string(decided->id));
    json_object_set_new(row, "chosen_final_path", json_null());
    json_object_set_new(row, "anomaly", anomaly_of(decided, image));
    set_crop(row, winner_of(decided, image));
    json_object_set_new(row, "group_mode", json_null());
    json_object_set_new(row, "evidence", json_null());
    json_object_set_new(
        row, "metadata",
        json_pack("{s:o, s:n, s:n}", "raw_dir", json_of_name(decided->groups->root), "final_dir", "extraction_date"));
    session_name(session, sizeof session, decided->journal);
    json_object_set_new(row, "session_id", json_of_name(session));
    json_object_set_new(row, "decided_at", json_string(decided->standing->time));
    if (!failed)
        return row;
    json_decref(row);
    return NULL;
}

static int put_entries(const struct decided *decided, void *user)
{
    struct output *output = user;
    int code = EXIT_DONE;
    uint32_t n_winners = decided->standing->decision.n_winners;
    if (n_winners == 0 || n_winners >= decided->n) /* rejected; or nothing lost, so that nothing was compared */
        return EXIT_DONE;
    for (uint32_t i = 0; code == EXIT_DONE && i < n_winners; i++) {
        code = put_row(output->file.stream, entry_of(decided, decided->standing->decision.winners[i].image));
        output->n += code == EXIT_DONE;
    }
    return code;
}

/* ---- Rejected groups ------------------------------------------------------------------------- */

static int put_rejected(const struct decided *decided, void *user)
{
    struct output *output = user;
    json_t *paths = json_array(), *stages = json_array();
    if (decided->standing->decision.outcome != REJECT) {
        json_decref(paths);
        json_decref(stages);
        return EXIT_DONE;
    }
    int failed = 0;
    for (size_t i = 0; i < decided->n; i++) {
        json_t *path = decided_path(decided, i);
        failed |= !path || json_array_append_new(paths, path) != 0;
        failed |= json_array_append_new(stages, decided_stage(decided, i)) != 0;
    }
    json_t *row = json_pack("{s:o, s:o, s:s, s:o, s:o}", "project", json_of_name(decided->groups->project), "timestamp",
                            decided_timestamp(decided, 0), "set_id", decided->id, "paths", paths, "stages", stages);
    if (failed) {
        json_decref(row);
        row = NULL;
    }
    output->n++;
    return put_row(output->file.stream, row);
}

/* ---- Files ----------------------------------------------------------------------------------- */

static int export_rows(const char *path, const struct review_groups *groups, const struct journal *journal, uint64_t *n,
                       decided_fn put)
{
    struct output output = {.n = 0};
    int code = open_whole_file(&output.file, path);
    if (code != EXIT_DONE)
        return code;
    code = each_decided(groups, journal, put, &output);
    if (code != EXIT_DONE) {
        discard_whole_file(&output.file);
        return code;
    }
    *n = output.n;
    return commit_whole_file(&output.file);
}

int export_entries(const char *path, const struct review_groups *groups, const struct journal *journal, uint64_t *n)
{
    return export_rows(path, groups, journal, n, put_entries);
}

int export_rejected(const char *path, const struct review_groups *groups, const struct journal *journal, uint64_t *n)
{
    return export_rows(path, groups, journal, n, put_rejected);
}
