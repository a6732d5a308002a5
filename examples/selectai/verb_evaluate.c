/*
 * verb_evaluate.c: how good is a model on decisions that it has not seen, and is another one better?
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "evaluate.h"
#include "figures.h"
#include "report/evaluation_page.h"
#include "validation.h"

enum { FLIPS_IN_TEXT = 20 };

struct evaluate_args {
    const char *model, *cache_dir, *layout_dir, *other, *other_cache_dir, *html;
    struct text_list data;
    struct project_args projects;
    struct progress progress;
    int json, skip_bad_rows;
};

/* What the arguments name, opened. */
struct measured {
    selectai_trainset *set;
    selectai_embedding_cache *cache, *layout, *other_cache;
    struct any_model model, other;
    selectai_evaluation *evaluation;
    json_t *figures, *reasons, *comparison;
};

/* A model file is one of two kinds; the loader of the other kind says MISMATCH. */
int load_any_model(struct any_model *out, const char *path)
{
    int rc = selectai_ranker_load(&out->ranker, path);
    return rc == SELECTAI_ERR_MISMATCH ? selectai_cropper_load(&out->cropper, path) : rc;
}

int evaluate_any_model(selectai_evaluation **out, const struct any_model *model, const selectai_trainset *set,
                       const selectai_embedding_cache *cache, const selectai_embedding_cache *layout)
{
    return model->ranker ? selectai_ranker_evaluate(out, model->ranker, set, cache)
                         : selectai_cropper_evaluate_with_layout(out, model->cropper, set, cache, layout);
}

int needs_cache(const struct any_model *model)
{
    return model->ranker || (model->cropper && selectai_cropper_dim(model->cropper) > 0);
}

void free_any_model(struct any_model *model)
{
    selectai_ranker_destroy(&model->ranker);
    selectai_cropper_destroy(&model->cropper);
}

/* ---- Steps: an exit code each ---------------------------------------------------------------- */

static int open_all(struct measured *m, struct evaluate_args *a)
{
    int rc = load_decisions(&m->set, &a->data, &a->projects, 0, &a->progress);
    if (rc == SELECTAI_OK && refuse_left_out(m->set, a->skip_bad_rows))
        return EXIT_FAILED;
    if (rc == SELECTAI_OK && a->cache_dir)
        rc = selectai_embedding_cache_open(&m->cache, a->cache_dir);
    if (rc == SELECTAI_OK && a->layout_dir)
        rc = selectai_embedding_cache_open(&m->layout, a->layout_dir);
    if (rc == SELECTAI_OK && a->other_cache_dir)
        rc = selectai_embedding_cache_open(&m->other_cache, a->other_cache_dir);
    if (rc == SELECTAI_OK)
        rc = load_any_model(&m->model, a->model);
    if (rc == SELECTAI_OK && a->other)
        rc = load_any_model(&m->other, a->other);
    if (rc == SELECTAI_OK && !m->cache && (needs_cache(&m->model) || needs_cache(&m->other)))
        return usage_error(&verb_evaluate, "this model needs --cache DIR");
    return rc == SELECTAI_OK ? EXIT_DONE : report_failure(rc);
}

static int measure(struct measured *m, const struct evaluate_args *a)
{
    int code, rc = evaluate_any_model(&m->evaluation, &m->model, m->set, m->cache, m->layout);
    if (rc != SELECTAI_OK)
        return report_failure(rc);
    m->figures = json_of_evaluation(m->evaluation);
    m->reasons = json_of_reasons(selectai_evaluation_issues(m->evaluation));
    if (!m->figures)
        return EXIT_FAILED;
    if (!a->other)
        return EXIT_DONE;
    const struct comparison comparison = {.name_a = a->model,
                                          .name_b = a->other,
                                          .a = &m->model,
                                          .b = &m->other,
                                          .set = m->set,
                                          .cache = m->cache,
                                          .cache_b = m->other_cache,
                                          .layout = m->layout};
    m->comparison = compare_models(&code, &comparison);
    return code;
}

static int write_page(const struct measured *m, struct evaluate_args *a)
{
    const struct evaluation_page page = {.model = a->model,
                                         .evaluation = m->figures,
                                         .reasons = m->reasons,
                                         .comparison = m->comparison,
                                         .progress = &a->progress};
    return a->html ? write_evaluation_page(a->html, &page) : EXIT_DONE;
}

