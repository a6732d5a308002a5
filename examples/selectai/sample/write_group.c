/*
 * examples/selectai/sample/write_group.c: draws one group and writes its files.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "write_group.h"

#include <stdio.h>
#include <string.h>

#include "person.h"
#include "stages.h"

#define PNG_LEVEL 1

int picture_raw_path(char out[PATH_SIZE], const struct plan *p, const struct group *g, int index)
{
    const char *name = g->pictures[index].name;
    int n = g->extra == EXTRA_UNPARSED_ROOT ? snprintf(out, PATH_SIZE, "raw/%s", name)
                                            : snprintf(out, PATH_SIZE, "raw/%s/%s", p->folders[g->folder], name);
    return n;
}

int picture_final_path(char out[PATH_SIZE], const struct group *g, int index)
{
    return snprintf(out, PATH_SIZE, "final/%s/%s", scene_name(g->scene.kind), g->pictures[index].name);
}

/* Writes a text beside a picture: same stem, other extension. */
static int write_companion(const char *picture, const char *extension, const char *text, int64_t time,
                           struct failure *f)
{
    char path[PATH_SIZE];
    size_t stem = strlen(picture) - 4;
    if (stem + strlen(extension) + 1 > sizeof path) {
        return failure_set(f, SELECTAI_ERR_INVALID_ARGUMENT, "%.200s...: the path is too long; choose a shorter one",
                           picture);
    }
    memcpy(path, picture, stem);
    memcpy(path + stem, extension, strlen(extension) + 1);
    return files_write(path, text, strlen(text), time, f);
}

static int write_companions(const char *path, const struct group *g, int index, struct failure *f)
{
    const struct picture *p = &g->pictures[index];
    const char *scene = scene_name(g->scene.kind), *shot = shot_name(g->shot);
    char text[512];
    snprintf(text, sizeof text, "stage: %s\nseed: %u\nwidth: %d\nheight: %d\nprompt: \"%s shot, %s, outfit %d\"\n",
             stage_text(p->stage), (unsigned)g->scene.seed, p->width, p->height, shot, scene, g->figure.outfit);
    int code = write_companion(path, ".yaml", text, p->time, f);
    if (code == SELECTAI_OK && g->id % 2 == 0) {
        snprintf(text, sizeof text, "a drawn person, %s shot, in front of: %s\n", shot, scene);
        code = write_companion(path, ".caption", text, p->time, f);
    }
    if (code == SELECTAI_OK && g->id % 10 == 3) {
        snprintf(text, sizeof text, "note: batch %u\n", (unsigned)(g->id / 10));
        code = write_companion(path, ".txt", text, p->time, f);
    }
    return code;
}

/* PNG bytes of an image; the caller frees them with selectai_free(). */
static int encode(uint8_t **bytes, size_t *n, const selectai_image *image, const char *path, struct failure *f)
{
    int code = selectai_image_encode(bytes, n, image, SELECTAI_FORMAT_PNG, PNG_LEVEL);
    return code == SELECTAI_OK ? code : failure_set(f, code, "%s: %s", path, selectai_last_error());
}

static int write_raw(const char *dir, const struct plan *p, const struct group *g, int index, const uint8_t *bytes,
                     size_t n, struct failure *f)
{
    char below[PATH_SIZE], path[PATH_SIZE];
    picture_raw_path(below, p, g, index);
    int code = files_join(path, dir, below, f);
    if (code == SELECTAI_OK) {
        int cut = g->corrupt && index == g->n - 1;
        code = files_write(path, bytes, cut ? n / 2 : n, g->pictures[index].time, f);
    }
    if (code == SELECTAI_OK && g->extra == EXTRA_NONE) {
        code = write_companions(path, g, index, f);
    }
    return code;
}

static int write_cropped(const char *path, const struct picture *p, const selectai_image *image, struct failure *f)
{
    selectai_image *cut = NULL;
    uint8_t *bytes = NULL;
    size_t n = 0;
    int code = selectai_image_crop(&cut, image, &p->crop);
    if (code != SELECTAI_OK) {
        return failure_set(f, code, "%s: %s", path, selectai_last_error());
    }
    code = encode(&bytes, &n, cut, path, f);
    selectai_image_destroy(&cut);
    if (code == SELECTAI_OK) {
        code = files_write(path, bytes, n, p->final_time, f);
        selectai_free(bytes);
    }
    return code;
}

/* A winner that is not cropped is a plain copy: RAW's bytes and RAW's time. */
static int write_final(const char *dir, const struct group *g, int index, const selectai_image *image,
                       const uint8_t *bytes, size_t n, struct failure *f)
{
    const struct picture *p = &g->pictures[index];
    char below[PATH_SIZE], path[PATH_SIZE];
    picture_final_path(below, g, index);
    int code = files_join(path, dir, below, f);
    if (code == SELECTAI_OK) {
        code = p->cropped ? write_cropped(path, p, image, f) : files_write(path, bytes, n, p->final_time, f);
    }
    if (code == SELECTAI_OK && g->extra == EXTRA_NONE) {
        code = write_companions(path, g, index, f);
    }
    return code;
}

static int write_picture(const char *dir, const struct plan *p, const struct group *g, int index,
                         const selectai_image *image, struct failure *f)
{
    uint8_t *bytes = NULL;
    size_t n = 0;
    int code = encode(&bytes, &n, image, g->pictures[index].name, f);
    if (code == SELECTAI_OK && g->extra != EXTRA_ORPHAN) {
        code = write_raw(dir, p, g, index, bytes, n, f);
    }
    if (code == SELECTAI_OK && g->pictures[index].chosen) {
        code = write_final(dir, g, index, image, bytes, n, f);
    }
    selectai_free(bytes);
    return code;
}

static int develop_all(selectai_image **images, const struct plan *p, struct group *g)
{
    struct studio studio;
    int code = studio_create(&studio, g);
    if (code != SELECTAI_OK) {
        return code;
    }
    for (int i = 0; i < g->n && code == SELECTAI_OK; i++) {
        struct canvas c;
        code = studio_develop(&c, &studio, g, i);
        if (code == SELECTAI_OK) {
            person_look(g, i, &c, p->seed);
            code = canvas_to_image(&images[i], &c);
            canvas_destroy(&c);
        }
    }
    studio_destroy(&studio);
    return code;
}

int write_group(const char *dir, const struct plan *p, struct group *g, struct failure *f)
{
    selectai_image *images[STAGES_MAX] = {NULL};
    int code = develop_all(images, p, g);
    if (code != SELECTAI_OK) {
        const char *why = code == SELECTAI_ERR_OUT_OF_MEMORY ? "out of memory; use fewer threads or a smaller size"
                                                             : selectai_last_error();
        failure_set(f, code, "%s: %s", g->pictures[0].name, why);
    } else {
        person_choose(g, p->seed);
        g->corrupt = g->corrupt && g->rejected;
    }
    for (int i = 0; i < g->n && code == SELECTAI_OK; i++) {
        code = write_picture(dir, p, g, i, images[i], f);
    }
    for (int i = 0; i < STAGES_MAX; i++) {
        selectai_image_destroy(&images[i]);
    }
    return code;
}
