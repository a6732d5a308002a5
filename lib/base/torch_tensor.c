/*
 * base/torch_tensor.c: tensors as torch._utils' functions would rebuild them: a view of a storage by offset, sizes and
 * strides.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "base/torch_tensor.h"

#define MAX_WRAPPERS  8u
#define MAX_KEY       128u
#define MAX_FULL_NAME 1200u

/* What a tensor is made of, after its wrappers were taken off. */
struct recipe {
    struct sai_torch_storages *storages;
    const char *name;
    struct sai_pickle_value **arguments; /* storage, offset, sizes, strides, ... */
    uint32_t n_arguments;
    bool has_dtype; /* argument 6 */
};

struct storage {
    const uint8_t *data;
    uint64_t n; /* elements */
    size_t element;
    const char *dtype;
};

static int bad(const struct recipe *r, const char *what)
{
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: tensor %s: %s", r->storages->path, r->name, what);
}

/* ---- Recipes --------------------------------------------------------------------------------- */

static const struct sai_pickle_value *item(const struct sai_pickle_value *tuple, uint32_t i)
{
    return tuple->kind == SAI_PICKLE_TUPLE && i < tuple->n_items ? tuple->items[i] : NULL;
}

/* _rebuild_tensor(storage, offset, sizes, strides), _v2(..., requires_grad, hooks), _v3(..., hooks, dtype). */
static bool read_call(struct recipe *r, const struct sai_pickle_value *maker, const struct sai_pickle_value *arguments)
{
    static const char *const names[] = {"_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3"};
    bool found = false;
    for (size_t i = 0; i < 3; i++)
        if (sai_pickle_is_global(maker, "torch._utils", names[i])) {
            found = true;
            r->has_dtype = i == 2;
        }
    if (!found || !item(arguments, r->has_dtype ? 6 : 3))
        return false;
    r->arguments = arguments->items;
    r->n_arguments = arguments->n_items;
    return true;
}

/* Parameters hold a tensor; tensors with attributes of their own hold the call that makes one. */
static bool find_recipe(struct recipe *r, const struct sai_pickle_value *value)
{
    const struct sai_pickle_value *maker, *arguments;
    for (unsigned i = 0; value && value->kind == SAI_PICKLE_OBJECT && i < MAX_WRAPPERS; i++) {
        maker = value->made->maker;
        arguments = value->made->arguments;
        if (sai_pickle_is_global(maker, "torch._tensor", "_rebuild_from_type_v2") && item(arguments, 2)) {
            maker = arguments->items[0];
            arguments = arguments->items[2];
        }
        if (read_call(r, maker, arguments))
            return true;
        if (!sai_pickle_is_global(maker, "torch._utils", "_rebuild_parameter") &&
            !sai_pickle_is_global(maker, "torch._utils", "_rebuild_parameter_with_state"))
            return false;
        value = item(arguments, 0);
    }
    return false;
}

/* ---- Storages -------------------------------------------------------------------------------- */

static const struct {
    const char *torch, *dtype;
} storage_classes[] = {{"FloatStorage", "F32"},  {"HalfStorage", "F16"},   {"BFloat16Storage", "BF16"},
                       {"DoubleStorage", "F64"}, {"LongStorage", "I64"},   {"IntStorage", "I32"},
                       {"ShortStorage", "I16"},  {"CharStorage", "I8"},    {"ByteStorage", "U8"},
                       {"BoolStorage", "BOOL"},  {"UntypedStorage", "U8"}, {"_UntypedStorage", "U8"}},
  dtypes[] = {{"float32", "F32"}, {"float16", "F16"}, {"bfloat16", "BF16"}, {"float64", "F64"}, {"int64", "I64"},
              {"int32", "I32"},   {"int16", "I16"},   {"int8", "I8"},       {"uint8", "U8"},    {"bool", "BOOL"},
              {"uint16", "U16"},  {"uint32", "U32"},  {"uint64", "U64"}};

