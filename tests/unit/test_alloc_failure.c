/*
 * test_alloc_failure.c: every job of the library, with the n-th allocation failing, for every n. It must say
 * SELECTAI_ERR_OUT_OF_MEMORY, leak nothing (under the address sanitizer) and leave no half-written file.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <jansson.h>
#include <selectai/selectai.h>

#include "alloc_fail.h"
#include "learn_fixture.h"

static char dir[256];

static const char *below(const char *name)
{
    static char paths[8][600];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

static void save_picture(const char *path, uint32_t width, uint32_t height, unsigned seed)
{
    uint8_t *rgb = malloc((size_t)3 * width * height);
    selectai_image *image = NULL;
    for (size_t i = 0; i < (size_t)3 * width * height; i++)
        rgb[i] = (uint8_t)((i * 2654435761u + seed * 40503u) >> 13);
    assert_int_equal(selectai_image_create(&image, width, height, rgb, 0), SELECTAI_OK);
    assert_int_equal(selectai_image_save(image, path, 1), SELECTAI_OK);
    selectai_image_destroy(&image);
    free(rgb);
}

/* RAW with two groups and an odd file; FINAL with a crop and a copy. */
static int setup(void **state)
{
    (void)state;
    json_set_alloc_funcs(__wrap_malloc, free);
    make_temporary(dir);
    assert_int_equal(mkdir(below("raw"), 0777), 0);
    assert_int_equal(mkdir(below("final"), 0777), 0);
    save_picture(below("raw/20250708_060711_stage1_generated.png"), 40, 30, 1);
    save_picture(below("raw/20250708_060722_stage2_upscaled.png"), 80, 60, 2);
    save_picture(below("raw/20250708_060811_stage1_generated.png"), 40, 30, 3);
    save_picture(below("raw/20250708_060822_stage2_upscaled.png"), 80, 60, 4);
    save_picture(below("raw/odd.png"), 8, 8, 5);
    selectai_image *image = NULL, *part = NULL;
    struct selectai_pixel_box box = {.x1 = 8, .y1 = 0, .x2 = 48, .y2 = 30};
    assert_int_equal(selectai_image_load(&image, below("raw/20250708_060722_stage2_upscaled.png"), NULL), SELECTAI_OK);
    assert_int_equal(selectai_image_crop(&part, image, &box), SELECTAI_OK);
    assert_int_equal(selectai_image_save(part, below("final/20250708_060722_stage2_upscaled.png"), 1), SELECTAI_OK);
    selectai_image_destroy(&image);
    selectai_image_destroy(&part);
    write_text(below("p.project.json"),
               "{\"projectId\":\"p\",\"startedAt\":\"2025-07-01\",\"counts\":{\"initialImages\":9,\"finalImages\":1}}");

    float weights[515 * 3];
    for (size_t i = 0; i < 515 * 3; i++)
        weights[i] = 0.01f * (float)(i % 7);
    struct sai_model *ranker = linear_model(SAI_KIND_RANKER, 512, weights, "selectai-builtin-1");
    struct sai_model *cropper = linear_model(SAI_KIND_CROPPER, 512, weights, "selectai-builtin-1");
    assert_int_equal(sai_model_save(ranker, below("ranker.safetensors")), SELECTAI_OK);
    assert_int_equal(sai_model_save(cropper, below("cropper.safetensors")), SELECTAI_OK);
    sai_model_destroy(&ranker);
    sai_model_destroy(&cropper);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove_temporary(dir);
    return 0;
}

/* ---- Jobs: each cleans up whatever happens and returns the first error ----------------------- */

static int job_image(void)
{
    selectai_image *image = NULL, *small = NULL;
    uint8_t *bytes = NULL;
    size_t n;
    uint64_t hash;
    float *input = NULL;
    struct selectai_crop_match match = {.struct_size = sizeof match};
    int rc = selectai_image_load(&image, below("raw/20250708_060722_stage2_upscaled.png"), NULL);
    if (rc == SELECTAI_OK)
        rc = selectai_image_resize(&small, image, 33, 21, SELECTAI_FILTER_LANCZOS);
    if (rc == SELECTAI_OK)
        rc = selectai_image_phash(&hash, image);
    if (rc == SELECTAI_OK)
        rc = selectai_image_recover_crop(&match, image, small);
    if (rc == SELECTAI_OK)
        rc = selectai_image_encode(&bytes, &n, small, SELECTAI_FORMAT_JPEG, 80);
    if (rc == SELECTAI_OK)
        rc = selectai_image_save(small, below("saved.png"), 3);
    if (rc == SELECTAI_OK && !(input = __real_malloc(3 * 32 * 32 * sizeof *input)))
        rc = SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = selectai_image_preprocess(input, image, 32);
    free(input);
    selectai_free(bytes);
    selectai_image_destroy(&small);
    selectai_image_destroy(&image);
    return rc;
}

