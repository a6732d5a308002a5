/*
 * review/decision_json.c: decisions as JSON, and back, all of it checked.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decision.h"

/* ---- To JSON --------------------------------------------------------------------------------- */

static json_t *json_of_box(const struct selectai_box *box)
{
    return json_pack("{s:f, s:f, s:f, s:f}", "x1", box->x1, "y1", box->y1, "x2", box->x2, "y2", box->y2);
}

static json_t *json_of_winner(const struct winner *winner, const char *id, const char *name)
{
    const struct selectai_pixel_box *px = &winner->pixels;
    int placed = has_box(winner) && px->x1 < px->x2 && px->y1 < px->y2;
    json_t *json = json_pack("{s:s, s:o, s:s, s:o, s:o, s:o}", "image", id, "name", json_of_name(name), "crop",
                             crop_name(winner->crop), "box", has_box(winner) ? json_of_box(&winner->box) : json_null(),
                             "box_px", placed ? json_pack("[i,i,i,i]", px->x1, px->y1, px->x2, px->y2) : json_null(),
                             "size",
                             winner->width > 0 && winner->height > 0
                                 ? json_pack("[I,I]", (json_int_t)winner->width, (json_int_t)winner->height)
                                 : json_null());
    return json;
}

json_t *json_of_decision_named(const struct decision *decision, const char *(*id_of)(const void *, uint32_t),
                               const char *(*name_of)(const void *, uint32_t), const void *of)
{
    if (decision->outcome == UNDECIDED)
        return json_null();
    json_t *json = json_pack("{s:s}", "outcome", outcome_name(decision->outcome));
    json_t *winners = decision->outcome == PICK ? json_array() : NULL;
    int failed = !json || (decision->outcome == PICK && !winners);
    for (uint32_t i = 0; !failed && i < decision->n_winners; i++) {
        const struct winner *winner = &decision->winners[i];
        failed = json_array_append_new(
                     winners, json_of_winner(winner, id_of(of, winner->image), name_of(of, winner->image))) != 0;
    }
    if (!failed && winners)
        failed = json_object_set(json, "winners", winners) != 0;
    json_decref(winners);
    if (failed)
        json_decref(json);
    return failed ? NULL : json;
}

/* The images of a group that is there: `of` is the first of them. */
static const char *id_of_image(const void *of, uint32_t image)
{
    return ((const struct review_image *)of)[image].id;
}

static const char *name_of_image(const void *of, uint32_t image)
{
    return ((const struct review_image *)of)[image].rel_path;
}

json_t *json_of_decision(const struct decision *decision, const struct review_groups *groups, size_t group)
{
    return json_of_decision_named(decision, id_of_image, name_of_image, &groups->images[groups->groups[group].first]);
}

json_t *json_of_name(const char *name)
{
    json_t *json = json_string(name);
    char *copy = json ? NULL : strdup(name); /* no UTF-8: the id tells which file is meant */
    for (char *p = copy; p && *p; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    if (copy)
        json = json_string(copy);
    free(copy);
    return json;
}

/* ---- From JSON ------------------------------------------------------------------------------- */

struct reading {
    const struct review_groups *groups; /* NULL: find_id finds an image */
    size_t group;
    size_t (*find_id)(const void *of, const char *id);
    const void *of;
    char *message;
    size_t n_message;
};

static int refuse(const struct reading *reading, const char *what)
{
    if (reading->n_message > 0)
        snprintf(reading->message, reading->n_message, "%s", what);
    return SELECTAI_ERR_INVALID_ARGUMENT;
}

static int read_edge(double *out, const json_t *box, const char *key)
{
    const json_t *value = json_object_get(box, key);
    *out = json_number_value(value);
    return json_is_number(value) && *out >= 0 && *out <= 1; /* false for NaN too */
}

static int read_box(struct winner *winner, const json_t *json, const struct reading *reading)
{
    struct selectai_box *box = &winner->box;
    const json_t *value = json_object_get(json, "box");
    if (!has_box(winner))
        return !value || json_is_null(value) ? SELECTAI_OK
                                             : refuse(reading, "box: only with crop \"suggested\" or \"edited\"");
    if (!read_edge(&box->x1, value, "x1") || !read_edge(&box->y1, value, "y1") || !read_edge(&box->x2, value, "x2") ||
        !read_edge(&box->y2, value, "y2"))
        return refuse(reading, "box: x1, y1, x2, y2 from 0 to 1 are expected");
    return box->x1 < box->x2 && box->y1 < box->y2
               ? SELECTAI_OK
               : refuse(reading, "box: empty or turned round, x1 < x2 and y1 < y2 are expected");
}

static int read_whole(json_int_t *out, const json_t *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_array_get(list, i);
        out[i] = json_integer_value(value);
        if (!json_is_integer(value) || out[i] < 0 || out[i] > INT32_MAX)
            return 0;
    }
    return json_array_size(list) == n;
}

