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
    o.validation_share = 0.15f;
    o.test_share = 0.3f;
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
    selectai_evaluation *e = NULL, *again = NULL;
    selectai_issues *issues = NULL;
    struct selectai_issue issue = {.struct_size = sizeof issue};
    struct selectai_ranker_options o = quick();
    char *text = NULL;
    assert_int_equal(selectai_ranker_train(&r, &e, &issues, set, cache, &o), SELECTAI_OK);
    struct selectai_metric anomaly = metric(e, "anomaly"), normal_pairs = metric(e, "normal");
    assert_true(anomaly.value > 0.8 && anomaly.baseline == 0.0);
    assert_true(normal_pairs.value > 0.9 && normal_pairs.baseline == 1.0);
    assert_true(metric(e, "overall").value > metric(e, "overall").baseline);
    assert_true(metric(e, "top1").value > metric(e, "top1").baseline);
    /* What could not be used is listed. */
    assert_int_equal(selectai_issues_count(issues), 1);
    assert_int_equal(selectai_issues_get(issues, 0, &issue), SELECTAI_OK);
    assert_string_equal(issue.kind, "not-in-cache");
    assert_string_equal(issue.path, "/raw/gone1.png");
    assert_int_equal(selectai_issues_count(selectai_evaluation_issues(e)), 1);
    /* Measured again on everything: what it has seen is left out, and the figures are the same. */
    assert_int_equal(selectai_ranker_evaluate(&again, r, set, cache), SELECTAI_OK);
    assert_near(metric(again, "anomaly").value, anomaly.value, 0);
    assert_int_equal(metric(again, "normal").n, normal_pairs.n);
    /* And they stand in the model. */
    assert_int_equal(selectai_ranker_metadata_json(&text, r), SELECTAI_OK);
    json_t *j = json_loads(text, 0, NULL), *counts = json_object_get(j, "counts");
    assert_near(sai_json_number(json_array_get(json_object_get(j, "metrics"), 1), "value", -1), anomaly.value, 1e-15);
    assert_int_equal(sai_json_integer(counts, "training", 0) + sai_json_integer(counts, "validation", 0) +
                         sai_json_integer(counts, "test", 0),
                     GROUPS);
    assert_int_equal(sai_json_integer(counts, "missing", 0), 1);
    assert_int_equal(strlen(sai_json_string(j, "training_data_sha256", "")), 64);
    assert_true(sai_json_number(j, "temperature", 0) > 0);
    json_decref(j);
    selectai_free(text);
    selectai_issues_destroy(&issues);
    selectai_evaluation_destroy(&e);
    selectai_evaluation_destroy(&again);
    selectai_ranker_destroy(&r);
}

static void seen_means_training_and_validation_groups(void **state)
{
    (void)state;
    selectai_ranker *r = NULL;
    struct selectai_ranker_options o = quick();
    size_t seen = 0;
    o.epochs = 1;
    assert_int_equal(selectai_ranker_train(&r, NULL, NULL, set, cache, &o), SELECTAI_OK);
    for (int g = 0; g < GROUPS; g++) {
        char name[3][64];
        int first;
        for (int s = 0; s < 3; s++)
            image_name(name[s], sizeof name[s], g, s);
        first = selectai_ranker_has_seen(r, project_of(g), name[0]);
        assert_int_equal(selectai_ranker_has_seen(r, project_of(g), name[1]), first); /* groups are whole */
        assert_int_equal(selectai_ranker_has_seen(r, project_of(g), name[2]), first);
        assert_int_equal(selectai_ranker_has_seen(r, "carla", name[0]), 0);
        seen += (size_t)first;
    }
    assert_in_range(seen, GROUPS * 0.6, GROUPS * 0.8); /* all but the test share of 0.3 */
    selectai_ranker_destroy(&r);
}

