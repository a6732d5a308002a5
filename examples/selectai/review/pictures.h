/*
 * review/pictures.h: the page's pictures: JPEGs made on demand from images of the project, kept in memory, made ahead.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_PICTURES_H
#define REVIEW_PICTURES_H

#include <stddef.h>
#include <stdint.h>

#include "groups.h"

/* A JPEG, or why there is none. Immutable; counted. */
struct picture {
    int32_t references; /* private */
    int code;           /* SELECTAI_OK, or the error */
    char message[256];  /* of the error */
    size_t n;
    uint8_t bytes[];
};
void picture_release(struct picture *picture); /* NULL is fine */
void picture_release_bytes(void *bytes);       /* the same, by its bytes */

/* Which picture: of that state of the file. */
struct picture_key {
    char id[REVIEW_ID];
    uint32_t side; /* the longer side at most; 0: full size */
    uint64_t size; /* of the file, as it is now */
    int64_t mtime_ns;
};

/*
 * Thread-safety: all functions may be called from any thread.
 *
 * A few threads decode, each picture once however many wait for it, with a bound on what all of them take together:
 * pictures that need more than 128 MiB wait for each other. What was made is kept up to `budget` bytes, the least
 * recently used go first. What is made ahead comes after everything that somebody waits for.
 */
struct pictures;
int pictures_open(struct pictures **out, const char *root, size_t budget);
/* All that wait are called with an error, and all that ask from now on. */
void pictures_end_waiting(struct pictures *pictures);
void pictures_close(struct pictures **pictures);

/* Fills in size and mtime. SELECTAI_OK, NOT_FOUND (gone), or PERMISSION (a link, no file). */
int pictures_look(struct pictures *pictures, const char *rel_path, struct picture_key *key);

/* Width and height by the file's header. SELECTAI_OK or the error, as selectai_image_read_info(). */
int pictures_measure(struct pictures *pictures, const char *rel_path, uint32_t *width, uint32_t *height);

/* A reference, or NULL: it is not there yet. */
struct picture *pictures_find(struct pictures *pictures, const struct picture_key *key);

/* Called once, from a thread of the pictures, with a reference; NULL: memory ran out, or the end has come. */
typedef void (*picture_ready_fn)(struct picture *picture, void *user);
/* Has it made, first of all; ready() may be called before this returns. */
void pictures_ask(struct pictures *pictures, const struct picture_key *key, const char *rel_path,
                  picture_ready_fn ready, void *user);

/* What will be wanted next, instead of what was to be made ahead and has not been begun. */
#define MOST_AHEAD 64
void pictures_ahead(struct pictures *pictures, const struct picture_key *keys, const char *const *rel_paths, size_t n);

#endif
