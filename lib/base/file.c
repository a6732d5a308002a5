/*
 * base/file.c: whole reads, mappings, atomic writes.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/file.h"
#include "base/path.h"

#define MAX_NAMES 1000 /* tried for a temporary file */

/* Opens a regular file for reading and tells its size; never blocks on a FIFO. */
static int open_regular(int *fd, uint64_t *size, const char *path)
{
    struct stat st;
    int handle = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (handle < 0)
        return SAI_FAIL_ERRNO("open", path);
    int rc = SELECTAI_OK;
    if (fstat(handle, &st) != 0)
        rc = SAI_FAIL_ERRNO("read", path);
    else if (S_ISDIR(st.st_mode))
        rc = SAI_FAIL(SELECTAI_ERR_IS_A_DIRECTORY, "%s: is a folder, a file is needed", path);
    else if (!S_ISREG(st.st_mode))
        rc = SAI_FAIL(SELECTAI_ERR_UNSUPPORTED, "%s: is not a regular file", path);
    if (rc != SELECTAI_OK) {
        close(handle);
        return rc;
    }
    *fd = handle;
    *size = (uint64_t)st.st_size;
    return SELECTAI_OK;
}

/* Reads up to n bytes; *got < n only at the end of the file. */
static int read_fully(int fd, void *bytes, size_t n, size_t *got, const char *path)
{
    size_t done = 0;
    while (done < n) {
        ssize_t k = read(fd, (char *)bytes + done, n - done);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return SAI_FAIL_ERRNO("read", path);
        if (k == 0)
            break;
        done += (size_t)k;
    }
    *got = done;
    return SELECTAI_OK;
}

int sai_file_read(void **bytes, size_t *n, const char *path, uint64_t max_bytes)
{
    int fd;
    uint64_t size;
    int rc = open_regular(&fd, &size, path);
    if (rc != SELECTAI_OK)
        return rc;
    uint8_t *data = NULL;
    if (size > max_bytes || size >= SIZE_MAX)
        rc = SAI_FAIL(SELECTAI_ERR_LIMIT, "%s: %llu bytes, at most %llu are read", path, (unsigned long long)size,
                      (unsigned long long)max_bytes);
    else if (!(data = sai_large_malloc((size_t)size + 1)))
        rc = SELECTAI_ERR_OUT_OF_MEMORY;
    else
        rc = read_fully(fd, data, (size_t)size, n, path);
    close(fd);
    if (rc != SELECTAI_OK) {
        sai_free(data);
        return rc;
    }
    data[*n] = 0;
    *bytes = data;
    return SELECTAI_OK;
}

int sai_file_map(struct sai_mapping *out, const char *path)
{
    static const uint8_t empty[1];
    int fd = -1;
    uint64_t size = 0;
    int rc = open_regular(&fd, &size, path);
    if (rc != SELECTAI_OK)
        return rc;
    *out = (struct sai_mapping){.data = empty};
    if (size > 0) {
        void *base = size >= SIZE_MAX ? MAP_FAILED : mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (base == MAP_FAILED)
            rc = SAI_FAIL_ERRNO("map", path);
        else
            *out = (struct sai_mapping){.data = base, .size = (size_t)size, .base = base};
    }
    close(fd);
    return rc;
}

void sai_file_unmap(struct sai_mapping *mapping)
{
    if (mapping->base)
        munmap(mapping->base, mapping->size);
    *mapping = (struct sai_mapping){0};
}

int sai_file_crc32(uint32_t *crc, uint64_t *size, const char *path)
{
    int fd;
    uint64_t total = 0;
    uLong sum = crc32(0, NULL, 0);
    int rc = open_regular(&fd, &total, path);
    if (rc != SELECTAI_OK)
        return rc;
    const size_t chunk = 1 << 18;
    uint8_t *buffer = sai_malloc(chunk);
    size_t got = buffer ? chunk : 0;
    rc = buffer ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (total = 0; rc == SELECTAI_OK && got == chunk;) {
        rc = read_fully(fd, buffer, chunk, &got, path);
        if (rc == SELECTAI_OK) {
            sum = crc32(sum, buffer, (uInt)got);
            total += got;
        }
    }
    close(fd);
    sai_free(buffer);
    *crc = (uint32_t)sum;
    *size = total;
    return rc;
}

/* ---- Atomic writing -------------------------------------------------------------------------- */

/* A symbolic link is written through, not replaced: what it points to, if that exists, else the path itself. */
static char *target_of(const char *path)
{
    struct stat st;
    char *real = lstat(path, &st) == 0 && S_ISLNK(st.st_mode) ? realpath(path, NULL) : NULL;
    return real ? real : sai_strdup(path);
}

