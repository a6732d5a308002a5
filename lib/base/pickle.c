/*
 * base/pickle.c: the opcodes of pickles, as Python's pickletools describes them.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/pickle_machine.h"

/* ---- Simple values --------------------------------------------------------------------------- */

static int push_integer(struct sai_pickle_machine *m, int64_t integer)
{
    struct sai_pickle_value *value;
    int rc = sai_pickle_new(&value, &m->maker, SAI_PICKLE_INTEGER);
    if (rc != SELECTAI_OK)
        return rc;
    value->integer = integer;
    return sai_pickle_push(m, value);
}

static int push_number(struct sai_pickle_machine *m, size_t size)
{
    uint64_t number = 0;
    int rc = sai_pickle_take_number(&number, m, size);
    return rc != SELECTAI_OK ? rc : push_integer(m, size == 4 ? (int32_t)(uint32_t)number : (int64_t)number);
}

/* LONG1, LONG4: two's complement of any length. */
static int push_long(struct sai_pickle_machine *m, size_t size)
{
    uint64_t length = 0, number = 0;
    int rc = sai_pickle_take_number(&length, m, size);
    if (rc != SELECTAI_OK)
        return rc;
    const uint8_t *p = sai_pickle_take(m, length);
    if (!p)
        return sai_pickle_bad(m, "it is cut off");
    if (length > 8)
        return sai_pickle_push(m, m->other);
    if (length > 0 && p[length - 1] & 0x80)
        number = UINT64_MAX;
    for (size_t i = (size_t)length; i-- > 0;)
        number = number << 8 | p[i];
    return push_integer(m, (int64_t)number);
}

static int push_bytes(struct sai_pickle_machine *m, size_t size, enum sai_pickle_kind kind)
{
    uint64_t length = 0;
    struct sai_pickle_value *value;
    int rc = sai_pickle_take_number(&length, m, size);
    if (rc != SELECTAI_OK)
        return rc;
    const uint8_t *p = sai_pickle_take(m, length);
    if (!p)
        return sai_pickle_bad(m, "it is cut off");
    rc = sai_pickle_new(&value, &m->maker, kind);
    if (rc != SELECTAI_OK)
        return rc;
    value->text = (const char *)p;
    value->length = (size_t)length;
    return sai_pickle_push(m, value);
}

static int skip(struct sai_pickle_machine *m, uint64_t n)
{
    return sai_pickle_take(m, n) ? SELECTAI_OK : sai_pickle_bad(m, "it is cut off");
}

/* ---- Containers ------------------------------------------------------------------------------ */

static int push_new(struct sai_pickle_machine *m, enum sai_pickle_kind kind)
{
    struct sai_pickle_value *value;
    int rc = sai_pickle_new(&value, &m->maker, kind);
    return rc == SELECTAI_OK ? sai_pickle_push(m, value) : rc;
}

/* A tuple, list or dict of everything above the mark, or of the top n values. */
static int push_filled(struct sai_pickle_machine *m, enum sai_pickle_kind kind, bool marked, size_t n)
{
    struct sai_pickle_value **items = NULL, *value;
    int rc = marked ? sai_pickle_pop_mark(&items, &n, m) : sai_pickle_pop(&items, m, n);
    if (rc == SELECTAI_OK && kind == SAI_PICKLE_DICT && n % 2 != 0)
        rc = sai_pickle_bad(m, "a key has no value");
    if (rc == SELECTAI_OK)
        rc = sai_pickle_new_filled(&value, &m->maker, kind, items, n);
    return rc == SELECTAI_OK ? sai_pickle_push(m, value) : rc;
}

/* Puts everything above the mark, or the top n values, into what lies below. */
static int fill(struct sai_pickle_machine *m, bool pairs, bool marked, size_t n)
{
    struct sai_pickle_value **items = NULL;
    int rc = marked ? sai_pickle_pop_mark(&items, &n, m) : sai_pickle_pop(&items, m, n);
    if (rc == SELECTAI_OK && sai_pickle_available(m) == 0)
        rc = sai_pickle_bad(m, "its stack is empty");
    return rc == SELECTAI_OK ? sai_pickle_add(m->stack[m->depth - 1], &m->maker, items, n, pairs) : rc;
}

/* ---- Classes and objects --------------------------------------------------------------------- */

static int push_global(struct sai_pickle_machine *m)
{
    struct sai_pickle_value *value;
    int rc = sai_pickle_new(&value, &m->maker, SAI_PICKLE_GLOBAL);
    if (rc == SELECTAI_OK)
        rc = sai_pickle_take_line(&value->module, &value->module_length, m);
    if (rc == SELECTAI_OK)
        rc = sai_pickle_take_line(&value->name, &value->name_length, m);
    return rc == SELECTAI_OK ? sai_pickle_push(m, value) : rc;
}

