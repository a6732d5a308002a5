/*
 * test_validate_files.c: kinds of files, and what is found in those that are no logs.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "validate_fixture.h"

#include <math.h>

#include "base/safetensors.h"

#define T1 "20250101_000000_stage1.png"
#define T2 "20250101_000100_stage2.png"

static void expect_code(const char *path, const char *kind, const char *code, uint64_t count, int32_t severity)
{
    selectai_validation *v = look(path);
    struct selectai_validated_problem p = problem_of(v, 0, code);
    if (strcmp(file_of(v, 0).kind, kind) != 0 || p.count != count || (count && p.severity != severity)) {
        print_problems(v);
        fail_msg("%s: not %s with %llu %s of severity %d", path, kind, (unsigned long long)count, code, (int)severity);
    }
    selectai_validation_destroy(&v);
}

#define ERROR   SELECTAI_SEVERITY_ERROR
#define WARNING SELECTAI_SEVERITY_WARNING
#define NOTE    SELECTAI_SEVERITY_NOTE

/* ---- Kinds ----------------------------------------------------------------------------------- */

static void kinds_by_content(void **state)
{
    static const struct {
        const char *text, *kind;
    } files[] = {
        {"\n {\"project\":\"p\",\"chosen_path\":\"a\",\"neg_paths\":[\"b\"]}\n", "entries"},
        {"\xEF\xBB\xBFproject,chosen_path,neg_paths\n", "entries"},
        {"broken\n{\"a\":1}\n", "unknown"},
        {"{broken\n{\"project\":\"p\",\"chosen_path\":\"a\",\"neg_paths\":[\"b\"]}\n", "entries"},
        {"chosen_path,rejected_paths\n", "anomaly-cases"},
        {"chosen_path,crop_x1,crop_y1,crop_x2,crop_y2\n", "crop-log"},
        {"{\"image_path\":\"a\"}\n", "images"},
        {"{\"project\":\"p\",\"paths\":[\"a\"],\"stages\":[1]}\n", "rejected"},
        {"{\"paths\":[]}\n{\"project\":\"p\",\"chosen_path\":\"a\",\"neg_paths\":[\"b\"]}\n", "rejected"},
        {"{\"projectId\":\"a\",\"paths\":{},\"stages\":[]}", "manifest"},
        {"{\"projects\":[{\"name\":\"a\",\"raw_dir\":\"r\",\"final_dir\":\"f\"}]}", "config"},
        {"{\n\"projects\":\n[]}", "config"},
        {"{\"projects\":[],\"total\":{\"raw_images\":0}}", "report"},
        {"{\n \"projectId\": \"a\"\n}", "manifest"},
        {"{\"image_path\":\"a\",\"embedding_file\":\"b\"}\n", "legacy-cache"},
        {"\x89PNG\r\n", "image"},
        {"GIF89a", "image"},
        {"PK\x03\x04", "unknown"},
        {"[1, 2]", "unknown"},
        {"", "unknown"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        selectai_validation *v = look(put("file", files[i].text));
        if (strcmp(file_of(v, 0).kind, files[i].kind) != 0)
            fail_msg("%s is no %s but %s", files[i].text, files[i].kind, file_of(v, 0).kind);
        selectai_validation_destroy(&v);
    }
    expect_code(at("file"), "unknown", "unknown-kind", 1, ERROR);
    expect_code(at("missing"), "unknown", "unreadable", 1, ERROR);
    expect_code(put("x.project.json", "{\"projectId\""), "manifest", "bad-json", 1, ERROR);
    expect_code(put("project_paths.json", "{"), "config", "bad-json", 1, ERROR);
    expect_code(put("m.pt", "PK\x03\x04 cut off"), "legacy-model", "damaged", 1, ERROR);
}

static void a_folder_of_everything(void **state)
{
    (void)state;
    mkdir(at("sub"), 0777);
    mkdir(at(".hidden"), 0777);
    put("b.csv", "session_id,set_id,chosen_path,neg_paths,timestamp\nx\n");
    put("sub/a.project.json", "{\"projectId\":\"a\"}");
    put("sub/odd.json", "{\"x\":1}");
    put("notes.txt", "nothing");
    put(".hidden/c.csv", "x");
    put("sub/" T1, "");
    put("sub/.x.png", "x");
    assert_int_equal(symlink("b.csv", at("link.csv")), 0);
    assert_int_equal(symlink("nowhere", at("link.png")), 0);
    selectai_validation *v = look(folder);
    static const char *const kinds[] = {"selection-log", "manifest", "unknown", "images-folder"};
    assert_int_equal(selectai_validation_count(v), 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(file_of(v, i).kind, kinds[i]);
    assert_int_equal(file_of(v, 2).severity, NOTE); /* not named itself */
    assert_int_equal(problem_of(v, 3, "empty-image").count, 1);
    assert_int_equal(problem_of(v, 3, "hidden-image").count, 1);
    assert_int_equal(problem_of(v, 3, "linked-image").count, 1);
    assert_int_equal(file_of(v, 3).rows, 1);
    selectai_validation_destroy(&v);
    mkdir(at("none"), 0777);
    expect_code(at("none"), "images-folder", "no-rows", 1, WARNING);
}

/* ---- Documents and lines --------------------------------------------------------------------- */

static void documents(void **state)
{
    (void)state;
    mkdir(at("raw"), 0777);
    expect_code(put("c", "{\"projects\":[{\"name\":\"a\",\"raw_dir\":\"raw\",\"final_dir\":\"gone\"}]}"), "config",
                "folder-missing", 1, WARNING);
    expect_code(put("c", "{\"projects\":[{\"name\":\"a\",\"raw_dir\":\"raw\"}]}"), "config", "missing-field", 1, ERROR);
    expect_code(put("c", "{\"projects\":[{\"name\":1,\"raw_dir\":\"r\",\"final_dir\":\"f\"}]}"), "config", "wrong-type",
                1, ERROR);
    expect_code(put("c", "{\"projects\":[{\"name\":\"a\",\"raw_dir\":\"raw\",\"final_dir\":\"raw\"},{\"name\":\"a\","
                         "\"raw_dir\":\"raw\",\"final_dir\":\"raw\"}]}"),
                "config", "duplicate-project", 1, ERROR);
    expect_code(put("c", "{\"projects\":[]}"), "config", "no-project", 1, ERROR);
    expect_code(put("m", "{\"projectId\":\"a\",\"startedAt\":\"2025-02-01\",\"finishedAt\":\"2025-01-01\"}"),
                "manifest", "date-order", 1, WARNING);
    expect_code(put("m", "{\"projectId\":\"a\",\"startedAt\":\"soon\"}"), "manifest", "bad-time", 1, WARNING);
    expect_code(put("m", "{\"projectId\":\"a\",\"counts\":{\"initialImages\":\"many\"}}"), "manifest", "wrong-type", 1,
                ERROR);
    expect_code(put("m", "{\"projectId\":\"a\",\"counts\":{\"initialImages\":null,\"finalImages\":3}}"), "manifest",
                "wrong-type", 0, NOTE);
    expect_code(put("m", "{\"projectId\":\"a\",\"paths\":{\"root\":\"gone\",\"x\":[\"gone2\"]}}"), "manifest",
                "folders-not-here", 2, NOTE);
    expect_code(put("m", "{\"projectId\":\"a\",\"paths\":{\"root\":\"raw\",\"x\":[\"gone2\",7]}}"), "manifest",
                "folder-missing", 1, WARNING);
    expect_code(put("r", "{\"projects\":[{\"project\":\"a\"}],\"total\":{\"raw_images\":2}}"), "report",
                "missing-field", 1, ERROR);
    expect_code(put("i", "{\"image_path\":\"raw/" T1 "\",\"file_mtime\":\"never\"}\n"), "images", "bad-time", 1,
                WARNING);
    expect_code(put("i", "{\"image_path\":\"raw/" T1 "\"}\n{\"image_path\":\"raw/" T1 "\"}\n"), "images",
                "duplicate-row", 1, WARNING);
    expect_code(put("i", "{\"image_path\":\"raw/" T1 "\",\"stage\":2}\n{\"image_path\":null}\n"), "images",
                "missing-field", 1, ERROR);
    expect_code(put("j", "{\"project\":\"p\",\"paths\":[\"a\"],\"stages\":[1,2]}\n"), "rejected", "bad-list", 1, ERROR);
    expect_code(put("j",
                    "{\"project\":\"p\",\"paths\":[\"x/a\",\"x/b\"]}\n{\"project\":\"p\",\"paths\":[\"b\",\"a\"]}\n"
                    "{\"project\":\"p\",\"paths\":[\"a\"]}\n{\"project\":\"q\",\"paths\":[\"a\",\"b\"]}\n"),
                "rejected", "repeated", 1, WARNING);
    expect_code(put("j", "{\"project\":\"p\",\"paths\":[\"a\"]}\n{\"paths\":[\"b\"]}\n"), "rejected", "missing-field",
                1, ERROR);
    const char *paths[] = {NULL, NULL};
    char one[512], two[512];
    snprintf(one, sizeof one, "%s", put("1.project.json", "{\"projectId\":\"a\"}"));
    snprintf(two, sizeof two, "%s", put("2.project.json", "{\"projectId\":\"a\"}"));
    paths[0] = one;
    paths[1] = two;
    selectai_validation *v = NULL;
    assert_int_equal(selectai_validate(&v, paths, 2, NULL), SELECTAI_OK);
    assert_int_equal(problem_of(v, 1, "duplicate-project").count, 1);
    selectai_validation_destroy(&v);
}

/* ---- Caches ---------------------------------------------------------------------------------- */

static void make_cache(const char *path, const char *encoder, int n)
{
    selectai_embedding_cache *cache = NULL;
    assert_int_equal(selectai_embedding_cache_create(&cache, path, encoder, 2, SELECTAI_DTYPE_AUTO), SELECTAI_OK);
    for (int i = 0; i < n; i++) {
        char name[64];
        const float vector[2] = {1.0f, (float)i};
        snprintf(name, sizeof name, "%d.png", i);
        const struct selectai_cache_row row = {
            .struct_size = sizeof row, .project = "p", .rel_path = name, .size = (uint64_t)i + 1, .crc32 = 7};
        assert_int_equal(selectai_embedding_cache_add(cache, &row, vector), SELECTAI_OK);
    }
    assert_int_equal(selectai_embedding_cache_flush(cache), SELECTAI_OK);
    selectai_embedding_cache_close(&cache);
}

/* The part's path without its ending. */
static char *part_of(const char *path)
{
    selectai_embedding_cache *cache = NULL;
    const char *npy;
    size_t first, n;
    assert_int_equal(selectai_embedding_cache_open(&cache, path), SELECTAI_OK);
    assert_int_equal(selectai_embedding_cache_part(cache, 0, &npy, &first, &n), SELECTAI_OK);
    char *stem = strndup(npy, strlen(npy) - 4);
    selectai_embedding_cache_close(&cache);
    return stem;
}

static char *with(const char *stem, const char *ending)
{
    static char path[600];
    snprintf(path, sizeof path, "%s%s", stem, ending);
    return path;
}

static void change(const char *path, long from_end, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    fseek(f, -from_end, SEEK_END);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

static void caches(void **state)
{
    (void)state;
    const char *dir = at("cache");
    const float nan_value = NAN;
    make_cache(dir, "enc-1", 3);
    selectai_validation *v = look(dir);
    expect_kind(v, 0, "cache", 3, 3);
    assert_string_equal(file_of(v, 0).encoder_id, "enc-1");
    assert_int_equal(file_of(v, 0).n_problems, 0);
    selectai_validation_destroy(&v);
    v = look(at("cache/manifest.json"));
    expect_kind(v, 0, "cache", 3, 3);
    selectai_validation_destroy(&v);

    char *stem = part_of(dir);
    change(with(stem, ".npy"), 4, &nan_value, 4);
    v = look(dir);
    expect(v, "not-finite", 1, 1);
    expect_kind(v, 0, "cache", 3, 2);
    selectai_validation_destroy(&v);

    char *lines = read_text(with(stem, ".jsonl"));
    char *second = strchr(lines, '\n') + 1;
    write_bytes(with(stem, ".jsonl"), lines, (size_t)(second - lines));
    expect_code(dir, "cache", "vector-without-index", 1, ERROR);
    FILE *f = fopen(with(stem, ".jsonl"), "a");
    for (int i = 0; i < 5; i++)
        fputs(second, f);
    fclose(f);
    expect_code(dir, "cache", "index-without-vector", 1, ERROR);
    write_text(with(stem, ".jsonl"), lines);
    assert_int_equal(unlink(with(stem, ".npy")), 0);
    v = look(dir);
    expect(v, "index-without-vector", 1, 1);
    expect_kind(v, 0, "cache", 3, 0);
    selectai_validation_destroy(&v);
    free(lines);

    make_cache(at("other"), "enc-2", 1); /* a part of another length */
    char *other = part_of(at("other")), *text = read_text(at("other/manifest.json")), *dim = strstr(text, "\"dim\": 2");
    assert_non_null(dim);
    dim[7] = '3';
    write_text(at("other/manifest.json"), text);
    expect_code(at("other"), "cache", "wrong-dimension", 1, ERROR);
    free(text);
    free(other);
    free(stem);
}

static void encoders(void **state)
{
    (void)state;
    char a[512], b[512];
    snprintf(a, sizeof a, "%s", at("a"));
    snprintf(b, sizeof b, "%s", at("b"));
    make_cache(a, "enc-1", 1);
    make_cache(b, "enc-2", 1);
    const char *paths[] = {a, b};
    selectai_validation *v = NULL;
    assert_int_equal(selectai_validate(&v, paths, 2, NULL), SELECTAI_OK);
    assert_int_equal(problem_of(v, 0, "encoder-mismatch").count, 0);
    assert_int_equal(problem_of(v, 1, "encoder-mismatch").severity, ERROR);
    selectai_validation_destroy(&v);
    struct selectai_validate_options options = options_at(NOW);
    options.encoder_id = "enc-2";
    v = look_with(a, &options);
    expect(v, "encoder-mismatch", 1, 1);
    selectai_validation_destroy(&v);
    v = look(folder); /* neither was named: they need not belong together */
    assert_int_equal(selectai_validation_severity(v), WARNING);
    selectai_validation_destroy(&v);
}

static void write_npy(const char *name, const char *shape, const float *values, size_t n)
{
    char header[128];
    memset(header, ' ', sizeof header);
    memcpy(header, "\x93NUMPY\x01\x00\x76\x00", 10);
    int k = snprintf(header + 10, 118, "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }", shape);
    header[10 + k] = ' ';
    header[127] = '\n';
    FILE *f = fopen(at(name), "wb");
    fwrite(header, 1, sizeof header, f);
    fwrite(values, sizeof *values, n, f);
    fclose(f);
}

static void earlier_caches(void **state)
{
    (void)state;
    const float good[] = {1, 2, 3}, bad[] = {1, INFINITY, 3};
    mkdir(at("emb"), 0777);
    write_npy("emb/a.npy", "(3,)", good, 3);
    write_npy("emb/b.npy", "(1, 3)", good, 3);
    write_npy("emb/short.npy", "(2,)", good, 2);
    write_npy("emb/inf.npy", "(3,)", bad, 3);
    write_npy("emb/torn.npy", "(3,)", good, 2);
    write_npy("emb/matrix.npy", "(3, 1)", good, 3);
    write_npy("emb/alone.npy", "(3,)", good, 3);
    const char *index = put("processed_images.jsonl",
                            "{\"image_path\":\"x/1.png\",\"embedding_file\":\"/old/place/a.npy\",\"hash\":\"1\"}\n"
                            "{\"image_path\":\"x/2.png\",\"embedding_file\":\"emb/b.npy\",\"hash\":\"1\"}\n"
                            "{\"image_path\":\"x/2.png\",\"embedding_file\":\"emb/b.npy\",\"hash\":\"1\"}\n"
                            "{\"image_path\":\"x/3.png\",\"embedding_file\":\"short.npy\",\"hash\":\"1\"}\n"
                            "{\"image_path\":\"x/4.png\",\"embedding_file\":\"inf.npy\",\"hash\":\"1\"}\n"
                            "{\"image_path\":\"x/5.png\",\"embedding_file\":\"torn.npy\",\"hash\":\"1\"}\n"
                            "{\"image_path\":\"x/6.png\",\"embedding_file\":\"matrix.npy\",\"hash\":\"1\"}\n"
                            "{\"image_path\":\"x/7.png\",\"embedding_file\":\"gone.npy\",\"hash\":\"1\"}\n"
                            "{\"image_path\":\"x/8.png\"}\n");
    selectai_validation *v = look(index);
    expect_kind(v, 0, "legacy-cache", 9, 3);
    expect(v, "duplicate-row", 1, 0);
    expect(v, "wrong-dimension", 1, 1);
    expect(v, "not-finite", 1, 1);
    expect(v, "bad-npy", 2, 2);
    expect(v, "missing-vector", 1, 1);
    expect(v, "missing-field", 1, 1);
    expect(v, "orphan-vector", 1, 0);
    selectai_validation_destroy(&v);
}

/* ---- Models ---------------------------------------------------------------------------------- */

/* A copy of the golden ranker with one metadata value changed (NULL: taken away), or one number spoiled. */
static const char *spoiled(const char *key, const char *value, const char *tensor)
{
    char path[600];
    const char *tests = getenv("SELECTAI_TEST_DATA");
    struct sai_safetensors file;
    snprintf(path, sizeof path, "%s/golden/models-v1/ranker.safetensors", tests ? tests : "tests");
    assert_int_equal(sai_safetensors_open(&file, path), SELECTAI_OK);
    float *changed = NULL;
    for (size_t i = 0; i < file.n_tensors; i++)
        if (tensor && strcmp(file.tensors[i].name, tensor) == 0) {
            changed = malloc(file.tensors[i].n_bytes);
            memcpy(changed, file.tensors[i].data, file.tensors[i].n_bytes);
            changed[0] = NAN;
            file.tensors[i].data = changed;
        }
    if (key && value)
        json_object_set_new(file.metadata, key, json_string(value));
    else if (key)
        json_object_del(file.metadata, key);
    const char *out = at("model.safetensors");
    assert_int_equal(sai_safetensors_write(out, file.tensors, file.n_tensors, file.metadata), SELECTAI_OK);
    free(changed);
    sai_safetensors_close(&file);
    return out;
}

static void models(void **state)
{
    (void)state;
    selectai_validation *v = look(spoiled(NULL, NULL, NULL));
    expect_kind(v, 0, "model", 1, 1);
    assert_int_equal(file_of(v, 0).n_problems, 0);
    assert_string_equal(file_of(v, 0).encoder_id, "golden-1");
    selectai_validation_destroy(&v);
    expect_code(spoiled("format", NULL, NULL), "model", "model-without-metadata", 1, ERROR);
    expect_code(spoiled("encoder_id", NULL, NULL), "model", "model-without-metadata", 1, ERROR);
    expect_code(spoiled("kind", "oracle", NULL), "model", "unknown-architecture", 1, ERROR);
    expect_code(spoiled("architecture", "4-x-1", NULL), "model", "unknown-architecture", 1, ERROR);
    expect_code(spoiled("architecture", "5-1", NULL), "model", "wrong-shape", 2, ERROR);
    expect_code(spoiled("temperature", "hot", NULL), "model", "damaged", 1, ERROR);
    expect_code(spoiled(NULL, NULL, "layers.0.bias"), "model", "not-finite", 1, ERROR);

    const float nan_value = NAN;
    const struct sai_tensor tensor = {
        .name = "visual.x", .dtype = "F32", .rank = 1, .shape = {1}, .n = 1, .n_bytes = 4, .data = &nan_value};
    json_t *none = json_object();
    assert_int_equal(sai_safetensors_write(at("w.safetensors"), &tensor, 1, none), SELECTAI_OK);
    json_decref(none);
    expect_code(at("w.safetensors"), "weights", "not-finite", 1, ERROR);
    assert_int_equal(truncate(at("w.safetensors"), 40), 0);
    expect_code(at("w.safetensors"), "weights", "damaged", 1, ERROR);
}

/* ---- Images ---------------------------------------------------------------------------------- */

static void pictures(void **state)
{
    static uint8_t rgb[16 * 16 * 3];
    selectai_image *image = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof rgb; i++)
        rgb[i] = (uint8_t)(i * 37);
    mkdir(at("d"), 0777);
    assert_int_equal(selectai_image_create(&image, 16, 16, rgb, 0), SELECTAI_OK);
    assert_int_equal(selectai_image_save(image, at("d/" T1), 0), SELECTAI_OK);
    assert_int_equal(selectai_image_save(image, at("d/" T2), 0), SELECTAI_OK);
    assert_int_equal(selectai_image_save(image, at("d/photo.png"), 0), SELECTAI_OK);
    selectai_image_destroy(&image);
    assert_int_equal(truncate(at("d/" T2), 100), 0);
    put("d/20250101_000200_stage1.png", "no image");
    put("d/20250101_000300_stage1.png", "");
    selectai_validation *v = look(at("d"));
    expect_kind(v, 0, "images-folder", 5, 3);
    expect(v, "unreadable-image", 1, 1);
    expect(v, "empty-image", 1, 1);
    expect(v, "unparsed-name", 1, 0);
    expect(v, "undecodable-image", 0, 0);
    selectai_validation_destroy(&v);
    struct selectai_validate_options options = options_at(NOW);
    options.deep = 1;
    options.threads = 2;
    v = look_with(at("d"), &options);
    expect_kind(v, 0, "images-folder", 5, 2);
    expect(v, "undecodable-image", 1, 1);
    selectai_validation_destroy(&v);
    expect_code(at("d/20250101_000300_stage1.png"), "image", "empty-image", 1, ERROR);
}

/* Of several with the same fault none is usable. */
static void projects_of_a_report(void **state)
{
    (void)state;
    selectai_validation *v = look(put("extraction_report.json",
                                      "{\"projects\":[{\"project\":\"a\"},{\"project\":\"b\"},"
                                      "{\"project\":\"c\",\"raw_images\":1}],"
                                      "\"total\":{\"raw_images\":1}}"));
    expect(v, "missing-field", 2, 2);
    expect_kind(v, 0, "report", 3, 1);
    selectai_validation_destroy(&v);
}

static void empty_vectors(void **state)
{
    (void)state;
    const float value = 1;
    write_npy("none.npy", "(0,)", &value, 0);
    write_npy("one.npy", "(1,)", &value, 1);
    selectai_validation *v = look(put("processed_images.jsonl",
                                      "{\"image_path\":\"1\",\"embedding_file\":\"none.npy\"}\n"
                                      "{\"image_path\":\"2\",\"embedding_file\":\"./one.npy\"}\n"));
    expect_kind(v, 0, "legacy-cache", 2, 1);
    expect(v, "bad-npy", 1, 1);
    expect(v, "orphan-vector", 0, 0);
    selectai_validation_destroy(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(kinds_by_content, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_of_everything, set_up, tear_down),
        cmocka_unit_test_setup_teardown(documents, set_up, tear_down),
        cmocka_unit_test_setup_teardown(caches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(encoders, set_up, tear_down),
        cmocka_unit_test_setup_teardown(earlier_caches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(projects_of_a_report, set_up, tear_down),
        cmocka_unit_test_setup_teardown(empty_vectors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(models, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pictures, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
