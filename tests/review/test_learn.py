"""test_learn.py: the ranker that learns beside the review: when, from what, and that nobody waits for it.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest

from review import PATIENCE, ProgramTest, Review, support
from test_suggest import write_ranker

GROUPS = 160


class LearnTest(ProgramTest):
    """The made sample, decided as its maker would."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.base = tempfile.mkdtemp(prefix="selectai-learn-")
        cls.addClassCleanup(shutil.rmtree, cls.base, ignore_errors=True)
        cls.sample = os.path.join(cls.base, "sample")
        result = support.selectai("sample", "--output", cls.sample, "--groups", GROUPS, "--size", 256, "--quiet")
        assert result.code == support.DONE, str(result)
        with open(os.path.join(cls.sample, "truth.json"), encoding="utf-8") as f:
            groups = json.load(f)["groups"]
        cls.chosen = {os.path.basename(i["raw"]) for g in groups for i in g["images"] if i["chosen"]}

    def start(self, *more, state=None):
        review = Review(os.path.join(self.sample, "raw"), "--state", state or self.path("state"), "--cache",
                        os.path.join(self.base, "cache"), *more)
        self.addCleanup(self._end, review)
        review.claim()
        return review

    def _end(self, review):
        if review.process.poll() is None:
            review.stop()
        self.assertEqual([word for word in support.NOISE if word.encode() in review.err], [], review.err)

    def decide(self, review, first, end):
        groups = review.get("api/groups").json()
        for g in range(first, min(end, len(groups["id"]))):
            images = review.get("api/group/" + groups["id"][g]).json()["images"]
            winners = [{"image": i["id"], "crop": "whole"} for i in images if os.path.basename(i["name"]) in self.chosen]
            decision = {"outcome": "pick", "winners": winners} if winners else {"outcome": "reject"}
            answer = review.post("api/decide", {"group": groups["id"][g], "seconds": 1, "decision": decision})
            self.assertEqual(answer.status, 200, answer.body)
        return len(groups["id"])

    def decided(self, state="state"):
        """A state folder in which all groups are decided, nothing learned yet; the number of groups."""
        review = self.start("--learn", 1000000, state=self.path(state))
        self.skip_without_module(review)
        n = self.decide(review, 0, GROUPS)
        review.until(lambda c: c["suggested"] == n, "all vectors")
        self.assertEqual(review.stop(), 0)
        return n

    def skip_without_module(self, review):
        end = time.monotonic() + 5
        while time.monotonic() < end:
            learn = review.changes()["learn"]
            if learn["state"] == "off":
                self.assertIn("torch", learn["message"])
                self.skipTest(learn["message"])
            if learn["next_at"] > 0:
                return
            time.sleep(0.05)

    def event(self, review, n=1):
        return review.until(lambda c: len(c["learn"]["events"]) >= n and c["learn"]["state"] == "idle", "an event")["learn"]


