/*
 * verb_hash.c: perceptual hashes.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verbs.h"

struct hash_args {
    int json, quiet;
    uint32_t threads;
    struct text_list rest;
};

/* Hashes of all files; those not known were not reached, or have an issue. */
struct hashes {
    struct file_list files;
    uint64_t *values;
    uint8_t *known;
    selectai_issues *issues;
    json_t *list; /* NULL: text */
    int failed;   /* files and folders */
};

static void add_json(json_t *list, const char *path, const char *hash, const char *error)
{
    json_t *file = json_object();
    set_json_path(file, path);
    json_object_set_new(file, "phash", hash ? json_string(hash) : json_null());
    json_object_set_new(file, "error", error ? json_string(error) : json_null());
    json_array_append_new(list, file);
}

/* A missing one is reported, and the others are hashed all the same. */
static int collect(struct hashes *h, const struct text_list *items)
{
    int rc = SELECTAI_OK;
    for (size_t i = 0; i < items->count && rc != SELECTAI_ERR_OUT_OF_MEMORY; i++) {
        rc = list_files(&h->files, items->items[i]);
        if (rc == SELECTAI_OK || rc == SELECTAI_ERR_OUT_OF_MEMORY)
            continue;
        say("%s", selectai_last_error());
        h->failed++;
        if (h->list)
            add_json(h->list, items->items[i], NULL, selectai_last_error());
        rc = SELECTAI_OK;
    }
    return rc;
}

static int compute(struct hashes *h, const struct hash_args *args)
{
    struct progress progress = {.quiet = args->quiet};
    h->values = calloc(h->files.count + 1, sizeof *h->values);
    h->known = calloc(h->files.count + 1, sizeof *h->known);
    if (!h->values || !h->known)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int rc = selectai_hash_files(h->values, h->known, &h->issues, (const char *const *)h->files.paths, h->files.count,
                                 args->threads, show_progress, &progress);
    end_progress(&progress);
    return rc;
}

/* In the order of the files, whichever thread was first. */
static void print_hashes(struct hashes *h)
{
    struct selectai_issue issue = {.struct_size = sizeof issue};
    size_t next = 0;
    for (size_t i = 0; i < h->files.count; i++) {
        const char *path = h->files.paths[i];
        char text[17];
        snprintf(text, sizeof text, "%016" PRIx64, h->values[i]);
        if (h->known[i] && h->list) {
            add_json(h->list, path, text, NULL);
        } else if (h->known[i]) {
            printf("%s  ", text);
            put_clean(stdout, path);
            putchar('\n');
        } else if (selectai_issues_get(h->issues, next, &issue) == SELECTAI_OK && strcmp(issue.path, path) == 0) {
            next++;
            h->failed++;
            say("%s", issue.message);
            if (h->list)
                add_json(h->list, path, NULL, issue.message);
        }
    }
}

static int hash(const struct hash_args *args)
{
    struct hashes h = {.list = args->json ? json_array() : NULL};
    int rc = collect(&h, &args->rest), code = EXIT_DONE;
    if (rc == SELECTAI_OK)
        rc = compute(&h, args);
    if (rc == SELECTAI_OK || rc == SELECTAI_ERR_CANCELLED)
        print_hashes(&h);
    if (rc == SELECTAI_ERR_CANCELLED) {
        say("interrupted: not all files were hashed");
        code = 130;
    } else if (rc != SELECTAI_OK) {
        code = report_failure(rc);
    } else if (h.failed > 0) {
        code = EXIT_FAILED;
    } else if (h.files.count == 0) {
        say("there are no images to hash");
    }
    if (h.list && print_json(json_pack("{s:o}", "files", h.list)) != EXIT_DONE && code == EXIT_DONE)
        code = EXIT_FAILED;
    selectai_issues_destroy(&h.issues);
    free_files(&h.files);
    free(h.values);
    free(h.known);
    return code;
}

static int run(int argc, char **argv, const struct verb *verb)
{
    struct hash_args a = {0};
    const struct arg args[] = {
        {"threads", ARG_U32, &a.threads, "N", "default: all cores", 0},
        {"json", ARG_FLAG, &a.json, NULL, "print JSON", 0},
        {"quiet", ARG_FLAG, &a.quiet, NULL, "no progress", 0},
        {0},
    };
    int code = parse_args(argc, argv, verb, args, &a.rest);
    if (code < 0 && a.rest.count == 0)
        code = usage_error(verb, "give files or folders");
    if (code < 0)
        code = hash(&a);
    free_list(&a.rest);
    return code;
}

const struct verb verb_hash = {
    .name = "hash",
    .summary = "print the 64-bit pHash of images, as ImageHash computes it",
    .usage = "DIR|FILES... [options]",
    .text = "All files are hashed on all cores and printed in their order at the end; Ctrl-C prints what is done.\n",
    .run = run,
};
