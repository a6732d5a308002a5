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
    struct sai_crop_pair known; /* names and state */
    int64_t newer_ns;           /* final's time minus RAW's */
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
    struct sai_crop_pair *known = &pair->known;
    known->project = work->name;
    known->raw = work->raw.items[winner->raw].rel;
    known->final = work->final.items[winner->final].rel;
    pair->raw_path = sai_files_path(&work->raw, winner->raw);
    pair->final_path = sai_files_path(&work->final, winner->final);
    *usable = false;
    if (!pair->raw_path || !pair->final_path)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    if (stat(pair->raw_path, &known->raw_stat) != 0)
        return note_problem(winner, SAI_FAIL_ERRNO("read", pair->raw_path), true);
    if (stat(pair->final_path, &known->final_stat) != 0)
        return note_problem(winner, SAI_FAIL_ERRNO("read", pair->final_path), false);
    pair->newer_ns = sai_time_difference_ns(&known->final_stat.st_mtim, &known->raw_stat.st_mtim);
    winner->newer = pair->newer_ns > NEWER_SECONDS * SAI_NANOSECONDS;
    *usable = true;
    return SELECTAI_OK;
}

/* ---- Times and sizes ------------------------------------------------------------------------- */

static void judge_by_time(struct sai_winner *winner)
{
    winner->crop.was_cropped = winner->newer;
    winner->crop.evidence = winner->newer ? SELECTAI_CROP_EVIDENCE_MTIME : SELECTAI_CROP_EVIDENCE_NONE;
}

/* For images that cannot be read. A time that is not newer proves nothing about them: it is not known. */
static void judge_unread(struct sai_winner *winner)
{
    judge_by_time(winner);
    if (!winner->newer)
        winner->crop.was_cropped = SELECTAI_UNKNOWN;
}

/* Width and height. *known: both headers could be read. */
static int judge_by_size(bool *known, struct sai_winner *winner, const struct pair *pair)
{
    struct selectai_image_info raw = {.struct_size = sizeof raw}, final = {.struct_size = sizeof final};
    int rc = selectai_image_read_info(&raw, pair->raw_path);
    bool in_raw = rc != SELECTAI_OK;
    if (rc == SELECTAI_OK) {
        winner->crop.width = raw.width;
        winner->crop.height = raw.height;
        rc = selectai_image_read_info(&final, pair->final_path);
    }
    *known = rc == SELECTAI_OK;
    if (rc != SELECTAI_OK) {
        judge_unread(winner);
        return note_problem(winner, rc, in_raw);
    }
    bool differ = raw.width != final.width || raw.height != final.height;
    winner->crop.was_cropped = differ;
    winner->crop.evidence = differ ? SELECTAI_CROP_EVIDENCE_SIZE : SELECTAI_CROP_EVIDENCE_NONE;
    return SELECTAI_OK;
}

/* ---- Pixels ---------------------------------------------------------------------------------- */

static bool same_files(const struct pair *pair)
{
    const struct stat *raw = &pair->known.raw_stat, *final = &pair->known.final_stat;
    if (raw->st_size != final->st_size)
        return false;
    if (raw->st_size == 0 || (raw->st_dev == final->st_dev && raw->st_ino == final->st_ino))
        return true;
    return sai_same_content(pair->raw_path, pair->final_path);
}

/*
 * A compressed picture that was changed has another size in bytes, and a changed file another time: where both are the
 * same, gigabytes need not be read to learn that nothing was done.
 */
static bool plain_copy(const struct pair *pair)
{
    return pair->known.raw_stat.st_size == pair->known.final_stat.st_size &&
           pair->newer_ns >= -SAME_SECONDS * SAI_NANOSECONDS && pair->newer_ns <= SAME_SECONDS * SAI_NANOSECONDS;
}

static void take_same_files(struct sai_crop *crop)
{
    crop->was_cropped = 0;
    crop->evidence = SELECTAI_CROP_EVIDENCE_PIXELS;
    crop->compared = true;
    crop->method = SELECTAI_CROP_IDENTICAL;
}

