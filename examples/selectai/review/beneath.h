/*
 * review/beneath.h: opening files of which only those below a folder may be reached.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_BENEATH_H
#define REVIEW_BENEATH_H

/* Opens a regular file to read. rel_path: below the folder of the descriptor `root`, with '/', no "..", no empty part;
 * no part of it may be a symbolic link. The descriptor, or -1 and errno (ELOOP or ENOTDIR for a link). */
int open_beneath(int root, const char *rel_path);

/* For tests: 1: as on a system without openat2(), until 0. */
void beneath_by_parts(int on);

#endif
