/*
 * learn/cropper_compare.c: which of two croppers is better, and on which images they differ.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/cropper.h>

#include <math.h>

#include "learn/compare.h"
#include "learn/cropper_propose.h"
#include "learn/measure.h"

struct side {
    struct sai_measurement m;
    struct sai_crop_answer *answers;
};

static int open_side(struct side *s, const struct sai_model *model, const selectai_trainset *set,
                     const selectai_embedding_cache *cache, const selectai_embedding_cache *layout)
{
    int rc = sai_measure_begin(&s->m, model, set, cache, layout, SAI_JOIN_WINNER);
    if (rc == SELECTAI_OK)
        rc = sai_crop_answers(&s->answers, model, &s->m.decisions, &s->m.vectors, s->m.layout);
    return rc;
}

static void close_side(struct side *s)
{
    sai_measure_free(&s->m);
    sai_free(s->answers);
}

/* Both read the same set, so decision i is the same in both. */
static bool common(const struct side *a, const struct side *b, size_t i)
{
    return a->m.decisions.items[i].usable && b->m.decisions.items[i].usable;
}

static const struct selectai_box *box_of(const struct side *s, size_t i)
{
    return &s->answers[i].proposal.box;
}

static void number(struct sai_text *text, const char *before, double value)
{
    sai_text_puts(text, before);
    sai_text_json_number(text, value);
}

static void write_box(struct sai_text *text, const char *before, const struct selectai_box *b)
{
    number(text, before, b->x1);
    number(text, ",", b->y1);
    number(text, ",", b->x2);
    number(text, ",", b->y2);
    sai_text_puts(text, "]");
}

struct sums {
    double iou, bde, within5, kept_whole, n;
};

static void add(struct sums *s, const struct selectai_box *box, const struct selectai_box *truth)
{
    s->iou += selectai_box_iou(box, truth);
    s->bde += sai_crop_bde(box, truth);
    s->within5 += sai_crop_within5(box, truth);
    s->kept_whole += sai_crop_kept_alike(box, truth);
    s->n += 1.0;
}

static void write_sums(struct sai_text *text, const char *name, const struct sums *s)
{
    sai_text_printf(text, ",\"%s\":", name);
    number(text, "{\"iou\":", s->iou / s->n);
    number(text, ",\"bde\":", s->bde / s->n);
    number(text, ",\"within5\":", s->within5 / s->n);
    number(text, ",\"kept_whole\":", s->kept_whole / s->n);
    sai_text_puts(text, "}");
}

static void write_flip(struct sai_text *text, const struct side *a, const struct side *b, size_t i, bool a_is_right)
{
    const struct sai_decision *d = &a->m.decisions.items[i];
    const struct sai_member *m = &a->m.decisions.members[d->first];
    sai_text_puts(text, "{\"project\":");
    sai_text_json_string(text, d->project);
    sai_text_printf(text, ",\"right\":\"%s\",\"images\":[{\"path\":", a_is_right ? "a" : "b");
    sai_text_json_string(text, m->path);
    number(text, ",\"stage\":", m->stage);
    number(text, ",\"a\":", selectai_box_iou(box_of(a, i), &d->crop));
    number(text, ",\"b\":", selectai_box_iou(box_of(b, i), &d->crop));
    write_box(text, ",\"box\":[", &d->crop);
    write_box(text, ",\"box_a\":[", box_of(a, i));
    write_box(text, ",\"box_b\":[", box_of(b, i));
    sai_text_puts(text, "}]}");
}

static void write_flips(struct sai_text *text, struct sai_paired *x, const struct side *a, const struct side *b)
{
    sai_text_puts(text, ",\"flips\":[");
    for (size_t i = 0; i < a->m.decisions.count; i++) {
        const struct selectai_box *truth = &a->m.decisions.items[i].crop;
        if (!common(a, b, i))
            continue;
        sai_paired_add(x, i, selectai_box_iou(box_of(b, i), truth) - selectai_box_iou(box_of(a, i), truth));
        bool of_a = sai_crop_within5(box_of(a, i), truth) > 0.0, of_b = sai_crop_within5(box_of(b, i), truth) > 0.0;
        if (of_a == of_b)
            continue;
        sai_text_puts(text, x->only_a + x->only_b > 0 ? "," : "");
        write_flip(text, a, b, i, of_a);
        *(of_a ? &x->only_a : &x->only_b) += 1;
    }
    sai_text_puts(text, "]");
}

static int write(struct sai_text *text, struct sai_paired *x, const struct side *a, const struct side *b)
{
    const struct sai_decisions *d = &a->m.decisions;
    struct sums of_a = {0}, of_b = {0};
    for (size_t i = 0; i < d->count; i++)
        if (common(a, b, i)) {
            add(&of_a, box_of(a, i), &d->items[i].crop);
            add(&of_b, box_of(b, i), &d->items[i].crop);
        }
    if (of_a.n == 0.0)
        return SAI_FAIL(SELECTAI_ERR_NO_DATA, "no crops are left that neither cropper has seen");
    sai_text_printf(text, "{\"n\":%.0f,\"groups\":%zu,\"excluded\":%zu", of_a.n, x->n_groups,
                    d->count - d->n_rejected - (size_t)of_a.n);
    write_sums(text, "a", &of_a);
    write_sums(text, "b", &of_b);
    write_flips(text, x, a, b);
    int rc = sai_paired_write(text, x);
    sai_text_puts(text, "}");
    return rc;
}

static int compare(char **json, const struct side *a, const struct side *b)
{
    const struct sai_decisions *d = &a->m.decisions;
    struct sai_paired x = {0};
    struct sai_text text = {0};
    bool *use = sai_calloc(d->count, sizeof *use);
    int rc = use ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < d->count && rc == SELECTAI_OK; i++)
        use[i] = common(a, b, i);
    if (rc == SELECTAI_OK)
        rc = sai_paired_begin(&x, d, use);
    if (rc == SELECTAI_OK)
        rc = write(&text, &x, a, b);
    if (rc == SELECTAI_OK)
        rc = sai_text_finish(&text, json);
    sai_text_free(&text);
    sai_paired_free(&x);
    sai_free(use);
    return rc;
}

int selectai_cropper_compare(char **json, const selectai_cropper *a, const selectai_cropper *b,
                             const selectai_trainset *set, const selectai_embedding_cache *cache,
                             const selectai_embedding_cache *cache_b, const selectai_embedding_cache *layout_cache)
{
    struct side of_a = {0}, of_b = {0};
    SAI_REQUIRE(json && a && b && set);
    const selectai_embedding_cache *other = cache_b ? cache_b : cache;
    SAI_REQUIRE((cache || a->model->dim == 0) && (other || b->model->dim == 0));
    int rc = open_side(&of_a, a->model, set, cache, layout_cache);
    if (rc == SELECTAI_OK)
        rc = open_side(&of_b, b->model, set, other, layout_cache);
    if (rc == SELECTAI_OK)
        rc = compare(json, &of_a, &of_b);
    close_side(&of_a);
    close_side(&of_b);
    return rc;
}