static int print_as_json(const struct measured *m)
{
    const selectai_issues *issues = selectai_evaluation_issues(m->evaluation);
    json_t *document = json_copy(m->figures);
    json_object_set_new(document, "decisions", json_integer((json_int_t)selectai_trainset_count(m->set)));
    json_object_set_new(document, "rejected_groups",
                        json_integer((json_int_t)selectai_trainset_rejected_count(m->set)));
    json_object_set_new(document, "left_out", json_integer((json_int_t)count_unused(issues)));
    json_object_set(document, "left_out_by_reason", m->reasons);
    if (m->comparison)
        json_object_set(document, "compare", m->comparison);
    return print_json(document);
}

static int print_as_text(const struct measured *m)
{
    printf("%llu groups measured, %llu decisions left out because the model has seen their images\n",
           (unsigned long long)count_of(m->figures, "groups"),
           (unsigned long long)count_of(m->figures, "excluded_seen"));
    print_figures(m->figures);
    if (m->model.ranker)
        print_rejected(m->set, m->figures);
    if (m->comparison)
        print_comparison(m->comparison, FLIPS_IN_TEXT);
    return EXIT_DONE;
}

static int evaluate(struct evaluate_args *a)
{
    struct measured m = {0};
    int code = open_all(&m, a);
    if (code == EXIT_DONE)
        code = measure(&m, a);
    if (code == EXIT_DONE)
        print_unused(selectai_evaluation_issues(m.evaluation));
    if (code == EXIT_DONE)
        code = write_page(&m, a);
    if (code == EXIT_DONE)
        code = a->json ? print_as_json(&m) : print_as_text(&m);
    selectai_evaluation_destroy(&m.evaluation);
    selectai_embedding_cache_close(&m.cache);
    selectai_embedding_cache_close(&m.layout);
    selectai_embedding_cache_close(&m.other_cache);
    selectai_trainset_destroy(&m.set);
    free_any_model(&m.model);
    free_any_model(&m.other);
    json_decref(m.figures);
    json_decref(m.reasons);
    json_decref(m.comparison);
    return code;
}

static int check(struct evaluate_args *a, const struct verb *verb)
{
    if (a->other_cache_dir && !a->other)
        return usage_error(verb, "--compare-cache goes with --compare");
    if (a->html && (same_place(a->html, a->model) || (a->other && same_place(a->html, a->other))))
        return usage_error(verb, "--html %s would overwrite a model", a->html);
    int code = check_project_args(verb, &a->projects);
    if (code < 0)
        code = check_log_output(verb, "html", a->html, &a->data, &a->projects);
    if (code < 0 && a->html && check_output(a->html))
        code = EXIT_FAILED;
    return code;
}

static int run(int argc, char **argv, const struct verb *verb)
{
    struct evaluate_args a = {0};
    const struct arg args[] = {
        {"model", ARG_TEXT, &a.model, "FILE", "a ranker or cropper", 1},
        {"data", ARG_LIST, &a.data, "LOG...", "training entries (.jsonl, .csv), rejected groups or old logs", 1},
        {"cache", ARG_TEXT, &a.cache_dir, "DIR", "vectors, as made by 'embed'; needed, but for a cropper of sizes only",
         0},
        {"layout-cache", ARG_TEXT, &a.layout_dir, "DIR", "for a cropper that was trained with one", 0},
        {"html", ARG_TEXT, &a.html, "FILE", "a page with curves, tables, and the worst cases with pictures", 0},
        {"compare", ARG_TEXT, &a.other, "FILE", "another model of the kind: on which decisions do they differ?", 0},
        {"compare-cache", ARG_TEXT, &a.other_cache_dir, "DIR", "vectors for the other one, if its encoder is another",
         0},
        SKIP_BAD_ROWS_FLAG(&a.skip_bad_rows),
        LOG_PROJECT_FLAG(&a.projects),
        LOG_FLAGS(&a.projects),
        {"json", ARG_FLAG, &a.json, NULL, "print JSON", 0},
        {"quiet", ARG_FLAG, &a.progress.quiet, NULL, "no progress", 0},
        {0},
    };
    int code = parse_args(argc, argv, verb, args, NULL);
    if (code < 0)
        code = check(&a, verb);
    if (code < 0)
        code = check_decisions(&a.data, &a.projects, a.skip_bad_rows, &a.progress);
    if (code < 0)
        code = evaluate(&a);
    free_list(&a.data);
    free_project_args(&a.projects);
    return code;
}

const struct verb verb_evaluate = {
    .name = "evaluate",
    .summary = "measure a model on decisions that it has not seen, beside the trivial rules",
    .usage = "--model FILE --data LOG... [--cache DIR] [options]",
    .text = "Decisions with images that the model was trained on are left out. How to read the figures and the page:\n"
            "docs/learning.md.",
    .run = run,
};
