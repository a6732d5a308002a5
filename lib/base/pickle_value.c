/*
 * base/pickle_value.c: the values that pickles leave, within limits.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/pickle_value.h"

int sai_pickle_new(struct sai_pickle_value **out, struct sai_pickle_maker *maker, enum sai_pickle_kind kind)
{
    if (maker->n_values >= SAI_PICKLE_MAX_VALUES)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: the pickle makes more than %u values", maker->name,
                        SAI_PICKLE_MAX_VALUES);
    struct sai_pickle_value *value = sai_arena_alloc(maker->arena, sizeof *value);
    if (!value)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    maker->n_values++;
    value->kind = (uint8_t)kind;
    value->pairs = kind == SAI_PICKLE_DICT;
    *out = value;
    return SELECTAI_OK;
}

int sai_pickle_new_object(struct sai_pickle_value **out, struct sai_pickle_maker *maker, struct sai_pickle_value *by,
                          struct sai_pickle_value *arguments)
{
    int rc = sai_pickle_new(out, maker, SAI_PICKLE_OBJECT);
    if (rc != SELECTAI_OK)
        return rc;
    struct sai_pickle_made *made = sai_arena_alloc(maker->arena, sizeof *made);
    if (!made)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    maker->n_values++; /* it is as large as a value */
    *made = (struct sai_pickle_made){.maker = by, .arguments = arguments};
    (*out)->made = made;
    return SELECTAI_OK;
}

/* Room for n more items: exactly these in a new container, which may never grow; more in one that does grow. */
static int reserve(struct sai_pickle_value *value, struct sai_pickle_maker *maker, size_t n)
{
    size_t need = value->n_items + n, capacity = value->n_items ? 2 * (size_t)value->capacity : need;
    if (need <= value->capacity)
        return SELECTAI_OK;
    if (capacity < need)
        capacity = need;
    if (capacity > SAI_PICKLE_MAX_SLOTS - maker->n_slots)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: the pickle makes containers of more than %u items", maker->name,
                        SAI_PICKLE_MAX_SLOTS);
    struct sai_pickle_value **items = sai_arena_array(maker->arena, capacity, sizeof *items);
    if (!items)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    if (value->n_items > 0)
        memcpy(items, value->items, value->n_items * sizeof *items);
    maker->n_slots += capacity;
    value->items = items;
    value->capacity = (uint32_t)capacity;
    return SELECTAI_OK;
}

static bool can_be_filled(const struct sai_pickle_value *value, bool pairs)
{
    if (value->kind == SAI_PICKLE_OBJECT)
        return value->n_items == 0 || value->pairs == pairs;
    return pairs ? value->kind == SAI_PICKLE_DICT : value->kind == SAI_PICKLE_LIST;
}

int sai_pickle_add(struct sai_pickle_value *value, struct sai_pickle_maker *maker,
                   struct sai_pickle_value *const *items, size_t n, bool pairs)
{
    if (!can_be_filled(value, pairs) || (pairs && n % 2 != 0))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: the pickle fills something that is no container", maker->name);
    if (n == 0)
        return SELECTAI_OK;
    int rc = reserve(value, maker, n);
    if (rc != SELECTAI_OK)
        return rc;
    memcpy(value->items + value->n_items, items, n * sizeof *items);
    value->n_items += (uint32_t)n;
    value->pairs = pairs;
    return SELECTAI_OK;
}

int sai_pickle_new_filled(struct sai_pickle_value **out, struct sai_pickle_maker *maker, enum sai_pickle_kind kind,
                          struct sai_pickle_value *const *items, size_t n)
{
    int rc = sai_pickle_new(out, maker, kind);
    if (rc != SELECTAI_OK || n == 0)
        return rc;
    rc = reserve(*out, maker, n);
    if (rc != SELECTAI_OK)
        return rc;
    memcpy((*out)->items, items, n * sizeof *items);
    (*out)->n_items = (uint32_t)n;
    return SELECTAI_OK;
}

/* ---- Looking at them ------------------------------------------------------------------------- */

static bool same(const char *text, size_t n, const char *wanted)
{
    return n == strlen(wanted) && memcmp(text, wanted, n) == 0;
}

bool sai_pickle_is_text(const struct sai_pickle_value *value, const char *text)
{
    return value->kind == SAI_PICKLE_TEXT && same(value->text, value->length, text);
}

bool sai_pickle_is_global(const struct sai_pickle_value *value, const char *module, const char *name)
{
    return value->kind == SAI_PICKLE_GLOBAL && same(value->module, value->module_length, module) &&
           same(value->name, value->name_length, name);
}

struct sai_pickle_value *sai_pickle_get(const struct sai_pickle_value *dict, const char *key)
{
    if ((dict->kind != SAI_PICKLE_DICT && dict->kind != SAI_PICKLE_OBJECT) || !dict->pairs)
        return NULL;
    for (uint32_t i = dict->n_items; i >= 2; i -= 2)
        if (sai_pickle_is_text(dict->items[i - 2], key))
            return dict->items[i - 1];
    return NULL;
}

/*
 * A courtesy: nothing is run here, whatever a pickle says. But a file that would run something in Python has no
 * business among weights, and its owner should know. Harmless makers of values are too many to be listed.
 */
bool sai_pickle_is_command(const struct sai_pickle_value *global)
{
    static const char *const modules[] = {"os", "posix", "nt", "subprocess", "pty", "runpy", "commands", "shutil"};
    static const char *const builtins[] = {"eval", "exec", "execfile", "compile", "open", "__import__", "apply"};
    if (global->kind != SAI_PICKLE_GLOBAL)
        return false;
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++)
        if (same(global->module, global->module_length, modules[i]))
            return true;
    for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
        if (sai_pickle_is_global(global, "builtins", builtins[i]) ||
            sai_pickle_is_global(global, "__builtin__", builtins[i]))
            return true;
    return false;
}
