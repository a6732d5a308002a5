/*
 * validate/decision_checks.c: rows that can be used, but are worth a second look.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "base/iso_time.h"
#include "project/name.h"
#include "trainset/log_row.h"
#include "validate/validate.h"

#define ASPECT_TOLERANCE 0.01
#define FULL_FRAME       0.99 /* of the area */

/* One row on its way through the checks. */
struct check {
    struct sai_validator *v;
    size_t result;
    struct sai_log_state *state;
    const struct sai_row_view *view;
    const struct selectai_entry *entry;
    struct sai_place place;
    bool future; /* said once a row */
};

#define REPORT(c, code, ...) sai_result_add((c)->v->result, (c)->result, code, &(c)->place, __VA_ARGS__)

/* ---- The same again -------------------------------------------------------------------------- */

static int check_seen_group(struct check *c)
{
    enum sai_sighting sighting;
    uint64_t row = 0;
    int rc = sai_seen_rejected(&sighting, &row, c->state->seen, c->entry);
    if (rc != SELECTAI_OK || sighting == SAI_SEEN_NEW)
        return rc;
    if (sighting == SAI_SEEN_SAME)
        return REPORT(c, "repeated", "the same rejected group as row %llu: %s", (unsigned long long)row,
                      c->entry->chosen_path);
    return REPORT(c, "decided", "row %llu chose one of its images: the group of %s", (unsigned long long)row,
                  c->entry->chosen_path);
}

static int check_winner_not_rejected(struct check *c)
{
    uint64_t row = sai_seen_group_of_winner(c->state->seen, c->entry);
    if (row == 0)
        return SELECTAI_OK;
    return REPORT(c, "decided", "row %llu says that nothing of its group was chosen: %s", (unsigned long long)row,
                  c->entry->chosen_path);
}

static int check_seen(struct check *c)
{
    enum sai_sighting sighting;
    uint64_t row = 0;
    if (c->view->rejected)
        return check_seen_group(c);
    int rc = check_winner_not_rejected(c);
    if (rc != SELECTAI_OK)
        return rc;
    rc = sai_seen_decision(&sighting, &row, c->state->seen, c->entry);
    if (rc != SELECTAI_OK || sighting == SAI_SEEN_NEW)
        return rc;
    if (sighting == SAI_SEEN_SAME)
        return REPORT(c, "duplicate-decision", "the same decision as row %llu: %s", (unsigned long long)row,
                      c->entry->chosen_path);
    return REPORT(c, "contradicting-decisions",
                  c->entry->n_negatives ? "row %llu says the opposite: %s" : "row %llu crops it otherwise: %s",
                  (unsigned long long)row, c->entry->chosen_path);
}

/* ---- Names and stages ------------------------------------------------------------------------ */

static const char *path_at(const struct selectai_entry *e, uint32_t i)
{
    return i ? e->neg_paths[i - 1] : e->chosen_path;
}

static int check_names(struct check *c)
{
    struct selectai_parsed_name name;
    for (uint32_t i = 0; i <= c->entry->n_negatives; i++) {
        const char *path = path_at(c->entry, i), *why = sai_parse_name(&name, path);
        if (why)
            return REPORT(c, "unparsed-name", "%s: %s", path, why);
    }
    return SELECTAI_OK;
}

/* What is written differs from what the name says; NaN on either side: nothing to compare. *said: reported. */
static int compare_stage(struct check *c, const char *path, double written, bool *said)
{
    struct selectai_parsed_name name;
    if (*said || isnan(written) || sai_parse_name(&name, path) || name.stage == written)
        return SELECTAI_OK;
    *said = true;
    return REPORT(c, "stage-mismatch", "stage %g, but the name says %g: %s", written, name.stage, path);
}

static double highest_named(const struct selectai_entry *e)
{
    struct selectai_parsed_name name;
    double highest = NAN;
    for (uint32_t i = 0; i < e->n_negatives; i++) {
        if (sai_parse_name(&name, e->neg_paths[i]))
            return NAN;
        highest = fmax(highest, name.stage);
    }
    return highest;
}

static int check_log_stages(struct check *c, bool *said)
{
    const struct sai_log_header *header = c->view->header;
    const struct sai_log_row row = {.header = header, .fields = c->view->fields};
    int rc = compare_stage(c, c->entry->chosen_path, sai_log_stage(sai_log_text(&row, SAI_COLUMN_CHOSEN_STAGE)), said);
    for (size_t i = 0; rc == SELECTAI_OK && i < header->n_images; i++)
        rc = compare_stage(c, sai_log_cell(&row, header->images[i].path),
                           sai_log_stage(sai_log_cell(&row, header->images[i].stage)), said);
    double written = sai_log_stage(sai_log_text(&row, SAI_COLUMN_MAX_REJECTED_STAGE));
    double named = header->form == SAI_FORM_ANOMALIES ? highest_named(c->entry) : (double)NAN;
    if (rc != SELECTAI_OK || *said || isnan(written) || isnan(named) || written == named)
        return rc;
    *said = true;
    return REPORT(c, "stage-mismatch", "max_rejected_stage is %g, but the names say %g", written, named);
}

static int check_stages(struct check *c)
{
    const struct selectai_entry *e = c->entry;
    bool said = false;
    if (c->view->header && c->view->header->form != SAI_FORM_ENTRIES)
        return check_log_stages(c, &said);
    int rc = compare_stage(c, e->chosen_path, e->chosen_stage, &said);
    for (uint32_t i = 0; rc == SELECTAI_OK && i < e->n_negatives; i++)
        rc = compare_stage(c, e->neg_paths[i], e->neg_stages[i], &said);
    return rc;
}

