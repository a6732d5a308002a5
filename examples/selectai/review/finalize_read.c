/*
 * review/finalize_read.c: reads the file of a plan. What it says is checked: no path may lead out of the project.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "finalize_private.h"
#include "verbs.h"

#define MOST_STEPS 100000000u

uint64_t last_run_number(const char *state, uint64_t limit)
{
    DIR *dir = opendir(state);
    uint64_t last = 0;
    if (!dir)
        return 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        uint64_t number = 0;
        int end = 0;
        if (sscanf(entry->d_name, "finalize-%15" SCNu64 ".jsonl%n", &number, &end) == 1 && end > 0 &&
            entry->d_name[end] == 0 && number > last && number < limit)
            last = number;
    }
    closedir(dir);
    return last;
}

static int read_box(struct selectai_pixel_box *box, const json_t *json)
{
    int32_t *const sides[4] = {&box->x1, &box->y1, &box->x2, &box->y2};
    for (size_t i = 0; i < 4; i++) {
        json_int_t v = json_integer_value(json_array_get(json, i));
        if (v < INT32_MIN || v > INT32_MAX)
            return -1;
        *sides[i] = (int32_t)v;
    }
    return json_array_size(json) == 4 ? 0 : -1;
}

static int read_step(struct run *run, size_t i, const json_t *line)
{
    const char *kind = NULL, *from = NULL, *to = NULL;
    json_int_t number = -1, size = -1, mtime = 0, lead = -1;
    struct planned *step = &run->steps[i];
    if (json_unpack((json_t *)(uintptr_t)line, "{s:I,s:s,s:s,s:s,s:I,s:I,s:I}", "step", &number, "kind", &kind, "from",
                    &from, "to", &to, "size", &size, "mtime_ns", &mtime, "lead", &lead) != 0)
        return -1;
    if (number != (json_int_t)i || size < 0 || lead < 0 || lead > number || !is_safe_path(from) || !is_safe_path(to))
        return -1;
    *step = (struct planned){.size = (uint64_t)size, .mtime_ns = mtime, .lead = (size_t)lead, .group = NO_INDEX};
    while (step->kind <= WRITE_CROP && strcmp(move_kind_name(step->kind), kind) != 0)
        step->kind++;
    step->from = strdup(from);
    step->to = strdup(to);
    if (step->kind > WRITE_CROP || !step->from || !step->to)
        return -1;
    return step->kind == WRITE_CROP ? read_box(&step->box, json_object_get(line, "box")) : 0;
}

static int read_folders(struct run *run, const json_t *folders)
{
    run->folders = calloc(json_array_size(folders) + 1, sizeof *run->folders);
    for (; run->folders && run->n_folders < json_array_size(folders); run->n_folders++) {
        const char *folder = json_string_value(json_array_get(folders, run->n_folders));
        if (!folder || !is_safe_path(folder) || !(run->folders[run->n_folders] = strdup(folder)))
            return -1;
    }
    return run->folders ? 0 : -1;
}

static int read_header(struct run *run, const json_t *line, const struct review_groups *groups)
{
    int version = 0;
    const char *project = NULL;
    json_int_t number = 0, operation = 0, steps = -1;
    json_t *counts = NULL, *folders = NULL;
    if (json_unpack((json_t *)(uintptr_t)line, "{s:i,s:I,s:s,s:I,s:I,s:o,s:o}", "finalize", &version, "number", &number,
                    "project", &project, "operation", &operation, "steps", &steps, "counts", &counts, "folders",
                    &folders) != 0)
        return -1;
    if (version != 1 || number != (json_int_t)run->number || steps < 0 || steps > MOST_STEPS || operation < 0 ||
        strcmp(project, groups->project) != 0)
        return -1;
    run->n = (size_t)steps;
    run->operation = (uint64_t)operation;
    run->counts = json_incref(counts);
    run->steps = calloc(run->n + 1, sizeof *run->steps);
    run->states = calloc(run->n + 1, 1);
    return run->steps && run->states ? read_folders(run, folders) : -1;
}

static void read_event(struct run *run, const json_t *line)
{
    static const struct {
        const char *key;
        enum step_state state;
    } states[] = {{"done", STEP_DONE}, {"failed", STEP_FAILED}, {"undone", STEP_UNDONE}, {"stays", STEP_STAYS}};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        const json_t *number = json_object_get(line, states[i].key);
        if (json_is_integer(number) && json_integer_value(number) >= 0 && (uint64_t)json_integer_value(number) < run->n)
            run->states[json_integer_value(number)] = (unsigned char)states[i].state;
    }
    if (json_object_get(line, "note"))
        run->note_after = json_integer_value(json_object_get(line, "note"));
    if (json_object_get(line, "undo-note"))
        run->undo_note_after = json_integer_value(json_object_get(line, "undo-note"));
    run->ended |= json_object_get(line, "ended") != NULL;
    run->undo_begun |= json_object_get(line, "undo") != NULL;
    run->undone |= json_object_get(line, "taken-back") != NULL;
}

/* *end: where the last whole line ends. */
static int read_lines(struct run *run, FILE *stream, const struct review_groups *groups, off_t *end)
{
    char *text = NULL;
    size_t capacity = 0, row = 0;
    int bad = 0;
    for (ssize_t n; !bad && (n = getline(&text, &capacity, stream)) > 0 && text[n - 1] == '\n'; row++) {
        json_t *line = json_loadb(text, (size_t)n, 0, NULL);
        if (!line)
            bad = 1;
        else if (row == 0)
            bad = read_header(run, line, groups);
        else if (row <= run->n)
            bad = read_step(run, row - 1, line);
        else
            read_event(run, line);
        json_decref(line);
        *end += n;
    }
    free(text);
    return bad || row <= run->n ? -1 : 0;
}

