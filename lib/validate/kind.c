/*
 * validate/kind.c: what a file is, by its content.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "embed/cache.h"
#include "trainset/log_form.h"
#include "validate/model.h"

#define HEAD_BYTES        64u
#define MAX_DOCUMENT      (16u << 20)
#define LINES_LOOKED_AT   20 /* for one that tells the kind: the first ones may be broken */
#define MAX_TENSOR_HEADER (100u << 20)

struct known {
    enum sai_kind kind;
    const char *name;
};

static const struct known unknown = {SAI_KIND_UNKNOWN, "unknown"};

/* ---- JSON ------------------------------------------------------------------------------------ */

static bool has(const json_t *object, const char *key)
{
    return json_object_get(object, key) != NULL;
}

/* Both have a list of projects; a config's have folders, a report's have counts and a total beside them. */
static struct known kind_of_projects(const json_t *document)
{
    const json_t *first = json_array_get(json_object_get(document, "projects"), 0);
    const json_t *total = json_object_get(document, "total");
    if (has(first, "raw_images") || has(total, "raw_images"))
        return (struct known){SAI_KIND_REPORT, "report"};
    if (has(total, "selections"))
        return unknown; /* a summary of anomalies */
    return (struct known){SAI_KIND_CONFIG, "config"};
}

static struct known kind_of_object(const json_t *object)
{
    const char *format = sai_json_string(object, "format", "");
    if (strcmp(format, SAI_CACHE_FORMAT) == 0)
        return (struct known){SAI_KIND_CACHE, "cache"};
    if (has(object, "chosen_path") || has(object, "neg_paths"))
        return (struct known){SAI_KIND_DECISIONS_JSONL, "entries"};
    if (has(object, "image_path") && has(object, "embedding_file"))
        return (struct known){SAI_KIND_LEGACY_CACHE, "legacy-cache"};
    if (has(object, "image_path"))
        return (struct known){SAI_KIND_IMAGES, "images"};
    if (has(object, "projectId")) /* before rejected groups: it may have paths, too */
        return (struct known){SAI_KIND_MANIFEST, "manifest"};
    if (sai_is_rejected(object)) /* which are read as entries are, row by row */
        return (struct known){SAI_KIND_DECISIONS_JSONL, "rejected"};
    if (has(object, "projects"))
        return kind_of_projects(object);
    return unknown;
}

static bool ends_in(const char *path, const char *ending)
{
    size_t n = strlen(path), k = strlen(ending);
    return n >= k && strcasecmp(path + n - k, ending) == 0;
}

/* For documents that are too damaged to tell. */
static struct known kind_of_name(const char *path)
{
    if (ends_in(path, ".project.json"))
        return (struct known){SAI_KIND_MANIFEST, "manifest"};
    if (strcmp(sai_path_basename(path), "project_paths.json") == 0)
        return (struct known){SAI_KIND_CONFIG, "config"};
    if (strcmp(sai_path_basename(path), "extraction_report.json") == 0)
        return (struct known){SAI_KIND_REPORT, "report"};
    return unknown;
}

static struct known kind_of_document(const char *path)
{
    json_t *document = NULL;
    struct known found = unknown;
    if (sai_json_load(&document, path, MAX_DOCUMENT) == SELECTAI_OK)
        found = kind_of_object(document);
    json_decref(document);
    return found.kind == SAI_KIND_UNKNOWN ? kind_of_name(path) : found;
}

static int kind_of_lines(struct known *out, const char *path)
{
    struct sai_line_reader reader;
    *out = unknown;
    int rc = sai_lines_open(&reader, path);
    for (int i = 0; rc == SELECTAI_OK && i < LINES_LOOKED_AT && out->kind == SAI_KIND_UNKNOWN; i++) {
        json_t *object = NULL;
        size_t n;
        rc = sai_lines_next(&reader);
        if (rc != SELECTAI_OK)
            break;
        const char *line = sai_load_line_text(&n, &reader);
        if (n && sai_json_parse(&object, line, n, path, reader.row) == SELECTAI_OK)
            *out = kind_of_object(object);
        json_decref(object);
    }
    sai_lines_close(&reader);
    return rc == SELECTAI_ERR_OUT_OF_MEMORY ? rc : SELECTAI_OK;
}

static int kind_of_json(struct known *out, char *reason, const char *path)
{
    int rc = kind_of_lines(out, path);
    if (rc == SELECTAI_OK && out->kind == SAI_KIND_UNKNOWN)
        *out = kind_of_document(path);
    snprintf(reason, SAI_REASON_SIZE,
             "JSON, but none of the known kinds: no entries, config, manifest, report or cache");
    return rc;
}

/* ---- CSV ------------------------------------------------------------------------------------- */

