/*
 * base/torch_file.c: finds the pickles in the archive, and all tensors in what they hold.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/torch_file.h"
#include "base/torch_tensor.h"

#define MAX_TENSORS 100000u
#define MAX_NAME    512u
#define MAX_DEPTH   64u
#define MAX_STEPS   8000000u /* values looked at: shared ones count as often as they are met */
#define MAX_FOLDER  1100u    /* longer than any member's name may be */
#define COPY_SPARE  (16u << 20)

#define ROOT_MEMBER "data.pkl"

struct walk {
    struct sai_torch_file *file;
    struct sai_torch_storages storages;
    const char *path;
    size_t capacity, steps;
    unsigned depth;
    char name[MAX_NAME + 1]; /* of the value that is looked at */
    size_t length;
};

static int bad(const struct walk *w, const char *what)
{
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: %s%s%s", w->path, w->name, *w->name ? ": " : "", what);
}

/* ---- Walking through values ------------------------------------------------------------------ */

static int walk(struct walk *w, struct sai_pickle_value *value);

static bool can_hold_tensors(const struct sai_pickle_value *value)
{
    return value->kind == SAI_PICKLE_TUPLE || value->kind == SAI_PICKLE_LIST || value->kind == SAI_PICKLE_DICT ||
           value->kind == SAI_PICKLE_OBJECT;
}

static int walk_named(struct walk *w, const char *part, size_t n, struct sai_pickle_value *value)
{
    size_t before = w->length, dot = before > 0;
    if (n + dot > MAX_NAME - before)
        return bad(w, "a name below it is too long");
    if (dot)
        w->name[w->length++] = '.';
    memcpy(w->name + w->length, part, n);
    w->length += n;
    w->name[w->length] = '\0';
    int rc = walk(w, value);
    w->length = before;
    w->name[before] = '\0';
    return rc;
}

/* Modules that were saved whole keep their tensors in these; they are no part of names. */
static bool is_drawer(const struct sai_pickle_value *key)
{
    return sai_pickle_is_text(key, "_parameters") || sai_pickle_is_text(key, "_buffers") ||
           sai_pickle_is_text(key, "_modules");
}

static int walk_pair(struct walk *w, const struct sai_pickle_value *key, struct sai_pickle_value *value)
{
    char number[24];
    if (!can_hold_tensors(value))
        return SELECTAI_OK;
    if (is_drawer(key))
        return walk(w, value);
    if (key->kind == SAI_PICKLE_TEXT)
        return walk_named(w, key->text, key->length, value);
    if (key->kind != SAI_PICKLE_INTEGER)
        return SELECTAI_OK;
    int n = snprintf(number, sizeof number, "%lld", (long long)key->integer);
    return walk_named(w, number, (size_t)n, value);
}

static int walk_items(struct walk *w, const struct sai_pickle_value *value)
{
    int rc = SELECTAI_OK;
    if (value->pairs) {
        for (uint32_t i = 0; i < value->n_items && rc == SELECTAI_OK; i += 2)
            rc = walk_pair(w, value->items[i], value->items[i + 1]);
        return rc;
    }
    for (uint32_t i = 0; i < value->n_items && rc == SELECTAI_OK; i++) {
        char number[24];
        int n = snprintf(number, sizeof number, "%u", i);
        if (can_hold_tensors(value->items[i]))
            rc = walk_named(w, number, (size_t)n, value->items[i]);
    }
    return rc;
}

/* What it was filled with, else its attributes. TorchScript wraps lists and dicts in calls that say their types. */
static int walk_object(struct walk *w, const struct sai_pickle_value *object)
{
    static const char typed[] = "torch.jit._pickle";
    const struct sai_pickle_value *maker = object->made->maker, *arguments = object->made->arguments;
    if (object->n_items > 0)
        return walk_items(w, object);
    if (object->made->state)
        return walk(w, object->made->state);
    if (maker->kind == SAI_PICKLE_GLOBAL && maker->module_length == sizeof typed - 1 &&
        memcmp(maker->module, typed, sizeof typed - 1) == 0 && arguments->kind == SAI_PICKLE_TUPLE &&
        arguments->n_items > 0)
        return walk(w, arguments->items[0]);
    return SELECTAI_OK;
}

