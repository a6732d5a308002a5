/*
 * validate/validate.c: the public calls; which paths there are, in which order they are looked into.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>
#include <time.h>

#include "base/iso_time.h"
#include "base/path.h"
#include "validate/validate.h"

static const struct selectai_validate_options defaults = {.struct_size = sizeof defaults};

void selectai_validate_options_init(struct selectai_validate_options *options, uint32_t struct_size)
{
    sai_options_init(options, struct_size, &defaults, sizeof defaults);
}

bool sai_in_future(const struct sai_validator *v, int64_t seconds)
{
    return seconds > v->now && (uint64_t)seconds - (uint64_t)v->now > SAI_SECONDS_OF_DAY;
}

int sai_validator_progress(struct sai_validator *v, uint64_t at)
{
    uint64_t done = v->bytes_done + at;
    return sai_progress_report(&v->progress, done < v->bytes_total ? done : v->bytes_total, v->bytes_total, "read");
}

int sai_check_failed(struct sai_validator *v, const struct sai_target *target, const char *code, int rc)
{
    const struct sai_place place = {.severity = SELECTAI_SEVERITY_ERROR};
    if (rc == SELECTAI_OK || rc == SELECTAI_ERR_OUT_OF_MEMORY || rc == SELECTAI_ERR_CANCELLED ||
        rc == SELECTAI_ERR_NO_SPACE || rc == SELECTAI_ERR_INVALID_ARGUMENT)
        return rc;
    return sai_result_add_last(v->result, target->result, code, &place);
}

/* ---- One thing ------------------------------------------------------------------------------- */

static int check_unknown(struct sai_validator *v, const struct sai_target *target)
{
    const struct sai_place place = {.severity = target->named || target->code ? SELECTAI_SEVERITY_ERROR
                                                                              : SELECTAI_SEVERITY_NOTE};
    const char *reason = target->reason ? target->reason : "";
    size_t n = strlen(target->path);
    if (strncmp(reason, target->path, n) == 0 && reason[n] == ':')
        reason += n + 1 + strspn(reason + n + 1, " ");
    return sai_result_add(v->result, target->result, target->code ? "unreadable" : "unknown-kind", &place, "%s",
                          reason);
}

static int check_target(struct sai_validator *v, const struct sai_target *target)
{
    switch (target->kind) {
    case SAI_KIND_UNKNOWN:
        return check_unknown(v, target);
    case SAI_KIND_IMAGES:
        return sai_check_images(v, target);
    case SAI_KIND_REPORT:
        return sai_check_report(v, target);
    case SAI_KIND_CONFIG:
        return sai_check_config(v, target);
    case SAI_KIND_MANIFEST:
        return sai_check_manifest(v, target);
    case SAI_KIND_CACHE:
        return sai_check_cache(v, target);
    case SAI_KIND_LEGACY_CACHE:
        return sai_check_legacy_cache(v, target);
    case SAI_KIND_SAFETENSORS:
        return sai_check_safetensors(v, target);
    case SAI_KIND_LEGACY_MODEL:
        return sai_check_legacy_model(v, target);
    case SAI_KIND_IMAGE_FILE:
        return sai_check_image_files(v, target->result, &target->path, 1);
    case SAI_KIND_DECISIONS_JSONL: /* all logs together: sai_check_decisions() */
    case SAI_KIND_DECISIONS_CSV:
    case SAI_KIND_IMAGE_FOLDER: /* with its walk: check_folder_images() */
        break;
    }
    return SELECTAI_OK;
}

/* ---- All of them ----------------------------------------------------------------------------- */

/* A folder that was given, and its images. */
struct folder {
    struct sai_walk walk;
    size_t target; /* the one that stands for its images; SIZE_MAX: none */
};

struct run {
    struct sai_validator v;
    struct sai_targets targets;
    struct folder *folders;
    size_t n_folders, capacity;
};

