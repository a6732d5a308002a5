/*
 * trainset/report.c: what an extraction found, as JSON.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "base/iso_time.h"
#include "trainset/extraction.h"

#define AT(name) offsetof(struct sai_extract_counts, name)

/* In the order in which they are written; rates come behind the counts they belong to. */
static const struct count {
    const char *name;
    size_t offset;
} counts[] = {
    {"raw_images", AT(raw_images)},
    {"final_images", AT(final_images)},
    {"unparsed", AT(unparsed)},
    {"groups", AT(groups)},
    {"single_stage", AT(single_stage)},
    {"passed_over", AT(passed_over)},
    {"groups_with_winner", AT(groups_with_winner)},
    {"groups_rejected", AT(groups_rejected)},
    {"groups_undecided", AT(groups_undecided)},
    {"groups_without_loser", AT(groups_without_loser)},
    {"multi_winner_groups", AT(multi_winner_groups)},
    {"entries", AT(entries)},
    {"anomalies", AT(anomalies)},
    {"cropped", AT(cropped)},
    {"crop_boxes", AT(crop_boxes)},
    {"orphan_finals", AT(orphan_finals)},
    {"duplicate_finals", AT(duplicate_finals)},
    {"ambiguous", AT(ambiguous)},
    {"case_differs", AT(case_differs)}, /* the first of those behind the evidence */
    {"files_of_other_projects", AT(files_of_other_projects)},
    {"files_unattributed", AT(files_unattributed)},
    {"companions", AT(companions)}, /* the last: only with an image database */
};
#define N_COUNTS (sizeof counts / sizeof *counts)

static uint64_t count_at(const struct sai_extract_counts *c, size_t offset)
{
    uint64_t value;
    memcpy(&value, (const char *)c + offset, sizeof value);
    return value;
}

/* A rate of nothing is not known: null. */
static void rate(struct sai_text *text, const char *name, uint64_t part, uint64_t whole)
{
    sai_text_printf(text, ",\"%s\":", name);
    sai_text_json_number(text, whole ? (double)part / (double)whole : NAN);
}

static void count_json(struct sai_text *text, const struct count *count, const struct sai_extract_counts *c)
{
    sai_text_printf(text, "\"%s\":%llu", count->name, (unsigned long long)count_at(c, count->offset));
}

static void crops_json(struct sai_text *text, const struct sai_extract_counts *c)
{
    sai_text_puts(text, ",\"crops_by_evidence\":{");
    for (int32_t k = SELECTAI_CROP_EVIDENCE_MTIME; k <= SELECTAI_CROP_EVIDENCE_PIXELS; k++)
        sai_text_printf(text, "%s\"%s\":%llu", k > SELECTAI_CROP_EVIDENCE_MTIME ? "," : "",
                        sai_word_of(sai_words_crop_evidence, k), (unsigned long long)c->crops_by_evidence[k]);
    sai_text_puts(text, "},\"crops_by_method\":{");
    for (int32_t k = SELECTAI_CROP_IDENTICAL; k <= SELECTAI_CROP_RESAMPLED; k++)
        sai_text_printf(text, "\"%s\":%llu,", sai_word_of(sai_words_crop_method, k),
                        (unsigned long long)c->crops_by_method[k]);
    sai_text_printf(text, "\"none\":%llu}", (unsigned long long)c->crops_by_method[SELECTAI_CROP_NONE]);
    sai_text_printf(text, ",\"mtime_rule\":{\"right\":%llu,\"wrong_cropped\":%llu,\"wrong_whole\":%llu}",
                    (unsigned long long)c->time_right, (unsigned long long)c->time_wrong_cropped,
                    (unsigned long long)c->time_wrong_whole);
}

static void counts_json(struct sai_text *text, const struct sai_extract_counts *c, bool with_companions)
{
    size_t i = 0;
    for (; counts[i].offset != AT(case_differs); i++) {
        if (i > 0)
            sai_text_puts(text, ",");
        count_json(text, &counts[i], c);
        if (counts[i].offset == AT(anomalies))
            rate(text, "anomaly_rate", c->anomalies, c->entries);
        if (counts[i].offset == AT(cropped))
            rate(text, "crop_rate", c->cropped, c->entries);
    }
    crops_json(text, c);
    for (; i < N_COUNTS; i++) {
        if (counts[i].offset == AT(companions) && !with_companions)
            continue;
        sai_text_puts(text, ",");
        count_json(text, &counts[i], c);
    }
}

/* ---- Manifests ------------------------------------------------------------------------------- */

