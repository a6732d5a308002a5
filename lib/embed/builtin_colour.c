/*
 * embed/builtin_colour.c: colour moments, casts, clipping and histograms (block colour).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "embed/builtin_priv.h"

enum { HUES = 12, SATURATIONS = 64, SIDE = 4, THIRDS = 3, PATCH = 4 };

struct tally {
    double count;
    double sum[3], square[3], cube[3]; /* of red, green, blue */
    double opponent[2], opponent_square[2];
    double saturation, saturation_square;
    double tone[THIRDS][2], tone_count[THIRDS]; /* opponents of dark, middle and bright pixels */
    double hue[HUES];
    uint32_t saturations[SATURATIONS];
    uint32_t plane[SIDE][SIDE]; /* red-green by yellow-blue */
};

struct colour {
    float channel[3], luma, red_green, yellow_blue, most, least;
};

/* The opponent planes and luma determine red, green and blue: y = s - 0.14258 rg - 0.11328 yb, with s = (r + g) / 2. */
static struct colour colour_at(const struct sai_bi_frame *frame, int level, uint32_t x, uint32_t y)
{
    size_t at = (size_t)y * frame->luma[level].stride + x;
    struct colour c = {.luma = frame->luma[level].px[at],
                       .red_green = frame->red_green[level].px[at],
                       .yellow_blue = frame->yellow_blue[level].px[at]};
    float middle = c.luma + 0.142578125f * c.red_green + 0.11328125f * c.yellow_blue;
    c.channel[0] = middle + 0.5f * c.red_green;
    c.channel[1] = middle - 0.5f * c.red_green;
    c.channel[2] = middle - c.yellow_blue;
    float high = c.channel[0] > c.channel[1] ? c.channel[0] : c.channel[1];
    float low = c.channel[0] > c.channel[1] ? c.channel[1] : c.channel[0];
    c.most = high > c.channel[2] ? high : c.channel[2];
    c.least = low < c.channel[2] ? low : c.channel[2];
    return c;
}

/* The hexagon's hue, 0..12. */
static int hue_bin(const struct colour *c)
{
    float chroma = c->most - c->least, hue;
    if (c->most == c->channel[0])
        hue = (c->channel[1] - c->channel[2]) / chroma;
    else if (c->most == c->channel[1])
        hue = 2.0f + (c->channel[2] - c->channel[0]) / chroma;
    else
        hue = 4.0f + (c->channel[0] - c->channel[1]) / chroma;
    int bin = (int)(hue * 2.0f + HUES) % HUES;
    return bin < 0 ? 0 : bin;
}

static int bin_of(float value, float a, float b, float c)
{
    return (value > a) + (value > b) + (value > c);
}

static void add_colour(struct tally *to, const struct colour *c)
{
    for (int i = 0; i < 3; i++) {
        double v = c->channel[i];
        to->sum[i] += v;
        to->square[i] += v * v;
        to->cube[i] += v * v * v;
    }
    to->opponent[0] += c->red_green;
    to->opponent[1] += c->yellow_blue;
    to->opponent_square[0] += c->red_green * c->red_green;
    to->opponent_square[1] += c->yellow_blue * c->yellow_blue;
    float chroma = c->most - c->least, saturation = chroma / (c->most + 1.0f);
    saturation = saturation > 0.0f ? saturation : 0.0f;
    int bin = (int)(saturation * SATURATIONS);
    to->saturations[bin < SATURATIONS ? bin : SATURATIONS - 1]++;
    to->saturation += saturation;
    to->saturation_square += saturation * saturation;
    int third = (c->luma > 85.0f) + (c->luma > 170.0f);
    to->tone[third][0] += c->red_green;
    to->tone[third][1] += c->yellow_blue;
    to->tone_count[third] += 1;
    to->plane[bin_of(c->red_green, -12, 6, 30)][bin_of(c->yellow_blue, -12, 8, 36)]++;
    if (chroma > 2.0f)
        to->hue[hue_bin(c)] += chroma;
}

/* Mean, deviation and cube root of the third central moment of each channel, in units of 64 grey levels. */
static float *write_moments(float *out, const struct tally *t)
{
    for (int i = 0; i < 3; i++) {
        double mean = t->sum[i] / t->count, square = t->square[i] / t->count;
        double variance = square - mean * mean;
        double deviation = sqrt(variance > 0 ? variance : 0);
        double third = t->cube[i] / t->count - 3 * mean * square + 2 * mean * mean * mean;
        *out++ = (float)(mean / 64);
        *out++ = (float)(deviation / 64);
        *out++ = (float)(third / (deviation * deviation * deviation + 1000));
    }
    return out;
}

/* Means and deviations of the opponents; colourfulness of D. Hasler and S. Suesstrunk, SPIE 2003. */
static float *write_opponents(float *out, const struct tally *t)
{
    double deviation2 = 0, mean2 = 0;
    for (int i = 0; i < 2; i++) {
        double mean = t->opponent[i] / t->count, variance = t->opponent_square[i] / t->count - mean * mean;
        variance = variance > 0 ? variance : 0;
        *out++ = (float)(mean / 32);
        *out++ = (float)sai_bi_ln(sqrt(variance) + 1);
        deviation2 += variance;
        mean2 += mean * mean;
    }
    *out++ = (float)sai_bi_ln(sqrt(deviation2) + 0.3 * sqrt(mean2) + 1);
    return out;
}

static float quantile(const uint32_t *histogram, double share, double count)
{
    double left = share * count;
    for (int i = 0; i < SATURATIONS; i++) {
        if (left < histogram[i])
            return (float)((i + left / histogram[i]) / SATURATIONS);
        left -= histogram[i];
    }
    return 1;
}

