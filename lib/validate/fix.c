/*
 * validate/fix.c: copies of logs without the rows that cannot be used.
 *
 * Good rows are copied byte for byte from the input. Each copy is put in place when its input has been read, the list
 * of what was left out at the end.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "project/name_index.h"
#include "validate/validate.h"

#define DROPPED "dropped.jsonl"

struct sai_fix {
    char *folder;
    bool made;                   /* the folder was not there before */
    struct sai_name_index taken; /* names in the folder: the value is the next number to try for that name */
    struct sai_arena names;
    char **copies; /* paths of the finished ones */
    size_t n_copies, capacity;
    struct sai_atomic_file copy;
    struct sai_atomic_file dropped;
    bool dropped_open, committed;
    uint64_t n_dropped;
    const char *path; /* of the input being copied; NULL: none */
    struct sai_mapping input;
    size_t done; /* bytes of it that were copied or left out */
    struct sai_text line;
};

/* ---- Where to -------------------------------------------------------------------------------- */

/* The real path of what is, or would be, at `path`. The caller frees it. */
static int real_path(char **out, const char *path)
{
    char buffer[PATH_MAX];
    char *folder = NULL;
    if (realpath(path, buffer)) {
        *out = sai_strdup(buffer);
        return *out ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    }
    if (errno != ENOENT)
        return SAI_FAIL_ERRNO("open", path);
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    char *trimmed = sai_strndup(path, n);
    char *parent = trimmed ? sai_path_dirname(trimmed) : NULL;
    int rc = parent ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    const char *name = trimmed ? sai_path_basename(trimmed) : "";
    if (rc == SELECTAI_OK && (strcmp(parent, trimmed) == 0 || strcmp(name, "..") == 0 || strcmp(name, ".") == 0))
        rc = SAI_FAIL(SELECTAI_ERR_NOT_FOUND, "%s: no such folder", path);
    if (rc == SELECTAI_OK)
        rc = real_path(&folder, parent);
    if (rc == SELECTAI_OK && !(*out = sai_path_join(folder, name)))
        rc = SELECTAI_ERR_OUT_OF_MEMORY;
    sai_free(folder);
    sai_free(parent);
    sai_free(trimmed);
    return rc;
}

/* Whether `path` is `folder` or lies in it; both are real. */
static bool lies_in(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/')
        n--;
    return strncmp(path, folder, n) == 0 && (path[n] == '\0' || path[n] == '/' || n == 1);
}

static int check_apart(const char *out_dir, const char *real, const char *input)
{
    char buffer[PATH_MAX];
    if (!realpath(input, buffer))
        return SELECTAI_OK; /* looking into it will say so */
    if (sai_path_is_directory(buffer) ? lies_in(real, buffer) : strcmp(real, buffer) == 0)
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT,
                        "%s: lies in an input (%s): inputs are never changed, choose another folder", out_dir, input);
    return SELECTAI_OK;
}

static int check_empty(const char *folder)
{
    DIR *handle = opendir(folder);
    if (!handle)
        return errno == ENOENT ? SELECTAI_OK : SAI_FAIL_ERRNO("open the folder", folder);
    unsigned entries = 0;
    while (entries <= 2 && readdir(handle))
        entries++;
    closedir(handle);
    return entries <= 2 ? SELECTAI_OK : SAI_FAIL(SELECTAI_ERR_EXISTS, "%s: is not empty: choose a new folder", folder);
}

static struct sai_name_item *find_name(const struct sai_fix *fix, const char *name)
{
    uint32_t item = sai_name_index_find(&fix->taken, name, strlen(name));
    return item == SAI_INDEX_END ? NULL : &fix->taken.items[item];
}

static int take_name(struct sai_fix *fix, const char *name)
{
    const char *copy = sai_arena_strdup(&fix->names, name);
    return copy ? sai_name_index_add(&fix->taken, copy, strlen(copy), 2) : SELECTAI_ERR_OUT_OF_MEMORY;
}

int sai_fix_create(struct sai_fix **out, const char *out_dir, const char *const *paths, size_t n_paths)
{
    char *real = NULL, *dropped = NULL;
    struct sai_fix *fix = sai_calloc(1, sizeof *fix);
    int rc = fix ? real_path(&real, out_dir) : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; rc == SELECTAI_OK && i < n_paths; i++)
        rc = check_apart(out_dir, real, paths[i]);
    if (rc == SELECTAI_OK)
        rc = check_empty(out_dir);
    if (rc == SELECTAI_OK) {
        fix->made = !sai_path_exists(out_dir);
        fix->folder = sai_strdup(out_dir);
        dropped = sai_path_join(out_dir, DROPPED);
        rc = fix->folder && dropped ? sai_path_make_directories(out_dir) : SELECTAI_ERR_OUT_OF_MEMORY;
    }
    if (rc == SELECTAI_OK)
        rc = sai_atomic_open(&fix->dropped, dropped);
    if (rc == SELECTAI_OK) {
        fix->dropped_open = true;
        rc = take_name(fix, DROPPED);
    }
    sai_free(real);
    sai_free(dropped);
    if (rc != SELECTAI_OK)
        goto fail;
    *out = fix;
    return SELECTAI_OK;
fail:
    sai_fix_destroy(&fix);
    return rc;
}

