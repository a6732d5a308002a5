/*
 * fuzz/fuzz.h: a fuzz target is one function; libFuzzer calls it, or standalone.c for each file of a corpus.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <selectai/selectai.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file in memory with that content, as a path for functions that want one. Close the descriptor afterwards. */
static inline int memory_file(char path[64], const uint8_t *data, size_t size)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, 64, "/proc/self/fd/%d", fd);
    return fd;
}

#endif
