/*
 * verb_review.c: the page on which a person sees, approves, corrects; what was decided, exported and moved.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "review/learn.h"
#include "review/review_args.h"
#if SELECTAI_HAVE_REVIEW
#include "review/server.h"
#endif

/* ---- Models ---------------------------------------------------------------------------------- */

static int check_encoder(const char *what, const char *path, const char *id, const selectai_encoder *encoder)
{
    if (!*id || strcmp(id, selectai_encoder_id(encoder)) == 0)
        return SELECTAI_OK;
    say("%s %s was trained with encoder %s, but --encoder is %s: give the same one", what, path, id,
        selectai_encoder_id(encoder));
    return SELECTAI_ERR_MISMATCH;
}

static int load_models(struct suggestions_how *how, const struct review_args *a)
{
    int rc = open_encoder(&how->encoder, &a->encoder);
    if (rc == SELECTAI_OK && a->ranker)
        rc = selectai_ranker_load(&how->ranker, a->ranker);
    if (rc == SELECTAI_OK && a->cropper)
        rc = selectai_cropper_load(&how->cropper, a->cropper);
    if (rc != SELECTAI_OK) {
        report_failure(rc);
        return rc;
    }
    if (how->ranker)
        rc = check_encoder("ranker", a->ranker, selectai_ranker_encoder_id(how->ranker), how->encoder);
    return rc;
}

static int load_history(selectai_trainset **out, const struct review_args *a)
{
    struct progress progress = {.quiet = a->quiet};
    int rc = a->history.count > 0 ? load_decisions(out, &a->history, &a->projects, 0, &progress) : SELECTAI_OK;
    end_progress(&progress);
    return rc == SELECTAI_OK ? rc : report_failure(rc);
}

/* Suggestions begin while the page is opened. ranker, cache: of `a`, or what is there from an earlier run. */
static int start_suggestions(struct session *session, const struct review_args *a, const selectai_trainset *history)
{
    struct suggestions_how how = {.cache = a->cache,
                                  .model = a->ranker,
                                  .history = history,
                                  .min_confidence = a->min_confidence,
                                  .min_keep = a->min_keep,
                                  .threads = a->encoder.threads,
                                  .embeds_anyway = a->learn > 0};
    int rc = load_models(&how, a);
    if (rc == SELECTAI_OK)
        return suggestions_start(&session->suggestions, &session->groups, &how) == SELECTAI_OK ? EXIT_DONE
                                                                                               : EXIT_FAILED;
    selectai_ranker_destroy(&how.ranker);
    selectai_cropper_destroy(&how.cropper);
    selectai_encoder_close(&how.encoder);
    return EXIT_FAILED;
}

/* What was learned earlier may be in use instead of what was given: a->ranker. Only who decides learns. */
static int open_learner(struct session *session, struct review_args *a, const struct review_args *given)
{
    const struct learn_how how = {a->learn, given->ranker, a->cache, &given->history, &given->projects};
    if (a->learn == 0)
        return EXIT_DONE;
    if (session->read_only) {
        say("--learn: another process decides; this one follows, and learns nothing");
        a->learn = 0;
        return EXIT_DONE;
    }
    if (learner_open(&session->learner, session, &how) != SELECTAI_OK)
        return EXIT_FAILED;
    a->ranker = learner_ranker(session->learner);
    return EXIT_DONE;
}

/* With what it needs to learn, or without. */
static int start_models(struct session *session, const struct review_args *args, const selectai_trainset *history)
{
    struct review_args a = *args;
    char *own_cache = path_of(session->state, "cache");
    a.cache = args->cache ? args->cache : session->read_only ? NULL : own_cache;
    int code = open_learner(session, &a, args);
    if (code == EXIT_DONE && (a.ranker || a.learn))
        code = start_suggestions(session, &a, history);
    if (code == EXIT_DONE && session->learner && learner_start(session->learner) != SELECTAI_OK)
        code = EXIT_FAILED;
    free(own_cache);
    return code;
}

/* ---- The page -------------------------------------------------------------------------------- */

#if SELECTAI_HAVE_REVIEW
/* Under the lock: the page may be open by now. */
static void print_link(struct session *session, const char *link)
{
    char groups[COUNT_TEXT], images[COUNT_TEXT];
    pthread_mutex_lock(&session->lock);
    say("decisions are kept in %s", session->state);
    printf("%s groups of %s images%s\n%s\n", count_text(groups, session->groups.n_groups),
           count_text(images, session->groups.n_images),
           session->read_only ? "; another process decides, this one follows" : "", link);
    pthread_mutex_unlock(&session->lock);
    fflush(stdout);
}

