/*
 * trainset/crop_journal.c: see crop_journal.h.
 *
 * A line is its key, `,"result":{...}`, and a CRC-32 of all that. Keys are compared as text: they are always written in
 * the same way.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "base/file.h"
#include "base/json.h"
#include "base/time.h"
#include "project/name_index.h"
#include "trainset/crop_journal.h"
#include "trainset/entry.h"

#define MAX_BYTES     (INT64_C(1) << 30)
#define FLUSH_BYTES   65536u
#define FLUSH_SECONDS 1 /* of the clock: at most that later, often less */
#define HEADER        "{\"selectai\":\"crop journal\",\"version\":1}\n"
#define RESULT        ",\"result\":"
#define CRC_FORMAT    ",\"crc\":\"%08lx\"}"
#define CRC_BYTES     18u /* of the text that this makes */

struct sai_crop_journal {
    char *path, *known; /* known: the file as it was */
    const char *check;
    struct sai_name_index index; /* keys in `known`; each is followed by RESULT and as many bytes as its value says */

    pthread_mutex_t lock; /* of all below */
    struct sai_text unwritten;
    struct timespec flushed;
    int fd;     /* -1: not open yet */
    bool fresh; /* this run made the file, and nothing useful stands in it yet */
    int code;
    struct sai_error_copy error; /* where code is not OK */
};

/* ---- Reading --------------------------------------------------------------------------------- */

static const char *find_text(const char *text, size_t n, const char *wanted)
{
    return memmem(text, n, wanted, strlen(wanted));
}

/* n: without the line's end. Whatever is not as it was written is passed over. */
static int learn_line(struct sai_crop_journal *journal, const char *line, size_t n)
{
    char crc[CRC_BYTES + 1];
    if (n <= CRC_BYTES || n > UINT32_MAX)
        return SELECTAI_OK;
    size_t body = n - CRC_BYTES;
    snprintf(crc, sizeof crc, CRC_FORMAT, crc32(crc32(0, NULL, 0), (const Bytef *)line, (uInt)body));
    /* Within a JSON string its quotes would be escaped: the first one found is the member. */
    const char *result = find_text(line, body, RESULT);
    if (memcmp(line + body, crc, CRC_BYTES) != 0 || !result)
        return SELECTAI_OK;
    size_t key = (size_t)(result - line);
    return sai_name_index_add(&journal->index, line, key, (uint32_t)(body - key - strlen(RESULT)));
}

static int learn_lines(struct sai_crop_journal *journal, size_t n)
{
    const char *line = journal->known, *end = line + n, *stop;
    int rc = SELECTAI_OK;
    while (rc == SELECTAI_OK && (stop = memchr(line, '\n', (size_t)(end - line))) != NULL) {
        rc = learn_line(journal, line, (size_t)(stop - line));
        line = stop + 1;
    }
    return rc; /* behind the last line's end: torn */
}

/* `text` is the beginning of the file, all of it if that is shorter. A killed run may have torn even the first line. */
static bool is_journal(const char *text, size_t n)
{
    size_t header = strlen(HEADER);
    return memcmp(text, HEADER, n < header ? n : header) == 0;
}

static int not_a_journal(const char *path)
{
    return SAI_FAIL(SELECTAI_ERR_FORMAT,
                    "%s: is no crop journal, and is not written over: give another name or remove it", path);
}

static int read_known(struct sai_crop_journal *journal)
{
    struct stat st;
    void *bytes = NULL;
    size_t n = 0;
    if (stat(journal->path, &st) != 0) {
        if (errno == ENOENT)
            return SELECTAI_OK;
        return SAI_FAIL_ERRNO("read", journal->path);
    }
    if (st.st_size > MAX_BYTES)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "%s: holds %lld bytes, more than are read again: remove it", journal->path,
                        (long long)st.st_size);
    int rc = sai_file_read(&bytes, &n, journal->path, MAX_BYTES);
    if (rc != SELECTAI_OK)
        return rc;
    journal->known = bytes;
    return is_journal(journal->known, n) ? learn_lines(journal, n) : not_a_journal(journal->path);
}

int sai_crop_journal_open(struct sai_crop_journal **out, const char *path, int32_t crop_check)
{
    struct sai_crop_journal *journal = sai_calloc(1, sizeof *journal);
    if (!journal)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    journal->fd = -1;
    pthread_mutex_init(&journal->lock, NULL);
    clock_gettime(CLOCK_MONOTONIC, &journal->flushed);
    journal->check = crop_check == SELECTAI_CROP_CHECK_PIXELS ? "pixels" : "auto";
    journal->path = sai_strdup(path);
    int rc = journal->path ? read_known(journal) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc != SELECTAI_OK)
        sai_crop_journal_close(&journal);
    else
        *out = journal;
    return rc;
}

