/*
 * review/request.c: a request from its headers to the call of what answers it. Whoever may not ask is sent away before
 * a byte of a body is read.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "request.h"

#include <stdlib.h>
#include <string.h>

#include "patience.h"

size_t keep_escapes(void *user, struct MHD_Connection *connection, char *text)
{
    (void)user;
    (void)connection;
    return strlen(text);
}

static http_result begin(struct request *request, const char *url, const char *method)
{
    int is_post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
    request->path = path_below_token(request->server, url);
    unsigned refused = request->path ? check_headers(request, is_post) : MHD_HTTP_FORBIDDEN;
    if (!refused)
        refused = check_route(request->path, method);
    if (refused == MHD_HTTP_CONTENT_TOO_LARGE)
        return answer_error(request, refused, "invalid", "more than %u bytes", MOST_BODY);
    if (refused)
        return answer_empty(request, refused);
    if (is_post && !(request->body = malloc(request->expected + 1)))
        return MHD_NO;
    return MHD_YES;
}

static http_result take_data(struct request *request, const char *data, size_t *n)
{
    if (!request->body || *n > request->expected - request->n_body)
        return MHD_NO;
    memcpy(request->body + request->n_body, data, *n);
    request->n_body += *n;
    *n = 0;
    return MHD_YES;
}

http_result on_request(void *user, struct MHD_Connection *connection, const char *url, const char *method,
                       const char *version, const char *data, size_t *n_data, void **state)
{
    struct server *server = user;
    struct request *request = *state;
    (void)version;
    if (!request) {
        if (!(request = calloc(1, sizeof *request)))
            return MHD_NO;
        *state = request;
        request->server = server;
        request->connection = connection;
        return begin(request, url, method);
    }
    if (*n_data > 0)
        return take_data(request, data, n_data);
    patience_answering(server->patience, connection);
    /* The address is the daemon's and may lie elsewhere by now. */
    request->path = path_below_token(server, url);
    return request->path ? serve(request, method) : MHD_NO;
}

void on_completed(void *user, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode how)
{
    struct server *server = user;
    struct request *request = *state;
    (void)how;
    patience_waiting(server->patience, connection);
    if (!request)
        return;
    picture_release(request->picture);
    free(request->body);
    free(request);
    *state = NULL;
}
