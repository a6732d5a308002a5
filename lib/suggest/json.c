/*
 * suggest/json.c: one suggestion as JSON.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/text.h"
#include "suggest/suggest.h"

static void member(struct sai_text *text, const char *name, double value)
{
    sai_text_printf(text, "\"%s\":", name);
    sai_text_json_number(text, value);
}

static void next_member(struct sai_text *text, const char *name, double value)
{
    sai_text_puts(text, ",");
    member(text, name, value);
}

static void write_image(struct sai_text *text, const struct selectai_suggestion *g, uint32_t i)
{
    sai_text_puts(text, "{\"path\":");
    sai_text_json_string(text, g->paths[i]);
    next_member(text, "stage", g->stages[i]);
    next_member(text, "score", (double)g->scores[i]);
    next_member(text, "probability", (double)g->probabilities[i]);
    next_member(text, "prior", (double)g->priors[i]);
    next_member(text, "image", (double)g->images[i]);
    next_member(text, "spread", (double)g->spreads[i]);
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
    next_member(text, "y1", g->crop.y1);
    next_member(text, "x2", g->crop.x2);
    next_member(text, "y2", g->crop.y2);
    next_member(text, "no_crop", g->no_crop);
    next_member(text, "expected_iou", g->crop_iou);
    next_member(text, "iou_low", g->crop_iou_low);
    next_member(text, "iou_high", g->crop_iou_high);
    sai_text_printf(text, "},\"crop_px\":{\"x1\":%d,\"y1\":%d,\"x2\":%d,\"y2\":%d}", px->x1, px->y1, px->x2, px->y2);
}

static void write_neighbour(struct sai_text *text, const struct selectai_neighbour *b)
{
    sai_text_puts(text, "{\"project\":");
    sai_text_json_string(text, b->project);
    next_member(text, "similarity", b->similarity);
    sai_text_puts(text, ",\"winner_path\":");
    sai_text_json_string(text, b->winner_path);
    next_member(text, "winner_stage", b->winner_stage);
    sai_text_puts(text, b->anomaly == 1   ? ",\"anomaly\":true"
                        : b->anomaly == 0 ? ",\"anomaly\":false"
                                          : ",\"anomaly\":null");
    sai_text_puts(text, ",\"losers\":[");
    for (uint32_t i = 0; i < b->n_losers; i++) {
        sai_text_puts(text, i ? ",{\"path\":" : "{\"path\":");
        sai_text_json_string(text, b->loser_paths[i]);
        next_member(text, "stage", b->loser_stages[i]);
        sai_text_puts(text, "}");
    }
    sai_text_puts(text, "]}");
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
    next_member(&text, "confidence", g.confidence);
    sai_text_puts(&text, g.sure ? ",\"sure\":true" : ",\"sure\":false");
    next_member(&text, "keep", g.keep);
    sai_text_puts(&text, g.keep_nothing ? ",\"keep_nothing\":true" : ",\"keep_nothing\":false");
    sai_text_puts(&text, ",\"why\":");
    sai_text_json_string(&text, g.why);
    write_crop(&text, &g);
    sai_text_puts(&text, ",\"images\":[");
    for (uint32_t i = 0; i < g.n_images; i++) {
        sai_text_puts(&text, i ? "," : "");
        write_image(&text, &g, i);
    }
    sai_text_puts(&text, "],\"neighbours\":[");
    for (uint32_t i = 0; i < g.n_neighbours; i++) {
        sai_text_puts(&text, i ? "," : "");
        write_neighbour(&text, &g.neighbours[i]);
    }
    sai_text_puts(&text, "]}");
    return sai_text_finish(&text, out);
}