void sai_crop_journal_close(struct sai_crop_journal **journal)
{
    if (!*journal)
        return;
    (void)sai_crop_journal_flush(*journal); /* an error was told by the flush before */
    if ((*journal)->fd >= 0)
        close((*journal)->fd);
    pthread_mutex_destroy(&(*journal)->lock);
    sai_text_free(&(*journal)->unwritten);
    sai_name_index_free(&(*journal)->index);
    sai_free((*journal)->known);
    sai_free((*journal)->path);
    sai_free(*journal);
    *journal = NULL;
}

/* ---- Lines ----------------------------------------------------------------------------------- */

/* ctime, too: it tells a file whose content was changed and whose size and time were put back. */
static void put_file(struct sai_text *text, const char *name, const char *rel, const struct stat *st)
{
    sai_text_printf(text, ",\"%s\":", name);
    sai_text_json_string(text, rel);
    sai_text_printf(text, ",\"%s_size\":%lld,\"%s_mtime_ns\":%lld,\"%s_ctime_ns\":%lld", name, (long long)st->st_size,
                    name, (long long)sai_time_ns(&st->st_mtim), name, (long long)sai_time_ns(&st->st_ctim));
}

static void put_key(struct sai_text *text, const struct sai_crop_journal *journal, const struct sai_crop_pair *pair)
{
    sai_text_puts(text, "{\"project\":");
    sai_text_json_string(text, pair->project);
    put_file(text, "raw", pair->raw, &pair->raw_stat);
    put_file(text, "final", pair->final, &pair->final_stat);
    sai_text_printf(text, ",\"check\":\"%s\",\"method_version\":\"%s/%d\"", journal->check, selectai_version_string(),
                    SAI_CROP_METHOD_VERSION);
}

static void put_result(struct sai_text *text, const struct sai_crop *crop)
{
    sai_text_printf(text, RESULT "{\"was_cropped\":%s,\"evidence\":\"%s\",\"method\":\"%s\"",
                    crop->was_cropped == 1 ? "true" : "false", sai_word_of(sai_words_crop_evidence, crop->evidence),
                    sai_word_of(sai_words_crop_method, crop->method));
    if (crop->has_box)
        sai_text_printf(text, ",\"box\":[%d,%d,%d,%d]", crop->box.x1, crop->box.y1, crop->box.x2, crop->box.y2);
    sai_text_printf(text, ",\"width\":%u,\"height\":%u,\"residual\":", crop->width, crop->height);
    sai_text_json_number(text, crop->residual);
    sai_text_puts(text, "}");
}

/* Names that are no UTF-8 have no text of their own. */
static bool has_key(const struct sai_crop_pair *pair)
{
    return sai_utf8_valid(pair->raw, strlen(pair->raw)) && sai_utf8_valid(pair->final, strlen(pair->final));
}

static bool read_box(struct sai_crop *crop, const json_t *box)
{
    int64_t edge[4];
    for (size_t i = 0; i < 4; i++) {
        const json_t *value = json_array_get(box, i);
        int64_t limit = i % 2 ? crop->height : crop->width;
        edge[i] = json_is_integer(value) ? (int64_t)json_integer_value(value) : -1;
        if (edge[i] < 0 || edge[i] > limit || edge[i] > INT32_MAX)
            return false;
    }
    crop->box = (struct selectai_pixel_box){(int32_t)edge[0], (int32_t)edge[1], (int32_t)edge[2], (int32_t)edge[3]};
    crop->has_box = 1;
    return edge[0] < edge[2] && edge[1] < edge[3] && crop->was_cropped == 1;
}

static bool read_result(struct sai_crop *crop, const json_t *result)
{
    const json_t *cropped = json_object_get(result, "was_cropped"), *box = json_object_get(result, "box");
    int64_t width = sai_json_integer(result, "width", -1), height = sai_json_integer(result, "height", -1);
    if (!json_is_boolean(cropped) || width < 0 || width > UINT32_MAX || height < 0 || height > UINT32_MAX)
        return false;
    *crop = (struct sai_crop){.was_cropped = json_is_true(cropped),
                              .compared = true,
                              .width = (uint32_t)width,
                              .height = (uint32_t)height,
                              .residual = sai_json_number(result, "residual", NAN)};
    return sai_word_value(&crop->evidence, sai_words_crop_evidence, sai_json_string(result, "evidence", "")) &&
           sai_word_value(&crop->method, sai_words_crop_method, sai_json_string(result, "method", "")) &&
           (!box || read_box(crop, box));
}

