/*
 * backend/backend.h: access to the torch module's table (selectai_backend.h) for embed and learn.
 *
 * The module is loaded at the first call that needs it and stays for the rest of the process: its table is the only
 * state that the library keeps for a process.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BACKEND_BACKEND_H
#define SAI_BACKEND_BACKEND_H

#include <selectai_backend.h>

#include "base/error.h"

/*
 * The table, loaded if need be. dir: as backend_dir of selectai_backend_load(); has no effect once the module is
 * loaded. From any thread.
 */
int sai_backend_get(const struct sai_backend_v1 **out, const char *dir);

/*
 * Raises what a function of the table returned: "subject: err". EARGUMENT becomes INVALID_ARGUMENT: who hands a file's
 * content on asks for that code first and raises FORMAT or MISMATCH. Never call it with SAI_BACKEND_OK.
 */
int sai_backend_fail(int code, const char *subject, const char *err);

/* ---- For tests: the steps of sai_backend_get() ----------------------------------------------- */

/* Loads this file, which must have an absolute path, and checks its table; keeps nothing. */
int sai_backend_open(const struct sai_backend_v1 **out, const char *path);

/* OK if this library can use the table. */
int sai_backend_check(const struct sai_backend_v1 *table, const char *path);

#endif
