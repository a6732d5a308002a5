/*
 * trainset/winners.c: which file in RAW a file in FINAL was made from.
 *
 * By exact name first, for all finals, then by (timestamp, stage): so a renamed copy never takes the place of the file
 * that has the right name.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "trainset/extraction.h"

#define MAX_CANDIDATES 64u /* more files of one name are ambiguous without reading them all */

/* Bits of sai_fate.maybe: which table's chain was marked. */
#define MAYBE_BY_NAME   1u
#define MAYBE_BY_MOMENT 2u

struct matching {
    struct sai_project_work *work;
    struct sai_name_index by_name, by_rel, by_moment; /* of RAW; by_rel and by_moment are built when first needed */
    bool has_rel, has_moment;
    uint8_t *found; /* one per final: its exact name is in RAW */
};

/* ---- Outcomes -------------------------------------------------------------------------------- */

static int report(struct matching *m, uint32_t final, int code, const char *kind, const char *message)
{
    char *path = sai_files_path(&m->work->final, final);
    int rc = path ? sai_issues_add(m->work->issues, code, kind, path, 0, "%s", message) : SELECTAI_ERR_OUT_OF_MEMORY;
    sai_free(path);
    return rc;
}

static int choose(struct matching *m, uint32_t final, uint32_t raw, int evidence)
{
    struct sai_fate *fate = &m->work->fates[raw];
    if (fate->final_plus_1 != 0) {
        char message[512];
        snprintf(message, sizeof message, "is a second copy of the chosen image %s: the first, %s, counts",
                 m->work->raw.items[raw].rel, m->work->final.items[fate->final_plus_1 - 1].rel);
        m->work->counts.duplicate_finals++;
        return report(m, final, SELECTAI_ERR_EXISTS, "duplicate-final", message);
    }
    fate->final_plus_1 = final + 1;
    fate->evidence = (uint8_t)evidence;
    return SELECTAI_OK;
}

/* All files of the chain may be the source: none of them is a sure loser. */
static int leave_open(struct matching *m, uint32_t final, const struct sai_name_index *index, uint32_t head,
                      uint8_t bit)
{
    const struct sai_files *raw = &m->work->raw;
    struct sai_fate *fates = m->work->fates;
    char message[512];

    /* The head's bit stands for the whole chain: a thousand finals of one name do not mark it a thousand times. */
    bool done = fates[index->items[head].value].maybe & bit;
    for (uint32_t i = head; !done && i != SAI_INDEX_END; i = index->items[i].next)
        fates[index->items[i].value].maybe |= bit;
    uint32_t second = index->items[head].next;
    snprintf(message, sizeof message, "may come from %s, %s%s: cannot tell which, so it is left out",
             raw->items[index->items[head].value].rel, raw->items[index->items[second].value].rel,
             index->items[second].next == SAI_INDEX_END ? "" : " or others");
    m->work->counts.ambiguous++;
    return report(m, final, SELECTAI_ERR_MISMATCH, "ambiguous", message);
}

/* ---- Content --------------------------------------------------------------------------------- */

/* The only one of the chain with the final's content, or SAI_INDEX_END. */
static int find_by_content(uint32_t *out, struct matching *m, uint32_t final, uint32_t head)
{
    unsigned seen = 0, n_same = 0;
    char *path = sai_files_path(&m->work->final, final);
    int rc = path ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;

    *out = SAI_INDEX_END;
    for (uint32_t i = head; rc == SELECTAI_OK && i != SAI_INDEX_END; i = m->by_name.items[i].next) {
        if (++seen > MAX_CANDIDATES || n_same > 1)
            break;
        char *candidate = sai_files_path(&m->work->raw, m->by_name.items[i].value);
        if (!candidate) {
            rc = SELECTAI_ERR_OUT_OF_MEMORY;
        } else if (sai_same_content(candidate, path)) {
            *out = m->by_name.items[i].value;
            n_same++;
        }
        sai_free(candidate);
    }
    sai_free(path);
    if (n_same != 1 || seen > MAX_CANDIDATES)
        *out = SAI_INDEX_END;
    return rc;
}

