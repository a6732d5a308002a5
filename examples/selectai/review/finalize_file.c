/*
 * review/finalize_file.c: the file of a plan: what will be done, and line by line what was.
 *
 *     {"finalize":1,"number":3,"project":"mojo1","operation":41,"time":"...","steps":2,"counts":{...},"folders":[...]}
 *     {"step":0,"kind":"selected","from":"a/x.png","to":"__selected/a/x.png","size":9,"mtime_ns":1,"lead":0,"group":".."}
 *     {"step":1,...}
 *     {"note":41}               the journal's last operation before its note "finalize"
 *     {"done":0}                or {"failed":1,"message":"..."}
 *     {"ended":2}
 *     {"undo":2}                taken back from here on
 *     {"undone":1}              or {"stays":0,"message":"..."}
 *     {"undo-note":42}
 *     {"taken-back":2}
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "finalize_private.h"
#include "verbs.h"

#define MOST_STEPS 100000000u

static const char *const kinds[] = {"selected", "original", "crop-later", "staging", "crop"};

/* ---- Which there are ------------------------------------------------------------------------- */

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

static char *file_of(const char *state, uint64_t number)
{
    char name[64];
    snprintf(name, sizeof name, "finalize-%" PRIu64 ".jsonl", number);
    return path_of(state, name);
}

/* ---- Writing --------------------------------------------------------------------------------- */

static int put_line(FILE *stream, json_t *line)
{
    int rc = line && json_dumpf(line, stream, JSON_COMPACT) == 0 && fputc('\n', stream) != EOF ? 0 : -1;
    json_decref(line);
    return rc;
}

/* Folders on the way to the targets that are missing now, parents first. */
static int add_missing_folders(json_t *folders, struct name_set *seen, int root, const char *path)
{
    struct stat st;
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        char *folder = strndup(path, (size_t)(slash - path));
        int added = folder ? name_set_add(seen, folder) : -1;
        if (added == 1 && stat_below(root, folder, &st) != 0 && errno == ENOENT)
            added = json_array_append_new(folders, json_string(folder)) == 0 ? 1 : -1;
        free(folder);
        if (added < 0)
            return -1;
    }
    return 0;
}

static json_t *missing_folders(const struct finalize_plan *plan, int root)
{
    struct name_set seen = {0};
    json_t *folders = json_array();
    for (size_t i = 0; folders && i < plan->n; i++)
        if (add_missing_folders(folders, &seen, root, plan->moves[i].to) != 0) {
            json_decref(folders);
            folders = NULL;
        }
    name_set_free(&seen);
    return folders;
}

json_t *counts_of_plan(const struct finalize_plan *plan)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "selected", (json_int_t)plan->n_selected, "cropped",
                     (json_int_t)plan->n_cropped, "later", (json_int_t)plan->n_later, "staged",
                     (json_int_t)plan->n_staged, "companions", (json_int_t)plan->n_companions, "renamed",
                     (json_int_t)plan->n_renamed, "undecided", (json_int_t)plan->n_undecided, "skipped",
                     (json_int_t)plan->n_skipped);
}

const char *move_kind_name(enum move_kind kind)
{
    return kinds[kind];
}

static json_t *header_of(const struct review_groups *groups, const struct finalize_plan *plan, uint64_t number)
{
    char now[32];
    time_t t = time(NULL);
    struct tm utc;
    int root = open(groups->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    json_t *folders = root >= 0 ? missing_folders(plan, root) : NULL;
    if (root >= 0)
        close(root);
    strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &utc));
    return json_pack("{s:i,s:I,s:s,s:I,s:s,s:I,s:o,s:o}", "finalize", 1, "number", (json_int_t)number, "project",
                     groups->project, "operation", (json_int_t)plan->operation, "time", now, "steps",
                     (json_int_t)plan->n, "counts", counts_of_plan(plan), "folders", folders);
}

static json_t *json_of_step(const struct review_groups *groups, const struct planned *step, size_t i)
{
    json_t *line = json_pack("{s:I,s:s,s:s,s:s,s:I,s:I,s:I}", "step", (json_int_t)i, "kind", kinds[step->kind], "from",
                             step->from, "to", step->to, "size", (json_int_t)step->size, "mtime_ns",
                             (json_int_t)step->mtime_ns, "lead", (json_int_t)step->lead);
    if (line && step->group < groups->n_groups)
        json_object_set_new(line, "group", json_string(groups->groups[step->group].id));
    if (line && step->kind == WRITE_CROP)
        json_object_set_new(
            line, "box",
            json_pack("[i,i,i,i]", (int)step->box.x1, (int)step->box.y1, (int)step->box.x2, (int)step->box.y2));
    return line;
}

int write_run(const char *state, const struct review_groups *groups, const struct finalize_plan *plan, uint64_t number)
{
    struct whole_file file;
    char *path = file_of(state, number);
    int code = open_whole_file(&file, path), bad = 0;
    if (code == EXIT_DONE) {
        bad = put_line(file.stream, header_of(groups, plan, number));
        for (size_t i = 0; i < plan->n && !bad; i++)
            bad = put_line(file.stream, json_of_step(groups, &plan->moves[i], i));
        if (bad && !ferror(file.stream)) {
            say("%s: a name cannot be written down, or memory ran out: nothing was moved", path);
            discard_whole_file(&file);
            code = EXIT_FAILED;
        } else {
            code = commit_whole_file(&file);
        }
    }
    int fd = code == EXIT_DONE ? open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    free(path);
    return code == EXIT_DONE ? SELECTAI_OK : SELECTAI_ERR_IO;
}

static int write_line(struct run *run, const char *text, size_t n)
{
    off_t end = lseek(run->file, 0, SEEK_END);
    ssize_t k = end < 0 ? -1 : write(run->file, text, n);
    if (k == (ssize_t)n) {
        run->unsynced++;
        return 0;
    }
    int err = k < 0 ? errno : ENOSPC;
    if (end >= 0 && ftruncate(run->file, end) != 0)
        say("finalize: a line that was cut off could not be taken away");
    return err;
}

int append_line(struct run *run, const char *key, size_t number, const char *message)
{
    json_t *line = json_pack("{s:I}", key, (json_int_t)number);
    if (line && message)
        json_object_set_new(line, "message", json_of_bytes(message));
    char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
    json_decref(line);
    if (!text)
        return ENOMEM;
    size_t n = strlen(text);
    text[n] = '\n'; /* in place of the final 0 */
    int err = write_line(run, text, n + 1);
    free(text);
    return err;
}

int sync_run(struct run *run)
{
    for (size_t i = 0; i < run->dirty.size; i++)
        if (run->dirty.items[i])
            sync_folder_below(run->root, run->dirty.items[i]);
    name_set_free(&run->dirty);
    if (fsync(run->file) != 0)
        return errno;
    run->unsynced = 0;
    return 0;
}

/* ---- Reading --------------------------------------------------------------------------------- */

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
    while (step->kind <= WRITE_CROP && strcmp(kinds[step->kind], kind) != 0)
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
        (groups && strcmp(project, groups->project) != 0))
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
    char *path = file_of(state, number);
    FILE *stream = fopen(path, "rbe");
    off_t end = 0;
    int rc = SELECTAI_OK;
    if (!stream || read_lines(run, stream, groups, &end) != 0) {
        say("%s: %s", path, stream ? "is damaged or of another project: look at it before going on" : strerror(errno));
        rc = stream ? SELECTAI_ERR_FORMAT : SELECTAI_ERR_IO;
    }
    if (stream)
        fclose(stream);
    if (rc == SELECTAI_OK && groups) {
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