static char *train_and_save(const char *name, uint32_t threads, uint64_t seed, size_t *n)
{
    static char path[600];
    selectai_ranker *r = NULL;
    struct selectai_ranker_options o = quick();
    o.epochs = 3;
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
    selectai_evaluation *e = NULL;
    struct selectai_ranker_options o = quick();
    char *text = NULL, name[64];
    o.split = SELECTAI_SPLIT_PROJECT;
    o.hold_out = "bert";
    assert_int_equal(selectai_ranker_train(&r, &e, NULL, set, cache, &o), SELECTAI_OK);
    assert_int_equal(metric(e, "top1").n, GROUPS / 3);
    assert_true(metric(e, "anomaly").value > 0.7);
    assert_int_equal(selectai_ranker_metadata_json(&text, r), SELECTAI_OK);
    json_t *j = json_loads(text, 0, NULL);
    assert_string_equal(sai_json_string(j, "split", ""), "project");
    assert_string_equal(sai_json_string(j, "hold_out", ""), "bert");
    json_decref(j);
    selectai_free(text);
    for (int g = 0; g < GROUPS; g++) {
        image_name(name, sizeof name, g, 0);
        assert_int_equal(selectai_ranker_has_seen(r, project_of(g), name), g % 3 ? 1 : 0);
    }
    selectai_evaluation_destroy(&e);
    selectai_ranker_destroy(&r);
    o.hold_out = "dora";
    assert_int_equal(selectai_ranker_train(&r, NULL, NULL, set, cache, &o), SELECTAI_ERR_NOT_FOUND);
}

static int stop_after_two(uint64_t done, uint64_t total, const char *stage, void *user)
{
    (void)total;
    assert_string_equal(stage, "train");
    ++*(int *)user;
    return done >= 2;
}

static void training_can_be_cancelled(void **state)
{
    (void)state;
    selectai_ranker *r = NULL;
    struct selectai_ranker_options o = quick();
    int calls = 0;
    o.epochs = 1000;
    o.patience = 0;
    o.progress = stop_after_two;
    o.user = &calls;
    assert_int_equal(selectai_ranker_train(&r, NULL, NULL, set, cache, &o), SELECTAI_ERR_CANCELLED);
    assert_null(r);
    assert_true(calls >= 1);
}

static void too_little_and_nonsense_are_refused(void **state)
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
    assert_int_equal(selectai_ranker_train(&r, NULL, NULL, set, cache, &o), SELECTAI_OK);
    assert_int_equal(selectai_ranker_evaluate(&e, r, few, cache), SELECTAI_ERR_NO_DATA);
    snprintf(other_dir, sizeof other_dir, "%s/other", dir);
    assert_int_equal(selectai_embedding_cache_create(&other, other_dir, "another-encoder", DIM, 0), SELECTAI_OK);
    assert_int_equal(selectai_ranker_evaluate(&e, r, set, other), SELECTAI_ERR_MISMATCH);
    assert_non_null(strstr(selectai_last_error(), "another-encoder"));
    selectai_embedding_cache_close(&other);
    selectai_ranker_destroy(&r);
    o.lr = NAN;
    assert_int_equal(selectai_ranker_train(&r, NULL, NULL, set, cache, &o), SELECTAI_ERR_INVALID_ARGUMENT);
    o = quick();
    o.test_share = 1.5f;
    assert_int_equal(selectai_ranker_train(&r, NULL, NULL, set, cache, &o), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_null(e);
    selectai_trainset_destroy(&few);
}

static void without_validation_the_temperature_is_one(void **state)
{
    (void)state;
    selectai_ranker *r = NULL;
    selectai_evaluation *e = NULL;
    struct selectai_ranker_options o = quick();
    struct selectai_metric m = {.struct_size = sizeof m};
    char *text = NULL;
    o.epochs = 1;
    o.validation_share = o.test_share = 0;
    assert_int_equal(selectai_ranker_train(&r, &e, NULL, set, cache, &o), SELECTAI_OK);
    assert_int_equal(selectai_ranker_metadata_json(&text, r), SELECTAI_OK);
    assert_non_null(strstr(text, "no validation groups"));
    json_t *j = json_loads(text, 0, NULL);
    assert_near(sai_json_number(j, "temperature", 0), 1, 0);
    json_decref(j);
    selectai_free(text);
    /* Nothing held out: nothing claimed. */
    assert_int_equal(selectai_evaluation_find(e, "overall", &m), SELECTAI_OK);
    assert_int_equal(m.n, 0);
    assert_true(isnan(m.value) && isnan(m.low));
    selectai_evaluation_destroy(&e);
    selectai_ranker_destroy(&r);
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
    o.test_share = 0.3f;
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
        cmocka_unit_test(seen_means_training_and_validation_groups),
        cmocka_unit_test(same_seed_same_bytes_whatever_the_threads),
        cmocka_unit_test(a_project_is_held_out),
        cmocka_unit_test(training_can_be_cancelled),
        cmocka_unit_test(too_little_and_nonsense_are_refused),
        cmocka_unit_test(without_validation_the_temperature_is_one),
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
