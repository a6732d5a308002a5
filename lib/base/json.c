/*
 * base/json.c: jansson with our errors.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/path.h"

#define MAX_LINE (16u << 20)

int sai_json_parse(json_t **out, const char *text, size_t n, const char *name, uint64_t row)
{
    json_error_t error;
    json_t *value = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!value && json_error_code(&error) == json_error_out_of_memory)
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "%s: out of memory while reading JSON", name);
    if (!value && row)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s:%llu: bad JSON: %s (column %d)", name, (unsigned long long)row,
                        error.text, error.column);
    if (!value)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: bad JSON: %s (line %d, column %d)", name, error.text, error.line,
                        error.column);
    *out = value;
    return SELECTAI_OK;
}

int sai_json_load(json_t **out, const char *path, uint64_t max_bytes)
{
    void *bytes;
    size_t n;
    int rc = sai_file_read(&bytes, &n, path, max_bytes);
    if (rc != SELECTAI_OK)
        return rc;
    rc = sai_json_parse(out, bytes, n, path, 0);
    sai_free(bytes);
    return rc;
}

int sai_lines_open(struct sai_line_reader *reader, const char *path)
{
    *reader = (struct sai_line_reader){0};
    if (sai_path_is_directory(path))
        return SAI_FAIL(SELECTAI_ERR_IS_A_DIRECTORY, "%s: is a folder, a file is needed", path);
    reader->path = sai_strdup(path);
    if (!reader->path)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    reader->stream = fopen(path, "rbe");
    if (!reader->stream) {
        int rc = SAI_FAIL_ERRNO("open", path);
        sai_lines_close(reader);
        return rc;
    }
    return SELECTAI_OK;
}

static int add_byte(struct sai_line_reader *reader, int c)
{
    if (reader->length >= MAX_LINE)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "%s:%llu: line longer than %u bytes", reader->path,
                        (unsigned long long)reader->row, MAX_LINE);
    if (!SAI_GROW(reader->line, reader->capacity, reader->length + 2))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    reader->line[reader->length++] = (char)c;
    reader->line[reader->length] = '\0';
    return SELECTAI_OK;
}

int sai_lines_next(struct sai_line_reader *reader)
{
    int c, rc = SELECTAI_OK;
    do {
        reader->length = 0;
        reader->row++;
        while (rc == SELECTAI_OK && (c = getc_unlocked(reader->stream)) != EOF && c != '\n')
            rc = add_byte(reader, c);
        if (rc != SELECTAI_OK)
            return rc;
        if (reader->length > 0 && reader->line[reader->length - 1] == '\r')
            reader->line[--reader->length] = '\0';
    } while (reader->length == 0 && c != EOF);
    if (reader->length > 0)
        return SELECTAI_OK;
    return ferror(reader->stream) ? SAI_FAIL_ERRNO("read", reader->path) : SELECTAI_DONE;
}

void sai_lines_close(struct sai_line_reader *reader)
{
    if (reader->stream)
        fclose(reader->stream);
    sai_free(reader->path);
    sai_free(reader->line);
    *reader = (struct sai_line_reader){0};
}

const char *sai_json_string(const json_t *object, const char *key, const char *otherwise)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value ? value : otherwise;
}

double sai_json_number(const json_t *object, const char *key, double otherwise)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : otherwise;
}

int64_t sai_json_integer(const json_t *object, const char *key, int64_t otherwise)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? (int64_t)json_integer_value(value) : otherwise;
}

static int collect(const char *bytes, size_t n, void *text)
{
    sai_text_add(text, bytes, n);
    return ((struct sai_text *)text)->failed ? -1 : 0;
}

static int dump(char **out, const json_t *value, size_t flags, const char *end)
{
    struct sai_text text = {0};
    if (json_dump_callback(value, collect, &text, flags | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY) != 0) {
        sai_text_free(&text);
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "out of memory while writing JSON");
    }
    sai_text_puts(&text, end);
    return sai_text_finish(&text, out);
}

int sai_json_dump(char **out, const json_t *value)
{
    return dump(out, value, JSON_COMPACT, "");
}

int sai_json_dump_pretty(char **out, const json_t *value)
{
    return dump(out, value, JSON_INDENT(2), "\n");
}