static int add_folder(struct run *run, const char *path)
{
    if (!SAI_GROW(run->folders, run->capacity, run->n_folders + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    size_t before = run->targets.count;
    struct folder *folder = &run->folders[run->n_folders++];
    *folder = (struct folder){.target = SIZE_MAX};
    int rc = sai_walk_folder(&folder->walk, &run->targets, path);
    const struct sai_walk *walk = &folder->walk;
    bool empty = run->targets.count == before; /* then at least this is said */
    if (rc != SELECTAI_OK ||
        (!empty && !walk->n_images && !walk->hidden_images && !walk->linked_images && !walk->unreadable.count))
        return rc;
    struct sai_target target = {.kind = SAI_KIND_IMAGE_FOLDER, .name = "images-folder", .named = true};
    target.path = sai_strdup(path);
    if (!target.path || !SAI_GROW(run->targets.items, run->targets.capacity, run->targets.count + 1)) {
        sai_free(target.path);
        return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    folder->target = run->targets.count;
    run->targets.items[run->targets.count++] = target;
    return SELECTAI_OK;
}

static int find_targets(struct run *run, const char *const *paths, size_t n)
{
    int rc = SELECTAI_OK;
    for (size_t i = 0; rc == SELECTAI_OK && i < n; i++)
        rc = sai_path_is_directory(paths[i]) ? add_folder(run, paths[i])
                                             : sai_targets_add(&run->targets, paths[i], true);
    for (size_t i = 0; rc == SELECTAI_OK && i < run->targets.count; i++) {
        struct sai_target *target = &run->targets.items[i];
        rc = sai_result_add_file(&target->result, run->v.result, target->path, target->name, target->named);
    }
    return rc;
}

static int check_folder_images(struct run *run, const struct folder *folder)
{
    struct sai_validator *v = &run->v;
    const struct sai_walk *walk = &folder->walk;
    if (folder->target == SIZE_MAX)
        return SELECTAI_OK;
    size_t result = run->targets.items[folder->target].result;
    const struct sai_place place = {.severity = SELECTAI_SEVERITY_ERROR};
    int rc = sai_check_image_files(v, result, walk->images, walk->n_images);
    for (size_t i = 0; rc == SELECTAI_OK && i < walk->unreadable.count; i++)
        rc = sai_result_add(v->result, result, "unreadable", &place, "%s", walk->unreadable.items[i]);
    if (rc == SELECTAI_OK)
        rc = sai_result_note(v->result, result, "hidden-image", walk->hidden_images, "%llu images are hidden",
                             (unsigned long long)walk->hidden_images);
    if (rc == SELECTAI_OK)
        rc = sai_result_note(v->result, result, "linked-image", walk->linked_images, "%llu images are links",
                             (unsigned long long)walk->linked_images);
    const struct sai_place whole = {.severity = -1};
    if (rc == SELECTAI_OK && v->result->files[result].n_problems == 0 && walk->n_images == 0)
        rc = sai_result_add(v->result, result, "no-rows", &whole, "neither an image nor any other known file in it");
    return rc;
}

/* Caches and models are only of use together if they are of one encoder. */
static int check_encoders(struct sai_validator *v)
{
    const char *wanted = v->options.encoder_id, *whose = "asked for";
    bool named = true;
    for (size_t i = 0; i < v->result->n_files; i++) {
        const struct sai_file_result *file = &v->result->files[i];
        if (!*file->encoder_id)
            continue;
        if (!wanted) {
            wanted = file->encoder_id;
            whose = file->path;
            named = file->named;
        }
        if (strcmp(wanted, file->encoder_id) == 0)
            continue;
        /* What merely lies in the same folder need not belong together. */
        const struct sai_place place = {.severity = named || file->named ? SELECTAI_SEVERITY_ERROR
                                                                         : SELECTAI_SEVERITY_WARNING};
        int rc = sai_result_add(v->result, i, "encoder-mismatch", &place, "its encoder is %s, but %s (%s)",
                                file->encoder_id, wanted, whose);
        if (rc != SELECTAI_OK)
            return rc;
    }
    return SELECTAI_OK;
}

static int run_all(struct run *run, const char *const *paths, size_t n)
{
    int rc = find_targets(run, paths, n);
    run->v.targets = &run->targets;
    if (rc == SELECTAI_OK)
        rc = sai_check_decisions(&run->v);
    for (size_t i = 0; rc == SELECTAI_OK && i < run->targets.count; i++)
        rc = check_target(&run->v, &run->targets.items[i]);
    for (size_t i = 0; rc == SELECTAI_OK && i < run->n_folders; i++)
        rc = check_folder_images(run, &run->folders[i]);
    if (rc == SELECTAI_OK)
        rc = check_encoders(&run->v);
    if (rc == SELECTAI_OK)
        sai_result_sort(run->v.result);
    return rc;
}

static int validate(selectai_validation **out, uint64_t *n_dropped, const char *const *paths, size_t n,
                    const char *out_dir, const struct selectai_validate_options *options)
{
    struct run run = {.v = {.options = defaults}};
    struct sai_validator *v = &run.v;
    int rc = sai_options_copy(&v->options, sizeof v->options, options);
    if (rc != SELECTAI_OK)
        return rc;
    SAI_REQUIRE(!v->options.project || *v->options.project);
    v->now = v->options.now ? v->options.now : (int64_t)time(NULL);
    v->progress = (struct sai_progress){.fn = v->options.progress, .user = v->options.user};
    v->result = sai_calloc(1, sizeof *v->result);
    rc = v->result ? sai_present_create(&v->present, v->options.images_root, v->options.root)
                   : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK && out_dir)
        rc = sai_fix_create(&v->fix, out_dir, paths, n);
    if (rc == SELECTAI_OK)
        rc = run_all(&run, paths, n);
    if (rc == SELECTAI_OK && v->fix)
        rc = sai_fix_commit(v->fix, n_dropped);
    for (size_t i = 0; i < run.n_folders; i++)
        sai_walk_free(&run.folders[i].walk);
    sai_free(run.folders);
    sai_targets_free(&run.targets);
    sai_name_index_free(&v->manifests);
    sai_fix_destroy(&v->fix);
    sai_present_destroy(&v->present);
    if (rc == SELECTAI_OK)
        *out = v->result;
    else
        selectai_validation_destroy(&v->result);
    return rc;
}

static bool all_given(const char *const *paths, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!paths[i] || !*paths[i])
            return false;
    return true;
}

int selectai_validate(selectai_validation **out, const char *const *paths, size_t n_paths,
                      const struct selectai_validate_options *options)
{
    SAI_REQUIRE(out && (paths || n_paths == 0) && n_paths < UINT32_MAX && all_given(paths, n_paths));
    return validate(out, NULL, paths, n_paths, NULL, options);
}

int selectai_validate_fix(selectai_validation **out, uint64_t *n_dropped, const char *const *paths, size_t n_paths,
                          const char *out_dir, const struct selectai_validate_options *options)
{
    SAI_REQUIRE(out && out_dir && *out_dir && (paths || n_paths == 0) && n_paths < UINT32_MAX &&
                all_given(paths, n_paths));
    return validate(out, n_dropped, paths, n_paths, out_dir, options);
}
