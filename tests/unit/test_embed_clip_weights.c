/*
 * test_embed_clip_weights.c: image towers in PyTorch's files: under which names they are found, and which geometry they
 * turn out to have. All tensors of a file share one storage, so that even large towers are small files.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "test_util.h"

#include "embed/clip_weights.h"
#include "torch_builder.h"

struct fixture {
    char root[256], path[300];
    struct bytes pickle;
    const char *storage_class;
    size_t element, n_storage; /* elements */
    double *storage;
};

struct geometry {
    const char *name;
    int64_t image_size, patch, width, layers, output;
};

static const struct geometry tiny = {"tiny", 8, 4, 128, 2, 6};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    make_temporary(f->root);
    snprintf(f->path, sizeof f->path, "%s/tower.pt", f->root);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    remove_temporary(f->root);
    free_bytes(&f->pickle);
    free(f->storage);
    free(f);
    return 0;
}

/* ---- Building -------------------------------------------------------------------------------- */

static void begin(struct fixture *f, const char *storage_class, size_t element, size_t n_storage)
{
    free_bytes(&f->pickle);
    free(f->storage);
    f->storage_class = storage_class;
    f->element = element;
    f->n_storage = n_storage;
    f->storage = calloc(n_storage, element);
    assert_non_null(f->storage);
    put_protocol(&f->pickle);
    PUT(&f->pickle, "}(");
}

static void put(struct fixture *f, const char *prefix, const char *name, int64_t a, int64_t b, int64_t c, int64_t d)
{
    char full[400];
    const int64_t shape[] = {a, b, c, d};
    struct tensor_recipe t = {.storage_class = f->storage_class, .elements = (int64_t)f->n_storage};
    int64_t stride = 1;
    while (t.rank < 4 && shape[t.rank] > 0)
        t.rank++;
    for (size_t i = t.rank; i-- > 0;) {
        t.shape[i] = shape[i];
        t.strides[i] = stride;
        stride *= shape[i];
    }
    snprintf(full, sizeof full, "%s%s", prefix, name);
    put_text(&f->pickle, full);
    put_tensor(&f->pickle, &t);
}

static void put_pair(struct fixture *f, const char *prefix, const char *name, int64_t a, int64_t b)
{
    char full[300];
    snprintf(full, sizeof full, "%s.weight", name);
    put(f, prefix, full, a, b, 0, 0);
    snprintf(full, sizeof full, "%s.bias", name);
    put(f, prefix, full, a, 0, 0, 0);
}

static int64_t rows_of(const struct geometry *g)
{
    int64_t grid = g->image_size / g->patch;
    return grid * grid + 1;
}

/* OpenAI's and open_clip's names. */
static void put_tower(struct fixture *f, const struct geometry *g, const char *prefix)
{
    const int64_t w = g->width;
    put(f, prefix, "class_embedding", w, 0, 0, 0);
    put(f, prefix, "positional_embedding", rows_of(g), w, 0, 0);
    put(f, prefix, "proj", w, g->output, 0, 0);
    put(f, prefix, "conv1.weight", w, 3, g->patch, g->patch);
    put_pair(f, prefix, "ln_pre", w, 0);
    put_pair(f, prefix, "ln_post", w, 0);
    for (int64_t i = 0; i < g->layers; i++) {
        char block[300];
        snprintf(block, sizeof block, "%stransformer.resblocks.%d.", prefix, (int)i);
        put_pair(f, block, "ln_1", w, 0);
        put_pair(f, block, "ln_2", w, 0);
        put(f, block, "attn.in_proj_weight", 3 * w, w, 0, 0);
        put(f, block, "attn.in_proj_bias", 3 * w, 0, 0, 0);
        put_pair(f, block, "attn.out_proj", w, w);
        put_pair(f, block, "mlp.c_fc", 4 * w, w);
        put_pair(f, block, "mlp.c_proj", w, 4 * w);
    }
}

