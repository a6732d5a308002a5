/*
 * trainset/log_read_lists.c: the forms whose rows have a list of losers: training entries, selections, anomaly cases.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "project/name.h"
#include "trainset/log_row.h"

/* ---- Training entries ------------------------------------------------------------------------ */

static int read_stages(double *stages, const json_t *list, size_t n)
{
    size_t n_stages = json_array_size(list);
    if (n_stages != 0 && n_stages != n)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "neg_stages is no list as long as neg_paths");
    for (size_t i = 0; i < n_stages; i++) {
        const json_t *stage = json_array_get(list, i);
        if (!json_is_number(stage) && !json_is_null(stage))
            return SAI_FAIL(SELECTAI_ERR_FORMAT, "neg_stages has an element that is no number");
        if (json_is_number(stage))
            stages[i] = json_number_value(stage);
    }
    return SELECTAI_OK;
}

static int read_neg_stages(struct sai_log_row *row)
{
    struct selectai_entry *e = &row->entry;
    const char *text = sai_log_text(row, SAI_COLUMN_NEG_STAGES);
    json_t *list = NULL;
    if (!*text)
        return SELECTAI_OK;
    double *stages = sai_arena_array(row->arena, e->n_negatives, sizeof *stages);
    if (!stages)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    memcpy(stages, e->neg_stages, e->n_negatives * sizeof *stages);
    int rc = sai_list_parse(&list, text, "neg_stages");
    if (rc == SELECTAI_OK)
        rc = read_stages(stages, list, e->n_negatives);
    if (rc != SELECTAI_OK)
        row->loader->kind = "bad-list";
    json_decref(list);
    e->neg_stages = stages;
    return rc;
}

static int read_truth(int32_t *out, const char *text)
{
    static const char *const words[] = {"false", "true", "False", "True", "FALSE", "TRUE", "0", "1"};
    if (!*text || strcmp(text, "None") == 0)
        return SELECTAI_OK;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(text, words[i]) == 0) {
            *out = i % 2;
            return SELECTAI_OK;
        }
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "was_cropped is neither true nor false");
}

int sai_log_read_entry(struct sai_log_row *row)
{
    struct selectai_entry *e = &row->entry;
    const char *stage = sai_log_text(row, SAI_COLUMN_CHOSEN_STAGE);
    int rc = sai_log_read_text(&e->project, row, SAI_COLUMN_PROJECT, true);
    if (rc == SELECTAI_OK)
        rc = sai_log_read_text(&e->timestamp, row, SAI_COLUMN_TIMESTAMP, false);
    if (rc == SELECTAI_OK)
        rc = sai_log_read_text(&e->chosen_path, row, SAI_COLUMN_CHOSEN_PATH, true);
    if (rc == SELECTAI_OK)
        rc = sai_log_read_losers(row, SAI_COLUMN_NEG_PATHS);
    if (rc == SELECTAI_OK)
        rc = read_neg_stages(row);
    if (rc == SELECTAI_OK && strcmp(stage, "None") != 0)
        rc = sai_log_read_number(&e->chosen_stage, stage, "chosen_stage");
    return rc == SELECTAI_OK ? read_truth(&e->was_cropped, sai_log_text(row, SAI_COLUMN_WAS_CROPPED)) : rc;
}

/* ---- Selections and anomaly cases ------------------------------------------------------------ */

/* A stage column counts only where the name tells none. */
static bool name_has_stage(const char *path)
{
    struct selectai_parsed_name name;
    return sai_parse_name(&name, path) == NULL;
}

int sai_log_read_selection(struct sai_log_row *row)
{
    struct selectai_entry *e = &row->entry;
    int rc = sai_log_read_head(row);
    if (rc == SELECTAI_OK)
        rc = sai_log_read_text(&e->chosen_path, row, SAI_COLUMN_CHOSEN_PATH, true);
    if (rc == SELECTAI_OK)
        rc = sai_log_read_losers(row, SAI_COLUMN_NEG_PATHS);
    if (rc == SELECTAI_OK)
        rc = sai_log_read_time(row);
    if (rc == SELECTAI_OK && !name_has_stage(e->chosen_path))
        e->chosen_stage = sai_log_stage(sai_log_text(row, SAI_COLUMN_CHOSEN_STAGE));
    return rc;
}

/* What the columns say about stages that the names do not tell; the highest loser is known only if it is the only one.
 */
static int read_case_stages(struct sai_log_row *row)
{
    struct selectai_entry *e = &row->entry;
    double chosen = sai_log_stage(sai_log_text(row, SAI_COLUMN_CHOSEN_STAGE));
    double highest = sai_log_stage(sai_log_text(row, SAI_COLUMN_MAX_REJECTED_STAGE));
    if (!name_has_stage(e->chosen_path))
        e->chosen_stage = chosen;
    if (e->n_negatives == 1 && !name_has_stage(e->neg_paths[0])) {
        double *stage = sai_arena_array(row->arena, 1, sizeof *stage);
        if (!stage)
            return SELECTAI_ERR_OUT_OF_MEMORY;
        *stage = highest;
        e->neg_stages = stage;
    }
    if (chosen < highest) /* the names' stages, if they are all known, overrule it */
        e->anomaly = 1;
    return SELECTAI_OK;
}

int sai_log_read_anomaly(struct sai_log_row *row)
{
    int rc = sai_log_read_head(row);
    if (rc == SELECTAI_OK)
        rc = sai_log_read_text(&row->entry.chosen_path, row, SAI_COLUMN_CHOSEN_PATH, true);
    if (rc == SELECTAI_OK)
        rc = sai_log_read_losers(row, SAI_COLUMN_REJECTED_PATHS);
    if (rc == SELECTAI_OK)
        rc = read_case_stages(row);
    return rc == SELECTAI_OK ? sai_log_read_time(row) : rc;
}
