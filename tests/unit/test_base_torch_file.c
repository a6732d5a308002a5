/*
 * test_base_torch_file.c: PyTorch's files: which tensors come out, and that hostile ones are refused.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "test_util.h"

#include "base/weights_file.h"
#include "torch_builder.h"

struct fixture {
    char root[256], path[300];
    struct bytes pickle;
    float storage[24]; /* 0, 1, 2 ...: the archive's "0" */
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    make_temporary(f->root);
    snprintf(f->path, sizeof f->path, "%s/weights.pt", f->root);
    for (int i = 0; i < 24; i++)
        f->storage[i] = (float)i;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    remove_temporary(f->root);
    free_bytes(&f->pickle);
    free(f);
    return 0;
}

/* ---- Building -------------------------------------------------------------------------------- */

static const struct tensor_recipe matrix = {.elements = 24, .rank = 2, .shape = {4, 6}, .strides = {6, 1}};

static struct bytes *begin(struct fixture *f)
{
    free_bytes(&f->pickle);
    put_protocol(&f->pickle);
    return &f->pickle;
}

/* A dict of one tensor. */
static void put_dict_of(struct bytes *b, const char *key, const struct tensor_recipe *t)
{
    put_op(b, '}');
    put_text(b, key);
    put_tensor(b, t);
    put_op(b, 's');
}

static void write_file(struct fixture *f)
{
    struct bytes archive = make_torch_file(f->pickle.data, f->pickle.n, f->storage, sizeof f->storage);
    write_bytes(f->path, archive.data, archive.n);
    free_bytes(&archive);
}

/* Ends the pickle, and opens an archive of it. */
static struct sai_weights_file open_sound(struct fixture *f)
{
    struct sai_weights_file file;
    put_op(&f->pickle, '.');
    write_file(f);
    if (sai_weights_open(&file, f->path) != SELECTAI_OK)
        fail_msg("%s", selectai_last_error());
    return file;
}

static void expect_error(struct fixture *f, const char *says)
{
    struct sai_weights_file file;
    assert_int_equal(sai_weights_open(&file, f->path), SELECTAI_ERR_FORMAT);
    if (!strstr(selectai_last_error(), says) || !strstr(selectai_last_error(), f->path))
        fail_msg("\"%s\" does not say \"%s\"", selectai_last_error(), says);
    assert_null(file.tensors);
    assert_null(sai_weights_find(&file, "a"));
    sai_weights_close(&file);
}

static void expect_bad(struct fixture *f, const char *says)
{
    put_op(&f->pickle, '.');
    write_file(f);
    expect_error(f, says);
}

/* Tensor `name` holds these numbers, in C order. */
static void expect_floats(const struct sai_weights_file *file, const char *name, const float *expected, size_t n)
{
    const struct sai_tensor *t = sai_weights_find(file, name);
    if (!t)
        fail_msg("no tensor %s", name);
    assert_string_equal(t->dtype, "F32");
    assert_int_equal(t->n, n);
    assert_int_equal(t->n_bytes, n * sizeof *expected);
    if (n > 0)
        assert_memory_equal(t->data, expected, n * sizeof *expected);
}

/* ---- Tensors --------------------------------------------------------------------------------- */