/* Hugging Face's names. */
static void put_hugging_face(struct fixture *f, const struct geometry *g, const char *prefix, const char *beside)
{
    const int64_t w = g->width;
    char tower[300];
    snprintf(tower, sizeof tower, "%svision_model.", prefix);
    put(f, tower, "embeddings.class_embedding", w, 0, 0, 0);
    put(f, tower, "embeddings.patch_embedding.weight", w, 3, g->patch, g->patch);
    put(f, tower, "embeddings.position_embedding.weight", rows_of(g), w, 0, 0);
    put_pair(f, tower, "pre_layrnorm", w, 0);
    put_pair(f, tower, "post_layernorm", w, 0);
    put(f, beside, "visual_projection.weight", g->output, w, 0, 0);
    for (int64_t i = 0; i < g->layers; i++) {
        char block[400];
        snprintf(block, sizeof block, "%sencoder.layers.%d.", tower, (int)i);
        put_pair(f, block, "layer_norm1", w, 0);
        put_pair(f, block, "layer_norm2", w, 0);
        put_pair(f, block, "self_attn.q_proj", w, w);
        put_pair(f, block, "self_attn.k_proj", w, w);
        put_pair(f, block, "self_attn.v_proj", w, w);
        put_pair(f, block, "self_attn.out_proj", w, w);
        put_pair(f, block, "mlp.fc1", 4 * w, w);
        put_pair(f, block, "mlp.fc2", w, 4 * w);
    }
}

static void write_file(struct fixture *f)
{
    PUT(&f->pickle, "u.");
    struct bytes archive = make_torch_file(f->pickle.data, f->pickle.n, f->storage, f->n_storage * f->element);
    write_bytes(f->path, archive.data, archive.n);
    free_bytes(&archive);
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void expect_tower(struct fixture *f, const struct geometry *g, int32_t dtype)
{
    struct sai_clip_weights w;
    write_file(f);
    if (sai_clip_weights_open(&w, f->path, 0) != SELECTAI_OK)
        fail_msg("%s", selectai_last_error());
    assert_int_equal(w.image_size, g->image_size);
    assert_int_equal(w.patch, g->patch);
    assert_int_equal(w.width, g->width);
    assert_int_equal(w.layers, g->layers);
    assert_int_equal(w.heads, g->width / 64);
    assert_int_equal(w.mlp_width, 4 * g->width);
    assert_int_equal(w.output, g->output);
    assert_int_equal(w.n_tensors, 8 + 12 * g->layers);
    for (size_t i = 0; i < w.n_tensors; i++)
        assert_int_equal(w.tensors[i].dtype, dtype);
    sai_clip_weights_close(&w);
}

static void test_geometry(void **state)
{
    static const struct geometry known[] = {{"ViT-B/32", 224, 32, 768, 12, 512},
                                            {"ViT-B/16", 224, 16, 768, 12, 512},
                                            {"ViT-L/14", 224, 14, 1024, 24, 768},
                                            {"ViT-L/14@336px", 336, 14, 1024, 24, 768}};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        begin(f, "HalfStorage", 2, (size_t)(4 * known[i].width * known[i].width));
        put(f, "", "input_resolution", 0, 0, 0, 0); /* scalars, as in OpenAI's archives */
        put(f, "", "logit_scale", 0, 0, 0, 0);
        put(f, "", "positional_embedding", 77, 512, 0, 0); /* of texts */
        put(f, "", "transformer.resblocks.0.ln_1.weight", 512, 0, 0, 0);
        put_tower(f, &known[i], "visual.");
        expect_tower(f, &known[i], SAI_BACKEND_F16);
    }
}

static void test_prefixes(void **state)
{
    static const char *const prefixes[] = {"",
                                           "visual.",
                                           "module.",
                                           "module.visual.",
                                           "model.visual.",
                                           "clip_model.visual.",
                                           "student.module.model.visual.",
                                           "visual.visual."};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        begin(f, "FloatStorage", 4, 65536);
        put_tower(f, &tiny, prefixes[i]);
        expect_tower(f, &tiny, SAI_BACKEND_F32);
    }
}

static void test_hugging_face(void **state)
{
    static const char *const prefixes[][2] = {{"", ""},
                                              {"clip.", "clip."},
                                              {"model.", "model."},
                                              {"module.clip.", "module.clip."},
                                              {"vision_model.", ""}}; /* the projection of a checker of images */
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        begin(f, "BFloat16Storage", 2, 65536);
        put_hugging_face(f, &tiny, prefixes[i][0], prefixes[i][1]);
        expect_tower(f, &tiny, SAI_BACKEND_BF16);
    }
}

