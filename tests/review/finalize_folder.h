/*
 * finalize_folder.h: a project in which everything that Finalize knows has to be done, and pictures of whole trees.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef FINALIZE_FOLDER_H
#define FINALIZE_FOLDER_H

#include "review_folder.h"

#include <errno.h>
#include <ftw.h>
#include <unistd.h>

#include "review/finalize.h"
#include "review/journal.h"

/* ---- Trees ----------------------------------------------------------------------------------- */

static char **tree_lines;
static size_t tree_n, tree_skip;

static int tree_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    char line[700];
    uint64_t sum = 0xCBF29CE484222325u;
    (void)ftw;
    if (strlen(path) == tree_skip)
        return 0;
    if (type == FTW_F && S_ISREG(st->st_mode)) {
        FILE *file = fopen(path, "r");
        char *bytes = malloc((size_t)st->st_size + 1);
        if (!file || !bytes || fread(bytes, 1, (size_t)st->st_size, file) != (size_t)st->st_size)
            abort();
        for (off_t i = 0; i < st->st_size; i++)
            sum = (sum ^ (unsigned char)bytes[i]) * 0x100000001B3u;
        free(bytes);
        fclose(file);
    }
    snprintf(line, sizeof line, "%s %s %ld %016llx\n", path + tree_skip + 1, type == FTW_D ? "folder" : "file",
             type == FTW_D ? 0L : (long)st->st_size, (unsigned long long)(type == FTW_D ? 0 : sum));
    tree_lines = realloc(tree_lines, (tree_n + 1) * sizeof *tree_lines);
    tree_lines[tree_n++] = strdup(line);
    return 0;
}