static int kind_of_csv(struct known *out, char *reason, const char *path)
{
    static const char *const names[SAI_N_FORMS] = {
        [SAI_FORM_ANOMALIES] = "anomaly-cases", [SAI_FORM_CROP_FULL] = "crop-log",
        [SAI_FORM_CROP_MINIMAL] = "crop-log",   [SAI_FORM_CROP_SHORT] = "crop-log",
        [SAI_FORM_SELECTION] = "selection-log", [SAI_FORM_ENTRIES] = "entries"};
    struct sai_csv_reader reader;
    struct sai_log_header header = {0};
    *out = unknown;
    int rc = sai_csv_open(&reader, path);
    if (rc == SELECTAI_OK)
        rc = sai_csv_next(&reader);
    if (rc == SELECTAI_DONE)
        rc = SAI_FAIL(SELECTAI_ERR_FORMAT, "it is empty");
    if (rc == SELECTAI_OK)
        rc = sai_log_header_read(&header, &reader);
    if (rc == SELECTAI_OK)
        *out = (struct known){SAI_KIND_DECISIONS_CSV, names[header.form]};
    else
        snprintf(reason, SAI_REASON_SIZE, "%.*s", SAI_REASON_SIZE - 1, selectai_last_error());
    sai_log_header_free(&header);
    sai_csv_close(&reader);
    return rc == SELECTAI_ERR_FORMAT || rc == SELECTAI_ERR_LIMIT ? SELECTAI_OK : rc;
}

/* ---- Any file -------------------------------------------------------------------------------- */

static bool is_picture(const uint8_t *head, size_t n)
{
    return (n >= 4 && (memcmp(head, "\x89PNG", 4) == 0 || memcmp(head, "GIF8", 4) == 0)) ||
           (n >= 3 && memcmp(head, "\xFF\xD8\xFF", 3) == 0) ||
           (n >= 12 && memcmp(head, "RIFF", 4) == 0 && memcmp(head + 8, "WEBP", 4) == 0);
}

static bool is_safetensors(const uint8_t *head, size_t n)
{
    uint64_t length = 0;
    if (n < 9)
        return false;
    for (int i = 7; i >= 0; i--)
        length = length << 8 | head[i];
    return length >= 2 && length <= MAX_TENSOR_HEADER && head[8] == '{';
}

/* *n: 0 for an empty file. */
static int read_head(uint8_t head[HEAD_BYTES], size_t *n, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return SAI_FAIL_ERRNO("open", path);
    if (!S_ISREG(st.st_mode)) /* opening a pipe would wait, and what is read from one is gone */
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED, "%s: is no regular file: save it to one first", path);
    FILE *stream = fopen(path, "rbe");
    if (!stream)
        return SAI_FAIL_ERRNO("open", path);
    *n = fread(head, 1, HEAD_BYTES, stream);
    int rc = ferror(stream) ? SAI_FAIL_ERRNO("read", path) : SELECTAI_OK;
    fclose(stream);
    return rc;
}

/* The first byte behind a byte order mark and blanks, or 0. */
static uint8_t first_byte(const uint8_t *head, size_t n)
{
    size_t i = n >= 3 && memcmp(head, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    while (i < n && (head[i] == ' ' || head[i] == '\t' || head[i] == '\r' || head[i] == '\n'))
        i++;
    return i < n ? head[i] : 0;
}

static int kind_of_archive(struct known *out, char *reason, const char *path)
{
    bool found = false;
    int rc = sai_zip_holds(&found, path, "data.pkl");
    bool named = ends_in(path, ".pt") || ends_in(path, ".pth");
    *out = unknown;
    if (found || (rc == SELECTAI_ERR_FORMAT && named))
        *out = (struct known){SAI_KIND_LEGACY_MODEL, "legacy-model"};
    snprintf(reason, SAI_REASON_SIZE, "a zip archive, but not of torch.save(): it holds no data.pkl");
    return rc == SELECTAI_ERR_FORMAT ? SELECTAI_OK : rc;
}

static int tell(struct known *out, char *reason, const char *path)
{
    uint8_t head[HEAD_BYTES];
    size_t n = 0;
    int rc = read_head(head, &n, path);
    *out = unknown;
    if (rc != SELECTAI_OK)
        return rc;
    uint8_t first = first_byte(head, n);
    if (is_picture(head, n) || sai_path_is_image(path))
        *out = (struct known){SAI_KIND_IMAGE_FILE, "image"};
    else if (n == 0)
        snprintf(reason, SAI_REASON_SIZE, "the file is empty");
    else if (is_safetensors(head, n))
        *out = (struct known){SAI_KIND_SAFETENSORS, "weights"};
    else if (n >= 4 && memcmp(head, "PK\x03\x04", 4) == 0)
        return kind_of_archive(out, reason, path);
    else if (n >= 6 && memcmp(head, "\x93NUMPY", 6) == 0)
        snprintf(reason, SAI_REASON_SIZE, "a NumPy array alone: give the cache's folder");
    else if (first == '{' || first == '[')
        return kind_of_json(out, reason, path);
    else
        return kind_of_csv(out, reason, path);
    return SELECTAI_OK;
}

int sai_kind_of_file(enum sai_kind *kind, const char **name, char reason[SAI_REASON_SIZE], const char *path)
{
    struct known found = unknown;
    reason[0] = '\0';
    int rc = tell(&found, reason, path);
    *kind = found.kind;
    *name = found.name;
    return rc;
}
