/*
 * review/access.c: who may ask. A page of another site can make the person's browser send requests to this server, even
 * under a name of its own (DNS rebinding): the token, Host, Origin and Sec-Fetch-Site keep it out.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http.h"

int is_hex(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
            return 0;
    return text[n] == '\0';
}

/* The time does not depend on how many characters are right. */
const char *path_below_token(const struct server *server, const char *url)
{
    unsigned differs = url[0] != '/';
    if (differs || strlen(url) < 1 + TOKEN_DIGITS + 1)
        return NULL;
    for (size_t i = 0; i < TOKEN_DIGITS; i++)
        differs |= (unsigned char)url[1 + i] ^ (unsigned char)server->token[i];
    differs |= (unsigned)(url[1 + TOKEN_DIGITS] != '/');
    return differs ? NULL : url + 1 + TOKEN_DIGITS + 1;
}

static int is_our_host(const struct server *server, const char *value)
{
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
    char host[32];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(host, sizeof host, "%s:%u", names[i], (unsigned)server->port);
        if (strcasecmp(value, host) == 0)
            return 1;
    }
    return 0;
}

struct seen {
    const struct server *server;
    unsigned n_hosts, n_types, n_lengths;
    int foreign, chunked, json;
    unsigned long long length;
    int length_is_bad;
};

static void see_type(struct seen *seen, const char *value)
{
    size_t n = strlen(JSON_TYPE);
    seen->n_types++;
    seen->json = strncasecmp(value, JSON_TYPE, n) == 0 && (value[n] == '\0' || value[n] == ';' || value[n] == ' ');
}

static void see_length(struct seen *seen, const char *value)
{
    size_t n = strspn(value, "0123456789");
    seen->n_lengths++;
    seen->length_is_bad = n == 0 || value[n] != '\0';
    seen->length = n > 9 ? MOST_BODY + 1ULL : strtoull(value, NULL, 10);
}

static http_result see_header(void *user, enum MHD_ValueKind kind, const char *key, const char *value)
{
    struct seen *seen = user;
    (void)kind;
    value = value ? value : "";
    if (strcasecmp(key, "Host") == 0) {
        seen->n_hosts++;
        seen->foreign |= !is_our_host(seen->server, value);
    } else if (strcasecmp(key, "Origin") == 0) {
        seen->foreign |= strncmp(value, "http://", 7) != 0 || !is_our_host(seen->server, value + 7);
    } else if (strcasecmp(key, "Sec-Fetch-Site") == 0) {
        seen->foreign |= strcasecmp(value, "same-origin") != 0 && strcasecmp(value, "none") != 0;
    } else if (strcasecmp(key, "Content-Type") == 0) {
        see_type(seen, value);
    } else if (strcasecmp(key, "Content-Length") == 0) {
        see_length(seen, value);
    } else if (strcasecmp(key, "Transfer-Encoding") == 0) {
        seen->chunked = 1;
    }
    return MHD_YES;
}

unsigned check_headers(struct request *request, int is_post)
{
    struct seen seen = {.server = request->server};
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, see_header, &seen);
    if (seen.n_hosts != 1 || seen.foreign)
        return MHD_HTTP_FORBIDDEN;
    if (!is_post)
        return seen.chunked || seen.length > 0 ? MHD_HTTP_BAD_REQUEST : 0;
    if (seen.n_types != 1 || !seen.json)
        return MHD_HTTP_UNSUPPORTED_MEDIA_TYPE;
    if (seen.chunked || seen.n_lengths != 1 || seen.length_is_bad)
        return MHD_HTTP_LENGTH_REQUIRED;
    if (seen.length > MOST_BODY)
        return MHD_HTTP_CONTENT_TOO_LARGE;
    request->expected = (size_t)seen.length;
    return 0;
}
