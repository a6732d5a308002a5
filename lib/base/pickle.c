/*
 * base/pickle.c: the machine that runs pickles (Python's pickletools describes the opcodes).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/pickle_priv.h"

#define MAX_STACK 1000000u
#define MAX_MARKS 10000u
#define MAX_NAME  4096u /* of a module or class */

struct machine {
    struct sai_pickle_maker maker;
    const uint8_t *bytes;
    size_t n, at;
    struct sai_pickle_value **stack, **memo;
    size_t depth, stack_capacity, memo_count, memo_capacity;
    size_t *marks;
    size_t n_marks, marks_capacity;
    size_t n_memo; /* entries made: the next number for MEMOIZE */
    struct sai_pickle_value *other, *truth[2];
};

static int bad(const struct machine *m, const char *what)
{
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: damaged pickle: %s at byte %zu", m->maker.name, what, m->at);
}

/* ---- Bytes ----------------------------------------------------------------------------------- */

/* The next n bytes; NULL at the end. */
static const uint8_t *take(struct machine *m, uint64_t n)
{
    if (n > m->n - m->at)
        return NULL;
    const uint8_t *p = m->bytes + m->at;
    m->at += (size_t)n;
    return p;
}

/* A little-endian number of `size` bytes. */
static int take_number(uint64_t *out, struct machine *m, size_t size)
{
    const uint8_t *p = take(m, size);
    if (!p)
        return bad(m, "it is cut off");
    *out = 0;
    for (size_t i = size; i-- > 0;)
        *out = *out << 8 | p[i];
    return SELECTAI_OK;
}

/* A line without its end. */
static int take_line(const char **out, uint32_t *length, struct machine *m)
{
    const uint8_t *start = m->bytes + m->at;
    const uint8_t *end = m->at < m->n ? memchr(start, '\n', m->n - m->at) : NULL;
    if (!end || end - start > MAX_NAME)
        return bad(m, end ? "a name is too long" : "it is cut off");
    m->at += (size_t)(end - start) + 1;
    *out = (const char *)start;
    *length = (uint32_t)(end - start);
    return SELECTAI_OK;
}

/* ---- Stack ----------------------------------------------------------------------------------- */

