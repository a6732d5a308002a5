/*
 * review/export_xmp.c: ratings and crops as XMP sidecars, which other programs read.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export_internal.h"
#include "verbs.h"

#define MAX_SIDECAR (16u << 20)

struct output {
    int naming, rating;
    uint64_t n, n_left_alone, n_gone;
    struct sidecar_batch batch;
};

/* A winner that is kept whole loses an earlier crop; one that is cropped later, and losers, keep what they have. */
static struct xmp_values values_of(const struct decided *decided, size_t image, int rating)
{
    const struct winner *winner = winner_of(decided, image);
    struct xmp_values values = {.rating = decided->standing->decision.outcome == REJECT ? -1 : 0, .crop = -1};
    if (!winner)
        return values;
    values.rating = rating;
    if (has_box(winner) && !is_whole_box(winner)) {
        values.crop = 1;
        values.box = winner->box;
    } else if (winner->crop != CROP_LATER) {
        values.crop = 0;
    }
    return values;
}

static int leave_alone(struct output *output, const char *path, const char *name, const char *why)
{
    say("%s: its sidecar %s is left as it is: %s", path, name, why);
    output->n_left_alone++;
    return EXIT_DONE;
}

static int put_sidecar(struct output *output, int folder, const char *path, const char *name,
                       const struct xmp_values *values)
{
    char *old, *text;
    size_t n, n_text = 0;
    const char *why = NULL;
    enum sidecar_state state = read_sidecar(folder, name, &old, &n, MAX_SIDECAR);
    if (state == SIDECAR_OTHER)
        return leave_alone(output, path, name, "it is a link, no file, larger than 16 MiB, or cannot be read");
    text = xmp_with(&n_text, old, n, values, &why);
    if (!text) {
        free(old);
        return leave_alone(output, path, name, why ? why : "out of memory");
    }
    int same = old && n == n_text && memcmp(old, text, n) == 0;
    int code = same ? EXIT_DONE : write_sidecar(&output->batch, folder, name, text, n_text, state == SIDECAR_NONE);
    free(old);
    free(text);
    output->n += code == EXIT_DONE;
    return code;
}

/* Another image of the stem would share name.xmp, and one of them would be wrong in it. */
static int has_twin(int folder, const char *base, int stem)
{
    static const char *const endings[] = {"png", "jpg", "jpeg", "webp", "PNG", "JPG", "JPEG", "WEBP"};
    char name[NAME_MAX + 8];
    struct stat st, own;
    if (fstatat(folder, base, &own, AT_SYMLINK_NOFOLLOW) != 0)
        return 0;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(name, sizeof name, "%.*s.%s", stem, base, endings[i]);
        if (strcmp(name, base) != 0 && fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino != own.st_ino)
            return 1; /* on a file system that folds case, another spelling is the same file */
    }
    return 0;
}

/* name.xmp, name.ext.xmp */
static int put_image(struct output *output, int folder, const char *path, const struct xmp_values *values)
{
    const char *base = strrchr(path, '/');
    char name[NAME_MAX + 8];
    base = base ? base + 1 : path;
    const char *dot = strrchr(base, '.');
    int stem = dot && dot > base ? (int)(dot - base) : (int)strlen(base), code = EXIT_DONE;
    if (strlen(base) > NAME_MAX - 5)
        return leave_alone(output, path, base, "its name would be too long");
    if (output->naming & XMP_ADOBE) {
        snprintf(name, sizeof name, "%.*s.xmp", stem, base);
        code = has_twin(folder, base, stem)
                   ? leave_alone(output, path, name,
                                 "another image of that stem would share it: take darktable's names")
                   : put_sidecar(output, folder, path, name, values);
    }
    if (code == EXIT_DONE && (output->naming & XMP_DARKTABLE)) {
        snprintf(name, sizeof name, "%s.xmp", base);
        code = put_sidecar(output, folder, path, name, values);
    }
    return code;
}

static int put_group(const struct decided *decided, void *user)
{
    struct output *output = user;
    int code = EXIT_DONE;
    if (decided->slot >= decided->groups->n_groups) { /* its images lie elsewhere by now */
        output->n_gone++;
        return EXIT_DONE;
    }
    for (size_t i = 0; code == EXIT_DONE && i < decided->n; i++) {
        const char *path = decided_name(decided, i);
        struct xmp_values values = values_of(decided, i, output->rating);
        int folder = open_image_folder(decided->groups->root, path);
        if (folder < 0) {
            say("%s: its folder cannot be opened: %s", path, strerror(errno));
            return EXIT_FAILED;
        }
        code = put_image(output, folder, path, &values);
        close(folder);
    }
    return code;
}

int export_xmp(const struct review_groups *groups, const struct journal *journal, int naming, int rating, uint64_t *n)
{
    struct output output = {.naming = naming, .rating = rating};
    int code = each_decided(groups, journal, put_group, &output);
    if (flush_sidecars(&output.batch) != EXIT_DONE)
        code = EXIT_FAILED;
    if (output.n_gone > 0)
        say("%llu groups were moved away: no sidecars for them", (unsigned long long)output.n_gone);
    if (output.n_left_alone > 0)
        say("%llu sidecars were left as they are", (unsigned long long)output.n_left_alone);
    *n = output.n;
    return code;
}
