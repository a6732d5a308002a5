/*
 * project/scan.h: the scanner, with what only the library asks of it.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_PROJECT_SCAN_H
#define SAI_PROJECT_SCAN_H

#include <selectai/project.h>

/* Deeper folders are reported and passed over. */
#define SAI_SCAN_MAX_DEPTH 128u

/* What costs time or memory. Without it sizes and times, or companions, are left 0. */
#define SAI_SCAN_STAT       1u /* one system call a file */
#define SAI_SCAN_COMPANIONS 2u /* the names of all other files of a folder */

int sai_scan_open(selectai_scanner **out, const char *directory, unsigned wanted);

/* As selectai_scanner_next(), for a full struct whose struct_size need not be set. */
int sai_scan_next(selectai_scanner *scanner, struct selectai_file *out);

#endif
