/*
 * review/journal_read.c: a line of the journal, taken apart and checked.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "journal_internal.h"
#include "terminal.h"

/* The members that matter; the rest is for other readers. */
struct members {
    struct span op, time, action, group, images, decision, source, agreed, seconds, of, batch, lines, check;
};

static struct span *member_of(struct members *m, struct span key)
{
    static const struct {
        const char *name;
        size_t offset;
    } known[] = {
        {"op", offsetof(struct members, op)},           {"time", offsetof(struct members, time)},
        {"action", offsetof(struct members, action)},   {"group", offsetof(struct members, group)},
        {"images", offsetof(struct members, images)},   {"decision", offsetof(struct members, decision)},
        {"source", offsetof(struct members, source)},   {"agreed", offsetof(struct members, agreed)},
        {"seconds", offsetof(struct members, seconds)}, {"of", offsetof(struct members, of)},
        {"batch", offsetof(struct members, batch)},     {"lines", offsetof(struct members, lines)},
        {"check", offsetof(struct members, check)},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (span_is(key, known[i].name))
            return (struct span *)(void *)((char *)m + known[i].offset);
    return NULL;
}

static int find_members(struct members *m, struct span text, const char **why)
{
    struct scan scan;
    struct span key, value, *member;
    *m = (struct members){0};
    if (!scan_open(&scan, text, '{'))
        scan.failed = 1;
    while (!scan.failed && scan_next(&scan, &key, &value))
        if ((member = member_of(m, key)))
            *member = value;
    *why = "is no object of JSON";
    return scan.failed ? SELECTAI_ERR_FORMAT : SELECTAI_OK;
}

/* ---- The check value ------------------------------------------------------------------------- */

/* FNV-1a of 64 bits. */
uint64_t check_of(const char *bytes, size_t n)
{
    uint64_t hash = ID_SEED;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001B3u;
    return hash;
}

/* Lines of others need none. */
static int check_fits(const struct members *m, struct span text)
{
    char expected[REVIEW_ID], found[REVIEW_ID];
    size_t before = strlen(CHECK_MEMBER) - 1; /* the value's own quote is not part of what stands before it */
    if (!m->check.at)
        return 1;
    size_t n = (size_t)(m->check.at - text.at);
    if (n < before || !span_text(found, sizeof found, m->check))
        return 0;
    id_text(expected, check_of(text.at, n - before));
    return memcmp(m->check.at - before, CHECK_MEMBER, before) == 0 && strcmp(found, expected) == 0;
}

/* ---- Decisions ------------------------------------------------------------------------------- */

/* An image's index by its id in the line's own list. */
static size_t find_in_images(const void *of, const char *id)
{
    const struct span *images = of;
    struct scan list, image;
    struct span key, value, member;
    char text[REVIEW_ID];
    size_t index = 0;
    if (!images->at || !scan_open(&list, *images, '['))
        return NO_INDEX;
    for (; scan_next(&list, &key, &value); index++) {
        if (!scan_open(&image, value, '{'))
            return NO_INDEX;
        while (scan_next(&image, &key, &member))
            if (span_is(key, "id") && span_text(text, sizeof text, member) && strcmp(text, id) == 0)
                return index;
    }
    return NO_INDEX;
}

struct place {
    const struct review_groups *groups;
    size_t group;
};

static size_t find_in_group(const void *of, const char *id)
{
    const struct place *place = of;
    const struct review_group *group = &place->groups->groups[place->group];
    size_t image = find_image(place->groups, id);
    return image != NO_INDEX && image >= group->first && image - group->first < group->n ? image - group->first
                                                                                         : NO_INDEX;
}

static int read_decision(struct decision *out, const struct journal *journal, size_t slot, const struct members *m,
                         const char **why)
{
    static _Thread_local char message[128];
    struct place place = {journal->groups, slot};
    int known = slot < journal->groups->n_groups;
    find_image_fn find = known ? find_in_group : find_in_images;
    const void *of = known ? (const void *)&place : (const void *)&m->images;
    *why = "has no decision";
    if (!m->decision.at)
        return SELECTAI_ERR_FORMAT;
    if (read_plain_decision(out, m->decision, find, of))
        return SELECTAI_OK;
    json_t *json = json_loadb(m->decision.at, m->decision.n, JSON_DECODE_ANY, NULL);
    if (!json)
        return SELECTAI_ERR_FORMAT;
    int rc = decision_of_json_named(out, json, find, of, message, sizeof message);
    json_decref(json);
    *why = message;
    return rc == SELECTAI_ERR_INVALID_ARGUMENT ? SELECTAI_ERR_FORMAT : rc;
}

static int read_standing(struct line *line, const struct journal *journal, const struct members *m, const char **why)
{
    struct standing *standing = &line->change.standing;
    char source[16] = "manual";
    *standing = (struct standing){.op = line->op, .agreed = -1, .seconds = NAN};
    (void)span_text(standing->time, sizeof standing->time, m->time);
    (void)span_text(source, sizeof source, m->source);
    if (span_is(m->agreed, "true") || span_is(m->agreed, "false"))
        standing->agreed = m->agreed.n == 4;
    (void)span_number(&standing->seconds, m->seconds);
    *why = "has another source than manual, bulk or audit";
    if (!source_of_name(&standing->source, source))
        return SELECTAI_ERR_FORMAT;
    return read_decision(&standing->decision, journal, line->change.slot, m, why);
}

/* ---- The line -------------------------------------------------------------------------------- */

static enum line_kind kind_of(struct span action)
{
    static const struct {
        const char *action;
        enum line_kind kind;
    } kinds[] = {
        {"\"approve\"", LINE_DECIDE}, {"\"pick\"", LINE_DECIDE},       {"\"reject\"", LINE_DECIDE},
        {"\"skip\"", LINE_DECIDE},    {"\"clear\"", LINE_DECIDE},      {"\"undo\"", LINE_UNDO},
        {"\"redo\"", LINE_REDO},      {"\"finalize\"", LINE_FINALIZE}, {"\"undo-finalize\"", LINE_UNDO_FINALIZE},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (span_is(action, kinds[i].action))
            return kinds[i].kind;
    return LINE_OTHER; /* a note, or of a later version */
}

static int is_id(const char *id)
{
    return strlen(id) == REVIEW_ID - 1 && strspn(id, "0123456789abcdef") == REVIEW_ID - 1;
}

static int read_numbers(struct line *line, const struct members *m, const char **why)
{
    line->batch = line->op;
    line->n_batch = 1;
    *why = "has a batch that is none";
    if (m->batch.at && (!span_count(&line->batch, m->batch) || !span_count(&line->n_batch, m->lines) ||
                        line->n_batch == 0 || line->batch > line->op || line->op - line->batch >= line->n_batch))
        return SELECTAI_ERR_FORMAT;
    *why = "does not tell which operation it takes back or does again";
    return (line->kind == LINE_UNDO || line->kind == LINE_REDO) && !span_count(&line->of, m->of) ? SELECTAI_ERR_FORMAT
                                                                                                 : SELECTAI_OK;
}

static int read_group(struct line *line, struct journal *journal, const struct members *m, const char **why)
{
    char id[REVIEW_ID] = "";
    *why = "has no id of a group";
    if (!span_text(id, sizeof id, m->group) || !is_id(id))
        return SELECTAI_ERR_FORMAT;
    line->change.slot = slot_of_id(journal, id);
    *why = "out of memory";
    if (line->change.slot == SIZE_MAX)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    return line->kind == LINE_DECIDE ? read_standing(line, journal, m, why) : SELECTAI_OK;
}

int read_line(struct line *out, struct journal *journal, struct span text, const char **why)
{
    struct members m;
    *out = (struct line){0};
    int rc = find_members(&m, text, why);
    if (rc != SELECTAI_OK)
        return rc;
    *why =
        "is not as it was written: its check value does not fit (if the change was meant, take the member check out)";
    if (!check_fits(&m, text))
        return SELECTAI_ERR_FORMAT;
    *why = "has no op and action";
    if (!span_count(&out->op, m.op) || out->op == 0 || !m.action.at)
        return SELECTAI_ERR_FORMAT;
    out->kind = kind_of(m.action);
    rc = read_numbers(out, &m, why);
    return rc == SELECTAI_OK && out->kind <= LINE_REDO ? read_group(out, journal, &m, why) : rc;
}

/* ---- The first line -------------------------------------------------------------------------- */

int read_header(struct journal *journal, struct span text)
{
    const char *path = journal->file.path;
    json_t *json = json_loadb(text.at, text.n, 0, NULL);
    const char *kind = json_string_value(json_object_get(json, "journal")),
               *project = json_string_value(json_object_get(json, "project")),
               *created = json_string_value(json_object_get(json, "created"));
    json_int_t version = json_integer_value(json_object_get(json, "version"));
    int rc = SELECTAI_OK;
    int is_ours = kind && strcmp(kind, JOURNAL_KIND) == 0;
    if (is_ours && version > JOURNAL_VERSION) { /* whatever else it holds */
        say("%s: a journal of version %lld, this program knows version %d: take a later selectai", path,
            (long long)version, JOURNAL_VERSION);
        rc = SELECTAI_ERR_UNSUPPORTED;
    } else if (!is_ours || version < 1 || !project) {
        say("%s, line 1: this is no journal of a review: move it away", path);
        rc = SELECTAI_ERR_FORMAT;
    } else if (strcmp(project, journal->project) != 0) {
        say("%s: the journal of project %s, not of %s: name that project, or take another state folder", path, project,
            journal->project);
        rc = SELECTAI_ERR_MISMATCH;
    } else if (created && strlen(created) < sizeof journal->created) {
        memcpy(journal->created, created, strlen(created) + 1);
    }
    json_decref(json);
    return rc;
}
