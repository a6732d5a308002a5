/*
 * embed/cache_npy.c: NumPy headers.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "embed/cache_npy.h"

#define MAGIC    "\x93NUMPY\x01\x00"
#define PREAMBLE 10u /* magic, version, length of the text */

void sai_npy_header(char out[SAI_NPY_HEADER], uint64_t n_rows, uint32_t dim, bool half)
{
    const size_t text = SAI_NPY_HEADER - PREAMBLE;
    memset(out, ' ', SAI_NPY_HEADER);
    memcpy(out, MAGIC, 8);
    out[8] = (char)(text & 255);
    out[9] = (char)(text >> 8);
    /* At most 90 characters for the largest numbers; the NUL at their end becomes a blank again. */
    int n = snprintf(out + PREAMBLE, text, "{'descr': '<f%d', 'fortran_order': False, 'shape': (%" PRIu64 ", %u), }",
                     half ? 2 : 4, n_rows, dim);
    out[PREAMBLE + (size_t)n] = ' ';
    out[SAI_NPY_HEADER - 1] = '\n';
}

int sai_npy_begin(struct sai_npy_file *npy, const char *path, uint32_t dim, bool half)
{
    static const char blank[SAI_NPY_HEADER];
    *npy = (struct sai_npy_file){.dim = dim, .half = half};
    int rc = sai_atomic_open(&npy->file, path);
    npy->open = rc == SELECTAI_OK;
    if (npy->open)
        sai_atomic_write(&npy->file, blank, sizeof blank);
    return rc;
}

void sai_npy_add(struct sai_npy_file *npy, const void *row)
{
    sai_atomic_write(&npy->file, row, (size_t)npy->dim * (npy->half ? 2 : 4));
    npy->n_rows++;
}

int sai_npy_commit(struct sai_npy_file *npy)
{
    char header[SAI_NPY_HEADER];
    sai_npy_header(header, npy->n_rows, npy->dim, npy->half);
    if (!npy->file.failed && fseek(npy->file.stream, 0, SEEK_SET) != 0)
        npy->file.failed = errno;
    sai_atomic_write(&npy->file, header, sizeof header);
    npy->open = false;
    return sai_atomic_commit(&npy->file);
}

void sai_npy_discard(struct sai_npy_file *npy)
{
    if (npy->open)
        sai_atomic_discard(&npy->file);
    npy->open = false;
}

struct scan {
    const char *p, *end;
    bool ok;
};

static void blanks(struct scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n'))
        s->p++;
}

/* The text, with any blanks before it. */
static bool expect(struct scan *s, const char *text)
{
    size_t n = strlen(text);
    blanks(s);
    s->ok = s->ok && (size_t)(s->end - s->p) >= n && memcmp(s->p, text, n) == 0;
    if (s->ok)
        s->p += n;
    return s->ok;
}

static bool may_have(struct scan *s, const char *text)
{
    struct scan there = *s;
    if (!expect(&there, text))
        return false;
    *s = there;
    return true;
}

static uint64_t count(struct scan *s)
{
    uint64_t value = 0;
    blanks(s);
    const char *start = s->p;
    for (; s->ok && s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++) {
        s->ok = value < UINT64_MAX / 10 - 1;
        value = value * 10 + (uint64_t)(*s->p - '0');
    }
    s->ok = s->ok && s->p > start;
    return value;
}

/* NumPy writes the three keys in this order. */
static bool parse_text(struct sai_npy *out, const char *text, size_t n)
{
    struct scan s = {.p = text, .end = text + n, .ok = true};
    expect(&s, "{");
    expect(&s, "'descr'");
    expect(&s, ":");
    out->half = s.ok && may_have(&s, "'<f2'");
    if (!out->half)
        expect(&s, "'<f4'");
    expect(&s, ",");
    expect(&s, "'fortran_order'");
    expect(&s, ":");
    expect(&s, "False");
    expect(&s, ",");
    expect(&s, "'shape'");
    expect(&s, ":");
    expect(&s, "(");
    out->n_rows = count(&s);
    expect(&s, ",");
    out->dim = count(&s);
    may_have(&s, ",");
    expect(&s, ")");
    may_have(&s, ",");
    expect(&s, "}");
    blanks(&s);
    return s.ok && s.p == s.end;
}

int sai_npy_parse(struct sai_npy *out, const struct sai_mapping *file, const char *path)
{
    size_t values, bytes;
    if (file->size < PREAMBLE || memcmp(file->data, MAGIC, 8) != 0)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: not a NumPy file of version 1.0, or truncated", path);
    size_t n_text = file->data[8] | (size_t)file->data[9] << 8;
    if (n_text > file->size - PREAMBLE || !parse_text(out, (const char *)file->data + PREAMBLE, n_text))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: not a two-dimensional NumPy array of '<f4' or '<f2' in C order",
                        path);
    out->data_offset = PREAMBLE + n_text;
    if (out->n_rows > SIZE_MAX || out->dim > SIZE_MAX ||
        !sai_mul_size(&values, (size_t)out->n_rows, (size_t)out->dim) ||
        !sai_mul_size(&bytes, values, out->half ? 2 : 4) || bytes != file->size - out->data_offset)
        return SAI_FAIL(SELECTAI_ERR_FORMAT,
                        "%s: holds %zu bytes of data, but its header says %" PRIu64 " x %" PRIu64 " values", path,
                        file->size - out->data_offset, out->n_rows, out->dim);
    return SELECTAI_OK;
}
