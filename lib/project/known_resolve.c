/*
 * project/known_resolve.c: whose a path is. The rules stand in selectai/projects.h.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/text.h"
#include "project/known.h"

/* Behind a project's name in the names of its folders. Longer ones come after those they end in. */
static const char *const suffixes[] = {"_raw", "_final", "_raw_incoming", "_raw_final"};
#define N_SUFFIXES (sizeof suffixes / sizeof suffixes[0])

/* Folders that hold projects. */
static const char *const markers[] = {"training data", "sandbox", "content", "archives"};
#define N_MARKERS (sizeof markers / sizeof markers[0])

/* Holds the name of a project that is not in the list until the next call. */
static _Thread_local char conventional_name[SAI_KNOWN_NAME_BYTES + 1];

static bool same_folded(const char *text, const char *word, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (sai_known_lower(text[i]) != word[i])
            return false;
    return true;
}

static bool has_suffix(const char *name, size_t n, const char *suffix)
{
    size_t k = strlen(suffix);
    return n > k && same_folded(name + n - k, suffix, k);
}

static bool is_marker(const char *name, size_t n)
{
    for (size_t i = 0; i < N_MARKERS; i++)
        if (strlen(markers[i]) == n && same_folded(name, markers[i], n))
            return true;
    return false;
}

/* ---- 1: folders ------------------------------------------------------------------------------ */

/* The one project that owns a folder; AMBIGUOUS if several do. */
static int owner_of(const selectai_projects *projects, const struct sai_folder_match *match, uint32_t *project)
{
    uint32_t found = SAI_KNOWN_NONE;
    for (int chain = 0; chain < 2; chain++) {
        for (uint32_t i = match->item[chain]; i != SAI_INDEX_END; i = match->index[chain]->items[i].next) {
            uint32_t folder = match->index[chain]->items[i].value;
            uint32_t owner = sai_known_follow(projects, projects->folders[folder].project);
            if (found != SAI_KNOWN_NONE && found != owner)
                return SELECTAI_ERR_AMBIGUOUS;
            found = owner;
        }
    }
    *project = found;
    return found == SAI_KNOWN_NONE ? SELECTAI_ERR_NOT_FOUND : SELECTAI_OK;
}

/* ---- 2: names of known projects -------------------------------------------------------------- */

static int find_named(const selectai_projects *projects, const char *name, size_t n, uint32_t *project)
{
    int rc = sai_known_find(projects, name, n, project);
    for (size_t i = 0; rc == SELECTAI_ERR_NOT_FOUND && i < N_SUFFIXES; i++)
        if (has_suffix(name, n, suffixes[i]))
            rc = sai_known_find(projects, name, n - strlen(suffixes[i]), project);
    return rc;
}

static int by_name(const selectai_projects *projects, const struct sai_path_parts *path, uint32_t *project)
{
    uint32_t found = SAI_KNOWN_NONE, named;
    for (size_t i = 0; i < path->folders; i++) {
        int rc = find_named(projects, path->text + path->starts[i], path->ends[i] - path->starts[i], &named);
        if (rc == SELECTAI_ERR_NOT_FOUND)
            continue;
        if (rc != SELECTAI_OK || (found != SAI_KNOWN_NONE && found != named))
            return SELECTAI_ERR_AMBIGUOUS;
        found = named;
    }
    *project = found;
    return found == SAI_KNOWN_NONE ? SELECTAI_ERR_NOT_FOUND : SELECTAI_OK;
}

/* ---- 3: conventions -------------------------------------------------------------------------- */

struct word {
    const char *text;
    size_t n;
};

/* Takes a folder for a project's; n = 0 if it cannot be one. */
static struct word project_word(const struct sai_path_parts *path, size_t folder)
{
    struct word word = {path->text + path->starts[folder], path->ends[folder] - path->starts[folder]};
    const struct word none = {NULL, 0};
    if (is_marker(word.text, word.n) || sai_known_is_working(word.text, word.n))
        return none;
    for (size_t i = N_SUFFIXES; i > 0; i--) {
        if (!has_suffix(word.text, word.n, suffixes[i - 1]))
            continue;
        word.n -= strlen(suffixes[i - 1]);
        break;
    }
    if (word.n > SAI_KNOWN_NAME_BYTES || sai_known_is_working(word.text, word.n) || !sai_utf8_valid(word.text, word.n))
        return none;
    for (size_t i = 0; i < word.n; i++)
        if ((unsigned char)word.text[i] < 0x20 || word.text[i] == 0x7f)
            return none;
    return word;
}

static int by_convention(const struct sai_path_parts *path)
{
    struct word found = {NULL, 0};
    for (size_t i = 0; i + 1 < path->folders; i++) {
        if (!is_marker(path->text + path->starts[i], path->ends[i] - path->starts[i]))
            continue;
        struct word word = project_word(path, i + 1);
        if (word.n == 0)
            continue;
        if (found.n && (found.n != word.n || memcmp(found.text, word.text, word.n) != 0))
            return SELECTAI_ERR_AMBIGUOUS;
        found = word;
    }
    if (found.n == 0 && !path->absolute && path->folders > 0)
        found = project_word(path, 0);
    if (found.n == 0)
        return SELECTAI_ERR_NOT_FOUND;
    memcpy(conventional_name, found.text, found.n);
    conventional_name[found.n] = '\0';
    return SELECTAI_OK;
}

