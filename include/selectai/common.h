/*
 * selectai/common.h: what every other header needs. Errors, issue lists, progress, boxes, memory.
 *
 * Tier 0: includes nothing of selectai but version.h.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_COMMON_H
#define SELECTAI_COMMON_H

#include <stddef.h>
#include <stdint.h>

#include <selectai/version.h>

#if defined(__GNUC__) && !defined(SELECTAI_API)
#define SELECTAI_API __attribute__((visibility("default")))
#elif !defined(SELECTAI_API)
#define SELECTAI_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Conventions that hold for every function of the library -------------------------------------------------
 *
 * Return value  int: SELECTAI_OK (0) or a negative SELECTAI_ERR_*; a few iterators also return SELECTAI_DONE (1).
 * Out-parameter first; written only on success, unless the function says otherwise.
 * Handles       `x_create/open/load(**out, ...)` pairs with `x_destroy/close(**h)`, which sets *h to NULL and accepts
 *               NULL and a pointer to NULL.
 * Strings       UTF-8 (or, for paths, whatever bytes the file system has), NUL-terminated. `const char *` that comes
 *               out of a handle is borrowed: valid until the handle is changed or destroyed.
 * Options       `struct selectai_x_options *` may be NULL: defaults. Otherwise fill it with selectai_x_options_init()
 *               first, so that a program built against an older header works with a newer library and vice versa.
 * Threads       Functions without a handle may be called from any thread at any time. Each handle's header comment
 *               says what may be done with it from several threads.
 * Side effects  The library prints nothing, never exits or aborts, installs no signal handlers, and keeps no global
 *               state but the error detail of each thread. Files are written under a temporary name, synced and
 *               renamed: they are there whole or not at all. Inputs are never modified.
 */

/* ---- Error codes. Values are pinned: they never change, and new ones fill the gaps. ---------- */

#define SELECTAI_OK   0 /**< done */
#define SELECTAI_DONE 1 /**< an iterator has nothing more; not an error */

#define SELECTAI_ERR_INVALID_ARGUMENT (-1)  /**< a call that no input file could justify: NULL, size 0, bad flag */
#define SELECTAI_ERR_OUT_OF_MEMORY    (-2)  /**< allocation failed, or a size computation would overflow */
#define SELECTAI_ERR_CANCELLED        (-3)  /**< the progress callback asked to stop; files written so far are valid */
#define SELECTAI_ERR_INTERNAL         (-4)  /**< a bug in the library */
#define SELECTAI_ERR_NOT_FOUND        (-10) /**< no such file, folder or record */
#define SELECTAI_ERR_NOT_A_DIRECTORY  (-11) /**< a folder was expected, a file found */
#define SELECTAI_ERR_IS_A_DIRECTORY   (-12) /**< a file was expected, a folder found */
#define SELECTAI_ERR_PERMISSION       (-13) /**< the system denied access */
#define SELECTAI_ERR_NO_SPACE         (-14) /**< disk full or quota reached */
#define SELECTAI_ERR_IO               (-15) /**< any other failed read or write */
#define SELECTAI_ERR_EXISTS           (-16) /**< would overwrite something that must not be overwritten */
#define SELECTAI_ERR_FORMAT           (-20) /**< content is not what the format demands: corrupt, truncated, wrong kind */
#define SELECTAI_ERR_UNSUPPORTED      (-21) /**< valid, but this library or build cannot do it */
#define SELECTAI_ERR_LIMIT            (-22) /**< larger than the configured limit (pixels, bytes, depth) */
#define SELECTAI_ERR_PROJECT_RULE     (-30) /**< a set or pair would cross projects */
#define SELECTAI_ERR_MISMATCH         (-31) /**< two things do not belong together: encoder and cache, model and vectors */
#define SELECTAI_ERR_NO_DATA          (-32) /**< valid input, but nothing (or too little) in it to work on */
#define SELECTAI_ERR_AMBIGUOUS        (-33) /**< several candidates, and nothing tells which is meant */
#define SELECTAI_ERR_BACKEND_MISSING  (-40) /**< needs the torch module, which is not installed */
#define SELECTAI_ERR_BACKEND          (-41) /**< the torch module reported an error */
#define SELECTAI_ERR_BACKEND_VERSION  (-42) /**< a torch module was found, but for another version of this library */

/** Short constant English name of a code, such as "file format error"; never NULL. */
SELECTAI_API const char *selectai_error_name(int code);

