/*
 * review/api_group.c: GET api/group/GROUP: all about one group.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "http.h"
#include "verbs.h"

static json_t *number_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *json_of_image(struct session *session, const struct review_image *image)
{
    uint32_t width = 0, height = 0;
    int rc = pictures_measure(session->pictures, image->rel_path, &width, &height);
    json_t *json = json_pack("{s:s, s:o, s:f, s:I}", "id", image->id, "name", json_of_bytes(last_part(image->rel_path)),
                             "stage", image->stage, "bytes", (json_int_t)image->size);
    json_object_set_new(json, "width", width ? json_integer(width) : json_null());
    json_object_set_new(json, "height", height ? json_integer(height) : json_null());
    json_object_set_new(json, "error",
                        rc == SELECTAI_OK              ? json_null()
                        : rc == SELECTAI_ERR_NOT_FOUND ? json_string("the file is gone")
                                                       : json_string(selectai_error_name(rc)));
    return json;
}

/* What the suggestion says about each image goes to the images; without it they have nulls. */
static void add_scores(json_t *image, json_t *scores)
{
    static const char *const keys[] = {"probability", "prior", "image", "crop"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        json_t *value = json_object_get(scores, keys[i]);
        json_object_set(image, keys[i], value ? value : json_null());
    }
}

static json_t *json_of_images(struct session *session, size_t g, json_t *suggestion)
{
    const struct review_group *group = &session->groups.groups[g];
    json_t *scores = json_object_get(suggestion, "images"), *list = json_array();
    for (uint32_t i = 0; i < group->n; i++) {
        json_t *image = json_of_image(session, &session->groups.images[group->first + i]);
        add_scores(image, json_array_get(scores, i));
        json_array_append_new(list, image);
    }
    json_object_del(suggestion, "images");
    return list;
}

static void add_decision(json_t *json, struct session *session, size_t g)
{
    const struct standing *standing = session->moving ? NULL : journal_standing(session->journal, g);
    if (!standing || standing->decision.outcome == UNDECIDED) {
        json_object_set_new(json, "decision", json_null());
        json_object_set_new(json, "decided", json_null());
        return;
    }
    json_object_set_new(json, "decision", json_of_decision(&standing->decision, &session->groups, g));
    json_object_set_new(json, "decided",
                        json_pack("{s:I, s:s, s:s, s:o}", "op", (json_int_t)standing->op, "time", standing->time,
                                  "source", source_name(standing->source), "seconds",
                                  number_or_null(standing->seconds)));
}

static json_t *json_of_group(struct session *session, size_t g)
{
    static const char *const states[] = {"pending", "ready", "none"};
    char name[GROUP_NAME];
    struct suggestion_brief brief;
    brief_of(session, g, &brief);
    json_t *suggestion = session->suggestions ? suggestions_json(session->suggestions, g) : NULL;
    json_t *json = json_pack("{s:s, s:I, s:o, s:s}", "id", session->groups.groups[g].id, "index", (json_int_t)g, "name",
                             json_of_bytes(group_name(&session->groups, g, name)), "state", states[brief.state]);
    json_object_set_new(json, "images", json_of_images(session, g, suggestion));
    json_object_set_new(json, "suggestion", suggestion ? suggestion : json_null());
    add_decision(json, session, g);
    return json;
}

http_result get_group(struct request *request)
{
    struct session *session = request->server->session;
    const char *id = request->path + strlen("api/group/");
    json_t *json = NULL;
    pthread_mutex_lock(&session->lock);
    size_t g = is_hex(id, REVIEW_ID - 1) ? find_group(&session->groups, id) : NO_INDEX;
    if (g != NO_INDEX)
        json = json_of_group(session, g);
    pthread_mutex_unlock(&session->lock);
    return g == NO_INDEX ? answer_empty(request, MHD_HTTP_NOT_FOUND) : answer_json(request, MHD_HTTP_OK, json);
}
