/*
 * review/finalize_picture.c: where a picture goes with all that belongs to it, and under which name.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "finalize_private.h"
#include "verbs.h"

#define MOST_NUMBERS 100000u /* "~2" and so on that are tried */

/* A picture with what belongs to it, while its number is looked for. */
struct unit {
    struct planner *planner;
    const struct review_image *image;
    size_t group, first;         /* its first move */
    const char *top, *whole_top; /* where companions go, and those that are named after all of the picture's name */
    char *folder;
    const char *name;
};

int no_plan(struct finalize_plan *plan, int code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(plan->message, sizeof plan->message, fmt, args);
    va_end(args);
    say("%s", plan->message);
    return code;
}

int no_memory_for(struct finalize_plan *plan)
{
    return no_plan(plan, SELECTAI_ERR_OUT_OF_MEMORY, "out of memory");
}

/* ---- Moves ----------------------------------------------------------------------------------- */

static int add_move(struct unit *unit, enum move_kind kind, const char *name)
{
    struct finalize_plan *plan = unit->planner->plan;
    struct stat st;
    if (plan->n == plan->capacity) {
        size_t capacity = plan->capacity ? 2 * plan->capacity : 256;
        struct planned *moves = realloc(plan->moves, capacity * sizeof *moves);
        if (!moves)
            return no_memory_for(plan);
        plan->moves = moves;
        plan->capacity = capacity;
    }
    struct planned *move = &plan->moves[plan->n];
    *move = (struct planned){.kind = kind,
                             .group = unit->group,
                             .lead = plan->n == unit->first && unit->planner->lead != NO_INDEX ? unit->planner->lead
                                                                                               : unit->first,
                             .size = unit->image->size,
                             .mtime_ns = unit->image->mtime_ns};
    if (!(move->from = target_path("", unit->folder, name, strlen(name), 1, "")))
        return no_memory_for(plan);
    if (stat_below(unit->planner->root, move->from, &st) == 0) {
        move->size = (uint64_t)st.st_size;
        move->mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    }
    plan->n++;
    return SELECTAI_OK;
}

int plan_note(struct finalize_plan *plan, const char *path, const char *fmt, ...)
{
    char text[STEP_MESSAGE];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (!plan->notes && !(plan->notes = json_array()))
        return no_memory_for(plan);
    return json_array_append_new(
               plan->notes, json_pack("{s:o,s:o}", "path", json_of_bytes(path), "message", json_of_bytes(text))) == 0
               ? SELECTAI_OK
               : no_memory_for(plan);
}

static int take_companion(void *user, const char *name, int whole_name)
{
    struct unit *unit = user;
    struct planner *planner = unit->planner;
    char *from = target_path("", unit->folder, name, strlen(name), 1, "");
    int added = from ? name_set_add(&planner->claimed, from) : -1, rc = SELECTAI_OK;
    const char *twin = twin_of(&planner->beside, unit->name);
    if (added < 0)
        rc = no_memory_for(planner->plan);
    else if (added > 0 && twin && !whole_name)
        rc = plan_note(planner->plan, from, "goes with %s; %s has the same name but for its ending", unit->name, twin);
    free(from);
    if (rc != SELECTAI_OK || added == 0)
        return rc;
    enum move_kind kind = planner->plan->moves[unit->first].kind;
    const char *top = whole_name || has_ending(name, ".xmp") ? unit->whole_top
                                                             : unit->top; /* an XMP's crop is the original's */
    if (kind == WRITE_CROP)
        kind = strcmp(top, ORIGINALS_FOLDER) == 0 ? MOVE_ORIGINAL : MOVE_SELECTED;
    rc = add_move(unit, kind, name);
    planner->plan->n_companions += rc == SELECTAI_OK;
    return rc;
}

/* ---- Names ----------------------------------------------------------------------------------- */

static const char *top_of(enum move_kind kind)
{
    static const char *const tops[] = {SELECTED_FOLDER, ORIGINALS_FOLDER, CROP_FOLDER, STAGING_FOLDER, SELECTED_FOLDER};
    return tops[kind];
}

