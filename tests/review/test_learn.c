/*
 * test_learn.c: what is learned from, what never is, and what survives a restart.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <unistd.h>

#include "review/export.h"
#include "review/journal_internal.h"
#include "review/learn_internal.h"
#include "review_folder.h"

#define MANY 60 /* groups, of 2 pictures each */

struct desk {
    struct folder folder;
    struct session session;
    struct text_list history;
    struct project_args projects;
    struct learner *learner;
    char cache[512];
};

/* A group's first picture is dark, its second one light, or the other way round: something to learn. */
static void put_shade(const struct folder *folder, const char *name, int shade)
{
    static uint8_t rgb[32 * 32 * 3];
    char path[512];
    selectai_image *image = NULL;
    uint32_t blocks[16], random = (uint32_t)id_hash(ID_SEED, name); /* no two pictures look alike */
    for (int i = 0; i < 16; i++)
        blocks[i] = (random = random * 1664525u + 1013904223u) >> 25;
    for (size_t i = 0; i < sizeof rgb; i++)
        rgb[i] = (uint8_t)((uint32_t)shade + blocks[i / 3 % 32 / 8 + 4 * (i / 96 / 8)] / 2);
    folder_path(path, folder, name);
    assert_int_equal(selectai_image_create(&image, 32, 32, rgb, 0), SELECTAI_OK);
    assert_int_equal(selectai_image_save(image, path, 1), SELECTAI_OK);
    selectai_image_destroy(&image);
}

static void put_groups(const struct folder *folder)
{
    char name[256];
    for (int g = 0; g < MANY; g++) {
        int light_first = g % 3 == 0;
        snprintf(name, sizeof name, "raw/20250708_%02d%02d00_stage1_a.png", 6 + g / 30, 2 * (g % 30));
        put_shade(folder, name, light_first ? 150 : 20);
        snprintf(name, sizeof name, "raw/20250708_%02d%02d20_stage2_b.png", 6 + g / 30, 2 * (g % 30));
        put_shade(folder, name, light_first ? 20 : 150);
    }
}

