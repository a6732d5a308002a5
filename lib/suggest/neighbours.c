/*
 * suggest/neighbours.c: for every group the most similar past decisions, by looking at all of them.
 *
 * Groups go in batches, and against each batch the whole history in chunks, so that memory has a bound. Products are
 * those of the network code: the points of a block of groups are the weights of a layer, and decisions go through it.
 * Its sums have one order on all processors, and each block belongs to one thread: results depend on neither.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "base/threads.h"
#include "learn/mlp.h"
#include "suggest/history.h"
#include "suggest/suggest.h"

#define BATCH 4096u /* groups: 16 KiB each with 512 dimensions */
#define BLOCK 64u   /* groups that one thread takes at a time */
#define CHUNK 1024u /* decisions */

struct hit {
    float similarity;
    uint32_t decision; /* in the history */
};

/* Up to BLOCK groups. */
struct block {
    const struct sai_suggested_group *groups;
    uint32_t n;
    struct sai_mlp *winners, *differences;
    bool has_difference[BLOCK];
    struct hit *hits; /* n x wanted, the best first */
    uint32_t n_hits[BLOCK];
};

struct search {
    const struct sai_history *history;
    const uint64_t *keys; /* of all images of all groups */
    uint32_t wanted;
    struct block *blocks;
    size_t n_blocks;
    struct hit *hits;
    const float *winners, *differences; /* the chunk's points */
    size_t first, n;                    /* the chunk */
};

/* ---- Blocks of groups ------------------------------------------------------------------------ */

static void free_blocks(struct search *search)
{
    for (size_t i = 0; i < search->n_blocks; i++) {
        sai_mlp_destroy(&search->blocks[i].winners);
        sai_mlp_destroy(&search->blocks[i].differences);
    }
    sai_free(search->blocks);
    sai_free(search->hits);
    search->blocks = NULL;
    search->hits = NULL;
    search->n_blocks = 0;
}

/* One layer without biases: a product with n points. room: n x (dim + 1) numbers, the points first. */
static int make_layer(struct sai_mlp **out, float *room, uint32_t dim, uint32_t n)
{
    const uint32_t widths[] = {dim, n};
    memset(room + (size_t)n * dim, 0, n * sizeof *room);
    return sai_mlp_create(out, widths, 2, SAI_MLP_LINEAR, room);
}

static int make_block(struct block *block, const struct sai_history *h, const float *x, float *room)
{
    size_t dim = h->dim;
    float *winners = room, *differences = room + (dim + 1) * BLOCK;
    for (uint32_t i = 0; i < block->n; i++) {
        const struct sai_suggested_group *g = &block->groups[i];
        block->has_difference[i] = sai_history_place(h, winners + i * dim, differences + i * dim, x + g->first * dim,
                                                     g->n, g->winner);
    }
    int rc = make_layer(&block->winners, winners, h->dim, block->n);
    return rc == SELECTAI_OK ? make_layer(&block->differences, differences, h->dim, block->n) : rc;
}

static int make_blocks(struct search *search, const struct sai_suggested_group *groups, size_t n, const float *x)
{
    float *room = sai_malloc_array((size_t)search->history->dim + 1, 2 * BLOCK * sizeof *room);
    size_t n_blocks = (n + BLOCK - 1) / BLOCK;
    search->blocks = sai_calloc(n_blocks, sizeof *search->blocks);
    search->hits = sai_malloc_array(n, search->wanted * sizeof *search->hits);
    int rc = room && search->blocks && search->hits ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    search->n_blocks = search->blocks ? n_blocks : 0;
    for (size_t i = 0; i < n_blocks && rc == SELECTAI_OK; i++) {
        struct block *block = &search->blocks[i];
        block->groups = groups + i * BLOCK;
        block->n = n - i * BLOCK < BLOCK ? (uint32_t)(n - i * BLOCK) : BLOCK;
        block->hits = search->hits + i * BLOCK * search->wanted;
        rc = make_block(block, search->history, x, room);
    }
    sai_free(room);
    return rc;
}