int sai_crop_journal_find(bool *found, struct sai_crop *crop, const struct sai_crop_journal *journal,
                          const struct sai_crop_pair *pair)
{
    struct sai_text key = {0};
    json_t *result = NULL;
    *found = false;
    if (journal->index.count == 0 || !has_key(pair))
        return SELECTAI_OK;
    put_key(&key, journal, pair);
    uint32_t at = key.failed ? SAI_INDEX_END : sai_name_index_find(&journal->index, key.data, key.length);
    int rc = key.failed ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK;
    sai_text_free(&key);
    if (at == SAI_INDEX_END)
        return rc;
    const struct sai_name_item *item = &journal->index.items[at];
    const char *text = (const char *)item->key + item->length + strlen(RESULT);
    struct sai_crop known;
    rc = sai_json_parse(&result, text, item->value, journal->path, 0);
    *found = rc == SELECTAI_OK && read_result(&known, result);
    if (*found)
        *crop = known;
    json_decref(result);
    return rc == SELECTAI_ERR_OUT_OF_MEMORY ? rc : SELECTAI_OK;
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* The file may have come into being since it was read. */
static int check_open_file(bool *torn, off_t *size, struct sai_crop_journal *journal)
{
    struct stat st;
    char begin[sizeof HEADER], last;
    if (fstat(journal->fd, &st) != 0)
        return SAI_FAIL_ERRNO("read", journal->path);
    if (!S_ISREG(st.st_mode))
        return not_a_journal(journal->path);
    *size = st.st_size;
    ssize_t n = pread(journal->fd, begin, strlen(HEADER), 0);
    if (n < 0 || (*size > 0 && pread(journal->fd, &last, 1, *size - 1) != 1))
        return SAI_FAIL_ERRNO("read", journal->path);
    if (!is_journal(begin, (size_t)n))
        return not_a_journal(journal->path);
    *torn = *size > 0 && last != '\n';
    if (*size < (off_t)strlen(HEADER) && *size > 0) {
        *torn = false;
        *size = 0;
        if (ftruncate(journal->fd, 0) != 0)
            return SAI_FAIL_ERRNO("write", journal->path);
    }
    return SELECTAI_OK;
}

static int write_all(struct sai_crop_journal *journal, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t k = write(journal->fd, text, n);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return SAI_FAIL_ERRNO("write", journal->path);
        text += k;
        n -= (size_t)k;
    }
    return SELECTAI_OK;
}

/* Of two runs that begin at once, one writes the head. Where there are no locks, the worst is a file that is refused.
 */
static int open_file(struct sai_crop_journal *journal)
{
    bool torn = false;
    off_t size = 0;
    journal->fd = open(journal->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0666);
    if (journal->fd < 0)
        return SAI_FAIL_ERRNO("write", journal->path);
    (void)flock(journal->fd, LOCK_EX);
    int rc = check_open_file(&torn, &size, journal);
    journal->fresh = rc == SELECTAI_OK && size == 0;
    if (journal->fresh)
        rc = write_all(journal, HEADER, strlen(HEADER));
    if (rc == SELECTAI_OK && torn)
        rc = write_all(journal, "\n", 1);
    (void)flock(journal->fd, LOCK_UN);
    return rc;
}

/* With the lock held. */
static void write_noted(struct sai_crop_journal *journal)
{
    int rc = journal->fd >= 0 ? SELECTAI_OK : open_file(journal);
    if (rc == SELECTAI_OK)
        rc = write_all(journal, journal->unwritten.data, journal->unwritten.length);
    if (rc != SELECTAI_OK) {
        journal->code = rc;
        sai_error_save(&journal->error);
        if (journal->fresh)
            (void)unlink(journal->path);
    }
    journal->fresh = false;
    sai_text_clear(&journal->unwritten);
    clock_gettime(CLOCK_MONOTONIC, &journal->flushed);
}

static bool is_due(const struct sai_crop_journal *journal)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return journal->unwritten.length >= FLUSH_BYTES || now.tv_sec - journal->flushed.tv_sec >= FLUSH_SECONDS;
}

int sai_crop_journal_add(struct sai_crop_journal *journal, const struct sai_crop_pair *pair,
                         const struct sai_crop *crop)
{
    struct sai_text line = {0};
    if (!has_key(pair))
        return SELECTAI_OK;
    put_key(&line, journal, pair);
    put_result(&line, crop);
    if (!line.failed)
        sai_text_printf(&line, CRC_FORMAT "\n", crc32(crc32(0, NULL, 0), (const Bytef *)line.data, (uInt)line.length));
    pthread_mutex_lock(&journal->lock);
    if (!line.failed && journal->code == SELECTAI_OK) {
        sai_text_add(&journal->unwritten, line.data, line.length);
        line.failed = journal->unwritten.failed;
        if (!line.failed && is_due(journal))
            write_noted(journal);
    }
    pthread_mutex_unlock(&journal->lock);
    int rc = line.failed ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK;
    sai_text_free(&line);
    return rc;
}

int sai_crop_journal_flush(struct sai_crop_journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    if (journal->code == SELECTAI_OK && journal->unwritten.length > 0)
        write_noted(journal);
    int rc = journal->code;
    if (rc != SELECTAI_OK && rc != SELECTAI_DONE)
        sai_error_restore(&journal->error);
    if (rc != SELECTAI_OK)
        journal->code = SELECTAI_DONE; /* told, and nothing more is written */
    pthread_mutex_unlock(&journal->lock);
    return rc == SELECTAI_DONE ? SELECTAI_OK : rc;
}
