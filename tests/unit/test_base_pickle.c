/*
 * test_base_pickle.c: pickles as Python writes them, and as nobody should.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "test_util.h"

#include "base/pickle.h"
#include "torch_builder.h"

#define READ(pickle, bytes)                                                                                            \
    assert_int_equal(sai_pickle_read((pickle), (const uint8_t *)(bytes), sizeof(bytes) - 1, "x.pt"), SELECTAI_OK)

static void expect_bad_bytes(const void *bytes, size_t n, const char *says)
{
    struct sai_pickle pickle;
    /* A copy of exactly that size: the address sanitizer sees what is read beyond. */
    uint8_t *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, n);
    assert_int_equal(sai_pickle_read(&pickle, copy, n, "x.pt"), SELECTAI_ERR_FORMAT);
    if (!strstr(selectai_last_error(), says) || !strstr(selectai_last_error(), "x.pt"))
        fail_msg("\"%s\" does not say \"%s\"", selectai_last_error(), says);
    assert_null(pickle.root);
    free(copy);
}

#define EXPECT_BAD(bytes, says) expect_bad_bytes((bytes), sizeof(bytes) - 1, (says))

static const struct sai_pickle_value *item(const struct sai_pickle_value *value, uint32_t i)
{
    assert_true(i < value->n_items);
    return value->items[i];
}

/* ---- Sound pickles: pickle.dumps(...) of Python 3.11 ----------------------------------------- */

static void test_numbers(void **state)
{
    struct sai_pickle pickle;
    (void)state;
    /* [0, 255, 65535, -1, -2**31, 2**31, -2**63, 2**63, 2**70, 0x8a 0: 0, True, False, None, 1.5] */
    READ(&pickle, "\x80\2](K\0K\xffM\xff\xffJ\xff\xff\xff\xffJ\0\0\0\x80\x8a\5\0\0\0\x80\0"
                  "\x8a\x08\0\0\0\0\0\0\0\x80\x8a\x09\0\0\0\0\0\0\0\x80\0\x8b\x09\0\0\0\0\0\0\0\0\0\0\0\x40"
                  "\x8a\0\x88\x89NG?\xf8\0\0\0\0\0\0e.");
    const int64_t expected[] = {0, 255, 65535, -1, INT32_MIN, 2147483648, INT64_MIN};
    for (uint32_t i = 0; i < 7; i++) {
        assert_int_equal(item(pickle.root, i)->kind, SAI_PICKLE_INTEGER);
        assert_true(item(pickle.root, i)->integer == expected[i]);
    }
    assert_int_equal(item(pickle.root, 7)->kind, SAI_PICKLE_OTHER); /* beyond 64 bits */
    assert_int_equal(item(pickle.root, 8)->kind, SAI_PICKLE_OTHER);
    assert_int_equal(item(pickle.root, 9)->integer, 0);
    assert_int_equal(item(pickle.root, 10)->kind, SAI_PICKLE_BOOL);
    assert_int_equal(item(pickle.root, 10)->integer, 1);
    assert_int_equal(item(pickle.root, 11)->integer, 0);
    assert_int_equal(item(pickle.root, 12)->kind, SAI_PICKLE_OTHER);
    assert_int_equal(item(pickle.root, 13)->kind, SAI_PICKLE_OTHER);
    sai_pickle_free(&pickle);
}

static void expect_dictionary(const struct sai_pickle *pickle)
{
    const struct sai_pickle_value *list = sai_pickle_get(pickle->root, "list");
    assert_int_equal(pickle->root->kind, SAI_PICKLE_DICT);
    assert_non_null(list);
    assert_int_equal(list->kind, SAI_PICKLE_LIST);
    assert_int_equal(list->n_items, 2);
    assert_true(sai_pickle_is_text(item(list, 0), "a"));
    assert_ptr_equal(item(list, 0), item(list, 1)); /* memoised: one value */
    assert_int_equal(sai_pickle_get(pickle->root, "tuple")->kind, SAI_PICKLE_TUPLE);
    assert_null(sai_pickle_get(pickle->root, "none such"));
}

