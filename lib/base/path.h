/*
 * base/path.h: paths are byte strings with '/'; nothing is resolved or normalised unless a function says so.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_PATH_H
#define SAI_BASE_PATH_H

#include "base/memory.h"

/* "a" + "b" -> "a/b"; "a/" + "b" -> "a/b"; "" + "b" -> "b". The caller frees it with sai_free(). */
char *sai_path_join(const char *folder, const char *name);

/* The part after the last '/', borrowed. */
const char *sai_path_basename(const char *path);

/* Everything before the last '/': "." if there is none, "/" for the root. The caller frees it. */
char *sai_path_dirname(const char *path);

/* The extension with its dot (".png"), or "" : borrowed. A leading dot of a hidden file is no extension. */
const char *sai_path_extension(const char *path);

/* ASCII case-insensitive: png, jpg, jpeg, webp. */
bool sai_path_is_image(const char *path);

bool sai_path_is_directory(const char *path);
bool sai_path_exists(const char *path);

/* OK if path is a folder that can be read; otherwise NOT_FOUND, NOT_A_DIRECTORY or PERMISSION with a clear message. */
int sai_path_require_directory(const char *path);

/* Makes a folder and its parents; fine if it is there already. */
int sai_path_make_directories(const char *path);

#endif
