/*
 * review/answer.c: answers, all with the same headers.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "verbs.h"

static const char *const headers[][2] = {
    {"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                                "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
};

http_result answer(struct request *request, unsigned status, const char *type, struct MHD_Response *response,
                   const char *caching)
{
    if (!response)
        return MHD_NO;
    int done = 1;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        done &= MHD_add_response_header(response, headers[i][0], headers[i][1]) == MHD_YES;
    if (type)
        done &= MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type) == MHD_YES;
    done &= MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, caching ? caching : "no-store") == MHD_YES;
    http_result result = done ? MHD_queue_response(request->connection, status, response) : MHD_NO;
    MHD_destroy_response(response);
    return result;
}

http_result answer_empty(struct request *request, unsigned status)
{
    static char nothing[1];
    struct MHD_Response *response = MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
    if (response && status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, POST");
    return answer(request, status, TEXT_TYPE, response, NULL);
}

static http_result answer_bytes(struct request *request, unsigned status, char *bytes, size_t n)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(n, bytes, MHD_RESPMEM_MUST_FREE);
    if (!response)
        free(bytes);
    return answer(request, status, JSON_TYPE, response, NULL);
}

http_result answer_text(struct request *request, struct text *text)
{
    if (text->failed || !text->bytes) {
        text_free(text);
        return answer_error(request, MHD_HTTP_INTERNAL_SERVER_ERROR, "memory", "out of memory");
    }
    http_result result = answer_bytes(request, MHD_HTTP_OK, text->bytes, text->n);
    *text = (struct text){0};
    return result;
}

http_result answer_json(struct request *request, unsigned status, json_t *json)
{
    char *bytes = json ? json_dumps(json, JSON_COMPACT | JSON_STYLE) : NULL;
    json_decref(json);
    return bytes ? answer_bytes(request, status, bytes, strlen(bytes))
                 : answer_empty(request, MHD_HTTP_INTERNAL_SERVER_ERROR);
}

http_result answer_error(struct request *request, unsigned status, const char *code, const char *fmt, ...)
{
    char message[1200];
    va_list list;
    va_start(list, fmt);
    vsnprintf(message, sizeof message, fmt, list);
    va_end(list);
    return answer_json(request, status,
                       json_pack("{s:{s:s, s:o}}", "error", "code", code, "message", json_of_bytes(message)));
}

http_result answer_invalid(struct request *request)
{
    return answer_error(request, MHD_HTTP_BAD_REQUEST, "invalid", "%s", request->message);
}

http_result answer_failure(struct request *request, int code, const char *failed)
{
    if (code == SELECTAI_ERR_NO_SPACE)
        return answer_error(request, MHD_HTTP_INSUFFICIENT_STORAGE, "disk",
                            "%s: the disk is full; free some space and try again", failed);
    if (code == SELECTAI_ERR_OUT_OF_MEMORY)
        return answer_error(request, MHD_HTTP_INTERNAL_SERVER_ERROR, "memory", "%s: out of memory", failed);
    return answer_error(request, MHD_HTTP_INTERNAL_SERVER_ERROR, "failed", "%s: %s; the terminal says more", failed,
                        selectai_error_name(code));
}
