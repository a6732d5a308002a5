/*
 * report/sheet_group.c: one group of a contact sheet: its pictures, what speaks for the winner, the crop, and similar
 * past decisions.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sheet_group.h"

enum { PICTURE_SIDE = 220, PAST_SIDE = 96 };

/* Log-odds that fill half a bar: beyond it everything is as good as certain. */
#define FULL_BAR 4.0

/* ---- Bars ------------------------------------------------------------------------------------ */

static void add_share(struct page *page, double share)
{
    page_printf(page,
                "<div class=\"meter\"><span>chance</span><span class=\"bar\"><i style=\"width:%.1f%%\"></i></span>"
                "<span>%.0f&nbsp;%%</span></div>",
                100 * share, 100 * share);
}

/* To the right of the middle what speaks for an image, to the left what speaks against it. */
static void add_part(struct page *page, const char *name, double value)
{
    value = fabs(value) < 0.05 ? 0 : value; /* no "-0.0" */
    double half = 50 * fmin(1, fabs(value) / FULL_BAR);
    page_printf(page,
                "<div class=\"meter\"><span>%s</span><span class=\"bar\"><i class=\"%s\" "
                "style=\"left:%.1f%%;width:%.1f%%\"></i></span><span>%+.1f</span></div>",
                name, value < 0 ? "down" : "up", value < 0 ? 50 - half : 50, half, value);
}

/* Only differences within the group mean something: parts are shown from the mean of the images that could be read. */
static double from_mean(const float *part, const struct selectai_suggestion *s, uint32_t i)
{
    double sum = 0, n = 0;
    for (uint32_t k = 0; k < s->n_images; k++)
        if (!isnan(s->scores[k])) {
            sum += (double)part[k];
            n++;
        }
    return (double)part[i] - sum / n;
}

/* ---- Pictures -------------------------------------------------------------------------------- */

static void stage_text(char buf[32], double stage)
{
    if (isnan(stage))
        snprintf(buf, 32, "stage unknown");
    else
        snprintf(buf, 32, "stage %g", stage);
}

/* What the picture is, for those who do not see it; the caller frees it, NULL if memory is short. */
static char *alt_text(const struct selectai_suggestion *s, uint32_t i, const char *stage)
{
    char *alt = NULL;
    int n = asprintf(&alt, "%s%s: %s", stage, i == s->winner ? ", suggested" : "", last_part(s->paths[i]));
    return n < 0 ? NULL : alt;
}

static void add_frame(struct page *page, const struct selectai_suggestion *s, uint32_t i, const char *stage)
{
    char *alt = alt_text(s, i, stage);
    page_puts(page, "<div class=\"frame\">");
    if (page_picture(page, s->paths[i], PICTURE_SIDE, alt ? alt : stage) != SELECTAI_OK)
        page_puts(page, "<p class=\"missing\">cannot be read</p>");
    else if (i == s->winner && s->has_crop)
        page_printf(page, "<span class=\"box\" style=\"left:%.2f%%;top:%.2f%%;width:%.2f%%;height:%.2f%%\"></span>",
                    100 * s->crop.x1, 100 * s->crop.y1, 100 * (s->crop.x2 - s->crop.x1),
                    100 * (s->crop.y2 - s->crop.y1));
    page_puts(page, "</div>");
    free(alt);
}

static void add_crop(struct page *page, const struct selectai_suggestion *s)
{
    const struct selectai_pixel_box *px = &s->crop_px;
    page_printf(page, "<div>crop %d,%d&ndash;%d,%d of %u&times;%u</div>", px->x1, px->y1, px->x2, px->y2,
                s->sizes[2 * s->winner], s->sizes[2 * s->winner + 1]);
}

static void add_image(struct page *page, const struct selectai_suggestion *s, uint32_t i)
{
    char stage[32];
    int wins = i == s->winner;
    stage_text(stage, s->stages[i]);
    page_puts(page, wins ? "<figure class=\"winner\">" : "<figure>");
    add_frame(page, s, i, stage);
    page_printf(page, "<figcaption><b>%s</b>%s<span class=\"name\">", stage,
                wins ? " <span class=\"tag pick\">suggested</span>" : "");
    page_escape(page, last_part(s->paths[i]));
    page_puts(page, "</span>");
    if (!isnan(s->scores[i])) {
        add_share(page, (double)s->probabilities[i]);
        add_part(page, "stage", from_mean(s->priors, s, i));
        add_part(page, "image", from_mean(s->images, s, i));
    }
    if (wins && s->has_crop)
        add_crop(page, s);
    page_puts(page, "</figcaption></figure>");
}

/* ---- Groups ---------------------------------------------------------------------------------- */

/* Past pictures may be on another disk, or gone: then the text alone. */
static void add_neighbour(struct page *page, const struct selectai_neighbour *b)
{
    char taken[TAKEN_TEXT], alt[TAKEN_TEXT + 32];
    snprintf(alt, sizeof alt, "past decision: %s", taken_text(taken, b));
    page_puts(page, "<li>");
    if (access(b->winner_path, R_OK) == 0) {
        size_t before = page->length;
        page_puts(page, "<div class=\"frame\">");
        if (page_picture(page, b->winner_path, PAST_SIDE, alt) == SELECTAI_OK)
            page_puts(page, "</div>");
        else if (!page->failed)
            page->length = before;
    }
    page_printf(page, "<div>%.2f alike: you took %s%s<span class=\"name\">", b->similarity, taken,
                b->anomaly == 1 ? " <span class=\"tag unsure\">the lower one</span>" : "");
    page_escape(page, last_part(b->winner_path));
    page_puts(page, "</span></div></li>");
}

static void add_verdict(struct page *page, const struct selectai_suggestion *s)
{
    if (!isnan(s->keep) && s->keep_nothing)
        page_printf(page, " <span class=\"tag nothing\">keep nothing? %.0f&nbsp;%% that anything is kept</span>",
                    100 * s->keep);
    page_printf(page, " <span class=\"tag %s\">%s %.0f&nbsp;%%</span>", s->sure ? "sure" : "unsure",
                s->sure ? "sure" : "not sure", 100 * s->confidence);
}

void add_sheet_group(struct page *page, const struct selectai_suggestion *s, size_t number)
{
    page_printf(page, "<section class=\"group\" id=\"g%zu\"><h2><small>%zu</small> ", number, number);
    page_escape(page, last_part(s->paths[s->winner]));
    add_verdict(page, s);
    page_puts(page, "</h2><p class=\"why\">");
    page_escape(page, s->why);
    page_puts(page, "</p><div class=\"row\">");
    for (uint32_t i = 0; i < s->n_images; i++)
        add_image(page, s, i);
    page_puts(page, "</div>");
    if (s->n_neighbours > 0) {
        page_puts(page, "<h3>Most similar past decisions</h3><ul class=\"past\">");
        for (uint32_t i = 0; i < s->n_neighbours; i++)
            add_neighbour(page, &s->neighbours[i]);
        page_puts(page, "</ul>");
    }
    page_puts(page, "</section>\n");
}
