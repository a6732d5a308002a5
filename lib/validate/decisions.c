/*
 * validate/decisions.c: logs, row by row.
 *
 * Whose a row is can depend on what other rows of all the logs say, so they are gone through up to three times: for the
 * projects that rows name, for those that only their paths tell, and for the checks. Nothing is kept of a row but
 * hashes.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>
#include <sys/stat.h>

#include "base/csv.h"
#include "base/path.h"
#include "trainset/log_form.h"
#include "validate/validate.h"

#define ROWS_A_CLEARING  256u       /* then the memory of their texts is given back, */
#define BYTES_A_CLEARING (1u << 20) /* of long rows earlier */

enum pass { PASS_NAMES, PASS_PATHS, PASS_CHECKS };

struct work {
    struct sai_validator *v;
    struct sai_loader loader;
    struct sai_arena lasting; /* names of projects */
    struct sai_finder *finder;
    struct sai_project_rule *rule;
    enum pass pass;
    const struct sai_target *target;
    bool nameless; /* the file has rows that name no project */
    struct sai_log_state state;
    size_t rows, bytes; /* since the last clearing */
};

/* What concerns one row alone. */
static bool is_of_row(int rc)
{
    return rc == SELECTAI_ERR_FORMAT || rc == SELECTAI_ERR_PROJECT_RULE || rc == SELECTAI_ERR_NOT_FOUND ||
           rc == SELECTAI_ERR_AMBIGUOUS;
}

/* ---- One row --------------------------------------------------------------------------------- */

/* Gives it its project and learns from it. */
static int place(struct work *w, struct selectai_entry *e)
{
    w->loader.kind = NULL;
    int rc = sai_finder_name(w->finder, e);
    if (rc == SELECTAI_OK && w->pass != PASS_NAMES)
        rc = sai_finder_find(w->finder, e);
    if (rc == SELECTAI_OK && w->pass == PASS_CHECKS)
        rc = sai_project_rule_check(w->rule, e);
    else if (rc == SELECTAI_OK)
        rc = sai_project_rule_learn(w->rule, e);
    if (rc == SELECTAI_OK && w->pass == PASS_CHECKS)
        rc = sai_finder_check(w->finder, e);
    if (rc != SELECTAI_OK)
        w->loader.kind = sai_project_kind(rc);
    return rc;
}

static int refuse(struct work *w, uint64_t row, uint64_t end)
{
    const struct sai_place place = {.row = row, .severity = SELECTAI_SEVERITY_ERROR};
    const char *code = w->loader.kind ? w->loader.kind : "bad-value";
    struct sai_error_copy why;
    sai_error_save(&why);
    int rc = sai_result_add_last(w->v->result, w->target->result, code, &place);
    return rc == SELECTAI_OK ? sai_fix_drop(w->v->fix, end, row, sai_problem_kind(code)->code, why.detail.message) : rc;
}

/* After reading a row returned rc; end: where it ends in the file. */
static int take_row(struct work *w, int rc, struct selectai_entry *entry, const struct sai_row_view *view, uint64_t row,
                    uint64_t end)
{
    struct sai_file_result *file = &w->v->result->files[w->target->result];
    bool checks = w->pass == PASS_CHECKS;
    if (rc == SELECTAI_OK) {
        w->nameless = w->nameless || !*entry->project;
        rc = place(w, entry);
    }
    if (!checks)
        return is_of_row(rc) ? SELECTAI_OK : rc;
    file->rows += rc == SELECTAI_OK || is_of_row(rc);
    if (is_of_row(rc))
        return refuse(w, row, end);
    if (rc != SELECTAI_OK)
        return rc;
    file->usable++;
    rc = sai_fix_keep(w->v->fix, end);
    return rc == SELECTAI_OK ? sai_check_row(w->v, w->target->result, &w->state, view) : rc;
}

static uint64_t position(FILE *stream)
{
    off_t at = ftello(stream);
    return at > 0 ? (uint64_t)at : 0;
}