static int job_extract(void)
{
    struct selectai_extract_options options;
    selectai_extraction *extraction = NULL;
    selectai_trainset *set = NULL;
    char *text = NULL;
    selectai_extract_options_init(&options, sizeof options);
    options.threads = 1;
    options.date = "2026-01-01";
    options.images_path = below("images.jsonl");
    selectai_projects *projects = NULL;
    int rc = selectai_projects_create(&projects);
    if (rc == SELECTAI_OK)
        rc = selectai_projects_add_manifests(projects, below("p.project.json"));
    options.projects = projects;
    if (rc == SELECTAI_OK)
        rc = selectai_extraction_create(&extraction, &options);
    if (rc == SELECTAI_OK)
        rc = selectai_extraction_add_project(extraction, below("raw"), below("final"), "p");
    if (rc == SELECTAI_OK)
        rc = selectai_extraction_commit_images(extraction);
    if (rc == SELECTAI_OK)
        rc = selectai_extraction_report_json(&text, extraction);
    if (rc == SELECTAI_OK)
        rc = selectai_extraction_write_rejected(extraction, below("rejected.jsonl"));
    if (rc == SELECTAI_OK)
        rc = selectai_trainset_write(selectai_extraction_entries(extraction), below("entries.csv"), 0);
    if (rc == SELECTAI_OK)
        rc = selectai_trainset_write(selectai_extraction_entries(extraction), below("entries.jsonl"), 0);
    const char *paths[2] = {below("entries.jsonl"), below("entries.csv")};
    if (rc == SELECTAI_OK)
        rc = selectai_trainset_load(&set, paths, 2, 0);
    selectai_trainset_destroy(&set);
    selectai_free(text);
    selectai_extraction_destroy(&extraction);
    selectai_projects_destroy(&projects);
    return rc;
}

static int job_embed(void)
{
    static const char *const names[] = {"20250708_060711_stage1_generated.png", "20250708_060722_stage2_upscaled.png"};
    char storage[2][700];
    const char *paths[2] = {storage[0], storage[1]};
    struct selectai_embed_options options;
    selectai_encoder *encoder = NULL;
    selectai_embedding_cache *cache = NULL;
    selectai_issues *issues = NULL;
    for (int i = 0; i < 2; i++)
        snprintf(storage[i], sizeof storage[i], "%s/raw/%s", dir, names[i]);
    remove_temporary(below("cache"));
    selectai_embed_options_init(&options, sizeof options);
    options.threads = 1;
    int rc = selectai_encoder_open(&encoder, "builtin", NULL);
    if (rc == SELECTAI_OK)
        rc = selectai_embedding_cache_create(&cache, below("cache"), selectai_encoder_id(encoder), 512,
                                             SELECTAI_DTYPE_FLOAT16);
    if (rc == SELECTAI_OK)
        rc = selectai_embed_files(NULL, &issues, cache, encoder, "p", paths, names, 2, &options);
    if (rc == SELECTAI_OK)
        rc = selectai_embedding_cache_flush(cache);
    selectai_embedding_cache_close(&cache);
    if (rc == SELECTAI_OK)
        rc = selectai_embedding_cache_open(&cache, below("cache"));
    selectai_embedding_cache_close(&cache);
    selectai_issues_destroy(&issues);
    if (rc == SELECTAI_OK)
        rc = selectai_embedding_cache_verify(&issues, below("cache"));
    selectai_issues_destroy(&issues);
    selectai_encoder_close(&encoder);
    return rc;
}

static int job_suggest(void)
{
    char storage[2][700];
    const char *paths[2] = {storage[0], storage[1]};
    struct selectai_encoder_options options;
    selectai_ranker *ranker = NULL;
    selectai_cropper *cropper = NULL;
    selectai_encoder *encoder = NULL;
    selectai_suggestions *suggestions = NULL;
    char *text = NULL, *metadata = NULL;
    snprintf(storage[0], sizeof storage[0], "%s/raw/20250708_060711_stage1_generated.png", dir);
    snprintf(storage[1], sizeof storage[1], "%s/raw/20250708_060722_stage2_upscaled.png", dir);
    selectai_encoder_options_init(&options, sizeof options);
    options.threads = 1;
    int rc = selectai_ranker_load(&ranker, below("ranker.safetensors"));
    if (rc == SELECTAI_OK)
        rc = selectai_cropper_load(&cropper, below("cropper.safetensors"));
    if (rc == SELECTAI_OK)
        rc = selectai_ranker_metadata_json(&metadata, ranker);
    if (rc == SELECTAI_OK)
        rc = selectai_ranker_save(ranker, below("again.safetensors"));
    if (rc == SELECTAI_OK)
        rc = selectai_encoder_open(&encoder, "builtin", &options);
    if (rc == SELECTAI_OK)
        rc = selectai_suggest_files(&suggestions, paths, 2, ranker, cropper, encoder, NULL, NULL);
    if (rc == SELECTAI_OK)
        rc = selectai_suggestion_json(&text, suggestions, 0);
    selectai_free(text);
    selectai_free(metadata);
    selectai_suggestions_destroy(&suggestions);
    selectai_encoder_close(&encoder);
    selectai_cropper_destroy(&cropper);
    selectai_ranker_destroy(&ranker);
    return rc;
}

