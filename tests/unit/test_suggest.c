/*
 * test_suggest.c: suggestions from a hand-made model: winners, crops, what is left out and why.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/file.h"
#include "decisions_fixture.h"
#include "learn_fixture.h"

#include "suggest/suggest.h"

enum { DIM = 512, FILES = 8 };

static char dir[256], cache_dir[300], paths[FILES][320];
static const char *const files[FILES] = {
    "20250101_100000_stage1_generated.png",
    "20250101_100010_stage2_upscaled.png",
    "20250101_100020_stage3_enhanced.png",
    "20250101_110000_stage1_generated.png",
    "20250101_110005_stage1.5_face_swapped.png",
    "20250101_120000_stage1_generated.png", /* alone */
    "holiday.png",
    "20250101_130000_stage1_generated.png",
};
static selectai_encoder *encoder;
static selectai_ranker *ranker;
static selectai_cropper *cropper;

static void make_image(const char *path, uint32_t width, uint32_t height, unsigned tone)
{
    uint8_t *rgb = malloc((size_t)width * height * 3);
    selectai_image *image = NULL;
    for (size_t i = 0; i < (size_t)width * height * 3; i++)
        rgb[i] = (uint8_t)(tone + i % 7 * 20);
    assert_int_equal(selectai_image_create(&image, width, height, rgb, 0), SELECTAI_OK);
    assert_int_equal(selectai_image_save(image, path, 0), SELECTAI_OK);
    selectai_image_destroy(&image);
    free(rgb);
}

static int setup(void **state)
{
    (void)state;
    float *w = calloc((size_t)(DIM + 2) * 3 + 3, sizeof *w);
    make_temporary(dir);
    snprintf(cache_dir, sizeof cache_dir, "%s/cache", dir);
    for (unsigned i = 0; i < FILES; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%s", dir, files[i]);
        make_image(paths[i], 32 + 16 * (i % 3), 48, 10 * i);
    }
    if (selectai_encoder_open(&encoder, "builtin", NULL) != SELECTAI_OK)
        return -1;
    struct sai_model *m;
    w[0] = 1; /* the score is the first number */
    m = linear_model(SAI_KIND_RANKER, DIM, w, selectai_encoder_id(encoder));
    m->temperature = 0.5;
    assert_int_equal(sai_ranker_wrap(&ranker, &m), SELECTAI_OK);
    /* scale 1/2, in the middle, at the top: the biases alone, through a sigmoid */
    memset(w, 0, ((size_t)(DIM + 2) * 3 + 3) * sizeof *w);
    w[(size_t)(DIM + 2) * 3 + 2] = -20;
    m = linear_model(SAI_KIND_CROPPER, DIM, w, selectai_encoder_id(encoder));
    m->snap = 0.02;
    assert_int_equal(sai_cropper_wrap(&cropper, &m), SELECTAI_OK);
    free(w);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    selectai_ranker_destroy(&ranker);
    selectai_cropper_destroy(&cropper);
    selectai_encoder_close(&encoder);
    remove_temporary(dir);
    return 0;
}

static void cache_file(selectai_embedding_cache *cache, int i, float quality)
{
    struct stat st;
    float *x = calloc(DIM, sizeof *x);
    struct selectai_cache_row row = {.struct_size = sizeof row, .width = 400, .height = 600, .project = "anna"};
    assert_int_equal(stat(paths[i], &st), 0);
    row.rel_path = files[i];
    row.mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    assert_int_equal(sai_file_crc32(&row.crc32, &row.size, paths[i]), SELECTAI_OK);
    x[0] = quality;
    assert_int_equal(selectai_embedding_cache_add(cache, &row, x), SELECTAI_OK);
    free(x);
}

