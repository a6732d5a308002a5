/*
 * trainset/extract.c: from RAW and FINAL folders to decisions.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>
#include <time.h>

#include "trainset/extraction.h"

static const struct selectai_extract_options defaults = {.crop_check = SELECTAI_CROP_CHECK_AUTO};

void selectai_extract_options_init(struct selectai_extract_options *options, uint32_t struct_size)
{
    sai_options_init(options, struct_size, &defaults, sizeof defaults);
}

/* ---- One project ----------------------------------------------------------------------------- */

/* A wrong path looks like an empty folder: that is said, not only counted. */
static int report_empty(struct sai_project_work *work)
{
    if (work->raw.count > 0)
        return SELECTAI_OK;
    return sai_issues_add(work->issues, SELECTAI_ERR_NO_DATA, "no-images", work->raw_dir, 0,
                          "holds no images (png, jpg, jpeg, webp): check the path");
}

static int scan(struct sai_project_work *work)
{
    uint64_t done = 0;
    struct sai_progress *progress = &work->extraction->progress;
    int rc = sai_progress_report(progress, 0, 0, "scan");
    if (rc == SELECTAI_OK)
        rc = sai_scan_folder(work, SAI_RAW, &done);
    if (rc == SELECTAI_OK)
        rc = sai_scan_folder(work, SAI_FINAL, &done);
    if (rc == SELECTAI_OK)
        rc = sai_progress_report(progress, done, done, "scan");
    for (size_t i = 0; rc == SELECTAI_OK && i < work->raw.count; i++) {
        const struct sai_file *file = &work->raw.items[i];
        if (!file->problem)
            continue;
        char *path = sai_files_path(&work->raw, i);
        rc = path ? sai_issues_add(work->issues, SELECTAI_ERR_FORMAT, "unparsed", path, 0, "%s", file->problem)
                  : SELECTAI_ERR_OUT_OF_MEMORY;
        sai_free(path);
    }
    if (rc == SELECTAI_OK)
        rc = report_empty(work);
    work->counts.raw_images = work->raw.count;
    work->counts.final_images = work->final.count;
    work->counts.unparsed = work->raw.n_unparsed;
    work->counts.companions = work->raw.n_companions;
    return rc;
}

static int group(struct sai_project_work *work)
{
    struct sai_group_counts counts;
    int rc = sai_files_group(&work->members, &work->starts, &work->n_groups, &counts, &work->raw,
                             &work->extraction->group);
    if (rc != SELECTAI_OK)
        return rc;
    work->counts.single_stage = counts.too_small;
    work->counts.passed_over = counts.passed_over;
    work->fates = sai_calloc(work->raw.count, sizeof *work->fates);
    return work->fates ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

/* The last steps: the issues and a row of the report, both whole or not at all. */
static int commit(struct sai_project_work *work)
{
    struct selectai_extraction *extraction = work->extraction;
    size_t n_issues = selectai_issues_count(extraction->issues);
    char *name = sai_strdup(work->name);
    int rc = name ? sai_issues_append(extraction->issues, work->issues) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK && !SAI_GROW(extraction->projects, extraction->projects_capacity, extraction->n_projects + 1))
        rc = SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc != SELECTAI_OK) {
        sai_issues_cut(extraction->issues, n_issues);
        sai_free(name);
        return rc;
    }
    extraction->projects[extraction->n_projects++] = (struct sai_extracted_project){
        .name = name,
        .folders = {work->folders[0], work->folders[1]},
        .manifest = work->manifest,
        .counts = work->counts,
        .issues_begin = n_issues,
        .issues_end = selectai_issues_count(extraction->issues)};
    memset(work->folders, 0, sizeof work->folders); /* they went to the extraction */
    extraction->n_recalled += work->n_recalled;
    return SELECTAI_OK;
}

