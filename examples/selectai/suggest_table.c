/*
 * suggest_table.c: suggestions as a table on stdout.
 *
 * The parts in a line say what speaks for the winner against the next best image: alone they would mean nothing.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "suggest_view.h"

enum { CROP_TEXT = 80 };

/* What there is nothing of needs no column. */
struct columns {
    int group, crop; /* widths; crop 0: none */
    int keep;
};

static char *crop_text(char buf[CROP_TEXT], const struct selectai_suggestion *s)
{
    const struct selectai_pixel_box *px = &s->crop_px;
    if (s->has_crop)
        snprintf(buf, CROP_TEXT, "%d,%d-%d,%d of %ux%u", px->x1, px->y1, px->x2, px->y2, s->sizes[2 * s->winner],
                 s->sizes[2 * s->winner + 1]);
    else
        snprintf(buf, CROP_TEXT, "-");
    return buf;
}

static struct columns measure(const struct suggest_view *view)
{
    struct columns c = {.group = 5};
    char buf[CROP_TEXT];
    for (size_t n = view->n; n >= 100000; n /= 10)
        c.group++;
    for (size_t i = 0; i < view->n; i++) {
        struct selectai_suggestion s;
        if (get_from_view(&s, view, i) != SELECTAI_OK)
            continue;
        int width = s.has_crop ? (int)strlen(crop_text(buf, &s)) : 0;
        c.crop = width > c.crop ? width : c.crop;
        c.keep = c.keep || !isnan(s.keep);
    }
    c.crop = c.crop > 0 && c.crop < 7 ? 7 : c.crop;
    return c;
}

static void print_head(const struct columns *c)
{
    printf("%*s  %5s  %5s  %6s  %6s", c->group, "group", "stage", "prob", "prior", "image");
    if (c->keep)
        printf("  %5s", "keep");
    if (c->crop)
        printf("  %-*s", c->crop, "crop px");
    printf("  %-13s  %s\n", "", "winner");
}

static void print_stage(double stage, int width)
{
    if (isnan(stage))
        printf("%*s", width, "?");
    else
        printf("%*g", width, stage);
}

static void print_line(const struct selectai_suggestion *s, size_t group, const struct columns *c)
{
    char buf[CROP_TEXT];
    uint32_t w = s->winner, next = next_best(s);
    printf("%*zu  ", c->group, group + 1);
    print_stage(s->stages[w], 5);
    printf("  %3.0f %%", 100 * s->confidence);
    if (next == w)
        printf("  %6s  %6s", "-", "-");
    else
        printf("  %+6.2f  %+6.2f", (double)s->priors[w] - (double)s->priors[next],
               (double)s->images[w] - (double)s->images[next]);
    if (c->keep)
        printf("  %3.0f %%", 100 * s->keep);
    if (c->crop)
        printf("  %-*s", c->crop, crop_text(buf, s));
    printf("  %-13s  ", doubt_about(s));
    print_name(s->paths[w], 0);
    printf("\n");
}

static void print_image(const struct selectai_suggestion *s, uint32_t i)
{
    printf("       %s ", i == s->winner ? "->" : "  ");
    print_stage(s->stages[i], 5);
    if (isnan(s->scores[i]))
        printf("  could not be read%31s", "");
    else
        printf("  %3.0f %%  score %+6.2f = prior %+6.2f image %+6.2f", 100 * (double)s->probabilities[i],
               (double)s->scores[i], (double)s->priors[i], (double)s->images[i]);
    printf("  ");
    print_name(last_part(s->paths[i]), 0);
    printf("\n");
}

static void print_details(const struct selectai_suggestion *s)
{
    char buf[TAKEN_TEXT];
    printf("       ");
    print_name(s->why, 0);
    printf("\n");
    for (uint32_t i = 0; i < s->n_images; i++)
        print_image(s, i);
    for (uint32_t i = 0; i < s->n_neighbours; i++) {
        const struct selectai_neighbour *b = &s->neighbours[i];
        printf("       similar (%.2f): took %s: ", b->similarity, taken_text(buf, b));
        print_name(b->winner_path, 0);
        printf("\n");
    }
}

void print_suggestion_table(const struct suggest_view *view, int verbose)
{
    struct columns c = measure(view);
    if (view->n > 0)
        print_head(&c);
    for (size_t i = 0; i < view->n; i++) {
        struct selectai_suggestion s;
        if (get_from_view(&s, view, i) != SELECTAI_OK)
            continue;
        print_line(&s, view->order[i], &c);
        if (verbose)
            print_details(&s);
    }
}
