/*
 * selectai/image.h: decode, resample, hash, register and write images.
 *
 * Tier 1: needs common.h only. All images are 8-bit RGB, as Pillow's `Image.convert("RGB")` makes them: alpha is
 * dropped, grey is repeated, palettes are looked up, 16 bits keep their high byte (16-bit grey without alpha is clipped
 * to 255), CMYK is taken for Adobe's inverted kind. Of an animation the first picture is taken. EXIF orientation is not
 * applied unless an option says so.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_IMAGE_H
#define SELECTAI_IMAGE_H

#include <selectai/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * An RGB image in memory: rows from the top, width x 3 bytes each, no padding.
 * Thread-safety: immutable once made; may be read from any number of threads.
 */
typedef struct selectai_image selectai_image;

struct selectai_image_options {
    uint32_t struct_size;
    uint32_t max_side; /**< pixels; a larger width or height is refused. Default 32768 */
    uint64_t
        max_pixels;     /**< width x height; more is refused before anything is decoded. Default 178956970 (Pillow's) */
    uint64_t max_bytes; /**< size of the file; more is refused before it is read. Default 1 GiB */
    /** Bytes that the picture (3 a pixel) and what its decoder needs beside it may take; the file comes on top. What
     * needs more is refused. Default 400 MiB */
    uint64_t max_memory;
    /** Pixels. 0, the default: every picture in full. Else a JPEG may be decoded to a half, a quarter or an eighth of
     * its width and height, as long as its shorter side keeps so many pixels: quicker, but not the same pixels as
     * decoding in full and shrinking. Other formats, and builds without libjpeg, decode in full */
    uint32_t min_side;
    /** 0, the default: as stored. 1: turned and mirrored as EXIF's orientation says, as PIL.ImageOps.exif_transpose()
     * does; from JPEG's APP1, PNG's eXIf and WebP's EXIF. Orientation in XMP or PNG text is not looked for. While it is
     * turned the picture stands in memory twice */
    uint32_t exif;
};
SELECTAI_API void selectai_image_options_init(struct selectai_image_options *options, uint32_t struct_size);

/** Width, height and format from the file's header, without decoding. */
struct selectai_image_info {
    uint32_t struct_size; /**< set by the caller */
    uint32_t width;       /**< pixels */
    uint32_t height;      /**< pixels */
    uint32_t channels;    /**< in the file: 1 grey, 2 grey+alpha, 3 RGB (or palette), 4 RGBA */
    char format[8];       /**< "png", "jpeg", "webp", "bmp", "gif" */
};
SELECTAI_API int selectai_image_read_info(struct selectai_image_info *out, const char *path);

/**
 * Decodes a file. Errors: NOT_FOUND, PERMISSION, IS_A_DIRECTORY, FORMAT (corrupt, truncated, not an image),
 * UNSUPPORTED (a kind that this build has no decoder for), LIMIT. The message names the path. A file that lost its end
 * or whose picture data is damaged is refused, never shown in part.
 */
SELECTAI_API int selectai_image_load(selectai_image **out, const char *path,
                                     const struct selectai_image_options *options);

/** The same from bytes in memory; `name` (may be NULL) stands for the path in messages. */
SELECTAI_API int selectai_image_decode(selectai_image **out, const void *bytes, size_t n_bytes, const char *name,
                                       const struct selectai_image_options *options);

/** Copies pixels: height rows of width x 3 bytes, row i starts at rgb + i * stride. stride 0 means width x 3. */
SELECTAI_API int selectai_image_create(selectai_image **out, uint32_t width, uint32_t height, const uint8_t *rgb,
                                       size_t stride);

SELECTAI_API void selectai_image_destroy(selectai_image **image);

SELECTAI_API uint32_t selectai_image_width(const selectai_image *image);
SELECTAI_API uint32_t selectai_image_height(const selectai_image *image);

/** width x height x 3 bytes, borrowed from the image. */
SELECTAI_API const uint8_t *selectai_image_pixels(const selectai_image *image);

