/*
 * embed/clip_weights.c: finds a tower's tensors, infers its geometry, brings all to the names and layout of OpenAI's
 * code (Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", 2021).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "embed/clip_names.h"
#include "embed/clip_weights.h"

/* Far beyond any tower there is; products of two of them fit 64 bits easily. */
#define MAX_SIDE   65536u
#define MAX_LAYERS 512u
#define MAX_GRID   1024u
#define MAX_NAME   512u

struct reader {
    struct sai_clip_weights *w;
    const char *path;
    struct sai_clip_names names;
};

/* Members of one block: OpenAI's name, Hugging Face's; rows and columns in units of the width (0: mlp_width). */
struct member {
    const char *name, *hf_name;
    uint32_t rank, rows, columns;
};
static const struct member members[] = {
    {"ln_1.weight", "layer_norm1.weight", 1, 1, 1},
    {"ln_1.bias", "layer_norm1.bias", 1, 1, 1},
    {"attn.in_proj_weight", NULL, 2, 3, 1},
    {"attn.in_proj_bias", NULL, 1, 3, 1},
    {"attn.out_proj.weight", "self_attn.out_proj.weight", 2, 1, 1},
    {"attn.out_proj.bias", "self_attn.out_proj.bias", 1, 1, 1},
    {"ln_2.weight", "layer_norm2.weight", 1, 1, 1},
    {"ln_2.bias", "layer_norm2.bias", 1, 1, 1},
    {"mlp.c_fc.weight", "mlp.fc1.weight", 2, 0, 1},
    {"mlp.c_fc.bias", "mlp.fc1.bias", 1, 0, 1},
    {"mlp.c_proj.weight", "mlp.fc2.weight", 2, 1, 0},
    {"mlp.c_proj.bias", "mlp.fc2.bias", 1, 1, 1},
};

static const struct sai_tensor *find(const struct reader *r, const char *prefix, const char *name)
{
    char full[2 * MAX_NAME];
    snprintf(full, sizeof full, "%s%s", prefix, name);
    return sai_weights_find(&r->w->file, full);
}

static int get(const struct sai_tensor **out, const struct reader *r, const char *prefix, const char *name)
{
    *out = find(r, prefix, name);
    if (!*out)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: tensor %s%s is missing: not a CLIP image tower (vision transformer)",
                        r->path, prefix, name);
    return SELECTAI_OK;
}

/* The tower computes in float32 at most. */
static int shorten(struct sai_tensor *tensor, const struct reader *r)
{
    float *shorter = sai_arena_array(&r->w->arena, (size_t)tensor->n, sizeof *shorter);
    if (!shorter)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < tensor->n; i++) {
        double x;
        memcpy(&x, (const char *)tensor->data + sizeof x * i, sizeof x);
        shorter[i] = (float)x;
    }
    tensor->data = shorter;
    tensor->n_bytes = (size_t)tensor->n * sizeof *shorter;
    memcpy(tensor->dtype, "F32", 4);
    return SELECTAI_OK;
}

static int read_dtype(int32_t *out, const struct reader *r, const struct sai_tensor *tensor)
{
    if (strcmp(tensor->dtype, "F32") == 0)
        *out = SAI_BACKEND_F32;
    else if (strcmp(tensor->dtype, "F16") == 0)
        *out = SAI_BACKEND_F16;
    else if (strcmp(tensor->dtype, "BF16") == 0)
        *out = SAI_BACKEND_BF16;
    else
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: tensor %s has dtype %s: F32, F16, BF16 or F64 is needed", r->path,
                        tensor->name, tensor->dtype);
    return SELECTAI_OK;
}

static void shape_text(char out[96], uint32_t rank, const uint64_t *shape)
{
    size_t n = (size_t)snprintf(out, 96, "[");
    for (uint32_t i = 0; i < rank && n < 80; i++)
        n += (size_t)snprintf(out + n, 96 - n, "%s%llu", i ? ", " : "", (unsigned long long)shape[i]);
    snprintf(out + (n < 94 ? n : 94), 2, "]");
}

