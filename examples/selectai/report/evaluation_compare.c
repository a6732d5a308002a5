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

static void add_figures_of_both(struct page *page, const json_t *c)
{
    const json_t *b = json_object_get(c, "b");
    char verdict[VERDICT_TEXT], text[VALUE_TEXT];
    const char *name;
    json_t *value;
    page_puts(page,
              "<div class=\"scroll\"><table><thead><tr><th>measure</th><th>A</th><th>B</th><th>B &minus; A</th></tr>"
              "</thead><tbody>");
    json_object_foreach(json_object_get(c, "a"), name, value)
    {
        double of_a = json_is_number(value) ? json_number_value(value) : (double)NAN, of_b = real_of(b, name);
        page_printf(page, "<tr><th scope=\"row\">%s</th><td class=\"num\">%s</td>", name, value_text(text, of_a, 1));
        page_printf(page, "<td class=\"num\">%s</td>", value_text(text, of_b, 1));
        if (isnan(of_a) || isnan(of_b))
            page_puts(page, "<td>&ndash;</td></tr>");
        else
            page_printf(page, "<td class=\"num\">%+.1f points</td></tr>", 100 * (of_b - of_a));
    }
    page_printf(page,
                "</tbody></table></div><p>On %llu decisions in %llu groups that neither has seen, %s of B minus A is "
                "<b>%+.1f points</b> (95&nbsp;%%: %+.1f to %+.1f). %llu decisions are ",
                (unsigned long long)count_of(c, "n"), (unsigned long long)count_of(c, "groups"), compared_figure(c),
                100 * real_of(c, "difference"), 100 * real_of(c, "low"), 100 * real_of(c, "high"),
                (unsigned long long)count_of(c, "only_a"));
    page_escape(page, compared_right(c));
    page_printf(page, " only in A, %llu only in B: <b>", (unsigned long long)count_of(c, "only_b"));
    page_escape(page, verdict_text(verdict, c));
    page_puts(page,
              "</b>.</p><p class=\"note\">p (McNemar&rsquo;s exact test) tells how often chance alone would divide "
              "the decisions that differ so unevenly. At 0.05 or more there is no evidence that they differ: keep the "
              "simpler one.</p>");
}

void add_comparison(struct page *page, const json_t *c)
{
    if (!c)
        return;
    page_puts(page, "<section id=\"compare\"><h2>Beside another model</h2>");
    add_names(page, c);
    add_figures_of_both(page, c);
    page_puts(page, "</section>\n");
}
