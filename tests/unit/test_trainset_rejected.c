/*
 * test_trainset_rejected.c: rejected groups: read from files, beside decisions, written, merged, extracted.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "trainset_fixture.h"

#include "decisions_fixture.h"

#define A T "11_stage1.png"
#define B T "12_stage1.5.png"
#define C T "13_stage2.png"
#define D T "14_stage3.png"

static selectai_trainset *load_with(const char *const *names, size_t n, const struct selectai_load_options *options)
{
    const char *paths[4];
    selectai_trainset *set = NULL;
    for (size_t i = 0; i < n; i++)
        paths[i] = at(names[i]);
    if (selectai_trainset_load_logs(&set, paths, n, options) != SELECTAI_OK)
        fail_msg("%s", selectai_last_error());
    return set;
}

static selectai_trainset *load_text(const char *text)
{
    static const char *const name[] = {"rejected.jsonl"};
    write_text(at(name[0]), text);
    return load_with(name, 1, NULL);
}

static struct selectai_rejected_group group_at(const selectai_trainset *set, size_t i)
{
    struct selectai_rejected_group g = {.struct_size = sizeof g};
    assert_int_equal(selectai_trainset_get_rejected(set, i, &g), SELECTAI_OK);
    return g;
}

static void check_sizes(const selectai_trainset *set, size_t entries, size_t groups, size_t issues)
{
    if (selectai_issues_count(selectai_trainset_issues(set)) != issues)
        for (size_t i = 0; i < selectai_issues_count(selectai_trainset_issues(set)); i++)
            print_message("%s: %s\n", issue_at(set, i).kind, issue_at(set, i).message);
    assert_int_equal(selectai_trainset_count(set), entries);
    assert_int_equal(selectai_trainset_rejected_count(set), groups);
    assert_int_equal(selectai_issues_count(selectai_trainset_issues(set)), issues);
}

static void check_issue(const selectai_trainset *set, size_t i, const char *kind, uint64_t row, const char *says)
{
    struct selectai_issue issue = issue_at(set, i);
    assert_string_equal(issue.kind, kind);
    assert_int_equal(issue.row, row);
    if (!strstr(issue.message, says))
        fail_msg("\"%s\" does not say \"%s\"", issue.message, says);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void what_a_row_says(void **state)
{
    (void)state;
    selectai_trainset *set = load_text(
        "{\"project\":\"p\",\"timestamp\":\"20200101_000000\",\"set_id\":\"g1\",\"paths\":[\"x/" C "\",\"x/" A
        "\"],\"stages\":[7,null]}\n"
        "\n{\"paths\":[\"" B "\"],\"project\":\"q\",\"more\":[]}\n"
        "{\"project\":\"p\",\"paths\":[\"odd name.png\",\"x/" D "\"],\"stages\":null,\"set_id\":null}");
    check_sizes(set, 0, 3, 0);
    struct selectai_rejected_group g = group_at(set, 0);
    assert_string_equal(g.project, "p");
    assert_string_equal(g.timestamp, "20200101_000000");
    assert_string_equal(g.set_id, "g1");
    assert_int_equal(g.n_images, 2);
    assert_string_equal(g.paths[0], "x/" C); /* in the order given */
    assert_string_equal(g.paths[1], "x/" A);
    assert_true(g.stages[0] == 7 && g.stages[1] == 1); /* as said; as the name tells where nothing is said */
    assert_string_equal(g.source_path, at("rejected.jsonl"));
    assert_int_equal(g.source_row, 1);
    g = group_at(set, 1);
    assert_string_equal(g.project, "q");
    assert_int_equal(g.n_images, 1);
    assert_string_equal(g.timestamp, T "12");
    assert_string_equal(g.set_id, "");
    assert_true(g.stages[0] == 1.5);
    assert_int_equal(g.source_row, 3);
    g = group_at(set, 2);
    assert_string_equal(g.timestamp, ""); /* the first image's name tells none */
    assert_string_equal(g.paths[1], "x/" D);
    assert_true(isnan(g.stages[0]) && g.stages[1] == 3);
    selectai_trainset_destroy(&set);
}

