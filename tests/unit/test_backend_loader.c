/*
 * test_backend_loader.c: finding and refusing torch modules; loading the real one where the build made it.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/backend.h"

#define MODULE "selectai-torch.so"

static char folder[512];

static int set_up(void **state)
{
    const char *tmp = getenv("TMPDIR");

    (void)state;
    unsetenv("SELECTAI_BACKEND_DIR");
    snprintf(folder, sizeof folder, "%s/selectai-loader-XXXXXX", tmp ? tmp : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

static void module_path(char *out, size_t size)
{
    snprintf(out, size, "%s/" MODULE, folder);
}

static int tear_down(void **state)
{
    char path[600];

    (void)state;
    unsetenv("SELECTAI_BACKEND_DIR");
    module_path(path, sizeof path);
    unlink(path);
    return rmdir(folder);
}

static void write_module(const char *content)
{
    char path[600];
    FILE *f;

    module_path(path, sizeof path);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(content, f);
    fclose(f);
}

/* The call fails with this code and a message that has each of the words. */
static void assert_refused(int code, const char *dir, const char *word, const char *other)
{
    const char *name = "untouched";

    assert_int_equal(selectai_backend_load(&name, dir), code);
    assert_string_equal(name, "untouched");
    if (!strstr(selectai_last_error(), word) || !strstr(selectai_last_error(), other))
        print_error("message: %s\n", selectai_last_error());
    assert_non_null(strstr(selectai_last_error(), word));
    assert_non_null(strstr(selectai_last_error(), other));
}

static void test_missing(void **state)
{
    (void)state;
    assert_refused(SELECTAI_ERR_BACKEND_MISSING, folder, folder, "libtorch-dev");
    assert_refused(SELECTAI_ERR_BACKEND_MISSING, "/no/such/folder", "/no/such/folder", "-Dtorch=enabled");
    assert_refused(SELECTAI_ERR_NOT_FOUND, "no/such/folder", "no/such/folder", "check the path");
    assert_refused(SELECTAI_ERR_INVALID_ARGUMENT, "", "dir", "");
    assert_int_equal(selectai_backend_load(NULL, NULL), SELECTAI_ERR_INVALID_ARGUMENT);
}

static void test_not_a_library(void **state)
{
    char path[600];

    (void)state;
    module_path(path, sizeof path);
    write_module("this is text\n");
    assert_refused(SELECTAI_ERR_BACKEND_MISSING, folder, path, "cannot be loaded");
    write_module("");
    assert_refused(SELECTAI_ERR_BACKEND_MISSING, folder, path, "cannot be loaded");
    unlink(path);
    assert_int_equal(mkdir(path, 0755), 0);
    assert_refused(SELECTAI_ERR_BACKEND_MISSING, folder, path, "cannot be loaded");
    assert_int_equal(rmdir(path), 0);
}

/* The C library's mathematics under the module's name: a library, but not ours. */
static void test_another_library(void **state)
{
    char path[600];
    void *handle = dlopen("libm.so.6", RTLD_NOW);
    Dl_info info;
    char *real;

    (void)state;
    if (!handle || !dlsym(handle, "cos") || !dladdr(dlsym(handle, "cos"), &info) || !info.dli_fname)
        skip();
    real = realpath(info.dli_fname, NULL);
    assert_non_null(real);
    module_path(path, sizeof path);
    assert_int_equal(symlink(real, path), 0);
    assert_refused(SELECTAI_ERR_BACKEND_VERSION, folder, path, SAI_BACKEND_ENTRY_SYMBOL);
    free(real);
    dlclose(handle);
}

static void test_environment(void **state)
{
    char path[600];

    (void)state;
    setenv("SELECTAI_BACKEND_DIR", "some/folder", 1);
    assert_refused(SELECTAI_ERR_INVALID_ARGUMENT, NULL, "some/folder", "absolute");
    setenv("SELECTAI_BACKEND_DIR", ".", 1);
    assert_refused(SELECTAI_ERR_INVALID_ARGUMENT, NULL, "SELECTAI_BACKEND_DIR", "absolute");
    module_path(path, sizeof path);
    write_module("text");
    setenv("SELECTAI_BACKEND_DIR", folder, 1);
    assert_refused(SELECTAI_ERR_BACKEND_MISSING, NULL, path, "cannot be loaded");
    /* A folder that the caller names goes before the environment. */
    assert_refused(SELECTAI_ERR_BACKEND_MISSING, "/no/such/folder", "/no/such/folder", "looked in");
}

