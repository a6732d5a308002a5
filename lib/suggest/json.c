/*
 * suggest/json.c: one suggestion as JSON.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "base/text.h"
#include "suggest/suggest.h"

static void member(struct sai_text *text, const char *name, double value)
{
    sai_text_printf(text, "\"%s\":", name);
    sai_text_json_number(text, value);
}

static void write_image(struct sai_text *text, const struct selectai_suggestion *g, uint32_t i)
{
    sai_text_puts(text, "{\"path\":");
    sai_text_json_string(text, g->paths[i]);
    sai_text_puts(text, ",");
    member(text, "stage", g->stages[i]);
    sai_text_puts(text, ",");
    member(text, "score", (double)g->scores[i]);
    sai_text_puts(text, ",");
    member(text, "probability", (double)g->probabilities[i]);
    if (g->sizes[2 * i] > 0)
        sai_text_printf(text, ",\"width\":%u,\"height\":%u}", g->sizes[2 * i], g->sizes[2 * i + 1]);
    else
        sai_text_puts(text, ",\"width\":null,\"height\":null}");
}

static void write_crop(struct sai_text *text, const struct selectai_suggestion *g)
{
    const struct selectai_pixel_box *px = &g->crop_px;
    if (!g->has_crop) {
        sai_text_puts(text, ",\"crop\":null,\"crop_px\":null");
        return;
    }
    sai_text_puts(text, ",\"crop\":{");
    member(text, "x1", g->crop.x1);
    sai_text_puts(text, ",");
    member(text, "y1", g->crop.y1);
    sai_text_puts(text, ",");
    member(text, "x2", g->crop.x2);
    sai_text_puts(text, ",");
    member(text, "y2", g->crop.y2);
    sai_text_printf(text, "},\"crop_px\":{\"x1\":%d,\"y1\":%d,\"x2\":%d,\"y2\":%d}", px->x1, px->y1, px->x2, px->y2);
}

/* The best of the others; the winner itself if nothing else could be read. */
static uint32_t runner_up(const struct selectai_suggestion *g)
{
    uint32_t best = g->winner;
    for (uint32_t i = 0; i < g->n_images; i++)
        if (i != g->winner && !isnan(g->scores[i]) && (best == g->winner || g->scores[i] > g->scores[best]))
            best = i;
    return best;
}

/* What decided, in numbers that are in the same object: this version knows the images' scores and nothing else. */
static void write_why(struct sai_text *text, const struct selectai_suggestion *g)
{
    uint32_t next = runner_up(g), highest = g->winner;
    for (uint32_t i = 0; i < g->n_images; i++)
        if (g->stages[i] > g->stages[highest])
            highest = i;
    sai_text_puts(text, ",\"why\":\"");
    if (next == g->winner)
        sai_text_puts(text, "the only image of the group that could be read");
    else
        sai_text_printf(text, "its score is %.3f above that of stage %g, the next best",
                        (double)g->scores[g->winner] - (double)g->scores[next], g->stages[next]);
    if (highest != g->winner)
        sai_text_printf(text, "; the highest stage, %g, is not the best here", g->stages[highest]);
    sai_text_puts(text, "\"");
}

int selectai_suggestion_json(char **out, const selectai_suggestions *suggestions, size_t index)
{
    struct selectai_suggestion g = {.struct_size = sizeof g};
    struct sai_text text = {0};
    SAI_REQUIRE(out && suggestions);
    int rc = selectai_suggestions_get(suggestions, index, &g);
    if (rc != SELECTAI_OK)
        return rc;
    sai_text_printf(&text, "{\"winner\":%u,\"winner_path\":", g.winner);
    sai_text_json_string(&text, g.paths[g.winner]);
    sai_text_puts(&text, ",");
    member(&text, "confidence", g.confidence);
    write_why(&text, &g);
    write_crop(&text, &g);
    sai_text_puts(&text, ",\"images\":[");
    for (uint32_t i = 0; i < g.n_images; i++) {
        sai_text_puts(&text, i ? "," : "");
        write_image(&text, &g, i);
    }
    sai_text_puts(&text, "]}");
    return sai_text_finish(&text, out);
}