static selectai_embedding_cache *make_cache(void)
{
    static const float quality[5] = {1, 3, 2, 0.25f, 0.25f};
    selectai_embedding_cache *cache = NULL;
    assert_int_equal(selectai_embedding_cache_create(&cache, cache_dir, selectai_encoder_id(encoder), DIM, 0),
                     SELECTAI_OK);
    for (int i = 0; i < 5; i++)
        cache_file(cache, i, quality[i]);
    assert_int_equal(selectai_embedding_cache_flush(cache), SELECTAI_OK);
    selectai_embedding_cache_close(&cache);
    assert_int_equal(selectai_embedding_cache_open(&cache, cache_dir), SELECTAI_OK);
    return cache;
}

static const char *issue_of(const selectai_issues *issues, const char *path)
{
    struct selectai_issue issue = {.struct_size = sizeof issue};
    for (size_t i = 0; i < selectai_issues_count(issues); i++) {
        assert_int_equal(selectai_issues_get(issues, i, &issue), SELECTAI_OK);
        if (strcmp(issue.path, path) == 0)
            return issue.kind;
    }
    return "";
}

static void winners_crops_and_reasons(void **state)
{
    (void)state;
    const char *list[FILES];
    selectai_embedding_cache *cache = make_cache();
    selectai_suggestions *s = NULL;
    struct selectai_suggestion g = {.struct_size = sizeof g};
    struct selectai_suggest_options o;
    selectai_suggest_options_init(&o, sizeof o);
    o.project = "anna";
    for (int i = 0; i < FILES; i++)
        list[i] = paths[(i * 3) % FILES]; /* in disorder */
    assert_int_equal(selectai_suggest_files(&s, list, FILES, ranker, cropper, encoder, cache, &o), SELECTAI_OK);
    assert_int_equal(selectai_suggestions_count(s), 2);

    assert_int_equal(selectai_suggestions_get(s, 0, &g), SELECTAI_OK);
    assert_int_equal(g.n_images, 3);
    assert_int_equal(g.winner, 1); /* the highest quality, not the highest stage */
    assert_string_equal(g.paths[1], paths[1]);
    assert_float_equal(g.stages[2], 3, 0);
    assert_float_equal(g.scores[0], 1, 0);
    double sum = exp((1 - 3) / 0.5) + 1 + exp((2 - 3) / 0.5);
    assert_near(g.confidence, 1 / sum, 1e-6);
    assert_near((double)g.probabilities[2], exp(-2) / sum, 1e-6);
    assert_int_equal(g.sizes[2], 400);
    assert_int_equal(g.has_crop, 1);
    assert_true(g.crop.x1 == 0.25 && g.crop.x2 == 0.75 && g.crop.y1 == 0 && g.crop.y2 == 0.5);
    assert_true(g.crop_px.x1 == 100 && g.crop_px.x2 == 300 && g.crop_px.y1 == 0 && g.crop_px.y2 == 300);

    assert_int_equal(selectai_suggestions_get(s, 1, &g), SELECTAI_OK);
    assert_int_equal(g.n_images, 2);
    assert_int_equal(g.winner, 1); /* equal scores: the higher stage */
    assert_near(g.confidence, 0.5, 1e-7);

    const selectai_issues *issues = selectai_suggestions_issues(s);
    assert_int_equal(selectai_issues_count(issues), 3);
    assert_string_equal(issue_of(issues, paths[5]), "no-group");
    assert_string_equal(issue_of(issues, paths[6]), "unparsed");
    assert_string_equal(issue_of(issues, paths[7]), "no-group");
    assert_int_equal(selectai_suggestions_get(s, 2, &g), SELECTAI_ERR_INVALID_ARGUMENT);
    selectai_suggestions_destroy(&s);
    assert_null(s);
    selectai_embedding_cache_close(&cache);
}

