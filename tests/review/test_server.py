"""test_server.py: the review's server as a client sees it: what it answers, and all that it must not.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import json
import os
import random
import re
import resource
import signal
import socket
import struct
import threading
import time
import unittest

from review import OTHER_WINDOW, PATIENCE, SECURITY, WINDOW, Picture, ReviewTest, support
from test_suggest import write_cropper, write_ranker


def jpeg_size(data):
    """Width and height out of the frame header."""
    at = 2
    while data[at] == 0xFF:
        marker, n = data[at + 1], struct.unpack(">H", data[at + 2:at + 4])[0]
        if marker in (0xC0, 0xC1, 0xC2):
            height, width = struct.unpack(">HH", data[at + 5:at + 9])
            return width, height
        at += 2 + n
    raise AssertionError("no JPEG")


class Access(ReviewTest):
    """Who may ask."""

    def setUp(self):
        super().setUp()
        self.review = self.start()

    def test_only_this_machine_is_listened_to(self):
        """/proc/net/tcp says at which address the port is bound."""
        with open("/proc/net/tcp", encoding="ascii") as f:
            bound = [line.split()[1] for line in f if line.split()[3] == "0A"]
        ours = [a for a in bound if int(a.split(":")[1], 16) == self.review.port]
        self.assertEqual(ours, ["0100007F:%04X" % self.review.port])

    def test_the_token(self):
        token = self.review.token
        wrong = ["0" * 32, token[:-1] + ("0" if token[-1] != "0" else "1"), token[:-1], token + "0", token.upper(), ""]
        for t in wrong:
            if t == token:
                continue
            for rest in ("/", "/api/session", "/app.js"):
                answer = self.review.ask("GET", "/" + t + rest)
                self.assertEqual((answer.status, answer.body), (403, b""), t + rest)
        for target in ("/", "/" + token, "/favicon.ico", "//" + token + "/", "/x/" + token + "/", "http://127.0.0.1/" + token + "/"):
            self.assertEqual(self.review.ask("GET", target).status, 403, target)
        self.assertEqual(self.review.get("").status, 200)

    def test_another_run_has_another_token(self):
        self.review.stop()
        other = self.start()
        self.assertNotEqual(other.token, self.review.token)

    def test_the_host(self):
        port = self.review.port
        for host, status in [("127.0.0.1:%d" % port, 200), ("localhost:%d" % port, 200), ("LOCALHOST:%d" % port, 200),
                             ("[::1]:%d" % port, 200), ("evil.example", 403), ("evil.example:%d" % port, 403),
                             ("127.0.0.1", 403), ("127.0.0.1:%d" % (port ^ 1), 403), ("127.0.0.1:%d.evil.example" % port, 403),
                             ("127.0.0.1:%d@evil.example" % port, 403), ("", 403)]:
            answer = self.review.get("api/session", Host=host)
            self.assertEqual(answer.status, status, host)
        self.assertIn(self.review.get("api/session", Host=None).status, (400, 403))

    def test_two_hosts(self):
        for hosts in (["evil.example"], ["127.0.0.1:%d" % self.review.port] * 2, ["127.0.0.1:%d" % self.review.port, "x"]):
            lines = "".join("Host: %s\r\n" % h for h in hosts)
            got = self.review.raw(("GET /%s/ HTTP/1.1\r\n%sConnection: close\r\n\r\n" % (self.review.token, lines)).encode())
            self.assertRegex(got.split(b"\r\n")[0], rb"^HTTP/1.1 40[03] ", hosts)

    def test_the_origin(self):
        port = self.review.port
        for origin, status in [("http://127.0.0.1:%d" % port, 200), ("http://localhost:%d" % port, 200),
                               ("http://[::1]:%d" % port, 200), ("https://127.0.0.1:%d" % port, 403), ("null", 403),
                               ("http://evil.example", 403), ("http://127.0.0.1:%d" % (port ^ 1), 403),
                               ("http://127.0.0.1:%d/" % port, 403), ("", 403)]:
            self.assertEqual(self.review.get("api/session", Origin=origin).status, status, origin)

    def test_where_the_browser_says_it_comes_from(self):
        for site, status in [("same-origin", 200), ("none", 200), ("same-site", 403), ("cross-site", 403), ("?", 403)]:
            self.assertEqual(self.review.get("api/session", Sec_Fetch_Site=site).status, status, site)

    def test_post_checks_them_too(self):
        """A form of another site could send text/plain without being asked."""
        body = json.dumps({"window": WINDOW}).encode()
        target = "/%s/api/claim" % self.review.token
        for header, value, status in [("Origin", "http://evil.example", 403), ("Sec-Fetch-Site", "cross-site", 403),
                                      ("Host", "evil.example", 403), ("Content-Type", "text/plain", 415),
                                      ("Content-Type", "application/x-www-form-urlencoded", 415),
                                      ("Content-Type", "application/jsonx", 415), ("Content-Type", None, 415),
                                      ("Content-Type", "application/json; charset=utf-8", 200)]:
            answer = self.review.ask("POST", target, {header: value}, body)
            self.assertEqual(answer.status, status, (header, value))

    def test_every_answer_has_the_headers(self):
        groups = self.review.get("api/groups").json()
        answers = [self.review.get(""), self.review.get("api/session"), self.review.get("api/groups"),
                   self.review.get("api/changes?since=0"), self.review.get("picture/%s?side=160" % groups["images"][0][0]),
                   self.review.get("picture/%s?side=1" % groups["images"][0][0]), self.review.get("nothing"),
                   self.review.ask("GET", "/"), self.review.ask("POST", "/%s/" % self.review.token, body=b"{}"),
                   self.review.ask("POST", "/%s/api/claim" % self.review.token, body=b"["), self.review.claim(),
                   self.review.get("api/export/journal.jsonl")]
        self.assertEqual({a.status for a in answers}, {200, 400, 403, 404, 405})
        for answer in answers:
            for name, value in SECURITY.items():
                self.assertEqual(answer.headers.get(name), value, (answer.status, name))
            self.assertEqual("no-store" in answer.headers["Cache-Control"],
                             answer.headers.get("Content-Type") != "image/jpeg")

    def test_the_page_needs_nothing_that_its_policy_forbids(self):
        """No inline script, no inline style, nothing from elsewhere; all that it names is there, under its type."""
        types = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
        page = self.review.get("")
        self.assertEqual(page.headers["Content-Type"], "text/html; charset=utf-8")
        text = page.body.decode("utf-8")
        self.assertIsNone(re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|(src|href)=\"[a-z]+:", text))
        for name in re.findall(r"(?:src|href)=\"([^\"#][^\"]*)\"", text):
            file = self.review.get(name)
            self.assertEqual(file.status, 200, name)
            self.assertTrue(file.headers["Content-Type"].startswith(types[name.rsplit(".", 1)[1]]), name)


class Targets(ReviewTest):
    """No address reaches a file."""

    def setUp(self):
        super().setUp()
        self.review = self.start()

    def test_traversal(self):
        self.write("secret.txt", "the secret")
        places = ["..", "../secret.txt", "../../etc/passwd", "%2e%2e/secret.txt", "..%2fsecret.txt", "%2e%2e%2fsecret.txt",
                  "..%5csecret.txt", "%252e%252e%252fsecret.txt", "..%c0%afsecret.txt", "%00", "index.html%00.js", "./index.html",
                  "/etc/passwd", "//etc/passwd", "....//secret.txt", "..;/secret.txt", "%uff0e%uff0e/secret.txt"]
        for place in places:
            for before in ("", "picture/", "api/", "api/group/", "api/export/", "picture/../"):
                for after in ("", "?side=160"):
                    answer = self.review.get(before + place + after)
                    self.assertIn(answer.status, (400, 404), before + place + after)
                    self.assertNotIn(b"secret", answer.body)
                    self.assertNotIn(b"root:", answer.body)

    def test_no_file_by_its_name(self):
        for name in (self.name(0, 1), "raw/" + self.name(0, 1), "journal.jsonl", "lock", "../state/journal.jsonl"):
            for before in ("", "picture/", "api/export/../"):
                self.assertIn(self.review.get(before + name).status, (400, 404), before + name)

    def test_ids(self):
        groups = self.review.get("api/groups").json()
        image, group = groups["images"][0][0], groups["id"][0]
        for wrong in (image[:-1], image + "0", image.upper(), "g" * 16, "0" * 16, "", image + "/", group, " " + image):
            wrong = wrong.replace(" ", "%20")
            if wrong != image:
                self.assertEqual(self.review.get("picture/%s?side=160" % wrong).status, 404, wrong)
        for wrong in (group[:-1], group + "0", "0" * 16, image, "../" + group):
            self.assertEqual(self.review.get("api/group/" + wrong).status, 404, wrong)

    def test_methods(self):
        for method in ("PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "HEAD", "BREW"):
            answer = self.review.ask(method, "/%s/api/session" % self.review.token)
            self.assertEqual(answer.status, 405, method)
        self.assertEqual(self.review.post("api/session", {}).status, 405)
        self.assertEqual(self.review.get("api/decide").status, 405)
        self.assertEqual(self.review.get("api/unknown").status, 404)
        self.assertEqual(self.review.post("api/unknown", {}).status, 404)

    def test_queries(self):
        image = self.review.get("api/groups").json()["images"][0][0]
        for query in ("", "?side", "?side=", "?side=-1", "?side=161", "?side=1e3", "?side=0x280", "?side=99999999999999999999",
                      "?side=%36%34%30"):
            self.assertEqual(self.review.get("picture/%s%s" % (image, query)).status, 400, query)
        for query in ("", "?since=", "?since=-1", "?since=x", "?since=99999999999999999", "?since=0&window=x",
                      "?since=0&window=" + "g" * 32):
            self.assertEqual(self.review.get("api/changes" + query).status, 400, query)


class Malformed(ReviewTest):
    """What is no proper request, and what is too much."""

    def setUp(self):
        super().setUp()
        self.review = self.start()

    def still_there(self):
        self.assertEqual(self.review.get("api/session").json()["groups"], self.groups)

    def head(self, method="GET", path="api/session", more=""):
        return ("%s /%s/%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s" % (method, self.review.token, path, self.review.port,
                                                                   more)).encode()

    def test_no_http(self):
        for data in (b"\r\n\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
                     os.urandom(4096), b"\0" * 4096, b"GET / HTTP/1.1\nHost", b"A" * 100000, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
            got = self.review.raw(data + b"\r\n\r\n", wait=0.5)
            self.assertNotIn(b" 200 ", got.split(b"\r\n")[0], data[:40])
        self.still_there()

    def test_huge_headers(self):
        for more in ("X: %s\r\n" % ("a" * 100000), "".join("X-%d: y\r\n" % i for i in range(20000)), "a" * 1000000 + ": b\r\n"):
            got = self.review.raw(self.head(more=more) + b"\r\n", wait=PATIENCE)
            self.assertRegex(got[:40], rb"^(HTTP/1.1 4(00|13|14|31) |$)")
        self.still_there()

    def test_huge_address(self):
        for path in ("a" * 100000, "picture/" + "0" * 50000, "api/changes?since=0&" + "x=1&" * 30000):
            got = self.review.raw(self.head(path=path) + b"\r\n", wait=PATIENCE)
            self.assertRegex(got[:40], rb"^(HTTP/1.1 4(00|13|14|31) |$)")
        self.still_there()

    def test_large_bodies(self):
        pad = " " * (65536 - len('{"window":"%s"}' % WINDOW))
        fits = '{"window":"%s"%s}' % (WINDOW, pad)
        target = "/%s/api/claim" % self.review.token
        self.assertEqual(self.review.ask("POST", target, body=fits.encode()).status, 200)
        self.assertEqual(self.review.ask("POST", target, body=fits.encode() + b" ").status, 413)
        for length in ("1000000", "99999999999", "18446744073709551615", "18446744073709551616"):
            got = self.review.raw(self.head("POST", "api/claim", "Content-Type: application/json\r\nContent-Length: %s\r\n" % length)
                                  + b"\r\n" + b"x" * 10, wait=5)
            self.assertRegex(got[:40], rb"^HTTP/1.1 4(00|13) ", length)
        self.still_there()

    def test_lengths_that_lie(self):
        body = json.dumps({"window": WINDOW}).encode()
        json_type = "Content-Type: application/json\r\n"
        for length in ("-1", "+5", "0x10", "5 5", "", "1e3", "5, 5"):
            got = self.review.raw(self.head("POST", "api/claim", json_type + "Content-Length: %s\r\n" % length) + b"\r\n" + body, 5)
            self.assertRegex(got[:40], rb"^(HTTP/1.1 4(00|11) |$)", length)
        # Shorter than the body: cut there, no JSON any more; the rest is no request.
        got = self.review.raw(self.head("POST", "api/claim", json_type + "Content-Length: 9\r\n") + b"\r\n" + body, 2)
        self.assertRegex(got[:40], rb"^HTTP/1.1 400 ")
        self.assertNotIn(b" 200 ", got)
        # Longer than the body: nothing is answered to what has not come.
        got = self.review.raw(self.head("POST", "api/claim", json_type + "Content-Length: %d\r\n" % (len(body) + 1)) + b"\r\n" + body, 1)
        self.assertEqual(got, b"")
        self.still_there()

    def test_two_lengths_and_chunks(self):
        body = json.dumps({"window": WINDOW}).encode()
        chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        json_type = "Content-Type: application/json\r\n"
        for more, data in [("Transfer-Encoding: chunked\r\n", chunked),
                           ("Transfer-Encoding: chunked\r\nContent-Length: %d\r\n" % len(body), chunked),
                           ("Content-Length: %d\r\nContent-Length: 3\r\n" % len(body), body),
                           ("Transfer-Encoding: gzip\r\n", body), ("", b"")]:
            got = self.review.raw(self.head("POST", "api/claim", json_type + more) + b"\r\n" + data, 2)
            self.assertRegex(got[:40], rb"^(HTTP/1.1 4(00|11) |$)", more)
            self.assertNotIn(b"HTTP/1.1 200", got)
        got = self.review.raw(self.head("GET", "api/session", "Content-Length: 5\r\nConnection: close\r\n") + b"\r\nhello", 2)
        self.assertRegex(got[:40], rb"^HTTP/1.1 400 ")
        self.still_there()

    def test_bodies_that_are_no_json_objects(self):
        window = '"window":"%s"' % WINDOW
        for body in (b"", b"{", b"[]", b"null", b"1", b'"text"', b"{}", b'{"window":1}', b'{"window":"x"}', b"\xff\xfe", b"\0",
                     ('{%s,%s}' % (window, window)).encode(), ('{%s}x' % window).encode(), ('{%s,"x":NaN}' % window).encode(),
                     ('{%s,"x":"\\u0000"}' % window).encode(), ('{%s,"x":1e999}' % window).encode(), b"[" * 60000,
                     b'{"a":' * 10000, ('{%s,"x":"\xff"}' % window).encode("latin-1"), b"{" + b'"a":1,' * 9000 + b'"b":1}'):
            answer = self.review.ask("POST", "/%s/api/claim" % self.review.token, body=body)
            self.assertEqual((answer.status, answer.error()), (400, "invalid"), body[:60])
        self.still_there()

    def test_changed_at_random(self):
        """Proper requests with a few bytes changed, cut, or twice: whatever is answered, the server goes on."""
        rng = random.Random(7)
        body = json.dumps({"window": WINDOW, "group": "0" * 16, "decision": {"outcome": "skip"}}).encode()
        proper = [self.head() + b"\r\n", self.head("POST", "api/decide", "Content-Type: application/json\r\nContent-Length: %d\r\n"
                                                   % len(body)) + b"\r\n" + body]
        for _ in range(300):
            data = bytearray(rng.choice(proper))
            for _ in range(rng.randrange(1, 6)):
                at = rng.randrange(len(data))
                data[at:at + rng.randrange(3)] = rng.choice([b"", b"\0", b"\r\n", b" ", b":", b"%", b"\xff", bytes([rng.randrange(256)])])
            if rng.randrange(4) == 0:
                data = data[:rng.randrange(len(data))]
            got = self.review.raw(bytes(data), wait=0.01)
            self.assertRegex(got[:12], rb"^(HTTP/1.[01] [2345]|$)", bytes(data))
        self.still_there()

    def test_values_of_wrong_types(self):
        """Every key with every kind of value that it may not have: 400 that names it, or a 404 for an id of nobody."""
        self.review.claim()
        groups = self.review.get("api/groups").json()
        right = {"group": groups["id"][0], "seconds": 1, "shown": groups["images"][0], "decision": {"outcome": "skip"}}
        values = [None, True, 1, -1, 1.5, 1e300, "", "x", [], [1], [[]], {}, {"a": 1}, "0" * 16, [groups["images"][1][0]],
                  {"outcome": "pick"}, {"outcome": "pick", "winners": []}, {"outcome": "x"}, {"outcome": 1},
                  {"outcome": "pick", "winners": [{"image": groups["images"][1][0], "crop": "whole"}]},
                  {"outcome": "pick", "winners": [{"image": groups["images"][0][0], "crop": "edited"}]},
                  {"outcome": "pick", "winners": [{"image": groups["images"][0][0], "crop": "whole"}] * 2},
                  {"outcome": "pick", "winners": [{"image": groups["images"][0][0], "crop": "edited",
                                                   "box": {"x1": 0.5, "y1": 0, "x2": 0.5, "y2": 1}}]}]
        fine = {"group": [], "seconds": [None, 1, 1.5, 1e6], "shown": [None, []], "decision": [None]}
        for key in right:
            for value in values:
                if value in fine[key] and not isinstance(value, bool):
                    continue
                answer = self.review.post("api/decide", dict(right, **{key: value}))
                self.assertIn(answer.status, (400, 404), (key, value))
                if answer.status == 400:
                    self.assertEqual(answer.error(), "invalid", (key, value))
        self.assertEqual(self.review.changes()["stats"]["decided"], 0)
        for path, body in [("api/view", {}), ("api/view", {"group": right["group"], "order": "x"}), ("api/claim", {"take": 1}),
                           ("api/view", {"group": right["group"], "order": [right["group"]] * 9}), ("api/finalize", {}),
                           ("api/finalize", {"plan": 0}), ("api/decide-all", {}), ("api/decide-all", {"min_confidence": "x"}),
                           ("api/decide-all", {"min_confidence": 0.5, "expected": 1.5}), ("api/write", {}),
                           ("api/write", {"what": "x"}), ("api/write", {"what": "xmp", "naming": "x"}),
                           ("api/view", {"group": right["group"], "order": [None]})]:
            answer = self.review.post(path, body)
            self.assertEqual((answer.status, answer.error()), (400, "invalid"), (path, body))
        self.assertEqual(self.review.post("api/view", {"group": "0" * 16}).status, 404)


class Many(ReviewTest):
    """Many at once, and slow ones."""

    groups = 12

    def test_200_parallel_connections(self):
        """All are open at once, each with its request, before the first answer is read."""
        review = self.start()
        images = [i for g in review.get("api/groups").json()["images"] for i in g]
        sockets = []
        try:
            for i in range(200):
                s = review.connect()
                path = ["picture/%s?side=160" % images[i % len(images)], "api/groups", "api/changes?since=0", ""][i % 4]
                s.sendall(("GET /%s/%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n"
                           % (review.token, path, review.port)).encode())
                sockets.append(s)
            for s in sockets:
                got = b""
                while True:
                    piece = s.recv(65536)
                    if not piece:
                        break
                    got += piece
                head, body = got.split(b"\r\n\r\n", 1)
                self.assertTrue(head.startswith(b"HTTP/1.1 200 "), head)
                self.assertEqual(len(body), int(re.search(rb"Content-Length: (\d+)", head).group(1)))
        finally:
            for s in sockets:
                s.close()

    def test_slow_clients_block_nobody(self):
        review = self.start()
        head = ("POST /%s/api/claim HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"
                % (review.token, review.port)).encode()
        slow = [review.connect() for _ in range(200)]
        try:
            for i, s in enumerate(slow):
                s.sendall([b"", b"G", b"GET /", head, head + b"\r\n{", head + b"\r\n" + b" " * 99][i % 6])
            started = time.monotonic()
            for _ in range(20):
                self.assertEqual(review.get("api/session").status, 200)
            self.assertLess(time.monotonic() - started, PATIENCE / 2)
        finally:
            for s in slow:
                s.close()

    def test_a_client_that_drips_is_cut_off(self):
        """One byte a second keeps a connection from being silent, but not for ever."""
        review = self.start()
        with review.connect() as s:
            end = time.monotonic() + 2 * PATIENCE
            closed = False
            s.sendall(b"GET /")
            while not closed and time.monotonic() < end:
                try:
                    s.sendall(b"a")
                    s.settimeout(1)
                    closed = s.recv(1) == b""
                except socket.timeout:
                    pass
                except OSError:
                    closed = True
            self.assertTrue(closed, "it was let go on")

    def test_a_client_that_does_not_read(self):
        """What is sent to it waits in its connection; the end comes all the same."""
        review = self.start()
        stuck = [review.connect() for _ in range(20)]
        try:
            for s in stuck:
                s.sendall(("GET /%s/api/groups HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % (review.token, review.port)).encode() * 50)
            self.assertEqual(review.get("api/session").status, 200)
            self.assertIn(review.stop(), (0, 130))
        finally:
            for s in stuck:
                s.close()


class Pictures(ReviewTest):
    """Scaled JPEGs."""

    groups, side = 3, 200

    def setUp(self):
        super().setUp()
        self.review = self.start()
        self.all = self.review.get("api/groups").json()

    def test_sizes(self):
        """Never larger than asked for, never enlarged, the shape kept."""
        self.write("raw/20250709_000001_stage1_made.png", Picture.noise(700, 300, 1))
        self.write("raw/20250709_000002_stage2_made.png", Picture.noise(2000, 1000, 2))
        review = self.start()
        groups = review.get("api/groups").json()
        small, large = groups["images"][groups["name"].index("20250709_000001")]
        for image, side, size in [(small, 160, (160, 69)), (small, 640, (640, 274)), (small, 1280, (700, 300)),
                                  (small, 0, (700, 300)), (large, 1280, (1280, 640)), (large, 2560, (2000, 1000)),
                                  (large, 0, (2000, 1000))]:
            answer = review.get("picture/%s?side=%d" % (image, side))
            self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "image/jpeg"))
            self.assertEqual(jpeg_size(answer.body), size, side)

    def test_the_same_again_and_not_again(self):
        path = "picture/%s?side=320" % self.all["images"][0][2]
        first, again = self.review.get(path), self.review.get(path)
        self.assertEqual(first.body, again.body)
        self.assertEqual(first.headers["Cache-Control"], "private, max-age=3600")
        known = self.review.get(path, If_None_Match=first.headers["ETag"])
        self.assertEqual((known.status, known.body), (304, b""))
        self.assertEqual(self.review.get(path, If_None_Match='"x"').status, 200)
        # The file changes: so does the picture.
        self.write("raw/" + self.name(0, 3), Picture.noise(500, 100, 99))
        changed = self.review.get(path, If_None_Match=first.headers["ETag"])
        self.assertEqual((changed.status, jpeg_size(changed.body)), (200, (320, 64)))
        self.assertNotEqual(changed.headers["ETag"], first.headers["ETag"])

    def test_a_corrupt_image(self):
        data = Picture.noise(200, 200, 5).png()
        for broken, name in [(data[:len(data) // 2], "cut"), (data[:2000] + os.urandom(500) + data[2500:], "spoilt"),
                             (b"no picture", "text"), (b"", "empty")]:
            self.write("raw/" + self.name(1, 2), broken)
            answer = self.review.get("picture/%s?side=160" % self.all["images"][1][1])
            self.assertEqual((answer.status, answer.error()), (422, "unreadable"), name)
            self.assertNotIn(self.dir, answer.json()["error"]["message"], "a path of the file system")
            self.assertEqual(self.review.get("picture/%s?side=160" % self.all["images"][1][0]).status, 200)
            group = self.review.get("api/group/" + self.all["id"][1])
            self.assertEqual(group.status, 200, name)
        self.assertIsNotNone(group.json()["images"][1]["error"])
        self.assertIsNone(group.json()["images"][0]["error"])

    def test_links_are_not_followed(self):
        """A file, and a folder on the way to it, become links after the scan."""
        outside = self.write("outside/" + self.name(0, 1), Picture.noise(64, 64, 7))
        self.write("raw/sub/" + self.name(9, 1), Picture.noise(64, 64, 8))
        self.write("raw/sub/" + self.name(9, 2), Picture.noise(64, 64, 9))
        review = self.start()
        groups = review.get("api/groups").json()
        at = [i for i, s in enumerate(groups["name"]) if s == self.name(9, 1)[:15]][0]
        path = "picture/%s?side=160" % groups["images"][at][0]
        self.assertEqual(review.get(path).status, 200)
        os.rename(self.path("raw/sub"), self.path("moved"))
        os.symlink(self.path("moved"), self.path("raw/sub"))
        self.assertEqual((review.get(path).status, review.get("picture/%s?side=0" % groups["images"][at][0]).status), (422, 422))
        os.unlink(self.path("raw", self.name(0, 1)))
        os.symlink(outside, self.path("raw", self.name(0, 1)))
        self.assertEqual(review.get("picture/%s?side=160" % self.all["images"][0][0]).status, 422)
        os.unlink(self.path("raw", self.name(0, 1)))
        os.mkfifo(self.path("raw", self.name(0, 1)))
        self.assertEqual(review.get("picture/%s?side=160" % self.all["images"][0][0]).status, 422)

    def test_a_file_and_the_folder_vanish(self):
        path = "picture/%s?side=160" % self.all["images"][0][0]
        self.assertEqual(self.review.get(path).status, 200)
        os.unlink(self.path("raw", self.name(0, 1)))
        self.assertEqual((self.review.get(path).status, self.review.get(path).error()), (410, "gone"))
        os.rename(self.raw, self.path("elsewhere"))
        for name in os.listdir(self.path("elsewhere")):
            os.unlink(self.path("elsewhere", name))
        os.rmdir(self.path("elsewhere"))
        for g in range(self.groups):
            for image in self.all["images"][g]:
                self.assertEqual(self.review.get("picture/%s?side=160" % image).status, 410)
            self.assertEqual(self.review.get("api/group/" + self.all["id"][g]).status, 200)
        self.assertEqual(self.review.get("api/session").status, 200)

    def test_the_next_groups_are_made_ahead(self):
        """Nobody asked for the next group's pictures; they come without being decoded then, which a spoilt file shows."""
        answer = self.review.post("api/view", {"group": self.all["id"][0], "order": [self.all["id"][1], "f" * 16]})
        self.assertEqual((answer.status, answer.json()), (200, {}))
        path, file = "picture/%s?side=1280" % self.all["images"][1][2], self.path("raw", self.name(1, 3))
        info = os.stat(file)
        time.sleep(2)
        with open(file, "r+b") as f:
            f.write(b"spoilt")
        os.utime(file, ns=(info.st_atime_ns, info.st_mtime_ns))
        self.assertEqual(self.review.get(path).status, 200)

    def test_many_large_pictures(self):
        """60 requests for 12 megapixels at once take the memory of a few."""
        white = Picture(4000, 3000, bytes(36000000)).png(level=1)
        for i in range(3):
            self.write("raw/20250710_00000%d_stage%d_made.png" % (i, i + 1), white)
        review = self.start()
        groups = review.get("api/groups").json()
        images = groups["images"][groups["name"].index("20250710_000000")]
        before, results = self.resident(review), []

        def ask(i):
            results.append(review.get("picture/%s?side=%d" % (images[i % 3], [160, 320, 640, 1280, 1920, 2560][i % 6])).status)
        threads = [threading.Thread(target=ask, args=(i,)) for i in range(60)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(results, [200] * 60)
        peak = self.resident(review, "VmHWM")
        # A picture of 36 MB, what it is made from and becomes, for each of the few threads; a sanitizer keeps what is freed.
        self.assertLess(peak - before, 1200 << 10, "KiB")

    @staticmethod
    def resident(review, key="VmRSS"):
        with open("/proc/%d/status" % review.process.pid, encoding="ascii") as f:
            return int(re.search(key + r":\s+(\d+) kB", f.read()).group(1))


class Decisions(ReviewTest):
    """What is decided, by whom, and what stays of it."""

    def setUp(self):
        super().setUp()
        self.review = self.start()
        self.all = self.review.get("api/groups").json()

    def test_what_there_is(self):
        session = self.review.get("api/session").json()
        self.assertEqual((session["groups"], session["images"], session["alone"], session["read_only"], session["folder"]),
                         (self.groups, 3 * self.groups, 0, False, "raw"))
        self.assertEqual(self.all["stages"], [[1, 2, 3]] * self.groups)
        self.assertEqual(self.all["name"], [self.name(g, 1)[:15] for g in range(self.groups)])
        self.assertEqual([len(g) for g in self.all["images"]], [3] * self.groups)
        group = self.review.get("api/group/" + self.all["id"][2]).json()
        self.assertEqual([i["name"] for i in group["images"]], [self.name(2, s) for s in (1, 2, 3)])
        self.assertEqual([(i["width"], i["height"]) for i in group["images"]], [(24 * s, 24 * s) for s in (1, 2, 3)])
        self.assertEqual((group["index"], group["decision"], group["decided"]), (2, None, None))

    def test_decide_undo_redo(self):
        self.review.claim()
        answer = self.pick(self.review, self.all, 1, 2).json()
        group = self.review.get("api/group/" + self.all["id"][1]).json()
        self.assertEqual(group["decision"]["winners"][0]["image"], self.all["images"][1][2])
        self.assertEqual((group["decided"]["op"], group["decided"]["seconds"], group["decided"]["source"]),
                         (answer["op"], 1.5, "manual"))
        changes = self.review.changes()
        self.assertEqual([(g["i"], g["outcome"], g["winners"], g["crops"]) for g in changes["groups"] if g["outcome"]],
                         [(1, "pick", [2], ["whole"])])
        self.assertEqual((changes["stats"]["decided"], changes["stats"]["seconds"], changes["undo"], changes["redo"]),
                         (1, {"median": 1.5, "n": 1}, True, False))
        self.assertEqual(changes["revision"], answer["revision"])
        self.assertEqual(self.review.changes(changes["revision"])["groups"], [])
        undone = self.review.post("api/undo", {}).json()
        self.assertEqual((undone["group"], undone["n"]), (self.all["id"][1], 1))
        since = self.review.changes(changes["revision"])
        self.assertEqual([(g["i"], g["outcome"]) for g in since["groups"]], [(1, None)])
        self.assertEqual((since["stats"]["decided"], since["undo"], since["redo"]), (0, False, True))
        again = self.review.post("api/undo", {})
        self.assertEqual((again.status, again.error()), (409, "nothing"))
        self.assertEqual(self.review.post("api/redo", {}).json()["group"], self.all["id"][1])
        self.assertEqual(self.review.changes()["stats"]["picked"], 1)

    def test_a_restart_keeps_them(self):
        self.review.claim()
        self.pick(self.review, self.all, 0, 1)
        self.review.post("api/decide", {"group": self.all["id"][3], "decision": {"outcome": "reject"}})
        self.review.process.kill()
        self.review.stop()
        review = self.start()
        self.assertEqual(review.get("api/groups").json()["id"], self.all["id"])
        changes = review.changes()
        self.assertEqual([(g["i"], g["outcome"]) for g in changes["groups"] if g["outcome"]], [(0, "pick"), (3, "reject")])
        review.claim()
        self.assertEqual(review.post("api/undo", {}).json()["group"], self.all["id"][3])

    def test_one_window_decides(self):
        self.assertEqual(self.review.changes()["writer"], "none")
        refused = self.pick(self.review, self.all, 0)
        self.assertEqual((refused.status, refused.error()), (409, "not-writer"), "nobody has claimed it")
        self.assertEqual(self.review.claim().json(), {"writer": "you"})
        self.assertEqual((self.review.changes()["writer"], self.review.changes(window=OTHER_WINDOW)["writer"]), ("you", "other"))
        for path, body in [("api/claim", {}), ("api/undo", {}), ("api/redo", {}), ("api/finalize", {"plan": "0"}),
                           ("api/undo-finalize", {}), ("api/decide-all", {"min_confidence": 0, "expected": 0}),
                           ("api/write", {"what": "decision-files"})]:
            answer = self.review.post(path, body, OTHER_WINDOW)
            self.assertEqual((answer.status, answer.error()), (409, "not-writer"), path)
        self.assertEqual(self.review.claim(OTHER_WINDOW, take=True).json(), {"writer": "you"})
        self.assertEqual(self.pick(self.review, self.all, 0).error(), "not-writer")
        self.assertEqual(self.pick(self.review, self.all, 0, window=OTHER_WINDOW).status, 200)

    def test_a_second_process_reads(self):
        self.review.claim()
        second = self.start()
        self.assertTrue(second.get("api/session").json()["read_only"])
        for path, body in [("api/claim", {}), ("api/claim", {"take": True}), ("api/undo", {}), ("api/finalize", {"plan": "0"})]:
            answer = second.post(path, body)
            self.assertEqual((answer.status, answer.error()), (409, "read-only"), path)
        self.assertEqual(self.pick(second, self.all, 0).error(), "read-only")
        self.pick(self.review, self.all, 4)
        changes = second.until(lambda c: c["stats"]["decided"] == 1, "what the first decided")
        self.assertEqual(([g["i"] for g in changes["groups"] if g["outcome"]], changes["writer"]), ([4], "process"))

    def test_in_bulk_only_what_was_counted(self):
        """Without models nothing is sure."""
        self.review.claim()
        answer = self.review.post("api/decide-all", {"min_confidence": 0, "expected": 5})
        self.assertEqual((answer.status, answer.error()), (409, "changed"))
        self.assertEqual(self.review.post("api/decide-all", {"min_confidence": 0, "expected": 0}).json()["n"], 0)

    def test_exports(self):
        self.review.claim()
        self.pick(self.review, self.all, 0, 1)
        self.review.post("api/decide", {"group": self.all["id"][1], "decision": {"outcome": "reject"}})
        for form in ("entries.jsonl", "rejected.jsonl", "selection_only_log.csv", "select_crop_log.csv", "journal.jsonl"):
            answer = self.review.get("api/export/" + form)
            self.assertEqual(answer.status, 200, form)
            self.assertEqual(answer.headers["Content-Disposition"], 'attachment; filename="%s"' % form)
            self.assertGreater(len(answer.body), 0, form)
        with open(os.path.join(self.state, "journal.jsonl"), "rb") as f:
            self.assertEqual(answer.body, f.read())
        self.assertEqual(self.review.get("api/export/other.txt").status, 404)
        self.assertEqual([n for n in os.listdir(self.state) if n.startswith("export")], [])

    def test_a_full_disk(self):
        """The journal cannot grow: 507, nothing is decided; with room again the same decision is."""
        self.review.claim()
        self.assertEqual(self.pick(self.review, self.all, 0).status, 200)
        size = os.path.getsize(os.path.join(self.state, "journal.jsonl"))
        resource.prlimit(self.review.process.pid, resource.RLIMIT_FSIZE, (size + 10, resource.RLIM_INFINITY))
        answer = self.pick(self.review, self.all, 1)
        self.assertEqual((answer.status, answer.error()), (507, "disk"))
        self.assertEqual(self.review.changes()["stats"]["decided"], 1)
        self.assertEqual(os.path.getsize(os.path.join(self.state, "journal.jsonl")), size)
        resource.prlimit(self.review.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        self.assertEqual(self.pick(self.review, self.all, 1).status, 200)
        self.assertEqual(self.review.changes()["stats"]["decided"], 2)


class Moving(ReviewTest):
    """Finalize through the server."""

    def setUp(self):
        super().setUp()
        self.review = self.start()
        self.all = self.review.get("api/groups").json()
        self.review.claim()

    def test_there_and_back(self):
        before = {n: os.path.getsize(self.path("raw", n)) for n in os.listdir(self.raw)}
        self.pick(self.review, self.all, 0, 1)
        second = self.start()  # another process, which reads
        plan = self.review.get("api/finalize").json()
        self.assertEqual({m["from"] for m in plan["moves"]}, {self.name(0, s) for s in (1, 2, 3)})
        self.pick(self.review, self.all, 1, 2)
        stale = self.review.post("api/finalize", {"plan": plan["plan"]})
        self.assertEqual((stale.status, stale.error()), (409, "changed"))
        plan = self.review.get("api/finalize").json()
        self.assertEqual(self.review.post("api/finalize", {"plan": plan["plan"]}).json(), {})
        done = self.review.until(lambda c: c["moved"] and not c["moving"], "the end of the moves")
        self.assertEqual((done["moved"]["what"], done["moved"]["failed"], done["moved"]["error"]), ("finalize", 0, None))
        self.assertGreater(done["epoch"], self.all["epoch"])
        self.assertEqual(os.listdir(self.path("raw", "__selected")) and sorted(os.listdir(self.path("raw", "__selected"))),
                         [self.name(0, 2), self.name(1, 3)])
        groups = self.review.get("api/groups").json()
        self.assertEqual(groups["id"], self.all["id"][2:])
        self.assertTrue(done["finalize"]["can_undo"])
        second.until(lambda c: c["epoch"] > self.all["epoch"], "that the other process sees it")
        self.assertEqual(second.get("api/groups").json()["id"], self.all["id"][2:])
        self.assertEqual(self.review.post("api/undo-finalize", {}).json(), {})
        self.review.until(lambda c: c["moved"] and c["moved"]["what"] == "undo-finalize" and not c["moving"], "the way back")
        after = {n: os.path.getsize(self.path("raw", n)) for n in os.listdir(self.raw) if n.endswith(".png")}
        self.assertEqual(after, before)
        self.assertEqual(self.review.get("api/groups").json()["id"], self.all["id"])
        self.assertEqual(self.review.changes()["stats"]["picked"], 2)
        second.until(lambda c: c["stats"]["picked"] == 2, "that the other process sees the way back")
        self.assertEqual(second.get("api/groups").json()["id"], self.all["id"])

    def test_nothing_to_take_back(self):
        for path in ("api/undo-finalize", "api/resume-finalize"):
            answer = self.review.post(path, {})
            self.assertEqual((answer.status, answer.error()), (409, "nothing"), path)


class Suggested(ReviewTest):
    """With models: of random weights, which are as sure as any."""

    groups = 12

    def setUp(self):
        super().setUp()
        write_ranker(self.path("ranker.safetensors"))
        write_cropper(self.path("cropper.safetensors"))
        self.review = self.start("--ranker", self.path("ranker.safetensors"), "--cropper", self.path("cropper.safetensors"),
                                 "--min-confidence", "0.3")
        self.all = self.review.get("api/groups").json()
        self.ready = self.review.until(lambda c: c["suggested"] == self.groups, "all suggestions")

    def test_what_is_suggested(self):
        session = self.review.get("api/session").json()
        self.assertRegex(session["ranker"], r"^ranker\.safetensors [0-9a-f]{8}$")
        self.assertEqual((session["cropper"], session["min_confidence"]), ("cropper.safetensors", 0.3))
        self.assertEqual([g["i"] for g in self.ready["groups"]], list(range(self.groups)))
        self.assertIsNone(self.ready["problem"])
        for brief in self.ready["groups"]:
            group = self.review.get("api/group/" + self.all["id"][brief["i"]]).json()
            suggestion, chances = group["suggestion"], [i["probability"] for i in group["images"]]
            self.assertEqual((brief["state"], group["state"], brief["outcome"]), ("ready", "ready", None))
            self.assertAlmostEqual(sum(chances), 1, 4)
            self.assertEqual(chances.index(max(chances)), brief["winner"])
            self.assertEqual((suggestion["winner"], suggestion["sure"], suggestion["keep_nothing"]),
                             (brief["winner"], brief["sure"], brief["keep_nothing"]))
            self.assertAlmostEqual(suggestion["confidence"], brief["confidence"], 4)
            self.assertEqual(group["images"][brief["winner"]]["crop"] is not None, brief["has_crop"])
            self.assertNotIn("images", suggestion)
        self.assertEqual(self.review.changes(self.ready["revision"])["groups"], [])

    def test_agreement(self):
        self.review.claim()
        brief = self.ready["groups"][0]
        self.pick(self.review, self.all, 0, brief["winner"])
        self.pick(self.review, self.all, 1, (self.ready["groups"][1]["winner"] + 1) % 3)
        self.review.post("api/decide", {"group": self.all["id"][2], "decision": {"outcome": "reject"}})
        changes = self.review.changes()
        self.assertEqual([g["agreed"] for g in changes["groups"][:3]], [True, False, None])
        self.assertEqual((changes["stats"]["agreed"], changes["stats"]["compared"]), (1, 2))

    def test_in_bulk(self):
        self.review.claim()
        self.pick(self.review, self.all, 3)
        least = sorted(g["confidence"] for g in self.ready["groups"])[self.groups // 3]
        meant = [g for g in self.ready["groups"] if g["i"] != 3 and g["sure"] and g["confidence"] >= least]
        self.assertTrue(0 < len(meant) < self.groups - 1)
        wrong = self.review.post("api/decide-all", {"min_confidence": least, "expected": len(meant) + 1})
        self.assertEqual((wrong.status, wrong.error()), (409, "changed"))
        self.assertEqual(self.review.changes()["stats"]["decided"], 1)
        answer = self.review.post("api/decide-all", {"min_confidence": least, "expected": len(meant)})
        self.assertEqual((answer.status, answer.json()["n"]), (200, len(meant)))
        now = {g["i"]: g for g in self.review.changes()["groups"]}
        for g in meant:
            expected = ("reject", [], []) if g["keep_nothing"] else (
                "pick", [g["winner"]], ["suggested" if g["has_crop"] else "whole"])
            self.assertEqual((now[g["i"]]["outcome"], now[g["i"]]["winners"], now[g["i"]]["crops"]), expected)
            self.assertEqual(now[g["i"]]["source"], "bulk")
        self.assertEqual(self.review.changes()["stats"]["decided"], len(meant) + 1)
        self.assertEqual(self.review.post("api/undo", {}).json()["n"], len(meant))
        self.assertEqual(self.review.changes()["stats"]["decided"], 1)


class Ends(ReviewTest):
    """Signals."""

    def test_signals_end_it(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            review = self.start()
            image = review.get("api/groups").json()["images"][0][0]
            idle = [review.connect() for _ in range(5)]
            review.get("picture/%s?side=160" % image)
            started = time.monotonic()
            self.assertIn(review.stop(number), (0, 130), review.err)
            self.assertLess(time.monotonic() - started, PATIENCE / 2)
            for s in idle:
                s.close()

    def test_while_pictures_are_waited_for(self):
        """Large pictures are asked for and not waited for: nobody hangs, nothing is used after it was freed."""
        self.write("raw/20250710_000000_stage1_made.png", Picture(4000, 3000, bytes(36000000)).png(level=1))
        self.write("raw/20250710_000001_stage2_made.png", Picture(4000, 3000, bytes(36000000)).png(level=1))
        review = self.start()
        groups = review.get("api/groups").json()
        images = groups["images"][groups["name"].index("20250710_000000")]
        sockets = []
        for i in range(40):
            s = review.connect()
            s.sendall(("GET /%s/picture/%s?side=%d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n"
                       % (review.token, images[i % 2], [0, 160, 320, 640, 1280, 1920, 2560][i % 7], review.port)).encode())
            if i % 3 == 0:
                s.close()
            else:
                sockets.append(s)
        self.assertIn(review.stop(), (0, 130), review.err)
        for s in sockets:
            s.close()

    def test_a_port_that_is_taken(self):
        review = self.start()
        result = support.selectai("review", self.raw, "--state", self.path("other-state"), "--port", review.port)
        self.assertEqual(result.code, 1, str(result))
        self.assertIn("in use", result.err)
        port = review.port
        review.stop()
        self.assertEqual(self.start("--port", port).port, port)


if __name__ == "__main__":
    unittest.main()
