/*
 * embed/cache_part_index.c: reading and writing .idx files.
 *
 * Opening must not depend on the number of rows, so only the head is proved then: sizes, the CRC of the head and of the
 * projects. Each row carries a CRC of its own, which is looked at when the row is used; slots of the look-up tables are
 * proved by the comparison that follows each look-up. So whatever is damaged, at worst a row is not found.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/path.h"
#include "base/text.h"
#include "base/time.h"
#include "embed/cache_part_index.h"

#define MAGIC   "SELAIIDX"
#define VERSION 2u /* 1: without xxh64 */

struct head {
    char magic[8];
    uint32_t version;
    uint32_t head_crc32; /* of this struct with 0 here, continued over the projects */
    uint64_t n_rows, n_slots, n_path_bytes, n_projects, n_project_bytes;
    uint64_t jsonl_size;
    int64_t jsonl_mtime_ns;
    uint32_t jsonl_crc32;
    uint32_t body_crc32; /* of records, tables and paths */
    uint8_t reserved[48];
};
_Static_assert(sizeof(struct head) == 128, "the head of an index file");
_Static_assert(sizeof(struct sai_part_index_record) == 72, "a record of an index file");

char *sai_part_index_name(const char *jsonl_path)
{
    size_t n = strlen(jsonl_path), k = strlen(".jsonl");
    return sai_asprintf("%.*s.idx", (int)(n > k ? n - k : n), jsonl_path);
}

static uint32_t crc_of(uint32_t crc, const void *bytes, size_t n)
{
    return (uint32_t)crc32_z(crc, bytes, n);
}

static uint32_t head_crc(const struct head *head, const char *projects)
{
    struct head copy = *head;
    copy.head_crc32 = 0;
    return crc_of(crc_of(0, &copy, sizeof copy), projects, (size_t)head->n_project_bytes);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static int bad(const char *path, const char *what)
{
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: %s: delete it, the next run that writes makes it anew", path, what);
}

/* Whether the sections that the head names fill the file exactly. */
static bool sizes_fit(const struct head *head, size_t file_size)
{
    size_t sum = sizeof *head, part;
    if (head->n_rows > SAI_CACHE_NONE - 1 || head->n_slots > (uint64_t)1 << 34 || head->n_slots < 2 * head->n_rows ||
        (head->n_slots & (head->n_slots - 1)) != 0 || head->n_projects > head->n_project_bytes ||
        head->n_path_bytes > SIZE_MAX || head->n_project_bytes > SIZE_MAX)
        return false;
    return sai_mul_size(&part, (size_t)head->n_rows, sizeof(struct sai_part_index_record)) &&
           sai_add_size(&sum, sum, part) && sai_mul_size(&part, (size_t)head->n_slots, 3 * sizeof(uint64_t)) &&
           sai_add_size(&sum, sum, part) && sai_add_size(&sum, sum, (size_t)head->n_path_bytes) &&
           sai_add_size(&sum, sum, (size_t)head->n_project_bytes) && sum == file_size;
}

static bool projects_fit(const struct sai_part_index *index, size_t n_bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < n_bytes; i++)
        n += index->projects[i] == '\0';
    return n == index->n_projects && (n_bytes == 0 || index->projects[n_bytes - 1] == '\0');
}

static void point(struct sai_part_index *index, const struct head *head)
{
    uint8_t *at = (uint8_t *)index->file.base + sizeof *head;
    struct sai_cache_index *const tables[] = {&index->by_name, &index->by_path, &index->by_content};
    index->n_rows = (size_t)head->n_rows;
    index->n_projects = (size_t)head->n_projects;
    index->n_path_bytes = (size_t)head->n_path_bytes;
    index->body_crc32 = head->body_crc32;
    index->records = (const struct sai_part_index_record *)(const void *)at;
    at += index->n_rows * sizeof *index->records;
    for (int i = 0; i < 3; i++) {
        *tables[i] = (struct sai_cache_index){.slots = (uint64_t *)(void *)at, .n_slots = (size_t)head->n_slots};
        at += tables[i]->n_slots * sizeof(uint64_t);
    }
    index->paths = (const char *)at;
    index->projects = index->paths + index->n_path_bytes;
}

