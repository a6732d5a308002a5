/*
 * verbs.h: the verbs of the program, one file each, and what several of them share.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef PROGRAM_VERBS_H
#define PROGRAM_VERBS_H

#include <jansson.h>
#include <selectai/selectai.h>

#include "args.h"
#include "terminal.h"

extern const struct verb verb_extract, verb_merge, verb_anomalies, verb_embed, verb_cache, verb_train, verb_evaluate,
    verb_suggest, verb_import_model, verb_validate, verb_recover_crop, verb_hash, verb_duplicates, verb_sample,
    verb_demo, verb_review;

/* ---- output.c: results on stdout ------------------------------------------------------------- */

/* How documents are written: in order, and 0.1 as 0.1 (15 digits). */
#define JSON_STYLE (JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15))

/* Prints and frees a JSON document; 0, or EXIT_FAILED with a message if stdout cannot be written. */
int print_json(json_t *document);

/* Parses text that the library made (and frees it); json_null() on failure. */
json_t *json_of_text(char *text);

/* Paths, and messages that name them, may be no UTF-8, which JSON refuses: such bytes become '?'. */
json_t *json_of_bytes(const char *text);

json_t *json_of_issues(const selectai_issues *issues);

/* Sets "path"; a path that is no UTF-8, which JSON cannot hold, becomes null, and "path_hex" has its bytes. */
void set_json_path(json_t *object, const char *path);

/* The issues of one kind, or with `kind` NULL all. */
json_t *json_of_issues_of_kind(const selectai_issues *issues, const char *kind);

/* 19183 as "19,183"; returns buf. */
#define COUNT_TEXT 32
char *count_text(char buf[COUNT_TEXT], uint64_t value);

/* put_clean() to stdout, filled up with blanks to `width` characters. */
void print_name(const char *text, int width);

/* Writes the document to `path` in compact form, followed by a newline, whole or not at all. */
int write_json_file(const char *path, const json_t *document);

/* ---- whole_file.c: files that appear whole or not at all ------------------------------------- */

/* A file being written under a temporary name beside its place. Errors of writing are found out when it is committed.
 */
struct whole_file {
    const char *path; /* as given; borrowed */
    char *target, *temporary;
    FILE *stream;
};
/* 0, or EXIT_FAILED with a message; then there is nothing to commit or discard. */
int open_whole_file(struct whole_file *file, const char *path);
/* Puts it in its place: 0, or EXIT_FAILED with a message and the file is gone. */
int commit_whole_file(struct whole_file *file);
void discard_whole_file(struct whole_file *file);

/* All of it in one. */
int write_text_file(const char *path, const char *text, size_t n);

/* ---- files.c: folders and lists of files ----------------------------------------------------- */

struct file_list {
    char **paths; /* as given + '/' + rel_path */
    char **rel_paths;
    size_t count, capacity;
    size_t n_skipped; /* links and the like, which a scan passes over */
    size_t n_missed;  /* what could not be looked at: a folder without permission, a name that is no UTF-8 */
    json_t *issues;   /* all of these; NULL: none */
};
/* Adds all images below a folder, or one file. SELECTAI_OK or an error code; issues of the scan are printed. */
int list_files(struct file_list *list, const char *path);
/* Where two files would have the same rel_path, as in two folders, each file's path becomes its rel_path. */
int tell_apart(struct file_list *list);
int add_file(struct file_list *list, const char *path, const char *rel_path);
/* Keeps the first of several entries that are the same file (by its resolved path). */
int drop_repeated_files(struct file_list *list);
/* Takes off every file i with marked[i]. */
void drop_marked_files(struct file_list *list, const char *marked);
void free_files(struct file_list *list);
/* Said before hours of work: the folder is there and can be written, and the path is no folder. 0 or EXIT_FAILED. */
int check_output(const char *path);
/* 1 if both paths exist and are one file, also by links. */
int same_file(const char *a, const char *b);
/* The same, also where nothing is there yet: one name in one folder. */
int same_place(const char *a, const char *b);
/* The first of the list that is the same place, or NULL. */
const char *place_among(const char *path, const struct text_list *list);
/* What follows the last '/': a file's own name; borrowed. */
const char *last_part(const char *path);
int lies_directly_in(const char *path, const char *folder);
/* endings: ".a|.b"; the case of letters does not count. */
int has_ending(const char *path, const char *endings);

/* Makes one folder (parents must exist); fine if it is there. */
int make_folder(const char *path);
int is_folder(const char *path);
int folder_is_empty(const char *path); /* 1 also if it does not exist */
/* Removes a folder that this program made, with everything in it. */
void remove_tree(const char *path);
/* "folder/name"; the caller frees it; exits on out of memory, as a program may. */
char *path_of(const char *folder, const char *name);

/* ---- steps.c: the pieces that verbs and the demo share --------------------------------------- */

struct shard;

struct embed_how {
    uint32_t threads;
    int retry_failed;
    json_t *issues; /* gets those of each file; may be NULL */
};

/* Embeds every image of every decision into the cache, project by project, as far as they are the shard's. */
int embed_entries(selectai_embedding_cache *cache, selectai_encoder *encoder, const selectai_trainset *set,
                  struct shard *shard, struct embed_how how, struct progress *progress,
                  struct selectai_embed_counts *total);

/* Adds one call's counts to the total. */
void add_counts(struct selectai_embed_counts *total, const struct selectai_embed_counts *part);

/* Encoder flags shared by embed and suggest. */
struct encoder_args {
    const char *what, *device;
    int32_t activation, dtype, convert;
    uint32_t threads, batch_size, min_side, heads;
    int exif;
};
int open_encoder(selectai_encoder **out, const struct encoder_args *args);

/* clang-format off */
#define ENCODER_FLAGS(e)                                                                                               \
    {"encoder", ARG_TEXT, &(e)->what, "builtin|FILE", "built-in descriptor, or CLIP weights (.safetensors, .pt)", 0},  \
    {"activation", ARG_CHOICE, &(e)->activation, "quickgelu|gelu", "of the CLIP weights; the file cannot tell", 0},    \
    {"heads", ARG_U32, &(e)->heads, "N", "attention heads of CLIP; default: what the file says, else width / 64", 0},   \
    {"dtype", ARG_CHOICE, &(e)->dtype, "auto|float32|float16|bfloat16",                                                \
     "of CLIP's computation; auto: bfloat16 where that is quicker, else float32", 0},                                  \
    {"device", ARG_TEXT, &(e)->device, "NAME", "cpu, cuda, mps", 0},                                                   \
    {"convert", ARG_CHOICE, &(e)->convert, "first|after",                                                              \
     "to RGB before resizing (open_clip today) or after it, in the file's own mode", 0},                               \
    {"exif", ARG_FLAG, &(e)->exif, NULL, "turn images as EXIF's orientation says", 0},                                 \
    {"min-side", ARG_U32, &(e)->min_side, "N",                                                                         \
     "decode JPEG smaller, while N pixels are left a side: quicker, other vectors", 0},                                \
    {"batch-size", ARG_U32, &(e)->batch_size, "N", "images a model call, at most (32)", 0},                            \
    {"threads", ARG_U32, &(e)->threads, "N", "default: all cores", 0}
/* clang-format on */

#endif
