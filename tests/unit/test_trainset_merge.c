/*
 * test_trainset_merge.c: each decision once. The last test compares with a second implementation that looks at every
 * pair of rows.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "decisions_fixture.h"

#include <time.h>

#include "base/path.h"
#include "base/rng.h"

#define A "20250708_060711_stage1_a.png"
#define B "20250708_060713_stage2_b.png"
#define C "20250708_060714_stage3_c.png"

static selectai_trainset *merge(struct selectai_merge_counts *counts, const selectai_trainset *set, int32_t on_conflict)
{
    struct selectai_merge_options options;
    selectai_trainset *out = NULL;
    *counts = (struct selectai_merge_counts){.struct_size = sizeof *counts};
    selectai_merge_options_init(&options, sizeof options);
    options.on_conflict = on_conflict;
    if (selectai_trainset_merge(&out, counts, set, &options) != SELECTAI_OK)
        fail_msg("%s", selectai_last_error());
    return out;
}

static void check_counts(const struct selectai_merge_counts *counts, uint64_t kept, uint64_t duplicates,
                         uint64_t conflicts, uint64_t completed)
{
    assert_int_equal(counts->kept, kept);
    assert_int_equal(counts->duplicates, duplicates);
    assert_int_equal(counts->conflicts, conflicts);
    assert_int_equal(counts->completed, completed);
}

static void check_issue(const selectai_trainset *set, size_t i, const char *kind, const char *path, uint64_t row,
                        const char *other)
{
    struct selectai_issue issue = issue_at(set, i);
    assert_string_equal(issue.kind, kind);
    assert_string_equal(issue.path, path);
    assert_int_equal(issue.row, row);
    if (!strstr(issue.message, other))
        fail_msg("\"%s\" does not name %s", issue.message, other);
}

static void from(struct selectai_entry *e, const char *path, uint64_t row)
{
    e->source_path = path;
    e->source_row = row;
}

/* ---- Rules ----------------------------------------------------------------------------------- */

static void same_decision_in_other_folders(void **state)
{
    struct selectai_merge_counts counts;
    (void)state;
    selectai_trainset *set = new_set();
    from(add_entry(set, "p", "x/" A, "x/" B "|x/" C), "a.csv", 2);
    add_entry(set, "q", "x/" A, "x/" B "|x/" C); /* another project */
    add_entry(set, "p", "x/" A, "x/" B);         /* other losers */
    from(add_entry(set, "p", "/abs/" A, C "|y/" B), "b.csv", 7);
    add_entry(set, "p", A, B "|" C "|z/" B);
    selectai_trainset *out = merge(&counts, set, SELECTAI_CONFLICT_LEAVE_OUT);
    selectai_trainset_destroy(&set); /* the result is on its own */
    check_counts(&counts, 3, 2, 0, 0);
    assert_int_equal(counts.rows, 5);
    assert_int_equal(selectai_trainset_count(out), 3);
    struct selectai_entry e = entry_at(out, 0);
    assert_string_equal(e.chosen_path, "x/" A);
    assert_string_equal(e.neg_paths[1], "x/" C);
    assert_true(e.neg_stages[1] == 3);
    assert_string_equal(e.source_path, "a.csv");
    assert_int_equal(e.source_row, 2);
    assert_string_equal(entry_at(out, 1).project, "q");
    assert_int_equal(selectai_issues_count(selectai_trainset_issues(out)), 2);
    check_issue(out, 0, "duplicate", "b.csv", 7, "a.csv:2");
    check_issue(out, 1, "duplicate", A, 0, "a.csv:2");
    check_issue(out, 1, "duplicate", A, 0, "extracted decision " A);
    selectai_trainset_destroy(&out);
}

static void contradictions(void **state)
{
    static const struct {
        int32_t on_conflict;
        const char *first; /* the winner of the decision that stays of two */
        uint64_t kept;
    } cases[] = {{SELECTAI_CONFLICT_LEAVE_OUT, NULL, 1},
                 {SELECTAI_CONFLICT_FIRST, "x/" A, 2},
                 {SELECTAI_CONFLICT_LAST, "y/" B, 2}};
    struct selectai_merge_counts counts;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        selectai_trainset *set = new_set();
        from(add_entry(set, "p", "x/" A, "x/" B), "a.csv", 2);
        from(add_entry(set, "p", "y/" B, "y/" A "|y/" C), "a.csv", 3);
        add_entry(set, "q", "x/" B, "x/" A); /* another project may think otherwise */
        selectai_trainset *out = merge(&counts, set, cases[i].on_conflict);
        check_counts(&counts, cases[i].kept, 0, 2, 0);
        const selectai_issues *issues = selectai_trainset_issues(out);
        assert_int_equal(selectai_issues_count(issues), cases[i].first ? 1 : 2);
        if (cases[i].first)
            assert_string_equal(entry_at(out, 0).chosen_path, cases[i].first);
        if (i != 1)
            check_issue(out, 0, "conflict", "a.csv", 2, "a.csv:3");
        if (i != 2)
            check_issue(out, i == 0, "conflict", "a.csv", 3, "a.csv:2");
        selectai_trainset_destroy(&out);
        selectai_trainset_destroy(&set);
    }
}

