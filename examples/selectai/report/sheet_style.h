/*
 * report/sheet_style.h: the contact sheet's style: light and dark, no outside resources. Groups out of sight are not
 * laid out (content-visibility), so that thousands of them scroll.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef PROGRAM_SHEET_STYLE_H
#define PROGRAM_SHEET_STYLE_H

static const char sheet_style[] =
    ":root{color-scheme:light dark;--bg:#f7f6f3;--fg:#1c1b19;--soft:#65625b;--line:#dcd8cf;--card:#fff;--ours:#0a5fe0;"
    "--plus:#1a7f4b;--minus:#b3471e;--doubt:#8a5a00;--none:#a3231a}"
    "@media(prefers-color-scheme:dark){:root{--bg:#161719;--fg:#eceae6;--soft:#a6a29b;--line:#36373b;--card:#1f2023;"
    "--ours:#6ea8ff;--plus:#5fcf95;--minus:#f0926a;--doubt:#f2bd5a;--none:#ff8a80}}"
    "*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.45 system-ui,sans-serif}"
    "main{max-width:1400px;margin:0 auto;padding:28px 20px 64px}h1{font-size:24px;line-height:1.2;margin:0 0 6px;"
    "overflow-wrap:anywhere}.counts{font-size:17px;margin:0 0 6px}.note{color:var(--soft);max-width:90ch;margin:0 0 "
    "20px}"
    ".group{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 16px;margin:0 0 14px;"
    "content-visibility:auto;contain-intrinsic-size:auto 420px}"
    "h2{font:600 14px/1.3 ui-monospace,monospace;margin:0;overflow-wrap:anywhere}h2 small{color:var(--soft)}"
    "h3{font-size:13px;font-weight:600;margin:12px 0 4px}.why{margin:2px 0 10px;max-width:100ch}"
    ".tag{border:1px solid;border-radius:4px;padding:0 6px;font:12px/1.5 system-ui,sans-serif;white-space:nowrap}"
    ".sure{color:var(--plus)}.unsure{color:var(--doubt)}.nothing{color:var(--none)}.pick{color:var(--ours)}"
    ".row,.past{display:flex;flex-wrap:wrap;gap:16px;align-items:flex-start}.past{list-style:none;margin:0;padding:0}"
    "figure{margin:0;width:220px}.frame{position:relative;border-radius:6px;overflow:hidden;outline:1px solid "
    "var(--line)}"
    ".winner .frame{outline:3px solid var(--ours)}img{display:block;width:100%;height:auto}"
    ".box{position:absolute;border:2px solid var(--ours);box-shadow:0 0 0 1px #0009,inset 0 0 0 1px #0009}"
    ".missing{margin:0;padding:48px 10px;text-align:center;color:var(--soft)}"
    "figcaption{font-size:13px;padding-top:6px}.name{display:block;color:var(--soft);overflow-wrap:anywhere}"
    ".meter{display:grid;grid-template-columns:44px 1fr "
    "48px;gap:6px;align-items:center;font-variant-numeric:tabular-nums}"
    ".meter>:last-child{text-align:right}.bar{position:relative;height:8px;border-radius:4px;background:var(--line);"
    "overflow:hidden}.bar i{position:absolute;top:0;bottom:0;left:0;background:var(--ours)}.bar "
    ".up{background:var(--plus)}"
    ".bar .down{background:var(--minus)}.past "
    "li{display:flex;gap:8px;align-items:flex-start;width:300px;font-size:13px}"
    ".past .frame{width:72px;flex:none}.past div:last-child{overflow-wrap:anywhere;min-width:0}";

#endif
