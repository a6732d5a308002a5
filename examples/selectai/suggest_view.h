/*
 * suggest_view.h: suggestions as people look at them: in an order, counted, as a table.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef PROGRAM_SUGGEST_VIEW_H
#define PROGRAM_SUGGEST_VIEW_H

#include "verbs.h"

struct suggest_view {
    const selectai_suggestions *suggestions;
    size_t *order; /* n indices */
    size_t n;
    size_t sure, not_sure, keep_nothing; /* add up to n */
};

enum { ORDER_FOUND, ORDER_DOUBT };

/* order: ORDER_*; DOUBT begins with the least certain winner. SELECTAI_OK or an error code. Frees: free_view(). */
int make_view(struct suggest_view *view, const selectai_suggestions *suggestions, int32_t order);
void free_view(struct suggest_view *view);

/* The i-th in the view's order. */
int get_from_view(struct selectai_suggestion *out, const struct suggest_view *view, size_t i);

/* The best of the others; the winner itself if nothing else could be read. */
uint32_t next_best(const struct selectai_suggestion *s);

/* "" for a group that needs no second look. */
const char *doubt_about(const struct selectai_suggestion *s);

/* "stage 2 over stages 1, 3" of a past decision. */
#define TAKEN_TEXT 256
char *taken_text(char buf[TAKEN_TEXT], const struct selectai_neighbour *neighbour);

/* Aligned columns, a line for each group; with `verbose` its images, the reason and the past decisions below it. */
void print_suggestion_table(const struct suggest_view *view, int verbose);

/* "60 groups: 41 sure, 12 not sure, 7 keep nothing"; returns buf. */
#define COUNTS_TEXT 160
char *counts_text(char buf[COUNTS_TEXT], const struct suggest_view *view);

#endif
