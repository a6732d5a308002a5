/*
 * extract_outputs.c: the files that `selectai extract` writes, in the order in which it writes them.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "extract.h"

static int put_entries(struct extract_job *job, const char *path)
{
    int rc = selectai_trainset_write(selectai_extraction_entries(job->extraction), path, job->args->append);
    return rc == SELECTAI_OK ? EXIT_DONE : report_failure(rc);
}

static int put_rejected(struct extract_job *job, const char *path)
{
    int rc = selectai_extraction_write_rejected(job->extraction, path);
    return rc == SELECTAI_OK ? EXIT_DONE : report_failure(rc);
}

static int put_images(struct extract_job *job, const char *path)
{
    (void)path; /* the extraction was told when it was created */
    int rc = selectai_extraction_commit_images(job->extraction);
    return rc == SELECTAI_OK ? EXIT_DONE : report_failure(rc);
}

static int put_log(struct extract_job *job, const char *path, int32_t form)
{
    char added[COUNT_TEXT];
    uint64_t n = 0;
    int rc = selectai_trainset_write_log(&n, selectai_extraction_entries(job->extraction), path, form,
                                         job->args->append);
    if (rc != SELECTAI_OK)
        return report_failure(rc);
    if (job->args->append && !job->args->quiet)
        say("%s: %s rows added", path, count_text(added, n));
    return EXIT_DONE;
}

static int put_selection_log(struct extract_job *job, const char *path)
{
    return put_log(job, path, SELECTAI_LOG_SELECTION);
}

static int put_crop_log(struct extract_job *job, const char *path)
{
    return put_log(job, path, job->args->crop_log_form ? SELECTAI_LOG_CROP_FULL : SELECTAI_LOG_CROP);
}

static int put_report(struct extract_job *job, const char *path)
{
    return write_json_file(path, job->report);
}

#define AT(name) offsetof(struct extract_args, name)

/*
 * Entries come after everything that may be written twice without harm: with --append, the same command again would add
 * them again. The report comes last: where it is new, everything before it is complete.
 */
static const struct output {
    const char *flag;
    size_t offset;
    const char *endings; /* "": any */
    int (*put)(struct extract_job *job, const char *path);
} outputs[] = {
    {"rejected", AT(rejected), "", put_rejected},
    {"images", AT(images), ".jsonl", put_images},
    {"selection-log", AT(selection_log), ".csv", put_selection_log},
    {"crop-log", AT(crop_log), ".csv", put_crop_log},
    {"output", AT(output), ".jsonl|.csv", put_entries},
    {"report", AT(report), "", put_report},
};
#define N_OUTPUTS (sizeof outputs / sizeof *outputs)

static const char *path_at(const struct extract_args *args, size_t index)
{
    return *(const char *const *)(const void *)((const char *)args + outputs[index].offset);
}

#define RESUME_ENDING ".crops-resume"

char *resume_path(const char *output)
{
    size_t n = strlen(output) + sizeof RESUME_ENDING;
    char *path = malloc(n);
    if (!path) {
        say("out of memory");
        exit(EXIT_FAILED);
    }
    snprintf(path, n, "%s" RESUME_ENDING, output);
    return path;
}

static int check_resume_path(const struct verb *verb, const struct extract_args *args)
{
    int code = -1;
    char *resume = resume_path(args->output);
    for (size_t i = 0; code < 0 && i < N_OUTPUTS; i++)
        if (path_at(args, i) && same_place(path_at(args, i), resume))
            code = usage_error(verb, "--%s %s is where crops are kept until all is written: give another name",
                               outputs[i].flag, path_at(args, i));
    free(resume);
    return code;
}

static int check_one(const struct verb *verb, const struct extract_args *args, size_t index)
{
    const char *path = path_at(args, index), *flag = outputs[index].flag, *endings = outputs[index].endings;
    if (*endings && !has_ending(path, endings))
        return usage_error(verb, "--%s %s must end in %s", flag, path,
                           strcmp(endings, ".jsonl|.csv") == 0 ? ".jsonl or .csv" : endings);
    if (has_ending(path, ".png|.jpg|.jpeg|.webp"))
        return usage_error(verb, "--%s %s is named as an image", flag, path);
    const char *input = project_input_at(&args->projects, path);
    if (input)
        return usage_error(verb, "--%s %s would overwrite what is read: %s", flag, path, input);
    for (size_t i = 0; i < index; i++) {
        const char *other = path_at(args, i);
        if (other && same_place(path, other))
            return usage_error(verb, "--%s %s and --%s %s are one file: each needs its own", outputs[i].flag, other,
                               flag, path);
    }
    return -1;
}

int check_output_flags(const struct verb *verb, const struct extract_args *args)
{
    for (size_t i = 0; i < N_OUTPUTS; i++) {
        int code = path_at(args, i) ? check_one(verb, args, i) : -1;
        if (code >= 0)
            return code;
    }
    return check_resume_path(verb, args);
}

int check_output_folders(const struct extract_args *args)
{
    for (size_t i = 0; i < N_OUTPUTS; i++)
        if (path_at(args, i) && check_output(path_at(args, i)))
            return EXIT_FAILED;
    return EXIT_DONE;
}

/* After a failure: what is new and what is not, since a set of files of which some are old is a trap. */
static void tell_written(const struct extract_args *args, size_t failed)
{
    for (size_t i = 0; i < N_OUTPUTS; i++)
        if (path_at(args, i) && i != failed)
            say("%s: %s", path_at(args, i), i < failed ? "was written before that" : "was not written");
}

int write_extract_outputs(struct extract_job *job)
{
    for (size_t i = 0; i < N_OUTPUTS; i++) {
        const char *path = path_at(job->args, i);
        int code = path ? outputs[i].put(job, path) : EXIT_DONE;
        if (code != EXIT_DONE) {
            tell_written(job->args, i);
            return code;
        }
    }
    if (job->resume)
        remove(job->resume); /* if it stays, the next run finds in it what it would find again */
    return EXIT_DONE;
}
