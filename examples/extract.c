/*
 * extract.c: the smallest useful program: RAW and FINAL folders -> training entries.
 *
 *     cc extract.c $(pkg-config --cflags --libs selectai) -o extract
 *     ./extract RAW FINAL NAME entries.jsonl
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include <selectai/selectai.h>

static int show_progress(uint64_t done, uint64_t total, const char *stage, void *user)
{
    (void)user;
    fprintf(stderr, "\r%s %llu/%llu ", stage, (unsigned long long)done, (unsigned long long)total);
    return 0; /* anything else cancels */
}

int main(int argc, char **argv)
{
    struct selectai_extract_options options;
    selectai_extraction *extraction = NULL;

    if (argc != 5) {
        fprintf(stderr, "usage: extract RAW FINAL NAME entries.jsonl\n");
        return 2;
    }
    selectai_extract_options_init(&options, sizeof options);
    options.progress = show_progress;
    int rc = selectai_extraction_create(&extraction, &options);
    if (rc == SELECTAI_OK)
        rc = selectai_extraction_add_project(extraction, argv[1], argv[2], argv[3]);
    if (rc == SELECTAI_OK)
        rc = selectai_trainset_write(selectai_extraction_entries(extraction), argv[4], 0);
    if (rc == SELECTAI_OK)
        fprintf(stderr, "\n%zu decisions written to %s\n",
                selectai_trainset_count(selectai_extraction_entries(extraction)), argv[4]);
    else
        fprintf(stderr, "\n%s\n", selectai_last_error());
    selectai_extraction_destroy(&extraction);
    return rc == SELECTAI_OK ? 0 : 1;
}