static void wait_for_the_end(struct session *session)
{
    while (!interrupted()) {
        struct timespec pause = {.tv_nsec = 200 * 1000 * 1000};
        nanosleep(&pause, NULL);
        session_keep_cursor(session);
    }
}

static int serve_page(struct session *session, const struct review_args *a)
{
    struct server *server = NULL;
    int code = server_start(&server, session, (uint16_t)a->port);
    if (code != EXIT_DONE)
        return code;
    print_link(session, server_link(server));
    wait_for_the_end(session);
    server_stop(&server);
    session_keep_cursor(session);
    return EXIT_DONE;
}
#else
static int serve_page(struct session *session, const struct review_args *a)
{
    (void)session, (void)a;
    say("this program was built without libmicrohttpd, so it serves no page; it can export and finalize: see --help");
    return EXIT_FAILED;
}
#endif

static int show_page(struct session *session, const struct review_args *a)
{
    selectai_trainset *history = NULL;
    if (session->groups.n_groups == 0)
        say("no groups are left here: what was decided has been moved, or the files are gone");
    int code = load_history(&history, a) == SELECTAI_OK ? EXIT_DONE : EXIT_FAILED;
    if (code == EXIT_DONE)
        code = start_models(session, a, history);
    session->min_confidence = a->min_confidence;
    session->cropper = a->cropper;
    if (code == EXIT_DONE)
        code = serve_page(session, a);
    learner_stop(&session->learner);
    suggestions_stop(&session->suggestions);
    selectai_trainset_destroy(&history);
    return code;
}

static int review(const struct review_args *a)
{
    struct session session;
    const struct session_how how = {.folder = a->rest.items[0],
                                    .project = a->projects.project,
                                    .state = a->state,
                                    .keys = a->keys,
                                    .group = &a->group,
                                    .looks_back = has_tasks(a)};
    int code = session_open(&session, &how);
    if (code != EXIT_DONE)
        return code;
    code = has_tasks(a) ? do_tasks(&session, a) : show_page(&session, a);
    session_close(&session);
    return code;
}

/* ---- Arguments ------------------------------------------------------------------------------- */

static int check_outputs(const struct review_args *a)
{
    const char *const paths[] = {a->output, a->rejected, a->selection_log, a->crop_log};
    int code = EXIT_DONE;
    for (size_t i = 0; i < sizeof paths / sizeof *paths && code == EXIT_DONE; i++)
        if (paths[i])
            code = check_output(paths[i]);
    return code == EXIT_DONE ? -1 : code;
}

static int check(const struct verb *verb, const struct review_args *a)
{
    if (a->rest.count != 1)
        return usage_error(verb, a->rest.count == 0 ? "give the folder to review, or a list of files"
                                                    : "give one folder, or one list of files");
    if (a->port > 65535)
        return usage_error(verb, "--port must be at most 65535");
    if (a->min_confidence > 1 || a->min_keep > 1)
        return usage_error(verb, "--min-confidence and --min-keep are probabilities: 0 to 1");
    if (a->cropper && !a->ranker && !a->learn)
        return usage_error(verb, "--cropper needs --ranker, which says what is cropped");
    if (a->encoder.exif)
        return usage_error(verb, "--exif is not for the review: it shows and crops pictures as they are stored");
    if (a->rating < 1 || a->rating > 5)
        return usage_error(verb, "--rating must be 1 to 5");
    if (a->preview + a->finalize + a->undo_finalize > 1)
        return usage_error(verb, "give one of --preview, --finalize and --undo-finalize");
    if (a->history.count > 0 && !a->cache && !a->learn)
        return usage_error(verb, "--history needs --cache, where the vectors of past decisions are");
    if ((a->output && !has_ending(a->output, ".jsonl")) || (a->rejected && !has_ending(a->rejected, ".jsonl")))
        return usage_error(verb, "--output and --rejected write JSON lines: end their names in .jsonl");
    if ((a->selection_log && !has_ending(a->selection_log, ".csv")) ||
        (a->crop_log && !has_ending(a->crop_log, ".csv")))
        return usage_error(verb, "--selection-log and --crop-log write CSV: end their names in .csv");
    int code = check_project_args(verb, &a->projects);
    return code < 0 ? check_outputs(a) : code;
}

