/*
 * review/server.h: the review over HTTP, for this machine only: docs/review-protocol.md says what is asked and
 * answered.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_SERVER_H
#define REVIEW_SERVER_H

#include "session.h"

struct server;

/*
 * Listens at 127.0.0.1 and answers from its own threads until server_stop(). port 0: any that is free. The session must
 * outlive the server, which opens and closes session->pictures. 0, or EXIT_FAILED with a message.
 *
 * server_stop() lets a run of Finalize stop after the step it is at (it can be resumed), and waits for all threads.
 */
int server_start(struct server **out, struct session *session, uint16_t port);
void server_stop(struct server **server);

/* "http://127.0.0.1:PORT/TOKEN/"; whoever knows it may decide. Borrowed. */
const char *server_link(const struct server *server);

#endif
