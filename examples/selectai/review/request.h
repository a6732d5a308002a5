/*
 * review/request.h: what the daemon calls.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_REQUEST_H
#define REVIEW_REQUEST_H

#include "http.h"

/* For MHD_start_daemon(); user: struct server *. */
http_result on_request(void *user, struct MHD_Connection *connection, const char *url, const char *method,
                       const char *version, const char *data, size_t *n_data, void **state);
void on_completed(void *user, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode how);
/* Addresses are taken as they are: what must be decoded is none of ours. */
size_t keep_escapes(void *user, struct MHD_Connection *connection, char *text);

#endif
