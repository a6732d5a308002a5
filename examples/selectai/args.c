/*
 * args.c: flags.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"

#define MAX_ARGS 48

int usage_error(const struct verb *verb, const char *fmt, ...)
{
    va_list list;
    fprintf(stderr, "selectai: %s: ", verb->name);
    va_start(list, fmt);
    vfprintf(stderr, fmt, list);
    va_end(list);
    fprintf(stderr, "\nTry 'selectai %s --help'.\n", verb->name);
    return EXIT_USAGE;
}

void free_list(struct text_list *list)
{
    free(list->items);
    *list = (struct text_list){0};
}

static int add_item(struct text_list *list, const char *item)
{
    const char **items = realloc(list->items, (list->count + 1) * sizeof *items);
    if (!items)
        return -1;
    list->items = items;
    items[list->count++] = item;
    return 0;
}

static size_t count_args(const struct arg *args)
{
    size_t n = 0;
    while (args[n].type != ARG_END)
        n++;
    return n;
}

static void print_help(const struct verb *verb, const struct arg *args)
{
    printf("usage: selectai %s %s\n\n%s\n", verb->name, verb->usage, verb->summary);
    if (verb->text)
        printf("\n%s\n", verb->text);
    printf("\noptions:\n");
    for (; args->type != ARG_END; args++) {
        char left[80];
        snprintf(left, sizeof left, "--%s%s%s", args->name, args->choices ? " " : "",
                 args->choices ? args->choices : "");
        if (strlen(left) > 30)
            printf("  %s\n  %-30s  %s%s\n", left, "", args->help, args->required ? " (required)" : "");
        else
            printf("  %-30s  %s%s\n", left, args->help, args->required ? " (required)" : "");
    }
    printf("  %-30s  %s\n", "--help", "this text");
}

static int parse_choice(const struct arg *arg, const char *text)
{
    const char *p = arg->choices;
    size_t n = strlen(text);
    for (int32_t index = 0; *p; index++) {
        size_t k = strcspn(p, "|");
        if (k == n && strncmp(p, text, n) == 0) {
            *(int32_t *)arg->value = index;
            return 0;
        }
        p += k + (p[k] == '|');
    }
    return -1;
}

static int parse_unsigned(const char *text, uint64_t max, uint64_t *out)
{
    char *end;
    if (*text < '0' || *text > '9')
        return -1;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*end || errno || value > max)
        return -1;
    *out = value;
    return 0;
}

static int parse_real(const char *text, double *out)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value) || value < 0)
        return -1;
    *out = value;
    return 0;
}

/* 0, or -1 if the text is no value of that type. No flag and no path has an empty value. */
static int set_value(const struct arg *arg, const char *text)
{
    uint64_t whole;
    double real;
    if (arg->type != ARG_FLAG && !*text)
        return -1;
    switch (arg->type) {
    case ARG_FLAG:
        *(int *)arg->value = 1;
        return 0;
    case ARG_TEXT:
        *(const char **)arg->value = text;
        return 0;
    case ARG_LIST:
    case ARG_REPEAT:
        return add_item(arg->value, text);
    case ARG_U32:
        if (parse_unsigned(text, UINT32_MAX, &whole))
            return -1;
        *(uint32_t *)arg->value = (uint32_t)whole;
        return 0;
    case ARG_U64:
        return parse_unsigned(text, UINT64_MAX, arg->value);
    case ARG_FLOAT:
        if (parse_real(text, &real))
            return -1;
        *(float *)arg->value = (float)real;
        return 0;
    case ARG_DOUBLE:
        return parse_real(text, arg->value);
    case ARG_CHOICE:
        return parse_choice(arg, text);
    case ARG_END:
        break;
    }
    return -1;
}

/* A list flag takes the plain arguments that follow it. */
static int take_list_rest(const struct arg *arg, int argc, char **argv)
{
    while (optind < argc && (argv[optind][0] != '-' || argv[optind][1] == '\0')) {
        if (set_value(arg, argv[optind]))
            return -1;
        optind++;
    }
    return 0;
}

int parse_args(int argc, char **argv, const struct verb *verb, const struct arg *args, struct text_list *rest)
{
    struct option options[MAX_ARGS + 2] = {0};
    int seen[MAX_ARGS] = {0}, index = 0, c;
    size_t n = count_args(args);

    for (size_t i = 0; i < n && i < MAX_ARGS; i++)
        options[i] = (struct option){.name = args[i].name, .has_arg = args[i].type != ARG_FLAG, .val = 'v'};
    options[n] = (struct option){.name = "help", .val = 'h'};
    opterr = 0;
    optind = 1;
    /* '-': plain arguments come in order, as option 1, so that list flags can be followed by several. */
    while ((c = getopt_long(argc, argv, "-:h", options, &index)) != -1) {
        if (c == 'h') {
            print_help(verb, args);
            return EXIT_DONE;
        }
        if (c == 1) {
            if (!rest)
                return usage_error(verb, "what is '%s'?", optarg);
            if (add_item(rest, optarg))
                return usage_error(verb, "out of memory");
            continue;
        }
        if (c == ':')
            return usage_error(verb, "%s needs a value", argv[optind - 1]);
        if (c != 'v')
            return usage_error(verb, "unknown option '%s'", argv[optind - 1]);
        seen[index] = 1;
        if (set_value(&args[index], optarg))
            return usage_error(verb, "--%s: '%s' is not valid, expected %s", args[index].name, optarg,
                               args[index].choices);
        if (args[index].type == ARG_LIST && take_list_rest(&args[index], argc, argv))
            return usage_error(verb, "--%s: an empty name", args[index].name);
    }
    for (; optind < argc; optind++) /* after "--" */
        if (!rest || add_item(rest, argv[optind]))
            return usage_error(verb, "what is '%s'?", argv[optind]);
    for (size_t i = 0; rest && i < rest->count; i++)
        if (!*rest->items[i])
            return usage_error(verb, "an empty name is no file or folder");
    for (size_t i = 0; i < n; i++)
        if (args[i].required && !seen[i])
            return usage_error(verb, "--%s %s is needed: %s", args[i].name, args[i].choices ? args[i].choices : "",
                               args[i].help);
    return -1;
}
