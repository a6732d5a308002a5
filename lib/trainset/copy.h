/*
 * trainset/copy.h: decisions of one set in another.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_TRAINSET_COPY_H
#define SAI_TRAINSET_COPY_H

#include "trainset/entry.h"

enum { SAI_ENTRY_TEXTS = 11 };

/* Copies into one set; zero but for `out` at first. */
struct sai_entry_writer {
    selectai_trainset *out;
    const char *last[SAI_ENTRY_TEXTS]; /* copies: neighbours share projects, folders and sessions */
};

/* Appends a copy of the entry with all its texts and arrays. */
int sai_entry_write(struct sai_entry_writer *writer, const struct selectai_entry *entry);

/* The same for a rejected group. */
int sai_rejected_write(selectai_trainset *to, const struct selectai_rejected_group *group);

#endif