static void test_views(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *name;
        struct tensor_recipe recipe;
        size_t n;
        float expected[24];
    } views[] = {
        {"whole", {.elements = 24, .rank = 2, .shape = {2, 3}, .strides = {3, 1}}, 6, {0, 1, 2, 3, 4, 5}},
        {"turned", {.elements = 24, .rank = 2, .shape = {3, 2}, .strides = {1, 3}}, 6, {0, 3, 1, 4, 2, 5}},
        {"row", {.elements = 24, .offset = 18, .rank = 1, .shape = {6}, .strides = {1}}, 6, {18, 19, 20, 21, 22, 23}},
        {"column", {.elements = 24, .offset = 2, .rank = 1, .shape = {4}, .strides = {6}}, 4, {2, 8, 14, 20}},
        {"spread", {.elements = 24, .offset = 7, .rank = 2, .shape = {2, 2}, .strides = {0, 0}}, 4, {7, 7, 7, 7}},
        {"scalar", {.elements = 24, .offset = 23}, 1, {23}},
        {"empty", {.elements = 24, .offset = 24, .rank = 2, .shape = {3, 0}, .strides = {1, 1}}, 0, {0}},
        {"deep",
         {.elements = 24, .rank = 4, .shape = {2, 1, 2, 3}, .strides = {12, 99, 1, 2}},
         12,
         {0, 2, 4, 1, 3, 5, 12, 14, 16, 13, 15, 17}},
        {"single", {.elements = 24, .rank = 3, .shape = {1, 1, 2}, .strides = {7, 0, 1}}, 2, {0, 1}},
    };
    const size_t n = sizeof views / sizeof *views;
    struct bytes *b = begin(f);
    PUT(b, "}(");
    for (size_t i = 0; i < n; i++) {
        put_text(b, views[i].name);
        put_tensor(b, &views[i].recipe);
    }
    put_op(b, 'u');
    struct sai_weights_file file = open_sound(f);
    assert_int_equal(file.n_tensors, n);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(file.tensors[i].name, views[i].name); /* the file's order */
        assert_int_equal(file.tensors[i].rank, views[i].recipe.rank);
        for (size_t k = 0; k < views[i].recipe.rank; k++)
            assert_int_equal(file.tensors[i].shape[k], views[i].recipe.shape[k]);
        expect_floats(&file, views[i].name, views[i].expected, views[i].n);
    }
    /* What lies in order is used where it lies. */
    const uint8_t *data = sai_weights_find(&file, "row")->data;
    assert_true(data > file.bytes && data < file.bytes + file.n_bytes);
    assert_string_equal(sai_weights_text(&file, "heads", "none"), "none");
    sai_weights_close(&file);
}

static void test_dtypes(void **state)
{
    struct fixture *f = *state;
    static const char *const classes[][3] = {
        {"FloatStorage", "F32", "cpu"},     {"HalfStorage", "F16", "cuda:0"}, {"BFloat16Storage", "BF16", "mps"},
        {"DoubleStorage", "F64", "cuda"},   {"LongStorage", "I64", "xpu:1"},  {"IntStorage", "I32", "cpu"},
        {"ShortStorage", "I16", "cpu"},     {"CharStorage", "I8", "cpu"},     {"ByteStorage", "U8", "cpu"},
        {"BoolStorage", "BOOL", "mps:0"},   {"UntypedStorage", "U8", "cpu"},  {"_UntypedStorage", "U8", "cpu"},
        {"ComplexFloatStorage", "", "cpu"}, {"QInt8Storage", "", "cpu"}};
    struct bytes *b = begin(f);
    PUT(b, "}(");
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        struct tensor_recipe t = {.storage_class = classes[i][0], .location = classes[i][2], .elements = 4};
        put_text(b, classes[i][0]);
        t.rank = 1;
        t.shape[0] = 4;
        t.strides[0] = 1;
        put_tensor(b, &t);
    }
    put_op(b, 'u');
    struct sai_weights_file file = open_sound(f);
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        const struct sai_tensor *t = sai_weights_find(&file, classes[i][0]);
        assert_int_equal(t != NULL, classes[i][1][0] != '\0'); /* of what no weights are made: left out */
        if (t)
            assert_string_equal(t->dtype, classes[i][1]);
    }
    sai_weights_close(&file);
}

