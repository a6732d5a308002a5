/*
 * trainset/merge.c: each decision once.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "trainset/copy.h"
#include "trainset/merge.h"
#include "trainset/rejected_sift.h"

void selectai_merge_options_init(struct selectai_merge_options *options, uint32_t struct_size)
{
    static const struct selectai_merge_options defaults = {.struct_size = sizeof defaults,
                                                           .on_conflict = SELECTAI_CONFLICT_LEAVE_OUT};
    sai_options_init(options, struct_size, &defaults, sizeof defaults);
}

static bool is_kept(const struct sai_decision *decision)
{
    return !decision->left_out && decision->twin == SAI_NO_DECISION;
}

/* ---- The result ------------------------------------------------------------------------------ */

static int write_decisions(selectai_trainset *out, const struct sai_merge *merge)
{
    struct sai_entry_writer writer = {.out = out};
    int rc = SELECTAI_OK;
    for (size_t d = 0; rc == SELECTAI_OK && d < merge->n_decisions; d++) {
        if (is_kept(&merge->decisions[d]))
            rc = sai_entry_write(&writer, &merge->decisions[d].entry);
    }
    return rc;
}

/* ---- What is told about it ------------------------------------------------------------------- */

/* Where a row stands; an extracted one stands nowhere. */
static void add_place(struct sai_text *text, const struct selectai_entry *entry)
{
    if (entry->source_path && *entry->source_path)
        sai_text_printf(text, "%s:%llu", entry->source_path, (unsigned long long)entry->source_row);
    else
        sai_text_printf(text, "extracted decision %s", entry->chosen_path);
}

static int tell(selectai_issues *issues, const struct sai_merge *merge, uint32_t row, int code, const char *kind,
                const char *what, uint32_t other, const char *outcome)
{
    const struct selectai_entry *entry = &merge->set->items[row];
    bool read = entry->source_path && *entry->source_path;
    struct sai_text text = {0};
    add_place(&text, entry);
    sai_text_puts(&text, what);
    add_place(&text, &merge->set->items[other]);
    sai_text_puts(&text, outcome);
    int rc = text.failed ? SELECTAI_ERR_OUT_OF_MEMORY
                         : sai_issues_add(issues, code, kind, read ? entry->source_path : entry->chosen_path,
                                          entry->source_row, "%s", text.data);
    sai_text_free(&text);
    return rc;
}

static int tell_of_row(selectai_issues *issues, const struct sai_merge *merge, uint32_t row)
{
    const struct sai_decision *all = merge->decisions, *decision = &all[merge->decision_of[row]];
    int rc = SELECTAI_OK;
    if (row != decision->first)
        rc = tell(issues, merge, row, SELECTAI_ERR_EXISTS, "duplicate", ": the same decision as ", decision->first, "");
    else if (decision->twin != SAI_NO_DECISION)
        rc = tell(issues, merge, row, SELECTAI_ERR_EXISTS, "duplicate", ": the crop goes into ",
                  all[decision->twin].first, "");
    else if (decision->left_out)
        rc = tell(issues, merge, row, SELECTAI_ERR_AMBIGUOUS, "conflict", ": contradicts ", all[decision->rival].first,
                  merge->on_conflict == SELECTAI_CONFLICT_LEAVE_OUT
                      ? ", both are left out: remove the wrong one, or let the first or the last one count"
                      : ", which stays: left out");
    if (rc == SELECTAI_OK && merge->differs[row] != SAI_NO_DECISION)
        rc = tell(issues, merge, row, SELECTAI_ERR_AMBIGUOUS, "crop-differs", ": has another crop than ",
                  merge->differs[row], ": see which one is right");
    return rc;
}

static struct selectai_merge_counts count(const struct sai_merge *merge)
{
    struct selectai_merge_counts counts = {.struct_size = sizeof counts, .rows = merge->set->count};
    counts.duplicates = merge->set->count - merge->n_decisions;
    for (size_t d = 0; d < merge->n_decisions; d++) {
        const struct sai_decision *decision = &merge->decisions[d];
        counts.kept += is_kept(decision);
        counts.conflicts += decision->contradicted;
        counts.duplicates += decision->twin != SAI_NO_DECISION;
        counts.completed += is_kept(decision) && decision->completed;
    }
    return counts;
}

/* ---- Merging --------------------------------------------------------------------------------- */

static int prepare(struct sai_merge *merge)
{
    size_t n = merge->set->count;
    if (n >= SAI_NO_DECISION)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "%zu decisions are too many to be merged at once, merge them in parts", n);
    merge->decision_of = sai_malloc_array(n, sizeof *merge->decision_of);
    merge->differs = sai_malloc_array(n, sizeof *merge->differs);
    if (!merge->decision_of || !merge->differs)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t row = 0; row < n; row++)
        merge->differs[row] = SAI_NO_DECISION;
    return SELECTAI_OK;
}

static int run(selectai_trainset *out, struct sai_merge *merge)
{
    int rc = prepare(merge);
    if (rc == SELECTAI_OK)
        rc = sai_merge_identify(merge);
    if (rc == SELECTAI_OK)
        rc = sai_merge_judge(merge);
    if (rc == SELECTAI_OK)
        rc = sai_merge_complete(merge);
    if (rc == SELECTAI_OK)
        rc = write_decisions(out, merge);
    for (uint32_t row = 0; rc == SELECTAI_OK && row < merge->set->count; row++)
        rc = tell_of_row(out->issues, merge, row);
    return rc == SELECTAI_OK ? sai_rejected_copy(out, merge->set) : rc;
}

static void clear(struct sai_merge *merge)
{
    sai_free(merge->decision_of);
    sai_free(merge->differs);
    sai_free(merge->decisions);
    sai_free(merge->images);
    sai_arena_clear(&merge->arena);
}

int selectai_trainset_merge(selectai_trainset **out, struct selectai_merge_counts *counts, const selectai_trainset *set,
                            const struct selectai_merge_options *options)
{
    struct selectai_merge_options o;
    selectai_trainset *result = NULL;

    SAI_REQUIRE(out && set);
    SAI_REQUIRE(!counts || counts->struct_size > 0);
    selectai_merge_options_init(&o, sizeof o);
    int rc = sai_options_copy(&o, sizeof o, options);
    if (rc != SELECTAI_OK)
        return rc;
    SAI_REQUIRE(o.on_conflict >= SELECTAI_CONFLICT_LEAVE_OUT && o.on_conflict <= SELECTAI_CONFLICT_LAST);
    struct sai_merge merge = {.set = set, .on_conflict = o.on_conflict};
    rc = sai_trainset_create(&result);
    if (rc == SELECTAI_OK)
        rc = run(result, &merge);
    if (rc == SELECTAI_OK && counts) {
        struct selectai_merge_counts all = count(&merge);
        rc = sai_struct_out(counts, &all, sizeof all);
    }
    clear(&merge);
    if (rc == SELECTAI_OK)
        *out = result;
    else
        selectai_trainset_destroy(&result);
    return rc;
}
