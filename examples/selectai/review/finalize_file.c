/*
 * review/finalize_file.c: the file of a plan: what will be done, and line by line what was.
 *
 *     {"finalize":1,"number":3,"project":"mojo1","operation":41,"time":"...","steps":2,"counts":{...},"folders":[...]}
 *     {"step":0,"kind":"selected","from":"a/x.png","to":"__selected/a/x.png","size":9,"mtime_ns":1,"lead":0,"group":".."}
 *     {"step":1,...}
 *     {"note":41}               the journal's last operation before its note "finalize"
 *     {"done":0}                or {"failed":1,"message":"..."}
 *     {"ended":1}               so many steps are done
 *     {"undo":2}                taken back from here on
 *     {"undone":1}              or {"stays":0,"message":"..."}
 *     {"undo-note":42}
 *     {"taken-back":2}
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "finalize_private.h"
#include "verbs.h"

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
    static const char *const kinds[] = {"selected", "original", "crop-later", "staging", "crop"};
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
    json_t *line = json_pack("{s:I,s:s,s:s,s:s,s:I,s:I,s:I}", "step", (json_int_t)i, "kind", move_kind_name(step->kind),
                             "from", step->from, "to", step->to, "size", (json_int_t)step->size, "mtime_ns",
                             (json_int_t)step->mtime_ns, "lead", (json_int_t)step->lead);
    if (line && step->group < groups->n_groups)
        json_object_set_new(line, "group", json_string(groups->groups[step->group].id));
    if (line && step->kind == WRITE_CROP)
        json_object_set_new(
            line, "box",
            json_pack("[i,i,i,i]", (int)step->box.x1, (int)step->box.y1, (int)step->box.x2, (int)step->box.y2));
    return line;
}

char *run_file(const char *state, uint64_t number)
{
    char name[64];
    snprintf(name, sizeof name, "finalize-%" PRIu64 ".jsonl", number);
    return path_of(state, name);
}

int write_run(const char *state, const struct review_groups *groups, const struct finalize_plan *plan, uint64_t number)
{
    struct whole_file file;
    char *path = run_file(state, number);
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
