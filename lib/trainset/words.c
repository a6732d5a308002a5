/*
 * trainset/words.c: how constants are called in files.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "trainset/entry.h"

const struct sai_word sai_words_crop_evidence[] = {
    {"none", SELECTAI_CROP_EVIDENCE_NONE}, {"mtime", SELECTAI_CROP_EVIDENCE_MTIME},
    {"size", SELECTAI_CROP_EVIDENCE_SIZE}, {"pixels", SELECTAI_CROP_EVIDENCE_PIXELS},
    {"log", SELECTAI_CROP_EVIDENCE_LOG},   {NULL, 0}};

const struct sai_word sai_words_crop_method[] = {{"none", SELECTAI_CROP_NONE},
                                                 {"identical", SELECTAI_CROP_IDENTICAL},
                                                 {"exact", SELECTAI_CROP_EXACT},
                                                 {"resampled", SELECTAI_CROP_RESAMPLED},
                                                 {NULL, 0}};

const struct sai_word sai_words_evidence[] = {{"name", SELECTAI_EVIDENCE_NAME},
                                              {"stage", SELECTAI_EVIDENCE_STAGE},
                                              {"content", SELECTAI_EVIDENCE_CONTENT},
                                              {NULL, 0}};

const struct sai_word sai_words_group_mode[] = {
    {"nearest-up", SELECTAI_GROUP_NEAREST_UP}, {"timestamp", SELECTAI_GROUP_TIMESTAMP}, {NULL, 0}};

const char *sai_word_of(const struct sai_word *words, int32_t value)
{
    for (; words->word; words++)
        if (words->value == value)
            return words->word;
    return NULL;
}

bool sai_word_value(int32_t *out, const struct sai_word *words, const char *word)
{
    for (; words->word; words++) {
        if (strcmp(words->word, word) == 0) {
            *out = words->value;
            return true;
        }
    }
    return false;
}
