/*
 * fuzz/fuzz_csv.c: the CSV reader, and that what the writer makes of its fields reads back as the same.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdbool.h>

#include "base/csv.h"
#include "fuzz.h"

/* The writer drops control characters and guards formulas: such a field does not read back as it was. */
static bool changes(const char *field)
{
    if (field[0] && strchr("=+-@\t", field[0]))
        return true;
    for (; *field; field++)
        if ((unsigned char)*field < 0x20 || *field == 0x7F)
            return true;
    return false;
}

static void check_round_trip(const struct sai_csv_reader *record)
{
    struct sai_text line = {0};
    struct sai_csv_reader again;
    char path[64];

    for (size_t i = 0; i < record->n_fields; i++) {
        if (changes(record->fields[i]))
            goto done;
        sai_csv_field(&line, record->fields[i]);
    }
    sai_csv_end(&line);
    if (line.failed || line.length < 2 || line.data[0] == (char)0xEF) /* an empty line, or what looks like a mark */
        goto done;
    int fd = memory_file(path, (const uint8_t *)line.data, line.length);
    if (sai_csv_open(&again, path) != SELECTAI_OK || sai_csv_next(&again) != SELECTAI_OK ||
        again.n_fields != record->n_fields)
        abort();
    for (size_t i = 0; i < record->n_fields; i++)
        if (strcmp(again.fields[i], record->fields[i]) != 0)
            abort();
    sai_csv_close(&again);
    close(fd);
done:
    sai_text_free(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int fd = memory_file(path, data, size), rc;
    struct sai_csv_reader reader;
    uint64_t line = 0;
    if (sai_csv_open(&reader, path) != SELECTAI_OK)
        abort();
    while ((rc = sai_csv_next(&reader)) == SELECTAI_OK || rc == SELECTAI_ERR_FORMAT) {
        if (reader.line <= line) /* it must come on */
            abort();
        line = reader.line;
        if (rc == SELECTAI_OK)
            check_round_trip(&reader);
    }
    sai_csv_close(&reader);
    close(fd);
    return 0;
}
