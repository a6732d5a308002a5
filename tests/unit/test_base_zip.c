/*
 * test_base_zip.c: directories of zip archives, sound and hostile.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "test_util.h"

#include "base/zip.h"
#include "torch_builder.h"

#define LOCAL_NAME_AT 30u
#define END_BYTES     22u

static struct zip_builder two_members(int zip64)
{
    struct zip_builder z = {.zip64 = zip64};
    zip_add(&z, "b/second", "0123456789", 10);
    zip_add(&z, "a", "", 0);
    zip_finish(&z);
    return z;
}

static void expect_sound(const struct zip_builder *z)
{
    struct sai_zip zip;
    assert_int_equal(sai_zip_open(&zip, z->file.data, z->file.n, "x.zip"), SELECTAI_OK);
    assert_int_equal(zip.n_entries, 2);
    const struct sai_zip_entry *entry = sai_zip_find(&zip, "b/second");
    assert_non_null(entry);
    assert_int_equal(entry->size, 10);
    assert_memory_equal(entry->data, "0123456789", 10);
    assert_int_equal(sai_zip_find(&zip, "a")->size, 0);
    assert_null(sai_zip_find(&zip, "b"));
    sai_zip_close(&zip);
}

/* Frees what was built. */
static void expect_bad(struct zip_builder *z, const char *says)
{
    struct sai_zip zip;
    /* A copy of exactly that size: the address sanitizer sees what is read beyond. */
    uint8_t *copy = malloc(z->file.n ? z->file.n : 1);
    assert_non_null(copy);
    if (z->file.n)
        memcpy(copy, z->file.data, z->file.n);
    assert_int_equal(sai_zip_open(&zip, copy, z->file.n, "x.zip"), SELECTAI_ERR_FORMAT);
    assert_non_null(strstr(selectai_last_error(), "x.zip"));
    if (!strstr(selectai_last_error(), says))
        fail_msg("\"%s\" does not say \"%s\"", selectai_last_error(), says);
    assert_null(zip.entries);
    free(copy);
    zip_free(z);
}

static void test_sound(void **state)
{
    (void)state;
    for (int zip64 = 0; zip64 < 2; zip64++) {
        struct zip_builder z = two_members(zip64);
        expect_sound(&z);
        /* A comment at the end, in which something looks like an end. */
        static const char comment[] = "PK\5\6 a comment that is longer than an end";
        PUT(&z.file, comment);
        z.file.data[z.file.n - (sizeof comment - 1) - 2] = sizeof comment - 1;
        expect_sound(&z);
        zip_free(&z);
    }
}

/* Every archive that is cut off anywhere is refused, and nothing beyond it is read. */
static void test_cut_off(void **state)
{
    (void)state;
    for (int zip64 = 0; zip64 < 2; zip64++) {
        struct zip_builder whole = two_members(zip64);
        for (size_t n = 0; n < whole.file.n; n++) {
            struct zip_builder z = {0};
            put_bytes(&z.file, whole.file.data, n);
            expect_bad(&z, "cut off");
        }
        zip_free(&whole);
    }
}

/* Sets `size` bytes at `at` (from the end, if negative). */
static void patch(struct zip_builder *z, long at, uint64_t value, size_t size)
{
    uint8_t *p = z->file.data + (at < 0 ? (long)z->file.n + at : at);
    for (size_t i = 0; i < size; i++)
        p[i] = (uint8_t)(value >> (8 * i));
}

/* The place of a field of the first directory entry. */
static long in_directory(const struct zip_builder *z, size_t field)
{
    return (long)(z->file.n - END_BYTES - z->directory.n + field);
}

static void expect_patched(size_t field, uint64_t value, size_t size, const char *says)
{
    struct zip_builder z = two_members(0);
    patch(&z, in_directory(&z, field), value, size);
    expect_bad(&z, says);
}

static void test_directory(void **state)
{
    (void)state;
    expect_patched(0, 0, 1, "directory is cut off");
    expect_patched(8, 0x801, 2, "encrypted");
    expect_patched(20, 11, 4, "two sizes");
    expect_patched(28, 0, 2, "a name in it");
    expect_patched(28, 0xFFFF, 2, "directory is cut off");
    expect_patched(28, 7, 2, "not where");
    expect_patched(30, 0xFFFF, 2, "directory is cut off");
    expect_patched(32, 0xFFFF, 2, "directory is cut off");
    expect_patched(42, 1, 4, "not where");
    expect_patched(42, 0xFFFFFFF0, 4, "outside");
    expect_patched(42, 0xFFFFFFFF, 4, "zip64 sizes are missing");
    expect_patched(46, 'X', 1, "not where");
    expect_patched(46, 0, 1, "a name in it");

    struct zip_builder z = two_members(0);
    patch(&z, in_directory(&z, 20), 1000, 4); /* both sizes beyond the file */
    patch(&z, in_directory(&z, 24), 1000, 4);
    expect_bad(&z, "beyond the file");
}

