/*
 * project_files.c: names of files made from names of projects.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "project_files.h"

enum { MAX_NAME = 80 }; /* bytes of a project's name: file systems allow 255 for all of it */

void free_project_files(struct project_files *files)
{
    for (size_t i = 0; i < files->n; i++) {
        free(files->items[i].project);
        free(files->items[i].path);
    }
    free(files->items);
    *files = (struct project_files){0};
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct project_file *)a)->project, ((const struct project_file *)b)->project);
}

/* Every decision's project, sorted, each once. */
static int list_projects(struct project_files *files, const selectai_trainset *set)
{
    size_t count = selectai_trainset_count(set), n = 0;
    files->items = calloc(count + 1, sizeof *files->items);
    for (size_t i = 0; files->items && i < count; i++) {
        struct selectai_entry entry = {.struct_size = sizeof entry};
        if (selectai_trainset_get(set, i, &entry) != SELECTAI_OK || entry.n_negatives == 0)
            continue;
        if (files->n > 0 && strcmp(files->items[files->n - 1].project, entry.project) == 0)
            continue; /* the one before: rows of one project stand together mostly */
        files->items[files->n].project = strdup(entry.project);
        if (!files->items[files->n++].project)
            return -1;
    }
    if (!files->items)
        return -1;
    qsort(files->items, files->n, sizeof *files->items, compare);
    for (size_t i = 0; i < files->n; i++) {
        if (n > 0 && strcmp(files->items[i].project, files->items[n - 1].project) == 0)
            free(files->items[i].project);
        else
            files->items[n++] = files->items[i];
    }
    files->n = n;
    return 0;
}

/* Letters, digits, '-', '_', '.' and what is beyond ASCII stay; nothing begins or ends with a dot. */
static void make_safe(char out[MAX_NAME + 1], const char *project)
{
    size_t n = strlen(project);
    if (n > MAX_NAME)
        n = MAX_NAME;
    while (n > 0 && n < strlen(project) && ((unsigned char)project[n] & 0xC0) == 0x80)
        n--; /* not in the middle of a character */
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)project[i];
        int fine = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80 ||
                   c == '-' || c == '_' || (c == '.' && i > 0 && i + 1 < n);
        out[i] = fine ? project[i] : '_';
    }
    out[n] = '\0';
}

static int is_taken(const struct project_files *files, size_t n, const char *path, const char *output)
{
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(files->items[i].path, path) == 0)
            return 1;
    return strcasecmp(path, output) == 0;
}

/* The extension of the last part of the path, or its end. */
static const char *extension(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    return dot && dot != name ? dot : path + strlen(path);
}

static int name_file(struct project_files *files, size_t index, const char *output)
{
    char name[MAX_NAME + 1];
    struct project_file *file = &files->items[index];
    const char *end = extension(output);
    int stem = (int)(end - output);
    make_safe(name, file->project);
    if (asprintf(&file->path, "%.*s.%s%s", stem, output, name, end) < 0)
        file->path = NULL;
    for (unsigned number = 2; file->path && is_taken(files, index, file->path, output); number++) {
        free(file->path);
        if (asprintf(&file->path, "%.*s.%s-%u%s", stem, output, name, number, end) < 0)
            file->path = NULL;
    }
    return file->path ? 0 : -1;
}

int list_project_files(struct project_files *files, const selectai_trainset *set, const char *output)
{
    int failed = list_projects(files, set);
    for (size_t i = 0; i < files->n && !failed; i++)
        failed = name_file(files, i, output);
    if (!failed)
        return EXIT_DONE;
    say("out of memory");
    return EXIT_FAILED;
}

int check_project_file(const struct train_args *args, const char *path)
{
    const char *input = place_among(path, &args->data);
    if (!input)
        input = project_input_at(&args->projects, path);
    if (!input && args->start && same_place(args->start, path))
        input = args->start;
    if (input) {
        say("%s would be written for a project, and is read: choose another --output", path);
        return EXIT_FAILED;
    }
    return check_output(path);
}