/* With a history: what job_extract() and job_embed() left. */
static int job_neighbours(void)
{
    char storage[2][700];
    const char *paths[2] = {storage[0], storage[1]}, *log = below("entries.jsonl");
    struct selectai_suggest_options options;
    selectai_ranker *ranker = NULL;
    selectai_encoder *encoder = NULL;
    selectai_embedding_cache *cache = NULL;
    selectai_trainset *history = NULL;
    selectai_suggestions *suggestions = NULL;
    char *text = NULL;
    snprintf(storage[0], sizeof storage[0], "%s/raw/20250708_060811_stage1_generated.png", dir);
    snprintf(storage[1], sizeof storage[1], "%s/raw/20250708_060822_stage2_upscaled.png", dir);
    selectai_suggest_options_init(&options, sizeof options);
    options.threads = 1;
    options.project = "p";
    int rc = selectai_ranker_load(&ranker, below("ranker.safetensors"));
    if (rc == SELECTAI_OK)
        rc = selectai_encoder_open(&encoder, "builtin", NULL);
    if (rc == SELECTAI_OK)
        rc = selectai_embedding_cache_open(&cache, below("cache"));
    if (rc == SELECTAI_OK)
        rc = selectai_trainset_load(&history, &log, 1, 0);
    options.history = history;
    if (rc == SELECTAI_OK)
        rc = selectai_suggest_files(&suggestions, paths, 2, ranker, NULL, encoder, cache, &options);
    if (rc == SELECTAI_OK)
        rc = selectai_suggestion_json(&text, suggestions, 0);
    if (rc == SELECTAI_OK)
        assert_non_null(strstr(text, "\"similarity\""));
    selectai_free(text);
    selectai_suggestions_destroy(&suggestions);
    selectai_trainset_destroy(&history);
    selectai_embedding_cache_close(&cache);
    selectai_encoder_close(&encoder);
    selectai_ranker_destroy(&ranker);
    return rc;
}

/* ---- Trying all n ---------------------------------------------------------------------------- */

static size_t count_leftovers(void)
{
    char command[400];
    unsigned n = 0;
    snprintf(command, sizeof command, "find '%s' -name '*.tmp-*' | wc -l", dir);
    FILE *p = popen(command, "r");
    assert_int_equal(fscanf(p, "%u", &n), 1);
    pclose(p);
    return n;
}

/* Beyond this many allocations a job repeats the same few places: every seventh of them fails. */
#define ALL_UP_TO 600ul

static void try_all(const char *name, int (*job)(void))
{
    unsigned long n = 1, tried = 0;
    assert_int_equal(job(), SELECTAI_OK); /* it works at all */
    for (;; n += n < ALL_UP_TO ? 1 : 7, tried++) {
        arm_alloc_fail(n);
        int rc = job();
        unsigned long failed = disarm_alloc_fail();
        if (failed == 0) {
            assert_int_equal(rc, SELECTAI_OK);
            break;
        }
        /* jansson's scanner calls its own failed allocation a syntax error. */
        if (rc != SELECTAI_ERR_OUT_OF_MEMORY &&
            !(rc == SELECTAI_ERR_FORMAT && strstr(selectai_last_error(), "bad JSON")))
            fail_msg("%s, allocation %lu: code %d, message \"%s\"", name, n, rc, selectai_last_error());
        assert_true(n < 100000);
    }
    assert_int_equal(count_leftovers(), 0);
    assert_int_equal(job(), SELECTAI_OK); /* and nothing that stayed behind is in the way */
    print_message("%s: %lu allocations failed, one at a time\n", name, tried);
    assert_true(n > 10);
}

static void images(void **state)
{
    (void)state;
    try_all("image", job_image);
}

static void extraction(void **state)
{
    (void)state;
    try_all("extract", job_extract);
}

static void embedding(void **state)
{
    (void)state;
    try_all("embed", job_embed);
}

static void suggestions(void **state)
{
    (void)state;
    try_all("suggest", job_suggest);
}

static void neighbours(void **state)
{
    (void)state;
    try_all("neighbours", job_neighbours);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images),      cmocka_unit_test(extraction), cmocka_unit_test(embedding),
        cmocka_unit_test(suggestions), cmocka_unit_test(neighbours),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