static void an_older_caller(void **state)
{
    struct selectai_rejected_group g = {.struct_size = offsetof(struct selectai_rejected_group, set_id)};
    (void)state;
    selectai_trainset *set = load_text("{\"project\":\"p\",\"paths\":[\"" A "\"],\"set_id\":\"g\"}\n");
    assert_int_equal(selectai_trainset_get_rejected(set, 0, &g), SELECTAI_OK);
    assert_string_equal(g.project, "p");
    assert_null(g.set_id);
    assert_int_equal(g.struct_size, offsetof(struct selectai_rejected_group, set_id));
    assert_int_equal(selectai_trainset_get_rejected(set, 1, &g), SELECTAI_ERR_INVALID_ARGUMENT);
    g.struct_size = 0;
    assert_int_equal(selectai_trainset_get_rejected(set, 0, &g), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_trainset_get_rejected(NULL, 0, &g), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_trainset_rejected_count(NULL), 0);
    selectai_trainset_destroy(&set);
}

static const struct bad {
    const char *kind, *row, *says;
} bad_rows[] = {
    {"missing-field", "{\"paths\":[\"" A "\"]}", "project is missing or empty"},
    {"missing-field", "{\"project\":\"\",\"paths\":[\"" A "\"]}", "project is missing or empty"},
    {"wrong-type", "{\"project\":3,\"paths\":[\"" A "\"]}", "project is no text"},
    {"bad-list", "{\"project\":\"p\",\"paths\":[]}", "paths is missing or no list of at least one path"},
    {"missing-field", "{\"project\":\"p\",\"paths\":null}", "paths is missing or no list of at least one path"},
    {"bad-list", "{\"project\":\"p\",\"paths\":\"" A "\"}", "paths is missing or no list of at least one path"},
    {"bad-list", "{\"project\":\"p\",\"paths\":{\"a\":\"" A "\"}}", "paths is missing or no list"},
    {"bad-list", "{\"project\":\"p\",\"paths\":[\"" A "\",\"\"]}", "paths has an element that is no path"},
    {"bad-list", "{\"project\":\"p\",\"paths\":[\"" A "\",7]}", "paths has an element that is no path"},
    {"bad-list", "{\"project\":\"p\",\"paths\":[\"" A "\"],\"stages\":[1,2]}", "stages is no list as long as paths"},
    {"bad-list", "{\"project\":\"p\",\"paths\":[\"" A "\"],\"stages\":[]}", "stages is no list as long as paths"},
    {"bad-list", "{\"project\":\"p\",\"paths\":[\"" A "\"],\"stages\":1}", "stages is no list as long as paths"},
    {"bad-list", "{\"project\":\"p\",\"paths\":[\"" A "\"],\"stages\":[\"1\"]}", "stages has an element that is no"},
    {"duplicate-loser", "{\"project\":\"p\",\"paths\":[\"" A "\",\"" B "\",\"" A "\"]}", "the same image twice: " A},
    {"wrong-type", "{\"project\":\"p\",\"paths\":[\"" A "\"],\"set_id\":4}", "set_id is no text"},
    {"wrong-type", "{\"project\":\"p\",\"paths\":[\"" A "\"],\"timestamp\":[]}", "timestamp is no text"},
    {"bad-json", "{\"project\":\"p\",\"paths\":[\"" A "\"", "rejected.jsonl:2"},
};

static void bad_rows_become_issues(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_rows / sizeof *bad_rows; i++) {
        const char *path = at("rejected.jsonl");
        char text[1024];
        snprintf(text, sizeof text,
                 "{\"project\":\"p\",\"paths\":[\"x/" C "\"]}\n%s\n{\"project\":\"p\",\"paths\":[\"x/" D "\"]}\n",
                 bad_rows[i].row);
        selectai_trainset *set = load_text(text);
        check_sizes(set, 0, 2, 1);
        check_issue(set, 0, bad_rows[i].kind, 2, bad_rows[i].says);
        assert_int_equal(issue_at(set, 0).code, SELECTAI_ERR_FORMAT);
        selectai_trainset_destroy(&set);
        assert_int_equal(selectai_trainset_load(&set, &path, 1, 1), SELECTAI_ERR_FORMAT);
        assert_non_null(strstr(selectai_last_error(), "rejected.jsonl:2"));
        assert_null(set);
    }
}

