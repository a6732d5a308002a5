/*
 * trainset/attribution.c: which files of a folder belong to the project, where several projects share it.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <sys/stat.h>

#include "base/time.h"
#include "project/known.h"
#include "project/scan.h"
#include "trainset/extraction.h"

/* Another project, in whose time a file may have been modified. */
struct claim {
    struct selectai_known_project project;
    uint64_t n; /* files left to it */
};

struct sharing {
    struct sai_project_work *work;
    int which;   /* SAI_RAW or SAI_FINAL */
    bool active; /* files are told apart by their times */
    bool shared; /* other projects have their files in this folder too */
    struct claim *claims;
    size_t n_claims, capacity;
    uint64_t n_nobody;
};

/* ---- Who shares the folder ------------------------------------------------------------------- */

enum answer { NO, YES, NOT_KNOWN };

static struct sai_known_place place_of_path(const char *path)
{
    struct stat st;
    struct sai_known_place place = {.told = *path != '\0'};
    place.there = place.told && stat(path, &st) == 0;
    if (place.there)
        place.id = (struct sai_place_id){st.st_dev, st.st_ino};
    return place;
}

/* Asking the file system anew for each project would take thousands of them minutes. */
static int look_at_places(struct selectai_extraction *extraction)
{
    size_t n = selectai_projects_count(extraction->known);
    if (extraction->n_known_places == n)
        return SELECTAI_OK;
    struct sai_known_place(*places)[2] = sai_realloc_array(extraction->known_places, n, sizeof *places);
    if (!places)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    extraction->known_places = places;
    extraction->n_known_places = 0;
    for (size_t i = 0; i < n; i++) {
        struct selectai_known_project known = {.struct_size = sizeof known};
        int rc = selectai_projects_get(extraction->known, i, &known);
        if (rc != SELECTAI_OK)
            return rc;
        places[i][SAI_RAW] = place_of_path(known.raw_dir);
        places[i][SAI_FINAL] = place_of_path(known.final_dir);
    }
    extraction->n_known_places = n;
    return SELECTAI_OK;
}

/* Where a project was extracted counts more than what a config says. */
static int learn_places(struct selectai_extraction *extraction)
{
    int rc = look_at_places(extraction);
    for (size_t i = 0; rc == SELECTAI_OK && i < extraction->n_projects; i++) {
        const struct sai_extracted_project *project = &extraction->projects[i];
        for (int k = 0; project->manifest.name && k < 2; k++)
            extraction->known_places[project->manifest.index][k] = (struct sai_known_place){
                .told = true, .there = true, .id = project->folders[k].ids[0]};
    }
    return rc;
}

/* Whether the known project of that number has its files there too. */
static enum answer uses_folder(const struct sharing *sharing, size_t known)
{
    const struct sai_known_place *place = &sharing->work->extraction->known_places[known][sharing->which];
    if (!place->told)
        return NOT_KNOWN;
    return place->there && sai_same_place(&place->id, &sharing->work->folders[sharing->which].ids[0]) ? YES : NO;
}

static int learn_claims(struct sharing *sharing)
{
    const struct sai_project_work *work = sharing->work;
    const selectai_projects *known = work->extraction->known;
    int rc = learn_places(work->extraction);
    for (size_t i = 0; rc == SELECTAI_OK && i < selectai_projects_count(known); i++) {
        struct selectai_known_project other = {.struct_size = sizeof other};
        if (i == work->manifest.index)
            continue;
        rc = selectai_projects_get(known, i, &other);
        if (rc != SELECTAI_OK)
            return rc;
        enum answer uses = uses_folder(sharing, i);
        sharing->shared |= uses == YES;
        if (uses == NO || !other.has_manifest)
            continue;
        if (!SAI_GROW(sharing->claims, sharing->capacity, sharing->n_claims + 1))
            return SELECTAI_ERR_OUT_OF_MEMORY;
        sharing->claims[sharing->n_claims++] = (struct claim){.project = other};
    }
    for (size_t i = 0; i < work->extraction->n_projects; i++) /* these need not be known ones */
        sharing->shared |= sai_same_place(&work->extraction->projects[i].folders[sharing->which].ids[0],
                                          &work->folders[sharing->which].ids[0]);
    return rc;
}