/* ---- Looking at decisions -------------------------------------------------------------------- */

static bool shares_an_image(const struct search *search, const struct sai_suggested_group *group,
                            const struct sai_decision *decision)
{
    for (uint32_t i = 0; i < group->n; i++)
        for (uint32_t j = 0; j < decision->n; j++)
            if (search->keys[group->first + i] == search->history->decisions.members[decision->first + j].key)
                return true;
    return false;
}

/* Keeps the best in order; of equal ones the earlier decision stays in front. */
static void offer(const struct search *search, struct block *block, uint32_t i, float similarity, uint32_t decision)
{
    struct hit *hits = block->hits + (size_t)i * search->wanted;
    uint32_t n = block->n_hits[i], at = n;
    if (n == search->wanted && !(similarity > hits[n - 1].similarity))
        return;
    if (shares_an_image(search, &block->groups[i], sai_history_decision(search->history, decision)))
        return;
    while (at > 0 && similarity > hits[at - 1].similarity)
        at--;
    n = n < search->wanted ? n + 1 : n;
    memmove(hits + at + 1, hits + at, (n - 1 - at) * sizeof *hits);
    hits[at] = (struct hit){similarity, decision};
    block->n_hits[i] = n;
}

static int look(size_t index, unsigned thread, void *ctx)
{
    struct search *search = ctx;
    struct block *block = &search->blocks[index];
    size_t cells = search->n * block->n;
    float *winners = sai_malloc_array(cells, 2 * sizeof *winners), *differences = winners ? winners + cells : NULL;
    (void)thread;
    int rc = winners ? sai_mlp_forward(block->winners, NULL, winners, search->winners, search->n)
                     : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = sai_mlp_forward(block->differences, NULL, differences, search->differences, search->n);
    for (size_t j = 0; j < search->n && rc == SELECTAI_OK; j++)
        for (uint32_t i = 0; i < block->n; i++) {
            float w = winners[j * block->n + i], d = differences[j * block->n + i];
            float similarity = block->has_difference[i] ? 0.5f * (w + d) : w;
            offer(search, block, i, similarity, (uint32_t)(search->first + j));
        }
    sai_free(winners);
    return rc;
}

/* The whole history against one batch. */
static int look_at_all(struct search *search, uint32_t threads, struct sai_progress *progress, uint64_t done,
                       uint64_t total)
{
    const struct sai_history *h = search->history;
    size_t rows = h->n < CHUNK ? h->n : CHUNK, values;
    float *points = sai_mul_size(&values, rows, h->dim) ? sai_aligned_array(values, 2 * sizeof *points) : NULL;
    int rc = points ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t first = 0; first < h->n && rc == SELECTAI_OK; first += CHUNK) {
        search->first = first;
        search->n = h->n - first < CHUNK ? h->n - first : CHUNK;
        search->winners = points;
        search->differences = points + values;
        rc = sai_history_points(h, points, points + values, first, search->n);
        if (rc == SELECTAI_OK)
            rc = sai_parallel_for(threads, search->n_blocks, look, search, NULL, "compare");
        if (rc == SELECTAI_OK)
            rc = sai_progress_report(progress, done + first + search->n, total, "compare");
    }
    sai_free(points);
    return rc;
}

/* ---- Results --------------------------------------------------------------------------------- */

static int32_t is_anomaly(const struct selectai_neighbour *neighbour)
{
    bool unknown = isnan(neighbour->winner_stage);
    for (uint32_t i = 0; i < neighbour->n_losers; i++) {
        if (neighbour->winner_stage < neighbour->loser_stages[i])
            return 1;
        unknown = unknown || isnan(neighbour->loser_stages[i]);
    }
    return unknown ? SELECTAI_UNKNOWN : 0;
}

