/*
 * embed/encode_batch.c: files, images and tensors to vectors, a batch a thread.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/issues.h"
#include "base/pipeline.h"
#include "embed/encoder.h"
#include "image/header.h"

#define MIN_BATCH 4u /* fewer images use a tower's weights too seldom */

/* ---- Batches --------------------------------------------------------------------------------- */

/* A share of what is left for each thread, twice over: a thread that is late has little to do after the others. */
static size_t batch_size(size_t left, size_t most, unsigned threads)
{
    size_t size = (left + 2 * (size_t)threads - 1) / (2 * (size_t)threads);
    size = size < MIN_BATCH ? MIN_BATCH : size;
    size = size > most ? most : size;
    return size > left ? left : size;
}

int sai_batches_make(struct sai_batches *out, const selectai_encoder *encoder, size_t n, unsigned threads)
{
    size_t count = 0, capacity = 0;
    *out = (struct sai_batches){0};
    for (size_t begin = 0;; count++) {
        if (!SAI_GROW(out->begin, capacity, count + 1)) {
            sai_batches_free(out);
            return SELECTAI_ERR_OUT_OF_MEMORY;
        }
        out->begin[count] = begin;
        if (begin == n)
            break;
        size_t size = batch_size(n - begin, encoder->chunk, threads);
        out->largest = size > out->largest ? size : out->largest;
        begin += size;
    }
    out->n = count;
    return SELECTAI_OK;
}

void sai_batches_free(struct sai_batches *batches)
{
    sai_free(batches->begin);
    *batches = (struct sai_batches){0};
}

float *sai_encoder_inputs(const selectai_encoder *encoder, size_t n)
{
    size_t values;
    if (sai_mul_size(&values, n, encoder->input_floats))
        return sai_aligned_array(values, sizeof(float));
    SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "out of memory: %zu images at once are too many", n);
    return NULL;
}

static int prepare_bytes(float *x, struct sai_decoded *decoded, const selectai_encoder *encoder, const void *bytes,
                         size_t n, const char *name)
{
    const struct sai_encoder_ops *ops = encoder->ops;
    struct selectai_image_options options;
    selectai_image *image = NULL;
    selectai_image_options_init(&options, sizeof options);
    options.exif = encoder->exif;
    options.min_side = encoder->min_side;
    int rc = decoded || !ops->prepare_bytes ? selectai_image_decode(&image, bytes, n, name, &options) : SELECTAI_OK;
    if (rc == SELECTAI_OK && decoded) {
        decoded->width = selectai_image_width(image);
        decoded->height = selectai_image_height(image);
        rc = selectai_image_phash(&decoded->phash, image);
    }
    if (rc == SELECTAI_OK)
        rc = ops->prepare_bytes ? ops->prepare_bytes(x, encoder, bytes, n, name) : ops->prepare(x, encoder, image);
    selectai_image_destroy(&image);
    return rc;
}

/* Of the picture; a header that cannot be read costs nothing. */
static uint64_t bytes_in_memory(const void *bytes, size_t n, const char *name)
{
    const struct sai_header_source source = {.bytes = bytes, .n = n, .fd = -1, .name = name};
    struct sai_image_header header;
    return sai_image_header_parse(&header, &source) == SELECTAI_OK ? (uint64_t)3 * header.width * header.height : 0;
}

int sai_encoder_prepare_bytes(float *x, struct sai_decoded *decoded, selectai_encoder *encoder, const void *bytes,
                              size_t n, const char *name)
{
    uint64_t entered = sai_gate_enter(&encoder->gate, bytes_in_memory(bytes, n, name));
    int rc = prepare_bytes(x, decoded, encoder, bytes, n, name);
    sai_gate_leave(&encoder->gate, entered);
    return rc;
}

/* ---- Files ----------------------------------------------------------------------------------- */

