/*
 * report/evaluation_bars.c: figures as bars, each above the bars of the rules that need no learning.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>

#include "../figures.h"
#include "chart.h"
#include "evaluation_page.h"

enum { NAMES = 130, BAR = 380, RIGHT = 270, THICK = 22, THIN = 14, GAP = 12, LONGEST_NAME = 36 };

struct bars {
    struct page *page;
    double scale; /* units at the right end */
    double y;     /* where the next one goes */
};

static double at(const struct bars *b, double value)
{
    double share = value / b->scale;
    return NAMES + BAR * (share < 0 ? 0 : share > 1 ? 1 : share);
}

static void add_bar(const struct bars *b, const char *class_name, double height, double value, double low, double high)
{
    double y = b->y, middle = y + height / 2;
    page_printf(b->page, "<rect class=\"%s\" x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", class_name, NAMES,
                y, at(b, value) - NAMES, height);
    if (!isnan(low) && !isnan(high))
        page_printf(b->page, "<path class=\"whisker\" d=\"M%.1f %.1fV%.1fM%.1f %.1fH%.1fM%.1f %.1fV%.1f\"/>",
                    at(b, low), y + 2, y + height - 2, at(b, low), middle, at(b, high), at(b, high), y + 2,
                    y + height - 2);
}

static void add_rule(struct bars *b, const json_t *m)
{
    char text[VALUE_TEXT], name[LONGEST_NAME + 1];
    double value = real_of(m, "baseline");
    if (isnan(value))
        return;
    snprintf(name, sizeof name, "%s", text_of(m, "baseline_name"));
    add_bar(b, "rule", THIN - 4, value, real_of(m, "baseline_low"), real_of(m, "baseline_high"));
    page_printf(b->page, "<text class=\"tick\" x=\"%d\" y=\"%.1f\">%s ", NAMES + BAR + 10, b->y + 9,
                value_text(text, value, is_share_metric(text_of(m, "name"))));
    page_escape(b->page, name);
    page_puts(b->page, "</text>");
    b->y += THIN;
}

static void add_metric(struct bars *b, const json_t *metrics, const json_t *m)
{
    char text[VALUE_TEXT];
    const char *name = text_of(m, "name");
    json_t *other;
    size_t i;
    page_printf(b->page, "<text class=\"name\" text-anchor=\"end\" x=\"%d\" y=\"%.1f\">", NAMES - 10, b->y + 14);
    page_escape(b->page, name);
    page_printf(b->page, "</text><text class=\"number\" x=\"%d\" y=\"%.1f\">%s</text>", NAMES + BAR + 10, b->y + 14,
                value_text(text, real_of(m, "value"), is_share_metric(name)));
    add_bar(b, "model", THICK - 4, real_of(m, "value"), real_of(m, "low"), real_of(m, "high"));
    b->y += THICK;
    add_rule(b, m);
    json_array_foreach(metrics, i, other) if (same_figure(metrics, other) == m) add_rule(b, other);
    b->y += GAP;
}

static int is_drawn(const json_t *metrics, const json_t *m, int errors)
{
    return is_error_metric(m) == errors && !isnan(real_of(m, "value")) && !same_figure(metrics, m);
}

/* What the right end of the bars of one kind stands for, and how high the chart gets; 0: nothing is drawn. */
static double measure(double *height, const json_t *metrics, int errors)
{
    double most = errors ? 0.1 : 1;
    json_t *m;
    size_t i;
    *height = 0;
    json_array_foreach(metrics, i, m)
    {
        if (is_error_metric(m) != errors || isnan(real_of(m, "value")))
            continue;
        most = fmax(most, fmax(fmax(real_of(m, "value"), real_of(m, "high")), real_of(m, "baseline_high")));
        *height += is_drawn(metrics, m, errors) ? THICK + GAP : 0;
        *height += isnan(real_of(m, "baseline")) ? 0 : THIN;
    }
    return errors ? ceil(most * 10) / 10 : most;
}

static void add_axis(const struct bars *b, double bottom)
{
    for (int k = 0; k <= 4; k++)
        page_printf(b->page,
                    "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"2\" y2=\"%.1f\"/><text class=\"tick\" "
                    "text-anchor=\"middle\" x=\"%.1f\" y=\"%.1f\">%.3g</text>",
                    NAMES + BAR * k / 4.0, NAMES + BAR * k / 4.0, bottom, NAMES + BAR * k / 4.0, bottom + 14,
                    b->scale * k / 4.0);
}

void add_bar_chart(struct page *page, const json_t *metrics, int errors)
{
    struct bars b = {.page = page, .y = 8};
    double height;
    json_t *m;
    size_t i;
    b.scale = measure(&height, metrics, errors);
    if (height == 0)
        return;
    page_printf(page, "<figure class=\"chart wide\"><svg viewBox=\"0 0 %d %.0f\" role=\"img\" aria-label=\"%s\">",
                NAMES + BAR + RIGHT, height + 26,
                errors ? "errors beside those of the trivial rules" : "figures beside those of the trivial rules");
    add_axis(&b, height + 6);
    json_array_foreach(metrics, i, m) if (is_drawn(metrics, m, errors)) add_metric(&b, metrics, m);
    page_printf(page,
                "</svg><figcaption>%s Thick bars are this model, thin grey ones rules that need no learning. The fine "
                "lines are 95&nbsp;%% intervals: where they overlap widely, the difference may be chance.</figcaption>"
                "</figure>\n",
                errors ? "Errors: shorter is better." : "Longer is better.");
}
