/*
 * project/known_folders.c: paths taken apart, and the folders of projects.
 *
 * A path in an old log often has no absolute base: "crop/x.png", "PROJECT_ROOT/mojo1/x.png", or one of a machine that
 * is gone. So absolute is compared with absolute from the root, relative with relative from their beginnings; a
 * relative folder may begin anywhere in an absolute path, and a relative path within an absolute folder.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "project/known.h"

#define ROOT_WORD "PROJECT_ROOT" /* stands in old logs for the folder that held everything */

static bool is_word(const char *text, size_t n, const char *word)
{
    return strlen(word) == n && memcmp(text, word, n) == 0;
}

/* Appends one component, or applies it. false if there is no room. */
static bool take_component(struct sai_path_parts *out, const char *name, size_t n)
{
    if (is_word(name, n, ROOT_WORD)) {
        out->count = 0;
        out->absolute = false;
        return true;
    }
    if (is_word(name, n, "..")) {
        out->count -= out->count > 0;
        return true;
    }
    if (out->count == SAI_KNOWN_PATH_FOLDERS)
        return false;
    size_t at = out->count ? out->ends[out->count - 1] : 0;
    if (out->count || out->absolute)
        out->text[at++] = '/';
    memcpy(out->text + at, name, n);
    out->starts[out->count] = (uint32_t)at;
    out->ends[out->count++] = (uint32_t)(at + n);
    return true;
}

bool sai_known_split(struct sai_path_parts *out, const char *path)
{
    size_t length = strnlen(path, SAI_KNOWN_PATH_BYTES);
    const char *end = path + length;
    bool last_is_folder = true;
    out->count = out->folders = 0;
    out->absolute = path[0] == '/';
    if (length >= SAI_KNOWN_PATH_BYTES)
        return false;
    for (const char *at = path; at < end;) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        size_t n = (size_t)((slash ? slash : end) - at);
        bool real = n > 0 && !is_word(at, n, ".");
        if (real && !take_component(out, at, n))
            return false;
        last_is_folder = slash != NULL || !real || is_word(at, n, "..") || is_word(at, n, ROOT_WORD);
        at += n + (slash != NULL);
    }
    out->folders = out->count - (out->count > 0 && !last_is_folder);
    return true;
}

/*
 * Folders in which the person works on whatever project is at hand, so that their names are no project's. '#' stands
 * for digits; underscores before the name and the case of letters make no difference.
 */
static const char *const working_names[] = {
    "crop", "crop_auto", "cropped", "selected", "final", "raw", "faces", "delete_staging", "character_group_#",
};

static bool matches(const char *text, size_t n, const char *pattern)
{
    size_t i = 0;
    for (; *pattern; pattern++) {
        if (*pattern == '#') {
            size_t first = i;
            while (i < n && text[i] >= '0' && text[i] <= '9')
                i++;
            if (i == first)
                return false;
        } else if (i == n || sai_known_lower(text[i++]) != *pattern) {
            return false;
        }
    }
    return i == n;
}

bool sai_known_is_working(const char *name, size_t n)
{
    for (; n > 0 && *name == '_'; n--)
        name++;
    for (size_t i = 0; i < sizeof working_names / sizeof working_names[0]; i++)
        if (matches(name, n, working_names[i]))
            return true;
    return false;
}

int sai_known_check_folder(const char *folder, const char *where, const char *what)
{
    struct sai_path_parts parts;
    if (sai_known_split(&parts, folder))
        return SELECTAI_OK;
    return SAI_FAIL(SELECTAI_ERR_LIMIT, "%s: \"%s\" is longer than %u bytes or deeper than %u folders", where, what,
                    SAI_KNOWN_PATH_BYTES - 1, SAI_KNOWN_PATH_FOLDERS);
}

/* How many components at the end of it are called as working folders are. */
static size_t working_tail(const struct sai_path_parts *parts)
{
    size_t n = 0;
    for (size_t i = parts->count; i > 0; i--, n++)
        if (!sai_known_is_working(parts->text + parts->starts[i - 1], parts->ends[i - 1] - parts->starts[i - 1]))
            break;
    return n;
}

static int index_absolute(selectai_projects *projects, const struct sai_path_parts *parts, const char *text, size_t n,
                          uint32_t folder)
{
    int rc = sai_name_index_add(&projects->absolute, text, n, folder);
    size_t shortest = working_tail(parts) + 1;
    for (size_t k = shortest; rc == SELECTAI_OK && k <= parts->count; k++) {
        size_t start = parts->starts[parts->count - k];
        rc = sai_name_index_add(&projects->tails, text + start, n - start, folder);
    }
    return rc;
}

