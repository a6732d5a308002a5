/*
 * embed/cache_options.h: what the functions that look after caches share.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_EMBED_CACHE_OPTIONS_H
#define SAI_EMBED_CACHE_OPTIONS_H

#include "base/progress.h"
#include "embed/cache.h"

/* One call of selectai_embedding_cache_merge() and the like. */
struct sai_cache_job {
    struct selectai_cache_options options; /* complete and checked */
    struct selectai_cache_counts counts;
    selectai_issues *issues;
    struct sai_progress progress;
    const char *stage;
};

/* end() gives counts and issues to the caller if rc is SELECTAI_OK, frees what is left, and returns the final code. */
int sai_cache_job_begin(struct sai_cache_job *job, const struct selectai_cache_options *options, const char *stage);
int sai_cache_job_end(struct sai_cache_job *job, int rc, struct selectai_cache_counts *counts,
                      selectai_issues **issues);

/* Now and then: SELECTAI_OK or SELECTAI_ERR_CANCELLED. */
int sai_cache_job_progress(struct sai_cache_job *job, uint64_t done, uint64_t total);

/* The folder of a project, or NULL. */
const char *sai_cache_job_root(const struct sai_cache_job *job, const char *project);

#endif
