/*
 * trainset/entry.h: what a set of decisions is made of.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_TRAINSET_ENTRY_H
#define SAI_TRAINSET_ENTRY_H

#include <stdbool.h>

#include <selectai/trainset.h>

#include "base/issues.h"
#include "base/text.h"

/* Entries and rejected groups point into the arena. Built by one thread, then read only. */
struct selectai_trainset {
    struct selectai_entry *items;
    size_t count, capacity;
    struct selectai_rejected_group *rejected;
    size_t n_rejected, rejected_capacity;
    struct sai_arena arena;
    selectai_issues *issues;
};

/* A set without entries. */
int sai_trainset_create(selectai_trainset **out);

/* Appends an entry whose texts and arrays lie in set->arena (or are static). */
int sai_trainset_add(selectai_trainset *set, const struct selectai_entry *entry);

/* The same for a rejected group. */
int sai_trainset_add_rejected(selectai_trainset *set, const struct selectai_rejected_group *group);

/* An entry about which nothing is known: empty texts, NaN, SELECTAI_UNKNOWN. */
struct selectai_entry sai_entry_blank(void);

/* 1, 0 or SELECTAI_UNKNOWN (also without losers): whether some loser's stage is above the winner's. */
int32_t sai_entry_anomaly(const struct selectai_entry *entry);

/* The highest stage of a loser; NaN if none is known. */
double sai_entry_highest_loser(const struct selectai_entry *entry);

/* Appends the entry as one line of JSON, without its line end. */
void sai_entry_json(struct sai_text *line, const struct selectai_entry *entry);

/* The same for a rejected group. */
void sai_rejected_json(struct sai_text *line, const struct selectai_rejected_group *group);

/* Appends `["a","b"]` and `[1,null]`. */
void sai_json_texts(struct sai_text *line, const char *const *texts, size_t n);
void sai_json_numbers(struct sai_text *line, const double *numbers, size_t n);

/* Writes the rejected groups as JSONL, whatever the path's ending; append: behind the JSONL that is there. */
int sai_write_rejected(const selectai_trainset *set, const char *path, bool append);

/* ---- Words for constants --------------------------------------------------------------------- */

struct sai_word {
    const char *word;
    int32_t value;
};
/* Each list ends with a NULL word. */
extern const struct sai_word sai_words_crop_evidence[], sai_words_crop_method[], sai_words_evidence[],
    sai_words_group_mode[];

/* NULL if the value has no word. */
const char *sai_word_of(const struct sai_word *words, int32_t value);
bool sai_word_value(int32_t *out, const struct sai_word *words, const char *word);

#endif
