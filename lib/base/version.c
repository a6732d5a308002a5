/*
 * base/version.c: the version of the library at run time.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/common.h>

#define TEXT_(x) #x
#define TEXT(x)  TEXT_(x)

const char *selectai_version_string(void)
{
    return TEXT(SELECTAI_VERSION_MAJOR) "." TEXT(SELECTAI_VERSION_MINOR) "." TEXT(SELECTAI_VERSION_PATCH);
}

int selectai_abi_version(void)
{
    return SELECTAI_ABI_VERSION;
}
