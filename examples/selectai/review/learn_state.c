/*
 * review/learn_state.c: what was learned, over a restart: state/learned.json.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "learn_internal.h"

#define LEARNED_KIND "selectai-review-learned"
#define MOST_EVENTS  100u

void ranker_id(char out[ID_TEXT], const selectai_ranker *ranker)
{
    char *text = NULL;
    out[0] = '\0';
    if (ranker && selectai_ranker_metadata_json(&text, ranker) == SELECTAI_OK)
        id_text(out, id_hash(ID_SEED, text));
    selectai_free(text);
}

/* ---- Where it lies --------------------------------------------------------------------------- */

int make_models_folder(const struct learner *learner)
{
    struct stat st;
    if (mkdir(learner->folder, 0777) == 0)
        return EXIT_DONE;
    if (errno == EEXIST && lstat(learner->folder, &st) == 0 && S_ISDIR(st.st_mode))
        return EXIT_DONE;
    say("%s: cannot make the folder for what is learned: %s", learner->folder,
        errno == EEXIST ? "a file or a link of that name is there; move it away" : strerror(errno));
    return EXIT_FAILED;
}

int may_be_written(const char *path)
{
    struct stat st;
    if (lstat(path, &st) != 0 || S_ISREG(st.st_mode))
        return EXIT_DONE;
    say("%s: is a link or no file, nothing is written through it: move it away", path);
    return EXIT_FAILED;
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* "ranker-<digits>.safetensors": a damaged file must not lead elsewhere. */
static int is_model_name(const char *name)
{
    static const char before[] = "ranker-", after[] = ".safetensors";
    if (!name || strncmp(name, before, sizeof before - 1) != 0)
        return 0;
    size_t digits = strspn(name + sizeof before - 1, "0123456789");
    return digits > 0 && digits < 20 && strcmp(name + sizeof before - 1 + digits, after) == 0;
}

static int is_event(const json_t *event)
{
    static const char *const numbers[] = {"before", "after", "p"};
    int good = json_is_string(json_object_get(event, "time")) && json_is_boolean(json_object_get(event, "swapped")) &&
               json_is_integer(json_object_get(event, "held_out")) && json_is_string(json_object_get(event, "message"));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && good; i++) {
        const json_t *value = json_object_get(event, numbers[i]);
        good = json_is_number(value) || json_is_null(value);
    }
    return good;
}

/* What it was learned from must be what is given now, so that the person who gives another ranker gets that one. */
static void take_ranker(struct learner *learner, const json_t *learned)
{
    const char *name = json_string_value(json_object_get(learned, "ranker"));
    const char *base = json_string_value(json_object_get(learned, "base"));
    if (learner->how.ranker && (!base || strcmp(base, learner->base_id) != 0)) {
        if (name)
            say("%s is not what %s was learned from: learning begins with it anew", learner->how.ranker, name);
        learner->trained_op = 0;
        return;
    }
    if (!name)
        return;
    char *path = path_of(learner->folder, name);
    int rc = selectai_ranker_load(&learner->current, path);
    if (rc != SELECTAI_OK) {
        say("%s: what was learned cannot be used any more: %s", path, selectai_last_error());
        free(path);
        return;
    }
    learner->current_path = path;
    if (!learner->how.ranker && base && *base) { /* it goes on from there, also where that is not named any more */
        snprintf(learner->base_id, sizeof learner->base_id, "%s", base);
        if (selectai_ranker_load(&learner->base, path) != SELECTAI_OK)
            learner->base = NULL;
    }
}

static int is_learned(const json_t *learned)
{
    const json_t *kind = json_object_get(learned, "kind"), *name = json_object_get(learned, "ranker");
    const json_t *base = json_object_get(learned, "base"), *events = json_object_get(learned, "events");
    const json_t *op = json_object_get(learned, "op");
    size_t i;
    json_t *event;
    int good = json_is_string(kind) && strcmp(json_string_value(kind), LEARNED_KIND) == 0 && json_is_array(events) &&
               json_is_integer(op) && json_integer_value(op) >= 0 && json_is_string(base) &&
               strlen(json_string_value(base)) < ID_TEXT &&
               (json_is_null(name) || is_model_name(json_string_value(name)));
    json_array_foreach(events, i, event) good = good && is_event(event);
    return good;
}

void read_learned(struct learner *learner)
{
    json_error_t error;
    struct stat st;
    char *path = path_of(learner->session->state, LEARNED_FILE);
    json_t *learned = NULL;
    if (lstat(path, &st) == 0) {
        learned = S_ISREG(st.st_mode) ? json_load_file(path, JSON_REJECT_DUPLICATES, &error) : NULL;
        if (!is_learned(learned)) {
            say("%s: cannot be understood, learning begins anew", path);
            json_decref(learned);
            learned = NULL;
        }
    }
    free(path);
    if (!learned)
        return;
    learner->trained_op = (uint64_t)json_integer_value(json_object_get(learned, "op"));
    json_array_extend(learner->events, json_object_get(learned, "events"));
    take_ranker(learner, learned);
    json_decref(learned);
}

/* ---- Writing --------------------------------------------------------------------------------- */

static json_t *json_of_learned(struct learner *learner)
{
    const char *slash = learner->current_path ? strrchr(learner->current_path, '/') : NULL;
    int is_ours = slash && strncmp(learner->current_path, learner->folder, strlen(learner->folder)) == 0 &&
                  slash == learner->current_path + strlen(learner->folder);
    pthread_mutex_lock(&learner->lock);
    while (json_array_size(learner->events) > MOST_EVENTS)
        json_array_remove(learner->events, 0);
    json_t *events = json_deep_copy(learner->events);
    pthread_mutex_unlock(&learner->lock);
    return json_pack("{s:s, s:o, s:s, s:I, s:o}", "kind", LEARNED_KIND, "ranker",
                     is_ours ? json_string(slash + 1) : json_null(), "base", learner->base_id, "op",
                     (json_int_t)learner->trained_op, "events", events);
}

int write_learned(struct learner *learner)
{
    char *path = path_of(learner->session->state, LEARNED_FILE);
    json_t *learned = json_of_learned(learner);
    int code = learned ? may_be_written(path) : EXIT_FAILED;
    if (code == EXIT_DONE)
        code = write_json_file(path, learned);
    json_decref(learned);
    free(path);
    return code;
}