static int after_row(struct work *w, size_t bytes, FILE *stream)
{
    w->rows++;
    w->bytes += bytes;
    if (w->rows < ROWS_A_CLEARING && w->bytes < BYTES_A_CLEARING)
        return SELECTAI_OK;
    w->rows = w->bytes = 0;
    sai_arena_clear(&w->loader.set->arena);
    w->loader.session_id = NULL;
    return sai_validator_progress(w->v, position(stream));
}

/* ---- Files ----------------------------------------------------------------------------------- */

static int read_csv(struct work *w)
{
    struct sai_csv_reader reader;
    struct sai_log_header header = {0};
    int rc = sai_csv_open(&reader, w->target->path);
    if (rc != SELECTAI_OK)
        return rc;
    rc = sai_csv_next(&reader);
    if (rc == SELECTAI_OK)
        rc = sai_log_header_read(&header, &reader);
    if (rc == SELECTAI_OK && w->pass == PASS_CHECKS)
        rc = sai_fix_keep(w->v->fix, position(reader.stream));
    if (rc == SELECTAI_OK && w->pass == PASS_NAMES && header.at[SAI_COLUMN_PROJECT] == SAI_NO_COLUMN &&
        header.at[SAI_COLUMN_PROJECT_ID] == SAI_NO_COLUMN) {
        w->nameless = true; /* nothing to learn from this pass */
        rc = SELECTAI_DONE;
    }
    while (rc == SELECTAI_OK) {
        struct selectai_entry entry;
        w->loader.kind = "bad-csv";
        rc = sai_load_next_record(&reader);
        if (rc == SELECTAI_DONE)
            break;
        if (rc == SELECTAI_OK)
            rc = sai_load_record(&entry, &w->loader, &header, &reader);
        const struct sai_row_view view = {&entry, &header, reader.fields, w->loader.notes, false};
        rc = take_row(w, rc, &entry, &view, reader.line, w->v->fix ? position(reader.stream) : 0);
        if (rc == SELECTAI_OK)
            rc = after_row(w, reader.text.length, reader.stream);
    }
    sai_log_header_free(&header);
    sai_csv_close(&reader);
    return rc == SELECTAI_DONE ? SELECTAI_OK : rc;
}

static int read_line(struct selectai_entry *entry, struct work *w, const char *line, size_t n, uint64_t row)
{
    json_t *object = NULL;
    w->loader.kind = "bad-json";
    int rc = sai_json_parse(&object, line, n, w->target->path, row);
    if (rc == SELECTAI_OK)
        rc = sai_load_object(entry, &w->loader, object, row);
    json_decref(object);
    return rc;
}

static int read_jsonl(struct work *w)
{
    struct sai_line_reader reader;
    int rc = sai_lines_open(&reader, w->target->path);
    if (rc != SELECTAI_OK)
        return rc;
    while (rc == SELECTAI_OK && (rc = sai_lines_next(&reader)) == SELECTAI_OK) {
        struct selectai_entry entry;
        size_t n;
        const char *line = sai_load_line_text(&n, &reader);
        uint64_t end = w->v->fix ? position(reader.stream) : 0;
        if (n == 0)
            continue;
        rc = read_line(&entry, w, line, n, reader.row);
        const struct sai_row_view view = {.entry = &entry, .notes = w->loader.notes, .rejected = w->loader.rejected};
        rc = take_row(w, rc, &entry, &view, reader.row, end);
        if (rc == SELECTAI_OK)
            rc = after_row(w, reader.length, reader.stream);
    }
    sai_lines_close(&reader);
    return rc == SELECTAI_DONE ? SELECTAI_OK : rc;
}

static int read_file(struct work *w)
{
    struct stat st;
    const char *const paths[] = {w->target->path};
    w->loader.paths = paths;
    w->loader.path = w->target->path;
    w->loader.session_id = NULL;
    int rc = w->target->kind == SAI_KIND_DECISIONS_CSV ? read_csv(w) : read_jsonl(w);
    sai_arena_clear(&w->loader.set->arena);
    w->loader.paths = NULL;
    if (stat(w->target->path, &st) == 0 && st.st_size > 0)
        w->v->bytes_done += (uint64_t)st.st_size;
    return rc;
}

