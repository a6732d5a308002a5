/*
 * embed/clip_names.c: finds the image tower by a name that only such towers have, whatever stands before it.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "embed/clip_names.h"

#define HF_TOWER "vision_model."

/* A name that a tower has, in both namings. */
struct anchor {
    const char *hugging_face, *openai;
};

/* Texts and other networks have no class embedding. */
static const struct anchor sure = {HF_TOWER "embeddings.class_embedding", "class_embedding"};
/* For towers that lack it, so that what is missing is told by its whole name. */
static const struct anchor likely = {HF_TOWER "embeddings.patch_embedding.weight", "conv1.weight"};

/* The length of what stands before `ending`; SIZE_MAX: the name does not end so. */
static size_t prefix_length(const char *name, const char *ending)
{
    size_t n = strlen(name), k = strlen(ending);
    bool ends = n >= k && strcmp(name + n - k, ending) == 0 && n - k < SAI_CLIP_MAX_PREFIX - sizeof HF_TOWER;
    return ends && (n == k || name[n - k - 1] == '.') ? n - k : SIZE_MAX;
}

/* Sets the names if this one is the anchor's. */
static bool take(struct sai_clip_names *out, const char *name, const struct anchor *anchor)
{
    size_t n = prefix_length(name, anchor->hugging_face);
    bool hugging_face = n != SIZE_MAX;
    if (!hugging_face)
        n = prefix_length(name, anchor->openai);
    if (n == SIZE_MAX)
        return false;
    out->hugging_face = hugging_face;
    snprintf(out->beside, sizeof out->beside, "%.*s", (int)n, name);
    snprintf(out->prefix, sizeof out->prefix, "%.*s%s", (int)n, name, hugging_face ? HF_TOWER : "");
    return true;
}

/* The outermost of those that may be one: convolutional networks call others conv1, too. */
static void guess(struct sai_clip_names *out, const struct sai_weights_file *file)
{
    struct sai_clip_names names;
    bool found = false;
    for (size_t i = 0; i < file->n_tensors; i++) {
        if (!take(&names, file->tensors[i].name, &likely))
            continue;
        if (!found || strlen(names.prefix) < strlen(out->prefix))
            *out = names;
        found = true;
    }
}

int sai_clip_names_find(struct sai_clip_names *out, const struct sai_weights_file *file, const char *path)
{
    const char *found = NULL;
    char projection[SAI_CLIP_MAX_PREFIX + sizeof SAI_CLIP_HF_PROJECTION];
    *out = (struct sai_clip_names){0};
    for (size_t i = 0; i < file->n_tensors; i++) {
        const char *name = file->tensors[i].name;
        if (!take(out, name, &sure))
            continue;
        if (found) /* the file does not say which one is meant */
            return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: it holds several image towers: %s and %s", path, found, name);
        found = name;
    }
    if (!found)
        guess(out, file);
    snprintf(projection, sizeof projection, "%s%s", out->beside, SAI_CLIP_HF_PROJECTION);
    if (out->hugging_face && !sai_weights_find(file, projection))
        out->beside[0] = '\0'; /* it may stand apart */
    return SELECTAI_OK;
}