/* _rebuild_tensor_v3(storage, offset, shape, strides, requires_grad, hooks, dtype) of a storage of bytes */
static void test_version_3(void **state)
{
    struct fixture *f = *state;
    struct tensor_recipe t = {.storage_class = "UntypedStorage", .elements = 96, .offset = 1};
    const int64_t three[] = {3}, one[] = {1};
    const float expected[] = {1, 2, 3};
    struct bytes *b = begin(f);
    put_op(b, '}');
    put_text(b, "a");
    put_global(b, "torch._utils", "_rebuild_tensor_v3");
    put_op(b, '(');
    put_storage(b, &t);
    put_integer(b, 1);
    put_counts(b, three, 1);
    put_counts(b, one, 1);
    put_op(b, 0x89);
    put_ordered_dict(b);
    put_global(b, "torch", "float32");
    PUT(b, "tRs");
    struct sai_weights_file file = open_sound(f);
    expect_floats(&file, "a", expected, 3);
    sai_weights_close(&file);
}

static void put_parameter(struct bytes *b, const char *maker)
{
    put_global(b, "torch._utils", maker);
    put_op(b, '(');
    put_tensor(b, &matrix);
    put_op(b, 0x88);
    put_ordered_dict(b);
    PUT(b, "tR");
}

static void test_parameters(void **state)
{
    struct fixture *f = *state;
    struct bytes *b = begin(f);
    PUT(b, "}(");
    put_text(b, "a");
    put_parameter(b, "_rebuild_parameter");
    put_text(b, "b");
    put_parameter(b, "_rebuild_parameter_with_state");
    put_text(b, "c"); /* _rebuild_from_type_v2(_rebuild_tensor_v2, type, (arguments), state) */
    put_global(b, "torch._tensor", "_rebuild_from_type_v2");
    put_op(b, '(');
    put_global(b, "torch._utils", "_rebuild_tensor_v2");
    put_global(b, "mine", "Tensor");
    put_op(b, '(');
    put_storage(b, &matrix);
    put_integer(b, 0);
    put_counts(b, matrix.shape, 2);
    put_counts(b, matrix.strides, 2);
    put_op(b, 't');
    PUT(b, "}tRu");
    struct sai_weights_file file = open_sound(f);
    expect_floats(&file, "a", f->storage, 24);
    expect_floats(&file, "b", f->storage, 24);
    expect_floats(&file, "c", f->storage, 24);
    sai_weights_close(&file);
}

/* ---- Names ----------------------------------------------------------------------------------- */

static void expect_only(struct fixture *f, const char *name)
{
    struct sai_weights_file file = open_sound(f);
    assert_int_equal(file.n_tensors, 1);
    assert_string_equal(file.tensors[0].name, name);
    sai_weights_close(&file);
}

static void test_checkpoints(void **state)
{
    struct fixture *f = *state;
    static const char *const keys[] = {"state_dict", "model_state_dict", "model"};
    for (size_t i = 0; i < 3; i++) {
        struct bytes *b = begin(f);
        PUT(b, "}(");
        put_text(b, "epoch");
        put_integer(b, 3);
        put_text(b, "optimizer"); /* has tensors, too: not asked for */
        put_dict_of(b, "exp_avg", &matrix);
        put_text(b, "best"); /* something whose class is not known here */
        PUT(b, "cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\n(U\2f8K\0K\1tRC\4abcd\x86R");
        put_text(b, keys[i]);
        put_ordered_dict(b);
        put_text(b, "net.0.weight");
        put_tensor(b, &matrix);
        put_op(b, 's');
        put_op(b, '}'); /* the state dict's own attribute */
        put_text(b, "_metadata");
        PUT(b, "}sbu");
        expect_only(f, "net.0.weight");
    }
    /* Two levels of them. */
    struct bytes *b = begin(f);
    put_op(b, '}');
    put_text(b, "model");
    put_op(b, '}');
    put_text(b, "state_dict");
    put_dict_of(b, "w", &matrix);
    PUT(b, "ss");
    expect_only(f, "w");
    /* A state dict with a tensor of that name. */
    b = begin(f);
    put_dict_of(b, "model", &matrix);
    expect_only(f, "model");
    /* Another nesting is part of names. */
    b = begin(f);
    put_op(b, '}');
    put_text(b, "nets");
    put_op(b, ']');
    put_op(b, '}');
    put_integer(b, -7);
    put_tensor(b, &matrix);
    PUT(b, "sas");
    expect_only(f, "nets.0.-7");
    b = begin(f);
    put_tensor(b, &matrix);
    expect_only(f, "");
}

