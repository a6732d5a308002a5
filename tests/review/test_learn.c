/*
 * test_learn.c: what is held out, and what a restart takes up again.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "review_folder.h"

#include "review/learn.h"

/* A quarter of any ids, the same ones always. */
static void a_quarter_is_held_out(void **state)
{
    size_t held = 0, n = 4000;
    (void)state;
    for (size_t i = 0; i < n; i++) {
        char id[ID_TEXT];
        id_text(id,
                id_hash(ID_SEED, (char[]){(char)('a' + i % 26), (char)('a' + i / 26 % 26), (char)('a' + i / 676), 0}));
        held += is_held_out(id) != 0;
        assert_int_equal(is_held_out(id), is_held_out(id));
    }
    assert_in_range(held, n / 4 - 130, n / 4 + 130); /* more than four deviations */
}

static void put_state(const char *folder, const char *text)
{
    char *path = path_of(folder, "learned.json");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    free(path);
}

static void put_file(const char *folder, const char *name)
{
    char *path = path_of(folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    free(path);
}

/* Only of the same base, only by a name in the models' folder, only if it is there. */
static void a_restart_takes_up_what_was_learned(void **state)
{
    static const struct {
        const char *text;
        int with_base, found;
    } cases[] = {
        {"{\"version\":1,\"base\":null,\"ranker\":\"ranker-7.safetensors\"}", 0, 1},
        {"{\"version\":1,\"base\":null,\"ranker\":\"ranker-7.safetensors\"}", 1, 0},
        {"{\"version\":1,\"base\":\"/another\",\"ranker\":\"ranker-7.safetensors\"}", 1, 0},
        {"{\"version\":1,\"base\":\"/another\",\"ranker\":\"ranker-7.safetensors\"}", 0, 0},
        {"{\"version\":1,\"base\":null,\"ranker\":\"ranker-8.safetensors\"}", 0, 0},
        {"{\"version\":1,\"base\":null,\"ranker\":\"../base.safetensors\"}", 0, 0},
        {"{\"version\":1,\"base\":null,\"ranker\":null}", 0, 0},
        {"{\"version\":1,\"ba", 0, 0},
        {"[]", 0, 0},
    };
    char folder[] = "/tmp/selectai-learn-XXXXXX", text[512];
    (void)state;
    assert_non_null(mkdtemp(folder));
    char *models = path_of(folder, "models"), *base = path_of(folder, "base.safetensors");
    assert_int_equal(make_folder(models), EXIT_DONE);
    put_file(folder, "base.safetensors");
    put_file(models, "ranker-7.safetensors");
    assert_null(learned_ranker(folder, NULL)); /* nothing yet */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_state(folder, cases[i].text);
        char *found = learned_ranker(folder, cases[i].with_base ? base : NULL);
        assert_int_equal(found != NULL, cases[i].found);
        free(found);
    }
    snprintf(text, sizeof text, "{\"version\":1,\"base\":\"%s\",\"ranker\":\"ranker-7.safetensors\"}", base);
    put_state(folder, text);
    char *found = learned_ranker(folder, base);
    assert_non_null(found);
    free(found);
    free(models);
    free(base);
    remove_tree(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quarter_is_held_out),
        cmocka_unit_test(a_restart_takes_up_what_was_learned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