/* A file that a killed process of the same number left behind is in the way: the next name is tried. */
static int open_temporary(struct sai_atomic_file *file)
{
    static atomic_uint counter; /* only makes names unique within the process */
    int fd = -1;
    for (int i = 0; i < MAX_NAMES && fd < 0; i++) {
        sai_free(file->temporary);
        file->temporary = sai_asprintf("%s.tmp-%ld-%u", file->path, (long)getpid(),
                                       atomic_fetch_add_explicit(&counter, 1, memory_order_relaxed));
        if (!file->temporary)
            return SELECTAI_ERR_OUT_OF_MEMORY;
        fd = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    if (fd >= 0 && !(file->stream = fdopen(fd, "wb"))) {
        int err = errno;
        close(fd);
        unlink(file->temporary);
        errno = err;
    }
    if (file->stream)
        return SELECTAI_OK;
    int rc = SAI_FAIL_ERRNO("write", file->path);
    sai_free(file->temporary); /* nothing to remove */
    file->temporary = NULL;
    return rc;
}

int sai_atomic_open(struct sai_atomic_file *file, const char *path)
{
    struct stat st;
    *file = (struct sai_atomic_file){0};
    if (sai_path_is_directory(path))
        return SAI_FAIL(SELECTAI_ERR_IS_A_DIRECTORY, "%s: is a folder, a file name is needed", path);
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) /* a device or pipe would be gone, a file in its place */
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED, "%s: is no regular file: choose another output", path);
    file->path = target_of(path);
    int rc = file->path ? open_temporary(file) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc != SELECTAI_OK)
        sai_atomic_discard(file);
    return rc;
}

static int something_there(const char *path)
{
    return SAI_FAIL(SELECTAI_ERR_EXISTS, "%s: something of that name is there; choose another name", path);
}

int sai_atomic_open_new(struct sai_atomic_file *file, const char *path)
{
    struct stat st;
    *file = (struct sai_atomic_file){0};
    if (lstat(path, &st) == 0)
        return something_there(path);
    file->only_new = true;
    file->path = sai_strdup(path);
    int rc = file->path ? open_temporary(file) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc != SELECTAI_OK)
        sai_atomic_discard(file);
    return rc;
}

void sai_atomic_write(struct sai_atomic_file *file, const void *bytes, size_t n)
{
    if (n > 0 && !file->failed && fwrite(bytes, 1, n, file->stream) != n)
        file->failed = errno ? errno : EIO;
}

void sai_atomic_puts(struct sai_atomic_file *file, const char *text)
{
    sai_atomic_write(file, text, strlen(text));
}

/* A rename is durable only once the folder is synced; a file system that cannot do that is no reason to fail. */
static void sync_folder_of(const char *path)
{
    char *folder = sai_path_dirname(path);
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    sai_free(folder);
}

/* In one step, so that nobody can come between a look and the rename. */
static int rename_to_nothing(const char *from, const char *to)
{
#ifdef RENAME_NOREPLACE
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
        return -1;
#endif
    if (link(from, to) != 0) /* file systems that cannot rename so can link */
        return -1;
    unlink(from);
    return 0;
}

static int put_in_place(const struct sai_atomic_file *file)
{
    return file->only_new ? rename_to_nothing(file->temporary, file->path) : rename(file->temporary, file->path);
}

int sai_atomic_commit(struct sai_atomic_file *file)
{
    if (!file->failed && (fflush(file->stream) != 0 || fsync(fileno(file->stream)) != 0))
        file->failed = errno;
    if (fclose(file->stream) != 0 && !file->failed)
        file->failed = errno;
    file->stream = NULL;
    if (!file->failed && put_in_place(file) != 0)
        file->failed = errno;
    if (file->failed) {
        errno = file->failed;
        int rc = errno == EEXIST && file->only_new ? something_there(file->path) : SAI_FAIL_ERRNO("write", file->path);
        sai_atomic_discard(file);
        return rc;
    }
    sync_folder_of(file->path);
    sai_free(file->temporary);
    file->temporary = NULL; /* it is the final file now */
    sai_atomic_discard(file);
    return SELECTAI_OK;
}

void sai_atomic_discard(struct sai_atomic_file *file)
{
    if (file->stream)
        fclose(file->stream);
    if (file->temporary)
        unlink(file->temporary);
    sai_free(file->temporary);
    sai_free(file->path);
    *file = (struct sai_atomic_file){0};
}

int sai_file_write_atomic(const char *path, const void *bytes, size_t n)
{
    struct sai_atomic_file file;
    int rc = sai_atomic_open(&file, path);
    if (rc != SELECTAI_OK)
        return rc;
    sai_atomic_write(&file, bytes, n);
    return sai_atomic_commit(&file);
}