static int check_file(struct work *w)
{
    struct sai_validator *v = w->v;
    size_t result = w->target->result;
    char *folder = sai_path_dirname(w->target->path);
    w->state = (struct sai_log_state){.folder = folder};
    int rc = folder ? sai_seen_create(&w->state.seen) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = sai_fix_begin(v->fix, w->target->path);
    int read = rc == SELECTAI_OK ? read_file(w) : SELECTAI_OK;
    if (rc == SELECTAI_OK)
        rc = sai_check_failed(v, w->target, "unreadable", read);
    if (read != SELECTAI_OK) /* loading it would take nothing */
        v->result->files[result].usable = 0;
    if (rc == SELECTAI_OK)
        rc = sai_fix_end(v->fix, read == SELECTAI_OK);
    if (rc == SELECTAI_OK)
        rc = sai_check_log_end(v, result, &w->state);
    const struct sai_place place = {.severity = -1};
    if (rc == SELECTAI_OK && v->result->files[result].rows == 0 && v->result->files[result].n_problems == 0)
        rc = sai_result_add(v->result, result, "no-rows", &place, "no row in it");
    sai_seen_destroy(&w->state.seen);
    sai_free(folder);
    return rc;
}

/* ---- All of them ----------------------------------------------------------------------------- */

static bool is_log(const struct sai_target *target)
{
    return target->kind == SAI_KIND_DECISIONS_CSV || target->kind == SAI_KIND_DECISIONS_JSONL;
}

static uint64_t file_bytes(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && st.st_size > 0 ? (uint64_t)st.st_size : 0;
}

/* Files that cannot be read are reported by the last pass. */
static int pass_over(struct work *w, enum pass pass, bool *nameless)
{
    const struct sai_targets *targets = w->v->targets;
    int rc = SELECTAI_OK;
    w->pass = pass;
    for (size_t i = 0; rc == SELECTAI_OK && i < targets->count; i++) {
        w->target = &targets->items[i];
        if (!is_log(w->target) || (pass == PASS_PATHS && !nameless[i])) {
            w->v->bytes_done += is_log(w->target) ? file_bytes(w->target->path) : 0;
            continue;
        }
        w->nameless = false;
        rc = pass == PASS_CHECKS ? check_file(w) : read_file(w);
        nameless[i] = w->nameless;
        if (pass != PASS_CHECKS && rc != SELECTAI_ERR_OUT_OF_MEMORY && rc != SELECTAI_ERR_CANCELLED)
            rc = SELECTAI_OK;
    }
    return rc;
}

static int open_work(struct work *w)
{
    const struct selectai_validate_options *o = &w->v->options;
    selectai_load_options_init(&w->loader.options, sizeof w->loader.options);
    w->loader.options.projects = o->projects;
    w->loader.options.by_dates = o->by_dates;
    w->loader.options.project = o->project;
    w->loader.options.root = o->root;
    int rc = sai_trainset_create(&w->loader.set);
    if (rc == SELECTAI_OK)
        rc = sai_finder_create(&w->finder, &w->loader, &w->lasting);
    return rc == SELECTAI_OK ? sai_project_rule_create(&w->rule, o->projects) : rc;
}

int sai_check_decisions(struct sai_validator *v)
{
    struct work w = {.v = v};
    const struct sai_targets *targets = v->targets;
    bool *nameless = sai_calloc(targets->count + 1, sizeof *nameless);
    int rc = nameless ? open_work(&w) : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < targets->count; i++)
        v->bytes_total += is_log(&targets->items[i]) ? 3 * file_bytes(targets->items[i].path) : 0;
    for (int pass = PASS_NAMES; rc == SELECTAI_OK && pass <= PASS_CHECKS; pass++)
        rc = pass_over(&w, (enum pass)pass, nameless);
    sai_project_rule_destroy(&w.rule);
    sai_finder_destroy(&w.finder);
    selectai_trainset_destroy(&w.loader.set);
    sai_arena_clear(&w.lasting);
    sai_free(nameless);
    return rc;
}
