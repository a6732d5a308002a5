/*
 * project/scan.c: walking a folder. It streams: in memory are the names of the folders on the way down, no more.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/issues.h"
#include "base/path.h"
#include "base/text.h"
#include "base/time.h"
#include "project/folder_names.h"
#include "project/scan.h"

/* An open folder on the way from the top to where the scanner stands. */
struct level {
    DIR *handle;
    struct sai_arena arena; /* holds the names */
    struct sai_folder_names files, folders, companions;
    size_t next_file, next_folder;
    size_t path_length; /* of the folder's path, with its final '/', in scanner->path */
};

struct selectai_scanner {
    struct level *levels;
    size_t depth, capacity;
    struct sai_text path; /* of the current file or folder */
    size_t top_length;    /* of the path of the scanned folder, with its final '/' */
    unsigned wanted;      /* SAI_SCAN_* */
    selectai_issues *issues;
};

/* ---- Reporting ------------------------------------------------------------------------------- */

/* The current folder's path with `name`; bytes that are no UTF-8 as \xNN, so that any report can carry it. */
static char *printable_path(const selectai_scanner *scanner, size_t path_length, const char *name)
{
    struct sai_text text = {0};
    char *out = NULL;
    sai_text_add(&text, scanner->path.data, path_length);
    sai_text_puts(&text, name);
    if (!text.failed && !sai_utf8_valid(text.data, text.length)) {
        struct sai_text escaped = {0};
        for (size_t i = 0; i < text.length; i++) {
            unsigned char c = (unsigned char)text.data[i];
            if (c < 0x80)
                sai_text_add(&escaped, text.data + i, 1);
            else
                sai_text_printf(&escaped, "\\x%02x", c);
        }
        sai_text_free(&text);
        text = escaped;
    }
    return sai_text_finish(&text, &out) == SELECTAI_OK ? out : NULL;
}

static int report(selectai_scanner *scanner, size_t path_length, const char *name, int code, const char *kind,
                  const char *message)
{
    char *path = printable_path(scanner, path_length, name);
    int rc = path ? sai_issues_add(scanner->issues, code, kind, path, 0, "%s: %s", path, message)
                  : SELECTAI_ERR_OUT_OF_MEMORY;
    sai_free(path);
    return rc;
}

/* The same for a system call that has just failed. */
static int report_errno(selectai_scanner *scanner, size_t path_length, const char *name, const char *doing,
                        const char *kind)
{
    int err = errno;
    char *path = printable_path(scanner, path_length, name);
    if (!path)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    errno = err;
    (void)SAI_FAIL_ERRNO(doing, path);
    int rc = sai_issues_add_last(scanner->issues, kind, path, 0);
    sai_free(path);
    return rc;
}

/* ---- Reading one folder ---------------------------------------------------------------------- */

enum kind { KIND_OTHER, KIND_FILE, KIND_FOLDER, KIND_LINK };

static enum kind kind_of_mode(mode_t mode)
{
    return S_ISREG(mode) ? KIND_FILE : S_ISDIR(mode) ? KIND_FOLDER : S_ISLNK(mode) ? KIND_LINK : KIND_OTHER;
}

