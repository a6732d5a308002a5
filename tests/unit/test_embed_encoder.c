/*
 * test_embed_encoder.c: the built-in encoder through the public calls, and what a CLIP weights file must look like.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "test_util.h"

#include <math.h>

#include <selectai/encoder.h>

#include "base/safetensors.h"
#include "embed/clip_weights.h"
#include "embed/encoder.h"

#define N 70u /* more than one chunk */

struct fixture {
    char root[256];
    char *paths[N];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    make_temporary(f->root);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < N; i++)
        free(f->paths[i]);
    remove_temporary(f->root);
    free(f);
    return 0;
}

static selectai_image *make_image(uint32_t width, uint32_t height, uint32_t seed)
{
    uint8_t *rgb = malloc((size_t)width * height * 3);
    selectai_image *image = NULL;
    assert_non_null(rgb);
    for (size_t i = 0; i < (size_t)width * height * 3; i++) {
        seed = seed * 1664525u + 1013904223u;
        rgb[i] = (uint8_t)((seed >> 26) + i / 3 % width * 3 + seed % 5);
    }
    assert_int_equal(selectai_image_create(&image, width, height, rgb, 0), SELECTAI_OK);
    free(rgb);
    return image;
}

/* N small pictures of different sizes; numbers 3 and 66 are no pictures, 5 does not exist. */
static void make_files(struct fixture *f)
{
    for (unsigned i = 0; i < N; i++) {
        char path[300];
        snprintf(path, sizeof path, "%s/%02u.png", f->root, i);
        f->paths[i] = strdup(path);
        assert_non_null(f->paths[i]);
        if (i == 3 || i == 66) {
            write_text(path, "no picture");
        } else if (i != 5) {
            selectai_image *image = make_image(24 + i % 7, 20 + i % 5, i);
            assert_int_equal(selectai_image_save(image, path, 1), SELECTAI_OK);
            selectai_image_destroy(&image);
        }
    }
}

static selectai_encoder *open_builtin(uint32_t threads)
{
    selectai_encoder *encoder = NULL;
    struct selectai_encoder_options options;
    selectai_encoder_options_init(&options, sizeof options);
    options.threads = threads;
    assert_int_equal(selectai_encoder_open(&encoder, "builtin", &options), SELECTAI_OK);
    return encoder;
}

static void test_builtin(void **state)
{
    float x = 0;
    selectai_encoder *encoder = open_builtin(1);
    (void)state;
    assert_int_equal(selectai_encoder_dim(encoder), 512);
    assert_string_equal(selectai_encoder_id(encoder), "selectai-builtin-1");
    assert_int_equal(selectai_encoder_input_size(encoder), 0);
    assert_int_equal(selectai_encoder_encode_tensor(&x, encoder, &x, 1), SELECTAI_ERR_UNSUPPORTED);
    selectai_encoder_close(&encoder);
    assert_null(encoder);
    selectai_encoder_close(&encoder);
}

static int count_calls(uint64_t done, uint64_t total, const char *stage, void *user)
{
    uint64_t *last = user;
    assert_string_equal(stage, "encode");
    assert_int_equal(total, N);
    assert_true(done >= *last && done <= total);
    *last = done;
    return 0;
}

static float *encode(struct fixture *f, uint32_t threads)
{
    selectai_encoder *encoder = open_builtin(threads);
    selectai_issues *issues = NULL;
    uint64_t done = 0;
    float *out = malloc(N * 512 * sizeof *out);
    assert_non_null(out);
    assert_int_equal(
        selectai_encoder_encode_files(out, &issues, encoder, (const char *const *)f->paths, N, count_calls, &done),
        SELECTAI_OK);
    assert_int_equal(done, N);
    assert_int_equal(selectai_issues_count(issues), 3);
    static const unsigned bad[] = {3, 5, 66};
    for (size_t i = 0; i < 3; i++) {
        struct selectai_issue issue = {.struct_size = sizeof issue};
        assert_int_equal(selectai_issues_get(issues, i, &issue), SELECTAI_OK);
        assert_string_equal(issue.kind, "unreadable");
        assert_string_equal(issue.path, f->paths[bad[i]]);
        assert_int_equal(issue.code, bad[i] == 5 ? SELECTAI_ERR_NOT_FOUND : SELECTAI_ERR_FORMAT);
        assert_non_null(strstr(issue.message, f->paths[bad[i]]));
    }
    selectai_issues_destroy(&issues);
    selectai_encoder_close(&encoder);
    return out;
}

