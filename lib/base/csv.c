/*
 * base/csv.c: RFC 4180.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <string.h>

#include "base/csv.h"
#include "base/path.h"

int sai_csv_open(struct sai_csv_reader *reader, const char *path)
{
    *reader = (struct sai_csv_reader){.next_line = 1};
    if (sai_path_is_directory(path))
        return SAI_FAIL(SELECTAI_ERR_IS_A_DIRECTORY, "%s: is a folder, a CSV file is needed", path);
    reader->path = sai_strdup(path);
    if (!reader->path)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    reader->stream = fopen(path, "rbe");
    if (!reader->stream) {
        int rc = SAI_FAIL_ERRNO("open", path);
        sai_csv_close(reader);
        return rc;
    }
    if (getc(reader->stream) == 0xEF) { /* byte order mark */
        if (getc(reader->stream) == 0xBB && getc(reader->stream) == 0xBF)
            return SELECTAI_OK;
    }
    rewind(reader->stream);
    return SELECTAI_OK;
}

void sai_csv_close(struct sai_csv_reader *reader)
{
    if (reader->stream)
        fclose(reader->stream);
    sai_free(reader->path);
    sai_free(reader->starts);
    sai_free(reader->fields);
    sai_text_free(&reader->text);
    *reader = (struct sai_csv_reader){0};
}

/* Reads one character, folds CRLF and CR to LF, counts lines. */
static int next_char(struct sai_csv_reader *reader)
{
    int c = getc(reader->stream);
    if (c == '\r') {
        int after = getc(reader->stream);
        if (after != '\n' && after != EOF)
            ungetc(after, reader->stream);
        c = '\n';
    }
    if (c == '\n')
        reader->next_line++;
    reader->last = c;
    return c;
}

static int start_field(struct sai_csv_reader *reader)
{
    if (reader->n_starts >= SAI_CSV_MAX_FIELDS)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "%s:%llu: more than %u fields in one row", reader->path,
                        (unsigned long long)reader->line, SAI_CSV_MAX_FIELDS);
    if (!SAI_GROW(reader->starts, reader->starts_capacity, reader->n_starts + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    reader->starts[reader->n_starts++] = reader->text.length;
    return SELECTAI_OK;
}

static int add_char(struct sai_csv_reader *reader, int c)
{
    char byte = (char)c;
    if (c == 0)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s:%llu: NUL byte: not a text file", reader->path,
                        (unsigned long long)reader->line);
    if (reader->text.length >= SAI_CSV_MAX_FIELD)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "%s:%llu: row longer than %u bytes (a quote that never closes?)",
                        reader->path, (unsigned long long)reader->line, SAI_CSV_MAX_FIELD);
    sai_text_add(&reader->text, &byte, 1);
    return reader->text.failed ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK;
}

/* After the opening quote: up to the closing one. *c becomes the character after it. */
static int read_quoted(struct sai_csv_reader *reader, int *c)
{
    for (;;) {
        *c = next_char(reader);
        if (*c == EOF)
            return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s:%llu: a quoted field is not closed", reader->path,
                            (unsigned long long)reader->line);
        if (*c == '"') {
            *c = next_char(reader);
            if (*c != '"')
                return SELECTAI_OK;
        }
        int rc = add_char(reader, *c);
        if (rc != SELECTAI_OK)
            return rc;
    }
}

/* One record starting with character c. */
static int read_record(struct sai_csv_reader *reader, int c)
{
    int rc = start_field(reader);
    bool at_start = true;
    while (rc == SELECTAI_OK && c != EOF && c != '\n') {
        if (c == '"' && at_start) {
            rc = read_quoted(reader, &c);
            at_start = false;
            continue;
        }
        at_start = c == ',';
        if (c == ',') {
            sai_text_add(&reader->text, "\0", 1);
            rc = start_field(reader);
        } else {
            rc = add_char(reader, c);
        }
        c = next_char(reader);
    }
    sai_text_add(&reader->text, "\0", 1);
    return rc == SELECTAI_OK && reader->text.failed ? SELECTAI_ERR_OUT_OF_MEMORY : rc;
}

/* Up to the end of the line that the last character read belongs to. The error detail of the row stays. */
static void skip_line(struct sai_csv_reader *reader)
{
    int c = reader->last;
    while (c != '\n' && c != EOF)
        c = next_char(reader);
}

int sai_csv_next(struct sai_csv_reader *reader)
{
    int c;
    sai_text_clear(&reader->text);
    reader->n_starts = reader->n_fields = 0;
    do {
        reader->line = reader->next_line;
        c = next_char(reader);
    } while (c == '\n');
    if (c == EOF && ferror(reader->stream))
        return SAI_FAIL_ERRNO("read", reader->path);
    if (c == EOF)
        return SELECTAI_DONE;
    int rc = read_record(reader, c);
    if (rc != SELECTAI_OK) {
        skip_line(reader); /* the next call begins with a row of its own */
        return rc;
    }
    if (!SAI_GROW(reader->fields, reader->fields_capacity, reader->n_starts))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < reader->n_starts; i++)
        reader->fields[i] = reader->text.data + reader->starts[i];
    reader->n_fields = reader->n_starts;
    return SELECTAI_OK;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static bool looks_like_formula(const char *value)
{
    return *value && strchr("=+-@\t", *value);
}

void sai_csv_field(struct sai_text *line, const char *value)
{
    bool first = line->length == 0 || line->data[line->length - 1] == '\n';
    bool formula = looks_like_formula(value);
    bool quoted = formula || strpbrk(value, ",\"\r\n") || *value == ' ' ||
                  (*value && value[strlen(value) - 1] == ' ') ||
                  (first && !*value); /* a line of one empty field would be an empty line */

    if (quoted)
        sai_text_add(line, "\"", 1);
    if (formula)
        sai_text_add(line, "'", 1);
    for (const char *p = value; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F)
            continue;
        if (c == '"')
            sai_text_add(line, "\"", 1);
        sai_text_add(line, p, 1);
    }
    sai_text_puts(line, quoted ? "\"," : ",");
}

void sai_csv_end(struct sai_text *line)
{
    if (!line->failed && line->length > 0 && line->data[line->length - 1] == ',')
        line->data[--line->length] = '\0';
    sai_text_add(line, "\n", 1);
}
