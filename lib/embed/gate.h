/*
 * embed/gate.h: how many large pictures are in memory at once.
 *
 * A picture may take as much memory as max_memory allows (struct selectai_image_options), but a job decodes one on each
 * thread. Large ones therefore share that allowance: one that does not fit any more waits until others are gone. Small
 * ones, which is all of them as a rule, pass without a lock.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_EMBED_GATE_H
#define SAI_EMBED_GATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct sai_gate {
    bool ready; /* zeroed: everybody passes */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t used;
};
void sai_gate_init(struct sai_gate *gate);
void sai_gate_destroy(struct sai_gate *gate); /* a zeroed one, too */

/* Waits until there is room for `bytes`; returns what sai_gate_leave() wants back. */
uint64_t sai_gate_enter(struct sai_gate *gate, uint64_t bytes);
void sai_gate_leave(struct sai_gate *gate, uint64_t entered);

#endif
