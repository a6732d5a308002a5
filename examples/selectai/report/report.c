/*
 * report/report.c: unseen groups with the suggestion, what the person really chose, and figures beside baselines.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../figures.h"
#include "evaluation_page.h"
#include "page.h"
#include "report.h"
#include "style.h"

enum { PICTURE_SIDE = 380 };

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int is_unseen(const struct report *r, const struct selectai_suggestion *s)
{
    for (uint32_t i = 0; i < s->n_images; i++) {
        const char *name = base_name(s->paths[i]);
        if (selectai_ranker_has_seen(r->ranker, r->project, name) ||
            selectai_cropper_has_seen(r->cropper, r->project, name))
            return 0;
    }
    return 1;
}

/* The person's decision about an image: 1 and *entry filled if it was chosen. */
static int was_chosen(const struct report *r, const char *path, struct selectai_entry *entry)
{
    entry->struct_size = sizeof *entry;
    for (size_t i = 0; i < selectai_trainset_count(r->entries); i++)
        if (selectai_trainset_get(r->entries, i, entry) == SELECTAI_OK && strcmp(entry->chosen_path, path) == 0)
            return 1;
    return 0;
}

static void add_box(struct page *page, const char *class_name, const struct selectai_box *box)
{
    page_printf(page, "<span class=\"box %s\" style=\"left:%.2f%%;top:%.2f%%;width:%.2f%%;height:%.2f%%\"></span>",
                class_name, 100 * box->x1, 100 * box->y1, 100 * (box->x2 - box->x1), 100 * (box->y2 - box->y1));
}

static void add_picture(struct page *page, const struct report *r, const struct selectai_suggestion *s, uint32_t i)
{
    struct selectai_entry entry;
    int suggested = i == s->winner, chosen = was_chosen(r, s->paths[i], &entry);

    page_printf(page, "<figure class=\"%s%s\"><div class=\"frame\">", suggested ? "suggested " : "",
                chosen ? "chosen" : "");
    char alt[64];
    snprintf(alt, sizeof alt, "stage %g of the group", s->stages[i]);
    if (page_picture(page, s->paths[i], PICTURE_SIDE, alt) != SELECTAI_OK)
        page_puts(page, "<p class=\"missing\">cannot be read</p>");
    if (suggested && s->has_crop)
        add_box(page, "ours", &s->crop);
    if (chosen && entry.has_crop)
        add_box(page, "theirs", &entry.crop);
    page_printf(page, "</div><figcaption><b>stage %g</b> <span class=\"p\">%.0f&nbsp;%%</span>", s->stages[i],
                100 * (double)s->probabilities[i]);
    if (suggested)
        page_puts(page, " <span class=\"tag t-ours\">suggested</span>");
    if (chosen)
        page_puts(page, " <span class=\"tag t-theirs\">chosen</span>");
    if (suggested && chosen && s->has_crop && entry.has_crop && entry.was_cropped == 1)
        page_printf(page, "<br>crops overlap: IoU %.2f", selectai_box_iou(&s->crop, &entry.crop));
    else if (chosen && entry.was_cropped == 0)
        page_puts(page, "<br>kept whole by the person");
    page_puts(page, "</figcaption></figure>");
}

enum verdict { AGREES, DIFFERS, REJECTED };

static enum verdict judge(const struct report *r, const struct selectai_suggestion *s)
{
    struct selectai_entry entry;
    enum verdict verdict = REJECTED;
    for (uint32_t i = 0; i < s->n_images; i++)
        if (was_chosen(r, s->paths[i], &entry))
            verdict = i == s->winner ? AGREES : verdict == AGREES ? AGREES : DIFFERS;
    return verdict;
}

static void add_group(struct page *page, const struct report *r, const struct selectai_suggestion *s)
{
    static const char *const classes[] = {"agrees", "differs", "rejected"};
    static const char *const verdicts[] = {"the person chose the same", "the person chose another one",
                                           "the person kept none of them"};
    enum verdict verdict = judge(r, s);
    page_printf(page, "<section class=\"group %s\"><h3>", classes[verdict]);
    page_escape(page, base_name(s->paths[0]));
    page_printf(page, "</h3><p>Suggested: stage %g, %.0f&nbsp;%% sure: <b>%s</b>.", s->stages[s->winner],
                100 * s->confidence, verdicts[verdict]);
    if (!isnan(s->keep))
        page_printf(page, " Chance that anything is kept: %.0f&nbsp;%%.", 100 * s->keep);
    page_puts(page, "</p><div class=\"row\">");
    for (uint32_t i = 0; i < s->n_images; i++)
        add_picture(page, r, s, i);
    page_puts(page, "</div></section>\n");
}

