/*
 * base/pickle.h: reading Python's pickles, protocols 2 to 5, without Python: nothing is ever called.
 *
 * A pickle is a program for a machine with a stack. Ours makes inert values of it: where Python would import a class or
 * call a function, a value is left that says which class or function and with what. What they mean is the caller's
 * business (base/torch_tensor.c). Time and memory are bounded by the pickle's size and the limits below; values may
 * hold themselves, and each other many times over: who walks through them must count.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_PICKLE_H
#define SAI_BASE_PICKLE_H

#include <stdbool.h>

#include "base/memory.h"

#define SAI_PICKLE_MAX_BYTES  (64u << 20)
#define SAI_PICKLE_MAX_VALUES 4000000u
#define SAI_PICKLE_MAX_SLOTS  (4 * SAI_PICKLE_MAX_VALUES) /* places for items in containers, spare ones too */

enum sai_pickle_kind {
    SAI_PICKLE_OTHER, /* None, floats, integers beyond 64 bits: nobody needs them */
    SAI_PICKLE_BOOL,
    SAI_PICKLE_INTEGER,
    SAI_PICKLE_TEXT,
    SAI_PICKLE_BYTES,
    SAI_PICKLE_TUPLE,
    SAI_PICKLE_LIST, /* sets, too */
    SAI_PICKLE_DICT,
    SAI_PICKLE_GLOBAL,     /* a class or function that would be imported */
    SAI_PICKLE_OBJECT,     /* what a class or function would have made */
    SAI_PICKLE_PERSISTENT, /* something that lies outside the pickle; item 0 names it */
};

struct sai_pickle_value {
    uint8_t kind;
    bool pairs;  /* of a container: its items are key, value, key, value ... */
    bool active; /* for whoever walks: it is inside this value at the moment */
    union {
        int64_t integer; /* INTEGER; BOOL: 0 or 1 */
        struct {         /* TEXT, BYTES: borrowed from the pickle, not NUL-terminated */
            const char *text;
            size_t length;
        };
        struct { /* GLOBAL, likewise */
            const char *module, *name;
            uint32_t module_length, name_length;
        };
        struct { /* TUPLE, LIST, DICT, PERSISTENT, and OBJECT: what was put into it */
            struct sai_pickle_value **items;
            uint32_t n_items, capacity;
            struct sai_pickle_made *made; /* OBJECT only */
        };
    };
};

/* What an object was made by and of, and the state that it was given afterwards (NULL: none). */
struct sai_pickle_made {
    struct sai_pickle_value *maker, *arguments, *state;
};

struct sai_pickle {
    struct sai_pickle_value *root;
    struct sai_arena arena;
};

/*
 * The bytes must live as long as the values. `name` is for messages ("model.pt: data.pkl"). SELECTAI_ERR_FORMAT if it
 * is no pickle, is cut off, uses what only other protocols have, breaks a limit, or would run a command (os.system and
 * the like) when Python loads it.
 */
int sai_pickle_read(struct sai_pickle *out, const uint8_t *bytes, size_t n, const char *name);
void sai_pickle_free(struct sai_pickle *pickle);

bool sai_pickle_is_text(const struct sai_pickle_value *value, const char *text);
bool sai_pickle_is_global(const struct sai_pickle_value *value, const char *module, const char *name);

/* The value of a text key in a DICT, or in an OBJECT that was filled like one; the last one counts. NULL: none. */
struct sai_pickle_value *sai_pickle_get(const struct sai_pickle_value *dict, const char *key);

#endif