static float *write_saturation(float *out, const struct tally *t)
{
    double mean = t->saturation / t->count, variance = t->saturation_square / t->count - mean * mean;
    *out++ = (float)mean;
    *out++ = (float)sqrt(variance > 0 ? variance : 0);
    *out++ = quantile(t->saturations, 0.1, t->count);
    *out++ = quantile(t->saturations, 0.9, t->count);
    return out;
}

/* Root shares of native values 0..1 and 254..255 of each channel. */
static float *write_clipping(float *out, const struct sai_bi_frame *frame)
{
    for (int channel = 1; channel < 4; channel++) {
        const uint32_t *histogram = frame->histogram[channel];
        double total = 0;
        for (int i = 0; i < 256; i++)
            total += histogram[i];
        *out++ = (float)sqrt(((double)histogram[0] + histogram[1]) / total);
        *out++ = (float)sqrt(((double)histogram[254] + histogram[255]) / total);
    }
    return out;
}

/* A cast shows as a shift of greys, best seen apart in shadows, middle tones and lights; drawn to 0 where few are. */
static float *write_casts(float *out, const struct tally *t)
{
    for (int third = 0; third < THIRDS; third++)
        for (int i = 0; i < 2; i++)
            *out++ = (float)(t->tone[third][i] / (t->tone_count[third] + 0.02 * t->count) / 32);
    return out;
}

static float *write_histograms(float *out, const struct tally *t)
{
    double total = t->count, entropy = 0;
    for (int i = 0; i < HUES; i++)
        total += t->hue[i];
    for (int i = 0; i < HUES; i++) {
        *out++ = (float)sqrt(t->hue[i] / total);
        entropy -= t->hue[i] / total * sai_bi_ln(t->hue[i] / total);
    }
    for (int i = 0; i < SIDE; i++)
        for (int k = 0; k < SIDE; k++)
            *out++ = (float)sqrt(t->plane[i][k] / t->count);
    *out++ = (float)entropy;
    return out;
}

/* Mean over 4 x 4 patches of the least value of any channel: haze lifts it (He, Sun, Tang 2009). */
static float dark_channel(const struct sai_bi_frame *frame)
{
    const struct sai_bi_plane *plane = &frame->luma[2];
    double sum = 0;
    uint32_t count = 0;
    for (uint32_t top = 0; top + PATCH <= plane->height; top += PATCH)
        for (uint32_t left = 0; left + PATCH <= plane->width; left += PATCH, count++) {
            float least = 255;
            for (uint32_t i = 0; i < PATCH * PATCH; i++) {
                struct colour c = colour_at(frame, 2, left + i % PATCH, top + i / PATCH);
                least = c.least < least ? c.least : least;
            }
            sum += least;
        }
    return (float)(sum / count / 64);
}

/*
 * Of level 1: 9 moments, 4 opponent moments and colourfulness, 4 of saturation, 6 of clipping, 6 casts, 12 hues
 * weighted by chroma, 4 x 4 histogram of the opponents, hue entropy, dark channel.
 */
void sai_bi_colour(float *out, const struct sai_bi_frame *frame)
{
    struct tally tally = {0};
    const struct sai_bi_plane *plane = &frame->luma[1];
    for (uint32_t y = 0; y < plane->height; y++)
        for (uint32_t x = 0; x < plane->width; x++) {
            struct colour colour = colour_at(frame, 1, x, y);
            add_colour(&tally, &colour);
        }
    tally.count = (double)plane->width * plane->height;
    out = write_moments(out, &tally);
    out = write_opponents(out, &tally);
    out = write_saturation(out, &tally);
    out = write_clipping(out, frame);
    out = write_casts(out, &tally);
    out = write_histograms(out, &tally);
    *out = dark_channel(frame);
}

/* Cb and Cr of skin of any tone: D. Chai and K. N. Ngan, IEEE TCSVT 9 (1999). */
static bool is_skin(const struct colour *c)
{
    float cb = 0.564f * (c->channel[2] - c->luma), cr = 0.713f * (c->channel[0] - c->luma);
    return cb >= -51.0f && cb <= -1.0f && cr >= 5.0f && cr <= 45.0f && c->luma > 40.0f;
}

/* Of level 2: root share of skin-like pixels, their centroid (-1..1), spread, share in the upper half. */
void sai_bi_skin(float *out, const struct sai_bi_frame *frame)
{
    const struct sai_bi_plane *plane = &frame->luma[2];
    double count = 0, x1 = 0, y1 = 0, x2 = 0, y2 = 0, top = 0, pixels = (double)plane->width * plane->height;
    for (uint32_t y = 0; y < plane->height; y++)
        for (uint32_t x = 0; x < plane->width; x++) {
            struct colour c = colour_at(frame, 2, x, y);
            if (!is_skin(&c))
                continue;
            double at_x = (2.0 * x + 1) / plane->width - 1, at_y = (2.0 * y + 1) / plane->height - 1;
            count += 1;
            x1 += at_x;
            y1 += at_y;
            x2 += at_x * at_x;
            y2 += at_y * at_y;
            top += at_y < 0;
        }
    /* A prior of 1 % of the pixels, evenly spread, keeps the position of a few stray pixels near the middle. */
    double prior = 0.01 * pixels, all = count + prior;
    double mean_x = x1 / all, mean_y = y1 / all;
    out[0] = (float)sqrt(count / pixels);
    out[1] = (float)mean_x;
    out[2] = (float)mean_y;
    out[3] = (float)sqrt((x2 + prior / 3) / all - mean_x * mean_x);
    out[4] = (float)sqrt((y2 + prior / 3) / all - mean_y * mean_y);
    out[5] = (float)((top + prior / 2) / all);
}
