/*
 * review/choice.c: the files that are to be reviewed, where it is not all of a folder.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "choice.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verbs.h"

#define MOST_LINE 8192u

static int no_memory(void)
{
    say("out of memory");
    return EXIT_FAILED;
}

/* ---- Paths ----------------------------------------------------------------------------------- */

static int add(struct text_list *list, size_t *capacity, char *path)
{
    if (!path)
        return no_memory();
    if (list->count == *capacity) {
        size_t more = *capacity ? 2 * *capacity : 256;
        const char **items = realloc(list->items, more * sizeof *items);
        if (!items) {
            free(path);
            return no_memory();
        }
        list->items = items;
        *capacity = more;
    }
    list->items[list->count++] = path;
    return EXIT_DONE;
}

static void free_paths(struct text_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free((char *)(uintptr_t)list->items[i]);
    free_list(list);
}

/* The folder of `list`, with its '/'; "" for the working folder. The caller frees it. */
static char *folder_of(const char *list)
{
    const char *slash = strrchr(list, '/');
    return slash ? strndup(list, (size_t)(slash - list) + 1) : strdup("");
}

/* Where the file is; NULL: nowhere. */
static char *find_file(const char *path, const char *beside)
{
    char *real = realpath(path, NULL), *other = NULL;
    if (!real && path[0] != '/' && asprintf(&other, "%s%s", beside, path) >= 0) {
        real = realpath(other, NULL);
        free(other);
    }
    return real;
}

/* ---- Reading --------------------------------------------------------------------------------- */

struct reading {
    struct choice *choice;
    struct text_list paths;
    size_t capacity;
    char *beside;
};

static int take(struct reading *r, const char *path)
{
    char *real = find_file(path, r->beside);
    if (real)
        return add(&r->paths, &r->capacity, real);
    if (++r->choice->n_missing <= 10)
        say("%s: %s", path, strerror(errno));
    return EXIT_DONE;
}

static int take_lines(struct reading *r, FILE *file, const char *name)
{
    char *line = NULL;
    size_t room = 0;
    int code = EXIT_DONE;
    for (ssize_t n; code == EXIT_DONE && (n = getline(&line, &room, file)) >= 0;) {
        while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
            line[--n] = '\0';
        if ((size_t)n >= MOST_LINE || strlen(line) != (size_t)n) {
            say("%s: this is no list of paths: one of its lines is none", name);
            code = EXIT_FAILED;
        } else if (n > 0) {
            code = take(r, line);
        }
    }
    free(line);
    return code;
}

static int take_document(struct reading *r, FILE *file, const char *name)
{
    json_error_t error;
    json_t *document = json_loadf(file, 0, &error), *group, *image;
    json_t *groups = json_object_get(document, "groups");
    size_t g, i;
    int code = json_is_array(groups) ? EXIT_DONE : EXIT_FAILED;
    if (!document)
        say("%s, line %d: %s", name, error.line, error.text);
    else if (code != EXIT_DONE)
        say("%s has no \"groups\": give what 'selectai suggest --json' printed, or a path a line", name);
    json_array_foreach(groups, g, group) json_array_foreach(json_object_get(group, "images"), i, image)
    {
        const char *path = json_string_value(json_object_get(image, "path"));
        if (path && code == EXIT_DONE)
            code = take(r, path);
    }
    json_decref(document);
    return code;
}

static int take_file(struct reading *r, const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file) {
        say("%s: %s", path, strerror(errno));
        return EXIT_FAILED;
    }
    int first = getc(file);
    rewind(file);
    int code = first == '{' ? take_document(r, file, path) : take_lines(r, file, path);
    fclose(file);
    return code;
}

/* ---- What they share ------------------------------------------------------------------------- */

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Length of the folder that all lie in, without its '/'. Of sorted paths the first and the last tell. */
static size_t shared_folder(const struct text_list *paths)
{
    const char *a = paths->items[0], *b = paths->items[paths->count - 1];
    size_t folder = 0;
    for (size_t i = 0; a[i] && b[i] && a[i] == b[i]; i++)
        if (a[i] == '/')
            folder = i;
    if (paths->count == 1 || strcmp(a, b) == 0)
        folder = (size_t)(strrchr(a, '/') - a);
    return folder;
}

static int keep(struct choice *choice, struct text_list *paths)
{
    qsort(paths->items, paths->count, sizeof *paths->items, by_bytes);
    size_t folder = shared_folder(paths);
    choice->root = folder > 0 ? strndup(paths->items[0], folder) : strdup("/");
    choice->rel_paths = calloc(paths->count, sizeof *choice->rel_paths);
    if (!choice->root || !choice->rel_paths)
        return no_memory();
    for (size_t i = 0; i < paths->count; i++) {
        if (i > 0 && strcmp(paths->items[i], paths->items[i - 1]) == 0)
            continue;
        if (!(choice->rel_paths[choice->n] = strdup(paths->items[i] + folder + 1)))
            return no_memory();
        choice->n++;
    }
    return EXIT_DONE;
}

int read_choice(struct choice *out, const char *path)
{
    *out = (struct choice){0};
    struct reading r = {.choice = out, .beside = folder_of(path)};
    int code = r.beside ? take_file(&r, path) : no_memory();
    if (code == EXIT_DONE && out->n_missing > 10)
        say("... and %zu more that are not there", out->n_missing - 10);
    if (code == EXIT_DONE && r.paths.count == 0) {
        say("%s names no file that is there", path);
        code = EXIT_FAILED;
    }
    if (code == EXIT_DONE)
        code = keep(out, &r.paths);
    if (code == EXIT_DONE && strchr(out->root + 1, '/') == NULL) { /* all of /home would be walked for it */
        say("%s: its files share no folder but %s: give a list of one project's files", path, out->root);
        code = EXIT_FAILED;
    }
    free_paths(&r.paths);
    free(r.beside);
    if (code != EXIT_DONE)
        free_choice(out);
    return code;
}

void free_choice(struct choice *choice)
{
    for (size_t i = 0; i < choice->n; i++)
        free(choice->rel_paths[i]);
    free(choice->rel_paths);
    free(choice->root);
    *choice = (struct choice){0};
}

int is_chosen(const struct choice *choice, const char *rel_path)
{
    return bsearch(&rel_path, choice->rel_paths, choice->n, sizeof *choice->rel_paths, by_bytes) != NULL;
}