static int check_shape(const struct reader *r, const struct sai_tensor *tensor, uint32_t rank, const uint64_t *shape)
{
    char is[96], wanted[96];
    bool same = tensor->rank == rank;
    for (uint32_t i = 0; i < rank && same; i++)
        same = tensor->shape[i] == shape[i];
    if (same)
        return SELECTAI_OK;
    shape_text(is, tensor->rank, tensor->shape);
    shape_text(wanted, rank, shape);
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: tensor %s has shape %s, expected %s", r->path, tensor->name, is, wanted);
}

/* A tensor of this shape, its numbers of a kind that the backend knows. */
static int read_tensor(struct sai_tensor *out, int32_t *dtype, const struct reader *r, const char *prefix,
                       const char *name, uint32_t rank, const uint64_t *shape)
{
    const struct sai_tensor *tensor;
    int rc = get(&tensor, r, prefix, name);
    if (rc == SELECTAI_OK)
        rc = check_shape(r, tensor, rank, shape);
    if (rc != SELECTAI_OK)
        return rc;
    *out = *tensor;
    if (strcmp(out->dtype, "F64") == 0)
        rc = shorten(out, r);
    return rc == SELECTAI_OK ? read_dtype(dtype, r, out) : rc;
}

/* Infinities and what is not a number have all bits of the exponent set. */
static bool all_finite(const void *data, uint64_t n, int32_t dtype)
{
    const uint8_t *bytes = data; /* at any address */
    uint32_t bad = 0;
    for (uint64_t i = 0; i < n && dtype == SAI_BACKEND_F32; i++) {
        uint32_t word;
        memcpy(&word, bytes + 4 * i, sizeof word);
        bad |= (word & 0x7F800000) == 0x7F800000;
    }
    const uint16_t exponent = dtype == SAI_BACKEND_F16 ? 0x7C00 : 0x7F80;
    for (uint64_t i = 0; i < n && dtype != SAI_BACKEND_F32; i++) {
        uint16_t half;
        memcpy(&half, bytes + 2 * i, sizeof half);
        bad |= (half & exponent) == exponent;
    }
    return !bad;
}

/* Appends a tensor under its canonical name; `data` may be other than the file's, of the same dtype. */
static int put(const struct reader *r, const char *name, const void *data, int32_t dtype, uint32_t rank,
               const uint64_t *shape)
{
    struct sai_clip_weights *w = r->w;
    uint64_t n = 1;
    for (uint32_t i = 0; i < rank; i++)
        n *= shape[i]; /* checked against the file's size */
    if (!all_finite(data, n, dtype))
        return SAI_FAIL(
            SELECTAI_ERR_FORMAT,
            "%s: tensor %s holds infinities or what is not a number: the file is damaged or of a training run "
            "that failed",
            r->path, name);
    const char *copy = sai_arena_strdup(&w->arena, name);
    if (!copy || !SAI_GROW(w->tensors, w->capacity, w->n_tensors + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    struct sai_backend_tensor *tensor = &w->tensors[w->n_tensors++];
    *tensor = (struct sai_backend_tensor){.name = copy, .data = data, .dtype = dtype, .rank = rank};
    memcpy(tensor->shape, shape, rank * sizeof *shape);
    return SELECTAI_OK;
}

static int take(const struct reader *r, const char *prefix, const char *name, const char *canonical, uint32_t rank,
                const uint64_t *shape)
{
    struct sai_tensor tensor;
    int32_t dtype = 0;
    int rc = read_tensor(&tensor, &dtype, r, prefix, name, rank, shape);
    return rc == SELECTAI_OK ? put(r, canonical, tensor.data, dtype, rank, shape) : rc;
}

/* ---- Geometry -------------------------------------------------------------------------------- */

static int side(uint32_t *out, const struct reader *r, const struct sai_tensor *tensor, uint32_t i)
{
    if (tensor->rank <= i || tensor->shape[i] < 1 || tensor->shape[i] > MAX_SIDE)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: tensor %s has no such shape in a CLIP image tower", r->path,
                        tensor->name);
    *out = (uint32_t)tensor->shape[i];
    return SELECTAI_OK;
}

static int infer_grid(const struct reader *r, const struct sai_tensor *positions)
{
    uint32_t rows = 0, grid = 0;
    int rc = side(&rows, r, positions, 0);
    if (rc != SELECTAI_OK)
        return rc;
    while (grid < MAX_GRID && (grid + 1) * (grid + 1) <= rows - 1)
        grid++;
    if (grid == 0 || grid * grid != rows - 1 || r->w->patch > MAX_SIDE / grid)
        return SAI_FAIL(SELECTAI_ERR_FORMAT,
                        "%s: tensor %s has %u rows, which are not a square of patches and one more", r->path,
                        positions->name, rows);
    r->w->image_size = grid * r->w->patch;
    return SELECTAI_OK;
}

/* What the file alone would give; 0: it tells nothing that is possible. */
static int default_heads(uint32_t *out, const struct reader *r)
{
    const struct sai_clip_weights *w = r->w;
    const char *text = sai_weights_text(&w->file, "heads", NULL);
    uint64_t heads = w->width % 64 == 0 ? w->width / 64 : 0;
    if (text && !sai_number_parse_u64(&heads, text))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: metadata \"heads\" is no number: %s", r->path, text);
    *out = heads <= w->width ? (uint32_t)heads : 0;
    return SELECTAI_OK;
}