/* {"list": ["a", "a"], "tuple": (1, 2, 3)} in the protocols 2, 3, 4 and 5 */
static void test_protocols(void **state)
{
    struct sai_pickle pickle;
    (void)state;
    READ(&pickle, "\x80\2}q\0(X\4\0\0\0listq\1]q\2(X\1\0\0\0aq\3h\3eX\5\0\0\0tupleq\4K\1K\2K\3\x87q\5u.");
    expect_dictionary(&pickle);
    sai_pickle_free(&pickle);
    READ(&pickle, "\x80\3}q\0(X\4\0\0\0listq\1]q\2(X\1\0\0\0aq\3h\3eX\5\0\0\0tupleq\4K\1K\2K\3\x87q\5u.");
    expect_dictionary(&pickle);
    sai_pickle_free(&pickle);
    READ(&pickle,
         "\x80\4\x95!\0\0\0\0\0\0\0}\x94(\x8c\4list\x94]\x94(\x8c\1a\x94h\3e\x8c\5tuple\x94K\1K\2K\3\x87\x94u.");
    expect_dictionary(&pickle);
    sai_pickle_free(&pickle);
    READ(&pickle,
         "\x80\5\x95!\0\0\0\0\0\0\0}\x94(\x8c\4list\x94]\x94(\x8c\1a\x94h\3e\x8c\5tuple\x94K\1K\2K\3\x87\x94u.");
    expect_dictionary(&pickle);
    sai_pickle_free(&pickle);
}

static void test_objects(void **state)
{
    struct sai_pickle pickle;
    (void)state;
    /* A class of nobody's, made by NEWOBJ, with attributes by BUILD. */
    READ(&pickle, "\x80\2c__torch__.deep\nThing\n)\x81}X\1\0\0\0aK\5sb.");
    assert_int_equal(pickle.root->kind, SAI_PICKLE_OBJECT);
    assert_true(sai_pickle_is_global(pickle.root->made->maker, "__torch__.deep", "Thing"));
    assert_false(sai_pickle_is_global(pickle.root->made->maker, "__torch__.deep", "Thin"));
    assert_int_equal(sai_pickle_get(pickle.root->made->state, "a")->integer, 5);
    sai_pickle_free(&pickle);
    /* STACK_GLOBAL, REDUCE, filled by SETITEMS, with a state, too. */
    READ(&pickle, "\x80\4\x8c\x0b"
                  "collections\x8c\x0bOrderedDict\x93)R(\x8c\1aK\1\x8c\1aK\2u}b.");
    assert_true(sai_pickle_is_global(pickle.root->made->maker, "collections", "OrderedDict"));
    assert_int_equal(sai_pickle_get(pickle.root, "a")->integer, 2); /* the last one counts, as in Python */
    assert_non_null(pickle.root->made->state);
    sai_pickle_free(&pickle);
    READ(&pickle, "\x80\4\x8c\1m\x8c\1C\x93)}\x92.");
    assert_int_equal(pickle.root->kind, SAI_PICKLE_OBJECT);
    sai_pickle_free(&pickle);
    READ(&pickle, "\x80\2(X\7\0\0\0storageK\1tQ.");
    assert_int_equal(pickle.root->kind, SAI_PICKLE_PERSISTENT);
    assert_true(sai_pickle_is_text(item(item(pickle.root, 0), 0), "storage"));
    sai_pickle_free(&pickle);
    /* Sets, bytes, texts of Python 2, old ways to make containers. */
    READ(&pickle, "\x80\4](\x8f(K\1K\2\x90(K\3\x91"
                  "C\1xB\1\0\0\0y\x8e\1\0\0\0\0\0\0\0z\x96\1\0\0\0\0\0\0\0w"
                  "U\1aT\1\0\0\0b\x8d\1\0\0\0\0\0\0\0c(K\1l(U\1kK\1d(K\1t\x85)"
                  "e.");
    assert_int_equal(pickle.root->n_items, 13);
    assert_int_equal(item(pickle.root, 0)->n_items, 2);
    assert_int_equal(item(pickle.root, 2)->kind, SAI_PICKLE_BYTES);
    assert_true(sai_pickle_is_text(item(pickle.root, 8), "c"));
    sai_pickle_free(&pickle);
    READ(&pickle, "\x80\2K\1(K\2K\3"
                  "1(0K\4"
                  "02\x86.");
    assert_int_equal(pickle.root->kind, SAI_PICKLE_TUPLE);
    assert_ptr_equal(item(pickle.root, 0), item(pickle.root, 1));
    sai_pickle_free(&pickle);
}

