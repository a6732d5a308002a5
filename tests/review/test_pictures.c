/*
 * test_pictures.c: the review's pictures: opening files that may not leave their folder, keeping and dropping, waiting.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "review/beneath.h"
#include "review/picture_cache.h"
#include "review/pictures.h"
#include "review/text.h"
#include "verbs.h"

struct place {
    char folder[64];
    char *root;
};

static void put_file(const char *folder, const char *name, const void *bytes, size_t n)
{
    char *path = path_of(folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
    free(path);
}

/* The same picture for the same seed. */
static void put_picture(const char *folder, const char *name, uint32_t width, uint32_t height, unsigned seed)
{
    size_t n = (size_t)width * height * 3;
    uint8_t *rgb = malloc(n), *bytes = NULL;
    selectai_image *image = NULL;
    size_t n_bytes;
    assert_non_null(rgb);
    for (size_t i = 0; i < n; i++)
        rgb[i] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
    assert_int_equal(selectai_image_create(&image, width, height, rgb, 0), SELECTAI_OK);
    assert_int_equal(selectai_image_encode(&bytes, &n_bytes, image, SELECTAI_FORMAT_PNG, 1), SELECTAI_OK);
    put_file(folder, name, bytes, n_bytes);
    selectai_free(bytes);
    selectai_image_destroy(&image);
    free(rgb);
}

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    assert_non_null(place);
    strcpy(place->folder, "/tmp/selectai-pictures-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    place->root = path_of(place->folder, "root");
    assert_int_equal(mkdir(place->root, 0700), 0);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    remove_tree(place->folder);
    free(place->root);
    free(place);
    return 0;
}

static void check_open(int root, const char *name, int expected)
{
    int fd = open_beneath(root, name);
    if (fd < 0 && expected)
        fail_msg("%s: %s", name, strerror(errno));
    if (fd >= 0 && !expected)
        fail_msg("%s was opened", name);
    if (fd >= 0)
        close(fd);
}

