/*
 * review/http.h: what the files of the server share: one request, its checks, its answers.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_HTTP_H
#define REVIEW_HTTP_H

#include <microhttpd.h>

#include "pictures.h"
#include "server.h"
#include "text.h"

#define TOKEN_DIGITS  32
#define WINDOW_DIGITS 32
#define MOST_BODY     65536u

struct mover;
struct patience;
struct figures;

struct server {
    struct session *session;
    struct MHD_Daemon *daemon;
    struct mover *mover;       /* moving.c */
    struct figures *figures;   /* figures.c; guarded by the session's lock */
    struct patience *patience; /* patience.c */
    uint32_t last_side;        /* at which a group's pictures were asked for last; 0: not yet. Atomic */
    uint16_t port;
    char token[TOKEN_DIGITS + 1];
    char link[80];
};

typedef enum MHD_Result http_result;

/* One request, from its headers to the end of its answer. */
struct request {
    struct server *server;
    struct MHD_Connection *connection;
    const char *path; /* below the token, without the query; not decoded: no address of ours needs it */
    char *body;       /* of a POST; n_body of `expected` bytes have come */
    size_t n_body, expected;
    char window[WINDOW_DIGITS + 1]; /* that asks; "" where a GET does not name one */
    struct picture *picture;        /* that was waited for */
    int waited;
    char etag[64];     /* of that picture */
    char message[256]; /* why the body is refused: names the key */
};

#define TEXT_TYPE "text/plain; charset=utf-8"
#define JSON_TYPE "application/json"

/* ---- access.c: who may ask ------------------------------------------------------------------- */

/* Where `url` is below the token: what follows "/TOKEN/". NULL: 403. */
const char *path_below_token(const struct server *server, const char *url);
/* 0, or the status that refuses it: 403, 411, 413, 415. expected: the length of the body that is announced. */
unsigned check_headers(struct request *request, int is_post);
int is_hex(const char *text, size_t n); /* n lower-case digits and the end */

/* ---- answer.c: each puts the answer on its way and returns what the daemon wants -------------- */

http_result answer(struct request *request, unsigned status, const char *type, struct MHD_Response *response,
                   const char *caching);
http_result answer_empty(struct request *request, unsigned status);
/* Takes the text; 500 where it failed. */
http_result answer_text(struct request *request, struct text *text);
/* Takes the reference; 500 where it is NULL. */
http_result answer_json(struct request *request, unsigned status, json_t *json);
http_result answer_error(struct request *request, unsigned status, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
http_result answer_invalid(struct request *request); /* 400 with request->message */
/* An error of the library or the journal; `failed` says what could not be done. NO_SPACE becomes 507. */
http_result answer_failure(struct request *request, int code, const char *failed);

/* ---- routes.c -------------------------------------------------------------------------------- */

/* Calls what answers the request; a POST's body has come in full. */
http_result serve(struct request *request, const char *method);
/* 1 if the method is right for the path, which is known; else the status is 404 or 405. */
unsigned check_route(const char *path, const char *method);

/* ---- fields.c: keys of a body. 0, or -1 and request->message ---------------------------------- */

int want_text(struct request *request, const json_t *body, const char *key, const char **out);
int want_group(struct request *request, const json_t *body, const char *key, const char **id); /* checked for form */
/* NaN where it is missing or null. */
int want_number(struct request *request, const json_t *body, const char *key, double *out);
int want_whole(struct request *request, const json_t *body, const char *key, uint64_t *out);
int want_flag(struct request *request, const json_t *body, const char *key, int *out); /* 0 where it is missing */
int refuse_field(struct request *request, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- writer.c: who decides. Under the session's lock ------------------------------------------ */

/* "you", "other", "none" or "process"; a writer that asks is heard of. */
const char *writer_of(struct session *session, const char *window);
int writer_claim(struct session *session, const char *window, int take); /* 1: this window decides now */
/* NULL where this window may decide now, else the code why not, and the message. */
const char *why_not_decide(struct session *session, const char *window, const char **message);

/* ---- moving.c: Finalize in its own thread ----------------------------------------------------- */

enum movement { FINALIZE, RESUME_FINALIZE, UNDO_FINALIZE };

struct mover *mover_open(struct session *session);
/* Stops a run after its step, and waits for it. */
void mover_close(struct mover **mover);
/* Under the session's lock; takes the plan (FINALIZE). 0, or -1 where no thread could be made. */
int mover_start(struct mover *mover, enum movement what, struct finalize_plan *plan);

/* ---- api_*.c ---------------------------------------------------------------------------------- */

http_result get_page(struct request *request);
http_result get_picture(struct request *request);
http_result get_session(struct request *request);
http_result get_groups(struct request *request);
http_result get_changes(struct request *request);
http_result get_group(struct request *request);
http_result get_finalize(struct request *request);
http_result get_export(struct request *request);
http_result post_claim(struct request *request, const json_t *body);
http_result post_view(struct request *request, const json_t *body);
http_result post_decide(struct request *request, const json_t *body);
http_result post_decide_all(struct request *request, const json_t *body);
http_result post_undo(struct request *request, const json_t *body);
http_result post_redo(struct request *request, const json_t *body);
http_result post_finalize(struct request *request, const json_t *body);
http_result post_resume_finalize(struct request *request, const json_t *body);
http_result post_undo_finalize(struct request *request, const json_t *body);
http_result post_write(struct request *request, const json_t *body);

/* What a person would call a group: the time in its first picture's name, or that name. */
#define GROUP_NAME 64
const char *group_name(const struct review_groups *groups, size_t group, char out[GROUP_NAME]);

/* Without suggestions: the highest stage, and nothing known. */
void brief_of(const struct session *session, size_t group, struct suggestion_brief *out);

/* One number for a client that two revisions stand behind: decisions above, suggestions below. Under the lock. */
uint64_t revision_now(const struct session *session);

/* What surrounds a decision: what was suggested, and whether it was followed. Under the lock; end_shown() frees. */
#define MODEL_NAME 256
struct shown {
    struct circumstances circumstances;
    char model[MODEL_NAME];
    json_t *suggestion;
};
void begin_shown(struct shown *shown, struct session *session, size_t group, const struct decision *decision,
                 enum source source);
void end_shown(struct shown *shown);

/* What takes a while runs without the lock, while nothing can be decided, as if files moved: begin, work, end. */
void busy_begin(struct session *session);
void busy_end(struct session *session);

/* ---- figures.c: of all decisions. Under the session's lock -------------------------------------- */

struct figures *figures_open(const struct session *session);
void figures_close(struct figures **figures);
/* Puts {"decided":...}: counted again where the journal has changed; while files move, what was counted last. */
void figures_put(struct figures *figures, const struct session *session, struct text *text);
/* 1 if another process has moved files since the last call, or since the server was started. */
int figures_moved(struct figures *figures, const struct session *session);
/* Of the state folder; looked up again where something may have changed. */
void figures_put_finalize(struct figures *figures, const struct session *session, struct text *text);

#endif
