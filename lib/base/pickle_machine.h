/*
 * base/pickle_machine.h: what the opcodes of pickles work with: the bytes, the stack with its marks, the memo. See
 * pickle.h.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_PICKLE_MACHINE_H
#define SAI_BASE_PICKLE_MACHINE_H

#include "base/pickle_value.h"

#define SAI_PICKLE_MAX_NAME 4096u /* of a module or class */

struct sai_pickle_machine {
    struct sai_pickle_maker maker;
    const uint8_t *bytes;
    size_t n, at;
    struct sai_pickle_value **stack, **memo;
    size_t depth, stack_capacity, memo_count, memo_capacity;
    size_t *marks; /* depths */
    size_t n_marks, marks_capacity;
    size_t n_memo;                             /* entries made: the next number for MEMOIZE */
    struct sai_pickle_value *other, *truth[2]; /* None and the like; False, True */
};

/* Raises SELECTAI_ERR_FORMAT with the place. */
int sai_pickle_bad(const struct sai_pickle_machine *m, const char *what);

/* The next n bytes; NULL if there are not so many. */
const uint8_t *sai_pickle_take(struct sai_pickle_machine *m, uint64_t n);
/* A little-endian number of `size` bytes. */
int sai_pickle_take_number(uint64_t *out, struct sai_pickle_machine *m, size_t size);
/* A line without its end: a name. */
int sai_pickle_take_line(const char **out, uint32_t *length, struct sai_pickle_machine *m);

int sai_pickle_push(struct sai_pickle_machine *m, struct sai_pickle_value *value);
/* Values above the last mark: what single opcodes may take. */
size_t sai_pickle_available(const struct sai_pickle_machine *m);
/* Takes the top n values off; they stay readable behind the stack's end until the next push. */
int sai_pickle_pop(struct sai_pickle_value ***out, struct sai_pickle_machine *m, size_t n);
int sai_pickle_push_mark(struct sai_pickle_machine *m);
/* Takes everything above the last mark off, and the mark. */
int sai_pickle_pop_mark(struct sai_pickle_value ***out, size_t *n, struct sai_pickle_machine *m);

/* Remembers the top value, under a number or one that stands next in `size` bytes; pushes what was remembered. */
int sai_pickle_memoise(struct sai_pickle_machine *m, uint64_t number);
int sai_pickle_memoise_as(struct sai_pickle_machine *m, size_t size);
int sai_pickle_recall(struct sai_pickle_machine *m, size_t size);

#endif
