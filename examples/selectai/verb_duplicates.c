/*
 * verb_duplicates.c: copies of one picture, and which of them could go. Nothing is touched.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verbs.h"

struct duplicates_args {
    const char *project, *cache;
    uint32_t distance, threads;
    int json, quiet, paths_only;
    struct text_list rest;
};

/* What is to be compared: files, the project of each, and hashes that a cache knows. */
struct material {
    struct file_list files;
    const char **projects;
    uint64_t *hashes;
    uint8_t *known;
};

static const char *const words[] = {"keep", "same-file", "same-pixels", "resaved", "similar"};

/* ---- Material -------------------------------------------------------------------------------- */

/* Each folder is a project by itself, unless one name was given for all; single files belong together. */
static int collect(struct material *m, const struct duplicates_args *args)
{
    int rc = SELECTAI_OK;
    for (size_t i = 0; i < args->rest.count && rc == SELECTAI_OK; i++) {
        const char *item = args->rest.items[i];
        size_t before = m->files.count;
        rc = list_files(&m->files, item);
        const char **projects = realloc(m->projects, (m->files.count + 1) * sizeof *projects);
        if (!projects)
            return SELECTAI_ERR_OUT_OF_MEMORY;
        m->projects = projects;
        for (size_t k = before; k < m->files.count; k++)
            projects[k] = args->project ? args->project : is_folder(item) ? item : "";
    }
    return rc;
}

/* Files that are in the cache as they are now need not be opened. */
static int look_up(struct material *m, const struct duplicates_args *args)
{
    selectai_embedding_cache *cache = NULL;
    int rc = selectai_embedding_cache_open(&cache, args->cache);
    m->hashes = calloc(m->files.count + 1, sizeof *m->hashes);
    m->known = calloc(m->files.count + 1, sizeof *m->known);
    if (rc == SELECTAI_OK && (!m->hashes || !m->known))
        rc = SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < m->files.count && rc == SELECTAI_OK; i++) {
        struct selectai_cache_row row = {.struct_size = sizeof row};
        size_t index;
        if (selectai_embedding_cache_find_file(cache, m->projects[i], m->files.paths[i], NULL, &index) != SELECTAI_OK)
            continue;
        rc = selectai_embedding_cache_get(cache, index, &row, NULL);
        m->hashes[i] = row.phash;
        m->known[i] = row.phash != 0; /* caches from elsewhere have none */
    }
    selectai_embedding_cache_close(&cache);
    return rc;
}

static void free_material(struct material *m)
{
    free_files(&m->files);
    free(m->projects);
    free(m->hashes);
    free(m->known);
}

/* ---- Results --------------------------------------------------------------------------------- */

struct totals {
    size_t can_go;
    uint64_t bytes;
};

static struct totals sum_up(const selectai_duplicates *found)
{
    struct selectai_duplicate copy = {.struct_size = sizeof copy};
    struct totals totals = {0};
    for (size_t i = 0; i < selectai_duplicates_count(found); i++)
        if (selectai_duplicates_get(found, i, &copy) == SELECTAI_OK && copy.can_go) {
            totals.can_go++;
            totals.bytes += copy.size;
        }
    return totals;
}

/* Text that came from elsewhere: null if it is no UTF-8. */
static json_t *json_text(const char *text)
{
    json_t *value = json_string(text);
    return value ? value : json_null();
}

static json_t *json_of_copy(const struct selectai_duplicate *copy, const struct material *m)
{
    char hash[17];
    snprintf(hash, sizeof hash, "%016" PRIx64, copy->hash);
    json_t *file = json_object();
    set_json_path(file, copy->path);
    json_object_set_new(file, "relation", json_string(words[copy->relation]));
    json_object_set_new(file, "can_go", json_boolean(copy->can_go));
    json_object_set_new(file, "of", json_text(m->files.paths[copy->of]));
    json_object_set_new(file, "distance", json_integer(copy->distance));
    json_object_set_new(file, "hash", json_string(hash));
    json_object_set_new(file, "size", json_integer((json_int_t)copy->size));
    json_object_set_new(file, "width", json_integer(copy->width));
    json_object_set_new(file, "height", json_integer(copy->height));
    int sight = copy->relation == SELECTAI_COPY_RESAVED || copy->relation == SELECTAI_COPY_SIMILAR;
    json_object_set_new(file, "difference", sight ? json_real(copy->difference) : json_null());
    return file;
}

static int print_as_json(const selectai_duplicates *found, const struct material *m)
{
    struct selectai_duplicate copy = {.struct_size = sizeof copy};
    struct totals totals = sum_up(found);
    json_t *groups = json_array(), *files = NULL;
    for (size_t i = 0; i < selectai_duplicates_count(found); i++) {
        if (selectai_duplicates_get(found, i, &copy) != SELECTAI_OK)
            continue;
        if (copy.relation == SELECTAI_COPY_KEPT) {
            files = json_array();
            json_array_append_new(groups, json_pack("{s:o, s:o, s:o}", "project", json_text(copy.project), "keep",
                                                    json_text(copy.path), "files", files));
        }
        json_array_append_new(files, json_of_copy(&copy, m));
    }
    return print_json(
        json_pack("{s:o, s:{s:I, s:I, s:I, s:I, s:I}, s:o}", "groups", groups, "total", "files",
                  (json_int_t)m->files.count, "groups", (json_int_t)selectai_duplicates_group_count(found), "in_groups",
                  (json_int_t)selectai_duplicates_count(found), "can_go", (json_int_t)totals.can_go, "bytes",
                  (json_int_t)totals.bytes, "issues", json_of_issues(selectai_duplicates_issues(found))));
}

