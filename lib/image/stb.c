/*
 * image/stb.c: the only translation unit that holds stb_image and stb_image_write.
 *
 * Both are static here, allocate through the library, and keep their reason of failure per thread. Their assertions
 * are off: a library does not abort.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <limits.h>
#include <string.h>

#include "image/stb.h"

/* stb_image forgets at some places why it failed. Per thread, and looked at only right after a call. */
static _Thread_local bool out_of_memory;

static void *checked(void *p)
{
    if (p == NULL)
        out_of_memory = true;
    return p;
}

/* Zeroed: stb_image reads planes that no scan wrote and tables that no segment defined, and the picture would depend on
 * what the heap held before. */
#define STBI_MALLOC(size)      checked(sai_calloc(1, (size)))
#define STBI_REALLOC(p, size)  checked(sai_realloc((p), (size)))
#define STBI_FREE(p)           sai_free(p)
#define STBI_ASSERT(condition) ((void)0)
#define STBI_MAX_DIMENSIONS    SAI_MAX_SIDE
#define STBI_NO_STDIO
#define STBI_ONLY_JPEG
#define STBI_ONLY_BMP
#define STBI_ONLY_GIF
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION

#define STBIW_MALLOC(size)      sai_malloc(size)
#define STBIW_REALLOC(p, size)  sai_realloc((p), (size))
#define STBIW_FREE(p)           sai_free(p)
#define STBIW_ASSERT(condition) ((void)0)
#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION

/* Both shift bits out of the top of signed numbers: let that mean what they expect. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("wrapv")
#endif

/* "Declared but never defined" comes at the end of the file, so this one cannot be popped. */
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wold-style-definition"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#include <stb/stb_image.h>
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

static int read_failure(const char *name)
{
    const char *reason = stbi_failure_reason();
    if (reason == NULL)
        reason = "unknown reason";
    if (out_of_memory || strcmp(reason, "outofmem") == 0)
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "%s: not enough memory to decode it", name);
    if (strcmp(reason, "too large") == 0)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "%s: too large to decode; scale it down", name);
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: corrupt or truncated image (%s); get the file again", name, reason);
}

int sai_stb_read(selectai_image **out, const uint8_t *bytes, size_t n, uint32_t width, uint32_t height,
                 const char *name)
{
    int w = 0, h = 0, channels = 0;
    out_of_memory = false;
    if (n > INT_MAX)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "%s: an image file of 2 GiB or more; convert it to PNG", name);
    if (!stbi_info_from_memory(bytes, (int)n, &w, &h, &channels))
        return read_failure(name);
    if ((uint32_t)w != width || (uint32_t)h != height)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: corrupt image: two headers of different size; get the file again",
                        name);
    uint8_t *pixels = stbi_load_from_memory(bytes, (int)n, &w, &h, &channels, SAI_CHANNELS);
    if (pixels == NULL)
        return read_failure(name);
    if ((uint32_t)w != width || (uint32_t)h != height) {
        sai_free(pixels);
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: corrupt image: its size changes while it is decoded", name);
    }
    return sai_image_adopt(out, width, height, pixels);
}

void sai_byte_buffer_append(struct sai_byte_buffer *buffer, const void *bytes, size_t n)
{
    size_t need;
    if (buffer->failed || n == 0)
        return;
    if (!sai_add_size(&need, buffer->n, n) || !SAI_GROW(buffer->bytes, buffer->capacity, need)) {
        buffer->failed = true;
        return;
    }
    memcpy(buffer->bytes + buffer->n, bytes, n);
    buffer->n = need;
}

static void append(void *context, void *bytes, int n)
{
    sai_byte_buffer_append(context, bytes, (size_t)n);
}

int sai_stb_write_jpeg(struct sai_byte_buffer *out, const selectai_image *image, int quality)
{
    if (image->width > 65535 || image->height > 65535)
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED, "a JPEG cannot be %u x %u pixels, 65535 is the most; write a PNG",
                        image->width, image->height);
    int done = stbi_write_jpg_to_func(append, out, (int)image->width, (int)image->height, SAI_CHANNELS, image->pixels,
                                      quality);
    if (out->failed)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    if (!done)
        return SAI_FAIL(SELECTAI_ERR_INTERNAL, "the JPEG encoder refused an image of %u x %u pixels", image->width,
                        image->height);
    return SELECTAI_OK;
}