/* A over B, B over A and C, C over B: the middle one contradicts both others. */
static void chains(void **state)
{
    struct selectai_merge_counts counts;
    (void)state;
    selectai_trainset *set = new_set();
    add_entry(set, "p", A, B);
    add_entry(set, "p", B, A "|" C);
    add_entry(set, "p", C, B);
    for (int32_t rule = SELECTAI_CONFLICT_FIRST; rule <= SELECTAI_CONFLICT_LAST; rule++) {
        selectai_trainset *out = merge(&counts, set, rule);
        check_counts(&counts, 2, 0, 3, 0);
        assert_string_equal(entry_at(out, 0).chosen_path, A);
        assert_string_equal(entry_at(out, 1).chosen_path, C);
        selectai_trainset_destroy(&out);
    }
    /* Said again at the end, the first one is the last that was said. */
    add_entry(set, "p", B, A "|" C);
    selectai_trainset *out = merge(&counts, set, SELECTAI_CONFLICT_LAST);
    check_counts(&counts, 1, 1, 3, 0);
    assert_string_equal(entry_at(out, 0).chosen_path, B);
    selectai_trainset_destroy(&out);
    selectai_trainset_destroy(&set);
}

static void completing(void **state)
{
    struct selectai_merge_counts counts;
    (void)state;
    selectai_trainset *set = new_set();
    struct selectai_entry *e = add_entry(set, "p", "x/w.png", "x/l.png|x/" B);
    e->set_id = "first";
    e = add_entry(set, "p", "w.png", "y/" B "|y/l.png");
    e->set_id = "second";
    e->session_id = "s";
    e->decided_at = "2026-01-02T03:04:05Z";
    e->chosen_final_path = "final/w.png";
    e->raw_dir = "raw";
    e->chosen_stage = 1;
    ((double *)e->neg_stages)[1] = 3;
    e->evidence = SELECTAI_EVIDENCE_NAME;
    set_crop(e, 0, 0, 600, 500);
    selectai_trainset *out = merge(&counts, set, SELECTAI_CONFLICT_LEAVE_OUT);
    check_counts(&counts, 1, 1, 0, 1);
    struct selectai_entry k = entry_at(out, 0);
    assert_string_equal(k.set_id, "first");
    assert_string_equal(k.session_id, "s");
    assert_string_equal(k.decided_at, "2026-01-02T03:04:05Z");
    assert_string_equal(k.chosen_final_path, "final/w.png");
    assert_string_equal(k.raw_dir, "raw");
    assert_string_equal(k.chosen_path, "x/w.png");
    assert_true(k.chosen_stage == 1 && k.neg_stages[0] == 3 && k.neg_stages[1] == 2);
    assert_int_equal(k.anomaly, 1);
    assert_int_equal(k.evidence, SELECTAI_EVIDENCE_NAME);
    assert_int_equal(k.has_crop, 1);
    assert_int_equal(k.was_cropped, 1);
    assert_int_equal(k.crop_px.x2, 600);
    assert_int_equal(k.image_width, 1000);
    assert_true(isnan(set->items[0].neg_stages[0])); /* the input stays as it was */
    selectai_trainset_destroy(&out);
    selectai_trainset_destroy(&set);
}

