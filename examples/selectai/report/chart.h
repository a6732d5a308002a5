/*
 * report/chart.h: charts as SVG inside a page: axes with ticks, and marks in the data's own units.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef PROGRAM_CHART_H
#define PROGRAM_CHART_H

#include "page.h"

/* What the axes show. Marks outside are drawn at the edge. */
struct chart {
    const char *what; /* for those who do not see it */
    const char *x_label, *y_label;
    double x_low, x_high, y_low, y_high;
    int x_is_share, y_is_share; /* ticks as percentages */
};

/* Begins <figure><svg> with axes; what is drawn then lies over them. */
void chart_begin(struct page *page, const struct chart *chart);
/* Ends it with a sentence on how to read it. */
void chart_end(struct page *page, const char *how_to_read);

/* Class names are those of the page's style. */
void chart_line(struct page *page, const struct chart *chart, const char *class_name, double x1, double y1, double x2,
                double y2);
/* `hint` is shown when the pointer rests on it. */
void chart_dot(struct page *page, const struct chart *chart, const char *class_name, double x, double y, double radius,
               const char *hint);
/* A rectangle from the axis up to y. */
void chart_column(struct page *page, const struct chart *chart, const char *class_name, double x_low, double x_high,
                  double y);
/* A vertical line with ends from low to high. */
void chart_whisker(struct page *page, const struct chart *chart, double x, double low, double high);
void chart_text(struct page *page, const struct chart *chart, double x, double y, const char *text);

/* A number as people read it: "81.3 %" or "0.813"; "-" for NaN. Returns buf. */
#define VALUE_TEXT 32
char *value_text(char buf[VALUE_TEXT], double value, int is_share);

#endif
