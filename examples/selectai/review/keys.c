/*
 * review/keys.c: which key does what; a file may change it.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "keys.h"

#include <string.h>

#include "terminal.h"

#define MOST_KEY 32u /* bytes of a key's name */

/* In the order in which the page lists them. */
static const struct {
    const char *action, *keys[3];
} defaults[] = {
    {"approve", {"Enter", "a"}},
    {"pick1", {"1"}},
    {"pick2", {"2"}},
    {"pick3", {"3"}},
    {"pick4", {"4"}},
    {"pick5", {"5"}},
    {"pick6", {"6"}},
    {"pick7", {"7"}},
    {"pick8", {"8"}},
    {"pick9", {"9"}},
    {"pick_crop1", {"q"}},
    {"pick_crop2", {"w"}},
    {"pick_crop3", {"e"}},
    {"pick_crop4", {"r"}},
    {"later1", {"Shift+Q"}},
    {"later2", {"Shift+W"}},
    {"later3", {"Shift+E"}},
    {"later4", {"Shift+R"}},
    {"also1", {"Shift+1"}},
    {"also2", {"Shift+2"}},
    {"also3", {"Shift+3"}},
    {"also4", {"Shift+4"}},
    {"also5", {"Shift+5"}},
    {"also6", {"Shift+6"}},
    {"also7", {"Shift+7"}},
    {"also8", {"Shift+8"}},
    {"also9", {"Shift+9"}},
    {"edit_crop", {"c"}},
    {"reject", {"x"}},
    {"skip", {"s"}},
    {"next", {"ArrowRight", "ArrowDown"}},
    {"previous", {"ArrowLeft", "ArrowUp"}},
    {"first_undecided", {"u"}},
    {"zoom", {"z"}},
    {"compare", {"v"}},
    {"overview", {"o"}},
    {"undo", {"Ctrl+z"}},
    {"redo", {"Ctrl+Shift+z", "Ctrl+y"}},
    {"finalize", {"f"}},
    {"theme", {"t"}},
    {"help", {"?"}},
};

static json_t *default_keys(void)
{
    json_t *keys = json_object();
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) {
        json_t *list = json_array();
        for (size_t k = 0; k < 3 && defaults[i].keys[k]; k++)
            json_array_append_new(list, json_string(defaults[i].keys[k]));
        json_object_set_new(keys, defaults[i].action, list);
    }
    return keys;
}

/* What follows "Ctrl+", "Alt+", "Shift+", each at most once and in this order. */
static const char *without_modifiers(const char *key)
{
    static const char *const modifiers[] = {"Ctrl+", "Alt+", "Shift+"};
    for (size_t i = 0; i < 3; i++)
        if (strncmp(key, modifiers[i], strlen(modifiers[i])) == 0 && key[strlen(modifiers[i])])
            key += strlen(modifiers[i]);
    return key;
}

static size_t characters(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

/* One character, or a name as KeyboardEvent.key has it: "Enter", "F5", "PageDown". */
static int is_key(const char *key)
{
    const char *bare = without_modifiers(key);
    if (strlen(key) > MOST_KEY || *bare == '\0')
        return 0;
    return characters(bare) == 1 || (*bare >= 'A' && *bare <= 'Z' && !strpbrk(bare, " +\t"));
}

static int take_action(json_t *keys, const char *path, const char *action, json_t *list)
{
    size_t i;
    json_t *key;
    if (!json_object_get(keys, action)) {
        say("%s: there is no action \"%s\"; docs/review.md lists them", path, action);
        return -1;
    }
    if (!json_is_array(list)) {
        say("%s: \"%s\" must be a list of keys, as [\"Enter\", \"a\"]", path, action);
        return -1;
    }
    json_array_foreach(list, i, key)
    {
        const char *text = json_string_value(key);
        if (!text || !is_key(text)) {
            say("%s: \"%s\": \"%s\" is no key; write \"a\", \"Enter\", \"Ctrl+Shift+z\"", path, action,
                text ? text : "?");
            return -1;
        }
    }
    return json_object_set(keys, action, list);
}

/* One key, one action. */
static int check_keys(const json_t *keys, const char *path)
{
    json_t *taken = json_object(), *list, *key;
    const char *action;
    size_t i;
    int bad = 0;
    json_object_foreach((json_t *)(uintptr_t)keys, action, list) json_array_foreach(list, i, key)
    {
        const char *other = json_string_value(json_object_get(taken, json_string_value(key)));
        if (other && !bad)
            say("%s: \"%s\" would do both \"%s\" and \"%s\"; give one of them another key, or []", path,
                json_string_value(key), other, action);
        bad |= other != NULL;
        json_object_set_new(taken, json_string_value(key), json_string(action));
    }
    json_decref(taken);
    return bad ? -1 : 0;
}

json_t *load_keys(const char *path)
{
    json_error_t error;
    json_t *keys = default_keys();
    if (!path)
        return keys;
    json_t *file = json_load_file(path, JSON_REJECT_DUPLICATES, &error), *list;
    const char *action;
    int rc = json_is_object(file) ? 0 : -1;
    if (!file && error.line > 0)
        say("%s, line %d: %s", path, error.line, error.text);
    else if (!file)
        say("%s: %s", path, error.text);
    else if (rc != 0)
        say("%s must hold an object, as {\"skip\": [\"n\"]}", path);
    json_object_foreach(file, action, list) if (rc == 0) rc = take_action(keys, path, action, list);
    if (rc == 0)
        rc = check_keys(keys, path);
    json_decref(file);
    if (rc == 0)
        return keys;
    json_decref(keys);
    return NULL;
}
