/*
 * review/api_picture.c: GET picture/IMAGE?side=N. Who asks for a picture that must be made first holds up no thread:
 * the connection is set aside until the picture is there.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"

#define CACHING "private, max-age=3600"

static int parse_side(struct request *request, uint32_t *side)
{
    static const char *const sides[] = {"0", "160", "320", "640", "1280", "1920", "2560"};
    const char *value = MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, "side");
    for (size_t i = 0; value && i < sizeof sides / sizeof *sides; i++)
        if (strcmp(value, sides[i]) == 0) {
            *side = (uint32_t)strtoul(value, NULL, 10);
            return 0;
        }
    return refuse_field(request, "\"side\" must be 0, 160, 320, 640, 1280, 1920 or 2560");
}

/* The image's path, which the caller frees; NULL: there is none of that id. */
static char *path_of_id(struct session *session, const char *id)
{
    char *path = NULL;
    pthread_mutex_lock(&session->lock);
    size_t i = is_hex(id, REVIEW_ID - 1) ? find_image(&session->groups, id) : NO_INDEX;
    if (i != NO_INDEX)
        path = strdup(session->groups.images[i].rel_path);
    pthread_mutex_unlock(&session->lock);
    return path;
}

static http_result answer_without(struct request *request, int code, const char *message)
{
    if (code == SELECTAI_ERR_NOT_FOUND)
        return answer_error(request, MHD_HTTP_GONE, "gone", "the file is gone");
    if (code == SELECTAI_ERR_OUT_OF_MEMORY)
        return answer_error(request, MHD_HTTP_SERVICE_UNAVAILABLE, "memory", "out of memory");
    return answer_error(request, MHD_HTTP_UNPROCESSABLE_CONTENT, "unreadable", "%s", message);
}

static http_result answer_bytes(struct request *request, struct MHD_Response *response, unsigned status,
                                const char *etag)
{
    if (response)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, etag);
    return answer(request, status, status == MHD_HTTP_OK ? "image/jpeg" : NULL, response, CACHING);
}

/* Takes the reference. */
static http_result answer_picture(struct request *request, struct picture *picture, const char *etag)
{
    if (picture->code != SELECTAI_OK) {
        http_result result = answer_without(request, picture->code, picture->message);
        picture_release(picture);
        return result;
    }
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback(picture->n, picture->bytes,
                                                                                       picture_release_bytes);
    if (!response)
        picture_release(picture);
    return answer_bytes(request, response, MHD_HTTP_OK, etag);
}

static int is_known(struct request *request, const char *etag)
{
    const char *value = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "If-None-Match");
    return value && strcmp(value, etag) == 0;
}

static void on_ready(struct picture *picture, void *user)
{
    struct request *request = user;
    request->picture = picture;
    MHD_resume_connection(request->connection);
}

static http_result find_or_wait(struct request *request, const struct picture_key *key, const char *rel_path)
{
    static char nothing[1];
    struct pictures *pictures = request->server->session->pictures;
    snprintf(request->etag, sizeof request->etag, "\"%" PRIx64 "-%" PRIx64 "-%" PRIu32 "\"", key->size,
             (uint64_t)key->mtime_ns, key->side);
    if (is_known(request, request->etag))
        return answer_bytes(request, MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT),
                            MHD_HTTP_NOT_MODIFIED, request->etag);
    struct picture *picture = pictures_find(pictures, key);
    if (picture)
        return answer_picture(request, picture, request->etag);
    request->waited = 1;
    MHD_suspend_connection(request->connection);
    pictures_ask(pictures, key, rel_path, on_ready, request);
    return MHD_YES; /* called again once the connection is resumed */
}

/* Thumbnails tell nothing of what a group on screen is shown at. */
static void remember_side(struct server *server, uint32_t side)
{
    if (side >= 640)
        __atomic_store_n(&server->last_side, side, __ATOMIC_RELAXED);
}

http_result get_picture(struct request *request)
{
    struct session *session = request->server->session;
    const char *id = request->path + strlen("picture/");
    struct picture_key key = {0};
    if (request->waited) {
        struct picture *picture = request->picture;
        request->picture = NULL;
        return picture ? answer_picture(request, picture, request->etag)
                       : answer_without(request, SELECTAI_ERR_OUT_OF_MEMORY, "");
    }
    if (parse_side(request, &key.side) != 0)
        return answer_invalid(request);
    char *rel_path = path_of_id(session, id);
    if (!rel_path)
        return answer_empty(request, MHD_HTTP_NOT_FOUND);
    memcpy(key.id, id, sizeof key.id);
    remember_side(request->server, key.side);
    int rc = pictures_look(session->pictures, rel_path, &key);
    http_result result = rc == SELECTAI_OK ? find_or_wait(request, &key, rel_path)
                                           : answer_without(request, rc, "the file cannot be opened, or is a link");
    free(rel_path);
    return result;
}