/* A dict in a dict is the same as names with dots. */
static void test_nested(void **state)
{
    struct fixture *f = *state;
    begin(f, "FloatStorage", 4, 65536);
    put_text(&f->pickle, "epoch");
    put_integer(&f->pickle, 12);
    put_text(&f->pickle, "networks");
    PUT(&f->pickle, "}(");
    put_text(&f->pickle, "encoder");
    PUT(&f->pickle, "}(");
    put_tower(f, &tiny, "module.visual.");
    PUT(&f->pickle, "uu");
    expect_tower(f, &tiny, SAI_BACKEND_F32);
}

static float element(const struct sai_clip_weights *w, const char *name, size_t i)
{
    float x = -1;
    for (size_t k = 0; k < w->n_tensors; k++)
        if (strcmp(w->tensors[k].name, name) == 0)
            memcpy(&x, (const char *)w->tensors[k].data + 4 * i, sizeof x);
    return x;
}

static void test_doubles(void **state)
{
    struct fixture *f = *state;
    struct sai_clip_weights w;
    for (int hugging_face = 0; hugging_face < 2; hugging_face++) {
        begin(f, "DoubleStorage", 8, 65536);
        for (size_t i = 0; i < f->n_storage; i++)
            f->storage[i] = 0.5 + (double)i;
        if (hugging_face)
            put_hugging_face(f, &tiny, "", "");
        else
            put_tower(f, &tiny, "");
        expect_tower(f, &tiny, SAI_BACKEND_F32);
        assert_int_equal(sai_clip_weights_open(&w, f->path, 0), SELECTAI_OK);
        assert_true(element(&w, "ln_post.bias", 127) == 127.5f);
        assert_true(element(&w, "conv1.weight", 6143) == 6143.5f);
        assert_true(element(&w, "proj", 1) == (hugging_face ? 128.5f : 1.5f));
        assert_true(element(&w, "transformer.resblocks.1.attn.in_proj_bias", 130) == (hugging_face ? 2.5f : 130.5f));
        sai_clip_weights_close(&w);
    }
}

static void expect_bad(struct fixture *f, const char *says)
{
    struct sai_clip_weights w;
    write_file(f);
    assert_int_equal(sai_clip_weights_open(&w, f->path, 0), SELECTAI_ERR_FORMAT);
    if (!strstr(selectai_last_error(), says) || !strstr(selectai_last_error(), f->path))
        fail_msg("\"%s\" does not say \"%s\"", selectai_last_error(), says);
}

static void test_no_tower_or_two(void **state)
{
    struct fixture *f = *state;
    begin(f, "FloatStorage", 4, 65536);
    put(f, "", "net.0.weight", 6, 128, 0, 0);
    expect_bad(f, "tensor conv1.weight is missing");

    begin(f, "FloatStorage", 4, 65536);
    put_tower(f, &tiny, "student.visual.");
    put_tower(f, &tiny, "teacher.visual.");
    expect_bad(f, "several image towers: student.visual.class_embedding and teacher.visual.class_embedding");

    /* A name that only ends like the tower's is not its. */
    begin(f, "FloatStorage", 4, 65536);
    put(f, "", "visual.no_class_embedding", 128, 0, 0, 0);
    put_tower(f, &tiny, "visual.");
    expect_tower(f, &tiny, SAI_BACKEND_F32);

    begin(f, "LongStorage", 8, 65536);
    put_tower(f, &tiny, "visual.");
    expect_bad(f, "dtype I64");

    /* OpenAI's other architecture has no class embedding. */
    begin(f, "FloatStorage", 4, 65536);
    put(f, "visual.layer1.0.", "conv1.weight", 32, 32, 1, 1);
    put(f, "visual.", "conv1.weight", 32, 3, 3, 3);
    put(f, "visual.attnpool.", "positional_embedding", 50, 128, 0, 0);
    expect_bad(f, "visual.positional_embedding is missing: not a CLIP image tower (vision transformer)");
}

/* open_clip's towers with attentional pooling or layer scales would give wrong vectors without a word. */
static void test_other_kinds(void **state)
{
    struct fixture *f = *state;
    static const char *const more[] = {"attn_pool.query", "transformer.resblocks.0.ls_1.gamma"};
    for (size_t i = 0; i < 2; i++) {
        begin(f, "FloatStorage", 4, 65536);
        put_tower(f, &tiny, "visual.");
        put(f, "visual.", more[i], 128, 0, 0, 0);
        expect_bad(f, more[i]);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_geometry), TEST(test_prefixes),        TEST(test_hugging_face), TEST(test_nested),
        TEST(test_doubles),  TEST(test_no_tower_or_two), TEST(test_other_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
