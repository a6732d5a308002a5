/*
 * fuzz/fuzz_cache_failures.c: a file of remembered failures.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "cache_folder.h"
#include "embed/cache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int made;
    selectai_embedding_cache *cache = NULL;
    selectai_issues *issues = NULL;
    if (!made++)
        make_cache_folder();
    write_in_cache("failed-x.jsonl", data, size);
    if (selectai_embedding_cache_create(&cache, cache_folder, "golden-1", 4, SELECTAI_DTYPE_AUTO) != SELECTAI_OK)
        abort();
    for (size_t i = 0; i < cache->failures.n; i++) {
        const struct sai_cache_failure *it = &cache->failures.items[i];
        if (sai_cache_failure_find(cache, it->size, it->crc32, it->xxh64) != (it->xxh64 ? it : NULL))
            abort();
    }
    if (selectai_embedding_cache_failures(&issues, cache) != SELECTAI_OK)
        abort();
    selectai_issues_destroy(&issues);
    selectai_embedding_cache_close(&cache);
    if (selectai_embedding_cache_verify(&issues, cache_folder) != SELECTAI_OK)
        abort();
    selectai_issues_destroy(&issues);
    return 0;
}
