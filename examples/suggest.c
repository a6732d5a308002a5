/*
 * suggest.c: embeds the library in a program that has a folder of new images and a trained ranker.
 *
 *     cc suggest.c $(pkg-config --cflags --libs selectai) -o suggest
 *     ./suggest ranker.safetensors IMAGE...
 *
 * Needs no torch: the built-in encoder and scoring are plain C.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include <selectai/selectai.h>

static void print_groups(const selectai_suggestions *suggestions)
{
    for (size_t i = 0; i < selectai_suggestions_count(suggestions); i++) {
        struct selectai_suggestion s = {.struct_size = sizeof s};
        if (selectai_suggestions_get(suggestions, i, &s) == SELECTAI_OK)
            printf("%s (%.0f %%%s): %s\n", s.paths[s.winner], 100 * s.confidence, s.sure ? "" : ", not sure", s.why);
    }
}

int main(int argc, char **argv)
{
    selectai_ranker *ranker = NULL;
    selectai_encoder *encoder = NULL;
    selectai_suggestions *suggestions = NULL;

    if (argc < 3) {
        fprintf(stderr, "usage: suggest ranker.safetensors IMAGE...\n");
        return 2;
    }
    int rc = selectai_ranker_load(&ranker, argv[1]);
    if (rc == SELECTAI_OK)
        rc = selectai_encoder_open(&encoder, "builtin", NULL);
    if (rc == SELECTAI_OK)
        rc = selectai_suggest_files(&suggestions, (const char *const *)(argv + 2), (size_t)argc - 2, ranker, NULL,
                                    encoder, NULL, NULL);
    if (rc == SELECTAI_OK)
        print_groups(suggestions);
    else
        fprintf(stderr, "%s\n", selectai_last_error());
    selectai_suggestions_destroy(&suggestions);
    selectai_encoder_close(&encoder);
    selectai_ranker_destroy(&ranker);
    return rc == SELECTAI_OK ? 0 : 1;
}
