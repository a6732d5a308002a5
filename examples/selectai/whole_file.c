/*
 * whole_file.c: files that appear whole or not at all.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verbs.h"

static void forget(struct whole_file *file)
{
    free(file->target);
    free(file->temporary);
    *file = (struct whole_file){0};
}

static int cannot_write(struct whole_file *file, int err)
{
    say("%s: cannot write: %s", file->path, strerror(err));
    discard_whole_file(file);
    return EXIT_FAILED;
}

int open_whole_file(struct whole_file *file, const char *path)
{
    char *real = realpath(path, NULL); /* a link is written through, not replaced */
    *file = (struct whole_file){.path = path, .target = real ? real : strdup(path)};
    file->temporary = file->target ? malloc(strlen(file->target) + 32) : NULL;
    if (!file->temporary) {
        say("out of memory");
        forget(file);
        return EXIT_FAILED;
    }
    sprintf(file->temporary, "%s.tmp-%ld", file->target, (long)getpid());
    file->stream = fopen(file->temporary, "wbe");
    return file->stream ? EXIT_DONE : cannot_write(file, errno);
}

int commit_whole_file(struct whole_file *file)
{
    int failed = ferror(file->stream) || fflush(file->stream) != 0 || fsync(fileno(file->stream)) != 0, err = errno;
    fclose(file->stream);
    file->stream = NULL;
    if (!failed && rename(file->temporary, file->target) != 0) {
        failed = 1;
        err = errno;
    }
    if (failed)
        return cannot_write(file, err);
    forget(file);
    return EXIT_DONE;
}

void discard_whole_file(struct whole_file *file)
{
    if (file->stream)
        fclose(file->stream);
    if (file->temporary)
        unlink(file->temporary);
    forget(file);
}

int write_text_file(const char *path, const char *text, size_t n)
{
    struct whole_file file;
    int code = open_whole_file(&file, path);
    if (code != EXIT_DONE)
        return code;
    fwrite(text, 1, n, file.stream);
    return commit_whole_file(&file);
}
