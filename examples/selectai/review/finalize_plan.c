/*
 * review/finalize_plan.c: what is to be done with all that was decided.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "finalize_private.h"
#include "verbs.h"

static int32_t side_of(double fraction, uint32_t side)
{
    return (int32_t)lround(fmin(fmax(fraction, 0), 1) * side);
}

/*
 * As the journal has it, if the picture still has the size that it had then; else what its fractions are now, which is
 * noted where another size was known. All 0 where the picture cannot be read, and cropping will say.
 */
static int box_of(struct selectai_pixel_box *box, struct planner *planner, const struct review_image *image,
                  const struct winner *winner)
{
    struct selectai_image_info info = {.struct_size = sizeof info};
    char *path = path_of(planner->groups->root, image->rel_path);
    int known = selectai_image_read_info(&info, path) == SELECTAI_OK;
    free(path);
    *box = winner->pixels;
    if (!known || (info.width == winner->width && info.height == winner->height))
        return SELECTAI_OK;
    *box = (struct selectai_pixel_box){side_of(winner->box.x1, info.width), side_of(winner->box.y1, info.height),
                                       side_of(winner->box.x2, info.width), side_of(winner->box.y2, info.height)};
    if (winner->width == 0)
        return SELECTAI_OK;
    return plan_note(planner->plan, image->rel_path,
                     "has another size than when its crop was decided, %u x %u now: the crop is scaled with it",
                     info.width, info.height);
}

static int place_winner(struct planner *planner, const struct review_image *image, const struct winner *winner)
{
    struct selectai_pixel_box box = {0};
    enum move_kind kind = winner->crop == CROP_LATER   ? MOVE_CROP_LATER
                          : winner->crop == CROP_WHOLE ? MOVE_SELECTED
                                                       : WRITE_CROP;
    int rc = kind == WRITE_CROP ? box_of(&box, planner, image, winner) : SELECTAI_OK;
    return rc == SELECTAI_OK ? place_picture(planner, image, kind, &box) : rc;
}

/* Winners first: a companion that is shared goes with them, and if one cannot go, those after it stay: else the group
 * would be torn, and nobody would be asked about it again. */
static int place_group(struct planner *planner, size_t g, const struct decision *decision)
{
    const struct review_group *group = &planner->groups->groups[g];
    const struct review_image *images = &planner->groups->images[group->first];
    size_t w = 0;
    int rc = SELECTAI_OK;
    planner->lead = NO_INDEX;
    for (size_t i = 0; i < decision->n_winners && rc == SELECTAI_OK; i++)
        if (decision->winners[i].image < group->n) {
            size_t first = planner->plan->n;
            rc = place_winner(planner, &images[decision->winners[i].image], &decision->winners[i]);
            planner->lead = first;
        }
    for (uint32_t i = 0; i < group->n && rc == SELECTAI_OK; i++) {
        while (w < decision->n_winners && decision->winners[w].image < i)
            w++;
        if (w == decision->n_winners || decision->winners[w].image != i)
            rc = place_picture(planner, &images[i], MOVE_STAGING, NULL);
    }
    return rc;
}

static int plan_groups(struct planner *planner, const struct journal *journal)
{
    int rc = SELECTAI_OK;
    for (size_t g = 0; g < planner->groups->n_groups && rc == SELECTAI_OK; g++) {
        const struct decision *decision = &journal_standing(journal, g)->decision;
        if (decision->outcome == UNDECIDED)
            planner->plan->n_undecided++;
        else if (decision->outcome == SKIP)
            planner->plan->n_skipped++;
        else
            rc = place_group(planner, g, decision);
    }
    return rc;
}

/* A link would lead elsewhere, a file is in the way. */
static int check_targets(const struct planner *planner)
{
    static const char *const tops[] = {SELECTED_FOLDER, CROP_FOLDER, STAGING_FOLDER, ORIGINALS_FOLDER};
    for (size_t i = 0; i < sizeof tops / sizeof *tops; i++) {
        struct stat st;
        if (stat_below(planner->root, tops[i], &st) != 0 || S_ISDIR(st.st_mode))
            continue;
        return no_plan(planner->plan, SELECTAI_ERR_NOT_A_DIRECTORY,
                       "%s/%s: is %s, not a folder: move it away, Finalize fills that folder", planner->groups->root,
                       tops[i], S_ISLNK(st.st_mode) ? "a link" : "a file");
    }
    return SELECTAI_OK;
}

/* All but the message. */
static void drop_plan(struct finalize_plan *plan)
{
    for (size_t i = 0; i < plan->n; i++) {
        free(plan->moves[i].from);
        free(plan->moves[i].to);
    }
    free(plan->moves);
    json_decref(plan->notes);
    plan->moves = NULL;
    plan->notes = NULL;
    plan->n = plan->capacity = 0;
}

int plan_finalize(struct finalize_plan *plan, const struct review_groups *groups, const struct journal *journal)
{
    struct planner planner = {.plan = plan, .groups = groups, .taken = {.fold = 1}};
    *plan = (struct finalize_plan){.operation = journal_operations(journal)};
    planner.root = open(groups->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (planner.root < 0)
        return no_plan(plan, SELECTAI_ERR_IO, "%s: %s", groups->root, strerror(errno));
    int rc = check_targets(&planner);
    if (rc == SELECTAI_OK)
        rc = plan_groups(&planner, journal);
    close(planner.root);
    name_set_free(&planner.taken);
    name_set_free(&planner.claimed);
    free_beside(&planner.beside);
    if (rc != SELECTAI_OK)
        drop_plan(plan);
    return rc;
}

void free_plan(struct finalize_plan *plan)
{
    drop_plan(plan);
    *plan = (struct finalize_plan){0};
}

static json_t *json_of_move(const struct planned *move, const struct review_groups *groups)
{
    json_t *json = json_pack("{s:s,s:o,s:o}", "kind", move_kind_name(move->kind), "from", json_of_bytes(move->from),
                             "to", json_of_bytes(move->to));
    if (json && move->group < groups->n_groups)
        json_object_set_new(json, "group", json_string(groups->groups[move->group].id));
    return json;
}

json_t *json_of_plan(const struct finalize_plan *plan, const struct review_groups *groups)
{
    char operation[24];
    json_t *moves = json_array();
    snprintf(operation, sizeof operation, "%" PRIu64, plan->operation);
    for (size_t i = 0; moves && i < plan->n; i++)
        json_array_append_new(moves, json_of_move(&plan->moves[i], groups));
    return json_pack("{s:s,s:o,s:o,s:o}", "plan", operation, "moves", moves, "counts", counts_of_plan(plan), "notes",
                     plan->notes ? json_incref(plan->notes) : json_array());
}
