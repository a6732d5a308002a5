/*
 * base/number.h: numbers as text, whatever the process's locale says about decimal commas.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_NUMBER_H
#define SAI_BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#define SAI_NUMBER_SIZE 32

/* The shortest decimal that reads back as the same double: "2", "1.5", "1e-07". `value` must be finite. */
void sai_number_format(char out[SAI_NUMBER_SIZE], double value);

/* The whole text must be one finite decimal number (no hex, no "inf", no blanks). */
bool sai_number_parse(double *out, const char *text);
bool sai_number_parse_u64(uint64_t *out, const char *text);

#endif
