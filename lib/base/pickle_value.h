/*
 * base/pickle_value.h: making the values that pickles leave, within limits. See pickle.h.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_PICKLE_VALUE_H
#define SAI_BASE_PICKLE_VALUE_H

#include "base/pickle.h"

struct sai_pickle_maker {
    struct sai_arena *arena;
    size_t n_values, n_slots;
    const char *name; /* for messages */
};

/* All of these raise errors: out of memory, or SELECTAI_ERR_FORMAT at a limit. */
int sai_pickle_new(struct sai_pickle_value **out, struct sai_pickle_maker *maker, enum sai_pickle_kind kind);
int sai_pickle_new_object(struct sai_pickle_value **out, struct sai_pickle_maker *maker, struct sai_pickle_value *by,
                          struct sai_pickle_value *arguments);
/* A container of these items. */
int sai_pickle_new_filled(struct sai_pickle_value **out, struct sai_pickle_maker *maker, enum sai_pickle_kind kind,
                          struct sai_pickle_value *const *items, size_t n);
/* Adds items, or pairs, to a container or an object; anything else cannot be filled. */
int sai_pickle_add(struct sai_pickle_value *value, struct sai_pickle_maker *maker,
                   struct sai_pickle_value *const *items, size_t n, bool pairs);

/* Would loading it in Python run a command, when this is called? */
bool sai_pickle_is_command(const struct sai_pickle_value *global);

#endif
