/*
 * fuzz/fuzz_config.c: project_paths.json.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "fuzz_known.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int fd = memory_file(path, data, size);
    selectai_projects *projects = NULL;
    if (selectai_projects_create(&projects) != SELECTAI_OK)
        abort();
    selectai_projects_add_config(projects, path);
    use_projects(projects);
    selectai_projects_destroy(&projects);
    close(fd);
    return 0;
}
