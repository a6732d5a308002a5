/*
 * trainset/image_rows.c: the image database, one line of JSON per image in RAW.
 *
 * It streams: rows go to a temporary file, project by project, and the file is put in place when all of them are there.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/iso_time.h"
#include "base/time.h"
#include "project/folder_names.h"
#include "project/name.h"
#include "trainset/extraction.h"

#define FLUSH_BYTES   65536u
#define NEWER_SECONDS 5 /* the rule of crops.c for images about which nothing better was found out */

/* ---- The file -------------------------------------------------------------------------------- */

int sai_images_open(struct selectai_extraction *extraction, const char *path)
{
    int rc = sai_atomic_open(&extraction->images, path);
    extraction->images_open = extraction->wants_images = rc == SELECTAI_OK;
    return rc;
}

int sai_images_mark(off_t *mark, struct selectai_extraction *extraction)
{
    struct sai_atomic_file *file = &extraction->images;
    *mark = 0;
    if (!extraction->wants_images)
        return SELECTAI_OK;
    if (!extraction->images_open)
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT,
                        "the image database was put in place already: add all projects before that");
    if (!file->failed && fflush(file->stream) != 0)
        file->failed = errno;
    *mark = ftello(file->stream);
    return *mark >= 0 ? SELECTAI_OK : SAI_FAIL_ERRNO("write", file->path);
}

/* If that is not possible, the rows would lie about what was extracted: the file must not be put in place. */
void sai_images_roll_back(struct selectai_extraction *extraction, off_t mark)
{
    struct sai_atomic_file *file = &extraction->images;
    if (!extraction->images_open || file->failed)
        return;
    if (fflush(file->stream) != 0 || ftruncate(fileno(file->stream), mark) != 0 ||
        fseeko(file->stream, mark, SEEK_SET) != 0)
        file->failed = errno ? errno : EIO;
}

int selectai_extraction_commit_images(selectai_extraction *extraction)
{
    SAI_REQUIRE(extraction);
    if (!extraction->images_open)
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "%s",
                        extraction->wants_images ? "the image database was put in place already"
                                                 : "no image database was asked for: set options.images_path");
    extraction->images_open = false;
    return sai_atomic_commit(&extraction->images);
}

/* ---- Rows ------------------------------------------------------------------------------------ */

/* A time at the limit of what can be said stands for one beyond it: not known. */
static void put_time(struct sai_text *line, int64_t mtime_ns)
{
    char text[SAI_ISO_TIME_BYTES];
    int64_t seconds = sai_whole_seconds(mtime_ns);
    if (mtime_ns == INT64_MIN || mtime_ns == INT64_MAX || !sai_time_format_iso(text, seconds)) {
        sai_text_puts(line, "null");
        return;
    }
    sai_text_puts(line, "\"");
    sai_text_puts(line, text);
    sai_text_puts(line, "\"");
}

static void put_truth(struct sai_text *line, int value)
{
    sai_text_puts(line, value == 1 ? "true" : value == 0 ? "false" : "null");
}

/* "directory/rel" as sai_files_path() has it, without a copy. scratch is overwritten. */
static void put_path(struct sai_text *line, struct sai_text *scratch, const char *directory, const char *rel)
{
    size_t n = strlen(directory);
    sai_text_clear(scratch);
    sai_text_add(scratch, directory, n);
    if (n > 0 && directory[n - 1] != '/')
        sai_text_puts(scratch, "/");
    sai_text_puts(scratch, rel);
    sai_text_json_string(line, scratch->failed ? "" : scratch->data);
    line->failed |= scratch->failed;
}

static void put_name(struct sai_text *line, struct sai_text *scratch, const struct sai_file *file)
{
    struct selectai_parsed_name parsed = {0};
    const char *name = sai_file_name(file);
    sai_text_puts(line, ",\"filename\":");
    sai_text_json_string(line, name);
    if (file->problem || sai_parse_name(&parsed, name) != NULL) {
        sai_text_puts(line, ",\"timestamp\":null,\"stage\":null,\"label\":null");
        return;
    }
    sai_text_printf(line, ",\"timestamp\":\"%s\",\"stage\":", parsed.timestamp);
    sai_text_json_number(line, parsed.stage);
    sai_text_puts(line, ",\"label\":");
    sai_text_clear(scratch);
    sai_text_add(scratch, name + parsed.label_offset, parsed.label_length);
    if (parsed.label_length > 0)
        sai_text_json_string(line, scratch->failed ? "" : scratch->data);
    else
        sai_text_puts(line, "null");
    line->failed |= scratch->failed;
}

