/*
 * suggest_view.c: suggestions in an order, and counted.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "suggest_view.h"

struct doubted {
    double certain;
    size_t index;
};

static int by_certainty(const void *a, const void *b)
{
    const struct doubted *x = a, *y = b;
    if (x->certain != y->certain)
        return x->certain < y->certain ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static int all_readable(const struct selectai_suggestion *s)
{
    for (uint32_t i = 0; i < s->n_images; i++)
        if (isnan(s->scores[i]))
            return 0;
    return 1;
}

int make_view(struct suggest_view *view, const selectai_suggestions *suggestions, int32_t order)
{
    size_t n = selectai_suggestions_count(suggestions);
    struct doubted *list = calloc(n + 1, sizeof *list);
    int rc = list ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    *view = (struct suggest_view){.suggestions = suggestions, .n = n, .order = calloc(n + 1, sizeof *view->order)};
    if (!view->order)
        rc = SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++) {
        struct selectai_suggestion s = {.struct_size = sizeof s};
        rc = selectai_suggestions_get(suggestions, i, &s);
        if (rc != SELECTAI_OK)
            break;
        list[i] = (struct doubted){all_readable(&s) ? s.confidence : 0, i}; /* the missing one may be the best */
        view->keep_nothing += s.keep_nothing == 1;
        view->sure += s.keep_nothing != 1 && s.sure == 1;
        view->not_sure += s.keep_nothing != 1 && s.sure != 1;
    }
    if (rc == SELECTAI_OK && order == ORDER_DOUBT)
        qsort(list, n, sizeof *list, by_certainty);
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++)
        view->order[i] = list[i].index;
    free(list);
    return rc;
}

void free_view(struct suggest_view *view)
{
    free(view->order);
    *view = (struct suggest_view){0};
}

int get_from_view(struct selectai_suggestion *out, const struct suggest_view *view, size_t i)
{
    *out = (struct selectai_suggestion){.struct_size = sizeof *out};
    return selectai_suggestions_get(view->suggestions, view->order[i], out);
}

uint32_t next_best(const struct selectai_suggestion *s)
{
    uint32_t best = s->winner;
    for (uint32_t i = 0; i < s->n_images; i++)
        if (i != s->winner && !isnan(s->scores[i]) && (best == s->winner || s->scores[i] >= s->scores[best]))
            best = i;
    return best;
}

const char *doubt_about(const struct selectai_suggestion *s)
{
    if (s->keep_nothing)
        return "keep nothing?";
    return s->sure ? "" : "not sure";
}

char *taken_text(char buf[TAKEN_TEXT], const struct selectai_neighbour *b)
{
    size_t n = 0;
    if (isnan(b->winner_stage))
        n += (size_t)snprintf(buf, TAKEN_TEXT, "one over ");
    else
        n += (size_t)snprintf(buf, TAKEN_TEXT, "stage %g over ", b->winner_stage);
    n += (size_t)snprintf(buf + n, TAKEN_TEXT - n, b->n_losers > 1 ? "stages " : "stage ");
    for (uint32_t i = 0; i < b->n_losers && n + 32 < TAKEN_TEXT; i++) {
        const char *comma = i ? ", " : "";
        if (isnan(b->loser_stages[i]))
            n += (size_t)snprintf(buf + n, TAKEN_TEXT - n, "%s?", comma);
        else
            n += (size_t)snprintf(buf + n, TAKEN_TEXT - n, "%s%g", comma, b->loser_stages[i]);
    }
    return buf;
}

char *counts_text(char buf[COUNTS_TEXT], const struct suggest_view *view)
{
    char n[COUNT_TEXT], sure[COUNT_TEXT], not_sure[COUNT_TEXT], nothing[COUNT_TEXT];
    snprintf(buf, COUNTS_TEXT, "%s group%s: %s sure, %s not sure, %s keep nothing", count_text(n, view->n),
             view->n == 1 ? "" : "s", count_text(sure, view->sure), count_text(not_sure, view->not_sure),
             count_text(nothing, view->keep_nothing));
    return buf;
}