/** Detail of the last error in this thread: fixed size, no heap. */
struct selectai_error_detail {
    int32_t code;       /**< SELECTAI_ERR_*, or 0 if nothing has failed in this thread yet */
    uint32_t line;      /**< line in `file`: for bug reports */
    char file[64];      /**< source file that raised it: for bug reports */
    char message[1024]; /**< one line for humans, names the file and the remedy; longer texts are cut at a character */
};

/**
 * Message of the last error in this thread ("" if none). It is for humans: decide by the returned code. It is not
 * cleared by calls that succeed. Borrowed: valid until the next failing call in the same thread.
 */
SELECTAI_API const char *selectai_last_error(void);

/** The same with code and origin. Borrowed like selectai_last_error(); never NULL. */
SELECTAI_API const struct selectai_error_detail *selectai_last_error_detail(void);

/* ---- Issues: what went wrong with single items of a long job --------------------------------- */

/**
 * A list of problems with single files or rows. Bulk work does not stop at one bad file: it returns SELECTAI_OK and
 * reports the file here. In the order in which the items were given, not in which threads finished.
 * Thread-safety: read-only once returned; may be read from any thread. NULL counts as an empty list.
 */
typedef struct selectai_issues selectai_issues;

struct selectai_issue {
    uint32_t struct_size; /**< set by the caller to sizeof(struct selectai_issue) */
    int32_t code;         /**< SELECTAI_ERR_* */
    uint64_t row;         /**< 1-based line in a text file; 0 where that makes no sense */
    const char *kind;     /**< short stable word for machines: "unreadable", "unparsed", "orphan-final", ... borrowed */
    const char *path;     /**< file or folder concerned, "" if none; borrowed */
    const char *message;  /**< one line for humans; borrowed */
};

SELECTAI_API size_t selectai_issues_count(const selectai_issues *issues);

/** SELECTAI_ERR_INVALID_ARGUMENT if `index` is not below the count. */
SELECTAI_API int selectai_issues_get(const selectai_issues *issues, size_t index, struct selectai_issue *out);

SELECTAI_API void selectai_issues_destroy(selectai_issues **issues);

/* ---- Progress and cancellation --------------------------------------------------------------- */

/**
 * Called from the thread that called the library, never from a worker, at most a few hundred times a second.
 * `done` of `total` units (files, epochs, bytes: see the function); `total` is 0 while unknown. `stage` is a short
 * English word such as "scan" or "encode". Return 0 to go on, anything else to cancel: the running call then returns
 * SELECTAI_ERR_CANCELLED and leaves valid files. Must not call back into the handle that is at work.
 */
typedef int (*selectai_progress_fn)(uint64_t done, uint64_t total, const char *stage, void *user);

/* ---- Small shared types ---------------------------------------------------------------------- */

/** A rectangle in fractions of width and height, 0..1; x2 and y2 lie outside (half-open). */
struct selectai_box {
    double x1, y1, x2, y2;
};

/** A rectangle in whole pixels, half-open: x1 <= x < x2. */
struct selectai_pixel_box {
    int32_t x1, y1, x2, y2;
};

/** Intersection over union of two boxes, 0..1; 0 if either is empty. */
SELECTAI_API double selectai_box_iou(const struct selectai_box *a, const struct selectai_box *b);

/* ---- Memory, version, backend ---------------------------------------------------------------- */

/** Frees text or bytes that a function handed over ("the caller frees it with selectai_free()"). NULL is fine. */
SELECTAI_API void selectai_free(void *p);

/** "MAJOR.MINOR.PATCH" of the library at run time (the headers' macros tell that of compile time). */
SELECTAI_API const char *selectai_version_string(void);

/** SELECTAI_ABI_VERSION of the library at run time. */
SELECTAI_API int selectai_abi_version(void);

/**
 * Loads the torch module if that has not happened yet and tells its name, e.g. "torch 1.13.1" (static text).
 * backend_dir: folder that holds selectai-torch.so, or NULL for: $SELECTAI_BACKEND_DIR (ignored in setuid programs),
 * the install folder, the folder of libselectai, and below it. Never the working directory.
 * The first load takes about half a second and 150 MiB. The module is loaded once per process and never unloaded: once
 * it is, backend_dir is not looked at any more.
 * Errors: SELECTAI_ERR_BACKEND_MISSING (the message says how to get it), SELECTAI_ERR_BACKEND_VERSION.
 */
SELECTAI_API int selectai_backend_load(const char **name, const char *backend_dir);

#ifdef __cplusplus
}
#endif

#endif
