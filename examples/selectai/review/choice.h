/*
 * review/choice.h: the files that are to be reviewed, where it is not all of a folder.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_CHOICE_H
#define REVIEW_CHOICE_H

#include <stddef.h>

struct choice {
    char *root;       /* the deepest folder that holds all of them */
    char **rel_paths; /* n below it, in the order of their bytes, each once */
    size_t n;
    size_t n_missing; /* named, but not there: said on stderr */
};

/*
 * Reads a list: a path a line, or the document that `selectai suggest --json` prints. Relative paths are looked for
 * from the working folder, then beside the list. EXIT_DONE, or EXIT_FAILED with a message.
 */
int read_choice(struct choice *out, const char *path);
void free_choice(struct choice *choice);

int is_chosen(const struct choice *choice, const char *rel_path);

#endif
