/*
 * examples/selectai/sample/plan.h: what is in every group, decided before anything is drawn.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_SAMPLE_PLAN_H
#define SELECTAI_SAMPLE_PLAN_H

#include "figure.h"
#include "noise.h"
#include "sample.h"
#include "scene.h"

/* Stages times ten: 1.5 is 15. */
#define STAGE_GENERATED 10
#define STAGE_SWAPPED   15
#define STAGE_UPSCALED  20
#define STAGE_ENHANCED  30
#define STAGES_MAX      4

#define DEFECT_MELTED_FACE 0
#define DEFECT_EXTRA_LIMB  1
#define DEFECT_DOUBLE_HEAD 2
#define DEFECT_FACE_PATCH  3 /* the swapped face has another tone and a hard edge */
#define DEFECT_HALOS       4
#define DEFECT_NOISE       5
#define DEFECT_BLOCKS      6
#define DEFECT_CAST        7
#define DEFECT_BANDS       8
#define DEFECT_BLUR        9
#define DEFECT_KINDS       10

struct defect {
    int kind;
    int from_stage;  /* this stage has it, and the ones made from it */
    int until_stage; /* the last stage that has it */
    float severity;  /* 0..1 */
    float side;      /* -1 or 1: where an extra limb or a second head sits */
    uint32_t seed;
};

#define DEFECTS_MAX 2

struct picture {
    int stage;
    int64_t time; /* seconds since 1970, UTC: in the name and as the file's mtime */
    char name[64];
    int width, height;
    float luma, warmth, score;
    int chosen, cropped;
    struct selectai_pixel_box crop; /* the whole picture if not cropped */
    int64_t final_time;             /* mtime in FINAL */
};

#define SHOT_CLOSE 0
#define SHOT_HALF  1
#define SHOT_FULL  2

/* Things an honest sample has to have once; see docs/sample.md. */
#define EXTRA_NONE          0
#define EXTRA_SINGLE        1 /* one picture alone: chosen, but no group */
#define EXTRA_ORPHAN        2 /* only in FINAL: its source was deleted */
#define EXTRA_UNPARSED_ROOT 3 /* in RAW itself, under a name without stage */
#define EXTRA_UNPARSED      4 /* in a dated folder, under a name without stage */
#define EXTRA_HIDDEN        5 /* a file whose name starts with a dot */
#define EXTRA_COUNT         5

#define FOLDERS 3

struct group {
    uint32_t id;
    int folder, extra;
    int shot, want_two, corrupt;
    int width, height;      /* of stage 2 */
    int enhanced_larger;    /* stage 3 is a quarter larger than stage 2 */
    float exposure, warmth; /* of the whole group */
    struct scene scene;
    struct figure figure;
    struct face rough, good; /* the face before and after stage 1.5 */
    int n_defects;
    struct defect defects[DEFECTS_MAX];
    int n;
    struct picture pictures[STAGES_MAX];
    int rejected;
};

struct plan {
    uint64_t seed;
    uint32_t size;
    const char *project;
    uint32_t n_groups; /* groups proper; the extras follow them */
    uint32_t n_total;
    char folders[FOLDERS][16];
    struct character who;
    struct group *groups;
};

int plan_create(struct plan *p, const struct sample_options *o);
void plan_destroy(struct plan *p);

/* names.c */
void name_picture(char *out, size_t size, int64_t time, int stage);
void name_folder(char *out, size_t size, int64_t time);
const char *stage_text(int stage); /* "1", "1.5", "2", "3" */
const char *defect_name(int kind);
const char *shot_name(int shot);
const char *extra_name(int extra);

#endif
