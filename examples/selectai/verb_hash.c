/*
 * verb_hash.c: perceptual hashes.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>

#include "verbs.h"

static int hash_file(const char *path, json_t *list)
{
    selectai_image *image = NULL;
    uint64_t hash = 0;
    char text[17];
    int rc = selectai_image_load(&image, path, NULL);
    if (rc == SELECTAI_OK)
        rc = selectai_image_phash(&hash, image);
    selectai_image_destroy(&image);
    snprintf(text, sizeof text, "%016" PRIx64, hash);
    if (rc != SELECTAI_OK)
        say("%s", selectai_last_error());
    if (list)
        json_array_append_new(list, json_pack("{s:s, s:s?, s:s?}", "path", path, "phash", rc ? NULL : text, "error",
                                              rc ? selectai_last_error() : NULL));
    else if (rc == SELECTAI_OK)
        printf("%s  %s\n", text, path);
    return rc;
}

static int run(int argc, char **argv, const struct verb *verb)
{
    int json = 0;
    struct text_list rest = {0};
    struct file_list files = {0};
    const struct arg args[] = {
        {"json", ARG_FLAG, &json, NULL, "print JSON", 0},
        {0},
    };
    int code = parse_args(argc, argv, verb, args, &rest), rc = SELECTAI_OK, failed = 0;
    if (code < 0 && rest.count == 0)
        code = usage_error(verb, "give files or folders");
    if (code < 0) {
        json_t *list = json ? json_array() : NULL;
        for (size_t i = 0; i < rest.count && rc != SELECTAI_ERR_OUT_OF_MEMORY; i++) {
            rc = list_files(&files, rest.items[i]);
            if (rc == SELECTAI_OK || rc == SELECTAI_ERR_OUT_OF_MEMORY)
                continue;
            say("%s", selectai_last_error()); /* the others are hashed all the same */
            failed++;
            if (list)
                json_array_append_new(
                    list, json_pack("{s:s, s:n, s:s}", "path", rest.items[i], "phash", "error", selectai_last_error()));
            rc = SELECTAI_OK;
        }
        for (size_t i = 0; i < files.count && rc == SELECTAI_OK && !interrupted(); i++)
            failed += hash_file(files.paths[i], list) != SELECTAI_OK;
        if (interrupted())
            say("interrupted: not all files were hashed");
        else if (rc == SELECTAI_OK && files.count == 0 && failed == 0)
            say("there are no images to hash");
        code = rc != SELECTAI_OK ? report_failure(rc) : interrupted() ? 130 : failed ? EXIT_FAILED : EXIT_DONE;
        if (list && print_json(json_pack("{s:o}", "files", list)) != EXIT_DONE)
            code = EXIT_FAILED;
    }
    free_files(&files);
    free_list(&rest);
    return code;
}

const struct verb verb_hash = {
    .name = "hash",
    .summary = "print the 64-bit pHash of images, as ImageHash computes it",
    .usage = "DIR|FILES... [--json]",
    .run = run,
};
