/*
 * test_learn_old_models.c: rankers and croppers in PyTorch's files: they compute what a naive network computes, become
 * ours bit for bit, and what is no such model, or damaged, or means harm, is refused.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/rng.h"
#include "base/safetensors.h"
#include "learn_fixture.h"
#include "old_model_builder.h"

#include <math.h>
#include <selectai/cropper.h>
#include <selectai/model_import.h>
#include <selectai/ranker.h>

#define MAX_LAYERS  16
#define MAX_NUMBERS 200000

static char dir[256], old[300], new[300], again[300];
static float numbers[MAX_NUMBERS];

static int setup(void **state)
{
    (void)state;
    make_temporary(dir);
    snprintf(old, sizeof old, "%s/old.pt", dir);
    snprintf(new, sizeof new, "%s/new.safetensors", dir);
    snprintf(again, sizeof again, "%s/again.safetensors", dir);
    struct sai_rng rng;
    sai_rng_seed(&rng, 9);
    for (size_t i = 0; i < MAX_NUMBERS; i++)
        numbers[i] = (float)(sai_rng_uniform(&rng) - 0.5);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove_temporary(dir);
    return 0;
}

/* ---- A model and what it computes ------------------------------------------------------------ */

struct old_net {
    struct old_tensor tensors[2 * MAX_LAYERS + 2];
    char names[2 * MAX_LAYERS][40];
    size_t n, n_layers;
    const int64_t *widths;
    bool relu, sigmoid;
};

/* widths end with 0; places: how the layers are called, as text. */
static struct old_net net_of(const int64_t *widths, const char *const *places)
{
    struct old_net net = {.widths = widths, .relu = true};
    for (size_t i = 0; widths[i + 1]; i++, net.n_layers++)
        for (int k = 0; k < 2; k++, net.n++) {
            snprintf(net.names[net.n], sizeof net.names[0], "%s%s%s", places[i], *places[i] ? "." : "",
                     k ? "bias" : "weight");
            net.tensors[net.n] = (struct old_tensor){.rank = k ? 1 : 2, .shape = {widths[i + 1], k ? 0 : widths[i]}};
        }
    return net;
}

/* The names lie in the struct, which may have been copied. */
static void name_tensors(struct old_net *net)
{
    for (size_t i = 0; i < net->n; i++)
        if (!net->tensors[i].name)
            net->tensors[i].name = net->names[i];
}

static void write_net(struct old_net *net)
{
    name_tensors(net);
    struct bytes file = make_old_model(net->tensors, net->n, NULL, numbers,
                                       old_elements(net->tensors, net->n) * sizeof *numbers);
    write_bytes(old, file.data, file.n);
    free_bytes(&file);
}

static void naive(double *y, const struct old_net *net, const double *x)
{
    static double a[2000], b[2000];
    const float *p = numbers;
    double *from = a, *to = b;
    for (int64_t j = 0; j < net->widths[0]; j++)
        from[j] = x[j];
    for (size_t i = 0; i < net->n_layers; i++) {
        int64_t in = net->widths[i], out = net->widths[i + 1];
        for (int64_t o = 0; o < out; o++) {
            to[o] = (double)p[out * in + o];
            for (int64_t j = 0; j < in; j++)
                to[o] += (double)p[o * in + j] * from[j];
            if (net->relu && i + 1 < net->n_layers && to[o] < 0)
                to[o] = 0;
        }
        p += out * in + out;
        double *swap = from;
        from = to;
        to = swap;
    }
    for (int64_t o = 0; o < net->widths[net->n_layers]; o++)
        y[o] = net->sigmoid ? 1 / (1 + exp(-from[o])) : from[o];
}

static void random_rows(float *x, size_t n)
{
    struct sai_rng rng;
    sai_rng_seed(&rng, 6);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(4 * sai_rng_uniform(&rng) - 2);
}

#define ROWS 40

static void expect_scores(const struct old_net *net, const char *path)
{
    selectai_ranker *ranker = NULL;
    size_t dim = (size_t)net->widths[0];
    float *x = malloc(ROWS * dim * sizeof *x), scores[ROWS];
    double row[600], expected;
    random_rows(x, ROWS * dim);
    int rc = selectai_ranker_load(&ranker, path);
    if (rc != SELECTAI_OK)
        fail_msg("%s", selectai_last_error());
    assert_int_equal(selectai_ranker_dim(ranker), dim);
    assert_int_equal(selectai_ranker_score(ranker, scores, x, NULL, ROWS), SELECTAI_OK);
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < dim; j++)
            row[j] = (double)x[i * dim + j];
        naive(&expected, net, row);
        assert_near((double)scores[i], expected, 1e-5);
    }
    selectai_ranker_destroy(&ranker);
    free(x);
}

