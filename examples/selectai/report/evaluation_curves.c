/*
 * report/evaluation_curves.c: how right the model is where it is sure: margins, risk and coverage, reliability.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>

#include "../figures.h"
#include "chart.h"
#include "evaluation_page.h"

/* ---- By margin ------------------------------------------------------------------------------- */

static void add_margins(struct page *page, const json_t *bins)
{
    const struct chart chart = {.what = "share of right decisions by the lead of the first image over the second",
                                .x_label = "decisions from the closest (left) to the clearest (right)",
                                .y_label = "winner named first",
                                .x_high = 1,
                                .y_high = 1,
                                .x_is_share = 1,
                                .y_is_share = 1};
    size_t n = json_array_size(bins), i;
    json_t *bin;
    page_puts(page, "<div class=\"cell\"><h3>Close calls and clear ones</h3>");
    chart_begin(page, &chart);
    json_array_foreach(bins, i, bin)
    {
        char hint[160];
        double left = (double)i / (double)n, right = (double)(i + 1) / (double)n, top1 = real_of(bin, "top1"),
               rule = real_of(bin, "baseline");
        chart_column(page, &chart, "model", left + 0.006, right - 0.006, top1);
        if (!isnan(rule))
            chart_line(page, &chart, "rule-line", left + 0.006, rule, right - 0.006, rule);
        snprintf(hint, sizeof hint, "lead %.2f to %.2f: %.0f %% of %llu right; trivial rule %.0f %%",
                 real_of(bin, "low"), real_of(bin, "high"), 100 * top1, (unsigned long long)count_of(bin, "n"),
                 100 * rule);
        chart_dot(page, &chart, "model-dot", (left + right) / 2, top1, 4, hint);
    }
    chart_end(page, "Each column is a tenth of the decisions, from those where two images had nearly the same score to "
                    "those with a clear leader. Columns should grow to the right; the grey line is the rule that takes "
                    "the highest stage.");
    page_puts(page, "</div>");
}

/* ---- Risk and coverage ----------------------------------------------------------------------- */

static void add_risk(struct page *page, const json_t *points)
{
    double most = 0.1;
    size_t i;
    json_t *point;
    json_array_foreach(points, i, point) most = fmax(most, real_of(point, "risk"));
    const struct chart chart = {.what = "share of wrong decisions among the surest ones",
                                .x_label = "share of decisions that are left to the model, surest first",
                                .y_label = "wrong among them",
                                .x_high = 1,
                                .y_high = ceil(most * 20) / 20,
                                .x_is_share = 1,
                                .y_is_share = 1};
    double x = NAN, y = NAN;
    page_puts(page, "<div class=\"cell\"><h3>How much can be left to the model?</h3>");
    chart_begin(page, &chart);
    json_array_foreach(points, i, point)
    {
        char hint[160];
        double coverage = real_of(point, "coverage"), risk = real_of(point, "risk");
        if (!isnan(x))
            chart_line(page, &chart, "model-line", x, y, coverage, risk);
        snprintf(hint, sizeof hint, "the surest %.0f %% (confidence %.0f %% or more): %.1f %% wrong", 100 * coverage,
                 100 * real_of(point, "confidence"), 100 * risk);
        chart_dot(page, &chart, "model-dot", coverage, risk, 4, hint);
        x = coverage;
        y = risk;
    }
    chart_end(page, "If only the decisions that the model is surest of are left to it (left), fewer of them should be "
                    "wrong than if all are (right). Choose the point whose errors you can live with; resting on a dot "
                    "shows the confidence that belongs to it.");
    page_puts(page, "</div>");
}

/* ---- Reliability ----------------------------------------------------------------------------- */

/* 95 % of a share (Wilson, 1927): rough here, for decisions of one group are not independent. */
static void wilson(double *low, double *high, double share, double n)
{
    const double z = 1.96;
    double middle = (share + z * z / (2 * n)) / (1 + z * z / n);
    double half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n));
    *low = middle - half;
    *high = middle + half;
}

static void add_reliability(struct page *page, const json_t *bins, const char *title, const char *x_label,
                            const char *y_label, const char *how_to_read)
{
    const struct chart chart = {.what = title,
                                .x_label = x_label,
                                .y_label = y_label,
                                .x_high = 1,
                                .y_high = 1,
                                .x_is_share = 1,
                                .y_is_share = 1};
    json_t *bin;
    size_t i;
    page_puts(page, "<div class=\"cell\"><h3>");
    page_escape(page, title);
    page_puts(page, "</h3>");
    chart_begin(page, &chart);
    chart_line(page, &chart, "ideal", 0, 0, 1, 1);
    json_array_foreach(bins, i, bin)
    {
        char hint[160], count[32];
        double said = real_of(bin, "said"), right = real_of(bin, "right"), n = (double)count_of(bin, "n"), low, high;
        if (n < 1 || isnan(said) || isnan(right))
            continue;
        wilson(&low, &high, right, n);
        chart_column(page, &chart, "pale", real_of(bin, "low") + 0.004, real_of(bin, "high") - 0.004, right);
        chart_whisker(page, &chart, said, low, high);
        snprintf(hint, sizeof hint, "said %.0f %%, came true %.0f %% of %.0f", 100 * said, 100 * right, n);
        chart_dot(page, &chart, "model-dot", said, right, 4.5, hint);
        snprintf(count, sizeof count, "%.0f", n);
        chart_text(page, &chart, (real_of(bin, "low") + real_of(bin, "high")) / 2, 1, count);
    }
    chart_end(page, how_to_read);
    page_puts(page, "</div>");
}

void add_curves(struct page *page, const json_t *evaluation)
{
    const json_t *keep = json_object_get(evaluation, "keep"), *margins = json_object_get(evaluation, "by_margin");
    const json_t *risk = json_object_get(evaluation, "risk_coverage");
    const json_t *reliability = json_object_get(evaluation, "reliability");
    if (json_array_size(margins) + json_array_size(risk) + json_array_size(reliability) == 0)
        return;
    page_puts(page, "<section id=\"curves\"><h2>Confidence</h2><div class=\"charts\">");
    if (json_array_size(margins) > 0)
        add_margins(page, margins);
    if (json_array_size(risk) > 0)
        add_risk(page, risk);
    if (json_array_size(reliability) > 0)
        add_reliability(
            page, reliability, "Does its confidence mean what it says?", "confidence that was stated",
            "share that was right",
            "Dots on the dashed line: when it says 80 %, it is right 8 times in 10. Below the line it is too "
            "sure, above it too modest. Numbers on top count decisions; the fine lines are rough 95 % "
            "ranges, wide where there are few.");
    if (json_is_object(keep))
        add_reliability(page, json_object_get(keep, "reliability"), "Does it know when nothing is kept?",
                        "stated chance that something is kept", "share that was kept",
                        "The same for whole groups: of those with a stated chance of 30 %, about 3 in 10 should have "
                        "been kept. Numbers on top count groups, kept and rejected ones.");
    page_puts(page, "</div></section>\n");
}
