/*
 * backend/loader.c: finds and loads selectai-torch.so, once per process.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/backend.h"
#include "base/memory.h"
#include "base/path.h"

#define MODULE_FILE "selectai-torch.so"
#define ENV_DIR     "SELECTAI_BACKEND_DIR"
#define TO_TEXT_(x) #x
#define TO_TEXT(x)  TO_TEXT_(x)
#define ABI_DIR     "selectai-" TO_TEXT(SELECTAI_ABI_VERSION)

/* Where the build puts it, seen from the folder of libselectai.so in the same build tree. */
#define BUILD_TREE_DIR "../subprojects/selectai-torch"

#define REMEDY                                                                                                         \
    "build selectai with -Dtorch=enabled (Debian: install libtorch-dev first) or name the module's folder in " ENV_DIR

static pthread_mutex_t resident_lock = PTHREAD_MUTEX_INITIALIZER;
static const struct sai_backend_v1 *resident;

/* Folders to look in, absolute, in order. */
struct search {
    struct sai_arena arena;
    const char *folders[8];
    size_t count;
};

static int add_folder(struct search *search, const char *folder, const char *below)
{
    char *copy = sai_arena_printf(&search->arena, "%s%s%s", folder, *below ? "/" : "", below);

    if (!copy)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    search->folders[search->count++] = copy;
    return SELECTAI_OK;
}

/* A folder that the caller named may be relative: it is resolved here, once. */
static int add_given(struct search *search, const char *dir)
{
    char *resolved;
    int rc;

    if (dir[0] == '/')
        return add_folder(search, dir, "");
    resolved = realpath(dir, NULL);
    if (!resolved)
        return SAI_FAIL_ERRNO("find the torch module's folder", dir);
    rc = add_folder(search, resolved, "");
    sai_free(resolved);
    return rc;
}

/* The environment may come from anywhere, the working directory too: relative values are refused. */
static int add_environment(struct search *search)
{
    const char *dir = secure_getenv(ENV_DIR);

    if (!dir || !*dir)
        return SELECTAI_OK;
    if (dir[0] != '/')
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, ENV_DIR "=%s is not an absolute path: give the whole path", dir);
    return add_folder(search, dir, "");
}

/* The folder of the file that this code runs from: libselectai.so, or a program that links the library statically. */
static int add_own(struct search *search)
{
    Dl_info info;
    char *own;
    int rc;

    if (!dladdr((const void *)&resident, &info) || !info.dli_fname || info.dli_fname[0] != '/')
        return SELECTAI_OK;
    own = sai_path_dirname(info.dli_fname);
    if (!own)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    rc = add_folder(search, own, "");
    if (rc == SELECTAI_OK)
        rc = add_folder(search, own, ABI_DIR);
    if (rc == SELECTAI_OK)
        rc = add_folder(search, own, BUILD_TREE_DIR);
    sai_free(own);
    return rc;
}

static int list_folders(struct search *search, const char *dir)
{
    int rc;

    if (dir)
        return add_given(search, dir);
    rc = add_environment(search);
    if (rc == SELECTAI_OK)
        rc = add_folder(search, SAI_MODULE_DIR, "");
    if (rc == SELECTAI_OK)
        rc = add_own(search);
    return rc;
}

