/*
 * embed/cache_manifest.c: manifest.json says whose vectors a cache holds. It is written once and never changed.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/path.h"
#include "embed/cache.h"

#define MAX_MANIFEST (1u << 20)

static int check_format(const json_t *manifest, const char *path)
{
    const char *format = sai_json_string(manifest, "format", NULL);
    int64_t version = sai_json_integer(manifest, "version", 0);
    if (!format || strcmp(format, SAI_CACHE_FORMAT) != 0)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: not the manifest of an embedding cache: choose another folder", path);
    if (version > SAI_CACHE_VERSION)
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED, "%s: format version %lld is newer than this library: update it", path,
                        (long long)version);
    if (version < 1)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: has no format version", path);
    return SELECTAI_OK;
}

int sai_cache_manifest_read(selectai_embedding_cache *cache)
{
    json_t *manifest = NULL;
    char *path = sai_path_join(cache->directory, SAI_CACHE_MANIFEST);
    int rc = path ? sai_json_load(&manifest, path, MAX_MANIFEST) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_ERR_NOT_FOUND)
        rc = SAI_FAIL(rc, "%s: is no embedding cache: it has no %s", cache->directory, SAI_CACHE_MANIFEST);
    if (rc == SELECTAI_OK)
        rc = check_format(manifest, path);
    if (rc == SELECTAI_OK) {
        const char *encoder = sai_json_string(manifest, "encoder", "");
        int64_t dim = sai_json_integer(manifest, "dim", 0);
        if (!*encoder || dim < 1 || dim > SAI_CACHE_MAX_DIM)
            rc = SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: encoder or dim is missing or out of range", path);
        else if (!(cache->encoder_id = sai_strdup(encoder)))
            rc = SELECTAI_ERR_OUT_OF_MEMORY;
        cache->dim = (uint32_t)dim;
    }
    json_decref(manifest);
    sai_free(path);
    return rc;
}

/* "clip:<digits>:<activation>[:<option>...]" says more than its name. */
static void write_clip(struct sai_text *text, const char *digits)
{
    const char *activation = strchr(digits, ':') + 1, *options = activation + strcspn(activation, ":");
    char *name = sai_strndup(activation, (size_t)(options - activation));
    char *how = sai_asprintf("clip: bicubic to the shorter side, centre crop, mean and deviation%s%s",
                             *options ? "; " : "", *options ? options + 1 : "");
    sai_text_printf(text, ",\n  \"weights_sha256\": \"%.*s\",\n  \"activation\": ", (int)(activation - 1 - digits),
                    digits);
    if (name && how) {
        sai_text_json_string(text, name);
        sai_text_puts(text, ",\n  \"preprocessing\": ");
        sai_text_json_string(text, how);
        sai_text_puts(text, ",\n");
    } else {
        text->failed = true;
    }
    sai_free(name);
    sai_free(how);
}

/* Ids of other forms speak for themselves. */
static void write_encoder(struct sai_text *text, const char *id)
{
    const char *digits = strncmp(id, "clip:", 5) == 0 ? id + 5 : NULL;
    sai_text_puts(text, "  \"encoder\": ");
    sai_text_json_string(text, id);
    if (digits && strchr(digits, ':'))
        write_clip(text, digits);
    else
        sai_text_puts(text,
                      ",\n  \"weights_sha256\": null,\n  \"activation\": null,\n  \"preprocessing\": \"none\",\n");
}

static int manifest_text(char **out, const char *encoder_id, uint32_t dim, bool half)
{
    struct sai_text text = {0};
    sai_text_printf(&text, "{\n  \"format\": \"%s\",\n  \"version\": %d,\n", SAI_CACHE_FORMAT, SAI_CACHE_VERSION);
    write_encoder(&text, encoder_id);
    sai_text_printf(&text, "  \"dim\": %u,\n  \"dtype\": \"%s\",\n  \"normalised\": false\n}\n", dim,
                    half ? "float16" : "float32");
    return sai_text_finish(&text, out);
}

/* ---- Checking -------------------------------------------------------------------------------- */