static int infer_heads(const struct reader *r, uint32_t wanted)
{
    struct sai_clip_weights *w = r->w;
    uint32_t usual = 0;
    int rc = default_heads(&usual, r);
    if (rc != SELECTAI_OK && !wanted)
        return rc;
    w->heads = wanted ? wanted : usual;
    w->unusual_heads = w->heads != usual;
    if (w->heads < 1 || w->heads > w->width || w->width % w->heads != 0)
        return SAI_FAIL(wanted ? SELECTAI_ERR_INVALID_ARGUMENT : SELECTAI_ERR_FORMAT,
                        "%s: %u attention heads do not divide the width %u: give the right number of heads", r->path,
                        w->heads, w->width);
    return SELECTAI_OK;
}

/* Where block `i`'s names start. */
static void block_prefix(char out[MAX_NAME], const struct reader *r, const char *prefix, uint32_t i)
{
    snprintf(out, MAX_NAME, "%s%s.%u.", prefix, r->names.hugging_face ? "encoder.layers" : "transformer.resblocks", i);
}

/* How many blocks the file holds, whatever their numbers. */
static size_t count_blocks(const struct reader *r, const char *first)
{
    char start[MAX_NAME];
    block_prefix(start, r, r->names.prefix, 0);
    size_t n = 0, n_start = strlen(start) - 2 /* "0." */, n_first = strlen(first);
    for (size_t i = 0; i < r->w->file.n_tensors; i++) {
        const char *name = r->w->file.tensors[i].name, *digits = name + n_start;
        if (strncmp(name, start, n_start) != 0)
            continue;
        size_t n_digits = strspn(digits, "0123456789");
        n += n_digits > 0 && digits[n_digits] == '.' && strncmp(digits + n_digits + 1, first, n_first + 1) == 0;
    }
    return n;
}

static int count_layers(const struct reader *r)
{
    char prefix[MAX_NAME];
    const char *first = r->names.hugging_face ? members[0].hf_name : members[0].name;
    uint32_t n = 0, beyond = 0;
    for (uint32_t i = 0; i < MAX_LAYERS; i++) {
        block_prefix(prefix, r, r->names.prefix, i);
        if (find(r, prefix, first))
            beyond = i + 1;
        n += beyond == i + 1;
    }
    if (n == 0 || n != beyond || n != count_blocks(r, first)) {
        for (n = 0; n < beyond; n++) {
            block_prefix(prefix, r, r->names.prefix, n);
            if (!find(r, prefix, first))
                break;
        }
        block_prefix(prefix, r, r->names.prefix, n);
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: tensor %s%s is missing", r->path, prefix, first);
    }
    r->w->layers = n;
    return SELECTAI_OK;
}

