/*
 * report/sheet.c: a contact sheet of suggestions. Groups are made several at a time, and written in order.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "sheet.h"
#include "sheet_group.h"
#include "sheet_style.h"

enum { BLOCK = 64, MAX_THREADS = 64 };

/* ---- The page -------------------------------------------------------------------------------- */

static void add_head(struct page *page, const struct sheet *sheet)
{
    char counts[COUNTS_TEXT];
    page_puts(page, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>Suggestions: ");
    page_escape(page, sheet->what);
    page_puts(page, "</title><style>");
    page_puts(page, sheet_style);
    page_puts(page, "</style></head><body><main><h1>Suggestions: ");
    page_escape(page, sheet->what);
    page_printf(page, "</h1><p class=\"counts\">%s</p>", counts_text(counts, sheet->view));
    page_printf(
        page,
        "<p class=\"note\">Sure: the winner has a chance of %.0f&nbsp;%% or more, and every image could be read. "
        "Keep nothing: the chance that anything of the group is kept is below %.0f&nbsp;%%. Bars: the chance, and "
        "what the stage and what the image say, in log-odds from the middle of the group. The rectangle is the "
        "suggested crop.</p>\n",
        100 * sheet->min_confidence, 100 * sheet->min_keep);
}

/* ---- Groups, several at a time ------------------------------------------------------------- */

/* Groups that are made while none is written. */
struct block {
    const struct suggest_view *view;
    size_t first, n;
    struct page pages[BLOCK];
    atomic_size_t next;
};

static void *make_groups(void *context)
{
    struct block *block = context;
    for (size_t i; (i = atomic_fetch_add(&block->next, 1)) < block->n && !interrupted();) {
        struct selectai_suggestion s;
        if (get_from_view(&s, block->view, block->first + i) == SELECTAI_OK)
            add_sheet_group(&block->pages[i], &s, block->view->order[block->first + i] + 1);
        else
            block->pages[i].failed = 1;
    }
    return NULL;
}

/* Where a thread cannot be had the others do its work. */
static void make_block(struct block *block, size_t n_threads)
{
    pthread_t threads[MAX_THREADS];
    size_t n = 0;
    atomic_store(&block->next, 0);
    while (n + 1 < n_threads && pthread_create(&threads[n], NULL, make_groups, block) == 0)
        n++;
    make_groups(block);
    while (n > 0)
        pthread_join(threads[--n], NULL);
}

static size_t count_threads(uint32_t wanted)
{
    long cores = wanted ? (long)wanted : sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > MAX_THREADS ? MAX_THREADS : (size_t)cores;
}

/* What cannot be written is found out when the file is committed, which says why. */
static int write_groups(struct block *block, FILE *stream, const struct sheet *sheet)
{
    size_t n_threads = count_threads(sheet->threads);
    for (size_t first = 0; first < sheet->view->n; first += BLOCK) {
        block->first = first;
        block->n = sheet->view->n - first < BLOCK ? sheet->view->n - first : BLOCK;
        make_block(block, n_threads);
        if (show_progress(first + block->n, sheet->view->n, "sheet", sheet->progress))
            return SELECTAI_ERR_CANCELLED;
        for (size_t i = 0; i < block->n; i++) {
            if (block->pages[i].failed)
                return SELECTAI_ERR_OUT_OF_MEMORY;
            if (page_flush(&block->pages[i], stream) != 0)
                return SELECTAI_OK;
        }
    }
    return SELECTAI_OK;
}

int write_sheet(const char *path, const struct sheet *sheet)
{
    struct block block = {.view = sheet->view};
    struct page frame = {0};
    struct whole_file file;
    int code = open_whole_file(&file, path);
    if (code != EXIT_DONE)
        return code;
    add_head(&frame, sheet);
    page_flush(&frame, file.stream);
    int rc = write_groups(&block, file.stream, sheet);
    page_puts(&frame, "</main></body></html>\n");
    page_flush(&frame, file.stream);
    if (rc == SELECTAI_OK && frame.failed)
        rc = SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < BLOCK; i++)
        page_free(&block.pages[i]);
    page_free(&frame);
    if (rc == SELECTAI_OK)
        code = commit_whole_file(&file);
    end_progress(sheet->progress);
    if (rc == SELECTAI_OK)
        return code;
    discard_whole_file(&file);
    if (rc == SELECTAI_ERR_CANCELLED)
        return report_interruption();
    say("out of memory while writing %s", path);
    return EXIT_FAILED;
}
