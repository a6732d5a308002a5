/*
 * validate/model.h: what the checks of models share.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_VALIDATE_MODEL_H
#define SAI_VALIDATE_MODEL_H

#include "base/tensor.h"
#include "validate/validate.h"

/* No element is an infinity or no number; also true for integers. */
bool sai_tensor_is_finite(const struct sai_tensor *tensor);

/* Of a zip archive, nothing of which is unpacked: whether a member's name is `name`, or ends in "/name". FORMAT if the
 * archive's directory is damaged. */
int sai_zip_holds(bool *out, const char *path, const char *name);

#endif
