/*
 * review/api_changes.c: GET api/changes: what changed since a client asked last. Each window asks once a second, so
 * where nothing changed, two comparisons of numbers are all that is done.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "learn.h"
#include "verbs.h"

/* Below 2^53, so that it is exact in JavaScript. */
#define SUGGESTION_BITS 26u
#define SUGGESTION_MOST ((1u << SUGGESTION_BITS) - 1)

static uint64_t suggestion_part(uint64_t revision)
{
    return revision < SUGGESTION_MOST ? revision : SUGGESTION_MOST;
}

uint64_t revision_now(const struct session *session)
{
    uint64_t suggested = session->suggestions ? suggestions_revision(session->suggestions) : 0;
    return journal_revision(session->journal) << SUGGESTION_BITS | suggestion_part(suggested);
}

/* The two revisions that a client has seen. */
struct since {
    int nothing; /* it has just begun: all that is no group's initial state */
    uint64_t decided, suggested;
};

static int has_changed(const struct session *session, size_t g, const struct since *since)
{
    if (since->nothing && !session->suggestions)
        return 1;
    if (since->nothing && journal_standing(session->journal, g)->decision.outcome != UNDECIDED)
        return 1;
    return (!since->nothing && journal_group_revision(session->journal, g) > since->decided) ||
           (session->suggestions && suggestions_group_revision(session->suggestions, g) > since->suggested);
}

static void put_winners(struct text *text, const struct decision *decision)
{
    text_add(text, ",\"winners\":[");
    for (uint32_t i = 0; i < decision->n_winners; i++) {
        text_add(text, i > 0 ? "," : "");
        text_whole(text, decision->winners[i].image);
    }
    text_add(text, "],\"crops\":[");
    for (uint32_t i = 0; i < decision->n_winners; i++) {
        text_add(text, i > 0 ? ",\"" : "\"");
        text_add(text, crop_name(decision->winners[i].crop));
        text_add(text, "\"");
    }
    text_add(text, "]");
}

static void put_standing(struct text *text, const struct standing *standing)
{
    const char *agreed = standing->agreed < 0 ? "null" : standing->agreed ? "true" : "false";
    if (standing->decision.outcome == UNDECIDED) {
        text_add(text, ",\"outcome\":null,\"winners\":[],\"crops\":[],\"source\":null,\"agreed\":null");
        return;
    }
    text_add(text, ",\"outcome\":\"");
    text_add(text, outcome_name(standing->decision.outcome));
    text_add(text, "\"");
    put_winners(text, &standing->decision);
    text_add(text, ",\"source\":\"");
    text_add(text, source_name(standing->source));
    text_add(text, "\",\"agreed\":");
    text_add(text, agreed);
}

static void put_brief(struct text *text, const struct suggestion_brief *brief)
{
    static const char *const states[] = {"pending", "ready", "none"};
    text_add(text, ",\"state\":\"");
    text_add(text, states[brief->state]);
    text_add(text, "\",\"winner\":");
    text_whole(text, brief->winner);
    text_add(text, ",\"confidence\":");
    text_exact(text, brief->confidence); /* a client counts those above a bound, and must count as we do */
    text_add(text, ",\"anomaly\":");
    text_number(text, brief->anomaly);
    text_add(text, ",\"sure\":");
    text_flag(text, brief->sure);
    text_add(text, ",\"keep_nothing\":");
    text_flag(text, brief->keep_nothing);
    text_add(text, ",\"has_crop\":");
    text_flag(text, brief->has_crop);
}

void brief_of(const struct session *session, size_t group, struct suggestion_brief *out)
{
    *out = (struct suggestion_brief){
        .state = SUGGESTION_NONE, .winner = session->groups.groups[group].n - 1, .confidence = NAN, .anomaly = NAN};
    if (session->suggestions)
        suggestions_brief(session->suggestions, group, out);
}

