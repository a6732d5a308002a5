/*
 * review/api_view.c: POST api/view: what is on screen and what comes next, so that both are there in time.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "http.h"

#define MOST_ORDER 8u

struct ahead {
    struct picture_key keys[MOST_AHEAD];
    const char *paths[MOST_AHEAD];
    size_t n;
};

/* group, then `order`: their indices. Ids that are not there (any more) are passed over. */
static int read_order(struct request *request, const json_t *body, size_t groups[MOST_ORDER + 1], size_t *n)
{
    const struct session *session = request->server->session;
    const json_t *order = json_object_get(body, "order");
    if (order && (!json_is_array(order) || json_array_size(order) > MOST_ORDER))
        return refuse_field(request, "\"order\" must be a list of at most %u ids", MOST_ORDER);
    for (size_t i = 0; i < json_array_size(order); i++) {
        const char *id = json_string_value(json_array_get(order, i));
        if (!id || !is_hex(id, REVIEW_ID - 1))
            return refuse_field(request, "\"order\" must be a list of ids of 16 digits");
        size_t g = find_group(&session->groups, id);
        if (g != NO_INDEX)
            groups[(*n)++] = g;
    }
    return 0;
}

static void add_pictures(struct ahead *ahead, const struct session *session, size_t g, uint32_t side)
{
    const struct review_group *group = &session->groups.groups[g];
    for (uint32_t i = group->first; i < group->first + group->n && ahead->n < MOST_AHEAD; i++) {
        const struct review_image *image = &session->groups.images[i];
        /* As it was when the folder was scanned: a file that has changed since is not worth looking at for. */
        struct picture_key key = {.side = side, .size = image->size, .mtime_ns = image->mtime_ns};
        memcpy(key.id, image->id, sizeof key.id);
        ahead->paths[ahead->n] = image->rel_path;
        ahead->keys[ahead->n++] = key;
    }
}

static void fetch_ahead(struct server *server, const size_t *groups, size_t n)
{
    struct ahead ahead = {.n = 0};
    uint32_t side = __atomic_load_n(&server->last_side, __ATOMIC_RELAXED);
    for (size_t i = 0; i < n; i++)
        add_pictures(&ahead, server->session, groups[i], side ? side : 1280);
    pictures_ahead(server->session->pictures, ahead.keys, ahead.paths, ahead.n);
}

http_result post_view(struct request *request, const json_t *body)
{
    struct session *session = request->server->session;
    size_t groups[MOST_ORDER + 1], n = 1;
    const char *id;
    if (want_group(request, body, "group", &id) != 0 || read_order(request, body, groups, &n) != 0)
        return answer_invalid(request);
    if ((groups[0] = find_group(&session->groups, id)) == NO_INDEX)
        return answer_empty(request, MHD_HTTP_NOT_FOUND);
    if (strcmp(writer_of(session, request->window), "you") == 0)
        session->cursor = groups[0];
    if (session->suggestions)
        suggestions_want(session->suggestions, groups, n);
    fetch_ahead(request->server, groups, n);
    return answer_json(request, MHD_HTTP_OK, json_object());
}
