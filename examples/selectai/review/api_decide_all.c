/*
 * review/api_decide_all.c: POST api/decide-all: approves suggestions in bulk, as one operation.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>

#include "http.h"

struct bulk {
    size_t n;
    size_t *groups;
    struct decision *decisions;
    struct shown *shown;
    struct circumstances *circumstances;
};

static void free_bulk(struct bulk *bulk)
{
    for (size_t i = 0; i < bulk->n; i++) {
        free_decision(&bulk->decisions[i]);
        end_shown(&bulk->shown[i]);
    }
    free(bulk->groups);
    free(bulk->decisions);
    free(bulk->shown);
    free(bulk->circumstances);
}

static int is_meant(const struct session *session, size_t g, double min_confidence, struct suggestion_brief *brief)
{
    if (journal_standing(session->journal, g)->decision.outcome != UNDECIDED)
        return 0;
    brief_of(session, g, brief);
    return brief->state == SUGGESTION_READY && brief->sure && brief->confidence >= min_confidence;
}

static size_t count_meant(const struct session *session, double min_confidence)
{
    struct suggestion_brief brief;
    size_t n = 0;
    for (size_t g = 0; g < session->groups.n_groups; g++)
        n += (size_t)is_meant(session, g, min_confidence, &brief);
    return n;
}

/* What the suggestion says: the winner with its crop, or that nothing is worth keeping. */
static int approve(struct decision *decision, const struct suggestion_brief *brief)
{
    *decision = (struct decision){.outcome = brief->keep_nothing ? REJECT : PICK};
    if (brief->keep_nothing)
        return SELECTAI_OK;
    decision->winners = calloc(1, sizeof *decision->winners);
    if (!decision->winners)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    decision->n_winners = 1;
    decision->winners[0].image = brief->winner;
    decision->winners[0].crop = brief->has_crop ? CROP_SUGGESTED : CROP_WHOLE;
    if (brief->has_crop)
        decision->winners[0].box = brief->crop;
    return SELECTAI_OK;
}

static int gather(struct bulk *bulk, struct session *session, double min_confidence, size_t most)
{
    struct suggestion_brief brief;
    bulk->groups = calloc(most + 1, sizeof *bulk->groups);
    bulk->decisions = calloc(most + 1, sizeof *bulk->decisions);
    bulk->shown = calloc(most + 1, sizeof *bulk->shown);
    bulk->circumstances = calloc(most + 1, sizeof *bulk->circumstances);
    if (!bulk->groups || !bulk->decisions || !bulk->shown || !bulk->circumstances)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t g = 0; g < session->groups.n_groups && bulk->n < most; g++) {
        size_t i = bulk->n;
        if (!is_meant(session, g, min_confidence, &brief))
            continue;
        if (approve(&bulk->decisions[i], &brief) != SELECTAI_OK)
            return SELECTAI_ERR_OUT_OF_MEMORY;
        begin_shown(&bulk->shown[i], session, g, &bulk->decisions[i], BULK);
        bulk->circumstances[i] = bulk->shown[i].circumstances;
        bulk->circumstances[i].model = bulk->shown[i].model[0] ? bulk->shown[i].model : NULL;
        bulk->groups[i] = g;
        bulk->n++;
    }
    return SELECTAI_OK;
}

static http_result decide_all(struct request *request, double min_confidence, size_t n)
{
    struct session *session = request->server->session;
    struct bulk bulk = {.n = 0};
    uint64_t op = 0;
    int rc = gather(&bulk, session, min_confidence, n);
    if (rc == SELECTAI_OK && bulk.n > 0)
        rc = journal_decide_all(session->journal, &op, bulk.groups, bulk.decisions, bulk.circumstances, bulk.n);
    json_t *json = json_pack("{s:I, s:I}", "op", (json_int_t)op, "n", (json_int_t)bulk.n);
    free_bulk(&bulk);
    if (rc == SELECTAI_OK)
        return answer_json(request, MHD_HTTP_OK, json);
    json_decref(json);
    return answer_failure(request, rc, "nothing was decided");
}

http_result post_decide_all(struct request *request, const json_t *body)
{
    double min_confidence;
    uint64_t expected;
    if (want_number(request, body, "min_confidence", &min_confidence) != 0 ||
        want_whole(request, body, "expected", &expected) != 0)
        return answer_invalid(request);
    if (isnan(min_confidence)) {
        refuse_field(request, "\"min_confidence\" must be a number");
        return answer_invalid(request);
    }
    size_t n = count_meant(request->server->session, min_confidence);
    if (n != expected)
        return answer_error(request, MHD_HTTP_CONFLICT, "changed",
                            "%zu suggestions are meant by now; look again and confirm that number", n);
    return decide_all(request, min_confidence, n);
}
