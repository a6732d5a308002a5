/*
 * fuzz/fuzz_manifest.c: manifests, several of them behind each other, separated by lines "=====".
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "fuzz_known.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char line[] = "\n=====\n";
    const uint8_t *end = data + size;
    selectai_projects *projects = NULL;
    if (selectai_projects_create(&projects) != SELECTAI_OK)
        abort();
    while (data) {
        const uint8_t *hit = memmem(data, (size_t)(end - data), line, sizeof line - 1);
        char path[64];
        int fd = memory_file(path, data, (size_t)((hit ? hit : end) - data));
        size_t before = selectai_projects_count(projects);
        if (selectai_projects_add_manifests(projects, path) != SELECTAI_OK &&
            selectai_projects_count(projects) != before)
            abort(); /* a refused manifest changes nothing */
        close(fd);
        data = hit ? hit + sizeof line - 1 : NULL;
    }
    use_projects(projects);
    selectai_projects_destroy(&projects);
    return 0;
}
