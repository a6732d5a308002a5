/*
 * embed/encoder.c: opening and closing encoders, images to vectors.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "base/issues.h"
#include "embed/encoder.h"

void selectai_encoder_options_init(struct selectai_encoder_options *options, uint32_t struct_size)
{
    static const struct selectai_encoder_options defaults = {.batch_size = 32};
    sai_options_init(options, struct_size, &defaults, sizeof defaults);
}

int selectai_encoder_open(selectai_encoder **out, const char *what, const struct selectai_encoder_options *options)
{
    struct selectai_encoder_options full;
    SAI_REQUIRE(out && what && *what);
    selectai_encoder_options_init(&full, sizeof full);
    int rc = sai_options_copy(&full, sizeof full, options);
    if (rc != SELECTAI_OK)
        return rc;
    SAI_REQUIRE(full.activation == SELECTAI_ACTIVATION_QUICKGELU || full.activation == SELECTAI_ACTIVATION_GELU);
    SAI_REQUIRE(full.dtype >= SELECTAI_DTYPE_AUTO && full.dtype <= SELECTAI_DTYPE_BFLOAT16);
    SAI_REQUIRE(full.batch_size >= 1 && full.batch_size <= 65536);
    if (strcmp(what, "builtin") == 0)
        return sai_encoder_builtin_open(out, &full);
    return sai_encoder_clip_open(out, what, &full);
}

void selectai_encoder_close(selectai_encoder **encoder)
{
    if (!encoder || !*encoder)
        return;
    (*encoder)->ops->destroy(*encoder);
    *encoder = NULL;
}

uint32_t selectai_encoder_dim(const selectai_encoder *encoder)
{
    return encoder ? encoder->dim : 0;
}

const char *selectai_encoder_id(const selectai_encoder *encoder)
{
    return encoder ? encoder->id : "";
}

uint32_t selectai_encoder_input_size(const selectai_encoder *encoder)
{
    return encoder ? encoder->input_size : 0;
}

int selectai_encoder_encode_tensor(float *out, selectai_encoder *encoder, const float *x, size_t n)
{
    SAI_REQUIRE(encoder && (n == 0 || (out && x)));
    if (encoder->input_size == 0)
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED,
                        "%s takes images, not preprocessed tensors: use a CLIP encoder, or encode images", encoder->id);
    return n == 0 ? SELECTAI_OK : encoder->ops->run(out, encoder, x, n);
}

float *sai_encoder_inputs(const selectai_encoder *encoder, size_t n)
{
    size_t values;
    if (sai_mul_size(&values, n, encoder->input_floats))
        return sai_aligned_array(values, sizeof(float));
    SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "out of memory: %zu images at once are too many", n);
    return NULL;
}

/* ---- Chunks of a long job -------------------------------------------------------------------- */

static int report_chunk(uint64_t done, uint64_t total, const char *stage, void *user)
{
    const struct sai_chunk *chunk = user;
    (void)total;
    return sai_progress_report(chunk->outer, chunk->base + done, chunk->total, stage) != SELECTAI_OK;
}

int sai_chunk_run(const struct sai_chunk *chunk, unsigned threads, size_t count, sai_task_fn task, void *ctx)
{
    struct sai_chunk copy = *chunk;
    struct sai_progress inner = {.fn = report_chunk, .user = &copy};
    bool quiet = !chunk->outer || !chunk->outer->fn;
    return sai_parallel_for(threads, count, task, ctx, quiet ? NULL : &inner, chunk->stage);
}

/* ---- Files and images to vectors ------------------------------------------------------------- */

struct work {
    selectai_encoder *encoder;
    const char *const *paths;            /* either these */
    const selectai_image *const *images; /* or these; both start at the chunk */
    float *inputs;
    int *codes; /* of each file of the chunk */
    struct sai_error_copy *errors;
};

static int prepare_file(size_t i, unsigned thread, void *ctx)
{
    struct work *work = ctx;
    selectai_image *image = NULL;
    (void)thread;
    int rc = work->paths[i] ? selectai_image_load(&image, work->paths[i], NULL)
                            : SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "path %zu is NULL", i);
    if (rc == SELECTAI_OK)
        rc = work->encoder->ops->prepare(work->inputs + i * work->encoder->input_floats, work->encoder, image);
    if (rc != SELECTAI_OK)
        sai_error_save(&work->errors[i]);
    work->codes[i] = rc;
    selectai_image_destroy(&image);
    return SELECTAI_OK; /* one bad file does not stop the others */
}