static void json_says_the_same(void **state)
{
    (void)state;
    const char *list[] = {paths[0], paths[1], paths[2]};
    selectai_embedding_cache *cache = make_cache();
    selectai_suggestions *s = NULL;
    struct selectai_suggest_options o;
    char *text = NULL;
    json_t *j = NULL;
    selectai_suggest_options_init(&o, sizeof o);
    o.project = "anna";
    assert_int_equal(selectai_suggest_files(&s, list, 3, ranker, NULL, encoder, cache, &o), SELECTAI_OK);
    assert_int_equal(selectai_suggestion_json(&text, s, 0), SELECTAI_OK);
    assert_int_equal(sai_json_parse(&j, text, strlen(text), "suggestion", 0), SELECTAI_OK);
    assert_int_equal(sai_json_integer(j, "winner", -1), 1);
    assert_string_equal(sai_json_string(j, "winner_path", ""), paths[1]);
    assert_true(json_is_null(json_object_get(j, "crop"))); /* no cropper was given */
    const json_t *images = json_object_get(j, "images");
    assert_int_equal(json_array_size(images), 3);
    assert_int_equal(sai_json_integer(json_array_get(images, 2), "width", 0), 400);
    json_decref(j);
    selectai_free(text);
    assert_int_equal(selectai_suggestion_json(&text, s, 1), SELECTAI_ERR_INVALID_ARGUMENT);
    selectai_suggestions_destroy(&s);
    selectai_embedding_cache_close(&cache);
}

static void changed_and_unknown_files_are_encoded(void **state)
{
    (void)state;
    const char *list[] = {paths[0], paths[1], paths[2]};
    selectai_embedding_cache *cache = make_cache();
    selectai_suggestions *s = NULL;
    struct selectai_suggestion g = {.struct_size = sizeof g};
    struct selectai_suggest_options o;
    float real[DIM];
    selectai_suggest_options_init(&o, sizeof o);
    o.project = "anna";
    make_image(paths[0], 64, 64, 99); /* the cache's vector is of the old content */
    assert_int_equal(selectai_encoder_encode_files(real, NULL, encoder, list, 1, NULL, NULL), SELECTAI_OK);
    assert_int_equal(selectai_suggest_files(&s, list, 3, ranker, NULL, encoder, cache, &o), SELECTAI_OK);
    assert_int_equal(selectai_suggestions_get(s, 0, &g), SELECTAI_OK);
    assert_float_equal(g.scores[0], real[0], 0);
    assert_float_equal(g.scores[1], 3, 0);
    assert_true(g.sizes[0] == 64 && g.sizes[1] == 64);
    selectai_suggestions_destroy(&s);
    /* Without a project the cache is not asked at all. */
    assert_int_equal(selectai_suggest_files(&s, list, 3, ranker, NULL, encoder, cache, NULL), SELECTAI_OK);
    assert_int_equal(selectai_suggestions_get(s, 0, &g), SELECTAI_OK);
    assert_true(g.sizes[2] == 48 && g.sizes[3] == 48);
    selectai_suggestions_destroy(&s);
    selectai_embedding_cache_close(&cache);
    make_image(paths[0], 32, 48, 0);
}

/* Stage 2 is worth more in project "anna"; weights 2 and 1/2; the keep network looks at the first number, too. */
static selectai_ranker *ranker_of_parts(bool keep)
{
    float w[DIM + 1] = {1};
    const float zero[DIM] = {0};
    float one[DIM];
    const uint32_t widths[] = {DIM, 1};
    selectai_ranker *out = NULL;
    struct sai_model *m = linear_model(SAI_KIND_RANKER, DIM, w, selectai_encoder_id(encoder));
    assert_int_equal(sai_prior_allocate(&m->prior, 3, 1), SELECTAI_OK);
    for (unsigned i = 0; i < 3; i++) {
        m->prior.stages[i] = 1 + i;
        m->prior.values[i] = (double)i - 1;
    }
    m->prior.projects[0] = sai_strdup("anna");
    m->prior.project_values[1] = 1.5;
    m->blend.prior_weight = 2;
    m->blend.image_weight = 0.5;
    if (keep) {
        for (unsigned i = 0; i < DIM; i++)
            one[i] = 1;
        assert_int_equal(sai_mlp_create(&m->keep, widths, 2, SAI_MLP_LINEAR, w), SELECTAI_OK);
        assert_int_equal(sai_standardiser_copy(&m->keep_standardiser, DIM, zero, one, 1000), SELECTAI_OK);
        m->blend.keep_shift = -1;
    }
    assert_int_equal(sai_ranker_wrap(&out, &m), SELECTAI_OK);
    return out;
}