static int desk_setup(void **state)
{
    char path[512];
    int read_only;
    struct desk *desk = calloc(1, sizeof *desk);
    struct folder *folder = &desk->folder;
    *state = desk;
    strcpy(folder->path, "/tmp/selectai-learn-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    snprintf(folder->root, sizeof folder->root, "%s/raw", folder->path);
    snprintf(folder->state, sizeof folder->state, "%s/state", folder->path);
    folder_path(path, folder, "raw");
    mkdir(folder->root, 0777);
    mkdir(folder->state, 0777);
    put_groups(folder);
    pthread_mutex_init(&desk->session.lock, NULL);
    assert_int_equal(open_groups(&desk->session.groups, folder->root, "mojo", NULL, NULL), SELECTAI_OK);
    assert_int_equal(desk->session.groups.n_groups, MANY);
    desk->session.state = folder->state;
    folder_path(desk->cache, folder, "state/cache");
    assert_int_equal(journal_open(&desk->session.journal, folder->state, &desk->session.groups, &read_only),
                     SELECTAI_OK);
    assert_int_equal(read_only, 0);
    return 0;
}

static int desk_teardown(void **state)
{
    struct desk *desk = *state;
    learner_stop(&desk->learner);
    suggestions_stop(&desk->session.suggestions);
    journal_close(&desk->session.journal);
    close_groups(&desk->session.groups);
    pthread_mutex_destroy(&desk->session.lock);
    remove_tree(desk->folder.path);
    free(desk->history.items);
    free(desk);
    return 0;
}

static void open_learner(struct desk *desk, const char *ranker)
{
    const struct learn_how how = {5, ranker, desk->cache, &desk->history, &desk->projects};
    learner_stop(&desk->learner);
    assert_int_equal(learner_open(&desk->learner, &desk->session, &how), SELECTAI_OK);
}

/* The light one, or nothing. */
static uint64_t decide(struct desk *desk, size_t group, enum outcome outcome, enum source source)
{
    struct winner winner = {.image = group % 3 == 0 ? 0 : 1, .crop = CROP_WHOLE};
    struct decision decision = {.outcome = outcome, .n_winners = outcome == PICK, .winners = &winner};
    const struct circumstances how = {.source = source, .seconds = NAN, .agreed = -1};
    uint64_t op = 0;
    if (outcome != PICK)
        decision.winners = NULL;
    assert_int_equal(journal_decide(desk->session.journal, &op, group, &decision, &how), SELECTAI_OK);
    return op;
}

static const char *id_of(const struct desk *desk, size_t group)
{
    return desk->session.groups.groups[group].id;
}

/* ---- What is held out ------------------------------------------------------------------------ */

static void test_a_quarter_is_held_out(void **state)
{
    size_t n = 0, total = 20000;
    char name[64], id[ID_TEXT];
    (void)state;
    for (size_t i = 0; i < total; i++) {
        snprintf(name, sizeof name, "2025-07-08/20250708_%06zu_stage1_generated.png", i);
        id_text(id, id_hash(id_hash(ID_SEED, name), "2025-07-08/x.png"));
        n += is_held_out(id) != 0;
    }
    assert_in_range(n, total / 4 - 300, total / 4 + 300);
}

static void test_counts(void **state)
{
    struct desk *desk = *state;
    struct learn_counts counts;
    size_t held = 0, group, n;
    uint64_t op, before;
    for (size_t g = 0; g < 20; g++) {
        decide(desk, g, PICK, MANUAL);
        held += is_held_out(id_of(desk, g)) != 0;
    }
    before = journal_operations(desk->session.journal);
    decide(desk, 20, REJECT, AUDIT);
    decide(desk, 21, SKIP, MANUAL);
    decide(desk, 22, PICK, BULK);
    decide(desk, 0, PICK, MANUAL); /* again */
    count_decisions_since(&counts, desk->session.journal, before);
    assert_int_equal(counts.decided, 21);
    assert_int_equal(counts.changed, 2);
    assert_int_equal(counts.held_out, held);
    assert_true(held > 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(journal_undo(desk->session.journal, &op, &group, &n), SELECTAI_OK);
    count_decisions_since(&counts, desk->session.journal, before);
    assert_int_equal(counts.decided, 20);
    assert_int_equal(counts.changed, 0);
}

static int names_group(const selectai_trainset *set, const struct desk *desk, size_t group)
{
    const struct review_group *g = &desk->session.groups.groups[group];
    int found = 0;
    for (size_t i = 0; i < selectai_trainset_count(set); i++) {
        struct selectai_entry e = {.struct_size = sizeof e};
        assert_int_equal(selectai_trainset_get(set, i, &e), SELECTAI_OK);
        for (uint32_t k = 0; k < g->n; k++)
            found += strstr(e.chosen_path, desk->session.groups.images[g->first + k].rel_path) != NULL;
    }
    for (size_t i = 0; i < selectai_trainset_rejected_count(set); i++) {
        struct selectai_rejected_group r = {.struct_size = sizeof r};
        assert_int_equal(selectai_trainset_get_rejected(set, i, &r), SELECTAI_OK);
        found += strstr(r.paths[0], desk->session.groups.images[g->first].rel_path) != NULL;
    }
    return found;
}

/* What stands in the history about groups that are decided here does not come back by that way. */
static void test_the_division(void **state)
{
    struct desk *desk = *state;
    struct learn_data data;
    char history[512], rejected[512];
    uint64_t n;
    for (size_t g = 0; g < 50; g++)
        decide(desk, g, g % 10 == 9 ? REJECT : PICK, MANUAL);
    folder_path(history, &desk->folder, "before.jsonl");
    folder_path(rejected, &desk->folder, "before-rejected.jsonl");
    assert_int_equal(export_entries(history, &desk->session.groups, desk->session.journal, &n), EXIT_DONE);
    assert_int_equal(export_rejected(rejected, &desk->session.groups, desk->session.journal, &n), EXIT_DONE);
    for (size_t g = 40; g < 50; g++) /* back to undecided: only the history knows them */
        decide(desk, g, UNDECIDED, MANUAL);
    decide(desk, 0, PICK, BULK);
    desk->history.items = malloc(2 * sizeof *desk->history.items);
    desk->history.items[0] = history;
    desk->history.items[1] = rejected;
    desk->history.count = 2;
    open_learner(desk, NULL);
    assert_int_equal(load_learn_data(&data, desk->learner), SELECTAI_OK);
    assert_int_equal(data.op, journal_operations(desk->session.journal));
    for (size_t g = 0; g < MANY; g++) {
        int held = is_held_out(id_of(desk, g)), is_reject = g % 10 == 9, learned = names_group(data.training, desk, g);
        int measured = names_group(data.held_out, desk, g);
        if (g == 0 || g >= 50) {
            assert_int_equal(learned + measured, 0);
        } else if (g >= 40) {
            assert_int_equal(measured, 0);
            assert_int_equal(learned, 1);
        } else {
            assert_int_equal(learned, !held);
            assert_int_equal(measured, held && !is_reject);
        }
    }
    free_learn_data(&data);
    char left[512];
    folder_path(left, &desk->folder, "state/models/decisions.jsonl");
    assert_int_not_equal(access(left, F_OK), 0);
}

/* ---- Training -------------------------------------------------------------------------------- */

static void start_suggestions(struct desk *desk)
{
    struct suggestions_how how = {
        .min_confidence = 0.6, .min_keep = 0.5, .threads = 1, .cache = desk->cache, .embeds_anyway = 1};
    assert_int_equal(selectai_encoder_open(&how.encoder, "builtin", NULL), SELECTAI_OK);
    assert_int_equal(suggestions_start(&desk->session.suggestions, &desk->session.groups, &how), SELECTAI_OK);
}

static void assert_seen(const struct desk *desk, const selectai_ranker *ranker)
{
    for (size_t g = 0; g < MANY; g++) {
        const struct review_group *group = &desk->session.groups.groups[g];
        for (uint32_t k = 0; k < group->n; k++) {
            const char *name = desk->session.groups.images[group->first + k].rel_path;
            assert_int_equal(selectai_ranker_has_seen(ranker, "mojo", name), !is_held_out(group->id));
        }
    }
}

static void skip_without_torch(void)
{
    const char *name;
    if (selectai_backend_load(&name, NULL) != SELECTAI_OK)
        skip();
}

static void test_a_candidate_has_not_seen_what_is_held_out(void **state)
{
    struct desk *desk = *state;
    struct learn_data data;
    struct verdict verdict;
    selectai_embedding_cache *cache = NULL;
    selectai_ranker *candidate = NULL;
    skip_without_torch();
    size_t held = 0;
    for (size_t g = 0; g < MANY; g++) {
        decide(desk, g, PICK, MANUAL);
        held += is_held_out(id_of(desk, g)) != 0;
    }
    start_suggestions(desk);
    open_learner(desk, NULL);
    assert_int_equal(load_learn_data(&data, desk->learner), SELECTAI_OK);
    while (suggestions_done(desk->session.suggestions) < MANY)
        usleep(20000);
    assert_int_equal(selectai_embedding_cache_open(&cache, desk->learner->cache), SELECTAI_OK);
    assert_int_equal(selectai_embedding_cache_count(cache), 2 * MANY);
    int rc = train_candidate(&candidate, desk->learner, &data, cache);
    if (rc != SELECTAI_OK)
        fail_msg("%s", selectai_last_error());
    assert_seen(desk, candidate);
    assert_int_equal(judge_candidate(&verdict, desk->learner, candidate, &data, cache), SELECTAI_OK);
    assert_int_equal(verdict.held_out, held);
    assert_int_equal(verdict.better, verdict.held_out >= MIN_HELD_OUT && verdict.after > verdict.before);
    assert_true(verdict.after > 0.9); /* the light one */
    /* Against itself it is as good, which is not better. */
    desk->learner->current = candidate;
    assert_int_equal(judge_candidate(&verdict, desk->learner, candidate, &data, cache), SELECTAI_OK);
    assert_int_equal(verdict.better, 0);
    assert_true(fabs(verdict.before - verdict.after) < 1e-12);
    selectai_embedding_cache_close(&cache);
    free_learn_data(&data);
}

/* ---- Over a restart -------------------------------------------------------------------------- */

static void put_learned(struct desk *desk, const char *text)
{
    char path[512];
    folder_path(path, &desk->folder, "state/models");
    mkdir(path, 0777);
    put_text(&desk->folder, "state/learned.json", text);
}

#define EVENT                                                                                                          \
    "{\"time\":\"2026-11-28T05:27:32.627Z\",\"swapped\":false,\"held_out\":12,\"before\":0.5,\"after\":null,"          \
    "\"p\":null,\"message\":\"m\"}"

static void test_events_come_back(void **state)
{
    struct desk *desk = *state;
    put_learned(desk,
                "{\"kind\":\"selectai-review-learned\",\"ranker\":null,\"base\":\"\",\"op\":7,\"events\":[" EVENT "]}");
    for (int i = 0; i < 2; i++) { /* once as it was put, once as it is written */
        open_learner(desk, NULL);
        assert_int_equal(desk->learner->trained_op, 7);
        assert_null(learner_ranker(desk->learner));
        json_t *json = learner_json(desk->learner);
        assert_string_equal(json_string_value(json_object_get(json, "state")), "idle");
        json_t *event = json_array_get(json_object_get(json, "events"), 0);
        assert_int_equal(json_integer_value(json_object_get(event, "held_out")), 12);
        assert_string_equal(json_string_value(json_object_get(event, "message")), "m");
        json_decref(json);
        assert_int_equal(write_learned(desk->learner), EXIT_DONE);
    }
}

static void test_damaged_files_begin_anew(void **state)
{
    static const char *const texts[] = {
        "",
        "[]",
        "{\"kind\":\"other\",\"ranker\":null,\"base\":\"\",\"op\":7,\"events\":[]}",
        "{\"kind\":\"selectai-review-learned\",\"ranker\":\"../../"
        "x.safetensors\",\"base\":\"\",\"op\":7,\"events\":[]}",
        "{\"kind\":\"selectai-review-learned\",\"ranker\":\"ranker-.safetensors\",\"base\":\"\",\"op\":7,\"events\":[]"
        "}",
        "{\"kind\":\"selectai-review-learned\",\"ranker\":null,\"base\":\"0123456789abcdef0\",\"op\":7,\"events\":[]}",
        "{\"kind\":\"selectai-review-learned\",\"ranker\":null,\"base\":\"\",\"op\":-7,\"events\":[]}",
        "{\"kind\":\"selectai-review-learned\",\"ranker\":null,\"base\":\"\",\"op\":7,\"events\":[{}]}",
        "{\"kind\":\"selectai-review-learned\",\"ranker\":null,\"base\":\"\",\"op\":7,\"events\":[" EVENT,
    };
    struct desk *desk = *state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        put_learned(desk, texts[i]);
        open_learner(desk, NULL);
        assert_int_equal(desk->learner->trained_op, 0);
        assert_int_equal(json_array_size(desk->learner->events), 0);
        assert_null(learner_ranker(desk->learner));
    }
}

static void test_a_model_that_is_gone(void **state)
{
    struct desk *desk = *state;
    put_learned(desk,
                "{\"kind\":\"selectai-review-learned\",\"ranker\":\"ranker-7.safetensors\",\"base\":\"\",\"op\":7,"
                "\"events\":[]}");
    open_learner(desk, NULL);
    assert_null(learner_ranker(desk->learner));
    assert_null(desk->learner->current);
}

static void test_links_are_not_written_through(void **state)
{
    struct desk *desk = *state;
    char elsewhere[512], path[512];
    size_t n;
    put_text(&desk->folder, "elsewhere", "mine");
    folder_path(elsewhere, &desk->folder, "elsewhere");
    open_learner(desk, NULL);
    folder_path(path, &desk->folder, "state/learned.json");
    assert_int_equal(symlink(elsewhere, path), 0);
    assert_int_equal(write_learned(desk->learner), EXIT_FAILED);
    folder_path(path, &desk->folder, "state/models/decisions.jsonl");
    assert_int_equal(symlink(elsewhere, path), 0);
    struct learn_data data;
    decide(desk, 1, PICK, MANUAL);
    assert_int_equal(load_learn_data(&data, desk->learner), LEARN_SAID);
    char *bytes = get_bytes(&desk->folder, "elsewhere", &n);
    assert_string_equal(bytes, "mine");
    free(bytes);
}

static void test_a_folder_that_is_a_link(void **state)
{
    struct desk *desk = *state;
    char path[512];
    folder_path(path, &desk->folder, "state/models");
    assert_int_equal(symlink(desk->folder.root, path), 0);
    const struct learn_how how = {5, NULL, desk->cache, &desk->history, &desk->projects};
    assert_int_not_equal(learner_open(&desk->learner, &desk->session, &how), SELECTAI_OK);
    assert_null(desk->learner);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_quarter_is_held_out),
        TEST(test_counts),
        TEST(test_the_division),
        TEST(test_a_candidate_has_not_seen_what_is_held_out),
        TEST(test_events_come_back),
        TEST(test_damaged_files_begin_anew),
        TEST(test_a_model_that_is_gone),
        TEST(test_links_are_not_written_through),
        TEST(test_a_folder_that_is_a_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
