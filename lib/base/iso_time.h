/*
 * base/iso_time.h: moments as text, ISO 8601 and the YYYYMMDD_HHMMSS of file names.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_ISO_TIME_H
#define SAI_BASE_ISO_TIME_H

#include <stdbool.h>
#include <stdint.h>

#define SAI_SECONDS_OF_DAY 86400
#define SAI_ISO_TIME_BYTES 21 /* "2025-07-08T06:07:30Z" and its NUL */

/* A moment as it was written. */
struct sai_moment {
    int64_t seconds; /* since 1970 UTC, rounded down */
    bool midnight;   /* a date alone, or 00:00:00 where it was written */
};

/*
 * Reads "2025-07-08", "2025-07-08T06:07[:30[.5]][Z|+02:00|+0200|+02]" (a blank may stand for the T) and
 * "20250708_060730". No zone means UTC. false, and *out untouched, for anything else and for what is no real date and
 * time of the years 1 to 9999. NULL is no time.
 */
bool sai_moment_parse(struct sai_moment *out, const char *text);

/* The same, seconds alone. */
bool sai_time_parse(int64_t *seconds, const char *text);

/* "2025-07-08T06:07:30Z"; false, and out = "", outside of the years 1 to 9999. */
bool sai_time_format_iso(char out[SAI_ISO_TIME_BYTES], int64_t seconds);

#endif
