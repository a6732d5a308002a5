/*
 * report/evaluation_training.c: what was tried while training: anomaly weights, splits side by side, projects.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>

#include "../figures.h"
#include "chart.h"
#include "evaluation_page.h"

static const char *const names[] = {"normal", "anomaly", "overall", "top1"};
enum { N_NAMES = sizeof names / sizeof names[0] };

static void add_metric_cells(struct page *page, const json_t *row)
{
    for (size_t i = 0; i < N_NAMES; i++) {
        const json_t *m = metric_of(row, names[i]);
        add_interval_cell(page, real_of(m, "value"), real_of(m, "low"), real_of(m, "high"), 1);
    }
}

/* ---- Anomaly weights ------------------------------------------------------------------------- */

static double value_of(const json_t *row, const char *name)
{
    return real_of(metric_of(row, name), "value");
}

/* Below the lowest figure that is shown, so that five ticks are round numbers. */
static double floor_of(const json_t *rows, const char *name, double goal)
{
    double least = goal;
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) least = fmin(least, value_of(row, name)); /* passes over NaN */
    return least > 0.77 ? 0.75 : least > 0.52 ? 0.5 : 0;
}

static void add_pareto(struct page *page, const json_t *rows)
{
    const struct chart chart = {.what = "normal pairs against anomalies, a dot for each anomaly weight",
                                .x_label = "normal pairs ranked right",
                                .y_label = "anomalies ranked right",
                                .x_low = floor_of(rows, "normal", 0.9),
                                .x_high = 1,
                                .y_low = floor_of(rows, "anomaly", 0.7),
                                .y_high = 1,
                                .x_is_share = 1,
                                .y_is_share = 1};
    json_t *row;
    size_t i;
    double x = NAN, y = NAN;
    page_puts(page, "<div class=\"cell\">");
    chart_begin(page, &chart);
    chart_line(page, &chart, "ideal", 0.9, chart.y_low, 0.9, 1);
    chart_line(page, &chart, "ideal", chart.x_low, 0.7, 1, 0.7);
    json_array_foreach(rows, i, row)
    {
        char hint[128], text[32];
        double normal = value_of(row, "normal"), anomaly = value_of(row, "anomaly");
        if (isnan(normal) || isnan(anomaly))
            continue;
        if (!isnan(x))
            chart_line(page, &chart, "model-line", x, y, normal, anomaly);
        snprintf(hint, sizeof hint, "weight %g: normal %.1f %%, anomaly %.1f %%, overall %.1f %%",
                 real_of(row, "weight"), 100 * normal, 100 * anomaly, 100 * value_of(row, "overall"));
        chart_dot(page, &chart, json_is_true(json_object_get(row, "efficient")) ? "model-dot" : "pale-dot", normal,
                  anomaly, 5, hint);
        snprintf(text, sizeof text, "%g", real_of(row, "weight"));
        chart_text(page, &chart, normal, anomaly + (i % 2 ? -0.09 : 0.004) * (1 - chart.y_low), text);
        x = normal;
        y = anomaly;
    }
    chart_end(page,
              "Each dot is an anomaly weight, its number beside it. Up and to the right is better; hollow dots are "
              "beaten by another weight. The dashed lines are the goals (90 % of normal pairs, 70 % of anomalies): "
              "dots beyond both meet them.");
    page_puts(page, "</div>");
}

static const char *goal_text(const json_t *row)
{
    static const char *const wanted[] = {"normal", "anomaly", "overall"};
    const json_t *met = json_object_get(row, "goals_met");
    int missed = 0, known = 0;
    for (size_t i = 0; i < 3; i++) {
        missed += json_is_false(json_object_get(met, wanted[i]));
        known += !json_is_null(json_object_get(met, wanted[i]));
    }
    return known == 0 ? "not known" : missed ? "no" : "yes";
}

