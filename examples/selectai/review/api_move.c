/*
 * review/api_move.c: Finalize: its preview (GET api/finalize), and POST api/finalize, api/resume-finalize,
 * api/undo-finalize.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "http.h"

/* A plan is the one that was shown if no operation came between. */
static int is_shown(const struct finalize_plan *plan, const char *shown)
{
    char name[24];
    snprintf(name, sizeof name, "%" PRIu64, plan->operation);
    return strcmp(name, shown) == 0;
}

static http_result answer_no_plan(struct request *request, int rc, const struct finalize_plan *plan)
{
    if (rc == SELECTAI_ERR_NOT_A_DIRECTORY || rc == SELECTAI_ERR_EXISTS)
        return answer_error(request, MHD_HTTP_CONFLICT, "blocked", "%s", plan->message);
    return answer_failure(request, rc, "no plan could be made");
}

static http_result preview(struct request *request)
{
    struct session *session = request->server->session;
    struct finalize_plan plan = {0};
    if (session->moving)
        return answer_error(request, MHD_HTTP_CONFLICT, "moving", "files are being moved; wait until that is done");
    int rc = plan_finalize(&plan, &session->groups, session->journal);
    if (rc != SELECTAI_OK)
        return answer_no_plan(request, rc, &plan);
    json_t *json = json_of_plan(&plan, &session->groups);
    free_plan(&plan);
    return answer_json(request, MHD_HTTP_OK, json);
}

http_result get_finalize(struct request *request)
{
    struct session *session = request->server->session;
    pthread_mutex_lock(&session->lock);
    http_result result = preview(request);
    pthread_mutex_unlock(&session->lock);
    return result;
}

static http_result start(struct request *request, enum movement what, struct finalize_plan *plan)
{
    if (mover_start(request->server->mover, what, plan) != 0)
        return answer_error(request, MHD_HTTP_INTERNAL_SERVER_ERROR, "failed", "no thread could be started");
    return answer_json(request, MHD_HTTP_OK, json_object());
}

http_result post_finalize(struct request *request, const json_t *body)
{
    struct session *session = request->server->session;
    struct finalize_plan plan = {0};
    const char *shown;
    if (want_text(request, body, "plan", &shown) != 0)
        return answer_invalid(request);
    if (finalize_unfinished(session->state))
        return answer_error(request, MHD_HTTP_CONFLICT, "unfinished",
                            "an earlier run has not ended; go on with it, or take it back, first");
    int rc = plan_finalize(&plan, &session->groups, session->journal);
    if (rc != SELECTAI_OK)
        return answer_no_plan(request, rc, &plan);
    if (is_shown(&plan, shown))
        return start(request, FINALIZE, &plan);
    free_plan(&plan);
    return answer_error(request, MHD_HTTP_CONFLICT, "changed", "decisions have changed; look at the preview again");
}

http_result post_resume_finalize(struct request *request, const json_t *body)
{
    (void)body;
    if (!finalize_unfinished(request->server->session->state))
        return answer_error(request, MHD_HTTP_CONFLICT, "nothing", "there is no run to go on with");
    return start(request, RESUME_FINALIZE, NULL);
}

http_result post_undo_finalize(struct request *request, const json_t *body)
{
    (void)body;
    if (!finalize_can_undo(request->server->session->state))
        return answer_error(request, MHD_HTTP_CONFLICT, "nothing", "there is no run to take back");
    return start(request, UNDO_FINALIZE, NULL);
}
