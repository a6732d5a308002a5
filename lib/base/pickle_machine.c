/*
 * base/pickle_machine.c: what the opcodes of pickles work with: the bytes, the stack with its marks, the memo.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/pickle_machine.h"

#define MAX_STACK 1000000u
#define MAX_MARKS 10000u

int sai_pickle_bad(const struct sai_pickle_machine *m, const char *what)
{
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: damaged pickle: %s at byte %zu", m->maker.name, what, m->at);
}

/* ---- Bytes ----------------------------------------------------------------------------------- */

const uint8_t *sai_pickle_take(struct sai_pickle_machine *m, uint64_t n)
{
    if (n > m->n - m->at)
        return NULL;
    const uint8_t *p = m->bytes + m->at;
    m->at += (size_t)n;
    return p;
}

int sai_pickle_take_number(uint64_t *out, struct sai_pickle_machine *m, size_t size)
{
    const uint8_t *p = sai_pickle_take(m, size);
    if (!p)
        return sai_pickle_bad(m, "it is cut off");
    *out = 0;
    for (size_t i = size; i-- > 0;)
        *out = *out << 8 | p[i];
    return SELECTAI_OK;
}

int sai_pickle_take_line(const char **out, uint32_t *length, struct sai_pickle_machine *m)
{
    const uint8_t *start = m->bytes + m->at;
    const uint8_t *end = m->at < m->n ? memchr(start, '\n', m->n - m->at) : NULL;
    if (!end || end - start > SAI_PICKLE_MAX_NAME)
        return sai_pickle_bad(m, end ? "a name is too long" : "it is cut off");
    m->at += (size_t)(end - start) + 1;
    *out = (const char *)start;
    *length = (uint32_t)(end - start);
    return SELECTAI_OK;
}

/* ---- Stack ----------------------------------------------------------------------------------- */

int sai_pickle_push(struct sai_pickle_machine *m, struct sai_pickle_value *value)
{
    if (m->depth >= MAX_STACK)
        return sai_pickle_bad(m, "its stack is too deep");
    if (!SAI_GROW(m->stack, m->stack_capacity, m->depth + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    m->stack[m->depth++] = value;
    return SELECTAI_OK;
}

size_t sai_pickle_available(const struct sai_pickle_machine *m)
{
    return m->depth - (m->n_marks ? m->marks[m->n_marks - 1] : 0);
}

int sai_pickle_pop(struct sai_pickle_value ***out, struct sai_pickle_machine *m, size_t n)
{
    if (sai_pickle_available(m) < n)
        return sai_pickle_bad(m, "its stack is empty");
    m->depth -= n;
    *out = m->stack + m->depth;
    return SELECTAI_OK;
}

int sai_pickle_push_mark(struct sai_pickle_machine *m)
{
    if (m->n_marks >= MAX_MARKS)
        return sai_pickle_bad(m, "it is nested too deeply");
    if (!SAI_GROW(m->marks, m->marks_capacity, m->n_marks + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    m->marks[m->n_marks++] = m->depth;
    return SELECTAI_OK;
}

int sai_pickle_pop_mark(struct sai_pickle_value ***out, size_t *n, struct sai_pickle_machine *m)
{
    if (m->n_marks == 0)
        return sai_pickle_bad(m, "a mark is missing");
    *n = m->depth - m->marks[--m->n_marks];
    m->depth -= *n;
    *out = m->stack + m->depth;
    return SELECTAI_OK;
}

/* ---- Memo ------------------------------------------------------------------------------------ */

/* Every entry costs at least a byte of the pickle, and Python counts them up: larger numbers are made up. */
int sai_pickle_memoise(struct sai_pickle_machine *m, uint64_t number)
{
    if (sai_pickle_available(m) == 0)
        return sai_pickle_bad(m, "its stack is empty");
    if (number >= m->n || number >= SAI_PICKLE_MAX_VALUES)
        return sai_pickle_bad(m, "a memo's number is too large");
    if (!SAI_GROW(m->memo, m->memo_capacity, (size_t)number + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    while (m->memo_count <= number)
        m->memo[m->memo_count++] = NULL;
    m->n_memo += !m->memo[number];
    m->memo[number] = m->stack[m->depth - 1];
    return SELECTAI_OK;
}

int sai_pickle_memoise_as(struct sai_pickle_machine *m, size_t size)
{
    uint64_t number = 0;
    int rc = sai_pickle_take_number(&number, m, size);
    return rc == SELECTAI_OK ? sai_pickle_memoise(m, number) : rc;
}

int sai_pickle_recall(struct sai_pickle_machine *m, size_t size)
{
    uint64_t number = 0;
    int rc = sai_pickle_take_number(&number, m, size);
    if (rc != SELECTAI_OK)
        return rc;
    if (number >= m->memo_count || !m->memo[number])
        return sai_pickle_bad(m, "a memo that was never made is asked for");
    return sai_pickle_push(m, m->memo[number]);
}