static void print_copy(const struct selectai_duplicate *copy)
{
    printf("  %-11s %5" PRIu32 " x %-5" PRIu32 " %7.2f MB  ", words[copy->relation], copy->width, copy->height,
           (double)copy->size / 1e6);
    put_clean(stdout, copy->path);
    if (copy->relation == SELECTAI_COPY_SIMILAR)
        printf("  (%" PRIu32 " bits and %.1f grey levels apart: look at it)", copy->distance, copy->difference);
    else if (copy->relation != SELECTAI_COPY_KEPT)
        printf("  (%s)", copy->can_go ? "could go" : "stays: holds more, or is another stage or time by its name");
    printf("\n");
}

static void print_group(const struct selectai_duplicate *kept)
{
    printf("Group %" PRIu32 "%s", kept->group + 1, *kept->project ? " of " : "");
    put_clean(stdout, kept->project);
    printf("\n");
}

static void print_as_text(const selectai_duplicates *found, const struct material *m)
{
    struct selectai_duplicate copy = {.struct_size = sizeof copy};
    struct totals totals = sum_up(found);
    for (size_t i = 0; i < selectai_duplicates_count(found); i++) {
        if (selectai_duplicates_get(found, i, &copy) != SELECTAI_OK)
            continue;
        if (copy.relation == SELECTAI_COPY_KEPT)
            print_group(&copy);
        print_copy(&copy);
    }
    printf("%zu images, %zu groups of copies with %zu files; %zu files (%.1f MB) could go. Nothing was touched.\n",
           m->files.count, selectai_duplicates_group_count(found), selectai_duplicates_count(found), totals.can_go,
           (double)totals.bytes / 1e6);
}

static void print_paths(const selectai_duplicates *found)
{
    struct selectai_duplicate copy = {.struct_size = sizeof copy};
    for (size_t i = 0; i < selectai_duplicates_count(found); i++)
        if (selectai_duplicates_get(found, i, &copy) == SELECTAI_OK && copy.can_go)
            printf("%s%c", copy.path, '\0');
}

/* ---- The verb -------------------------------------------------------------------------------- */

static int find(const struct duplicates_args *args)
{
    struct material m = {0};
    struct progress progress = {.quiet = args->quiet};
    struct selectai_duplicates_options options;
    selectai_duplicates *found = NULL;
    int rc = collect(&m, args), code = EXIT_DONE;
    if (rc == SELECTAI_OK && args->cache)
        rc = look_up(&m, args);
    selectai_duplicates_options_init(&options, sizeof options);
    options.distance = args->distance;
    options.threads = args->threads;
    options.hashes = m.hashes;
    options.hash_known = m.known;
    options.progress = show_progress;
    options.user = &progress;
    if (rc == SELECTAI_OK)
        rc = selectai_duplicates_find(&found, (const char *const *)m.files.paths, m.projects, m.files.count, &options);
    end_progress(&progress);
    if (rc != SELECTAI_OK) {
        code = report_failure(rc);
    } else {
        print_issues(selectai_duplicates_issues(found), 10);
        if (args->json)
            code = print_as_json(found, &m);
        else if (args->paths_only)
            print_paths(found);
        else
            print_as_text(found, &m);
        if (selectai_issues_count(selectai_duplicates_issues(found)) > 0)
            code = EXIT_FAILED;
    }
    selectai_duplicates_destroy(&found);
    free_material(&m);
    return code;
}

static int run(int argc, char **argv, const struct verb *verb)
{
    struct duplicates_args a = {.distance = 8};
    const struct arg args[] = {
        {"distance", ARG_U32, &a.distance, "N", "most bits in which the hashes of copies differ, 0 to 64 (8)", 0},
        {"project", ARG_TEXT, &a.project, "NAME", "all folders are this project; default: each is one by itself", 0},
        {"cache", ARG_TEXT, &a.cache, "DIR", "take hashes from this embedding cache (with --project)", 0},
        {"removable", ARG_FLAG, &a.paths_only, NULL, "print only the paths that could go, each with a NUL behind it",
         0},
        {"threads", ARG_U32, &a.threads, "N", "default: all cores", 0},
        {"json", ARG_FLAG, &a.json, NULL, "print JSON", 0},
        {"quiet", ARG_FLAG, &a.quiet, NULL, "no progress", 0},
        {0},
    };
    int code = parse_args(argc, argv, verb, args, &a.rest);
    if (code < 0 && a.rest.count == 0)
        code = usage_error(verb, "give files or folders");
    if (code < 0 && a.distance > 64)
        code = usage_error(verb, "--distance is 0 to 64: a hash has 64 bits");
    if (code < 0 && a.cache && !a.project)
        code = usage_error(verb, "--cache needs --project NAME: the cache keeps files by project");
    if (code < 0 && a.json && a.paths_only)
        code = usage_error(verb, "--json and --removable exclude each other");
    if (code < 0)
        code = find(&a);
    free_list(&a.rest);
    return code;
}

const struct verb verb_duplicates = {
    .name = "duplicates",
    .summary = "find copies of one picture and say which could go",
    .usage = "DIR|FILE... [options]",
    .text =
        "Copies have near hashes and are confirmed by their pixels, or place by place as the same picture saved again\n"
        "or scaled. One file of each group is kept: most pixels, lossless before lossy, most bytes. Another stage or\n"
        "time by its name is no copy unless pixels are the same; a lossless file never goes for a lossy one. Several\n"
        "names of one file count once. No file is changed, moved or removed: --removable | xargs -0 is up to you.\n",
    .run = run,
};