/* ---- Rankers --------------------------------------------------------------------------------- */

static const int64_t three[] = {6, 5, 4, 1, 0}, two[] = {6, 5, 1, 0}, one[] = {7, 1, 0};
static const char *const attempt[] = {"net.0", "net.3", "net.5"};

static json_t *metadata_of(const char *path)
{
    selectai_ranker *ranker = NULL;
    selectai_cropper *cropper = NULL;
    char *text = NULL;
    if (selectai_ranker_load(&ranker, path) == SELECTAI_OK) {
        assert_int_equal(selectai_ranker_metadata_json(&text, ranker), SELECTAI_OK);
    } else {
        assert_int_equal(selectai_cropper_load(&cropper, path), SELECTAI_OK);
        assert_int_equal(selectai_cropper_metadata_json(&text, cropper), SELECTAI_OK);
    }
    json_t *metadata = json_loads(text, 0, NULL);
    assert_non_null(metadata);
    selectai_free(text);
    selectai_ranker_destroy(&ranker);
    selectai_cropper_destroy(&cropper);
    return metadata;
}

static void expect_metadata(const char *path, const char *key, const char *value)
{
    json_t *metadata = metadata_of(path);
    assert_string_equal(sai_json_string(metadata, key, "(none)"), value);
    json_decref(metadata);
}

static void the_first_attempts_ranker(void **state)
{
    (void)state;
    struct old_net net = net_of(three, attempt);
    selectai_ranker *ranker = NULL;
    selectai_cropper *cropper = NULL;
    write_net(&net);
    expect_scores(&net, old);
    expect_metadata(old, "hidden", "relu");
    expect_metadata(old, "architecture", "6-5-4-1");
    expect_metadata(old, "source_form", "torch state dict");
    expect_metadata(old, "source_file", "old.pt");
    expect_metadata(old, "encoder_activation", "unknown");
    expect_metadata(old, "vectors", "unknown");
    assert_int_equal(selectai_ranker_load(&ranker, old), SELECTAI_OK);
    assert_string_equal(selectai_ranker_encoder_id(ranker), "");
    selectai_ranker_destroy(&ranker);
    assert_int_equal(selectai_cropper_load(&cropper, old), SELECTAI_ERR_MISMATCH);
}

/* torch.save({"epoch": 3, "model_state_dict": ..., "optimizer_state_dict": {...}, "note": "x"}) */
static void a_checkpoint(void **state)
{
    (void)state;
    struct old_net net = net_of(three, attempt);
    struct bytes p = {0};
    size_t elements = old_elements(net.tensors, net.n);
    struct tensor_recipe moment = {.elements = (int64_t)elements, .rank = 1, .shape = {6}, .strides = {1}};
    name_tensors(&net);
    put_protocol(&p);
    PUT(&p, "}(");
    put_text(&p, "epoch");
    put_integer(&p, 3);
    put_text(&p, "optimizer_state_dict");
    PUT(&p, "}(");
    put_text(&p, "exp_avg");
    put_tensor(&p, &moment);
    PUT(&p, "u");
    put_text(&p, "model_state_dict");
    put_state_dict(&p, net.tensors, net.n, NULL, elements);
    put_text(&p, "note");
    put_text(&p, "trained on Sunday");
    PUT(&p, "u.");
    struct bytes file = make_torch_file(p.data, p.n, numbers, elements * sizeof *numbers);
    write_bytes(old, file.data, file.n);
    free_bytes(&file);
    free_bytes(&p);
    expect_scores(&net, old);
    expect_metadata(old, "source_form", "torch checkpoint");
}

static void laions_heads(void **state)
{
    (void)state;
    static const int64_t improved[] = {12, 1024, 128, 64, 16, 1, 0};
    static const char *const bare[] = {""},
                             *const layers[] = {"layers.0", "layers.2", "layers.4", "layers.6", "layers.7"},
                             *const with_relu[] = {"layers.0", "layers.3", "layers.6", "layers.9", "layers.12"};
    struct old_net net = net_of(one, bare);
    write_net(&net);
    expect_scores(&net, old);
    expect_metadata(old, "vectors", "unit-length");
    expect_metadata(old, "hidden", "none");
    net = net_of(improved, layers);
    net.relu = false;
    for (size_t i = 0; i < MAX_NUMBERS; i++)
        numbers[i] *= 0.1f; /* without ReLU five layers would make large numbers */
    write_net(&net);
    expect_scores(&net, old);
    expect_metadata(old, "hidden", "none");
    expect_metadata(old, "vectors", "unit-length");
    net = net_of(improved, with_relu); /* the same with its ReLUs switched on: two places free */
    write_net(&net);
    expect_scores(&net, old);
    expect_metadata(old, "hidden", "relu");
    expect_metadata(old, "vectors", "unknown");
    for (size_t i = 0; i < MAX_NUMBERS; i++)
        numbers[i] *= 10.0f;
}

