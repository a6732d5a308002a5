/*
 * report/evaluation_cases.c: cases with their pictures.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../figures.h"
#include "evaluation_page.h"

enum { PICTURE_SIDE = 200, MAX_FLIPS = 60 };

static void add_stage(struct page *page, double stage)
{
    if (isnan(stage))
        page_puts(page, "stage unknown");
    else
        page_printf(page, "stage %g", stage);
}

/* What is not there any more is said, not left out. */
static void add_image(struct page *page, const json_t *image)
{
    const char *path = text_of(image, "path");
    char alt[64];
    double stage = real_of(image, "stage");
    snprintf(alt, sizeof alt, isnan(stage) ? "stage unknown" : "stage %g", stage);
    page_puts(page, "<div class=\"frame\">");
    if (access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
        page_puts(page, "<p class=\"missing\">the file is gone</p>");
    else if (page_picture(page, path, PICTURE_SIDE, alt) != SELECTAI_OK)
        page_puts(page, "<p class=\"missing\">cannot be read</p>");
    page_puts(page, "</div>");
}

static void add_tags(struct page *page, int taken, int suggested)
{
    if (taken)
        page_puts(page, " <span class=\"tag taken\">taken</span>");
    if (suggested)
        page_puts(page, " <span class=\"tag ours\">suggested</span>");
}

static void add_name(struct page *page, const char *path)
{
    page_puts(page, "<span class=\"file\">");
    page_escape(page, last_part(path));
    page_puts(page, "</span>");
}

/* Only differences within a group mean something. */
static double from_mean(const json_t *images, const json_t *image, const char *part)
{
    double sum = 0;
    size_t i;
    json_t *other;
    json_array_foreach(images, i, other) sum += real_of(other, part);
    return real_of(image, part) - sum / (double)json_array_size(images);
}

static void add_worst_image(struct page *page, const json_t *images, size_t i, size_t best)
{
    const json_t *image = json_array_get(images, i);
    int taken = i == 0, suggested = i == best;
    page_printf(page, "<figure class=\"%s\">", suggested ? "is-ours" : "");
    add_image(page, image);
    page_puts(page, "<figcaption><b>");
    add_stage(page, real_of(image, "stage"));
    page_printf(page, "</b> %.0f&nbsp;%%", 100 * real_of(image, "probability"));
    add_tags(page, taken, suggested);
    page_printf(page, "<small>stage %+.2f, image %+.2f</small>", from_mean(images, image, "prior"),
                from_mean(images, image, "image"));
    add_name(page, text_of(image, "path"));
    page_puts(page, "</figcaption></figure>");
}

static void add_flip_image(struct page *page, const json_t *image, int taken)
{
    page_puts(page, "<figure>");
    add_image(page, image);
    page_puts(page, "<figcaption><b>");
    add_stage(page, real_of(image, "stage"));
    page_printf(page, "</b> A %.0f&nbsp;%%, B %.0f&nbsp;%%", 100 * real_of(image, "a"), 100 * real_of(image, "b"));
    add_tags(page, taken, 0);
    add_name(page, text_of(image, "path"));
    page_puts(page, "</figcaption></figure>");
}

/* One case is done: out with it. What cannot be written is found out when the file is committed. */
static void next_case(struct case_writer *w)
{
    page_puts(w->page, "</div></article>\n");
    page_flush(w->page, w->stream);
    w->done++;
    if (w->progress && show_progress(w->done, w->total, "pictures", w->progress))
        w->cancelled = 1;
}

static void add_project(struct page *page, const char *project)
{
    if (!*project)
        return;
    page_puts(page, " <small>");
    page_escape(page, project);
    page_puts(page, "</small>");
}

static void add_worst_case(struct case_writer *w, const json_t *it)
{
    const json_t *images = json_object_get(it, "images");
    size_t suggested = (size_t)count_of(it, "suggested");
    page_printf(w->page, "<article><h3>%.0f&nbsp;%% sure of the wrong one", 100 * real_of(it, "confidence"));
    add_project(w->page, text_of(it, "project"));
    page_puts(w->page, "</h3><div class=\"row\">");
    for (size_t i = 0; i < json_array_size(images); i++)
        add_worst_image(w->page, images, i, suggested);
    next_case(w);
}

void add_worst(struct case_writer *w, const json_t *evaluation)
{
    const json_t *worst = json_object_get(evaluation, "worst");
    if (!json_is_array(worst))
        return;
    page_puts(w->page,
              "<section id=\"worst\"><h2>The worst cases</h2><p class=\"note\">Where the person took an image that "
              "the model thought least likely. The percentages are the model&rsquo;s; below them is what the stage "
              "and what the image say, in log-odds from the middle of the group. Look for a pattern: a fault the model "
              "does not see, or a "
              "slip of the hand?</p>");
    if (json_array_size(worst) == 0)
        page_puts(w->page, "<p>None: every decision was right.</p>");
    page_puts(w->page, "<div class=\"cases\">\n");
    for (size_t i = 0; i < json_array_size(worst) && !w->cancelled; i++)
        add_worst_case(w, json_array_get(worst, i));
    page_puts(w->page, "</div></section>\n");
}

static void add_flip(struct case_writer *w, const json_t *flip)
{
    size_t i;
    json_t *image;
    page_printf(w->page, "<article><h3>Only %s is right", strcmp(text_of(flip, "right"), "a") == 0 ? "A" : "B");
    add_project(w->page, text_of(flip, "project"));
    page_puts(w->page, "</h3><div class=\"row\">");
    json_array_foreach(json_object_get(flip, "images"), i, image) add_flip_image(w->page, image, i == 0);
    next_case(w);
}

void add_flips(struct case_writer *w, const json_t *comparison)
{
    const json_t *flips = json_object_get(comparison, "flips");
    size_t n = json_array_size(flips);
    if (n == 0)
        return;
    page_printf(w->page,
                "<section id=\"flips\"><h2>Where they differ</h2><p class=\"note\">%zu decisions of which one model "
                "is right and the other is not%s.</p><div class=\"cases\">\n",
                n, n > MAX_FLIPS ? "; the first 60 are shown, --json has all" : "");
    for (size_t i = 0; i < n && i < MAX_FLIPS && !w->cancelled; i++)
        add_flip(w, json_array_get(flips, i));
    page_puts(w->page, "</div></section>\n");
}

uint64_t count_cases(const json_t *evaluation, const json_t *comparison)
{
    size_t flips = json_array_size(json_object_get(comparison, "flips"));
    return json_array_size(json_object_get(evaluation, "worst")) + (flips > MAX_FLIPS ? MAX_FLIPS : flips);
}
