/*
 * test_decision.c: decisions from JSON: what is taken, what is refused and how it is called.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "review_folder.h"

#include <unistd.h>

#define BOX "{\"x1\":0,\"y1\":0.25,\"x2\":1,\"y2\":0.75}"

/* "$0", "$1", "$2" are the ids of the group's images, "$x" that of another group. */
static json_t *filled_in(const struct folder *folder, const char *text)
{
    char out[8192];
    size_t n = 0;
    for (; *text; text++) {
        assert_true(n + REVIEW_ID < sizeof out);
        if (*text != '$') {
            out[n++] = *text;
            continue;
        }
        size_t image = *++text == 'x' ? 3 : (size_t)(*text - '0');
        memcpy(out + n, folder->groups.images[image].id, REVIEW_ID - 1);
        n += REVIEW_ID - 1;
    }
    out[n] = '\0';
    json_t *json = json_loads(out, JSON_DECODE_ANY, NULL);
    if (!json)
        fail_msg("no JSON: %s", out);
    return json;
}

static int read_text(struct decision *out, struct folder *folder, const char *text, char message[128])
{
    json_t *json = filled_in(folder, text);
    message[0] = '\0';
    int rc = decision_of_json(out, json, &folder->groups, 0, message, 128);
    json_decref(json);
    return rc;
}

static void what_is_wrong_is_named(void **state)
{
    static const char *const bad[][2] = {
        {"7", "outcome"},
        {"[]", "outcome"},
        {"{}", "outcome"},
        {"{\"outcome\":null}", "outcome"},
        {"{\"outcome\":\"undecided\"}", "outcome"},
        {"{\"outcome\":\"reject\",\"winners\":[{\"image\":\"$0\",\"crop\":\"whole\"}]}", "winners"},
        {"{\"outcome\":\"skip\",\"winners\":7}", "winners"},
        {"{\"outcome\":\"pick\"}", "winners"},
        {"{\"outcome\":\"pick\",\"winners\":{\"image\":\"$0\"}}", "winners"},
        {"{\"outcome\":\"pick\",\"winners\":[]}", "winners"},
        {"{\"outcome\":\"pick\",\"winners\":[7]}", "image"},
        {"{\"outcome\":\"pick\",\"winners\":[{\"crop\":\"whole\"}]}", "image"},
        {"{\"outcome\":\"pick\",\"winners\":[{\"image\":7,\"crop\":\"whole\"}]}", "image"},
        {"{\"outcome\":\"pick\",\"winners\":[{\"image\":\"\",\"crop\":\"whole\"}]}", "image"},
        {"{\"outcome\":\"pick\",\"winners\":[{\"image\":\"$0$0\",\"crop\":\"whole\"}]}", "image"},
        {"{\"outcome\":\"pick\",\"winners\":[{\"image\":\"$x\",\"crop\":\"whole\"}]}", "image"},
        {"{\"outcome\":\"pick\",\"winners\":[{\"image\":\"$0\"}]}", "crop"},
        {"{\"outcome\":\"pick\",\"winners\":[{\"image\":\"$0\",\"crop\":\"half\"}]}", "crop"},
        {"{\"outcome\":\"pick\",\"winners\":[{\"image\":\"$0\",\"crop\":\"whole\",\"box\":" BOX "}]}", "box"},
        {"{\"outcome\":\"pick\",\"winners\":[{\"image\":\"$0\",\"crop\":\"later\",\"box\":" BOX "}]}", "box"},
        {"{\"outcome\":\"pick\",\"winners\":[{\"image\":\"$0\",\"crop\":\"edited\"}]}", "box"},
        {"{\"outcome\":\"pick\",\"winners\":[{\"image\":\"$0\",\"crop\":\"edited\",\"box\":[0,0,1,1]}]}", "box"},
        {"{\"outcome\":\"pick\",\"winners\":[{\"image\":\"$0\",\"crop\":\"edited\",\"box\":{\"x1\":0,\"y1\":0,\"x2\":1}"
         "}]}",
         "box"},
        {"{\"outcome\":\"pick\",\"winners\":[{\"image\":\"$0\",\"crop\":\"edited\",\"box\":{\"x1\":-0.1,\"y1\":0,"
         "\"x2\":1,"
         "\"y2\":1}}]}",
         "box"},
        {"{\"outcome\":\"pick\",\"winners\":[{\"image\":\"$0\",\"crop\":\"edited\",\"box\":{\"x1\":0,\"y1\":0,\"x2\":1."
         "01,"
         "\"y2\":1}}]}",
         "box"},
        {"{\"outcome\":\"pick\",\"winners\":[{\"image\":\"$0\",\"crop\":\"edited\",\"box\":{\"x1\":0.5,\"y1\":0,\"x2\":"
         "0.5,"
         "\"y2\":1}}]}",
         "box"},
        {"{\"outcome\":\"pick\",\"winners\":[{\"image\":\"$0\",\"crop\":\"edited\",\"box\":{\"x1\":0,\"y1\":0.9,\"x2\":"
         "1,"
         "\"y2\":0.1}}]}",
         "box"},
        {"{\"outcome\":\"pick\",\"winners\":[{\"image\":\"$0\",\"crop\":\"edited\",\"box\":" BOX
         ",\"box_px\":[1,2,3]}]}",
         "box_px"},
        {"{\"outcome\":\"pick\",\"winners\":[{\"image\":\"$0\",\"crop\":\"edited\",\"box\":" BOX
         ",\"box_px\":[1,2,3,4],\"size\":[2,4]}]}",
         "box_px"},
        {"{\"outcome\":\"pick\",\"winners\":[{\"image\":\"$0\",\"crop\":\"whole\",\"size\":[0,4]}]}", "size"},
        {"{\"outcome\":\"pick\",\"winners\":[{\"image\":\"$0\",\"crop\":\"whole\"},{\"image\":\"$0\",\"crop\":"
         "\"later\"}]}",
         "winners"},
    };
    struct folder *folder = *state;
    struct decision decision;
    char message[128];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (read_text(&decision, folder, bad[i][0], message) != SELECTAI_ERR_INVALID_ARGUMENT)
            fail_msg("taken: %s", bad[i][0]);
        if (strncmp(message, bad[i][1], strlen(bad[i][1])) != 0)
            fail_msg("\"%s\" for %s", message, bad[i][0]);
        assert_null(decision.winners);
    }
}

