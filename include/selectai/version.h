/*
 * selectai/version.h: version of the headers and of the library.
 *
 * The only place where version and ABI numbers are written: meson.build, the shared library's soname, pkg-config and
 * the Python package read them from here.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_VERSION_H
#define SELECTAI_VERSION_H

/** Version of the project: grows with every release (semantic versioning). */
#define SELECTAI_VERSION_MAJOR 0
#define SELECTAI_VERSION_MINOR 1
#define SELECTAI_VERSION_PATCH 0

/**
 * ABI version, the number in `libselectai.so.N`. It changes only when a program that was linked against an older
 * library would no longer run with this one; adding functions, or fields at the end of an options struct, does not
 * change it.
 */
#define SELECTAI_ABI_VERSION 0

#endif
