/*
 * examples/selectai/sample/person.h: the taste of the person who chooses and crops. docs/sample.md gives the rule.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_SAMPLE_PERSON_H
#define SELECTAI_SAMPLE_PERSON_H

#include "plan.h"

#define TASTE_STAGE_SWAPPED  0.25f
#define TASTE_STAGE_UPSCALED 0.70f
#define TASTE_STAGE_ENHANCED 1.00f
#define TASTE_DEFECT         1.90f /* times severity */
#define TASTE_DARK_BELOW     0.13f /* mean luma */
#define TASTE_DARK           30.0f /* times what is missing to that */
#define TASTE_WARM           0.80f /* times mean red minus mean blue, at most 0.15 either way */
#define TASTE_NOISE          0.05f /* deviation of the mood of the moment */
#define TASTE_REJECT_BELOW   (-0.35f)

/* Measures the finished pixels and sets luma, warmth and score of picture `index`. */
void person_look(struct group *g, int index, const struct canvas *c, uint64_t seed);
/* Sets chosen, rejected, and for the chosen the crop and the times. */
void person_choose(struct group *g, uint64_t seed);

#endif
