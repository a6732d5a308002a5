/*
 * image/jpeg_check.c: walks through a JPEG's segments (ITU-T T.81, annex B) before stb_image sees it.
 *
 * stb_image 2.27 trusts the number of codes in a Huffman table and would write beyond its arrays, so the tables are
 * checked here; and a file without an end marker lost its tail.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "image/complete.h"
#include "image/header.h"

/* Real progressive files have about ten. Each one makes the decoder walk over all blocks, even if it holds nothing. */
#define MAX_SCANS 200

enum marker { DHT = 0xC4, RST0 = 0xD0, RST7 = 0xD7, SOI = 0xD8, EOI = 0xD9, SOS = 0xDA, TEM = 0x01 };

/* Every table of the segment has at most 256 codes, and they fill the segment. */
static bool huffman_tables_fit(const uint8_t *p, size_t n)
{
    while (n > 0) {
        unsigned codes = 0;
        if (n < 17)
            return false;
        for (int i = 1; i <= 16; i++)
            codes += p[i];
        if (codes > 256 || n - 17 < codes)
            return false;
        p += 17 + codes;
        n -= 17 + codes;
    }
    return true;
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

int sai_jpeg_check(const uint8_t *bytes, size_t n, const char *name)
{
    size_t offset = 2;
    int scans = 0;
    while (offset < n && n - offset >= 2) {
        uint8_t marker = bytes[offset + 1];
        if (bytes[offset] != 0xFF || marker == 0xFF) { /* fill bytes, and what some cameras leave between segments */
            offset++;
            continue;
        }
        if (marker == EOI)
            return SELECTAI_OK;
        offset += 2;
        if (marker == 0 || marker == TEM || (marker >= RST0 && marker <= SOI))
            continue;
        if (n - offset < 2)
            break;
        uint32_t length = sai_be16(bytes + offset);
        if (length < 2 || length > n - offset)
            break;
        if (marker == DHT && !huffman_tables_fit(bytes + offset + 2, length - 2))
            return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: corrupt JPEG: an impossible Huffman table; get the file again",
                            name);
        offset += length;
        if (marker == SOS && ++scans > MAX_SCANS)
            return SAI_FAIL(SELECTAI_ERR_LIMIT, "%s: a JPEG of more than %d scans would take too long; save it again",
                            name, MAX_SCANS);
        if (marker == SOS)
            offset = skip_picture_data(bytes, n, offset);
    }
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: truncated JPEG: its end is missing; get the file again", name);
}
