/*
 * trainset/winners.c: which file in RAW a file in FINAL was made from.
 *
 * By exact name first, for all finals, then by name without regard to case (a copy on such a file system), then by
 * (timestamp, stage): so a renamed copy never takes the place of the file that has the right name. Among several files
 * of that name the one in the same relative folder counts, then the one of identical content; else it is left open.
 * Among several of that timestamp and stage nothing tells: they are other pictures in other folders.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "trainset/extraction.h"

#define MAX_CANDIDATES 64u /* more files of one name are ambiguous without reading them all */

/* Tables of the files in RAW, each built when it is first needed. */
enum table { NAME, NAME_FOLDED, MOMENT, REL, REL_FOLDED, N_TABLES };
static const struct {
    enum sai_files_key by;
    bool ignore_case;
} tables[N_TABLES] = {
    [NAME] = {SAI_FILES_BY_NAME, false},     [NAME_FOLDED] = {SAI_FILES_BY_NAME, true},
    [MOMENT] = {SAI_FILES_BY_MOMENT, false}, [REL] = {SAI_FILES_BY_REL, false},
    [REL_FOLDED] = {SAI_FILES_BY_REL, true},
};

/* The ways to find a source, the surest first; each is gone for all finals before the next. */
static const struct way {
    enum table table;
    int evidence;
    uint8_t maybe; /* bit of sai_fate.maybe: this table's chain was marked */
} ways[] = {
    {NAME, SELECTAI_EVIDENCE_NAME, 1},
    {NAME_FOLDED, SELECTAI_EVIDENCE_NAME, 2},
    {MOMENT, SELECTAI_EVIDENCE_STAGE, 4},
};
#define N_WAYS (sizeof ways / sizeof *ways)

struct matching {
    struct sai_project_work *work;
    struct sai_name_index tables[N_TABLES];
    bool built[N_TABLES];
    uint8_t *found; /* one per final: what may be its source is in RAW */
};

/* The first item of that key, SAI_INDEX_END if there is none. */
static int look_up(uint32_t *item, struct matching *m, enum table which, const void *key, size_t length)
{
    struct sai_name_index *table = &m->tables[which];
    if (!m->built[which]) {
        table->ignore_case = tables[which].ignore_case;
        int rc = sai_files_index(table, &m->work->raw, tables[which].by);
        if (rc != SELECTAI_OK)
            return rc;
        m->built[which] = true;
    }
    *item = sai_name_index_find(table, key, length);
    return SELECTAI_OK;
}

/* ---- Outcomes -------------------------------------------------------------------------------- */

static int report(struct matching *m, uint32_t final, int code, const char *kind, const char *message)
{
    char *path = sai_files_path(&m->work->final, final);
    int rc = path ? sai_issues_add(m->work->issues, code, kind, path, 0, "%s", message) : SELECTAI_ERR_OUT_OF_MEMORY;
    sai_free(path);
    return rc;
}

/* Says that only the case of letters tells the two apart. */
static int note_case(struct matching *m, uint32_t final, uint32_t raw)
{
    char message[512];
    snprintf(message, sizeof message, "differs from %s in the case of letters only, and is taken as its copy",
             m->work->raw.items[raw].rel);
    m->work->counts.case_differs++;
    return report(m, final, SELECTAI_ERR_MISMATCH, "case-differs", message);
}

static int choose(struct matching *m, uint32_t final, uint32_t raw, int evidence, bool case_ignored)
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
    return case_ignored ? note_case(m, final, raw) : SELECTAI_OK;
}

/* None of these may be called a sure loser: the final may come from any of them. more: there are others. */
static int leave_open(struct matching *m, uint32_t final, const uint32_t *raws, bool more)
{
    const struct sai_files *raw = &m->work->raw;
    char message[512];
    snprintf(message, sizeof message, "may come from %s, %s%s: cannot tell which, so it is left out",
             raw->items[raws[0]].rel, raw->items[raws[1]].rel, more ? " or others" : "");
    m->work->counts.ambiguous++;
    return report(m, final, SELECTAI_ERR_MISMATCH, "ambiguous", message);
}

