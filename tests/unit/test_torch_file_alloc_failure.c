/*
 * test_torch_file_alloc_failure.c: reading a tower from PyTorch's file with the n-th allocation failing, for every n.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <jansson.h>

#include "test_util.h"

#include "alloc_fail.h"
#include "embed/clip_weights.h"
#include "torch_builder.h"

#define WIDTH 4

static char dir[256], path[300];

static void put_one(struct bytes *b, const char *name, int64_t rows, int64_t columns, const int64_t strides[2])
{
    struct tensor_recipe t = {.storage_class = "DoubleStorage",
                              .elements = 256,
                              .rank = columns ? 2 : 1,
                              .shape = {rows, columns},
                              .strides = {columns ? strides[0] : 1, strides[1]}};
    char full[100];
    snprintf(full, sizeof full, "module.visual.%s", name);
    put_text(b, full);
    put_tensor(b, &t);
}

/* Doubles, some of them transposed: everything is copied once or twice. */
static void put_tower(struct bytes *b)
{
    static const char *const vectors[] = {"class_embedding", "ln_pre.weight", "ln_pre.bias", "ln_post.weight",
                                          "ln_post.bias"};
    static const char *const block[] = {"ln_1.weight",        "ln_1.bias",     "ln_2.weight",    "ln_2.bias",
                                        "attn.out_proj.bias", "mlp.c_fc.bias", "mlp.c_proj.bias"};
    static const char *const square[] = {"attn.out_proj.weight", "mlp.c_fc.weight", "mlp.c_proj.weight"};
    const int64_t plain[] = {WIDTH, 1}, turned[] = {1, WIDTH};
    char name[80];
    for (size_t i = 0; i < 5; i++)
        put_one(b, vectors[i], WIDTH, 0, plain);
    put_one(b, "positional_embedding", 5, WIDTH, plain);
    put_one(b, "proj", WIDTH, 2, turned);
    const struct tensor_recipe conv = {.storage_class = "DoubleStorage",
                                       .elements = 256,
                                       .rank = 4,
                                       .shape = {WIDTH, 3, 2, 2},
                                       .strides = {12, 4, 1, 2}};
    put_text(b, "module.visual.conv1.weight");
    put_tensor(b, &conv);
    for (size_t i = 0; i < 7; i++) {
        snprintf(name, sizeof name, "transformer.resblocks.0.%s", block[i]);
        put_one(b, name, WIDTH, 0, plain);
    }
    for (size_t i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "transformer.resblocks.0.%s", square[i]);
        put_one(b, name, WIDTH, WIDTH, i ? plain : turned);
    }
    put_one(b, "transformer.resblocks.0.attn.in_proj_weight", 3 * WIDTH, WIDTH, plain);
    put_one(b, "transformer.resblocks.0.attn.in_proj_bias", 3 * WIDTH, 0, plain);
}

static int setup(void **state)
{
    (void)state;
    json_set_alloc_funcs(__wrap_malloc, free);
    make_temporary(dir);
    snprintf(path, sizeof path, "%s/tower.pt", dir);
    static double storage[256];
    struct bytes pickle = {0};
    put_protocol(&pickle);
    PUT(&pickle, "}(");
    put_text(&pickle, "state_dict");
    put_ordered_dict(&pickle);
    PUT(&pickle, "(");
    put_tower(&pickle);
    PUT(&pickle, "uu.");
    struct bytes archive = make_torch_file(pickle.data, pickle.n, storage, sizeof storage);
    write_bytes(path, archive.data, archive.n);
    free_bytes(&archive);
    free_bytes(&pickle);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove_temporary(dir);
    return 0;
}

/* Fails from the n-th allocation on until nothing fails any more. */
static void test_every_allocation(void **state)
{
    unsigned long failed = 1;
    (void)state;
    for (unsigned long n = 1; failed > 0; n++) {
        struct sai_clip_weights w;
        assert_true(n < 1000);
        arm_alloc_fail(n);
        int rc = sai_clip_weights_open(&w, path, 2);
        failed = disarm_alloc_fail();
        assert_int_equal(rc, failed ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK);
        if (rc == SELECTAI_OK) {
            assert_int_equal(w.n_tensors, 20);
            assert_true(n > 10);
            sai_clip_weights_close(&w);
        } else {
            assert_null(w.tensors);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_allocation)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
