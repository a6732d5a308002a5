/*
 * report/evaluation_compare.c: two models beside each other, in figures.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "../evaluate.h"
#include "../figures.h"
#include "chart.h"
#include "evaluation_page.h"

static void add_names(struct page *page, const json_t *c)
{
    page_puts(page, "<p>A: <code>");
    page_escape(page, text_of(c, "a_model"));
    page_puts(page, "</code><br>B: <code>");
    page_escape(page, text_of(c, "b_model"));
    page_puts(page, "</code></p>");
}

static void add_rankers(struct page *page, const json_t *c)
{
    static const char *const names[] = {"normal", "anomaly", "overall", "top1"};
    const json_t *a = json_object_get(c, "a"), *b = json_object_get(c, "b");
    char verdict[VERDICT_TEXT], text[VALUE_TEXT];
    page_puts(page,
              "<div class=\"scroll\"><table><thead><tr><th>measure</th><th>A</th><th>B</th><th>B &minus; A</th></tr>"
              "</thead><tbody>");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        page_printf(page, "<tr><th scope=\"row\">%s</th><td class=\"num\">%s</td>", names[i],
                    value_text(text, real_of(a, names[i]), 1));
        page_printf(page, "<td class=\"num\">%s</td>", value_text(text, real_of(b, names[i]), 1));
        if (isnan(real_of(a, names[i])) || isnan(real_of(b, names[i])))
            page_puts(page, "<td>&ndash;</td></tr>");
        else
            page_printf(page, "<td class=\"num\">%+.1f points</td></tr>",
                        100 * (real_of(b, names[i]) - real_of(a, names[i])));
    }
    page_printf(page,
                "</tbody></table></div><p>On %llu decisions in %llu groups that neither has seen, top1 of B minus A is "
                "<b>%+.1f points</b> (95&nbsp;%%: %+.1f to %+.1f). %llu decisions are right only in A, %llu only in B: "
                "<b>",
                (unsigned long long)count_of(c, "n"), (unsigned long long)count_of(c, "groups"),
                100 * real_of(c, "difference"), 100 * real_of(c, "low"), 100 * real_of(c, "high"),
                (unsigned long long)count_of(c, "only_a"), (unsigned long long)count_of(c, "only_b"));
    page_escape(page, verdict_text(verdict, c));
    page_puts(page,
              "</b>.</p><p class=\"note\">p (McNemar&rsquo;s exact test) tells how often chance alone would divide "
              "the decisions that differ so unevenly. At 0.05 or more there is no evidence that they differ: keep the "
              "simpler one.</p>");
}

static void add_croppers(struct page *page, const json_t *c)
{
    const json_t *a = json_object_get(c, "a"), *b = json_object_get(c, "b");
    json_t *m;
    size_t i;
    page_puts(page,
              "<div class=\"scroll\"><table><thead><tr><th>measure</th><th>n of A</th><th>A</th><th>n of B</th><th>B"
              "</th></tr></thead><tbody>");
    json_array_foreach(json_object_get(a, "metrics"), i, m)
    {
        if (same_figure(json_object_get(a, "metrics"), m))
            continue;
        const char *name = text_of(m, "name");
        const json_t *other = metric_of(b, name);
        page_puts(page, "<tr><th scope=\"row\">");
        page_escape(page, name);
        page_printf(page, "</th><td class=\"num\">%llu</td>", (unsigned long long)count_of(m, "n"));
        add_interval_cell(page, real_of(m, "value"), real_of(m, "low"), real_of(m, "high"), is_share_metric(name));
        page_printf(page, "<td class=\"num\">%llu</td>", (unsigned long long)count_of(other, "n"));
        add_interval_cell(page, real_of(other, "value"), real_of(other, "low"), real_of(other, "high"),
                          is_share_metric(name));
        page_puts(page, "</tr>");
    }
    page_puts(page,
              "</tbody></table></div><p class=\"note\">No paired test was made: each cropper was measured by itself "
              "on what it has not seen. Overlapping intervals are no evidence of a difference.</p>");
}

void add_comparison(struct page *page, const json_t *c)
{
    if (!c)
        return;
    page_puts(page, "<section id=\"compare\"><h2>Beside another model</h2>");
    add_names(page, c);
    if (json_is_true(json_object_get(c, "paired")))
        add_rankers(page, c);
    else
        add_croppers(page, c);
    page_puts(page, "</section>\n");
}
