/*
 * terminal.h: messages, progress and Ctrl-C. Results go to stdout, everything here to stderr.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef PROGRAM_TERMINAL_H
#define PROGRAM_TERMINAL_H

#include <selectai/selectai.h>
#include <stdio.h>

/* Installs handlers of SIGINT, SIGTERM and SIGHUP that make progress callbacks return "cancel"; one that comes
 * seconds after the first ends the program at once. */
void catch_interrupts(void);
int interrupted(void);

/* A progress line for one step: a bar on a terminal, else one line per 10 %. */
struct progress {
    int quiet;
    const char *what; /* shown before the stage, e.g. the project's name; may be NULL */
    int last_tenth;   /* state */
    int drawn;
    double started;
    char stage[32];
};

/* The callback for the library: user is a struct progress *. */
int show_progress(uint64_t done, uint64_t total, const char *stage, void *user);
/* Takes the bar away; call before printing anything else and at the end. */
void end_progress(struct progress *progress);

/* Writes text that came from elsewhere: control characters become '?', so that no file's name commands the terminal.
 * Returns the number of characters. */
int put_clean(FILE *stream, const char *text);

/* "selectai: <fmt>", cleaned. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Says that Ctrl-C came; returns 130. */
int report_interruption(void);

/* Prints the library's last error with its code's name; returns EXIT_FAILED, or 130 after Ctrl-C. */
int report_failure(int code);

/* Prints the first `most` issues and how many more there are. */
void print_issues(const selectai_issues *issues, size_t most);
/* The same without those kinds; kinds: ends with NULL. */
void print_issues_but(const selectai_issues *issues, size_t most, const char *const *kinds);

double seconds_now(void);

#endif
