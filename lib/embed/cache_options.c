/*
 * embed/cache_options.c: options, counts and issues of the functions that look after caches.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "embed/cache_options.h"

#define ROWS_A_REPORT 256u

void selectai_cache_options_init(struct selectai_cache_options *options, uint32_t struct_size)
{
    static const struct selectai_cache_options defaults = {.dtype = SELECTAI_DTYPE_AUTO, .rows_per_file = 1000000};
    sai_options_init(options, struct_size, &defaults, sizeof defaults);
}

static int check(const struct selectai_cache_options *o)
{
    SAI_REQUIRE(o->dtype == SELECTAI_DTYPE_AUTO || o->dtype == SELECTAI_DTYPE_FLOAT32 ||
                o->dtype == SELECTAI_DTYPE_FLOAT16);
    SAI_REQUIRE(o->layout == SELECTAI_EXPORT_PLAIN || o->layout == SELECTAI_EXPORT_CLIP_RETRIEVAL);
    SAI_REQUIRE(o->metadata == SELECTAI_METADATA_JSONL || o->metadata == SELECTAI_METADATA_CSV);
    SAI_REQUIRE(o->rows_per_file >= 1);
    SAI_REQUIRE(o->n_roots == 0 || (o->root_projects && o->root_folders));
    for (uint64_t i = 0; i < o->n_roots; i++)
        SAI_REQUIRE(o->root_projects[i] && o->root_folders[i]);
    return SELECTAI_OK;
}

int sai_cache_job_begin(struct sai_cache_job *job, const struct selectai_cache_options *options, const char *stage)
{
    *job = (struct sai_cache_job){.stage = stage};
    selectai_cache_options_init(&job->options, sizeof job->options);
    int rc = sai_options_copy(&job->options, sizeof job->options, options);
    if (rc == SELECTAI_OK)
        rc = check(&job->options);
    job->progress = (struct sai_progress){.fn = job->options.progress, .user = job->options.user};
    return rc == SELECTAI_OK ? sai_issues_create(&job->issues) : rc;
}

int sai_cache_job_end(struct sai_cache_job *job, int rc, struct selectai_cache_counts *counts, selectai_issues **issues)
{
    if (rc == SELECTAI_OK && counts)
        rc = sai_struct_out(counts, &job->counts, sizeof job->counts);
    if (rc == SELECTAI_OK && issues) {
        *issues = job->issues;
        job->issues = NULL;
    }
    selectai_issues_destroy(&job->issues);
    return rc;
}

int sai_cache_job_progress(struct sai_cache_job *job, uint64_t done, uint64_t total)
{
    return done % ROWS_A_REPORT == 0 || done == total ? sai_progress_report(&job->progress, done, total, job->stage)
                                                      : SELECTAI_OK;
}

const char *sai_cache_job_root(const struct sai_cache_job *job, const char *project)
{
    for (uint64_t i = 0; i < job->options.n_roots; i++)
        if (strcmp(job->options.root_projects[i], project) == 0)
            return job->options.root_folders[i];
    return NULL;
}