static int check_head(struct sai_part_index *index, struct head *head, const char *path)
{
    if (index->file.size < sizeof *head)
        return bad(path, "no index of a part, or cut off");
    memcpy(head, index->file.data, sizeof *head);
    if (memcmp(head->magic, MAGIC, sizeof head->magic) != 0)
        return bad(path, "no index of a part");
    if (head->version != VERSION)
        return SAI_FAIL(head->version == 1 ? SELECTAI_ERR_UNSUPPORTED : SELECTAI_ERR_FORMAT,
                        "%s: an index of version %u", path, head->version);
    if (!sizes_fit(head, index->file.size))
        return bad(path, "its size is not what its head says");
    point(index, head);
    if (head_crc(head, index->projects) != head->head_crc32 || !projects_fit(index, (size_t)head->n_project_bytes))
        return bad(path, "its head is damaged");
    return SELECTAI_OK;
}

/* By size and time; a copied folder has new times, so then by content. */
static int check_fresh(const struct head *head, const char *path, const char *jsonl_path)
{
    struct stat st;
    uint32_t crc = 0;
    uint64_t size = 0;
    if (stat(jsonl_path, &st) != 0)
        return SAI_FAIL_ERRNO("read", jsonl_path);
    bool fresh = (uint64_t)st.st_size == head->jsonl_size;
    if (fresh && sai_time_ns(&st.st_mtim) != head->jsonl_mtime_ns) {
        int rc = sai_file_crc32(&crc, &size, jsonl_path);
        if (rc != SELECTAI_OK)
            return rc;
        fresh = crc == head->jsonl_crc32;
    }
    return fresh ? SELECTAI_OK
                 : SAI_FAIL(SELECTAI_ERR_MISMATCH,
                            "%s: is not of %s as it is now: delete it, the next run that writes makes it anew", path,
                            sai_path_basename(jsonl_path));
}

int sai_part_index_open(struct sai_part_index **out, const char *path, const char *jsonl_path)
{
    struct head head;
    if (access(path, F_OK) != 0)
        return SELECTAI_ERR_NOT_FOUND;
    struct sai_part_index *index = sai_calloc(1, sizeof *index);
    int rc = index ? sai_file_map(&index->file, path) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = check_head(index, &head, path);
    if (rc == SELECTAI_OK)
        rc = check_fresh(&head, path, jsonl_path);
    if (rc == SELECTAI_OK)
        *out = index;
    else
        sai_part_index_close(&index);
    return rc;
}

void sai_part_index_close(struct sai_part_index **index)
{
    if (!*index)
        return;
    sai_file_unmap(&(*index)->file);
    sai_free(*index);
    *index = NULL;
}

const char *sai_part_index_path(const struct sai_part_index *index, const struct sai_part_index_record *record)
{
    if (record->path >= index->n_path_bytes || record->n_path >= index->n_path_bytes - record->path)
        return NULL;
    const char *path = index->paths + record->path;
    return path[record->n_path] == '\0' ? path : NULL;
}

bool sai_part_index_row(struct sai_cache_row *out, const struct sai_part_index *index, uint32_t i)
{
    const struct sai_part_index_record *record = &index->records[i];
    const char *path = sai_part_index_path(index, record);
    if (!path || record->project >= index->n_projects ||
        crc_of(crc_of(0, record, offsetof(struct sai_part_index_record, check)), path, record->n_path) != record->check)
        return false;
    *out = (struct sai_cache_row){.rel_path = path,
                                  .size = record->size,
                                  .mtime_ns = record->mtime_ns,
                                  .phash = record->phash,
                                  .xxh64 = record->xxh64,
                                  .project = record->project,
                                  .crc32 = record->crc32,
                                  .width = record->width,
                                  .height = record->height,
                                  .vector_crc32 = record->vector_crc32,
                                  .has_vector_crc32 = record->flags & SAI_PART_INDEX_HAS_VECTOR_CRC};
    return true;
}

bool sai_part_index_intact(const struct sai_part_index *index)
{
    const uint8_t *body = index->file.data + sizeof(struct head);
    return crc_of(0, body, (size_t)((const uint8_t *)index->projects - body)) == index->body_crc32;
}

/* ---- Writing --------------------------------------------------------------------------------- */

struct writing {
    struct sai_atomic_file file;
    struct head head;
    const struct sai_cache_table *table;
    size_t first, n;
    uint32_t *projects; /* the table's number -> the file's, SAI_CACHE_NONE: not in this part */
    struct sai_text names;
};

