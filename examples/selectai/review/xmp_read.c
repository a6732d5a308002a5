/*
 * review/xmp_read.c: where in a sidecar a rating and a crop stand: as much XML and RDF as sidecars have.
 *
 * XMP's properties are attributes of rdf:Description or elements in it; prefixes are what the file binds them to. What
 * could mean something else (entities, other encodings, a property twice or with a structure) is not understood.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "xmp_read.h"

#include <string.h>
#include <strings.h>

#define MAX_DEPTH    64
#define MAX_BINDINGS 256
#define MAX_PREFIX   32 /* longer ones are bound anew */
#define RDF          "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

const char *const xmp_uris[N_XMP_SPACES] = {"http://ns.adobe.com/xap/1.0/",
                                            "http://ns.adobe.com/camera-raw-settings/1.0/"};
const char *const xmp_prefixes[N_XMP_SPACES] = {"xmp", "crs"};
const char *const xmp_names[N_XMP_PROPERTIES] = {"Rating",     "HasCrop",   "CropTop",  "CropLeft",
                                                 "CropBottom", "CropRight", "CropAngle"};

enum xmp_space space_of(enum xmp_property property)
{
    return property == XMP_RATING ? SPACE_XMP : SPACE_CRS;
}

enum element_kind { OTHER_ELEMENT, RDF_ELEMENT, DESCRIPTION, PROPERTY };

struct element {
    struct span name;
    enum element_kind kind;
    enum xmp_property property;
    const char *content; /* behind the start tag */
    size_t n_bindings;   /* before it */
    int has_children;
};

struct reader {
    const char *at, *end;
    struct element stack[MAX_DEPTH];
    size_t depth;
    struct {
        struct span prefix, uri;
    } bindings[MAX_BINDINGS];
    size_t n_bindings;
    int n_roots;
    struct xmp_places *places;
};

/* ---- Names ----------------------------------------------------------------------------------- */

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.' || c == ':' || (unsigned char)c >= 0x80;
}

static struct span name_at(const char *at, const char *end)
{
    size_t n = 0;
    while (at + n < end && is_name(at[n]))
        n++;
    return (struct span){at, n};
}

static int same_span(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.at, b.at, a.n) == 0);
}

static void split(struct span name, struct span *prefix, struct span *local)
{
    const char *colon = memchr(name.at, ':', name.n);
    size_t n = colon ? (size_t)(colon - name.at) : 0;
    *prefix = (struct span){name.at, n};
    *local = colon ? (struct span){colon + 1, name.n - n - 1} : name;
}

static struct span uri_of(const struct reader *reader, struct span prefix)
{
    for (size_t i = reader->n_bindings; i-- > 0;)
        if (same_span(reader->bindings[i].prefix, prefix))
            return reader->bindings[i].uri;
    return (struct span){NULL, 0};
}

static int is_in(const struct reader *reader, struct span name, const char *uri, const char *local_name)
{
    struct span prefix, local;
    split(name, &prefix, &local);
    return span_is(local, local_name) && uri_of(reader, prefix).at && span_is(uri_of(reader, prefix), uri);
}

/* N_XMP_PROPERTIES: none of them. Attributes without prefix are in no namespace. */
static enum xmp_property property_of(const struct reader *reader, struct span name, int attribute)
{
    if (attribute && !memchr(name.at, ':', name.n))
        return N_XMP_PROPERTIES;
    for (int p = 0; p < N_XMP_PROPERTIES; p++)
        if (is_in(reader, name, xmp_uris[space_of((enum xmp_property)p)], xmp_names[p]))
            return (enum xmp_property)p;
    return N_XMP_PROPERTIES;
}

/* ---- Attributes ------------------------------------------------------------------------------ */

/* 1: an attribute, at behind it; 0: the tag's end; -1: not well-formed. */
static int next_attribute(const char **at, const char *end, struct span *name, struct span *value)
{
    const char *p = *at;
    while (p < end && is_blank(*p))
        p++;
    if (p == end)
        return 0;
    if (p == *at)
        return -1; /* nothing between it and what stands before */
    *name = name_at(p, end);
    p += name->n;
    while (p < end && is_blank(*p))
        p++;
    if (name->n == 0 || p == end || *p++ != '=')
        return -1;
    while (p < end && is_blank(*p))
        p++;
    const char *close = p < end && (*p == '"' || *p == '\'') ? memchr(p + 1, *p, (size_t)(end - p - 1)) : NULL;
    if (!close || memchr(p, '<', (size_t)(close - p)))
        return -1;
    *value = (struct span){p + 1, (size_t)(close - p) - 1};
    *at = close + 1;
    return 1;
}