static int extract(struct sai_project_work *work)
{
    int rc = scan(work);
    if (rc == SELECTAI_OK)
        rc = sai_manifest_check(work);
    if (rc == SELECTAI_OK)
        rc = group(work);
    if (rc == SELECTAI_OK)
        rc = sai_match_finals(work);
    if (rc == SELECTAI_OK)
        rc = sai_judge_groups(work);
    if (rc == SELECTAI_OK)
        rc = sai_check_crops(work);
    if (rc == SELECTAI_OK)
        rc = sai_add_entries(work);
    if (rc == SELECTAI_OK)
        rc = sai_images_write(work);
    return rc == SELECTAI_OK ? commit(work) : rc;
}

static void free_work(struct sai_project_work *work)
{
    for (int i = 0; i < 2; i++)
        sai_place_free(&work->folders[i]);
    for (size_t i = 0; i < work->n_winners; i++)
        sai_free(work->winners[i].problem);
    sai_free(work->winners);
    sai_free(work->members);
    sai_free(work->starts);
    sai_free(work->fates);
    sai_files_free(&work->raw);
    sai_files_free(&work->final);
    selectai_issues_destroy(&work->issues);
}

/* ---- The extraction -------------------------------------------------------------------------- */

static int check_name(const struct selectai_extraction *extraction, const char *project)
{
    if (!*project)
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "a project needs a name");
    for (const char *p = project; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "%s: a project's name must not hold control characters",
                            project);
    for (size_t i = 0; i < extraction->n_projects; i++)
        if (strcmp(extraction->projects[i].name, project) == 0)
            return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT,
                            "%s: a project of that name was extracted already: give each its own name", project);
    return SELECTAI_OK;
}

/* They go into JSON as they are. */
static int check_text(const char *text, const char *what)
{
    if (*text && sai_utf8_valid(text, strlen(text)))
        return SELECTAI_OK;
    return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "%s: the %s is empty or not UTF-8: rename it", text, what);
}

/* Looks at both folders: they must lie apart from each other and from those of the projects before. */
static int learn_folders(struct sai_project_work *work)
{
    const struct selectai_extraction *extraction = work->extraction;
    int rc = sai_place_learn(&work->folders[0], work->raw_dir);
    if (rc == SELECTAI_OK)
        rc = sai_place_learn(&work->folders[1], work->final_dir);
    if (rc == SELECTAI_OK)
        rc = sai_check_folders(&work->folders[0], &work->folders[1]);
    for (size_t i = 0; rc == SELECTAI_OK && i < extraction->n_projects; i++)
        rc = sai_check_other_project(work, &extraction->projects[i]);
    return rc;
}

