/*
 * dnnl_tower.h: the image tower for the processor, in float32 or bfloat16: oneDNN's products and vit_kernels.h.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_TORCH_DNNL_TOWER_H
#define SELECTAI_TORCH_DNNL_TOWER_H

#include "image_tower.h"

namespace selectai
{

/* Only on processors with AVX-512: on others oneDNN has other products, whose bits depend on how many rows there are.
 */
bool can_run_dnnl_tower();
std::unique_ptr<ImageTower> make_dnnl_tower(const sai_backend_tower_spec &spec);

/* bfloat16 is quicker than float32 on this processor: it has AMX or AVX-512 BF16. */
bool has_quick_bfloat16();

} // namespace selectai

#endif
