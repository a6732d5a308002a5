/*
 * validate/result.c: collecting what was found.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validate/validate.h"

#define MESSAGE_SIZE 1024

int sai_result_add_file(size_t *index, selectai_validation *v, const char *path, const char *kind, bool named)
{
    const char *copy = sai_arena_strdup(&v->arena, path);
    if (!copy || !SAI_GROW(v->files, v->capacity, v->n_files + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    *index = v->n_files;
    v->files[v->n_files++] = (struct sai_file_result){.path = copy, .kind = kind, .encoder_id = "", .named = named};
    return SELECTAI_OK;
}

static struct sai_problem *problem_of(const selectai_validation *v, size_t file, const struct sai_problem_kind *kind)
{
    struct sai_file_result *f = &v->files[file];
    for (size_t i = 0; i < f->n_problems; i++)
        if (f->problems[i].kind == kind)
            return &f->problems[i];
    return NULL;
}

static struct sai_problem *obtain(selectai_validation *v, size_t file, const char *code)
{
    const struct sai_problem_kind *kind = sai_problem_kind(code);
    struct sai_file_result *f = &v->files[file];
    struct sai_problem *problem = problem_of(v, file, kind);
    if (problem)
        return problem;
    if (!SAI_GROW(f->problems, f->capacity, f->n_problems + 1))
        return NULL;
    problem = &f->problems[f->n_problems++];
    *problem = (struct sai_problem){.kind = kind, .severity = SELECTAI_SEVERITY_NOTE};
    return problem;
}

static int add_example(selectai_validation *v, struct sai_problem *problem, const char *path, uint64_t row,
                       const char *message)
{
    struct sai_example example = {.row = row, .path = ""};
    if (problem->n_examples >= SAI_MAX_EXAMPLES)
        return SELECTAI_OK;
    example.message = sai_arena_strdup(&v->arena, message);
    if (path && *path)
        example.path = sai_arena_strdup(&v->arena, path);
    if (!example.message || !example.path)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    problem->examples[problem->n_examples++] = example;
    return SELECTAI_OK;
}

static int add(selectai_validation *v, size_t file, const char *code, const struct sai_place *place, uint64_t count,
               const char *message)
{
    struct sai_problem *problem = obtain(v, file, code);
    if (!problem)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int32_t severity = place->severity < 0 ? problem->kind->severity : place->severity;
    problem->count += count;
    problem->unusable += severity == SELECTAI_SEVERITY_ERROR ? count : 0;
    if (severity > problem->severity)
        problem->severity = severity;
    return add_example(v, problem, place->path, place->row, message);
}

int sai_result_add(selectai_validation *v, size_t file, const char *code, const struct sai_place *place,
                   const char *fmt, ...)
{
    char message[MESSAGE_SIZE];
    va_list list;
    va_start(list, fmt);
    int n = vsnprintf(message, sizeof message, fmt, list);
    va_end(list);
    sai_clean_message(message, n >= (int)sizeof message);
    return add(v, file, code, place, 1, message);
}

/* "path:row: text" or "path: text" -> "text": the place is told beside it. */
static const char *without_place(const char *message, const char *path)
{
    size_t n = strlen(path);
    if (strncmp(message, path, n) != 0 || message[n] != ':')
        return message;
    message += n + 1;
    size_t digits = strspn(message, "0123456789");
    if (digits && message[digits] == ':')
        message += digits + 1;
    return message + strspn(message, " ");
}

int sai_result_add_last(selectai_validation *v, size_t file, const char *code, const struct sai_place *place)
{
    return add(v, file, code, place, 1, without_place(selectai_last_error(), v->files[file].path));
}

int sai_result_note(selectai_validation *v, size_t file, const char *code, uint64_t count, const char *fmt, ...)
{
    char message[MESSAGE_SIZE];
    const struct sai_place place = {.severity = -1};
    va_list list;
    if (count == 0)
        return SELECTAI_OK;
    va_start(list, fmt);
    int n = vsnprintf(message, sizeof message, fmt, list);
    va_end(list);
    sai_clean_message(message, n >= (int)sizeof message);
    return add(v, file, code, &place, count, message);
}

void sai_result_remove(selectai_validation *v, size_t file, const char *code)
{
    struct sai_file_result *f = &v->files[file];
    struct sai_problem *problem = problem_of(v, file, sai_problem_kind(code));
    if (!problem)
        return;
    size_t at = (size_t)(problem - f->problems);
    memmove(problem, problem + 1, (f->n_problems - at - 1) * sizeof *problem);
    f->n_problems--;
}

int32_t sai_result_severity(const struct sai_file_result *file)
{
    int32_t worst = SELECTAI_SEVERITY_NOTE;
    for (size_t i = 0; i < file->n_problems; i++)
        if (file->problems[i].severity > worst)
            worst = file->problems[i].severity;
    return worst;
}

/* The worst first, of these the most frequent, then as the table of codes has them. */
static int compare(const void *left, const void *right)
{
    const struct sai_problem *a = left, *b = right;
    if (a->severity != b->severity)
        return a->severity > b->severity ? -1 : 1;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return a->kind < b->kind ? -1 : a->kind > b->kind;
}

void sai_result_sort(selectai_validation *v)
{
    for (size_t i = 0; i < v->n_files; i++)
        if (v->files[i].n_problems > 1)
            qsort(v->files[i].problems, v->files[i].n_problems, sizeof *v->files[i].problems, compare);
}