/* Exact, also of resampled copies: registering puts edges that are as near to the frame as it can tell on the frame. */
static bool is_whole(const struct selectai_pixel_box *box, uint32_t width, uint32_t height)
{
    return box->x1 == 0 && box->y1 == 0 && (uint32_t)box->x2 == width && (uint32_t)box->y2 == height;
}

/* What the sizes said stays unless the final was found. */
static void take_match(struct sai_crop *crop, const struct selectai_crop_match *match, const selectai_image *raw)
{
    uint32_t width = selectai_image_width(raw), height = selectai_image_height(raw);
    crop->compared = true;
    crop->width = width;
    crop->height = height;
    if (match->method == SELECTAI_CROP_NONE)
        return;
    if (match->method == SELECTAI_CROP_RESAMPLED && match->unique != 1)
        return; /* it may be the whole or a part */
    crop->method = match->method;
    crop->evidence = SELECTAI_CROP_EVIDENCE_PIXELS;
    crop->was_cropped = !is_whole(&match->box, width, height);
    if (!crop->was_cropped || match->unique != 1)
        return; /* cut out of a flat area, where several places may fit: that it was cropped is proved, where is not */
    crop->has_box = 1;
    crop->box = match->box;
    crop->residual = match->residual;
}

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
    if (rc == SELECTAI_OK)
        take_match(&winner->crop, &match, raw);
    selectai_image_destroy(&raw);
    selectai_image_destroy(&final);
    if (rc == SELECTAI_OK)
        return rc;
    if (!winner->crop.was_cropped) /* equal headers say nothing about pixels that cannot be read */
        judge_unread(winner);
    return note_problem(winner, rc, in_raw);
}

/* ---- One winner ------------------------------------------------------------------------------ */

/* Many finals are copies with a new time: equal bytes are equal pixels, and need no decoding. */
static int judge(struct sai_winner *winner, const struct pair *pair, int32_t crop_check)
{
    bool known;
    if (crop_check == SELECTAI_CROP_CHECK_MTIME) {
        judge_by_time(winner);
        return SELECTAI_OK;
    }
    if (crop_check == SELECTAI_CROP_CHECK_AUTO && plain_copy(pair)) {
        winner->crop.was_cropped = 0;
        winner->crop.evidence = SELECTAI_CROP_EVIDENCE_NONE;
        return SELECTAI_OK;
    }
    int rc = judge_by_size(&known, winner, pair);
    if (rc != SELECTAI_OK || !known || crop_check == SELECTAI_CROP_CHECK_SIZE)
        return rc;
    if (crop_check == SELECTAI_CROP_CHECK_AUTO && same_files(pair)) {
        take_same_files(&winner->crop);
        return SELECTAI_OK;
    }
    return judge_by_pixels(winner, pair);
}

static bool same_state(const struct stat *before, const char *path)
{
    struct stat now;
    return stat(path, &now) == 0 && now.st_size == before->st_size && now.st_dev == before->st_dev &&
           now.st_ino == before->st_ino && sai_time_difference_ns(&now.st_mtim, &before->st_mtim) == 0 &&
           sai_time_difference_ns(&now.st_ctim, &before->st_ctim) == 0;
}

/* For the next run, unless it cost nothing, or a file was changed while it was looked at. */
static int remember(struct sai_crop_journal *journal, const struct sai_winner *winner, const struct pair *pair)
{
    const struct sai_crop_pair *known = &pair->known;
    if (!winner->crop.compared || winner->problem || known->raw_stat.st_size == 0)
        return SELECTAI_OK;
    if (!same_state(&known->raw_stat, pair->raw_path) || !same_state(&known->final_stat, pair->final_path))
        return SELECTAI_OK;
    return sai_crop_journal_add(journal, known, &winner->crop);
}

