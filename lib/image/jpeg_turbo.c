/*
 * image/jpeg_turbo.c: JPEG to RGB by libjpeg (libjpeg-turbo), the only file that knows it. The pixels are Pillow's:
 * exact inverse DCT, smooth upsampling, and CMYK always taken for Adobe's inverted kind.
 *
 * libjpeg reports errors by a function that must not return, so each step runs under a setjmp in `run`. All state is in
 * struct job, none in local variables that a jump could leave undefined.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <limits.h>
#include <setjmp.h>
#include <stdio.h>

#include <jerror.h>
#include <jpeglib.h>

#include "image/jpeg_turbo.h"

#define CMYK_CHANNELS 4u

struct job {
    struct jpeg_decompress_struct codec;
    struct jpeg_error_mgr errors;
    jmp_buf jump;
    const uint8_t *bytes;
    size_t n;
    const char *name;
    selectai_image *image;
    bool keep_inks; /* of a CMYK file, in `inks`, instead of an image */
    uint8_t *inks;
    uint8_t *cmyk; /* one row, if the file is CMYK and becomes RGB */
    int warning;   /* of libjpeg; 0 if the picture is sound */
};

static struct job *job_of(j_common_ptr codec)
{
    return codec->client_data;
}

static void on_error(j_common_ptr codec)
{
    longjmp(job_of(codec)->jump, 1);
}

/* Warnings that mean pixels which are not in the file. Others are about markers that nobody needs. */
static void on_message(j_common_ptr codec, int level)
{
    int code = codec->err->msg_code;
    bool damaged = code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE || code == JWRN_MUST_RESYNC ||
                   code == JWRN_JPEG_EOF || code == JWRN_BOGUS_PROGRESSION;
    if (level < 0 && damaged && job_of(codec)->warning == 0)
        job_of(codec)->warning = code;
}

static void on_output(j_common_ptr codec)
{
    (void)codec;
}

static int failure(struct job *job)
{
    char message[JMSG_LENGTH_MAX];
    int code = job->errors.msg_code;
    if (code == JERR_OUT_OF_MEMORY)
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "%s: not enough memory to decode it", job->name);
    if (code == JERR_NO_BACKING_STORE)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "%s: takes more memory to decode than is allowed; save it as PNG",
                        job->name);
    job->errors.format_message((j_common_ptr)&job->codec, message);
    if (code == JERR_BAD_PRECISION || code == JERR_NOT_COMPILED || code == JERR_SOF_UNSUPPORTED ||
        code == JERR_CONVERSION_NOTIMPL || code == JERR_CCIR601_NOTIMPL || code == JERR_FRACT_SAMPLE_NOTIMPL)
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED, "%s: a JPEG that cannot be decoded here (%s); convert it to PNG",
                        job->name, message);
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: corrupt JPEG (%s); get the file again", job->name, message);
}

/* A step of the work; an error of libjpeg ends it. */
static int run(struct job *job, void (*step)(struct job *))
{
    if (setjmp(job->jump) != 0)
        return failure(job);
    step(job);
    return SELECTAI_OK;
}

static void create(struct job *job)
{
    jpeg_create_decompress(&job->codec);
}

static void read_header(struct job *job)
{
    jpeg_mem_src(&job->codec, job->bytes, (unsigned long)job->n);
    jpeg_read_header(&job->codec, TRUE);
}

static void start(struct job *job)
{
    jpeg_start_decompress(&job->codec);
}

/* Pillow's: inks inverted, then black and each ink multiplied and rounded. The file's values are inverted inks. */
static void rgb_of_cmyk(uint8_t *out, const uint8_t *in, size_t width)
{
    for (size_t x = 0; x < width; x++, in += CMYK_CHANNELS, out += SAI_CHANNELS)
        for (unsigned c = 0; c < SAI_CHANNELS; c++) {
            unsigned product = (255u - in[c]) * in[3] + 128;
            unsigned ink = (product + (product >> 8)) >> 8;
            out[c] = (uint8_t)(in[3] > ink ? in[3] - ink : 0);
        }
}

/* Ink is what the file's values lack. */
static void read_inks(struct job *job)
{
    size_t stride = (size_t)job->codec.output_width * CMYK_CHANNELS;
    while (job->codec.output_scanline < job->codec.output_height) {
        uint8_t *to = job->inks + job->codec.output_scanline * stride;
        JSAMPROW row = to;
        jpeg_read_scanlines(&job->codec, &row, 1);
        for (size_t i = 0; i < stride; i++)
            to[i] = (uint8_t)(255 - to[i]);
    }
    jpeg_finish_decompress(&job->codec);
}

