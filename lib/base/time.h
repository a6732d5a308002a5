/*
 * base/time.h: file times as nanoseconds since 1970 in 64 bits, which reach from 1677 to 2262.
 *
 * A file's time may lie outside of that (touch -d 2400-01-01): it becomes the nearest time that can be said, and
 * differences are taken before that happens.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_TIME_H
#define SAI_BASE_TIME_H

#include <stdint.h>
#include <time.h>

#define SAI_NANOSECONDS INT64_C(1000000000) /* in a second */

static inline int64_t sai_time_limit(int64_t seconds)
{
    return seconds < 0 ? INT64_MIN : INT64_MAX;
}

static inline int64_t sai_seconds_ns(int64_t seconds, int64_t nanoseconds)
{
    int64_t ns;
    if (__builtin_mul_overflow(seconds, SAI_NANOSECONDS, &ns) || __builtin_add_overflow(ns, nanoseconds, &ns))
        return sai_time_limit(seconds);
    return ns;
}

static inline int64_t sai_time_ns(const struct timespec *time)
{
    return sai_seconds_ns(time->tv_sec, time->tv_nsec);
}

/* later - earlier; right by its sign however far apart or away both are. */
static inline int64_t sai_time_difference_ns(const struct timespec *later, const struct timespec *earlier)
{
    int64_t seconds;
    if (__builtin_sub_overflow((int64_t)later->tv_sec, (int64_t)earlier->tv_sec, &seconds))
        return sai_time_limit(later->tv_sec);
    return sai_seconds_ns(seconds, (int64_t)later->tv_nsec - earlier->tv_nsec);
}

#endif