static const char *bind(struct reader *reader, const char *at, const char *end)
{
    struct span name, value, prefix, local;
    int more;
    while ((more = next_attribute(&at, end, &name, &value)) > 0) {
        split(name, &prefix, &local);
        int names_prefix = span_is(prefix, "xmlns");
        if (!names_prefix && !span_is(name, "xmlns"))
            continue;
        if (reader->n_bindings == MAX_BINDINGS)
            return "it binds more than 256 prefixes";
        reader->bindings[reader->n_bindings].prefix = names_prefix ? local : (struct span){"", 0};
        reader->bindings[reader->n_bindings++].uri = value;
    }
    return more < 0 ? "an attribute is not well-formed" : NULL;
}

static const char *note_value(struct reader *reader, enum xmp_property property, struct span value)
{
    if (reader->places->values[property].at)
        return "a property stands there twice";
    reader->places->values[property] = value;
    return NULL;
}

static const char *note_attributes(struct reader *reader, const char *at, const char *end)
{
    struct span name, value;
    const char *why = NULL;
    while (!why && next_attribute(&at, end, &name, &value) > 0) {
        enum xmp_property property = property_of(reader, name, 1);
        if (property != N_XMP_PROPERTIES)
            why = note_value(reader, property, value);
    }
    return why;
}

/* ---- Elements -------------------------------------------------------------------------------- */

static void note_description(struct reader *reader, const char *behind_name)
{
    struct xmp_places *places = reader->places;
    if (places->insert)
        return;
    places->insert = behind_name;
    for (int s = 0; s < N_XMP_SPACES; s++) {
        struct span usual = {xmp_prefixes[s], strlen(xmp_prefixes[s])}, bound = uri_of(reader, usual);
        places->taken[s] = bound.at && !span_is(bound, xmp_uris[s]);
        for (size_t i = reader->n_bindings; i-- > 0 && !places->prefixes[s].at;) {
            struct span prefix = reader->bindings[i].prefix, uri = uri_of(reader, prefix);
            if (prefix.n > 0 && prefix.n <= MAX_PREFIX && uri.at &&
                span_is(uri, xmp_uris[s])) /* not bound again in between */
                places->prefixes[s] = prefix;
        }
    }
}

static enum element_kind kind_of(const struct reader *reader, struct element *element)
{
    const struct element *parent = reader->depth > 0 ? &reader->stack[reader->depth - 1] : NULL;
    if (is_in(reader, element->name, RDF, "RDF"))
        return RDF_ELEMENT;
    if (parent && parent->kind == RDF_ELEMENT && is_in(reader, element->name, RDF, "Description"))
        return DESCRIPTION;
    if (!parent || parent->kind != DESCRIPTION)
        return OTHER_ELEMENT;
    element->property = property_of(reader, element->name, 0);
    return element->property != N_XMP_PROPERTIES ? PROPERTY : OTHER_ELEMENT;
}

static const char *begin_element(struct reader *reader, const char *tag, const char *close)
{
    int empty = close[-1] == '/';
    struct element element = {.name = name_at(tag, close), .n_bindings = reader->n_bindings, .content = close + 1};
    const char *attributes = tag + element.name.n, *end = close - empty, *why;
    if (element.name.n == 0 || attributes > end || reader->depth == MAX_DEPTH)
        return "a tag is not well-formed, or tags are nested too deeply";
    if (reader->depth > 0)
        reader->stack[reader->depth - 1].has_children = 1;
    else if (reader->n_roots++ > 0)
        return "there is something behind its end";
    why = bind(reader, attributes, end);
    if (why)
        return why;
    element.kind = kind_of(reader, &element);
    if (element.kind == DESCRIPTION) {
        note_description(reader, attributes);
        why = note_attributes(reader, attributes, end);
    } else if (element.kind == PROPERTY && (empty || attributes != end)) {
        why = "a property has a form of its own";
    }
    if (empty)
        reader->n_bindings = element.n_bindings;
    else
        reader->stack[reader->depth++] = element;
    return why;
}

