/*
 * trainset/load_csv.c: reading CSV files of any known form.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/csv.h"
#include "trainset/log_row.h"

static int (*const readers[SAI_N_FORMS])(struct sai_log_row *row) = {
    [SAI_FORM_ANOMALIES] = sai_log_read_anomaly,     [SAI_FORM_CROP_FULL] = sai_log_read_crop_full,
    [SAI_FORM_CROP_MINIMAL] = sai_log_read_crop_one, [SAI_FORM_CROP_SHORT] = sai_log_read_crop_one,
    [SAI_FORM_SELECTION] = sai_log_read_selection,   [SAI_FORM_ENTRIES] = sai_log_read_entry,
};

int sai_load_record(struct selectai_entry *out, struct sai_loader *loader, const struct sai_log_header *header,
                    const struct sai_csv_reader *reader)
{
    struct sai_log_row row = {.loader = loader,
                              .arena = &loader->set->arena,
                              .header = header,
                              .fields = reader->fields,
                              .entry = sai_entry_blank()};
    loader->kind = "bad-value";
    loader->notes = 0;
    loader->rejected = false;
    if (reader->n_fields != header->n_fields)
        return SAI_BAD_ROW(loader, "column-count", "%zu fields where the header has %zu", reader->n_fields,
                           header->n_fields);
    int rc = readers[header->form](&row);
    if (rc == SELECTAI_OK)
        rc = sai_loader_complete(loader, &row.entry, reader->line);
    if (rc == SELECTAI_OK)
        *out = row.entry;
    return rc;
}

int sai_load_next_record(struct sai_csv_reader *reader)
{
    struct sai_error_copy why;
    int rc = sai_csv_next(reader);
    if (rc != SELECTAI_ERR_LIMIT)
        return rc;
    sai_error_save(&why); /* the reader goes on behind it */
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s", why.detail.message);
}

static int load_record(struct sai_loader *loader, const struct sai_log_header *header,
                       const struct sai_csv_reader *reader)
{
    struct selectai_entry entry;
    int rc = sai_load_record(&entry, loader, header, reader);
    if (rc == SELECTAI_OK)
        rc = sai_loader_add_entry(loader, &entry);
    return sai_loader_where(loader, rc, reader->line);
}

int sai_load_csv(struct sai_loader *loader)
{
    struct sai_csv_reader reader;
    struct sai_log_header header = {0};
    int rc = sai_csv_open(&reader, loader->paths[loader->file]);
    if (rc != SELECTAI_OK)
        return rc;
    rc = sai_csv_next(&reader);
    if (rc == SELECTAI_OK)
        rc = sai_log_header_read(&header, &reader);
    for (uint64_t n = 0; rc == SELECTAI_OK; n++) {
        loader->kind = "bad-csv";
        rc = sai_load_next_record(&reader);
        if (rc == SELECTAI_DONE)
            break;
        if (rc == SELECTAI_OK)
            rc = load_record(loader, &header, &reader);
        struct sai_origin origin = {.file = loader->file, .row = reader.line};
        rc = sai_loader_row_done(loader, rc, loader->kind, origin);
        if (rc == SELECTAI_OK)
            rc = sai_loader_progress(loader, n, reader.stream);
    }
    sai_log_header_free(&header);
    sai_csv_close(&reader);
    return rc == SELECTAI_DONE ? SELECTAI_OK : rc;
}
