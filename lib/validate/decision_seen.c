/*
 * validate/decision_seen.c: which decisions stood in the file before. Only hashes are kept.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "base/path.h"
#include "base/rng.h"
#include "validate/validate.h"

#define SAME_CROP 0.98 /* IoU from which two crops are one: as merging has it */
#define MIN_SLOTS 1024u
#define NOTHING   UINT64_C(0) /* in the place of an image: a rejected group prefers it to its images */

struct decision {
    uint64_t key; /* 0: free */
    uint64_t row;
    uint16_t box[4]; /* of a crop alone, in 1/65535 */
};

struct pair {
    uint64_t key, row;
};

struct sai_seen {
    struct decision *decisions;
    size_t n_decisions, decision_slots; /* a power of two, or 0 */
    struct pair *pairs;                 /* winner and loser */
    size_t n_pairs, pair_slots;
};

int sai_seen_create(struct sai_seen **out)
{
    *out = sai_calloc(1, sizeof **out);
    return *out ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

void sai_seen_destroy(struct sai_seen **seen)
{
    if (!*seen)
        return;
    sai_free((*seen)->decisions);
    sai_free((*seen)->pairs);
    sai_free(*seen);
    *seen = NULL;
}

/* ---- Tables ---------------------------------------------------------------------------------- */

static struct decision *find_decision(struct decision *slots, size_t n, uint64_t key)
{
    size_t i = (size_t)key & (n - 1);
    while (slots[i].key && slots[i].key != key)
        i = (i + 1) & (n - 1);
    return &slots[i];
}

static struct pair *find_pair(struct pair *slots, size_t n, uint64_t key)
{
    size_t i = (size_t)key & (n - 1);
    while (slots[i].key && slots[i].key != key)
        i = (i + 1) & (n - 1);
    return &slots[i];
}

static int room_for_decision(struct sai_seen *seen)
{
    size_t n = seen->decision_slots ? 2 * seen->decision_slots : MIN_SLOTS;
    if (2 * (seen->n_decisions + 1) <= seen->decision_slots)
        return SELECTAI_OK;
    struct decision *grown = sai_calloc(n, sizeof *grown);
    if (!grown)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < seen->decision_slots; i++)
        if (seen->decisions[i].key)
            *find_decision(grown, n, seen->decisions[i].key) = seen->decisions[i];
    sai_free(seen->decisions);
    seen->decisions = grown;
    seen->decision_slots = n;
    return SELECTAI_OK;
}

static int room_for_pair(struct sai_seen *seen)
{
    size_t n = seen->pair_slots ? 2 * seen->pair_slots : MIN_SLOTS;
    if (2 * (seen->n_pairs + 1) <= seen->pair_slots)
        return SELECTAI_OK;
    struct pair *grown = sai_calloc(n, sizeof *grown);
    if (!grown)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < seen->pair_slots; i++)
        if (seen->pairs[i].key)
            *find_pair(grown, n, seen->pairs[i].key) = seen->pairs[i];
    sai_free(seen->pairs);
    seen->pairs = grown;
    seen->pair_slots = n;
    return SELECTAI_OK;
}

/* ---- Identities ------------------------------------------------------------------------------ */

/* An image is its name within a project; where that is not known, its whole path. */
static uint64_t image_key(const char *project, const char *path)
{
    const char *name = *project ? sai_path_basename(path) : path;
    return sai_hash_bytes(name, strlen(name), sai_hash_bytes(project, strlen(project), 0));
}

static uint64_t key_of(uint64_t a, uint64_t b)
{
    const uint64_t words[2] = {a, b};
    uint64_t key = sai_hash_bytes(words, sizeof words, 1);
    return key ? key : 1;
}

/* The sum of the losers' keys does not depend on their order. */
static uint64_t decision_key(const struct selectai_entry *e, uint64_t winner)
{
    uint64_t losers = e->n_negatives;
    for (uint32_t i = 0; i < e->n_negatives; i++) {
        uint64_t loser = image_key(e->project, e->neg_paths[i]);
        losers += sai_hash_bytes(&loser, sizeof loser, 2);
    }
    return key_of(winner, losers);
}

static void pack_box(uint16_t out[4], const struct selectai_box *box)
{
    const double edges[4] = {box->x1, box->y1, box->x2, box->y2};
    for (int i = 0; i < 4; i++)
        out[i] = (uint16_t)lround(fmin(fmax(edges[i], 0), 1) * UINT16_MAX);
}

static bool same_crop(const uint16_t *box, const struct selectai_box *other)
{
    const struct selectai_box first = {box[0] / (double)UINT16_MAX, box[1] / (double)UINT16_MAX,
                                       box[2] / (double)UINT16_MAX, box[3] / (double)UINT16_MAX};
    return selectai_box_iou(&first, other) >= SAME_CROP;
}

/* ---- Sightings ------------------------------------------------------------------------------- */