int read_run(struct run *run, const char *state, uint64_t number, const struct review_groups *groups)
{
    *run = (struct run){
        .number = number, .root = -1, .file = -1, .resumed = 1, .note_after = -1, .undo_note_after = -1};
    char *path = run_file(state, number);
    FILE *stream = fopen(path, "rbe");
    off_t end = 0;
    int rc = SELECTAI_OK;
    if (!stream || read_lines(run, stream, groups, &end) != 0) {
        say("%s: %s", path, stream ? "is damaged or of another project: look at it before going on" : strerror(errno));
        rc = stream ? SELECTAI_ERR_FORMAT : SELECTAI_ERR_IO;
    }
    if (stream)
        fclose(stream);
    if (rc == SELECTAI_OK) {
        run->root_path = groups->root;
        run->root = open(groups->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        run->file = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
        if (run->root < 0 || run->file < 0 || ftruncate(run->file, end) != 0) { /* a line that a kill cut off */
            say("%s: %s", run->root < 0 ? groups->root : path, strerror(errno));
            rc = SELECTAI_ERR_IO;
        }
    }
    free(path);
    if (rc != SELECTAI_OK)
        close_run(run);
    return rc;
}

void close_run(struct run *run)
{
    for (size_t i = 0; run->steps && i < run->n; i++) {
        free(run->steps[i].from);
        free(run->steps[i].to);
    }
    for (size_t i = 0; i < run->n_folders; i++)
        free(run->folders[i]);
    free(run->steps);
    free(run->states);
    free(run->folders);
    json_decref(run->counts);
    name_set_free(&run->dirty);
    if (run->root >= 0)
        close(run->root);
    if (run->file >= 0)
        close(run->file);
    *run = (struct run){.root = -1, .file = -1};
}

/* ---- A look ---------------------------------------------------------------------------------- */

static int begins(const char *line, const char *start)
{
    return strncmp(line, start, strlen(start)) == 0;
}

static void look_at_event(struct run_look *look, const char *line)
{
    unsigned long long done;
    if (sscanf(line, "{\"ended\":%llu}", &done) == 1) {
        look->ended = 1;
        look->failed = done < look->n;
    }
    look->undo_begun |= begins(line, "{\"undo\":");
    look->undone |= begins(line, "{\"taken-back\":");
}

int look_at_run(struct run_look *look, const char *state, uint64_t number)
{
    char *path = run_file(state, number), *text = NULL;
    size_t capacity = 0, row = 0;
    FILE *stream = fopen(path, "rbe");
    int rc = stream ? 0 : -1;
    *look = (struct run_look){0};
    for (ssize_t n; rc == 0 && (n = getline(&text, &capacity, stream)) > 0 && text[n - 1] == '\n'; row++) {
        if (row > look->n) {
            look_at_event(look, text);
        } else if (row == 0) {
            json_t *line = json_loadb(text, (size_t)n, 0, NULL);
            json_int_t steps = json_integer_value(json_object_get(line, "steps"));
            rc = steps > 0 && steps <= MOST_STEPS ? 0 : -1;
            look->n = rc == 0 ? (size_t)steps : 0;
            json_decref(line);
        }
    }
    if (stream)
        fclose(stream);
    free(text);
    free(path);
    return rc;
}