/* ---- Hostile ones ---------------------------------------------------------------------------- */

static void test_cut_off(void **state)
{
    static const char whole[] =
        "\x80\4\x95!\0\0\0\0\0\0\0}\x94(\x8c\4list\x94]\x94(X\1\0\0\0a\x94h\3j\3\0\0\0e\x8c\5tuple"
        "\x94K\1M\2\0J\3\0\0\0\x87\x94r\7\0\0\0q\x08\x8c\1xcmod\nname\n)R\x8a\2\1\1G12345678\x87u.";
    struct sai_pickle pickle;
    (void)state;
    READ(&pickle, whole);
    sai_pickle_free(&pickle);
    for (size_t n = 0; n < sizeof whole - 1; n++)
        expect_bad_bytes(whole, n, "damaged pickle");
}

static void test_wrong_stacks(void **state)
{
    (void)state;
    EXPECT_BAD("\x80\2.", "nothing is left");
    EXPECT_BAD("\x80\2K\1(.", "nothing is left");
    EXPECT_BAD("\x80\2t.", "a mark is missing");
    EXPECT_BAD("\x80\2K\1\x86.", "its stack is empty");
    EXPECT_BAD("\x80\2K\1(\x85.", "its stack is empty"); /* what lies below the mark is not for the taking */
    EXPECT_BAD("\x80\2"
               "0.",
               "its stack is empty");
    EXPECT_BAD("\x80\2"
               "2.",
               "its stack is empty");
    EXPECT_BAD("\x80\2q\0.", "its stack is empty");
    EXPECT_BAD("\x80\2R.", "its stack is empty");
    EXPECT_BAD("\x80\2Q.", "its stack is empty");
    EXPECT_BAD("\x80\2K\1b.", "its stack is empty");
    EXPECT_BAD("\x80\2(K\1e.", "its stack is empty");
    EXPECT_BAD("\x80\2K\1K\2a.", "no container");
    EXPECT_BAD("\x80\2}K\2a.", "no container");
    EXPECT_BAD("\x80\2]K\1K\2s.", "no container");
    EXPECT_BAD("\x80\2}(K\1u.", "no container"); /* a key without a value */
    EXPECT_BAD("\x80\2(K\1d.", "a key has no value");
    EXPECT_BAD("\x80\2)K\1a.", "no container");
    EXPECT_BAD("\x80\2cm\nC\n)RK\1aK\1K\2s.", "no container"); /* a list and a dict at once */
    EXPECT_BAD("\x80\2h\0.", "never made");
    EXPECT_BAD("\x80\2K\1q\1h\0.", "never made");
    EXPECT_BAD("\x80\2K\1K\2\x93.", "no proper name");
    EXPECT_BAD("\x80\2\xff.", "opcode 0xff");
    EXPECT_BAD("I1\n.", "opcode 0x49");         /* protocol 0 */
    EXPECT_BAD("\x80\2\x82\1.", "opcode 0x82"); /* codes of an extension registry */
}

static void test_impossible_sizes(void **state)
{
    (void)state;
    EXPECT_BAD("\x80\2X\xff\xff\xff\xffx.", "cut off");
    EXPECT_BAD("\x80\2\x8d\xff\xff\xff\xff\xff\xff\xff\xffx.", "cut off");
    EXPECT_BAD("\x80\2\x8e\xff\xff\xff\xff\xff\xff\xff\x7fx.", "cut off");
    EXPECT_BAD("\x80\2\x8b\xff\xff\xff\xffx.", "cut off");
    EXPECT_BAD("\x80\2K\1r\xff\xff\xff\x7f.", "number is too large");
    EXPECT_BAD("\x80\2K\1j\xff\xff\xff\x7f.", "never made");
}