/* Notes that row's preference of one image to another one. */
static int note_pair(struct sai_seen *seen, uint64_t preferred, uint64_t other, uint64_t row)
{
    int rc = room_for_pair(seen);
    if (rc != SELECTAI_OK)
        return rc;
    struct pair *own = find_pair(seen->pairs, seen->pair_slots, key_of(preferred, other));
    if (!own->key) {
        *own = (struct pair){key_of(preferred, other), row};
        seen->n_pairs++;
    }
    return SELECTAI_OK;
}

/* The first row that prefers one image to another one; 0: none does. */
static uint64_t row_of_pair(const struct sai_seen *seen, uint64_t preferred, uint64_t other)
{
    return seen->pair_slots ? find_pair(seen->pairs, seen->pair_slots, key_of(preferred, other))->row : 0;
}

/* Whether an earlier row preferred one of these losers to this winner; also notes the row's own pairs. */
static int see_pairs(enum sai_sighting *out, uint64_t *row, struct sai_seen *seen, const struct selectai_entry *e,
                     uint64_t winner)
{
    for (uint32_t i = 0; i < e->n_negatives; i++) {
        uint64_t loser = image_key(e->project, e->neg_paths[i]);
        uint64_t other = row_of_pair(seen, loser, winner);
        if (other && *out == SAI_SEEN_NEW) {
            *out = SAI_SEEN_CONTRADICTION;
            *row = other;
        }
        int rc = note_pair(seen, winner, loser, e->source_row);
        if (rc != SELECTAI_OK)
            return rc;
    }
    return SELECTAI_OK;
}

int sai_seen_decision(enum sai_sighting *out, uint64_t *row, struct sai_seen *seen, const struct selectai_entry *e)
{
    uint64_t winner = image_key(e->project, e->chosen_path);
    *out = SAI_SEEN_NEW;
    int rc = room_for_decision(seen);
    if (rc != SELECTAI_OK)
        return rc;
    uint64_t key = decision_key(e, winner);
    struct decision *slot = find_decision(seen->decisions, seen->decision_slots, key);
    if (slot->key) {
        *row = slot->row;
        *out = e->n_negatives == 0 && !same_crop(slot->box, &e->crop) ? SAI_SEEN_CONTRADICTION : SAI_SEEN_SAME;
        return SELECTAI_OK;
    }
    *slot = (struct decision){.key = key, .row = e->source_row};
    if (e->n_negatives == 0)
        pack_box(slot->box, &e->crop);
    seen->n_decisions++;
    rc = see_pairs(out, row, seen, e, winner);
    return rc == SELECTAI_OK ? note_pair(seen, winner, NOTHING, e->source_row) : rc;
}

int sai_seen_rejected(enum sai_sighting *out, uint64_t *row, struct sai_seen *seen, const struct selectai_entry *group)
{
    uint64_t images = 0;
    *out = SAI_SEEN_NEW;
    for (uint32_t i = 0; i <= group->n_negatives; i++) {
        uint64_t image = image_key(group->project, i ? group->neg_paths[i - 1] : group->chosen_path);
        uint64_t other = row_of_pair(seen, image, NOTHING);
        if (other && *out == SAI_SEEN_NEW) {
            *out = SAI_SEEN_CONTRADICTION;
            *row = other;
        }
        images += sai_hash_bytes(&image, sizeof image, 2);
        int rc = note_pair(seen, NOTHING, image, group->source_row);
        if (rc != SELECTAI_OK)
            return rc;
    }
    int rc = room_for_decision(seen);
    if (rc != SELECTAI_OK)
        return rc;
    uint64_t key = key_of(NOTHING, images + group->n_negatives);
    struct decision *slot = find_decision(seen->decisions, seen->decision_slots, key);
    if (slot->key && *out == SAI_SEEN_NEW) {
        *out = SAI_SEEN_SAME;
        *row = slot->row;
    }
    if (slot->key)
        return SELECTAI_OK;
    *slot = (struct decision){.key = key, .row = group->source_row};
    seen->n_decisions++;
    return SELECTAI_OK;
}

uint64_t sai_seen_group_of_winner(const struct sai_seen *seen, const struct selectai_entry *e)
{
    return *e->project ? row_of_pair(seen, NOTHING, image_key(e->project, e->chosen_path)) : 0;
}

int sai_seen_text(enum sai_sighting *out, uint64_t *row, struct sai_seen *seen, const char *text, uint64_t at)
{
    int rc = room_for_decision(seen);
    if (rc != SELECTAI_OK)
        return rc;
    uint64_t key = sai_hash_bytes(text, strlen(text), 3);
    struct decision *slot = find_decision(seen->decisions, seen->decision_slots, key ? key : 1);
    *out = slot->key ? SAI_SEEN_SAME : SAI_SEEN_NEW;
    *row = slot->row;
    if (slot->key)
        return SELECTAI_OK;
    *slot = (struct decision){.key = key ? key : 1, .row = at};
    seen->n_decisions++;
    return SELECTAI_OK;
}
