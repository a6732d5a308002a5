/*
 * fuzz/fuzz_names.c: file names.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct selectai_parsed_name parsed = {.struct_size = sizeof parsed};
    char *name = malloc(size + 1);
    memcpy(name, data, size);
    name[size] = '\0';
    if (selectai_parse_filename(&parsed, name) == SELECTAI_OK &&
        ((size_t)parsed.label_offset + parsed.label_length > strlen(name) || !(parsed.stage >= 0)))
        abort();
    /* Grouping takes anything, too: the text's lines as names. */
    const char *names[64];
    uint32_t members[64], starts[65];
    size_t n = 0, n_groups;
    for (char *p = strtok(name, "\n"); p && n < 64; p = strtok(NULL, "\n"))
        names[n++] = p;
    if (n > 0 && selectai_group_names(members, starts, &n_groups, names, n, NULL) == SELECTAI_OK)
        for (size_t g = 0; g < n_groups; g++)
            if (starts[g + 1] > n || starts[g + 1] < starts[g] + 2)
                abort();
    free(name);
    return 0;
}
