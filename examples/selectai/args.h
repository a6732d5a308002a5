/*
 * args.h: one table per verb describes its flags; it is parsed by getopt_long and printed by --help.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef PROGRAM_ARGS_H
#define PROGRAM_ARGS_H

#include <stddef.h>
#include <stdint.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

enum arg_type {
    ARG_END = 0,
    ARG_FLAG,   /* int: set to 1 */
    ARG_TEXT,   /* const char * */
    ARG_LIST,   /* struct text_list: may be repeated, and takes what follows up to the next flag */
    ARG_REPEAT, /* struct text_list: may be repeated, one value each time */
    ARG_U32,    /* uint32_t */
    ARG_U64,    /* uint64_t */
    ARG_FLOAT,  /* float, finite, >= 0 */
    ARG_DOUBLE, /* double, finite, >= 0 */
    ARG_CHOICE, /* int32_t: index of the value in `choices`, "a|b|c" */
};

struct text_list {
    const char **items;
    size_t count;
};

struct arg {
    const char *name; /* without the dashes */
    enum arg_type type;
    void *value;         /* where it goes; keeps its default if the flag is absent */
    const char *choices; /* ARG_CHOICE: the values; others: what --help shows for the value, e.g. "DIR" */
    const char *help;
    int required;
};

struct verb {
    const char *name;
    const char *summary; /* one line */
    const char *usage;   /* what follows "selectai NAME", e.g. "ranker|cropper [options]" */
    const char *text;    /* further lines for --help, may be NULL */
    int (*run)(int argc, char **argv, const struct verb *verb);
};

/*
 * Parses argv[1..]; positional arguments go to `rest` (borrowed from argv; free items with free_list). Handles --help.
 * Returns -1 to go on, else the exit code.
 */
int parse_args(int argc, char **argv, const struct verb *verb, const struct arg *args, struct text_list *rest);

/* "selectai NAME: <message>" and a hint to --help on stderr; returns EXIT_USAGE. */
int usage_error(const struct verb *verb, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void free_list(struct text_list *list);

#endif