static void double_numbers(void **state)
{
    (void)state;
    struct old_net net = net_of(two, attempt);
    double wide[100];
    name_tensors(&net);
    size_t n = old_elements(net.tensors, net.n);
    for (size_t i = 0; i < n; i++)
        wide[i] = (double)numbers[i];
    struct bytes file = make_old_model(net.tensors, net.n, "DoubleStorage", wide, n * sizeof *wide);
    write_bytes(old, file.data, file.n);
    free_bytes(&file);
    expect_scores(&net, old);
    wide[4] = 1e300; /* no float */
    file = make_old_model(net.tensors, net.n, "DoubleStorage", wide, n * sizeof *wide);
    write_bytes(old, file.data, file.n);
    free_bytes(&file);
    selectai_ranker *ranker = NULL;
    assert_int_equal(selectai_ranker_load(&ranker, old), SELECTAI_ERR_FORMAT);
}

/* ---- What stands between layers -------------------------------------------------------------- */

static int import(const struct selectai_import_options *options)
{
    remove(new);
    return selectai_model_import(NULL, old, new, options);
}

static void hidden_is_never_guessed(void **state)
{
    (void)state;
    static const struct {
        const char *places[3];
        int code;
        bool relu;
    } cases[] = {
        {{"net.0", "net.2", "net.4"}, SELECTAI_OK, true},
        {{"module.net.0", "module.net.3", "module.net.5"}, SELECTAI_OK, true},
        {{"head.0", "head.3", "head.5"}, SELECTAI_OK, true}, /* two places between the first two */
        {{"0", "3", "6"}, SELECTAI_OK, true},
        {{"head.0", "head.2", "head.4"}, SELECTAI_ERR_UNSUPPORTED, false}, /* one place: a ReLU or dropout? */
        {{"layers.0", "layers.2", "layers.4"}, SELECTAI_ERR_UNSUPPORTED, false},
        {{"net.0", "net.1", "net.2"}, SELECTAI_ERR_UNSUPPORTED, false}, /* none: no ReLU could stand there */
        {{"fc1", "fc2", "fc3"}, SELECTAI_ERR_UNSUPPORTED, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct old_net net = net_of(three, cases[i].places);
        struct selectai_import_options o;
        selectai_import_options_init(&o, sizeof o);
        write_net(&net);
        net.relu = cases[i].relu;
        if (import(&o) != cases[i].code)
            fail_msg("%s: %s", cases[i].places[1], selectai_last_error());
        if (cases[i].code == SELECTAI_OK)
            expect_scores(&net, old);
        else
            assert_non_null(strstr(selectai_last_error(), "--hidden"));
        for (int relu = 0; relu < 2; relu++) {
            o.hidden = relu ? SELECTAI_HIDDEN_RELU : SELECTAI_HIDDEN_NONE;
            assert_int_equal(import(&o), SELECTAI_OK);
            net.relu = relu;
            expect_scores(&net, new);
            expect_metadata(new, "hidden", relu ? "relu" : "none");
            expect_metadata(new, "hidden_from", "given by hand");
        }
    }
}

/* ---- Croppers -------------------------------------------------------------------------------- */

static const int64_t crop_widths[] = {8, 6, 5, 4, 4, 0};
static const char *const crop_places[] = {"net.0", "net.3", "net.6", "net.8"};

static void the_first_attempts_cropper(void **state)
{
    (void)state;
    static const uint32_t sizes[2 * 5] = {832, 1216, 2048, 2048, 1, 5000, 0, 100, 640, 0};
    struct old_net net = net_of(crop_widths, crop_places);
    selectai_cropper *cropper = NULL;
    struct selectai_box boxes[5];
    float x[30];
    double row[8], y[4];
    net.sigmoid = true;
    random_rows(x, 30);
    write_net(&net);
    assert_int_equal(selectai_cropper_load(&cropper, old), SELECTAI_OK);
    assert_int_equal(selectai_cropper_dim(cropper), 6);
    assert_int_equal(selectai_cropper_propose(cropper, boxes, x, sizes, 5), SELECTAI_OK);
    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 0; j < 6; j++)
            row[j] = (double)x[6 * i + j];
        row[6] = sizes[2 * i] / 2048.0;
        row[7] = sizes[2 * i + 1] / 2048.0;
        naive(y, &net, row);
        assert_near(boxes[i].x1, fmin(y[0], y[2]), 1e-5);
        assert_near(boxes[i].x2, fmax(y[0], y[2]), 1e-5);
        assert_near(boxes[i].y1, fmin(y[1], y[3]), 1e-5);
        assert_near(boxes[i].y2, fmax(y[1], y[3]), 1e-5);
        assert_true(boxes[i].x1 >= 0 && boxes[i].x1 < boxes[i].x2 && boxes[i].x2 <= 1);
    }
    assert_true(isnan(boxes[3].x1) && isnan(boxes[3].y2) && isnan(boxes[4].x2));
    x[2] = NAN;
    assert_int_equal(selectai_cropper_propose(cropper, boxes, x, sizes, 2), SELECTAI_OK);
    assert_true(isnan(boxes[0].y1) && !isnan(boxes[1].y1));
    selectai_cropper_destroy(&cropper);
    selectai_ranker *ranker = NULL;
    assert_int_equal(selectai_ranker_load(&ranker, old), SELECTAI_ERR_MISMATCH);
    expect_metadata(old, "size_input", "by-2048");
    expect_metadata(old, "box_output", "corners");
}