static void test_files(void **state)
{
    struct fixture *f = *state;
    make_files(f);
    float *one = encode(f, 1), *two = encode(f, 2);
    assert_memory_equal(one, two, N * 512 * sizeof *one);
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < 512; k++)
            assert_int_equal(isnan(one[i * 512 + k]) != 0, i == 3 || i == 5 || i == 66);
    assert_memory_not_equal(one, one + 512, 512 * sizeof *one);
    /* Each vector is its own file's, behind bad files too. */
    selectai_encoder *encoder = open_builtin(1);
    static const unsigned some[] = {0, 4, 6, 63, 64, 69};
    for (size_t i = 0; i < 6; i++) {
        float alone[512];
        const char *path = f->paths[some[i]];
        assert_int_equal(selectai_encoder_encode_files(alone, NULL, encoder, &path, 1, NULL, NULL), SELECTAI_OK);
        assert_memory_equal(alone, one + some[i] * 512, sizeof alone);
    }
    selectai_encoder_close(&encoder);
    free(one);
    free(two);
}

static void test_images(void **state)
{
    struct fixture *f = *state;
    selectai_image *images[3];
    selectai_encoder *encoder = open_builtin(2);
    float out[3 * 512], again[512];
    for (uint32_t i = 0; i < 3; i++)
        images[i] = make_image(30 + i, 40, i);
    assert_int_equal(selectai_encoder_encode_images(out, encoder, (const selectai_image *const *)images, 3),
                     SELECTAI_OK);
    char path[300];
    snprintf(path, sizeof path, "%s/x.png", f->root);
    assert_int_equal(selectai_image_save(images[2], path, 1), SELECTAI_OK);
    const char *const paths[] = {path};
    assert_int_equal(selectai_encoder_encode_files(again, NULL, encoder, paths, 1, NULL, NULL), SELECTAI_OK);
    assert_memory_equal(again, out + 1024, sizeof again);
    const selectai_image *const missing[] = {NULL};
    assert_int_equal(selectai_encoder_encode_images(out, encoder, missing, 1), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_encoder_encode_images(NULL, encoder, NULL, 0), SELECTAI_OK);
    for (uint32_t i = 0; i < 3; i++)
        selectai_image_destroy(&images[i]);
    selectai_encoder_close(&encoder);
}

static int cancel(uint64_t done, uint64_t total, const char *stage, void *user)
{
    (void)done;
    (void)total;
    (void)stage;
    (void)user;
    return 1;
}

static void test_cancel(void **state)
{
    struct fixture *f = *state;
    selectai_encoder *encoder = open_builtin(1);
    selectai_issues *issues = NULL;
    float *out = malloc(N * 512 * sizeof *out);
    make_files(f);
    assert_int_equal(
        selectai_encoder_encode_files(out, &issues, encoder, (const char *const *)f->paths, N, cancel, NULL),
        SELECTAI_ERR_CANCELLED);
    assert_null(issues);
    free(out);
    selectai_encoder_close(&encoder);
}

/* ---- Towers ---------------------------------------------------------------------------------- */

#define WIDTH  8u
#define MLP    16u
#define OUTPUT 6u
#define PATCH  4u
#define LAYERS 2u
#define ROWS   5u /* 2 x 2 patches and the class */

struct file {
    struct sai_tensor tensors[80];
    size_t n;
    struct sai_arena arena;
};

/* Value i of the tensor with this number. */
static float value(size_t number, size_t i)
{
    return (float)(number * 1000 + i);
}