static int run(int argc, char **argv, const struct verb *verb)
{
    struct review_args a = {.encoder.what = "builtin", .min_confidence = 0.6, .min_keep = 0.5, .rating = 5};
    selectai_group_options_init(&a.group, sizeof a.group);
    const struct arg args[] = {
        {"ranker", ARG_TEXT, &a.ranker, "FILE", "a trained ranker; without one the highest stage is suggested", 0},
        {"cropper", ARG_TEXT, &a.cropper, "FILE", "a trained cropper", 0},
        {"cache", ARG_TEXT, &a.cache, "DIR", "vectors are looked up and kept here (in the state folder)", 0},
        {"project", ARG_TEXT, &a.projects.project, "NAME", "the project's name (the folder's)", 0},
        {"history", ARG_LIST, &a.history, "LOG...", "past decisions to name similar ones from (needs --cache)", 0},
        {"min-confidence", ARG_DOUBLE, &a.min_confidence, "P", "a winner below it is \"not sure\" (0.6)", 0},
        {"min-keep", ARG_DOUBLE, &a.min_keep, "P", "\"keep nothing?\" if anything is kept with less than that (0.5)",
         0},
        {"port", ARG_U32, &a.port, "N", "of the page's address; default: any that is free", 0},
        {"learn", ARG_U32, &a.learn, "N", "train again after every N decisions, and go over to what is better", 0},
        {"keys", ARG_TEXT, &a.keys, "FILE", "which key does what, as JSON: docs/review.md", 0},
        {"state", ARG_TEXT, &a.state, "DIR", "for the journal (DIR/.selectai-review)", 0},
        {"output", ARG_TEXT, &a.output, "FILE", "no page: write what was decided as training entries (.jsonl)", 0},
        {"rejected", ARG_TEXT, &a.rejected, "FILE", "no page: write the rejected groups (.jsonl)", 0},
        {"selection-log", ARG_TEXT, &a.selection_log, "FILE", "no page: write selection_only_log.csv", 0},
        {"crop-log", ARG_TEXT, &a.crop_log, "FILE", "no page: write select_crop_log.csv", 0},
        {"decision-files", ARG_FLAG, &a.decision_files, NULL, "no page: write .decision files beside the images", 0},
        {"xmp", ARG_CHOICE, &a.xmp, "none|adobe|darktable|both",
         "no page: write XMP sidecars, x.xmp, x.png.xmp or both", 0},
        {"rating", ARG_U32, &a.rating, "N", "stars that a winner gets in XMP (5)", 0},
        {"preview", ARG_FLAG, &a.preview, NULL, "no page: list what --finalize would move", 0},
        {"finalize", ARG_FLAG, &a.finalize, NULL, "no page: move files as decided, or go on with it", 0},
        {"undo-finalize", ARG_FLAG, &a.undo_finalize, NULL, "no page: move everything back", 0},
        {"group-mode", ARG_CHOICE, &a.group.mode, "nearest-up|timestamp", "how stages become groups", 0},
        {"group-scope", ARG_CHOICE, &a.group.scope, "directory|project", "group in each folder, or in all together", 0},
        {"max-gap", ARG_DOUBLE, &a.group.max_gap, "SECONDS", "nearest-up: a longer gap ends a group; 0: no limit", 0},
        ENCODER_FLAGS(&a.encoder),
        LOG_FLAGS(&a.projects),
        {"json", ARG_FLAG, &a.json, NULL, "without the page: print JSON", 0},
        {"quiet", ARG_FLAG, &a.quiet, NULL, "no progress", 0},
        {0},
    };
    int code = parse_args(argc, argv, verb, args, &a.rest);
    if (code < 0)
        code = check(verb, &a);
    if (code < 0)
        code = review(&a);
    free_list(&a.rest);
    free_list(&a.history);
    free_project_args(&a.projects);
    return code;
}

const struct verb verb_review = {
    .name = "review",
    .summary = "a local page on which you see, approve and correct what is suggested; nothing moves until Finalize",
    .usage = "DIR|FILE [--ranker FILE] [--cropper FILE] [options]",
    .text = "FILE: a list, a path a line, or what 'suggest --json' printed.\n"
            "Prints a link for this machine's browser, and runs until Ctrl-C. Every decision is kept at once and can "
            "be undone,\n"
            "also after a restart. With one of the flags marked \"no page\" it does that and ends.",
    .run = run,
};