static int push_stack_global(struct sai_pickle_machine *m)
{
    struct sai_pickle_value **names = NULL, *value;
    int rc = sai_pickle_pop(&names, m, 2);
    if (rc != SELECTAI_OK)
        return rc;
    for (size_t i = 0; i < 2; i++)
        if (names[i]->kind != SAI_PICKLE_TEXT || names[i]->length > SAI_PICKLE_MAX_NAME)
            return sai_pickle_bad(m, "a class has no proper name");
    rc = sai_pickle_new(&value, &m->maker, SAI_PICKLE_GLOBAL);
    if (rc != SELECTAI_OK)
        return rc;
    value->module = names[0]->text;
    value->module_length = (uint32_t)names[0]->length;
    value->name = names[1]->text;
    value->name_length = (uint32_t)names[1]->length;
    return sai_pickle_push(m, value);
}

/* What `by` would make of its arguments; n values are on the stack, `by` and the arguments first. */
static int push_object(struct sai_pickle_machine *m, size_t n)
{
    struct sai_pickle_value **parts = NULL, *value;
    int rc = sai_pickle_pop(&parts, m, n);
    if (rc != SELECTAI_OK)
        return rc;
    if (sai_pickle_is_command(parts[0]))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: Python would run %.*s.%.*s on loading this file: do not trust it",
                        m->maker.name, (int)parts[0]->module_length, parts[0]->module, (int)parts[0]->name_length,
                        parts[0]->name);
    rc = sai_pickle_new_object(&value, &m->maker, parts[0], parts[1]);
    return rc == SELECTAI_OK ? sai_pickle_push(m, value) : rc;
}

/* A state given to anything but an object tells us nothing. */
static int build(struct sai_pickle_machine *m)
{
    struct sai_pickle_value **state = NULL;
    int rc = sai_pickle_pop(&state, m, 1);
    if (rc != SELECTAI_OK)
        return rc;
    if (sai_pickle_available(m) == 0)
        return sai_pickle_bad(m, "its stack is empty");
    if (m->stack[m->depth - 1]->kind == SAI_PICKLE_OBJECT)
        m->stack[m->depth - 1]->made->state = state[0];
    return SELECTAI_OK;
}

/* ---- Opcodes --------------------------------------------------------------------------------- */

static int step_simple(struct sai_pickle_machine *m, uint8_t op)
{
    switch (op) {
    case 'N': /* NONE */
        return sai_pickle_push(m, m->other);
    case 0x88: /* NEWTRUE */
    case 0x89: /* NEWFALSE */
        return sai_pickle_push(m, m->truth[op == 0x88]);
    case 'J': /* BININT */
        return push_number(m, 4);
    case 'M': /* BININT2 */
        return push_number(m, 2);
    case 'K': /* BININT1 */
        return push_number(m, 1);
    case 0x8A: /* LONG1 */
        return push_long(m, 1);
    case 0x8B: /* LONG4 */
        return push_long(m, 4);
    case 'G': { /* BINFLOAT */
        int rc = skip(m, 8);
        return rc == SELECTAI_OK ? sai_pickle_push(m, m->other) : rc;
    }
    case 0x8C: /* SHORT_BINUNICODE */
    case 'U':  /* SHORT_BINSTRING: text of Python 2 */
        return push_bytes(m, 1, SAI_PICKLE_TEXT);
    case 'X': /* BINUNICODE */
    case 'T': /* BINSTRING */
        return push_bytes(m, 4, SAI_PICKLE_TEXT);
    case 0x8D: /* BINUNICODE8 */
        return push_bytes(m, 8, SAI_PICKLE_TEXT);
    case 'C': /* SHORT_BINBYTES */
        return push_bytes(m, 1, SAI_PICKLE_BYTES);
    case 'B': /* BINBYTES */
        return push_bytes(m, 4, SAI_PICKLE_BYTES);
    case 0x8E: /* BINBYTES8 */
    case 0x96: /* BYTEARRAY8 */
        return push_bytes(m, 8, SAI_PICKLE_BYTES);
    default:
        return SELECTAI_DONE; /* none of these */
    }
}

static int step_stack(struct sai_pickle_machine *m, uint8_t op)
{
    struct sai_pickle_value **values;
    size_t n;
    switch (op) {
    case '(': /* MARK */
        return sai_pickle_push_mark(m);
    case '0': /* POP: of a mark, if one is on top */
        return m->n_marks && sai_pickle_available(m) == 0 ? sai_pickle_pop_mark(&values, &n, m)
                                                          : sai_pickle_pop(&values, m, 1);
    case '1': /* POP_MARK */
        return sai_pickle_pop_mark(&values, &n, m);
    case '2': /* DUP */
        return sai_pickle_available(m) ? sai_pickle_push(m, m->stack[m->depth - 1])
                                       : sai_pickle_bad(m, "its stack is empty");
    case 'h': /* BINGET */
        return sai_pickle_recall(m, 1);
    case 'j': /* LONG_BINGET */
        return sai_pickle_recall(m, 4);
    case 'q': /* BINPUT */
        return sai_pickle_memoise_as(m, 1);
    case 'r': /* LONG_BINPUT */
        return sai_pickle_memoise_as(m, 4);
    case 0x94: /* MEMOIZE */
        return sai_pickle_memoise(m, m->n_memo);
    case 0x80: /* PROTO */
        return skip(m, 1);
    case 0x95: /* FRAME */
        return skip(m, 8);
    default:
        return SELECTAI_DONE;
    }
}