static struct sai_tensor *put(struct file *file, const char *name, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    struct sai_tensor *t = &file->tensors[file->n];
    const uint64_t shape[4] = {a, b, c, d};
    *t = (struct sai_tensor){.name = sai_arena_strdup(&file->arena, name), .dtype = "F32", .n = 1};
    for (t->rank = 0; t->rank < 4 && shape[t->rank]; t->rank++) {
        t->shape[t->rank] = shape[t->rank];
        t->n *= shape[t->rank];
    }
    t->n_bytes = (size_t)t->n * 4;
    float *data = sai_arena_array(&file->arena, (size_t)t->n, 4);
    for (size_t i = 0; i < t->n; i++)
        data[i] = value(file->n, i);
    t->data = data;
    file->n++;
    return t;
}

static void put_block(struct file *file, const char *prefix, unsigned i)
{
    static const struct {
        const char *name;
        uint32_t rows, columns;
    } members[] = {{"ln_1.weight", WIDTH, 0},
                   {"ln_1.bias", WIDTH, 0},
                   {"attn.in_proj_weight", 3 * WIDTH, WIDTH},
                   {"attn.in_proj_bias", 3 * WIDTH, 0},
                   {"attn.out_proj.weight", WIDTH, WIDTH},
                   {"attn.out_proj.bias", WIDTH, 0},
                   {"ln_2.weight", WIDTH, 0},
                   {"ln_2.bias", WIDTH, 0},
                   {"mlp.c_fc.weight", MLP, WIDTH},
                   {"mlp.c_fc.bias", MLP, 0},
                   {"mlp.c_proj.weight", WIDTH, MLP},
                   {"mlp.c_proj.bias", WIDTH, 0}};
    for (size_t k = 0; k < sizeof members / sizeof members[0]; k++) {
        char name[200];
        snprintf(name, sizeof name, "%stransformer.resblocks.%u.%s", prefix, i, members[k].name);
        put(file, name, members[k].rows, members[k].columns, 0, 0);
    }
}

static void put_tower(struct file *file, const char *prefix)
{
    static const char *const norms[] = {"ln_pre.weight", "ln_pre.bias", "ln_post.weight", "ln_post.bias"};
    char name[200];
    snprintf(name, sizeof name, "%sconv1.weight", prefix);
    put(file, name, WIDTH, 3, PATCH, PATCH);
    snprintf(name, sizeof name, "%sclass_embedding", prefix);
    put(file, name, WIDTH, 0, 0, 0);
    snprintf(name, sizeof name, "%spositional_embedding", prefix);
    put(file, name, ROWS, WIDTH, 0, 0);
    snprintf(name, sizeof name, "%sproj", prefix);
    put(file, name, WIDTH, OUTPUT, 0, 0);
    for (size_t i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "%s%s", prefix, norms[i]);
        put(file, name, WIDTH, 0, 0, 0);
    }
    for (unsigned i = 0; i < LAYERS; i++)
        put_block(file, prefix, i);
}

static void put_hugging_face(struct file *file)
{
    static const struct {
        const char *name;
        uint32_t shape[4];
    } single[] = {{"vision_model.embeddings.class_embedding", {WIDTH}},
                  {"vision_model.embeddings.patch_embedding.weight", {WIDTH, 3, PATCH, PATCH}},
                  {"vision_model.embeddings.position_embedding.weight", {ROWS, WIDTH}},
                  {"vision_model.pre_layrnorm.weight", {WIDTH}},
                  {"vision_model.pre_layrnorm.bias", {WIDTH}},
                  {"vision_model.post_layernorm.weight", {WIDTH}},
                  {"vision_model.post_layernorm.bias", {WIDTH}},
                  {"visual_projection.weight", {OUTPUT, WIDTH}}};
    static const struct {
        const char *name;
        uint32_t rows, columns;
    } block[] = {{"layer_norm1", WIDTH, 0},
                 {"layer_norm2", WIDTH, 0},
                 {"self_attn.q_proj", WIDTH, WIDTH},
                 {"self_attn.k_proj", WIDTH, WIDTH},
                 {"self_attn.v_proj", WIDTH, WIDTH},
                 {"self_attn.out_proj", WIDTH, WIDTH},
                 {"mlp.fc1", MLP, WIDTH},
                 {"mlp.fc2", WIDTH, MLP}};
    for (size_t i = 0; i < 8; i++)
        put(file, single[i].name, single[i].shape[0], single[i].shape[1], single[i].shape[2], single[i].shape[3]);
    for (unsigned layer = 0; layer < LAYERS; layer++) {
        for (size_t i = 0; i < 8; i++) {
            char name[200];
            snprintf(name, sizeof name, "vision_model.encoder.layers.%u.%s.weight", layer, block[i].name);
            put(file, name, block[i].rows, block[i].columns, 0, 0);
            snprintf(name, sizeof name, "vision_model.encoder.layers.%u.%s.bias", layer, block[i].name);
            put(file, name, block[i].rows, 0, 0, 0);
        }
    }
}

