/*
 * xmp_filter.c: xmp_filter RATING [none | x1 y1 x2 y2] < sidecar > sidecar: what export_xmp() makes of a sidecar. With
 * "-" as first argument there is none yet. Exit 3: not understood.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "review/export_internal.h"

#define MOST (16u << 20)

int main(int argc, char **argv)
{
    int is_new = argc > 1 && strcmp(argv[1], "-") == 0;
    char **args = argv + 1 + is_new;
    int n_args = argc - 1 - is_new;
    size_t n = 0, n_out = 0;
    const char *why = NULL;
    struct xmp_values values = {.crop = n_args > 1 ? 0 : -1};
    char *old = calloc(MOST + 1, 1);
    if (!old || n_args < 1)
        return 2;
    if (!is_new)
        n = fread(old, 1, MOST, stdin);
    values.rating = atoi(args[0]);
    if (n_args == 5) {
        values.crop = 1;
        values.box = (struct selectai_box){atof(args[1]), atof(args[2]), atof(args[3]), atof(args[4])};
    }
    char *exact = malloc(n + 1); /* so that a sanitizer sees reading beyond the end */
    if (!exact)
        return 2;
    memcpy(exact, old, n + 1);
    free(old);
    char *out = xmp_with(&n_out, is_new ? NULL : exact, n, &values, &why);
    free(exact);
    if (!out) {
        fprintf(stderr, "%s\n", why ? why : "out of memory");
        return 3;
    }
    int failed = fwrite(out, 1, n_out, stdout) != n_out;
    free(out);
    return failed;
}
