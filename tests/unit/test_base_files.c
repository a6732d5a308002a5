/*
 * test_base_files.c: paths, whole reads, atomic writes, safetensors, lines, hashes.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "base/rng.h"
#include "base/safetensors.h"
#include "base/sha256.h"
#include "test_util.h"

static char dir[256];

static int setup(void **state)
{
    (void)state;
    make_temporary(dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove_temporary(dir);
    return 0;
}

/* A path below the temporary folder; valid until the fourth next call. */
static const char *below(const char *name)
{
    static char paths[4][600];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

static size_t count_files(void)
{
    char command[400];
    unsigned n = 0;
    snprintf(command, sizeof command, "find '%s' -type f | wc -l", dir);
    FILE *p = popen(command, "r");
    assert_int_equal(fscanf(p, "%u", &n), 1);
    pclose(p);
    return n;
}

static void paths_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *path, *dirname, *basename, *extension;
    } cases[] = {
        {"a/b.png", "a", "b.png", ".png"}, {"b", ".", "b", ""},           {"/x", "/", "x", ""},
        {"a.b/c", "a.b", "c", ""},         {"/a/.hid", "/a", ".hid", ""}, {"x.tar.gz", ".", "x.tar.gz", ".gz"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *folder = sai_path_dirname(cases[i].path);
        assert_string_equal(folder, cases[i].dirname);
        assert_string_equal(sai_path_basename(cases[i].path), cases[i].basename);
        assert_string_equal(sai_path_extension(cases[i].path), cases[i].extension);
        sai_free(folder);
    }
    assert_true(sai_path_is_image("a.JPeG"));
    assert_true(sai_path_is_image("x/a.webp"));
    assert_false(sai_path_is_image("png"));
    assert_false(sai_path_is_image(".png"));
    char *joined = sai_path_join("a/", "b");
    assert_string_equal(joined, "a/b");
    sai_free(joined);
}

static void folders_are_made_and_checked(void **state)
{
    (void)state;
    assert_int_equal(sai_path_make_directories(below("p/q r/s")), SELECTAI_OK);
    assert_int_equal(sai_path_make_directories(below("p/q r/s")), SELECTAI_OK);
    assert_int_equal(sai_path_require_directory(below("p/q r/s")), SELECTAI_OK);
    assert_int_equal(sai_path_require_directory(below("missing")), SELECTAI_ERR_NOT_FOUND);
    write_text(below("file"), "x");
    assert_int_equal(sai_path_require_directory(below("file")), SELECTAI_ERR_NOT_A_DIRECTORY);
    assert_int_equal(sai_path_make_directories(below("file")), SELECTAI_ERR_NOT_A_DIRECTORY);
    assert_int_equal(sai_path_make_directories(below("file/x")), SELECTAI_ERR_NOT_A_DIRECTORY);
}

static void reading_is_bounded(void **state)
{
    (void)state;
    void *bytes;
    size_t n;
    write_text(below("ten"), "0123456789");
    assert_int_equal(sai_file_read(&bytes, &n, below("ten"), 10), SELECTAI_OK);
    assert_int_equal(n, 10);
    assert_string_equal(bytes, "0123456789");
    sai_free(bytes);
    assert_int_equal(sai_file_read(&bytes, &n, below("ten"), 9), SELECTAI_ERR_LIMIT);
    assert_int_equal(sai_file_read(&bytes, &n, below("none"), 9), SELECTAI_ERR_NOT_FOUND);
    assert_non_null(strstr(selectai_last_error(), "none: cannot open: No such file or directory"));
    assert_int_equal(sai_file_read(&bytes, &n, dir, 9), SELECTAI_ERR_IS_A_DIRECTORY);
    assert_int_equal(mkfifo(below("fifo"), 0600), 0);
    assert_int_equal(sai_file_read(&bytes, &n, below("fifo"), 9), SELECTAI_ERR_UNSUPPORTED); /* and does not hang */
    uint32_t crc;
    uint64_t size;
    assert_int_equal(sai_file_crc32(&crc, &size, below("ten")), SELECTAI_OK);
    assert_int_equal(crc, 0xA684C7C6u); /* zlib.crc32(b"0123456789") */
    assert_int_equal(size, 10);
}

