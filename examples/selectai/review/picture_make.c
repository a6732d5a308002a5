/*
 * review/picture_make.c: reads, decodes, shrinks and encodes one picture.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "picture_make.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "beneath.h"

#define QUALITY       85
#define FULL_QUALITY  95           /* for zooming in */
#define MOST_FILE     (512u << 20) /* bytes */
#define COMMON_MEMORY (128u << 20) /* what a picture may take while others are decoded too */

static struct picture *new_picture(const void *bytes, size_t n)
{
    struct picture *picture = n < SIZE_MAX - sizeof *picture ? malloc(sizeof *picture + n) : NULL;
    if (!picture)
        return NULL;
    *picture = (struct picture){.references = 1, .n = n};
    if (n > 0)
        memcpy(picture->bytes, bytes, n);
    return picture;
}

struct picture *failed_picture(int code, const char *message)
{
    struct picture *picture = new_picture(NULL, 0);
    if (!picture)
        return NULL;
    picture->code = code;
    snprintf(picture->message, sizeof picture->message, "%s", message);
    return picture;
}

int picture_error(int err)
{
    if (err == ENOENT || err == ESTALE)
        return SELECTAI_ERR_NOT_FOUND;
    return err == EIO ? SELECTAI_ERR_IO : SELECTAI_ERR_PERMISSION; /* a link, or something that is no file */
}

/* SELECTAI_OK, or the code and the message. */
static int read_bytes(int root, const char *rel_path, uint8_t **bytes, size_t *n, char *message, size_t n_message)
{
    struct stat status = {0};
    int fd = open_beneath(root, rel_path);
    if (fd < 0) {
        int code = picture_error(errno);
        snprintf(message, n_message, "%s: %s", rel_path, strerror(errno));
        return code;
    }
    (void)fstat(fd, &status); /* a failure is a size of 0 */
    size_t size = status.st_size > 0 && status.st_size <= MOST_FILE ? (size_t)status.st_size : 0;
    *bytes = size > 0 ? malloc(size) : NULL;
    *n = 0;
    ssize_t got = 1;
    while (*bytes && *n < size && ((got = read(fd, *bytes + *n, size - *n)) > 0 || (got < 0 && errno == EINTR)))
        *n += got > 0 ? (size_t)got : 0;
    int err = got < 0 ? errno : 0;
    close(fd);
    if (*bytes && err == 0)
        return SELECTAI_OK;
    snprintf(message, n_message, "%s: %s", rel_path,
             err != 0   ? strerror(err)
             : size > 0 ? "out of memory"
                        : "is empty, or larger than 512 MiB");
    return err != 0 ? SELECTAI_ERR_IO : size > 0 ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_ERR_FORMAT;
}

/* Most pictures fit the common bound; the others are decoded one at a time. */
static int decode(selectai_image **image, const uint8_t *bytes, size_t n, const char *name, uint32_t side,
                  pthread_mutex_t *large)
{
    struct selectai_image_options options;
    selectai_image_options_init(&options, sizeof options);
    uint64_t most = options.max_memory;
    options.min_side = side; /* the shorter one: never less than what is shown */
    options.max_memory = COMMON_MEMORY;
    int rc = selectai_image_decode(image, bytes, n, name, &options);
    if (rc != SELECTAI_ERR_LIMIT)
        return rc;
    options.max_memory = most;
    pthread_mutex_lock(large);
    rc = selectai_image_decode(image, bytes, n, name, &options);
    pthread_mutex_unlock(large);
    return rc;
}

static uint32_t scaled(uint32_t length, uint32_t side, uint32_t longest)
{
    uint64_t result = ((uint64_t)length * side + longest / 2) / longest;
    return result > 0 ? (uint32_t)result : 1;
}

static int shrink(selectai_image **image, uint32_t side)
{
    uint32_t width = selectai_image_width(*image), height = selectai_image_height(*image);
    uint32_t longest = width > height ? width : height;
    selectai_image *small = NULL;
    if (side == 0 || longest <= side)
        return SELECTAI_OK;
    int rc = selectai_image_resize(&small, *image, scaled(width, side, longest), scaled(height, side, longest),
                                   SELECTAI_FILTER_BICUBIC);
    if (rc == SELECTAI_OK) {
        selectai_image_destroy(image);
        *image = small;
    }
    return rc;
}

static struct picture *picture_of(const uint8_t *bytes, size_t n, const char *name, uint32_t side,
                                  pthread_mutex_t *large)
{
    selectai_image *image = NULL;
    struct picture *picture = NULL;
    uint8_t *jpeg = NULL;
    size_t n_jpeg = 0;
    int rc = decode(&image, bytes, n, name, side, large);
    if (rc == SELECTAI_OK)
        rc = shrink(&image, side);
    if (rc == SELECTAI_OK)
        rc = selectai_image_encode(&jpeg, &n_jpeg, image, SELECTAI_FORMAT_JPEG, side > 0 ? QUALITY : FULL_QUALITY);
    picture = rc == SELECTAI_OK ? new_picture(jpeg, n_jpeg) : failed_picture(rc, selectai_last_error());
    selectai_free(jpeg);
    selectai_image_destroy(&image);
    return picture;
}

struct picture *make_picture(int root, const struct picture_key *key, const char *rel_path, pthread_mutex_t *large)
{
    char message[256];
    uint8_t *bytes = NULL;
    size_t n = 0;
    int rc = read_bytes(root, rel_path, &bytes, &n, message, sizeof message);
    struct picture *picture = rc == SELECTAI_OK ? picture_of(bytes, n, rel_path, key->side, large)
                                                : failed_picture(rc, message);
    free(bytes);
    return picture;
}
