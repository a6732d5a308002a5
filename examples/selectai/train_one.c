/*
 * train_one.c: decisions + vectors -> one model, with its figures.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "figures.h"
#include "report/evaluation_page.h"
#include "train.h"

void free_trained(struct trained *trained)
{
    selectai_evaluation_destroy(&trained->evaluation);
    selectai_issues_destroy(&trained->issues);
    json_decref(trained->figures);
    *trained = (struct trained){0};
}

static int save_ranker(struct trained *out, const struct train_job *job, const selectai_trainset *set,
                       const char *output, const struct selectai_ranker_options *options)
{
    selectai_ranker *model = NULL;
    int rc = selectai_ranker_train(&model, &out->evaluation, &out->issues, set, job->cache, options);
    end_progress(job->progress);
    if (rc == SELECTAI_OK)
        rc = selectai_ranker_save(model, output);
    selectai_ranker_destroy(&model);
    return rc;
}

static int save_cropper(struct trained *out, const struct train_job *job, const selectai_trainset *set,
                        const char *output)
{
    selectai_cropper *model = NULL;
    job->args->crop.progress = show_progress;
    job->args->crop.user = job->progress;
    int rc = selectai_cropper_train(&model, &out->evaluation, &out->issues, set, job->cache, &job->args->crop);
    end_progress(job->progress);
    if (rc == SELECTAI_OK)
        rc = selectai_cropper_save(model, output);
    selectai_cropper_destroy(&model);
    return rc;
}

int train_and_save(struct trained *out, const struct train_job *job, const selectai_trainset *set, const char *output,
                   const struct selectai_ranker_options *options)
{
    *out = (struct trained){0};
    int rc = job->args->cropper ? save_cropper(out, job, set, output) : save_ranker(out, job, set, output, options);
    int code = rc == SELECTAI_OK ? EXIT_DONE : report_failure(rc);
    if (code == EXIT_DONE)
        out->figures = json_of_evaluation(out->evaluation);
    if (code == EXIT_DONE && !out->figures)
        code = EXIT_FAILED;
    if (code != EXIT_DONE)
        free_trained(out);
    return code;
}

json_t *cross_validate(int *code, const struct train_job *job, const selectai_trainset *set,
                       const struct selectai_ranker_options *options)
{
    selectai_evaluation *evaluation = NULL;
    int rc = selectai_ranker_cross_validate(&evaluation, set, job->cache, options);
    end_progress(job->progress);
    json_t *figures = rc == SELECTAI_OK ? json_of_evaluation(evaluation) : NULL;
    selectai_evaluation_destroy(&evaluation);
    *code = figures ? EXIT_DONE : rc != SELECTAI_OK ? report_failure(rc) : EXIT_FAILED;
    return figures;
}

/* Counts are of the whole data, also where one project of it was trained on. */
json_t *train_document(const struct train_job *job, const struct trained *trained)
{
    json_t *document = json_object();
    json_object_set_new(document, "model", job->args->output ? json_of_bytes(job->args->output) : json_null());
    json_object_set_new(document, "decisions", json_integer((json_int_t)selectai_trainset_count(job->set)));
    json_object_set_new(document, "rejected_groups",
                        json_integer((json_int_t)selectai_trainset_rejected_count(job->set)));
    if (trained) {
        json_object_set_new(document, "left_out", json_integer((json_int_t)count_unused(trained->issues)));
        json_object_set_new(document, "left_out_by_reason", json_of_reasons(trained->issues));
        json_object_set(document, "evaluation", trained->figures);
    }
    return document;
}

int write_train_page(const struct train_job *job, const json_t *figures, json_t *reasons, const json_t *extra)
{
    const struct evaluation_page page = {.model = job->args->output ? job->args->output
                                                                    : "a ranker in cross-validation",
                                         .evaluation = figures,
                                         .reasons = reasons,
                                         .sweep = json_object_get(extra, "sweep"),
                                         .leakage = json_object_get(extra, "leakage"),
                                         .per_project = json_object_get(extra, "per_project"),
                                         .note = text_of(extra, "note"),
                                         .progress = job->progress};
    return job->args->html ? write_evaluation_page(job->args->html, &page) : EXIT_DONE;
}

int train_one(const struct train_job *job)
{
    const struct train_args *args = job->args;
    struct trained trained;
    int code = train_and_save(&trained, job, job->set, args->output, &args->ranker);
    if (code != EXIT_DONE)
        return code;
    print_unused(trained.issues);
    json_t *document = train_document(job, &trained);
    code = write_train_page(job, trained.figures, json_object_get(document, "left_out_by_reason"), NULL);
    if (code == EXIT_DONE && args->json) {
        code = print_json(json_incref(document));
    } else if (code == EXIT_DONE && !args->quiet) {
        printf("%s written.\n", args->output);
        print_figures(trained.figures);
        if (!args->cropper)
            print_rejected(job->set, trained.figures);
    }
    json_decref(document);
    free_trained(&trained);
    return code;
}
