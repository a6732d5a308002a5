/*
 * fuzz/fuzz_cache.c: a cache folder. The input is manifest, index and vectors, separated by lines "=====".
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

static const uint8_t *next_part(const uint8_t **at, const uint8_t *end, size_t *n)
{
    static const char line[] = "\n=====\n";
    const uint8_t *start = *at, *hit = memmem(start, (size_t)(end - start), line, sizeof line - 1);
    *n = (size_t)((hit ? hit : end) - start);
    *at = hit ? hit + sizeof line - 1 : end;
    return start;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"manifest.json", "part-0000000000000001.jsonl", "part-0000000000000001.npy"};
    char dir[] = "/tmp/selectai-fuzz-XXXXXX", path[3][80];
    const uint8_t *at = data, *end = data + size;
    if (!mkdtemp(dir))
        abort();
    for (int i = 0; i < 3; i++) {
        size_t n;
        const uint8_t *part = next_part(&at, end, &n);
        snprintf(path[i], sizeof path[i], "%s/%s", dir, names[i]);
        FILE *f = fopen(path[i], "wb");
        if (!f || fwrite(part, 1, n, f) != n || fclose(f) != 0)
            abort();
    }
    selectai_embedding_cache *cache = NULL;
    selectai_issues *issues = NULL;
    if (selectai_embedding_cache_open(&cache, dir) == SELECTAI_OK) {
        size_t dim = selectai_embedding_cache_dim(cache);
        float *vector = calloc(dim, sizeof *vector);
        for (size_t i = 0; i < selectai_embedding_cache_count(cache); i++) {
            struct selectai_cache_row row = {.struct_size = sizeof row};
            if (selectai_embedding_cache_get(cache, i, &row, vector) != SELECTAI_OK)
                abort();
        }
        free(vector);
        selectai_embedding_cache_close(&cache);
    }
    selectai_embedding_cache_verify(&issues, dir);
    selectai_issues_destroy(&issues);
    for (int i = 0; i < 3; i++)
        unlink(path[i]);
    rmdir(dir);
    return 0;
}