/* ---- One final ------------------------------------------------------------------------------- */

static int match_among_several(struct matching *m, uint32_t final, uint32_t head)
{
    int rc = SELECTAI_OK;
    if (!m->has_rel) {
        rc = sai_files_index(&m->by_rel, &m->work->raw, SAI_FILES_BY_REL);
        m->has_rel = true;
    }
    if (rc != SELECTAI_OK)
        return rc;
    const char *rel = m->work->final.items[final].rel;
    uint32_t same_place = sai_name_index_find(&m->by_rel, rel, strlen(rel)), raw;
    if (same_place != SAI_INDEX_END)
        return choose(m, final, m->by_rel.items[same_place].value, SELECTAI_EVIDENCE_NAME);
    rc = find_by_content(&raw, m, final, head);
    if (rc != SELECTAI_OK)
        return rc;
    if (raw != SAI_INDEX_END)
        return choose(m, final, raw, SELECTAI_EVIDENCE_CONTENT);
    return leave_open(m, final, &m->by_name, head, MAYBE_BY_NAME);
}

static int match_by_name(struct matching *m, uint32_t final)
{
    const char *name = sai_file_name(&m->work->final.items[final]);
    uint32_t head = sai_name_index_find(&m->by_name, name, strlen(name));
    if (head == SAI_INDEX_END)
        return SELECTAI_OK;
    m->found[final] = 1;
    if (m->by_name.items[head].next == SAI_INDEX_END)
        return choose(m, final, m->by_name.items[head].value, SELECTAI_EVIDENCE_NAME);
    return match_among_several(m, final, head);
}

static int match_by_moment(struct matching *m, uint32_t final)
{
    const struct sai_file *file = &m->work->final.items[final];
    uint32_t head = SAI_INDEX_END;
    int rc = SELECTAI_OK;
    if (!m->has_moment) {
        rc = sai_files_index(&m->by_moment, &m->work->raw, SAI_FILES_BY_MOMENT);
        m->has_moment = true;
    }
    if (rc != SELECTAI_OK)
        return rc;
    if (!file->problem)
        head = sai_name_index_find(&m->by_moment, &file->moment, sizeof file->moment);
    if (head == SAI_INDEX_END) {
        m->work->counts.orphan_finals++;
        return report(m, final, SELECTAI_ERR_NOT_FOUND, "orphan-final",
                      file->problem
                          ? "has no source in RAW: no such name there, and the name tells no timestamp and stage"
                          : "has no source in RAW: no such name there, nor its timestamp and stage");
    }
    if (m->by_moment.items[head].next == SAI_INDEX_END)
        return choose(m, final, m->by_moment.items[head].value, SELECTAI_EVIDENCE_STAGE);
    return leave_open(m, final, &m->by_moment, head, MAYBE_BY_MOMENT);
}

int sai_match_finals(struct sai_project_work *work)
{
    struct matching m = {.work = work};
    struct sai_progress *progress = &work->extraction->progress;
    uint64_t scanned = work->raw.count + work->final.count;

    m.found = sai_calloc(work->final.count, 1);
    int rc = m.found ? sai_files_index(&m.by_name, &work->raw, SAI_FILES_BY_NAME) : SELECTAI_ERR_OUT_OF_MEMORY;
    for (uint32_t i = 0; rc == SELECTAI_OK && i < work->final.count; i++) {
        rc = match_by_name(&m, i);
        if (rc == SELECTAI_OK && (i & 63) == 63)
            rc = sai_progress_report(progress, scanned, 0, "scan");
    }
    for (uint32_t i = 0; rc == SELECTAI_OK && i < work->final.count; i++)
        if (!m.found[i])
            rc = match_by_moment(&m, i);
    sai_name_index_free(&m.by_name);
    sai_name_index_free(&m.by_rel);
    sai_name_index_free(&m.by_moment);
    sai_free(m.found);
    return rc;
}
