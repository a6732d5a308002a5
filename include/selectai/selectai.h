/*
 * selectai/selectai.h: everything.
 *
 * Headers by tier; one includes only lower ones:
 *   0  version.h common.h
 *   1  project.h projects.h image.h evaluation.h
 *   2  trainset.h encoder.h duplicates.h
 *   3  embedding_cache.h
 *   4  ranker.h cropper.h model_import.h
 *   5  suggest.h validate.h
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_SELECTAI_H
#define SELECTAI_SELECTAI_H

#include <selectai/common.h>
#include <selectai/cropper.h>
#include <selectai/duplicates.h>
#include <selectai/embedding_cache.h>
#include <selectai/encoder.h>
#include <selectai/evaluation.h>
#include <selectai/image.h>
#include <selectai/model_import.h>
#include <selectai/project.h>
#include <selectai/projects.h>
#include <selectai/ranker.h>
#include <selectai/suggest.h>
#include <selectai/trainset.h>
#include <selectai/validate.h>
#include <selectai/version.h>

#endif