/* A last layer of zeros and these biases: the corners are known. */
static struct selectai_box box_with_biases(const float biases[4], uint32_t width, uint32_t height)
{
    static const int64_t widths[] = {3, 4, 0};
    static const char *const places[] = {"net.0"};
    struct old_net net = net_of(widths, places);
    float kept[16], x = 0.5f;
    struct selectai_box box;
    selectai_cropper *cropper = NULL;
    const uint32_t size[2] = {width, height};
    memcpy(kept, numbers, sizeof kept);
    memset(numbers, 0, sizeof kept);
    memcpy(numbers + 12, biases, 4 * sizeof *biases);
    write_net(&net);
    memcpy(numbers, kept, sizeof kept);
    assert_int_equal(selectai_cropper_load(&cropper, old), SELECTAI_OK);
    assert_int_equal(selectai_cropper_propose(cropper, &box, &x, size, 1), SELECTAI_OK);
    selectai_cropper_destroy(&cropper);
    return box;
}

static void boxes_are_always_boxes(void **state)
{
    (void)state;
    struct selectai_box b = box_with_biases((const float[]){-1, 2, 1, -2}, 100, 50);
    assert_near(b.x1, 1 / (1 + exp(1)), 1e-6);
    assert_near(b.x2, 1 / (1 + exp(-1)), 1e-6);
    assert_near(b.y1, 1 / (1 + exp(2)), 1e-6); /* swapped */
    assert_near(b.y2, 1 / (1 + exp(-2)), 1e-6);
    b = box_with_biases((const float[]){0, 100, 0, 100}, 100, 50); /* one point, on the lower edge */
    assert_near(b.x1, 0.5, 1e-9);
    assert_near(b.x2, 0.51, 1e-9);
    assert_near(b.y1, 0.98, 1e-9);
    assert_near(b.y2, 1, 1e-9);
    b = box_with_biases((const float[]){-200, 0, -200, 1}, 1, 1);
    assert_true(b.x1 == 0 && b.x2 == 1);
}

/* ---- Importing ------------------------------------------------------------------------------- */

static size_t read_whole(uint8_t *bytes, size_t most, const char *path)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(bytes, 1, most, f);
    fclose(f);
    return n;
}

static void expect_same_bytes(const char *a, const char *b)
{
    static uint8_t x[100000], y[100000];
    size_t n = read_whole(x, sizeof x, a);
    assert_int_equal(read_whole(y, sizeof y, b), n);
    assert_memory_equal(x, y, n);
}

