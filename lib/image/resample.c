/*
 * image/resample.c: separable resampling in integers, bit for bit as Pillow's 8-bit passes.
 *
 * Rows go through the horizontal pass SAI_LANES at a time, into a ring of as many as the vertical pass looks at
 * together, so that memory does not grow with the picture's height; only rows and columns that the wanted part needs
 * are touched. An axis whose size does not change has one weight of 1, which changes nothing.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "image/resample.h"

#define MAX_KERNELS 8

/* Where the inputs of an axis begin and end, and the weights of the outputs by groups from there. */
struct axis {
    uint32_t begin, end;
    uint32_t most_groups; /* of one output */
    struct sai_groups groups;
};

struct job {
    const struct sai_resample_kernel *kernel;
    const struct sai_source *source;
    struct axis x, y;
    uint32_t channels;      /* that are resampled */
    uint8_t *grey;          /* SAI_LANES rows, if grey is made of colours */
    struct sai_block block; /* SAI_LANES rows */
    uint32_t *ring;         /* groups of rows that have been through the horizontal pass */
    size_t pitch, n_slots;  /* bytes of a row, in whole lanes; rows of groups in the ring */
    uint32_t n_done;        /* rows of groups that were put there */
    const uint32_t **slots; /* what one output of the vertical pass looks at */
};

static void axis_clear(struct axis *axis)
{
    sai_free(axis->groups.first);
    sai_free(axis->groups.count);
    sai_free(axis->groups.weights);
}

/* Weight 1 for the input of the same place. */
static int same_weights(struct sai_weights *out, const struct sai_axis_part *part)
{
    struct sai_weights w = {.n = part->n, .taps = 1};
    w.first = sai_malloc_array(part->n, sizeof *w.first);
    w.count = sai_malloc_array(part->n, sizeof *w.count);
    w.weight = sai_malloc_array(part->n, sizeof *w.weight);
    if (w.first == NULL || w.count == NULL || w.weight == NULL) {
        sai_weights_clear(&w);
        return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    for (uint32_t i = 0; i < part->n; i++) {
        w.first[i] = part->start + i;
        w.count[i] = 1;
        w.weight[i] = 1 << SAI_WEIGHT_BITS;
    }
    *out = w;
    return SELECTAI_OK;
}

/* First and last input that is looked at, and the most groups an output can touch. */
static void measure(struct axis *axis, const struct sai_weights *w)
{
    axis->begin = UINT32_MAX;
    for (uint32_t i = 0; i < w->n; i++) {
        uint32_t end = w->first[i] + w->count[i];
        if (w->count[i] > 0 && w->first[i] < axis->begin)
            axis->begin = w->first[i];
        if (w->count[i] > 0 && end > axis->end)
            axis->end = end;
    }
    axis->begin = axis->begin < axis->end ? axis->begin : axis->end;
    for (uint32_t i = 0; i < w->n; i++) {
        uint32_t first = w->count[i] > 0 ? w->first[i] - axis->begin : 0;
        uint32_t n = (first + w->count[i] + SAI_GROUP - 1) / SAI_GROUP - first / SAI_GROUP;
        axis->groups.first[i] = first / SAI_GROUP;
        axis->groups.count[i] = n;
        axis->most_groups = n > axis->most_groups ? n : axis->most_groups;
    }
}

static void pack_weights(struct axis *axis, const struct sai_weights *w, const struct sai_resample_kernel *kernel)
{
    for (uint32_t i = 0; i < w->n; i++)
        for (uint32_t g = 0; g < axis->groups.count[i]; g++) {
            int32_t weights[SAI_GROUP] = {0};
            for (uint32_t k = 0; k < SAI_GROUP; k++) {
                uint32_t input = axis->begin + SAI_GROUP * (axis->groups.first[i] + g) + k;
                if (input >= w->first[i] && input - w->first[i] < w->count[i])
                    weights[k] = w->weight[(size_t)i * w->taps + input - w->first[i]];
            }
            kernel->pack(axis->groups.weights + i * axis->groups.stride + (size_t)g * SAI_GROUP_WORDS, weights);
        }
}

static int axis_create(struct axis *out, const struct sai_axis_part *part, int filter,
                       const struct sai_resample_kernel *kernel)
{
    struct axis axis = {.groups.n = part->n};
    struct sai_weights w = {0};
    int rc = part->in_size == part->out_size ? same_weights(&w, part) : sai_weights_create(&w, part, filter, false);
    if (rc != SELECTAI_OK)
        return rc;
    axis.groups.first = sai_malloc_array(part->n, sizeof *axis.groups.first);
    axis.groups.count = sai_malloc_array(part->n, sizeof *axis.groups.count);
    if (axis.groups.first != NULL && axis.groups.count != NULL) {
        measure(&axis, &w);
        axis.groups.stride = (size_t)axis.most_groups * SAI_GROUP_WORDS;
        axis.groups.weights = sai_malloc_array(part->n, axis.groups.stride * sizeof *axis.groups.weights);
    }
    if (axis.groups.weights == NULL)
        rc = SELECTAI_ERR_OUT_OF_MEMORY;
    else
        pack_weights(&axis, &w, kernel);
    sai_weights_clear(&w);
    if (rc != SELECTAI_OK)
        axis_clear(&axis);
    else
        *out = axis;
    return rc;
}

static int prepare(struct job *job, const struct sai_part *part, int filter)
{
    const struct sai_plane *in = &job->source->plane;
    struct sai_axis_part x = {in->width, part->width, part->x, part->part_width};
    struct sai_axis_part y = {in->height, part->height, part->y, part->part_height};
    size_t n_block, n_ring, row;
    int rc = axis_create(&job->x, &x, filter, job->kernel);
    if (rc == SELECTAI_OK)
        rc = axis_create(&job->y, &y, filter, job->kernel);
    if (rc != SELECTAI_OK)
        return rc;
    job->channels = job->source->to_grey ? 1 : in->channels;
    job->block.channels = job->channels;
    job->block.n_groups = (job->x.end - job->x.begin + SAI_GROUP - 1) / SAI_GROUP;
    job->n_slots = (job->y.most_groups + 2 * SAI_LANES / SAI_GROUP - 1) / (SAI_LANES / SAI_GROUP) *
                   (SAI_LANES / SAI_GROUP);
    row = (size_t)part->part_width * job->channels;
    job->pitch = (row + SAI_LANES - 1) / SAI_LANES * SAI_LANES;
    if (!sai_mul_size(&n_block, job->block.n_groups, (size_t)SAI_LANES * job->channels) ||
        !sai_mul_size(&n_ring, job->pitch, job->n_slots))
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "resampling to %u x %u pixels does not fit into memory",
                        part->width, part->height);
    job->block.groups = sai_aligned_array(n_block, sizeof *job->block.groups);
    job->ring = sai_aligned_array(n_ring, sizeof *job->ring);
    job->slots = sai_malloc_array(job->y.most_groups, sizeof *job->slots);
    if (job->source->to_grey)
        job->grey = sai_malloc_array(job->x.end - job->x.begin, SAI_LANES);
    if (job->block.groups == NULL || job->ring == NULL || job->slots == NULL ||
        (job->source->to_grey && job->grey == NULL))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    memset(job->ring, 0, n_ring * sizeof *job->ring); /* the columns that only fill the last lanes */
    return SELECTAI_OK;
}