/* Shares as percentages; overlaps, which people know as 0 to 1, as they are. */
static void add_figure(struct page *page, const char *name, double value, double low, double high)
{
    if (isnan(value))
        page_puts(page, "<td>&ndash;</td>");
    else if (!is_share_metric(name))
        page_printf(page, "<td>%.3f <small>%.3f&ndash;%.3f</small></td>", value, low, high);
    else
        page_printf(page, "<td>%.1f&nbsp;%% <small>%.1f&ndash;%.1f</small></td>", 100 * value, 100 * low, 100 * high);
}

static void add_metrics(struct page *page, const selectai_evaluation *evaluation, const char *caption)
{
    struct selectai_metric m = {.struct_size = sizeof m};
    page_printf(page, "<table><caption>%s</caption><tr><th>measure<th>n<th>this model<th>", caption);
    const char *heading = selectai_evaluation_get(evaluation, 0, &m) == SELECTAI_OK ? m.baseline_name : "";
    page_escape(page, heading);
    for (size_t i = 0; i < selectai_evaluation_count(evaluation); i++) {
        if (selectai_evaluation_get(evaluation, i, &m) != SELECTAI_OK)
            continue;
        page_puts(page, "<tr><th>");
        page_escape(page, m.name);
        page_printf(page, " <small>%s</small><td>%llu", explain_metric(m.name), (unsigned long long)m.n);
        add_figure(page, m.name, m.value, m.low, m.high);
        add_figure(page, m.name, m.baseline, m.baseline_low, m.baseline_high);
        if (!isnan(m.baseline) && strcmp(m.baseline_name, heading) != 0) {
            page_puts(page, " <small>");
            page_escape(page, m.baseline_name);
            page_puts(page, "</small>");
        }
    }
    page_puts(page, "</table>\n");
}

/* Unseen groups, in time order: those with a decision first, those from which nothing was kept after them. */
static void add_groups(struct page *page, const struct report *r)
{
    struct page decided = {0}, rejected = {0};
    size_t verdicts[3] = {0}, foreseen = 0;
    for (size_t i = 0; i < selectai_suggestions_count(r->suggestions) && !interrupted(); i++) {
        struct selectai_suggestion s = {.struct_size = sizeof s};
        if (selectai_suggestions_get(r->suggestions, i, &s) != SELECTAI_OK || !is_unseen(r, &s))
            continue;
        enum verdict verdict = judge(r, &s);
        verdicts[verdict]++;
        foreseen += verdict == REJECTED && s.keep_nothing;
        add_group(verdict == REJECTED ? &rejected : &decided, r, &s);
    }
    page_printf(
        page,
        "<h2>Groups not seen in training</h2><p class=\"lead\">From %zu of them the person chose; the suggestion "
        "named the same image in <b>%zu</b>.</p><div class=\"groups\">",
        verdicts[AGREES] + verdicts[DIFFERS], verdicts[AGREES]);
    page_puts(page, decided.text ? decided.text : "");
    page_printf(
        page,
        "</div><h2>Groups from which the person kept nothing</h2><p class=\"lead\">%zu, of which the "
        "model foresaw it in <b>%zu</b>. They show what it would have kept, if anything; keep_auc says how well it "
        "knows them from the others.</p><div class=\"groups\">",
        verdicts[REJECTED], foreseen);
    page_puts(page, rejected.text ? rejected.text : "");
    page_puts(page, "</div>");
    page->failed |= decided.failed | rejected.failed;
    page_free(&decided);
    page_free(&rejected);
}

int write_report(const char *path, const struct report *r)
{
    struct page page = {0};
    page_puts(&page, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                     "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>");
    page_escape(&page, r->title);
    page_puts(&page, "</title><style>");
    page_puts(&page, report_style);
    page_puts(&page, "</style></head><body><main><h1>");
    page_escape(&page, r->title);
    page_puts(&page, "</h1>");
    page_puts(&page, "<div class=\"figures\">");
    add_metrics(&page, r->ranking, "Which image wins: the latest decisions");
    add_metrics(&page, r->cross_validated, "The same, cross-validated on the earlier ones");
    add_metrics(&page, r->cropping, "Where to crop: the latest decisions");
    page_puts(&page,
              "</div><p class=\"note\">Measured on decisions that were not trained on; of brier and ece less is "
              "better. Small figures are 95&nbsp;% intervals "
              "(bootstrap over groups). The baselines look at no picture: &ldquo;highest stage wins&rdquo; is right "
              "on every normal pair and wrong on every anomaly by definition; the constant box is the median of "
              "the training crops.</p><p class=\"legend\"><span class=\"key ours\"></span> suggested crop "
              "<span class=\"key theirs\"></span> the person&rsquo;s crop</p>\n");
    add_groups(&page, r);
    page_puts(&page, "<h2>How this page was made</h2><pre>");
    page_escape(&page, r->steps);
    page_puts(&page, "</pre></main></body></html>\n");
    int code = EXIT_FAILED;
    if (page.failed)
        say("out of memory while writing %s", path);
    else if (interrupted())
        code = report_interruption();
    else
        code = write_text_file(path, page.text, page.length);
    page_free(&page);
    return code;
}
