/*
 * embed/encoder.h: what all kinds of encoders share.
 *
 * An image becomes a vector in two steps: `prepare` runs on any number of workers and makes what `run` takes, which
 * runs on the calling thread for many images at once (a CLIP tower), or has nothing left to do (the built-in encoder).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_EMBED_ENCODER_H
#define SAI_EMBED_ENCODER_H

#include <selectai/encoder.h>

#include "base/memory.h"
#include "base/threads.h"

struct sai_encoder_ops {
    /* Thread-safe. x: input_floats numbers. */
    int (*prepare)(float *x, const selectai_encoder *encoder, const selectai_image *image);
    /* out: n x dim from x: n x input_floats. */
    int (*run)(float *out, selectai_encoder *encoder, const float *x, size_t n);
    void (*destroy)(selectai_encoder *encoder); /* frees the handle too; it may be half-built */
};

struct selectai_encoder {
    const struct sai_encoder_ops *ops;
    char *id;
    uint32_t dim;
    uint32_t input_size; /* side of the square that a tower takes; 0: any size */
    uint32_t threads;    /* as asked for: 0 = all cores */
    uint32_t chunk;      /* images at once */
    size_t input_floats; /* of one prepared image */
};

int sai_encoder_builtin_open(selectai_encoder **out, const struct selectai_encoder_options *options);
int sai_encoder_clip_open(selectai_encoder **out, const char *path, const struct selectai_encoder_options *options);

/* Room for `n` prepared images; free with sai_free(). */
float *sai_encoder_inputs(const selectai_encoder *encoder, size_t n);

/*
 * sai_parallel_for() over one chunk of a longer job: `outer` (may be NULL) hears of base + done of total. Returns
 * CANCELLED if it asks to stop.
 */
struct sai_chunk {
    struct sai_progress *outer;
    const char *stage;
    uint64_t base, total;
};
int sai_chunk_run(const struct sai_chunk *chunk, unsigned threads, size_t count, sai_task_fn task, void *ctx);

#endif
