/*
 * chances.h: random numbers for dropout, many at once, the same on every device.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_TORCH_CHANCES_H
#define SELECTAI_TORCH_CHANCES_H

#include <cstdint>

namespace selectai
{

/* Numbers below 65536 from eight generators side by side, which compilers make vectors of. */
class Chances
{
  public:
    explicit Chances(uint64_t seed);
    /* What is left over of the last 32 is thrown away. */
    void draw(uint16_t *out, int64_t n);

    static constexpr int lanes = 8;
    struct State {
        uint64_t s[4][lanes];
    };

  private:
    State state;
};

} // namespace selectai

#endif