static size_t number_of(const struct file *file, const char *name)
{
    for (size_t i = 0; i < file->n; i++)
        if (strcmp(file->tensors[i].name, name) == 0)
            return i;
    fail_msg("no tensor %s", name);
    return 0;
}

static void write_file(const struct fixture *f, struct file *file, char path[300], const char *heads)
{
    json_t *metadata = json_object();
    if (heads)
        json_object_set_new(metadata, "heads", json_string(heads));
    snprintf(path, 300, "%s/tower.safetensors", f->root);
    assert_int_equal(sai_safetensors_write(path, file->tensors, file->n, metadata), SELECTAI_OK);
    json_decref(metadata);
}

static const struct sai_backend_tensor *tensor(const struct sai_clip_weights *w, const char *name)
{
    for (size_t i = 0; i < w->n_tensors; i++)
        if (strcmp(w->tensors[i].name, name) == 0)
            return &w->tensors[i];
    fail_msg("tensor %s was not made", name);
    return NULL;
}

static float element(const struct sai_backend_tensor *t, size_t i)
{
    float x;
    memcpy(&x, (const char *)t->data + 4 * i, sizeof x);
    return x;
}

static void expect_geometry(const struct sai_clip_weights *w)
{
    assert_int_equal(w->width, WIDTH);
    assert_int_equal(w->patch, PATCH);
    assert_int_equal(w->image_size, 8);
    assert_int_equal(w->layers, LAYERS);
    assert_int_equal(w->mlp_width, MLP);
    assert_int_equal(w->output, OUTPUT);
    assert_int_equal(w->n_tensors, 8 + 12 * LAYERS);
}

static void test_openai_names(void **state)
{
    static const char *const prefixes[] = {"", "visual."};
    struct fixture *f = *state;
    char path[300];
    for (size_t i = 0; i < 2; i++) {
        struct file file = {0};
        struct sai_clip_weights w;
        put(&file, "logit_scale", 1, 0, 0, 0); /* the other half of a whole model */
        put_tower(&file, prefixes[i]);
        write_file(f, &file, path, "4");
        assert_int_equal(sai_clip_weights_open(&w, path, 0), SELECTAI_OK);
        expect_geometry(&w);
        assert_int_equal(w.heads, 4);
        char name[100];
        snprintf(name, sizeof name, "%stransformer.resblocks.1.mlp.c_fc.weight", prefixes[i]);
        const struct sai_backend_tensor *t = tensor(&w, "transformer.resblocks.1.mlp.c_fc.weight");
        assert_true(t->rank == 2 && t->shape[0] == MLP && t->shape[1] == WIDTH && t->dtype == SAI_BACKEND_F32);
        assert_true(element(t, 7) == value(number_of(&file, name), 7));
        sai_clip_weights_close(&w);
        assert_int_equal(sai_clip_weights_open(&w, path, 2), SELECTAI_OK); /* the caller knows better than the file */
        assert_int_equal(w.heads, 2);
        sai_clip_weights_close(&w);
        assert_int_equal(sai_clip_weights_open(&w, path, 3), SELECTAI_ERR_INVALID_ARGUMENT);
        sai_arena_clear(&file.arena);
    }
}