/* ---- Times ----------------------------------------------------------------------------------- */

static int check_time(struct check *c, const char *what, const char *text)
{
    int64_t seconds;
    if (!*text)
        return SELECTAI_OK;
    if (!sai_time_parse(&seconds, text))
        return REPORT(c, "bad-time", "%s is \"%s\", which is no time", what, text);
    if (c->future || !sai_in_future(c->v, seconds))
        return SELECTAI_OK;
    c->future = true;
    return REPORT(c, "time-in-future", "%s is %s", what, text);
}

static int check_times(struct check *c)
{
    struct selectai_parsed_name name;
    int rc = check_time(c, "the decision's time", c->entry->decided_at);
    if (rc == SELECTAI_OK)
        rc = check_time(c, "timestamp", c->entry->timestamp);
    for (uint32_t i = 0; rc == SELECTAI_OK && !c->future && i <= c->entry->n_negatives; i++) {
        const char *path = path_at(c->entry, i);
        c->future = !sai_parse_name(&name, path) && sai_in_future(c->v, name.seconds);
        if (c->future)
            rc = REPORT(c, "time-in-future", "the image's name says so: %s", path);
    }
    return rc;
}

/* ---- Crops ----------------------------------------------------------------------------------- */

static int check_aspect(struct check *c)
{
    const struct selectai_box *box = &c->entry->crop;
    double width = box->x2 - box->x1, height = box->y2 - box->y1;
    double change = width > height ? width / height - 1 : height / width - 1;
    if (change <= ASPECT_TOLERANCE) /* fractions of both sides are equal if the ratio stays */
        return SELECTAI_OK;
    return REPORT(c, "aspect-changed", "width to height differs by %.1f %% from the image's: %s", 100 * change,
                  c->entry->chosen_path);
}

static int check_crop(struct check *c)
{
    unsigned notes = c->view->notes;
    const struct selectai_box *box = &c->entry->crop;
    int rc = SELECTAI_OK;
    c->state->pixels += (notes & SAI_NOTE_PIXELS) != 0;
    c->state->fractions += (notes & SAI_NOTE_FRACTIONS) != 0;
    if (notes & SAI_NOTE_PLACEHOLDER)
        rc = REPORT(c, "box-placeholder", "the crop is (0,0,1,1): taken as none");
    if (rc == SELECTAI_OK && (notes & SAI_NOTE_NO_SIZE))
        rc = REPORT(c, "missing-dimension", "the size of %s is not told%s", c->entry->chosen_path,
                    notes & SAI_NOTE_PIXELS ? ": its crop in pixels is taken as none" : "");
    if (rc != SELECTAI_OK || !c->entry->has_crop)
        return rc;
    c->state->full_frame += (box->x2 - box->x1) * (box->y2 - box->y1) >= FULL_FRAME;
    return check_aspect(c);
}

/* ---- All of them ----------------------------------------------------------------------------- */

static int check_project(struct check *c)
{
    if (*c->entry->project)
        return SELECTAI_OK;
    c->place.severity = SELECTAI_SEVERITY_WARNING; /* a crop alone is of use whosever it is */
    int rc = REPORT(c, "unknown-project", "nothing tells whose it is: %s", c->entry->chosen_path);
    c->place.severity = -1;
    return rc;
}

static int check_images(struct check *c)
{
    int rc = SELECTAI_OK;
    for (uint32_t i = 0; rc == SELECTAI_OK && i <= c->entry->n_negatives; i++)
        rc = sai_check_presence(c->v, c->result, &c->state->presence, c->state->folder, path_at(c->entry, i),
                                c->entry->source_row);
    return rc;
}

int sai_check_row(struct sai_validator *v, size_t result, struct sai_log_state *state, const struct sai_row_view *row)
{
    static int (*const checks[])(struct check *) = {check_project, check_seen, check_names, check_stages,
                                                    check_times,   check_crop, check_images};
    struct check c = {.v = v,
                      .result = result,
                      .state = state,
                      .view = row,
                      .entry = row->entry,
                      .place = {.row = row->entry->source_row, .severity = -1}};
    int rc = SELECTAI_OK;
    for (size_t i = 0; rc == SELECTAI_OK && i < sizeof checks / sizeof *checks; i++)
        rc = checks[i](&c);
    return rc;
}

int sai_check_log_end(struct sai_validator *v, size_t result, struct sai_log_state *state)
{
    selectai_validation *r = v->result;
    uint64_t pixels = state->pixels, fractions = state->fractions;
    int rc = sai_result_note(r, result, "box-pixels", pixels, "%llu crops are in pixels", (unsigned long long)pixels);
    if (rc == SELECTAI_OK)
        rc = sai_result_note(r, result, "box-normalised", fractions, "%llu crops are in fractions",
                             (unsigned long long)fractions);
    if (rc == SELECTAI_OK && pixels && fractions)
        rc = sai_result_note(r, result, "mixed-units", pixels + fractions, "%llu in pixels, %llu in fractions",
                             (unsigned long long)pixels, (unsigned long long)fractions);
    if (rc == SELECTAI_OK)
        rc = sai_result_note(r, result, "full-frame", state->full_frame, "%llu crops keep 99 %% or more of the image",
                             (unsigned long long)state->full_frame);
    return rc == SELECTAI_OK ? sai_check_presence_end(v, result, &state->presence) : rc;
}
