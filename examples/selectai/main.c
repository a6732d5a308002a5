/*
 * main.c: the command-line program. `selectai VERB ...`; each verb lives in verb_<name>.c.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "verbs.h"

/* In the order of work. */
static const struct section {
    const char *title;
    const struct verb *verbs[5]; /* up to NULL */
} sections[] = {
    {"to try it", {&verb_demo, &verb_sample}},
    {"past decisions", {&verb_extract, &verb_merge, &verb_anomalies, &verb_validate}},
    {"images as vectors", {&verb_embed, &verb_cache}},
    {"new images", {&verb_suggest, &verb_review}},
    {"models", {&verb_train, &verb_evaluate, &verb_import_model}},
    {"single images", {&verb_hash, &verb_duplicates, &verb_recover_crop}},
};
#define N_SECTIONS (sizeof sections / sizeof *sections)

static void print_usage(FILE *stream)
{
    fprintf(stream, "usage: selectai VERB [options]\n\n"
                    "Learns one person's choice among groups of generated images, and suggests the next ones.\n");
    for (size_t i = 0; i < N_SECTIONS; i++) {
        fprintf(stream, "\n%s:\n", sections[i].title);
        for (const struct verb *const *verb = sections[i].verbs; *verb; verb++)
            fprintf(stream, "  %-14s %s\n", (*verb)->name, (*verb)->summary);
    }
    fprintf(stream, "\n'selectai VERB --help' lists a verb's options; 'selectai --version' the version.\n"
                    "Exit codes: 0 done, 1 failed or problems found, 2 wrong usage, 130 interrupted.\n");
}

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < N_SECTIONS; i++)
        for (const struct verb *const *verb = sections[i].verbs; *verb; verb++)
            if (strcmp(name, (*verb)->name) == 0)
                return *verb;
    return NULL;
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
    const struct verb *verb = find_verb(argv[1]);
    if (verb)
        return verb->run(argc - 1, argv + 1, verb);
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