struct files {
    selectai_encoder *encoder;
    const char *const *paths;
    float *out;
    struct sai_batches batches;
    float **inputs;                /* of each thread */
    struct sai_error_copy *errors; /* of each file of each batch in the window */
    int *codes;                    /* likewise */
    selectai_issues *issues;
    struct sai_pipeline *pipeline;
};

static int prepare_file(float *x, selectai_encoder *encoder, const char *path)
{
    struct selectai_image_options limits;
    void *bytes = NULL;
    size_t n = 0;
    if (!path)
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "a path is NULL");
    selectai_image_options_init(&limits, sizeof limits);
    int rc = sai_file_read(&bytes, &n, path, limits.max_bytes);
    if (rc == SELECTAI_OK)
        rc = sai_encoder_prepare_bytes(x, NULL, encoder, bytes, n, path);
    sai_free(bytes);
    return rc;
}

/* The vectors of the `good` images stand at the start: moves them to their places, from the end, so that none is
 * written over, and makes the others NaN. */
static void spread(float *out, uint32_t dim, const int *codes, size_t n, size_t good)
{
    for (size_t i = n; i-- > 0;) {
        float *row = out + i * dim;
        if (codes[i] == SELECTAI_OK && --good != i)
            memcpy(row, out + good * dim, dim * sizeof(float));
        for (uint32_t k = 0; codes[i] != SELECTAI_OK && k < dim; k++)
            row[k] = NAN;
    }
}

static int encode_batch(size_t batch, unsigned thread, void *ctx)
{
    struct files *f = ctx;
    selectai_encoder *encoder = f->encoder;
    size_t first = f->batches.begin[batch], n = f->batches.begin[batch + 1] - first, good = 0;
    size_t slot = batch % f->pipeline->window * f->batches.largest;
    float *out = f->out + first * encoder->dim;
    int rc = SELECTAI_OK;
    if (!f->inputs[thread] && !(f->inputs[thread] = sai_encoder_inputs(encoder, f->batches.largest)))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n; i++) {
        int *code = &f->codes[slot + i];
        *code = prepare_file(f->inputs[thread] + good * encoder->input_floats, encoder, f->paths[first + i]);
        if (*code == SELECTAI_OK)
            good++;
        else
            sai_error_save(&f->errors[slot + i]);
        if (!sai_pipeline_step(f->pipeline))
            return SELECTAI_OK; /* cancelled: nobody will look at the vectors */
    }
    if (good > 0)
        rc = encoder->ops->run(out, f->encoder, f->inputs[thread], good);
    if (rc == SELECTAI_OK)
        spread(out, encoder->dim, f->codes + slot, n, good);
    return rc;
}

static int list_bad(size_t batch, unsigned thread, void *ctx)
{
    struct files *f = ctx;
    size_t first = f->batches.begin[batch], n = f->batches.begin[batch + 1] - first;
    size_t slot = batch % f->pipeline->window * f->batches.largest;
    int rc = SELECTAI_OK;
    (void)thread;
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++) {
        if (f->codes[slot + i] == SELECTAI_OK)
            continue;
        sai_error_restore(&f->errors[slot + i]);
        rc = sai_issues_add_last(f->issues, "unreadable", f->paths[first + i], 0);
    }
    return rc;
}

static int run_files(struct files *f, size_t n, selectai_progress_fn progress, void *user)
{
    struct sai_progress report = {.fn = progress, .user = user};
    unsigned threads = sai_thread_count(f->encoder->threads);
    struct sai_pipeline pipeline = {.window = 2 * (size_t)threads,
                                    .n_threads = threads,
                                    .work = encode_batch,
                                    .take = list_bad,
                                    .ctx = f,
                                    .progress = &report,
                                    .stage = "encode",
                                    .total = n};
    int rc = sai_batches_make(&f->batches, f->encoder, n, threads);
    if (rc != SELECTAI_OK)
        return rc;
    size_t room = pipeline.window * f->batches.largest;
    pipeline.count = f->batches.n;
    f->pipeline = &pipeline;
    f->inputs = sai_calloc(threads, sizeof *f->inputs);
    f->codes = sai_calloc(room, sizeof *f->codes);
    f->errors = sai_calloc(room, sizeof *f->errors);
    rc = f->inputs && f->codes && f->errors ? sai_pipeline_run(&pipeline) : SELECTAI_ERR_OUT_OF_MEMORY;
    for (unsigned i = 0; f->inputs && i < threads; i++)
        sai_free(f->inputs[i]);
    return rc;
}

