/*
 * embed/cache_line.c: writing and reading the records of rows.
 *
 * A cache of a million rows has a million of these lines, so the form that this file writes is read without building
 * JSON values; escapes, other spacing or other members take the way through jansson.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <string.h>

#include "base/path.h"
#include "embed/cache_line.h"
#include "image/crc.h"

void sai_cache_line_write(struct sai_text *out, uint64_t number, const char *project, const struct sai_cache_row *row)
{
    sai_text_printf(out, "{\"row\":%" PRIu64 ",\"project\":", number);
    sai_text_json_string(out, project);
    sai_text_puts(out, ",\"rel_path\":");
    sai_text_json_string(out, row->rel_path);
    sai_text_puts(out, ",\"filename\":");
    sai_text_json_string(out, sai_path_basename(row->rel_path));
    sai_text_printf(out,
                    ",\"size\":%" PRIu64 ",\"mtime_ns\":%" PRId64 ",\"crc32\":%" PRIu32 ",\"width\":%" PRIu32
                    ",\"height\":%" PRIu32 ",\"phash\":\"%016" PRIx64 "\"",
                    row->size, row->mtime_ns, row->crc32, row->width, row->height, row->phash);
    if (row->xxh64)
        sai_text_printf(out, ",\"xxh64\":\"%016" PRIx64 "\"", row->xxh64);
    if (row->has_vector_crc32)
        sai_text_printf(out, ",\"vector_crc32\":%" PRIu32, row->vector_crc32);
}

/* ---- Proof ----------------------------------------------------------------------------------- */

#define SEAL ",\"line_crc32\":"

void sai_cache_line_seal(struct sai_text *out, size_t start)
{
    if (!out->failed)
        sai_text_printf(out, SEAL "%" PRIu32 "}\n", sai_crc32(out->data + start, out->length - start));
}

bool sai_cache_line_intact(size_t *length, const char *line, size_t n)
{
    const size_t k = sizeof SEAL - 1;
    uint64_t crc = 0, unit = 1;
    size_t i = n;
    *length = n;
    if (n == 0 || line[n - 1] != '}')
        return true;
    for (i = n - 1; i > 0 && line[i - 1] >= '0' && line[i - 1] <= '9' && n - i <= 10; i--, unit *= 10)
        crc += unit * (uint64_t)(line[i - 1] - '0');
    if (i + 1 == n || i < k || memcmp(line + i - k, SEAL, k) != 0)
        return true;
    *length = i - k;
    return crc == sai_crc32(line, *length);
}

/* ---- The fixed form -------------------------------------------------------------------------- */

struct scan {
    const char *p, *end;
    bool ok; /* false: not the fixed form */
};

static bool literal(struct scan *s, const char *text, size_t n)
{
    s->ok = s->ok && (size_t)(s->end - s->p) >= n && memcmp(s->p, text, n) == 0;
    if (s->ok)
        s->p += n;
    return s->ok;
}
static bool begins(const struct scan *s, const char *text)
{
    const size_t n = strlen(text);
    return s->ok && (size_t)(s->end - s->p) >= n && memcmp(s->p, text, n) == 0;
}

#define LITERAL(s, text) literal((s), (text), sizeof(text) - 1)

static uint64_t number_up_to(struct scan *s, uint64_t max)
{
    uint64_t value = 0;
    const char *start = s->p;
    for (; s->ok && s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++) {
        uint64_t digit = (uint64_t)(*s->p - '0');
        s->ok = value <= max / 10 && value * 10 <= max - digit;
        value = value * 10 + digit;
    }
    s->ok = s->ok && s->p > start && (*start != '0' || s->p == start + 1);
    return value;
}

static int64_t signed_number(struct scan *s)
{
    bool minus = s->ok && s->p < s->end && *s->p == '-';
    if (minus)
        s->p++;
    int64_t value = (int64_t)number_up_to(s, INT64_MAX);
    return minus ? -value : value;
}

static void string(struct scan *s, const char **text, size_t *n)
{
    LITERAL(s, "\"");
    *text = s->p;
    while (s->ok && s->p < s->end && *s->p != '"') {
        s->ok = (unsigned char)*s->p >= 0x20 && *s->p != '\\';
        s->p++;
    }
    *n = (size_t)(s->p - *text);
    s->ok = s->ok && sai_utf8_valid(*text, *n);
    LITERAL(s, "\"");
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool sai_cache_hex_64(uint64_t *out, const char *text, size_t n)
{
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        int digit = hex_digit(text[i]);
        if (digit < 0)
            return false;
        *out = *out << 4 | (uint64_t)digit;
    }
    return n == 16;
}

static bool ends_with_name(const struct sai_cache_record *record, const char *name, size_t n)
{
    const char *path = record->rel_path;
    size_t length = record->n_rel_path;
    return n > 0 && n <= length && memcmp(path + length - n, name, n) == 0 && !memchr(name, '/', n) &&
           (n == length || path[length - n - 1] == '/');
}