/* All of the unit's files have its stem; what follows it stays, but a crop is a PNG. */
static char *target_of(const struct unit *unit, const struct planned *move, unsigned number)
{
    size_t n_stem = stem_bytes(unit->name);
    const char *rest = move->kind == WRITE_CROP ? ".png" : last_part(move->from) + n_stem;
    return target_path(top_of(move->kind), unit->folder, unit->name, n_stem, number, rest);
}

/* 1: free; 0: not; else a code and a message. */
static int is_free(const struct unit *unit, const char *path)
{
    struct stat st;
    if (name_set_has(&unit->planner->taken, path) || stat_below(unit->planner->root, path, &st) == 0)
        return 0;
    if (errno == ENOENT)
        return 1;
    int blocked = errno == ELOOP || errno == ENOTDIR;
    return no_plan(unit->planner->plan, blocked ? SELECTAI_ERR_NOT_A_DIRECTORY : SELECTAI_ERR_IO, "%s/%s: %s",
                   unit->planner->groups->root, path,
                   blocked ? "a link or file stands where Finalize needs a folder; move it away" : strerror(errno));
}

static int all_free(const struct unit *unit, unsigned number)
{
    const struct finalize_plan *plan = unit->planner->plan;
    int rc = 1;
    for (size_t i = unit->first; rc == 1 && i < plan->n; i++) {
        char *to = target_of(unit, &plan->moves[i], number);
        rc = to ? is_free(unit, to) : no_memory_for(unit->planner->plan);
        free(to);
    }
    return rc;
}

/* The first number with which all of the unit's targets are free. */
static int name_unit(const struct unit *unit)
{
    struct finalize_plan *plan = unit->planner->plan;
    unsigned number = 1;
    int rc = 0;
    while (number < MOST_NUMBERS && (rc = all_free(unit, number)) == 0)
        number++;
    if (rc < 0)
        return rc;
    if (rc == 0)
        return no_plan(plan, SELECTAI_ERR_EXISTS, "%s: no free name was found for it", unit->image->rel_path);
    plan->n_renamed += number > 1;
    for (size_t i = unit->first; i < plan->n; i++) {
        plan->moves[i].to = target_of(unit, &plan->moves[i], number);
        if (!plan->moves[i].to || name_set_add(&unit->planner->taken, plan->moves[i].to) < 0)
            return no_memory_for(plan);
    }
    return SELECTAI_OK;
}

/* ---- Pictures -------------------------------------------------------------------------------- */

static void count_picture(struct finalize_plan *plan, enum move_kind kind)
{
    plan->n_selected += kind == MOVE_SELECTED;
    plan->n_cropped += kind == WRITE_CROP;
    plan->n_later += kind == MOVE_CROP_LATER;
    plan->n_staged += kind == MOVE_STAGING;
}

/* kind WRITE_CROP: the crop, then its original; others: one move. Companions follow. */
int place_picture(struct planner *planner, const struct review_image *image, enum move_kind kind,
                  const struct selectai_pixel_box *box)
{
    struct unit unit = {.planner = planner,
                        .image = image,
                        .group = image->group,
                        .first = planner->plan->n,
                        .name = last_part(image->rel_path)};
    unit.top = top_of(kind);
    unit.whole_top = kind == WRITE_CROP ? ORIGINALS_FOLDER : unit.top;
    unit.folder = folder_in_path(image->rel_path);
    int rc = unit.folder ? read_beside(&planner->beside, planner->root, unit.folder) : no_memory_for(planner->plan);
    if (rc == SELECTAI_OK)
        rc = add_move(&unit, kind, unit.name);
    if (rc == SELECTAI_OK && kind == WRITE_CROP) {
        planner->plan->moves[unit.first].box = *box;
        rc = add_move(&unit, MOVE_ORIGINAL, unit.name);
    }
    if (rc == SELECTAI_OK)
        rc = each_companion(&planner->beside, unit.name, take_companion, &unit);
    if (rc == SELECTAI_OK)
        rc = name_unit(&unit);
    if (rc == SELECTAI_OK)
        count_picture(planner->plan, kind);
    free(unit.folder);
    return rc;
}
