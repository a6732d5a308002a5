/*
 * validate/present.c: whether images that files name are on this machine.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/text.h"
#include "project/name_index.h"
#include "project/scan.h"
#include "validate/validate.h"

struct sai_present {
    const char *images_root, *root; /* borrowed from the options; may be NULL */
    struct sai_name_index names;    /* of the files below images_root */
    struct sai_name_index folders;  /* 1: it is there, 0: it is not */
    struct sai_arena arena;
    struct sai_text path;
};

static int learn_names(struct sai_present *present)
{
    selectai_scanner *scanner = NULL;
    struct selectai_file file;
    int rc = sai_scan_open(&scanner, present->images_root, 0);
    while (rc == SELECTAI_OK && (rc = sai_scan_next(scanner, &file)) == SELECTAI_OK) {
        const char *name = sai_arena_strdup(&present->arena, sai_path_basename(file.rel_path));
        rc = name ? sai_name_index_add(&present->names, name, strlen(name), 0) : SELECTAI_ERR_OUT_OF_MEMORY;
    }
    selectai_scanner_close(&scanner);
    return rc == SELECTAI_DONE ? SELECTAI_OK : rc;
}

int sai_present_create(struct sai_present **out, const char *images_root, const char *root)
{
    struct sai_present *present = sai_calloc(1, sizeof *present);
    if (!present)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    present->images_root = images_root;
    present->root = root;
    int rc = images_root ? learn_names(present) : SELECTAI_OK;
    if (rc != SELECTAI_OK)
        goto fail;
    *out = present;
    return SELECTAI_OK;
fail:
    sai_present_destroy(&present);
    return rc;
}

void sai_present_destroy(struct sai_present **present)
{
    if (!*present)
        return;
    sai_name_index_free(&(*present)->names);
    sai_name_index_free(&(*present)->folders);
    sai_arena_clear(&(*present)->arena);
    sai_text_free(&(*present)->path);
    sai_free(*present);
    *present = NULL;
}

/* Most images of a log lie in few folders: whether those are there is asked once. Memory that runs out costs time only.
 */
static bool folder_is_there(struct sai_present *present, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 0;
    if (n == 0)
        return true; /* the working directory, or the root */
    uint32_t item = sai_name_index_find(&present->folders, path, n);
    if (item != SAI_INDEX_END)
        return present->folders.items[item].value != 0;
    const char *folder = sai_arena_strndup(&present->arena, path, n);
    bool there = !folder || access(folder, F_OK) == 0;
    if (folder)
        (void)sai_name_index_add(&present->folders, folder, n, there);
    return there;
}

/* Whether before + '/' + path is there. */
static bool exists(struct sai_present *present, const char *before, const char *path)
{
    sai_text_clear(&present->path);
    sai_text_puts(&present->path, before);
    if (*before && before[strlen(before) - 1] != '/')
        sai_text_puts(&present->path, "/");
    sai_text_puts(&present->path, path);
    return !present->path.failed && folder_is_there(present, present->path.data) &&
           access(present->path.data, F_OK) == 0;
}

bool sai_present_find(struct sai_present *present, const char *folder, const char *path)
{
    size_t n = strlen(SAI_ROOT_MARK);
    const char *name = sai_path_basename(path);
    if (present->images_root && sai_name_index_find(&present->names, name, strlen(name)) != SAI_INDEX_END)
        return true;
    if (exists(present, "", path) || (*folder && *path != '/' && exists(present, folder, path)))
        return true;
    return present->root && strncmp(path, SAI_ROOT_MARK, n) == 0 && path[n] == '/' &&
           exists(present, present->root, path + n + 1);
}

int sai_check_presence(struct sai_validator *v, size_t result, struct sai_presence *presence, const char *folder,
                       const char *path, uint64_t row)
{
    const struct sai_place place = {.row = row, .severity = -1};
    presence->looked_for++;
    if (sai_present_find(v->present, folder, path)) {
        presence->found++;
        return SELECTAI_OK;
    }
    return sai_result_add(v->result, result, "missing-image", &place, "%s is not there", path);
}

int sai_check_presence_end(struct sai_validator *v, size_t result, const struct sai_presence *presence)
{
    if (presence->looked_for == 0 || presence->found > 0)
        return SELECTAI_OK;
    sai_result_remove(v->result, result, "missing-image");
    return sai_result_note(v->result, result, "images-not-here", presence->looked_for,
                           "none of the %llu images it names is here", (unsigned long long)presence->looked_for);
}
