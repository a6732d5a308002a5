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
    json_object_set_new(document, "scale",
                        isfinite(m->scale_x) ? json_pack("[f,f]", m->scale_x, m->scale_y) : json_null());
    json_object_set_new(document, "correlation", isfinite(m->correlation) ? json_real(m->correlation) : json_null());
    return document;
}

static void print_match(const struct selectai_crop_match *m)
{
    printf("%s: x %d-%d, y %d-%d", method_names[m->method], m->box.x1, m->box.x2, m->box.y1, m->box.y2);
    if (m->method == SELECTAI_CROP_RESAMPLED)
        printf(", scaled by %.3f x %.3f, %.1f grey levels apart, correlation %.3f", m->scale_x, m->scale_y, m->residual,
               m->correlation);
    printf("%s\n", m->unique == 0 ? " (fits elsewhere too)" : "");
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
        print_match(&match);
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
    .summary = "find where an image was cut out of another, proved from the pixels",
    .usage = "ORIGINAL CROPPED [--json]",
    .text =
        "First every pixel as it is; otherwise as after saving with loss, scaling by 0.25 to 4, sharpening or toning.\n"
        "Box in pixels of ORIGINAL, half-open. Exit code 1 if the crop was not found.",
    .run = run,
};