static int infer(struct reader *r, uint32_t heads)
{
    const struct sai_tensor *conv, *positions, *fc, *projection;
    char block[MAX_NAME];
    struct sai_clip_weights *w = r->w;
    block_prefix(block, r, r->names.prefix, 0);
    int rc = get(&conv, r, r->names.prefix,
                 r->names.hugging_face ? "embeddings.patch_embedding.weight" : "conv1.weight");
    if (rc == SELECTAI_OK)
        rc = get(&positions, r, r->names.prefix,
                 r->names.hugging_face ? "embeddings.position_embedding.weight" : "positional_embedding");
    if (rc == SELECTAI_OK)
        rc = r->names.hugging_face ? get(&projection, r, r->names.beside, SAI_CLIP_HF_PROJECTION)
                                   : get(&projection, r, r->names.prefix, "proj");
    if (rc == SELECTAI_OK)
        rc = get(&fc, r, block, r->names.hugging_face ? "mlp.fc1.weight" : "mlp.c_fc.weight");
    if (rc == SELECTAI_OK)
        rc = side(&w->width, r, conv, 0);
    if (rc == SELECTAI_OK)
        rc = side(&w->patch, r, conv, 3);
    if (rc == SELECTAI_OK)
        rc = side(&w->mlp_width, r, fc, 0);
    if (rc == SELECTAI_OK)
        rc = side(&w->output, r, projection, r->names.hugging_face ? 0 : 1);
    if (rc == SELECTAI_OK)
        rc = infer_grid(r, positions);
    if (rc == SELECTAI_OK)
        rc = count_layers(r);
    return rc == SELECTAI_OK ? infer_heads(r, heads) : rc;
}

/* ---- Hugging Face's layout ------------------------------------------------------------------- */

/* q, k and v one below the other. kind: "weight" or "bias". */
static int join_qkv(const struct reader *r, const char *block, const char *kind, const char *canonical)
{
    static const char *const parts[] = {"q", "k", "v"};
    const uint64_t width = r->w->width, one[2] = {width, width}, all[2] = {3 * width, width};
    const uint32_t rank = strcmp(kind, "weight") == 0 ? 2 : 1;
    uint8_t *joined = NULL;
    int32_t first_dtype = 0, dtype = 0;
    for (size_t i = 0; i < 3; i++) {
        char name[64];
        struct sai_tensor tensor;
        snprintf(name, sizeof name, "self_attn.%s_proj.%s", parts[i], kind);
        int rc = read_tensor(&tensor, &dtype, r, block, name, rank, one);
        if (rc != SELECTAI_OK)
            return rc;
        if (i > 0 && dtype != first_dtype)
            return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: tensor %s has another dtype than %sself_attn.q_proj.%s", r->path,
                            tensor.name, block, kind);
        first_dtype = dtype;
        if (!joined && !(joined = sai_arena_array(&r->w->arena, 3, tensor.n_bytes)))
            return SELECTAI_ERR_OUT_OF_MEMORY;
        memcpy(joined + i * tensor.n_bytes, tensor.data, tensor.n_bytes);
    }
    return put(r, canonical, joined, dtype, rank, all);
}

/* [output, width] -> [width, output] */
static int transpose_projection(const struct reader *r)
{
    struct sai_tensor tensor;
    const uint64_t width = r->w->width, output = r->w->output, is[2] = {output, width}, wanted[2] = {width, output};
    int32_t dtype = 0;
    int rc = read_tensor(&tensor, &dtype, r, r->names.beside, SAI_CLIP_HF_PROJECTION, 2, is);
    if (rc != SELECTAI_OK)
        return rc;
    size_t element = dtype == SAI_BACKEND_F32 ? 4 : 2;
    uint8_t *turned = sai_arena_alloc(&r->w->arena, tensor.n_bytes);
    const uint8_t *data = tensor.data;
    if (!turned)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t row = 0; row < output; row++)
        for (size_t column = 0; column < width; column++)
            memcpy(turned + (column * output + row) * element, data + (row * width + column) * element, element);
    return put(r, "proj", turned, dtype, 2, wanted);
}

/* ---- All tensors ----------------------------------------------------------------------------- */