void add_sweep(struct page *page, const json_t *rows)
{
    json_t *row;
    size_t i;
    if (json_array_size(rows) == 0)
        return;
    page_puts(page,
              "<section id=\"sweep\"><h2>Anomaly weights: what they win and what they cost</h2><div class=\"charts\">");
    add_pareto(page, rows);
    page_puts(
        page,
        "<div class=\"cell full\"><div class=\"scroll\"><table><thead><tr><th>weight</th><th>normal</th><th>anomaly"
        "</th><th>overall</th><th>top1</th><th>goals met</th></tr></thead><tbody>\n");
    json_array_foreach(rows, i, row)
    {
        page_printf(page, "<tr><th scope=\"row\">%g%s</th>", real_of(row, "weight"),
                    json_is_true(json_object_get(row, "efficient")) ? " *" : "");
        add_metric_cells(page, row);
        page_printf(page, "<td>%s</td></tr>\n", goal_text(row));
    }
    page_puts(page,
              "</tbody></table></div><p class=\"note\">* no other weight is better at one of normal and anomaly and "
              "as good at the other. A weight that is chosen by these figures makes them a little too hopeful.</p>"
              "</div></div></section>\n");
}

/* ---- Splits ---------------------------------------------------------------------------------- */

void add_leakage(struct page *page, const json_t *rows)
{
    json_t *row;
    size_t i;
    if (json_array_size(rows) == 0)
        return;
    page_puts(page,
              "<section id=\"leakage\"><h2>How much would a careless measurement flatter?</h2><div class=\"scroll\">"
              "<table><thead><tr><th>split by</th><th>normal</th><th>anomaly</th><th>overall</th><th>top1</th><th>"
              "measured on</th></tr></thead><tbody>\n");
    json_array_foreach(rows, i, row)
    {
        page_puts(page, "<tr><th scope=\"row\">");
        page_escape(page, text_of(row, "split"));
        page_puts(page,
                  json_is_true(json_object_get(row, "leaky")) ? " <span class=\"tag bad\">LEAKY</span></th>" : "</th>");
        if (json_is_true(json_object_get(row, "measured"))) {
            add_metric_cells(page, row);
        } else {
            page_puts(page, "<td colspan=\"4\">");
            page_escape(page, text_of(row, "why"));
            page_puts(page, "</td>");
        }
        page_puts(page, "<td>");
        page_escape(page, text_of(row, "means"));
        page_puts(page, "</td></tr>\n");
    }
    page_puts(page,
              "</tbody></table></div><p class=\"note\">The lower a line, the nearer it is to what the next project "
              "will see. What the first line has above the last one is memory, not taste.</p></section>\n");
}

/* ---- Projects -------------------------------------------------------------------------------- */

static void add_cell_of(struct page *page, const json_t *cell, const char *name)
{
    add_interval_cell(page, real_of(cell, name), real_of(cell, "low"), real_of(cell, "high"), 1);
}

void add_per_project(struct page *page, const json_t *rows)
{
    json_t *row;
    size_t i;
    if (json_array_size(rows) == 0)
        return;
    page_puts(page,
              "<section id=\"per-project\"><h2>A ranker for each project, or one for all?</h2><div class=\"scroll\">"
              "<table><thead><tr><th>project</th><th>n</th><th>baseline</th><th>own ranker</th><th>unified</th><th>"
              "unified, without it</th></tr></thead><tbody>\n");
    json_array_foreach(rows, i, row)
    {
        char text[VALUE_TEXT];
        page_puts(page, "<tr><th scope=\"row\">");
        page_escape(page, text_of(row, "project"));
        page_printf(page, "</th><td class=\"num\">%llu</td><td class=\"num\">%s</td>",
                    (unsigned long long)count_of(row, "n"), value_text(text, real_of(row, "baseline"), 1));
        if (json_is_null(json_object_get(row, "model"))) {
            page_puts(page, "<td>");
            page_escape(page, text_of(row, "why"));
            page_puts(page, "</td>");
        } else {
            add_cell_of(page, json_object_get(row, "own"), "value");
        }
        add_cell_of(page, json_object_get(row, "unified"), "top1");
        add_cell_of(page, json_object_get(row, "unified_left_out"), "top1");
        page_puts(page, "</tr>\n");
    }
    page_puts(page,
              "</tbody></table></div><p class=\"note\">Share of decisions whose winner is named first (top1), on the "
              "same decisions. &ldquo;Without it&rdquo;: trained on the other projects only, which is what a new "
              "project gets.</p></section>\n");
}
