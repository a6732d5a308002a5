/*
 * project/name.h: the parser of file names, without the cost of an error message.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_PROJECT_NAME_H
#define SAI_PROJECT_NAME_H

#include <selectai/project.h>

/* Fills *out (struct_size excepted) and returns NULL, or returns why the name does not parse: static text. */
const char *sai_parse_name(struct selectai_parsed_name *out, const char *name);

#endif
