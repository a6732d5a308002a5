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

/* The images that belong together: of a decision, or behind all decisions, of a rejected group. Borrowed. */
struct image_set {
    const char *project, *first;
    const char *const *others;
    uint32_t n_others;
};

static size_t count_image_sets(const selectai_trainset *set)
{
    return selectai_trainset_count(set) + selectai_trainset_rejected_count(set);
}

static int get_image_set(struct image_set *out, const selectai_trainset *set, size_t index)
{
    size_t n = selectai_trainset_count(set);
    struct selectai_entry entry = {.struct_size = sizeof entry};
    struct selectai_rejected_group group = {.struct_size = sizeof group};
    int rc = index < n ? selectai_trainset_get(set, index, &entry)
                       : selectai_trainset_get_rejected(set, index - n, &group);
    if (rc == SELECTAI_OK && index < n)
        *out = (struct image_set){entry.project, entry.chosen_path, entry.neg_paths, entry.n_negatives};
    else if (rc == SELECTAI_OK)
        *out = (struct image_set){group.project, group.paths[0], group.paths + 1, group.n_images - 1};
    return rc;
}

static int add_set_files(struct file_list *files, const struct image_set *images)
{
    int rc = add_file(files, images->first, images->first);
    for (uint32_t i = 0; i < images->n_others && rc == SELECTAI_OK; i++)
        rc = add_file(files, images->others[i], images->others[i]);
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

static int compare_names(const void *a, const void *b)
{
    return strcmp(last_part(*(char *const *)a), last_part(*(char *const *)b));
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

/* Takes every file that decisions and groups of the project name, from the set's index `from` on, once; of them those
 * of the shard. */
static int list_set_files(struct file_list *files, const selectai_trainset *set, size_t from, const char *project,
                          struct shard *shard)
{
    struct image_set images;
    struct file_list named = {0}; /* set by set */
    size_t n = count_image_sets(set), n_sets = 0;
    uint32_t *starts = calloc(n - from + 1, sizeof *starts);
    int rc = starts ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = from; i < n && rc == SELECTAI_OK; i++) {
        rc = get_image_set(&images, set, i);
        if (rc != SELECTAI_OK || strcmp(images.project, project) != 0)
            continue;
        rc = add_set_files(files, &images);
        if (rc == SELECTAI_OK && shard->count > 0)
            rc = add_set_files(&named, &images);
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

/* 1 once for each project: rows come in any order, and groups behind all decisions. */
static int project_is_new(json_t *seen, const char *project)
{
    if (json_object_get(seen, project))
        return 0;
    return json_object_set_new_nocheck(seen, project, json_true()) == 0;
}

int embed_entries(selectai_embedding_cache *cache, selectai_encoder *encoder, const selectai_trainset *set,
                  struct shard *shard, struct embed_how how, struct progress *progress,
                  struct selectai_embed_counts *total)
{
    struct image_set images;
    size_t n = count_image_sets(set), n_homeless = 0;
    json_t *seen = json_object();
    int rc = seen ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;

    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++) {
        rc = get_image_set(&images, set, i);
        if (rc == SELECTAI_OK && !images.project[0]) { /* a crop whose log tells no project */
            n_homeless++;
            continue;
        }
        if (rc != SELECTAI_OK || !project_is_new(seen, images.project))
            continue;
        struct file_list files = {0};
        rc = list_set_files(&files, set, i, images.project, shard);
        if (rc == SELECTAI_OK)
            rc = embed_project(cache, encoder, images.project, &files, how, progress, total);
        free_files(&files);
    }
    json_decref(seen);
    if (n_homeless > 0)
        say("%zu rows do not tell their project, and were not embedded: give --project NAME, --config or --manifest",
            n_homeless);
    total->failed += n_homeless;
    return rc;
}
