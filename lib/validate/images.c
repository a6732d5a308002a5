/*
 * validate/images.c: pictures: names, headers, with options.deep the pixels.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>
#include <sys/stat.h>

#include "base/threads.h"
#include "image/image.h"
#include "project/name.h"
#include "validate/validate.h"

#define AT_ONCE       512u
#define MESSAGE_BYTES 256u

/* What a worker found out about one file. */
struct look {
    const char *code; /* NULL: nothing is wrong */
    char message[MESSAGE_BYTES];
};

struct looks {
    struct look *items;
    char *const *paths;
    bool deep;
};

static int fault(struct look *look, const char *code)
{
    look->code = code;
    int n = snprintf(look->message, sizeof look->message, "%s", selectai_last_error());
    sai_clean_message(look->message, n >= (int)sizeof look->message);
    return SELECTAI_OK;
}

static int decode(struct look *look, const char *path)
{
    selectai_image *image = NULL;
    int rc = selectai_image_load(&image, path, NULL);
    selectai_image_destroy(&image);
    if (rc == SELECTAI_OK || rc == SELECTAI_ERR_OUT_OF_MEMORY)
        return rc;
    return fault(look, rc == SELECTAI_ERR_UNSUPPORTED ? "unsupported-image" : "undecodable-image");
}

static int look_at(size_t index, unsigned thread, void *ctx)
{
    struct looks *looks = ctx;
    struct look *look = &looks->items[index];
    const char *path = looks->paths[index];
    struct selectai_image_info info = {.struct_size = sizeof info};
    struct stat st;
    (void)thread;
    look->code = NULL;
    if (stat(path, &st) == 0 && st.st_size == 0) {
        look->code = "empty-image";
        snprintf(look->message, sizeof look->message, "it holds nothing");
        return SELECTAI_OK;
    }
    int rc = selectai_image_read_info(&info, path);
    if (rc == SELECTAI_ERR_OUT_OF_MEMORY)
        return rc;
    if (rc != SELECTAI_OK)
        return fault(look, rc == SELECTAI_ERR_UNSUPPORTED ? "unsupported-image" : "unreadable-image");
    return looks->deep ? decode(look, path) : SELECTAI_OK;
}

static int check_name(struct sai_validator *v, size_t result, const char *path)
{
    struct selectai_parsed_name name;
    const struct sai_place place = {.path = path, .severity = -1};
    const char *why = sai_parse_name(&name, path);
    if (why)
        return sai_result_add(v->result, result, "unparsed-name", &place, "%s", why);
    return sai_in_future(v, name.seconds)
               ? sai_result_add(v->result, result, "time-in-future", &place, "its name says %s", name.timestamp)
               : SELECTAI_OK;
}

static const char *without_path(const char *message, const char *path)
{
    size_t n = strlen(path);
    return strncmp(message, path, n) == 0 && message[n] == ':' ? message + n + 1 + strspn(message + n + 1, " ")
                                                               : message;
}

static int take(struct sai_validator *v, size_t result, const struct look *look, const char *path)
{
    struct sai_file_result *file = &v->result->files[result];
    const struct sai_place place = {.path = path, .severity = -1};
    int rc = SELECTAI_OK;
    file->rows++;
    file->usable += !look->code || strcmp(look->code, "unsupported-image") == 0;
    if (look->code)
        rc = sai_result_add(v->result, result, look->code, &place, "%s", without_path(look->message, path));
    return rc == SELECTAI_OK ? check_name(v, result, path) : rc;
}

int sai_check_image_files(struct sai_validator *v, size_t result, char *const *paths, size_t n)
{
    struct look *items = sai_malloc_array(n < AT_ONCE ? n + 1 : AT_ONCE, sizeof *items);
    int rc = items ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t done = 0; rc == SELECTAI_OK && done < n; done += AT_ONCE) {
        size_t k = n - done < AT_ONCE ? n - done : AT_ONCE;
        struct looks looks = {.items = items, .paths = paths + done, .deep = v->options.deep != 0};
        rc = sai_parallel_for(v->options.threads, k, look_at, &looks, NULL, NULL);
        for (size_t i = 0; rc == SELECTAI_OK && i < k; i++)
            rc = take(v, result, &items[i], paths[done + i]);
        if (rc == SELECTAI_OK)
            rc = sai_progress_report(&v->progress, done + k, n, "images");
    }
    sai_free(items);
    return rc;
}
