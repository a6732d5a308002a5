/*
 * duplicates/relate.c: what the files of a group really hold, which one is kept, and which could go.
 *
 * A near hash is a hint, no more: the stages of one picture have near hashes too. So pixels are compared, then bytes,
 * then how both look (sight.c). Members are taken from the best to the least; each is compared with those before it
 * that stay. So what goes always has its like among what stays, and no chain of small differences adds up.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/threads.h"
#include "duplicates/duplicates.h"
#include "image/image.h"
#include "project/name.h"
#include "project/name_index.h"

/* ---- Facts about one file -------------------------------------------------------------------- */

/* Pixels are compared as 8-bit RGB. What a file may hold beyond that is not known to be in another one. */
static bool holds_more(const struct selectai_image_info *info)
{
    return info->channels == 2 || info->channels == 4 || strcmp(info->format, "gif") == 0;
}

static void digest_pixels(struct sai_copy *copy, const selectai_image *image)
{
    struct sai_sha256 sha;
    uint32_t size[2] = {copy->width, copy->height};
    sai_sha256_init(&sha);
    sai_sha256_update(&sha, size, sizeof size);
    sai_sha256_update(&sha, selectai_image_pixels(image), (size_t)copy->width * copy->height * 3);
    sai_sha256_hex(&sha, copy->pixels);
}

static int learn_copy(size_t index, unsigned thread, void *ctx)
{
    struct sai_copy *copy = &((struct selectai_duplicates *)ctx)->items[index];
    struct selectai_image_info info = {.struct_size = sizeof info};
    selectai_image *image = NULL;
    (void)thread;
    int rc = sai_file_crc32(&copy->crc32, &copy->size, copy->path);
    if (rc == SELECTAI_OK)
        rc = selectai_image_read_info(&info, copy->path);
    if (rc == SELECTAI_OK)
        rc = selectai_image_load(&image, copy->path, NULL);
    if (rc == SELECTAI_OK) {
        copy->width = image->width;
        copy->height = image->height;
        copy->lossy = strcmp(info.format, "jpeg") == 0 || strcmp(info.format, "webp") == 0;
        copy->more = holds_more(&info);
        digest_pixels(copy, image);
        copy->thumbnail = sai_malloc(SAI_SIGHT_BYTES);
        rc = copy->thumbnail ? sai_sight_thumbnail(copy->thumbnail, image) : SELECTAI_ERR_OUT_OF_MEMORY;
    }
    selectai_image_destroy(&image);
    return rc == SELECTAI_OK ? rc : sai_file_failed(&copy->problem, rc);
}

/* ---- The one that is kept -------------------------------------------------------------------- */

static uint64_t pixels_of(const struct sai_copy *copy)
{
    return (uint64_t)copy->width * copy->height;
}

/* By group; in a group the best first. */
static int by_worth(const void *left, const void *right)
{
    const struct sai_copy *a = left, *b = right;
    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    if (pixels_of(a) != pixels_of(b))
        return pixels_of(a) > pixels_of(b) ? -1 : 1;
    if (a->lossy != b->lossy)
        return a->lossy ? 1 : -1;
    if (a->more != b->more)
        return a->more ? -1 : 1;
    if (a->size != b->size)
        return a->size > b->size ? -1 : 1;
    int order = strcmp(a->path, b->path);
    return order ? order : (a->index > b->index) - (a->index < b->index);
}

static int by_index(const void *left, const void *right)
{
    const struct sai_copy *a = left, *b = right;
    return (a->index > b->index) - (a->index < b->index);
}

/* Takes out what could not be read; the rest stands in the order it was given in. */
static int drop_unreadable(struct selectai_duplicates *d)
{
    size_t kept = 0;
    int rc = SELECTAI_OK;
    if (d->count > 1)
        qsort(d->items, d->count, sizeof *d->items, by_index);
    for (size_t i = 0; i < d->count; i++) {
        struct sai_copy *copy = &d->items[i];
        if (!copy->problem.text) {
            d->items[kept++] = *copy;
            continue;
        }
        if (rc == SELECTAI_OK)
            rc = sai_issues_add(d->issues, copy->problem.code, "unreadable", copy->path, 0, "%s", copy->problem.text);
        sai_free(copy->problem.text);
        sai_free(copy->thumbnail);
    }
    d->count = kept;
    return rc;
}

