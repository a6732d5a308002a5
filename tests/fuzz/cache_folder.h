/*
 * fuzz/cache_folder.h: a small sound cache, made once, for targets that put one hostile file into it.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef FUZZ_CACHE_FOLDER_H
#define FUZZ_CACHE_FOLDER_H

#include "fuzz.h"

static char cache_folder[] = "/tmp/selectai-fuzz-XXXXXX";

static inline void remove_cache_folder(void)
{
    char command[100];
    snprintf(command, sizeof command, "rm -rf '%s'", cache_folder);
    if (system(command) != 0)
        abort();
}

static inline void write_in_cache(const char *name, const void *data, size_t n)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", cache_folder, name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, n, f) != n || fclose(f) != 0)
        abort();
}

/* Rows of tests/golden/cache-v1-index. */
static inline void make_cache_folder(void)
{
    static const char manifest[] = "{\"format\":\"selectai-embedding-cache\",\"version\":1,\"encoder\":\"golden-1\","
                                   "\"dim\":4,\"dtype\":\"float16\"}";
    static const char npy[] = "\x93NUMPY\x01\x00\x76\x00{'descr': '<f2', 'fortran_order': False, 'shape': (5, 4), }";
    static const char lines[] =
        "{\"row\":0,\"project\":\"summer\",\"rel_path\":\"day 2/b.png\",\"size\":7000000002,\"crc32\":4294967293}\n"
        "{\"row\":1,\"project\":\"winter\",\"rel_path\":\"day 1/a.png\",\"size\":7000000003,\"crc32\":4294967292}\n"
        "{\"row\":2,\"project\":\"summer\",\"rel_path\":\"day 1/a.png\",\"size\":7000000004,\"crc32\":4294967291}\n"
        "{\"row\":3,\"project\":\"summer\",\"rel_path\":\"day 3/a.png\",\"size\":7000000005,\"crc32\":4294967290}\n"
        "{\"row\":4,\"project\":\"summer\",\"rel_path\":\"gone.png\",\"size\":0,\"crc32\":0}\n";
    char array[128 + 40];
    if (!mkdtemp(cache_folder) || atexit(remove_cache_folder) != 0)
        abort();
    memset(array, ' ', sizeof array);
    memcpy(array, npy, sizeof npy - 1);
    array[127] = '\n';
    memset(array + 128, 0, 40);
    write_in_cache("manifest.json", manifest, sizeof manifest - 1);
    write_in_cache("part-1.npy", array, sizeof array);
    write_in_cache("part-1.jsonl", lines, sizeof lines - 1);
}

#endif
