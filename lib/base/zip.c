/*
 * base/zip.c: the directory of a zip archive that may be hostile (PKWARE's APPNOTE 6.3, sections 4.3 and 4.5.3).
 *
 * Nothing is inflated here: members that anybody would read are stored, so there are no bombs.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "base/zip.h"

#define END_BYTES       22u /* end of the central directory, without its comment */
#define END_SEARCH      (END_BYTES + 65535u)
#define END64_BYTES     56u
#define LOCATOR64_BYTES 20u
#define ENTRY_BYTES     46u /* of the directory, without name, extra and comment */
#define LOCAL_BYTES     30u /* of a local header, without name and extra */
#define MAX_DIRECTORY   (128u << 20)
#define MAX_NAME        1024u
#define EXTRA_ZIP64     1u
#define FLAG_ENCRYPTED  1u
#define IN_ZIP64_16     0xFFFFu     /* a field of 16 bits that says: look into the zip64 record */
#define IN_ZIP64_32     0xFFFFFFFFu /* the same of 32 bits */

struct reader {
    struct sai_zip *zip;
    const uint8_t *bytes;
    uint64_t n;
    const char *path;
    uint64_t start, size, count; /* of the directory */
};

static uint32_t le16(const uint8_t *p)
{
    return (uint32_t)p[1] << 8 | p[0];
}

static uint32_t le32(const uint8_t *p)
{
    return le16(p + 2) << 16 | le16(p);
}

static uint64_t le64(const uint8_t *p)
{
    return (uint64_t)le32(p + 4) << 32 | le32(p);
}

static int bad(const struct reader *r, const char *name, const char *what)
{
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: damaged zip archive: %s%s%s", r->path, name, *name ? ": " : "", what);
}

/* ---- The end --------------------------------------------------------------------------------- */

/* The last end record whose comment reaches to the end of the file. */
static const uint8_t *find_end(const struct reader *r)
{
    if (r->n < END_BYTES)
        return NULL;
    uint64_t last = r->n - END_BYTES, first = r->n > END_SEARCH ? r->n - END_SEARCH : 0;
    for (uint64_t at = last + 1; at-- > first;)
        if (memcmp(r->bytes + at, "PK\5\6", 4) == 0 && le16(r->bytes + at + 20) == last - at)
            return r->bytes + at;
    return NULL;
}

/* Replaces what the end record says by what the zip64 record says. */
static int read_end64(struct reader *r, uint64_t end)
{
    if (end < LOCATOR64_BYTES || memcmp(r->bytes + end - LOCATOR64_BYTES, "PK\6\7", 4) != 0)
        return bad(r, "", "its zip64 end is missing");
    const uint8_t *locator = r->bytes + end - LOCATOR64_BYTES;
    uint64_t at = le64(locator + 8), room = end - LOCATOR64_BYTES;
    if (room < END64_BYTES || at > room - END64_BYTES || memcmp(r->bytes + at, "PK\6\6", 4) != 0)
        return bad(r, "", "its zip64 end is missing");
    const uint8_t *p = r->bytes + at;
    if (le32(p + 16) != 0 || le32(p + 20) != 0 || le64(p + 24) != le64(p + 32))
        return bad(r, "", "it comes in several parts");
    r->count = le64(p + 32);
    r->size = le64(p + 40);
    r->start = le64(p + 48);
    return SELECTAI_OK;
}

static int read_end(struct reader *r)
{
    const uint8_t *p = find_end(r);
    if (!p)
        return bad(r, "", "its directory is missing: the file is cut off");
    uint32_t this_count = le16(p + 8);
    r->count = le16(p + 10);
    r->size = le32(p + 12);
    r->start = le32(p + 16);
    int rc = SELECTAI_OK;
    if (r->count == IN_ZIP64_16 || r->size == IN_ZIP64_32 || r->start == IN_ZIP64_32)
        rc = read_end64(r, (uint64_t)(p - r->bytes));
    else if (le16(p + 4) != 0 || le16(p + 6) != 0 || this_count != r->count)
        rc = bad(r, "", "it comes in several parts");
    uint64_t end = (uint64_t)(p - r->bytes);
    if (rc == SELECTAI_OK && (r->start > end || r->size > end - r->start))
        rc = bad(r, "", "its directory lies outside the file: the file is cut off, or something was put before it");
    if (rc == SELECTAI_OK &&
        (r->size > MAX_DIRECTORY || r->count > SAI_ZIP_MAX_ENTRIES || r->count > r->size / ENTRY_BYTES))
        rc = bad(r, "", "its directory has an impossible size");
    return rc;
}

/* ---- Entries --------------------------------------------------------------------------------- */

/* What the extra field for zip64 holds: the 64-bit values of those fields that say so, in this order. */
static int read_extra64(const struct reader *r, const uint8_t *extra, size_t n, uint64_t *const fields[3],
                        const char *name)
{
    while (n >= 4) {
        size_t id = le16(extra), size = le16(extra + 2);
        extra += 4;
        n -= 4;
        if (size > n)
            break;
        if (id == EXTRA_ZIP64) {
            for (size_t i = 0; i < 3; i++) {
                if (*fields[i] != IN_ZIP64_32)
                    continue;
                if (size < 8)
                    return bad(r, name, "its zip64 sizes are missing");
                *fields[i] = le64(extra);
                extra += 8;
                size -= 8;
            }
            return SELECTAI_OK;
        }
        extra += size;
        n -= size;
    }
    return bad(r, name, "its zip64 sizes are missing");
}

