/*
 * validate/records.c: what an extraction wrote line by line: the image database.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "base/iso_time.h"
#include "base/path.h"
#include "project/name.h"
#include "validate/validate.h"

#define LINES_A_REPORT 256u

/* One file of such lines. */
struct lines {
    struct sai_validator *v;
    const struct sai_target *target;
    struct sai_seen *seen;
    struct sai_presence presence;
    char *folder;
    int (*check)(struct lines *lines, const json_t *object, uint64_t row);
    const char *fault; /* code of what makes the row unusable; its message is the last error */
};

#define WARN(lines, code, row, ...)                                                                                    \
    sai_result_add((lines)->v->result, (lines)->target->result, code,                                                  \
                   &(const struct sai_place){.row = (row), .severity = -1}, __VA_ARGS__)
#define REFUSE(lines, code, ...) ((lines)->fault = (code), SAI_FAIL(SELECTAI_ERR_FORMAT, __VA_ARGS__))

/* ---- Members --------------------------------------------------------------------------------- */

static int need_text(const char **out, struct lines *l, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!value || json_is_null(value))
        return REFUSE(l, "missing-field", "%s is missing", key);
    if (!json_is_string(value))
        return REFUSE(l, "wrong-type", "%s is no text", key);
    *out = json_string_value(value);
    return **out ? SELECTAI_OK : REFUSE(l, "missing-field", "%s is empty", key);
}

/* null or a time. */
static int check_time(struct lines *l, const json_t *object, const char *key, uint64_t row)
{
    const json_t *value = json_object_get(object, key);
    int64_t seconds;
    if (!value || json_is_null(value))
        return SELECTAI_OK;
    if (json_is_number(value)) { /* seconds since 1970: earlier databases */
        double number = json_number_value(value);
        if (!(number >= -1e11 && number <= 1e11))
            return WARN(l, "bad-time", row, "%s is no time", key);
        seconds = (int64_t)number;
    } else if (!json_is_string(value) || !sai_time_parse(&seconds, json_string_value(value))) {
        return WARN(l, "bad-time", row, "%s is no time", key);
    }
    return sai_in_future(l->v, seconds) ? WARN(l, "time-in-future", row, "%s lies in the future", key) : SELECTAI_OK;
}

static int check_name(struct lines *l, const char *path, double stage, uint64_t row)
{
    struct selectai_parsed_name name;
    const char *why = sai_parse_name(&name, path);
    if (why)
        return WARN(l, "unparsed-name", row, "%s: %s", path, why);
    if (!isnan(stage) && stage != name.stage)
        return WARN(l, "stage-mismatch", row, "stage %g, but the name says %g: %s", stage, name.stage, path);
    return sai_in_future(l->v, name.seconds) ? WARN(l, "time-in-future", row, "the image's name says so: %s", path)
                                             : SELECTAI_OK;
}

static int see(struct lines *l, const char *project, const char *path, uint64_t row)
{
    enum sai_sighting sighting;
    uint64_t first = 0;
    char *text = sai_asprintf("%s\x01%s", project, path);
    int rc = text ? sai_seen_text(&sighting, &first, l->seen, text, row) : SELECTAI_ERR_OUT_OF_MEMORY;
    sai_free(text);
    if (rc != SELECTAI_OK || sighting == SAI_SEEN_NEW)
        return rc;
    return WARN(l, "duplicate-row", row, "stands in row %llu too: %s", (unsigned long long)first, path);
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static int check_image(struct lines *l, const json_t *object, uint64_t row)
{
    const char *path = "", *project = sai_json_string(object, "project", "");
    int rc = need_text(&path, l, object, "image_path");
    if (rc == SELECTAI_OK)
        rc = see(l, project, path, row);
    if (rc == SELECTAI_OK)
        rc = check_name(l, path, sai_json_number(object, "stage", NAN), row);
    if (rc == SELECTAI_OK)
        rc = check_time(l, object, "file_mtime", row);
    if (rc == SELECTAI_OK)
        rc = check_time(l, object, "final_mtime", row);
    return rc == SELECTAI_OK ? sai_check_presence(l->v, l->target->result, &l->presence, l->folder, path, row) : rc;
}

/* ---- The file -------------------------------------------------------------------------------- */

static int check_line(struct lines *l, const char *text, size_t n, uint64_t row)
{
    json_t *object = NULL;
    l->fault = "bad-json";
    int rc = sai_json_parse(&object, text, n, l->target->path, row);
    if (rc == SELECTAI_OK && !json_is_object(object))
        rc = REFUSE(l, "wrong-type", "a JSON object is expected");
    if (rc == SELECTAI_OK)
        rc = l->check(l, object, row);
    json_decref(object);
    return rc;
}

/* end: where the row ends in the file. */
static int take_line(struct lines *l, int rc, uint64_t row, uint64_t end)
{
    struct sai_file_result *file = &l->v->result->files[l->target->result];
    const struct sai_place place = {.row = row, .severity = SELECTAI_SEVERITY_ERROR};
    struct sai_error_copy why;
    if (rc != SELECTAI_OK && rc != SELECTAI_ERR_FORMAT)
        return rc;
    file->rows++;
    file->usable += rc == SELECTAI_OK;
    if (rc == SELECTAI_OK)
        return sai_fix_keep(l->v->fix, end);
    sai_error_save(&why);
    rc = sai_result_add_last(l->v->result, l->target->result, l->fault, &place);
    return rc == SELECTAI_OK ? sai_fix_drop(l->v->fix, end, row, l->fault, why.detail.message) : rc;
}

static int read_lines(struct lines *l)
{
    struct sai_line_reader reader;
    int rc = sai_lines_open(&reader, l->target->path);
    if (rc != SELECTAI_OK)
        return rc;
    while (rc == SELECTAI_OK && (rc = sai_lines_next(&reader)) == SELECTAI_OK) {
        size_t n;
        const char *text = sai_load_line_text(&n, &reader);
        off_t end = ftello(reader.stream);
        if (n == 0)
            continue;
        rc = take_line(l, check_line(l, text, n, reader.row), reader.row, end > 0 ? (uint64_t)end : 0);
        if (rc == SELECTAI_OK && reader.row % LINES_A_REPORT == 0)
            rc = sai_progress_report(&l->v->progress, reader.row, 0, "lines");
    }
    sai_lines_close(&reader);
    return rc == SELECTAI_DONE ? SELECTAI_OK : rc;
}

static int check_lines(struct sai_validator *v, const struct sai_target *target,
                       int (*check)(struct lines *lines, const json_t *object, uint64_t row))
{
    struct lines l = {.v = v, .target = target, .check = check, .folder = sai_path_dirname(target->path)};
    int rc = l.folder ? sai_seen_create(&l.seen) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = sai_fix_begin(v->fix, target->path);
    int read = rc == SELECTAI_OK ? read_lines(&l) : SELECTAI_OK;
    if (rc == SELECTAI_OK)
        rc = sai_check_failed(v, target, "unreadable", read);
    if (read != SELECTAI_OK)
        v->result->files[target->result].usable = 0;
    if (rc == SELECTAI_OK)
        rc = sai_fix_end(v->fix, read == SELECTAI_OK);
    if (rc == SELECTAI_OK)
        rc = sai_check_presence_end(v, target->result, &l.presence);
    sai_seen_destroy(&l.seen);
    sai_free(l.folder);
    return rc;
}

int sai_check_images(struct sai_validator *v, const struct sai_target *target)
{
    return check_lines(v, target, check_image);
}
