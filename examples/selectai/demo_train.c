/*
 * demo_train.c: the demo's models: learning from the earlier decisions, measuring on the later ones.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "demo.h"
#include "figures.h"
#include "report/evaluation_page.h"

/* ---- What is set aside ----------------------------------------------------------------------- */

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *time_of_entry(const selectai_trainset *set, size_t i)
{
    struct selectai_entry entry = {.struct_size = sizeof entry};
    return selectai_trainset_get(set, i, &entry) == SELECTAI_OK ? entry.timestamp : "";
}

static const char *time_of_rejected(const selectai_trainset *set, size_t i)
{
    struct selectai_rejected_group group = {.struct_size = sizeof group};
    return selectai_trainset_get_rejected(set, i, &group) == SELECTAI_OK ? group.timestamp : "";
}

/* From this time on, decisions are not trained on; NULL: out of memory. */
static const char *begin_of_last_fifth(const selectai_trainset *set)
{
    size_t n = selectai_trainset_count(set);
    const char **times = calloc(n + 1, sizeof *times), *begin = NULL;
    for (size_t i = 0; times && i < n; i++)
        times[i] = time_of_entry(set, i);
    if (times) {
        qsort(times, n, sizeof *times, compare_text);
        begin = n > 0 ? times[n * 4 / 5] : "";
    }
    free(times);
    return begin;
}

int step_hold_out(struct demo *d)
{
    const selectai_trainset *set = selectai_extraction_entries(d->extraction);
    size_t n = selectai_trainset_count(set), n_rejected = selectai_trainset_rejected_count(set);
    uint8_t *decisions = calloc(n + 1, 1), *rejected = calloc(n_rejected + 1, 1);
    const char *begin = begin_of_last_fifth(set);
    int rc = decisions && rejected && begin ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++)
        decisions[i] = strcmp(time_of_entry(set, i), begin) < 0;
    for (size_t i = 0; i < n_rejected && rc == SELECTAI_OK; i++)
        rejected[i] = strcmp(time_of_rejected(set, i), begin) < 0;
    if (rc == SELECTAI_OK)
        rc = selectai_trainset_select(&d->training, set, decisions, rejected);
    free(decisions);
    free(rejected);
    if (rc != SELECTAI_OK)
        return report_failure(rc);
    note(d, "hold out", "%zu decisions and %zu rejected groups, the latest, are not trained on",
         n - selectai_trainset_count(d->training), n_rejected - selectai_trainset_rejected_count(d->training));
    return EXIT_DONE;
}

/* ---- Models ---------------------------------------------------------------------------------- */

int step_train_ranker(struct demo *d)
{
    struct selectai_ranker_options options;
    struct selectai_metric m = {.struct_size = sizeof m};
    char *path = demo_file(d, "ranker.safetensors");
    selectai_ranker_options_init(&options, sizeof options);
    options.backend_dir = d->backend;
    options.progress = show_progress;
    options.user = &d->progress;
    selectai_ranker *trained = NULL;
    int rc = selectai_ranker_train(&trained, &d->cross_validated, NULL, d->training, d->cache, &options);
    if (rc == SELECTAI_OK)
        rc = selectai_ranker_save(trained, path);
    selectai_ranker_destroy(&trained);
    /* From here on as anybody would who gets the file. */
    if (rc == SELECTAI_OK)
        rc = selectai_ranker_load(&d->ranker, path);
    if (rc == SELECTAI_OK)
        rc = selectai_ranker_evaluate(&d->ranking, d->ranker, selectai_extraction_entries(d->extraction), d->cache);
    if (rc == SELECTAI_OK && selectai_evaluation_find(d->ranking, "overall", &m) == SELECTAI_OK)
        note(d, "ranker", "%.1f %% of %llu unseen pairs right; highest stage wins: %.1f %%", 100 * m.value,
             (unsigned long long)m.n, 100 * m.baseline);
    free(path);
    return rc == SELECTAI_OK ? EXIT_DONE : report_failure(rc);
}

int step_train_cropper(struct demo *d)
{
    struct selectai_cropper_options options;
    struct selectai_metric m = {.struct_size = sizeof m};
    char *path = demo_file(d, "cropper.safetensors");
    selectai_cropper_options_init(&options, sizeof options);
    options.backend_dir = d->backend;
    options.progress = show_progress;
    options.user = &d->progress;
    selectai_cropper *trained = NULL;
    int rc = selectai_cropper_train(&trained, NULL, NULL, d->training, d->cache, &options);
    if (rc == SELECTAI_OK)
        rc = selectai_cropper_save(trained, path);
    selectai_cropper_destroy(&trained);
    if (rc == SELECTAI_OK)
        rc = selectai_cropper_load(&d->cropper, path);
    if (rc == SELECTAI_OK)
        rc = selectai_cropper_evaluate(&d->cropping, d->cropper, selectai_extraction_entries(d->extraction), d->cache);
    if (rc == SELECTAI_OK && selectai_evaluation_find(d->cropping, "iou", &m) == SELECTAI_OK)
        note(d, "cropper", "mean IoU %.3f on %llu unseen crops; constant box: %.3f", m.value, (unsigned long long)m.n,
             m.baseline);
    free(path);
    return rc == SELECTAI_OK ? EXIT_DONE : report_failure(rc);
}

/* ---- Figures --------------------------------------------------------------------------------- */

int step_evaluate(struct demo *d)
{
    char *path = demo_file(d, "evaluation.html");
    json_t *figures = json_of_evaluation(d->ranking);
    json_t *reasons = json_of_reasons(selectai_evaluation_issues(d->ranking));
    const struct evaluation_page page = {
        .model = "ranker.safetensors", .evaluation = figures, .reasons = reasons, .progress = &d->progress};
    int code = figures ? write_evaluation_page(path, &page) : EXIT_FAILED;
    if (code == EXIT_DONE)
        note(d, "evaluate", "%s: the figures as curves and tables, and the worst cases", path);
    json_decref(figures);
    json_decref(reasons);
    free(path);
    return code;
}
