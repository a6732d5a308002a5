/*
 * trainset/row_lists.c: texts and lists of images in the JSON of a row.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "trainset/load.h"

#define MAX_IMAGES 4096u /* a group has 2 to 4 files; this only keeps the search for repeated ones short */

const json_t *sai_row_member(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_null(value) ? NULL : value;
}

int sai_row_text(const char **out, struct sai_loader *loader, const json_t *object, const char *key, bool needed)
{
    const json_t *value = sai_row_member(object, key);
    if (value && !json_is_string(value))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s is no text", key);
    const char *text = value ? json_string_value(value) : "";
    if (needed && !*text)
        return SAI_BAD_ROW(loader, "missing-field", "%s is missing or empty", key);
    if (!*text)
        return SELECTAI_OK; /* stays "" */
    *out = sai_arena_strdup(&loader->set->arena, text);
    return *out ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

int sai_row_images_make(struct sai_row_images *out, struct sai_arena *arena, size_t n, const char *what)
{
    if (n > MAX_IMAGES)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%zu %s, at most %u are taken", n, what, MAX_IMAGES);
    out->paths = sai_arena_array(arena, n, sizeof *out->paths);
    out->stages = sai_arena_array(arena, n, sizeof *out->stages);
    if (!out->paths || !out->stages)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n; i++)
        out->stages[i] = NAN;
    out->n = (uint32_t)n;
    return SELECTAI_OK;
}

static int read_paths(struct sai_row_images *out, struct sai_loader *loader, const json_t *list, const char *key)
{
    for (size_t i = 0; i < out->n; i++) {
        const char *path = json_string_value(json_array_get(list, i));
        if (!path || !*path)
            return SAI_BAD_ROW(loader, "bad-list", "%s has an element that is no path", key);
        out->paths[i] = sai_arena_strdup(&loader->set->arena, path);
        if (!out->paths[i])
            return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    return SELECTAI_OK;
}

/* An empty list tells no stage, as an absent one does not. */
static int read_stages(struct sai_row_images *out, struct sai_loader *loader, const json_t *list,
                       const struct sai_row_keys *keys)
{
    size_t n = json_array_size(list);
    if (list && (!json_is_array(list) || (n != 0 && n != out->n)))
        return SAI_BAD_ROW(loader, "bad-list", "%s is no list as long as %s", keys->stages, keys->paths);
    for (size_t i = 0; i < n; i++) {
        const json_t *stage = json_array_get(list, i);
        if (!json_is_number(stage) && !json_is_null(stage))
            return SAI_BAD_ROW(loader, "bad-list", "%s has an element that is no number", keys->stages);
        if (json_is_number(stage))
            out->stages[i] = json_number_value(stage);
    }
    return SELECTAI_OK;
}

int sai_row_images(struct sai_row_images *out, struct sai_loader *loader, const json_t *object,
                   const struct sai_row_keys *keys)
{
    const json_t *list = sai_row_member(object, keys->paths);
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n == 0)
        return SAI_BAD_ROW(loader, list ? "bad-list" : "missing-field", "%s is missing or no list of at least one path",
                           keys->paths);
    int rc = sai_row_images_make(out, &loader->set->arena, n, keys->what);
    if (rc == SELECTAI_OK)
        rc = read_paths(out, loader, list, keys->paths);
    return rc == SELECTAI_OK ? read_stages(out, loader, sai_row_member(object, keys->stages), keys) : rc;
}
