/*
 * review/page_files.h: the files of the page, which are part of the program. embed.py makes page_files.c of them when
 * the program is built.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_PAGE_FILES_H
#define REVIEW_PAGE_FILES_H

#include <stddef.h>

struct page_file {
    const char *name; /* in the address */
    const char *type; /* of its content */
    const unsigned char *bytes;
    size_t n;
};

extern const struct page_file page_files[];
extern const size_t n_page_files;

/* "" is index.html. NULL: there is none of that name. */
const struct page_file *find_page_file(const char *name);

#endif
