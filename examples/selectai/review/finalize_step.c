/*
 * review/finalize_step.c: does one step, or takes it back. Both can be repeated: what lies where decides.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "finalize_private.h"
#include "verbs.h"

static enum step_outcome outcome(enum step_outcome value, char *message, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static enum step_outcome outcome(enum step_outcome value, char *message, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, STEP_MESSAGE, fmt, args);
    va_end(args);
    return value;
}

static enum step_outcome by_errno(int err, const char *from, const char *to, char *message)
{
    if (err == EEXIST)
        return outcome(OUTCOME_FAILED, message, "something lies at %s, which is not written over", to);
    if (err == ELOOP || err == ENOTDIR)
        return outcome(OUTCOME_FAILED, message, "a link or file stands where %s needs a folder", to);
    if (err == EINVAL || err == ENOENT)
        return outcome(OUTCOME_FAILED, message, "%s is not there any more, or is no regular file", from);
    return outcome(err == EACCES || err == EPERM ? OUTCOME_FAILED : OUTCOME_RETRY, message, "cannot be moved to %s: %s",
                   to, strerror(err));
}

/* A name of ours in the target's folder, for what is not complete yet; no image, unless it has to be one. */
static void part_name(char out[64], const struct run *run, size_t i, const char *ending)
{
    snprintf(out, 64, ".finalize-%" PRIu64 "-%zu.part%s", run->number, i, ending);
}

static int lies(const struct run *run, const char *path, struct stat *st)
{
    return stat_below(run->root, path, st) == 0;
}

static int is_planned_file(const struct stat *st, const struct planned *step)
{
    return S_ISREG(st->st_mode) && (uint64_t)st->st_size == step->size;
}

static void note_folders(struct run *run, const char *a, const char *b)
{
    char *x = folder_in_path(a), *y = folder_in_path(b);
    if (x && y) {
        (void)name_set_add(&run->dirty, x);
        (void)name_set_add(&run->dirty, y);
    }
    free(x);
    free(y);
}

static enum step_outcome move(struct run *run, size_t i, const char *from, const char *to, char *message)
{
    char part[64];
    part_name(part, run, i, "");
    int err = move_below(run->root, from, to, part);
    note_folders(run, from, to);
    return err == 0 ? OUTCOME_DONE : by_errno(err, from, to, message);
}

static enum step_outcome finish(struct run *run, const char *from, const char *to, char *message)
{
    int err = finish_move(run->root, from, to);
    note_folders(run, from, to);
    return err == 0 ? OUTCOME_DONE : by_errno(err, from, to, message);
}

static enum step_outcome do_move(struct run *run, size_t i, char *message)
{
    const struct planned *step = &run->steps[i];
    struct stat from, to;
    int at_from = lies(run, step->from, &from), at_to = lies(run, step->to, &to);
    if (at_from && at_to && run->resumed && is_half_moved(run->root, step->from, step->to))
        return finish(run, step->from, step->to, message);
    if (!at_from && at_to && run->resumed && is_planned_file(&to, step))
        return OUTCOME_DONE;
    if (!at_from)
        return by_errno(ENOENT, step->from, step->to, message);
    if (at_to)
        return by_errno(EEXIST, step->from, step->to, message);
    if (!is_planned_file(&from, step))
        return outcome(OUTCOME_FAILED, message, "%s has changed since the plan was made: it stays", step->from);
    return move(run, i, step->from, step->to, message);
}

/* ---- Crops ----------------------------------------------------------------------------------- */

/* After a crash of the machine the crop may be missing although the original has moved on. */
static const char *original_of(const struct run *run, size_t i, struct stat *st)
{
    const struct planned *step = &run->steps[i];
    if (lies(run, step->from, st))
        return step->from;
    if (i + 1 < run->n && step[1].kind == MOVE_ORIGINAL && step[1].lead == i && lies(run, step[1].to, st))
        return step[1].to;
    return NULL;
}

/* The cropped picture under a name of ours in the target's folder; *part is the caller's to free. */
static enum step_outcome make_part(const struct run *run, size_t i, const char *from, char **part, char *message)
{
    char name[64];
    char *folder = folder_in_path(run->steps[i].to);
    part_name(name, run, i, ".png");
    *part = folder ? target_path("", folder, name, strlen(name), 1, "") : NULL;
    int fd = folder ? open_folder_below(run->root, folder, 1) : -1, err = folder ? errno : ENOMEM;
    if (fd < 0 || !*part) {
        free(folder);
        return by_errno(err, from, run->steps[i].to, message);
    }
    close(fd);
    remove_parts(run->root, folder, name);
    free(folder);
    char *output = path_of(run->root_path, *part), *path = path_of(run->root_path, from);
    int rc = selectai_image_crop_file(output, path, &run->steps[i].box, NULL);
    free(output);
    free(path);
    if (rc == SELECTAI_OK)
        return OUTCOME_DONE;
    int final = rc == SELECTAI_ERR_FORMAT || rc == SELECTAI_ERR_UNSUPPORTED || rc == SELECTAI_ERR_LIMIT ||
                rc == SELECTAI_ERR_INVALID_ARGUMENT || rc == SELECTAI_ERR_NOT_FOUND || rc == SELECTAI_ERR_PERMISSION;
    return outcome(final ? OUTCOME_FAILED : OUTCOME_RETRY, message, "cannot be cropped: %s", selectai_last_error());
}

