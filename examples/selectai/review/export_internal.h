/*
 * review/export_internal.h: what the exports share.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_EXPORT_INTERNAL_H
#define REVIEW_EXPORT_INTERNAL_H

#include "export.h"
#include "journal_internal.h"

/* ---- export_rows.c: what was decided, group by group ----------------------------------------- */

/* A group that was picked from or rejected; of its images `names` and `stages` in stage order. */
struct decided {
    const struct review_groups *groups;
    const struct journal *journal;
    size_t slot;
    const char *id;
    const struct standing *standing;
    json_t *images; /* [{"id","name","stage"}] */
    size_t n;       /* of them */
};
typedef int (*decided_fn)(const struct decided *decided, void *user); /* EXIT_DONE, or it ends there */

/* Those that are there by folder and time, then those that are gone in the order in which they were decided first. */
int each_decided(const struct review_groups *groups, const struct journal *journal, decided_fn take, void *user);

const char *decided_name(const struct decided *decided, size_t image); /* below the root */
json_t *decided_stage(const struct decided *decided, size_t image);    /* a number or null; a new reference */
/* root + '/' + name; NULL with a message if JSON cannot hold it. */
json_t *decided_path(const struct decided *decided, size_t image);
json_t *decided_timestamp(const struct decided *decided, size_t image);      /* of its name, or null */
const struct winner *winner_of(const struct decided *decided, size_t image); /* NULL: a loser */
/* 1: the box, or what it is in pixels, is all of the picture. */
int is_whole_box(const struct winner *winner);
/* "<project>_review_<when the journal was begun>" */
void session_name(char *out, size_t n_out, const struct journal *journal);

/* One line of JSON; takes `json`. */
int put_row(FILE *stream, json_t *json);

/* ---- sidecar_file.c: small files beside images ----------------------------------------------- */

enum sidecar_state { SIDECAR_NONE, SIDECAR_READ, SIDECAR_OTHER /* a link, a folder, too large, not readable */ };

/* A folder below the root, without following links on the way; -1 and errno. */
int open_image_folder(const char *root, const char *rel_path);
/* A regular file of at most `most` bytes; the caller frees *bytes, which end with a 0 that does not count. */
enum sidecar_state read_sidecar(int folder, const char *name, char **bytes, size_t *n, size_t most);

/* Files that are written, but not in their places yet. */
#define SIDECAR_BATCH 128
struct sidecar_batch {
    struct pending_sidecar {
        int folder, is_new;
        char name[256], temporary[48];
    } items[SIDECAR_BATCH];
    size_t n;
};
/* Whole or not at all. is_new: nothing may lie there, else what lies there is replaced. name: at most 255 bytes.
 * EXIT_DONE, or EXIT_FAILED with a message. */
int write_sidecar(struct sidecar_batch *batch, int folder, const char *name, const char *bytes, size_t n, int is_new);
/* Syncs and puts them in their places; also after a failure, so that none is left under its temporary name. */
int flush_sidecars(struct sidecar_batch *batch);

/* ---- xmp_*.c --------------------------------------------------------------------------------- */

struct xmp_values {
    int rating; /* -1 .. 5 */
    int crop;   /* 1: box; 0: no crop, an existing one is taken off; -1: says nothing about crops */
    struct selectai_box box;
};
/* A new sidecar, or the old one with these values and everything else as it was; the caller frees it. NULL: no memory,
 * or (why) it cannot be understood. old: NULL or n bytes and a 0. */
char *xmp_with(size_t *n_out, const char *old, size_t n, const struct xmp_values *values, const char **why);

#endif
