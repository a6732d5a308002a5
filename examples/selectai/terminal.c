/*
 * terminal.c: messages, progress and Ctrl-C.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "args.h"
#include "terminal.h"

static _Atomic int interrupt_count;        /* threads look at it, too; an int is free of locks where this runs */
static volatile sig_atomic_t first_second; /* when the first one came, of the monotonic clock */

/* A person who asks again after a while wants out at once. Tools such as timeout send one signal twice, to the process
 * and to its group: that is one request. */
static void on_interrupt(int signal_number)
{
    struct timespec now;
    (void)signal_number;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (interrupt_count == 0)
        first_second = (sig_atomic_t)now.tv_sec;
    else if ((sig_atomic_t)now.tv_sec - first_second >= 2)
        _exit(130);
    interrupt_count = 1;
}

void catch_interrupts(void)
{
    struct sigaction action = {.sa_handler = on_interrupt};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    /* A reader that closed the pipe is an ordinary write error, not a reason to die with files half written. */
    signal(SIGPIPE, SIG_IGN);
    /* A full quota gives an error code then, which has a message. */
    signal(SIGXFSZ, SIG_IGN);
}

int interrupted(void)
{
    return interrupt_count != 0;
}

double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Length of a control character at p in bytes, 0 if there is none: C0, DEL, C1 as UTF-8 has them, and the two
 * separators that end lines. */
static int control_at(const unsigned char *p)
{
    if (*p < 0x20 || *p == 0x7F)
        return 1;
    if (*p == 0xC2 && p[1] >= 0x80 && p[1] < 0xA0)
        return 2;
    return *p == 0xE2 && p[1] == 0x80 && (p[2] == 0xA8 || p[2] == 0xA9) ? 3 : 0;
}

int put_clean(FILE *stream, const char *text)
{
    int n = 0;
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        int skip = control_at(p);
        putc(skip ? '?' : *p, stream);
        p += skip ? skip : 1;
        n += (*p & 0xC0) != 0x80; /* the next byte begins a character: one more is complete */
    }
    return n;
}

static void put_what(const struct progress *p)
{
    if (!p->what)
        return;
    put_clean(stderr, p->what);
    fputs(": ", stderr);
}

static void draw_bar(struct progress *p, uint64_t done, uint64_t total)
{
    char bar[31];
    double share = total ? (double)done / (double)total : 0;
    int full = (int)(share * 30);
    for (int i = 0; i < 30; i++)
        bar[i] = i < full ? '#' : '.';
    bar[30] = '\0';
    double elapsed = seconds_now() - p->started;
    fputc('\r', stderr);
    put_what(p);
    fprintf(stderr, "%-8s ", p->stage);
    if (total)
        fprintf(stderr, "[%s] %llu/%llu", bar, (unsigned long long)done, (unsigned long long)total);
    else
        fprintf(stderr, "%llu", (unsigned long long)done);
    if (done > 0 && total > done && elapsed > 1)
        fprintf(stderr, "  %.0f s left", elapsed / (double)done * (double)(total - done));
    fprintf(stderr, "\033[K");
    fflush(stderr);
    p->drawn = 1;
}

int show_progress(uint64_t done, uint64_t total, const char *stage, void *user)
{
    struct progress *p = user;
    if (strncmp(p->stage, stage, sizeof p->stage - 1) != 0) {
        end_progress(p);
        snprintf(p->stage, sizeof p->stage, "%s", stage);
        p->last_tenth = -1;
        p->started = seconds_now();
    }
    if (p->quiet)
        return interrupted();
    if (isatty(STDERR_FILENO)) {
        draw_bar(p, done, total);
    } else if (total > 0) {
        int tenth = (int)(10 * done / total);
        if (tenth != p->last_tenth && tenth > 0) {
            put_what(p);
            fprintf(stderr, "%s: %d %% (%llu of %llu)\n", stage, 10 * tenth, (unsigned long long)done,
                    (unsigned long long)total);
        }
        p->last_tenth = tenth;
    }
    return interrupted();
}

void end_progress(struct progress *p)
{
    if (p->drawn)
        fprintf(stderr, "\r\033[K");
    p->drawn = 0;
    p->stage[0] = '\0';
}

/* Messages hold names of files, which may hold anything. */
void say(const char *fmt, ...)
{
    va_list list;
    char *text = NULL;
    va_start(list, fmt);
    int n = vasprintf(&text, fmt, list);
    va_end(list);
    fputs("selectai: ", stderr);
    put_clean(stderr, n >= 0 ? text : "out of memory");
    fputc('\n', stderr);
    if (n >= 0)
        free(text);
}

int report_interruption(void)
{
    say("interrupted; nothing is half written, and the same command goes on where that is possible");
    return 130;
}

int report_failure(int code)
{
    if (code == SELECTAI_ERR_CANCELLED && interrupted())
        return report_interruption();
    say("%s (%s)", selectai_last_error(), selectai_error_name(code));
    return code == SELECTAI_ERR_CANCELLED ? 130 : EXIT_FAILED;
}

static int is_one_of(const char *kind, const char *const *kinds)
{
    for (; kinds && *kinds; kinds++)
        if (strcmp(kind, *kinds) == 0)
            return 1;
    return 0;
}

void print_issues_but(const selectai_issues *issues, size_t most, const char *const *kinds)
{
    size_t n = 0;
    for (size_t i = 0; i < selectai_issues_count(issues); i++) {
        struct selectai_issue issue = {.struct_size = sizeof issue};
        if (selectai_issues_get(issues, i, &issue) != SELECTAI_OK || is_one_of(issue.kind, kinds) || n++ >= most)
            continue;
        if (issue.path[0] && !strstr(issue.message, issue.path))
            say("[%s] %s: %s", issue.kind, issue.path, issue.message);
        else
            say("[%s] %s", issue.kind, issue.message);
    }
    if (n > most)
        say("... and %zu more", n - most);
}

void print_issues(const selectai_issues *issues, size_t most)
{
    print_issues_but(issues, most, NULL);
}
