/*
 * base/zip.h: the members of a zip archive that is in memory, as PyTorch writes them: stored, to be used in place.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_ZIP_H
#define SAI_BASE_ZIP_H

#include <stdbool.h>

#include "base/memory.h"

#define SAI_ZIP_MAX_ENTRIES 400000u

struct sai_zip_entry {
    const char *name; /* NUL-terminated */
    uint64_t start;   /* of the local header */
    uint64_t size;    /* of the content, packed */
    const uint8_t *data;
    uint32_t method; /* 0: stored */
};

struct sai_zip {
    struct sai_zip_entry *entries; /* sorted by name */
    size_t n_entries;
    struct sai_arena arena;
};

/*
 * Reads the central directory (zip64 too) and checks it against the local headers: every member lies inside the file
 * and overlaps no other, no name occurs twice. Encrypted archives and those in several parts are refused; `path` is for
 * messages. CRCs are not looked at: PyTorch itself writes wrong ones where it is told to save the time.
 */
int sai_zip_open(struct sai_zip *out, const uint8_t *bytes, size_t n, const char *path);
void sai_zip_close(struct sai_zip *zip);

/* NULL: no such member. */
const struct sai_zip_entry *sai_zip_find(const struct sai_zip *zip, const char *name);

#endif