static void imported_rankers_are_the_same_to_the_bit(void **state)
{
    (void)state;
    struct old_net net = net_of(three, attempt);
    struct selectai_import_options o;
    selectai_ranker *a = NULL, *b = NULL;
    float x[60], before[10], after[10];
    char *metadata = NULL;
    write_net(&net);
    random_rows(x, 60);
    selectai_import_options_init(&o, sizeof o);
    o.encoder_id = "clip:0123456789abcdef:gelu";
    o.kind = SELECTAI_IMPORT_RANKER;
    remove(new);
    assert_int_equal(selectai_model_import(&metadata, old, new, &o), SELECTAI_OK);
    assert_non_null(strstr(metadata, "\"clip:0123456789abcdef:gelu\""));
    selectai_free(metadata);
    assert_int_equal(selectai_ranker_load(&a, old), SELECTAI_OK);
    assert_int_equal(selectai_ranker_load(&b, new), SELECTAI_OK);
    assert_string_equal(selectai_ranker_encoder_id(b), "clip:0123456789abcdef:gelu");
    assert_int_equal(selectai_ranker_score(a, before, x, NULL, 10), SELECTAI_OK);
    assert_int_equal(selectai_ranker_score(b, after, x, NULL, 10), SELECTAI_OK);
    assert_memory_equal(before, after, sizeof before);
    assert_true(isinf(b->model->standardiser.clip));
    assert_int_equal(selectai_ranker_save(b, again), SELECTAI_OK);
    expect_same_bytes(new, again);
    expect_metadata(new, "encoder_activation", "gelu");
    selectai_ranker_destroy(&a);
    selectai_ranker_destroy(&b);
    assert_int_equal(selectai_model_import(NULL, old, new, &o), SELECTAI_ERR_EXISTS);
    assert_int_equal(selectai_model_import(NULL, new, again, &o), SELECTAI_ERR_EXISTS);
    remove(again);
    assert_int_equal(selectai_model_import(NULL, new, again, &o), SELECTAI_ERR_UNSUPPORTED); /* ours already */
    o.kind = SELECTAI_IMPORT_CROPPER;
    assert_int_equal(import(&o), SELECTAI_ERR_MISMATCH);
    assert_false(access(new, F_OK) == 0);
}

static void imported_croppers_are_the_same_to_the_bit(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {832, 1216, 2048, 2048};
    struct old_net net = net_of(crop_widths, crop_places);
    selectai_cropper *a = NULL, *b = NULL;
    struct selectai_box before[2], after[2];
    float x[12];
    random_rows(x, 12);
    write_net(&net);
    assert_int_equal(import(NULL), SELECTAI_OK);
    assert_int_equal(selectai_cropper_load(&a, old), SELECTAI_OK);
    assert_int_equal(selectai_cropper_load(&b, new), SELECTAI_OK);
    assert_string_equal(selectai_cropper_encoder_id(b), "");
    assert_int_equal(selectai_cropper_propose(a, before, x, sizes, 2), SELECTAI_OK);
    assert_int_equal(selectai_cropper_propose(b, after, x, sizes, 2), SELECTAI_OK);
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(selectai_cropper_save(b, again), SELECTAI_OK);
    expect_same_bytes(new, again);
    selectai_cropper_destroy(&a);
    selectai_cropper_destroy(&b);
}

static void encoders_are_bound(void **state)
{
    (void)state;
    static const int64_t wide[] = {512, 1, 0};
    static const char *const bare[] = {"head"};
    struct old_net net = net_of(wide, bare);
    struct selectai_import_options o;
    struct selectai_encoder_options tower;
    selectai_import_options_init(&o, sizeof o);
    selectai_encoder_options_init(&tower, sizeof tower);
    write_net(&net);
    o.encoder = "builtin";
    assert_int_equal(import(&o), SELECTAI_OK);
    expect_metadata(new, "encoder_id", "selectai-builtin-1");
    expect_metadata(new, "vectors", "unknown"); /* one layer, but not LAION's names */
    o.vectors = SELECTAI_VECTORS_AS_ENCODED;
    tower.min_side = 300;
    o.encoder_options = &tower;
    assert_int_equal(import(&o), SELECTAI_OK);
    expect_metadata(new, "encoder_id", "selectai-builtin-1:min-side-300");
    expect_metadata(new, "vectors", "as-encoded");
    o.encoder = old; /* no tower */
    assert_int_equal(import(&o), SELECTAI_ERR_FORMAT);
    o.encoder_options = NULL; /* whose activation nobody said */
    assert_int_equal(import(&o), SELECTAI_ERR_INVALID_ARGUMENT);
    o.encoder = "builtin";
    o.encoder_id = "x";
    assert_int_equal(import(&o), SELECTAI_ERR_INVALID_ARGUMENT);
    o.encoder = NULL;
    o.encoder_id = "";
    assert_int_equal(import(&o), SELECTAI_ERR_INVALID_ARGUMENT);
    o.encoder_id = NULL;
    o.hidden = 3;
    assert_int_equal(import(&o), SELECTAI_ERR_INVALID_ARGUMENT);
    struct old_net small = net_of(two, attempt);
    write_net(&small);
    selectai_import_options_init(&o, sizeof o);
    o.encoder = "builtin"; /* 512 numbers, not 6 */
    assert_int_equal(import(&o), SELECTAI_ERR_MISMATCH);
}