/* ---- Resampling ------------------------------------------------------------------------------ */

#define SELECTAI_FILTER_BICUBIC 0 /**< a = -0.5, support 2 */
#define SELECTAI_FILTER_LANCZOS 1 /**< Lanczos-3, support 3 */
#define SELECTAI_FILTER_BOX     2 /**< area average when shrinking */

/**
 * Resamples to width x height with the same bits as Pillow's Image.resize: support scaled when shrinking, 22-bit
 * fixed-point weights, horizontal pass first with an 8-bit intermediate, an axis of unchanged size is skipped.
 */
SELECTAI_API int selectai_image_resize(selectai_image **out, const selectai_image *image, uint32_t width,
                                       uint32_t height, int32_t filter);

/** Cuts out a rectangle; it must lie inside the image and not be empty (SELECTAI_ERR_INVALID_ARGUMENT). */
SELECTAI_API int selectai_image_crop(selectai_image **out, const selectai_image *image,
                                     const struct selectai_pixel_box *box);

/**
 * CLIP's input as open_clip makes it: shorter side to `size` (bicubic, longer side truncated), centre crop (half to
 * even), / 255, minus mean, / standard deviation. out: 3 x size x size floats, channels first.
 */
SELECTAI_API int selectai_image_preprocess(float *out, const selectai_image *image, uint32_t size);

#define SELECTAI_CONVERT_FIRST 0 /**< to RGB, then resized and cut */
#define SELECTAI_CONVERT_AFTER 1 /**< resized and cut in the file's own mode, then to RGB */

struct selectai_preprocess_options {
    uint32_t struct_size;
    uint32_t size;    /**< pixels; the side of the result. Default 224 */
    int32_t convert;  /**< SELECTAI_CONVERT_*; default FIRST, as open_clip does today */
    int32_t reserved; /**< 0 */
};
SELECTAI_API void selectai_preprocess_options_init(struct selectai_preprocess_options *options, uint32_t struct_size);

/**
 * A file to CLIP's input, 3 x size x size floats. FIRST is selectai_image_load() and then selectai_image_preprocess().
 * AFTER is open_clip's earlier order, bit for bit as Pillow 9.4: palettes and 1-bit pictures are shrunk by choosing the
 * nearest pixel, alpha (grey or RGB) is multiplied in before and divided out after, CMYK is shrunk as inks, 16-bit grey
 * in 32 bits; grey and RGB give the same either way. UNSUPPORTED where the mode cannot be kept: GIF, BMP with a
 * palette or alpha, animated WebP with alpha, CMYK without libjpeg. decoding: limits and `exif`; NULL: defaults.
 */
SELECTAI_API int selectai_image_preprocess_file(float *out, const char *path,
                                                const struct selectai_preprocess_options *options,
                                                const struct selectai_image_options *decoding);

/** The same from bytes in memory; `name` (may be NULL) stands for the path in messages. */
SELECTAI_API int selectai_image_preprocess_bytes(float *out, const void *bytes, size_t n_bytes, const char *name,
                                                 const struct selectai_preprocess_options *options,
                                                 const struct selectai_image_options *decoding);

/**
 * 64-bit perceptual hash, bit for bit as ImageHash 4.3's phash(): Pillow grey, Lanczos to 32 x 32, DCT-II, low 8 x 8
 * including DC, bit = above the median, row-major, most significant bit first.
 */
SELECTAI_API int selectai_image_phash(uint64_t *out, const selectai_image *image);

/* ---- Writing --------------------------------------------------------------------------------- */

#define SELECTAI_FORMAT_PNG  0 /**< lossless RGB */
#define SELECTAI_FORMAT_JPEG 1 /**< baseline */

/**
 * Encodes into memory; the caller frees *bytes with selectai_free(). quality: JPEG 1..100 (0: 90); PNG compression
 * level 1..9 (0: 6).
 */
SELECTAI_API int selectai_image_encode(uint8_t **bytes, size_t *n_bytes, const selectai_image *image, int32_t format,
                                       int32_t quality);