static int leave_chain_open(struct matching *m, uint32_t final, const struct way *way, uint32_t head)
{
    const struct sai_name_item *items = m->tables[way->table].items;
    struct sai_fate *fates = m->work->fates;

    /* The head's bit stands for the whole chain: a thousand finals of one name do not mark it a thousand times. */
    bool done = fates[items[head].value].maybe & way->maybe;
    for (uint32_t i = head; !done && i != SAI_INDEX_END; i = items[i].next)
        fates[items[i].value].maybe |= way->maybe;
    uint32_t second = items[head].next, raws[] = {items[head].value, items[second].value};
    return leave_open(m, final, raws, items[second].next != SAI_INDEX_END);
}

/* ---- Content --------------------------------------------------------------------------------- */

#define MAYBE_BY_CONTENT 8u /* bit of sai_fate.maybe: of a chain, only those with the final's content were marked */

/* Files in RAW with the final's content. */
struct same_content {
    uint32_t raws[MAX_CANDIDATES];
    unsigned count;
};

/* None of them if the chain is too long to read it all. */
static int find_by_content(struct same_content *out, struct matching *m, uint32_t final, const struct way *way,
                           uint32_t head)
{
    const struct sai_name_item *items = m->tables[way->table].items;
    unsigned seen = 0;
    char *path = sai_files_path(&m->work->final, final);
    int rc = path ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;

    out->count = 0;
    for (uint32_t i = head; rc == SELECTAI_OK && i != SAI_INDEX_END; i = items[i].next) {
        if (++seen > MAX_CANDIDATES) {
            out->count = 0;
            break;
        }
        char *candidate = sai_files_path(&m->work->raw, items[i].value);
        if (!candidate)
            rc = SELECTAI_ERR_OUT_OF_MEMORY;
        else if (sai_same_content(candidate, path))
            out->raws[out->count++] = items[i].value;
        sai_free(candidate);
    }
    sai_free(path);
    return rc;
}

static int match_by_content(struct matching *m, uint32_t final, const struct way *way, uint32_t head)
{
    struct same_content same;
    int rc = find_by_content(&same, m, final, way, head);
    if (rc != SELECTAI_OK)
        return rc;
    if (same.count == 0)
        return leave_chain_open(m, final, way, head);
    if (same.count == 1)
        return choose(m, final, same.raws[0], SELECTAI_EVIDENCE_CONTENT, way->table == NAME_FOLDED);
    for (unsigned i = 0; i < same.count; i++)
        m->work->fates[same.raws[i]].maybe |= MAYBE_BY_CONTENT;
    return leave_open(m, final, same.raws, same.count > 2);
}

/* ---- The same folder ------------------------------------------------------------------------- */

/* What lies in the final's own place below RAW. */
struct place {
    uint32_t raw; /* the only file there, or SAI_INDEX_END */
    bool case_ignored;
};

static bool same_folder(const struct sai_file *a, const struct sai_file *b)
{
    return a->base == b->base && memcmp(a->rel, b->rel, a->base) == 0;
}

/* Of the paths that differ in case only: the only one in the final's very folder, else the only one. */
static void pick_place(struct place *out, const struct matching *m, uint32_t final, const struct way *way,
                       uint32_t item)
{
    const struct sai_file *wanted = &m->work->final.items[final], *raw = m->work->raw.items;
    const struct sai_name_item *items = m->tables[REL_FOLDED].items;
    uint32_t any = SAI_INDEX_END, exact = SAI_INDEX_END;
    unsigned n_any = 0, n_exact = 0, seen = 0;
    for (; item != SAI_INDEX_END && seen < MAX_CANDIDATES; item = items[item].next, seen++) {
        const struct sai_file *file = &raw[items[item].value];
        if (way->table == NAME && strcmp(sai_file_name(file), sai_file_name(wanted)) != 0)
            continue;
        n_any++;
        any = items[item].value;
        if (same_folder(file, wanted)) {
            n_exact++;
            exact = items[item].value;
        }
    }
    if (item != SAI_INDEX_END)
        return; /* too many to tell */
    out->raw = n_exact == 1 ? exact : n_any == 1 ? any : SAI_INDEX_END;
    out->case_ignored = true;
}

