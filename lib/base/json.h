/*
 * base/json.h: reading JSON with jansson: files, lines, typed members with clear messages.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_JSON_H
#define SAI_BASE_JSON_H

#include <jansson.h>
#include <stdio.h>

#include "base/text.h"

/* Parses text; `name` and `row` (0: none) say where it came from in messages. *out is a new reference. */
int sai_json_parse(json_t **out, const char *text, size_t n, const char *name, uint64_t row);

/* A whole file, at most max_bytes. */
int sai_json_load(json_t **out, const char *path, uint64_t max_bytes);

/* Lines of a text file (JSONL): without their ends, empty ones skipped; a line beyond 16 MiB is an error. */
struct sai_line_reader {
    FILE *stream;
    char *path;
    char *line; /* NUL-terminated */
    size_t length, capacity;
    uint64_t row; /* 1-based */
};
int sai_lines_open(struct sai_line_reader *reader, const char *path);
int sai_lines_next(struct sai_line_reader *reader); /* SELECTAI_OK or SELECTAI_DONE */
void sai_lines_close(struct sai_line_reader *reader);

/* Members of an object, or the default if the key is absent, null or of another type. Borrowed. */
const char *sai_json_string(const json_t *object, const char *key, const char *otherwise);
double sai_json_number(const json_t *object, const char *key, double otherwise); /* numbers only */
int64_t sai_json_integer(const json_t *object, const char *key, int64_t otherwise);

/* Compact text in member order, numbers as base/number.h writes them; the caller frees it with sai_free(). */
int sai_json_dump(char **out, const json_t *value);
/* The same with an indent of 2, and a final LF. */
int sai_json_dump_pretty(char **out, const json_t *value);

#endif