/* Most file systems tell the kind with the name; the others are asked for it. */
static enum kind kind_of(const struct level *level, const struct dirent *entry)
{
    struct stat st;
    switch (entry->d_type) {
    case DT_REG:
        return KIND_FILE;
    case DT_DIR:
        return KIND_FOLDER;
    case DT_LNK:
        return KIND_LINK;
    case DT_UNKNOWN:
        if (fstatat(dirfd(level->handle), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
            return kind_of_mode(st.st_mode);
        return KIND_OTHER;
    default:
        return KIND_OTHER;
    }
}

/* A link matters if it is named as an image or leads to a folder. */
static bool link_matters(const struct level *level, const char *name)
{
    struct stat st;
    return sai_path_is_image(name) || (fstatat(dirfd(level->handle), name, &st, 0) == 0 && S_ISDIR(st.st_mode));
}

/* What a folder held besides files and folders to visit. Reported once the folder was read, in the order of names. */
static const struct oddity {
    int code;
    const char *kind, *message;
} oddities[] = {
    {SELECTAI_ERR_UNSUPPORTED, "symlink",
     "is a symbolic link, which is not followed: put the real file or folder there if it is wanted"},
    {SELECTAI_ERR_UNSUPPORTED, "not-a-file", "is no regular file and is passed over"},
    {SELECTAI_ERR_FORMAT, "bad-name", "the name is not UTF-8 and cannot be written to a log: rename it"},
};
enum { ODD_LINK, ODD_SPECIAL, ODD_NAME, N_ODDITIES };

/* While a folder is read. */
struct reading {
    selectai_scanner *scanner;
    struct level *level;
    struct sai_folder_names odd[N_ODDITIES];
    struct sai_folder_names bad_companions; /* not UTF-8; they count only if there is an image of their stem */
};

/* Where the entry belongs; NULL: it is passed over in silence. */
static struct sai_folder_names *list_of(struct reading *reading, const struct dirent *entry)
{
    struct level *level = reading->level;
    const char *name = entry->d_name;
    bool companions = reading->scanner->wanted & SAI_SCAN_COMPANIONS;
    if (name[0] == '.')
        return NULL; /* ".", ".." and hidden ones */
    bool image = sai_path_is_image(name);
    enum kind kind = kind_of(level, entry);
    if (kind == KIND_LINK)
        return link_matters(level, name) ? &reading->odd[ODD_LINK] : NULL;
    if (kind == KIND_OTHER)
        return image ? &reading->odd[ODD_SPECIAL] : NULL;
    if (kind == KIND_FILE && !image && !companions)
        return NULL;
    bool valid = sai_utf8_valid(name, strlen(name));
    if (kind == KIND_FILE && !image)
        return valid ? &level->companions : &reading->bad_companions;
    if (!valid)
        return &reading->odd[ODD_NAME];
    return kind == KIND_FOLDER ? &level->folders : &level->files;
}

/* Each once, though images of several kinds may share a stem. */
static int add_bad_companions(struct reading *reading)
{
    struct sai_folder_names *bad = &reading->bad_companions;
    const struct level *level = reading->level;
    bool *seen = sai_calloc(bad->count, sizeof *seen);
    int rc = seen ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    sai_folder_names_sort_by_stem(bad);
    for (size_t i = 0; rc == SELECTAI_OK && i < level->files.count; i++) {
        size_t first, n = sai_folder_names_of_stem(&first, bad, level->files.items[i]);
        for (size_t k = first; rc == SELECTAI_OK && k < first + n; k++) {
            if (!seen[k])
                rc = sai_folder_names_add(&reading->odd[ODD_NAME], &reading->level->arena, bad->items[k]);
            seen[k] = true;
        }
    }
    sai_free(seen);
    return rc;
}

static int report_oddities(struct reading *reading)
{
    int rc = reading->bad_companions.count ? add_bad_companions(reading) : SELECTAI_OK;
    for (int k = 0; k < N_ODDITIES; k++) {
        const struct sai_folder_names *odd = &reading->odd[k];
        sai_folder_names_sort(&reading->odd[k]);
        for (size_t i = 0; rc == SELECTAI_OK && i < odd->count; i++)
            rc = report(reading->scanner, reading->level->path_length, odd->items[i], oddities[k].code,
                        oddities[k].kind, oddities[k].message);
    }
    return rc;
}

static int read_level(selectai_scanner *scanner, struct level *level)
{
    struct reading reading = {.scanner = scanner, .level = level};
    struct dirent *entry;
    int rc = SELECTAI_OK;
    while (rc == SELECTAI_OK) {
        errno = 0;
        entry = readdir(level->handle);
        if (!entry)
            break;
        struct sai_folder_names *list = list_of(&reading, entry);
        rc = list ? sai_folder_names_add(list, &level->arena, entry->d_name) : SELECTAI_OK;
    }
    if (rc == SELECTAI_OK && errno != 0) /* what was read so far is used */
        rc = report_errno(scanner, level->path_length, "", "read the folder", "unreadable-folder");
    sai_folder_names_sort(&level->files);
    sai_folder_names_sort(&level->folders);
    sai_folder_names_sort_by_stem(&level->companions);
    if (rc == SELECTAI_OK)
        rc = report_oddities(&reading);
    for (int k = 0; k < N_ODDITIES; k++)
        sai_free(reading.odd[k].items);
    sai_free(reading.bad_companions.items);
    return rc;
}

/* ---- Walking --------------------------------------------------------------------------------- */

static void pop(selectai_scanner *scanner)
{
    struct level *level = &scanner->levels[--scanner->depth];
    if (level->handle)
        closedir(level->handle);
    sai_free(level->files.items);
    sai_free(level->folders.items);
    sai_free(level->companions.items);
    sai_arena_clear(&level->arena);
    *level = (struct level){0};
}

/* Makes the open folder fd, whose path stands in scanner->path without its final '/', the current one. */
static int push(selectai_scanner *scanner, int fd)
{
    if (scanner->path.length == 0 || scanner->path.data[scanner->path.length - 1] != '/')
        sai_text_add(&scanner->path, "/", 1);
    if (scanner->path.failed || !SAI_GROW(scanner->levels, scanner->capacity, scanner->depth + 1)) {
        close(fd);
        return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    struct level *level = &scanner->levels[scanner->depth++];
    *level = (struct level){.path_length = scanner->path.length, .handle = fdopendir(fd)};
    if (!level->handle) {
        close(fd);
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "%s: out of memory while opening the folder", scanner->path.data);
    }
    return read_level(scanner, level);
}

static void set_path(selectai_scanner *scanner, const struct level *level, const char *name)
{
    scanner->path.length = level->path_length;
    sai_text_puts(&scanner->path, name);
}

static int enter(selectai_scanner *scanner, const struct level *level, const char *name)
{
    if (scanner->depth >= SAI_SCAN_MAX_DEPTH)
        return report(scanner, level->path_length, name, SELECTAI_ERR_LIMIT, "too-deep",
                      "lies too deep (more than 128 folders): scan it by itself");
    int fd = openat(dirfd(level->handle), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return report_errno(scanner, level->path_length, name, "open the folder", "unreadable-folder");
    set_path(scanner, level, name);
    return push(scanner, fd);
}

/* Fills *out for the file whose path is set; SELECTAI_DONE if it is gone, which has been reported then. */
static int describe(selectai_scanner *scanner, const struct level *level, const char *name, struct selectai_file *out)
{
    struct stat st;
    *out = (struct selectai_file){.path = scanner->path.data, .rel_path = scanner->path.data + scanner->top_length};
    if (level->companions.count > 0) {
        size_t first;
        out->n_companions = (uint32_t)sai_folder_names_of_stem(&first, &level->companions, name);
        if (out->n_companions > 0)
            out->companions = (const char *const *)level->companions.items + first;
    }
    if (!(scanner->wanted & SAI_SCAN_STAT))
        return SELECTAI_OK;
    int rc = SELECTAI_DONE;
    if (fstatat(dirfd(level->handle), name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        rc = report_errno(scanner, level->path_length, name, "read", "unreadable");
        return rc == SELECTAI_OK ? SELECTAI_DONE : rc;
    }
    out->size = (uint64_t)st.st_size;
    out->mtime_ns = sai_time_ns(&st.st_mtim);
    return SELECTAI_OK;
}

int sai_scan_next(selectai_scanner *scanner, struct selectai_file *out)
{
    int rc = SELECTAI_OK;
    while (rc == SELECTAI_OK && scanner->depth > 0) {
        struct level *level = &scanner->levels[scanner->depth - 1];
        if (level->next_file < level->files.count) {
            const char *name = level->files.items[level->next_file++];
            set_path(scanner, level, name);
            if (scanner->path.failed)
                return SELECTAI_ERR_OUT_OF_MEMORY;
            rc = describe(scanner, level, name, out);
            if (rc != SELECTAI_DONE)
                return rc;
            rc = SELECTAI_OK;
        } else if (level->next_folder < level->folders.count) {
            rc = enter(scanner, level, level->folders.items[level->next_folder++]);
        } else {
            pop(scanner);
        }
    }
    return rc == SELECTAI_OK ? SELECTAI_DONE : rc;
}

int sai_scan_open(selectai_scanner **out, const char *directory, unsigned wanted)
{
    int rc = sai_path_require_directory(directory);
    if (rc != SELECTAI_OK)
        return rc;
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return SAI_FAIL_ERRNO("open the folder", directory);
    selectai_scanner *scanner = sai_calloc(1, sizeof *scanner);
    rc = scanner ? sai_issues_create(&scanner->issues) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc != SELECTAI_OK) {
        close(fd);
        goto fail;
    }
    scanner->wanted = wanted;
    sai_text_puts(&scanner->path, directory);
    rc = push(scanner, fd);
    if (rc != SELECTAI_OK)
        goto fail;
    scanner->top_length = scanner->levels[0].path_length;
    *out = scanner;
    return SELECTAI_OK;
fail:
    selectai_scanner_close(&scanner);
    return rc;
}

/* ---- Public ---------------------------------------------------------------------------------- */

int selectai_scanner_open(selectai_scanner **out, const char *directory)
{
    SAI_REQUIRE(out && directory && *directory);
    return sai_scan_open(out, directory, SAI_SCAN_STAT | SAI_SCAN_COMPANIONS);
}

int selectai_scanner_next(selectai_scanner *scanner, struct selectai_file *out)
{
    struct selectai_file full;
    SAI_REQUIRE(scanner && out);
    int rc = sai_scan_next(scanner, &full);
    return rc == SELECTAI_OK ? sai_struct_out(out, &full, sizeof full) : rc;
}

const selectai_issues *selectai_scanner_issues(const selectai_scanner *scanner)
{
    return scanner ? scanner->issues : NULL;
}

void selectai_scanner_close(selectai_scanner **scanner)
{
    if (!scanner || !*scanner)
        return;
    while ((*scanner)->depth > 0)
        pop(*scanner);
    sai_free((*scanner)->levels);
    sai_text_free(&(*scanner)->path);
    selectai_issues_destroy(&(*scanner)->issues);
    sai_free(*scanner);
    *scanner = NULL;
}
