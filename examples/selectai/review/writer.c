/*
 * review/writer.c: who decides, of several windows and processes.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "http.h"
#include "terminal.h"

#define SILENCE 15.0 /* seconds after which a window counts as closed */

static int is_writer(const struct session *session, const char *window)
{
    return window[0] && strcmp(session->writer, window) == 0;
}

static int has_writer(const struct session *session)
{
    return session->writer[0] && seconds_now() - session->writer_seen < SILENCE;
}

const char *writer_of(struct session *session, const char *window)
{
    if (session->read_only)
        return "process";
    if (is_writer(session, window)) {
        session->writer_seen = seconds_now();
        return "you";
    }
    return has_writer(session) ? "other" : "none";
}

int writer_claim(struct session *session, const char *window, int take)
{
    if (session->read_only || (!take && !is_writer(session, window) && has_writer(session)))
        return 0;
    snprintf(session->writer, sizeof session->writer, "%s", window);
    session->writer_seen = seconds_now();
    return 1;
}

const char *why_not_decide(struct session *session, const char *window, const char **message)
{
    if (session->read_only) {
        *message = "another process has this journal; close it and start again to decide here";
        return "read-only";
    }
    if (!is_writer(session, window)) {
        *message = "another window decides; take over to decide here";
        return "not-writer";
    }
    session->writer_seen = seconds_now();
    if (session->moving) {
        *message = "files are being moved; wait until that is done";
        return "moving";
    }
    return NULL;
}