static int take_block(const struct reader *r, uint32_t i)
{
    char from[MAX_NAME], name[128];
    const struct sai_clip_weights *w = r->w;
    block_prefix(from, r, r->names.prefix, i);
    for (size_t k = 0; k < sizeof members / sizeof members[0]; k++) {
        const struct member *m = &members[k];
        const uint64_t shape[2] = {m->rows ? (uint64_t)m->rows * w->width : w->mlp_width,
                                   m->columns ? (uint64_t)m->columns * w->width : w->mlp_width};
        snprintf(name, sizeof name, "transformer.resblocks.%u.%s", i, m->name);
        int rc;
        if (!r->names.hugging_face)
            rc = take(r, from, m->name, name, m->rank, shape);
        else if (m->hf_name)
            rc = take(r, from, m->hf_name, name, m->rank, shape);
        else
            rc = join_qkv(r, from, m->rank == 2 ? "weight" : "bias", name);
        if (rc != SELECTAI_OK)
            return rc;
    }
    return SELECTAI_OK;
}

static int take_all(const struct reader *r)
{
    const struct sai_clip_weights *w = r->w;
    const uint64_t width = w->width, grid = w->image_size / w->patch;
    const uint64_t conv[4] = {width, 3, w->patch, w->patch}, positions[2] = {grid * grid + 1, width};
    const uint64_t projection[2] = {width, w->output};
    const struct {
        const char *name, *hf_name;
        uint32_t rank;
        const uint64_t *shape;
    } single[] = {
        {"conv1.weight", "embeddings.patch_embedding.weight", 4, conv},
        {"class_embedding", "embeddings.class_embedding", 1, &width},
        {"positional_embedding", "embeddings.position_embedding.weight", 2, positions},
        {"ln_pre.weight", "pre_layrnorm.weight", 1, &width}, /* Hugging Face's spelling */
        {"ln_pre.bias", "pre_layrnorm.bias", 1, &width},
        {"ln_post.weight", "post_layernorm.weight", 1, &width},
        {"ln_post.bias", "post_layernorm.bias", 1, &width},
    };
    int rc = SELECTAI_OK;
    for (size_t i = 0; i < sizeof single / sizeof single[0] && rc == SELECTAI_OK; i++)
        rc = take(r, r->names.prefix, r->names.hugging_face ? single[i].hf_name : single[i].name, single[i].name,
                  single[i].rank, single[i].shape);
    for (uint32_t i = 0; i < w->layers && rc == SELECTAI_OK; i++)
        rc = take_block(r, i);
    if (rc != SELECTAI_OK)
        return rc;
    return r->names.hugging_face ? transpose_projection(r) : take(r, r->names.prefix, "proj", "proj", 2, projection);
}

/* Towers that have all that ours have, and something more that changes what comes out. */
static int check_kind(const struct reader *r)
{
    static const char *const more[] = {"attn_pool.query", "transformer.resblocks.0.ls_1.gamma"};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (find(r, r->names.prefix, more[i]))
            return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: tensor %s%s is of another kind of image tower than CLIP's",
                            r->path, r->names.prefix, more[i]);
    return SELECTAI_OK;
}

int sai_clip_weights_open(struct sai_clip_weights *out, const char *path, uint32_t heads)
{
    struct reader r = {.w = out, .path = path};
    *out = (struct sai_clip_weights){0};
    int rc = sai_weights_open(&out->file, path);
    if (rc == SELECTAI_OK)
        rc = sai_clip_names_find(&r.names, &out->file, path);
    if (rc == SELECTAI_OK)
        rc = check_kind(&r);
    if (rc == SELECTAI_OK)
        rc = infer(&r, heads);
    if (rc == SELECTAI_OK)
        rc = take_all(&r);
    if (rc != SELECTAI_OK)
        sai_clip_weights_close(out);
    return rc;
}

void sai_clip_weights_close(struct sai_clip_weights *weights)
{
    sai_free(weights->tensors);
    sai_arena_clear(&weights->arena);
    sai_weights_close(&weights->file);
    *weights = (struct sai_clip_weights){0};
}