static void read_rows(struct job *job)
{
    size_t stride = sai_image_stride(job->image);
    while (job->codec.output_scanline < job->codec.output_height) {
        uint8_t *to = job->image->pixels + job->codec.output_scanline * stride;
        JSAMPROW row = job->cmyk != NULL ? job->cmyk : to;
        jpeg_read_scanlines(&job->codec, &row, 1);
        if (job->cmyk != NULL)
            rgb_of_cmyk(to, job->cmyk, job->image->width);
    }
    jpeg_finish_decompress(&job->codec);
}

/* The largest of libjpeg's quick reductions that leaves the shorter side long enough. */
static unsigned reduction(uint32_t width, uint32_t height, uint32_t min_side)
{
    uint32_t side = width < height ? width : height;
    unsigned denominator = 8;
    while (denominator > 1 && (min_side == 0 || (side + denominator - 1) / denominator < min_side))
        denominator /= 2;
    return denominator;
}

/* Chooses what comes out, and makes room for it. */
static int prepare(struct job *job, const struct sai_image_header *header, const struct selectai_image_options *options)
{
    struct jpeg_decompress_struct *codec = &job->codec;
    if (codec->image_width != header->width || codec->image_height != header->height)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: corrupt image: two headers of different size; get the file again",
                        job->name);
    uint64_t room = options->max_memory - (uint64_t)header->width * header->height * SAI_CHANNELS;
    room += 16 << 20; /* for its rows and tables; 0 would mean no limit */
    codec->mem->max_memory_to_use = room < LONG_MAX ? (long)room : LONG_MAX;
    codec->out_color_space = codec->num_components == 4 ? JCS_CMYK : JCS_RGB;
    codec->dct_method = JDCT_ISLOW;
    codec->scale_num = 1;
    codec->scale_denom = job->keep_inks ? 1 : reduction(header->width, header->height, options->min_side);
    if (job->keep_inks && codec->num_components != 4)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: corrupt image: two headers of different kinds; get the file again",
                        job->name);
    int rc = run(job, start);
    if (rc == SELECTAI_OK && job->keep_inks) {
        job->inks = sai_large_malloc((size_t)header->width * header->height * CMYK_CHANNELS); /* within max_memory */
        return job->inks == NULL ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK;
    }
    if (rc == SELECTAI_OK && codec->num_components == 4) {
        job->cmyk = sai_malloc_array(codec->output_width, CMYK_CHANNELS);
        rc = job->cmyk == NULL ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK;
    }
    if (rc == SELECTAI_OK)
        rc = sai_image_alloc(&job->image, codec->output_width, codec->output_height);
    return rc;
}

/* What libjpeg warned of while it made pixels up. */
static int check_sound(struct job *job)
{
    char message[JMSG_LENGTH_MAX];
    if (job->warning == 0)
        return SELECTAI_OK;
    job->errors.msg_code = job->warning;
    job->errors.format_message((j_common_ptr)&job->codec, message);
    return SAI_FAIL(SELECTAI_ERR_FORMAT,
                    "%s: corrupt JPEG: its picture data is damaged or incomplete (%s); get the file "
                    "again",
                    job->name, message);
}

static int read_file(struct job *job, const struct sai_image_header *header,
                     const struct selectai_image_options *options)
{
    job->codec.err = jpeg_std_error(&job->errors);
    job->errors.error_exit = on_error;
    job->errors.emit_message = on_message;
    job->errors.output_message = on_output;
    job->codec.client_data = job;
    int rc = run(job, create);
    if (rc == SELECTAI_OK)
        rc = run(job, read_header);
    if (rc == SELECTAI_OK)
        rc = prepare(job, header, options);
    if (rc == SELECTAI_OK)
        rc = run(job, job->keep_inks ? read_inks : read_rows);
    if (rc == SELECTAI_OK)
        rc = check_sound(job);
    jpeg_destroy_decompress(&job->codec);
    sai_free(job->cmyk);
    return rc;
}

int sai_jpeg_read(selectai_image **out, const struct sai_image_header *header, const uint8_t *bytes, size_t n,
                  const struct selectai_image_options *options, const char *name)
{
    struct job job = {.bytes = bytes, .n = n, .name = name};
    int rc = read_file(&job, header, options);
    if (rc != SELECTAI_OK)
        selectai_image_destroy(&job.image);
    else
        *out = job.image;
    return rc;
}

int sai_jpeg_read_inks(uint8_t **out, const struct sai_image_header *header, const uint8_t *bytes, size_t n,
                       const struct selectai_image_options *options, const char *name)
{
    struct job job = {.bytes = bytes, .n = n, .name = name, .keep_inks = true};
    int rc = read_file(&job, header, options);
    if (rc != SELECTAI_OK)
        sai_free(job.inks);
    else
        *out = job.inks;
    return rc;
}
