/*
 * embed/encoder.h: what all kinds of encoders share.
 *
 * An image becomes a vector in two steps: `prepare` makes what `run` takes, `run` makes vectors of many at once. Both
 * work on the thread that calls them and may be called from any number of threads: so each thread takes a batch of
 * images from file to vector, and no thread waits for another.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_EMBED_ENCODER_H
#define SAI_EMBED_ENCODER_H

#include <selectai/encoder.h>

#include "base/memory.h"
#include "base/threads.h"
#include "embed/gate.h"

struct sai_encoder_ops {
    /* x: input_floats numbers. */
    int (*prepare)(float *x, const selectai_encoder *encoder, const selectai_image *image);
    /* The same from a file's bytes; NULL: the decoded image will do. */
    int (*prepare_bytes)(float *x, const selectai_encoder *encoder, const void *bytes, size_t n, const char *name);
    /* out: n x dim from x: n x input_floats. */
    int (*run)(float *out, selectai_encoder *encoder, const float *x, size_t n);
    void (*destroy)(selectai_encoder *encoder); /* frees the handle too; it may be half-built */
};

struct selectai_encoder {
    const struct sai_encoder_ops *ops;
    char *id;
    uint32_t dim;
    uint32_t input_size;     /* side of the square that a tower takes; 0: any size */
    uint32_t threads;        /* as asked for: 0 = all cores */
    uint32_t chunk;          /* images in a batch, at most */
    uint32_t one_device;     /* 1: what is prepared already runs as one batch; threads would only cut it up */
    size_t input_floats;     /* of one prepared image */
    struct sai_gate gate;    /* of the large pictures that its calls decode */
    uint32_t exif, min_side; /* how files are decoded: see struct selectai_encoder_options */
};

int sai_encoder_builtin_open(selectai_encoder **out, const struct selectai_encoder_options *options);
int sai_encoder_clip_open(selectai_encoder **out, const char *path, const struct selectai_encoder_options *options);

/*
 * The id that an encoder would have, and the length of its vectors, without opening it: no torch module is needed. The
 * caller frees *id. Errors as selectai_encoder_open().
 */
int sai_encoder_identify(char **id, uint32_t *dim, const char *what, const struct selectai_encoder_options *options);
int sai_encoder_clip_identify(char **id, uint32_t *dim, const char *path,
                              const struct selectai_encoder_options *options);

/* "<id>:convert-after:exif:min-side-512", as far as the options are set; NULL: out of memory. */
char *sai_encoder_make_id(const char *id, const struct selectai_encoder_options *options);

/* ---- Batches --------------------------------------------------------------------------------- */

/* Where each batch of n images begins, and n. Towards the end batches get smaller, so that all threads end together. */
struct sai_batches {
    size_t *begin;
    size_t n, largest;
};
int sai_batches_make(struct sai_batches *out, const selectai_encoder *encoder, size_t n, unsigned threads);
void sai_batches_free(struct sai_batches *batches);

/* Room for `n` prepared images; free with sai_free(). */
float *sai_encoder_inputs(const selectai_encoder *encoder, size_t n);

/* What else is known of a file that was decoded. */
struct sai_decoded {
    uint64_t phash; /* selectai_image_phash(), if it was asked for */
    uint32_t width, height;
};

/* A file's bytes to what run() takes. name: for messages. decoded: NULL if nobody wants to know. */
int sai_encoder_prepare_bytes(float *x, struct sai_decoded *decoded, selectai_encoder *encoder, const void *bytes,
                              size_t n, const char *name);

#endif