/* An object of some class with one attribute, whose value is to follow; ends with "sb". */
static void put_object(struct bytes *b, const char *module, const char *name, const char *attribute)
{
    put_global(b, module, name);
    PUT(b, ")\x81}");
    put_text(b, attribute);
}

/* torch.save() of a module itself: classes of anybody's code. */
static void test_modules(void **state)
{
    struct fixture *f = *state;
    struct bytes *b = begin(f);
    put_object(b, "mine", "Model", "_modules");
    put_ordered_dict(b);
    put_text(b, "visual");
    put_object(b, "mine", "Visual", "_parameters");
    put_ordered_dict(b);
    put_text(b, "proj");
    put_parameter(b, "_rebuild_parameter");
    PUT(b, "ssbssb");
    expect_only(f, "visual.proj");
}

static void put_script(struct bytes *b)
{
    put_object(b, "__torch__.clip", "CLIP", "visual");
    put_global(b, "__torch__.clip.model", "VisualTransformer");
    PUT(b, ")\x81}(");
    put_text(b, "input_resolution");
    put_integer(b, 224);
    put_text(b, "proj");
    put_tensor(b, &matrix);
    put_text(b, "sizes");
    PUT(b, "ctorch.jit._pickle\nbuild_intlist\n](K\1K\2e\x85R");
    put_text(b, "list");
    PUT(b, "ctorch.jit._pickle\nbuild_tensorlist\n]");
    put_tensor(b, &matrix);
    PUT(b, "a\x85Rubsb");
}

static void test_script(void **state)
{
    struct fixture *f = *state;
    struct zip_builder z = {0};
    struct bytes *b = begin(f), constants = {0};
    put_script(b);
    put_op(b, '.');
    put_protocol(&constants);
    put_tensor(&constants, &matrix);
    PUT(&constants, "\x85.");
    float other[24] = {5};
    zip_add(&z, "ViT-B-32/version", "2\n", 2);
    zip_add(&z, "ViT-B-32/code/__torch__/data.pkl", "", 0);
    zip_add(&z, "ViT-B-32/data.pkl", b->data, b->n);
    zip_add(&z, "ViT-B-32/data/0", f->storage, sizeof f->storage);
    zip_add(&z, "ViT-B-32/constants.pkl", constants.data, constants.n);
    zip_add(&z, "ViT-B-32/constants/0", other, sizeof other);
    z.method = 8;
    zip_add(&z, "ViT-B-32/code/__torch__.py", "never looked at", 15);
    zip_finish(&z);
    write_bytes(f->path, z.file.data, z.file.n);
    struct sai_weights_file file;
    assert_int_equal(sai_weights_open(&file, f->path), SELECTAI_OK);
    assert_int_equal(file.n_tensors, 3);
    expect_floats(&file, "visual.proj", f->storage, 24);
    expect_floats(&file, "visual.list.0", f->storage, 24);
    expect_floats(&file, "constants.0", other, 24);
    sai_weights_close(&file);
    zip_free(&z);
    free_bytes(&constants);
}

/* ---- What is refused ------------------------------------------------------------------------- */

static void expect_bad_tensor(struct fixture *f, const struct tensor_recipe *t, const char *says)
{
    struct bytes *b = begin(f);
    put_dict_of(b, "net.weight", t);
    expect_bad(f, says);
    assert_non_null(strstr(selectai_last_error(), "net.weight"));
}

