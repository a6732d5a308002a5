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

enum { NAMES = 150, BAR = 440, ROW = 44, RIGHT = 110 };

int is_share_metric(const char *name)
{
    static const char *const others[] = {"iou", "bde", "brier", "ece", "keep_auc"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strncmp(name, others[i], strlen(others[i])) == 0)
            return 0;
    return 1;
}

static int is_error(const json_t *metric)
{
    return json_is_true(json_object_get(metric, "lower_is_better"));
}

/* ---- Bars ------------------------------------------------------------------------------------ */

struct bars {
    struct page *page;
    double scale; /* units at the right end */
    int row;
};

static double at(const struct bars *b, double value)
{
    double share = value / b->scale;
    return NAMES + BAR * (share < 0 ? 0 : share > 1 ? 1 : share);
}

static void add_bar(const struct bars *b, const char *class_name, double y, double height, double value, double low,
                    double high)
{
    if (isnan(value))
        return;
    page_printf(b->page, "<rect class=\"%s\" x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", class_name, NAMES,
                y, at(b, value) - NAMES, height);
    if (!isnan(low) && !isnan(high))
        page_printf(b->page, "<path class=\"whisker\" d=\"M%.1f %.1fV%.1fM%.1f %.1fH%.1fM%.1f %.1fV%.1f\"/>",
                    at(b, low), y + 2, y + height - 2, at(b, low), y + height / 2, at(b, high), at(b, high), y + 2,
                    y + height - 2);
}

static void add_metric_bars(struct bars *b, const json_t *m)
{
    char text[VALUE_TEXT];
    const char *name = text_of(m, "name");
    double y = b->row++ * ROW + 8;
    page_printf(b->page, "<text class=\"name\" text-anchor=\"end\" x=\"%d\" y=\"%.1f\">", NAMES - 10, y + 14);
    page_escape(b->page, name);
    page_puts(b->page, "</text>");
    add_bar(b, "model", y, 18, real_of(m, "value"), real_of(m, "low"), real_of(m, "high"));
    add_bar(b, "rule", y + 21, 10, real_of(m, "baseline"), real_of(m, "baseline_low"), real_of(m, "baseline_high"));
    page_printf(b->page, "<text class=\"number\" x=\"%d\" y=\"%.1f\">%s</text>", NAMES + BAR + 10, y + 14,
                value_text(text, real_of(m, "value"), is_share_metric(name)));
    if (!isnan(real_of(m, "baseline")))
        page_printf(b->page, "<text class=\"tick\" x=\"%d\" y=\"%.1f\">%s</text>", NAMES + BAR + 10, y + 30,
                    value_text(text, real_of(m, "baseline"), is_share_metric(name)));
}

/* The right end of the bars of one kind, and how many there are. */
static double scale_of(const json_t *metrics, int errors, int *n)
{
    double most = errors ? 0 : 1;
    json_t *m;
    size_t i;
    *n = 0;
    json_array_foreach(metrics, i, m)
    {
        if (is_error(m) != errors || count_of(m, "n") == 0)
            continue;
        most = fmax(most, fmax(fmax(real_of(m, "value"), real_of(m, "high")), real_of(m, "baseline_high")));
        ++*n;
    }
    return errors ? fmax(0.1, ceil(most * 10) / 10) : most;
}

static void add_bar_chart(struct page *page, const json_t *metrics, int errors)
{
    struct bars b = {.page = page};
    json_t *m;
    size_t i;
    int n;
    b.scale = scale_of(metrics, errors, &n);
    if (n == 0)
        return;
    page_printf(page, "<figure class=\"chart wide\"><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">",
                NAMES + BAR + RIGHT, n * ROW + 26,
                errors ? "errors beside those of the trivial rule" : "figures beside those of the trivial rule");
    for (int k = 0; k <= 4; k++)
        page_printf(page,
                    "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"2\" y2=\"%d\"/><text class=\"tick\" "
                    "text-anchor=\"middle\" x=\"%.1f\" y=\"%d\">%.3g</text>",
                    NAMES + BAR * k / 4.0, NAMES + BAR * k / 4.0, n * ROW + 6, NAMES + BAR * k / 4.0, n * ROW + 20,
                    b.scale * k / 4.0);
    json_array_foreach(metrics, i, m) if (is_error(m) == errors && count_of(m, "n") > 0) add_metric_bars(&b, m);
    page_printf(
        page,
        "</svg><figcaption>%s Thick bars are this model, thin grey ones a rule that needs no learning. The fine "
        "lines are 95&nbsp;%% intervals: where they overlap widely, the difference may be chance.</figcaption>"
        "</figure>\n",
        errors ? "Errors: shorter is better." : "Longer is better.");
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
                is_error(m) ? "lower is better" : "higher is better");
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
