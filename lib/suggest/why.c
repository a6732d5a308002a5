/*
 * suggest/why.c: what speaks for a suggestion, in one sentence.
 *
 * The winner is compared with the next best image. The difference of their scores is that of the stage priors plus that
 * of the image parts: the two numbers in the sentence, with the sign that the sentence gives them, add up to it.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "base/path.h"
#include "base/text.h"
#include "suggest/suggest.h"

#define NOTHING 0.05 /* log-odds that are shown as 0.0 */

struct pair {
    const struct selectai_suggestion *g;
    uint32_t winner, next;
    double prior, image; /* winner's minus next's */
    bool looks;          /* the prior goes by what stage images look like, not by the stages of their names */
};

static uint32_t count_readable(const struct selectai_suggestion *g)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < g->n_images; i++)
        n += !isnan(g->scores[i]);
    return n;
}

/* The best of the others; the winner itself if nothing else could be read. */
static uint32_t runner_up(const struct selectai_suggestion *g)
{
    uint32_t best = g->winner;
    for (uint32_t i = 0; i < g->n_images; i++)
        if (i != g->winner && !isnan(g->scores[i]) && (best == g->winner || g->scores[i] >= g->scores[best]))
            best = i;
    return best;
}

/* Does this part of the scores tell anything apart at all? Rankers of one part alone have zeros in the other. */
static bool says_something(const float *part, const struct selectai_suggestion *g)
{
    for (uint32_t i = 0; i < g->n_images; i++)
        if (!isnan(g->scores[i]) && part[i] != 0.0f)
            return true;
    return false;
}

static bool stage_is_unique(const struct selectai_suggestion *g, uint32_t i)
{
    bool unique = !isnan(g->stages[i]);
    for (uint32_t k = 0; k < g->n_images; k++)
        unique = unique && (k == i || g->stages[k] != g->stages[i]);
    return unique;
}

static void put_image(struct sai_text *text, const struct selectai_suggestion *g, uint32_t i)
{
    if (stage_is_unique(g, i))
        sai_text_printf(text, "stage %g", g->stages[i]);
    else
        sai_text_puts(text, sai_path_basename(g->paths[i]));
}

static void put_prior(struct sai_text *text, const struct pair *p)
{
    uint32_t usual = p->prior >= 0 ? p->winner : p->next, other = p->prior >= 0 ? p->next : p->winner;
    if (fabs(p->prior) < NOTHING) {
        sai_text_puts(text,
                      p->looks ? "the stages that they look like do not decide" : "the stages alone do not decide");
        return;
    }
    put_image(text, p->g, usual);
    if (p->looks) {
        sai_text_printf(text, " looks like a stage that is usually taken (+%.1f)", fabs(p->prior));
        return;
    }
    sai_text_puts(text, " is usually taken over ");
    put_image(text, p->g, other);
    sai_text_printf(text, " (+%.1f)", fabs(p->prior));
}

static void put_image_part(struct sai_text *text, const struct pair *p)
{
    if (fabs(p->image) < NOTHING) {
        sai_text_puts(text, "the images look equally good");
    } else {
        sai_text_puts(text, "the image speaks for ");
        put_image(text, p->g, p->image >= 0 ? p->winner : p->next);
        sai_text_printf(text, " (+%.1f)", fabs(p->image));
    }
}

static void put_parts(struct sai_text *text, const struct pair *p)
{
    bool prior = says_something(p->g->priors, p->g), image = says_something(p->g->images, p->g);
    if (prior)
        put_prior(text, p);
    if (prior && image) {
        bool against = p->prior * p->image < 0 && fabs(p->prior) >= NOTHING && fabs(p->image) >= NOTHING;
        sai_text_puts(text, against ? ", but " : ", and ");
    }
    if (image)
        put_image_part(text, p);
    if (!prior && !image)
        sai_text_puts(text, "nothing tells the images apart: the last one");
}

/* How often, among the neighbours, the one stage was taken and the other was not. */
static uint32_t count_taken(const struct selectai_suggestion *g, double winner, double loser)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < g->n_neighbours; i++) {
        const struct selectai_neighbour *b = &g->neighbours[i];
        bool against = false;
        for (uint32_t k = 0; k < b->n_losers; k++)
            against = against || b->loser_stages[k] == loser;
        n += b->winner_stage == winner && against;
    }
    return n;
}

static void put_neighbours(struct sai_text *text, const struct pair *p)
{
    double winner = p->g->stages[p->winner], next = p->g->stages[p->next];
    if (p->g->n_neighbours == 0 || !stage_is_unique(p->g, p->winner) || !stage_is_unique(p->g, p->next))
        return;
    uint32_t n = p->g->n_neighbours, same = count_taken(p->g, winner, next), opposite = count_taken(p->g, next, winner);
    if (same == 0 && opposite == 0)
        sai_text_printf(text, "; the most similar past decision%s not between stages %g and %g",
                        n == 1 ? " was" : "s were", next, winner);
    else if (n == 1)
        sai_text_printf(text, "; in the most similar past decision you took stage %g over stage %g",
                        same ? winner : next, same ? next : winner);
    else if (same == n)
        sai_text_printf(text, "; in all %u most similar past decisions you took stage %g over stage %g", n, winner,
                        next);
    else if (same >= opposite)
        sai_text_printf(text, "; in %u of the %u most similar past decisions you took stage %g over stage %g", same, n,
                        winner, next);
    else
        sai_text_printf(text, "; but in %u of the %u most similar past decisions you took stage %g over stage %g",
                        opposite, n, next, winner);
}

int sai_write_why(char **out, const struct selectai_suggestion *g, bool looks)
{
    struct sai_text text = {0};
    struct pair p = {.g = g, .winner = g->winner, .next = runner_up(g), .looks = looks};
    uint32_t readable = count_readable(g);
    p.prior = (double)g->priors[p.winner] - (double)g->priors[p.next];
    p.image = (double)g->images[p.winner] - (double)g->images[p.next];
    if (p.next == p.winner)
        sai_text_puts(&text, "the only image of the group that could be read");
    else
        put_parts(&text, &p);
    if (p.next != p.winner && readable < g->n_images)
        sai_text_printf(&text, "; %u of the %u images could not be read", g->n_images - readable, g->n_images);
    if (g->keep_nothing)
        sai_text_printf(&text, "; probably nothing of it is kept (%.0f %% that something is)", 100 * g->keep);
    if (p.next != p.winner)
        put_neighbours(&text, &p);
    return sai_text_finish(&text, out);
}
