/*
 * evaluate.h: measuring models of either kind, and two of them beside each other.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef PROGRAM_EVALUATE_H
#define PROGRAM_EVALUATE_H

#include "verbs.h"

/* One of them is NULL. */
struct any_model {
    selectai_ranker *ranker;
    selectai_cropper *cropper;
};

/* SELECTAI_OK or an error code. */
int load_any_model(struct any_model *out, const char *path);
int evaluate_any_model(selectai_evaluation **out, const struct any_model *model, const selectai_trainset *set,
                       const selectai_embedding_cache *cache, const selectai_embedding_cache *layout);
/* Not a cropper of sizes only. */
int needs_cache(const struct any_model *model);
void free_any_model(struct any_model *model);

struct comparison {
    const char *name_a, *name_b; /* of the files */
    const struct any_model *a, *b;
    const selectai_trainset *set;
    const selectai_embedding_cache *cache, *cache_b; /* cache_b may be NULL: the same */
    const selectai_embedding_cache *layout;          /* for croppers that were trained with one, or NULL */
};

/*
 * Both on the same decisions, as JSON: {"a_model","b_model","kind","paired": true, ...}, the rest as
 * selectai_ranker_compare() or selectai_cropper_compare() says it. NULL, said why, on failure; *code: the exit code.
 */
json_t *compare_models(int *code, const struct comparison *comparison);

/* "top1" or "iou"; "right" or what it means for croppers. */
const char *compared_figure(const json_t *comparison);
const char *compared_right(const json_t *comparison);

/* As text. `most`: flipped groups that are listed. */
void print_comparison(const json_t *comparison, size_t most);

/* "no evidence that they differ (p = 0.42)"; returns buf. */
#define VERDICT_TEXT 160
char *verdict_text(char buf[VERDICT_TEXT], const json_t *comparison);

#endif