static bool has_name(const struct sai_pickle_value *global, const char *name)
{
    return global->kind == SAI_PICKLE_GLOBAL && global->name_length == strlen(name) &&
           memcmp(global->name, name, global->name_length) == 0;
}

/* NULL: numbers of a kind that no weights are made of. */
static const char *dtype_of(const struct recipe *r, const struct sai_pickle_value *storage_class)
{
    if (r->has_dtype) {
        for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
            if (sai_pickle_is_global(r->arguments[6], "torch", dtypes[i].torch))
                return dtypes[i].dtype;
        return NULL;
    }
    for (size_t i = 0; i < sizeof storage_classes / sizeof *storage_classes; i++)
        if (has_name(storage_class, storage_classes[i].torch))
            return storage_classes[i].dtype;
    return NULL;
}

/* The elements that a storage says it has must be there. Of one without a type, they are bytes. */
static int check_size(const struct recipe *r, struct storage *storage, int64_t said, size_t said_element,
                      uint64_t n_bytes)
{
    uint64_t bytes;
    if (said < 0 || __builtin_mul_overflow((uint64_t)said, (uint64_t)said_element, &bytes) || bytes > n_bytes)
        return bad(r, "its storage is smaller than it says: the file is cut off or damaged");
    storage->n = bytes / storage->element;
    return SELECTAI_OK;
}

/* ("storage", class, key, location, elements). Whatever the location is, the numbers are in the archive. */
static int read_storage(struct storage *out, const struct recipe *r)
{
    const struct sai_pickle_value *outside = r->arguments[0];
    const struct sai_pickle_value *id = outside->kind == SAI_PICKLE_PERSISTENT ? outside->items[0] : outside;
    const struct sai_pickle_value *key = item(id, 2), *count = item(id, 4);
    char name[MAX_FULL_NAME];
    if (outside->kind != SAI_PICKLE_PERSISTENT || !count || !sai_pickle_is_text(id->items[0], "storage") ||
        key->kind != SAI_PICKLE_TEXT || key->length > MAX_KEY || count->kind != SAI_PICKLE_INTEGER)
        return bad(r, "its storage is described in an unknown way");
    out->dtype = dtype_of(r, id->items[1]);
    if (!out->dtype)
        return SELECTAI_DONE;
    out->element = sai_dtype_size(out->dtype);
    snprintf(name, sizeof name, "%s%.*s", r->storages->folder, (int)key->length, key->text);
    const struct sai_zip_entry *entry = sai_zip_find(r->storages->zip, name);
    if (!entry)
        return bad(r, "its storage is missing in the archive");
    if (entry->method != 0)
        return bad(r, "its storage is compressed, which PyTorch never does: load and save the file with PyTorch");
    out->data = entry->data;
    bool untyped = has_name(id->items[1], "UntypedStorage") || has_name(id->items[1], "_UntypedStorage");
    return check_size(r, out, count->integer, untyped ? 1 : out->element, entry->size);
}

/* ---- Views ----------------------------------------------------------------------------------- */

/* Tuples of counts: shape and strides. */
static int read_counts(uint64_t out[SAI_TENSOR_MAX_RANK], uint32_t *n, const struct recipe *r,
                       const struct sai_pickle_value *counts, const char *what)
{
    if ((counts->kind != SAI_PICKLE_TUPLE && counts->kind != SAI_PICKLE_LIST) || counts->n_items > SAI_TENSOR_MAX_RANK)
        return bad(r, what);
    *n = counts->n_items;
    for (uint32_t i = 0; i < *n; i++) {
        if (counts->items[i]->kind != SAI_PICKLE_INTEGER || counts->items[i]->integer < 0)
            return bad(r, what);
        out[i] = (uint64_t)counts->items[i]->integer;
    }
    return SELECTAI_OK;
}

