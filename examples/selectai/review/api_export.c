/*
 * review/api_export.c: GET api/export/FORM, a download, and POST api/write: files beside the images.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export.h"
#include "http.h"
#include "verbs.h"

#define WINNER_RATING 5

typedef int (*export_fn)(const char *path, const struct review_groups *groups, const struct journal *journal,
                         uint64_t *n);

struct form {
    const char *name, *type;
    export_fn write; /* NULL: the journal itself */
};

static const struct form forms[] = {
    {"entries.jsonl", "application/jsonl", export_entries},
    {"rejected.jsonl", "application/jsonl", export_rejected},
    {"selection_only_log.csv", "text/csv; charset=utf-8", export_selection_log},
    {"select_crop_log.csv", "text/csv; charset=utf-8", export_crop_log},
    {"journal.jsonl", "application/jsonl", NULL},
};

/* Takes the descriptor. The size is what is there now: a journal grows. */
static http_result answer_file(struct request *request, const struct form *form, int fd)
{
    struct stat status;
    char disposition[80];
    struct MHD_Response *response = fd >= 0 && fstat(fd, &status) == 0
                                        ? MHD_create_response_from_fd((size_t)status.st_size, fd)
                                        : NULL;
    if (!response) {
        if (fd >= 0)
            close(fd);
        return answer_error(request, MHD_HTTP_INTERNAL_SERVER_ERROR, "failed",
                            "%s could not be made; the terminal says why", form->name);
    }
    snprintf(disposition, sizeof disposition, "attachment; filename=\"%s\"", form->name);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_DISPOSITION, disposition);
    return answer(request, MHD_HTTP_OK, form->type, response, NULL);
}

/* Written to a folder of its own, opened, and gone from there before it is sent. */
static int export_to_fd(const struct form *form, const struct session *session)
{
    /* Another process's state folder is left alone. */
    const char *elsewhere = getenv("TMPDIR");
    const char *parent = !session->read_only ? session->state : elsewhere ? elsewhere : "/tmp";
    char *pattern = path_of(parent, "export-XXXXXX"), *path = NULL;
    uint64_t n;
    int fd = -1;
    if (mkdtemp(pattern)) {
        path = path_of(pattern, form->name);
        if (form->write(path, &session->groups, session->journal, &n) == EXIT_DONE)
            fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        unlink(path);
        rmdir(pattern);
    }
    free(path);
    free(pattern);
    return fd;
}

static int open_journal(const struct session *session)
{
    char *path = path_of(session->state, "journal.jsonl");
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    free(path);
    return fd;
}

static const struct form *find_form(const char *name)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strcmp(forms[i].name, name) == 0)
            return &forms[i];
    return NULL;
}

http_result get_export(struct request *request)
{
    struct session *session = request->server->session;
    const struct form *form = find_form(request->path + strlen("api/export/"));
    int moving, fd = -1;
    if (!form)
        return answer_empty(request, MHD_HTTP_NOT_FOUND);
    pthread_mutex_lock(&session->lock);
    moving = session->moving;
    if (!moving)
        fd = form->write ? export_to_fd(form, session) : open_journal(session);
    pthread_mutex_unlock(&session->lock);
    if (moving)
        return answer_error(request, MHD_HTTP_CONFLICT, "moving", "files are being moved; wait until that is done");
    return answer_file(request, form, fd);
}

enum written { DECISION_FILES, XMP };

static int read_wish(struct request *request, const json_t *body, enum written *what, int *naming)
{
    const char *name, *style = NULL;
    if (want_text(request, body, "what", &name) != 0)
        return -1;
    *what = strcmp(name, "xmp") == 0 ? XMP : DECISION_FILES;
    *naming = XMP_ADOBE;
    if (*what == DECISION_FILES)
        return strcmp(name, "decision-files") == 0
                   ? 0
                   : refuse_field(request, "\"what\" must be \"decision-files\" or \"xmp\"");
    if (want_text(request, body, "naming", &style) != 0)
        return -1;
    *naming = strcmp(style, "both") == 0        ? XMP_ADOBE | XMP_DARKTABLE
              : strcmp(style, "darktable") == 0 ? XMP_DARKTABLE
              : strcmp(style, "adobe") == 0     ? XMP_ADOBE
                                                : 0;
    return *naming ? 0 : refuse_field(request, "\"naming\" must be \"adobe\", \"darktable\" or \"both\"");
}

http_result post_write(struct request *request, const json_t *body)
{
    struct session *session = request->server->session;
    const char *message = NULL;
    enum written what;
    uint64_t n = 0;
    int naming, rc = EXIT_DONE;
    if (read_wish(request, body, &what, &naming) != 0)
        return answer_invalid(request);
    pthread_mutex_lock(&session->lock);
    const char *why = why_not_decide(session, request->window, &message);
    if (!why) {
        busy_begin(session);
        rc = what == XMP ? export_xmp(&session->groups, session->journal, naming, WINNER_RATING, &n)
                         : export_decision_files(&session->groups, session->journal, &n);
        busy_end(session);
    }
    pthread_mutex_unlock(&session->lock);
    if (why)
        return answer_error(request, MHD_HTTP_CONFLICT, why, "%s", message);
    if (rc != EXIT_DONE)
        return answer_error(request, MHD_HTTP_INTERNAL_SERVER_ERROR, "failed",
                            "not all files could be written; the terminal says why");
    return answer_json(request, MHD_HTTP_OK, json_pack("{s:I}", "n", (json_int_t)n));
}