void sai_fix_destroy(struct sai_fix **fix)
{
    struct sai_fix *f = *fix;
    if (!f)
        return;
    for (size_t i = 0; i < f->n_copies; i++) {
        if (!f->committed) /* half of the copies, without the list of what was left out, would look like all */
            (void)unlink(f->copies[i]);
        sai_free(f->copies[i]);
    }
    if (f->path)
        sai_atomic_discard(&f->copy);
    if (f->dropped_open)
        sai_atomic_discard(&f->dropped);
    if (!f->committed && f->made && f->folder)
        (void)rmdir(f->folder); /* only if it is empty */
    sai_file_unmap(&f->input);
    sai_text_free(&f->line);
    sai_name_index_free(&f->taken);
    sai_arena_clear(&f->names);
    sai_free(f->copies);
    sai_free(f->folder);
    sai_free(f);
    *fix = NULL;
}

/* ---- Copying --------------------------------------------------------------------------------- */

/* The path of "log.csv", then of "log-2.csv", ... The caller frees it. */
static int free_name(char **out, struct sai_fix *fix, const char *input)
{
    const char *name = sai_path_basename(input), *extension = sai_path_extension(name);
    size_t stem = strlen(name) - strlen(extension);
    struct sai_name_item *first = find_name(fix, name);
    char *file = sai_strdup(name);
    while (file && find_name(fix, file)) {
        sai_free(file);
        file = sai_asprintf("%.*s-%u%s", (int)stem, name, (unsigned)first->value++, extension);
    }
    int rc = file ? take_name(fix, file) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK && !(*out = sai_path_join(fix->folder, file)))
        rc = SELECTAI_ERR_OUT_OF_MEMORY;
    sai_free(file);
    return rc;
}

static bool is_unreadable(int rc)
{
    return rc == SELECTAI_ERR_NOT_FOUND || rc == SELECTAI_ERR_PERMISSION || rc == SELECTAI_ERR_IO;
}

int sai_fix_begin(struct sai_fix *fix, const char *path)
{
    char *to = NULL;
    if (!fix)
        return SELECTAI_OK;
    if (!SAI_GROW(fix->copies, fix->capacity, fix->n_copies + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int rc = free_name(&to, fix, path);
    if (rc == SELECTAI_OK)
        rc = sai_file_map(&fix->input, path);
    if (is_unreadable(rc)) { /* looking into it says so; there is nothing to copy */
        sai_free(to);
        return SELECTAI_OK;
    }
    if (rc == SELECTAI_OK)
        rc = sai_atomic_open(&fix->copy, to);
    if (rc != SELECTAI_OK) {
        sai_free(to);
        return rc;
    }
    fix->copies[fix->n_copies++] = to;
    fix->path = path;
    fix->done = 0;
    return SELECTAI_OK;
}

/* The input's bytes from where the last row ended. */
static size_t next_bytes(const struct sai_fix *fix, uint64_t end)
{
    size_t limit = end < fix->input.size ? (size_t)end : fix->input.size;
    return limit > fix->done ? limit - fix->done : 0;
}

int sai_fix_keep(struct sai_fix *fix, uint64_t end)
{
    if (!fix || !fix->path)
        return SELECTAI_OK;
    size_t n = next_bytes(fix, end);
    if (n > 0)
        sai_atomic_write(&fix->copy, fix->input.data + fix->done, n);
    fix->done += n;
    return SELECTAI_OK;
}

static void add_member(struct sai_text *line, const char *key, const char *value, size_t n)
{
    char *copy = sai_strndup(value, n); /* a NUL ends it: the row is no text then */
    sai_text_printf(line, ",\"%s\":", key);
    if (copy)
        sai_text_json_string(line, copy);
    line->failed |= !copy;
    sai_free(copy);
}

int sai_fix_drop(struct sai_fix *fix, uint64_t end, uint64_t row, const char *code, const char *message)
{
    if (!fix || !fix->path)
        return SELECTAI_OK;
    struct sai_text *line = &fix->line;
    size_t blank = 0, n = next_bytes(fix, end);
    while (blank < n && strchr("\r\n", fix->input.data[fix->done + blank]) && fix->input.data[fix->done + blank])
        blank++; /* empty lines before the row are no part of it */
    int rc = sai_fix_keep(fix, fix->done + blank);
    if (rc != SELECTAI_OK)
        return rc;
    n -= blank;
    const char *text = (const char *)fix->input.data + fix->done;
    fix->done += n;
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        n--;
    sai_text_clear(line);
    sai_text_puts(line, "{\"file\":");
    sai_text_json_string(line, fix->path);
    sai_text_printf(line, ",\"row\":%llu", (unsigned long long)row);
    add_member(line, "code", code, strlen(code));
    add_member(line, "message", message, strlen(message));
    add_member(line, "text", text, n);
    sai_text_puts(line, "}\n");
    if (line->failed)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    sai_atomic_write(&fix->dropped, line->data, line->length);
    fix->n_dropped++;
    return SELECTAI_OK;
}

int sai_fix_end(struct sai_fix *fix, bool whole)
{
    if (!fix || !fix->path)
        return SELECTAI_OK;
    if (whole)
        (void)sai_fix_keep(fix, UINT64_MAX);
    sai_file_unmap(&fix->input);
    fix->path = NULL;
    if (whole)
        return sai_atomic_commit(&fix->copy);
    sai_atomic_discard(&fix->copy);
    return SELECTAI_OK;
}

int sai_fix_commit(struct sai_fix *fix, uint64_t *n_dropped)
{
    fix->dropped_open = false;
    int rc = sai_atomic_commit(&fix->dropped);
    fix->committed = rc == SELECTAI_OK;
    if (rc == SELECTAI_OK && n_dropped)
        *n_dropped = fix->n_dropped;
    return rc;
}
