/*
 * report/sheet_group.h: one group of a contact sheet.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef PROGRAM_SHEET_GROUP_H
#define PROGRAM_SHEET_GROUP_H

#include "../suggest_view.h"
#include "page.h"

/* Reads and scales the group's pictures: that is what takes the time. May run in several threads, with a page each. */
void add_sheet_group(struct page *page, const struct selectai_suggestion *suggestion, size_t number);

#endif
