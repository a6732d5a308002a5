/*
 * make_tower.cpp: which kind of tower a device and a dtype get.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "aten_tower.h"
#ifdef SELECTAI_HAVE_ONEDNN
#include "dnnl_tower.h"
#endif

namespace selectai
{

std::unique_ptr<ImageTower> make_tower(const sai_backend_tower_spec &spec)
{
    check_tower_shape(spec);
    const bool cpu = parse_device(spec.device).is_cpu();
    SELECTAI_NEED(!cpu || spec.compute_dtype != SAI_BACKEND_F16,
                  "tower: the processor computes in float32 or bfloat16, not in float16");
#ifdef SELECTAI_HAVE_ONEDNN
    if (cpu && can_run_dnnl_tower())
        return make_dnnl_tower(spec);
#endif
    SELECTAI_NEED(!cpu || spec.compute_dtype == SAI_BACKEND_F32,
                  "tower: bfloat16 needs a processor with AVX-512 and a module with oneDNN: use float32");
    return std::make_unique<AtenTower>(spec, true);
}

/* Other devices stay at float32: what they lose or win by less was not measured. */
int32_t preferred_dtype(const char *device)
{
#ifdef SELECTAI_HAVE_ONEDNN
    if (parse_device(device).is_cpu() && has_quick_bfloat16())
        return SAI_BACKEND_BF16;
#else
    parse_device(device);
#endif
    return SAI_BACKEND_F32;
}

} // namespace selectai