/** Encodes by the path's extension (.png, .jpg, .jpeg) and writes it whole or not at all. quality as above. */
SELECTAI_API int selectai_image_save(const selectai_image *image, const char *path, int32_t quality);

/**
 * Cuts `box` out of an image file and writes it to `output`, a name that ends in .png, whole or not at all. Nothing is
 * ever overwritten: SELECTAI_ERR_EXISTS if `output` is there, or comes there meanwhile.
 *
 * Of a PNG the same samples: bit depth, colour type, palette and transparency stay, and what is said about the picture:
 * texts (a generator's prompt), colour spaces, resolution, EXIF, time; chunks that are not known if their names allow
 * it. Dropped is what a part makes untrue: histograms, suggested palettes, animations, signatures. The result is not
 * interlaced; an offset in pixels moves along. EXIF is kept as it is, so its own width and height remain the
 * original's.
 *
 * Of JPEG, WebP, BMP and GIF the decoded pixels, 8-bit RGB, without texts and colour profile; an orientation is kept as
 * eXIf. options: limits as for selectai_image_load() (max_memory: of the part for PNG); with exif 1 the box lies in the
 * turned picture: a PNG's samples stay as stored and its eXIf says how to turn them, others are turned. Errors: as
 * selectai_image_load(), INVALID_ARGUMENT for a box that is empty or leaves the picture, NO_SPACE, IO.
 */
SELECTAI_API int selectai_image_crop_file(const char *output, const char *path, const struct selectai_pixel_box *box,
                                          const struct selectai_image_options *options);

/* ---- Crop recovery --------------------------------------------------------------------------- */

#define SELECTAI_CROP_NONE      0 /**< the second image was not found in the first */
#define SELECTAI_CROP_IDENTICAL 1 /**< same size, same pixels: not cropped */
#define SELECTAI_CROP_EXACT     2 /**< every pixel of the crop stands in the original at `box` */
#define SELECTAI_CROP_RESAMPLED 3 /**< found after rescaling or re-encoding; see residual */

struct selectai_crop_match {
    uint32_t struct_size;          /**< set by the caller */
    int32_t method;                /**< SELECTAI_CROP_* */
    struct selectai_pixel_box box; /**< in pixels of the original; all 0 if method is NONE */
    int32_t unique;                /**< 1 if the crop fits nowhere else, 0 if it does (flat areas), -1 not known */
    uint32_t reserved;
    double residual; /**< root mean square difference over the box, 0..255; 0 for exact; NaN if none */
    double x1;       /**< the box's edges before they were rounded to whole pixels; NaN if none */
    double y1;
    double x2;
    double y2;
    double scale_x;     /**< pixels of the crop per pixel of the original: 1 if it was not resized; NaN if none */
    double scale_y;     /**< differs from scale_x if the crop was squeezed or stretched */
    double correlation; /**< -1..1, of structure, at the best place, also if that was not good enough; NaN if unknown */
    double texture;     /**< pixels with structure that the correlation rests on; NaN if unknown */
};

/**
 * Finds where `cropped` was cut out of `original`. A box is proved by comparing pixels, or not given.
 *
 * First all pixels as they are: IDENTICAL, EXACT. Otherwise as after saving with loss, resizing by 0.25 to 4,
 * sharpening or a change of tone or colour, which may also have changed width and height by different factors:
 * RESAMPLED, for boxes of at least a fifth of the original's width or height, or smaller if not resized; edges within
 * half a pixel of the frame lie on it. Crops with little in them, of less than about 30 pixels a side, rotated or
 * mirrored ones give NONE unless they are exact. A copy of the whole image gives the whole image as `box`.
 *
 * The same on every machine; takes no threads; memory besides the images is bounded (about 16 MiB).
 */
SELECTAI_API int selectai_image_recover_crop(struct selectai_crop_match *out, const selectai_image *original,
                                             const selectai_image *cropped);

#ifdef __cplusplus
}
#endif

#endif
