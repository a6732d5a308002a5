"""review.py: what the tests of the review share: a folder of groups, the running program, a client that can misbehave.

Standard library only. $SELECTAI_PROGRAM is the program under test.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "program"))
import support  # noqa: E402  (after the path)
from support import Picture, ProgramTest, strict_json  # noqa: E402,F401

WINDOW = "00112233445566778899aabbccddeeff"
OTHER_WINDOW = "ffeeddccbbaa99887766554433221100"
PATIENCE = 60  # seconds that anything may take on a slow machine, under a sanitizer

SECURITY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
                               "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return strict_json(self.body)

    def error(self):
        return self.json()["error"]["code"]


class Review:
    """The program over a folder, until stop()."""

    def __init__(self, folder, *more, preexec_fn=None):
        self.process = subprocess.Popen([support.PROGRAM, "review", folder] + [str(m) for m in more], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=support.environment(),
                                        preexec_fn=preexec_fn)
        self.err, self.out = b"", b""
        self._link = threading.Event()
        self.link = None
        self._threads = [threading.Thread(target=self._read_out), threading.Thread(target=self._read_err)]
        for thread in self._threads:
            thread.start()
        if not self._link.wait(PATIENCE) or not self.link:
            self.process.kill()
            self.stop()
            raise AssertionError("the program printed no link: %r" % self.err)
        parts = urllib.parse.urlsplit(self.link)
        self.port, self.token = parts.port, parts.path.strip("/")

    def _read_out(self):
        for line in self.process.stdout:
            self.out += line
            found = re.search(rb"http://127\.0\.0\.1:\d+/[0-9a-f]{32}/", line)
            if found:
                self.link = found.group().decode()
                self._link.set()
        self._link.set()

    def _read_err(self):
        for line in self.process.stderr:
            self.err += line

    def stop(self, number=signal.SIGTERM):
        """Ends it; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        for thread in self._threads:
            thread.join(PATIENCE)
        self.process.stdout.close()
        self.process.stderr.close()
        return code

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def ask(self, method, target, headers=None, body=None):
        """One request, its target as it stands; a header of None is left out."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        all_headers = {"Host": "127.0.0.1:%d" % self.port}
        if body is not None:
            all_headers.update({"Content-Type": "application/json", "Content-Length": str(len(body))})
        all_headers.update(headers or {})
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in all_headers.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders()
            if body is not None:
                try:
                    connection.send(body)
                except (BrokenPipeError, ConnectionResetError):
                    pass  # it was refused before it was read
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.ask("GET", "/%s/%s" % (self.token, path), {k.replace("_", "-"): v for k, v in headers.items()})

    def post(self, path, body, window=WINDOW):
        return self.ask("POST", "/%s/%s" % (self.token, path), body=json.dumps(dict(body, window=window)).encode())

    def raw(self, data, wait=PATIENCE):
        """Sends bytes and returns all that comes until the server closes, or `wait` is over."""
        got = b""
        with self.connect() as s:
            s.settimeout(wait)
            try:
                s.sendall(data)
                while True:
                    piece = s.recv(65536)
                    if not piece:
                        break
                    got += piece
            except (BrokenPipeError, ConnectionResetError, socket.timeout):
                pass
        return got

    def claim(self, window=WINDOW, take=False):
        return self.post("api/claim", {"take": True} if take else {}, window)

    def changes(self, since=0, window=WINDOW):
        return self.get("api/changes?since=%d&window=%s" % (since, window)).json()

    def until(self, condition, what):
        """Asks for changes until they are as expected."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            changes = self.changes()
            if condition(changes):
                return changes
            time.sleep(0.05)
        raise AssertionError("waited in vain: %s; last: %s" % (what, json.dumps(changes)[:500]))


class ReviewTest(ProgramTest):
    """A folder of small groups: raw/, with the state beside it."""

    groups, side = 6, 24

    def setUp(self):
        super().setUp()
        self.raw, self.state = self.path("raw"), self.path("state")
        for g in range(self.groups):
            for s in (1, 2, 3):
                self.write("raw/" + self.name(g, s), Picture.noise(self.side * s, self.side * s, 10 * g + s))
        self.running = []

    def name(self, group, stage):
        return "20250708_%02d%02d%02d_stage%d_made.png" % (group // 60, group % 60, stage, stage)

    def start(self, *more, preexec_fn=None):
        review = Review(self.raw, "--state", self.state, *more, preexec_fn=preexec_fn)
        self.running.append(review)
        self.addCleanup(self._end, review)
        return review

    def _end(self, review):
        if review.process.poll() is None:
            review.stop()
        noise = [word for word in support.NOISE if word.encode() in review.err]
        self.assertEqual(noise, [], review.err)

    def pick(self, review, groups, g, image=0, window=WINDOW, **more):
        body = {"group": groups["id"][g], "seconds": 1.5,
                "decision": {"outcome": "pick", "winners": [{"image": groups["images"][g][image], "crop": "whole"}]}}
        return review.post("api/decide", dict(body, **more), window)
