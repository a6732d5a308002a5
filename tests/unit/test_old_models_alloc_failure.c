/*
 * test_old_models_alloc_failure.c: loading and importing an old model with the n-th allocation failing, for every n.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <jansson.h>

#include "test_util.h"

#include "alloc_fail.h"
#include "old_model_builder.h"

#include <selectai/cropper.h>
#include <selectai/model_import.h>
#include <selectai/ranker.h>

static char dir[256], ranker_path[300], cropper_path[300], output[300];
static const float numbers[64];

static void write_model(const char *path, const struct old_tensor *tensors, size_t n)
{
    struct bytes file = make_old_model(tensors, n, NULL, numbers, sizeof numbers);
    write_bytes(path, file.data, file.n);
    free_bytes(&file);
}

static int setup(void **state)
{
    static const struct old_tensor ranker[] = {{"net.0.weight", 2, {3, 4}},
                                               {"net.0.bias", 1, {3, 0}},
                                               {"net.3.weight", 2, {1, 3}},
                                               {"net.3.bias", 1, {1, 0}}},
                                   cropper[] = {{"net.0.weight", 2, {4, 6}}, {"net.0.bias", 1, {4, 0}}};
    (void)state;
    json_set_alloc_funcs(__wrap_malloc, free);
    make_temporary(dir);
    snprintf(ranker_path, sizeof ranker_path, "%s/ranker.pt", dir);
    snprintf(cropper_path, sizeof cropper_path, "%s/cropper.pt", dir);
    snprintf(output, sizeof output, "%s/out.safetensors", dir);
    write_model(ranker_path, ranker, 4);
    write_model(cropper_path, cropper, 2);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove_temporary(dir);
    return 0;
}

static int import(void);

/* Calls `use` with the n-th allocation and all behind it failing, until none fails any more. */
static void with_every_allocation(int (*use)(void))
{
    unsigned long failed = 1, n = 0;
    while (failed > 0) {
        assert_true(++n < 1000);
        arm_alloc_fail(n);
        int rc = use();
        failed = disarm_alloc_fail();
        int written = rc == SELECTAI_OK && failed == 1 && use == import; /* only syncing the folder failed */
        if (rc != (failed && !written ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK))
            fail_msg("allocation %lu: code %d: %s", n, rc, selectai_last_error());
    }
    assert_true(n > 20);
}

static int load_ranker(void)
{
    static const float x[4] = {1, 2, 3, 4};
    selectai_ranker *ranker = NULL;
    float score;
    int rc = selectai_ranker_load(&ranker, ranker_path);
    if (rc == SELECTAI_OK)
        rc = selectai_ranker_score(ranker, &score, x, NULL, 1);
    selectai_ranker_destroy(&ranker);
    return rc;
}

static int load_cropper(void)
{
    static const float x[4] = {1, 2, 3, 4};
    static const uint32_t size[2] = {10, 20};
    selectai_cropper *cropper = NULL;
    struct selectai_box box;
    int rc = selectai_cropper_load(&cropper, cropper_path);
    if (rc == SELECTAI_OK)
        rc = selectai_cropper_propose(cropper, &box, x, size, 1);
    selectai_cropper_destroy(&cropper);
    return rc;
}

static int import(void)
{
    struct selectai_import_options o;
    char *metadata = NULL;
    selectai_import_options_init(&o, sizeof o);
    o.encoder_id = "test-1";
    unlink(output);
    int rc = selectai_model_import(&metadata, ranker_path, output, &o);
    if (rc != SELECTAI_OK && (metadata || access(output, F_OK) == 0))
        return SELECTAI_ERR_INTERNAL; /* nothing may be left behind */
    selectai_free(metadata);
    return rc;
}

static void loading_a_ranker(void **state)
{
    (void)state;
    with_every_allocation(load_ranker);
}

static void loading_a_cropper(void **state)
{
    (void)state;
    with_every_allocation(load_cropper);
}

static void importing(void **state)
{
    (void)state;
    with_every_allocation(import);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(loading_a_ranker), cmocka_unit_test(loading_a_cropper),
                                       cmocka_unit_test(importing)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
