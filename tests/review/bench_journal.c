/*
 * bench_journal.c: what a journal of 100,000 operations costs: opening it, and one decision more.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "review_folder.h"

#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#include "review/journal.h"

#define GROUPS     10000
#define OPERATIONS 100000
#define SINGLE     200

static void made_folder(struct folder *folder)
{
    static const char *const stages[] = {"stage1_generated", "stage1.5_face_swapped", "stage2_upscaled"};
    char path[256];
    strcpy(folder->path, "/tmp/selectai-bench-XXXXXX");
    if (!mkdtemp(folder->path))
        exit(1);
    snprintf(folder->root, sizeof folder->root, "%s/raw", folder->path);
    snprintf(folder->state, sizeof folder->state, "%s/state", folder->path);
    mkdir(folder->root, 0777);
    mkdir(folder->state, 0777);
    for (int i = 0; i < GROUPS; i++)
        for (int k = 0; k < 3; k++) {
            snprintf(path, sizeof path, "%s/202507%02d_%02d%02d%02d_%s.png", folder->root, 1 + i / 5000, i / 500 % 10,
                     i / 10 % 50, i % 10 * 5 + k, stages[k]);
            close(open(path, O_CREAT | O_WRONLY, 0666));
        }
    if (open_groups(&folder->groups, folder->root, "bench", NULL, NULL) != SELECTAI_OK)
        exit(1);
}

static struct journal *timed_open(struct folder *folder)
{
    struct journal *journal = NULL;
    int read_only;
    double begin = seconds_now();
    if (journal_open(&journal, folder->state, &folder->groups, &read_only) != SELECTAI_OK)
        exit(1);
    printf("opened with %llu operations: %.3f s\n", (unsigned long long)journal_operations(journal),
           seconds_now() - begin);
    return journal;
}

static void decide(struct folder *folder, struct journal *journal, size_t first, size_t n)
{
    static size_t groups[GROUPS];
    static struct winner winners[GROUPS];
    static struct decision decisions[GROUPS];
    static struct circumstances how[GROUPS];
    uint64_t op;
    for (size_t i = 0; i < n; i++) {
        groups[i] = (first + i) % folder->groups.n_groups;
        const char *id = folder->groups.images[folder->groups.groups[groups[i]].first].id;
        decisions[i] = pick_of(&winners[i], 1, CROP_EDITED);
        how[i] = (struct circumstances){.source = BULK, .seconds = 1.5, .model = "ranker.safetensors:0123456789abcdef"};
        how[i].suggestion = json_pack("{s:s, s:[f,f,f], s:f, s:{s:f, s:f, s:f, s:f}}", "winner", id, "probabilities",
                                      0.1234567, 0.3, 0.5765433, "keep", 0.97, "crop", "x1", 0.1, "y1", 0.2, "x2", 0.7,
                                      "y2", 0.8);
    }
    if (journal_decide_all(journal, &op, groups, decisions, how, n) != SELECTAI_OK)
        exit(1);
    for (size_t i = 0; i < n; i++)
        json_decref((json_t *)(uintptr_t)how[i].suggestion);
}

/* As many writes of a line's length with fsync. */
static void time_fsync(const struct folder *folder)
{
    static char bytes[1100];
    char path[256];
    snprintf(path, sizeof path, "%s/fsync", folder->state);
    int fd = open(path, O_CREAT | O_WRONLY, 0666);
    double begin = seconds_now();
    for (int i = 0; i < SINGLE; i++)
        if (write(fd, bytes, sizeof bytes) < 0 || fsync(fd) != 0)
            exit(1);
    printf("fsync alone: %.2f ms\n", (seconds_now() - begin) / SINGLE * 1e3);
    close(fd);
}

int main(void)
{
    struct folder folder = {.groups = {0}};
    made_folder(&folder);
    struct journal *journal = timed_open(&folder);
    for (size_t n = 0; n < OPERATIONS; n += folder.groups.n_groups)
        decide(&folder, journal, 0, folder.groups.n_groups);
    double begin = seconds_now();
    for (size_t i = 0; i < SINGLE; i++)
        decide(&folder, journal, i, 1);
    printf("a decision: %.2f ms\n", (seconds_now() - begin) / SINGLE * 1e3);
    time_fsync(&folder);
    journal_close(&journal);
    for (int i = 0; i < 3; i++) {
        journal = timed_open(&folder);
        journal_close(&journal);
    }
    close_groups(&folder.groups);
    remove_tree(folder.path);
    return 0;
}
