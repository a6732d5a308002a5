/*
 * review/xmp_read.h: where in a sidecar a rating and a crop stand.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_XMP_READ_H
#define REVIEW_XMP_READ_H

#include "journal_scan.h"

enum xmp_property { XMP_RATING, XMP_HAS_CROP, XMP_TOP, XMP_LEFT, XMP_BOTTOM, XMP_RIGHT, XMP_ANGLE, N_XMP_PROPERTIES };
enum xmp_space { SPACE_XMP, SPACE_CRS, N_XMP_SPACES };

struct xmp_places {
    struct span values[N_XMP_PROPERTIES]; /* at NULL: not there; an attribute's without quotes, or an element's text */
    const char *insert;                   /* behind the name of the first rdf:Description */
    struct span prefixes[N_XMP_SPACES];   /* bound there to the namespace; at NULL: none */
    int taken[N_XMP_SPACES];              /* the usual prefix is bound there, to something else */
};

extern const char *const xmp_uris[N_XMP_SPACES];
extern const char *const xmp_prefixes[N_XMP_SPACES]; /* the usual ones */
extern const char *const xmp_names[N_XMP_PROPERTIES];
enum xmp_space space_of(enum xmp_property property);

/* NULL, or why the text is not understood: then nothing may be changed in it. */
const char *xmp_find(struct xmp_places *out, const char *text, size_t n);

#endif
