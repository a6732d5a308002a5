/*
 * review/xmp_write.c: a sidecar with a rating and a crop: a new one, or one that keeps all else it holds, byte for
 * byte.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export_internal.h"
#include "xmp_read.h"

#define VALUE 32

static const char empty_sidecar[] = "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
                                    "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n"
                                    " <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"
                                    "  <rdf:Description rdf:about=\"\"/>\n"
                                    " </rdf:RDF>\n"
                                    "</x:xmpmeta>\n"
                                    "<?xpacket end=\"w\"?>\n";

static void values_of(char out[N_XMP_PROPERTIES][VALUE], const struct xmp_values *values, const struct xmp_places *old)
{
    const struct selectai_box *box = &values->box;
    const double edges[4] = {box->y1, box->x1, box->y2, box->x2};
    memset(out, 0, N_XMP_PROPERTIES * sizeof *out);
    snprintf(out[XMP_RATING], VALUE, "%d", values->rating);
    if (values->crop == 0 && old->values[XMP_HAS_CROP].at)
        snprintf(out[XMP_HAS_CROP], VALUE, "False");
    if (values->crop != 1)
        return;
    snprintf(out[XMP_HAS_CROP], VALUE, "True");
    for (int i = 0; i < 4; i++)
        snprintf(out[XMP_TOP + i], VALUE, "%.6g", edges[i]);
    snprintf(out[XMP_ANGLE], VALUE, "0");
}

/* What is put in place of `old`, a piece of the text; n 0: only put in. */
struct edit {
    struct span old;
    char text[160];
};

/* New properties become attributes of the first rdf:Description, with their namespace where it is not bound. */
static const char *add_missing(struct edit *edits, size_t *n, char values[N_XMP_PROPERTIES][VALUE],
                               const struct xmp_places *places)
{
    int declared[N_XMP_SPACES] = {0};
    for (int p = 0; p < N_XMP_PROPERTIES; p++) {
        enum xmp_space space = space_of((enum xmp_property)p);
        if (!values[p][0] || places->values[p].at)
            continue;
        const struct span *bound = &places->prefixes[space];
        const char *prefix = bound->at ? bound->at : xmp_prefixes[space];
        int n_prefix = (int)(bound->at ? bound->n : strlen(prefix));
        if (!bound->at && places->taken[space])
            return "a prefix that is needed means something else in it";
        if (!bound->at && !declared[space]++) {
            edits[*n].old = (struct span){places->insert, 0};
            snprintf(edits[(*n)++].text, sizeof edits->text, " xmlns:%s=\"%s\"", prefix, xmp_uris[space]);
        }
        edits[*n].old = (struct span){places->insert, 0};
        snprintf(edits[(*n)++].text, sizeof edits->text, " %.*s:%s=\"%.31s\"", n_prefix, prefix, xmp_names[p],
                 values[p]);
    }
    return NULL;
}

/* By place, equal ones as they came; at most some twenty. */
static void sort_edits(struct edit *edits, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t k = i; k > 0 && edits[k].old.at < edits[k - 1].old.at; k--) {
            struct edit other = edits[k];
            edits[k] = edits[k - 1];
            edits[k - 1] = other;
        }
}

static char *with_edits(size_t *n_out, const char *text, size_t n, const struct edit *edits, size_t n_edits)
{
    char *out = n < SIZE_MAX - (n_edits + 1) * sizeof *edits ? malloc(n + (n_edits + 1) * sizeof *edits) : NULL;
    const char *at = text;
    size_t length = 0;
    if (!out)
        return NULL;
    for (size_t i = 0; i < n_edits; i++) {
        size_t before = (size_t)(edits[i].old.at - at), added = strlen(edits[i].text);
        memcpy(out + length, at, before);
        memcpy(out + length + before, edits[i].text, added);
        length += before + added;
        at = edits[i].old.at + edits[i].old.n;
    }
    memcpy(out + length, at, (size_t)(text + n - at));
    length += (size_t)(text + n - at);
    out[length] = '\0';
    *n_out = length;
    return out;
}

char *xmp_with(size_t *n_out, const char *old, size_t n, const struct xmp_values *values, const char **why)
{
    struct xmp_places places;
    char texts[N_XMP_PROPERTIES][VALUE];
    struct edit edits[N_XMP_PROPERTIES + N_XMP_SPACES];
    size_t n_edits = 0;
    if (!old) {
        old = empty_sidecar;
        n = sizeof empty_sidecar - 1;
    }
    *why = xmp_find(&places, old, n);
    if (*why)
        return NULL;
    values_of(texts, values, &places);
    for (int p = 0; p < N_XMP_PROPERTIES; p++)
        if (texts[p][0] && places.values[p].at) {
            edits[n_edits].old = places.values[p];
            snprintf(edits[n_edits++].text, sizeof edits->text, "%.31s", texts[p]);
        }
    *why = add_missing(edits, &n_edits, texts, &places);
    if (*why)
        return NULL;
    sort_edits(edits, n_edits);
    return with_edits(n_out, old, n, edits, n_edits);
}