static int step_container(struct sai_pickle_machine *m, uint8_t op)
{
    switch (op) {
    case ')': /* EMPTY_TUPLE */
        return push_new(m, SAI_PICKLE_TUPLE);
    case 't': /* TUPLE */
        return push_filled(m, SAI_PICKLE_TUPLE, true, 0);
    case 0x85: /* TUPLE1 */
    case 0x86: /* TUPLE2 */
    case 0x87: /* TUPLE3 */
        return push_filled(m, SAI_PICKLE_TUPLE, false, op - 0x84u);
    case ']':  /* EMPTY_LIST */
    case 0x8F: /* EMPTY_SET */
        return push_new(m, SAI_PICKLE_LIST);
    case 'l':  /* LIST */
    case 0x91: /* FROZENSET */
        return push_filled(m, SAI_PICKLE_LIST, true, 0);
    case 'a': /* APPEND */
        return fill(m, false, false, 1);
    case 'e':  /* APPENDS */
    case 0x90: /* ADDITEMS */
        return fill(m, false, true, 0);
    case '}': /* EMPTY_DICT */
        return push_new(m, SAI_PICKLE_DICT);
    case 'd': /* DICT */
        return push_filled(m, SAI_PICKLE_DICT, true, 0);
    case 's': /* SETITEM */
        return fill(m, true, false, 2);
    case 'u': /* SETITEMS */
        return fill(m, true, true, 0);
    default:
        return SELECTAI_DONE;
    }
}

static int step_object(struct sai_pickle_machine *m, uint8_t op)
{
    switch (op) {
    case 'c': /* GLOBAL */
        return push_global(m);
    case 0x93: /* STACK_GLOBAL */
        return push_stack_global(m);
    case 'R':  /* REDUCE */
    case 0x81: /* NEWOBJ */
        return push_object(m, 2);
    case 0x92: /* NEWOBJ_EX: keyword arguments, too */
        return push_object(m, 3);
    case 'b': /* BUILD */
        return build(m);
    case 'Q': /* BINPERSID */
        return push_filled(m, SAI_PICKLE_PERSISTENT, false, 1);
    default:
        return SELECTAI_DONE;
    }
}

static int step(struct sai_pickle_machine *m, uint8_t op)
{
    static int (*const steps[])(struct sai_pickle_machine *, uint8_t) = {step_simple, step_stack, step_container,
                                                                         step_object};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        int rc = steps[i](m, op);
        if (rc != SELECTAI_DONE)
            return rc;
    }
    return SAI_FAIL(SELECTAI_ERR_FORMAT,
                    "%s: damaged pickle, or one of a protocol other than 2 to 5: opcode 0x%02x at "
                    "byte %zu is unknown",
                    m->maker.name, op, m->at - 1);
}

static int run(struct sai_pickle_value **root, struct sai_pickle_machine *m)
{
    int rc = SAI_GROW(m->stack, m->stack_capacity, 1) ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = sai_pickle_new(&m->other, &m->maker, SAI_PICKLE_OTHER);
    for (size_t i = 0; i < 2 && rc == SELECTAI_OK; i++) {
        rc = sai_pickle_new(&m->truth[i], &m->maker, SAI_PICKLE_BOOL);
        if (rc == SELECTAI_OK)
            m->truth[i]->integer = (int64_t)i;
    }
    while (rc == SELECTAI_OK) {
        const uint8_t *op = sai_pickle_take(m, 1);
        if (!op)
            return sai_pickle_bad(m, "it is cut off");
        if (*op == '.') /* STOP */
            break;
        rc = step(m, *op);
    }
    if (rc == SELECTAI_OK && (m->depth == 0 || m->n_marks != 0))
        rc = sai_pickle_bad(m, "nothing is left at its end");
    if (rc == SELECTAI_OK)
        *root = m->stack[m->depth - 1];
    return rc;
}

int sai_pickle_read(struct sai_pickle *out, const uint8_t *bytes, size_t n, const char *name)
{
    struct sai_pickle_machine m = {.maker = {.arena = &out->arena, .name = name}, .bytes = bytes, .n = n};
    *out = (struct sai_pickle){0};
    int rc = n > SAI_PICKLE_MAX_BYTES
                 ? SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: a pickle of more than %u MiB", name, SAI_PICKLE_MAX_BYTES >> 20)
                 : run(&out->root, &m);
    sai_free(m.stack);
    sai_free(m.memo);
    sai_free(m.marks);
    if (rc != SELECTAI_OK)
        sai_pickle_free(out);
    return rc;
}

void sai_pickle_free(struct sai_pickle *pickle)
{
    sai_arena_clear(&pickle->arena);
    *pickle = (struct sai_pickle){0};
}
