/*
 * review/export.h: decisions as other programs read them. Also of groups that Finalize has moved away: the journal's
 * lines hold the names.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_EXPORT_H
#define REVIEW_EXPORT_H

#include "journal.h"

/* Each writes whole files or none, and prints its own message. EXIT_DONE or EXIT_FAILED. Skipped and undecided groups
 * are left out. Paths are root + '/' + rel_path as it was before Finalize. */
int export_entries(const char *path, const struct review_groups *groups, const struct journal *journal, uint64_t *n);
int export_rejected(const char *path, const struct review_groups *groups, const struct journal *journal, uint64_t *n);
int export_selection_log(const char *path, const struct review_groups *groups, const struct journal *journal,
                         uint64_t *n);
int export_crop_log(const char *path, const struct review_groups *groups, const struct journal *journal, uint64_t *n);

/* <stem>.decision beside each decided image (seed 002's form: JSON with group, images, chosen, crop, time); never
 * overwrites a file that we did not write. */
int export_decision_files(const struct review_groups *groups, const struct journal *journal, uint64_t *n);

enum { XMP_ADOBE = 1 /* name.xmp */, XMP_DARKTABLE = 2 /* name.ext.xmp */ };
/* Sidecars: xmp:Rating (winner: `rating`, 1 to 5; loser: 0; rejected group: -1) and the crop as crs:HasCrop, CropTop
 * ... A sidecar that is there keeps everything else it holds, or is left alone, and counted, where it cannot be
 * understood. */
int export_xmp(const struct review_groups *groups, const struct journal *journal, int naming, int rating, uint64_t *n);

#endif