static int add_tensor(struct walk *w, struct sai_tensor *tensor)
{
    struct sai_torch_file *file = w->file;
    if (strlen(w->name) != w->length || !sai_utf8_valid(w->name, w->length))
        return bad(w, "a tensor's name is no text");
    if (file->n_tensors >= MAX_TENSORS)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: it holds more than %u tensors", w->path, MAX_TENSORS);
    tensor->name = sai_arena_strndup(&file->arena, w->name, w->length);
    if (!tensor->name || !SAI_GROW(file->tensors, w->capacity, file->n_tensors + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    file->tensors[file->n_tensors++] = *tensor;
    return SELECTAI_OK;
}

static int walk(struct walk *w, struct sai_pickle_value *value)
{
    struct sai_tensor tensor;
    if (!can_hold_tensors(value))
        return SELECTAI_OK;
    if (++w->steps > MAX_STEPS)
        return bad(w, "it holds too much");
    int rc = sai_torch_tensor(&tensor, &w->storages, value, w->name);
    if (rc != SELECTAI_DONE)
        return rc == SELECTAI_OK ? add_tensor(w, &tensor) : rc;
    if (value->active)
        return bad(w, "it holds itself");
    if (w->depth >= MAX_DEPTH)
        return bad(w, "it is nested too deeply");
    value->active = true;
    w->depth++;
    rc = value->kind == SAI_PICKLE_OBJECT ? walk_object(w, value) : walk_items(w, value);
    w->depth--;
    value->active = false;
    return rc;
}

/* ---- The archive ----------------------------------------------------------------------------- */

/* The folder in which data.pkl lies, with a slash at its end, or "" if it lies in none. */
static int find_folder(char out[MAX_FOLDER], const struct sai_zip *zip, const char *path)
{
    const char *found = NULL;
    for (size_t i = 0; i < zip->n_entries; i++) {
        const char *name = zip->entries[i].name, *slash = strchr(name, '/'), *rest = slash ? slash + 1 : name;
        if (strcmp(rest, ROOT_MEMBER) != 0)
            continue;
        if (found)
            return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: damaged PyTorch file: it holds several " ROOT_MEMBER, path);
        found = name;
    }
    if (!found)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: a zip archive, but no PyTorch file: it holds no " ROOT_MEMBER, path);
    snprintf(out, MAX_FOLDER, "%.*s", (int)(strlen(found) - strlen(ROOT_MEMBER)), found);
    return SELECTAI_OK;
}

static const struct sai_zip_entry *member(const struct sai_zip *zip, const char *folder, const char *name)
{
    char full[MAX_FOLDER + 32];
    snprintf(full, sizeof full, "%s%s", folder, name);
    return sai_zip_find(zip, full);
}

/* Files of old versions do not say: all of those are little-endian. */
static int check_byte_order(const struct sai_zip *zip, const char *folder, const char *path)
{
    const struct sai_zip_entry *entry = member(zip, folder, "byteorder");
    if (!entry || (entry->method == 0 && entry->size == 6 && memcmp(entry->data, "little", 6) == 0))
        return SELECTAI_OK;
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: its numbers are not little-endian: save it on another machine", path);
}

/* A dict that holds the state dict among other things, possibly twice over. */
static struct sai_pickle_value *find_state_dict(struct sai_pickle_value *root)
{
    static const char *const keys[] = {"state_dict", "model_state_dict", "model"};
    for (size_t level = 0; level < 4; level++) {
        struct sai_pickle_value *inner = NULL;
        for (size_t i = 0; i < sizeof keys / sizeof *keys && !inner; i++) {
            inner = sai_pickle_get(root, keys[i]);
            if (inner && !(inner->kind == SAI_PICKLE_DICT ||
                           (inner->kind == SAI_PICKLE_OBJECT && (inner->pairs || inner->made->state))))
                inner = NULL;
        }
        if (!inner)
            break;
        root = inner;
    }
    return root;
}

/* What was saved: a checkpoint holds the state dict among other things, a module is an object with a state. */
static const char *form_of(const struct sai_pickle_value *root, const struct sai_pickle_value *state_dict)
{
    if (state_dict != root)
        return "torch checkpoint";
    return root->kind == SAI_PICKLE_OBJECT && !root->pairs && root->made->state ? "torch module" : "torch state dict";
}

/* Reads one pickle and takes the tensors in it. `below` is what their names begin with. */
static int take_pickle(struct walk *w, const struct sai_zip_entry *entry, const char *below, const char *folder)
{
    char data[MAX_FOLDER + 16], *where = sai_asprintf("%s: %s", w->path, entry->name);
    struct sai_pickle pickle = {0};
    if (!where)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int rc = entry->method == 0 ? sai_pickle_read(&pickle, entry->data, (size_t)entry->size, where)
                                : SAI_FAIL(SELECTAI_ERR_FORMAT,
                                           "%s is compressed, which PyTorch never does: load and save the file with "
                                           "PyTorch",
                                           where);
    if (rc == SELECTAI_OK) {
        snprintf(data, sizeof data, "%s%s", folder, *below ? "constants/" : "data/");
        w->storages.folder = data;
        w->length = (size_t)snprintf(w->name, sizeof w->name, "%s", below);
        struct sai_pickle_value *state_dict = find_state_dict(pickle.root);
        w->file->form = *below ? "torch script" : form_of(pickle.root, state_dict);
        rc = walk(w, state_dict);
    }
    sai_pickle_free(&pickle);
    sai_free(where);
    return rc;
}

static int take_all(struct sai_torch_file *file, const struct sai_zip *zip, const char *path)
{
    char folder[MAX_FOLDER];
    struct walk w = {.file = file, .path = path};
    w.storages = (struct sai_torch_storages){.path = path, .zip = zip, .arena = &file->arena};
    if (!sai_add_size(&w.storages.copy_limit, file->mapping.size, COPY_SPARE))
        w.storages.copy_limit = SIZE_MAX;
    int rc = find_folder(folder, zip, path);
    if (rc == SELECTAI_OK)
        rc = check_byte_order(zip, folder, path);
    if (rc == SELECTAI_OK)
        rc = take_pickle(&w, member(zip, folder, ROOT_MEMBER), "", folder);
    const struct sai_zip_entry *constants = rc == SELECTAI_OK ? member(zip, folder, "constants.pkl") : NULL;
    if (constants)
        rc = take_pickle(&w, constants, "constants", folder);
    if (rc == SELECTAI_OK && file->n_tensors == 0)
        rc = SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: no tensors in it: a state dict, or a model, has some", path);
    return rc;
}

int sai_torch_read(struct sai_torch_file *out, struct sai_mapping *mapping, const char *path)
{
    struct sai_zip zip = {0};
    *out = (struct sai_torch_file){.mapping = *mapping};
    *mapping = (struct sai_mapping){0};
    int rc = sai_zip_open(&zip, out->mapping.data, out->mapping.size, path);
    if (rc == SELECTAI_OK)
        rc = take_all(out, &zip, path);
    if (rc == SELECTAI_OK)
        rc = sai_tensor_index_make(&out->index, out->tensors, out->n_tensors);
    const char *repeated = rc == SELECTAI_OK ? sai_tensor_index_repeated(&out->index) : NULL;
    if (repeated)
        rc = SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: tensor %s occurs twice", path, repeated);
    sai_zip_close(&zip);
    if (rc != SELECTAI_OK)
        sai_torch_close(out);
    return rc;
}

void sai_torch_close(struct sai_torch_file *file)
{
    sai_tensor_index_free(&file->index);
    sai_free(file->tensors);
    sai_arena_clear(&file->arena);
    sai_file_unmap(&file->mapping);
    *file = (struct sai_torch_file){0};
}
