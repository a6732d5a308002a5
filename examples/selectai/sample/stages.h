/*
 * examples/selectai/sample/stages.h: draws a group and makes its stages.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_SAMPLE_STAGES_H
#define SELECTAI_SAMPLE_STAGES_H

#include "plan.h"

/* The drawing that the stages are made from. */
struct studio {
    struct canvas rough;    /* with the generator's first face */
    struct canvas good;     /* with the face of stage 1.5 */
    struct canvas upscaled; /* stage 2 without defects */
    struct canvas small;    /* stage 1 of `good` */
    struct light light;
    int swapped; /* the group has a stage 1.5: rough and good differ */
};

/* On failure everything is freed and zeroed. */
int studio_create(struct studio *s, const struct group *g);
void studio_destroy(struct studio *s);

/* Picture `index` of the group, defects included; the caller destroys it. */
int studio_develop(struct canvas *out, const struct studio *s, const struct group *g, int index);

/* Puts one defect into a picture of the group. */
int defect_apply(struct canvas *c, const struct group *g, const struct defect *d, const struct light *light);
void defect_apply_tone(struct canvas *c, const struct defect *d);
/* Where it is, in fractions of the picture; the whole picture for a defect without a place. */
struct selectai_box defect_box(const struct group *g, const struct defect *d);

#endif
