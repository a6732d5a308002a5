"""page.py: what the tests of pages share: a parser that complains.

Standard library only.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import base64
import html.parser
import re

# Elements that have no end, and those whose end may be left out.
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
SVG_VOID = {"line", "rect", "path"}


class Page(html.parser.HTMLParser):
    """Tags with attributes, text by section, images; faults: ends without a start, starts without an end, bad numbers."""

    def __init__(self, data):
        super().__init__(convert_charrefs=True)
        self.text_of = {}  # of each section by its id; "" for what stands before
        self.tags, self.open, self.faults = [], [], []
        self.section = ""
        self.feed(data.decode("utf-8"))
        self.close()
        self.faults += ["<%s> is not closed" % t for t in self.open]

    def handle_startendtag(self, tag, attrs):
        self.note(tag, attrs)

    def handle_starttag(self, tag, attrs):
        self.note(tag, attrs)
        if tag in SVG_VOID:
            self.faults.append("<%s> is not closed" % tag)
        if tag not in VOID:
            self.open.append(tag)

    def note(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag == "section":
            self.section = attributes.get("id", "")
        for name, value in attributes.items():
            if re.search(r"\b(nan|inf)\b", value or "", re.I):
                self.faults.append("%s %s=%r" % (tag, name, value))
            if name.startswith("on"):
                self.faults.append("%s has %s" % (tag, name))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append("</%s>" % tag)
        if tag == "section":
            self.section = ""

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.text_of[self.section] = self.text_of.get(self.section, "") + data + " "

    def of(self, tag):
        return [a for t, a in self.tags if t == tag]

    def sections(self):
        return [a.get("id") for a in self.of("section")]

    def with_class(self, name):
        return [a for _, a in self.tags if name in (a.get("class") or "").split()]

    def images(self):
        """The bytes of each picture, all of which are JPEG inside the page."""
        found = []
        for attributes in self.of("img"):
            match = re.fullmatch(r"data:image/jpeg;base64,(.*)", attributes["src"])
            found.append(base64.b64decode(match.group(1), validate=True))
        return found
