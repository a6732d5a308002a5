/*
 * review_folder.h: a made project folder with groups of pictures, for tests of the review.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_FOLDER_H
#define REVIEW_FOLDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "review/decision.h"
#include "verbs.h"

#define N_GROUPS 4 /* of 3 images each: stages 1, 1.5, 2 of 80 x 120 pixels */

struct folder {
    char path[64], root[96], state[96];
    struct review_groups groups;
};

static inline void folder_path(char out[512], const struct folder *folder, const char *rel_path)
{
    snprintf(out, 512, "%s/%s", folder->path, rel_path);
}

static inline void put_text(const struct folder *folder, const char *rel_path, const char *text)
{
    char path[512];
    folder_path(path, folder, rel_path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static inline char *get_bytes(const struct folder *folder, const char *rel_path, size_t *n)
{
    char path[512];
    folder_path(path, folder, rel_path);
    *n = 0;
    FILE *file = fopen(path, "r");
    if (!file)
        return NULL;
    char *bytes = NULL;
    size_t capacity = 0;
    *n = 0;
    do {
        capacity = 2 * capacity + 4096;
        bytes = realloc(bytes, capacity + 1);
        assert_non_null(bytes);
        *n += fread(bytes + *n, 1, capacity - *n, file);
    } while (*n == capacity);
    bytes[*n] = 0;
    fclose(file);
    return bytes;
}

static inline void put_bytes(const struct folder *folder, const char *rel_path, const char *bytes, size_t n)
{
    char path[512];
    folder_path(path, folder, rel_path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static inline void put_picture(const struct folder *folder, const char *rel_path)
{
    static uint8_t rgb[80 * 120 * 3];
    char path[512];
    selectai_image *image = NULL;
    folder_path(path, folder, rel_path);
    assert_int_equal(selectai_image_create(&image, 80, 120, rgb, 0), SELECTAI_OK);
    assert_int_equal(selectai_image_save(image, path, 1), SELECTAI_OK);
    selectai_image_destroy(&image);
}

static inline void put_group(const struct folder *folder, const char *sub, int minute)
{
    static const char *const stages[] = {"stage1_generated", "stage1.5_face_swapped", "stage2_upscaled"};
    char name[256];
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "raw/%s20250708_06%02d%02d_%s.png", sub, minute, 10 * i, stages[i]);
        put_picture(folder, name);
    }
}

static inline void scan_groups(struct folder *folder)
{
    close_groups(&folder->groups);
    assert_int_equal(open_groups(&folder->groups, folder->root, "mojo", NULL, NULL), SELECTAI_OK);
}

static inline int folder_setup(void **state)
{
    char path[512];
    struct folder *folder = calloc(1, sizeof *folder);
    strcpy(folder->path, "/tmp/selectai-review-XXXXXX");
    *state = folder;
    if (!mkdtemp(folder->path))
        return -1;
    snprintf(folder->root, sizeof folder->root, "%s/raw", folder->path);
    snprintf(folder->state, sizeof folder->state, "%s/state", folder->path);
    mkdir(folder->root, 0777);
    mkdir(folder->state, 0777);
    folder_path(path, folder, "raw/day 1");
    mkdir(path, 0777);
    put_group(folder, "", 1);
    put_group(folder, "", 2);
    put_group(folder, "day 1/", 3);
    put_group(folder, "day 1/", 4);
    scan_groups(folder);
    assert_int_equal(folder->groups.n_groups, N_GROUPS);
    return 0;
}

static inline int folder_teardown(void **state)
{
    struct folder *folder = *state;
    close_groups(&folder->groups);
    remove_tree(folder->path);
    free(folder);
    return 0;
}

/* A pick of one image; crop: a box for SUGGESTED and EDITED. */
static inline struct decision pick_of(struct winner *winner, uint32_t image, enum crop_kind crop)
{
    *winner = (struct winner){.image = image, .crop = crop, .box = {0.1, 0, 0.7, 0.6}};
    return (struct decision){.outcome = PICK, .n_winners = 1, .winners = winner};
}

#endif
