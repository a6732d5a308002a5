/*
 * base/safetensors_write.c: writing safetensors files.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/safetensors.h"

static void write_entry(struct sai_text *header, const struct sai_tensor *tensor, uint64_t offset)
{
    sai_text_json_string(header, tensor->name);
    sai_text_printf(header, ":{\"dtype\":\"%s\",\"shape\":[", tensor->dtype);
    for (uint32_t i = 0; i < tensor->rank; i++)
        sai_text_printf(header, "%s%llu", i ? "," : "", (unsigned long long)tensor->shape[i]);
    sai_text_printf(header, "],\"data_offsets\":[%llu,%llu]},", (unsigned long long)offset,
                    (unsigned long long)(offset + tensor->n_bytes));
}

static int build_header(struct sai_text *header, const struct sai_tensor *tensors, size_t n_tensors,
                        const json_t *metadata)
{
    uint64_t offset = 0;
    char *text = NULL;
    int rc = sai_json_dump(&text, metadata);
    if (rc != SELECTAI_OK)
        return rc;
    sai_text_puts(header, "{\"__metadata__\":");
    sai_text_puts(header, text);
    sai_text_puts(header, ",");
    sai_free(text);
    for (size_t i = 0; i < n_tensors; i++) {
        write_entry(header, &tensors[i], offset);
        offset += tensors[i].n_bytes;
    }
    if (!header->failed)
        header->data[header->length - 1] = '}';        /* over the last comma */
    while (!header->failed && header->length % 8 != 0) /* the data begins aligned */
        sai_text_puts(header, " ");
    return header->failed ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK;
}

int sai_safetensors_write(const char *path, const struct sai_tensor *tensors, size_t n_tensors, const json_t *metadata)
{
    struct sai_text header = {0};
    struct sai_atomic_file file = {0};
    int rc = build_header(&header, tensors, n_tensors, metadata);
    if (rc == SELECTAI_OK)
        rc = sai_atomic_open(&file, path);
    if (rc == SELECTAI_OK) {
        uint8_t size[8];
        for (int i = 0; i < 8; i++)
            size[i] = (uint8_t)((uint64_t)header.length >> (8 * i));
        sai_atomic_write(&file, size, sizeof size);
        sai_atomic_write(&file, header.data, header.length);
        for (size_t i = 0; i < n_tensors; i++)
            sai_atomic_write(&file, tensors[i].data, tensors[i].n_bytes);
        rc = sai_atomic_commit(&file);
    }
    sai_text_free(&header);
    return rc;
}
