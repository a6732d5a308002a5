/*
 * review/routes.c: which function answers what.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "http.h"
#include "page_files.h"

enum need {
    ANYONE = 0,
    LOCK = 1,    /* called under the session's lock */
    MOVES = 2,   /* by the window that decides, while no files move; implies LOCK */
    DECIDES = 3, /* the same, and no run of Finalize waits to be ended: it was planned from what is decided now */
};

struct get_route {
    const char *path; /* one that ends in '/' stands for all below it */
    http_result (*run)(struct request *);
};

struct post_route {
    const char *path;
    http_result (*run)(struct request *, const json_t *);
    enum need need;
};

static const struct get_route gets[] = {
    {"picture/", get_picture},    {"api/session", get_session}, {"api/groups", get_groups},
    {"api/changes", get_changes}, {"api/group/", get_group},    {"api/finalize", get_finalize},
    {"api/export/", get_export},
};

static const struct post_route posts[] = {
    {"api/claim", post_claim, LOCK},
    {"api/view", post_view, LOCK},
    {"api/decide", post_decide, DECIDES},
    {"api/decide-all", post_decide_all, DECIDES},
    {"api/undo", post_undo, DECIDES},
    {"api/redo", post_redo, DECIDES},
    {"api/finalize", post_finalize, MOVES},
    {"api/resume-finalize", post_resume_finalize, MOVES},
    {"api/undo-finalize", post_undo_finalize, MOVES},
    {"api/write", post_write, ANYONE},
};

static int fits(const char *route, const char *path)
{
    size_t n = strlen(route);
    return route[n - 1] == '/' ? strncmp(path, route, n) == 0 && path[n] != '\0' : strcmp(path, route) == 0;
}

static const struct get_route *find_get(const char *path)
{
    static const struct get_route page = {"", get_page};
    for (size_t i = 0; i < sizeof gets / sizeof *gets; i++)
        if (fits(gets[i].path, path))
            return &gets[i];
    return find_page_file(path) ? &page : NULL;
}

static const struct post_route *find_post(const char *path)
{
    for (size_t i = 0; i < sizeof posts / sizeof *posts; i++)
        if (fits(posts[i].path, path))
            return &posts[i];
    return NULL;
}

unsigned check_route(const char *path, const char *method)
{
    int has_get = find_get(path) != NULL, has_post = find_post(path) != NULL;
    if (!has_get && !has_post)
        return MHD_HTTP_NOT_FOUND;
    if ((has_get && strcmp(method, MHD_HTTP_METHOD_GET) == 0) ||
        (has_post && strcmp(method, MHD_HTTP_METHOD_POST) == 0))
        return 0;
    return MHD_HTTP_METHOD_NOT_ALLOWED;
}

/* Each body names the window that sends it. */
static json_t *parse_body(struct request *request)
{
    json_error_t error;
    json_t *body = json_loadb(request->body, request->n_body, JSON_REJECT_DUPLICATES, &error);
    const char *window = NULL;
    if (!body)
        refuse_field(request, "no JSON: line %d: %s", error.line, error.text);
    else if (!json_is_object(body))
        refuse_field(request, "the body must be an object");
    else if (want_text(request, body, "window", &window) == 0 && !is_hex(window, WINDOW_DIGITS))
        refuse_field(request, "\"window\" must have %d hexadecimal digits", WINDOW_DIGITS);
    if (request->message[0]) {
        json_decref(body);
        return NULL;
    }
    snprintf(request->window, sizeof request->window, "%s", window);
    return body;
}

static http_result run_locked(struct request *request, const struct post_route *route, const json_t *body)
{
    const char *message = NULL;
    struct session *session = request->server->session;
    const char *why = route->need >= MOVES ? why_not_decide(session, request->window, &message) : NULL;
    if (!why && route->need == DECIDES && finalize_unfinished(session->state)) {
        why = "unfinished";
        message = "moving files was interrupted; go on with it or take it back before you decide";
    }
    return why ? answer_error(request, MHD_HTTP_CONFLICT, why, "%s", message) : route->run(request, body);
}

static http_result serve_post(struct request *request)
{
    const struct post_route *route = find_post(request->path);
    json_t *body = parse_body(request);
    if (!body)
        return answer_invalid(request);
    http_result result;
    if (route->need == ANYONE) {
        result = route->run(request, body);
    } else {
        pthread_mutex_lock(&request->server->session->lock);
        result = run_locked(request, route, body);
        pthread_mutex_unlock(&request->server->session->lock);
    }
    json_decref(body);
    return result;
}

http_result serve(struct request *request, const char *method)
{
    return strcmp(method, MHD_HTTP_METHOD_POST) == 0 ? serve_post(request) : find_get(request->path)->run(request);
}