static int push(struct machine *m, struct sai_pickle_value *value)
{
    if (m->depth >= MAX_STACK)
        return bad(m, "its stack is too deep");
    if (!SAI_GROW(m->stack, m->stack_capacity, m->depth + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    m->stack[m->depth++] = value;
    return SELECTAI_OK;
}

/* Values above the last mark: what single opcodes may take. */
static size_t available(const struct machine *m)
{
    return m->depth - (m->n_marks ? m->marks[m->n_marks - 1] : 0);
}

/* Takes the top n values off; they stay readable behind the stack's end until the next push. */
static int pop(struct sai_pickle_value ***out, struct machine *m, size_t n)
{
    if (available(m) < n)
        return bad(m, "its stack is empty");
    m->depth -= n;
    *out = m->stack + m->depth;
    return SELECTAI_OK;
}

static int push_mark(struct machine *m)
{
    if (m->n_marks >= MAX_MARKS)
        return bad(m, "it is nested too deeply");
    if (!SAI_GROW(m->marks, m->marks_capacity, m->n_marks + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    m->marks[m->n_marks++] = m->depth;
    return SELECTAI_OK;
}

/* Takes everything above the last mark off, and the mark. */
static int pop_mark(struct sai_pickle_value ***out, size_t *n, struct machine *m)
{
    if (m->n_marks == 0)
        return bad(m, "a mark is missing");
    *n = m->depth - m->marks[--m->n_marks];
    m->depth -= *n;
    *out = m->stack + m->depth;
    return SELECTAI_OK;
}

/* ---- Simple values --------------------------------------------------------------------------- */

static int push_integer(struct machine *m, int64_t integer)
{
    struct sai_pickle_value *value;
    int rc = sai_pickle_new(&value, &m->maker, SAI_PICKLE_INTEGER);
    if (rc != SELECTAI_OK)
        return rc;
    value->integer = integer;
    return push(m, value);
}

static int push_number(struct machine *m, size_t size)
{
    uint64_t number = 0;
    int rc = take_number(&number, m, size);
    return rc != SELECTAI_OK ? rc : push_integer(m, size == 4 ? (int32_t)(uint32_t)number : (int64_t)number);
}

/* LONG1, LONG4: two's complement of any length. */
static int push_long(struct machine *m, size_t size)
{
    uint64_t length = 0, number = 0;
    int rc = take_number(&length, m, size);
    if (rc != SELECTAI_OK)
        return rc;
    const uint8_t *p = take(m, length);
    if (!p)
        return bad(m, "it is cut off");
    if (length > 8)
        return push(m, m->other);
    if (length > 0 && p[length - 1] & 0x80)
        number = UINT64_MAX;
    for (size_t i = (size_t)length; i-- > 0;)
        number = number << 8 | p[i];
    return push_integer(m, (int64_t)number);
}

static int push_bytes(struct machine *m, size_t size, enum sai_pickle_kind kind)
{
    uint64_t length = 0;
    struct sai_pickle_value *value;
    int rc = take_number(&length, m, size);
    if (rc != SELECTAI_OK)
        return rc;
    const uint8_t *p = take(m, length);
    if (!p)
        return bad(m, "it is cut off");
    rc = sai_pickle_new(&value, &m->maker, kind);
    if (rc != SELECTAI_OK)
        return rc;
    value->text = (const char *)p;
    value->length = (size_t)length;
    return push(m, value);
}

static int skip(struct machine *m, uint64_t n)
{
    return take(m, n) ? SELECTAI_OK : bad(m, "it is cut off");
}

/* ---- Memo ------------------------------------------------------------------------------------ */

/* Every entry costs at least a byte of the pickle, and Python counts them up: larger numbers are made up. */
static int put(struct machine *m, uint64_t number)
{
    if (available(m) == 0)
        return bad(m, "its stack is empty");
    if (number >= m->n || number >= SAI_PICKLE_MAX_VALUES)
        return bad(m, "a memo's number is too large");
    if (!SAI_GROW(m->memo, m->memo_capacity, (size_t)number + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    while (m->memo_count <= number)
        m->memo[m->memo_count++] = NULL;
    m->n_memo += !m->memo[number];
    m->memo[number] = m->stack[m->depth - 1];
    return SELECTAI_OK;
}

static int put_numbered(struct machine *m, size_t size)
{
    uint64_t number = 0;
    int rc = take_number(&number, m, size);
    return rc == SELECTAI_OK ? put(m, number) : rc;
}

static int get_numbered(struct machine *m, size_t size)
{
    uint64_t number = 0;
    int rc = take_number(&number, m, size);
    if (rc != SELECTAI_OK)
        return rc;
    if (number >= m->memo_count || !m->memo[number])
        return bad(m, "a memo that was never made is asked for");
    return push(m, m->memo[number]);
}

/* ---- Containers ------------------------------------------------------------------------------ */

static int push_new(struct machine *m, enum sai_pickle_kind kind)
{
    struct sai_pickle_value *value;
    int rc = sai_pickle_new(&value, &m->maker, kind);
    return rc == SELECTAI_OK ? push(m, value) : rc;
}

/* A tuple, list or dict of everything above the mark, or of the top n values. */
static int push_filled(struct machine *m, enum sai_pickle_kind kind, bool marked, size_t n)
{
    struct sai_pickle_value **items = NULL, *value;
    int rc = marked ? pop_mark(&items, &n, m) : pop(&items, m, n);
    if (rc == SELECTAI_OK && kind == SAI_PICKLE_DICT && n % 2 != 0)
        rc = bad(m, "a key has no value");
    if (rc == SELECTAI_OK)
        rc = sai_pickle_new_filled(&value, &m->maker, kind, items, n);
    return rc == SELECTAI_OK ? push(m, value) : rc;
}

/* Puts everything above the mark, or the top n values, into what lies below. */
static int fill(struct machine *m, bool pairs, bool marked, size_t n)
{
    struct sai_pickle_value **items = NULL;
    int rc = marked ? pop_mark(&items, &n, m) : pop(&items, m, n);
    if (rc == SELECTAI_OK && available(m) == 0)
        rc = bad(m, "its stack is empty");
    return rc == SELECTAI_OK ? sai_pickle_add(m->stack[m->depth - 1], &m->maker, items, n, pairs) : rc;
}

/* ---- Classes and objects --------------------------------------------------------------------- */

static int push_global(struct machine *m)
{
    struct sai_pickle_value *value;
    int rc = sai_pickle_new(&value, &m->maker, SAI_PICKLE_GLOBAL);
    if (rc == SELECTAI_OK)
        rc = take_line(&value->module, &value->module_length, m);
    if (rc == SELECTAI_OK)
        rc = take_line(&value->name, &value->name_length, m);
    return rc == SELECTAI_OK ? push(m, value) : rc;
}

static int push_stack_global(struct machine *m)
{
    struct sai_pickle_value **names = NULL, *value;
    int rc = pop(&names, m, 2);
    if (rc != SELECTAI_OK)
        return rc;
    for (size_t i = 0; i < 2; i++)
        if (names[i]->kind != SAI_PICKLE_TEXT || names[i]->length > MAX_NAME)
            return bad(m, "a class has no proper name");
    rc = sai_pickle_new(&value, &m->maker, SAI_PICKLE_GLOBAL);
    if (rc != SELECTAI_OK)
        return rc;
    value->module = names[0]->text;
    value->module_length = (uint32_t)names[0]->length;
    value->name = names[1]->text;
    value->name_length = (uint32_t)names[1]->length;
    return push(m, value);
}

/* What `by` would make of its arguments; n values are on the stack, `by` and the arguments first. */
static int push_object(struct machine *m, size_t n)
{
    struct sai_pickle_value **parts = NULL, *value;
    int rc = pop(&parts, m, n);
    if (rc != SELECTAI_OK)
        return rc;
    if (sai_pickle_is_command(parts[0]))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: Python would run %.*s.%.*s on loading this file: do not trust it",
                        m->maker.name, (int)parts[0]->module_length, parts[0]->module, (int)parts[0]->name_length,
                        parts[0]->name);
    rc = sai_pickle_new_object(&value, &m->maker, parts[0], parts[1]);
    return rc == SELECTAI_OK ? push(m, value) : rc;
}

/* A state given to anything but an object tells us nothing. */
static int build(struct machine *m)
{
    struct sai_pickle_value **state = NULL;
    int rc = pop(&state, m, 1);
    if (rc != SELECTAI_OK)
        return rc;
    if (available(m) == 0)
        return bad(m, "its stack is empty");
    if (m->stack[m->depth - 1]->kind == SAI_PICKLE_OBJECT)
        m->stack[m->depth - 1]->made->state = state[0];
    return SELECTAI_OK;
}

/* ---- Opcodes --------------------------------------------------------------------------------- */

static int step_simple(struct machine *m, uint8_t op)
{
    switch (op) {
    case 'N': /* NONE */
        return push(m, m->other);
    case 0x88: /* NEWTRUE */
    case 0x89: /* NEWFALSE */
        return push(m, m->truth[op == 0x88]);
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
        return rc == SELECTAI_OK ? push(m, m->other) : rc;
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

static int step_stack(struct machine *m, uint8_t op)
{
    struct sai_pickle_value **values;
    size_t n;
    switch (op) {
    case '(': /* MARK */
        return push_mark(m);
    case '0': /* POP: of a mark, if one is on top */
        return m->n_marks && available(m) == 0 ? pop_mark(&values, &n, m) : pop(&values, m, 1);
    case '1': /* POP_MARK */
        return pop_mark(&values, &n, m);
    case '2': /* DUP */
        return available(m) ? push(m, m->stack[m->depth - 1]) : bad(m, "its stack is empty");
    case 'h': /* BINGET */
        return get_numbered(m, 1);
    case 'j': /* LONG_BINGET */
        return get_numbered(m, 4);
    case 'q': /* BINPUT */
        return put_numbered(m, 1);
    case 'r': /* LONG_BINPUT */
        return put_numbered(m, 4);
    case 0x94: /* MEMOIZE */
        return put(m, m->n_memo);
    case 0x80: /* PROTO */
        return skip(m, 1);
    case 0x95: /* FRAME */
        return skip(m, 8);
    default:
        return SELECTAI_DONE;
    }
}

static int step_container(struct machine *m, uint8_t op)
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

static int step_object(struct machine *m, uint8_t op)
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

static int step(struct machine *m, uint8_t op)
{
    static int (*const steps[])(struct machine *, uint8_t) = {step_simple, step_stack, step_container, step_object};
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

static int run(struct sai_pickle_value **root, struct machine *m)
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
        const uint8_t *op = take(m, 1);
        if (!op)
            return bad(m, "it is cut off");
        if (*op == '.') /* STOP */
            break;
        rc = step(m, *op);
    }
    if (rc == SELECTAI_OK && (m->depth == 0 || m->n_marks != 0))
        rc = bad(m, "nothing is left at its end");
    if (rc == SELECTAI_OK)
        *root = m->stack[m->depth - 1];
    return rc;
}

int sai_pickle_read(struct sai_pickle *out, const uint8_t *bytes, size_t n, const char *name)
{
    struct machine m = {.maker = {.arena = &out->arena, .name = name}, .bytes = bytes, .n = n};
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