static int index_relative(selectai_projects *projects, const struct sai_path_parts *parts, const char *text, size_t n,
                          uint32_t folder)
{
    if (projects->longest_relative < parts->count)
        projects->longest_relative = parts->count;
    int rc = sai_name_index_add(&projects->relative, text, n, folder);
    if (rc == SELECTAI_OK && sai_name_index_find(&projects->heads, text, parts->ends[0]) == SAI_INDEX_END)
        rc = sai_name_index_add(&projects->heads, text, parts->ends[0], folder);
    return rc;
}

/* Whether the project named this folder before. */
static bool is_there(const selectai_projects *projects, const struct sai_path_parts *parts, size_t n, uint32_t project)
{
    const struct sai_name_index *index = parts->absolute ? &projects->absolute : &projects->relative;
    uint32_t item = sai_name_index_find(index, parts->text, n);
    while (item != SAI_INDEX_END && projects->folders[index->items[item].value].project != project)
        item = index->items[item].next;
    return item != SAI_INDEX_END;
}

int sai_known_add_folder(selectai_projects *projects, uint32_t project, const char *path)
{
    struct sai_path_parts parts;
    if (!sai_known_split(&parts, path) || parts.count == 0)
        return SELECTAI_OK; /* callers check the length; a folder around everything tells nothing */
    size_t n = parts.ends[parts.count - 1];
    if (is_there(projects, &parts, n, project))
        return SELECTAI_OK;
    const char *text = sai_arena_strndup(&projects->arena, parts.text, n);
    if (!text || !SAI_GROW(projects->folders, projects->folders_capacity, projects->n_folders + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    uint32_t folder = (uint32_t)projects->n_folders;
    projects->folders[projects->n_folders++] = (struct sai_known_folder){
        .text = text, .project = project, .weak = !parts.absolute && working_tail(&parts) == parts.count};
    return parts.absolute ? index_absolute(projects, &parts, text, n, folder)
                          : index_relative(projects, &parts, text, n, folder);
}

static bool look_up(struct sai_folder_match *out, int chain, const struct sai_name_index *index, const char *key,
                    size_t n)
{
    uint32_t item = index->count ? sai_name_index_find(index, key, n) : SAI_INDEX_END;
    if (item == SAI_INDEX_END)
        return false;
    out->index[chain] = index;
    out->item[chain] = item;
    return true;
}

/* Keeps a match as strong (true: done) or as the first weak one. */
static bool keep(struct sai_folder_match *strong, struct sai_folder_match *weak, const selectai_projects *projects,
                 const struct sai_folder_match *found)
{
    if (!projects->folders[found->index[0]->items[found->item[0]].value].weak) {
        *strong = *found;
        return true;
    }
    if (!weak->index[0])
        *weak = *found;
    return false;
}

static const struct sai_folder_match nothing = {.item = {SAI_INDEX_END, SAI_INDEX_END}};

static void match_relative(struct sai_folder_match *strong, struct sai_folder_match *weak,
                           const selectai_projects *projects, const struct sai_path_parts *path)
{
    for (size_t end = path->folders; end > 0; end--) {
        struct sai_folder_match found = nothing;
        size_t n = path->ends[end - 1];
        bool first = look_up(&found, 0, &projects->relative, path->text, n);
        bool second = look_up(&found, first ? 1 : 0, &projects->tails, path->text, n);
        if ((first || second) && keep(strong, weak, projects, &found))
            return;
    }
}

static void match_absolute(struct sai_folder_match *strong, struct sai_folder_match *weak,
                           const selectai_projects *projects, const struct sai_path_parts *path)
{
    bool is_head[SAI_KNOWN_PATH_FOLDERS];
    for (size_t i = 0; i < path->folders; i++)
        is_head[i] = projects->heads.count && sai_name_index_find(&projects->heads, path->text + path->starts[i],
                                                                  path->ends[i] - path->starts[i]) != SAI_INDEX_END;
    for (size_t end = path->folders; end > 0; end--) {
        struct sai_folder_match found = nothing;
        if (look_up(&found, 0, &projects->absolute, path->text, path->ends[end - 1])) {
            *strong = found;
            return;
        }
        size_t first = end > projects->longest_relative ? end - projects->longest_relative : 0;
        for (size_t i = first; i < end; i++)
            if (is_head[i] &&
                look_up(&found, 0, &projects->relative, path->text + path->starts[i],
                        path->ends[end - 1] - path->starts[i]) &&
                keep(strong, weak, projects, &found))
                return;
    }
}

void sai_known_match_folder(struct sai_folder_match *strong, struct sai_folder_match *weak,
                            const selectai_projects *projects, const struct sai_path_parts *path)
{
    *strong = *weak = nothing;
    if (path->absolute)
        match_absolute(strong, weak, projects, path);
    else
        match_relative(strong, weak, projects, path);
}
