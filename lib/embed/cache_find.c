/*
 * embed/cache_find.c: finding rows by name, by path and by content, in memory and in the index files of parts.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/path.h"
#include "base/rng.h"
#include "embed/cache_part_index.h"

enum key { KEY_NAME, KEY_PATH, KEY_CONTENT };

/* What is looked for. */
struct wanted {
    enum key key;
    uint32_t project, hash;
    const char *text; /* KEY_NAME, KEY_PATH */
    size_t n_text;
    uint64_t size, xxh64; /* KEY_CONTENT */
    uint32_t crc32;
    bool any_xxh64; /* KEY_CONTENT: by size and crc32 alone */
};

/* ---- Keys ------------------------------------------------------------------------------------ */

static void hash_wanted(struct wanted *wanted, const struct sai_cache_table *table)
{
    const uint64_t seed = table->project_hashes[wanted->project], words[2] = {wanted->size, wanted->crc32};
    wanted->hash = (uint32_t)(wanted->key == KEY_CONTENT ? sai_hash_bytes(words, sizeof words, seed)
                                                         : sai_hash_bytes(wanted->text, wanted->n_text, seed));
}

/* The key of a row in memory. */
static struct wanted key_of(const struct sai_cache_table *table, const struct sai_cache_row *row, enum key key)
{
    const char *text = key == KEY_NAME ? sai_path_basename(row->rel_path) : row->rel_path;
    struct wanted wanted = {.key = key, .project = row->project, .text = text, .size = row->size, .crc32 = row->crc32};
    wanted.xxh64 = row->xxh64;
    wanted.n_text = key == KEY_CONTENT ? 0 : strlen(text);
    hash_wanted(&wanted, table);
    return wanted;
}

static bool same_text(const struct wanted *wanted, const char *path, size_t n)
{
    size_t k = wanted->n_text;
    return wanted->key == KEY_PATH
               ? n == k && memcmp(path, wanted->text, k) == 0
               : n >= k && memcmp(path + n - k, wanted->text, k) == 0 && (n == k || path[n - k - 1] == '/');
}

/* The hash is of size and crc32 only, so that both kinds of look-up find the slots. */
static bool same_content(const struct wanted *wanted, uint64_t size, uint32_t crc32, uint64_t xxh64)
{
    return size == wanted->size && crc32 == wanted->crc32 && (wanted->any_xxh64 || xxh64 == wanted->xxh64);
}

static bool row_matches(const struct sai_cache_row *row, const struct wanted *wanted)
{
    if (row->project != wanted->project)
        return false;
    return wanted->key == KEY_CONTENT ? same_content(wanted, row->size, row->crc32, row->xxh64)
                                      : same_text(wanted, row->rel_path, strlen(row->rel_path));
}

static bool record_matches(const struct sai_cache_segment *segment, uint32_t i, const struct wanted *wanted)
{
    if (i >= segment->index->n_rows)
        return false;
    const struct sai_part_index_record *record = &segment->index->records[i];
    if (record->project >= segment->index->n_projects || segment->projects[record->project] != wanted->project)
        return false;
    if (wanted->key == KEY_CONTENT)
        return same_content(wanted, record->size, record->crc32, record->xxh64);
    const char *path = sai_part_index_path(segment->index, record);
    return path && same_text(wanted, path, record->n_path);
}

/* ---- Look-ups -------------------------------------------------------------------------------- */

static const struct sai_cache_index *pick(const struct sai_cache_index *by_name, const struct sai_cache_index *by_path,
                                          const struct sai_cache_index *by_content, enum key key)
{
    return key == KEY_NAME ? by_name : key == KEY_PATH ? by_path : by_content;
}

static uint32_t matching(const struct sai_cache_table *table, const struct sai_cache_index *index, uint32_t i,
                         const struct wanted *wanted, size_t *cursor)
{
    while (i != SAI_CACHE_NONE && !row_matches(&table->rows[i], wanted))
        i = sai_cache_index_next(index, wanted->hash, cursor);
    return i;
}