static void job_clear(struct job *job)
{
    axis_clear(&job->x);
    axis_clear(&job->y);
    sai_free(job->block.groups);
    sai_free(job->ring);
    sai_free(job->grey);
    sai_free((void *)(uintptr_t)job->slots);
}

/* The next SAI_LANES rows through the horizontal pass. Beyond the last one it stands in; its weights are 0. */
static void next_rows(struct job *job)
{
    const struct sai_plane *in = &job->source->plane;
    size_t stride = (size_t)in->width * in->channels, columns = job->x.end - job->x.begin;
    const uint8_t *rows[SAI_LANES], *first = in->pixels + (size_t)job->x.begin * in->channels;
    uint32_t from = job->y.begin + job->n_done * SAI_GROUP;
    for (uint32_t lane = 0; lane < SAI_LANES; lane++) {
        uint32_t y = from + lane < job->y.end ? from + lane : job->y.end - 1;
        rows[lane] = first + y * stride;
        if (job->source->to_grey) {
            sai_image_grey(job->grey + lane * columns, rows[lane], columns);
            rows[lane] = job->grey + lane * columns;
        }
    }
    job->kernel->gather(&job->block, rows, (uint32_t)columns);
    job->kernel->horizontal(job->ring + job->n_done % job->n_slots * job->pitch, job->pitch, &job->block,
                            &job->x.groups);
    job->n_done += SAI_LANES / SAI_GROUP;
}

/* Writes whole lanes: up to SAI_LANES - 1 bytes behind each row, which the next one overwrites. */
static void run(struct job *job, uint8_t *out, size_t row)
{
    const struct sai_groups *w = &job->y.groups;
    for (uint32_t y = 0; y < w->n; y++, out += row) {
        uint32_t first = w->first[y], count = w->count[y];
        while (job->n_done < first + count)
            next_rows(job);
        for (uint32_t g = 0; g < count; g++)
            job->slots[g] = job->ring + (first + g) % job->n_slots * job->pitch;
        job->kernel->vertical(out, job->pitch, job->slots, count, w->weights + y * w->stride);
    }
}

int sai_resample_with(uint8_t **out, const struct sai_part *part, const struct sai_source *source, int filter,
                      const struct sai_resample_kernel *kernel)
{
    struct job job = {.kernel = kernel, .source = source};
    size_t n, row = (size_t)part->part_width * (source->to_grey ? 1 : source->plane.channels);
    if (!sai_mul_size(&n, row, part->part_height) || !sai_add_size(&n, n, SAI_LANES))
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "an image of %u x %u pixels does not fit into memory",
                        part->part_width, part->part_height);
    uint8_t *pixels = sai_malloc(n);
    if (pixels == NULL)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int rc = prepare(&job, part, filter);
    if (rc == SELECTAI_OK)
        run(&job, pixels, row);
    job_clear(&job);
    if (rc != SELECTAI_OK)
        sai_free(pixels);
    else
        *out = pixels;
    return rc;
}

static const struct sai_resample_kernel *best_kernel(void)
{
    const struct sai_resample_kernel *kernels[1];
    sai_resample_kernels(kernels, 1);
    return kernels[0];
}

int sai_resample_part(uint8_t **out, const struct sai_part *part, const struct sai_plane *in, int filter)
{
    struct sai_source source = {*in, false};
    return sai_resample_with(out, part, &source, filter, best_kernel());
}

int sai_resample(uint8_t **out, uint32_t out_width, uint32_t out_height, const struct sai_plane *in, int filter)
{
    struct sai_part whole = {out_width, out_height, 0, 0, out_width, out_height};
    return sai_resample_part(out, &whole, in, filter);
}

int sai_resample_grey(uint8_t **out, uint32_t out_width, uint32_t out_height, const selectai_image *image, int filter)
{
    struct sai_part whole = {out_width, out_height, 0, 0, out_width, out_height};
    struct sai_source source = {{image->width, image->height, SAI_CHANNELS, image->pixels}, true};
    return sai_resample_with(out, &whole, &source, filter, best_kernel());
}
