/*
 * review/export_decisions.c: a .decision file beside each decided group: of its first image's stem, so that it travels
 * as a companion and stays one and the same file whatever is decided later.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export_internal.h"
#include "verbs.h"

#define MARK         "selectai_decision"
#define VERSION      1
#define MAX_DECISION (1u << 20)

struct output {
    uint64_t n, n_left_alone, n_gone;
    struct sidecar_batch batch;
};

static json_t *json_of_group(const struct review_groups *groups, const struct journal *journal, size_t group)
{
    const struct standing *standing = journal_standing(journal, group);
    json_t *images = images_of_slot(journal, group), *decision = json_of_standing(standing, images);
    const char *outcome = outcome_name(standing->decision.outcome);
    json_t *chosen = json_object_get(decision, "winners");
    json_t *json = json_pack(
        "{s:i, s:o, s:s, s:o, s:s?, s:o, s:I, s:o, s:s}", MARK, VERSION, "project", json_of_name(groups->project),
        "group", groups->groups[group].id, "images", images, "outcome", outcome, "chosen",
        chosen ? json_incref(chosen) : json_array(), "op", (json_int_t)standing->op, "time",
        *standing->time ? json_string(standing->time) : json_null(), "source", source_name(standing->source));
    json_decref(decision);
    return json;
}

/* Ours is a JSON object with the mark, of this group or another of its first image (groups change as files come). */
static int is_ours(const char *bytes, size_t n)
{
    json_t *json = json_loadb(bytes, n, 0, NULL);
    int ours = json_is_integer(json_object_get(json, MARK));
    json_decref(json);
    return ours;
}

static void leave_alone(struct output *output, const char *path, const char *name)
{
    say("%s: %s beside it was not written by selectai and is left as it is", path, name);
    output->n_left_alone++;
}

static int put_file(struct output *output, int folder, const char *path, const char *name, const char *text,
                    int decided)
{
    char *old;
    size_t n, n_text = strlen(text);
    enum sidecar_state state = read_sidecar(folder, name, &old, &n, MAX_DECISION);
    int ours = state == SIDECAR_READ && is_ours(old, n), code = EXIT_DONE;
    if (state != SIDECAR_NONE && !ours) {
        if (decided)
            leave_alone(output, path, name);
        free(old);
        return EXIT_DONE;
    }
    int write = ours ? n != n_text || memcmp(old, text, n) != 0 : decided;
    free(old);
    if (write)
        code = write_sidecar(&output->batch, folder, name, text, n_text, !ours);
    if (code != EXIT_DONE)
        return code;
    output->n += (uint64_t)decided;
    return EXIT_DONE;
}

/* Of an undecided group only a file of ours that says otherwise is written anew. */
static int put_group(struct output *output, const struct review_groups *groups, const struct journal *journal,
                     size_t group)
{
    enum outcome outcome = journal_standing(journal, group)->decision.outcome;
    const char *path = groups->images[groups->groups[group].first].rel_path, *base = strrchr(path, '/');
    char name[NAME_MAX + 16];
    base = base ? base + 1 : path;
    const char *dot = strrchr(base, '.');
    int stem = dot && dot > base ? (int)(dot - base) : (int)strlen(base), code = EXIT_FAILED;
    if (stem > NAME_MAX - 10) {
        leave_alone(output, path, "a name that is too long");
        return EXIT_DONE;
    }
    snprintf(name, sizeof name, "%.*s.decision", stem, base);
    json_t *json = json_of_group(groups, journal, group);
    char *text = json ? json_dumps(json, JSON_INDENT(1) | JSON_STYLE) : NULL;
    int folder = open_image_folder(groups->root, path);
    if (!text)
        say("out of memory");
    else if (folder < 0)
        say("%s: its folder cannot be opened: %s", path, strerror(errno));
    else
        code = put_file(output, folder, path, name, text, outcome == PICK || outcome == REJECT);
    if (folder >= 0)
        close(folder);
    free(text);
    json_decref(json);
    return code;
}

int export_decision_files(const struct review_groups *groups, const struct journal *journal, uint64_t *n)
{
    struct output output = {.n = 0};
    int code = EXIT_DONE;
    for (size_t group = 0; code == EXIT_DONE && group < groups->n_groups; group++)
        code = put_group(&output, groups, journal, group);
    if (flush_sidecars(&output.batch) != EXIT_DONE)
        code = EXIT_FAILED;
    for (size_t slot = groups->n_groups; slot < journal->n_slots; slot++)
        output.n_gone += journal_standing(journal, slot)->decision.outcome != UNDECIDED;
    if (output.n_gone > 0)
        say("%llu groups were moved away: no .decision files for them", (unsigned long long)output.n_gone);
    if (output.n_left_alone > 0)
        say("%llu .decision files were left as they are", (unsigned long long)output.n_left_alone);
    *n = output.n;
    return code;
}
