/*
 * base/issues.c: lists of problems with single files or rows.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "base/issues.h"

struct issue {
    int code;
    uint64_t row;
    const char *kind, *path, *message;
};

struct selectai_issues {
    struct issue *items;
    size_t count, capacity;
    struct sai_arena arena;
};

int sai_issues_create(struct selectai_issues **out)
{
    *out = sai_calloc(1, sizeof **out);
    return *out ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

static int add(struct selectai_issues *issues, int code, const char *kind, const char *path, uint64_t row,
               const char *message)
{
    struct issue item = {.code = code, .row = row};
    item.kind = sai_arena_strdup(&issues->arena, kind);
    item.path = sai_arena_strdup(&issues->arena, path ? path : "");
    item.message = sai_arena_strdup(&issues->arena, message);
    if (!item.kind || !item.path || !item.message || !SAI_GROW(issues->items, issues->capacity, issues->count + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    issues->items[issues->count++] = item;
    return SELECTAI_OK;
}

int sai_issues_add(struct selectai_issues *issues, int code, const char *kind, const char *path, uint64_t row,
                   const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    sai_clean_message(text, n >= (int)sizeof text);
    return add(issues, code, kind, path, row, text);
}

int sai_issues_add_last(struct selectai_issues *issues, const char *kind, const char *path, uint64_t row)
{
    const struct selectai_error_detail *last = selectai_last_error_detail();
    return add(issues, last->code, kind, path, row, last->message);
}

int sai_issues_append(struct selectai_issues *to, const struct selectai_issues *from)
{
    for (size_t i = 0; from && i < from->count; i++) {
        const struct issue *it = &from->items[i];
        int rc = add(to, it->code, it->kind, it->path, it->row, it->message);
        if (rc != SELECTAI_OK)
            return rc;
    }
    return SELECTAI_OK;
}

void sai_issues_cut(struct selectai_issues *issues, size_t n)
{
    if (issues->count > n)
        issues->count = n;
}

size_t selectai_issues_count(const selectai_issues *issues)
{
    return issues ? issues->count : 0;
}

int selectai_issues_get(const selectai_issues *issues, size_t index, struct selectai_issue *out)
{
    SAI_REQUIRE(out && index < selectai_issues_count(issues));
    const struct issue *it = &issues->items[index];
    struct selectai_issue full = {
        .code = it->code, .row = it->row, .kind = it->kind, .path = it->path, .message = it->message};
    return sai_struct_out(out, &full, sizeof full);
}

void selectai_issues_destroy(selectai_issues **issues)
{
    if (!issues || !*issues)
        return;
    sai_arena_clear(&(*issues)->arena);
    sai_free((*issues)->items);
    sai_free(*issues);
    *issues = NULL;
}