/* Numbers the groups anew that still have several members, and puts each in the order of worth. */
static void settle_groups(struct selectai_duplicates *d)
{
    size_t n = d->count, kept = 0, end;
    if (n > 1)
        qsort(d->items, n, sizeof *d->items, by_worth);
    for (size_t begin = 0; begin < n; begin = end) {
        uint32_t group = d->items[begin].group, first = (uint32_t)kept;
        for (end = begin + 1; end < n && d->items[end].group == group; end++)
            ;
        if (end - begin < 2) {
            sai_free(d->items[begin].thumbnail);
            continue;
        }
        for (size_t i = begin; i < end; i++) {
            struct sai_copy *copy = &d->items[kept++];
            *copy = d->items[i];
            copy->group = (uint32_t)d->n_groups;
            copy->first = copy->of = first;
        }
        d->n_groups++;
    }
    d->count = kept;
}

/* ---- Relations ------------------------------------------------------------------------------- */

/* The names tell another moment or another stage: not the same picture, however it looks. */
static bool other_stage(const struct sai_copy *a, const struct sai_copy *b)
{
    struct selectai_parsed_name x, y;
    if (sai_parse_name(&x, a->path) != NULL || sai_parse_name(&y, b->path) != NULL)
        return false;
    return x.seconds != y.seconds || x.stage != y.stage;
}

/* Up to a pixel of the smaller one: scaled sizes are rounded. */
static bool same_shape(const struct sai_copy *a, const struct sai_copy *b)
{
    double difference = (double)a->width * b->height - (double)b->width * a->height;
    return fabs(difference) <=
           fmax(a->width > b->width ? a->width : b->width, a->height > b->height ? a->height : b->height);
}

static bool may_be_resaved(const struct sai_copy *copy, const struct sai_copy *of, uint32_t distance)
{
    return (uint32_t)__builtin_popcountll(copy->hash ^ of->hash) <= distance && same_shape(copy, of) &&
           sai_sight_near(copy->thumbnail, of->thumbnail);
}

/* At most so many pictures are looked at for one file, the likeliest first: each costs the time to decode it. */
#define MOST_CANDIDATES 8

struct candidate {
    uint32_t item;
    double difference;
};

/* All groups at work; the rest is of one group. */
struct work {
    struct selectai_duplicates *duplicates;
    uint32_t *first; /* of each group */
    struct sai_progress *progress;
    /* A large group takes long: its worker looks at `stop`, or asks itself where it is the caller's own thread. */
    atomic_bool stop;
    struct sai_progress *own; /* NULL: there are other threads */
};

struct relating {
    struct selectai_duplicates *duplicates;
    struct sai_name_index pixels; /* digest -> the first item that has it */
    uint32_t *staying;
    size_t n_staying;
};

static size_t find_candidates(struct candidate best[MOST_CANDIDATES], const struct relating *r,
                              const struct sai_copy *copy)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_staying; i++) {
        const struct sai_copy *of = &r->duplicates->items[r->staying[i]];
        if (!may_be_resaved(copy, of, r->duplicates->distance))
            continue;
        struct candidate new = {r->staying[i], sai_sight_difference(copy->thumbnail, of->thumbnail)};
        size_t at = n;
        while (at > 0 && best[at - 1].difference > new.difference)
            at--;
        if (at == MOST_CANDIDATES)
            continue;
        n += n < MOST_CANDIDATES;
        memmove(best + at + 1, best + at, (n - at - 1) * sizeof *best);
        best[at] = new;
    }
    return n;
}

static bool resaved_can_go(const struct sai_copy *copy, const struct sai_copy *of)
{
    return !copy->more && (copy->lossy || !of->lossy) && !other_stage(copy, of);
}

/* Tries the candidates until one is found that the copy could go for. */
static int look_at_candidates(struct sai_copy *copy, const struct relating *r, const struct candidate *list, size_t n)
{
    selectai_image *image = NULL, *other = NULL;
    int rc = n > 0 ? selectai_image_load(&image, copy->path, NULL) : SELECTAI_OK;
    for (size_t i = 0; rc == SELECTAI_OK && i < n && !copy->can_go; i++) {
        const struct sai_copy *of = &r->duplicates->items[list[i].item];
        bool same = false, can_go = resaved_can_go(copy, of);
        if (copy->relation == SELECTAI_COPY_RESAVED && !can_go)
            continue;
        rc = selectai_image_load(&other, of->path, NULL);
        if (rc == SELECTAI_OK)
            rc = sai_sight_same(&same, other, image);
        selectai_image_destroy(&other);
        if (rc == SELECTAI_OK && same) {
            copy->relation = SELECTAI_COPY_RESAVED;
            copy->of = list[i].item;
            copy->can_go = can_go;
        }
    }
    selectai_image_destroy(&image);
    /* It could be read a moment ago: with any other error say no more than the hash does. */
    return rc == SELECTAI_ERR_OUT_OF_MEMORY || rc == SELECTAI_ERR_INTERNAL ? rc : SELECTAI_OK;
}

