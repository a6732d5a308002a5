/*
 * validate/result_get.c: asking for what was found, and JSON.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/text.h"
#include "validate/validate.h"

size_t selectai_validation_count(const selectai_validation *validation)
{
    return validation ? validation->n_files : 0;
}

int selectai_validation_get(const selectai_validation *validation, size_t file, struct selectai_validated_file *out)
{
    SAI_REQUIRE(validation && out && file < validation->n_files);
    const struct sai_file_result *f = &validation->files[file];
    const struct selectai_validated_file full = {.severity = sai_result_severity(f),
                                                 .path = f->path,
                                                 .kind = f->kind,
                                                 .encoder_id = f->encoder_id,
                                                 .rows = f->rows,
                                                 .usable = f->usable,
                                                 .n_problems = f->n_problems};
    return sai_struct_out(out, &full, sizeof full);
}

int selectai_validation_problem(const selectai_validation *validation, size_t file, size_t problem,
                                struct selectai_validated_problem *out)
{
    SAI_REQUIRE(validation && out && file < validation->n_files && problem < validation->files[file].n_problems);
    const struct sai_problem *p = &validation->files[file].problems[problem];
    const struct selectai_validated_problem full = {.severity = p->severity,
                                                    .code = p->kind->code,
                                                    .meaning = p->kind->meaning,
                                                    .remedy = p->kind->remedy,
                                                    .count = p->count,
                                                    .unusable = p->unusable,
                                                    .n_examples = p->n_examples};
    return sai_struct_out(out, &full, sizeof full);
}

int selectai_validation_example(const selectai_validation *validation, size_t file, size_t problem, size_t example,
                                struct selectai_validated_example *out)
{
    SAI_REQUIRE(validation && out && file < validation->n_files && problem < validation->files[file].n_problems &&
                example < validation->files[file].problems[problem].n_examples);
    const struct sai_example *e = &validation->files[file].problems[problem].examples[example];
    const struct selectai_validated_example full = {.row = e->row, .path = e->path, .message = e->message};
    return sai_struct_out(out, &full, sizeof full);
}

int32_t selectai_validation_severity(const selectai_validation *validation)
{
    int32_t worst = SELECTAI_SEVERITY_NOTE;
    for (size_t i = 0; validation && i < validation->n_files; i++) {
        int32_t severity = sai_result_severity(&validation->files[i]);
        worst = severity > worst ? severity : worst;
    }
    return worst;
}

void selectai_validation_destroy(selectai_validation **validation)
{
    if (!validation || !*validation)
        return;
    for (size_t i = 0; i < (*validation)->n_files; i++)
        sai_free((*validation)->files[i].problems);
    sai_free((*validation)->files);
    sai_arena_clear(&(*validation)->arena);
    sai_free(*validation);
    *validation = NULL;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static const char *severity_word(int32_t severity)
{
    return severity == SELECTAI_SEVERITY_ERROR ? "error" : severity == SELECTAI_SEVERITY_WARNING ? "warning" : "note";
}

static void counts_json(struct sai_text *text, const struct sai_file_result *f, bool notes)
{
    const char *before = "";
    for (size_t i = 0; i < f->n_problems; i++) {
        if ((f->problems[i].severity == SELECTAI_SEVERITY_NOTE) != notes)
            continue;
        sai_text_printf(text, "%s\"%s\":%llu", before, f->problems[i].kind->code,
                        (unsigned long long)f->problems[i].count);
        before = ",";
    }
}

static void examples_json(struct sai_text *text, const struct sai_file_result *f)
{
    const char *before = "";
    for (size_t i = 0; i < f->n_problems; i++) {
        const struct sai_problem *p = &f->problems[i];
        for (size_t k = 0; k < p->n_examples; k++) {
            const struct sai_example *e = &p->examples[k];
            sai_text_printf(text, "%s{\"row\":", before);
            if (e->row)
                sai_text_printf(text, "%llu", (unsigned long long)e->row);
            else
                sai_text_puts(text, "null");
            sai_text_printf(text, ",\"code\":\"%s\",\"severity\":\"%s\"", p->kind->code, severity_word(p->severity));
            if (*e->path) {
                sai_text_puts(text, ",\"path\":");
                sai_text_json_string(text, e->path);
            }
            sai_text_puts(text, ",\"message\":");
            sai_text_json_string(text, e->message);
            sai_text_puts(text, "}");
            before = ",";
        }
    }
}

static void file_json(struct sai_text *text, const struct sai_file_result *f)
{
    sai_text_puts(text, "{\"path\":");
    sai_text_json_string(text, f->path);
    sai_text_printf(text, ",\"kind\":\"%s\",\"encoder\":", f->kind);
    if (*f->encoder_id)
        sai_text_json_string(text, f->encoder_id);
    else
        sai_text_puts(text, "null");
    sai_text_printf(text, ",\"rows\":%llu,\"usable\":%llu,\"severity\":\"%s\",\"problems\":{",
                    (unsigned long long)f->rows, (unsigned long long)f->usable,
                    f->n_problems ? severity_word(sai_result_severity(f)) : "ok");
    counts_json(text, f, false);
    sai_text_puts(text, "},\"notes\":{");
    counts_json(text, f, true);
    sai_text_puts(text, "},\"examples\":[");
    examples_json(text, f);
    sai_text_puts(text, "]}");
}

int selectai_validation_json(char **out, const selectai_validation *validation)
{
    struct sai_text text = {0};
    SAI_REQUIRE(out && validation);
    sai_text_puts(&text, "{\"files\":[");
    for (size_t i = 0; i < validation->n_files; i++) {
        sai_text_puts(&text, i ? "," : "");
        file_json(&text, &validation->files[i]);
    }
    sai_text_puts(&text, "]}\n");
    return sai_text_finish(&text, out);
}