/* The first three files as one group of project "anna"; the caller changes the options. */
static selectai_suggestions *suggest_anna(const selectai_ranker *r, struct selectai_suggestion *g,
                                          const struct selectai_suggest_options *o)
{
    const char *list[] = {paths[0], paths[1], paths[2]};
    selectai_embedding_cache *cache = make_cache();
    selectai_suggestions *s = NULL;
    assert_int_equal(selectai_suggest_files(&s, list, 3, r, NULL, encoder, cache, o), SELECTAI_OK);
    assert_int_equal(selectai_suggestions_count(s), 1);
    g->struct_size = sizeof *g;
    assert_int_equal(selectai_suggestions_get(s, 0, g), SELECTAI_OK);
    selectai_embedding_cache_close(&cache);
    return s;
}

static void parts_add_up(void **state)
{
    (void)state;
    static const float prior[3] = {-2, 3, 2}, image[3] = {0.5f, 1.5f, 1};
    selectai_ranker *r = ranker_of_parts(false);
    struct selectai_suggestion g;
    struct selectai_suggest_options o;
    selectai_suggest_options_init(&o, sizeof o);
    o.project = "anna";
    selectai_suggestions *s = suggest_anna(r, &g, &o);
    for (int i = 0; i < 3; i++) {
        assert_near((double)g.priors[i], (double)prior[i], 1e-6);
        assert_near((double)g.images[i], (double)image[i], 1e-6);
        assert_near((double)g.scores[i], (double)prior[i] + (double)image[i], 1e-6);
        assert_float_equal(g.spreads[i], 0, 0);
    }
    assert_int_equal(g.winner, 1);
    assert_true(isnan(g.keep) && !g.keep_nothing);
    assert_string_equal(g.why, "stage 2 is usually taken over stage 3 (+1.0), and the image speaks for stage 2 (+0.5)");
    assert_true(g.n_neighbours == 0 && g.neighbours == NULL);
    selectai_suggestions_destroy(&s);
    selectai_ranker_destroy(&r);
}

/* Old rankers know no stages; and each part may speak against the other. */
static void reasons_name_what_speaks_for_what(void **state)
{
    (void)state;
    struct selectai_suggestion g;
    struct selectai_suggest_options o;
    selectai_suggest_options_init(&o, sizeof o);
    o.project = "anna";
    selectai_suggestions *s = suggest_anna(ranker, &g, &o);
    assert_string_equal(g.why, "the image speaks for stage 2 (+1.0)");
    selectai_suggestions_destroy(&s);
    selectai_ranker *r = ranker_of_parts(false);
    r->model->prior.project_values[1] = -1; /* now stage 3 is usual there, and wins */
    s = suggest_anna(r, &g, &o);
    assert_int_equal(g.winner, 2);
    assert_string_equal(g.why, "stage 3 is usually taken over stage 2 (+4.0), but the image speaks for stage 2 (+0.5)");
    selectai_suggestions_destroy(&s);
    selectai_ranker_destroy(&r);
}

static void assert_why(const struct selectai_suggestion *g, bool looks, const char *expected)
{
    char *text = NULL;
    assert_int_equal(sai_write_why(&text, g, looks), SELECTAI_OK);
    assert_string_equal(text, expected);
    sai_free(text);
}

/* A ranker that recognises stages does not know those of the names, so it gives no reasons by them. */
static void reasons_by_looks(void **state)
{
    (void)state;
    static const char *const two[] = {"a_stage1.png", "b_stage3.png"};
    const double stages[] = {1, 3};
    const float scores[] = {1, 0.5f}, images[] = {-0.5f, 0};
    float priors[] = {1.5f, 0.5f};
    const struct selectai_suggestion g = {
        .n_images = 2, .paths = two, .stages = stages, .scores = scores, .priors = priors, .images = images};
    assert_why(&g, false, "stage 1 is usually taken over stage 3 (+1.0), but the image speaks for stage 3 (+0.5)");
    assert_why(&g, true,
               "stage 1 looks like a stage that is usually taken (+1.0), but the image speaks for stage 3 (+0.5)");
    priors[1] = priors[0];
    assert_why(&g, true, "the stages that they look like do not decide, and the image speaks for stage 3 (+0.5)");
}

