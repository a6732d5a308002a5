/*
 * steps.c: the pieces that verbs and the demo share.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shard.h"

void add_counts(struct selectai_embed_counts *total, const struct selectai_embed_counts *part)
{
    total->encoded += part->encoded;
    total->unchanged += part->unchanged;
    total->moved += part->moved;
    total->failed += part->failed;
    total->given_up += part->given_up;
}

int open_encoder(selectai_encoder **out, const struct encoder_args *args)
{
    struct selectai_encoder_options options;
    selectai_encoder_options_init(&options, sizeof options);
    options.activation = args->activation;
    options.dtype = args->dtype;
    options.threads = args->threads;
    options.device = args->device;
    options.heads = args->heads;
    options.convert = args->convert;
    options.exif = (uint32_t)args->exif;
    options.min_side = args->min_side;
    if (args->batch_size)
        options.batch_size = args->batch_size;
    return selectai_encoder_open(out, args->what, &options);
}

static int add_entry_files(struct file_list *files, const struct selectai_entry *entry)
{
    int rc = add_file(files, entry->chosen_path, entry->chosen_path);
    for (uint32_t i = 0; i < entry->n_negatives && rc == SELECTAI_OK; i++)
        rc = add_file(files, entry->neg_paths[i], entry->neg_paths[i]);
    return rc;
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Several entries of one group name the same files. paths and rel_paths are equal here, so both sort alike. */
static void drop_repeats(struct file_list *files)
{
    size_t kept = 0;
    if (files->count == 0)
        return;
    qsort(files->paths, files->count, sizeof *files->paths, compare_text);
    qsort(files->rel_paths, files->count, sizeof *files->rel_paths, compare_text);
    for (size_t i = 0; i < files->count; i++) {
        if (kept > 0 && strcmp(files->paths[i], files->paths[kept - 1]) == 0) {
            free(files->paths[i]);
            free(files->rel_paths[i]);
            continue;
        }
        files->paths[kept] = files->paths[i];
        files->rel_paths[kept++] = files->rel_paths[i];
    }
    files->count = kept;
}

static const char *name_in(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(name_in(*(char *const *)a), name_in(*(char *const *)b));
}

/* Crop logs of the minimal form have bare file names. One that another row of the project names with its folder is that
 * image, since names are matched within a project. */
static int drop_bare_names(struct file_list *files)
{
    const char **placed = calloc(files->count + 1, sizeof *placed);
    size_t n = 0, kept = 0;
    if (!placed)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < files->count; i++)
        if (strchr(files->paths[i], '/'))
            placed[n++] = files->paths[i];
    qsort(placed, n, sizeof *placed, compare_names);
    for (size_t i = 0; i < files->count; i++) {
        const char *path = files->paths[i];
        if (!strchr(path, '/') && access(path, F_OK) != 0 && bsearch(&path, placed, n, sizeof *placed, compare_names)) {
            free(files->paths[i]);
            free(files->rel_paths[i]);
            continue;
        }
        files->paths[kept] = files->paths[i];
        files->rel_paths[kept++] = files->rel_paths[i];
    }
    files->count = kept;
    free(placed);
    return SELECTAI_OK;
}

static int embed_project(selectai_embedding_cache *cache, selectai_encoder *encoder, const char *project,
                         const struct file_list *files, struct embed_how how, struct progress *progress,
                         struct selectai_embed_counts *total)
{
    struct selectai_embed_options options;
    struct selectai_embed_counts counts = {.struct_size = sizeof counts};
    selectai_issues *issues = NULL;
    selectai_embed_options_init(&options, sizeof options);
    options.threads = how.threads;
    options.retry_failed = (uint32_t)how.retry_failed;
    options.progress = show_progress;
    options.user = progress;
    int rc = selectai_embed_files(&counts, &issues, cache, encoder, project, (const char *const *)files->paths,
                                  (const char *const *)files->rel_paths, files->count, &options);
    end_progress(progress);
    print_issues(issues, 10);
    if (how.issues) {
        json_t *more = json_of_issues(issues);
        json_array_extend(how.issues, more);
        json_decref(more);
    }
    selectai_issues_destroy(&issues);
    add_counts(total, &counts);
    return rc;
}

/* Index of the first entry at or after `from` whose project has not been handled: entries come in any order. */
static int project_is_new(const selectai_trainset *set, size_t index, const char *project)
{
    struct selectai_entry entry = {.struct_size = sizeof entry};
    for (size_t i = 0; i < index; i++)
        if (selectai_trainset_get(set, i, &entry) == SELECTAI_OK && strcmp(entry.project, project) == 0)
            return 0;
    return 1;
}

/* Takes every file that entries of the project name, from entry `from` on, once; of them those of the shard. */
static int list_entry_files(struct file_list *files, const selectai_trainset *set, size_t from, const char *project,
                            struct shard *shard)
{
    struct selectai_entry entry = {.struct_size = sizeof entry};
    struct file_list named = {0}; /* entry by entry */
    size_t n = selectai_trainset_count(set), n_sets = 0;
    uint32_t *starts = calloc(n - from + 1, sizeof *starts);
    int rc = starts ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = from; i < n && rc == SELECTAI_OK; i++) {
        rc = selectai_trainset_get(set, i, &entry);
        if (rc != SELECTAI_OK || strcmp(entry.project, project) != 0)
            continue;
        rc = add_entry_files(files, &entry);
        if (rc == SELECTAI_OK && shard->count > 0)
            rc = add_entry_files(&named, &entry);
        starts[++n_sets] = (uint32_t)named.count;
    }
    drop_repeats(files);
    if (rc == SELECTAI_OK)
        rc = drop_bare_names(files);
    if (rc == SELECTAI_OK)
        rc = keep_shard_of_sets(files, shard, project, &named, starts, n_sets);
    free_files(&named);
    free(starts);
    return rc;
}

int embed_entries(selectai_embedding_cache *cache, selectai_encoder *encoder, const selectai_trainset *set,
                  struct shard *shard, struct embed_how how, struct progress *progress,
                  struct selectai_embed_counts *total)
{
    struct selectai_entry first = {.struct_size = sizeof first};
    size_t n = selectai_trainset_count(set);
    char *last = NULL;
    size_t n_homeless = 0;
    int rc = SELECTAI_OK;

    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++) {
        rc = selectai_trainset_get(set, i, &first);
        if (rc == SELECTAI_OK && !first.project[0]) { /* a crop whose log tells no project */
            n_homeless++;
            continue;
        }
        if (rc != SELECTAI_OK || (last && strcmp(last, first.project) == 0) || !project_is_new(set, i, first.project))
            continue;
        struct file_list files = {0};
        free(last);
        last = strdup(first.project);
        rc = list_entry_files(&files, set, i, first.project, shard);
        if (rc == SELECTAI_OK)
            rc = embed_project(cache, encoder, first.project, &files, how, progress, total);
        free_files(&files);
    }
    free(last);
    if (n_homeless > 0)
        say("%zu rows do not tell their project, and were not embedded: give --project NAME, --config or --manifest",
            n_homeless);
    total->failed += n_homeless;
    return rc;
}
