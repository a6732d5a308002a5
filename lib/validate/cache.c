/*
 * validate/cache.c: a cache of vectors; its own verification finds what is wrong, this says in which words.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "embed/cache.h"
#include "embed/cache_npy.h"
#include "validate/validate.h"

/* A part that does not fit together. */
struct torn {
    const char *code;
    uint64_t lines; /* of its index */
};

static uint64_t count_lines(const struct sai_mapping *file)
{
    uint64_t n = 0;
    const uint8_t *p = file->data, *end = p + file->size;
    while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        n++;
        p++;
    }
    return n;
}

static void compare(struct torn *out, const char *npy_path, uint32_t dim)
{
    struct sai_mapping file = {0};
    struct sai_npy npy;
    if (sai_file_map(&file, npy_path) != SELECTAI_OK) {
        out->code = "index-without-vector";
        return;
    }
    if (sai_npy_parse(&npy, &file, npy_path) == SELECTAI_OK) {
        if (npy.dim != dim)
            out->code = "wrong-dimension";
        else if (npy.n_rows < out->lines)
            out->code = "index-without-vector";
        else if (npy.n_rows > out->lines)
            out->code = "vector-without-index";
    }
    sai_file_unmap(&file);
}

/* The path of a part's .jsonl tells its .npy's. */
static int look_into(struct torn *out, const char *jsonl, uint32_t dim)
{
    struct sai_mapping file = {0};
    size_t n = strlen(jsonl), k = strlen(".jsonl");
    *out = (struct torn){.code = "torn-part"};
    if (n <= k || strcmp(jsonl + n - k, ".jsonl") != 0)
        return SELECTAI_OK;
    char *npy = sai_asprintf("%.*s.npy", (int)(n - k), jsonl);
    if (!npy)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    if (sai_file_map(&file, jsonl) == SELECTAI_OK) {
        out->lines = count_lines(&file);
        compare(out, npy, dim);
        sai_file_unmap(&file);
    }
    sai_free(npy);
    return SELECTAI_OK;
}

struct cache_check {
    struct sai_validator *v;
    const struct sai_target *target;
    uint32_t dim;
    uint64_t lost, bad; /* rows of torn parts; rows of sound parts that are no good */
};

static int add_issue(struct cache_check *c, const struct selectai_issue *issue)
{
    static const struct {
        const char *kind, *code;
    } words[] = {{"uncommitted", "vector-without-index"},
                 {"missing-part", "missing-part"},
                 {"not-finite", "not-finite"},
                 {"wrong-vector", "wrong-vector"},
                 {"twice", "repeated-vector"},
                 {"too-many", "more-problems"},
                 {"wrong-index", "wrong-index"},
                 {"bad-failure", "bad-failure"},
                 {"wrong-manifest", "wrong-manifest"}};
    struct torn torn = {.code = "torn-part"};
    bool is_torn = true;
    struct sai_place place = {.path = issue->path, .row = issue->row, .severity = -1};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].kind, issue->kind) != 0)
            continue;
        torn.code = words[i].code;
        is_torn = false;
    }
    int rc = is_torn ? look_into(&torn, issue->path, c->dim) : SELECTAI_OK;
    if (rc != SELECTAI_OK)
        return rc;
    c->lost += torn.lines;
    c->bad += strcmp(torn.code, "not-finite") == 0 || strcmp(torn.code, "wrong-vector") == 0;
    if (is_torn) /* none of its rows is used, whichever of the two is longer */
        place.severity = SELECTAI_SEVERITY_ERROR;
    return sai_result_add(c->v->result, c->target->result, torn.code, &place, "%s", issue->message);
}

static int check_issues(struct cache_check *c, const char *folder)
{
    selectai_issues *issues = NULL;
    int rc = selectai_embedding_cache_verify(&issues, folder);
    for (size_t i = 0; rc == SELECTAI_OK && i < selectai_issues_count(issues); i++) {
        struct selectai_issue issue = {.struct_size = sizeof issue};
        rc = selectai_issues_get(issues, i, &issue);
        if (rc == SELECTAI_OK)
            rc = add_issue(c, &issue);
    }
    selectai_issues_destroy(&issues);
    return rc;
}

int sai_check_cache(struct sai_validator *v, const struct sai_target *target)
{
    struct cache_check c = {.v = v, .target = target};
    selectai_embedding_cache *cache = NULL;
    struct sai_file_result *result = &v->result->files[target->result];
    char *folder = sai_path_is_directory(target->path) ? sai_strdup(target->path) : sai_path_dirname(target->path);
    int rc = folder ? selectai_embedding_cache_open(&cache, folder) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK) {
        c.dim = selectai_embedding_cache_dim(cache);
        const char *id = sai_arena_strdup(&v->result->arena, selectai_embedding_cache_encoder_id(cache));
        result->encoder_id = id ? id : "";
        rc = id ? check_issues(&c, folder) : SELECTAI_ERR_OUT_OF_MEMORY;
        uint64_t rows = selectai_embedding_cache_count(cache);
        result->rows = rows + c.lost;
        result->usable = rows > c.bad ? rows - c.bad : 0;
        const struct sai_place place = {.severity = -1};
        if (rc == SELECTAI_OK && result->rows == 0 && result->n_problems == 0)
            rc = sai_result_add(v->result, target->result, "no-rows", &place, "no vector in it");
    }
    selectai_embedding_cache_close(&cache);
    sai_free(folder);
    return sai_check_failed(v, target, "damaged", rc);
}
