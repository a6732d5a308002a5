/*
 * report/chart.c: charts as SVG.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>

#include "chart.h"

enum { WIDTH = 460, HEIGHT = 300, LEFT = 56, RIGHT = 18, TOP = 22, BOTTOM = 48, TICKS = 5 };

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

static double x_of(const struct chart *c, double x)
{
    double share = (x - c->x_low) / (c->x_high - c->x_low);
    return LEFT + clamp(share, 0, 1) * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct chart *c, double y)
{
    double share = (y - c->y_low) / (c->y_high - c->y_low);
    return HEIGHT - BOTTOM - clamp(share, 0, 1) * (HEIGHT - TOP - BOTTOM);
}

char *value_text(char buf[VALUE_TEXT], double value, int is_share)
{
    if (isnan(value))
        snprintf(buf, VALUE_TEXT, "\u2013");
    else if (is_share)
        snprintf(buf, VALUE_TEXT, "%.1f\u00a0%%", 100 * value);
    else
        snprintf(buf, VALUE_TEXT, "%.3f", value);
    return buf;
}

/* Ticks need fewer digits. */
static void add_number(struct page *page, double value, int is_share)
{
    if (is_share)
        page_printf(page, "%.*f\u00a0%%", fabs(100 * value - round(100 * value)) < 0.05 ? 0 : 1, 100 * value);
    else
        page_printf(page, "%.3g", fabs(value) < 1e-9 ? 0 : value);
}

static void add_ticks(struct page *page, const struct chart *c)
{
    for (int i = 0; i <= TICKS; i++) {
        double x = c->x_low + (c->x_high - c->x_low) * i / TICKS, y = c->y_low + (c->y_high - c->y_low) * i / TICKS;
        page_printf(page, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT, WIDTH - RIGHT,
                    y_of(c, y), y_of(c, y));
        page_printf(page, "<text class=\"tick\" text-anchor=\"end\" x=\"%d\" y=\"%.1f\">", LEFT - 6, y_of(c, y) + 4);
        add_number(page, y, c->y_is_share);
        page_printf(page, "</text><text class=\"tick\" text-anchor=\"middle\" x=\"%.1f\" y=\"%d\">", x_of(c, x),
                    HEIGHT - BOTTOM + 17);
        add_number(page, x, c->x_is_share);
        page_puts(page, "</text>");
    }
}

void chart_begin(struct page *page, const struct chart *c)
{
    page_printf(page, "<figure class=\"chart\"><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, HEIGHT);
    page_escape(page, c->what);
    page_puts(page, "\">");
    add_ticks(page, c);
    page_printf(page, "<text class=\"label\" text-anchor=\"middle\" x=\"%d\" y=\"%d\">", (LEFT + WIDTH - RIGHT) / 2,
                HEIGHT - 10);
    page_escape(page, c->x_label);
    page_printf(page, "</text><text class=\"label\" text-anchor=\"middle\" transform=\"translate(13 %d) rotate(-90)\">",
                (TOP + HEIGHT - BOTTOM) / 2);
    page_escape(page, c->y_label);
    page_puts(page, "</text>");
}

void chart_end(struct page *page, const char *how_to_read)
{
    page_puts(page, "</svg><figcaption>");
    page_escape(page, how_to_read);
    page_puts(page, "</figcaption></figure>\n");
}

void chart_line(struct page *page, const struct chart *c, const char *class_name, double x1, double y1, double x2,
                double y2)
{
    page_printf(page, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", class_name, x_of(c, x1),
                y_of(c, y1), x_of(c, x2), y_of(c, y2));
}

void chart_dot(struct page *page, const struct chart *c, const char *class_name, double x, double y, double radius,
               const char *hint)
{
    if (isnan(x) || isnan(y))
        return;
    page_printf(page, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"><title>", class_name, x_of(c, x),
                y_of(c, y), radius);
    page_escape(page, hint);
    page_puts(page, "</title></circle>");
}

void chart_column(struct page *page, const struct chart *c, const char *class_name, double x_low, double x_high,
                  double y)
{
    if (!isnan(y))
        page_printf(page, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", class_name,
                    x_of(c, x_low), y_of(c, y), x_of(c, x_high) - x_of(c, x_low), y_of(c, c->y_low) - y_of(c, y));
}

void chart_whisker(struct page *page, const struct chart *c, double x, double low, double high)
{
    double px = x_of(c, x);
    if (isnan(low) || isnan(high))
        return;
    page_printf(page, "<path class=\"whisker\" d=\"M%.1f %.1fH%.1fM%.1f %.1fV%.1fM%.1f %.1fH%.1f\"/>", px - 4,
                y_of(c, high), px + 4, px, y_of(c, high), y_of(c, low), px - 4, y_of(c, low), px + 4);
}

void chart_text(struct page *page, const struct chart *c, double x, double y, const char *text)
{
    page_printf(page, "<text class=\"tick\" text-anchor=\"middle\" x=\"%.1f\" y=\"%.1f\">", x_of(c, x), y_of(c, y) - 6);
    page_escape(page, text);
    page_puts(page, "</text>");
}
