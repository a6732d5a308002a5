/*
 * learn/model_form.c: in what old models differ from ours, as words in the metadata.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "learn/model.h"

#define MAX_WORDS 3

static const struct choice {
    const char *key;
    const char *kind; /* of models that have it; NULL: all */
    const char *words[MAX_WORDS];
} choices[] = {
    {"hidden", NULL, {"relu", "none"}},
    {"vectors", NULL, {"as-encoded", "unit-length", "unknown"}},
    {"size_input", SAI_KIND_CROPPER, {"log2", "by-2048"}},
    {"box_output", SAI_KIND_CROPPER, {"scale-and-place", "corners", "scale-place-chances"}},
};
#define N_CHOICES (sizeof choices / sizeof choices[0])

static int32_t *place_of(struct sai_model *m, size_t choice)
{
    int32_t *const places[N_CHOICES] = {m->mlp ? &m->mlp->hidden : &m->form.hidden, &m->form.vectors, &m->form.size,
                                        &m->form.box};
    return places[choice];
}

static int32_t value_of(const struct sai_model *m, size_t choice)
{
    const int32_t values[N_CHOICES] = {m->mlp ? m->mlp->hidden : m->form.hidden, m->form.vectors, m->form.size,
                                       m->form.box};
    return values[choice];
}

static bool applies(const struct choice *c, const struct sai_model *m)
{
    return !c->kind || strcmp(c->kind, m->kind) == 0;
}

bool sai_form_owns(const char *key)
{
    for (size_t i = 0; i < N_CHOICES; i++)
        if (strcmp(choices[i].key, key) == 0)
            return true;
    return false;
}

int sai_form_read(struct sai_model *m, const json_t *metadata, const char *path)
{
    for (size_t i = 0; i < N_CHOICES; i++) {
        const struct choice *c = &choices[i];
        const json_t *text = json_object_get(metadata, c->key);
        const char *word = !text ? c->words[0] : json_is_string(text) ? json_string_value(text) : "";
        int32_t found = -1;
        for (int32_t k = 0; k < MAX_WORDS && c->words[k]; k++)
            if (strcmp(word, c->words[k]) == 0)
                found = k;
        if (found < 0 || !applies(c, m))
            found = found == 0 ? 0 : -1; /* what a model of this kind does not have may only say the usual */
        if (found < 0)
            return SAI_FAIL(SELECTAI_ERR_FORMAT,
                            "%s: damaged model, or of a newer library: \"%s\" is \"%.32s\", which a %s of this "
                            "library does not know; copy it again, or use a newer library",
                            path, c->key, word, m->kind);
        *place_of(m, i) = found;
    }
    return SELECTAI_OK;
}

bool sai_form_write(json_t *metadata, const struct sai_model *m)
{
    bool ok = true;
    for (size_t i = 0; i < N_CHOICES; i++)
        if (applies(&choices[i], m))
            ok = ok &&
                 json_object_set_new(metadata, choices[i].key, json_string(choices[i].words[value_of(m, i)])) == 0;
    return ok;
}