static void winners_come_in_stage_order(void **state)
{
    struct folder *folder = *state;
    struct decision decision, again;
    char message[128];
    assert_int_equal(
        read_text(&decision, folder,
                  "{\"outcome\":\"pick\",\"winners\":[{\"image\":\"$2\",\"crop\":\"suggested\",\"box\":" BOX
                  "},{\"image\":\"$0\",\"crop\":\"later\"},{\"image\":\"$1\",\"crop\":\"whole\",\"box\":null}]}",
                  message),
        SELECTAI_OK);
    assert_int_equal(decision.n_winners, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(decision.winners[i].image, i);
    assert_int_equal(decision.winners[0].crop, CROP_LATER);
    assert_int_equal(decision.winners[2].crop, CROP_SUGGESTED);
    measure_decision(&decision, &folder->groups, 0);
    json_t *json = json_of_decision(&decision, &folder->groups, 0);
    assert_int_equal(decision_of_json(&again, json, &folder->groups, 0, message, sizeof message), SELECTAI_OK);
    assert_true(same_decision(&decision, &again));
    assert_int_equal(again.winners[2].pixels.y2, 90);
    again.winners[2].box.x1 += 1e-9;
    assert_false(same_decision(&decision, &again));
    again.winners[2].crop = CROP_WHOLE;
    assert_false(same_decision(&decision, &again));
    json_decref(json);
    free_decision(&again);
    free_decision(&decision);
    assert_int_equal(read_text(&decision, folder, "null", message), SELECTAI_OK);
    assert_int_equal(decision.outcome, UNDECIDED);
}

static void sizes_come_from_the_file(void **state)
{
    struct folder *folder = *state;
    struct winner winner;
    struct decision decision = pick_of(&winner, 0, CROP_EDITED);
    winner.width = winner.height = 7; /* what a client claims does not count */
    winner.pixels = (struct selectai_pixel_box){1, 2, 3, 4};
    measure_decision(&decision, &folder->groups, 0);
    assert_true(winner.width == 80 && winner.height == 120 && winner.pixels.x1 == 8 && winner.pixels.x2 == 56);
    char *path = image_path(&folder->groups, &folder->groups.images[0]);
    assert_int_equal(unlink(path), 0);
    measure_decision(&decision, &folder->groups, 0);
    assert_true(winner.width == 0 && winner.height == 0 && winner.pixels.x2 == 0);
    free(path);
}

static void boxes_become_whole_pixels_inside(void **state)
{
    uint32_t seed = 5;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        double v[4];
        for (int k = 0; k < 4; k++) {
            seed = seed * 1664525u + 1013904223u;
            v[k] = (seed >> 8) / 16777216.0;
        }
        uint32_t width = 1 + seed % 5000, height = 1 + seed / 7 % 50;
        struct selectai_box box = {v[0] * v[1], v[2] * v[3], v[0], v[2]};
        if (!(box.x1 < box.x2 && box.y1 < box.y2))
            continue;
        struct selectai_pixel_box px = pixels_of_box(&box, width, height);
        assert_true(px.x1 >= 0 && px.x1 < px.x2 && px.x2 <= (int32_t)width);
        assert_true(px.y1 >= 0 && px.y1 < px.y2 && px.y2 <= (int32_t)height);
        assert_true(px.x1 >= box.x1 * width - 1.01 && px.x2 <= box.x2 * width + 1.51); /* both roundings */
    }
    struct selectai_pixel_box whole = pixels_of_box(&(struct selectai_box){0, 0, 1, 1}, 832, 1216);
    assert_true(whole.x1 == 0 && whole.y1 == 0 && whole.x2 == 832 && whole.y2 == 1216);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_wrong_is_named),
        TEST(winners_come_in_stage_order),
        TEST(sizes_come_from_the_file),
        cmocka_unit_test(boxes_become_whole_pixels_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
