/*
 * review/patience.h: connections whose requests take too long to come are cut off, also where a byte comes now and
 * then.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_PATIENCE_H
#define REVIEW_PATIENCE_H

#include <microhttpd.h>

struct patience;

/* A request must have come in full `seconds` after its connection was made or its last answer was sent. NULL if memory
 * or threads ran out. Close it after the daemon has stopped. */
struct patience *patience_open(double seconds);
void patience_close(struct patience **patience);

/* For MHD_OPTION_NOTIFY_CONNECTION; user: struct patience *. */
void patience_notify(void *user, struct MHD_Connection *connection, void **state,
                     enum MHD_ConnectionNotificationCode what);
/* The request is complete; the answer has been sent. */
void patience_answering(struct patience *patience, struct MHD_Connection *connection);
void patience_waiting(struct patience *patience, struct MHD_Connection *connection);

#endif
