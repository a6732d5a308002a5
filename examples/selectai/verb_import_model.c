/*
 * verb_import_model.c: a model that something else trained -> one of ours.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "verbs.h"

#define NOT_GIVEN (-1)

struct import_args {
    const char *output, *encoder_id;
    int32_t kind, hidden, vectors;
    struct encoder_args encoder;
    struct text_list rest;
    int json, quiet;
};

static const char *text_of(const json_t *document, const char *key)
{
    const char *text = json_string_value(json_object_get(document, key));
    return text ? text : "";
}

static void print_line(const char *label, const char *text)
{
    printf("  %-10s ", label);
    put_clean(stdout, text);
    printf("\n");
}

static void print_model(const struct import_args *args, const json_t *m)
{
    const char *encoder = text_of(m, "encoder_id");
    printf("%s written: a %s, %s\n", args->output, text_of(m, "kind"), text_of(m, "architecture"));
    print_line("from", text_of(m, "source_form"));
    printf("  %-10s %s (%s)\n", "between", strcmp(text_of(m, "hidden"), "relu") == 0 ? "ReLU" : "nothing",
           text_of(m, "hidden_from"));
    print_line("vectors", text_of(m, "vectors"));
    print_line("encoder", *encoder ? encoder : "not known: only the length of vectors can be compared (--encoder)");
}

static int finish(const struct import_args *args, char *text)
{
    json_t *metadata = json_of_text(text);
    if (args->json)
        return print_json(json_pack("{s:s, s:o}", "model", args->output, "metadata", metadata));
    if (!args->quiet)
        print_model(args, metadata);
    json_decref(metadata);
    return EXIT_DONE;
}

static int import(const struct import_args *args)
{
    struct selectai_import_options options;
    struct selectai_encoder_options encoder;
    char *text = NULL;
    selectai_encoder_options_init(&encoder, sizeof encoder);
    encoder.activation = args->encoder.activation == NOT_GIVEN ? SELECTAI_ACTIVATION_QUICKGELU
                                                               : args->encoder.activation;
    encoder.heads = args->encoder.heads;
    encoder.convert = args->encoder.convert;
    encoder.exif = (uint32_t)args->encoder.exif;
    encoder.min_side = args->encoder.min_side;
    selectai_import_options_init(&options, sizeof options);
    options.kind = args->kind;
    options.hidden = args->hidden;
    options.vectors = args->vectors;
    options.encoder_id = args->encoder_id;
    options.encoder = args->encoder.what;
    options.encoder_options = &encoder;
    int rc = selectai_model_import(&text, args->rest.items[0], args->output, &options);
    return rc == SELECTAI_OK ? finish(args, text) : report_failure(rc);
}

/* Weights do not say their activation, and a wrong one gives other vectors: it must be known, not assumed. */
static int check_encoder(const struct verb *verb, const struct import_args *args)
{
    const struct encoder_args *e = &args->encoder;
    int is_file = e->what && strcmp(e->what, "builtin") != 0;
    if (args->encoder_id && e->what)
        return usage_error(verb, "give --encoder or --encoder-id, not both");
    if (is_file && e->activation == NOT_GIVEN)
        return usage_error(verb, "--encoder %s needs --activation: the file cannot tell", e->what);
    if (!is_file && e->activation != NOT_GIVEN)
        return usage_error(verb, "--activation is that of CLIP weights: give them with --encoder FILE");
    if (!e->what && (e->heads || e->convert || e->exif || e->min_side))
        return usage_error(verb, "--heads, --convert, --exif and --min-side belong to an --encoder");
    return -1;
}

static int run(int argc, char **argv, const struct verb *verb)
{
    struct import_args a = {.encoder.activation = NOT_GIVEN};
    const struct arg args[] = {
        {"output", ARG_TEXT, &a.output, "FILE", "the model (.safetensors); must not exist yet", 1},
        {"kind", ARG_CHOICE, &a.kind, "any|ranker|cropper", "insist on what it is", 0},
        {"hidden", ARG_CHOICE, &a.hidden, "auto|relu|none",
         "what stands between its layers; auto: by their names, where these tell", 0},
        {"vectors", ARG_CHOICE, &a.vectors, "auto|as-encoded|unit-length",
         "what it was trained on; auto: unit length for LAION's heads, else unknown", 0},
        {"encoder-id", ARG_TEXT, &a.encoder_id, "ID", "of the encoder whose vectors it was trained on", 0},
        {"encoder", ARG_TEXT, &a.encoder.what, "builtin|FILE", "the same, by the encoder's weights", 0},
        {"activation", ARG_CHOICE, &a.encoder.activation, "quickgelu|gelu", "of those weights: needed for a FILE", 0},
        {"heads", ARG_U32, &a.encoder.heads, "N", "attention heads of CLIP, as for embed", 0},
        {"convert", ARG_CHOICE, &a.encoder.convert, "first|after", "to RGB before or after resizing, as for embed", 0},
        {"exif", ARG_FLAG, &a.encoder.exif, NULL, "images were turned as EXIF says, as for embed", 0},
        {"min-side", ARG_U32, &a.encoder.min_side, "N", "JPEG was decoded smaller, as for embed", 0},
        {"json", ARG_FLAG, &a.json, NULL, "print the model's metadata as JSON", 0},
        {"quiet", ARG_FLAG, &a.quiet, NULL, "print nothing", 0},
        {0},
    };
    int code = parse_args(argc, argv, verb, args, &a.rest);
    if (code < 0 && a.rest.count != 1)
        code = usage_error(verb, "give one old model");
    if (code < 0)
        code = check_encoder(verb, &a);
    if (code < 0 && check_output(a.output))
        code = EXIT_FAILED;
    if (code < 0)
        code = import(&a);
    free_list(&a.rest);
    return code;
}

const struct verb verb_import_model = {
    .name = "import-model",
    .summary = "take over a ranker or cropper from PyTorch's file (.pt, .pth)",
    .usage = "OLD.pt --output FILE [options]",
    .text = "Nothing in the file is run. Old models can be used as they are, too; importing one lets it say which\n"
            "encoder's vectors it takes, so that others are refused. See docs/old-models.md.\n",
    .run = run,
};