static void proof_wins_over_logs(void **state)
{
    struct selectai_merge_counts counts;
    (void)state;
    for (int proved_first = 0; proved_first < 2; proved_first++) {
        selectai_trainset *set = new_set();
        for (int i = 0; i < 2; i++) {
            struct selectai_entry *e = add_entry(set, "p", A, B);
            bool proved = i != proved_first;
            set_crop(e, proved ? 100 : 0, 0, 600, 600);
            e->crop_evidence = proved ? SELECTAI_CROP_EVIDENCE_PIXELS : SELECTAI_CROP_EVIDENCE_LOG;
        }
        selectai_trainset *out = merge(&counts, set, SELECTAI_CONFLICT_LEAVE_OUT);
        check_counts(&counts, 1, 1, 0, !proved_first);
        assert_int_equal(entry_at(out, 0).crop_px.x1, 100);
        assert_int_equal(entry_at(out, 0).crop_evidence, SELECTAI_CROP_EVIDENCE_PIXELS);
        assert_int_equal(selectai_issues_count(selectai_trainset_issues(out)), 2);
        check_issue(out, 1, "crop-differs", A, 0, "extracted decision " A);
        selectai_trainset_destroy(&out);
        selectai_trainset_destroy(&set);
    }
}

/* The final's pixels are those of the original: a box that a log has is wrong, in either order. */
static void proof_that_nothing_was_cut(void **state)
{
    struct selectai_merge_counts counts;
    (void)state;
    for (int proved_first = 0; proved_first < 2; proved_first++) {
        selectai_trainset *set = new_set();
        for (int i = 0; i < 2; i++) {
            struct selectai_entry *e = add_entry(set, "p", A, B);
            if (i != proved_first) {
                e->was_cropped = 0;
                e->crop_evidence = SELECTAI_CROP_EVIDENCE_PIXELS;
            } else {
                set_crop(e, 0, 0, 600, 600);
            }
        }
        selectai_trainset *out = merge(&counts, set, SELECTAI_CONFLICT_LEAVE_OUT);
        struct selectai_entry e = entry_at(out, 0);
        assert_int_equal(e.has_crop, 0);
        assert_int_equal(e.was_cropped, 0);
        assert_int_equal(e.crop_evidence, SELECTAI_CROP_EVIDENCE_PIXELS);
        check_issue(out, 1, "crop-differs", A, 0, A);
        selectai_trainset_destroy(&out);
        selectai_trainset_destroy(&set);
    }
}

static void crops_without_losers(void **state)
{
    struct selectai_merge_counts counts;
    (void)state;
    selectai_trainset *set = new_set();
    struct selectai_entry *e = add_entry(set, "p", "x/" A, "x/" B); /* learns the crop */
    e->set_id = "of the selection";
    e = add_entry(set, "p", "y/" A, "");
    set_crop(e, 0, 0, 500, 500);
    e->set_id = "of the crop";
    set_crop(add_entry(set, "p", "z/" A, ""), 0, 0, 500, 501);       /* the same within 2 % */
    set_crop(add_entry(set, "p", "x/" C, "x/" B), 0, 0, 500, 500);   /* has a crop */
    set_crop(add_entry(set, "p", "x/" C, ""), 0, 0, 900, 900);       /* another one: stays */
    set_crop(add_entry(set, "", "crop/1.png", ""), 0, 0, 500, 500);  /* no project: the path counts */
    set_crop(add_entry(set, "", "other/1.png", ""), 0, 0, 900, 900); /* so this is another image */
    set_crop(add_entry(set, "p", "1.png", ""), 0, 0, 300, 300);
    set_crop(add_entry(set, "p", "x/1.png", ""), 0, 0, 400, 400); /* contradicts */
    selectai_trainset *out = merge(&counts, set, SELECTAI_CONFLICT_LEAVE_OUT);
    check_counts(&counts, 5, 2, 2, 1);
    e = &out->items[0];
    assert_true(e->has_crop == 1 && e->crop_px.y2 == 500 && e->was_cropped == 1);
    assert_string_equal(e->set_id, "of the selection");
    check_issue(out, 0, "duplicate", "y/" A, 0, "x/" A);
    check_issue(out, 1, "duplicate", "z/" A, 0, "y/" A);
    check_issue(out, 2, "crop-differs", "x/" C, 0, "x/" C);
    check_issue(out, 3, "conflict", "1.png", 0, "x/1.png");
    check_issue(out, 4, "conflict", "x/1.png", 0, "1.png");
    assert_int_equal(selectai_issues_count(selectai_trainset_issues(out)), 5);
    selectai_trainset_destroy(&out);
    out = merge(&counts, set, SELECTAI_CONFLICT_LAST);
    check_counts(&counts, 6, 2, 2, 1);
    assert_int_equal(entry_at(out, 5).crop_px.x2, 400);
    selectai_trainset_destroy(&out);
    selectai_trainset_destroy(&set);
}

