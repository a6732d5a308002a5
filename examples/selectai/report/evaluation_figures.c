/*
 * report/evaluation_figures.c: figures with intervals beside their baselines, as bars and numbers; the model's parts.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../figures.h"
#include "chart.h"
#include "evaluation_page.h"

int is_share_metric(const char *name)
{
    static const char *const others[] = {"iou", "bde", "brier", "ece", "keep_auc"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strncmp(name, others[i], strlen(others[i])) == 0)
            return 0;
    return 1;
}

int is_error_metric(const json_t *metric)
{
    return json_is_true(json_object_get(metric, "lower_is_better"));
}

/* ---- Numbers --------------------------------------------------------------------------------- */

void add_interval_cell(struct page *page, double value, double low, double high, int is_share)
{
    char text[VALUE_TEXT];
    page_printf(page, "<td class=\"num\">%s", value_text(text, value, is_share));
    if (!isnan(value) && !isnan(low) && !isnan(high))
        page_printf(page, is_share ? " <small>%.1f&ndash;%.1f</small>" : " <small>%.3f&ndash;%.3f</small>",
                    is_share ? 100 * low : low, is_share ? 100 * high : high);
    page_puts(page, "</td>");
}

void add_range_cell(struct page *page, double value, double low, double high, double baseline)
{
    page_puts(page, "<td><span class=\"range\">");
    if (!isnan(low) && !isnan(high))
        page_printf(page, "<i class=\"span\" style=\"left:%.1f%%;width:%.1f%%\"></i>", 100 * low,
                    100 * fmax(0, high - low));
    if (!isnan(baseline))
        page_printf(page, "<i class=\"mark\" style=\"left:%.1f%%\"></i>", 100 * baseline);
    if (!isnan(value))
        page_printf(page, "<i class=\"dot\" style=\"left:%.1f%%\"></i>", 100 * value);
    page_puts(page, "</span></td>");
}

static void add_metric_row(struct page *page, const json_t *m)
{
    const char *name = text_of(m, "name");
    int is_share = is_share_metric(name);
    page_puts(page, "<tr><th scope=\"row\">");
    page_escape(page, name);
    page_puts(page, "<small>");
    page_escape(page, explain_metric(name));
    page_printf(page, "</small></th><td class=\"num\">%llu</td><td>%s</td>", (unsigned long long)count_of(m, "n"),
                strcmp(better_text(m), "near") == 0  ? "nearer is better"
                : strcmp(better_text(m), "low") == 0 ? "lower is better"
                                                     : "higher is better");
    add_interval_cell(page, real_of(m, "value"), real_of(m, "low"), real_of(m, "high"), is_share);
    add_interval_cell(page, real_of(m, "baseline"), real_of(m, "baseline_low"), real_of(m, "baseline_high"), is_share);
    page_puts(page, "<td>");
    page_escape(page, text_of(m, "baseline_name"));
    page_puts(page, "</td></tr>\n");
}

void add_figures(struct page *page, const json_t *evaluation)
{
    const json_t *metrics = json_object_get(evaluation, "metrics");
    json_t *m;
    size_t i;
    page_puts(page, "<section id=\"figures\"><h2>Figures</h2>");
    add_bar_chart(page, metrics, 0);
    add_bar_chart(page, metrics, 1);
    page_puts(page, "<div class=\"scroll\"><table class=\"metrics\"><thead><tr><th>measure</th><th>n</th><th></th><th>"
                    "this model</th><th>baseline</th><th>baseline is</th></tr></thead><tbody>\n");
    json_array_foreach(metrics, i, m) add_metric_row(page, m);
    page_puts(page,
              "</tbody></table></div><p class=\"note\">n: pairs, decisions or boxes that the figure rests on; below "
              "30 or so take it as a hint. Small numbers: 95&nbsp;% intervals.</p></section>\n");
}

/* ---- Parts ----------------------------------------------------------------------------------- */

static void add_part(struct page *page, const char *name, const json_t *values, const json_t *evaluation)
{
    static const char *const names[] = {"normal", "anomaly", "overall", "top1"};
    char text[VALUE_TEXT];
    page_printf(page, "<tr><th scope=\"row\">%s</th>", name);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        page_printf(page, "<td class=\"num\">%s</td>",
                    value_text(text,
                               values ? real_of(values, names[i]) : real_of(metric_of(evaluation, names[i]), "value"),
                               1));
    page_puts(page, "</tr>");
}

void add_parts(struct page *page, const json_t *evaluation)
{
    const json_t *parts = json_object_get(evaluation, "parts");
    if (!json_is_object(parts))
        return;
    page_puts(page,
              "<section id=\"parts\"><h2>What the stage says, and what the picture says</h2><div "
              "class=\"scroll\"><table><thead><tr><th></th><th>normal</th><th>anomaly</th><th>overall</th><th>top1"
              "</th></tr></thead><tbody>");
    add_part(page, "both together", NULL, evaluation);
    add_part(page, "stage alone", json_object_get(parts, "prior"), evaluation);
    add_part(page, "image alone", json_object_get(parts, "image"), evaluation);
    page_puts(page,
              "</tbody></table></div><p class=\"note\">The same decisions, judged by one part of the model alone. "
              "The image part learns what the stage leaves open: alone it is no complete judge.</p></section>\n");
}