static void too_much(void **state)
{
    static char text[200000];
    (void)state;
    size_t n = (size_t)sprintf(text, "{\"project\":\"p\",\"paths\":[\"");
    for (int i = 0; i < 4097; i++)
        text[n++] = 'a';
    sprintf(text + n, "\"]}\n");
    selectai_trainset *set = load_text(text);
    check_sizes(set, 0, 0, 1);
    check_issue(set, 0, "bad-value", 1, "a path of 4097 bytes");
    selectai_trainset_destroy(&set);
    for (int extra = 0; extra <= 1; extra++) {
        n = (size_t)sprintf(text, "{\"project\":\"p\",\"paths\":[\"0\"");
        for (int i = 1; i < 4096 + extra; i++)
            n += (size_t)sprintf(text + n, ",\"%d\"", i);
        sprintf(text + n, "]}\n");
        set = load_text(text);
        check_sizes(set, 0, extra ? 0 : 1, extra ? 1 : 0);
        if (extra)
            check_issue(set, 0, "wrong-type", 1, "4097 images, at most 4096");
        selectai_trainset_destroy(&set);
    }
}

/* ---- Beside decisions ------------------------------------------------------------------------ */

#define ENTRY(project, winner, loser)                                                                                  \
    "{\"project\":\"" project "\",\"chosen_path\":\"" winner "\",\"neg_paths\":[\"" loser "\"]}\n"
#define GROUP(project, a, b) "{\"project\":\"" project "\",\"paths\":[\"" a "\",\"" b "\"]}\n"

static void mixed_with_entries(void **state)
{
    static const char *const names[] = {"mixed.jsonl", "log.csv"};
    (void)state;
    write_text(at("mixed.jsonl"), GROUP("p", "x/1.png", "x/2.png") ENTRY("p", "x/3.png", "x/4.png")
                                      GROUP("p", "x/5.png", "x/4.png") ENTRY("p", "x/6.png", "x/1.png"));
    write_text(at("log.csv"), "session_id,set_id,chosen_path,neg_paths,timestamp\n"
                              "s,g,p/7.png,\"[\"\"p/8.png\"\"]\",2026-01-02T03:04:05Z\n");
    selectai_trainset *set = load_with(names, 2, NULL);
    check_sizes(set, 3, 2, 0); /* having lost to something is no reason for having been chosen */
    assert_string_equal(entry_at(set, 0).chosen_path, "x/3.png");
    assert_int_equal(entry_at(set, 0).source_row, 2);
    assert_string_equal(entry_at(set, 1).chosen_path, "x/6.png");
    assert_string_equal(entry_at(set, 2).project, "p"); /* the other file's rows tell that p is a project */
    assert_string_equal(group_at(set, 1).paths[0], "x/5.png");
    assert_int_equal(group_at(set, 1).source_row, 3);
    selectai_trainset_destroy(&set);
}

static void a_group_counts_once(void **state)
{
    (void)state;
    selectai_trainset *set = load_text(GROUP("p", "x/1.png", "x/2.png")   /* 1 */
                                       GROUP("q", "x/1.png", "x/2.png")   /* another project's */
                                       GROUP("p", "/y/2.png", "1.png")    /* the same, whatever order and folders */
                                       GROUP("p", "x/1.png", "x/3.png")); /* shares an image, no more */
    check_sizes(set, 0, 3, 1);
    check_issue(set, 0, "repeated", 3, "rejected.jsonl:1");
    assert_int_equal(issue_at(set, 0).code, SELECTAI_ERR_EXISTS);
    assert_string_equal(group_at(set, 1).project, "q");
    assert_string_equal(group_at(set, 2).paths[1], "x/3.png");
    selectai_trainset_destroy(&set);
}

static void a_group_that_was_decided(void **state)
{
    static const char *const names[] = {"a.jsonl", "b.jsonl"};
    struct selectai_load_options options;
    (void)state;
    selectai_load_options_init(&options, sizeof options);
    options.strict = 1; /* nothing is wrong with such rows */
    write_text(at("a.jsonl"), GROUP("p", "x/1.png", "x/2.png") GROUP("q", "x/1.png", "x/2.png")
                                  GROUP("p", "x/1.png", "x/4.png") GROUP("p", "x/1.png", "x/4.png"));
    write_text(at("b.jsonl"), "\n" ENTRY("p", "y/2.png", "y/3.png") GROUP("p", "2.png", "9.png"));
    selectai_trainset *set = load_with(names, 2, &options);
    check_sizes(set, 1, 2, 3);
    check_issue(set, 0, "decided", 1, "b.jsonl:2"); /* though that decision stands behind it */
    assert_int_equal(issue_at(set, 0).code, SELECTAI_ERR_AMBIGUOUS);
    check_issue(set, 1, "repeated", 4, "a.jsonl:3"); /* in the order of files and rows */
    check_issue(set, 2, "decided", 3, "b.jsonl:2");
    assert_string_equal(issue_at(set, 2).path, at("b.jsonl"));
    assert_string_equal(group_at(set, 0).project, "q");
    assert_string_equal(group_at(set, 1).paths[1], "x/4.png");
    selectai_trainset_destroy(&set);
}

