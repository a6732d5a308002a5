/*
 * verb_recover_crop.c: where was this cut out?
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>

#include "verbs.h"

static const char *const method_names[] = {"none", "identical", "exact", "resampled"};

static json_t *match_json(const struct selectai_crop_match *m, const selectai_image *original)
{
    double w = selectai_image_width(original), h = selectai_image_height(original);
    json_t *document = json_pack("{s:s}", "method", method_names[m->method]);
    if (m->method != SELECTAI_CROP_NONE) {
        json_object_set_new(document, "box", json_pack("[i,i,i,i]", m->box.x1, m->box.y1, m->box.x2, m->box.y2));
        json_object_set_new(document, "box_normalised",
                            json_pack("[f,f,f,f]", m->box.x1 / w, m->box.y1 / h, m->box.x2 / w, m->box.y2 / h));
    } else {
        json_object_set_new(document, "box", json_null());
        json_object_set_new(document, "box_normalised", json_null());
    }
    json_object_set_new(document, "residual", isfinite(m->residual) ? json_real(m->residual) : json_null());
    json_object_set_new(document, "unique", m->unique < 0 ? json_null() : json_boolean(m->unique));
    return document;
}

static int recover(const char *original_path, const char *cropped_path, int json)
{
    selectai_image *original = NULL, *cropped = NULL;
    struct selectai_crop_match match = {.struct_size = sizeof match};
    int code = EXIT_DONE;
    int rc = selectai_image_load(&original, original_path, NULL);
    if (rc == SELECTAI_OK)
        rc = selectai_image_load(&cropped, cropped_path, NULL);
    if (rc == SELECTAI_OK)
        rc = selectai_image_recover_crop(&match, original, cropped);
    if (rc != SELECTAI_OK)
        code = report_failure(rc);
    else if (json)
        code = print_json(match_json(&match, original));
    else if (match.method == SELECTAI_CROP_NONE)
        printf("none: %s was not found in %s\n", cropped_path, original_path);
    else
        printf("%s: x %d-%d, y %d-%d%s\n", method_names[match.method], match.box.x1, match.box.x2, match.box.y1,
               match.box.y2, match.unique == 0 ? " (fits elsewhere too)" : "");
    if (code == EXIT_DONE && match.method == SELECTAI_CROP_NONE)
        code = EXIT_FAILED;
    selectai_image_destroy(&original);
    selectai_image_destroy(&cropped);
    return code;
}

static int run(int argc, char **argv, const struct verb *verb)
{
    int json = 0;
    struct text_list rest = {0};
    const struct arg args[] = {
        {"json", ARG_FLAG, &json, NULL, "print JSON", 0},
        {0},
    };
    int code = parse_args(argc, argv, verb, args, &rest);
    if (code < 0 && rest.count != 2)
        code = usage_error(verb, "expected two files: ORIGINAL CROPPED");
    if (code < 0)
        code = recover(rest.items[0], rest.items[1], json);
    free_list(&rest);
    return code;
}

const struct verb verb_recover_crop = {
    .name = "recover-crop",
    .summary = "find where an image was cut out of another, proved pixel by pixel",
    .usage = "ORIGINAL CROPPED [--json]",
    .text = "Finds exact copies; copies that were resampled or re-encoded are not found by this version.\n"
            "Exit code 1 if the crop was not found.",
    .run = run,
};