/* Words for people may grow: what follows ';' is not compared. */
static bool same_words(const json_t *wanted, const json_t *found)
{
    const char *a = json_string_value(wanted), *b = json_string_value(found);
    const size_t n = a ? strcspn(a, ";") : 0;
    return a && b && (strncmp(a, "clip:", 5) == 0 ? strncmp(a, b, n) == 0 : strncmp(b, "clip:", 5) != 0);
}

static bool same_member(const char *key, const json_t *wanted, const json_t *found)
{
    const char *dtype = json_string_value(found);
    if (!found) /* other tools may leave it out */
        return true;
    if (strcmp(key, "preprocessing") == 0)
        return same_words(wanted, found);
    if (strcmp(key, "dtype") == 0)
        return dtype && (strcmp(dtype, "float16") == 0 || strcmp(dtype, "float32") == 0);
    return json_equal(wanted, found) == 1;
}

int sai_cache_manifest_check(selectai_issues *issues, const selectai_embedding_cache *cache)
{
    static const char *const keys[] = {"weights_sha256", "activation", "preprocessing", "dtype", "normalised"};
    char *text = NULL, *path = sai_path_join(cache->directory, SAI_CACHE_MANIFEST);
    json_t *wanted = NULL, *found = NULL;
    int rc = path ? manifest_text(&text, cache->encoder_id, cache->dim, false) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = sai_json_parse(&wanted, text, strlen(text), path, 0);
    if (rc == SELECTAI_OK)
        rc = sai_json_load(&found, path, MAX_MANIFEST);
    for (size_t i = 0; rc == SELECTAI_OK && i < sizeof keys / sizeof *keys; i++)
        if (!same_member(keys[i], json_object_get(wanted, keys[i]), json_object_get(found, keys[i])))
            rc = sai_issues_add(issues, SELECTAI_ERR_FORMAT, "wrong-manifest", path, 0,
                                "%s: %s is not what follows from the encoder %s: it was changed since it was written",
                                path, keys[i], cache->encoder_id);
    json_decref(wanted);
    json_decref(found);
    sai_free(text);
    sai_free(path);
    return rc;
}

/* ---- Making ---------------------------------------------------------------------------------- */

/* Two writers may start at once: link() lets exactly one of them make the file, whole. */
static int publish(const char *path, const char *text)
{
    char writer[SAI_CACHE_WRITER_DIGITS + 1];
    const struct sai_cache_list nothing = {0};
    sai_cache_new_writer(writer, &nothing);
    char *draft = sai_asprintf("%s.new-%s", path, writer);
    int rc = draft ? sai_file_write_atomic(draft, text, strlen(text)) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK && link(draft, path) != 0 && errno != EEXIST) {
        /* A file system without links: renaming is as good unless two writers of different encoders race. */
        if (!sai_path_exists(path) && rename(draft, path) != 0)
            rc = SAI_FAIL_ERRNO("write", path);
    }
    if (draft)
        (void)unlink(draft);
    sai_free(draft);
    return rc;
}

int sai_cache_manifest_make(const char *directory, const char *encoder_id, uint32_t dim, bool half)
{
    char *path = NULL, *text = NULL;
    struct sai_cache_list list = {0};
    int rc = sai_path_make_directories(directory);
    if (rc == SELECTAI_OK && !(path = sai_path_join(directory, SAI_CACHE_MANIFEST)))
        rc = SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK && !sai_path_exists(path)) {
        rc = sai_cache_list_read(&list, directory);
        /* Listed before the manifest is looked for again: a writer that was quicker has made it by then. */
        if (rc == SELECTAI_OK && list.n > 0 && !sai_path_exists(path))
            rc = SAI_FAIL(SELECTAI_ERR_FORMAT,
                          "%s: holds parts of a cache but no manifest.json that says of which encoder: restore it",
                          directory);
        if (rc == SELECTAI_OK)
            rc = manifest_text(&text, encoder_id, dim, half);
        if (rc == SELECTAI_OK)
            rc = publish(path, text);
    }
    sai_cache_list_free(&list);
    sai_free(path);
    sai_free(text);
    return rc;
}
