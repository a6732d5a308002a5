/*
 * test_learn_train.c: training rankers and croppers on decisions whose rule is known. Needs the torch module.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/rng.h"
#include "base/safetensors.h"
#include "learn_fixture.h"

#include <selectai/cropper.h>
#include <selectai/ranker.h>

#define ENCODER "test-encoder-1"

enum { DIM = 48, GROUPS = 360, STAGES = 3 };

static char dir[256], cache_dir[300], log_path[300];
static selectai_trainset *set;
static selectai_embedding_cache *cache;

/* Sum of 12 uniforms: near enough to a normal distribution. */
static double normal(struct sai_rng *rng)
{
    double sum = -6.0;
    for (int i = 0; i < 12; i++)
        sum += sai_rng_uniform(rng);
    return sum;
}

static const char *project_of(int group)
{
    return group % 3 ? "anna" : "bert";
}

static void image_name(char *out, size_t n, int group, int stage)
{
    snprintf(out, n, "20250101_%02d%02d%02d_stage%d_x.png", group / 60, group % 60, stage * 10, stage + 1);
}

/*
 * An image's vector: what the picture shows (the same in all stages), its quality along one direction, its stage along
 * another, noise. Later stages are better, but one in three of the last ones is broken: there the person takes the
 * second. The crop's scale and place depend on two other directions, by group.
 */
static void make_group(selectai_embedding_cache *to, FILE *log, int group)
{
    struct sai_rng rng;
    char name[STAGES][64];
    double content[DIM], quality[STAGES], best = -1e9;
    int winner = 0;
    sai_rng_seed(&rng, (uint64_t)group + 1);
    for (int j = 0; j < DIM; j++)
        content[j] = normal(&rng);
    for (int s = 0; s < STAGES; s++) {
        bool broken = s == STAGES - 1 && sai_rng_uniform(&rng) < 0.33;
        quality[s] = 1.0 * s - (broken ? 3.0 : 0.0) + 0.2 * normal(&rng);
        if (quality[s] > best) {
            best = quality[s];
            winner = s;
        }
    }
    for (int s = 0; s < STAGES; s++) {
        float x[DIM];
        struct selectai_cache_row row = {.struct_size = sizeof row, .size = 1, .width = 832, .height = 1216};
        image_name(name[s], sizeof name[s], group, s);
        for (int j = 0; j < DIM; j++)
            x[j] = (float)(10.0 * j + content[j] + 0.05 * normal(&rng) + (j % 4 == 0 ? quality[s] : 0.0) +
                           (j % 4 == 1 ? s : 0.0));
        row.crc32 = (uint32_t)(group * STAGES + s);
        row.project = project_of(group);
        row.rel_path = name[s];
        assert_int_equal(selectai_embedding_cache_add(to, &row, x), SELECTAI_OK);
    }
    double scale = 0.75 + 0.15 * tanh(content[0]), left = (1 - scale) * (0.5 + 0.5 * tanh(content[1]));
    fprintf(log, "{\"project\":\"%s\",\"chosen_path\":\"/raw/%s\",\"neg_paths\":[", project_of(group), name[winner]);
    for (int s = 0, n = 0; s < STAGES; s++)
        if (s != winner)
            fprintf(log, "%s\"/raw/%s\"", n++ ? "," : "", name[s]);
    fprintf(log, "]");
    if (group % 2 == 0)
        fprintf(log, ",\"crop\":{\"x1\":%.6f,\"y1\":0,\"x2\":%.6f,\"y2\":%.6f}", left, left + scale, scale);
    fprintf(log, "}\n");
}