static void test_bad_tensors(void **state)
{
    struct fixture *f = *state;
    static const struct {
        struct tensor_recipe recipe;
        const char *says;
    } cases[] = {
        {{.elements = 24, .rank = 1, .shape = {25}, .strides = {1}}, "beyond its storage"},
        {{.elements = 24, .offset = 1, .rank = 1, .shape = {24}, .strides = {1}}, "beyond its storage"},
        {{.elements = 24, .offset = 24, .rank = 0}, "beyond its storage"},
        {{.elements = 24, .offset = INT64_MAX, .rank = 0}, "beyond its storage"},
        {{.elements = 24, .offset = 25, .rank = 1, .shape = {0}, .strides = {1}}, "beyond its storage"},
        {{.elements = 24, .rank = 2, .shape = {2, 2}, .strides = {1, 24}}, "beyond its storage"},
        {{.elements = 24, .rank = 1, .shape = {3}, .strides = {INT64_MAX}}, "beyond its storage"},
        {{.elements = 24, .rank = 2, .shape = {2, 2}, .strides = {INT64_MAX, INT64_MAX}}, "beyond its storage"},
        {{.elements = 24, .rank = 3, .shape = {3, 3, 3}, .strides = {INT64_MAX, INT64_MAX, 1}}, "beyond its storage"},
        {{.elements = 24, .rank = 2, .shape = {INT64_MAX, INT64_MAX}, .strides = {0, 0}}, "too large"},
        {{.elements = 24, .rank = 1, .shape = {INT64_MAX}, .strides = {0}}, "too large"},
        {{.elements = 24, .rank = 1, .shape = {1LL << 40}, .strides = {0}}, "too often"},
        {{.elements = 24, .rank = 1, .shape = {-1}, .strides = {1}}, "shape is no"},
        {{.elements = 24, .rank = 1, .shape = {2}, .strides = {-1}}, "strides are no"},
        {{.elements = 24, .rank = 9, .shape = {1}, .strides = {1}}, "shape is no"},
        {{.elements = 24, .offset = -1, .rank = 0}, "do not fit"},
        {{.elements = 25, .rank = 1, .shape = {2}, .strides = {1}}, "smaller than it says"},
        {{.elements = -1, .rank = 1, .shape = {2}, .strides = {1}}, "smaller than it says"},
        {{.elements = INT64_MAX, .rank = 1, .shape = {2}, .strides = {1}}, "smaller than it says"},
        {{.storage_class = "DoubleStorage", .elements = 24, .rank = 0}, "smaller than it says"},
        {{.key = "1", .elements = 24, .rank = 0}, "missing in the archive"},
        {{.key = "../byteorder", .elements = 1, .rank = 0}, "missing in the archive"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_bad_tensor(f, &cases[i].recipe, cases[i].says);
    char key[200];
    memset(key, '0', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    struct tensor_recipe t = matrix;
    t.key = key;
    expect_bad_tensor(f, &t, "described in an unknown way");
}

/* _rebuild_tensor_v2 of other things than it takes: an error, or no tensor; never a crash. */
static void test_wrong_arguments(void **state)
{
    struct fixture *f = *state;
#define ARGUMENTS(literal)                                                                                             \
    {                                                                                                                  \
        literal, sizeof(literal) - 1                                                                                   \
    }
    static const struct {
        const char *bytes;
        size_t n;
    } arguments[] = {
        ARGUMENTS("K\1K\2K\3K\4t"), /* no storage */
        ARGUMENTS("(U\7storagectorch\nFloatStorage\nU\1"
                  "0U\3cpuK\1tK\0))t"),   /* not persistent */
        ARGUMENTS("K\1QK\0))t"),          /* persistent, but no tuple */
        ARGUMENTS("(U\7storagetQK\0))t"), /* a short one */
        ARGUMENTS("(U\6moduleK\1U\1"
                  "0U\3cpuK\1tQK\0))t"),                                    /* another kind */
        ARGUMENTS("(U\7storagectorch\nFloatStorage\nK\0U\3cpuK\1tQK\0))t"), /* key is no text */
        ARGUMENTS("(U\7storagectorch\nFloatStorage\nU\1"
                  "0U\3cpuNtQK\0))t"), /* no count */
        ARGUMENTS("(U\7storagectorch\nFloatStorage\nU\1"
                  "0U\3cpuK\1tQN))t"), /* no offset */
        ARGUMENTS("(U\7storagectorch\nFloatStorage\nU\1"
                  "0U\3cpuK\1tQK\0K\1)t"), /* shape is no tuple */
        ARGUMENTS("(U\7storagectorch\nFloatStorage\nU\1"
                  "0U\3cpuK\1tQK\0)K\1t"), /* strides are none */
        ARGUMENTS("(U\7storagectorch\nFloatStorage\nU\1"
                  "0U\3cpuK\1tQK\0)K\1\x85t"), /* one stride too many */
        ARGUMENTS("(U\7storagectorch\nFloatStorage\nU\1"
                  "0U\3cpuK\1tQK\0N\x85K\1\x85t"), /* a side of None */
    };
    for (size_t i = 0; i < sizeof arguments / sizeof *arguments; i++) {
        struct bytes *b = begin(f);
        put_op(b, '}');
        put_text(b, "a");
        put_global(b, "torch._utils", "_rebuild_tensor_v2");
        put_op(b, '(');
        put_bytes(b, arguments[i].bytes, arguments[i].n);
        PUT(b, "Rs");
        expect_bad(f, "tensor a");
    }
    struct bytes *b = begin(f);
    PUT(b, "ctorch._utils\n_rebuild_tensor_v2\nNR");
    expect_bad(f, "no tensors");
    b = begin(f);
    PUT(b, "ctorch._utils\n_rebuild_parameter\n)R");
    expect_bad(f, "no tensors");
    b = begin(f);
    PUT(b, "ctorch._tensor\n_rebuild_from_type_v2\n(K\1K\2K\3tR");
    expect_bad(f, "no tensors");
}

static void test_containers_that_hold_themselves(void **state)
{
    struct fixture *f = *state;
    struct bytes *b = begin(f);
    PUT(b, "}q\0");
    put_text(b, "a");
    PUT(b, "h\0s");
    expect_bad(f, "a: it holds itself");
    b = begin(f);
    PUT(b, "]q\0h\0a");
    expect_bad(f, "holds itself");
    b = begin(f);
    PUT(b, "ctorch._utils\n_rebuild_parameter\n]q\1h\1a\x85R");
    expect_bad(f, "no tensors");
    b = begin(f); /* an object whose state it is itself */
    PUT(b, "cm\nC\n)\x81q\0h\0b");
    expect_bad(f, "holds itself");
    b = begin(f); /* inside "model": the search for the state dict ends */
    PUT(b, "}q\0");
    put_text(b, "model");
    PUT(b, "h\0s");
    expect_bad(f, "holds itself");
}

static void test_nesting(void **state)
{
    struct fixture *f = *state;
    struct bytes *b = begin(f);
    for (int i = 0; i < 9000; i++) {
        put_op(b, '}');
        put_text(b, "a");
    }
    put_op(b, 'N');
    for (int i = 0; i < 9000; i++)
        put_op(b, 's');
    expect_bad(f, "nested too deeply");

    /* Each level holds the one below twice: 2^60 ways. */
    b = begin(f);
    put_op(b, ')');
    for (int i = 0; i < 60; i++)
        PUT(b, "2\x86");
    expect_bad(f, "holds too much");

    /* The same with a tensor at the bottom: many names for it. */
    b = begin(f);
    put_tensor(b, &matrix);
    for (int i = 0; i < 60; i++)
        PUT(b, "2\x86");
    expect_bad(f, "more than 100000 tensors");
}

static void test_names(void **state)
{
    struct fixture *f = *state;
    char name[600];
    struct bytes *b = begin(f);
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    put_dict_of(b, name, &matrix);
    expect_bad(f, "name below it is too long");
    b = begin(f);
    put_dict_of(b, "bad \xff", &matrix);
    expect_bad(f, "no text");
    b = begin(f);
    put_op(b, '}');
    PUT(b, "U\3a\0b");
    put_tensor(b, &matrix);
    put_op(b, 's');
    expect_bad(f, "no text");
    b = begin(f);
    PUT(b, "}(");
    put_text(b, "a.b");
    put_tensor(b, &matrix);
    put_text(b, "a");
    put_dict_of(b, "b", &matrix);
    put_op(b, 'u');
    expect_bad(f, "a.b occurs twice");
}

static void test_nothing_in_it(void **state)
{
    struct fixture *f = *state;
    struct bytes *b = begin(f);
    put_op(b, '}');
    expect_bad(f, "no tensors");
    b = begin(f);
    put_integer(b, 5);
    expect_bad(f, "no tensors");
    b = begin(f);
    PUT(b, "cos\nsystem\nU\4true\x85R");
    expect_bad(f, "Python would run os.system");
    b = begin(f); /* beside good weights, too */
    put_dict_of(b, "a", &matrix);
    put_text(b, "b");
    PUT(b, "cposix\nsystem\nU\4true\x85Rs");
    expect_bad(f, "Python would run posix.system");
    begin(f);
    expect_bad(f, "data.pkl: damaged pickle");
}

/* Views that repeat numbers: each of them is allowed, all of them together are not. */
static void test_copies_are_limited(void **state)
{
    struct fixture *f = *state;
    struct tensor_recipe t = {.elements = 24, .rank = 1, .shape = {1 << 20}, .strides = {0}};
    struct bytes *b = begin(f);
    PUT(b, "}(");
    for (int i = 0; i < 8; i++) {
        char name[8];
        snprintf(name, sizeof name, "%d", i);
        put_text(b, name);
        put_tensor(b, &t);
    }
    put_op(b, 'u');
    expect_bad(f, "too often");
}

static void expect_bad_archive(struct fixture *f, struct zip_builder *z, const char *says)
{
    zip_finish(z);
    write_bytes(f->path, z->file.data, z->file.n);
    expect_error(f, says);
    zip_free(z);
}

static void test_archives(void **state)
{
    struct fixture *f = *state;
    struct zip_builder z = {0};
    struct bytes *b = begin(f);
    put_dict_of(b, "a", &matrix);
    put_op(b, '.');

    zip_add(&z, "x/other", "", 0);
    expect_bad_archive(f, &z, "no data.pkl");
    zip_add(&z, "x/data.pkl", b->data, b->n);
    zip_add(&z, "y/data.pkl", b->data, b->n);
    expect_bad_archive(f, &z, "several data.pkl");
    zip_add(&z, "x/data.pkl", b->data, b->n);
    zip_add(&z, "x/byteorder", "big", 3);
    expect_bad_archive(f, &z, "not little-endian");
    zip_add(&z, "x/data.pkl", b->data, b->n);
    z.method = 8;
    zip_add(&z, "x/data/0", f->storage, sizeof f->storage);
    expect_bad_archive(f, &z, "a: its storage is compressed");
    z = (struct zip_builder){.method = 8};
    zip_add(&z, "x/data.pkl", b->data, b->n);
    expect_bad_archive(f, &z, "data.pkl is compressed");
    zip_add(&z, "x/data.pkl", b->data, b->n);
    zip_add(&z, "x/data/0", f->storage, sizeof f->storage);
    zip_add(&z, "x/constants.pkl", "no", 2);
    expect_bad_archive(f, &z, "constants.pkl: damaged pickle");
    /* In no folder at all: fine. zip64: fine. */
    for (int zip64 = 0; zip64 < 2; zip64++) {
        struct sai_weights_file file;
        z.zip64 = zip64;
        zip_add(&z, "data.pkl", b->data, b->n);
        zip_add(&z, "data/0", f->storage, sizeof f->storage);
        zip_finish(&z);
        write_bytes(f->path, z.file.data, z.file.n);
        assert_int_equal(sai_weights_open(&file, f->path), SELECTAI_OK);
        expect_floats(&file, "a", f->storage, 24);
        sai_weights_close(&file);
        zip_free(&z);
    }
}

static void test_every_cut(void **state)
{
    struct fixture *f = *state;
    struct bytes *b = begin(f);
    put_dict_of(b, "a", &matrix);
    put_op(b, '.');
    struct bytes archive = make_torch_file(b->data, b->n, f->storage, sizeof f->storage);
    for (size_t n = 4; n < archive.n; n += 7) {
        write_bytes(f->path, archive.data, n);
        expect_error(f, "cut off");
    }
    free_bytes(&archive);
}

static void test_other_files(void **state)
{
    struct fixture *f = *state;
    char tar[600] = "storages";
    struct sai_weights_file file;
    write_bytes(f->path, "\x80\2\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19.\x80\2M\xe9\3.", 20);
    expect_error(f, "before version 1.6");
    assert_non_null(strstr(selectai_last_error(), "torch.save(torch.load("));
    memcpy(tar + 257, "ustar", 6);
    write_bytes(f->path, tar, sizeof tar);
    expect_error(f, "before version 1.6");
    write_text(f->path, "");
    expect_error(f, "not a valid safetensors file");
    write_text(f->path, "PK");
    expect_error(f, "not a valid safetensors file");
    snprintf(f->path, sizeof f->path, "%s/none.pt", f->root);
    assert_int_equal(sai_weights_open(&file, f->path), SELECTAI_ERR_NOT_FOUND);
}

/* A safetensors header of 640 bytes begins like an old pickle, and its file's name may end in .pt. */
static void test_told_by_content(void **state)
{
    struct fixture *f = *state;
    uint8_t bytes[8 + 640 + 4] = {0x80, 2};
    static const char header[] = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                                 "\"__metadata__\":{\"heads\":\"3\"}}";
    memset(bytes + 8, ' ', 640);
    memcpy(bytes + 8, header, sizeof header - 1);
    memcpy(bytes + 648, &f->storage[5], 4);
    write_bytes(f->path, bytes, sizeof bytes);
    struct sai_weights_file file;
    assert_int_equal(sai_weights_open(&file, f->path), SELECTAI_OK);
    expect_floats(&file, "a", &f->storage[5], 1);
    assert_string_equal(sai_weights_text(&file, "heads", "none"), "3");
    assert_null(sai_weights_find(&file, "b"));
    sai_weights_close(&file);
}

/* Looking up each of 100,000 takes no time worth waiting for. */
static void test_many(void **state)
{
    struct fixture *f = *state;
    struct sai_weights_file file;
    char name[40];
    struct bytes *p = begin(f);
    put_op(p, '}');
    put_tensor(p, &matrix);
    put_bytes(p,
              "q\0"
              "0(",
              4);
    /* One tensor in the memo, under many names. */
    struct bytes chunk = {0};
    for (unsigned i = 0; i < 100000; i++) {
        snprintf(name, sizeof name, "blocks.%u.weight", i);
        put_op(&chunk, 'U');
        put_number(&chunk, strlen(name), 1);
        put_bytes(&chunk, name, strlen(name));
        PUT(&chunk, "h\0");
    }
    put_bytes(p, chunk.data, chunk.n);
    free_bytes(&chunk);
    put_op(p, 'u');
    file = open_sound(f);
    assert_int_equal(file.n_tensors, 100000);
    for (unsigned i = 0; i < 100000; i++) {
        snprintf(name, sizeof name, "blocks.%u.weight", i);
        assert_ptr_equal(sai_weights_find(&file, name), &file.tensors[i]);
    }
    sai_weights_close(&file);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_views),
        TEST(test_dtypes),
        TEST(test_version_3),
        TEST(test_parameters),
        TEST(test_checkpoints),
        TEST(test_modules),
        TEST(test_script),
        TEST(test_bad_tensors),
        TEST(test_wrong_arguments),
        TEST(test_containers_that_hold_themselves),
        TEST(test_nesting),
        TEST(test_names),
        TEST(test_nothing_in_it),
        TEST(test_copies_are_limited),
        TEST(test_archives),
        TEST(test_every_cut),
        TEST(test_other_files),
        TEST(test_told_by_content),
        TEST(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
