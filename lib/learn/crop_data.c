/*
 * learn/crop_data.c: the crops that a cropper is made from.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "learn/crop_data.h"

struct timed {
    const char *project, *time;
    uint64_t identity;
    size_t row;
};

static int by_time(const void *a, const void *b)
{
    const struct timed *x = a, *y = b;
    int order = strcmp(x->project, y->project);
    if (order == 0)
        order = strcmp(x->time, y->time);
    if (order == 0)
        order = (x->identity > y->identity) - (x->identity < y->identity);
    return order ? order : (x->row > y->row) - (x->row < y->row);
}

static int sort_rows(struct sai_crop_data *data, const struct sai_decisions *d)
{
    struct timed *timed = sai_malloc_array(data->n, sizeof *timed);
    if (!timed)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t r = 0; r < data->n; r++) {
        const struct sai_decision *it = &d->items[data->decision[r]];
        timed[r] = (struct timed){it->project, it->time, it->identity, r};
    }
    qsort(timed, data->n, sizeof *timed, by_time);
    for (size_t r = 0; r < data->n; r++)
        data->order[r] = timed[r].row;
    sai_free(timed);
    return SELECTAI_OK;
}

static int allocate(struct sai_crop_data *data, size_t n)
{
    size_t values;
    if (!sai_mul_size(&values, n, data->width) || n > UINT32_MAX)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "%zu crops are too many", n);
    data->x = sai_malloc_array(values, sizeof *data->x);
    data->boxes = sai_malloc_array(n, sizeof *data->boxes);
    data->sizes = sai_malloc_array(n, 2 * sizeof *data->sizes);
    data->decision = sai_malloc_array(n, sizeof *data->decision);
    data->fold = sai_malloc_array(n, sizeof *data->fold);
    data->group = sai_malloc_array(n, sizeof *data->group);
    data->order = sai_malloc_array(n, sizeof *data->order);
    bool ok = data->x && data->boxes && data->sizes && data->decision && data->fold && data->group && data->order;
    return ok ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

int sai_crop_data_make(struct sai_crop_data *data, const struct sai_training *t, const struct sai_crop_layout *layout)
{
    static const struct sai_crop_layout none = {0};
    const struct sai_crop_layout *l = layout ? layout : &none;
    const struct sai_vectors *v = &t->vectors;
    *data = (struct sai_crop_data){.width = v->dim + l->n_columns + SAI_CROPPER_EXTRA};
    int rc = allocate(data, t->n_usable);
    for (size_t i = 0; i < t->decisions.count && rc == SELECTAI_OK; i++) {
        const struct sai_decision *d = &t->decisions.items[i];
        if (!sai_is_choice(d))
            continue;
        size_t row = t->decisions.members[d->first].row, r = data->n++;
        memcpy(data->sizes + 2 * r, v->sizes + 2 * row, 2 * sizeof *data->sizes);
        sai_crop_row(data->x + r * data->width, v->x ? v->x + row * v->dim : NULL, v->dim,
                     l->x ? l->x + row * l->dim : NULL, l->columns, l->n_columns, data->sizes + 2 * r);
        data->boxes[r] = d->crop;
        data->decision[r] = i;
        data->fold[r] = d->fold;
        data->group[r] = d->group;
    }
    return rc == SELECTAI_OK ? sort_rows(data, &t->decisions) : rc;
}

void sai_crop_data_free(struct sai_crop_data *data)
{
    sai_free(data->x);
    sai_free(data->boxes);
    sai_free(data->sizes);
    sai_free(data->decision);
    sai_free(data->fold);
    sai_free(data->group);
    sai_free(data->order);
    *data = (struct sai_crop_data){0};
}