/* ---- One file -------------------------------------------------------------------------------- */

static bool belongs(struct sharing *sharing, int64_t mtime_ns)
{
    const struct sai_manifest *manifest = &sharing->work->manifest;
    int64_t seconds = sai_whole_seconds(mtime_ns);
    if (seconds >= manifest->started && (manifest->finished == INT64_MAX || seconds < manifest->finished))
        return true;
    for (size_t i = 0; i < sharing->n_claims; i++) {
        if (sai_projects_in_time(&sharing->claims[i].project, seconds)) {
            sharing->claims[i].n++;
            return false;
        }
    }
    sharing->n_nobody += sharing->shared;
    return !sharing->shared;
}

static bool take(const struct selectai_file *file, void *ctx)
{
    struct sharing *sharing = ctx;
    if (sharing->active && !belongs(sharing, file->mtime_ns))
        return false;
    if (sharing->which == SAI_FINAL && sharing->work->manifest.present)
        sai_manifest_see_final(&sharing->work->manifest, file->mtime_ns);
    return true;
}

/* ---- The folder ------------------------------------------------------------------------------ */

static int report_left(const struct sharing *sharing)
{
    struct sai_project_work *work = sharing->work;
    const char *path = work->folders[sharing->which].path;
    struct sai_text list = {0};
    uint64_t n = 0;
    int rc = SELECTAI_OK;
    for (size_t i = 0; i < sharing->n_claims; i++) {
        const struct claim *claim = &sharing->claims[i];
        if (claim->n == 0)
            continue;
        sai_text_printf(&list, "%s%s (%llu)", n ? ", " : "", claim->project.name, (unsigned long long)claim->n);
        n += claim->n;
    }
    if (list.failed)
        rc = SELECTAI_ERR_OUT_OF_MEMORY;
    else if (n > 0)
        rc = sai_issues_add(work->issues, SELECTAI_ERR_PROJECT_RULE, "other-project", path, 0,
                            "%llu images were modified in the time of other projects and are left to them: %s",
                            (unsigned long long)n, list.data);
    if (rc == SELECTAI_OK && sharing->n_nobody > 0)
        rc = sai_issues_add(work->issues, SELECTAI_ERR_PROJECT_RULE, "unattributed", path, 0,
                            "%llu images were modified in the time of none of the projects that share this folder and "
                            "are left out: check the dates in the manifests",
                            (unsigned long long)sharing->n_nobody);
    work->counts.files_of_other_projects += n;
    work->counts.files_unattributed += sharing->n_nobody;
    sai_text_free(&list);
    return rc;
}

int sai_scan_folder(struct sai_project_work *work, int which, uint64_t *done)
{
    struct selectai_extraction *extraction = work->extraction;
    struct sharing sharing = {.work = work, .which = which};
    struct sai_files_options options = {.take = take, .ctx = &sharing, .progress = &extraction->progress, .done = done};
    if (extraction->wants_images)
        options.wanted = SAI_SCAN_STAT | (which == SAI_RAW ? SAI_SCAN_COMPANIONS : 0);
    sharing.active = extraction->by_dates && sai_manifest_has_time(&work->manifest);
    options.needs_stat = sharing.active || (which == SAI_FINAL && work->manifest.present);
    int rc = sharing.active ? learn_claims(&sharing) : SELECTAI_OK;
    if (rc == SELECTAI_OK)
        rc = sai_files_scan(which == SAI_RAW ? &work->raw : &work->final, work->folders[which].path, &options,
                            work->issues);
    if (rc == SELECTAI_OK)
        rc = report_left(&sharing);
    sai_free(sharing.claims);
    return rc;
}
