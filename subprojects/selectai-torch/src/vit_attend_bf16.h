/*
 * vit_attend_bf16.h: attention for processors that multiply pairs of bfloat16 (AVX-512 BF16).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_TORCH_VIT_ATTEND_BF16_H
#define SELECTAI_TORCH_VIT_ATTEND_BF16_H

#include "vit_kernels.h"

namespace selectai
{

/* As VitKernels<BFloat16>::attend, with shares rounded to bfloat16 and sums in float. Needs AVX-512 F, BW, DQ, VL and
 * BF16. */
void attend_avx512_bf16(BFloat16 *out, int64_t out_row, const AttentionInput<BFloat16> &in, AttentionScratch &scratch);

} // namespace selectai

#endif