/* Of no use without each other: pixels of a picture whose size nobody knows could lie anywhere. */
static int read_pixels(struct winner *winner, const json_t *json, const struct reading *reading)
{
    json_int_t size[2], px[4];
    const json_t *value = json_object_get(json, "size"), *box = json_object_get(json, "box_px");
    if (value && !json_is_null(value)) {
        if (!read_whole(size, value, 2) || size[0] == 0 || size[1] == 0)
            return refuse(reading, "size: [width, height] in pixels is expected");
        winner->width = (uint32_t)size[0];
        winner->height = (uint32_t)size[1];
    }
    if (!has_box(winner) || !box || json_is_null(box))
        return SELECTAI_OK;
    if (!read_whole(px, box, 4) || px[0] >= px[2] || px[1] >= px[3])
        return refuse(reading, "box_px: [x1, y1, x2, y2] in pixels is expected, x1 < x2 and y1 < y2");
    if (winner->width > 0 && (px[2] > winner->width || px[3] > winner->height))
        return refuse(reading, "box_px: reaches beyond the picture");
    winner->pixels = (struct selectai_pixel_box){(int32_t)px[0], (int32_t)px[1], (int32_t)px[2], (int32_t)px[3]};
    return SELECTAI_OK;
}

static size_t image_of_id(const struct reading *reading, const char *id)
{
    if (!id)
        return NO_INDEX;
    if (reading->find_id)
        return reading->find_id(reading->of, id);
    const struct review_group *group = &reading->groups->groups[reading->group];
    size_t image = find_image(reading->groups, id);
    return image == NO_INDEX || image < group->first || image - group->first >= group->n ? NO_INDEX
                                                                                         : image - group->first;
}

static int read_winner(struct winner *winner, const json_t *json, const struct reading *reading)
{
    size_t image = image_of_id(reading, json_string_value(json_object_get(json, "image")));
    enum crop_kind crop;
    if (image == NO_INDEX)
        return refuse(reading, "image: no image of this group");
    if (!crop_of_name(&crop, json_string_value(json_object_get(json, "crop"))))
        return refuse(reading, "crop: whole, suggested, edited or later is expected");
    *winner = (struct winner){.image = (uint32_t)image, .crop = crop};
    int rc = read_box(winner, json, reading);
    return rc == SELECTAI_OK ? read_pixels(winner, json, reading) : rc;
}

/* In the order of images; few. */
static int put_winner(struct decision *decision, const struct winner *winner, const struct reading *reading)
{
    uint32_t at = decision->n_winners;
    while (at > 0 && decision->winners[at - 1].image > winner->image)
        at--;
    if (at > 0 && decision->winners[at - 1].image == winner->image)
        return refuse(reading, "winners: the same image twice");
    memmove(decision->winners + at + 1, decision->winners + at, (decision->n_winners - at) * sizeof *decision->winners);
    decision->winners[at] = *winner;
    decision->n_winners++;
    return SELECTAI_OK;
}

static int read_winners(struct decision *decision, const json_t *list, const struct reading *reading)
{
    size_t n = json_array_size(list);
    struct winner winner;
    if (n == 0 || n > MAX_WINNERS)
        return refuse(reading, "winners: a list of 1 to 64 is expected");
    decision->winners = calloc(n, sizeof *decision->winners);
    int rc = decision->winners ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; rc == SELECTAI_OK && i < n; i++) {
        rc = read_winner(&winner, json_array_get(list, i), reading);
        if (rc == SELECTAI_OK)
            rc = put_winner(decision, &winner, reading);
    }
    return rc;
}

static int read_decision(struct decision *out, const json_t *json, const struct reading *reading)
{
    struct decision decision = {0};
    *out = decision;
    if (json_is_null(json))
        return SELECTAI_OK;
    const json_t *winners = json_object_get(json, "winners");
    if (!outcome_of_name(&decision.outcome, json_string_value(json_object_get(json, "outcome"))))
        return refuse(reading, "outcome: pick, reject or skip is expected");
    if (decision.outcome != PICK && winners && json_array_size(winners) + !json_is_array(winners) > 0)
        return refuse(reading, "winners: only with outcome \"pick\"");
    int rc = decision.outcome == PICK ? read_winners(&decision, winners, reading) : SELECTAI_OK;
    if (rc == SELECTAI_OK)
        *out = decision;
    else
        free_decision(&decision);
    return rc;
}

int decision_of_json(struct decision *out, const json_t *json, const struct review_groups *groups, size_t group,
                     char *message, size_t n_message)
{
    struct reading reading = {.groups = groups, .group = group, .message = message, .n_message = n_message};
    return read_decision(out, json, &reading);
}

int decision_of_json_named(struct decision *out, const json_t *json, size_t (*find_id)(const void *of, const char *id),
                           const void *of, char *message, size_t n_message)
{
    struct reading reading = {.find_id = find_id, .of = of, .message = message, .n_message = n_message};
    return read_decision(out, json, &reading);
}
