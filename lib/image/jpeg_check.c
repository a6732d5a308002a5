/*
 * image/jpeg_check.c: walks through a JPEG's segments (ITU-T T.81, annex B) before a decoder sees it.
 *
 * Both decoders make up what is missing, and neither counts what a file will cost. stb_image 2.27 also trusts the
 * number of codes in a Huffman table and would write beyond its arrays, so the tables are checked here; and a file
 * without an end marker lost its tail. It decodes with tables that were never defined and shows planes that no scan
 * wrote, so a picture is refused unless every component is in a scan that has its tables.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "image/complete.h"
#include "image/header.h"

/* Real progressive files have about ten. Each one makes the decoder walk over all blocks, even if it holds nothing. */
#define MAX_SCANS 200

/* Of all scans together: some seconds. */
#define MAX_SCANNED_SAMPLES (UINT64_C(1) << 33)

#define MAX_COMPONENTS 4
#define MAX_TABLES     4 /* of each kind */

enum marker {
    TEM = 0x01,
    SOF0 = 0xC0,
    SOF2 = 0xC2,
    DHT = 0xC4,
    RST0 = 0xD0,
    RST7 = 0xD7,
    SOI = 0xD8,
    EOI = 0xD9,
    SOS = 0xDA,
    DQT = 0xDB
};

enum huffman_class { DC, AC };

struct component {
    uint8_t id, sampling, quantiser;
    bool scanned;
    uint64_t samples;
};

/* What the segments so far said. Sets of tables have bit i for table i. */
struct walk {
    const char *name;
    unsigned quantisers, huffman[2];
    struct component components[MAX_COMPONENTS];
    size_t n_components;       /* 0 before the frame header */
    bool progressive, partial; /* partial: a scan does not hold all components */
    int scans;
    uint64_t samples, scanned_samples;
};

static int corrupt(const struct walk *w, const char *what)
{
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: corrupt JPEG: %s; get the file again", w->name, what);
}

/* Every table of the segment has at most 256 codes, and they fill the segment. */
static int note_huffman_tables(struct walk *w, const uint8_t *p, size_t n)
{
    while (n > 0) {
        unsigned codes = 0;
        if (n < 17)
            return corrupt(w, "an impossible Huffman table");
        for (int i = 1; i <= 16; i++)
            codes += p[i];
        if (codes > 256 || n - 17 < codes || p[0] >> 4 > AC || (p[0] & 15) >= MAX_TABLES)
            return corrupt(w, "an impossible Huffman table");
        w->huffman[p[0] >> 4] |= 1u << (p[0] & 15);
        p += 17 + codes;
        n -= 17 + codes;
    }
    return SELECTAI_OK;
}

/* 64 numbers of one or two bytes each behind the table's number. */
static int note_quantisers(struct walk *w, const uint8_t *p, size_t n)
{
    while (n > 0) {
        size_t size = 1 + 64 * (size_t)(1 + (p[0] >> 4));
        if (p[0] >> 4 > 1 || (p[0] & 15) >= MAX_TABLES || n < size)
            return corrupt(w, "an impossible quantisation table");
        w->quantisers |= 1u << (p[0] & 15);
        p += size;
        n -= size;
    }
    return SELECTAI_OK;
}

static uint64_t blocks(uint64_t side, unsigned factor, unsigned largest)
{
    return (side + 8 * (uint64_t)largest - 1) / (8 * (uint64_t)largest) * factor;
}

/* A component has its sampling factor's share of the largest one's pixels, in whole blocks. */
static int measure_components(struct walk *w, uint64_t width, uint64_t height)
{
    unsigned largest_h = 1, largest_v = 1;
    for (size_t i = 0; i < w->n_components; i++) {
        unsigned h = w->components[i].sampling >> 4, v = w->components[i].sampling & 15;
        if (h < 1 || h > 4 || v < 1 || v > 4)
            return corrupt(w, "an impossible sampling factor");
        largest_h = h > largest_h ? h : largest_h;
        largest_v = v > largest_v ? v : largest_v;
    }
    for (size_t i = 0; i < w->n_components; i++) {
        struct component *c = &w->components[i];
        c->samples = 64 * blocks(width, c->sampling >> 4, largest_h) * blocks(height, c->sampling & 15, largest_v);
        w->samples += c->samples;
    }
    return SELECTAI_OK;
}

static int note_frame(struct walk *w, const uint8_t *p, size_t n, bool progressive)
{
    if (w->n_components > 0)
        return corrupt(w, "it has a second frame header");
    if (n < 6 || p[5] == 0 || p[5] > MAX_COMPONENTS || n != 6 + 3 * (size_t)p[5])
        return corrupt(w, "an impossible frame header");
    w->progressive = progressive;
    w->n_components = p[5];
    for (size_t i = 0; i < w->n_components; i++)
        w->components[i] = (struct component){.id = p[6 + 3 * i], .sampling = p[7 + 3 * i], .quantiser = p[8 + 3 * i]};
    return measure_components(w, sai_be16(p + 3), sai_be16(p + 1));
}

