/*
 * embed/gate.c: large pictures wait for each other.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "embed/gate.h"

#define SMALL (UINT64_C(24) << 20)  /* 8 million pixels */
#define ROOM  (UINT64_C(400) << 20) /* as the default of max_memory */

void sai_gate_init(struct sai_gate *gate)
{
    pthread_mutex_init(&gate->lock, NULL);
    pthread_cond_init(&gate->changed, NULL);
    gate->used = 0;
    gate->ready = true;
}

void sai_gate_destroy(struct sai_gate *gate)
{
    if (!gate->ready)
        return;
    pthread_cond_destroy(&gate->changed);
    pthread_mutex_destroy(&gate->lock);
    gate->ready = false;
}

uint64_t sai_gate_enter(struct sai_gate *gate, uint64_t bytes)
{
    if (!gate->ready || bytes <= SMALL)
        return 0;
    pthread_mutex_lock(&gate->lock);
    while (gate->used > 0 && (bytes > ROOM || gate->used > ROOM - bytes))
        pthread_cond_wait(&gate->changed, &gate->lock);
    gate->used += bytes;
    pthread_mutex_unlock(&gate->lock);
    return bytes;
}

void sai_gate_leave(struct sai_gate *gate, uint64_t entered)
{
    if (entered == 0)
        return;
    pthread_mutex_lock(&gate->lock);
    gate->used -= entered;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}
