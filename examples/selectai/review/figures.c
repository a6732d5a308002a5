/*
 * review/figures.c: how far the person is, counted again only where a decision has changed: each window asks every
 * second.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>

#include "http.h"

struct counts {
    size_t decided, picked, rejected, skipped, agreed, compared;
};

struct figures {
    int counted;
    uint64_t revision, epoch; /* of which */
    struct counts counts;
    double *seconds; /* room for capacity groups */
    size_t n_seconds, capacity;
    double median;
    int looked; /* at the state folder, after that many operations, in which state */
    uint64_t operations;
    int moving, unfinished, can_undo;
    uint64_t moves; /* that the groups were scanned after */
};

struct figures *figures_open(const struct session *session)
{
    struct figures *figures = calloc(1, sizeof *figures);
    if (figures)
        figures->moves = journal_moves(session->journal);
    return figures;
}

void figures_close(struct figures **figures)
{
    if (*figures)
        free((*figures)->seconds);
    free(*figures);
    *figures = NULL;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(double *values, size_t n)
{
    if (n == 0)
        return NAN;
    qsort(values, n, sizeof *values, by_value);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static void count_one(struct figures *figures, const struct standing *standing)
{
    struct counts *counts = &figures->counts;
    if (standing->decision.outcome == UNDECIDED)
        return;
    counts->decided++;
    counts->picked += standing->decision.outcome == PICK;
    counts->rejected += standing->decision.outcome == REJECT;
    counts->skipped += standing->decision.outcome == SKIP;
    counts->compared += standing->agreed >= 0;
    counts->agreed += standing->agreed == 1;
    /* A bulk's time is nobody's time on one group. */
    if (standing->source != BULK && isfinite(standing->seconds) && figures->n_seconds < figures->capacity)
        figures->seconds[figures->n_seconds++] = standing->seconds;
}

static void count_all(struct figures *figures, const struct session *session)
{
    size_t n = session->groups.n_groups;
    if (n > figures->capacity) {
        double *seconds = realloc(figures->seconds, n * sizeof *seconds);
        if (seconds) {
            figures->seconds = seconds;
            figures->capacity = n;
        }
    }
    figures->counts = (struct counts){0};
    figures->n_seconds = 0;
    for (size_t g = 0; g < n; g++)
        count_one(figures, journal_standing(session->journal, g));
    figures->median = median_of(figures->seconds, figures->n_seconds);
}

static void count(struct figures *figures, const struct session *session)
{
    uint64_t revision = journal_revision(session->journal);
    if (session->moving || (figures->counted && figures->revision == revision && figures->epoch == session->epoch))
        return;
    count_all(figures, session);
    figures->revision = revision;
    figures->epoch = session->epoch;
    figures->counted = 1;
}

void figures_put(struct figures *figures, const struct session *session, struct text *text)
{
    count(figures, session);
    const struct counts *c = &figures->counts;
    text_format(text,
                "{\"decided\":%zu,\"picked\":%zu,\"rejected\":%zu,\"skipped\":%zu,\"agreed\":%zu,\"compared\":%zu,"
                "\"seconds\":{\"median\":",
                c->decided, c->picked, c->rejected, c->skipped, c->agreed, c->compared);
    text_number(text, figures->counted ? figures->median : NAN);
    text_format(text, ",\"n\":%zu}}", figures->n_seconds);
}

int figures_moved(struct figures *figures, const struct session *session)
{
    uint64_t moves = journal_moves(session->journal), before = figures->moves;
    figures->moves = moves;
    return moves != before;
}

void figures_put_finalize(struct figures *figures, const struct session *session, struct text *text)
{
    uint64_t operations = session->moving ? figures->operations : journal_operations(session->journal);
    if (!figures->looked || figures->moving != session->moving || figures->operations != operations) {
        figures->unfinished = finalize_unfinished(session->state);
        figures->can_undo = finalize_can_undo(session->state);
        figures->looked = 1;
        figures->moving = session->moving;
        figures->operations = operations;
    }
    text_add(text, "{\"unfinished\":");
    text_flag(text, figures->unfinished);
    text_add(text, ",\"can_undo\":");
    text_flag(text, figures->can_undo);
    text_add(text, "}");
}