/* Imported rankers may have learned from vectors of length 1: the encoder's are scaled for them, and only for them. */
static void rankers_of_unit_length_get_such_vectors(void **state)
{
    (void)state;
    const char *list[] = {paths[0], paths[1], paths[2]};
    static float w[DIM + 1], x[3 * DIM];
    selectai_ranker *r = NULL;
    selectai_suggestions *s = NULL;
    struct selectai_suggestion g = {.struct_size = sizeof g};
    for (unsigned i = 0; i < DIM; i++)
        w[i] = 1;
    struct sai_model *m = linear_model(SAI_KIND_RANKER, DIM, w, selectai_encoder_id(encoder));
    m->form.vectors = SAI_VECTORS_UNIT;
    assert_int_equal(sai_ranker_wrap(&r, &m), SELECTAI_OK);
    assert_int_equal(selectai_encoder_encode_files(x, NULL, encoder, list, 3, NULL, NULL), SELECTAI_OK);
    assert_int_equal(selectai_suggest_files(&s, list, 3, r, cropper, encoder, NULL, NULL), SELECTAI_OK);
    assert_int_equal(selectai_suggestions_get(s, 0, &g), SELECTAI_OK);
    for (int i = 0; i < 3; i++) {
        double sum = 0, square = 0;
        for (int j = 0; j < DIM; j++) {
            sum += (double)x[i * DIM + j];
            square += (double)x[i * DIM + j] * (double)x[i * DIM + j];
        }
        assert_true(fabs(sqrt(square) - 1) > 0.01);
        assert_near((double)g.scores[i], sum / sqrt(square), 1e-4);
    }
    assert_int_equal(g.has_crop, 1);
    selectai_suggestions_destroy(&s);
    selectai_ranker_destroy(&r);
}

static void thresholds_decide_about_sure_and_keep(void **state)
{
    (void)state;
    selectai_ranker *r = ranker_of_parts(true);
    struct selectai_suggestion g;
    struct selectai_suggest_options o;
    selectai_suggest_options_init(&o, sizeof o);
    assert_true(o.min_confidence == 0.6 && o.min_keep == 0.5 && o.neighbours == 3 && o.history == NULL);
    o.project = "anna";
    selectai_suggestions *s = suggest_anna(r, &g, &o);
    double confidence = g.confidence, keep = g.keep;
    assert_true(confidence > 0 && confidence < 1 && keep > 0 && keep < 1);
    selectai_suggestions_destroy(&s);
    for (int above = 0; above < 2; above++) {
        o.min_confidence = confidence + (above ? 1e-9 : -1e-9);
        o.min_keep = keep + (above ? 1e-9 : -1e-9);
        s = suggest_anna(r, &g, &o);
        assert_int_equal(g.sure, !above);
        assert_int_equal(g.keep_nothing, above);
        assert_true((strstr(g.why, "nothing of it is kept") != NULL) == above);
        assert_int_equal(g.winner, 1); /* it is named all the same */
        selectai_suggestions_destroy(&s);
    }
    selectai_ranker_destroy(&r);
}