static int relate_copy(struct relating *r, uint32_t index)
{
    struct sai_copy *copy = &r->duplicates->items[index];
    struct candidate candidates[MOST_CANDIDATES];
    uint32_t found = sai_name_index_find(&r->pixels, copy->pixels, sizeof copy->pixels);
    copy->difference = NAN;
    if (found != SAI_INDEX_END) {
        copy->of = r->pixels.items[found].value;
        const struct sai_copy *of = &r->duplicates->items[copy->of];
        bool bytes = copy->size == of->size && copy->crc32 == of->crc32;
        copy->relation = bytes ? SELECTAI_COPY_FILE : SELECTAI_COPY_PIXELS;
        return SELECTAI_OK;
    }
    int rc = SELECTAI_OK;
    copy->relation = SELECTAI_COPY_KEPT;
    if (index != copy->first) {
        copy->relation = SELECTAI_COPY_SIMILAR;
        rc = look_at_candidates(copy, r, candidates, find_candidates(candidates, r, copy));
        copy->difference = sai_sight_difference(copy->thumbnail, r->duplicates->items[copy->of].thumbnail);
    }
    if (!copy->can_go)
        r->staying[r->n_staying++] = index;
    return rc == SELECTAI_OK ? sai_name_index_add(&r->pixels, copy->pixels, sizeof copy->pixels, index) : rc;
}

/* Copies of pixels: what they are a copy of may go itself, in favour of a third one that must do for them, too. */
static void judge_pixel_copies(struct selectai_duplicates *d, uint32_t begin, uint32_t end)
{
    for (uint32_t i = begin; i < end; i++) {
        struct sai_copy *copy = &d->items[i];
        const struct sai_copy *of = &d->items[copy->of];
        if (copy->relation == SELECTAI_COPY_FILE || copy->relation == SELECTAI_COPY_PIXELS)
            copy->can_go = (copy->relation == SELECTAI_COPY_FILE || !copy->more) &&
                           (!of->can_go || !other_stage(copy, &d->items[of->of]));
    }
}

static int check_stop(struct work *work, size_t group)
{
    if (work->own)
        return sai_progress_report(work->own, group, work->duplicates->n_groups, "relate");
    return atomic_load(&work->stop) ? SELECTAI_ERR_CANCELLED : SELECTAI_OK;
}

static int relate_group(size_t group, unsigned thread, void *ctx)
{
    struct work *work = ctx;
    struct selectai_duplicates *d = work->duplicates;
    uint32_t begin = work->first[group], end = work->first[group + 1];
    struct relating r = {.duplicates = d, .staying = sai_malloc_array(end - begin, sizeof *r.staying)};
    int rc = r.staying ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    (void)thread;
    for (uint32_t i = begin; rc == SELECTAI_OK && i < end; i++) {
        rc = check_stop(work, group);
        if (rc == SELECTAI_OK)
            rc = relate_copy(&r, i);
    }
    if (rc == SELECTAI_OK)
        judge_pixel_copies(d, begin, end);
    sai_name_index_free(&r.pixels);
    sai_free(r.staying);
    return rc;
}

static int report(uint64_t done, uint64_t total, const char *stage, void *user)
{
    struct work *work = user;
    int stop = work->progress->fn ? work->progress->fn(done, total, stage, work->progress->user) : 0;
    if (stop)
        atomic_store(&work->stop, true);
    return stop;
}

static int relate_groups(struct selectai_duplicates *d, unsigned threads, struct sai_progress *progress)
{
    struct work work = {.duplicates = d, .progress = progress};
    struct sai_progress reporting = {.fn = report, .user = &work};
    work.own = sai_thread_count(threads) == 1 || d->n_groups <= 1 ? &reporting : NULL;
    work.first = sai_malloc_array(d->n_groups + 1, sizeof *work.first);
    if (!work.first)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    atomic_init(&work.stop, false);
    for (size_t i = d->count; i-- > 0;)
        work.first[d->items[i].group] = (uint32_t)i; /* the last to be written is the first of the group */
    work.first[d->n_groups] = (uint32_t)d->count;
    int rc = sai_parallel_for(threads, d->n_groups, relate_group, &work, &reporting, "relate");
    sai_free(work.first);
    return rc;
}

int sai_relate_copies(struct selectai_duplicates *d, unsigned threads, struct sai_progress *progress)
{
    int rc = sai_parallel_for(threads, d->count, learn_copy, d, progress, "compare");
    if (rc == SELECTAI_OK)
        rc = drop_unreadable(d);
    if (rc == SELECTAI_OK) {
        settle_groups(d);
        rc = relate_groups(d, threads, progress);
    }
    for (size_t i = 0; i < d->count; i++) {
        sai_free(d->items[i].thumbnail);
        d->items[i].thumbnail = NULL;
    }
    return rc;
}
