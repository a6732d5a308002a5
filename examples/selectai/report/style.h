/*
 * report/style.h: the report's style sheet: light and dark, no outside resources.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef PROGRAM_STYLE_H
#define PROGRAM_STYLE_H

static const char report_style[] =
    ":root{--bg:#fbfaf8;--fg:#1d1c1a;--soft:#6d6a64;--line:#dedad2;--card:#fff;--ours:#0a6cff;--theirs:#e08600;--bad:#"
    "b3261e}"
    "@media(prefers-color-scheme:dark){:root{--bg:#17181a;--fg:#eceae6;--soft:#a19d96;--line:#35363a;--card:#1f2023;"
    "--ours:#62a3ff;--theirs:#ffb340;--bad:#ff8a80}}"
    "*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}"
    "main{max-width:1240px;margin:0 auto;padding:32px 20px 64px}h1{font-size:28px;line-height:1.2;margin:0 0 20px}"
    "h2{font-size:20px;margin:40px 0 8px}h3{font:600 14px/1.3 ui-monospace,monospace;margin:0}"
    ".figures{display:flex;flex-wrap:wrap;gap:12px "
    "48px}table{border-collapse:collapse;font-variant-numeric:tabular-nums}"
    "caption{text-align:left;font-weight:600;padding:4px 0}th,td{text-align:left;padding:5px 14px 5px 0;"
    "border-top:1px solid var(--line);vertical-align:top;font-weight:400}tr:first-child th{color:var(--soft)}"
    "td:nth-child(3){font-weight:650}small{color:var(--soft);font-weight:400;font-size:12px}th small{display:block}"
    ".note,.legend{color:var(--soft);max-width:80ch}.lead{max-width:80ch}"
    ".key{display:inline-block;width:22px;height:14px;border:2px solid;vertical-align:-2px;margin:0 4px 0 12px}"
    ".key.ours{border-color:var(--ours);margin-left:0}.key.theirs{border:2px dashed var(--theirs)}"
    ".groups{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(540px,100%),1fr));gap:14px}"
    ".group{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px}"
    ".group p{margin:2px 0 10px}.differs b{color:var(--bad)}.row{display:flex;flex-wrap:wrap;gap:14px}"
    "figure{margin:0;flex:1 1 105px;max-width:240px}.frame{position:relative;border-radius:6px;overflow:hidden;"
    "outline:1px solid var(--line)}.suggested .frame{outline:3px solid var(--ours)}"
    ".missing{margin:0;padding:40px 10px;text-align:center;color:var(--soft)}"
    "img{display:block;width:100%;height:auto}.box{position:absolute;border:2px solid var(--ours);"
    "box-shadow:0 0 0 1px #0008,inset 0 0 0 1px #0008}.box.theirs{border:2px dashed var(--theirs);box-shadow:none}"
    "figcaption{font-size:13px;color:var(--soft);padding-top:5px}figcaption b{color:var(--fg)}"
    ".tag{border-radius:4px;padding:1px 6px;font-size:12px;border:1px solid}.t-ours{color:var(--ours)}"
    ".t-theirs{color:var(--theirs)}pre{background:var(--card);border:1px solid var(--line);border-radius:10px;"
    "padding:14px;overflow:auto;font-size:13px}";

#endif