static int prepare(struct sai_project_work *work)
{
    int rc = sai_issues_create(&work->issues);
    if (rc == SELECTAI_OK)
        rc = sai_manifest_learn(work);
    if (rc == SELECTAI_OK)
        rc = learn_folders(work);
    if (rc != SELECTAI_OK)
        return rc;
    work->name = sai_arena_strdup(&work->extraction->entries->arena, work->name);
    return work->name ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

int selectai_extraction_add_project(selectai_extraction *extraction, const char *raw_dir, const char *final_dir,
                                    const char *project)
{
    SAI_REQUIRE(extraction && raw_dir && final_dir && project);
    int rc = check_name(extraction, project);
    if (rc == SELECTAI_OK)
        rc = check_text(project, "project name");
    if (rc == SELECTAI_OK)
        rc = check_text(raw_dir, "RAW folder's path");
    if (rc == SELECTAI_OK)
        rc = check_text(final_dir, "FINAL folder's path");
    if (rc != SELECTAI_OK)
        return rc;

    size_t n_entries = extraction->entries->count, n_rejected = extraction->entries->n_rejected;
    off_t mark = 0;
    rc = sai_images_mark(&mark, extraction);
    if (rc != SELECTAI_OK)
        return rc;
    struct sai_project_work work = {
        .name = project, .raw_dir = raw_dir, .final_dir = final_dir, .extraction = extraction};
    rc = prepare(&work);
    if (rc == SELECTAI_OK) {
        extraction->progress.cancelled = false; /* it may be asked again after a cancellation */
        rc = extract(&work);
    }
    if (rc != SELECTAI_OK) { /* what this project added lies behind what was there */
        extraction->entries->count = n_entries;
        extraction->entries->n_rejected = n_rejected;
        sai_images_roll_back(extraction, mark);
    }
    free_work(&work);
    return rc;
}

static char *today(void)
{
    char text[32] = "";
    struct tm parts;
    time_t now = time(NULL);
    if (!gmtime_r(&now, &parts) || strftime(text, sizeof text, "%Y-%m-%d", &parts) == 0)
        text[0] = '\0';
    return sai_strdup(text);
}

/* What times and headers say is found out again sooner than it is read. */
static bool opens_images(int32_t crop_check)
{
    return crop_check == SELECTAI_CROP_CHECK_AUTO || crop_check == SELECTAI_CROP_CHECK_PIXELS;
}

int selectai_extraction_create(selectai_extraction **out, const struct selectai_extract_options *options)
{
    struct selectai_extract_options checked = defaults;
    SAI_REQUIRE(out);
    int rc = sai_options_copy(&checked, sizeof checked, options);
    if (rc != SELECTAI_OK)
        return rc;
    SAI_REQUIRE(checked.crop_check >= SELECTAI_CROP_CHECK_AUTO && checked.crop_check <= SELECTAI_CROP_CHECK_PIXELS);
    SAI_REQUIRE(!checked.images_path || *checked.images_path);
    SAI_REQUIRE(!checked.crop_journal || *checked.crop_journal);
    SAI_REQUIRE(!checked.date || sai_utf8_valid(checked.date, strlen(checked.date)));

    selectai_extraction *extraction = sai_calloc(1, sizeof *extraction);
    if (!extraction)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    extraction->crop_check = checked.crop_check;
    extraction->threads = checked.threads;
    extraction->known = checked.projects;
    extraction->by_dates = checked.by_dates != 0;
    extraction->progress = (struct sai_progress){.fn = checked.progress, .user = checked.user};
    extraction->date = checked.date ? sai_strdup(checked.date) : today();
    rc = extraction->date ? sai_group_options_read(&extraction->group, checked.group) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = sai_trainset_create(&extraction->entries);
    if (rc == SELECTAI_OK)
        rc = sai_issues_create(&extraction->issues);
    if (rc == SELECTAI_OK && checked.images_path)
        rc = sai_images_open(extraction, checked.images_path);
    if (rc == SELECTAI_OK && checked.crop_journal && opens_images(checked.crop_check))
        rc = sai_crop_journal_open(&extraction->journal, checked.crop_journal, checked.crop_check);
    if (rc != SELECTAI_OK)
        selectai_extraction_destroy(&extraction);
    else
        *out = extraction;
    return rc;
}

const selectai_trainset *selectai_extraction_entries(const selectai_extraction *extraction)
{
    return extraction ? extraction->entries : NULL;
}

uint64_t selectai_extraction_crops_recalled(const selectai_extraction *extraction)
{
    return extraction ? extraction->n_recalled : 0;
}

const selectai_issues *selectai_extraction_issues(const selectai_extraction *extraction)
{
    return extraction ? extraction->issues : NULL;
}

void selectai_extraction_destroy(selectai_extraction **extraction)
{
    if (!extraction || !*extraction)
        return;
    for (size_t i = 0; i < (*extraction)->n_projects; i++) {
        sai_free((*extraction)->projects[i].name);
        for (int k = 0; k < 2; k++)
            sai_place_free(&(*extraction)->projects[i].folders[k]);
    }
    sai_atomic_discard(&(*extraction)->images);
    sai_crop_journal_close(&(*extraction)->journal);
    sai_free((*extraction)->projects);
    sai_free((*extraction)->known_places);
    sai_free((*extraction)->date);
    selectai_trainset_destroy(&(*extraction)->entries);
    selectai_issues_destroy(&(*extraction)->issues);
    sai_free(*extraction);
    *extraction = NULL;
}
