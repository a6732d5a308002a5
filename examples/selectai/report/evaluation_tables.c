/*
 * report/evaluation_tables.c: where the model is good and where it is not: by project, size of group, stages; and what
 * could not be used.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "../figures.h"
#include "evaluation_page.h"

static void add_segment(struct page *page, const json_t *segment, const char *key)
{
    double value = real_of(segment, "top1"), low = real_of(segment, "low"), high = real_of(segment, "high");
    double baseline = real_of(segment, "baseline");
    page_puts(page, "<tr><th scope=\"row\">");
    page_escape(page, text_of(segment, key));
    page_printf(page, "</th><td class=\"num\">%llu</td>", (unsigned long long)count_of(segment, "n"));
    add_interval_cell(page, value, low, high, 1);
    add_range_cell(page, value, low, high, baseline);
    add_interval_cell(page, baseline, NAN, NAN, 1);
    page_puts(page, "</tr>\n");
}

static void add_table(struct page *page, const json_t *segments, const char *title, const char *key, const char *head,
                      const char *how_to_read)
{
    json_t *segment;
    size_t i;
    if (json_array_size(segments) == 0)
        return;
    page_printf(page,
                "<div class=\"cell\"><h3>%s</h3><div class=\"scroll\"><table class=\"segments\"><thead><tr><th>%s</th>"
                "<th>n</th><th>top1</th><th>0 to 100&nbsp;%%</th><th>baseline</th></tr></thead><tbody>\n",
                title, head);
    json_array_foreach(segments, i, segment) add_segment(page, segment, key);
    page_printf(page, "</tbody></table></div><p class=\"note\">%s</p></div>\n", how_to_read);
}

void add_segments(struct page *page, const json_t *evaluation)
{
    const json_t *projects = json_object_get(evaluation, "by_project");
    const json_t *sizes = json_object_get(evaluation, "by_size");
    const json_t *patterns = json_object_get(evaluation, "by_pattern");
    if (json_array_size(projects) + json_array_size(sizes) + json_array_size(patterns) == 0)
        return;
    page_puts(page,
              "<section id=\"segments\"><h2>Where it is good, and where it is not</h2><p class=\"note\">top1: share "
              "of decisions whose winner was named first. Bars are 95&nbsp;% intervals with the figure as a dot; "
              "the tick is the rule that takes the highest stage. At most 50 rows, those with most decisions.</p>"
              "<div class=\"charts\">");
    add_table(page, projects, "By project", "project", "project",
              "A project far below the others asks for a look: other pictures, or another taste?");
    add_table(page, sizes, "By size of the group", "images", "images",
              "The more images there are to choose from, the harder it is to name the right one.");
    add_table(page, patterns, "By stages", "stages", "taken &gt; others",
              "&ldquo;1 &gt; 2 3&rdquo;: the person took stage 1 and left 2 and 3. Such rows, in which the lower stage "
              "won, show what the model adds to the rule.");
    page_puts(page, "</div></section>\n");
}

/* What the library calls the reason, and what that means. */
static const char *const meanings[][2] = {
    {"not-in-cache", "an image has no vector in the cache: embed it"},
    {"ambiguous", "several images of the project have that name, in other folders"},
    {"unreadable", "the cache's entry cannot be read"},
    {"not-finite", "the vector holds numbers that are none"},
    {"no-size", "the image's size is not known"},
    {"repeated", "the same decision stands there before"},
    {"no-loser", "nothing was left to choose from"},
    {"aspect-changed", "the crop does not keep the image's shape"},
    {"unknown-project", "it is not known whose it is"},
};

static const char *meaning_of(const char *kind)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (strcmp(meanings[i][0], kind) == 0)
            return meanings[i][1];
    return "";
}

void add_reasons(struct page *page, json_t *reasons)
{
    const char *kind;
    json_t *n;
    page_puts(page, "<section id=\"unused\"><h2>Decisions that could not be used</h2>");
    if (json_object_size(reasons) == 0) {
        page_puts(page, "<p>None.</p></section>\n");
        return;
    }
    page_puts(page, "<div class=\"scroll\"><table><thead><tr><th>reason</th><th>n</th><th></th></tr></thead><tbody>");
    json_object_foreach(reasons, kind, n)
    {
        page_puts(page, "<tr><th scope=\"row\">");
        page_escape(page, kind);
        page_printf(page, "</th><td class=\"num\">%lld</td><td>%s</td></tr>", (long long)json_integer_value(n),
                    meaning_of(kind));
    }
    page_puts(page, "</tbody></table></div><p class=\"note\">They took no part in any figure. If there are many, the "
                    "figures say nothing about them.</p></section>\n");
}
