/*
 * review/server.c: the daemon: starting, stopping, its limits.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "patience.h"
#include "request.h"
#include "terminal.h"
#include "verbs.h"

#define THREADS             4u     /* that talk; pictures are decoded by others */
#define MOST_CONNECTIONS    512u   /* of all threads together */
#define REQUEST_MEMORY      16384u /* of each connection: headers that are longer are refused */
#define SILENCE_SECONDS     15u
#define REQUEST_SECONDS     30.0 /* until a request has come in full */
#define PICTURE_BYTES       (256u << 20)
#define WAITING_CONNECTIONS 256

static int make_token(struct server *server)
{
    unsigned char random[TOKEN_DIGITS / 2];
    size_t n = 0;
    while (n < sizeof random) {
        ssize_t got = getrandom(random + n, sizeof random - n, 0);
        if (got < 0 && errno != EINTR) {
            say("no random numbers for the page's link: %s", strerror(errno));
            return EXIT_FAILED;
        }
        n += got > 0 ? (size_t)got : 0;
    }
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(server->token + 2 * i, 3, "%02x", random[i]);
    return EXIT_DONE;
}

static int cannot_listen(int fd, uint16_t port)
{
    if (errno == EADDRINUSE)
        say("port %u of 127.0.0.1 is in use; choose another one with --port, or none", (unsigned)port);
    else
        say("cannot listen at 127.0.0.1, port %u: %s", (unsigned)port, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Address reuse lets a port be taken again at once after a restart; Linux gives it to one listener at a time anyway. */
static int listen_at(struct server *server, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t n = sizeof address;
    int one = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, WAITING_CONNECTIONS) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &n) != 0)
        return cannot_listen(fd, port);
    server->port = ntohs(address.sin_port);
    return fd;
}

/* What clients get wrong is not worth a line on the terminal. */
static void keep_quiet(void *user, const char *fmt, va_list list)
{
    (void)user;
    (void)fmt;
    (void)list;
}

static int start_daemon(struct server *server, int fd)
{
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, server,
        MHD_OPTION_EXTERNAL_LOGGER, keep_quiet, NULL, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
        THREADS, MHD_OPTION_CONNECTION_LIMIT, MOST_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, SILENCE_SECONDS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
        MHD_OPTION_NOTIFY_CONNECTION, patience_notify, server->patience, MHD_OPTION_END);
    if (server->daemon)
        return EXIT_DONE;
    say("cannot start the server: %s", strerror(errno));
    close(fd);
    return EXIT_FAILED;
}

static int start_all(struct server *server, uint16_t port)
{
    if (make_token(server) != EXIT_DONE)
        return EXIT_FAILED;
    int rc = pictures_open(&server->session->pictures, server->session->groups.root, PICTURE_BYTES);
    if (rc != SELECTAI_OK)
        return report_failure(rc);
    server->patience = patience_open(REQUEST_SECONDS);
    server->mover = mover_open(server->session);
    server->figures = figures_open(server->session);
    if (!server->patience || !server->mover || !server->figures) {
        say("out of memory");
        return EXIT_FAILED;
    }
    int fd = listen_at(server, port);
    if (fd < 0 || start_daemon(server, fd) != EXIT_DONE)
        return EXIT_FAILED;
    snprintf(server->link, sizeof server->link, "http://127.0.0.1:%u/%s/", (unsigned)server->port, server->token);
    return EXIT_DONE;
}

int server_start(struct server **out, struct session *session, uint16_t port)
{
    struct server *server = calloc(1, sizeof *server);
    sigset_t all, before;
    if (!server) {
        say("out of memory");
        return EXIT_FAILED;
    }
    server->session = session;
    /* Signals are for the thread that waits for them. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = start_all(server, port);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != EXIT_DONE)
        server_stop(&server);
    *out = server;
    return rc;
}

/* The order matters: nobody may wait for a picture when the daemon stops. */
void server_stop(struct server **server)
{
    struct server *s = *server;
    *server = NULL;
    if (!s)
        return;
    pictures_end_waiting(s->session->pictures);
    if (s->daemon)
        MHD_stop_daemon(s->daemon); /* closes the socket */
    mover_close(&s->mover);
    patience_close(&s->patience);
    pictures_close(&s->session->pictures);
    figures_close(&s->figures);
    free(s);
}

const char *server_link(const struct server *server)
{
    return server->link;
}
