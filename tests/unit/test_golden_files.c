/*
 * test_golden_files.c: files that earlier versions wrote must still be read, and mean the same. (The cache's are in
 * test_embed_cache.c.) models-v1 was written by numpy from docs/formats.md, entries-v1 by hand.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "../golden/models.h"
#include "learn/box.h"
#include "test_util.h"

static const char *golden(const char *name)
{
    static char path[600];
    const char *tests = getenv("SELECTAI_TEST_DATA");
    snprintf(path, sizeof path, "%s/golden/%s", tests ? tests : "tests", name);
    return path;
}

static void a_ranker_of_version_1(void **state)
{
    (void)state;
    selectai_ranker *ranker = NULL;
    float scores[3], shares[3];
    assert_int_equal(selectai_ranker_load(&ranker, golden("models-v1/ranker.safetensors")), SELECTAI_OK);
    assert_int_equal(selectai_ranker_dim(ranker), 4);
    assert_string_equal(selectai_ranker_encoder_id(ranker), "golden-1");
    assert_int_equal(selectai_ranker_score(ranker, scores, golden_inputs, NULL, 3), SELECTAI_OK);
    assert_int_equal(selectai_ranker_probabilities(ranker, shares, golden_inputs, NULL, 3), SELECTAI_OK);
    double sum = 0;
    for (int i = 0; i < 3; i++)
        sum += exp(((double)golden_scores[i] - (double)golden_scores[1]) / 0.5);
    for (int i = 0; i < 3; i++) {
        assert_true(fabsf(scores[i] - golden_scores[i]) < 1e-5f);
        double share = exp(((double)golden_scores[i] - (double)golden_scores[1]) / 0.5) / sum;
        assert_true(fabs((double)shares[i] - share) < 1e-5);
    }
    assert_int_equal(selectai_ranker_has_seen(ranker, "p", "folder/a.png"), 1);
    assert_int_equal(selectai_ranker_has_seen(ranker, "p", "c.png"), 0);
    assert_int_equal(selectai_ranker_has_seen(ranker, "q", "a.png"), 0);
    selectai_ranker_destroy(&ranker);
    assert_int_equal(selectai_ranker_load(&ranker, golden("models-v1/cropper.safetensors")), SELECTAI_ERR_MISMATCH);
}

static void a_cropper_of_version_1(void **state)
{
    (void)state;
    selectai_cropper *cropper = NULL;
    struct selectai_box boxes[3];
    assert_int_equal(selectai_cropper_load(&cropper, golden("models-v1/cropper.safetensors")), SELECTAI_OK);
    assert_int_equal(selectai_cropper_propose(cropper, boxes, golden_inputs, golden_sizes, 3), SELECTAI_OK);
    for (int i = 0; i < 3; i++) {
        struct sai_box_numbers numbers = {.scale = (double)golden_crop_outputs[3 * i],
                                          .x = (double)golden_crop_outputs[3 * i + 1],
                                          .y = (double)golden_crop_outputs[3 * i + 2]};
        struct selectai_box expected = sai_box_from_numbers(&numbers, 0.02);
        assert_true(selectai_box_iou(&boxes[i], &expected) > 0.9999);
        assert_true(fabs((boxes[i].x2 - boxes[i].x1) - (boxes[i].y2 - boxes[i].y1)) < 1e-9);
    }
    selectai_cropper_destroy(&cropper);
}

static void entries_of_version_1(void **state)
{
    (void)state;
    char jsonl[600], csv[600];
    snprintf(jsonl, sizeof jsonl, "%s", golden("entries-v1/entries.jsonl"));
    snprintf(csv, sizeof csv, "%s", golden("entries-v1/entries.csv"));
    const char *paths[] = {jsonl, csv};
    selectai_trainset *set = NULL;
    struct selectai_entry e = {.struct_size = sizeof e};
    assert_int_equal(selectai_trainset_load(&set, paths, 2, 1), SELECTAI_OK);
    assert_int_equal(selectai_trainset_count(set), 3);
    assert_int_equal(selectai_trainset_get(set, 0, &e), SELECTAI_OK);
    assert_string_equal(e.chosen_path, "raw/gr\xC3\xBC\xC3\x9F e/20250708_060722_stage2_upscaled.png");
    assert_int_equal(e.n_negatives, 2);
    assert_true(e.neg_stages[1] == 3 && e.chosen_stage == 2);
    assert_true(e.anomaly == 1 && e.was_cropped == 1 && e.has_crop == 1);
    assert_true(e.crop.x1 == 0.1 && e.crop.y2 == 0.5 && e.crop_px.x2 == 48);
    assert_int_equal(e.crop_method, SELECTAI_CROP_EXACT);
    assert_int_equal(e.crop_evidence, SELECTAI_CROP_EVIDENCE_PIXELS);
    assert_int_equal(selectai_trainset_get(set, 1, &e), SELECTAI_OK);
    assert_string_equal(e.project, "q");
    assert_true(isnan(e.chosen_stage) && e.anomaly == SELECTAI_UNKNOWN && e.was_cropped == SELECTAI_UNKNOWN);
    assert_int_equal(selectai_trainset_get(set, 2, &e), SELECTAI_OK);
    assert_string_equal(e.project, "mojo-1");
    assert_string_equal(e.neg_paths[1], "/path/to/20250708_060721_stage3.png");
    assert_true(e.anomaly == 1 && e.was_cropped == 1 && e.has_crop == 0);
    selectai_trainset_destroy(&set);
}

/* What is written today is what was written then, byte for byte. */
static void entries_are_written_as_then(void **state)
{
    (void)state;
    char dir[256], path[300], source[600];
    selectai_trainset *set = NULL;
    snprintf(source, sizeof source, "%s", golden("entries-v1/entries.jsonl"));
    const char *paths[] = {source};
    make_temporary(dir);
    snprintf(path, sizeof path, "%s/again.jsonl", dir);
    assert_int_equal(selectai_trainset_load(&set, paths, 1, 1), SELECTAI_OK);
    assert_int_equal(selectai_trainset_write(set, path, 0), SELECTAI_OK);
    selectai_trainset_destroy(&set);
    char *then = read_text(golden("entries-v1/written.jsonl")), *now = read_text(path);
    assert_string_equal(now, then);
    free(then);
    free(now);
    remove_temporary(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ranker_of_version_1),
        cmocka_unit_test(a_cropper_of_version_1),
        cmocka_unit_test(entries_of_version_1),
        cmocka_unit_test(entries_are_written_as_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
