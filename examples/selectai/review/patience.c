/*
 * review/patience.c: cutting off slow senders. The daemon's own timeout counts from the last byte, so a client that
 * sends one every few seconds would keep its place for ever.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "patience.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "terminal.h"

struct guest {
    struct guest *next, **before;
    int socket;
    double since; /* waiting for a request since then; < 0: it is being answered */
};

struct patience {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    double seconds;
    struct guest *guests;
    int ending;
};

/* A guest leaves the list, under the lock, before its socket is closed, so the number means the same one. */
static void cut_off(struct patience *patience)
{
    double now = seconds_now();
    for (struct guest *g = patience->guests; g; g = g->next)
        if (g->since >= 0 && now - g->since > patience->seconds)
            shutdown(g->socket, SHUT_RDWR);
}

static void *watch(void *user)
{
    struct patience *patience = user;
    pthread_mutex_lock(&patience->lock);
    while (!patience->ending) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += 2;
        pthread_cond_timedwait(&patience->changed, &patience->lock, &until);
        cut_off(patience);
    }
    pthread_mutex_unlock(&patience->lock);
    return NULL;
}

struct patience *patience_open(double seconds)
{
    struct patience *patience = calloc(1, sizeof *patience);
    if (!patience)
        return NULL;
    patience->seconds = seconds;
    pthread_mutex_init(&patience->lock, NULL);
    pthread_cond_init(&patience->changed, NULL);
    if (pthread_create(&patience->thread, NULL, watch, patience) != 0) {
        pthread_cond_destroy(&patience->changed);
        pthread_mutex_destroy(&patience->lock);
        free(patience);
        return NULL;
    }
    return patience;
}

void patience_close(struct patience **patience)
{
    struct patience *p = *patience;
    *patience = NULL;
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->ending = 1;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    while (p->guests) {
        struct guest *next = p->guests->next;
        free(p->guests);
        p->guests = next;
    }
    free(p);
}

static void welcome(struct patience *patience, int socket, void **state)
{
    struct guest *guest = calloc(1, sizeof *guest);
    *state = guest;
    if (!guest)
        return; /* it is merely not watched */
    guest->socket = socket;
    guest->since = seconds_now();
    pthread_mutex_lock(&patience->lock);
    guest->next = patience->guests;
    guest->before = &patience->guests;
    if (guest->next)
        guest->next->before = &guest->next;
    patience->guests = guest;
    pthread_mutex_unlock(&patience->lock);
}

static void farewell(struct patience *patience, void **state)
{
    struct guest *guest = *state;
    *state = NULL;
    if (!guest)
        return;
    pthread_mutex_lock(&patience->lock);
    *guest->before = guest->next;
    if (guest->next)
        guest->next->before = guest->before;
    pthread_mutex_unlock(&patience->lock);
    free(guest);
}

void patience_notify(void *user, struct MHD_Connection *connection, void **state,
                     enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        farewell(user, state);
        return;
    }
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    *state = NULL;
    if (info)
        welcome(user, info->connect_fd, state);
}

static void set_since(struct patience *patience, struct MHD_Connection *connection, double since)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct guest *guest = info ? info->socket_context : NULL;
    if (!guest)
        return;
    pthread_mutex_lock(&patience->lock);
    guest->since = since;
    pthread_mutex_unlock(&patience->lock);
}

void patience_answering(struct patience *patience, struct MHD_Connection *connection)
{
    set_since(patience, connection, -1);
}

void patience_waiting(struct patience *patience, struct MHD_Connection *connection)
{
    set_since(patience, connection, seconds_now());
}
