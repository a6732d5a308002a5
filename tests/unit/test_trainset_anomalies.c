/*
 * test_trainset_anomalies.c: how often a lower stage was chosen.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "decisions_fixture.h"

#define S1  "r/20250708_060711_stage1_a.png"
#define S15 "r/20250708_060712_stage1.5_b.png"
#define S2  "r/20250708_060713_stage2_c.png"
#define S3  "r/20250708_060714_stage3_d.png"

static void check(selectai_trainset *set, const char *expected)
{
    char *json = NULL;
    assert_int_equal(selectai_trainset_anomaly_json(&json, set), SELECTAI_OK);
    assert_string_equal(json, expected);
    selectai_free(json);
    selectai_trainset_destroy(&set);
}

static void nothing(void **state)
{
    (void)state;
    check(new_set(), "{\"projects\":[],\"total\":{\"selections\":0,\"anomalies\":0,\"rate\":null,\"stage_pairs\":[],"
                     "\"unparseable\":0}}");
    selectai_trainset *set = new_set();
    set_crop(add_entry(set, "p", S1, ""), 0, 0, 500, 500); /* chooses nothing */
    check(set, "{\"projects\":[],\"total\":{\"selections\":0,\"anomalies\":0,\"rate\":null,\"stage_pairs\":[],"
               "\"unparseable\":0}}");
}

static void projects_pairs_and_rates(void **state)
{
    (void)state;
    selectai_trainset *set = new_set();
    add_entry(set, "b", S1, S2);
    add_entry(set, "a", S2, S1);
    add_entry(set, "b", S15, S1 "|" S2 "|" S3);
    add_entry(set, "b", S15, S3);
    add_entry(set, "B", S3, S2);
    add_entry(set, "a", S1, S15);
    check(set,
          "{\"projects\":[{\"project\":\"B\",\"selections\":1,\"anomalies\":0,\"rate\":0,\"stage_pairs\":[],"
          "\"unparseable\":0},{\"project\":\"a\",\"selections\":2,\"anomalies\":1,\"rate\":0.5,\"stage_pairs\":[{"
          "\"chosen\":1,\"rejected\":1.5,\"count\":1}],\"unparseable\":0},{\"project\":\"b\",\"selections\":3,"
          "\"anomalies\":3,\"rate\":1,\"stage_pairs\":[{\"chosen\":1.5,\"rejected\":3,\"count\":2},{\"chosen\":1,"
          "\"rejected\":2,\"count\":1}],\"unparseable\":0}],\"total\":{\"selections\":6,\"anomalies\":4,\"rate\":"
          "0.6666666666666666,\"stage_pairs\":[{\"chosen\":1.5,\"rejected\":3,\"count\":2},{\"chosen\":1,\"rejected\":"
          "1.5,\"count\":1},{\"chosen\":1,\"rejected\":2,\"count\":1}],\"unparseable\":0}}");
}

static void unknown_stages(void **state)
{
    (void)state;
    selectai_trainset *set = new_set();
    add_entry(set, "p", "r/x.png", S1);                 /* the winner's is not known */
    add_entry(set, "p", S2, S1 "|r/x.png");             /* a loser's might be higher */
    add_entry(set, "p", S2, S3 "|r/x.png");             /* one is, whatever the other */
    add_entry(set, "p", S2, S1);                        /* the only one that is known to be none */
    add_entry(set, "p", "y.png", "z.png")->anomaly = 1; /* a log says so */
    const char *counts = "\"selections\":5,\"anomalies\":2,\"rate\":0.6666666666666666,\"stage_pairs\":[{\"chosen\":2,"
                         "\"rejected\":3,\"count\":1},{\"chosen\":null,\"rejected\":null,\"count\":1}],"
                         "\"unparseable\":2";
    char expected[700];
    snprintf(expected, sizeof expected, "{\"projects\":[{\"project\":\"p\",%s}],\"total\":{%s}}", counts, counts);
    check(set, expected);
}

static void odd_names_and_arguments(void **state)
{
    (void)state;
    char *json = NULL;
    selectai_trainset *set = new_set();
    add_entry(set, "say \"hi\"", S2, S1);
    check(set, "{\"projects\":[{\"project\":\"say \\\"hi\\\"\",\"selections\":1,\"anomalies\":0,\"rate\":0,"
               "\"stage_pairs\":[],\"unparseable\":0}],\"total\":{\"selections\":1,\"anomalies\":0,\"rate\":0,"
               "\"stage_pairs\":[],\"unparseable\":0}}");
    assert_int_equal(selectai_trainset_anomaly_json(&json, NULL), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_null(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing),
        cmocka_unit_test(projects_pairs_and_rates),
        cmocka_unit_test(unknown_stages),
        cmocka_unit_test(odd_names_and_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
