/*
 * trainset/merge_judge.c: decisions that contradict each other.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "project/name_index.h"
#include "trainset/merge.h"

/* Two images of which decisions prefer one. Side 0 prefers the image of the lower number, side 1 the other. */
struct pair {
    uint32_t first[2]; /* decision that says so, or SAI_NO_DECISION */
    uint32_t kept[2];  /* the same, among those that stay */
};

struct judge {
    struct sai_merge *merge;
    struct sai_name_index index; /* the two numbers of a pair */
    struct pair *pairs;
    size_t n_pairs, capacity;
};

struct pair_key {
    uint32_t low, high;
};

/* The side on which the decision is with this loser. */
static int side_of(struct pair_key *key, const struct sai_decision *decision, uint32_t loser)
{
    bool winner_low = decision->winner < loser;
    *key = winner_low ? (struct pair_key){decision->winner, loser} : (struct pair_key){loser, decision->winner};
    return winner_low ? 0 : 1;
}

/* NULL if the winner is called as the loser is: that prefers nothing. */
static struct pair *pair_of(int *side, const struct judge *judge, const struct sai_decision *decision, uint32_t loser)
{
    struct pair_key key;
    *side = side_of(&key, decision, loser);
    uint32_t item = sai_name_index_find(&judge->index, &key, sizeof key);
    return item == SAI_INDEX_END ? NULL : &judge->pairs[judge->index.items[item].value];
}

static int note_pair(struct judge *judge, uint32_t d, uint32_t loser)
{
    const struct sai_decision *decision = &judge->merge->decisions[d];
    int side;
    if (decision->winner == loser)
        return SELECTAI_OK;
    struct pair *pair = pair_of(&side, judge, decision, loser);
    if (!pair) {
        struct pair_key *key = sai_arena_alloc(&judge->merge->arena, sizeof *key);
        if (!key || !SAI_GROW(judge->pairs, judge->capacity, judge->n_pairs + 1))
            return SELECTAI_ERR_OUT_OF_MEMORY;
        side = side_of(key, decision, loser);
        int rc = sai_name_index_add(&judge->index, key, sizeof *key, (uint32_t)judge->n_pairs);
        if (rc != SELECTAI_OK)
            return rc;
        pair = &judge->pairs[judge->n_pairs++];
        *pair = (struct pair){{SAI_NO_DECISION, SAI_NO_DECISION}, {SAI_NO_DECISION, SAI_NO_DECISION}};
    }
    if (pair->first[side] == SAI_NO_DECISION)
        pair->first[side] = d;
    return SELECTAI_OK;
}

static int note_pairs(struct judge *judge)
{
    const struct sai_merge *merge = judge->merge;
    int rc = SELECTAI_OK;
    for (uint32_t d = 0; rc == SELECTAI_OK && d < merge->n_decisions; d++)
        for (uint32_t i = 0; rc == SELECTAI_OK && i < merge->decisions[d].n_losers; i++)
            rc = note_pair(judge, d, merge->decisions[d].losers[i]);
    return rc;
}

/* A decision, one that stays if `kept`, that says the contrary about one of its pairs; SAI_NO_DECISION: none does. */
static uint32_t rival_of(const struct judge *judge, const struct sai_decision *decision, bool kept)
{
    int side;
    for (uint32_t i = 0; i < decision->n_losers; i++) {
        const struct pair *pair = pair_of(&side, judge, decision, decision->losers[i]);
        uint32_t rival = !pair ? SAI_NO_DECISION : kept ? pair->kept[!side] : pair->first[!side];
        if (rival != SAI_NO_DECISION)
            return rival;
    }
    return SAI_NO_DECISION;
}

static void keep(const struct judge *judge, uint32_t d)
{
    const struct sai_decision *decision = &judge->merge->decisions[d];
    int side;
    for (uint32_t i = 0; i < decision->n_losers; i++) {
        struct pair *pair = pair_of(&side, judge, decision, decision->losers[i]);
        if (pair && pair->kept[side] == SAI_NO_DECISION)
            pair->kept[side] = d;
    }
}

static void judge_selection(const struct judge *judge, uint32_t d)
{
    struct sai_decision *decision = &judge->merge->decisions[d];
    uint32_t rival = rival_of(judge, decision, false);
    decision->contradicted = rival != SAI_NO_DECISION;
    if (decision->contradicted && judge->merge->on_conflict != SELECTAI_CONFLICT_LEAVE_OUT)
        rival = rival_of(judge, decision, true);
    decision->left_out = rival != SAI_NO_DECISION;
    decision->rival = rival;
    if (!decision->left_out)
        keep(judge, d);
}

/* In the order in which decisions were made first, or from the end in that in which they were made last: each stays if
 * it contradicts none that stayed before. */
static void judge_selections(const struct judge *judge)
{
    const struct sai_merge *merge = judge->merge;
    bool backwards = merge->on_conflict == SELECTAI_CONFLICT_LAST;
    for (size_t i = 0; i < merge->set->count; i++) {
        size_t row = backwards ? merge->set->count - 1 - i : i;
        uint32_t d = merge->decision_of[row];
        const struct sai_decision *decision = &merge->decisions[d];
        if (decision->n_losers > 0 && row == (backwards ? decision->last : decision->first))
            judge_selection(judge, d);
    }
}

/* Several crops of one image without losers: each contradicts each. */
static void judge_crops(struct sai_merge *merge, const struct sai_merge_image *image)
{
    struct sai_decision *all = merge->decisions;
    if (image->crops == image->last_crop) /* one, or none */
        return;
    uint32_t kept = merge->on_conflict == SELECTAI_CONFLICT_LEAVE_OUT ? SAI_NO_DECISION : image->crops;
    if (merge->on_conflict == SELECTAI_CONFLICT_LAST)
        for (uint32_t d = image->crops; d != SAI_NO_DECISION; d = all[d].next_of_winner)
            if (all[d].last > all[kept].last)
                kept = d;
    for (uint32_t d = image->crops; d != SAI_NO_DECISION; d = all[d].next_of_winner) {
        all[d].contradicted = true;
        all[d].left_out = d != kept;
        if (kept != SAI_NO_DECISION)
            all[d].rival = d == kept ? SAI_NO_DECISION : kept;
        else
            all[d].rival = d == image->crops ? all[d].next_of_winner : image->crops;
    }
}

int sai_merge_judge(struct sai_merge *merge)
{
    struct judge judge = {.merge = merge};
    int rc = note_pairs(&judge);
    if (rc == SELECTAI_OK)
        judge_selections(&judge);
    for (size_t i = 0; i < merge->n_images; i++)
        judge_crops(merge, &merge->images[i]);
    sai_name_index_free(&judge.index);
    sai_free(judge.pairs);
    return rc;
}