static int find_place(struct place *out, struct matching *m, uint32_t final, const struct way *way)
{
    *out = (struct place){.raw = SAI_INDEX_END};
    const char *rel = m->work->final.items[final].rel;
    uint32_t item;
    int rc = look_up(&item, m, REL, rel, strlen(rel));
    if (rc == SELECTAI_OK && item != SAI_INDEX_END) {
        out->raw = m->tables[REL].items[item].value;
        return rc;
    }
    if (rc == SELECTAI_OK)
        rc = look_up(&item, m, REL_FOLDED, rel, strlen(rel));
    if (rc == SELECTAI_OK)
        pick_place(out, m, final, way, item);
    return rc;
}

/* ---- One final ------------------------------------------------------------------------------- */

static int match_among_several(struct matching *m, uint32_t final, const struct way *way, uint32_t head)
{
    struct place place;
    if (way->table == MOMENT)
        return leave_chain_open(m, final, way, head);
    int rc = find_place(&place, m, final, way);
    if (rc != SELECTAI_OK)
        return rc;
    if (place.raw != SAI_INDEX_END)
        return choose(m, final, place.raw, way->evidence, place.case_ignored);
    return match_by_content(m, final, way, head);
}

static int match(struct matching *m, uint32_t final, const struct way *way)
{
    const struct sai_file *file = &m->work->final.items[final];
    const char *name = sai_file_name(file);
    uint32_t head = SAI_INDEX_END;
    int rc = SELECTAI_OK;
    if (way->table != MOMENT)
        rc = look_up(&head, m, way->table, name, strlen(name));
    else if (!file->problem)
        rc = look_up(&head, m, MOMENT, &file->moment, sizeof file->moment);
    if (rc != SELECTAI_OK || head == SAI_INDEX_END)
        return rc;
    m->found[final] = 1;
    const struct sai_name_item *item = &m->tables[way->table].items[head];
    if (item->next == SAI_INDEX_END)
        return choose(m, final, item->value, way->evidence, way->table == NAME_FOLDED);
    return match_among_several(m, final, way, head);
}

static int report_orphan(struct matching *m, uint32_t final)
{
    m->work->counts.orphan_finals++;
    return report(m, final, SELECTAI_ERR_NOT_FOUND, "orphan-final",
                  m->work->final.items[final].problem
                      ? "has no source in RAW: no such name there, and the name tells no timestamp and stage"
                      : "has no source in RAW: no such name there, nor its timestamp and stage");
}

int sai_match_finals(struct sai_project_work *work)
{
    struct matching m = {.work = work};
    struct sai_progress *progress = &work->extraction->progress;
    uint64_t scanned = work->raw.count + work->final.count;

    m.found = sai_calloc(work->final.count, 1);
    int rc = m.found ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t w = 0; w < N_WAYS; w++) {
        for (uint32_t i = 0; rc == SELECTAI_OK && i < work->final.count; i++) {
            rc = m.found[i] ? SELECTAI_OK : match(&m, i, &ways[w]);
            if (rc == SELECTAI_OK && (i & 63) == 63)
                rc = sai_progress_report(progress, scanned, 0, "scan");
        }
    }
    for (uint32_t i = 0; rc == SELECTAI_OK && i < work->final.count; i++)
        if (!m.found[i])
            rc = report_orphan(&m, i);
    for (size_t t = 0; t < N_TABLES; t++)
        sai_name_index_free(&m.tables[t]);
    sai_free(m.found);
    return rc;
}
