/*
 * output.c: results on stdout and in files.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verbs.h"

int print_json(json_t *document)
{
    int failed = json_dumpf(document, stdout, JSON_INDENT(2) | JSON_STYLE) != 0 || putchar('\n') == EOF ||
                 fflush(stdout) != 0;
    json_decref(document);
    if (failed)
        say("cannot write to standard output");
    return failed ? EXIT_FAILED : EXIT_DONE;
}

json_t *json_of_text(char *text)
{
    json_t *value = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
    selectai_free(text);
    return value ? value : json_null();
}

json_t *json_of_bytes(const char *text)
{
    json_t *value = json_string(text);
    char *copy = value ? NULL : strdup(text);
    for (char *p = copy; p && *p; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    if (copy)
        value = json_string(copy);
    free(copy);
    return value;
}

json_t *json_of_issues_of_kind(const selectai_issues *issues, const char *kind)
{
    json_t *list = json_array();
    for (size_t i = 0; i < selectai_issues_count(issues); i++) {
        struct selectai_issue issue = {.struct_size = sizeof issue};
        if (selectai_issues_get(issues, i, &issue) != SELECTAI_OK || (kind && strcmp(issue.kind, kind) != 0))
            continue;
        json_t *item = json_pack("{s:s, s:i}", "kind", issue.kind, "code", (int)issue.code);
        json_object_set_new(item, "path", json_of_bytes(issue.path));
        json_object_set_new(item, "message", json_of_bytes(issue.message));
        if (issue.row)
            json_object_set_new(item, "row", json_integer((json_int_t)issue.row));
        json_array_append_new(list, item);
    }
    return list;
}

json_t *json_of_issues(const selectai_issues *issues)
{
    return json_of_issues_of_kind(issues, NULL);
}

void set_json_path(json_t *object, const char *path)
{
    static const char digits[] = "0123456789abcdef";
    size_t n = strlen(path);
    json_t *value = json_string(path);
    json_object_set_new(object, "path", value ? value : json_null());
    char *hex = value ? NULL : malloc(2 * n + 1);
    if (!hex)
        return;
    for (size_t i = 0; i < n; i++) {
        hex[2 * i] = digits[(unsigned char)path[i] >> 4];
        hex[2 * i + 1] = digits[path[i] & 15];
    }
    json_object_set_new(object, "path_hex", json_stringn(hex, 2 * n));
    free(hex);
}

char *count_text(char buf[COUNT_TEXT], uint64_t value)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)value), k = 0;
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            buf[k++] = ',';
        buf[k++] = digits[i];
    }
    buf[k] = '\0';
    return buf;
}

void print_name(const char *text, int width)
{
    for (width -= put_clean(stdout, text); width > 0; width--)
        putchar(' ');
}

int write_json_file(const char *path, const json_t *document)
{
    char *text = json_dumps(document, JSON_COMPACT | JSON_STYLE);
    size_t n = text ? strlen(text) : 0;
    if (!text)
        return report_failure(SELECTAI_ERR_OUT_OF_MEMORY);
    text[n] = '\n'; /* in place of the end, which write_text_file does not need */
    int code = write_text_file(path, text, n + 1);
    free(text);
    return code;
}
