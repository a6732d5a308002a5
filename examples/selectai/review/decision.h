/*
 * review/decision.h: what the person decided about one group, and as JSON.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_DECISION_H
#define REVIEW_DECISION_H

#include <jansson.h>

#include "groups.h"

enum outcome {
    UNDECIDED,
    PICK,   /* one or more winners */
    REJECT, /* nothing of the group is kept */
    SKIP,   /* looked at, decided later: nothing moves, nothing is learned */
};

enum crop_kind {
    CROP_WHOLE,     /* the picture as it is */
    CROP_SUGGESTED, /* the box as the cropper proposed it */
    CROP_EDITED,    /* a box the person drew or changed */
    CROP_LATER,     /* to be cropped elsewhere: goes to __crop/ */
};

enum source { MANUAL, BULK, AUDIT };

struct winner {
    uint32_t image; /* 0 .. n - 1 in its group, in stage order */
    enum crop_kind crop;
    struct selectai_box box;          /* fractions of the picture; where crop is SUGGESTED or EDITED */
    struct selectai_pixel_box pixels; /* the same, half open, inside the picture; all 0: size not known */
    uint32_t width, height;           /* of the picture; 0: not known */
};
int has_box(const struct winner *winner); /* SUGGESTED or EDITED */

#define MAX_WINNERS 64
struct decision {
    enum outcome outcome;
    uint32_t n_winners; /* PICK: 1 or more, each image once, rising; else 0 */
    struct winner *winners;
};
void free_decision(struct decision *decision);
int copy_decision(struct decision *out, const struct decision *decision); /* SELECTAI_OK or NO_MEMORY */
/* Outcome, images, crops and boxes in fractions. */
int same_decision(const struct decision *a, const struct decision *b);

/* Whole pixels, at least one, as suggestions have them; 0 < width, height <= INT32_MAX. */
struct selectai_pixel_box pixels_of_box(const struct selectai_box *box, uint32_t width, uint32_t height);
/* Reads each winner's size from its file's header and sets its pixels; a file that cannot be read makes both unknown.
 * journal_decide() does it. */
void measure_decision(struct decision *decision, const struct review_groups *groups, size_t group);

/*
 * {"outcome":"pick","winners":[{"image":"<id>","name":"a/b.png","crop":"whole|suggested|edited|later",
 *   "box":{"x1","y1","x2","y2"}|null,"box_px":[x1,y1,x2,y2]|null,"size":[width,height]|null}]}, {"outcome":"reject"},
 * {"outcome":"skip"}; null: undecided. A new reference, NULL if memory ran out.
 */
json_t *json_of_decision(const struct decision *decision, const struct review_groups *groups, size_t group);

/* The same for images that are found elsewhere: those of a group that is not there any more. */
json_t *json_of_decision_named(const struct decision *decision, const char *(*id_of)(const void *of, uint32_t image),
                               const char *(*name_of)(const void *of, uint32_t image), const void *of);

/* The reverse, all of it checked: ids of this group, boxes inside 0..1 with x1 < x2, y1 < y2, finite. On failure
 * returns SELECTAI_ERR_INVALID_ARGUMENT and a message that names the key. */
int decision_of_json(struct decision *out, const json_t *json, const struct review_groups *groups, size_t group,
                     char *message, size_t n_message);
/* The same; find_id gives the index of an image in its group, or NO_INDEX. */
int decision_of_json_named(struct decision *out, const json_t *json, size_t (*find_id)(const void *of, const char *id),
                           const void *of, char *message, size_t n_message);

const char *outcome_name(enum outcome outcome); /* NULL: undecided */
const char *crop_name(enum crop_kind crop);
const char *source_name(enum source source);
/* 0: none of them. */
int outcome_of_name(enum outcome *out, const char *name);
int crop_of_name(enum crop_kind *out, const char *name);
int source_of_name(enum source *out, const char *name);

/* A file's name; bytes that are no UTF-8, which JSON cannot hold, become '?'. */
json_t *json_of_name(const char *name);

#endif
