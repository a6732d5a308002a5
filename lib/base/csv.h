/*
 * base/csv.h: RFC 4180, streaming in both directions.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_CSV_H
#define SAI_BASE_CSV_H

#include <stdio.h>

#include "base/file.h"
#include "base/text.h"

/*
 * Reader. Lenient where real logs are: LF or CRLF or CR, a UTF-8 byte order mark, quotes in the middle of an unquoted
 * field are taken as they are. A quoted field that never ends, a NUL byte, or a record beyond the limits is an error.
 */
#define SAI_CSV_MAX_FIELD  (1u << 24) /* bytes of one record */
#define SAI_CSV_MAX_FIELDS 4096u

struct sai_csv_reader {
    FILE *stream;
    char *path;
    uint64_t line; /* 1-based line where the current record starts */
    uint64_t next_line;
    int last;             /* the character read last */
    struct sai_text text; /* the current record's fields, each NUL-terminated */
    size_t *starts;       /* offsets into text */
    size_t n_starts, starts_capacity;
    char **fields; /* what the caller reads: n_fields pointers into text */
    size_t n_fields, fields_capacity;
};
int sai_csv_open(struct sai_csv_reader *reader, const char *path);
/* SELECTAI_OK with reader->fields filled, SELECTAI_DONE at the end. Empty lines are skipped. After
 * SELECTAI_ERR_FORMAT reading may go on with the next record (or DONE). */
int sai_csv_next(struct sai_csv_reader *reader);
void sai_csv_close(struct sai_csv_reader *reader);

/*
 * Writer: appends one field to a line; quoted where RFC 4180 demands it, and where a spreadsheet would take the cell
 * for a formula (a first character of = + - @ or tab: the cell is quoted and gets a leading apostrophe). Control
 * characters other than tab and line ends are dropped.
 */
void sai_csv_field(struct sai_text *line, const char *value);
void sai_csv_end(struct sai_text *line); /* LF */

#endif