/* n times the same bytes behind the protocol. */
static struct bytes repeated(const char *bytes, size_t size, size_t n)
{
    struct bytes b = {.data = malloc(2 + size * n), .n = 2 + size * n, .capacity = 2 + size * n};
    assert_non_null(b.data);
    memcpy(b.data, "\x80\2", 2);
    for (size_t i = 0; i < n; i++)
        memcpy(b.data + 2 + i * size, bytes, size);
    return b;
}

static void test_limits(void **state)
{
    static const struct {
        const char *bytes;
        size_t size, n;
        const char *says;
    } cases[] = {{"(", 1, 10001, "nested too deeply"},
                 {"N", 1, 1000001, "too deep"},
                 {"]0", 2, SAI_PICKLE_MAX_VALUES, "values"},
                 {"N", 1, SAI_PICKLE_MAX_BYTES, "64 MiB"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes b = repeated(cases[i].bytes, cases[i].size, cases[i].n);
        expect_bad_bytes(b.data, b.n, cases[i].says);
        free_bytes(&b);
    }
    /* One container that swallows itself over and over: ever more items, but no more values. */
    struct bytes b = repeated("2(", 2, 0);
    PUT(&b, "]");
    PUT(&b, "q\0(");
    for (size_t i = 0; i < 900000; i++)
        put_op(&b, 'N');
    PUT(&b, "e");
    for (size_t i = 0; i < 200; i++)
        PUT(&b, "(h\0h\0h\0h\0eh\0a");
    put_op(&b, '.');
    struct sai_pickle pickle;
    assert_int_equal(sai_pickle_read(&pickle, b.data, b.n, "x.pt"), SELECTAI_OK);
    assert_int_equal(pickle.root->n_items, 900000 + 200 * 5);
    assert_ptr_equal(pickle.root->items[900001], pickle.root);
    sai_pickle_free(&pickle);
    free_bytes(&b);
}

/* Items are counted when there is room made for them: many containers with many items each. */
static void test_slots(void **state)
{
    struct bytes b = {0};
    (void)state;
    PUT(&b, "\x80\2");
    for (size_t i = 0; i < 30; i++) {
        put_op(&b, '(');
        for (size_t k = 0; k < 600000; k++)
            put_op(&b, 'N');
        PUT(&b, "l0");
    }
    PUT(&b, "N.");
    expect_bad_bytes(b.data, b.n, "items");
    free_bytes(&b);
}

static void test_commands(void **state)
{
    char marker[256];
    (void)state;
    make_temporary(marker);
    static const char *const calls[][2] = {{"os", "system"},        {"posix", "system"},  {"nt", "system"},
                                           {"subprocess", "Popen"}, {"builtins", "eval"}, {"builtins", "exec"},
                                           {"__builtin__", "eval"}, {"runpy", "run_path"}};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct bytes b = {0};
        char command[300];
        snprintf(command, sizeof command, "touch %s/ran", marker);
        put_protocol(&b);
        put_global(&b, calls[i][0], calls[i][1]);
        put_text(&b, command);
        PUT(&b, "\x85R.");
        expect_bad_bytes(b.data, b.n, calls[i][1]);
        assert_non_null(strstr(selectai_last_error(), "do not trust it"));
        free_bytes(&b);
    }
    char ran[300];
    snprintf(ran, sizeof ran, "%s/ran", marker);
    assert_int_equal(access(ran, F_OK), -1);
    remove_temporary(marker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),          cmocka_unit_test(test_protocols),    cmocka_unit_test(test_objects),
        cmocka_unit_test(test_cut_off),          cmocka_unit_test(test_wrong_stacks), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_impossible_sizes), cmocka_unit_test(test_slots),        cmocka_unit_test(test_commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
