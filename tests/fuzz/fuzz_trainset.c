/*
 * fuzz/fuzz_trainset.c: training entries, JSONL and CSV, and rejected groups.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int fd = memory_file(path, data, size);
    const char *paths[] = {path};
    selectai_trainset *set = NULL;
    if (selectai_trainset_load(&set, paths, 1, 0) == SELECTAI_OK) {
        for (size_t i = 0; i < selectai_trainset_count(set); i++) {
            struct selectai_entry entry = {.struct_size = sizeof entry};
            char *text = NULL;
            if (selectai_trainset_get(set, i, &entry) != SELECTAI_OK ||
                (entry.n_negatives < 1 && entry.has_crop != 1) || (entry.n_negatives > 0 && !entry.project[0]))
                abort();
            if (selectai_trainset_entry_json(&text, set, i) != SELECTAI_OK)
                abort();
            selectai_free(text);
        }
        for (size_t i = 0; i < selectai_trainset_rejected_count(set); i++) {
            struct selectai_rejected_group group = {.struct_size = sizeof group};
            if (selectai_trainset_get_rejected(set, i, &group) != SELECTAI_OK || group.n_images < 1 ||
                !group.project[0] || !group.paths[group.n_images - 1][0] || group.source_row < 1)
                abort();
        }
        selectai_trainset_destroy(&set);
    }
    close(fd);
    return 0;
}