static void words_in_metadata_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } cases[] = {{"\"hidden\":\"relu\"", "\"hidden\":\"silu\""},
                 {"\"hidden\":\"relu\"", "\"hidden\":[1234]"},
                 {"\"vectors\":\"unknown\"", "\"vectors\":\"unkmown\""},
                 {"\"clip\":\"none\"", "\"clip\":\"nine\""},
                 {"\"vectors\":\"unknown\"", "\"box_output\":\"xxxx\""}};
    static uint8_t bytes[100000];
    struct old_net net = net_of(three, attempt);
    write_net(&net);
    assert_int_equal(import(NULL), SELECTAI_OK);
    size_t n = read_whole(bytes, sizeof bytes, new);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t k = strlen(cases[i].from), at = 0;
        static uint8_t copy[100000];
        memcpy(copy, bytes, n);
        while (at + k <= n && memcmp(copy + at, cases[i].from, k) != 0)
            at++;
        assert_true(at + k <= n);
        assert_true(strlen(cases[i].to) <= k);
        memset(copy + at, ' ', k);
        memcpy(copy + at, cases[i].to, strlen(cases[i].to));
        write_bytes(again, copy, n);
        selectai_ranker *ranker = NULL;
        if (selectai_ranker_load(&ranker, again) != SELECTAI_ERR_FORMAT)
            fail_msg("%s was taken", cases[i].to);
    }
}

/* ---- What is refused ------------------------------------------------------------------------- */

static void expect_refused(const char *label, int code)
{
    selectai_ranker *ranker = NULL;
    selectai_cropper *cropper = NULL;
    int rc = selectai_ranker_load(&ranker, old);
    if (rc != code || !strstr(selectai_last_error(), old))
        fail_msg("%s: code %d: %s", label, rc, selectai_last_error());
    assert_int_equal(selectai_cropper_load(&cropper, old), code);
    assert_null(ranker);
    assert_null(cropper);
}

static void incomplete_models(void **state)
{
    (void)state;
    static const char *const labels[] = {"no net.0.weight", "no net.0.bias",   "no net.3.weight",
                                         "no net.3.bias",   "no net.5.weight", "no net.5.bias"};
    for (size_t gone = 0; gone < 6; gone++) {
        struct old_net net = net_of(three, attempt);
        name_tensors(&net);
        memmove(net.tensors + gone, net.tensors + gone + 1, (net.n - gone - 1) * sizeof *net.tensors);
        net.n--;
        write_net(&net);
        expect_refused(labels[gone], SELECTAI_ERR_FORMAT);
    }
    static const int64_t widths[] = {6, 5, 3, 1, 0};
    for (size_t layer = 0; layer < 3; layer++) { /* both parts of one layer */
        struct old_net net = net_of(widths, attempt);
        name_tensors(&net);
        memmove(net.tensors + 2 * layer, net.tensors + 2 * layer + 2, (net.n - 2 * layer - 2) * sizeof *net.tensors);
        net.n -= 2;
        write_net(&net);
        expect_refused(attempt[layer], layer == 2 ? SELECTAI_ERR_UNSUPPORTED : SELECTAI_ERR_FORMAT);
    }
}

static void wrong_shapes(void **state)
{
    (void)state;
    static const struct {
        size_t tensor, rank;
        int64_t shape[2];
        int code;
    } cases[] = {
        {0, 2, {4, 6}, SELECTAI_ERR_FORMAT}, /* net.0 makes 4, its bias has 5 */
        {1, 1, {4, 0}, SELECTAI_ERR_FORMAT}, /* a bias of 4 */
        {2, 2, {4, 6}, SELECTAI_ERR_FORMAT}, /* takes 6, the layer before makes 5 */
        {0, 2, {0, 6}, SELECTAI_ERR_FORMAT}, /* nothing */
        {0, 2, {5, 0}, SELECTAI_ERR_FORMAT},
        {1, 2, {5, 1}, SELECTAI_ERR_UNSUPPORTED}, /* a bias that is a matrix */
        {0, 1, {30, 0}, SELECTAI_ERR_UNSUPPORTED},
        {3, 0, {0, 0}, SELECTAI_ERR_UNSUPPORTED}, /* a scalar */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct old_net net = net_of(three, attempt);
        char label[20];
        net.tensors[cases[i].tensor].rank = cases[i].rank;
        net.tensors[cases[i].tensor].shape[0] = cases[i].shape[0];
        net.tensors[cases[i].tensor].shape[1] = cases[i].shape[1];
        write_net(&net);
        snprintf(label, sizeof label, "shape %zu", i);
        expect_refused(label, cases[i].code);
    }
}