/* ---- 4: time --------------------------------------------------------------------------------- */

struct by_time {
    uint32_t found;
    bool several, undated;
};

static void weigh(struct by_time *state, const selectai_projects *projects, uint32_t project, int64_t when)
{
    const struct selectai_known_project *seen = &projects->items[project].seen;
    if (!seen->has_manifest)
        return;
    state->undated |= seen->started == INT64_MIN && seen->finished == INT64_MAX;
    if (!sai_projects_in_time(seen, when))
        return;
    uint32_t meant = sai_known_follow(projects, project);
    state->several |= state->found != SAI_KNOWN_NONE && state->found != meant;
    state->found = meant;
}

/*
 * Among all projects a manifest without dates is passed over. Among those that share a folder it could be meant as
 * well as the one whose time fits.
 */
static int by_time(const selectai_projects *projects, const struct sai_folder_match *shared, int64_t when,
                   uint32_t *project)
{
    struct by_time state = {.found = SAI_KNOWN_NONE};
    for (int chain = 0; shared && chain < 2; chain++)
        for (uint32_t i = shared->item[chain]; i != SAI_INDEX_END; i = shared->index[chain]->items[i].next)
            weigh(&state, projects, projects->folders[shared->index[chain]->items[i].value].project, when);
    for (uint32_t i = 0; !shared && i < projects->count; i++)
        weigh(&state, projects, i, when);
    if (state.several || (shared && state.undated))
        return SELECTAI_ERR_AMBIGUOUS;
    *project = state.found;
    return state.found == SAI_KNOWN_NONE ? SELECTAI_ERR_NOT_FOUND : SELECTAI_OK;
}

/* ---- All of them ----------------------------------------------------------------------------- */

static int tell(const char **name, const selectai_projects *projects, uint32_t project)
{
    *name = projects->items[project].seen.name;
    return SELECTAI_OK;
}

static int last_resort(const char **name, const selectai_projects *projects, const char *path,
                       const struct sai_folder_match *shared, int64_t when)
{
    uint32_t project;
    if (when == INT64_MIN && shared)
        return SAI_FAIL(SELECTAI_ERR_AMBIGUOUS,
                        "%s: several projects share its folder, and its time is not known: name the project", path);
    if (when == INT64_MIN)
        return SAI_FAIL(SELECTAI_ERR_NOT_FOUND, "%s: no folder in it tells a project: name the project", path);
    int rc = by_time(projects, shared, when, &project);
    if (rc == SELECTAI_OK)
        return tell(name, projects, project);
    if (rc == SELECTAI_ERR_AMBIGUOUS)
        return SAI_FAIL(rc, "%s: the times of several projects fit, and no folder in it tells which: name the project",
                        path);
    return SAI_FAIL(rc, "%s: %s, and its time lies in that of none: name the project", path,
                    shared ? "several projects share its folder" : "no folder in it tells a project");
}

int selectai_projects_resolve(const char **name, const selectai_projects *projects, const char *path, int64_t when)
{
    SAI_REQUIRE(name != NULL && projects != NULL && path != NULL);
    struct sai_path_parts parts;
    struct sai_folder_match strong, weak;
    uint32_t project;

    if (!sai_known_split(&parts, path))
        return SAI_FAIL(SELECTAI_ERR_NOT_FOUND, "%.80s...: path longer than %u bytes or deeper than %u folders", path,
                        SAI_KNOWN_PATH_BYTES - 1, SAI_KNOWN_PATH_FOLDERS);
    sai_known_match_folder(&strong, &weak, projects, &parts);
    if (owner_of(projects, &strong, &project) == SELECTAI_OK)
        return tell(name, projects, project);
    int rc = by_name(projects, &parts, &project);
    if (rc == SELECTAI_OK)
        return tell(name, projects, project);
    if (rc == SELECTAI_ERR_AMBIGUOUS)
        return SAI_FAIL(rc, "%s: its folders are called as several projects are: name the project", path);
    if (strong.index[0]) /* a known folder of several projects is no new project, whatever it is called */
        return last_resort(name, projects, path, &strong, when);
    rc = by_convention(&parts);
    if (rc == SELECTAI_ERR_AMBIGUOUS)
        return SAI_FAIL(rc, "%s: two of its folders could be a project's: name the project", path);
    if (rc == SELECTAI_OK) {
        *name = conventional_name;
        return SELECTAI_OK;
    }
    if (owner_of(projects, &weak, &project) == SELECTAI_OK)
        return tell(name, projects, project);
    return last_resort(name, projects, path, weak.index[0] ? &weak : NULL, when);
}