static void writing_is_all_or_nothing(void **state)
{
    (void)state;
    struct sai_atomic_file file;
    size_t before = count_files();
    assert_int_equal(sai_file_write_atomic(below("out.txt"), "first", 5), SELECTAI_OK);
    assert_int_equal(sai_atomic_open(&file, below("out.txt")), SELECTAI_OK);
    sai_atomic_puts(&file, "second, unfinished");
    sai_atomic_discard(&file);
    char *text = read_text(below("out.txt"));
    assert_string_equal(text, "first");
    free(text);
    assert_int_equal(sai_file_write_atomic(below("nowhere/out.txt"), "x", 1), SELECTAI_ERR_NOT_FOUND);
    assert_int_equal(sai_file_write_atomic(dir, "x", 1), SELECTAI_ERR_IS_A_DIRECTORY);
    assert_int_equal(count_files(), before + 1);
    struct stat st;
    assert_int_equal(mkfifo(below("device"), 0600), 0);
    assert_int_equal(sai_file_write_atomic(below("device"), "x", 1), SELECTAI_ERR_UNSUPPORTED);
    assert_true(stat(below("device"), &st) == 0 && S_ISFIFO(st.st_mode)); /* it is not replaced */
    assert_int_equal(unlink(below("device")), 0);
}

/* In a container the process number is often the same again: what a killed run left must not be in the way. */
static void a_killed_run_s_leftover_is_no_obstacle(void **state)
{
    (void)state;
    char name[64];
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "again.tmp-%ld-%d", (long)getpid(), i);
        write_text(below(name), "left over");
    }
    assert_int_equal(sai_file_write_atomic(below("again"), "new", 3), SELECTAI_OK);
    char *text = read_text(below("again"));
    assert_string_equal(text, "new");
    free(text);
}

static void a_full_disk_leaves_the_old_file(void **state)
{
    (void)state;
    struct rlimit old, small = {.rlim_cur = 1000, .rlim_max = RLIM_INFINITY};
    size_t n = 100000;
    char *big = calloc(n, 1);
    assert_int_equal(sai_file_write_atomic(below("kept"), "old", 3), SELECTAI_OK);
    size_t before = count_files();
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small.rlim_max = old.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int rc = sai_file_write_atomic(below("kept"), big, n);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_not_equal(rc, SELECTAI_OK);
    assert_non_null(strstr(selectai_last_error(), "kept"));
    char *text = read_text(below("kept"));
    assert_string_equal(text, "old");
    free(text);
    free(big);
    assert_int_equal(count_files(), before);
}

static void lines_come_without_their_ends(void **state)
{
    (void)state;
    struct sai_line_reader reader;
    write_text(below("lines"), "one\r\n\n\ntwo\nthree");
    assert_int_equal(sai_lines_open(&reader, below("lines")), SELECTAI_OK);
    static const struct {
        const char *text;
        uint64_t row;
    } expected[] = {{"one", 1}, {"two", 4}, {"three", 5}};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(sai_lines_next(&reader), SELECTAI_OK);
        assert_string_equal(reader.line, expected[i].text);
        assert_int_equal(reader.row, expected[i].row);
    }
    assert_int_equal(sai_lines_next(&reader), SELECTAI_DONE);
    sai_lines_close(&reader);
}

/* Both ways through the same blocks, and any cutting into updates. */
static void sha256_ways_agree(void **state)
{
    uint8_t bytes[1000];
    char whole[SAI_SHA256_HEX], cut[SAI_SHA256_HEX];
    uint32_t one[8] = {1, 2, 3, 4, 5, 6, 7, 0x80000000}, other[8];
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 167 + (i >> 3));
    memcpy(other, one, sizeof one);
    sai_sha256_blocks(one, bytes + 1, 15, false);
    sai_sha256_blocks(other, bytes + 1, 15, sai_sha256_has_instructions());
    assert_memory_equal(one, other, sizeof one);
    for (size_t step = 1; step < 200; step += 9) {
        struct sai_sha256 a, b;
        sai_sha256_init(&a);
        sai_sha256_update(&a, bytes, sizeof bytes);
        sai_sha256_hex(&a, whole);
        sai_sha256_init(&b);
        for (size_t at = 0; at < sizeof bytes; at += step)
            sai_sha256_update(&b, bytes + at, sizeof bytes - at < step ? sizeof bytes - at : step);
        sai_sha256_hex(&b, cut);
        assert_string_equal(whole, cut);
    }
}