/* Everything is copied: the history need not outlive the call. */
static int describe(struct selectai_neighbour *out, struct sai_arena *arena, const struct sai_history *h,
                    const struct sai_decision *decision)
{
    const struct sai_member *members = h->decisions.members + decision->first;
    uint32_t n = decision->n - 1;
    const char **paths = sai_arena_array(arena, n, sizeof *paths);
    double *stages = sai_arena_array(arena, n, sizeof *stages);
    out->project = sai_arena_strdup(arena, decision->project);
    out->winner_path = sai_arena_strdup(arena, members[0].path);
    bool ok = paths && stages && out->project && out->winner_path;
    for (uint32_t i = 0; i < n && ok; i++) {
        paths[i] = sai_arena_strdup(arena, members[1 + i].path);
        stages[i] = members[1 + i].stage;
        ok = paths[i] != NULL;
    }
    if (!ok)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    out->loser_paths = paths;
    out->loser_stages = stages;
    out->winner_stage = members[0].stage;
    out->n_losers = n;
    out->anomaly = is_anomaly(out);
    return SELECTAI_OK;
}

static int hand_over(struct sai_suggested_group *group, struct sai_arena *arena, const struct sai_history *h,
                     const struct hit *hits, uint32_t n)
{
    struct selectai_neighbour *neighbours = sai_arena_array(arena, n, sizeof *neighbours);
    int rc = neighbours ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < n && rc == SELECTAI_OK; i++) {
        neighbours[i].similarity = fmax(-1.0, fmin(1.0, (double)hits[i].similarity));
        rc = describe(&neighbours[i], arena, h, sai_history_decision(h, hits[i].decision));
    }
    if (rc != SELECTAI_OK)
        return rc;
    group->neighbours = neighbours;
    group->n_neighbours = n;
    return SELECTAI_OK;
}

static int report(struct selectai_issues *issues, const struct sai_history *h, const char *project)
{
    if (h->n + h->n_missing == 0)
        return sai_issues_add(issues, SELECTAI_ERR_NO_DATA, "history-empty", NULL, 0,
                              "the history holds no decision of project %s between two images or more", project);
    if (h->n_missing == 0)
        return SELECTAI_OK;
    return sai_issues_add(issues, SELECTAI_ERR_NOT_FOUND, "history-not-in-cache", NULL, 0,
                          "%zu of %zu past decisions of project %s have images without a vector in the cache, and are "
                          "not compared: embed them",
                          h->n_missing, h->n + h->n_missing, project);
}

static int search_batch(struct selectai_suggestions *s, struct search *search, size_t first, size_t n, const float *x,
                        uint32_t threads, struct sai_progress *progress)
{
    const struct sai_history *h = search->history;
    size_t batches = (s->n_groups + BATCH - 1) / BATCH;
    int rc = make_blocks(search, s->groups + first, n, x);
    if (rc == SELECTAI_OK)
        rc = look_at_all(search, threads, progress, (uint64_t)(first / BATCH) * h->n, (uint64_t)batches * h->n);
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++) {
        const struct block *block = &search->blocks[i / BLOCK];
        rc = hand_over(&s->groups[first + i], &s->arena, h, search->hits + i * search->wanted,
                       block->n_hits[i % BLOCK]);
    }
    free_blocks(search);
    return rc;
}

int sai_add_neighbours(struct selectai_suggestions *s, const float *x, const selectai_embedding_cache *cache,
                       const struct selectai_suggest_options *options)
{
    struct sai_history h;
    struct sai_progress progress = {.fn = options->progress, .user = options->user};
    uint64_t *keys = sai_malloc_array(s->n_images, sizeof *keys);
    if (!keys)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < s->n_images; i++)
        keys[i] = sai_image_key(options->project, s->paths[i]);
    int rc = sai_history_open(&h, options->history, cache, options->project);
    if (rc == SELECTAI_OK)
        rc = report(s->issues, &h, options->project);
    struct search search = {.history = &h, .keys = keys, .wanted = options->neighbours};
    for (size_t first = 0; first < s->n_groups && h.n > 0 && rc == SELECTAI_OK; first += BATCH) {
        size_t n = s->n_groups - first < BATCH ? s->n_groups - first : BATCH;
        rc = search_batch(s, &search, first, n, x, options->threads, &progress);
    }
    sai_history_close(&h);
    sai_free(keys);
    return rc;
}
