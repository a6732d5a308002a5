/*
 * report/evaluation_style.h: the evaluation page's style: light and dark, no outside resources.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef PROGRAM_EVALUATION_STYLE_H
#define PROGRAM_EVALUATION_STYLE_H

static const char evaluation_style[] =
    ":root{color-scheme:light dark;--bg:#f7f6f3;--fg:#1c1b19;--soft:#65625b;--line:#dcd8cf;--card:#fff;--ours:#0a5fe0;"
    "--pale:#bcd3f5;--rule:#a39d90;--taken:#b06a00;--bad:#a3231a}"
    "@media(prefers-color-scheme:dark){:root{--bg:#161719;--fg:#eceae6;--soft:#a6a29b;--line:#36373b;--card:#1f2023;"
    "--ours:#6ea8ff;--pale:#2c4469;--rule:#7d7970;--taken:#ffb340;--bad:#ff8a80}}"
    "*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif}"
    "main{max-width:1180px;margin:0 auto;padding:28px 20px 64px}h1{font-size:24px;line-height:1.25;margin:0 0 10px;"
    "overflow-wrap:anywhere}h1 code{font-size:18px}h2{font-size:19px;margin:40px 0 8px}h3{font-size:15px;margin:0 0 "
    "6px}"
    "code{font-family:ui-monospace,monospace;overflow-wrap:anywhere}.lead{font-size:18px;max-width:75ch;margin:0 0 6px}"
    ".note,figcaption{color:var(--soft);max-width:80ch}.note{margin:6px 0 "
    "12px}figcaption{font-size:13px;padding-top:6px}"
    ".banner{background:var(--bad);color:var(--bg);padding:10px 14px;border-radius:8px;max-width:80ch}"
    ".charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(430px,100%),1fr));gap:16px}"
    ".cell,figure.wide,article{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px "
    "16px;"
    "min-width:0}.full{grid-column:1/-1}figure{margin:0}figure.wide{max-width:780px;margin:0 0 "
    "14px}svg{display:block;width:100%;height:auto}"
    ".grid{stroke:var(--line)}.tick,.label{fill:var(--soft);font-size:11px}.label{font-size:12px}.name{fill:var(--fg);"
    "font-size:14px}.number{fill:var(--fg);font-size:14px;font-weight:650}.model{fill:var(--ours)}.rule{fill:var(--"
    "rule)}"
    ".pale{fill:var(--pale)}.whisker{stroke:var(--fg);stroke-width:1.4;fill:none;opacity:.75}.model-line{stroke:var(--"
    "ours)"
    ";stroke-width:2}.rule-line{stroke:var(--rule);stroke-width:3}.ideal{stroke:var(--soft);stroke-dasharray:5 4}"
    ".model-dot{fill:var(--ours);stroke:var(--card);stroke-width:1}.pale-dot{fill:var(--card);stroke:var(--ours);"
    "stroke-width:2}.scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}"
    "th,td{text-align:left;padding:5px 14px 5px 0;border-top:1px solid var(--line);vertical-align:top;font-weight:400}"
    "thead th{color:var(--soft);border-top:0;white-space:nowrap}tbody th{font-weight:600;overflow-wrap:anywhere}"
    "th "
    "small{display:block;max-width:44ch}small{color:var(--soft);font-weight:400;font-size:12px}.num{white-space:nowrap}"
    ".range{position:relative;display:block;width:130px;height:14px;margin-top:4px;background:linear-gradient(var(--"
    "line),"
    "var(--line)) 0 50%/100% 1px no-repeat}.range i{position:absolute}.span{top:4px;height:6px;border-radius:3px;"
    "background:var(--pale)}.dot{top:3px;width:8px;height:8px;border-radius:50%;margin-left:-4px;background:var(--ours)"
    "}"
    ".mark{top:0;width:2px;height:14px;margin-left:-1px;background:var(--rule)}"
    ".tag{border:1px solid;border-radius:4px;padding:0 6px;font-size:12px;white-space:nowrap}.ours{color:var(--ours)}"
    ".taken{color:var(--taken)}.bad{color:var(--bad)}.cases{display:grid;grid-template-columns:repeat(auto-fill,"
    "minmax(min(540px,100%),1fr));gap:14px}article{content-visibility:auto;contain-intrinsic-size:auto 300px}"
    ".row{display:flex;flex-wrap:wrap;gap:14px}.row figure{flex:1 1 "
    "105px;max-width:150px}.frame{border-radius:6px;overflow:hidden;"
    "outline:1px solid var(--line)}.is-ours .frame{outline:3px solid "
    "var(--ours)}img{display:block;width:100%;height:auto}"
    ".missing{margin:0;padding:44px 10px;text-align:center;color:var(--soft)}figcaption b{color:var(--fg)}"
    "figcaption small,.file{display:block}.file{color:var(--soft);overflow-wrap:anywhere;font-size:12px}"
    ".metrics tbody th{min-width:24ch}.metrics td:nth-child(3){white-space:nowrap}";

#endif