static void put_body(struct writing *w, const void *bytes, size_t n)
{
    w->head.body_crc32 = crc_of(w->head.body_crc32, bytes, n);
    sai_atomic_write(&w->file, bytes, n);
}

static void number_project(struct writing *w, uint32_t project)
{
    if (w->projects[project] != SAI_CACHE_NONE)
        return;
    w->projects[project] = (uint32_t)w->head.n_projects++;
    sai_text_add(&w->names, w->table->projects[project], strlen(w->table->projects[project]) + 1);
}

static void write_records(struct writing *w)
{
    for (size_t i = w->first; i < w->first + w->n; i++) {
        const struct sai_cache_row *row = &w->table->rows[i];
        number_project(w, row->project);
        struct sai_part_index_record record = {.size = row->size,
                                               .mtime_ns = row->mtime_ns,
                                               .phash = row->phash,
                                               .xxh64 = row->xxh64,
                                               .path = w->head.n_path_bytes,
                                               .n_path = (uint32_t)strlen(row->rel_path),
                                               .project = w->projects[row->project],
                                               .crc32 = row->crc32,
                                               .width = row->width,
                                               .height = row->height,
                                               .vector_crc32 = row->vector_crc32,
                                               .flags = row->has_vector_crc32 ? SAI_PART_INDEX_HAS_VECTOR_CRC : 0};
        record.check = crc_of(crc_of(0, &record, offsetof(struct sai_part_index_record, check)), row->rel_path,
                              record.n_path);
        w->head.n_path_bytes += (uint64_t)record.n_path + 1;
        put_body(w, &record, sizeof record);
    }
}

static int write_tables(struct writing *w)
{
    struct sai_cache_index tables[3] = {0};
    int rc = sai_cache_table_range(tables, w->table, w->first, w->n);
    for (int t = 0; t < 3 && rc == SELECTAI_OK; t++) {
        w->head.n_slots = tables[t].n_slots; /* all three have room for as many rows */
        for (size_t i = 0; i < tables[t].n_slots; i++)
            if (tables[t].slots[i] != 0)
                tables[t].slots[i] -= w->first; /* rows of the part, from 0 */
        put_body(w, tables[t].slots, tables[t].n_slots * sizeof(uint64_t));
    }
    for (int t = 0; t < 3; t++)
        sai_cache_index_free(&tables[t]);
    return rc;
}

static int write_all(struct writing *w)
{
    sai_atomic_write(&w->file, &w->head, sizeof w->head); /* written again when all is known */
    write_records(w);
    if (w->names.failed)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int rc = write_tables(w);
    if (rc != SELECTAI_OK)
        return rc;
    for (size_t i = w->first; i < w->first + w->n; i++)
        put_body(w, w->table->rows[i].rel_path, strlen(w->table->rows[i].rel_path) + 1);
    sai_atomic_write(&w->file, w->names.data, w->names.length);
    w->head.n_project_bytes = w->names.length;
    w->head.head_crc32 = head_crc(&w->head, w->names.data);
    if (!w->file.failed && fseek(w->file.stream, 0, SEEK_SET) != 0)
        w->file.failed = errno;
    sai_atomic_write(&w->file, &w->head, sizeof w->head);
    return SELECTAI_OK;
}

int sai_part_index_write(const char *path, const char *jsonl_path, const struct sai_cache_table *table, size_t first,
                         size_t n)
{
    struct writing w = {
        .head = {.magic = MAGIC, .version = VERSION, .n_rows = n}, .table = table, .first = first, .n = n};
    struct stat st;
    int rc = sai_file_crc32(&w.head.jsonl_crc32, &w.head.jsonl_size, jsonl_path);
    if (rc == SELECTAI_OK && stat(jsonl_path, &st) != 0)
        rc = SAI_FAIL_ERRNO("read", jsonl_path);
    if (rc == SELECTAI_OK && !(w.projects = sai_malloc_array(table->n_projects, sizeof *w.projects)))
        rc = SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = sai_atomic_open(&w.file, path);
    if (rc == SELECTAI_OK) {
        w.head.jsonl_mtime_ns = sai_time_ns(&st.st_mtim);
        memset(w.projects, 0xff, table->n_projects * sizeof *w.projects);
        rc = write_all(&w);
        if (rc == SELECTAI_OK)
            rc = sai_atomic_commit(&w.file);
        else
            sai_atomic_discard(&w.file);
    }
    sai_text_free(&w.names);
    sai_free(w.projects);
    return rc;
}
