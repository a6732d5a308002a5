/*
 * review/api_decide.c: POST api/decide, api/undo, api/redo.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "http.h"

#define MOST_SECONDS 1000000 /* eleven days */

/* 1: what was suggested, alone; 0: not; -1: there was no suggestion, or no pick. */
static int agreement(const struct suggestion_brief *brief, const struct decision *decision)
{
    if (brief->state != SUGGESTION_READY || decision->outcome != PICK)
        return -1;
    return decision->n_winners == 1 && decision->winners[0].image == brief->winner;
}

void begin_shown(struct shown *shown, struct session *session, size_t group, const struct decision *decision,
                 enum source source)
{
    struct suggestion_brief brief;
    *shown = (struct shown){.circumstances = {.source = source, .seconds = NAN}};
    brief_of(session, group, &brief);
    shown->circumstances.agreed = agreement(&brief, decision);
    if (!session->suggestions || brief.state != SUGGESTION_READY)
        return;
    suggestions_model(session->suggestions, shown->model, sizeof shown->model);
    shown->circumstances.model = shown->model[0] ? shown->model : NULL;
    shown->suggestion = suggestions_record(session->suggestions, group);
    shown->circumstances.suggestion = shown->suggestion;
}

void end_shown(struct shown *shown)
{
    json_decref(shown->suggestion);
    *shown = (struct shown){.suggestion = NULL};
}

/* Ids of this group's images, each once. */
static int check_shown(struct request *request, const json_t *order, const struct review_groups *groups, size_t g)
{
    const struct review_group *group = &groups->groups[g];
    if (!json_is_array(order) || json_array_size(order) > group->n)
        return refuse_field(request, "\"shown\" must be a list of ids of this group's images");
    for (size_t i = 0; i < json_array_size(order); i++) {
        const char *id = json_string_value(json_array_get(order, i));
        size_t image = id && is_hex(id, REVIEW_ID - 1) ? find_image(groups, id) : NO_INDEX;
        if (image == NO_INDEX || groups->images[image].group != g)
            return refuse_field(request, "\"shown\" must be a list of ids of this group's images");
        for (size_t j = 0; j < i; j++)
            if (strcmp(id, json_string_value(json_array_get(order, j))) == 0)
                return refuse_field(request, "\"shown\" names an image twice");
    }
    return 0;
}

/* The rest of the body once its group is known. */
static int read_decision(struct request *request, const json_t *body, size_t g, struct decision *decision,
                         double *seconds)
{
    const json_t *order = json_object_get(body, "shown"), *wish = json_object_get(body, "decision");
    const struct review_groups *groups = &request->server->session->groups;
    *decision = (struct decision){.outcome = UNDECIDED};
    if (want_number(request, body, "seconds", seconds) != 0)
        return -1;
    if (*seconds < 0 || *seconds > MOST_SECONDS)
        return refuse_field(request, "\"seconds\" must be 0 to %d", MOST_SECONDS);
    if (order && !json_is_null(order) && check_shown(request, order, groups, g) != 0)
        return -1;
    if (!wish)
        return refuse_field(request, "\"decision\" is missing");
    if (json_is_null(wish))
        return 0;
    return decision_of_json(decision, wish, groups, g, request->message, sizeof request->message) == SELECTAI_OK ? 0
                                                                                                                 : -1;
}

static http_result decide(struct request *request, const json_t *body, size_t g)
{
    struct session *session = request->server->session;
    const json_t *order = json_object_get(body, "shown");
    struct decision decision;
    struct shown shown;
    double seconds;
    uint64_t op = 0;
    if (read_decision(request, body, g, &decision, &seconds) != 0)
        return answer_invalid(request);
    begin_shown(&shown, session, g, &decision, MANUAL);
    shown.circumstances.seconds = seconds;
    shown.circumstances.shown = json_is_array(order) ? order : NULL;
    int rc = journal_decide(session->journal, &op, g, &decision, &shown.circumstances);
    end_shown(&shown);
    free_decision(&decision);
    if (rc != SELECTAI_OK)
        return answer_failure(request, rc, "nothing was decided");
    return answer_json(request, MHD_HTTP_OK,
                       json_pack("{s:I, s:I}", "op", (json_int_t)op, "revision", (json_int_t)revision_now(session)));
}

http_result post_decide(struct request *request, const json_t *body)
{
    const char *id;
    if (want_group(request, body, "group", &id) != 0)
        return answer_invalid(request);
    size_t g = find_group(&request->server->session->groups, id);
    return g == NO_INDEX ? answer_empty(request, MHD_HTTP_NOT_FOUND) : decide(request, body, g);
}

static http_result answer_step(struct request *request, int rc, uint64_t op, size_t group, size_t n, const char *what)
{
    const struct review_groups *groups = &request->server->session->groups;
    if (rc == SELECTAI_DONE)
        return answer_error(request, MHD_HTTP_CONFLICT, "nothing", "there is nothing to %s", what);
    if (rc != SELECTAI_OK)
        return answer_failure(request, rc, "nothing was changed");
    json_t *id = group < groups->n_groups ? json_string(groups->groups[group].id) : json_null();
    return answer_json(request, MHD_HTTP_OK,
                       json_pack("{s:I, s:o, s:I}", "op", (json_int_t)op, "group", id, "n", (json_int_t)n));
}

http_result post_undo(struct request *request, const json_t *body)
{
    uint64_t op = 0;
    size_t group = NO_INDEX, n = 0;
    (void)body;
    int rc = journal_undo(request->server->session->journal, &op, &group, &n);
    return answer_step(request, rc, op, group, n, "undo");
}

http_result post_redo(struct request *request, const json_t *body)
{
    uint64_t op = 0;
    size_t group = NO_INDEX, n = 0;
    (void)body;
    int rc = journal_redo(request->server->session->journal, &op, &group, &n);
    return answer_step(request, rc, op, group, n, "redo");
}
