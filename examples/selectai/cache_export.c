/*
 * cache_export.c: `selectai cache export` and `selectai cache import-legacy`.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "cache_args.h"

static int export_cache(struct cache_args *a)
{
    struct selectai_cache_counts n = {.struct_size = sizeof n};
    selectai_issues *issues = NULL;
    int rc = selectai_embedding_cache_export(&n, &issues, a->rest.items[0], a->output, &a->options);
    end_progress(&a->progress);
    const struct cache_count counts[] = {{"read", "Rows read", n.read},
                                         {"written", "Written", n.written},
                                         {"superseded", "Left out, a later row is there", n.superseded},
                                         {"failed", "Left out, damaged", n.failed},
                                         {"files", "Files of vectors", n.files},
                                         {0}};
    return report_cache(a, a->output, rc, counts, n.failed, &issues);
}

static int run_export(int argc, char **argv, const struct verb *verb)
{
    struct cache_args a;
    init_cache_args(&a);
    const struct arg args[] = {
        {"output", ARG_TEXT, &a.output, "DIR", "a folder that is empty or not there", 1},
        {"format", ARG_CHOICE, &a.options.layout, "plain|clip-retrieval",
         "plain: embeddings.npy and embeddings.jsonl; clip-retrieval: its folders and names", 0},
        {"metadata", ARG_CHOICE, &a.options.metadata, "jsonl|csv", "of clip-retrieval, which itself writes Parquet", 0},
        {"rows-per-file", ARG_U64, &a.options.rows_per_file, "N", "of clip-retrieval (1000000)", 0},
        {"normalise", ARG_FLAG, &a.normalise, NULL, "scale vectors to length 1, as clip-retrieval's are", 0},
        CACHE_DTYPE_FLAG(&a),
        {"project", ARG_TEXT, &a.options.project, "NAME", "only this one", 0},
        CACHE_ROOT_FLAG(&a, "written before the paths of a project; may be repeated"),
        CACHE_COMMON_FLAGS(&a),
        {0},
    };
    int code = parse_args(argc, argv, verb, args, &a.rest);
    if (code < 0 && a.rest.count != 1)
        code = usage_error(verb, "expected one DIR");
    if (code < 0 && a.options.rows_per_file == 0)
        code = usage_error(verb, "--rows-per-file: at least 1");
    if (code < 0)
        code = finish_cache_args(verb, &a);
    if (code < 0)
        code = export_cache(&a);
    free_cache_args(&a);
    return code;
}

const struct verb cache_export = {
    .name = "cache export",
    .summary = "write vectors and names for other programs",
    .usage = "DIR --output DIR [options]",
    .text = "Each file's last row is written once. The layout of clip-retrieval is img_emb/img_emb_<N>.npy with\n"
            "metadata/metadata_<N>.jsonl or .csv, whose column image_path names the image.",
    .run = run_export,
};

static int import(struct cache_args *a)
{
    struct selectai_cache_counts n = {.struct_size = sizeof n};
    selectai_issues *issues = NULL;
    int rc = selectai_embedding_cache_import_legacy(&n, &issues, a->output, a->rest.items[0], &a->options);
    end_progress(&a->progress);
    const struct cache_count counts[] = {{"read", "Lines read", n.read},
                                         {"written", "Vectors written", n.written},
                                         {"present", "There already", n.present},
                                         {"repeated", "Left out, named again further down", n.repeated},
                                         {"missing", "Written, though their image is not known", n.missing},
                                         {"failed", "Vectors missing or broken", n.failed},
                                         {0}};
    return report_cache(a, a->output, rc, counts, n.failed, &issues);
}

static int run_import(int argc, char **argv, const struct verb *verb)
{
    struct cache_args a;
    const char *root = NULL;
    init_cache_args(&a);
    const struct arg args[] = {
        {"output", ARG_TEXT, &a.output, "DIR", "the cache that gets the vectors; made if needed", 1},
        {"encoder-id", ARG_TEXT, &a.options.encoder_id, "ID",
         "what made the vectors, as 'cache verify --json' names it: the files do not tell", 1},
        {"project", ARG_TEXT, &a.options.project, "NAME", "the project that the images belong to", 1},
        {"root", ARG_TEXT, &root, "FOLDER", "the images' folder: paths are taken below it", 0},
        CACHE_DTYPE_FLAG(&a),
        {"threads", ARG_U32, &a.options.threads, "N", "default: all cores", 0},
        CACHE_COMMON_FLAGS(&a),
        {0},
    };
    int code = parse_args(argc, argv, verb, args, &a.rest);
    if (code < 0 && a.rest.count != 1)
        code = usage_error(verb, "expected one PROCESSED_IMAGES.jsonl");
    if (code < 0)
        code = finish_cache_args(verb, &a);
    if (code < 0 && root) {
        a.options.root_projects = &a.options.project;
        a.options.root_folders = &root;
        a.options.n_roots = 1;
    }
    if (code < 0)
        code = import(&a);
    free_cache_args(&a);
    return code;
}

const struct verb cache_import = {
    .name = "cache import-legacy",
    .summary = "take over the vectors of an earlier cache",
    .usage = "--output DIR --encoder-id ID --project NAME PROCESSED_IMAGES.jsonl [options]",
    .text =
        "The file has lines {\"image_path\", \"embedding_file\"}, each naming a NumPy file of one vector. Vectors "
        "that\n"
        "are missing or broken are listed; exit code 1 then. Of an image that is named twice the last line counts.\n"
        "Of images that are no longer there, or are newer than\n"
        "their vector, nothing but the name is known. ID is for instance clip:<16 digits>:quickgelu; a wrong one\n"
        "makes vectors look comparable that are not.",
    .run = run_import,
};