/* Finds the data behind the local header, which must tell the same name. */
static int locate(const struct reader *r, struct sai_zip_entry *entry)
{
    if (entry->start > r->start || r->start - entry->start < LOCAL_BYTES)
        return bad(r, entry->name, "it lies outside the file");
    const uint8_t *p = r->bytes + entry->start;
    uint64_t room = r->start - entry->start - LOCAL_BYTES, length = le16(p + 26), extra = le16(p + 28);
    if (memcmp(p, "PK\3\4", 4) != 0 || length + extra > room || length != strlen(entry->name) ||
        memcmp(p + LOCAL_BYTES, entry->name, length) != 0)
        return bad(r, entry->name, "it is not where the directory says");
    if (entry->size > room - length - extra)
        return bad(r, entry->name, "it reaches beyond the file");
    entry->data = p + LOCAL_BYTES + length + extra;
    return SELECTAI_OK;
}

/* One entry of the directory: *at moves behind it. */
static int read_entry(const struct reader *r, struct sai_zip_entry *entry, uint64_t *at)
{
    uint64_t room = r->start + r->size - *at;
    const uint8_t *p = r->bytes + *at;
    if (room < ENTRY_BYTES || memcmp(p, "PK\1\2", 4) != 0)
        return bad(r, "", "its directory is cut off");
    uint32_t flags = le16(p + 8), length = le16(p + 28), extra = le16(p + 30), comment = le16(p + 32);
    uint64_t packed = le32(p + 20), size = le32(p + 24);
    if ((uint64_t)length + extra + comment > room - ENTRY_BYTES)
        return bad(r, "", "its directory is cut off");
    *at += ENTRY_BYTES + (uint64_t)length + extra + comment;
    const char *name = (const char *)p + ENTRY_BYTES;
    if (length == 0 || length > MAX_NAME || memchr(name, '\0', length))
        return bad(r, "", "a name in it is empty, too long or no text");
    entry->name = sai_arena_strndup(&r->zip->arena, name, length);
    if (!entry->name)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    entry->method = le16(p + 10);
    entry->start = le32(p + 42);
    uint64_t *const fields[3] = {&size, &packed, &entry->start};
    int rc = SELECTAI_OK;
    if (size == IN_ZIP64_32 || packed == IN_ZIP64_32 || entry->start == IN_ZIP64_32)
        rc = read_extra64(r, (const uint8_t *)name + length, extra, fields, entry->name);
    if (rc == SELECTAI_OK && (flags & FLAG_ENCRYPTED))
        rc = bad(r, entry->name, "it is encrypted");
    if (rc == SELECTAI_OK && entry->method == 0 && packed != size)
        rc = bad(r, entry->name, "it is stored, but of two sizes");
    entry->size = packed;
    return rc == SELECTAI_OK ? locate(r, entry) : rc;
}

static int by_start(const void *a, const void *b)
{
    const struct sai_zip_entry *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct sai_zip_entry *)a)->name, ((const struct sai_zip_entry *)b)->name);
}

static int check_all(const struct reader *r)
{
    struct sai_zip_entry *entries = r->zip->entries;
    size_t n = r->zip->n_entries;
    if (n > 1)
        qsort(entries, n, sizeof *entries, by_start);
    for (size_t i = 1; i < n; i++)
        if (entries[i - 1].data + entries[i - 1].size > r->bytes + entries[i].start)
            return bad(r, entries[i].name, "it overlaps another member");
    if (n > 1)
        qsort(entries, n, sizeof *entries, by_name);
    for (size_t i = 1; i < n; i++)
        if (by_name(&entries[i - 1], &entries[i]) == 0)
            return bad(r, entries[i].name, "it occurs twice");
    return SELECTAI_OK;
}

int sai_zip_open(struct sai_zip *out, const uint8_t *bytes, size_t n, const char *path)
{
    struct reader r = {.zip = out, .bytes = bytes, .n = n, .path = path};
    *out = (struct sai_zip){0};
    int rc = read_end(&r);
    uint64_t at = r.start;
    if (rc == SELECTAI_OK) {
        out->entries = sai_calloc((size_t)r.count, sizeof *out->entries);
        rc = out->entries ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    }
    for (uint64_t i = 0; i < r.count && rc == SELECTAI_OK; i++) {
        rc = read_entry(&r, &out->entries[i], &at);
        out->n_entries++;
    }
    if (rc == SELECTAI_OK)
        rc = check_all(&r);
    if (rc != SELECTAI_OK)
        sai_zip_close(out);
    return rc;
}

void sai_zip_close(struct sai_zip *zip)
{
    sai_free(zip->entries);
    sai_arena_clear(&zip->arena);
    *zip = (struct sai_zip){0};
}

const struct sai_zip_entry *sai_zip_find(const struct sai_zip *zip, const char *name)
{
    const struct sai_zip_entry key = {.name = name};
    return zip->n_entries ? bsearch(&key, zip->entries, zip->n_entries, sizeof key, by_name) : NULL;
}