/* A module in the working directory is loaded only if the caller asks for that folder. */
static void test_working_directory(void **state)
{
    char path[600], before[4096];

    (void)state;
    module_path(path, sizeof path);
    write_module("text");
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(folder), 0);
    assert_refused(SELECTAI_ERR_BACKEND_MISSING, ".", path, "cannot be loaded");
    assert_int_equal(chdir(before), 0);
    const struct sai_backend_v1 *table = NULL;
    assert_int_equal(sai_backend_open(&table, MODULE), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_null(table);
}

static void test_wrong_version(void **state)
{
    struct sai_backend_v1 table = {.abi_version = SAI_BACKEND_ABI_VERSION, .struct_size = sizeof table};

    (void)state;
    assert_int_equal(sai_backend_check(&table, "/x.so"), SELECTAI_OK);
    table.struct_size++; /* a newer module may have more */
    assert_int_equal(sai_backend_check(&table, "/x.so"), SELECTAI_OK);
    table.struct_size = sizeof table - 1;
    assert_int_equal(sai_backend_check(&table, "/x.so"), SELECTAI_ERR_BACKEND_VERSION);
    assert_non_null(strstr(selectai_last_error(), "older"));
    table.struct_size = sizeof table;
    table.abi_version = 2;
    assert_int_equal(sai_backend_check(&table, "/x.so"), SELECTAI_ERR_BACKEND_VERSION);
    assert_non_null(strstr(selectai_last_error(), "/x.so: the torch module has interface version 2"));
    assert_int_equal(sai_backend_check(NULL, "/x.so"), SELECTAI_ERR_BACKEND_VERSION);
}

static void test_codes(void **state)
{
    (void)state;
    assert_int_equal(sai_backend_fail(SAI_BACKEND_EFAILED, "a.bin", "broken"), SELECTAI_ERR_BACKEND);
    assert_string_equal(selectai_last_error(), "a.bin: broken");
    assert_int_equal(sai_backend_fail(SAI_BACKEND_EARGUMENT, "a", "b"), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(sai_backend_fail(SAI_BACKEND_EMEMORY, "a", "b"), SELECTAI_ERR_OUT_OF_MEMORY);
    assert_int_equal(sai_backend_fail(SAI_BACKEND_ECANCELLED, "a", "b"), SELECTAI_ERR_CANCELLED);
    assert_int_equal(sai_backend_fail(99, "a", ""), SELECTAI_ERR_BACKEND);
    assert_non_null(strstr(selectai_last_error(), "no reason"));
}

static void *load_in_thread(void *dir)
{
    const struct sai_backend_v1 *table = NULL;

    return sai_backend_get(&table, dir) == SELECTAI_OK ? (void *)(uintptr_t)table : NULL;
}

/* Two levels above this program lies the build folder. */
static void test_real_module(void **state)
{
    char dir[4200], path[4300];
    ssize_t n = readlink("/proc/self/exe", dir, 4000);
    const char *name = NULL;
    pthread_t threads[3];
    void *first, *other;

    (void)state;
    if (n <= 0)
        skip();
    dir[n] = '\0';
    for (int i = 0; i < 3; i++) {
        char *slash = strrchr(dir, '/');
        if (!slash)
            skip();
        *slash = '\0';
    }
    strcat(dir, "/subprojects/selectai-torch");
    snprintf(path, sizeof path, "%s/" MODULE, dir);
    if (access(path, R_OK) != 0) {
        print_message("built without the torch module\n");
        skip();
    }
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, load_in_thread, dir), 0);
    assert_int_equal(pthread_join(threads[0], &first), 0);
    assert_non_null(first);
    for (size_t i = 1; i < 3; i++) {
        assert_int_equal(pthread_join(threads[i], &other), 0);
        assert_ptr_equal(first, other);
    }
    assert_int_equal(selectai_backend_load(&name, "/no/such/folder"), SELECTAI_OK); /* it is resident now */
    assert_int_equal(strncmp(name, "torch ", 6), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_missing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_not_a_library, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_another_library, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_environment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_working_directory, set_up, tear_down),
        cmocka_unit_test(test_wrong_version),
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_real_module),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
