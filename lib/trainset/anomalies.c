/*
 * trainset/anomalies.c: how often a lower stage was chosen.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trainset/entry.h"

enum judgement { NORMAL, ANOMALY, NOT_KNOWN };

/* A selection. */
struct selection {
    const char *project;
    enum judgement judgement;
    double chosen, rejected; /* of an anomaly; NaN = unknown */
};

struct stage_pair {
    double chosen, rejected;
    uint64_t count;
};

struct summary {
    uint64_t selections, anomalies, unparseable;
};

static enum judgement judge(const struct selectai_entry *entry)
{
    int32_t anomaly = sai_entry_anomaly(entry);
    if (anomaly == 1 || (anomaly == SELECTAI_UNKNOWN && entry->anomaly == 1))
        return ANOMALY; /* a log of anomalies knows what file names may not tell */
    return anomaly == 0 ? NORMAL : NOT_KNOWN;
}

static struct selection selection_of(const struct selectai_entry *entry)
{
    return (struct selection){entry->project ? entry->project : "", judge(entry), entry->chosen_stage,
                              sai_entry_highest_loser(entry)};
}

/* Ascending, NaN last. */
static int compare_stages(double a, double b)
{
    if (isnan(a) || isnan(b))
        return (isnan(a) != 0) - (isnan(b) != 0);
    return (a > b) - (a < b);
}

static int compare_pair(double chosen_a, double rejected_a, double chosen_b, double rejected_b)
{
    int order = compare_stages(chosen_a, chosen_b);
    return order ? order : compare_stages(rejected_a, rejected_b);
}

/* Anomalies first, by stages. */
static int by_stages(const void *left, const void *right)
{
    const struct selection *a = left, *b = right;
    if ((a->judgement == ANOMALY) != (b->judgement == ANOMALY))
        return a->judgement == ANOMALY ? -1 : 1;
    return compare_pair(a->chosen, a->rejected, b->chosen, b->rejected);
}

static int by_project(const void *left, const void *right)
{
    const struct selection *a = left, *b = right;
    int order = strcmp(a->project, b->project);
    return order ? order : by_stages(left, right);
}

static int by_count(const void *left, const void *right)
{
    const struct stage_pair *a = left, *b = right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return compare_pair(a->chosen, a->rejected, b->chosen, b->rejected);
}

/* Of n selections in the order of by_stages(); *out is sorted by count. */
static int count_pairs(struct stage_pair **out, size_t *n_out, const struct selection *list, size_t n)
{
    size_t n_pairs = 0, capacity = 0;
    *out = NULL;
    for (size_t i = 0; i < n && list[i].judgement == ANOMALY; i++) {
        const struct stage_pair *last = n_pairs ? &(*out)[n_pairs - 1] : NULL;
        if (!last || compare_pair(last->chosen, last->rejected, list[i].chosen, list[i].rejected) != 0) {
            if (!SAI_GROW(*out, capacity, n_pairs + 1))
                return SELECTAI_ERR_OUT_OF_MEMORY;
            (*out)[n_pairs++] = (struct stage_pair){list[i].chosen, list[i].rejected, 0};
        }
        (*out)[n_pairs - 1].count++;
    }
    if (n_pairs > 1)
        qsort(*out, n_pairs, sizeof **out, by_count);
    *n_out = n_pairs;
    return SELECTAI_OK;
}

static struct summary sum_up(const struct selection *list, size_t n)
{
    struct summary sum = {.selections = n};
    for (size_t i = 0; i < n; i++) {
        sum.anomalies += list[i].judgement == ANOMALY;
        sum.unparseable += list[i].judgement == NOT_KNOWN;
    }
    return sum;
}

/* Appends the members of one object, without its braces. */
static int members(struct sai_text *json, const struct selection *list, size_t n)
{
    struct stage_pair *pairs;
    size_t n_pairs = 0;
    struct summary sum = sum_up(list, n);
    uint64_t known = sum.selections - sum.unparseable;
    int rc = count_pairs(&pairs, &n_pairs, list, n);
    sai_text_printf(json, "\"selections\":%" PRIu64 ",\"anomalies\":%" PRIu64 ",\"rate\":", sum.selections,
                    sum.anomalies);
    sai_text_json_number(json, known ? (double)sum.anomalies / (double)known : (double)NAN);
    sai_text_puts(json, ",\"stage_pairs\":[");
    for (size_t i = 0; i < n_pairs; i++) {
        sai_text_puts(json, i ? ",{\"chosen\":" : "{\"chosen\":");
        sai_text_json_number(json, pairs[i].chosen);
        sai_text_puts(json, ",\"rejected\":");
        sai_text_json_number(json, pairs[i].rejected);
        sai_text_printf(json, ",\"count\":%" PRIu64 "}", pairs[i].count);
    }
    sai_text_printf(json, "],\"unparseable\":%" PRIu64, sum.unparseable);
    sai_free(pairs);
    return rc;
}

/* Sorts the list. */
static int summarise(struct sai_text *json, struct selection *list, size_t n)
{
    int rc = SELECTAI_OK;
    if (n > 1)
        qsort(list, n, sizeof *list, by_project);
    sai_text_puts(json, "{\"projects\":[");
    for (size_t begin = 0, end; rc == SELECTAI_OK && begin < n; begin = end) {
        for (end = begin + 1; end < n && strcmp(list[end].project, list[begin].project) == 0;)
            end++;
        sai_text_puts(json, begin ? ",{\"project\":" : "{\"project\":");
        sai_text_json_string(json, list[begin].project);
        sai_text_puts(json, ",");
        rc = members(json, list + begin, end - begin);
        sai_text_puts(json, "}");
    }
    if (n > 1)
        qsort(list, n, sizeof *list, by_stages);
    sai_text_puts(json, "],\"total\":{");
    if (rc == SELECTAI_OK)
        rc = members(json, list, n);
    sai_text_puts(json, "}}");
    return rc;
}

int selectai_trainset_anomaly_json(char **out, const selectai_trainset *set)
{
    struct sai_text json = {0};
    size_t n = 0;

    SAI_REQUIRE(out && set);
    struct selection *list = sai_malloc_array(set->count, sizeof *list);
    if (!list)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < set->count; i++)
        if (set->items[i].n_negatives > 0) /* a crop alone chooses nothing */
            list[n++] = selection_of(&set->items[i]);
    int rc = summarise(&json, list, n);
    sai_free(list);
    if (rc == SELECTAI_OK)
        return sai_text_finish(&json, out);
    sai_text_free(&json);
    return rc;
}
