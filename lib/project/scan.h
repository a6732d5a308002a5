/*
 * project/scan.h: the scanner, with what only the library asks of it.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_PROJECT_SCAN_H
#define SAI_PROJECT_SCAN_H

#include <stdbool.h>

#include <selectai/project.h>

/* Deeper folders are reported and passed over. */
#define SAI_SCAN_MAX_DEPTH 128u

/* want_stat false: sizes and times are left 0, which saves one system call a file. */
int sai_scan_open(selectai_scanner **out, const char *directory, bool want_stat);

/* As selectai_scanner_next(), for a full struct whose struct_size need not be set. */
int sai_scan_next(selectai_scanner *scanner, struct selectai_file *out);

#endif
