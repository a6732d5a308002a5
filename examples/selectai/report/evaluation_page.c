/*
 * report/evaluation_page.c: the page as a whole.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>

#include "../figures.h"
#include "chart.h"
#include "evaluation_page.h"
#include "evaluation_style.h"

/* The one sentence for those who read no further. */
static void add_summary(struct page *page, const json_t *evaluation)
{
    char value[VALUE_TEXT], rule[VALUE_TEXT];
    const json_t *top1 = metric_of(evaluation, "top1"), *iou = metric_of(evaluation, "iou");
    const json_t *m = top1 ? top1 : iou;
    if (!m || isnan(real_of(m, "value")))
        return;
    value_text(value, real_of(m, "value"), top1 != NULL);
    value_text(rule, real_of(m, "baseline"), top1 != NULL);
    page_puts(page, "<p class=\"lead\">");
    if (top1)
        page_printf(page, "Of %llu decisions it named the right image first in <b>%s</b>",
                    (unsigned long long)count_of(m, "n"), value);
    else
        page_printf(page, "Over %llu crops, its boxes overlap the person&rsquo;s by <b>%s</b> on average (1 is exact)",
                    (unsigned long long)count_of(m, "n"), value);
    if (!isnan(real_of(m, "baseline"))) {
        page_puts(page, "; &ldquo;");
        page_escape(page, text_of(m, "baseline_name"));
        page_printf(page, "&rdquo;, which needs no learning, reaches %s", rule);
    }
    page_puts(page, ".</p>");
}

static void add_head(struct page *page, const struct evaluation_page *p)
{
    char how[SPLIT_TEXT];
    page_puts(page, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>Evaluation: ");
    page_escape(page, p->model);
    page_puts(page, "</title><style>");
    page_puts(page, evaluation_style);
    page_puts(page, "</style></head><body><main><h1>How good is it? <code>");
    page_escape(page, p->model);
    page_puts(page, "</code></h1>");
    if (is_leaky(p->evaluation))
        page_puts(page,
                  "<p class=\"banner\"><b>LEAKY</b>: pairs of one group stand on both sides. These figures flatter: "
                  "never report them.</p>");
    add_summary(page, p->evaluation);
    page_printf(page, "<p class=\"note\">Measured %s; %llu groups", split_text(how, p->evaluation),
                (unsigned long long)count_of(p->evaluation, "groups"));
    if (count_of(p->evaluation, "excluded_seen") > 0)
        page_printf(page, "; %llu decisions left out because the model has seen their images",
                    (unsigned long long)count_of(p->evaluation, "excluded_seen"));
    page_puts(page, ".");
    if (p->note && *p->note) {
        page_puts(page, " ");
        page_escape(page, p->note);
    }
    page_puts(page, "</p>\n");
}

/* 1 if the person cancelled. */
static int write_sections(struct page *page, FILE *stream, const struct evaluation_page *p)
{
    struct case_writer writer = {
        .page = page, .stream = stream, .progress = p->progress, .total = count_cases(p->evaluation, p->comparison)};
    add_head(page, p);
    add_sweep(page, p->sweep);
    add_leakage(page, p->leakage);
    add_per_project(page, p->per_project);
    add_figures(page, p->evaluation);
    add_parts(page, p->evaluation);
    add_curves(page, p->evaluation);
    add_segments(page, p->evaluation);
    add_comparison(page, p->comparison);
    page_flush(page, stream);
    add_flips(&writer, p->comparison);
    add_worst(&writer, p->evaluation);
    add_reasons(page, p->reasons);
    page_puts(page, "</main></body></html>\n");
    page_flush(page, stream);
    return writer.cancelled;
}

int write_evaluation_page(const char *path, const struct evaluation_page *p)
{
    struct page page = {0};
    struct whole_file file;
    int code = open_whole_file(&file, path);
    if (code != EXIT_DONE)
        return code;
    int cancelled = write_sections(&page, file.stream, p), failed = page.failed;
    if (p->progress)
        end_progress(p->progress);
    page_free(&page);
    if (!cancelled && !failed)
        return commit_whole_file(&file);
    discard_whole_file(&file);
    if (cancelled)
        return report_interruption();
    say("out of memory while writing %s", path);
    return EXIT_FAILED;
}
