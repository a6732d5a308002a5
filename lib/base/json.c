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
    /* jansson has no text for its own failed allocations. */
    if (!value && (!error.text[0] || json_error_code(&error) == json_error_out_of_memory))
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

/* Where the next line begins; indent < 0: everything on one line. */
static void line_break(struct sai_text *text, int indent)
{
    if (indent < 0)
        return;
    sai_text_puts(text, "\n");
    for (int i = 0; i < indent; i++)
        sai_text_puts(text, "  ");
}

static void write_value(struct sai_text *text, const json_t *value, int indent);

static void write_array(struct sai_text *text, const json_t *array, int indent)
{
    size_t n = json_array_size(array);
    sai_text_puts(text, "[");
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            sai_text_puts(text, ",");
        line_break(text, indent < 0 ? -1 : indent + 1);
        write_value(text, json_array_get(array, i), indent < 0 ? -1 : indent + 1);
    }
    if (n > 0)
        line_break(text, indent);
    sai_text_puts(text, "]");
}

static void write_object(struct sai_text *text, const json_t *object, int indent)
{
    const char *key, *before = "";
    json_t *member;
    sai_text_puts(text, "{");
    json_object_foreach((json_t *)(uintptr_t)object, key, member)
    {
        sai_text_puts(text, before);
        line_break(text, indent < 0 ? -1 : indent + 1);
        sai_text_json_string(text, key);
        sai_text_puts(text, indent < 0 ? ":" : ": ");
        write_value(text, member, indent < 0 ? -1 : indent + 1);
        before = ",";
    }
    if (*before)
        line_break(text, indent);
    sai_text_puts(text, "}");
}

/* Depth is bounded: jansson's parser refuses more than 2048 levels, and we build few. */
static void write_value(struct sai_text *text, const json_t *value, int indent)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        write_object(text, value, indent);
        break;
    case JSON_ARRAY:
        write_array(text, value, indent);
        break;
    case JSON_STRING:
        sai_text_json_string(text, json_string_value(value));
        break;
    case JSON_INTEGER:
        sai_text_printf(text, "%lld", (long long)json_integer_value(value));
        break;
    case JSON_REAL:
        sai_text_json_number(text, json_real_value(value));
        break;
    case JSON_TRUE:
        sai_text_puts(text, "true");
        break;
    case JSON_FALSE:
        sai_text_puts(text, "false");
        break;
    case JSON_NULL:
        sai_text_puts(text, "null");
        break;
    }
}

int sai_json_dump(char **out, const json_t *value)
{
    struct sai_text text = {0};
    write_value(&text, value, -1);
    return sai_text_finish(&text, out);
}

int sai_json_dump_pretty(char **out, const json_t *value)
{
    struct sai_text text = {0};
    write_value(&text, value, 0);
    sai_text_puts(&text, "\n");
    return sai_text_finish(&text, out);
}
