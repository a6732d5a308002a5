/*
 * report/sheet.h: a contact sheet of suggestions.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef PROGRAM_SHEET_H
#define PROGRAM_SHEET_H

#include "../suggest_view.h"

struct sheet {
    const struct suggest_view *view;
    const char *what; /* what was looked at, for the heading */
    double min_confidence, min_keep;
    uint32_t threads; /* for the pictures; 0: all cores */
    struct progress *progress;
};

/*
 * Writes one HTML file that needs nothing else, whole or not at all. Pictures are read, scaled and written some
 * groups at a time: memory does not grow with their number. An exit code; messages are printed.
 */
int write_sheet(const char *path, const struct sheet *sheet);

#endif
