/*
 * review/export_rows.c: what was decided, group by group.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export_internal.h"
#include "verbs.h"

int each_decided(const struct review_groups *groups, const struct journal *journal, decided_fn take, void *user)
{
    int code = EXIT_DONE;
    for (size_t slot = 0; code == EXIT_DONE && slot < journal->n_slots; slot++) {
        const struct standing *standing = journal_standing(journal, slot);
        struct decided decided = {.groups = groups, .journal = journal, .slot = slot, .standing = standing};
        if (standing->decision.outcome != PICK && standing->decision.outcome != REJECT)
            continue;
        decided.id = id_of_slot(journal, slot);
        decided.images = images_of_slot(journal, slot);
        decided.n = json_array_size(decided.images);
        code = decided.images ? take(&decided, user) : EXIT_FAILED;
        json_decref(decided.images);
    }
    return code;
}

const char *decided_name(const struct decided *decided, size_t image)
{
    const char *name = json_string_value(json_object_get(json_array_get(decided->images, image), "name"));
    return name ? name : "";
}

json_t *decided_stage(const struct decided *decided, size_t image)
{
    json_t *stage = json_object_get(json_array_get(decided->images, image), "stage");
    return json_is_number(stage) ? json_incref(stage) : json_null();
}

json_t *decided_path(const struct decided *decided, size_t image)
{
    struct review_image named = {.rel_path = NULL};
    char *name = strdup(decided_name(decided, image));
    named.rel_path = name;
    char *path = name ? image_path(decided->groups, &named) : NULL;
    json_t *json = path ? json_string(path) : NULL;
    if (!json)
        say("%s: the folder's name is no UTF-8, which JSON cannot hold: give it another name", decided->groups->root);
    free(path);
    free(name);
    return json;
}

json_t *decided_timestamp(const struct decided *decided, size_t image)
{
    struct selectai_parsed_name parsed = {.struct_size = sizeof parsed};
    return selectai_parse_filename(&parsed, decided_name(decided, image)) == SELECTAI_OK ? json_string(parsed.timestamp)
                                                                                         : json_null();
}

const struct winner *winner_of(const struct decided *decided, size_t image)
{
    const struct decision *decision = &decided->standing->decision;
    for (uint32_t i = 0; i < decision->n_winners; i++)
        if (decision->winners[i].image == image)
            return &decision->winners[i];
    return NULL;
}

int is_whole_box(const struct winner *winner)
{
    const struct selectai_pixel_box *px = &winner->pixels;
    if (px->x2 > 0)
        return px->x1 == 0 && px->y1 == 0 && (uint32_t)px->x2 == winner->width && (uint32_t)px->y2 == winner->height;
    return winner->box.x1 <= 0 && winner->box.y1 <= 0 && winner->box.x2 >= 1 && winner->box.y2 >= 1;
}

void session_name(char *out, size_t n_out, const struct journal *journal)
{
    size_t n = (size_t)snprintf(out, n_out, "%s_review_", journal->project);
    for (const char *at = journal->created; *at && *at != '.' && n + 2 < n_out; at++)
        if (isalnum((unsigned char)*at)) {
            out[n++] = *at;
            out[n] = '\0';
        }
}

int put_row(FILE *stream, json_t *json)
{
    int failed = !json || json_dumpf(json, stream, JSON_COMPACT | JSON_STYLE) != 0 || putc('\n', stream) == EOF;
    if (failed)
        say("out of memory, or the disk is full");
    json_decref(json);
    return failed ? EXIT_FAILED : EXIT_DONE;
}
