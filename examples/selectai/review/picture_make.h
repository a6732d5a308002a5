/*
 * review/picture_make.h: from a file to a JPEG.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_PICTURE_MAKE_H
#define REVIEW_PICTURE_MAKE_H

#include <pthread.h>

#include "pictures.h"

/* NULL only where memory ran out: what is wrong with the file is in the picture. large: held while a picture that needs
 * much memory is decoded. */
struct picture *make_picture(int root, const struct picture_key *key, const char *rel_path, pthread_mutex_t *large);

/* A picture that says why there is none. */
struct picture *failed_picture(int code, const char *message);

/* The error code for errno of open_beneath(). */
int picture_error(int err);

#endif
