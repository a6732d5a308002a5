/*
 * review/api_session.c: GET api/session, and the windows: POST api/claim, api/view.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "learn.h"
#include "verbs.h"

/* The last part: the path to it is nobody's business. */
static json_t *json_of_last_part(const char *root)
{
    size_t end = strlen(root);
    while (end > 1 && root[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && root[start - 1] != '/')
        start--;
    char *name = strndup(root + start, end - start);
    json_t *json = name ? json_of_bytes(name) : NULL;
    free(name);
    return json;
}

static json_t *json_of_ranker(struct session *session)
{
    char id[256] = "";
    if (session->suggestions)
        suggestions_model(session->suggestions, id, sizeof id);
    return id[0] ? json_of_bytes(id) : json_null();
}

static json_t *json_of_session(struct session *session)
{
    const struct review_groups *groups = &session->groups;
    json_t *json = json_pack("{s:s, s:o, s:o, s:b, s:f, s:I, s:I, s:I, s:O?, s:o, s:I}", "version",
                             selectai_version_string(), "project", json_of_bytes(groups->project), "folder",
                             json_of_last_part(groups->root), "read_only", session->read_only, "min_confidence",
                             session->min_confidence, "groups", (json_int_t)groups->n_groups, "images",
                             (json_int_t)groups->n_images, "alone", (json_int_t)groups->n_alone, "keys", session->keys,
                             "ranker", json_of_ranker(session), "epoch", (json_int_t)session->epoch);
    json_object_set_new(json, "cropper", session->cropper ? json_of_last_part(session->cropper) : json_null());
    json_object_set_new(json, "learn", session->learner ? json_integer(learner_every(session->learner)) : json_null());
    json_object_set_new(json, "cursor",
                        session->cursor < groups->n_groups ? json_string(groups->groups[session->cursor].id)
                                                           : json_null());
    return json;
}

http_result get_session(struct request *request)
{
    struct session *session = request->server->session;
    pthread_mutex_lock(&session->lock);
    json_t *json = json_of_session(session);
    pthread_mutex_unlock(&session->lock);
    return answer_json(request, MHD_HTTP_OK, json);
}

http_result post_claim(struct request *request, const json_t *body)
{
    int take;
    if (want_flag(request, body, "take", &take) != 0)
        return answer_invalid(request);
    if (!writer_claim(request->server->session, request->window, take)) {
        const char *message = "", *why = why_not_decide(request->server->session, request->window, &message);
        return answer_error(request, MHD_HTTP_CONFLICT, why ? why : "not-writer", "%s", message);
    }
    return answer_json(request, MHD_HTTP_OK, json_pack("{s:s}", "writer", "you"));
}