static void remove_part(const struct run *run, const char *part)
{
    char *folder = folder_in_path(part);
    if (folder)
        remove_parts(run->root, folder, last_part(part));
    free(folder);
}

static enum step_outcome do_crop(struct run *run, size_t i, char *message)
{
    const struct planned *step = &run->steps[i];
    struct stat st, there;
    const char *from = original_of(run, i, &st);
    char *part = NULL;
    int at_to = lies(run, step->to, &there);
    if (!from)
        return by_errno(ENOENT, step->from, step->to, message);
    if (!is_planned_file(&st, step))
        return outcome(OUTCOME_FAILED, message, "%s has changed since the plan was made: it stays", step->from);
    if (at_to && !run->resumed)
        return by_errno(EEXIST, step->from, step->to, message);
    enum step_outcome value = make_part(run, i, from, &part, message);
    if (value == OUTCOME_DONE) /* nobody else may look at it who could not before */
        (void)fchmodat(run->root, part, st.st_mode & 0777, 0);
    if (value == OUTCOME_DONE && at_to)
        value = same_bytes_below(run->root, part, step->to) == 1 ? OUTCOME_DONE
                                                                 : by_errno(EEXIST, step->from, step->to, message);
    else if (value == OUTCOME_DONE)
        value = move(run, i, part, step->to, message);
    if (part)
        remove_part(run, part);
    free(part);
    return value;
}

enum step_outcome do_step(struct run *run, size_t i, char message[STEP_MESSAGE])
{
    return run->steps[i].kind == WRITE_CROP ? do_crop(run, i, message) : do_move(run, i, message);
}

/* ---- Back ------------------------------------------------------------------------------------ */

/* The crop goes where crops go that nobody wants, under the next free name. */
static enum step_outcome put_crop_away(struct run *run, size_t i, char *message)
{
    const struct planned *step = &run->steps[i];
    const char *below = strchr(step->to, '/'), *name = last_part(step->to);
    char *folder = folder_in_path(below ? below + 1 : step->to);
    enum step_outcome value = OUTCOME_RETRY;
    outcome(value, message, "out of memory");
    for (unsigned number = 1, again = folder != NULL; again && number < 100000; number++) {
        struct stat st;
        char *to = target_path(CROPS_FOLDER, folder, name, stem_bytes(name), number, name + stem_bytes(name));
        if (!to)
            break;
        again = lies(run, to, &st);
        if (again && is_half_moved(run->root, step->to, to)) {
            value = finish(run, step->to, to, message);
            again = 0;
        } else if (!again) {
            value = move(run, i, step->to, to, message);
        }
        free(to);
    }
    free(folder);
    return value;
}

/* What a step that no line tells of has left: nothing, or what do_step() would make. */
static int was_done(struct run *run, size_t i, char *message)
{
    struct stat from, to;
    const struct planned *step = &run->steps[i];
    if (!lies(run, step->to, &to))
        return 0;
    if (step->kind == WRITE_CROP)
        return do_crop(run, i, message) == OUTCOME_DONE;
    if (lies(run, step->from, &from))
        return is_half_moved(run->root, step->from, step->to);
    return is_planned_file(&to, step);
}

static enum step_outcome undo_move(struct run *run, size_t i, char *message)
{
    const struct planned *step = &run->steps[i];
    struct stat from, to;
    int at_from = lies(run, step->from, &from), at_to = lies(run, step->to, &to);
    if (at_from && at_to && is_half_moved(run->root, step->to, step->from))
        return finish(run, step->to, step->from, message);
    if (!at_to && at_from)
        return OUTCOME_DONE;
    if (at_from)
        return outcome(OUTCOME_FAILED, message, "stays at %s: something else lies where it was", step->to);
    if (!at_to)
        return outcome(OUTCOME_FAILED, message, "is not at %s any more: it cannot be put back", step->to);
    return move(run, i, step->to, step->from, message);
}

enum step_outcome undo_step(struct run *run, size_t i, char message[STEP_MESSAGE])
{
    struct stat st;
    const struct planned *step = &run->steps[i];
    if (run->states[i] != STEP_DONE && run->states[i] != STEP_STAYS && !was_done(run, i, message))
        return OUTCOME_NOTHING;
    if (step->kind != WRITE_CROP)
        return undo_move(run, i, message);
    return lies(run, step->to, &st) ? put_crop_away(run, i, message) : OUTCOME_DONE;
}
