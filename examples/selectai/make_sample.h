/*
 * make_sample.h: the sample generator as verbs use it.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef PROGRAM_MAKE_SAMPLE_H
#define PROGRAM_MAKE_SAMPLE_H

#include "sample/sample.h"
#include "terminal.h"

/* Draws into a folder of its own and renames it to dir when it is whole. An exit code; messages are printed. */
int make_sample(struct sample_counts *counts, const char *dir, const struct sample_options *options,
                struct progress *progress);

#endif