static void test_end(void **state)
{
    static const struct {
        long at;
        uint64_t value;
        size_t size;
        const char *says;
    } cases[] = {{-22, 0, 4, "cut off"},
                 {-18, 1, 2, "several parts"},
                 {-14, 1, 2, "several parts"},
                 {-12, 3, 2, "several parts"},
                 {-12, 0xFFFF, 2, "zip64 end is missing"},
                 {-10, 0xFFFFFFF0, 4, "outside the file"},
                 {-6, 0xFFFFFFF0, 4, "outside the file"},
                 {-6, 0xFFFFFFFF, 4, "zip64 end is missing"},
                 {-2, 1, 2, "cut off"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zip_builder z = two_members(0);
        patch(&z, cases[i].at, cases[i].value, cases[i].size);
        expect_bad(&z, cases[i].says);
    }
    struct zip_builder z = two_members(0);
    patch(&z, -14, 60000, 2); /* more members than the directory has room for */
    patch(&z, -12, 60000, 2);
    expect_bad(&z, "impossible size");
}

static void test_zip64_end(void **state)
{
    static const struct {
        long at;
        uint64_t value;
        const char *says;
    } cases[] = {{-22 - 20 + 8, UINT64_MAX, "zip64 end is missing"},
                 {-22 - 20 + 8, 0, "zip64 end is missing"},
                 {-22 - 20 - 56 + 24, 1, "several parts"},
                 {-22 - 20 - 56 + 40, UINT64_MAX, "outside the file"},
                 {-22 - 20 - 56 + 48, UINT64_MAX, "outside the file"},
                 {-22 - 20 - 56 + 48, 1, "directory is cut off"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zip_builder z = two_members(1);
        patch(&z, cases[i].at, cases[i].value, 8);
        expect_bad(&z, cases[i].says);
    }
    struct zip_builder z = two_members(1);
    patch(&z, -22 - 20 - 56 + 24, UINT64_MAX, 8);
    patch(&z, -22 - 20 - 56 + 32, UINT64_MAX, 8);
    expect_bad(&z, "impossible size");
    /* Places and sizes near the largest number do not wrap around. */
    size_t extra = 46 + strlen("b/second") + 4;
    for (size_t field = 0; field < 3; field++) {
        z = two_members(1);
        long at = (long)(z.file.n - END_BYTES - 20 - 56 - z.directory.n + extra);
        patch(&z, at + 8 * (long)(field ? 0 : 2), UINT64_MAX, 8);
        if (field > 0)
            patch(&z, at + 8, field == 1 ? UINT64_MAX : UINT64_MAX - 1, 8);
        expect_bad(&z, field == 0 ? "outside" : field == 1 ? "beyond the file" : "two sizes");
    }
}

static void test_overlaps_and_twins(void **state)
{
    (void)state;
    struct zip_builder z = {0};
    zip_add(&z, "same", "1", 1);
    zip_add(&z, "same", "2", 1);
    zip_finish(&z);
    expect_bad(&z, "same: it occurs twice");

    z = (struct zip_builder){0};
    zip_add(&z, "one", "11111111", 8);
    zip_add(&z, "two", "22222222", 8);
    zip_finish(&z);
    patch(&z, in_directory(&z, 20), 20, 4); /* the first reaches into the second */
    patch(&z, in_directory(&z, 24), 20, 4);
    expect_bad(&z, "two: it overlaps");

    /* Two entries of one member: the bombs of quoted and shared data. */
    z = (struct zip_builder){0};
    zip_add(&z, "one", "11111111", 8);
    struct bytes twice = {0};
    put_bytes(&twice, z.directory.data, z.directory.n);
    put_bytes(&z.directory, twice.data, twice.n);
    free_bytes(&twice);
    z.count++;
    zip_finish(&z);
    expect_bad(&z, "one: it overlaps");

    z = two_members(0);
    z.file.data[LOCAL_NAME_AT] = 'X'; /* the local header has another name */
    expect_bad(&z, "not where");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound), cmocka_unit_test(test_cut_off),   cmocka_unit_test(test_directory),
        cmocka_unit_test(test_end),   cmocka_unit_test(test_zip64_end), cmocka_unit_test(test_overlaps_and_twins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
