/*
 * review/keys.h: which key does what; a file may change it.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_KEYS_H
#define REVIEW_KEYS_H

#include <jansson.h>

/*
 * {"approve":["Enter","a"],...} as the protocol has it. path: a JSON object of the same form, NULL: none; actions that
 * it names get its keys instead of theirs, an empty list takes them away. A key that two actions claim, an action or a
 * key that does not exist: NULL and a message that names it. A new reference.
 */
json_t *load_keys(const char *path);

#endif