/* The first one of that id, as in stb_image; NULL if there is none. */
static struct component *component_of(struct walk *w, uint8_t id)
{
    for (size_t i = 0; i < w->n_components; i++)
        if (w->components[i].id == id)
            return &w->components[i];
    return NULL;
}

static bool holds(unsigned tables, unsigned i)
{
    return i < MAX_TABLES && (tables >> i & 1) != 0;
}

/* A scan of a progressive picture uses tables of its own band only, and none where it adds one bit to the DC terms. */
static int note_scan(struct walk *w, const uint8_t *p, size_t n)
{
    if (n < 6 || p[0] == 0 || p[0] > w->n_components || n != 4 + 2 * (size_t)p[0])
        return corrupt(w, "an impossible scan header");
    const uint8_t *band = p + n - 3; /* first and last coefficient, bit positions */
    bool needs_dc = !w->progressive || (band[0] == 0 && band[2] >> 4 == 0);
    bool needs_ac = !w->progressive || band[1] > 0;
    for (size_t i = 0; i < p[0]; i++) {
        const uint8_t *entry = p + 1 + 2 * i;
        struct component *component = component_of(w, entry[0]);
        if (component == NULL)
            return corrupt(w, "a scan of a component that its frame lacks");
        if ((needs_dc && !holds(w->huffman[DC], entry[1] >> 4)) || (needs_ac && !holds(w->huffman[AC], entry[1] & 15)))
            return corrupt(w, "a scan whose Huffman table is missing");
        if (!holds(w->quantisers, component->quantiser))
            return corrupt(w, "a scan whose quantisation table is missing");
        component->scanned = true;
        w->scanned_samples += component->samples;
    }
    if (p[0] < w->n_components)
        w->partial = true;
    if (++w->scans > MAX_SCANS || w->scanned_samples > MAX_SCANNED_SAMPLES)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "%s: a JPEG of so many scans (%d) would take too long; save it again",
                        w->name, w->scans);
    return SELECTAI_OK;
}

static int note_segment(struct walk *w, uint8_t marker, const uint8_t *p, size_t n)
{
    if (marker == DHT)
        return note_huffman_tables(w, p, n);
    if (marker == DQT)
        return note_quantisers(w, p, n);
    if (marker >= SOF0 && marker <= SOF2)
        return note_frame(w, p, n, marker == SOF2);
    return marker == SOS ? note_scan(w, p, n) : SELECTAI_OK;
}

static int check_picture(struct sai_jpeg_cost *cost, const struct walk *w)
{
    if (w->scans == 0)
        return corrupt(w, "it holds no picture");
    for (size_t i = 0; i < w->n_components; i++)
        if (!w->components[i].scanned)
            return corrupt(w, "a colour component is in none of its scans");
    *cost = (struct sai_jpeg_cost){.samples = w->samples, .buffered = w->progressive || w->partial};
    return SELECTAI_OK;
}

/* The offset of the next 0xFF that begins a marker, n if there is none. Stuffed and restart markers are picture data.
 */
static size_t skip_picture_data(const uint8_t *bytes, size_t n, size_t offset)
{
    while (offset + 1 < n) {
        const uint8_t *found = memchr(bytes + offset, 0xFF, n - offset - 1);
        if (found == NULL)
            return n;
        offset = (size_t)(found - bytes);
        if (bytes[offset + 1] != 0 && (bytes[offset + 1] < RST0 || bytes[offset + 1] > RST7))
            return offset;
        offset++;
    }
    return n;
}

int sai_jpeg_check(struct sai_jpeg_cost *cost, const uint8_t *bytes, size_t n, const char *name)
{
    struct walk w = {.name = name};
    size_t offset = 2;
    while (offset < n && n - offset >= 2) {
        uint8_t marker = bytes[offset + 1];
        if (bytes[offset] != 0xFF || marker == 0xFF) { /* fill bytes, and what some cameras leave between segments */
            offset++;
            continue;
        }
        if (marker == EOI)
            return check_picture(cost, &w);
        offset += 2;
        if (marker == 0 || marker == TEM || (marker >= RST0 && marker <= SOI))
            continue;
        if (n - offset < 2)
            break;
        uint32_t length = sai_be16(bytes + offset);
        if (length < 2 || length > n - offset)
            break;
        int rc = note_segment(&w, marker, bytes + offset + 2, length - 2);
        if (rc != SELECTAI_OK)
            return rc;
        offset += length;
        if (marker == SOS)
            offset = skip_picture_data(bytes, n, offset);
    }
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: truncated JPEG: its end is missing; get the file again", name);
}