static int fail_not_found(struct search *search)
{
    const char *looked = "";

    for (size_t i = 0; i < search->count; i++) {
        looked = sai_arena_printf(&search->arena, "%s%s%s", looked, i > 0 ? ", " : "", search->folders[i]);
        if (!looked)
            return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    return SAI_FAIL(SELECTAI_ERR_BACKEND_MISSING,
                    "the torch module " MODULE_FILE " is missing: " REMEDY "; looked in %s", looked);
}

/* Takes the first folder that has the file: what is wrong with that one is reported, not hidden by a later one. */
static int load_first(const struct sai_backend_v1 **out, struct search *search)
{
    for (size_t i = 0; i < search->count; i++) {
        const char *path = sai_arena_printf(&search->arena, "%s/" MODULE_FILE, search->folders[i]);
        if (!path)
            return SELECTAI_ERR_OUT_OF_MEMORY;
        if (access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
            continue;
        return sai_backend_open(out, path);
    }
    return fail_not_found(search);
}

int sai_backend_check(const struct sai_backend_v1 *table, const char *path)
{
    if (!table)
        return SAI_FAIL(SELECTAI_ERR_BACKEND_VERSION,
                        "%s: the torch module offers no table: reinstall it together with libselectai", path);
    if (table->abi_version != SAI_BACKEND_ABI_VERSION)
        return SAI_FAIL(SELECTAI_ERR_BACKEND_VERSION,
                        "%s: the torch module has interface version %u, libselectai %s needs %d: install both from the "
                        "same release",
                        path, table->abi_version, selectai_version_string(), SAI_BACKEND_ABI_VERSION);
    if (table->struct_size < sizeof *table)
        return SAI_FAIL(SELECTAI_ERR_BACKEND_VERSION,
                        "%s: the torch module is older than libselectai %s (table of %u bytes, need %zu): install both "
                        "from the same release",
                        path, selectai_version_string(), table->struct_size, sizeof *table);
    return SELECTAI_OK;
}

int sai_backend_open(const struct sai_backend_v1 **out, const char *path)
{
    sai_backend_entry_v1_fn entry;
    const struct sai_backend_v1 *table;
    const char *reason;
    void *handle, *symbol;
    int rc;

    SAI_REQUIRE(path[0] == '/'); /* dlopen() searches for anything else */
    handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!handle) {
        reason = dlerror(); /* names the file, or the library that it lacks */
        return SAI_FAIL(SELECTAI_ERR_BACKEND_MISSING,
                        "%s: the torch module cannot be loaded: %s: check that libtorch is installed (Debian: "
                        "libtorch1.13) or build the module anew",
                        path, reason ? reason : "unknown reason");
    }
    symbol = dlsym(handle, SAI_BACKEND_ENTRY_SYMBOL);
    if (!symbol) {
        dlclose(handle);
        return SAI_FAIL(SELECTAI_ERR_BACKEND_VERSION,
                        "%s: not a torch module of selectai: it has no " SAI_BACKEND_ENTRY_SYMBOL "; " REMEDY, path);
    }
    memcpy(&entry, &symbol, sizeof entry); /* C has no cast from a data to a function pointer */
    table = entry();
    rc = sai_backend_check(table, path);
    if (rc != SELECTAI_OK) {
        dlclose(handle);
        return rc;
    }
    *out = table; /* the module stays: it cannot be unloaded safely, and its table is used from now on */
    return SELECTAI_OK;
}

static int find_and_load(const struct sai_backend_v1 **out, const char *dir)
{
    struct search search = {.count = 0};
    int rc = list_folders(&search, dir);

    if (rc == SELECTAI_OK)
        rc = load_first(out, &search);
    sai_arena_clear(&search.arena);
    return rc;
}

int sai_backend_get(const struct sai_backend_v1 **out, const char *dir)
{
    int rc = SELECTAI_OK;

    SAI_REQUIRE(out != NULL);
    SAI_REQUIRE(dir == NULL || *dir != '\0');
    pthread_mutex_lock(&resident_lock);
    if (!resident)
        rc = find_and_load(&resident, dir);
    if (rc == SELECTAI_OK)
        *out = resident;
    pthread_mutex_unlock(&resident_lock);
    return rc;
}

int sai_backend_fail(int code, const char *subject, const char *err)
{
    int own = SELECTAI_ERR_BACKEND;

    if (code == SAI_BACKEND_EARGUMENT)
        own = SELECTAI_ERR_INVALID_ARGUMENT;
    else if (code == SAI_BACKEND_EMEMORY)
        own = SELECTAI_ERR_OUT_OF_MEMORY;
    else if (code == SAI_BACKEND_ECANCELLED)
        own = SELECTAI_ERR_CANCELLED;
    return SAI_FAIL(own, "%s: %s", subject, err && *err ? err : "the torch module gave no reason");
}

int selectai_backend_load(const char **name, const char *backend_dir)
{
    const struct sai_backend_v1 *table = NULL;
    int rc;

    SAI_REQUIRE(name != NULL);
    rc = sai_backend_get(&table, backend_dir);
    if (rc == SELECTAI_OK)
        *name = table->name;
    return rc;
}
