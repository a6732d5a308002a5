/*
 * review/api_groups.c: GET api/groups: all of them, as columns.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "http.h"

static void put_ids(struct text *text, const struct review_groups *groups)
{
    for (size_t g = 0; g < groups->n_groups; g++) {
        text_add(text, g > 0 ? ",\"" : "\"");
        text_put(text, groups->groups[g].id, REVIEW_ID - 1);
        text_add(text, "\"");
    }
}

/* Almost all stages are whole numbers or halves, for which printf() would be slow. */
static void put_stage(struct text *text, double stage)
{
    if (stage >= 0 && stage < 1000 && stage == (double)(unsigned)stage)
        text_whole(text, (uint64_t)stage);
    else
        text_number(text, stage);
}

static void put_stages(struct text *text, const struct review_groups *groups)
{
    for (size_t g = 0; g < groups->n_groups; g++) {
        const struct review_group *group = &groups->groups[g];
        text_add(text, g > 0 ? ",[" : "[");
        for (uint32_t i = 0; i < group->n; i++) {
            if (i > 0)
                text_add(text, ",");
            put_stage(text, groups->images[group->first + i].stage);
        }
        text_add(text, "]");
    }
}

static void put_images(struct text *text, const struct review_groups *groups)
{
    for (size_t g = 0; g < groups->n_groups; g++) {
        const struct review_group *group = &groups->groups[g];
        text_add(text, g > 0 ? ",[" : "[");
        for (uint32_t i = 0; i < group->n; i++) {
            text_add(text, i > 0 ? ",\"" : "\"");
            text_put(text, groups->images[group->first + i].id, REVIEW_ID - 1);
            text_add(text, "\"");
        }
        text_add(text, "]");
    }
}

const char *group_name(const struct review_groups *groups, size_t group, char out[GROUP_NAME])
{
    const char *path = groups->images[groups->groups[group].first].rel_path, *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t n = strcspn(name, "."), digits = strspn(name, "0123456789_");
    /* What comes first in a generated picture's name is its time. */
    if (digits >= 15 && digits < n)
        n = 15;
    if (n >= GROUP_NAME)
        n = GROUP_NAME - 1;
    memcpy(out, name, n);
    out[n] = '\0';
    return out;
}

static void put_names(struct text *text, const struct review_groups *groups)
{
    char name[GROUP_NAME];
    for (size_t g = 0; g < groups->n_groups; g++) {
        if (g > 0)
            text_add(text, ",");
        text_string(text, group_name(groups, g, name));
    }
}

http_result get_groups(struct request *request)
{
    struct session *session = request->server->session;
    struct text text = {0};
    pthread_mutex_lock(&session->lock);
    text_add(&text, "{\"epoch\":");
    text_whole(&text, session->epoch);
    text_add(&text, ",\"revision\":");
    text_whole(&text, revision_now(session));
    text_add(&text, ",\"id\":[");
    put_ids(&text, &session->groups);
    text_add(&text, "],\"stages\":[");
    put_stages(&text, &session->groups);
    text_add(&text, "],\"images\":[");
    put_images(&text, &session->groups);
    text_add(&text, "],\"name\":[");
    put_names(&text, &session->groups);
    text_add(&text, "]}");
    pthread_mutex_unlock(&session->lock);
    return answer_text(request, &text);
}