static int setup(void **state)
{
    (void)state;
    make_temporary(dir);
    snprintf(cache_dir, sizeof cache_dir, "%s/cache", dir);
    snprintf(log_path, sizeof log_path, "%s/log.jsonl", dir);
    FILE *log = fopen(log_path, "w");
    assert_int_equal(selectai_embedding_cache_create(&cache, cache_dir, ENCODER, DIM, 0), SELECTAI_OK);
    for (int g = 0; g < GROUPS; g++)
        make_group(cache, log, g);
    /* One decision whose images nobody embedded. */
    fprintf(log, "{\"project\":\"anna\",\"chosen_path\":\"/raw/gone1.png\",\"neg_paths\":[\"/raw/gone2.png\"]}\n");
    fclose(log);
    assert_int_equal(selectai_embedding_cache_flush(cache), SELECTAI_OK);
    selectai_embedding_cache_close(&cache);
    assert_int_equal(selectai_embedding_cache_open(&cache, cache_dir), SELECTAI_OK);
    const char *logs[] = {log_path};
    assert_int_equal(selectai_trainset_load(&set, logs, 1, 1), SELECTAI_OK);
    assert_int_equal(selectai_trainset_count(set), GROUPS + 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    selectai_trainset_destroy(&set);
    selectai_embedding_cache_close(&cache);
    remove_temporary(dir);
    return 0;
}

static struct selectai_ranker_options quick(void)
{
    struct selectai_ranker_options o;
    selectai_ranker_options_init(&o, sizeof o);
    o.epochs = 12;
    o.lr = 0.001f;
    o.folds = 2;
    o.split = SELECTAI_SPLIT_GROUP;
    o.ensemble = 2;
    return o;
}

static struct selectai_metric metric(const selectai_evaluation *e, const char *name)
{
    struct selectai_metric m = {.struct_size = sizeof m};
    assert_int_equal(selectai_evaluation_find(e, name, &m), SELECTAI_OK);
    assert_true(m.low <= m.value && m.value <= m.high);
    print_message("%-8s n %3d: %.3f (%.3f..%.3f), %s %.3f\n", name, (int)m.n, m.value, m.low, m.high, m.baseline_name,
                  m.baseline);
    return m;
}

/* Must be the first: once loaded, the module stays. */
static void without_the_module_training_says_what_is_missing(void **state)
{
    (void)state;
    selectai_ranker *r = NULL;
    selectai_cropper *c = NULL;
    struct selectai_ranker_options o = quick();
    struct selectai_cropper_options p;
    selectai_cropper_options_init(&p, sizeof p);
    o.backend_dir = p.backend_dir = dir; /* no module in there */
    assert_int_equal(selectai_ranker_train(&r, NULL, NULL, set, cache, &o), SELECTAI_ERR_BACKEND_MISSING);
    assert_int_equal(selectai_cropper_train(&c, NULL, NULL, set, cache, &p), SELECTAI_ERR_BACKEND_MISSING);
    assert_true(strlen(selectai_last_error()) > 20);
    assert_null(r);
    assert_null(c);
}

static void a_ranker_learns_what_stages_do_not_tell(void **state)
{
    (void)state;
    selectai_ranker *r = NULL;
    selectai_evaluation *e = NULL, *figures = NULL;
    selectai_issues *issues = NULL;
    struct selectai_issue issue = {.struct_size = sizeof issue};
    struct selectai_ranker_options o = quick();
    char *text = NULL;
    assert_int_equal(selectai_ranker_train(&r, &e, &issues, set, cache, &o), SELECTAI_OK);
    struct selectai_metric anomaly = metric(e, "anomaly"), top1 = metric(e, "top1");
    assert_int_equal(top1.n, GROUPS); /* each once, by a ranker that had not seen it */
    assert_true(anomaly.value > 0.9 && anomaly.baseline == 0.0);
    assert_true(metric(e, "normal").value > 0.95);
    assert_true(metric(e, "overall").value > metric(e, "overall").baseline);
    assert_true(top1.value > top1.baseline);
    /* What could not be used is listed. */
    assert_int_equal(selectai_issues_count(issues), 1);
    assert_int_equal(selectai_issues_get(issues, 0, &issue), SELECTAI_OK);
    assert_string_equal(issue.kind, "not-in-cache");
    assert_string_equal(issue.path, "/raw/gone1.png");
    assert_int_equal(selectai_issues_count(selectai_evaluation_issues(e)), 1);
    /* The figures alone are the same, and they stand in the model. */
    assert_int_equal(selectai_ranker_cross_validate(&figures, set, cache, &o), SELECTAI_OK);
    assert_near(metric(figures, "anomaly").value, anomaly.value, 0);
    assert_int_equal(selectai_ranker_metadata_json(&text, r), SELECTAI_OK);
    json_t *j = json_loads(text, 0, NULL), *counts = json_object_get(j, "counts");
    assert_near(sai_json_number(json_array_get(json_object_get(j, "metrics"), 1), "value", -1), anomaly.value, 1e-15);
    assert_int_equal(sai_json_integer(counts, "training", 0), GROUPS);
    assert_int_equal(sai_json_integer(counts, "missing", 0), 1);
    assert_int_equal(sai_json_integer(j, "networks", 0), 2);
    assert_int_equal(strlen(sai_json_string(j, "training_data_sha256", "")), 64);
    assert_true(sai_json_number(j, "image_weight", 0) > 0);
    json_decref(j);
    selectai_free(text);
    selectai_issues_destroy(&issues);
    selectai_evaluation_destroy(&e);
    selectai_evaluation_destroy(&figures);
    assert_int_equal(selectai_ranker_evaluate(&e, r, set, cache), SELECTAI_ERR_NO_DATA); /* all seen */
    selectai_ranker_destroy(&r);
}

/* The vectors and stages of a group's images. */
static void load_group(float x[STAGES * DIM], double stages[STAGES], int group)
{
    for (int s = 0; s < STAGES; s++) {
        char name[64];
        size_t row;
        image_name(name, sizeof name, group, s);
        assert_int_equal(selectai_embedding_cache_find(cache, project_of(group), name, x + s * DIM, &row), SELECTAI_OK);
        stages[s] = s + 1;
    }
}

static void scores_add_up(void **state)
{
    (void)state;
    selectai_ranker *r = NULL;
    struct selectai_ranker_options o = quick();
    float x[STAGES * DIM], score[STAGES], prior[STAGES], image[STAGES], spread[STAGES], p[STAGES], again[STAGES];
    double stages[STAGES];
    struct selectai_group_score group = {.struct_size = sizeof group, .keep = 7};
    o.epochs = 3;
    assert_int_equal(selectai_ranker_train(&r, NULL, NULL, set, cache, &o), SELECTAI_OK);
    for (int g = 0; g < 30; g++) {
        double sum = 0, powers = 0;
        load_group(x, stages, g);
        if (g % 3 == 0)
            stages[1] = NAN;
        if (g % 5 == 0)
            x[DIM + 3] = NAN; /* the second image */
        assert_int_equal(
            selectai_ranker_score_group(r, score, prior, image, spread, p, &group, project_of(g), x, stages, STAGES),
            SELECTAI_OK);
        assert_true(isnan(group.keep)); /* no rejected groups were seen */
        for (int s = 0; s < STAGES; s++) {
            bool nan = s == 1 && g % 5 == 0;
            assert_int_equal(isnan(score[s]) != 0, nan);
            sum += (double)p[s];
            powers += nan ? 0 : exp((double)score[s]);
            if (nan)
                assert_true(p[s] == 0);
            else
                assert_true(score[s] == prior[s] + image[s]);
            assert_true(nan || spread[s] >= 0);
        }
        assert_near(sum, 1, 1e-6);
        for (int s = 0; s < STAGES; s++)
            assert_near((double)p[s], isnan(score[s]) ? 0 : exp((double)score[s]) / powers, 1e-5);
        /* Wanting less gives the same. */
        assert_int_equal(
            selectai_ranker_score_group(r, again, NULL, NULL, NULL, NULL, NULL, project_of(g), x, stages, STAGES),
            SELECTAI_OK);
        assert_memory_equal(again, score, sizeof score);
    }
    for (int i = 0; i < STAGES; i++)
        x[i * DIM] = NAN;
    assert_int_equal(selectai_ranker_probabilities(r, p, x, stages, STAGES), SELECTAI_ERR_NO_DATA);
    selectai_ranker_destroy(&r);
}

static char *train_and_save(const char *name, uint32_t threads, uint64_t seed, size_t *n)
{
    char path[600];
    selectai_ranker *r = NULL;
    struct selectai_ranker_options o = quick();
    o.epochs = 2;
    o.threads = threads;
    o.seed = seed;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(selectai_ranker_train(&r, NULL, NULL, set, cache, &o), SELECTAI_OK);
    assert_int_equal(selectai_ranker_save(r, path), SELECTAI_OK);
    selectai_ranker_destroy(&r);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    *n = (size_t)st.st_size;
    return read_text(path);
}

static void same_seed_same_bytes_whatever_the_threads(void **state)
{
    (void)state;
    size_t na, nb, nc;
    char *a = train_and_save("a", 1, 5, &na), *b = train_and_save("b", 2, 5, &nb), *c = train_and_save("c", 1, 6, &nc);
    assert_int_equal(na, nb);
    assert_memory_equal(a, b, na);
    assert_false(na == nc && memcmp(a, c, na) == 0);
    free(a);
    free(b);
    free(c);
}

static void a_project_is_held_out(void **state)
{
    (void)state;
    selectai_ranker *r = NULL;
    selectai_evaluation *e = NULL, *again = NULL;
    struct selectai_ranker_options o = quick();
    char *text = NULL, name[64];
    o.hold_out = "bert";
    assert_int_equal(selectai_ranker_train(&r, &e, NULL, set, cache, &o), SELECTAI_OK);
    assert_int_equal(metric(e, "top1").n, GROUPS / 3);
    assert_true(metric(e, "anomaly").value > 0.5);
    /* Measured again on everything: what it has seen is left out, and the figures are the same. */
    assert_int_equal(selectai_ranker_evaluate(&again, r, set, cache), SELECTAI_OK);
    assert_near(metric(again, "anomaly").value, metric(e, "anomaly").value, 0);
    assert_int_equal(selectai_ranker_metadata_json(&text, r), SELECTAI_OK);
    json_t *j = json_loads(text, 0, NULL);
    assert_string_equal(sai_json_string(j, "hold_out", ""), "bert");
    json_decref(j);
    selectai_free(text);
    for (int g = 0; g < GROUPS; g++) {
        image_name(name, sizeof name, g, 0);
        assert_int_equal(selectai_ranker_has_seen(r, project_of(g), name), g % 3 ? 1 : 0);
    }
    selectai_evaluation_destroy(&e);
    selectai_evaluation_destroy(&again);
    selectai_ranker_destroy(&r);
    o.hold_out = "dora";
    assert_int_equal(selectai_ranker_train(&r, NULL, NULL, set, cache, &o), SELECTAI_ERR_NOT_FOUND);
}

/* A warm start goes on where it stood, and what it has seen is not measured. */
static void training_goes_on_from_a_ranker(void **state)
{
    (void)state;
    selectai_ranker *first = NULL, *second = NULL, *cold = NULL;
    selectai_evaluation *e = NULL;
    struct selectai_ranker_options o = quick();
    o.hold_out = "bert";
    o.use_prior = 0;
    assert_int_equal(selectai_ranker_train(&first, NULL, NULL, set, cache, &o), SELECTAI_OK);
    o.hold_out = NULL;
    o.start = first;
    o.epochs = 1;
    o.lr = 1e-6f; /* hardly anywhere from where it starts */
    assert_int_equal(selectai_ranker_train(&second, &e, NULL, set, cache, &o), SELECTAI_OK);
    assert_int_equal(metric(e, "top1").n, GROUPS / 3); /* bert's alone */
    assert_true(metric(e, "anomaly").value > 0.5);
    o.start = NULL;
    assert_int_equal(selectai_ranker_train(&cold, NULL, NULL, set, cache, &o), SELECTAI_OK);
    double near = 0, far = 0;
    float x[STAGES * DIM], a[STAGES], b[STAGES], c[STAGES];
    double stages[STAGES];
    const struct sai_blend plain = SAI_BLEND_PLAIN;
    first->model->blend = second->model->blend = cold->model->blend = plain;
    for (int g = 0; g < 50; g++) {
        load_group(x, stages, g);
        assert_int_equal(selectai_ranker_score(first, a, x, stages, STAGES), SELECTAI_OK);
        assert_int_equal(selectai_ranker_score(second, b, x, stages, STAGES), SELECTAI_OK);
        assert_int_equal(selectai_ranker_score(cold, c, x, stages, STAGES), SELECTAI_OK);
        for (int s = 1; s < STAGES; s++) {
            near += fabs((double)(a[s] - a[0] - (b[s] - b[0])));
            far += fabs((double)(a[s] - a[0] - (c[s] - c[0])));
        }
    }
    assert_true(near < far / 10);
    /* Of another kind of input, or of another encoder, it is refused. */
    o.start = first;
    o.differences = 1;
    selectai_ranker *third = NULL;
    assert_int_equal(selectai_ranker_train(&third, NULL, NULL, set, cache, &o), SELECTAI_ERR_MISMATCH);
    o.differences = 0;
    first->model->mlp->hidden = SAI_MLP_NO_HIDDEN; /* training would put a ReLU there */
    assert_int_equal(selectai_ranker_train(&third, NULL, NULL, set, cache, &o), SELECTAI_ERR_MISMATCH);
    first->model->mlp->hidden = SAI_MLP_RELU;
    first->model->form.vectors = SAI_VECTORS_UNIT;
    assert_int_equal(selectai_ranker_train(&third, NULL, NULL, set, cache, &o), SELECTAI_ERR_MISMATCH);
    first->model->form.vectors = SAI_VECTORS_ANY;
    sai_free(first->model->encoder_id);
    first->model->encoder_id = sai_strdup("another-encoder");
    assert_int_equal(selectai_ranker_train(&third, NULL, NULL, set, cache, &o), SELECTAI_ERR_MISMATCH);
    assert_non_null(strstr(selectai_last_error(), "another-encoder"));
    assert_null(third);
    selectai_evaluation_destroy(&e);
    selectai_ranker_destroy(&first);
    selectai_ranker_destroy(&second);
    selectai_ranker_destroy(&cold);
}

static void every_loss_and_split_learns(void **state)
{
    (void)state;
    static const struct {
        int32_t loss, split, differences;
        const char *name;
    } cases[] = {{SELECTAI_LOSS_MARGIN, SELECTAI_SPLIT_GROUP, 0, "group"},
                 {SELECTAI_LOSS_BRADLEY_TERRY, SELECTAI_SPLIT_PROJECT, 0, "project"},
                 {SELECTAI_LOSS_BRADLEY_TERRY, SELECTAI_SPLIT_AUTO, 0, "project"},
                 {SELECTAI_LOSS_PLACKETT_LUCE, SELECTAI_SPLIT_PAIR, 0, "pair"},
                 {SELECTAI_LOSS_PLACKETT_LUCE, SELECTAI_SPLIT_GROUP, 1, "group"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        selectai_evaluation *e = NULL;
        struct selectai_ranker_options o = quick();
        char *text = NULL;
        o.loss = cases[i].loss;
        o.split = cases[i].split;
        o.differences = cases[i].differences;
        o.ensemble = 1;
        assert_int_equal(selectai_ranker_cross_validate(&e, set, cache, &o), SELECTAI_OK);
        assert_true(metric(e, "overall").value > 0.8);
        assert_int_equal(selectai_evaluation_json(&text, e), SELECTAI_OK);
        json_t *j = json_loads(text, 0, NULL);
        assert_string_equal(sai_json_string(j, "split", ""), cases[i].name);
        json_decref(j);
        selectai_free(text);
        selectai_evaluation_destroy(&e);
    }
}

enum { PLACES = 40, PLACE_DIM = 6, PLACE_GROUPS = 240 };

/* An image lies near one of PLACES places, each of which is worth something by chance: no direction says what. */
static void fill_places(selectai_embedding_cache *to, FILE *log)
{
    struct sai_rng rng;
    double place[PLACES][PLACE_DIM], worth[PLACES];
    sai_rng_seed(&rng, 99);
    for (int p = 0; p < PLACES; p++) {
        worth[p] = sai_rng_uniform(&rng);
        for (int k = 0; k < PLACE_DIM; k++)
            place[p][k] = normal(&rng);
    }
    for (int g = 0; g < PLACE_GROUPS; g++) {
        char name[2][64];
        int at[2];
        for (int s = 0; s < 2; s++) {
            struct selectai_cache_row row = {
                .struct_size = sizeof row, .size = 1, .crc32 = (uint32_t)(2 * g + s), .project = "places"};
            float x[PLACE_DIM];
            at[s] = (int)(sai_rng_next(&rng) % PLACES);
            image_name(name[s], sizeof name[s], g, s);
            row.rel_path = name[s];
            for (int k = 0; k < PLACE_DIM; k++)
                x[k] = (float)(place[at[s]][k] + 0.02 * normal(&rng));
            assert_int_equal(selectai_embedding_cache_add(to, &row, x), SELECTAI_OK);
        }
        int w = worth[at[1]] > worth[at[0]];
        fprintf(log, "{\"project\":\"places\",\"chosen_path\":\"/raw/%s\",\"neg_paths\":[\"/raw/%s\"]}\n", name[w],
                name[!w]);
    }
}

static json_t *metadata_of(const selectai_ranker *r)
{
    char *text = NULL;
    assert_int_equal(selectai_ranker_metadata_json(&text, r), SELECTAI_OK);
    json_t *j = json_loads(text, 0, NULL);
    selectai_free(text);
    return j;
}

/* What is liked by likeness alone gets a kernel machine, whose share cross-validation fits; without folds there is
 * none. */
static void likeness_counts_where_directions_say_little(void **state)
{
    (void)state;
    char folder[300], log_name[300], file[300];
    selectai_embedding_cache *places = NULL;
    selectai_trainset *decisions = NULL;
    struct selectai_ranker_options o = quick();
    snprintf(folder, sizeof folder, "%s/places", dir);
    snprintf(log_name, sizeof log_name, "%s/places.jsonl", dir);
    snprintf(file, sizeof file, "%s/places.safetensors", dir);
    FILE *log = fopen(log_name, "w");
    assert_int_equal(selectai_embedding_cache_create(&places, folder, ENCODER, PLACE_DIM, 0), SELECTAI_OK);
    fill_places(places, log);
    fclose(log);
    assert_int_equal(selectai_embedding_cache_flush(places), SELECTAI_OK);
    const char *logs[] = {log_name};
    assert_int_equal(selectai_trainset_load(&decisions, logs, 1, 1), SELECTAI_OK);
    for (o.folds = 1; o.folds <= 4; o.folds += 3) {
        selectai_ranker *r = NULL, *back = NULL;
        selectai_evaluation *e = NULL;
        const float x[2 * PLACE_DIM] = {0.5f, 1, -1, 0.25f, 2, 0, 1, 1, -2, 0, 0.5f, 0};
        float score[2][2];
        assert_int_equal(selectai_ranker_train(&r, &e, NULL, decisions, places, &o), SELECTAI_OK);
        json_t *j = metadata_of(r);
        int kernel = json_integer_value(json_object_get(j, "kernel_images")) > 0;
        double share = json_number_value(json_object_get(j, "kernel_share"));
        json_decref(j);
        assert_int_equal(kernel, o.folds > 1);
        assert_true(o.folds == 1 ? share == 0.0 : share >= 0.5);
        if (o.folds > 1)
            assert_true(metric(e, "overall").value > 0.85); /* the networks alone: 0.66 */
        assert_int_equal(selectai_ranker_save(r, file), SELECTAI_OK);
        assert_int_equal(selectai_ranker_load(&back, file), SELECTAI_OK);
        assert_int_equal(selectai_ranker_score(r, score[0], x, NULL, 2), SELECTAI_OK);
        assert_int_equal(selectai_ranker_score(back, score[1], x, NULL, 2), SELECTAI_OK);
        assert_memory_equal(score[0], score[1], sizeof score[0]);
        selectai_ranker_destroy(&r);
        selectai_ranker_destroy(&back);
        selectai_evaluation_destroy(&e);
    }
    selectai_trainset_destroy(&decisions);
    selectai_embedding_cache_close(&places);
}

enum { LOOKS = 8, LOOK_DIM = 24, LOOK_GROUPS = 150 };

/* A stage is worth something by chance, and its images lie around a place of their own. Groups are pairs of stages. */
static void fill_looks(selectai_embedding_cache *to, FILE *log)
{
    struct sai_rng rng;
    double place[LOOKS][LOOK_DIM], worth[LOOKS];
    sai_rng_seed(&rng, 7);
    for (int s = 0; s < LOOKS; s++) {
        worth[s] = 2 * normal(&rng);
        for (int k = 0; k < LOOK_DIM; k++)
            place[s][k] = normal(&rng);
    }
    for (int g = 0; g < LOOK_GROUPS; g++) {
        int stage[2] = {(int)sai_rng_below(&rng, LOOKS), (int)sai_rng_below(&rng, LOOKS)}, first;
        char name[2][64];
        stage[1] = stage[1] == stage[0] ? (stage[0] + 1) % LOOKS : stage[1];
        for (int i = 0; i < 2; i++) {
            float x[LOOK_DIM];
            struct selectai_cache_row row = {.struct_size = sizeof row, .size = 1, .width = 832, .height = 1216};
            image_name(name[i], sizeof name[i], g, stage[i]);
            for (int k = 0; k < LOOK_DIM; k++)
                x[k] = (float)(0.7 * place[stage[i]][k] + normal(&rng));
            row.crc32 = (uint32_t)(g * 2 + i + 1);
            row.project = "anna";
            row.rel_path = name[i];
            assert_int_equal(selectai_embedding_cache_add(to, &row, x), SELECTAI_OK);
        }
        first = worth[stage[0]] + 0.5 * normal(&rng) > worth[stage[1]] + 0.5 * normal(&rng) ? 0 : 1;
        fprintf(log, "{\"project\":\"anna\",\"chosen_path\":\"%s\",\"neg_paths\":[\"%s\"]}\n", name[first],
                name[1 - first]);
    }
}

/* What an image looks like stands for its stage: more is right than by rankers that never heard of stages. */
static void stages_that_are_not_told_are_recognised(void **state)
{
    (void)state;
    char folder[300], log_name[300];
    selectai_embedding_cache *looks = NULL;
    selectai_trainset *decisions = NULL;
    selectai_evaluation *none = NULL, *recognised = NULL;
    struct selectai_ranker_options o = quick();
    snprintf(folder, sizeof folder, "%s/looks", dir);
    snprintf(log_name, sizeof log_name, "%s/looks.jsonl", dir);
    FILE *log = fopen(log_name, "w");
    assert_int_equal(selectai_embedding_cache_create(&looks, folder, ENCODER, LOOK_DIM, 0), SELECTAI_OK);
    fill_looks(looks, log);
    fclose(log);
    assert_int_equal(selectai_embedding_cache_flush(looks), SELECTAI_OK);
    const char *logs[] = {log_name};
    assert_int_equal(selectai_trainset_load(&decisions, logs, 1, 1), SELECTAI_OK);
    o.use_prior = 0;
    assert_int_equal(selectai_ranker_cross_validate(&none, decisions, looks, &o), SELECTAI_OK);
    o.use_prior = 1;
    o.recognise_stages = 1;
    for (o.folds = 1; o.folds <= 4; o.folds += 3) {
        selectai_ranker *r = NULL;
        const float x[2 * LOOK_DIM] = {0.5f, 1, -1, 0.25f, 2, 0, 1, 1, -2, 0, 0.5f, 0};
        const double stages[2] = {1, 5};
        float score[2][2];
        assert_int_equal(selectai_ranker_train(&r, o.folds > 1 ? &recognised : NULL, NULL, decisions, looks, &o),
                         SELECTAI_OK);
        json_t *j = metadata_of(r);
        assert_string_equal(sai_json_string(j, "stages", ""), "recognised");
        print_message("weight of the prior: %.2f\n", json_number_value(json_object_get(j, "prior_weight")));
        assert_true(json_number_value(json_object_get(j, "prior_weight")) > 0.2);
        json_decref(j);
        assert_int_equal(selectai_ranker_score(r, score[0], x, stages, 2), SELECTAI_OK);
        assert_int_equal(selectai_ranker_score(r, score[1], x, NULL, 2), SELECTAI_OK);
        assert_memory_equal(score[0], score[1], sizeof score[0]);
        selectai_ranker_destroy(&r);
    }
    assert_true(metric(recognised, "overall").value > metric(none, "overall").value + 0.02);
    assert_true(metric(recognised, "brier").value < metric(none, "brier").value);
    selectai_evaluation_destroy(&none);
    selectai_evaluation_destroy(&recognised);
    selectai_trainset_destroy(&decisions);
    selectai_embedding_cache_close(&looks);
}

/* A ranker that recognises stages can only be gone on from as such; and it needs a prior and the image. */
static void recognising_goes_with_prior_and_image(void **state)
{
    (void)state;
    selectai_ranker *first = NULL, *second = NULL;
    struct selectai_ranker_options o = quick();
    o.folds = 1;
    o.recognise_stages = 1;
    assert_int_equal(selectai_ranker_train(&first, NULL, NULL, set, cache, &o), SELECTAI_OK);
    o.start = first;
    assert_int_equal(selectai_ranker_train(&second, NULL, NULL, set, cache, &o), SELECTAI_OK);
    selectai_ranker_destroy(&second);
    o.recognise_stages = 0;
    assert_int_equal(selectai_ranker_train(&second, NULL, NULL, set, cache, &o), SELECTAI_ERR_MISMATCH);
    assert_non_null(strstr(selectai_last_error(), "stages"));
    o.start = NULL;
    o.recognise_stages = 1;
    o.use_prior = 0;
    assert_int_equal(selectai_ranker_train(&second, NULL, NULL, set, cache, &o), SELECTAI_ERR_INVALID_ARGUMENT);
    o.use_prior = 1;
    o.use_image = 0;
    assert_int_equal(selectai_ranker_train(&second, NULL, NULL, set, cache, &o), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_null(second);
    selectai_ranker_destroy(&first);
}

static void a_ranker_of_differences_wants_whole_groups(void **state)
{
    (void)state;
    selectai_ranker *r = NULL;
    struct selectai_ranker_options o = quick();
    float x[STAGES * DIM], a[STAGES], b[STAGES];
    double stages[STAGES];
    o.epochs = 1;
    o.folds = 1;
    o.differences = 1;
    assert_int_equal(selectai_ranker_train(&r, NULL, NULL, set, cache, &o), SELECTAI_OK);
    load_group(x, stages, 3);
    assert_int_equal(selectai_ranker_score(r, a, x, stages, STAGES), SELECTAI_ERR_UNSUPPORTED);
    assert_int_equal(selectai_ranker_probabilities(r, a, x, stages, STAGES), SELECTAI_OK);
    for (int i = 0; i < STAGES * DIM; i++)
        x[i] += (float)(i % DIM); /* all images by the same: no difference */
    assert_int_equal(selectai_ranker_probabilities(r, b, x, stages, STAGES), SELECTAI_OK);
    for (int s = 0; s < STAGES; s++)
        assert_near((double)a[s], (double)b[s], 1e-4);
    selectai_ranker_destroy(&r);
}

struct watch {
    int calls;
    uint64_t stop_at, last;
};

static int watch(uint64_t done, uint64_t total, const char *stage, void *user)
{
    struct watch *w = user;
    assert_string_equal(stage, "train");
    assert_true(done <= total && done >= w->last);
    w->last = done;
    w->calls++;
    return done >= w->stop_at;
}

static void training_can_be_cancelled(void **state)
{
    (void)state;
    for (uint32_t threads = 1; threads <= 2; threads++) {
        selectai_ranker *r = NULL;
        selectai_evaluation *e = NULL;
        selectai_issues *issues = NULL;
        struct selectai_ranker_options o = quick();
        struct watch w = {.stop_at = 2};
        o.epochs = 1000;
        o.patience = 0;
        o.threads = threads;
        o.progress = watch;
        o.user = &w;
        assert_int_equal(selectai_ranker_train(&r, &e, &issues, set, cache, &o), SELECTAI_ERR_CANCELLED);
        assert_true(!r && !e && !issues);
        assert_true(w.calls >= 1 && w.last < 1000);
        w = (struct watch){.stop_at = 2};
        assert_int_equal(selectai_ranker_cross_validate(&e, set, cache, &o), SELECTAI_ERR_CANCELLED);
        assert_null(e);
    }
    /* Not cancelled, progress comes to its end. */
    selectai_evaluation *e = NULL;
    struct selectai_ranker_options o = quick();
    struct watch w = {.stop_at = UINT64_MAX};
    o.epochs = 2;
    o.threads = 1;
    o.progress = watch;
    o.user = &w;
    assert_int_equal(selectai_ranker_cross_validate(&e, set, cache, &o), SELECTAI_OK);
    assert_true(w.calls >= 2);
    selectai_evaluation_destroy(&e);
}

static void other_encoders_and_too_little_are_refused(void **state)
{
    (void)state;
    char path[300], other_dir[300];
    const char *logs[] = {path};
    selectai_trainset *few = NULL;
    selectai_embedding_cache *other = NULL;
    selectai_evaluation *e = NULL;
    selectai_ranker *r = NULL;
    struct selectai_ranker_options o = quick();
    snprintf(path, sizeof path, "%s/few.jsonl", dir);
    write_text(path, "{\"project\":\"anna\",\"chosen_path\":\"/raw/gone1.png\",\"neg_paths\":[\"/raw/gone2.png\"]}\n");
    assert_int_equal(selectai_trainset_load(&few, logs, 1, 1), SELECTAI_OK);
    assert_int_equal(selectai_ranker_train(&r, NULL, NULL, few, cache, &o), SELECTAI_ERR_NO_DATA);
    o.epochs = 1;
    o.folds = 1;
    assert_int_equal(selectai_ranker_train(&r, NULL, NULL, set, cache, &o), SELECTAI_OK);
    assert_int_equal(selectai_ranker_evaluate(&e, r, few, cache), SELECTAI_ERR_NO_DATA);
    snprintf(other_dir, sizeof other_dir, "%s/other", dir);
    assert_int_equal(selectai_embedding_cache_create(&other, other_dir, "another-encoder", DIM, 0), SELECTAI_OK);
    assert_int_equal(selectai_ranker_evaluate(&e, r, set, other), SELECTAI_ERR_MISMATCH);
    assert_non_null(strstr(selectai_last_error(), "another-encoder"));
    selectai_embedding_cache_close(&other);
    selectai_ranker_destroy(&r);
    assert_null(e);
    selectai_trainset_destroy(&few);
}

static void a_cropper_beats_the_constant_box(void **state)
{
    (void)state;
    selectai_cropper *c = NULL;
    selectai_evaluation *e = NULL, *again = NULL;
    selectai_issues *issues = NULL;
    struct selectai_cropper_options o;
    char path[300];
    selectai_cropper_options_init(&o, sizeof o);
    o.epochs = 60;
    o.split = SELECTAI_SPLIT_PROJECT;
    o.hold_out = "bert";
    assert_int_equal(selectai_cropper_train(&c, &e, &issues, set, cache, &o), SELECTAI_OK);
    struct selectai_metric iou = metric(e, "iou"), near = metric(e, "within5");
    assert_true(iou.value > iou.baseline && near.value > near.baseline);
    assert_int_equal(selectai_issues_count(issues), 0);
    assert_int_equal(selectai_cropper_evaluate(&again, c, set, cache), SELECTAI_OK);
    assert_near(metric(again, "iou").value, iou.value, 1e-12);
    snprintf(path, sizeof path, "%s/cropper.safetensors", dir);
    assert_int_equal(selectai_cropper_save(c, path), SELECTAI_OK);
    selectai_cropper_destroy(&c);
    selectai_evaluation_destroy(&again);
    assert_int_equal(selectai_cropper_load(&c, path), SELECTAI_OK);
    assert_int_equal(selectai_cropper_evaluate(&again, c, set, cache), SELECTAI_OK);
    assert_near(metric(again, "iou").value, iou.value, 0);
    selectai_evaluation_destroy(&e);
    selectai_evaluation_destroy(&again);
    selectai_issues_destroy(&issues);
    selectai_cropper_destroy(&c);
}

int main(void)
{
    const struct CMUnitTest without[] = {cmocka_unit_test(without_the_module_training_says_what_is_missing)};
    const struct CMUnitTest with[] = {
        cmocka_unit_test(a_ranker_learns_what_stages_do_not_tell),
        cmocka_unit_test(scores_add_up),
        cmocka_unit_test(same_seed_same_bytes_whatever_the_threads),
        cmocka_unit_test(a_project_is_held_out),
        cmocka_unit_test(training_goes_on_from_a_ranker),
        cmocka_unit_test(every_loss_and_split_learns),
        cmocka_unit_test(a_ranker_of_differences_wants_whole_groups),
        cmocka_unit_test(stages_that_are_not_told_are_recognised),
        cmocka_unit_test(recognising_goes_with_prior_and_image),
        cmocka_unit_test(likeness_counts_where_directions_say_little),
        cmocka_unit_test(training_can_be_cancelled),
        cmocka_unit_test(other_encoders_and_too_little_are_refused),
        cmocka_unit_test(a_cropper_beats_the_constant_box),
    };
    /* An environment that names a module would load it even though the folder given has none. */
    const char *name = NULL, *env = getenv("SELECTAI_BACKEND_DIR");
    char *kept = env ? strdup(env) : NULL;
    unsetenv("SELECTAI_BACKEND_DIR");
    int failed = cmocka_run_group_tests(without, setup, teardown);
    if (kept)
        setenv("SELECTAI_BACKEND_DIR", kept, 1);
    free(kept);
    if (failed)
        return failed;
    if (selectai_backend_load(&name, NULL) == SELECTAI_ERR_BACKEND_MISSING) {
        printf("skipped: %s\n", selectai_last_error());
        return 77;
    }
    return cmocka_run_group_tests(with, setup, teardown);
}