static void other_networks(void **state)
{
    (void)state;
    static const int64_t classes[] = {6, 5, 3, 0}, no_vector[] = {2, 5, 4, 0};
    static const char *const mixed[] = {"trunk.0", "head.2"}, *const no_numbers[] = {"hidden", "out"};
    static const char *const twice[] = {"net.0", "net.00"};
    struct old_net net = net_of(classes, attempt);
    write_net(&net);
    expect_refused("three classes", SELECTAI_ERR_UNSUPPORTED);
    net = net_of(no_vector, attempt);
    write_net(&net);
    selectai_cropper *cropper = NULL;
    assert_int_equal(selectai_cropper_load(&cropper, old), SELECTAI_ERR_UNSUPPORTED);
    net = net_of(two, mixed);
    write_net(&net);
    expect_refused("two modules", SELECTAI_ERR_UNSUPPORTED);
    net = net_of(two, no_numbers);
    write_net(&net);
    expect_refused("no numbers", SELECTAI_ERR_UNSUPPORTED);
    net = net_of(two, twice);
    write_net(&net);
    expect_refused("one place twice", SELECTAI_ERR_UNSUPPORTED);
    /* A batch norm behind the first layer, and a counter. */
    static const struct old_tensor more[] = {
        {"net.1.running_mean", 1, {5, 0}}, {"net.1.weight", 1, {5, 0}}, {"net.1.num_batches_tracked", 0, {0, 0}}};
    for (size_t i = 0; i < 3; i++) {
        net = net_of(three, attempt);
        net.tensors[net.n++] = more[i];
        write_net(&net);
        expect_refused(more[i].name, SELECTAI_ERR_UNSUPPORTED);
    }
}

static void too_many_layers(void **state)
{
    (void)state;
    static int64_t widths[MAX_LAYERS + 2];
    static char names[MAX_LAYERS][12];
    const char *places[MAX_LAYERS];
    for (int i = 0; i < MAX_LAYERS; i++) {
        widths[i] = 2;
        snprintf(names[i], sizeof names[i], "net.%d", 3 * i);
        places[i] = names[i];
    }
    widths[MAX_LAYERS] = 1;
    struct old_net net = net_of(widths, places);
    write_net(&net);
    expect_refused("16 layers", SELECTAI_ERR_UNSUPPORTED);
    widths[MAX_LAYERS - 1] = 1;
    widths[MAX_LAYERS] = 0;
    net = net_of(widths, places);
    write_net(&net);
    expect_scores(&net, old);
}

static void values_that_are_no_numbers(void **state)
{
    (void)state;
    struct old_net net = net_of(three, attempt);
    name_tensors(&net);
    const float bad[] = {NAN, INFINITY, -INFINITY};
    size_t n = old_elements(net.tensors, net.n);
    for (size_t i = 0; i < 3; i++) {
        float kept = numbers[n - 1 - 20 * i];
        numbers[n - 1 - 20 * i] = bad[i];
        write_net(&net);
        numbers[n - 1 - 20 * i] = kept;
        selectai_ranker *ranker = NULL;
        assert_int_equal(selectai_ranker_load(&ranker, old), SELECTAI_ERR_FORMAT);
        assert_non_null(strstr(selectai_last_error(), "no numbers"));
    }
    uint8_t integers[1000] = {0};
    struct bytes file = make_old_model(net.tensors, net.n, "LongStorage", integers, 8 * n);
    write_bytes(old, file.data, file.n);
    free_bytes(&file);
    selectai_ranker *ranker = NULL;
    assert_int_equal(selectai_ranker_load(&ranker, old), SELECTAI_ERR_UNSUPPORTED);
}

/* ---- What means harm ------------------------------------------------------------------------- */

/* A checkpoint whose first value is made by these opcodes, and whose state dict is sound. */
static void write_checkpoint_with(const void *opcodes, size_t n_opcodes)
{
    struct old_net net = net_of(three, attempt);
    struct bytes p = {0};
    name_tensors(&net);
    size_t elements = old_elements(net.tensors, net.n);
    put_protocol(&p);
    PUT(&p, "}(");
    put_text(&p, "extra");
    put_bytes(&p, opcodes, n_opcodes);
    put_text(&p, "model_state_dict");
    put_state_dict(&p, net.tensors, net.n, NULL, elements);
    PUT(&p, "u.");
    struct bytes file = make_torch_file(p.data, p.n, numbers, elements * sizeof *numbers);
    write_bytes(old, file.data, file.n);
    free_bytes(&file);
    free_bytes(&p);
}

static void nothing_is_run(void **state)
{
    (void)state;
    static const char *const modules[] = {"os", "posix", "builtins", "subprocess"};
    static const char *const names[] = {"system", "system", "eval", "Popen"};
    char mark[300], command[400];
    snprintf(mark, sizeof mark, "%s/mark", dir);
    snprintf(command, sizeof command, "touch %s", mark);
    for (size_t i = 0; i < 4; i++) {
        struct bytes p = {0};
        put_global(&p, modules[i], names[i]);
        put_op(&p, '(');
        put_text(&p, command);
        PUT(&p, "tR");
        write_checkpoint_with(p.data, p.n);
        free_bytes(&p);
        expect_refused(modules[i], SELECTAI_ERR_FORMAT);
        assert_int_equal(import(NULL), SELECTAI_ERR_FORMAT);
        assert_false(access(mark, F_OK) == 0);
    }
}

