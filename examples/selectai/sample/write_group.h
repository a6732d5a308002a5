/*
 * examples/selectai/sample/write_group.h: draws one group and writes its files.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_SAMPLE_WRITE_GROUP_H
#define SELECTAI_SAMPLE_WRITE_GROUP_H

#include "files.h"
#include "plan.h"

/* Where a picture lies, below DIR: "raw/2025-07-08/x.png", "final/meadow/x.png". */
int picture_raw_path(char out[PATH_SIZE], const struct plan *p, const struct group *g, int index);
int picture_final_path(char out[PATH_SIZE], const struct group *g, int index);

/* Draws, scores, chooses, crops, writes. The group's pictures are complete afterwards. */
int write_group(const char *dir, const struct plan *p, struct group *g, struct failure *f);

int truth_write(const char *dir, const struct plan *p, const struct sample_counts *counts, struct failure *f);

#endif
