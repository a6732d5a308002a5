/*
 * main.c: the command-line program. `selectai VERB ...`; each verb lives in verb_<name>.c.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "verbs.h"

static const struct verb *const verbs[] = {
    &verb_demo,     &verb_sample,  &verb_extract, &verb_embed,        &verb_train,
    &verb_evaluate, &verb_suggest, &verb_cache,   &verb_recover_crop, &verb_hash, &verb_duplicates,
};

static void print_usage(FILE *stream)
{
    fprintf(stream,
            "usage: selectai VERB [options]\n\n"
            "Learns one person's choice among groups of generated images, and suggests the next ones.\n\nverbs:\n");
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        fprintf(stream, "  %-14s %s\n", verbs[i]->name, verbs[i]->summary);
    fprintf(stream, "\n'selectai VERB --help' lists a verb's options; 'selectai --version' the version.\n"
                    "Exit codes: 0 done, 1 failed or problems found, 2 wrong usage, 130 interrupted.\n");
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("selectai %s\n", selectai_version_string());
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return EXIT_DONE;
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(argv[1], verbs[i]->name) == 0)
            return verbs[i]->run(argc - 1, argv + 1, verbs[i]);
    fprintf(stderr, "selectai: there is no verb '%s'\nTry 'selectai --help'.\n", argv[1]);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    catch_interrupts();
    int code = run(argc, argv);
    if (fflush(stdout) != 0 && code == EXIT_DONE) {
        say("cannot write to standard output");
        code = EXIT_FAILED;
    }
    return code;
}
