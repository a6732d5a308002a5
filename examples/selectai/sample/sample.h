/*
 * examples/selectai/sample/sample.h: makes a small realistic project with drawn pictures, to try everything on.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_SAMPLE_H
#define SELECTAI_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

enum { SAMPLE_GROUPS = 400, SAMPLE_SIZE = 512 };

struct sample_options {
    uint64_t seed;       /* same seed, same pictures, names and choices */
    uint32_t groups;     /* pictures, each in 2 to 4 stages; 0: SAMPLE_GROUPS */
    uint32_t size;       /* longer side of a stage 2 picture in pixels, 256..2048; 0: SAMPLE_SIZE */
    uint32_t threads;    /* 0: as many as there are processors; the result does not depend on it */
    const char *project; /* NULL: "sample" */
};

struct sample_counts {
    uint32_t groups;       /* groups of two stages or more in RAW */
    uint32_t raw_images;   /* pictures in RAW, with the extra ones that belong to no group */
    uint32_t final_images; /* pictures in FINAL, with the orphan */
    uint32_t anomalies;    /* groups with a winner below the highest stage */
    uint32_t rejected;     /* groups with nothing in FINAL */
    uint32_t cropped;      /* pictures in FINAL that are smaller than their source */
};

/* Called from the thread that called sample_generate(); non-zero cancels. */
typedef int (*sample_progress_fn)(uint64_t done, uint64_t total, void *user);

/*
 * Makes DIR/raw, DIR/final and DIR/truth.json; docs/sample.md says what is in them. DIR may exist if it is empty.
 * Returns 0, or a SELECTAI_ERR_* code with a message for humans in err; then everything it wrote is removed again.
 */
int sample_generate(struct sample_counts *counts, const char *dir, const struct sample_options *options,
                    sample_progress_fn progress, void *user, char *err, size_t err_size);

#endif