static int judge_or_recall(struct sai_winner *winner, const struct pair *pair,
                           const struct selectai_extraction *extraction)
{
    struct sai_crop_journal *journal = extraction->journal;
    int rc = SELECTAI_OK;
    if (journal)
        rc = sai_crop_journal_find(&winner->recalled, &winner->crop, journal, &pair->known);
    if (rc != SELECTAI_OK || winner->recalled)
        return rc;
    rc = judge(winner, pair, extraction->crop_check);
    return rc == SELECTAI_OK && journal ? remember(journal, winner, pair) : rc;
}

static int check_one(size_t index, unsigned thread, void *ctx)
{
    struct sai_project_work *work = ctx;
    struct sai_winner *winner = &work->winners[index];
    struct pair pair = {0};
    bool usable;

    (void)thread;
    winner->crop = (struct sai_crop){
        .was_cropped = SELECTAI_UNKNOWN, .evidence = SELECTAI_CROP_EVIDENCE_NONE, .residual = NAN};
    int rc = open_pair(&pair, work, winner, &usable);
    if (rc == SELECTAI_OK && usable)
        rc = judge_or_recall(winner, &pair, work->extraction);
    sai_free(pair.raw_path);
    sai_free(pair.final_path);
    return rc;
}

/* ---- All winners ----------------------------------------------------------------------------- */

/* Why such a winner has no box. */
static int report_stranger(struct sai_project_work *work, const struct sai_winner *winner)
{
    char *path = sai_files_path(&work->final, winner->final);
    int rc = path ? sai_issues_add(work->issues, SELECTAI_ERR_NOT_FOUND, "crop-not-found", path, 0,
                                   "was not found in its original %s: what was cut off is not known",
                                   work->raw.items[winner->raw].rel)
                  : SELECTAI_ERR_OUT_OF_MEMORY;
    sai_free(path);
    return rc;
}

static int take_judgement(struct sai_project_work *work, const struct sai_winner *winner)
{
    work->fates[winner->raw].judged = 1;
    work->fates[winner->raw].was_cropped = (int8_t)winner->crop.was_cropped;
    work->n_recalled += winner->recalled;
    if (!winner->problem)
        return winner->crop.compared && winner->crop.method == SELECTAI_CROP_NONE ? report_stranger(work, winner)
                                                                                  : SELECTAI_OK;
    char *path = winner->problem_in_raw ? sai_files_path(&work->raw, winner->raw)
                                        : sai_files_path(&work->final, winner->final);
    int rc = path ? sai_issues_add(work->issues, winner->problem_code, winner->problem_kind, path, 0, "%s",
                                   winner->problem)
                  : SELECTAI_ERR_OUT_OF_MEMORY;
    sai_free(path);
    return rc;
}

/* A journal that cannot be written costs the next run time, and this one nothing. rc: of the work itself. */
static int flush_journal(struct sai_project_work *work, int rc)
{
    struct sai_error_copy first;
    sai_error_save(&first);
    int flushed = sai_crop_journal_flush(work->extraction->journal);
    if (rc != SELECTAI_OK)
        sai_error_restore(&first);
    else if (flushed != SELECTAI_OK)
        rc = sai_issues_add(work->issues, flushed, "crop-journal", "", 0, "%s", selectai_last_error());
    return rc;
}

int sai_check_crops(struct sai_project_work *work)
{
    const struct selectai_extraction *extraction = work->extraction;
    /* Asking for times only is too little work to hand around. */
    unsigned threads = extraction->crop_check == SELECTAI_CROP_CHECK_MTIME ? 1 : extraction->threads;
    int rc = sai_parallel_for(threads, work->n_winners, check_one, work, &work->extraction->progress, "crops");
    if (extraction->journal)
        rc = flush_journal(work, rc);
    for (size_t i = 0; rc == SELECTAI_OK && i < work->n_winners; i++)
        rc = take_judgement(work, &work->winners[i]);
    return rc;
}