static void pickles_without_measure(void **state)
{
    (void)state;
    struct bytes marks = {0}, lists = {0};
    for (int i = 0; i < 200000; i++) {
        put_op(&marks, '(');
        put_op(&lists, ']');
    }
    for (int i = 0; i < 199999; i++)
        put_op(&lists, 'a');
    write_checkpoint_with(marks.data, marks.n);
    expect_refused("marks", SELECTAI_ERR_FORMAT);
    write_checkpoint_with(lists.data, lists.n); /* deep, but beside what counts */
    selectai_ranker *ranker = NULL;
    int rc = selectai_ranker_load(&ranker, old);
    assert_true(rc == SELECTAI_OK || rc == SELECTAI_ERR_FORMAT);
    selectai_ranker_destroy(&ranker);
    write_checkpoint_with("\x8b\xff\xff\xff\x7f", 5);
    expect_refused("a long number", SELECTAI_ERR_FORMAT);
    write_checkpoint_with("X\xff\xff\xff\x7f", 5);
    expect_refused("a long text", SELECTAI_ERR_FORMAT);
    free_bytes(&marks);
    free_bytes(&lists);
}

static void huge_shapes(void **state)
{
    (void)state;
    static const int64_t huge[][2] = {
        {INT64_MAX, INT64_MAX}, {(int64_t)1 << 32, (int64_t)1 << 32}, {-1, 6}, {70000, 6}};
    for (size_t i = 0; i < 4; i++) {
        struct old_net net = net_of(three, attempt);
        struct bytes p = {0};
        name_tensors(&net);
        struct tensor_recipe t = {.elements = 100, .rank = 2, .shape = {huge[i][0], huge[i][1]}, .strides = {0, 0}};
        put_protocol(&p);
        put_ordered_dict(&p);
        put_op(&p, '(');
        put_text(&p, "weight");
        put_tensor(&p, &t);
        t.rank = 1;
        put_text(&p, "bias");
        put_tensor(&p, &t);
        PUT(&p, "u.");
        struct bytes file = make_torch_file(p.data, p.n, numbers, 400);
        write_bytes(old, file.data, file.n);
        free_bytes(&file);
        free_bytes(&p);
        expect_refused("a huge shape", SELECTAI_ERR_FORMAT);
    }
}

static void every_cut(void **state)
{
    (void)state;
    static uint8_t bytes[100000];
    struct old_net net = net_of(three, attempt);
    write_net(&net);
    size_t n = read_whole(bytes, sizeof bytes, old);
    for (size_t cut = 0; cut < n; cut += 1 + cut / 60) {
        selectai_ranker *ranker = NULL;
        write_bytes(old, bytes, cut);
        assert_int_equal(selectai_ranker_load(&ranker, old), SELECTAI_ERR_FORMAT);
    }
}

/* Deflated members are never inflated, so that small files cannot become large ones. */
static void deflated_archives(void **state)
{
    (void)state;
    struct zip_builder z = {.method = 8};
    static uint8_t zeros[1000];
    zip_add(&z, "m/data.pkl", zeros, sizeof zeros);
    zip_finish(&z);
    write_bytes(old, z.file.data, z.file.n);
    zip_free(&z);
    expect_refused("deflated", SELECTAI_ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_attempts_ranker),
        cmocka_unit_test(a_checkpoint),
        cmocka_unit_test(laions_heads),
        cmocka_unit_test(double_numbers),
        cmocka_unit_test(hidden_is_never_guessed),
        cmocka_unit_test(the_first_attempts_cropper),
        cmocka_unit_test(boxes_are_always_boxes),
        cmocka_unit_test(imported_rankers_are_the_same_to_the_bit),
        cmocka_unit_test(imported_croppers_are_the_same_to_the_bit),
        cmocka_unit_test(encoders_are_bound),
        cmocka_unit_test(words_in_metadata_are_checked),
        cmocka_unit_test(incomplete_models),
        cmocka_unit_test(wrong_shapes),
        cmocka_unit_test(other_networks),
        cmocka_unit_test(too_many_layers),
        cmocka_unit_test(values_that_are_no_numbers),
        cmocka_unit_test(nothing_is_run),
        cmocka_unit_test(pickles_without_measure),
        cmocka_unit_test(huge_shapes),
        cmocka_unit_test(every_cut),
        cmocka_unit_test(deflated_archives),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
