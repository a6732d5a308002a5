/*
 * fuzz/fuzz_cache_index.c: an index file beside a sound part. So that what lies behind the checksums is reached, those
 * of the head and of the rows are made right as well.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <zlib.h>

#include "cache_folder.h"
#include "embed/cache.h"
#include "embed/cache_part_index.h"

#define HEAD 128u

static void use(void)
{
    static const char *const names[] = {"a.png", "day 1/a.png", "b.png", "gone.png", "", "day 3/a.png"};
    selectai_embedding_cache *cache = NULL;
    selectai_issues *issues = NULL;
    float vector[4];
    if (selectai_embedding_cache_open(&cache, cache_folder) != SELECTAI_OK)
        abort(); /* the lines are sound, whatever the index says */
    if (selectai_embedding_cache_count(cache) != 5)
        abort();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t row = 0;
        if (selectai_embedding_cache_find(cache, "summer", names[i], vector, &row) == SELECTAI_OK && row >= 5)
            abort();
        (void)selectai_embedding_cache_find(cache, "winter", names[i], vector, &row);
        (void)sai_cache_table_find_path(&cache->table, "summer", names[i]);
    }
    for (uint64_t i = 0; i < 6; i++)
        (void)selectai_embedding_cache_find_content(cache, "summer", 7000000000u + i, (uint32_t)(4294967295u - i),
                                                    vector, NULL);
    for (size_t i = 0; i < 5; i++) {
        struct selectai_cache_row row = {.struct_size = sizeof row};
        if (selectai_embedding_cache_get(cache, i, &row, vector) == SELECTAI_OK)
            (void)(strlen(row.project) + strlen(row.rel_path));
    }
    selectai_embedding_cache_close(&cache);
    if (selectai_embedding_cache_verify(&issues, cache_folder) != SELECTAI_OK)
        abort();
    selectai_issues_destroy(&issues);
}

static void put_u32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, sizeof value);
}

/* The offsets are those of docs/formats.md. */
static void make_checksums_right(uint8_t *file, size_t size)
{
    uint64_t n_rows, n_slots, n_paths, n_projects;
    uint32_t crc, n_path;
    char path[200];
    uint64_t lines_size = 0, offset;
    snprintf(path, sizeof path, "%s/part-1.jsonl", cache_folder);
    if (sai_file_crc32(&crc, &lines_size, path) != SELECTAI_OK)
        abort();
    memcpy(file + 56, &lines_size, sizeof lines_size);
    put_u32(file + 72, crc);
    memcpy(&n_rows, file + 16, 8);
    memcpy(&n_slots, file + 24, 8);
    memcpy(&n_paths, file + 32, 8);
    memcpy(&n_projects, file + 48, 8);
    const size_t left = size - HEAD;
    if (n_projects > left || n_paths > left || n_rows > left / 64 || n_slots > left / 24)
        return;
    const size_t paths = HEAD + (size_t)n_rows * 64 + (size_t)n_slots * 24;
    for (size_t i = 0; i < n_rows; i++) {
        uint8_t *record = file + HEAD + i * 64;
        memcpy(&offset, record + 24, 8);
        memcpy(&n_path, record + 32, 4);
        if (paths > size || offset > size - paths || n_path > size - paths - offset)
            continue;
        put_u32(record + 60, (uint32_t)crc32_z(crc32_z(0, record, 60), file + paths + offset, n_path));
    }
    put_u32(file + 12, 0);
    put_u32(file + 12, (uint32_t)crc32_z(crc32_z(0, file, HEAD), file + size - n_projects, (size_t)n_projects));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int made;
    if (!made++)
        make_cache_folder();
    write_in_cache("part-1.idx", data, size);
    use();
    if (size < HEAD)
        return 0;
    uint8_t *copy = malloc(size);
    if (!copy)
        abort();
    memcpy(copy, data, size);
    make_checksums_right(copy, size);
    write_in_cache("part-1.idx", copy, size);
    use();
    free(copy);
    return 0;
}