/* The first, or after *inside the next, row of a source: 0 is memory, k is segment k - 1. */
static uint32_t next_in(const struct sai_cache_table *table, size_t source, const struct wanted *wanted, size_t *cursor,
                        bool *inside)
{
    const struct sai_cache_segment *segment = source ? &table->segments[source - 1] : NULL;
    const struct sai_cache_index *index = segment
                                              ? pick(&segment->index->by_name, &segment->index->by_path,
                                                     &segment->index->by_content, wanted->key)
                                              : pick(&table->by_name, &table->by_path, &table->by_content, wanted->key);
    uint32_t i = *inside ? sai_cache_index_next(index, wanted->hash, cursor)
                         : sai_cache_index_first(index, wanted->hash, cursor);
    *inside = true;
    if (!segment)
        return matching(table, index, i, wanted, cursor);
    /* By name there may be several: whoever wants more than their numbers asks for the rows. */
    while (i != SAI_CACHE_NONE && (!record_matches(segment, i, wanted) ||
                                   (wanted->key != KEY_NAME && !sai_cache_table_row(table, segment->first_row + i))))
        i = sai_cache_index_next(index, wanted->hash, cursor);
    return i == SAI_CACHE_NONE ? i : (uint32_t)(segment->first_row + i);
}

/* Within a source the tables know the last row of a key; sources lie one behind the other. */
static uint32_t find_last(const struct sai_cache_table *table, const struct wanted *wanted)
{
    uint32_t best = SAI_CACHE_NONE;
    for (size_t source = table->n_in_memory ? 0 : 1; source <= table->n_segments; source++) {
        size_t cursor;
        bool inside = false;
        uint32_t i = next_in(table, source, wanted, &cursor, &inside);
        if (i != SAI_CACHE_NONE && (best == SAI_CACHE_NONE || i > best))
            best = i;
    }
    return best;
}

static uint32_t find(const struct sai_cache_table *table, const char *project, struct wanted *wanted)
{
    wanted->project = sai_cache_table_project(table, project, strlen(project));
    if (wanted->project == SAI_CACHE_NONE)
        return SAI_CACHE_NONE;
    hash_wanted(wanted, table);
    return find_last(table, wanted);
}

uint32_t sai_cache_table_find_path(const struct sai_cache_table *table, const char *project, const char *rel_path)
{
    struct wanted wanted = {.key = KEY_PATH, .text = rel_path, .n_text = strlen(rel_path)};
    return find(table, project, &wanted);
}

uint32_t sai_cache_table_find_content(const struct sai_cache_table *table, const char *project, uint64_t size,
                                      uint32_t crc32, uint64_t xxh64)
{
    struct wanted wanted = {.key = KEY_CONTENT, .size = size, .crc32 = crc32, .xxh64 = xxh64};
    return size && xxh64 ? find(table, project, &wanted) : SAI_CACHE_NONE;
}

uint32_t sai_cache_table_find_checksum(bool *differ, const struct sai_cache_table *table, const char *project,
                                       uint64_t size, uint32_t crc32)
{
    struct wanted wanted = {.key = KEY_CONTENT, .size = size, .crc32 = crc32, .any_xxh64 = true};
    uint32_t best = SAI_CACHE_NONE;
    uint64_t known = 0;
    *differ = false;
    wanted.project = sai_cache_table_project(table, project, strlen(project));
    if (size == 0 || wanted.project == SAI_CACHE_NONE)
        return SAI_CACHE_NONE;
    hash_wanted(&wanted, table);
    for (size_t source = table->n_in_memory ? 0 : 1; source <= table->n_segments; source++) {
        size_t cursor;
        bool inside = false;
        uint32_t i;
        while ((i = next_in(table, source, &wanted, &cursor, &inside)) != SAI_CACHE_NONE) {
            const uint64_t it = table->rows[i].xxh64;
            *differ = *differ || (it && known && it != known); /* a row without may be of the same content */
            known = it ? it : known;
            if (best == SAI_CACHE_NONE || i > best)
                best = i;
        }
    }
    return best;
}

bool sai_cache_table_is_latest(const struct sai_cache_table *table, size_t i)
{
    const struct sai_cache_row *row = sai_cache_table_row(table, i);
    if (!row)
        return false;
    const struct wanted wanted = key_of(table, row, KEY_PATH);
    return find_last(table, &wanted) == i;
}

