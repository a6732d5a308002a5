/*
 * fuzz/fuzz_log.c: the rows of an old log, and what is made of them. Built once for each form, with its header line.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "fuzz.h"

#ifndef LOG_HEADER
#error "LOG_HEADER is the form's first line"
#endif

static void check_entry(const struct selectai_entry *e)
{
    if (e->n_negatives > 0 && !e->project[0])
        abort();
    if (e->n_negatives == 0 && e->has_crop != 1)
        abort();
    if (e->has_crop == 1 && !(e->crop.x1 >= 0 && e->crop.x1 < e->crop.x2 && e->crop.x2 <= 1 && e->crop.y1 >= 0 &&
                              e->crop.y1 < e->crop.y2 && e->crop.y2 <= 1))
        abort();
    for (uint32_t i = 0; i < e->n_negatives; i++)
        if (strcmp(e->neg_paths[i], e->chosen_path) == 0)
            abort();
}

static void check_set(const selectai_trainset *set)
{
    for (size_t i = 0; i < selectai_trainset_count(set); i++) {
        struct selectai_entry entry = {.struct_size = sizeof entry};
        char *text = NULL;
        if (selectai_trainset_get(set, i, &entry) != SELECTAI_OK)
            abort();
        check_entry(&entry);
        if (selectai_trainset_entry_json(&text, set, i) != SELECTAI_OK)
            abort();
        selectai_free(text);
    }
}

/* What was read can be merged, and merging again changes nothing. */
static void check_merge(const selectai_trainset *set)
{
    selectai_trainset *once = NULL, *twice = NULL;
    struct selectai_merge_counts counts = {.struct_size = sizeof counts};
    if (selectai_trainset_merge(&once, &counts, set, NULL) != SELECTAI_OK)
        abort();
    check_set(once);
    if (counts.rows != selectai_trainset_count(set) || counts.kept != selectai_trainset_count(once))
        abort();
    if (selectai_trainset_merge(&twice, &counts, once, NULL) != SELECTAI_OK || counts.conflicts != 0 ||
        selectai_trainset_count(twice) != selectai_trainset_count(once))
        abort();
    selectai_trainset_destroy(&once);
    selectai_trainset_destroy(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char header[] = LOG_HEADER "\n";
    char path[64], *text = NULL;
    uint8_t *file = malloc(sizeof header - 1 + size);
    memcpy(file, header, sizeof header - 1);
    if (size > 0)
        memcpy(file + sizeof header - 1, data, size);
    int fd = memory_file(path, file, sizeof header - 1 + size);
    const char *paths[] = {path};
    selectai_trainset *set = NULL;
    if (selectai_trainset_load(&set, paths, 1, 0) == SELECTAI_OK) {
        check_set(set);
        check_merge(set);
        if (selectai_trainset_anomaly_json(&text, set) != SELECTAI_OK)
            abort();
        selectai_free(text);
        selectai_trainset_destroy(&set);
    }
    close(fd);
    free(file);
    return 0;
}