static const char *end_element(struct reader *reader, const char *tag, const char *close)
{
    struct span name = name_at(tag, close);
    const char *behind = tag + name.n;
    while (behind < close && is_blank(*behind))
        behind++;
    if (reader->depth == 0 || behind != close)
        return "its tags do not belong together";
    const struct element *element = &reader->stack[--reader->depth];
    if (!same_span(element->name, name))
        return "its tags do not belong together";
    reader->n_bindings = element->n_bindings;
    if (element->kind != PROPERTY)
        return NULL;
    struct span value = {element->content, (size_t)(tag - 2 - element->content)}; /* before "</" */
    if (element->has_children || memchr(value.at, '&', value.n) || memchr(value.at, '<', value.n))
        return "a property has a form of its own";
    return note_value(reader, element->property, value);
}

/* The '>' of a tag, not one in an attribute's value. */
static const char *tag_end(const char *at, const char *end)
{
    char quote = 0;
    for (; at < end; at++) {
        if (quote ? *at == quote : *at == '"' || *at == '\'')
            quote = quote ? 0 : *at;
        else if (!quote && *at == '>')
            return at;
        else if (*at == '<')
            return NULL;
    }
    return NULL;
}

/* Behind <!-- -->, <![CDATA[ ]]>, <? ?>; NULL: it is none of them, or does not end. */
static const char *behind_other(const char *at, const char *end)
{
    static const struct {
        const char *begin, *close;
    } kinds[] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t n = strlen(kinds[i].begin), n_close = strlen(kinds[i].close);
        if ((size_t)(end - at) < n || memcmp(at, kinds[i].begin, n) != 0)
            continue;
        const char *close = memmem(at + n, (size_t)(end - at) - n, kinds[i].close, n_close);
        return close ? close + n_close : NULL;
    }
    return NULL;
}

/* "<?xml ... encoding='x'?>": UTF-8 or nothing. */
static int is_utf8(struct span declaration)
{
    const char *encoding = memmem(declaration.at, declaration.n, "encoding", 8);
    if (declaration.n < 6 || memcmp(declaration.at, "<?xml", 5) != 0 || !is_blank(declaration.at[5]) || !encoding)
        return 1;
    const char *end = declaration.at + declaration.n;
    for (encoding += 8;
         encoding < end && (is_blank(*encoding) || *encoding == '=' || *encoding == '"' || *encoding == '\'');)
        encoding++;
    return end - encoding > 5 && strncasecmp(encoding, "utf-8", 5) == 0;
}

static const char *next_piece(struct reader *reader)
{
    const char *open = memchr(reader->at, '<', (size_t)(reader->end - reader->at)), *close, *why;
    if (!open) {
        reader->at = reader->end;
        return NULL;
    }
    if (open + 1 < reader->end && (open[1] == '!' || open[1] == '?')) {
        close = behind_other(open, reader->end);
        if (!close)
            return "it has a document type, or a comment does not end";
        if (!is_utf8((struct span){open, (size_t)(close - open)}))
            return "it is not in UTF-8";
        reader->at = close;
        return NULL;
    }
    close = tag_end(open + 1, reader->end);
    if (!close)
        return "a tag does not end";
    why = open[1] == '/' ? end_element(reader, open + 2, close) : begin_element(reader, open + 1, close);
    reader->at = close + 1;
    return why;
}

const char *xmp_find(struct xmp_places *out, const char *text, size_t n)
{
    struct reader reader = {.at = text, .end = text + n, .places = out};
    const char *why = memchr(text, '\0', n) ? "it is not in UTF-8" : NULL;
    *out = (struct xmp_places){.insert = NULL};
    while (!why && reader.at < reader.end)
        why = next_piece(&reader);
    if (!why && (reader.depth > 0 || reader.n_roots == 0))
        why = "its tags do not belong together";
    return !why && !out->insert ? "there is no rdf:Description in it" : why;
}
