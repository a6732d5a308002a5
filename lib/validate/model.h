/*
 * validate/model.h: a zip archive's names, without unpacking anything.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_VALIDATE_MODEL_H
#define SAI_VALIDATE_MODEL_H

#include "validate/validate.h"

/* Whether a member's name is `name`, or ends in "/name". FORMAT if the archive's directory is damaged. */
int sai_zip_holds(bool *out, const char *path, const char *name);

#endif
