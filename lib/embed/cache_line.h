/*
 * embed/cache_line.h: one line of a part's .jsonl: the record of one row.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_EMBED_CACHE_LINE_H
#define SAI_EMBED_CACHE_LINE_H

#include "base/json.h"
#include "embed/cache_table.h"

/* Appends the line of row `number` of its part, but for its end. */
void sai_cache_line_write(struct sai_text *out, uint64_t number, const char *project, const struct sai_cache_row *row);

/* Ends an object that began at out->data + start: `,"line_crc32":N}` and LF; N is of all bytes of the line before. */
void sai_cache_line_seal(struct sai_text *out, size_t start);

/* False if a line (without its LF) has a line_crc32 that is not of it. Lines of earlier versions have none. *length is
 * that of what the CRC is of, or of the whole line. */
bool sai_cache_line_intact(size_t *length, const char *line, size_t n);

/* 16 hexadecimal digits as sai_cache_line_write() writes them. */
bool sai_cache_hex_64(uint64_t *out, const char *text, size_t n);

/* Holds what a record points to until the next line is parsed. */
struct sai_cache_line_scratch {
    json_t *json;
};

/*
 * Reads a line (without its LF) that must be that of row `number`. Lines as sai_cache_line_write() makes them are read
 * directly; any other JSON object with the same members is accepted too. The record points into the line or the
 * scratch. SELECTAI_ERR_FORMAT names `path` and the line.
 */
int sai_cache_line_parse(struct sai_cache_record *out, struct sai_cache_line_scratch *scratch, const char *line,
                         size_t n, uint64_t number, const char *path);

void sai_cache_line_scratch_free(struct sai_cache_line_scratch *scratch);

#endif