uint32_t sai_cache_table_next_name(const struct sai_cache_table *table, struct sai_cache_name_search *search,
                                   const char *project, const char *filename)
{
    struct wanted wanted = {.key = KEY_NAME, .text = filename, .n_text = strlen(filename)};
    const bool alone = table->n_segments + (table->n_in_memory > 0) <= 1;
    if (!search->started) {
        *search = (struct sai_cache_name_search){.started = true, .source = table->n_in_memory ? 0 : 1};
        search->project = sai_cache_table_project(table, project, strlen(project));
        wanted.project = search->project;
        if (search->project != SAI_CACHE_NONE)
            hash_wanted(&wanted, table);
        search->hash = wanted.hash;
    }
    if (search->project == SAI_CACHE_NONE)
        return SAI_CACHE_NONE;
    wanted.project = search->project;
    wanted.hash = search->hash;
    for (; search->source <= table->n_segments; search->source++, search->inside = false) {
        uint32_t i;
        while ((i = next_in(table, search->source, &wanted, &search->cursor, &search->inside)) != SAI_CACHE_NONE)
            if (alone || sai_cache_table_is_latest(table, i)) /* another source may know a later row of this path */
                return i;
    }
    return SAI_CACHE_NONE;
}

/* ---- Filing rows in memory ------------------------------------------------------------------- */

static void file_row(const struct sai_cache_table *table, struct sai_cache_index *index, uint32_t number, enum key key)
{
    size_t cursor;
    const struct sai_cache_row *row = &table->rows[number];
    if (key == KEY_CONTENT && row->size == 0)
        return; /* not known */
    struct wanted wanted = key_of(table, row, key);
    const uint32_t hash = wanted.hash;
    if (key == KEY_NAME) { /* files of one name in different folders are all kept under the name */
        wanted = key_of(table, row, KEY_PATH);
        wanted.hash = hash;
    }
    uint32_t i = matching(table, index, sai_cache_index_first(index, hash, &cursor), &wanted, &cursor);
    if (i != SAI_CACHE_NONE)
        sai_cache_index_replace(index, cursor, number);
    else
        sai_cache_index_add(index, hash, number);
}

static int reserve(struct sai_cache_index *by_name, struct sai_cache_index *by_path, struct sai_cache_index *by_content,
                   size_t more)
{
    int rc = sai_cache_index_reserve(by_name, more);
    if (rc == SELECTAI_OK)
        rc = sai_cache_index_reserve(by_path, more);
    return rc == SELECTAI_OK ? sai_cache_index_reserve(by_content, more) : rc;
}

/* Rows of segments are found through the segment's own tables. */
static void index_row(struct sai_cache_table *table, size_t i)
{
    file_row(table, &table->by_name, (uint32_t)i, KEY_NAME);
    file_row(table, &table->by_path, (uint32_t)i, KEY_PATH);
    file_row(table, &table->by_content, (uint32_t)i, KEY_CONTENT);
}

int sai_cache_table_index(struct sai_cache_table *table)
{
    size_t more = 0;
    for (size_t i = table->n_indexed; i < table->n_rows;) {
        const struct sai_cache_segment *segment = sai_cache_table_segment(table, i);
        more += !segment;
        i = segment ? segment->first_row + segment->index->n_rows : i + 1;
    }
    int rc = reserve(&table->by_name, &table->by_path, &table->by_content, more);
    while (rc == SELECTAI_OK && table->n_indexed < table->n_rows) {
        const struct sai_cache_segment *segment = sai_cache_table_segment(table, table->n_indexed);
        if (!segment)
            index_row(table, table->n_indexed);
        table->n_indexed = segment ? segment->first_row + segment->index->n_rows : table->n_indexed + 1;
    }
    return rc;
}

int sai_cache_table_range(struct sai_cache_index out[3], const struct sai_cache_table *table, size_t first, size_t n)
{
    int rc = reserve(&out[0], &out[1], &out[2], n);
    for (size_t i = first; rc == SELECTAI_OK && i < first + n; i++) {
        file_row(table, &out[0], (uint32_t)i, KEY_NAME);
        file_row(table, &out[1], (uint32_t)i, KEY_PATH);
        file_row(table, &out[2], (uint32_t)i, KEY_CONTENT);
    }
    return rc;
}