int selectai_encoder_encode_files(float *out, selectai_issues **issues, selectai_encoder *encoder,
                                  const char *const *paths, size_t n, selectai_progress_fn progress, void *user)
{
    struct files f = {.encoder = encoder, .paths = paths, .out = out};
    SAI_REQUIRE(encoder && (n == 0 || (out && paths)));
    int rc = sai_issues_create(&f.issues);
    if (rc == SELECTAI_OK)
        rc = run_files(&f, n, progress, user);
    if (rc == SELECTAI_OK && issues) {
        *issues = f.issues;
        f.issues = NULL;
    }
    selectai_issues_destroy(&f.issues);
    sai_batches_free(&f.batches);
    sai_free(f.inputs);
    sai_free(f.codes);
    sai_free(f.errors);
    return rc;
}

/* ---- Images and tensors ---------------------------------------------------------------------- */

struct batch_job {
    selectai_encoder *encoder;
    const selectai_image *const *images; /* either these */
    const float *x;                      /* or this */
    float *out;
    struct sai_batches batches;
};

static int run_images(float *out, struct batch_job *job, size_t first, size_t n)
{
    const selectai_encoder *encoder = job->encoder;
    float *x = sai_encoder_inputs(encoder, n);
    int rc = x ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++)
        rc = job->images[first + i]
                 ? encoder->ops->prepare(x + i * encoder->input_floats, encoder, job->images[first + i])
                 : SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "image %zu is NULL", first + i);
    if (rc == SELECTAI_OK)
        rc = encoder->ops->run(out, job->encoder, x, n);
    sai_free(x);
    return rc;
}

static int run_batch(size_t batch, unsigned thread, void *ctx)
{
    struct batch_job *job = ctx;
    size_t first = job->batches.begin[batch], n = job->batches.begin[batch + 1] - first;
    float *out = job->out + first * job->encoder->dim;
    (void)thread;
    if (job->images)
        return run_images(out, job, first, n);
    return job->encoder->ops->run(out, job->encoder, job->x + first * job->encoder->input_floats, n);
}

static int run_job(struct batch_job *job, size_t n)
{
    unsigned threads = sai_thread_count(job->encoder->threads);
    int rc = sai_batches_make(&job->batches, job->encoder, n, threads);
    if (rc == SELECTAI_OK)
        rc = sai_parallel_for(threads, job->batches.n, run_batch, job, NULL, "encode");
    sai_batches_free(&job->batches);
    return rc;
}

int selectai_encoder_encode_images(float *out, selectai_encoder *encoder, const selectai_image *const *images, size_t n)
{
    struct batch_job job = {.encoder = encoder, .images = images, .out = out};
    SAI_REQUIRE(encoder && (n == 0 || (out && images)));
    return n == 0 ? SELECTAI_OK : run_job(&job, n);
}

int selectai_encoder_encode_tensor(float *out, selectai_encoder *encoder, const float *x, size_t n)
{
    struct batch_job job = {.encoder = encoder, .x = x, .out = out};
    SAI_REQUIRE(encoder && (n == 0 || (out && x)));
    if (encoder->input_size == 0)
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED,
                        "%s takes images, not preprocessed tensors: use a CLIP encoder, or encode images", encoder->id);
    if (encoder->one_device)
        return encoder->ops->run(out, encoder, x, n);
    return n == 0 ? SELECTAI_OK : run_job(&job, n);
}