static void sha256_matches_fips_examples(void **state)
{
    (void)state;
    struct sai_sha256 ctx;
    char hex[SAI_SHA256_HEX];
    sai_sha256_init(&ctx);
    sai_sha256_update(&ctx, "abc", 3);
    sai_sha256_hex(&ctx, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sai_sha256_init(&ctx);
    for (int i = 0; i < 1000000; i++)
        sai_sha256_update(&ctx, "a", 1);
    sai_sha256_hex(&ctx, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void halves_round_trip(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 65536; bits++) {
        float value = sai_float_from_half((uint16_t)bits);
        if (!isnan(value))
            assert_int_equal(sai_half_from_float(value), bits);
        else
            assert_true(isnan(sai_float_from_half(sai_half_from_float(value))));
    }
    assert_int_equal(sai_half_from_float(1.0f + 0x1p-11f), 0x3C00); /* a tie goes to even */
    assert_int_equal(sai_half_from_float(65520.0f), 0x7C00);
    assert_int_equal(sai_half_from_float(0x1p-25f), 0x0000);
}

static void safetensors_round_trip(void **state)
{
    (void)state;
    float values[6] = {1, 2, 3, -4.5f, 0, 1e-20f}, back[6];
    uint16_t half[2] = {0x3C00, 0xC000};
    struct sai_tensor tensors[] = {
        {.name = "a.weight", .dtype = "F32", .rank = 2, .shape = {2, 3}, .n = 6, .n_bytes = 24, .data = values},
        {.name = "\"odd\" name", .dtype = "F16", .rank = 1, .shape = {2}, .n = 2, .n_bytes = 4, .data = half}};
    json_t *metadata = json_pack("{s:s, s:s}", "kind", "test", "text", "gr\xC3\xBC\xC3\x9F");
    assert_int_equal(sai_safetensors_write(below("m.safetensors"), tensors, 2, metadata), SELECTAI_OK);
    json_decref(metadata);
    struct sai_safetensors file;
    assert_int_equal(sai_safetensors_open(&file, below("m.safetensors")), SELECTAI_OK);
    assert_int_equal(file.n_tensors, 2);
    assert_string_equal(sai_safetensors_text(&file, "text", ""), "gr\xC3\xBC\xC3\x9F");
    assert_int_equal(sai_safetensors_floats(&file, "a.weight", back, 6), SELECTAI_OK);
    assert_memory_equal(values, back, sizeof values);
    assert_int_equal(sai_safetensors_floats(&file, "\"odd\" name", back, 2), SELECTAI_OK);
    assert_true(back[0] == 1 && back[1] == -2);
    assert_int_equal(sai_safetensors_floats(&file, "a.weight", back, 5), SELECTAI_ERR_FORMAT);
    assert_int_equal(sai_safetensors_floats(&file, "none", back, 5), SELECTAI_ERR_FORMAT);
    sai_safetensors_close(&file);
}

/* Header text -> file; opening it must fail cleanly. */
static void refuse_header(const char *header, size_t claimed, size_t data)
{
    uint8_t bytes[600] = {0};
    size_t n = strlen(header);
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)claimed >> (8 * i));
    memcpy(bytes + 8, header, n);
    write_bytes(below("bad.safetensors"), bytes, 8 + n + data);
    struct sai_safetensors file;
    assert_int_equal(sai_safetensors_open(&file, below("bad.safetensors")), SELECTAI_ERR_FORMAT);
}

static void hostile_safetensors_are_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"X9\",\"shape\":[1],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
        "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}",
        "{\"a\":3}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}",
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        refuse_header(headers[i], strlen(headers[i]), 8);
    refuse_header("{}", SIZE_MAX, 8);
    refuse_header("{}", 1u << 30, 8);
    refuse_header("[]", 2, 8);
    refuse_header("", 0, 0);
}

static void random_numbers_are_fair_and_repeatable(void **state)
{
    (void)state;
    struct sai_rng a, b;
    uint32_t items[10], counts[10] = {0};
    sai_rng_seed(&a, 42);
    sai_rng_seed(&b, 42);
    for (int i = 0; i < 100; i++)
        assert_true(sai_rng_next(&a) == sai_rng_next(&b));
    for (int i = 0; i < 100000; i++)
        counts[sai_rng_below(&a, 10)]++;
    for (int i = 0; i < 10; i++)
        assert_in_range(counts[i], 9500, 10500);
    for (uint32_t i = 0; i < 10; i++)
        items[i] = i;
    sai_rng_shuffle(&a, items, 10);
    uint32_t seen = 0;
    for (int i = 0; i < 10; i++)
        seen |= 1u << items[i];
    assert_int_equal(seen, 1023);
    assert_true(sai_hash_bytes("a", 1, 0) != sai_hash_bytes("a", 1, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_taken_apart),
        cmocka_unit_test(folders_are_made_and_checked),
        cmocka_unit_test(reading_is_bounded),
        cmocka_unit_test(writing_is_all_or_nothing),
        cmocka_unit_test(a_killed_run_s_leftover_is_no_obstacle),
        cmocka_unit_test(a_full_disk_leaves_the_old_file),
        cmocka_unit_test(lines_come_without_their_ends),
        cmocka_unit_test(sha256_matches_fips_examples),
        cmocka_unit_test(sha256_ways_agree),
        cmocka_unit_test(halves_round_trip),
        cmocka_unit_test(safetensors_round_trip),
        cmocka_unit_test(hostile_safetensors_are_refused),
        cmocka_unit_test(random_numbers_are_fair_and_repeatable),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
