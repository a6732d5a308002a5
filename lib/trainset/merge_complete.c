/*
 * trainset/merge_complete.c: what a decision learns from its duplicates.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "base/path.h"
#include "trainset/merge.h"

/* ---- Single facts: each returns whether something was learned ------------------------------- */

static bool learn_text(const char **kept, const char *other)
{
    if ((*kept && **kept) || !other || !*other)
        return false;
    *kept = other;
    return true;
}

static bool learn_number(double *kept, double other)
{
    if (!isnan(*kept) || isnan(other))
        return false;
    *kept = other;
    return true;
}

static bool learn_value(int32_t *kept, int32_t other, int32_t unknown)
{
    if (*kept != unknown || other == unknown)
        return false;
    *kept = other;
    return true;
}

static bool learn_size(struct selectai_entry *kept, const struct selectai_entry *other)
{
    if ((kept->image_width && kept->image_height) || !other->image_width || !other->image_height)
        return false;
    kept->image_width = other->image_width;
    kept->image_height = other->image_height;
    return true;
}

/* ---- Crops ----------------------------------------------------------------------------------- */

static bool proved_box(const struct selectai_entry *e)
{
    return e->has_crop && e->crop_evidence == SELECTAI_CROP_EVIDENCE_PIXELS;
}

static bool proved_whole(const struct selectai_entry *e)
{
    return !e->has_crop && e->was_cropped == 0 && e->crop_evidence == SELECTAI_CROP_EVIDENCE_PIXELS;
}

static bool is_whole(const struct selectai_box *box)
{
    static const struct selectai_box whole = {0, 0, 1, 1};
    return selectai_box_iou(box, &whole) >= SAI_SAME_CROP;
}

static int strength(int32_t crop_evidence)
{
    switch (crop_evidence) {
    case SELECTAI_CROP_EVIDENCE_PIXELS:
        return 4;
    case SELECTAI_CROP_EVIDENCE_NONE:
        return 0;
    case SELECTAI_CROP_EVIDENCE_MTIME:
        return 1;
    case SELECTAI_CROP_EVIDENCE_SIZE:
        return 2;
    default:
        return 3; /* a log's */
    }
}

/* The box, or that there is none, with all that belongs to it. */
static void take_crop(struct selectai_entry *kept, const struct selectai_entry *other)
{
    kept->has_crop = other->has_crop;
    kept->crop = other->crop;
    kept->crop_px = other->crop_px;
    kept->crop_method = other->crop_method;
    kept->crop_residual = other->crop_residual;
    if (other->crop_evidence != SELECTAI_CROP_EVIDENCE_NONE)
        kept->crop_evidence = other->crop_evidence;
    if (other->was_cropped != SELECTAI_UNKNOWN)
        kept->was_cropped = other->was_cropped;
    if (other->image_width && other->image_height) {
        kept->image_width = other->image_width;
        kept->image_height = other->image_height;
    }
}

/* A box is known to both, or one of them proves that nothing was cut off. */
static bool crops_differ(const struct selectai_entry *a, const struct selectai_entry *b)
{
    if (a->has_crop && b->has_crop)
        return !sai_crops_agree(a, b);
    return (proved_whole(a) && b->has_crop && !is_whole(&b->crop)) ||
           (proved_whole(b) && a->has_crop && !is_whole(&a->crop));
}

/* Proof wins over what was logged; between equals the first stays. */
static bool learn_crop(struct selectai_entry *kept, const struct selectai_entry *other)
{
    bool kept_proved = proved_box(kept) || proved_whole(kept), other_proved = proved_box(other) || proved_whole(other);
    bool better = other_proved && !kept_proved && (other->has_crop || crops_differ(kept, other));
    if (better || (other->has_crop && !kept->has_crop && !kept_proved)) {
        take_crop(kept, other);
        return true;
    }
    if (kept->has_crop || other->was_cropped == SELECTAI_UNKNOWN ||
        (kept->was_cropped != SELECTAI_UNKNOWN && strength(other->crop_evidence) <= strength(kept->crop_evidence)))
        return learn_value(&kept->was_cropped, other->was_cropped, SELECTAI_UNKNOWN);
    kept->was_cropped = other->was_cropped;
    kept->crop_evidence = other->crop_evidence;
    return true;
}

/* ---- Stages ---------------------------------------------------------------------------------- */

static double stage_of(const struct selectai_entry *entry, const char *path)
{
    const char *name = sai_path_basename(path);
    for (uint32_t i = 0; i < entry->n_negatives; i++)
        if (!isnan(entry->neg_stages[i]) && strcmp(sai_path_basename(entry->neg_paths[i]), name) == 0)
            return entry->neg_stages[i];
    return NAN;
}

