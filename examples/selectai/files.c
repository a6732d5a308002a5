/*
 * files.c: folders and lists of files.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verbs.h"

int add_file(struct file_list *list, const char *path, const char *rel_path)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 256;
        char **paths = realloc(list->paths, capacity * sizeof *paths);
        if (paths)
            list->paths = paths;
        char **rel_paths = realloc(list->rel_paths, capacity * sizeof *rel_paths);
        if (rel_paths)
            list->rel_paths = rel_paths;
        if (!paths || !rel_paths)
            return SELECTAI_ERR_OUT_OF_MEMORY;
        list->capacity = capacity;
    }
    char *a = strdup(path), *b = strdup(rel_path);
    if (!a || !b) {
        free(a);
        free(b);
        return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    list->paths[list->count] = a;
    list->rel_paths[list->count++] = b;
    return SELECTAI_OK;
}

void free_files(struct file_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->paths[i]);
        free(list->rel_paths[i]);
    }
    free(list->paths);
    free(list->rel_paths);
    json_decref(list->issues);
    *list = (struct file_list){0};
}

static void keep_issues(struct file_list *list, const selectai_issues *issues)
{
    for (size_t i = 0; i < selectai_issues_count(issues); i++) {
        struct selectai_issue issue = {.struct_size = sizeof issue};
        if (selectai_issues_get(issues, i, &issue) != SELECTAI_OK)
            continue;
        if (strcmp(issue.kind, "symlink") == 0 || strcmp(issue.kind, "not-a-file") == 0)
            list->n_skipped++;
        else
            list->n_missed++;
    }
    if (!list->issues)
        list->issues = json_array();
    json_t *more = json_of_issues(issues);
    json_array_extend(list->issues, more);
    json_decref(more);
    print_issues(issues, 10);
}

int list_files(struct file_list *list, const char *path)
{
    selectai_scanner *scanner = NULL;
    struct selectai_file file = {.struct_size = sizeof file};
    struct stat st;
    if (stat(path, &st) != 0) { /* the library has the words for it */
        struct selectai_image_info info = {.struct_size = sizeof info};
        int missing = selectai_image_read_info(&info, path);
        return missing == SELECTAI_OK ? SELECTAI_ERR_IO : missing;
    }
    if (!S_ISDIR(st.st_mode)) {
        const char *slash = strrchr(path, '/');
        return add_file(list, path, slash ? slash + 1 : path);
    }
    int rc = selectai_scanner_open(&scanner, path);
    while (rc == SELECTAI_OK && (rc = selectai_scanner_next(scanner, &file)) == SELECTAI_OK)
        rc = add_file(list, file.path, file.rel_path);
    if (scanner)
        keep_issues(list, selectai_scanner_issues(scanner));
    selectai_scanner_close(&scanner);
    return rc == SELECTAI_DONE ? SELECTAI_OK : rc;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int tell_apart(struct file_list *list)
{
    int same = 0;
    const char **all = calloc(list->count + 1, sizeof *all);
    if (!all)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < list->count; i++)
        all[i] = list->rel_paths[i];
    qsort(all, list->count, sizeof *all, by_name);
    for (size_t i = 1; i < list->count && !same; i++)
        same = strcmp(all[i], all[i - 1]) == 0;
    free(all);
    for (size_t i = 0; i < list->count && same; i++) {
        char *copy = strdup(list->paths[i]);
        if (!copy)
            return SELECTAI_ERR_OUT_OF_MEMORY;
        free(list->rel_paths[i]);
        list->rel_paths[i] = copy;
    }
    return SELECTAI_OK;
}

int same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* The folder that holds the path, as text; NULL without memory. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == path ? strdup("/") : slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
}

const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

int same_place(const char *a, const char *b)
{
    if (strcmp(a, b) == 0 || same_file(a, b))
        return 1;
    if (strcmp(last_part(a), last_part(b)) != 0)
        return 0;
    char *x = folder_of(a), *y = folder_of(b);
    int same = x && y && same_file(x, y);
    free(x);
    free(y);
    return same;
}

