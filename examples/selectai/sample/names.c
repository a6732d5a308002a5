/*
 * examples/selectai/sample/names.c: file names and the words truth.json uses.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "plan.h"

#include <stdio.h>
#include <time.h>

const char *stage_text(int stage)
{
    return stage == STAGE_GENERATED ? "1" : stage == STAGE_SWAPPED ? "1.5" : stage == STAGE_UPSCALED ? "2" : "3";
}

static const char *stage_label(int stage)
{
    return stage == STAGE_GENERATED  ? "generated"
           : stage == STAGE_SWAPPED  ? "face_swapped"
           : stage == STAGE_UPSCALED ? "upscaled"
                                     : "enhanced";
}

void name_picture(char *out, size_t size, int64_t time, int stage)
{
    time_t t = (time_t)time;
    struct tm tm;
    char stamp[32];
    gmtime_r(&t, &tm);
    strftime(stamp, sizeof stamp, "%Y%m%d_%H%M%S", &tm);
    snprintf(out, size, "%s_stage%s_%s.png", stamp, stage_text(stage), stage_label(stage));
}

void name_folder(char *out, size_t size, int64_t time)
{
    time_t t = (time_t)time;
    struct tm tm;
    gmtime_r(&t, &tm);
    strftime(out, size, "%Y-%m-%d", &tm);
}

const char *defect_name(int kind)
{
    static const char *const names[DEFECT_KINDS] = {"melted-face", "extra-limb", "double-head", "face-patch", "halos",
                                                    "noise",       "blocks",     "colour-cast", "bands",      "blur"};
    return names[kind];
}

const char *shot_name(int shot)
{
    return shot == SHOT_CLOSE ? "close" : shot == SHOT_HALF ? "half" : "full";
}

const char *extra_name(int extra)
{
    static const char *const names[] = {"",           "single-stage", "orphan-final", "unparsed-name", "unparsed-name",
                                        "hidden-file"};
    return names[extra];
}
