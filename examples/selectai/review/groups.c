/*
 * review/groups.c: from a folder to groups.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "groups.h"

#include <stdlib.h>
#include <string.h>

#include "terminal.h"

/* All images of the folder, before they are grouped. */
struct found {
    struct review_image *images;
    size_t n, capacity;
};

static void free_image(struct review_image *image)
{
    for (size_t i = 0; i < image->n_companions; i++)
        free(image->companions[i]);
    free(image->companions);
    free(image->rel_path);
}

static void free_found(struct found *found)
{
    for (size_t i = 0; i < found->n; i++)
        free_image(&found->images[i]);
    free(found->images);
}

static int copy_file(struct review_image *image, const struct selectai_file *file)
{
    *image = (struct review_image){.size = file->size, .mtime_ns = file->mtime_ns};
    image->rel_path = strdup(file->rel_path);
    image->companions = calloc((size_t)file->n_companions + 1, sizeof *image->companions);
    if (!image->rel_path || !image->companions)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (; image->n_companions < file->n_companions; image->n_companions++)
        if (!(image->companions[image->n_companions] = strdup(file->companions[image->n_companions])))
            return SELECTAI_ERR_OUT_OF_MEMORY;
    return SELECTAI_OK;
}

static int keep_file(struct found *found, const struct selectai_file *file)
{
    if (found->n == found->capacity) {
        size_t capacity = found->capacity ? 2 * found->capacity : 1024;
        struct review_image *images = realloc(found->images, capacity * sizeof *images);
        if (!images)
            return SELECTAI_ERR_OUT_OF_MEMORY;
        found->images = images;
        found->capacity = capacity;
    }
    struct review_image *image = &found->images[found->n];
    int rc = copy_file(image, file);
    if (rc == SELECTAI_OK)
        found->n++;
    else
        free_image(image);
    return rc;
}

/* What Finalize moved is decided already. */
static int is_ours(const char *rel_path)
{
    static const char *const folders[] = {SELECTED_FOLDER, CROP_FOLDER, STAGING_FOLDER, ORIGINALS_FOLDER};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        size_t n = strlen(folders[i]);
        if (strncmp(rel_path, folders[i], n) == 0 && rel_path[n] == '/')
            return 1;
    }
    return 0;
}

static int scan(struct found *found, struct review_groups *groups, const struct choice *choice)
{
    selectai_scanner *scanner = NULL;
    struct selectai_file file = {.struct_size = sizeof file};
    int rc = selectai_scanner_open(&scanner, groups->root);
    while (rc == SELECTAI_OK && (rc = selectai_scanner_next(scanner, &file)) == SELECTAI_OK)
        if (!is_ours(file.rel_path) && (!choice || is_chosen(choice, file.rel_path)))
            rc = keep_file(found, &file);
    if (scanner) {
        groups->n_issues = selectai_issues_count(selectai_scanner_issues(scanner));
        print_issues(selectai_scanner_issues(scanner), 10);
    }
    selectai_scanner_close(&scanner);
    return rc == SELECTAI_DONE ? SELECTAI_OK : rc;
}

/* Moves the members into groups->images, group after group. */
static int take_groups(struct review_groups *groups, struct found *found, const uint32_t *members,
                       const uint32_t *starts, size_t n_groups)
{
    size_t n = n_groups > 0 ? starts[n_groups] : 0;
    groups->images = calloc(n + 1, sizeof *groups->images);
    groups->groups = calloc(n_groups + 1, sizeof *groups->groups);
    if (!groups->images || !groups->groups)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t g = 0; g < n_groups; g++) {
        groups->groups[g] = (struct review_group){.first = starts[g], .n = starts[g + 1] - starts[g]};
        for (uint32_t i = starts[g]; i < starts[g + 1]; i++) {
            struct selectai_parsed_name name = {.struct_size = sizeof name};
            groups->images[i] = found->images[members[i]];
            found->images[members[i]] = (struct review_image){0};
            groups->images[i].group = (uint32_t)g;
            if (selectai_parse_filename(&name, groups->images[i].rel_path) == SELECTAI_OK)
                groups->images[i].stage = name.stage;
        }
    }
    groups->n_images = n;
    groups->n_groups = n_groups;
    groups->n_alone = found->n - n;
    return SELECTAI_OK;
}

static int name_all(struct review_groups *groups)
{
    if (id_table_open(&groups->by_image, groups->n_images) != 0 ||
        id_table_open(&groups->by_group, groups->n_groups) != 0)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t g = 0; g < groups->n_groups; g++) {
        struct review_group *group = &groups->groups[g];
        uint64_t hash = ID_SEED;
        for (uint32_t i = group->first; i < group->first + group->n; i++) {
            struct review_image *image = &groups->images[i];
            hash = id_hash(hash, image->rel_path);
            id_text(image->id, id_table_add(&groups->by_image, id_hash(ID_SEED, image->rel_path), i));
        }
        id_text(group->id, id_table_add(&groups->by_group, hash, g));
    }
    return SELECTAI_OK;
}

static int group_all(struct review_groups *groups, struct found *found, const struct selectai_group_options *how)
{
    const char **names = calloc(found->n + 1, sizeof *names);
    uint32_t *members = calloc(found->n + 1, sizeof *members), *starts = calloc(found->n + 1, sizeof *starts);
    size_t n_groups = 0;
    int rc = names && members && starts ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < found->n && rc == SELECTAI_OK; i++)
        names[i] = found->images[i].rel_path;
    if (rc == SELECTAI_OK)
        rc = selectai_group_names(members, starts, &n_groups, names, found->n, how);
    if (rc == SELECTAI_OK)
        rc = take_groups(groups, found, members, starts, n_groups);
    if (rc == SELECTAI_OK)
        rc = name_all(groups);
    free(names);
    free(members);
    free(starts);
    return rc;
}

int open_groups(struct review_groups *groups, const char *root, const char *project,
                const struct selectai_group_options *how, const struct choice *choice)
{
    struct found found = {0};
    *groups = (struct review_groups){.root = strdup(root), .project = strdup(project)};
    int rc = groups->root && groups->project ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = scan(&found, groups, choice);
    if (rc == SELECTAI_OK)
        rc = group_all(groups, &found, how);
    free_found(&found);
    if (rc != SELECTAI_OK)
        close_groups(groups);
    return rc;
}

void close_groups(struct review_groups *groups)
{
    struct found images = {groups->images, groups->n_images, groups->n_images};
    free_found(&images);
    free(groups->groups);
    free(groups->root);
    free(groups->project);
    id_table_close(&groups->by_image);
    id_table_close(&groups->by_group);
    *groups = (struct review_groups){0};
}

size_t find_group(const struct review_groups *groups, const char *id)
{
    return id_table_find(&groups->by_group, id);
}

size_t find_image(const struct review_groups *groups, const char *id)
{
    return id_table_find(&groups->by_image, id);
}

char *image_path(const struct review_groups *groups, const struct review_image *image)
{
    size_t root = strlen(groups->root), rel = strlen(image->rel_path);
    while (root > 1 && groups->root[root - 1] == '/')
        root--;
    char *path = malloc(root + rel + 2);
    if (!path)
        return NULL;
    memcpy(path, groups->root, root);
    path[root] = '/';
    memcpy(path + root + 1, image->rel_path, rel + 1);
    return path;
}