/* The entry's judgement; where there is no entry, the times alone. */
static int was_cropped(const struct sai_fate *fate, const struct sai_file_stat *raw, const struct sai_file_stat *final)
{
    int64_t newer;
    if (fate->judged)
        return fate->was_cropped;
    if (__builtin_sub_overflow(final->mtime_ns, raw->mtime_ns, &newer))
        return final->mtime_ns > raw->mtime_ns;
    return newer > NEWER_SECONDS * SAI_NANOSECONDS;
}

static void put_final(struct sai_text *line, struct sai_text *scratch, const struct sai_project_work *work, size_t raw)
{
    const struct sai_fate *fate = &work->fates[raw];
    sai_text_puts(line, ",\"in_final\":");
    if (fate->final_plus_1 == 0) {
        put_truth(line, fate->maybe ? SELECTAI_UNKNOWN : 0); /* unknown: an ambiguous final may have come from it */
        sai_text_puts(line, ",\"final_path\":null,\"final_mtime\":null,\"was_cropped\":null");
        return;
    }
    size_t final = fate->final_plus_1 - 1;
    sai_text_puts(line, "true,\"final_path\":");
    put_path(line, scratch, work->final.directory, work->final.items[final].rel);
    sai_text_puts(line, ",\"final_mtime\":");
    put_time(line, work->final.stats[final].mtime_ns);
    sai_text_puts(line, ",\"was_cropped\":");
    put_truth(line, was_cropped(fate, &work->raw.stats[raw], &work->final.stats[final]));
}

static void put_companions(struct sai_text *line, struct sai_text *scratch, const struct sai_files *files, size_t i)
{
    const char *name = sai_file_name(&files->items[i]), *ending;
    size_t stem = sai_stem_length(name), length;
    sai_text_puts(line, ",\"companions\":[");
    for (uint32_t k = 0; (ending = sai_files_companion(&length, files, i, k)) != NULL; k++) {
        sai_text_clear(scratch);
        sai_text_add(scratch, name, stem);
        sai_text_add(scratch, ending, length);
        sai_text_puts(line, k > 0 ? "," : "");
        sai_text_json_string(line, scratch->failed ? "" : scratch->data);
    }
    line->failed |= scratch->failed;
    sai_text_puts(line, "]");
}

static void put_row(struct sai_text *line, struct sai_text *scratch, const struct sai_project_work *work, size_t raw)
{
    const struct sai_file *file = &work->raw.items[raw];
    sai_text_puts(line, "{\"project\":");
    sai_text_json_string(line, work->name);
    sai_text_puts(line, ",\"image_path\":");
    put_path(line, scratch, work->raw.directory, file->rel);
    put_name(line, scratch, file);
    sai_text_puts(line, ",\"file_mtime\":");
    put_time(line, work->raw.stats[raw].mtime_ns);
    sai_text_printf(line, ",\"file_size\":%llu", (unsigned long long)work->raw.stats[raw].size);
    put_final(line, scratch, work, raw);
    put_companions(line, scratch, &work->raw, raw);
    if (file->problem) {
        sai_text_puts(line, ",\"problem\":");
        sai_text_json_string(line, file->problem);
    }
    sai_text_puts(line, "}\n");
}

int sai_images_write(struct sai_project_work *work)
{
    struct sai_text text = {0}, scratch = {0};
    if (!work->extraction->images_open)
        return SELECTAI_OK;
    for (size_t i = 0; i < work->raw.count && !text.failed; i++) {
        put_row(&text, &scratch, work, i);
        if (text.failed || (text.length < FLUSH_BYTES && i + 1 < work->raw.count))
            continue;
        sai_atomic_write(&work->extraction->images, text.data, text.length);
        sai_text_clear(&text);
    }
    int rc = text.failed ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK;
    sai_text_free(&text);
    sai_text_free(&scratch);
    return rc;
}