static void opens_only_what_is_beneath(void **state)
{
    struct place *place = *state;
    char *inner = path_of(place->root, "a"), *link = path_of(place->root, "link"), *up = path_of(place->root, "up"),
         *pipe = path_of(place->root, "pipe"), *inside = path_of(place->root, "inside");
    assert_int_equal(mkdir(inner, 0700), 0);
    put_file(place->folder, "secret", "s", 1);
    put_file(inner, "b.png", "b", 1);
    put_file(place->root, "..c", "c", 1);
    assert_int_equal(symlink("../secret", link), 0);
    assert_int_equal(symlink("..", up), 0);
    assert_int_equal(symlink("a", inside), 0);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    int root = open(place->root, O_PATH | O_DIRECTORY);
    assert_true(root >= 0);
    static const char *const good[] = {"a/b.png", "..c"};
    static const char *const bad[] = {
        "../secret", "a/../../secret", "a/../a/b.png", "./a/b.png", "a//b.png", "a/b.png/",    "a",  "a/", "link",
        "up/secret", "inside/b.png",   "pipe",         "",          "/",        "/etc/passwd", "..", ".",  "missing"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        check_open(root, good[i], 1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check_open(root, bad[i], 0);
    close(root);
    free(inner);
    free(link);
    free(up);
    free(pipe);
    free(inside);
}

/* The same without openat2(). */
static void opens_the_same_by_parts(void **state)
{
    beneath_by_parts(1);
    opens_only_what_is_beneath(state);
    beneath_by_parts(0);
}

static struct picture *picture_of_size(size_t n)
{
    struct picture *picture = calloc(1, sizeof *picture + n);
    assert_non_null(picture);
    picture->references = 1;
    picture->n = n;
    return picture;
}

static struct picture_key key_of(unsigned number)
{
    struct picture_key key = {.side = 640, .size = 1000 + number};
    snprintf(key.id, sizeof key.id, "%016x", number);
    return key;
}

static void fill(struct picture_cache *cache, unsigned number, size_t n)
{
    struct picture_key key = key_of(number);
    struct entry *entry = cache_add(cache, &key, "x");
    assert_non_null(entry);
    cache_fill(cache, entry, picture_of_size(n));
}

static int is_there(struct picture_cache *cache, unsigned number)
{
    struct picture_key key = key_of(number);
    return cache_find(cache, &key) != NULL;
}

static void the_least_used_go_first(void **state)
{
    struct picture_cache *cache = calloc(1, sizeof *cache);
    (void)state;
    assert_non_null(cache);
    cache->budget = 100000;
    for (unsigned i = 0; i < 9; i++)
        fill(cache, i, 10000);
    struct picture_key first = key_of(0);
    cache_use(cache, cache_find(cache, &first));
    for (unsigned i = 9; i < 12; i++)
        fill(cache, i, 10000);
    for (unsigned i = 0; i < 12; i++)
        assert_int_equal(is_there(cache, i), i == 0 || i > 3);
    assert_true(cache->bytes <= cache->budget);
    fill(cache, 100, 50000); /* more than an eighth of all room */
    assert_false(is_there(cache, 100));
    assert_true(is_there(cache, 0));
    struct picture_key other = key_of(11);
    other.mtime_ns = 1; /* the file has changed */
    assert_null(cache_find(cache, &other));
    cache_empty(cache);
    assert_int_equal(cache->bytes, 0);
    assert_null(cache->newest);
    free(cache);
}

struct told {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t n, n_same, n_none;
    struct picture *first;
};

static void on_ready(struct picture *picture, void *user)
{
    struct told *told = user;
    pthread_mutex_lock(&told->lock);
    told->n++;
    told->n_none += picture == NULL;
    if (!told->first)
        told->first = picture;
    else
        picture_release(picture);
    told->n_same += picture != NULL && picture == told->first;
    pthread_cond_signal(&told->changed);
    pthread_mutex_unlock(&told->lock);
}

static void wait_for(struct told *told, size_t n)
{
    pthread_mutex_lock(&told->lock);
    while (told->n < n)
        pthread_cond_wait(&told->changed, &told->lock);
    pthread_mutex_unlock(&told->lock);
}

/* A hundred ask for one picture: it is one picture, made once. */
static void one_picture_for_all_who_wait(void **state)
{
    struct place *place = *state;
    struct pictures *pictures = NULL;
    struct picture_key key = {.id = "0123456789abcdef", .side = 320};
    struct told told = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    put_picture(place->root, "a.png", 800, 600, 1);
    assert_int_equal(pictures_open(&pictures, place->root, 1 << 20), SELECTAI_OK);
    assert_int_equal(pictures_look(pictures, "a.png", &key), SELECTAI_OK);
    assert_null(pictures_find(pictures, &key));
    for (int i = 0; i < 100; i++)
        pictures_ask(pictures, &key, "a.png", on_ready, &told);
    wait_for(&told, 100);
    assert_int_equal(told.n_same, 100);
    assert_int_equal(told.first->code, SELECTAI_OK);
    struct picture *kept = pictures_find(pictures, &key);
    assert_ptr_equal(kept, told.first);
    selectai_image *image = NULL;
    assert_int_equal(selectai_image_decode(&image, kept->bytes, kept->n, NULL, NULL), SELECTAI_OK);
    assert_int_equal(selectai_image_width(image), 320);
    assert_int_equal(selectai_image_height(image), 240);
    selectai_image_destroy(&image);
    picture_release(kept);
    picture_release(told.first);
    pictures_close(&pictures);
}

static void the_end_is_told_to_all(void **state)
{
    struct place *place = *state;
    struct pictures *pictures = NULL;
    struct told told = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    put_picture(place->root, "a.png", 3000, 2000, 1);
    assert_int_equal(pictures_open(&pictures, place->root, 1 << 20), SELECTAI_OK);
    for (unsigned i = 0; i < 50; i++) {
        struct picture_key key = key_of(i);
        pictures_ask(pictures, &key, "a.png", on_ready, &told);
    }
    pictures_end_waiting(pictures);
    assert_int_equal(told.n, 50);
    assert_true(told.n_none > 0);
    struct picture_key late = key_of(51);
    pictures_ask(pictures, &late, "a.png", on_ready, &told);
    assert_int_equal(told.n, 51);
    picture_release(told.first);
    pictures_close(&pictures);
}

/* What was to be made ahead is forgotten when something else is; what is made comes without being asked for. */
static void what_comes_next_is_made(void **state)
{
    struct place *place = *state;
    struct pictures *pictures = NULL;
    struct picture_key keys[MOST_AHEAD];
    const char *paths[MOST_AHEAD];
    struct picture *picture = NULL;
    put_picture(place->root, "a.png", 300, 200, 1);
    assert_int_equal(pictures_open(&pictures, place->root, 1 << 20), SELECTAI_OK);
    for (unsigned i = 0; i < MOST_AHEAD; i++) {
        keys[i] = key_of(i);
        paths[i] = "a.png";
    }
    pictures_ahead(pictures, keys, paths, MOST_AHEAD);
    pictures_ahead(pictures, keys + MOST_AHEAD - 1, paths, 1);
    for (int i = 0; i < 3000 && !picture; i++) {
        usleep(10000);
        picture = pictures_find(pictures, &keys[MOST_AHEAD - 1]);
    }
    assert_non_null(picture);
    picture_release(picture);
    pictures_close(&pictures);
}

static void failures_say_why(void **state)
{
    struct place *place = *state;
    struct pictures *pictures = NULL;
    struct told told = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct picture_key key = key_of(1);
    uint32_t width, height;
    put_file(place->root, "broken.png", "\x89PNG\r\n\x1a\nbroken", 14);
    put_picture(place->root, "sound.png", 31, 17, 3);
    assert_int_equal(pictures_open(&pictures, place->root, 1 << 20), SELECTAI_OK);
    assert_int_equal(pictures_look(pictures, "missing.png", &key), SELECTAI_ERR_NOT_FOUND);
    assert_int_equal(pictures_measure(pictures, "missing.png", &width, &height), SELECTAI_ERR_NOT_FOUND);
    assert_int_equal(pictures_measure(pictures, "broken.png", &width, &height), SELECTAI_ERR_FORMAT);
    assert_int_equal(pictures_measure(pictures, "sound.png", &width, &height), SELECTAI_OK);
    assert_int_equal(width, 31);
    assert_int_equal(height, 17);
    pictures_ask(pictures, &key, "broken.png", on_ready, &told);
    wait_for(&told, 1);
    assert_int_equal(told.first->code, SELECTAI_ERR_FORMAT);
    assert_ptr_equal(strstr(told.first->message, "broken.png"), told.first->message);
    picture_release(told.first);
    pictures_close(&pictures);
    assert_int_equal(pictures_open(&pictures, "/nonexistent", 1), SELECTAI_ERR_NOT_FOUND);
    assert_null(pictures);
}

static void text_is_json(void **state)
{
    struct text text = {0};
    (void)state;
    text_add(&text, "[");
    text_string(&text, "plain");
    text_add(&text, ",");
    text_string(&text, "\"\\\n\x7f\xc3\xa9");
    text_add(&text, ",");
    text_string(&text, "\xff!");
    text_add(&text, ",");
    text_number(&text, 0.25);
    text_add(&text, ",");
    text_exact(&text, 0.1 + 0.2);
    text_add(&text, ",");
    text_number(&text, 1.0 / 0.0);
    text_add(&text, ",");
    text_whole(&text, UINT64_MAX);
    text_add(&text, ",");
    text_whole(&text, 0);
    text_add(&text, ",");
    text_flag(&text, 1);
    text_add(&text, ",");
    text_json(&text, NULL);
    text_format(&text, ",%d]", -5);
    assert_false(text.failed);
    assert_string_equal(text.bytes, "[\"plain\",\"\\\"\\\\\\n\x7f\xc3\xa9\",\"?!\",0.25,0.30000000000000004,null,"
                                    "18446744073709551615,0,true,null,-5]");
    assert_int_equal(strlen(text.bytes), text.n);
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(opens_only_what_is_beneath, set_up, tear_down),
        cmocka_unit_test_setup_teardown(opens_the_same_by_parts, set_up, tear_down),
        cmocka_unit_test(the_least_used_go_first),
        cmocka_unit_test_setup_teardown(one_picture_for_all_who_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_end_is_told_to_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_comes_next_is_made, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failures_say_why, set_up, tear_down),
        cmocka_unit_test(text_is_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