const char *place_among(const char *path, const struct text_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (same_place(path, list->items[i]))
            return list->items[i];
    return NULL;
}

int lies_directly_in(const char *path, const char *folder)
{
    char *above = folder_of(path);
    int inside = above && same_file(above, folder);
    free(above);
    return inside;
}

int has_ending(const char *path, const char *endings)
{
    size_t n = strlen(path);
    for (const char *p = endings; *p;) {
        size_t k = strcspn(p, "|");
        if (k < n && strncasecmp(path + n - k, p, k) == 0)
            return 1;
        p += k + (p[k] == '|');
    }
    return 0;
}

int check_output(const char *path)
{
    struct stat st;
    char *folder = folder_of(path);
    int code = EXIT_DONE;
    if (!folder)
        return EXIT_DONE; /* writing it will say so */
    if (is_folder(path)) {
        say("%s: is a folder, a file name is needed", path);
        code = EXIT_FAILED;
    } else if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) { /* a file would take its place */
        say("%s: is no regular file: choose another output", path);
        code = EXIT_FAILED;
    } else if (access(folder, W_OK | X_OK) != 0) {
        const char *remedy = errno == ENOENT ? "make the folder first" : "choose another folder";
        say("%s: cannot be written: %s: %s: %s", path, folder, strerror(errno), remedy);
        code = EXIT_FAILED;
    }
    free(folder);
    return code;
}

struct resolved {
    char *path;
    size_t index;
};

static int by_path(const void *a, const void *b)
{
    const struct resolved *x = a, *y = b;
    int order = strcmp(x->path, y->path);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

void drop_marked_files(struct file_list *list, const char *marked)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (marked[i]) {
            free(list->paths[i]);
            free(list->rel_paths[i]);
            continue;
        }
        list->paths[kept] = list->paths[i];
        list->rel_paths[kept++] = list->rel_paths[i];
    }
    list->count = kept;
}

int drop_repeated_files(struct file_list *list)
{
    struct resolved *all = calloc(list->count + 1, sizeof *all);
    char *marked = calloc(list->count + 1, 1);
    int rc = all && marked ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; rc == SELECTAI_OK && i < list->count; i++) {
        char *real = realpath(list->paths[i], NULL); /* NULL if it does not exist: reading it will say so */
        all[i] = (struct resolved){.path = real ? real : strdup(list->paths[i]), .index = i};
        if (!all[i].path)
            rc = SELECTAI_ERR_OUT_OF_MEMORY;
    }
    if (rc == SELECTAI_OK) {
        qsort(all, list->count, sizeof *all, by_path);
        for (size_t i = 1; i < list->count; i++)
            marked[all[i].index] = strcmp(all[i].path, all[i - 1].path) == 0;
        drop_marked_files(list, marked);
    }
    for (size_t i = 0; all && all[i].path; i++)
        free(all[i].path);
    free(all);
    free(marked);
    return rc;
}

int make_folder(const char *path)
{
    if (mkdir(path, 0777) == 0 || (errno == EEXIST && is_folder(path)))
        return EXIT_DONE;
    say("%s: cannot make the folder: %s", path, errno == EEXIST ? "a file of that name is there" : strerror(errno));
    return EXIT_FAILED;
}

int is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int folder_is_empty(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir)
        return errno == ENOENT;
    int entries = 0;
    while (entries <= 2 && readdir(dir))
        entries++;
    closedir(dir);
    return entries <= 2; /* "." and ".." */
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void remove_tree(const char *path)
{
    if (is_folder(path))
        nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

char *path_of(const char *folder, const char *name)
{
    size_t n = strlen(folder);
    char *path = malloc(n + strlen(name) + 2);
    if (!path) {
        say("out of memory");
        exit(EXIT_FAILED);
    }
    sprintf(path, "%s%s%s", folder, n && folder[n - 1] == '/' ? "" : "/", name);
    return path;
}