static void past_decisions_are_named(void **state)
{
    (void)state;
    struct selectai_suggestion g;
    struct selectai_suggest_options o;
    char losers[700], *text = NULL;
    json_t *j = NULL;
    selectai_trainset *history = new_set();
    snprintf(losers, sizeof losers, "%s|%s", paths[0], paths[2]);
    add_entry(history, "anna", paths[1], losers); /* the group itself */
    add_entry(history, "anna", paths[3], paths[4]);
    add_entry(history, "bert", paths[4], paths[3]);
    selectai_suggest_options_init(&o, sizeof o);
    o.project = "anna";
    o.history = history;
    selectai_suggestions *s = suggest_anna(ranker, &g, &o);
    selectai_trainset_destroy(&history);
    assert_int_equal(g.n_neighbours, 1);
    assert_string_equal(g.neighbours[0].winner_path, paths[3]);
    assert_string_equal(g.neighbours[0].loser_paths[0], paths[4]);
    assert_int_equal(g.neighbours[0].anomaly, 1);
    assert_non_null(strstr(g.why, "; the most similar past decision was not between stages 3 and 2"));
    assert_int_equal(selectai_suggestion_json(&text, s, 0), SELECTAI_OK);
    assert_int_equal(sai_json_parse(&j, text, strlen(text), "suggestion", 0), SELECTAI_OK);
    const json_t *b = json_array_get(json_object_get(j, "neighbours"), 0);
    assert_string_equal(sai_json_string(b, "winner_path", ""), paths[3]);
    assert_true(json_is_true(json_object_get(b, "anomaly")));
    assert_string_equal(sai_json_string(json_array_get(json_object_get(b, "losers"), 0), "path", ""), paths[4]);
    json_decref(j);
    selectai_free(text);
    selectai_suggestions_destroy(&s);
}

static void known_groups_are_taken_and_all_images_get_crops(void **state)
{
    (void)state;
    static const uint32_t starts[] = {0, 3, 5}, odd[][3] = {{0, 3, 4}, {1, 3, 5}, {0, 4, 5}, {0, 6, 5}, {0, 5, 3}};
    selectai_embedding_cache *cache = make_cache();
    selectai_suggestions *s = NULL;
    struct selectai_suggestion g = {.struct_size = sizeof g};
    struct selectai_suggest_options o;
    const char *list[] = {paths[0], paths[1], paths[2], paths[1], paths[0]}; /* the second as no name would group it */
    selectai_suggest_options_init(&o, sizeof o);
    o.project = "anna";
    o.set_starts = starts;
    o.n_sets = 2;
    o.crop_all = 1;
    assert_int_equal(selectai_suggest_files(&s, list, 5, ranker, cropper, encoder, cache, &o), SELECTAI_OK);
    assert_int_equal(selectai_suggestions_count(s), 2);
    for (size_t k = 0; k < 2; k++) {
        assert_int_equal(selectai_suggestions_get(s, k, &g), SELECTAI_OK);
        assert_int_equal(g.n_images, k == 0 ? 3 : 2);
        assert_string_equal(g.paths[0], list[starts[k]]);
        for (uint32_t i = 0; i < g.n_images; i++)
            assert_true(g.crops[i].x1 == 0.25 && g.crops[i].x2 == 0.75 && g.crops[i].y2 == 0.5);
    }
    assert_int_equal(g.winner, 0); /* paths[1] stands first here */
    selectai_suggestions_destroy(&s);
    o.crop_all = 0;
    assert_int_equal(selectai_suggest_files(&s, list, 5, ranker, cropper, encoder, cache, &o), SELECTAI_OK);
    assert_int_equal(selectai_suggestions_get(s, 0, &g), SELECTAI_OK);
    assert_null(g.crops);
    selectai_suggestions_destroy(&s);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        o.set_starts = odd[i];
        assert_int_equal(selectai_suggest_files(&s, list, 5, ranker, cropper, encoder, cache, &o),
                         SELECTAI_ERR_INVALID_ARGUMENT);
    }
    selectai_embedding_cache_close(&cache);
}