static void crops_decide_too(void **state)
{
    (void)state;
    selectai_trainset *set = load_text(
        "{\"project\":\"p\",\"chosen_path\":\"x/1.png\",\"neg_paths\":[],\"crop\":{\"x1\":"
        "0,\"y1\":0,\"x2\":0.5,\"y2\":0.5}}\n"
        "{\"chosen_path\":\"3.png\",\"neg_paths\":[],\"crop\":{\"x1\":0,\"y1\":0,\"x2\":"
        "0.5,\"y2\":0.5}}\n" GROUP("p", "x/1.png", "x/2.png") GROUP("p", "3.png", "4.png"));
    check_sizes(set, 2, 1, 1); /* nobody knows whose the second crop is */
    check_issue(set, 0, "decided", 3, "rejected.jsonl:1");
    selectai_trainset_destroy(&set);
}

static void projects_do_not_mix(void **state)
{
    static const char *const names[] = {"rejected.jsonl"};
    struct selectai_load_options options;
    selectai_projects *projects = NULL;
    (void)state;
    write_text(at(names[0]), GROUP("p", "p/1.png", "q/2.png") GROUP("q", "q/1.png", "q/2.png")
                                 GROUP("old p", "PROJECT_ROOT/p/3.png", "PROJECT_ROOT/p/4.png"));
    assert_int_equal(selectai_projects_create(&projects), SELECTAI_OK);
    assert_int_equal(selectai_projects_add(projects, "p", NULL, NULL), SELECTAI_OK);
    assert_int_equal(selectai_projects_add_alias(projects, "old p", "p"), SELECTAI_OK);
    selectai_load_options_init(&options, sizeof options);
    options.projects = projects;
    options.root = "/r";
    selectai_trainset *set = load_with(names, 1, &options);
    check_sizes(set, 0, 2, 1);
    check_issue(set, 0, "project-rule", 1, "q/2.png belongs to project q");
    struct selectai_rejected_group g = group_at(set, 1);
    assert_string_equal(g.project, "p");
    assert_string_equal(g.paths[0], "/r/p/3.png");
    assert_string_equal(g.paths[1], "/r/p/4.png");
    selectai_trainset_destroy(&set);
    selectai_projects_destroy(&projects);
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void written_and_read_again(void **state)
{
    static const char text[] =
        "{\"project\":\"p\",\"timestamp\":\"" T "11\",\"set_id\":\"g\",\"paths\":[\"x/" A "\",\"x/" C
        "\"],\"stages\":[1,2]}\n"
        "{\"project\":\"p\",\"timestamp\":null,\"set_id\":null,\"paths\":[\"o\\\"dd.png\"],\"stages\":[null]}\n";
    (void)state;
    selectai_trainset *set = load_text(text);
    assert_int_equal(selectai_trainset_write_rejected(set, at("out.JSONL"), 0), SELECTAI_OK);
    char *now = read_text(at("out.JSONL"));
    assert_string_equal(now, text);
    free(now);
    assert_int_equal(selectai_trainset_write_rejected(set, at("out.csv"), 0), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_trainset_write_rejected(set, "", 0), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_trainset_write_rejected(NULL, at("o.jsonl"), 0), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_trainset_write_rejected(set, at("no/o.jsonl"), 0), SELECTAI_ERR_NOT_FOUND);
    assert_false(access(at("out.csv"), F_OK) == 0);
    selectai_trainset_destroy(&set);
}

static void added_to_entries(void **state)
{
    static const char *const names[] = {"both.jsonl"};
    (void)state;
    selectai_trainset *set = load_text(ENTRY("p", "x/3.png", "x/4.png") GROUP("p", "x/1.png", "x/2.png"));
    write_text(at("both.jsonl"), "");
    assert_int_equal(selectai_trainset_write(set, at("both.jsonl"), 1), SELECTAI_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(selectai_trainset_write_rejected(set, at("both.jsonl"), 1), SELECTAI_OK);
    assert_int_equal(selectai_trainset_write_rejected(set, at("new.jsonl"), 1), SELECTAI_OK);
    selectai_trainset *both = load_with(names, 1, NULL);
    check_sizes(both, 1, 1, 1);
    check_issue(both, 0, "repeated", 3, "both.jsonl:2");
    selectai_trainset_destroy(&both);
    write_text(at("log.jsonl"), "project,chosen_path,neg_paths\n");
    assert_int_equal(selectai_trainset_write_rejected(set, at("log.jsonl"), 1), SELECTAI_ERR_MISMATCH);
    char *text = read_text(at("log.jsonl"));
    assert_string_equal(text, "project,chosen_path,neg_paths\n");
    free(text);
    selectai_trainset_destroy(&set);
}

/* ---- Merging and extracting ------------------------------------------------------------------ */

static void merging_keeps_them(void **state)
{
    struct selectai_merge_counts counts = {.struct_size = sizeof counts};
    selectai_trainset *out = NULL;
    (void)state;
    selectai_trainset *set = load_text(ENTRY("p", "x/3.png", "x/4.png") ENTRY("p", "x/4.png", "x/3.png")
                                           GROUP("p", "x/1.png", "x/2.png") GROUP("q", "x/1.png", "x/2.png"));
    check_sizes(set, 2, 2, 0);
    /* Loading leaves such groups out; a set may have them from elsewhere. */
    struct selectai_rejected_group g = group_at(set, 0);
    const char *decided[] = {"z/4.png", "z/5.png"};
    g.source_path = "";
    g.source_row = 0;
    assert_int_equal(sai_trainset_add_rejected(set, &g), SELECTAI_OK);
    g.paths = decided;
    assert_int_equal(sai_trainset_add_rejected(set, &g), SELECTAI_OK);
    assert_int_equal(selectai_trainset_merge(&out, &counts, set, NULL), SELECTAI_OK);
    selectai_trainset_destroy(&set); /* the result is on its own */
    check_sizes(out, 0, 2, 4);
    assert_int_equal(counts.rows, 2);
    assert_int_equal(counts.conflicts, 2);
    check_issue(out, 2, "repeated", 0, "extracted group of x/1.png: the same rejected group as ");
    assert_string_equal(issue_at(out, 2).path, "x/1.png");
    check_issue(out, 3, "decided", 0, "rejected.jsonl:2"); /* which contradicts another one; yet somebody chose it */
    g = group_at(out, 1);
    assert_string_equal(g.project, "q");
    assert_string_equal(g.paths[1], "x/2.png");
    assert_true(isnan(g.stages[1]));
    assert_int_equal(g.source_row, 4);
    assert_string_equal(g.source_path, at("rejected.jsonl"));
    selectai_trainset_destroy(&out);
}

static void extracted(void **state)
{
    static const char *const names[] = {"rejected.jsonl", "entries.jsonl"};
    (void)state;
    put("raw/" A, "a", 0);
    put("raw/" C, "c", 0);
    put("raw/sub/" B, "b", 0);
    put("raw/sub/" D, "d", 0);
    put("final/" C, "c", 0);
    selectai_extraction *x = extract(SELECTAI_CROP_CHECK_MTIME);
    const selectai_trainset *entries = selectai_extraction_entries(x);
    assert_int_equal(selectai_trainset_count(entries), 1);
    assert_int_equal(selectai_trainset_rejected_count(entries), 1);
    assert_int_equal(selectai_extraction_rejected_count(x), 1);
    struct selectai_rejected_group g = group_at(entries, 0);
    assert_string_equal(g.project, "p");
    assert_string_equal(g.timestamp, T "12");
    assert_int_equal(g.n_images, 2);
    assert_string_equal(g.paths[1], at("raw/sub/" D));
    assert_true(g.stages[0] == 1.5 && g.stages[1] == 3);
    assert_string_equal(g.source_path, "");
    assert_int_equal(g.source_row, 0);

    /* Both ways of writing are the same bytes, and what was written reads as it was. */
    assert_int_equal(selectai_extraction_write_rejected(x, at("rejected.jsonl")), SELECTAI_OK);
    assert_int_equal(selectai_trainset_write_rejected(entries, at("again.jsonl"), 0), SELECTAI_OK);
    char *first = read_text(at("rejected.jsonl")), *second = read_text(at("again.jsonl"));
    assert_string_equal(first, second);
    free(first);
    free(second);
    assert_int_equal(selectai_trainset_write(entries, at("entries.jsonl"), 0), SELECTAI_OK);
    selectai_trainset *set = load_with(names, 2, NULL);
    check_sizes(set, 1, 1, 0);
    struct selectai_rejected_group read = group_at(set, 0);
    assert_string_equal(read.set_id, g.set_id);
    assert_string_equal(read.timestamp, g.timestamp);
    assert_string_equal(read.paths[0], g.paths[0]);
    selectai_trainset_destroy(&set);
    /* A project that fails leaves no groups. */
    assert_int_equal(selectai_extraction_add_project(x, at("raw"), at("final"), "p"), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_extraction_rejected_count(x), 1);
    selectai_extraction_destroy(&x);
}

/* ---- Selecting ------------------------------------------------------------------------------- */

static char *entry_line(const selectai_trainset *set, size_t i)
{
    char *line = NULL;
    assert_int_equal(selectai_trainset_entry_json(&line, set, i), SELECTAI_OK);
    return line;
}

static void some_of_a_set(void **state)
{
    (void)state;
    static const uint8_t decisions[] = {0, 1, 2}, rejected[] = {0, 1};
    selectai_trainset *part = NULL,
                      *set = load_text("{\"project\":\"p\",\"chosen_path\":\"r/" A "\",\"neg_paths\":[\"r/" B "\"]}\n"
                                       "{\"project\":\"q\",\"chosen_path\":\"r/" B "\",\"neg_paths\":[\"r/" A
                                       "\",\"r/" C "\"]}\n"
                                       "{\"project\":\"p\",\"paths\":[\"r/" C
                                       "\"]}\n{\"project\":\"q\",\"paths\":[\"r/" D "\",\"r/x.png\"]}\n"
                                       "{\"project\":\"p\",\"chosen_path\":\"r/" D "\",\"neg_paths\":[\"r/" B
                                       "\"],\"was_cropped\":true}\n");
    check_sizes(set, 3, 2, 0);
    char *second = entry_line(set, 1), *third = entry_line(set, 2);
    assert_int_equal(selectai_trainset_select(&part, set, decisions, rejected), SELECTAI_OK);
    selectai_trainset_destroy(&set); /* the part stands by itself */
    check_sizes(part, 2, 1, 0);
    char *first_of_part = entry_line(part, 0), *second_of_part = entry_line(part, 1);
    assert_string_equal(first_of_part, second);
    assert_string_equal(second_of_part, third);
    struct selectai_rejected_group g = group_at(part, 0);
    assert_string_equal(g.project, "q");
    assert_int_equal(g.n_images, 2);
    assert_string_equal(g.paths[1], "r/x.png");
    assert_true(g.stages[0] == 3 && g.source_row == 4);
    selectai_free(first_of_part);
    selectai_free(second_of_part);
    selectai_free(second);
    selectai_free(third);

    selectai_trainset *none = NULL;
    assert_int_equal(selectai_trainset_select(&none, part, NULL, NULL), SELECTAI_OK);
    check_sizes(none, 0, 0, 0);
    selectai_trainset_destroy(&none);
    assert_int_equal(selectai_trainset_select(&none, NULL, NULL, NULL), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_trainset_select(NULL, part, NULL, NULL), SELECTAI_ERR_INVALID_ARGUMENT);
    selectai_trainset_destroy(&part);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_a_row_says),
        TEST(an_older_caller),
        TEST(bad_rows_become_issues),
        TEST(too_much),
        TEST(mixed_with_entries),
        TEST(a_group_counts_once),
        TEST(a_group_that_was_decided),
        TEST(crops_decide_too),
        TEST(projects_do_not_mix),
        TEST(written_and_read_again),
        TEST(added_to_entries),
        TEST(merging_keeps_them),
        TEST(extracted),
        TEST(some_of_a_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
