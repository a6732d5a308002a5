/*
 * verb_sample.c: a small realistic project to try everything on.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "make_sample.h"
#include "verbs.h"

static int on_progress(uint64_t done, uint64_t total, void *user)
{
    return show_progress(done, total, "draw", user);
}

int make_sample(struct sample_counts *counts, const char *dir, const struct sample_options *options,
                struct progress *progress)
{
    char err[512] = "";
    if (!folder_is_empty(dir)) {
        say("%s: is there already and not empty: choose another --output", dir);
        return EXIT_FAILED;
    }
    /* It is drawn beside its place and moved there when it is whole. */
    char *partial = malloc(strlen(dir) + 32);
    if (!partial) {
        say("out of memory");
        return EXIT_FAILED;
    }
    sprintf(partial, "%s.partial-%ld", dir, (long)getpid());
    int rc = sample_generate(counts, partial, options, on_progress, progress, err, sizeof err);
    end_progress(progress);
    int code = EXIT_DONE;
    if (rc == SELECTAI_ERR_CANCELLED) {
        say("interrupted; nothing was written");
        code = 130;
    } else if (rc != SELECTAI_OK) {
        say("%s", err);
        code = EXIT_FAILED;
    } else if (rename(partial, dir) != 0) {
        say("%s: cannot be made: %s", dir, strerror(errno));
        code = EXIT_FAILED;
    }
    if (code != EXIT_DONE)
        remove_tree(partial);
    free(partial);
    return code;
}

static int run(int argc, char **argv, const struct verb *verb)
{
    const char *output = NULL;
    struct sample_options options = {.seed = 1, .groups = SAMPLE_GROUPS, .size = SAMPLE_SIZE};
    struct sample_counts counts = {0};
    struct progress progress = {0};
    int json = 0;
    const struct arg args[] = {
        {"output", ARG_TEXT, &output, "DIR", "is made: DIR/raw, DIR/final, DIR/truth.json", 1},
        {"groups", ARG_U32, &options.groups, "N", "pictures, each in 2 to 4 stages (400)", 0},
        {"size", ARG_U32, &options.size, "PIXELS", "longer side of a stage 2 picture (512)", 0},
        {"project", ARG_TEXT, &options.project, "NAME", "name of the project in truth.json (sample)", 0},
        {"seed", ARG_U64, &options.seed, "N", "another seed, another project (1)", 0},
        {"threads", ARG_U32, &options.threads, "N", "default: all cores; the result does not depend on it", 0},
        {"json", ARG_FLAG, &json, NULL, "print the counts as JSON", 0},
        {"quiet", ARG_FLAG, &progress.quiet, NULL, "no progress", 0},
        {0},
    };
    int code = parse_args(argc, argv, verb, args, NULL);
    if (code < 0 && (options.groups < 1 || options.groups > 100000 || options.size < 256 || options.size > 2048))
        code = usage_error(verb, "--groups must be 1 to 100000, --size 256 to 2048");
    if (code >= 0)
        return code;
    code = make_sample(&counts, output, &options, &progress);
    if (code != EXIT_DONE)
        return code;
    if (json)
        return print_json(json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i}", "output", output, "groups",
                                    (int)counts.groups, "raw_images", (int)counts.raw_images, "final_images",
                                    (int)counts.final_images, "anomalies", (int)counts.anomalies, "rejected",
                                    (int)counts.rejected, "cropped", (int)counts.cropped));
    printf("%s: %u groups, %u raw images, %u final images, %u anomalies, %u rejected groups, %u crops\n", output,
           counts.groups, counts.raw_images, counts.final_images, counts.anomalies, counts.rejected, counts.cropped);
    return EXIT_DONE;
}

const struct verb verb_sample = {
    .name = "sample",
    .summary = "draw a small realistic project (RAW, FINAL, truth) to try everything on",
    .usage = "--output DIR [options]",
    .run = run,
};