static inline int tree_order(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Every file and folder below a folder, with size and checksum, in order; without lines that contain `but`. */
static inline char *tree_but(const char *path, const char *but)
{
    size_t n = 1;
    tree_n = 0;
    tree_lines = NULL;
    tree_skip = strlen(path);
    assert_int_equal(nftw(path, tree_entry, 16, FTW_PHYS), 0);
    if (tree_n > 0)
        qsort(tree_lines, tree_n, sizeof *tree_lines, tree_order);
    for (size_t i = 0; i < tree_n; i++)
        n += strlen(tree_lines[i]);
    char *text = calloc(n, 1);
    for (size_t i = 0; i < tree_n; i++) {
        if (!but || !strstr(tree_lines[i], but))
            strcat(text, tree_lines[i]);
        free(tree_lines[i]);
    }
    free(tree_lines);
    return text;
}

static inline char *tree(const char *path)
{
    return tree_but(path, NULL);
}

static inline int tree_has(const char *text, const char *name, const char *what)
{
    char start[300];
    snprintf(start, sizeof start, "%s %s ", name, what);
    for (const char *at = text; (at = strstr(at, start)) != NULL; at++)
        if (at == text || at[-1] == '\n')
            return 1;
    return 0;
}

static inline void assert_same_tree(const char *path, const char *expected)
{
    char *found = tree(path);
    assert_string_equal(found, expected);
    free(found);
}

/* ---- The project ----------------------------------------------------------------------------- */

/* Noise, so that no two files are alike and a crop of it is large. */
static inline void put_noise(const struct folder *folder, const char *rel_path, uint32_t seed)
{
    static uint8_t rgb[80 * 120 * 3];
    char path[512];
    selectai_image *image = NULL;
    snprintf(path, sizeof path, "%s/%.400s", folder->path, rel_path);
    for (size_t i = 0; i < sizeof rgb; i++) {
        seed = seed * 1664525u + 1013904223u;
        rgb[i] = (uint8_t)(seed >> 24);
    }
    assert_int_equal(selectai_image_create(&image, 80, 120, rgb, 0), SELECTAI_OK);
    assert_int_equal(selectai_image_save(image, path, 1), SELECTAI_OK);
    selectai_image_destroy(&image);
}

#define A "20250708_0601"
#define B "20250708_0602"
#define C "20250708_0603"
#define D "20250708_0604"

/* Companions, a name that is taken, two pictures of one stem, something in the way. */
static inline void furnish(struct folder *folder)
{
    char path[512];
    for (size_t i = 0; i < folder->groups.n_images; i++) {
        snprintf(path, sizeof path, "raw/%s", folder->groups.images[i].rel_path);
        put_noise(folder, path, (uint32_t)i);
    }
    put_text(folder, "raw/" A "10_stage1.5_face_swapped.yaml", "seed: 1\n");
    put_text(folder, "raw/" A "10_stage1.5_face_swapped.caption", "a cat\n");
    put_text(folder, "raw/" A "10_stage1.5_face_swapped.png.xmp", "<x/>\n");
    put_text(folder, "raw/" A "00_stage1_generated.yaml", "seed: 2\n");
    put_text(folder, "raw/" B "20_stage2_upscaled.yaml", "seed: 3\n");
    put_text(folder, "raw/day 1/" C "20_stage2_upscaled.yaml", "seed: 4\n");
    put_text(folder, "raw/day 1/" C "20_stage2_upscaled.txt", "both\n");
    put_text(folder, "raw/day 1/" C "20_stage2_upscaled.webp", "no picture, but its name is one's\n");
    put_text(folder, "raw/unrelated.txt", "stays\n");
    folder_path(path, folder, "raw/__selected");
    mkdir(path, 0777);
    folder_path(path, folder, "raw/__selected/day 1");
    mkdir(path, 0777);
    put_text(folder, "raw/__selected/day 1/" C "20_stage2_upscaled.YAML", "was there\n");
    put_text(folder, "raw/__selected/day 1/" C "20_stage2_upscaled.yaml", "was there, too\n");
    scan_groups(folder);
}

static inline struct journal *open_journal(struct folder *folder)
{
    struct journal *journal = NULL;
    int read_only = -1;
    assert_int_equal(journal_open(&journal, folder->state, &folder->groups, &read_only), SELECTAI_OK);
    assert_int_equal(read_only, 0);
    return journal;
}

static inline void decide_as(struct journal *journal, size_t group, enum outcome outcome, struct winner *winners,
                             uint32_t n)
{
    const struct circumstances plain = {.source = MANUAL, .seconds = 1, .agreed = -1};
    struct decision decision = {outcome, n, winners};
    uint64_t op = 0;
    assert_int_equal(journal_decide(journal, &op, group, &decision, &plain), SELECTAI_OK);
}

/* A: the second, cropped. B: nothing is kept. C: the third whole, the first to be cropped later. D: looked at. */
static inline void decide_all(struct folder *folder)
{
    struct journal *journal = open_journal(folder);
    struct winner crop = {.image = 1, .crop = CROP_EDITED, .box = {0.1, 0.1, 0.9, 0.9}};
    struct winner two[2] = {{.image = 0, .crop = CROP_LATER}, {.image = 2, .crop = CROP_WHOLE}};
    decide_as(journal, 0, PICK, &crop, 1);
    decide_as(journal, 1, REJECT, NULL, 0);
    decide_as(journal, 2, PICK, two, 2);
    decide_as(journal, 3, SKIP, NULL, 0);
    journal_close(&journal);
}

static inline int project_setup(void **state)
{
    if (folder_setup(state) != 0)
        return -1;
    furnish(*state);
    decide_all(*state);
    return 0;
}

/* Plans and runs. */
static inline int finalize_all(struct folder *folder, struct finalize_result *result, finalize_progress_fn progress,
                               void *user)
{
    struct journal *journal = open_journal(folder);
    struct finalize_plan plan;
    assert_int_equal(plan_finalize(&plan, &folder->groups, journal), SELECTAI_OK);
    int rc = run_finalize(result, folder->state, &folder->groups, journal, &plan, progress, user);
    assert_int_equal(rc == SELECTAI_OK, result->message[0] == 0);
    free_plan(&plan);
    journal_close(&journal);
    return rc;
}

typedef int (*finalize_again_fn)(struct finalize_result *, const char *, const struct review_groups *, struct journal *,
                                 finalize_progress_fn, void *);

static inline int finalize_again(struct folder *folder, struct finalize_result *result, finalize_again_fn how)
{
    struct journal *journal = open_journal(folder);
    int rc = how(result, folder->state, &folder->groups, journal, NULL, NULL);
    assert_int_equal(rc == SELECTAI_OK, result->message[0] == 0);
    journal_close(&journal);
    return rc;
}

static inline size_t problems_of(struct finalize_result *result)
{
    size_t n = json_array_size(result->problems);
    json_decref(result->problems);
    result->problems = NULL;
    return n;
}

#endif