static void arguments(void **state)
{
    struct selectai_merge_options options;
    struct selectai_merge_counts unset = {0};
    selectai_trainset *set = new_set(), *out = NULL;
    (void)state;
    selectai_merge_options_init(&options, sizeof options);
    assert_int_equal(options.on_conflict, SELECTAI_CONFLICT_LEAVE_OUT);
    assert_int_equal(selectai_trainset_merge(NULL, NULL, set, NULL), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_trainset_merge(&out, NULL, NULL, NULL), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_trainset_merge(&out, &unset, set, NULL), SELECTAI_ERR_INVALID_ARGUMENT);
    options.on_conflict = 3;
    assert_int_equal(selectai_trainset_merge(&out, NULL, set, &options), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_null(out);
    assert_int_equal(selectai_trainset_merge(&out, NULL, set, NULL), SELECTAI_OK);
    assert_int_equal(selectai_trainset_count(out), 0);
    selectai_trainset_destroy(&out);
    selectai_trainset_destroy(&set);
}

/* ---- Speed ----------------------------------------------------------------------------------- */

static void hundred_thousand(void **state)
{
    struct selectai_merge_counts counts;
    struct timespec begin, end;
    char chosen[100], loser[100];
    (void)state;
    selectai_trainset *set = new_set();
    for (int i = 0; i < 100000; i++) {
        int n = i % 80000; /* the last fifth comes twice */
        snprintf(chosen, sizeof chosen, "/raw/folder/%08d_stage1_generated.png", n);
        snprintf(loser, sizeof loser, "/raw/folder/%08d_stage2_upscaled.png", n);
        bool turned = n % 1000 == 999; /* prefers what the decision before does not */
        snprintf(turned ? loser : chosen, sizeof chosen, "/raw/folder/%08d_stage1_generated.png", turned ? n - 1 : n);
        snprintf(turned ? chosen : loser, sizeof chosen, "/raw/folder/%08d_stage2_upscaled.png", turned ? n - 1 : n);
        from(add_entry(set, "project", chosen, loser), "log.csv", (uint64_t)i + 2);
    }
    clock_gettime(CLOCK_MONOTONIC, &begin);
    selectai_trainset *out = merge(&counts, set, SELECTAI_CONFLICT_LEAVE_OUT);
    clock_gettime(CLOCK_MONOTONIC, &end);
    print_message("100,000 decisions merged in %.3f s\n",
                  (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
    check_counts(&counts, 80000 - 160, 20000, 160, 0);
    selectai_trainset_destroy(&out);
    selectai_trainset_destroy(&set);
}

/* Each row compared with all before it would take minutes here. */
static void one_image_cropped_again_and_again(void **state)
{
    struct selectai_merge_counts counts;
    (void)state;
    selectai_trainset *set = new_set();
    for (int i = 0; i < 100000; i++) {
        int x = i % 450 * 2, y = i / 450 * 4;
        set_crop(add_entry(set, "p", A, ""), x, y, x + 100, y + 8);
    }
    set_crop(add_entry(set, "p", "x/" A, ""), 0, 0, 100, 8);
    selectai_trainset *out = merge(&counts, set, SELECTAI_CONFLICT_LEAVE_OUT);
    check_counts(&counts, 0, 1, 100000, 0);
    selectai_trainset_destroy(&out);
    out = merge(&counts, set, SELECTAI_CONFLICT_FIRST);
    check_counts(&counts, 1, 1, 100000, 0);
    assert_true(entry_at(out, 0).crop_px.x1 == 0 && entry_at(out, 0).crop_px.y1 == 0);
    selectai_trainset_destroy(&out);
    selectai_trainset_destroy(&set);
}

/* ---- A second implementation ----------------------------------------------------------------- */

#define MOST_ROWS 14

struct naive {
    int n, lead[MOST_ROWS], last[MOST_ROWS]; /* lead: the first row of the same decision */
    bool conflict[MOST_ROWS], left_out[MOST_ROWS], twin[MOST_ROWS], differs[MOST_ROWS];
    const struct selectai_box *crop[MOST_ROWS]; /* of the leads, completed */
    const char *set_id[MOST_ROWS];
};

static bool same_image(const struct selectai_entry *e, const char *a, const char *b)
{
    return strcmp(*e->project ? sai_path_basename(a) : a, *e->project ? sai_path_basename(b) : b) == 0;
}

static bool loses(const struct selectai_entry *e, const char *path)
{
    for (uint32_t i = 0; i < e->n_negatives; i++)
        if (same_image(e, e->neg_paths[i], path))
            return true;
    return false;
}

static bool all_lose(const struct selectai_entry *those, const struct selectai_entry *e)
{
    for (uint32_t i = 0; i < those->n_negatives; i++)
        if (!loses(e, those->neg_paths[i]))
            return false;
    return true;
}

static bool one_image(const struct selectai_entry *a, const struct selectai_entry *b)
{
    return strcmp(a->project, b->project) == 0 && same_image(a, a->chosen_path, b->chosen_path);
}

static bool alike(const struct selectai_box *a, const struct selectai_box *b)
{
    return selectai_box_iou(a, b) >= 0.98;
}

static bool same_decision(const struct selectai_entry *a, const struct selectai_entry *b)
{
    if (!one_image(a, b) || !a->n_negatives != !b->n_negatives)
        return false;
    return a->n_negatives ? all_lose(a, b) && all_lose(b, a) : alike(&a->crop, &b->crop);
}

static bool contradict(const struct selectai_entry *a, const struct selectai_entry *b)
{
    if (strcmp(a->project, b->project) != 0)
        return false;
    if (!a->n_negatives && !b->n_negatives)
        return one_image(a, b) && !alike(&a->crop, &b->crop);
    return !one_image(a, b) && loses(a, b->chosen_path) && loses(b, a->chosen_path);
}

static void naive_conflicts(struct naive *naive, const struct selectai_entry *e, int32_t rule)
{
    bool done[MOST_ROWS] = {false};
    for (int i = 0; i < naive->n; i++)
        for (int k = 0; k < naive->n; k++)
            if (naive->lead[i] == i && naive->lead[k] == k && contradict(&e[i], &e[k]))
                naive->conflict[i] = true;
    for (int turn = 0; turn < naive->n; turn++) {
        int next = -1;
        for (int i = 0; i < naive->n; i++)
            if (naive->lead[i] == i && !done[i] &&
                (next < 0 || (rule == SELECTAI_CONFLICT_LAST && naive->last[i] > naive->last[next])))
                next = i;
        if (next < 0)
            break;
        for (int k = 0; k < naive->n; k++)
            if (done[k] && !naive->left_out[k] && contradict(&e[next], &e[k]))
                naive->left_out[next] = true;
        if (rule == SELECTAI_CONFLICT_LEAVE_OUT)
            naive->left_out[next] = false;
        done[next] = true;
    }
    for (int i = 0; rule == SELECTAI_CONFLICT_LEAVE_OUT && i < naive->n; i++)
        naive->left_out[i] = naive->conflict[i];
}

static void naive_merge(struct naive *naive, const struct selectai_entry *e, int n, int32_t rule)
{
    *naive = (struct naive){.n = n};
    for (int i = 0; i < n; i++) {
        naive->lead[i] = i;
        for (int k = i - 1; k >= 0; k--)
            if (naive->lead[k] == k && same_decision(&e[i], &e[k]))
                naive->lead[i] = k;
        naive->last[naive->lead[i]] = i;
    }
    naive_conflicts(naive, e, rule);
    for (int i = 0; i < n; i++) {
        int lead = naive->lead[i];
        if (e[i].n_negatives && i != lead && !naive->left_out[lead] && e[i].has_crop && naive->crop[lead])
            naive->differs[i] = !alike(&e[i].crop, naive->crop[lead]);
        if (!naive->crop[lead] && e[i].has_crop)
            naive->crop[lead] = &e[i].crop;
        if (!naive->set_id[lead] || !*naive->set_id[lead])
            naive->set_id[lead] = e[i].set_id;
    }
    for (int i = 0; i < n; i++) {
        bool other = false;
        if (naive->lead[i] != i || naive->left_out[i] || e[i].n_negatives)
            continue;
        for (int k = 0; k < n; k++) {
            if (naive->lead[k] != k || naive->left_out[k] || !e[k].n_negatives || !one_image(&e[i], &e[k]))
                continue;
            bool fits = !naive->crop[k] || alike(naive->crop[k], naive->crop[i]);
            naive->twin[i] |= fits;
            other |= !fits;
            if (!naive->crop[k])
                naive->crop[k] = naive->crop[i];
        }
        naive->differs[i] = other && !naive->twin[i];
    }
}

static bool has_issue(const selectai_trainset *set, uint64_t row, const char *kind)
{
    for (size_t i = 0; i < selectai_issues_count(selectai_trainset_issues(set)); i++)
        if (issue_at(set, i).row == row && strcmp(issue_at(set, i).kind, kind) == 0)
            return true;
    return false;
}

static void compare(const struct naive *naive, const selectai_trainset *out, const struct selectai_merge_counts *counts)
{
    size_t kept = 0, conflicts = 0, duplicates = 0;
    for (int i = 0; i < naive->n; i++) {
        bool lead = naive->lead[i] == i, duplicate = !lead || naive->twin[i];
        bool left_out = lead && naive->left_out[i];
        uint64_t row = (uint64_t)i + 1;
        conflicts += lead && naive->conflict[i];
        duplicates += duplicate;
        assert_int_equal(has_issue(out, row, "duplicate"), duplicate);
        assert_int_equal(has_issue(out, row, "conflict"), left_out);
        assert_int_equal(has_issue(out, row, "crop-differs"), naive->differs[i]);
        if (duplicate || left_out)
            continue;
        assert_true(kept < out->count);
        const struct selectai_entry *e = &out->items[kept++];
        assert_int_equal(e->source_row, row);
        assert_int_equal(e->has_crop, naive->crop[i] != NULL);
        if (naive->crop[i])
            assert_memory_equal(&e->crop, naive->crop[i], sizeof e->crop);
        assert_string_equal(e->set_id, naive->set_id[i]);
    }
    assert_int_equal(counts->kept, kept);
    assert_int_equal(out->count, kept);
    assert_int_equal(counts->conflicts, conflicts);
    assert_int_equal(counts->duplicates, duplicates);
}

static void random_row(selectai_trainset *set, struct sai_rng *rng)
{
    static const char *const projects[] = {"p", "p", "q", ""};
    static const char *const folders[] = {"", "x/", "y/"};
    static const int widths[] = {500, 508, 515, 700};
    char chosen[20], losers[80] = "";
    const char *project = projects[sai_rng_below(rng, 4)];
    size_t n = *project ? (size_t)sai_rng_below(rng, 4) : 0, images = 3 + (size_t)sai_rng_below(rng, 2);
    snprintf(chosen, sizeof chosen, "%s%c.png", folders[sai_rng_below(rng, 3)],
             (int)('a' + sai_rng_below(rng, images)));
    for (size_t i = 0; i < n; i++)
        snprintf(losers + strlen(losers), sizeof losers - strlen(losers), "%s%s%c.png", i ? "|" : "",
                 folders[sai_rng_below(rng, 3)], (int)('a' + sai_rng_below(rng, images)));
    struct selectai_entry *e = add_entry(set, project, chosen, losers);
    if (n == 0 || sai_rng_below(rng, 3) == 0)
        set_crop(e, 0, 0, widths[sai_rng_below(rng, 4)], 500);
    if (sai_rng_below(rng, 2))
        e->set_id = sai_rng_below(rng, 2) ? "s" : "t";
    from(e, "log", set->count);
}

static void like_the_naive_one(void **state)
{
    struct selectai_merge_counts counts;
    struct naive naive;
    struct sai_rng rng;
    uint64_t conflicts = 0, duplicates = 0, kept = 0;
    (void)state;
    sai_rng_seed(&rng, 20260103);
    for (int round = 0; round < 3000; round++) {
        selectai_trainset *set = new_set();
        size_t n = 1 + (size_t)sai_rng_below(&rng, MOST_ROWS);
        for (size_t i = 0; i < n; i++)
            random_row(set, &rng);
        for (int32_t rule = SELECTAI_CONFLICT_LEAVE_OUT; rule <= SELECTAI_CONFLICT_LAST; rule++) {
            selectai_trainset *out = merge(&counts, set, rule);
            naive_merge(&naive, set->items, (int)n, rule);
            compare(&naive, out, &counts);
            conflicts += counts.conflicts;
            duplicates += counts.duplicates;
            kept += counts.kept;
            selectai_trainset_destroy(&out);
        }
        selectai_trainset_destroy(&set);
    }
    assert_true(conflicts > 1000 && duplicates > 1000 && kept > 1000); /* the cases did come up */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_decision_in_other_folders),
        cmocka_unit_test(contradictions),
        cmocka_unit_test(chains),
        cmocka_unit_test(completing),
        cmocka_unit_test(proof_wins_over_logs),
        cmocka_unit_test(proof_that_nothing_was_cut),
        cmocka_unit_test(crops_without_losers),
        cmocka_unit_test(arguments),
        cmocka_unit_test(hundred_thousand),
        cmocka_unit_test(one_image_cropped_again_and_again),
        cmocka_unit_test(like_the_naive_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