static void test_hugging_face_names(void **state)
{
    struct fixture *f = *state;
    struct file file = {0};
    struct sai_clip_weights w;
    char path[300];
    put_hugging_face(&file);
    write_file(f, &file, path, "2");
    assert_int_equal(sai_clip_weights_open(&w, path, 0), SELECTAI_OK);
    expect_geometry(&w);
    const struct sai_backend_tensor *t = tensor(&w, "proj");
    size_t number = number_of(&file, "visual_projection.weight");
    assert_true(t->shape[0] == WIDTH && t->shape[1] == OUTPUT);
    for (size_t row = 0; row < WIDTH; row++)
        for (size_t column = 0; column < OUTPUT; column++)
            assert_true(element(t, row * OUTPUT + column) == value(number, column * WIDTH + row));
    t = tensor(&w, "transformer.resblocks.1.attn.in_proj_weight");
    number = number_of(&file, "vision_model.encoder.layers.1.self_attn.k_proj.weight");
    assert_true(t->shape[0] == 3 * WIDTH && t->shape[1] == WIDTH);
    assert_true(element(t, WIDTH * WIDTH + 5) == value(number, 5));
    t = tensor(&w, "transformer.resblocks.0.attn.in_proj_bias");
    number = number_of(&file, "vision_model.encoder.layers.0.self_attn.v_proj.bias");
    assert_true(t->rank == 1 && element(t, 2 * WIDTH + 3) == value(number, 3));
    sai_clip_weights_close(&w);
    sai_arena_clear(&file.arena);
}

/* Changes tensor `name` (NULL: nothing), and expects an error that names `says`. */
static void expect_bad(struct fixture *f, const char *name, void (*change)(struct file *, size_t), const char *heads,
                       const char *says)
{
    struct file file = {0};
    struct sai_clip_weights w;
    char path[300];
    put_tower(&file, "visual.");
    if (name)
        change(&file, number_of(&file, name));
    write_file(f, &file, path, heads);
    assert_int_equal(sai_clip_weights_open(&w, path, 0), SELECTAI_ERR_FORMAT);
    assert_non_null(strstr(selectai_last_error(), path));
    assert_non_null(strstr(selectai_last_error(), says));
    sai_arena_clear(&file.arena);
}

static void take_out(struct file *file, size_t i)
{
    file->tensors[i].name = sai_arena_printf(&file->arena, "other.%zu", i);
}

static void make_flat(struct file *file, size_t i)
{
    struct sai_tensor *t = &file->tensors[i];
    t->shape[0] = t->n;
    t->rank = 1;
    t->shape[1] = 0;
}

static void make_integer(struct file *file, size_t i)
{
    memcpy(file->tensors[i].dtype, "I32", 4);
}

static void add_row(struct file *file, size_t i)
{
    struct sai_tensor *t = &file->tensors[i];
    t->shape[0]++;
    t->n = t->shape[0] * t->shape[1];
    t->n_bytes = (size_t)t->n * 4;
    t->data = sai_arena_array(&file->arena, (size_t)t->n, 4);
}