static int learn_neg_stages(struct sai_merge *merge, struct sai_decision *decision, const struct selectai_entry *other)
{
    struct selectai_entry *kept = &decision->entry;
    double *stages = NULL;
    for (uint32_t i = 0; i < kept->n_negatives; i++) {
        double stage = isnan(kept->neg_stages[i]) ? stage_of(other, kept->neg_paths[i]) : (double)NAN;
        if (isnan(stage))
            continue;
        if (!stages) { /* those of the input stay as they are */
            stages = sai_arena_array(&merge->arena, kept->n_negatives, sizeof *stages);
            if (!stages)
                return SELECTAI_ERR_OUT_OF_MEMORY;
            memcpy(stages, kept->neg_stages, kept->n_negatives * sizeof *stages);
            kept->neg_stages = stages;
        }
        stages[i] = stage;
        decision->completed = true;
    }
    return SELECTAI_OK;
}

static bool learn_anomaly(struct selectai_entry *kept, const struct selectai_entry *other)
{
    int32_t known = sai_entry_anomaly(kept);
    if (known == SELECTAI_UNKNOWN)
        known = other->anomaly;
    return learn_value(&kept->anomaly, known, SELECTAI_UNKNOWN);
}

/* ---- Decisions ------------------------------------------------------------------------------- */

/* What any row about the winner tells. */
static bool learn_of_winner(struct selectai_entry *kept, const struct selectai_entry *other)
{
    bool learned = learn_crop(kept, other);
    learned |= learn_size(kept, other);
    learned |= learn_text(&kept->chosen_final_path, other->chosen_final_path);
    learned |= learn_text(&kept->timestamp, other->timestamp);
    learned |= learn_number(&kept->chosen_stage, other->chosen_stage);
    return learned;
}

static int learn(struct sai_merge *merge, struct sai_decision *decision, const struct selectai_entry *other)
{
    struct selectai_entry *kept = &decision->entry;
    bool learned = learn_of_winner(kept, other);
    learned |= learn_text(&kept->set_id, other->set_id);
    learned |= learn_text(&kept->raw_dir, other->raw_dir);
    learned |= learn_text(&kept->final_dir, other->final_dir);
    learned |= learn_text(&kept->extraction_date, other->extraction_date);
    learned |= learn_text(&kept->session_id, other->session_id);
    learned |= learn_text(&kept->decided_at, other->decided_at);
    learned |= learn_value(&kept->evidence, other->evidence, SELECTAI_EVIDENCE_UNKNOWN);
    learned |= learn_value(&kept->group_mode, other->group_mode, SELECTAI_UNKNOWN);
    int rc = learn_neg_stages(merge, decision, other);
    learned |= learn_anomaly(kept, other);
    decision->completed |= learned;
    return rc;
}

static int learn_from_rows(struct sai_merge *merge)
{
    int rc = SELECTAI_OK;
    for (uint32_t row = 0; rc == SELECTAI_OK && row < merge->set->count; row++) {
        struct sai_decision *decision = &merge->decisions[merge->decision_of[row]];
        const struct selectai_entry *entry = &merge->set->items[row];
        if (row == decision->first || decision->left_out)
            continue;
        if (decision->n_losers > 0 && crops_differ(&decision->entry, entry))
            merge->differs[row] = decision->first;
        rc = learn(merge, decision, entry);
    }
    return rc;
}

/* A crop without losers goes into the selections of its winner that have none or the same; where all have another one,
 * it stays for itself. */
static void hand_on_crop(struct sai_merge *merge, uint32_t d)
{
    struct sai_decision *all = merge->decisions, *crop = &all[d];
    uint32_t other = SAI_NO_DECISION;
    for (uint32_t s = merge->images[crop->winner].selections; s != SAI_NO_DECISION; s = all[s].next_of_winner) {
        if (all[s].left_out)
            continue;
        if (crops_differ(&all[s].entry, &crop->entry)) {
            other = other == SAI_NO_DECISION ? all[s].first : other;
            continue;
        }
        all[s].completed |= learn_of_winner(&all[s].entry, &crop->entry);
        crop->twin = crop->twin == SAI_NO_DECISION ? s : crop->twin;
    }
    if (crop->twin == SAI_NO_DECISION)
        merge->differs[crop->first] = other;
}

int sai_merge_complete(struct sai_merge *merge)
{
    int rc = learn_from_rows(merge);
    for (uint32_t d = 0; rc == SELECTAI_OK && d < merge->n_decisions; d++)
        if (merge->decisions[d].n_losers == 0 && merge->decisions[d].entry.has_crop && !merge->decisions[d].left_out)
            hand_on_crop(merge, d);
    return rc;
}
