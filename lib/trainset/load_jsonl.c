/*
 * trainset/load_jsonl.c: training entries and rejected groups, one JSON object a line.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "trainset/load.h"

static const char *without_mark(const char *line, uint64_t row)
{
    return row == 1 && strncmp(line, "\xEF\xBB\xBF", 3) == 0 ? line + 3 : line;
}

static bool blank(const char *line)
{
    return line[strspn(line, " \t")] == '\0';
}

const char *sai_load_line_text(size_t *n, const struct sai_line_reader *reader)
{
    const char *line = without_mark(reader->line, reader->row);
    *n = reader->length - (size_t)(line - reader->line);
    if (blank(line) && strlen(line) == *n)
        *n = 0;
    return line;
}

static int load_line(struct sai_loader *loader, const struct sai_line_reader *reader)
{
    json_t *object = NULL;
    size_t n;
    const char *line = sai_load_line_text(&n, reader);
    if (n == 0)
        return SELECTAI_OK;
    loader->kind = "bad-json";
    int rc = sai_json_parse(&object, line, n, reader->path, reader->row);
    if (rc == SELECTAI_OK)
        rc = sai_loader_where(loader, sai_loader_add_row(loader, object, reader->row), reader->row);
    json_decref(object);
    return rc;
}

int sai_load_jsonl(struct sai_loader *loader)
{
    struct sai_line_reader reader;
    int rc = sai_lines_open(&reader, loader->paths[loader->file]);
    if (rc != SELECTAI_OK)
        return rc;
    while (rc == SELECTAI_OK && (rc = sai_lines_next(&reader)) == SELECTAI_OK) {
        struct sai_origin origin = {.file = loader->file, .row = reader.row};
        rc = load_line(loader, &reader);
        rc = sai_loader_row_done(loader, rc, loader->kind, origin);
        if (rc == SELECTAI_OK)
            rc = sai_loader_progress(loader, reader.row, reader.stream);
    }
    sai_lines_close(&reader);
    return rc == SELECTAI_DONE ? SELECTAI_OK : rc;
}