static void test_bad_towers(void **state)
{
    struct fixture *f = *state;
    expect_bad(f, "visual.conv1.weight", take_out, "2", "conv1.weight");
    expect_bad(f, "visual.class_embedding", take_out, "2", "class_embedding");
    expect_bad(f, "visual.proj", take_out, "2", "proj");
    expect_bad(f, "visual.ln_post.bias", take_out, "2", "ln_post.bias");
    expect_bad(f, "visual.transformer.resblocks.0.ln_1.weight", take_out, "2", "resblocks.0.ln_1.weight");
    expect_bad(f, "visual.transformer.resblocks.1.attn.out_proj.bias", take_out, "2", "resblocks.1.attn.out_proj.bias");
    expect_bad(f, "visual.conv1.weight", make_flat, "2", "conv1.weight");
    expect_bad(f, "visual.proj", make_flat, "2", "proj");
    expect_bad(f, "visual.positional_embedding", make_flat, "2", "positional_embedding");
    expect_bad(f, "visual.transformer.resblocks.1.mlp.c_fc.weight", make_flat, "2", "resblocks.1.mlp.c_fc.weight");
    expect_bad(f, "visual.transformer.resblocks.1.mlp.c_proj.weight", add_row, "2", "resblocks.1.mlp.c_proj.weight");
    expect_bad(f, "visual.positional_embedding", add_row, "2", "positional_embedding");
    expect_bad(f, "visual.ln_pre.weight", make_integer, "2", "I32");
    expect_bad(f, NULL, NULL, NULL, "heads"); /* a width of 8 tells nothing about heads */
    expect_bad(f, NULL, NULL, "many", "heads");
    expect_bad(f, NULL, NULL, "3", "heads");
    expect_bad(f, NULL, NULL, "0", "heads");
}

static void test_open_errors(void **state)
{
    struct fixture *f = *state;
    selectai_encoder *encoder = NULL;
    struct selectai_encoder_options options;
    char path[300];
    snprintf(path, sizeof path, "%s/none.safetensors", f->root);
    assert_int_equal(selectai_encoder_open(&encoder, path, NULL), SELECTAI_ERR_NOT_FOUND);
    write_text(path, "\x08\0\0\0\0\0\0\0{}");
    assert_int_equal(selectai_encoder_open(&encoder, path, NULL), SELECTAI_ERR_FORMAT);
    selectai_encoder_options_init(&options, sizeof options);
    assert_int_equal(options.batch_size, 32);
    options.activation = 7;
    assert_int_equal(selectai_encoder_open(&encoder, "builtin", &options), SELECTAI_ERR_INVALID_ARGUMENT);
    options.activation = 0;
    options.dtype = -1;
    assert_int_equal(selectai_encoder_open(&encoder, "builtin", &options), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_encoder_open(&encoder, "", NULL), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_null(encoder);
}

/* A sound file, opened where the module is: a vector comes out. Where it is not, the error says so. */
static void test_tower_through_module(void **state)
{
    struct fixture *f = *state;
    struct file file = {0};
    selectai_encoder *encoder = NULL;
    char path[300];
    put_hugging_face(&file);
    write_file(f, &file, path, "2");
    sai_arena_clear(&file.arena);
    int rc = selectai_encoder_open(&encoder, path, NULL);
    if (rc == SELECTAI_ERR_BACKEND_MISSING) {
        assert_non_null(strstr(selectai_last_error(), "torch"));
        return;
    }
    assert_int_equal(rc, SELECTAI_OK);
    assert_int_equal(selectai_encoder_dim(encoder), OUTPUT);
    assert_int_equal(selectai_encoder_input_size(encoder), 8);
    assert_int_equal(strncmp(selectai_encoder_id(encoder), "clip:", 5), 0);
    assert_string_equal(selectai_encoder_id(encoder) + 5 + 16, ":quickgelu");
    selectai_image *image = make_image(20, 16, 1);
    float x[3 * 8 * 8], from_image[OUTPUT], from_tensor[OUTPUT];
    assert_int_equal(selectai_image_preprocess(x, image, 8), SELECTAI_OK);
    assert_int_equal(selectai_encoder_encode_images(from_image, encoder, (const selectai_image *const *)&image, 1),
                     SELECTAI_OK);
    assert_int_equal(selectai_encoder_encode_tensor(from_tensor, encoder, x, 1), SELECTAI_OK);
    assert_memory_equal(from_image, from_tensor, sizeof from_image);
    selectai_image_destroy(&image);
    selectai_encoder_close(&encoder);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_builtin),    TEST(test_files),        TEST(test_images),
        TEST(test_cancel),     TEST(test_openai_names), TEST(test_hugging_face_names),
        TEST(test_bad_towers), TEST(test_open_errors),  TEST(test_tower_through_module),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
