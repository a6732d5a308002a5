/*
 * torch_builder.h: writes what torch.save() writes, and what it never would: pickles opcode by opcode, and zip archives
 * of stored members. Knows no test framework, so that fuzz targets can use it, too.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef TORCH_BUILDER_H
#define TORCH_BUILDER_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
    uint8_t *data;
    size_t n, capacity;
};

static inline void put_bytes(struct bytes *b, const void *bytes, size_t n)
{
    if (n == 0)
        return;
    if (n > b->capacity - b->n) {
        b->capacity = 2 * (b->n + n);
        b->data = realloc(b->data, b->capacity);
    }
    if (!b->data)
        abort();
    memcpy(b->data + b->n, bytes, n);
    b->n += n;
}

/* A string literal, NUL bytes in it included. */
#define PUT(b, literal) put_bytes((b), (literal), sizeof(literal) - 1)

static inline void put_number(struct bytes *b, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++, value >>= 8) {
        uint8_t byte = (uint8_t)value;
        put_bytes(b, &byte, 1);
    }
}

static inline void put_op(struct bytes *b, uint8_t op)
{
    put_number(b, op, 1);
}

static inline void free_bytes(struct bytes *b)
{
    free(b->data);
    *b = (struct bytes){0};
}

/* ---- Zip ------------------------------------------------------------------------------------- */

struct zip_builder {
    struct bytes file, directory;
    unsigned count, method;
    int zip64; /* sizes and places go into zip64 records */
};

/* `file` up to here is made of local headers and data; the directory is kept aside. */
static inline void zip_add(struct zip_builder *z, const char *name, const void *data, size_t n)
{
    size_t start = z->file.n, length = strlen(name);
    uint64_t size = z->zip64 ? 0xFFFFFFFF : n, place = z->zip64 ? 0xFFFFFFFF : start;
    PUT(&z->file, "PK\3\4");
    put_number(&z->file, 0, 2); /* version */
    put_number(&z->file, 0x800, 2);
    put_number(&z->file, z->method, 2);
    put_number(&z->file, 0, 8); /* time, date, CRC */
    put_number(&z->file, n, 4);
    put_number(&z->file, n, 4);
    put_number(&z->file, length, 2);
    put_number(&z->file, 6, 2); /* PyTorch fills an extra field up */
    put_bytes(&z->file, name, length);
    PUT(&z->file, "FB\2\0ZZ");
    put_bytes(&z->file, data, n);

    PUT(&z->directory, "PK\1\2");
    put_number(&z->directory, 0, 4); /* versions */
    put_number(&z->directory, 0x800, 2);
    put_number(&z->directory, z->method, 2);
    put_number(&z->directory, 0, 8);
    put_number(&z->directory, size, 4);
    put_number(&z->directory, size, 4);
    put_number(&z->directory, length, 2);
    put_number(&z->directory, z->zip64 ? 28 : 0, 2);
    put_number(&z->directory, 0, 10); /* comment, disk, attributes */
    put_number(&z->directory, place, 4);
    put_bytes(&z->directory, name, length);
    if (z->zip64) {
        put_number(&z->directory, 1, 2);
        put_number(&z->directory, 24, 2);
        put_number(&z->directory, n, 8);
        put_number(&z->directory, n, 8);
        put_number(&z->directory, start, 8);
    }
    z->count++;
}

/* Adds the directory and the end. */
static inline void zip_finish(struct zip_builder *z)
{
    uint64_t start = z->file.n, size = z->directory.n;
    put_bytes(&z->file, z->directory.data, z->directory.n);
    if (z->zip64) {
        uint64_t end64 = z->file.n;
        PUT(&z->file, "PK\6\6");
        put_number(&z->file, 44, 8);
        put_number(&z->file, 0, 12); /* versions, disks */
        put_number(&z->file, z->count, 8);
        put_number(&z->file, z->count, 8);
        put_number(&z->file, size, 8);
        put_number(&z->file, start, 8);
        PUT(&z->file, "PK\6\7");
        put_number(&z->file, 0, 4);
        put_number(&z->file, end64, 8);
        put_number(&z->file, 1, 4);
    }
    PUT(&z->file, "PK\5\6");
    put_number(&z->file, 0, 4);
    put_number(&z->file, z->zip64 ? 0xFFFF : z->count, 2);
    put_number(&z->file, z->zip64 ? 0xFFFF : z->count, 2);
    put_number(&z->file, z->zip64 ? 0xFFFFFFFF : size, 4);
    put_number(&z->file, z->zip64 ? 0xFFFFFFFF : start, 4);
    put_number(&z->file, 0, 2);
}

static inline void zip_free(struct zip_builder *z)
{
    free_bytes(&z->file);
    free_bytes(&z->directory);
    *z = (struct zip_builder){0};
}

/* ---- Pickles --------------------------------------------------------------------------------- */

static inline void put_protocol(struct bytes *b)
{
    PUT(b, "\x80\2");
}

static inline void put_text(struct bytes *b, const char *text)
{
    put_op(b, 'X');
    put_number(b, strlen(text), 4);
    put_bytes(b, text, strlen(text));
}

static inline void put_integer(struct bytes *b, int64_t value)
{
    PUT(b, "\x8a\x08"); /* LONG1 */
    put_number(b, (uint64_t)value, 8);
}

static inline void put_global(struct bytes *b, const char *module, const char *name)
{
    put_op(b, 'c');
    put_bytes(b, module, strlen(module));
    put_op(b, '\n');
    put_bytes(b, name, strlen(name));
    put_op(b, '\n');
}

/* An empty OrderedDict. */
static inline void put_ordered_dict(struct bytes *b)
{
    put_global(b, "collections", "OrderedDict");
    PUT(b, ")R");
}

static inline void put_counts(struct bytes *b, const int64_t *counts, size_t n)
{
    put_op(b, '(');
    for (size_t i = 0; i < n; i++)
        put_integer(b, counts[i]);
    put_op(b, 't');
}

struct tensor_recipe {
    const char *storage_class, *key, *location;
    int64_t elements, offset; /* of the storage */
    size_t rank;
    int64_t shape[10], strides[10];
};

static inline void put_storage(struct bytes *b, const struct tensor_recipe *t)
{
    put_op(b, '(');
    put_text(b, "storage");
    put_global(b, "torch", t->storage_class ? t->storage_class : "FloatStorage");
    put_text(b, t->key ? t->key : "0");
    put_text(b, t->location ? t->location : "cpu");
    put_integer(b, t->elements);
    PUT(b, "tQ");
}

/* torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, False, OrderedDict()) */
static inline void put_tensor(struct bytes *b, const struct tensor_recipe *t)
{
    put_global(b, "torch._utils", "_rebuild_tensor_v2");
    put_op(b, '(');
    put_storage(b, t);
    put_integer(b, t->offset);
    put_counts(b, t->shape, t->rank);
    put_counts(b, t->strides, t->rank);
    put_op(b, 0x89);
    put_ordered_dict(b);
    PUT(b, "tR");
}

/* An archive of that pickle, with one storage "0" of n bytes. */
static inline struct bytes make_torch_file(const void *pickle, size_t n_pickle, const void *storage, size_t n)
{
    struct zip_builder z = {0};
    zip_add(&z, "made/data.pkl", pickle, n_pickle);
    zip_add(&z, "made/byteorder", "little", 6);
    zip_add(&z, "made/data/0", storage, n);
    zip_finish(&z);
    free_bytes(&z.directory);
    return z.file;
}

#endif
