/*
 * trainset/manifest_check.c: what a project's manifest says, beside what was found.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/iso_time.h"
#include "base/time.h"
#include "trainset/extraction.h"

/* The project called `name`, which is one of the list. */
static int get_by_name(struct selectai_known_project *out, size_t *index, const selectai_projects *projects,
                       const char *name)
{
    for (size_t i = 0; i < selectai_projects_count(projects); i++) {
        *index = i;
        *out = (struct selectai_known_project){.struct_size = sizeof *out};
        int rc = selectai_projects_get(projects, i, out);
        if (rc != SELECTAI_OK || strcmp(out->name, name) == 0)
            return rc;
    }
    return SAI_FAIL(SELECTAI_ERR_NOT_FOUND, "%s: no known project", name);
}

int sai_manifest_learn(struct sai_project_work *work)
{
    const selectai_projects *projects = work->extraction->known;
    struct sai_arena *arena = &work->extraction->entries->arena;
    struct selectai_known_project known;
    const char *name = NULL;
    work->manifest = (struct sai_manifest){
        .initial_images = -1, .final_images = -1, .started = INT64_MIN, .finished = INT64_MAX};
    int rc = projects ? selectai_projects_find(&name, projects, work->name) : SELECTAI_ERR_NOT_FOUND;
    if (rc == SELECTAI_ERR_AMBIGUOUS)
        return sai_issues_add_last(work->issues, "manifest", work->name, 0);
    if (rc == SELECTAI_OK)
        rc = get_by_name(&known, &work->manifest.index, projects, name);
    if (rc != SELECTAI_OK)
        return rc == SELECTAI_ERR_NOT_FOUND ? SELECTAI_OK : rc;
    work->manifest.name = sai_arena_strdup(arena, known.name);
    work->manifest.path = sai_arena_strdup(arena, known.manifest_path);
    if (!work->manifest.name || !work->manifest.path)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    if (!known.has_manifest)
        return SELECTAI_OK;
    work->manifest.present = true;
    work->manifest.initial_images = known.initial_images;
    work->manifest.final_images = known.final_images;
    work->manifest.started = known.started;
    work->manifest.finished = known.finished;
    return SELECTAI_OK;
}

bool sai_manifest_has_time(const struct sai_manifest *manifest)
{
    return manifest->present && (manifest->started != INT64_MIN || manifest->finished != INT64_MAX);
}

void sai_manifest_see_final(struct sai_manifest *manifest, int64_t mtime_ns)
{
    int64_t seconds = sai_whole_seconds(mtime_ns);
    manifest->finals_before += seconds < manifest->started;
    manifest->finals_after += manifest->finished != INT64_MAX && seconds >= manifest->finished;
}

static int compare_count(struct sai_project_work *work, const char *key, const char *kind, int64_t said, uint64_t found)
{
    const struct sai_manifest *manifest = &work->manifest;
    if (said < 0 || (uint64_t)said == found)
        return SELECTAI_OK;
    return sai_issues_add(work->issues, SELECTAI_ERR_MISMATCH, "manifest", manifest->path, 0,
                          "%s: counts.%s is %lld, but the %s folder of project %s holds %llu images: %s",
                          manifest->path, key, (long long)said, kind, work->name, (unsigned long long)found,
                          found < (uint64_t)said ? "some may be missing" : "some may belong to another project");
}

static int report_times(struct sai_project_work *work, uint64_t n, const char *how, int64_t moment)
{
    const struct sai_manifest *manifest = &work->manifest;
    char when[SAI_ISO_TIME_BYTES];
    if (n == 0)
        return SELECTAI_OK;
    bool known = sai_time_format_iso(when, moment);
    return sai_issues_add(work->issues, SELECTAI_ERR_MISMATCH, "manifest", manifest->path, 0,
                          "%s: %llu of %zu finals of project %s were modified %s%s%s: they may have been copied or "
                          "edited later, or belong to another project",
                          manifest->path, (unsigned long long)n, work->final.count, work->name, how, known ? " " : "",
                          when);
}

int sai_manifest_check(struct sai_project_work *work)
{
    const struct sai_manifest *manifest = &work->manifest;
    if (!manifest->present)
        return SELECTAI_OK;
    int rc = compare_count(work, "initialImages", "RAW", manifest->initial_images, work->counts.raw_images);
    if (rc == SELECTAI_OK)
        rc = compare_count(work, "finalImages", "FINAL", manifest->final_images, work->counts.final_images);
    if (rc == SELECTAI_OK)
        rc = report_times(work, manifest->finals_before, "before the project's start,", manifest->started);
    if (rc == SELECTAI_OK)
        rc = report_times(work, manifest->finals_after, "after the project's end,", manifest->finished);
    return rc;
}
