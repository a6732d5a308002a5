/*
 * trainset/crops.c: was the chosen image cropped, and where?
 *
 * Weak evidence first, better evidence over it: times, then width and height, then pixels. A box is given only where
 * the pixels prove it.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <math.h>
#include <sys/stat.h>

#include "base/threads.h"
#include "base/time.h"
#include "trainset/extraction.h"

#define NEWER_SECONDS 5 /* the first tool's rule: a final that is newer by more was edited */
#define SAME_SECONDS  2 /* copies keep times, but some file systems round them to two seconds */

/* A winner's two files. */
struct pair {
    char *raw_path, *final_path;
    uint64_t raw_size, final_size;
    int64_t newer_ns; /* final's time minus RAW's */
};

/* Keeps the thread's last error for the calling thread to report. Errors that are not about the file go up. */
static int note_problem(struct sai_winner *winner, int code, bool in_raw)
{
    if (code == SELECTAI_ERR_OUT_OF_MEMORY || code == SELECTAI_ERR_INTERNAL)
        return code;
    if (winner->problem)
        return SELECTAI_OK;
    winner->problem = sai_strdup(selectai_last_error());
    winner->problem_kind = "unreadable";
    winner->problem_code = code;
    winner->problem_in_raw = in_raw;
    return winner->problem ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

static int open_pair(struct pair *pair, const struct sai_project_work *work, struct sai_winner *winner, bool *usable)
{
    struct stat raw, final;
    pair->raw_path = sai_files_path(&work->raw, winner->raw);
    pair->final_path = sai_files_path(&work->final, winner->final);
    *usable = false;
    if (!pair->raw_path || !pair->final_path)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    if (stat(pair->raw_path, &raw) != 0)
        return note_problem(winner, SAI_FAIL_ERRNO("read", pair->raw_path), true);
    if (stat(pair->final_path, &final) != 0)
        return note_problem(winner, SAI_FAIL_ERRNO("read", pair->final_path), false);
    pair->raw_size = (uint64_t)raw.st_size;
    pair->final_size = (uint64_t) final.st_size;
    pair->newer_ns = sai_time_difference_ns(&final.st_mtim, &raw.st_mtim);
    *usable = true;
    return SELECTAI_OK;
}

static void judge_by_time(struct sai_winner *winner, const struct pair *pair)
{
    winner->was_cropped = pair->newer_ns > NEWER_SECONDS * SAI_NANOSECONDS;
    winner->crop_evidence = winner->was_cropped ? SELECTAI_CROP_EVIDENCE_MTIME : SELECTAI_CROP_EVIDENCE_NONE;
}

/* For images that cannot be read. A time that is not newer proves nothing about them: it is not known. */
static void judge_unread(struct sai_winner *winner, const struct pair *pair)
{
    judge_by_time(winner, pair);
    if (!winner->was_cropped)
        winner->was_cropped = SELECTAI_UNKNOWN;
}

static bool plain_copy(const struct pair *pair)
{
    return pair->raw_size == pair->final_size && pair->newer_ns >= -SAME_SECONDS * SAI_NANOSECONDS &&
           pair->newer_ns <= SAME_SECONDS * SAI_NANOSECONDS;
}

/* Width and height. *known: both headers could be read. */
static int judge_by_size(bool *known, struct sai_winner *winner, const struct pair *pair)
{
    struct selectai_image_info raw = {.struct_size = sizeof raw}, final = {.struct_size = sizeof final};
    int rc = selectai_image_read_info(&raw, pair->raw_path);
    bool in_raw = rc != SELECTAI_OK;
    if (rc == SELECTAI_OK) {
        winner->width = raw.width;
        winner->height = raw.height;
        rc = selectai_image_read_info(&final, pair->final_path);
    }
    *known = rc == SELECTAI_OK;
    if (rc != SELECTAI_OK) {
        judge_unread(winner, pair);
        return note_problem(winner, rc, in_raw);
    }
    winner->was_cropped = raw.width != final.width || raw.height != final.height;
    winner->crop_evidence = winner->was_cropped ? SELECTAI_CROP_EVIDENCE_SIZE : SELECTAI_CROP_EVIDENCE_NONE;
    return SELECTAI_OK;
}

static void take_match(struct sai_winner *winner, const struct selectai_crop_match *match, const selectai_image *raw)
{
    const struct selectai_pixel_box *box = &match->box;
    uint32_t width = selectai_image_width(raw), height = selectai_image_height(raw);
    bool whole = box->x1 == 0 && box->y1 == 0 && (uint32_t)box->x2 == width && (uint32_t)box->y2 == height;

    winner->crop_evidence = SELECTAI_CROP_EVIDENCE_PIXELS;
    winner->was_cropped = !whole;
    if (whole || match->unique != 1)
        return; /* cut out of a flat area, where several places may fit: that it was cropped is proved, where is not */
    winner->has_crop = 1;
    winner->crop_method = match->method;
    winner->box = *box;
    winner->width = width;
    winner->height = height;
    winner->residual = match->residual;
}

/* The sizes' judgement stays if the final is not found in the original. */
static int judge_by_pixels(struct sai_winner *winner, const struct pair *pair)
{
    selectai_image *raw = NULL, *final = NULL;
    struct selectai_crop_match match = {.struct_size = sizeof match};
    int rc = selectai_image_load(&raw, pair->raw_path, NULL);
    bool in_raw = rc != SELECTAI_OK;
    if (rc == SELECTAI_OK)
        rc = selectai_image_load(&final, pair->final_path, NULL);
    if (rc == SELECTAI_OK)
        rc = selectai_image_recover_crop(&match, raw, final);
    if (rc == SELECTAI_OK && match.method != SELECTAI_CROP_NONE)
        take_match(winner, &match, raw);
    selectai_image_destroy(&raw);
    selectai_image_destroy(&final);
    if (rc == SELECTAI_OK)
        return rc;
    if (!winner->was_cropped) /* equal headers say nothing about pixels that cannot be read */
        judge_unread(winner, pair);
    return note_problem(winner, rc, in_raw);
}

static int judge(struct sai_winner *winner, const struct pair *pair, int32_t crop_check)
{
    bool known;
    judge_by_time(winner, pair);
    if (crop_check == SELECTAI_CROP_CHECK_MTIME)
        return SELECTAI_OK;
    if (crop_check == SELECTAI_CROP_CHECK_AUTO && plain_copy(pair)) {
        winner->was_cropped = 0;
        winner->crop_evidence = SELECTAI_CROP_EVIDENCE_NONE;
        return SELECTAI_OK;
    }
    int rc = judge_by_size(&known, winner, pair);
    if (rc != SELECTAI_OK || !known || crop_check == SELECTAI_CROP_CHECK_SIZE)
        return rc;
    /* Most finals are plain copies with a new time: equal bytes are equal pixels, and need no decoding. */
    if (crop_check == SELECTAI_CROP_CHECK_AUTO && sai_same_content(pair->raw_path, pair->final_path)) {
        winner->crop_evidence = SELECTAI_CROP_EVIDENCE_PIXELS;
        return SELECTAI_OK;
    }
    return judge_by_pixels(winner, pair);
}

static int check_one(size_t index, unsigned thread, void *ctx)
{
    struct sai_project_work *work = ctx;
    struct sai_winner *winner = &work->winners[index];
    struct pair pair = {0};
    bool usable;

    (void)thread;
    winner->was_cropped = SELECTAI_UNKNOWN;
    winner->crop_evidence = SELECTAI_CROP_EVIDENCE_NONE;
    winner->residual = NAN;
    int rc = open_pair(&pair, work, winner, &usable);
    if (rc == SELECTAI_OK && usable)
        rc = judge(winner, &pair, work->extraction->crop_check);
    sai_free(pair.raw_path);
    sai_free(pair.final_path);
    return rc;
}

int sai_check_crops(struct sai_project_work *work)
{
    const struct selectai_extraction *extraction = work->extraction;
    /* Asking for times only is too little work to hand around. */
    unsigned threads = extraction->crop_check == SELECTAI_CROP_CHECK_MTIME ? 1 : extraction->threads;
    int rc = sai_parallel_for(threads, work->n_winners, check_one, work, &work->extraction->progress, "crops");
    for (size_t i = 0; rc == SELECTAI_OK && i < work->n_winners; i++) {
        const struct sai_winner *winner = &work->winners[i];
        work->fates[winner->raw].judged = 1;
        work->fates[winner->raw].was_cropped = (int8_t)winner->was_cropped;
        if (!winner->problem)
            continue;
        char *path = winner->problem_in_raw ? sai_files_path(&work->raw, winner->raw)
                                            : sai_files_path(&work->final, winner->final);
        rc = path ? sai_issues_add(work->issues, winner->problem_code, winner->problem_kind, path, 0, "%s",
                                   winner->problem)
                  : SELECTAI_ERR_OUT_OF_MEMORY;
        sai_free(path);
    }
    return rc;
}