static void put_changed(struct text *text, const struct session *session, const struct since *since)
{
    const char *comma = "";
    struct suggestion_brief brief;
    for (size_t g = 0; g < session->groups.n_groups; g++) {
        if (!has_changed(session, g, since))
            continue;
        text_add(text, comma);
        text_add(text, "{\"i\":");
        text_whole(text, g);
        put_standing(text, journal_standing(session->journal, g));
        brief_of(session, g, &brief);
        put_brief(text, &brief);
        text_add(text, "}");
        comma = ",";
    }
}

/* While files move, the journal is the mover's: nothing is told of it. */
static void put_groups(struct text *text, const struct session *session, uint64_t from)
{
    struct since since = {from == 0, from >> SUGGESTION_BITS, from & SUGGESTION_MOST};
    uint64_t now = session->moving ? from : revision_now(session);
    text_add(text, ",\"revision\":");
    text_whole(text, now);
    text_add(text, ",\"groups\":[");
    if (!session->moving && (since.nothing || now != from))
        put_changed(text, session, &since);
    text_add(text, "]");
}

static void put_moving(struct text *text, const struct session *session)
{
    text_add(text, ",\"moving\":");
    if (session->moving)
        text_format(text, "{\"done\":%zu,\"total\":%zu}", session->moved, session->to_move);
    else
        text_add(text, "null");
    text_add(text, ",\"moved\":");
    text_json(text, json_incref(session->moved_result));
}

static void put_problem(struct text *text, const struct session *session)
{
    char problem[256] = "";
    if (session->suggestions)
        suggestions_problem(session->suggestions, problem, sizeof problem);
    if (problem[0])
        text_string(text, problem);
    else
        text_add(text, "null");
}

static void put_all(struct text *text, struct request *request, uint64_t from)
{
    struct session *session = request->server->session;
    text_add(text, "{\"epoch\":");
    text_whole(text, session->epoch);
    put_groups(text, session, from);
    text_add(text, ",\"suggested\":");
    text_whole(text, session->suggestions ? suggestions_done(session->suggestions) : 0);
    text_add(text, ",\"writer\":\"");
    text_add(text, writer_of(session, request->window));
    text_add(text, "\",\"problem\":");
    put_problem(text, session);
    text_add(text, ",\"undo\":");
    text_flag(text, !session->moving && journal_can_undo(session->journal));
    text_add(text, ",\"redo\":");
    text_flag(text, !session->moving && journal_can_redo(session->journal));
    text_add(text, ",\"stats\":");
    figures_put(request->server->figures, session, text);
    put_moving(text, session);
    text_add(text, ",\"finalize\":");
    figures_put_finalize(request->server->figures, session, text);
    text_add(text, ",\"learn\":");
    if (session->learner)
        text_json(text, learner_json(session->learner));
    else
        text_add(text, "null");
    text_add(text, "}");
}

static int parse_since(struct request *request, uint64_t *since)
{
    const char *value = MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, "since");
    size_t n = value ? strspn(value, "0123456789") : 0;
    if (n == 0 || n > 16 || value[n] != '\0')
        return refuse_field(request, "\"since\" must be a revision");
    *since = strtoull(value, NULL, 10);
    return 0;
}

static int parse_window(struct request *request)
{
    const char *value = MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, "window");
    if (!value)
        return 0;
    if (!is_hex(value, WINDOW_DIGITS))
        return refuse_field(request, "\"window\" must have %d hexadecimal digits", WINDOW_DIGITS);
    memcpy(request->window, value, WINDOW_DIGITS + 1);
    return 0;
}

/* Of the process that decides: its decisions, and that it has moved files, after which there are other groups. */
static void follow(struct server *server)
{
    struct session *session = server->session;
    if (journal_follow(session->journal) >= 0 && figures_moved(server->figures, session) &&
        session_reload(session) != SELECTAI_OK)
        say("the folder cannot be scanned again: %s", selectai_last_error());
}

http_result get_changes(struct request *request)
{
    struct session *session = request->server->session;
    struct text text = {0};
    uint64_t since = 0;
    if (parse_since(request, &since) != 0 || parse_window(request) != 0)
        return answer_invalid(request);
    pthread_mutex_lock(&session->lock);
    if (session->read_only)
        follow(request->server);
    put_all(&text, request, since);
    pthread_mutex_unlock(&session->lock);
    return answer_text(request, &text);
}
