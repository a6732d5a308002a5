/*
 * trainset/crop_journal.h: what was found out about crops, kept while a long run is at it, so that the next one can go
 * on from there.
 *
 * A text file, one line of JSON per pair of files, only ever appended to. A line is taken only for the very state of
 * both files that it was made from, and only if its check sum is right: lines that were torn by a kill or a full disk,
 * or that are of another version, are as good as absent. Two runs may append to one file at once.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_TRAINSET_CROP_JOURNAL_H
#define SAI_TRAINSET_CROP_JOURNAL_H

#include <stdbool.h>
#include <sys/stat.h>

#include <selectai/trainset.h>

/* To be counted up whenever the same two files may be judged otherwise than before. */
#define SAI_CROP_METHOD_VERSION 1

/* What is found out about one pair. */
struct sai_crop {
    int32_t was_cropped, evidence; /* as in selectai_entry */
    bool compared;                 /* their pixels were looked at, or are the same because all bytes are */
    int32_t method;                /* where compared: how the final was found in the original, also if it is whole */
    int32_t has_box;               /* it was cropped, and there is one place where it can have been cut out */
    struct selectai_pixel_box box;
    uint32_t width, height; /* of the original; 0: not known */
    double residual;
};

/* One pair of files in the state in which they were looked at. */
struct sai_crop_pair {
    const char *project, *raw, *final; /* name; paths below the two folders */
    struct stat raw_stat, final_stat;
};

struct sai_crop_journal;

/* Reads what is there; nothing is made yet. FORMAT if the file is something else: it is not touched. */
int sai_crop_journal_open(struct sai_crop_journal **out, const char *path, int32_t crop_check);

/* Flushes and closes it. */
void sai_crop_journal_close(struct sai_crop_journal **journal);

/* Whether the pair's crop is known already. From any thread. */
int sai_crop_journal_find(bool *found, struct sai_crop *crop, const struct sai_crop_journal *journal,
                          const struct sai_crop_pair *pair);

/* Notes it; written every few seconds. From any thread. Only memory can run out: see sai_crop_journal_flush(). */
int sai_crop_journal_add(struct sai_crop_journal *journal, const struct sai_crop_pair *pair,
                         const struct sai_crop *crop);

/* Writes what is noted. After an error nothing more is written, and it is returned (by one call). */
int sai_crop_journal_flush(struct sai_crop_journal *journal);

#endif
