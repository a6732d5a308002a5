/*
 * fuzz/standalone.c: runs a fuzz target over files and folders of a corpus, and over mutations of each file, without
 * any fuzzing engine: so that every build tests it.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"

enum { MUTATIONS = 200 };

static uint64_t random_state = 88172645463325252u;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    return random_state ^= random_state << 17;
}

/* The input itself; cut at places; with bytes changed, taken out or doubled. Always the same ones. */
static void run_mutations(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(2 * size + 1);
    if (!copy)
        abort();
    LLVMFuzzerTestOneInput(data, size);
    for (int i = 0; i < MUTATIONS && size > 0; i++) {
        size_t n = size, at = next_random() % size, many = 1 + next_random() % 4;
        memcpy(copy, data, size);
        switch (next_random() % 4) {
        case 0:
            n = at;
            break;
        case 1:
            for (size_t k = 0; k < many; k++)
                copy[next_random() % size] = (uint8_t)next_random();
            break;
        case 2:
            copy[at] ^= (uint8_t)(1u << next_random() % 8);
            break;
        default:
            memcpy(copy + size, data + at, size - at);
            n = size + (size - at);
        }
        LLVMFuzzerTestOneInput(copy, n);
    }
    free(copy);
}

static void run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct stat st;
    if (!f || fstat(fileno(f), &st) != 0)
        abort();
    size_t size = (size_t)st.st_size;
    uint8_t *data = malloc(size + 1);
    if (!data || fread(data, 1, size, f) != size)
        abort();
    fclose(f);
    run_mutations(data, size);
    free(data);
}

static size_t run_folder(const char *folder)
{
    struct dirent **names;
    size_t count = 0;
    int n = scandir(folder, &names, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        if (names[i]->d_name[0] != '.') {
            run_file(path);
            count++;
        }
        free(names[i]);
    }
    if (n >= 0)
        free(names);
    return count;
}

int main(int argc, char **argv)
{
    size_t count = 0;
    for (int i = 1; i < argc; i++)
        count += run_folder(argv[i]);
    printf("%zu inputs, each with %d mutations\n", count, MUTATIONS);
    return count == 0; /* a corpus that is not there proves nothing */
}