static void impossible_options_are_refused(void **state)
{
    (void)state;
    const char *list[] = {paths[0]};
    selectai_suggestions *s = NULL;
    selectai_trainset *history = new_set();
    selectai_embedding_cache *cache = make_cache();
    for (int i = 0; i < 6; i++) {
        struct selectai_suggest_options o;
        selectai_suggest_options_init(&o, sizeof o);
        o.project = i == 4 ? NULL : "anna";
        o.min_confidence = i == 0 ? 1.5 : i == 1 ? (double)NAN : 0.5;
        o.min_keep = i == 2 ? -0.1 : 0.5;
        o.neighbours = i == 3 ? SELECTAI_MAX_NEIGHBOURS + 1 : 3;
        o.history = history;
        assert_int_equal(selectai_suggest_files(&s, list, 1, ranker, NULL, encoder, i == 5 ? NULL : cache, &o),
                         SELECTAI_ERR_INVALID_ARGUMENT);
        assert_null(s);
    }
    selectai_trainset_destroy(&history);
    selectai_embedding_cache_close(&cache);
}

static void unreadable_images_do_not_win(void **state)
{
    (void)state;
    const char *list[] = {paths[0], paths[1], paths[3], paths[4]};
    selectai_suggestions *s = NULL;
    struct selectai_suggestion g = {.struct_size = sizeof g};
    write_text(paths[1], "this is no image");
    write_text(paths[3], "nor is this");
    write_text(paths[4], "nor this");
    assert_int_equal(selectai_suggest_files(&s, list, 4, ranker, cropper, encoder, NULL, NULL), SELECTAI_OK);
    assert_int_equal(selectai_suggestions_count(s), 1); /* a group without a readable image is left out */
    assert_int_equal(selectai_suggestions_get(s, 0, &g), SELECTAI_OK);
    assert_int_equal(g.winner, 0);
    assert_true(isnan(g.scores[1]));
    assert_float_equal(g.probabilities[0], 1, 0);
    assert_float_equal(g.probabilities[1], 0, 0);
    assert_int_equal(g.sizes[2], 0);
    assert_int_equal(g.sure, 0); /* what could not be read may be better */
    assert_string_equal(g.why, "the only image of the group that could be read");
    assert_string_equal(issue_of(selectai_suggestions_issues(s), paths[1]), "unreadable");
    assert_string_equal(issue_of(selectai_suggestions_issues(s), paths[4]), "unreadable");
    selectai_suggestions_destroy(&s);
}

static void other_encoders_are_refused(void **state)
{
    (void)state;
    const char *list[] = {paths[0]};
    float w[DIM + 1] = {0};
    struct sai_model *m = linear_model(SAI_KIND_RANKER, DIM, w, "clip:0123456789abcdef:gelu");
    selectai_ranker *foreign = NULL;
    selectai_suggestions *s = NULL;
    assert_int_equal(sai_ranker_wrap(&foreign, &m), SELECTAI_OK);
    assert_int_equal(selectai_suggest_files(&s, list, 1, foreign, NULL, encoder, NULL, NULL), SELECTAI_ERR_MISMATCH);
    assert_non_null(strstr(selectai_last_error(), "clip:0123456789abcdef:gelu"));
    assert_null(s);
    selectai_ranker_destroy(&foreign);
    assert_int_equal(selectai_suggest_files(&s, NULL, 0, ranker, NULL, encoder, NULL, NULL), SELECTAI_OK);
    assert_int_equal(selectai_suggestions_count(s), 0);
    selectai_suggestions_destroy(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(winners_crops_and_reasons),
        cmocka_unit_test(json_says_the_same),
        cmocka_unit_test(changed_and_unknown_files_are_encoded),
        cmocka_unit_test(other_encoders_are_refused),
        cmocka_unit_test(parts_add_up),
        cmocka_unit_test(reasons_name_what_speaks_for_what),
        cmocka_unit_test(reasons_by_looks),
        cmocka_unit_test(rankers_of_unit_length_get_such_vectors),
        cmocka_unit_test(thresholds_decide_about_sure_and_keep),
        cmocka_unit_test(past_decisions_are_named),
        cmocka_unit_test(impossible_options_are_refused),
        cmocka_unit_test(known_groups_are_taken_and_all_images_get_crops),
        cmocka_unit_test(unreadable_images_do_not_win), /* last: it spoils files */
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
