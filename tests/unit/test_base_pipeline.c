/*
 * test_base_pipeline.c: results in order, whoever is quicker; errors; cancelling.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "test_util.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#include "base/pipeline.h"

#define COUNT 60u
#define STEPS 3u /* of an item */

struct job {
    struct sai_pipeline pipeline;
    struct sai_progress progress;
    int slots[16]; /* what work() left for take(), by item % window */
    size_t taken[COUNT];
    size_t n_taken;
    atomic_int at_work, taking;
    atomic_size_t started;
    size_t bad_work, bad_take; /* items that fail; COUNT: none */
    uint64_t stop_at;          /* progress cancels from here on */
    uint64_t last;             /* progress that was told last */
    pthread_t caller;
    bool slow;
};

static void rest(long ns)
{
    const struct timespec pause = {.tv_nsec = ns};
    nanosleep(&pause, NULL);
}

static int work(size_t item, unsigned thread, void *ctx)
{
    struct job *job = ctx;
    assert_true(thread < job->pipeline.n_threads);
    atomic_fetch_add(&job->started, 1);
    assert_true(atomic_fetch_add(&job->at_work, 1) < (int)job->pipeline.n_threads);
    if (job->slow || item % 7 == 3)
        rest(2000000); /* others overtake it */
    job->slots[item % job->pipeline.window] = (int)item + 1000;
    for (unsigned i = 0; i < STEPS; i++)
        if (!sai_pipeline_step(&job->pipeline))
            break;
    atomic_fetch_sub(&job->at_work, 1);
    return item == job->bad_work ? SAI_FAIL(SELECTAI_ERR_FORMAT, "item %zu", item) : SELECTAI_OK;
}

static int take(size_t item, unsigned thread, void *ctx)
{
    struct job *job = ctx;
    (void)thread;
    assert_int_equal(atomic_fetch_add(&job->taking, 1), 0);
    assert_int_equal(job->slots[item % job->pipeline.window], (int)item + 1000);
    assert_true(job->n_taken < COUNT);
    job->taken[job->n_taken++] = item;
    atomic_fetch_sub(&job->taking, 1);
    return item == job->bad_take ? SAI_FAIL(SELECTAI_ERR_IO, "taking %zu", item) : SELECTAI_OK;
}

static int watch(uint64_t done, uint64_t total, const char *stage, void *user)
{
    struct job *job = user;
    assert_true(pthread_equal(pthread_self(), job->caller));
    assert_string_equal(stage, "items");
    assert_true(done <= total && done >= job->last);
    job->last = done;
    return done >= job->stop_at;
}

static int run(struct job *job, size_t count, unsigned threads, size_t window)
{
    job->progress = (struct sai_progress){.fn = watch, .user = job};
    job->caller = pthread_self();
    job->pipeline = (struct sai_pipeline){.count = count,
                                          .window = window,
                                          .n_threads = threads,
                                          .work = work,
                                          .take = take,
                                          .ctx = job,
                                          .progress = &job->progress,
                                          .stage = "items",
                                          .total = count * STEPS};
    return sai_pipeline_run(&job->pipeline);
}

static void assert_in_order(const struct job *job, size_t n)
{
    assert_int_equal(job->n_taken, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(job->taken[i], i);
}

#define JOB                                                                                                            \
    {                                                                                                                  \
        .bad_work = COUNT, .bad_take = COUNT, .stop_at = UINT64_MAX                                                    \
    }

static void test_order(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 6; threads++) {
        for (size_t window = 1; window <= 16; window += 5) {
            struct job job = JOB;
            assert_int_equal(run(&job, COUNT, threads, window), SELECTAI_OK);
            assert_in_order(&job, COUNT);
            assert_true(job.last == (uint64_t)COUNT * STEPS);
        }
    }
}

static void test_none(void **state)
{
    struct job job = JOB;
    (void)state;
    assert_int_equal(run(&job, 0, 3, 4), SELECTAI_OK);
    assert_int_equal(job.n_taken, 0);
}

/* The error of the lowest item is told; nothing from it on is taken, all before it is. */
static void test_errors(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 4; threads += 3) {
        struct job at_work = JOB, at_taking = JOB;
        at_work.bad_work = 20;
        assert_int_equal(run(&at_work, COUNT, threads, 8), SELECTAI_ERR_FORMAT);
        assert_string_equal(selectai_last_error(), "item 20");
        assert_in_order(&at_work, 20);
        at_taking.bad_take = 11;
        assert_int_equal(run(&at_taking, COUNT, threads, 8), SELECTAI_ERR_IO);
        assert_string_equal(selectai_last_error(), "taking 11");
        assert_in_order(&at_taking, 12);
        assert_true(atomic_load(&at_taking.started) < COUNT);
    }
}

/* All that was started is taken: no finished work is lost. */
static void test_cancelled(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 4; threads += 3) {
        struct job job = JOB;
        job.stop_at = 30;
        job.slow = true;
        for (int attempt = 0; attempt < 2; attempt++) { /* the second one from the start */
            job.n_taken = 0;
            job.last = 0;
            atomic_store(&job.started, 0);
            assert_int_equal(run(&job, COUNT, threads, 8), SELECTAI_ERR_CANCELLED);
            assert_int_equal(selectai_last_error_detail()->code, SELECTAI_ERR_CANCELLED);
            assert_in_order(&job, atomic_load(&job.started));
            assert_true(job.n_taken < COUNT);
            job.stop_at = 0;
        }
        assert_int_equal(job.n_taken, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order), cmocka_unit_test(test_none),
                                       cmocka_unit_test(test_errors), cmocka_unit_test(test_cancelled)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