/* Sets n and n_bytes; every element of the view must lie in the storage. */
static int check_view(struct sai_tensor *t, const struct recipe *r, const struct storage *storage, uint64_t offset,
                      const uint64_t *strides)
{
    uint64_t last = offset, step, n = 1;
    for (uint32_t i = 0; i < t->rank; i++)
        if (t->shape[i] == 0)
            n = 0;
    for (uint32_t i = 0; i < t->rank && n > 0; i++) {
        if (__builtin_mul_overflow(n, t->shape[i], &n))
            return bad(r, "its shape is too large");
        if (__builtin_mul_overflow(t->shape[i] - 1, strides[i], &step) || __builtin_add_overflow(last, step, &last))
            return bad(r, "it reaches beyond its storage");
    }
    if (n > 0 ? last >= storage->n : offset > storage->n)
        return bad(r, "it reaches beyond its storage");
    if (n > SIZE_MAX || !sai_mul_size(&t->n_bytes, (size_t)n, storage->element))
        return bad(r, "its shape is too large");
    t->n = n;
    return SELECTAI_OK;
}

static bool in_order(const struct sai_tensor *t, const uint64_t *strides)
{
    uint64_t expected = 1;
    for (uint32_t i = t->rank; i-- > 0 && t->n > 0;) {
        if (t->shape[i] != 1 && strides[i] != expected)
            return false;
        expected *= t->shape[i];
    }
    return true;
}

/* Copies the view's elements into C order. Views that repeat elements could be of any size: their sum is limited. */
static int put_in_order(struct sai_tensor *t, const struct recipe *r, const struct storage *storage,
                        const uint8_t *first, const uint64_t *strides)
{
    struct sai_torch_storages *s = r->storages;
    uint64_t index[SAI_TENSOR_MAX_RANK] = {0}, at = 0;
    if (t->n_bytes > s->copy_limit - s->copied)
        return bad(r, "it and others repeat their storages' numbers too often");
    uint8_t *copy = sai_arena_alloc(s->arena, t->n_bytes);
    if (!copy)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    s->copied += t->n_bytes;
    for (uint64_t i = 0; i < t->n; i++) {
        memcpy(copy + i * storage->element, first + at * storage->element, storage->element);
        for (uint32_t k = t->rank; k-- > 0;) {
            at += strides[k];
            if (++index[k] < t->shape[k])
                break;
            at -= strides[k] * t->shape[k];
            index[k] = 0;
        }
    }
    t->data = copy;
    return SELECTAI_OK;
}

int sai_torch_tensor(struct sai_tensor *out, struct sai_torch_storages *storages, const struct sai_pickle_value *value,
                     const char *name)
{
    struct recipe r = {.storages = storages, .name = name};
    struct storage storage = {0};
    uint64_t strides[SAI_TENSOR_MAX_RANK] = {0};
    uint32_t n_strides = 0;
    if (!find_recipe(&r, value))
        return SELECTAI_DONE;
    *out = (struct sai_tensor){.name = name};
    int rc = read_storage(&storage, &r);
    if (rc == SELECTAI_OK)
        rc = read_counts(out->shape, &out->rank, &r, r.arguments[2], "its shape is no short list of counts");
    if (rc == SELECTAI_OK)
        rc = read_counts(strides, &n_strides, &r, r.arguments[3], "its strides are no short list of counts");
    const struct sai_pickle_value *offset = r.arguments[1];
    if (rc == SELECTAI_OK && (n_strides != out->rank || offset->kind != SAI_PICKLE_INTEGER || offset->integer < 0))
        rc = bad(&r, "its shape, strides and offset do not fit together");
    if (rc == SELECTAI_OK)
        rc = check_view(out, &r, &storage, (uint64_t)offset->integer, strides);
    if (rc != SELECTAI_OK)
        return rc;
    memcpy(out->dtype, storage.dtype, strlen(storage.dtype) + 1);
    out->data = storage.data + (uint64_t)offset->integer * storage.element;
    return in_order(out, strides) ? SELECTAI_OK : put_in_order(out, &r, &storage, out->data, strides);
}