static void time_json(struct sai_text *text, int64_t seconds)
{
    char when[SAI_ISO_TIME_BYTES];
    bool known = seconds != INT64_MIN && seconds != INT64_MAX && sai_time_format_iso(when, seconds);
    if (known)
        sai_text_printf(text, "\"%s\"", when);
    else
        sai_text_puts(text, "null");
}

static void known_json(struct sai_text *text, const char *name, bool known, uint64_t value)
{
    sai_text_printf(text, ",\"%s\":", name);
    if (known)
        sai_text_printf(text, "%llu", (unsigned long long)value);
    else
        sai_text_puts(text, "null");
}

static void manifest_json(struct sai_text *text, const struct sai_manifest *manifest)
{
    bool starts = manifest->started != INT64_MIN, ends = manifest->finished != INT64_MAX;
    sai_text_puts(text, ",\"manifest\":{\"path\":");
    sai_text_json_string(text, manifest->path);
    known_json(text, "initial_images", manifest->initial_images >= 0, (uint64_t)manifest->initial_images);
    known_json(text, "final_images", manifest->final_images >= 0, (uint64_t)manifest->final_images);
    sai_text_puts(text, ",\"started\":");
    time_json(text, manifest->started);
    sai_text_puts(text, ",\"finished\":");
    time_json(text, manifest->finished);
    known_json(text, "finals_before", starts, manifest->finals_before);
    known_json(text, "finals_after", ends, manifest->finals_after);
    sai_text_puts(text, "}");
}

/* ---- The report ------------------------------------------------------------------------------ */

static void issue_json(struct sai_text *text, const struct selectai_issue *issue)
{
    sai_text_puts(text, "{\"kind\":");
    sai_text_json_string(text, issue->kind);
    sai_text_puts(text, ",\"path\":");
    sai_text_json_string(text, issue->path);
    sai_text_puts(text, ",\"message\":");
    sai_text_json_string(text, issue->message);
    sai_text_puts(text, "}");
}

static int project_json(struct sai_text *text, const struct sai_extracted_project *project,
                        const selectai_issues *issues, bool with_companions)
{
    sai_text_puts(text, "{\"project\":");
    sai_text_json_string(text, project->name);
    sai_text_puts(text, ",");
    counts_json(text, &project->counts, with_companions);
    if (project->manifest.present)
        manifest_json(text, &project->manifest);
    sai_text_puts(text, ",\"issues\":[");
    for (size_t i = project->issues_begin; i < project->issues_end; i++) {
        struct selectai_issue issue = {.struct_size = sizeof issue};
        int rc = selectai_issues_get(issues, i, &issue);
        if (rc != SELECTAI_OK)
            return rc;
        if (i > project->issues_begin)
            sai_text_puts(text, ",");
        issue_json(text, &issue);
    }
    sai_text_puts(text, "]}");
    return SELECTAI_OK;
}

static void add_counts(struct sai_extract_counts *total, const struct sai_extract_counts *c)
{
    for (size_t i = 0; i < N_COUNTS; i++) {
        uint64_t sum = count_at(total, counts[i].offset) + count_at(c, counts[i].offset);
        memcpy((char *)total + counts[i].offset, &sum, sizeof sum);
    }
    for (size_t i = 0; i < sizeof c->crops_by_evidence / sizeof *c->crops_by_evidence; i++)
        total->crops_by_evidence[i] += c->crops_by_evidence[i];
    for (size_t i = 0; i < sizeof c->crops_by_method / sizeof *c->crops_by_method; i++)
        total->crops_by_method[i] += c->crops_by_method[i];
    total->time_right += c->time_right;
    total->time_wrong_cropped += c->time_wrong_cropped;
    total->time_wrong_whole += c->time_wrong_whole;
}

int selectai_extraction_report_json(char **out, const selectai_extraction *extraction)
{
    struct sai_text text = {0};
    struct sai_extract_counts total = {0};
    int rc = SELECTAI_OK;

    SAI_REQUIRE(out && extraction);
    sai_text_puts(&text, "{\"projects\":[");
    for (size_t i = 0; rc == SELECTAI_OK && i < extraction->n_projects; i++) {
        if (i > 0)
            sai_text_puts(&text, ",");
        add_counts(&total, &extraction->projects[i].counts);
        rc = project_json(&text, &extraction->projects[i], extraction->issues, extraction->wants_images);
    }
    sai_text_puts(&text, "],\"total\":{");
    sai_text_printf(&text, "\"projects\":%zu,\"issues\":%zu,", extraction->n_projects,
                    selectai_issues_count(extraction->issues));
    counts_json(&text, &total, extraction->wants_images);
    sai_text_puts(&text, "}}\n");
    if (rc == SELECTAI_OK)
        return sai_text_finish(&text, out);
    sai_text_free(&text);
    return rc;
}
