/*
 * image/png.h: PNG to RGB: the chunks of a file, and two ways to its pixels.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_IMAGE_PNG_H
#define SAI_IMAGE_PNG_H

#include "image/image.h"

enum sai_png_colour { PNG_GREY = 0, PNG_RGB = 2, PNG_PALETTE = 3, PNG_GREY_ALPHA = 4, PNG_RGB_ALPHA = 6 };

enum sai_png_filter { PNG_NONE, PNG_SUB, PNG_UP, PNG_AVERAGE, PNG_PAETH };

/* What the chunks say; every chunk lies inside the file, and the checksums of critical ones are right. */
struct sai_png {
    const uint8_t *bytes;
    size_t n;
    const char *name;
    uint32_t width, height;
    unsigned depth, colour, samples;
    bool interlaced, has_palette;
    uint8_t palette[256][4]; /* RGB and an unused byte */
    size_t first_data;       /* offset of the first IDAT chunk */
    size_t data_bytes;       /* in all of them; their chunks follow each other */
    bool data_in_one;        /* there is but one that holds data */
};

struct sai_png_chunk {
    uint32_t length;
    const uint8_t *type, *data;
};

/* Fills *png from a whole file. */
int sai_png_scan(struct sai_png *png, const uint8_t *bytes, size_t n, const char *name);

/* Any chunk: the first is at SAI_PNG_FIRST_CHUNK. Of a file that was scanned; false behind IEND's place. */
#define SAI_PNG_FIRST_CHUNK 8
bool sai_png_next_chunk(struct sai_png_chunk *out, const struct sai_png *png, size_t *offset);
bool sai_png_is_type(const struct sai_png_chunk *chunk, const char *type);
bool sai_png_checksum_fits(const struct sai_png_chunk *chunk);

/* The chunk at *offset if it is one of picture data, and moves *offset behind it. */
bool sai_png_next_data(struct sai_png_chunk *out, const struct sai_png *png, size_t *offset);

/* FORMAT: "<name>: corrupt PNG: <what>; ..." */
int sai_png_corrupt(const struct sai_png *png, const char *what);

/*
 * Decodes a file whose header has been parsed and whose dimensions have been found acceptable. max_memory: bytes that
 * picture and working memory may take together, if the quicker of two ways asks for more than the picture.
 */
int sai_png_read(selectai_image **out, const uint8_t *bytes, size_t n, uint64_t max_memory, const char *name);

/*
 * The samples of a file with alpha, as RGBA (pixel_bytes 4), or of one of 16-bit grey (2, numbers of the machine's
 * order); *out is freed with sai_free.
 */
int sai_png_read_samples(uint8_t **out, unsigned pixel_bytes, const uint8_t *bytes, size_t n, const char *name);

/* Where the pixels of an interlaced file's pass lie; of another file: all. */
struct sai_png_pass {
    uint32_t x, y, dx, dy;
};

/* Gets each row as the file has it: `width` pixels of the picture's row y, at pass->x, pass->x + pass->dx and so on. */
typedef void (*sai_png_row_fn)(void *user, const struct sai_png_pass *pass, uint32_t y, uint32_t width,
                               const uint8_t *row);
int sai_png_read_rows(const struct sai_png *png, sai_png_row_fn take_row, void *user);

/*
 * The quick way: inflates everything at once. 8 bits, not interlaced, moderately large. *out stays NULL, with
 * SELECTAI_OK, where this way is not open or the data is unusual; then the slow one finds out and says why.
 */
int sai_png_read_whole(selectai_image **out, const struct sai_png *png, uint64_t max_memory);

/* Undoes a row's filter (0..4) in place. prev is the row above, zeros for the first; bpp: bytes per whole pixel. */
void sai_png_unfilter(uint8_t *row, const uint8_t *prev, size_t n, unsigned bpp, unsigned filter);

/* The same in plain C. */
void sai_png_unfilter_plain(uint8_t *row, const uint8_t *prev, size_t n, unsigned bpp, unsigned filter);

/* The first 8 or 16 of such rows, by AVX2; returns how many, 0 where it cannot. `row` is behind the first filter byte.
 */
size_t sai_png_unfilter_wave(uint8_t *row, const uint8_t *prev, size_t n_rows, size_t n, unsigned bpp);

/* n_rows rows that follow each other, each a filter byte and n bytes; prev as above. */
void sai_png_unfilter_rows(uint8_t *rows, const uint8_t *prev, size_t n_rows, size_t n, unsigned bpp);

#endif