class Learning(LearnTest):
    def test_it_learns_exchanges_and_remembers(self):
        self.decided()
        review = self.start("--learn", 20)
        self.assertEqual(review.get("api/session").json()["learn"], 20)
        learn = self.event(review)
        event = learn["events"][0]
        self.assertTrue(event["swapped"], event)
        self.assertGreater(event["after"], event["before"])
        self.assertGreater(event["held_out"], GROUPS / 8)
        self.assertLess(event["held_out"], GROUPS / 2)
        self.assertIsNone(event["p"])
        self.assertIn("highest stage", event["message"])
        self.assertEqual(learn["next_at"] - learn["decisions"], 20)
        name = review.get("api/session").json()["ranker"]
        self.assertRegex(name, r"^ranker-\d+\.safetensors [0-9a-f]{8}$")
        review.until(lambda c: any(g["state"] == "ready" for g in c["groups"]), "suggestions by what was learned")
        self.assertEqual(review.stop(), 0)

        with open(self.path("state/journal.jsonl"), encoding="utf-8") as f:
            notes = [line for line in map(json.loads, f) if line.get("action") == "model"]
        self.assertEqual(len(notes), 1)
        for key in ("swapped", "trained", "held_out", "before", "after", "p"):
            self.assertEqual(notes[0][key], event[key], key)
        self.assertEqual(notes[0]["ranker"], name.split()[0])
        self.assertEqual(os.listdir(self.path("state/models")), [name.split()[0]])

        again = self.start("--learn", 20)
        self.assertEqual(again.get("api/session").json()["ranker"], name)
        time.sleep(2.5)  # it would have begun by now
        learn = again.changes()["learn"]
        self.assertEqual((learn["state"], learn["events"]), ("idle", [event]))
        again.stop()

        # Another ranker is what its giver wants.
        write_ranker(self.path("other.safetensors"))
        other = self.start("--learn", 1000000, "--ranker", self.path("other.safetensors"))
        self.assertTrue(other.get("api/session").json()["ranker"].startswith("other.safetensors "))
        self.assertIn(b"other.safetensors", other.err)
        other.stop()

    def test_what_was_learned_recognises_stages_as_the_one_given_did(self):
        """From a ranker that was taught the opposite, so that what is learned is better."""
        self.decided()
        vectors, log, given = self.path("vectors"), self.path("log.jsonl"), self.path("given.safetensors")
        raw, final = os.path.join(self.sample, "raw"), os.path.join(self.sample, "final")
        for words in (
            ("embed", "--cache", vectors, "--project", "p", raw, "--quiet"),
            ("extract", "--raw", raw, "--final", final, "--project", "p", "--output", log, "--quiet"),
        ):
            support.selectai(*words)
        with open(log, encoding="utf-8") as f:
            entries = [json.loads(line) for line in f]
        with open(log, "w", encoding="utf-8") as f:
            for e in entries:
                e["chosen_path"], e["neg_paths"][0] = e["neg_paths"][0], e["chosen_path"]
                f.write(json.dumps({key: e[key] for key in ("project", "chosen_path", "neg_paths")}) + "\n")
        result = support.selectai("train", "ranker", "--data", log, "--cache", vectors, "--recognise-stages", "--folds", 1,
                                  "--epochs", 5, "--output", given, "--quiet")
        self.assertEqual(result.code, support.DONE, str(result))
        review = self.start("--learn", 20, "--ranker", given)
        self.assertTrue(self.event(review)["events"][0]["swapped"])
        self.assertEqual(review.stop(), 0)
        (name,) = os.listdir(self.path("state/models"))
        with open(self.path("state/models/" + name), "rb") as f:
            head = f.read(int.from_bytes(f.read(8), "little"))
        self.assertIn("recogniser", json.loads(head)["__metadata__"])

    def test_the_same_decisions_give_the_same_ranker(self):
        self.decided("one")
        shutil.copytree(self.path("one"), self.path("two"))
        bytes_of = {}
        for state in ("one", "two"):
            review = self.start("--learn", 20, state=self.path(state))
            self.assertTrue(self.event(review)["events"][0]["swapped"])
            review.stop()
            name = [n for n in os.listdir(self.path(state, "models")) if n.startswith("ranker-")]
            with open(self.path(state, "models", name[0]), "rb") as f:
                bytes_of[state] = f.read()
        self.assertEqual(bytes_of["one"], bytes_of["two"])

    def test_what_is_no_better_is_not_used(self):
        """The same decisions again, from the same start: as good, so it stays."""
        self.decided()
        review = self.start("--learn", 20)
        self.assertTrue(self.event(review)["events"][0]["swapped"])
        name = review.get("api/session").json()["ranker"]
        self.decide(review, 0, 20)  # redecided the same way
        event = self.event(review, 2)["events"][1]
        self.assertFalse(event["swapped"], event)
        self.assertEqual(event["before"], event["after"])
        self.assertEqual(event["p"], 1)
        self.assertEqual(review.get("api/session").json()["ranker"], name)

    def test_nobody_waits_and_the_end_comes_at_once(self):
        self.decided()
        review = self.start("--learn", 20)
        review.until(lambda c: c["learn"]["state"] == "training", "a training")
        slowest, asked = 0, 0
        while review.changes()["learn"]["state"] == "training" and asked < 20:
            begun = time.monotonic()
            self.decide(review, asked, asked + 1)
            slowest, asked = max(slowest, time.monotonic() - begun), asked + 1
        self.assertGreater(asked, 0)
        self.assertLess(slowest, 5)  # a training takes longer; requests take milliseconds on an idle machine
        begun = time.monotonic()
        self.assertEqual(review.stop(), 0)
        self.assertLess(time.monotonic() - begun, 10)
        again = self.start("--learn", 1000000)  # nothing is left half done
        self.assertIsNone(again.get("api/session").json()["ranker"])
        self.assertEqual(os.listdir(self.path("state/models")), [])

    def test_too_few_are_held_out(self):
        review = self.start("--learn", 3)
        self.skip_without_module(review)
        self.decide(review, 0, 5)
        learn = review.until(lambda c: c["learn"]["decisions"] == 5, "five decisions")["learn"]
        self.assertEqual((learn["state"], learn["events"]), ("idle", []))
        self.assertGreater(learn["next_at"], 5)
        self.assertIn("held out", learn["message"])


class Others(LearnTest):
    def test_who_only_follows_does_not_learn(self):
        first = self.start("--learn", 20)
        second = self.start("--learn", 20)
        self.assertIsNotNone(first.changes()["learn"])
        self.assertIsNone(second.changes()["learn"])
        self.assertIsNone(second.get("api/session").json()["learn"])
        self.assertEqual(second.stop(), 0)  # what it said has been read then
        self.assertIn(b"--learn", second.err)

    def test_a_ranker_that_is_not_there(self):
        result = support.selectai("review", os.path.join(self.sample, "raw"), "--state", self.path("state"), "--learn", 5,
                                  "--ranker", self.path("none.safetensors"))
        self.assertEqual(result.code, support.FAILED, str(result))
        self.assertIn("none.safetensors", result.err)

    def test_without_the_module(self):
        """A copy of the library, alone in its folder, has no module beside it."""
        ldd = subprocess.run(["ldd", support.PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                             check=False).stdout.decode()
        match = re.search(r"libselectai\.so\.\d+ => (\S+)", ldd)
        if not match:
            self.skipTest("the program is not linked with a shared library")
        os.makedirs(self.path("alone"))
        shutil.copy(os.path.realpath(match.group(1)), self.path("alone", os.path.basename(match.group(1))))
        before = {k: os.environ.get(k) for k in ("LD_LIBRARY_PATH", "SELECTAI_BACKEND_DIR")}
        os.environ.update(LD_LIBRARY_PATH=self.path("alone"), SELECTAI_BACKEND_DIR=self.path("alone"))
        try:
            review = self.start("--learn", 1)
        finally:
            for key, value in before.items():
                os.environ.pop(key) if value is None else os.environ.__setitem__(key, value)
        end = time.monotonic() + PATIENCE
        while review.changes()["learn"]["state"] != "off" and time.monotonic() < end:
            if review.changes()["learn"]["next_at"] > 0:
                self.skipTest("a module is installed on this machine")
            time.sleep(0.05)
        self.decide(review, 0, 3)
        time.sleep(1.5)
        learn = review.changes()["learn"]
        self.assertEqual((learn["state"], learn["events"]), ("off", []))
        self.assertIn("selectai-torch.so", learn["message"])
        self.assertEqual(review.err.count(b"--learn"), 1)


if __name__ == "__main__":
    unittest.main()
