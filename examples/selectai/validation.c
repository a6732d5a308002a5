/*
 * validation.c: showing what was found in a file, and refusing to learn from what cannot be used.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "validation.h"

static const char *word_of(int32_t severity)
{
    return severity == SELECTAI_SEVERITY_ERROR ? "error" : severity == SELECTAI_SEVERITY_WARNING ? "warning" : "note";
}

static void print_example(FILE *stream, const char *file, const struct selectai_validated_example *example)
{
    fputs("      ", stream);
    put_clean(stream, *example->path ? example->path : file);
    if (example->row)
        fprintf(stream, ":%llu", (unsigned long long)example->row);
    fputs(": ", stream);
    put_clean(stream, example->message);
    fputs("\n", stream);
}

/* Notes have nothing to show but their counts, unless they say what a file is. */
static int tells_more(const struct selectai_validated_problem *p)
{
    return p->severity != SELECTAI_SEVERITY_NOTE || strcmp(p->code, "old-model") == 0 ||
           strcmp(p->code, "other-weights") == 0;
}

static void print_problem(FILE *stream, const selectai_validation *validation, size_t file, size_t index,
                          const char *path)
{
    struct selectai_validated_problem p = {.struct_size = sizeof p};
    char count[COUNT_TEXT];
    if (selectai_validation_problem(validation, file, index, &p) != SELECTAI_OK)
        return;
    fprintf(stream, "  %-7s %8s  %s: %s\n", word_of(p.severity), count_text(count, p.count), p.code, p.meaning);
    if (!tells_more(&p))
        return;
    if (*p.remedy)
        fprintf(stream, "    what to do: %s\n", p.remedy);
    for (size_t i = 0; i < p.n_examples; i++) {
        struct selectai_validated_example example = {.struct_size = sizeof example};
        if (selectai_validation_example(validation, file, index, i, &example) == SELECTAI_OK)
            print_example(stream, path, &example);
    }
    if (p.count > p.n_examples)
        fprintf(stream, "      and %s more\n", count_text(count, p.count - p.n_examples));
}

void print_validated_file(FILE *stream, const selectai_validation *validation, size_t file)
{
    struct selectai_validated_file f = {.struct_size = sizeof f};
    char rows[COUNT_TEXT], usable[COUNT_TEXT];
    if (selectai_validation_get(validation, file, &f) != SELECTAI_OK)
        return;
    put_clean(stream, f.path);
    fprintf(stream, ": %s, %s rows, %s usable", f.kind, count_text(rows, f.rows), count_text(usable, f.usable));
    if (*f.encoder_id) {
        fputs(", encoder ", stream);
        put_clean(stream, f.encoder_id);
    }
    fputs("\n", stream);
    for (size_t i = 0; i < f.n_problems; i++)
        print_problem(stream, validation, file, i, f.path);
}

/* ---- Before learning ------------------------------------------------------------------------- */

/* What is read from a pipe is gone: it is judged while it is loaded, see load_decisions(). */
static size_t regular_files(const char **out, const struct text_list *logs)
{
    struct stat st;
    size_t n = 0;
    for (size_t i = 0; i < logs->count; i++)
        if (stat(logs->items[i], &st) == 0 && S_ISREG(st.st_mode))
            out[n++] = logs->items[i];
    return n;
}

/* Rows that cannot be used, with their problems on stderr. */
static uint64_t report_errors(const selectai_validation *validation)
{
    uint64_t n = 0;
    for (size_t i = 0; i < selectai_validation_count(validation); i++) {
        struct selectai_validated_file f = {.struct_size = sizeof f};
        if (selectai_validation_get(validation, i, &f) != SELECTAI_OK || f.severity != SELECTAI_SEVERITY_ERROR)
            continue;
        for (size_t k = 0; k < f.n_problems; k++) {
            struct selectai_validated_problem p = {.struct_size = sizeof p};
            if (selectai_validation_problem(validation, i, k, &p) != SELECTAI_OK || p.unusable == 0)
                continue;
            print_problem(stderr, validation, i, k, f.path);
            n += p.unusable;
        }
    }
    return n;
}

static int judge(const selectai_validation *validation, int skip)
{
    char count[COUNT_TEXT];
    uint64_t n;
    if (selectai_validation_severity(validation) != SELECTAI_SEVERITY_ERROR)
        return -1;
    say("the data has rows that cannot be used:");
    n = report_errors(validation);
    if (skip) {
        say("%s of them are left out, as --skip-bad-rows asks", count_text(count, n));
        return -1;
    }
    say("nothing was done: mend them, make copies without them with 'selectai validate --fix DIR', or go on without "
        "them with --skip-bad-rows");
    return EXIT_FAILED;
}

int check_decisions(const struct text_list *logs, const struct project_args *args, int skip, struct progress *progress)
{
    struct selectai_validate_options options;
    selectai_projects *projects = NULL;
    selectai_validation *validation = NULL;
    const char **paths = calloc(logs->count + 1, sizeof *paths);
    size_t n = paths ? regular_files(paths, logs) : 0;
    int rc = paths ? open_projects(&projects, args) : SELECTAI_ERR_OUT_OF_MEMORY, code = -1;
    if (rc == SELECTAI_OK) {
        selectai_validate_options_init(&options, sizeof options);
        options.projects = projects;
        options.by_dates = args->by_dates;
        options.project = args->project;
        options.root = args->root;
        options.progress = show_progress;
        options.user = progress;
        rc = selectai_validate(&validation, paths, n, &options);
        end_progress(progress);
    }
    if (rc != SELECTAI_OK)
        code = report_failure(rc);
    else
        code = judge(validation, skip);
    selectai_validation_destroy(&validation);
    selectai_projects_destroy(&projects);
    free(paths);
    return code;
}

int refuse_left_out(const selectai_trainset *set, int skip)
{
    if (skip || count_decisions(set).left_out == 0)
        return 0;
    say("nothing was done: mend these rows, or go on without them with --skip-bad-rows");
    return 1;
}