/* sealed: what follows behind n was proved already. */
static bool parse_fixed(struct sai_cache_record *out, const char *line, size_t n, uint64_t number, bool sealed)
{
    struct scan s = {.p = line, .end = line + n, .ok = true};
    const char *name = NULL;
    size_t n_name = 0;
    struct sai_cache_row *row = &out->row;

    if (!LITERAL(&s, "{\"row\":") || number_up_to(&s, UINT64_MAX) != number || !LITERAL(&s, ",\"project\":"))
        return false;
    string(&s, &out->project, &out->n_project);
    LITERAL(&s, ",\"rel_path\":");
    string(&s, &out->rel_path, &out->n_rel_path);
    LITERAL(&s, ",\"filename\":");
    string(&s, &name, &n_name);
    LITERAL(&s, ",\"size\":");
    row->size = number_up_to(&s, INT64_MAX);
    LITERAL(&s, ",\"mtime_ns\":");
    row->mtime_ns = signed_number(&s);
    LITERAL(&s, ",\"crc32\":");
    row->crc32 = (uint32_t)number_up_to(&s, UINT32_MAX);
    LITERAL(&s, ",\"width\":");
    row->width = (uint32_t)number_up_to(&s, UINT32_MAX);
    LITERAL(&s, ",\"height\":");
    row->height = (uint32_t)number_up_to(&s, UINT32_MAX);
    LITERAL(&s, ",\"phash\":\"");
    s.ok = s.ok && s.end - s.p >= 16 && sai_cache_hex_64(&row->phash, s.p, 16);
    s.p += s.ok ? 16 : 0;
    if (!LITERAL(&s, "\""))
        return false;
    if (begins(&s, ",\"xxh64\":\"")) {
        LITERAL(&s, ",\"xxh64\":\"");
        s.ok = s.ok && s.end - s.p >= 16 && sai_cache_hex_64(&row->xxh64, s.p, 16);
        s.p += s.ok ? 16 : 0;
        LITERAL(&s, "\"");
    }
    if (begins(&s, ",\"vector_crc32\":")) {
        LITERAL(&s, ",\"vector_crc32\":");
        row->vector_crc32 = (uint32_t)number_up_to(&s, UINT32_MAX);
        row->has_vector_crc32 = 1;
    }
    if (!sealed)
        LITERAL(&s, "}");
    return s.ok && s.p == s.end && ends_with_name(out, name, n_name);
}

/* ---- Any JSON -------------------------------------------------------------------------------- */

static int bad(const char *path, uint64_t number, const char *what)
{
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s:%" PRIu64 ": not the record of a row: %s", path, number + 1, what);
}

static bool member_u32(uint32_t *out, const json_t *object, const char *key)
{
    int64_t value = sai_json_integer(object, key, 0);
    *out = (uint32_t)value;
    return value >= 0 && value <= UINT32_MAX;
}

static int read_members(struct sai_cache_record *out, const json_t *object, uint64_t number, bool sealed,
                        const char *path)
{
    struct sai_cache_row *row = &out->row;
    const char *phash = sai_json_string(object, "phash", "0000000000000000");
    const char *xxh64 = sai_json_string(object, "xxh64", "0000000000000000");
    const char *name = sai_json_string(object, "filename", NULL);
    out->project = sai_json_string(object, "project", NULL);
    out->rel_path = sai_json_string(object, "rel_path", NULL);
    if (!out->project || !out->rel_path)
        return bad(path, number, "project or rel_path is missing");
    out->n_project = strlen(out->project);
    out->n_rel_path = strlen(out->rel_path);
    if (!name)
        name = sai_path_basename(out->rel_path);
    if (!ends_with_name(out, name, strlen(name)))
        return bad(path, number, "filename is not the last part of rel_path");
    if (json_object_get(object, "line_crc32") && !sealed)
        return bad(path, number, "its line_crc32 is not at its end, or is none");
    int64_t size = sai_json_integer(object, "size", -1);
    row->size = (uint64_t)size;
    row->mtime_ns = sai_json_integer(object, "mtime_ns", 0);
    row->has_vector_crc32 = json_is_integer(json_object_get(object, "vector_crc32"));
    if (sai_json_integer(object, "row", -1) != (int64_t)number)
        return bad(path, number, "its row number is not its place in the file");
    if (size < 0 || !json_is_integer(json_object_get(object, "crc32")) || !member_u32(&row->crc32, object, "crc32"))
        return bad(path, number, "size or crc32 is missing or out of range");
    if (!member_u32(&row->width, object, "width") || !member_u32(&row->height, object, "height") ||
        !member_u32(&row->vector_crc32, object, "vector_crc32"))
        return bad(path, number, "a number is out of range");
    if (!sai_cache_hex_64(&row->phash, phash, strlen(phash)) || !sai_cache_hex_64(&row->xxh64, xxh64, strlen(xxh64)))
        return bad(path, number, "phash or xxh64 is not 16 hexadecimal digits");
    return SELECTAI_OK;
}

int sai_cache_line_parse(struct sai_cache_record *out, struct sai_cache_line_scratch *scratch, const char *line,
                         size_t n, uint64_t number, const char *path)
{
    size_t length;
    *out = (struct sai_cache_record){0};
    if (!sai_cache_line_intact(&length, line, n))
        return bad(path, number, "it was changed since it was written (line_crc32)");
    if (parse_fixed(out, line, length, number, length < n))
        return SELECTAI_OK;
    *out = (struct sai_cache_record){0};
    sai_cache_line_scratch_free(scratch);
    int rc = sai_json_parse(&scratch->json, line, n, path, number + 1);
    return rc == SELECTAI_OK ? read_members(out, scratch->json, number, length < n, path) : rc;
}

void sai_cache_line_scratch_free(struct sai_cache_line_scratch *scratch)
{
    json_decref(scratch->json);
    scratch->json = NULL;
}
