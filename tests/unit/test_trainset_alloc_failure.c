/*
 * test_trainset_alloc_failure.c: reading, merging and writing decisions and rejected groups with the n-th allocation
 * failing, for every n.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "decisions_fixture.h"

#include <jansson.h>

#include "alloc_fail.h"

static char folder[256], log_path[300], append_path[300], groups_path[300], mixed_path[300];
static selectai_trainset *set;
static char *old_text;
static int32_t log_form;

#define STEM "20250708_0607"

static int set_up(void **state)
{
    char chosen[64], losers[128];
    (void)state;
    json_set_alloc_funcs(__wrap_malloc, free);
    make_temporary(folder);
    snprintf(log_path, sizeof log_path, "%s/new.csv", folder);
    snprintf(append_path, sizeof append_path, "%s/old.csv", folder);
    snprintf(groups_path, sizeof groups_path, "%s/groups.jsonl", folder);
    snprintf(mixed_path, sizeof mixed_path, "%s/mixed.jsonl", folder);
    set = new_set();
    for (int i = 0; i < 40; i++) {
        snprintf(chosen, sizeof chosen, "r/" STEM "%02d_stage%d.png", i / 2, 1 + i % 2);
        snprintf(losers, sizeof losers, "r/" STEM "%02d_stage%d.png|r/" STEM "%02d_stage3.png", i / 2, 2 - i % 2,
                 i / 2);
        struct selectai_entry *e = add_entry(set, "p", chosen, i % 5 ? losers : "");
        set_crop(e, 0, i, 500, 500);
        e->chosen_stage = NAN; /* to be learned from the next one */
        e = add_entry(set, "p", chosen, i % 5 ? losers : "");
        e->decided_at = "2026-01-02T03:04:05Z";
        snprintf(losers, sizeof losers, "r/x%02d.png|r/" STEM "%02d_stage%d.png", i % 10, 60 + i % 10, i);
        add_group(set, "p", losers); /* some again */
    }
    add_group(set, "p", chosen); /* decided */
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    selectai_trainset_destroy(&set);
    remove_temporary(folder);
    return 0;
}

static int job_merge(void)
{
    selectai_trainset *out = NULL;
    struct selectai_merge_counts counts = {.struct_size = sizeof counts};
    int rc = selectai_trainset_merge(&out, &counts, set, NULL);
    assert_int_equal(rc == SELECTAI_OK, out != NULL);
    selectai_trainset_destroy(&out);
    return rc;
}

/* Every third decision, every second group. */
static int job_select(void)
{
    uint8_t decisions[256] = {0}, rejected[256] = {0};
    selectai_trainset *out = NULL;
    assert_true(set->count <= 256 && set->n_rejected <= 256);
    for (size_t i = 0; i < 256; i++) {
        decisions[i] = i % 3 == 0;
        rejected[i] = i % 2 == 0;
    }
    int rc = selectai_trainset_select(&out, set, decisions, rejected);
    assert_int_equal(rc == SELECTAI_OK, out != NULL);
    selectai_trainset_destroy(&out);
    return rc;
}

static int job_groups(void)
{
    return selectai_trainset_write_rejected(set, groups_path, 0);
}

/* What was written, both into one file. */
static int job_load(void)
{
    const char *path = mixed_path;
    selectai_trainset *out = NULL;
    int rc = selectai_trainset_load(&out, &path, 1, 0);
    assert_int_equal(rc == SELECTAI_OK, out != NULL);
    selectai_trainset_destroy(&out);
    /* jansson's scanner calls its own failed allocation a syntax error. */
    return rc == SELECTAI_ERR_FORMAT && strstr(selectai_last_error(), "bad JSON") ? SELECTAI_ERR_OUT_OF_MEMORY : rc;
}

static int job_anomalies(void)
{
    char *json = NULL;
    int rc = selectai_trainset_anomaly_json(&json, set);
    assert_int_equal(rc == SELECTAI_OK, json != NULL);
    selectai_free(json);
    return rc;
}

static int job_write(void)
{
    return selectai_trainset_write_log(NULL, set, log_path, log_form, 0);
}

static int job_append(void)
{
    write_text(append_path, old_text);
    return selectai_trainset_write_log(NULL, set, append_path, log_form, 1);
}

static void nothing_to_check(int rc)
{
    (void)rc;
}

static void check_appended(int rc)
{
    char *now = read_text(append_path);
    if (rc == SELECTAI_OK)
        assert_true(strlen(now) > strlen(old_text));
    else
        assert_string_equal(now, old_text);
    free(now);
}

static int entries_of_folder(void)
{
    char command[400];
    int n = -1;
    snprintf(command, sizeof command, "ls -A '%s' | wc -l", folder);
    FILE *p = popen(command, "r");
    assert_int_equal(fscanf(p, "%d", &n), 1);
    pclose(p);
    return n;
}

/* The last allocation of writing is for syncing the folder, which may fail. */
static void try_all(const char *name, int (*job)(void), void (*check)(int rc), bool last_may_fail)
{
    unsigned long n = 1;
    assert_int_equal(job(), SELECTAI_OK);
    int before = entries_of_folder();
    for (;; n++) {
        arm_alloc_fail(n);
        int rc = job();
        unsigned long failed = disarm_alloc_fail();
        check(rc);
        if (failed == 0 || (failed == 1 && last_may_fail && rc == SELECTAI_OK)) {
            assert_int_equal(rc, SELECTAI_OK);
            break;
        }
        if (rc != SELECTAI_ERR_OUT_OF_MEMORY)
            fail_msg("%s, allocation %lu: code %d, message \"%s\"", name, n, rc, selectai_last_error());
        assert_true(n < 100000);
    }
    assert_int_equal(entries_of_folder(), before); /* no temporary file stays */
    print_message("%s: %lu allocations, each failed once\n", name, n - 1);
    assert_true(n > 3);
}

static void merging(void **state)
{
    (void)state;
    try_all("merge", job_merge, nothing_to_check, false);
    try_all("select", job_select, nothing_to_check, false);
}

static void groups_of_nothing(void **state)
{
    (void)state;
    assert_int_equal(selectai_trainset_write(set, mixed_path, 0), SELECTAI_OK);
    assert_int_equal(selectai_trainset_write_rejected(set, mixed_path, 1), SELECTAI_OK);
    assert_int_equal(job_groups(), SELECTAI_OK);
    try_all("write rejected", job_groups, nothing_to_check, true);
    try_all("load", job_load, nothing_to_check, false);
}

static void summing_up(void **state)
{
    (void)state;
    try_all("anomalies", job_anomalies, nothing_to_check, false);
}

static void writing(void **state)
{
    (void)state;
    for (log_form = SELECTAI_LOG_SELECTION; log_form <= SELECTAI_LOG_ANOMALIES; log_form++)
        try_all("write", job_write, nothing_to_check, true);
}

/* A file with a part of the rows. */
static void appending(void **state)
{
    (void)state;
    for (log_form = SELECTAI_LOG_SELECTION; log_form <= SELECTAI_LOG_ANOMALIES; log_form++) {
        size_t count = set->count;
        set->count = 8;
        assert_int_equal(job_write(), SELECTAI_OK);
        set->count = count;
        old_text = read_text(log_path);
        try_all("append", job_append, check_appended, true);
        free(old_text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merging), cmocka_unit_test(groups_of_nothing), cmocka_unit_test(summing_up),
        cmocka_unit_test(writing), cmocka_unit_test(appending),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
