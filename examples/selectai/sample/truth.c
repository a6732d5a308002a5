/*
 * examples/selectai/sample/truth.c: truth.json: what was drawn, what the person thought of it, what was chosen.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "write_group.h"

#include <errno.h>
#include <stdio.h>

#include "person.h"
#include "stages.h"

static void put_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\') {
            fprintf(out, "\\%c", *c);
        } else if (*c < 0x20 || *c == 0x7f) {
            fprintf(out, "\\u%04x", *c);
        } else {
            fputc(*c, out);
        }
    }
    fputc('"', out);
}

static void put_box(FILE *out, const char *key, const struct selectai_box *b)
{
    fprintf(out, ", \"%s\": [%.4f, %.4f, %.4f, %.4f]", key, b->x1, b->y1, b->x2, b->y2);
}

static void put_defects(FILE *out, const struct group *g, const struct picture *p)
{
    const char *between = "";
    fprintf(out, ", \"defects\": [");
    for (int i = 0; i < g->n_defects; i++) {
        const struct defect *d = &g->defects[i];
        if (p->stage < d->from_stage || p->stage > d->until_stage) {
            continue;
        }
        struct selectai_box box = defect_box(g, d);
        fprintf(out, "%s{\"kind\": \"%s\", \"severity\": %.3f", between, defect_name(d->kind), (double)d->severity);
        put_box(out, "box", &box);
        fputc('}', out);
        between = ", ";
    }
    fputc(']', out);
}

static void put_choice(FILE *out, const struct group *g, int index)
{
    const struct picture *p = &g->pictures[index];
    char path[PATH_SIZE];
    fprintf(out, ", \"chosen\": %s", p->chosen ? "true" : "false");
    if (!p->chosen) {
        fprintf(out, ", \"final\": null, \"crop\": null");
        return;
    }
    picture_final_path(path, g, index);
    fprintf(out, ", \"final\": \"%s\", \"final_mtime\": %lld, \"cropped\": %s", path, (long long)p->final_time,
            p->cropped ? "true" : "false");
    fprintf(out, ", \"crop_px\": [%d, %d, %d, %d]", p->crop.x1, p->crop.y1, p->crop.x2, p->crop.y2);
    double w = (double)p->width, h = (double)p->height;
    struct selectai_box box = {p->crop.x1 / w, p->crop.y1 / h, p->crop.x2 / w, p->crop.y2 / h};
    put_box(out, "crop", &box);
}

static void put_picture(FILE *out, const struct plan *plan, const struct group *g, int index)
{
    const struct picture *p = &g->pictures[index];
    char path[PATH_SIZE];
    picture_raw_path(path, plan, g, index);
    fprintf(out, "      {\"raw\": \"%s\", \"stage\": %s, \"width\": %d, \"height\": %d, \"mtime\": %lld", path,
            stage_text(p->stage), p->width, p->height, (long long)p->time);
    fprintf(out, ", \"luma\": %.4f, \"warmth\": %.4f, \"score\": %.4f", (double)p->luma, (double)p->warmth,
            (double)p->score);
    put_defects(out, g, p);
    put_choice(out, g, index);
    if (g->corrupt && index == g->n - 1) {
        fprintf(out, ", \"corrupt\": true");
    }
    fputc('}', out);
}

static int is_anomaly(const struct group *g)
{
    for (int i = 0; i + 1 < g->n; i++) {
        if (g->pictures[i].chosen && !g->pictures[g->n - 1].chosen) {
            return 1;
        }
    }
    return 0;
}

static void put_group(FILE *out, const struct plan *plan, const struct group *g)
{
    struct selectai_box head = figure_head_box(&g->figure, g->scene.width, g->scene.height);
    struct selectai_box body = figure_body_box(&g->figure, g->scene.width, g->scene.height);
    fprintf(out, "    {\"id\": %u, \"scene\": \"%s\", \"shot\": \"%s\", \"outfit\": %d, \"pose\": %d", (unsigned)g->id,
            scene_name(g->scene.kind), shot_name(g->shot), g->figure.outfit, g->figure.pose);
    fprintf(out, ", \"rejected\": %s, \"anomaly\": %s", g->rejected ? "true" : "false",
            is_anomaly(g) ? "true" : "false");
    put_box(out, "head", &head);
    put_box(out, "subject", &body);
    fprintf(out, ", \"images\": [\n");
    for (int i = 0; i < g->n; i++) {
        put_picture(out, plan, g, i);
        fprintf(out, i + 1 < g->n ? ",\n" : "\n    ]}");
    }
}

static void put_extra(FILE *out, const struct plan *plan, const struct group *g)
{
    char path[PATH_SIZE];
    if (g->extra == EXTRA_ORPHAN) {
        picture_final_path(path, g, 0);
    } else {
        picture_raw_path(path, plan, g, 0);
    }
    fprintf(out, "    {\"kind\": \"%s\", \"file\": \"%s\"", extra_name(g->extra), path);
    if (g->extra == EXTRA_SINGLE) {
        picture_final_path(path, g, 0);
        fprintf(out, ", \"final\": \"%s\"", path);
    }
    fputc('}', out);
}

static void put_head(FILE *out, const struct plan *p, const struct sample_counts *n)
{
    fprintf(out, "{\n  \"format\": \"selectai-sample-1\",\n  \"project\": ");
    put_string(out, p->project);
    fprintf(out, ",\n  \"seed\": %llu,\n  \"size\": %u,\n  \"raw_dir\": \"raw\",\n  \"final_dir\": \"final\",\n",
            (unsigned long long)p->seed, (unsigned)p->size);
    fprintf(out,
            "  \"taste\": {\"stage\": {\"1\": 0, \"1.5\": %.2f, \"2\": %.2f, \"3\": %.2f}, \"defect\": %.2f, "
            "\"dark_below\": %.2f, \"dark\": %.1f, \"warm\": %.2f, \"noise\": %.2f, \"reject_below\": %.2f},\n",
            (double)TASTE_STAGE_SWAPPED, (double)TASTE_STAGE_UPSCALED, (double)TASTE_STAGE_ENHANCED,
            (double)TASTE_DEFECT, (double)TASTE_DARK_BELOW, (double)TASTE_DARK, (double)TASTE_WARM, (double)TASTE_NOISE,
            (double)TASTE_REJECT_BELOW);
    fprintf(out,
            "  \"counts\": {\"groups\": %u, \"raw_images\": %u, \"final_images\": %u, \"anomalies\": %u, "
            "\"rejected\": %u, \"cropped\": %u},\n",
            (unsigned)n->groups, (unsigned)n->raw_images, (unsigned)n->final_images, (unsigned)n->anomalies,
            (unsigned)n->rejected, (unsigned)n->cropped);
}

static int put_all(const char *path, const struct plan *p, const struct sample_counts *counts, struct failure *f)
{
    FILE *out = fopen(path, "wb");
    if (!out) {
        return failure_from_errno(f, path);
    }
    errno = 0;
    put_head(out, p, counts);
    fprintf(out, "  \"groups\": [\n");
    for (uint32_t i = 0; i < p->n_groups; i++) {
        put_group(out, p, &p->groups[i]);
        fprintf(out, i + 1 < p->n_groups ? ",\n" : "\n  ],\n");
    }
    fprintf(out, "  \"extras\": [");
    for (uint32_t i = p->n_groups; i < p->n_total; i++) {
        fprintf(out, i > p->n_groups ? ",\n" : "\n");
        put_extra(out, p, &p->groups[i]);
    }
    fprintf(out, p->n_total > p->n_groups ? "\n  ]\n}\n" : "]\n}\n");
    /* What went wrong on the way is known no more; the last flush fails for the same reason, mostly. */
    int bad = fflush(out) != 0 || ferror(out);
    int number = bad && errno ? errno : EIO;
    bad |= fclose(out) != 0;
    if (bad) {
        errno = number;
        return failure_from_errno(f, path);
    }
    return SELECTAI_OK;
}

int truth_write(const char *dir, const struct plan *p, const struct sample_counts *counts, struct failure *f)
{
    char path[PATH_SIZE];
    int code = files_join(path, dir, "truth.json", f);
    return code == SELECTAI_OK ? put_all(path, p, counts, f) : code;
}