static int prepare_image(size_t i, unsigned thread, void *ctx)
{
    struct work *work = ctx;
    (void)thread;
    SAI_REQUIRE(work->images[i] != NULL);
    return work->encoder->ops->prepare(work->inputs + i * work->encoder->input_floats, work->encoder, work->images[i]);
}

/* Runs the encoder on the inputs that could be made; the vectors of the others become NaN. */
static int run_good(float *out, struct work *work, size_t n)
{
    selectai_encoder *encoder = work->encoder;
    size_t good = 0, from;
    for (size_t i = 0; i < n; i++) {
        if (work->codes[i] != SELECTAI_OK)
            continue;
        if (good != i)
            memcpy(work->inputs + good * encoder->input_floats, work->inputs + i * encoder->input_floats,
                   encoder->input_floats * sizeof(float));
        good++;
    }
    int rc = good == 0 ? SELECTAI_OK : encoder->ops->run(out, encoder, work->inputs, good);
    from = good;
    /* The vectors lie at the start: move them to their places, from the end, so that none is overwritten. */
    for (size_t i = n; rc == SELECTAI_OK && i-- > 0;) {
        float *row = out + i * encoder->dim;
        if (work->codes[i] == SELECTAI_OK && --from != i)
            memcpy(row, out + from * encoder->dim, encoder->dim * sizeof(float));
        for (uint32_t k = 0; work->codes[i] != SELECTAI_OK && k < encoder->dim; k++)
            row[k] = NAN;
    }
    return rc;
}

static int report_bad(selectai_issues *issues, const struct work *work, size_t n)
{
    int rc = SELECTAI_OK;
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++) {
        if (work->codes[i] == SELECTAI_OK)
            continue;
        sai_error_restore(&work->errors[i]);
        rc = sai_issues_add_last(issues, "unreadable", work->paths[i], 0);
    }
    return rc;
}

static void free_work(struct work *work)
{
    sai_free(work->inputs);
    sai_free(work->codes);
    sai_free(work->errors);
}

static int make_work(struct work *work, selectai_encoder *encoder, size_t n)
{
    size_t room = n < encoder->chunk ? n : encoder->chunk;
    *work = (struct work){.encoder = encoder,
                          .inputs = sai_encoder_inputs(encoder, room),
                          .codes = sai_calloc(room, sizeof *work->codes),
                          .errors = sai_malloc_array(room, sizeof *work->errors)};
    return work->inputs && work->codes && work->errors ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

int selectai_encoder_encode_files(float *out, selectai_issues **issues, selectai_encoder *encoder,
                                  const char *const *paths, size_t n, selectai_progress_fn progress, void *user)
{
    struct work work;
    selectai_issues *list = NULL;
    struct sai_progress outer = {.fn = progress, .user = user};
    struct sai_chunk chunk = {.outer = &outer, .stage = "encode", .total = n};
    SAI_REQUIRE(encoder && (n == 0 || (out && paths)));
    int rc = make_work(&work, encoder, n);
    if (rc == SELECTAI_OK)
        rc = sai_issues_create(&list);
    for (size_t done = 0; rc == SELECTAI_OK && done < n;) {
        size_t count = n - done < encoder->chunk ? n - done : encoder->chunk;
        chunk.base = done;
        work.paths = paths + done;
        rc = sai_chunk_run(&chunk, encoder->threads, count, prepare_file, &work);
        if (rc == SELECTAI_OK)
            rc = run_good(out + done * encoder->dim, &work, count);
        if (rc == SELECTAI_OK)
            rc = report_bad(list, &work, count);
        done += count;
    }
    free_work(&work);
    if (rc == SELECTAI_OK && issues) {
        *issues = list;
        list = NULL;
    }
    selectai_issues_destroy(&list);
    return rc;
}

int selectai_encoder_encode_images(float *out, selectai_encoder *encoder, const selectai_image *const *images, size_t n)
{
    struct work work;
    SAI_REQUIRE(encoder && (n == 0 || (out && images)));
    int rc = make_work(&work, encoder, n);
    for (size_t done = 0; rc == SELECTAI_OK && done < n;) {
        size_t count = n - done < encoder->chunk ? n - done : encoder->chunk;
        work.images = images + done;
        rc = sai_parallel_for(encoder->threads, count, prepare_image, &work, NULL, "encode");
        if (rc == SELECTAI_OK)
            rc = encoder->ops->run(out + done * encoder->dim, encoder, work.inputs, count);
        done += count;
    }
    free_work(&work);
    return rc;
}
