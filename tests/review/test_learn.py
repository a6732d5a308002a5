"""test_learn.py: learning while deciding: what is held out, when the ranker is exchanged, what a restart keeps.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import os
import time
import unittest

from review import PATIENCE, ProgramTest, Review, ReviewTest, support


class Learning(ReviewTest):
    """On the made sample, decided as its truth says."""

    def setUp(self):
        ProgramTest.setUp(self)
        self.running = []
        sample = self.path("sample")
        self.done(support.selectai("sample", "--output", sample, "--groups", "140", "--size", "256", "--seed", "3", "--quiet"))
        self.raw, self.state = os.path.join(sample, "raw"), self.path("state")
        self.finals = {os.path.splitext(name)[0] for _, _, names in os.walk(os.path.join(sample, "final")) for name in names}

    def decide(self, review, group, images):
        """As the person of the sample did. Seconds that it took."""
        names = review.get("api/group/" + group).json()["images"]
        kept = [image["id"] for image in names if os.path.splitext(image["name"])[0] in self.finals]
        decision = {"outcome": "pick", "winners": [{"image": i, "crop": "whole"} for i in kept]} if kept else {"outcome": "reject"}
        start = time.monotonic()
        answer = review.post("api/decide", {"group": group, "seconds": 1, "decision": decision})
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(len(images), len(names))
        return time.monotonic() - start

    def learned(self, review, n):
        def is_done(changes):
            learn = changes["learn"]
            return learn["state"] == "off" or (len(learn["events"]) >= n and learn["state"] == "idle")

        return review.until(is_done, "%d lessons" % n)["learn"]

    def test_lessons_and_a_restart(self):
        review = self.start("--learn", "60", "--quiet")
        self.assertEqual(review.claim().status, 200)
        session, groups = review.get("api/session").json(), review.get("api/groups").json()
        self.assertEqual(session["learn"], 60)
        self.assertIsNone(session["ranker"])
        review.until(lambda c: c["suggested"] == len(groups["id"]), "all vectors")  # those that learn need them
        slowest = 0
        for lesson in (1, 2):
            for g in range(60 * (lesson - 1), 60 * lesson):
                slowest = max(slowest, self.decide(review, groups["id"][g], groups["images"][g]))
            learn = self.learned(review, lesson)
            if learn["state"] == "off":
                self.skipTest("the torch module is not there: %s" % learn["message"])
        print("slowest decision while it learned: %.0f ms" % (1000 * slowest))
        for event in learn["events"]:
            measured = event["before"] is not None
            self.assertEqual(event["swapped"], measured and event["held_out"] >= 10 and event["after"] > event["before"])
            self.assertGreater(event["trained"], event["held_out"])
        notes = support.read_jsonl(os.path.join(self.state, "journal.jsonl"))
        self.assertEqual(sum(line.get("action") == "model" for line in notes), len(learn["events"]))
        swapped = any(event["swapped"] for event in learn["events"])
        ranker = review.get("api/session").json()["ranker"]
        self.assertEqual(ranker is not None, swapped)
        self.assertEqual(review.stop(), 0)
        again = Review(self.raw, "--state", self.state, "--learn", "60", "--quiet")
        self.running.append(again)
        self.addCleanup(self._end, again)
        self.assertEqual(again.get("api/session").json()["ranker"], ranker)
        self.assertEqual(again.changes()["learn"]["events"], learn["events"])

    def test_nothing_to_learn_from(self):
        review = self.start("--learn", "1", "--quiet")
        self.assertEqual(review.claim().status, 200)
        groups = review.get("api/groups").json()
        review.until(lambda c: c["suggested"] == len(groups["id"]), "all vectors")
        self.assertEqual(review.post("api/decide", {"group": groups["id"][0], "decision": {"outcome": "reject"}}).status, 200)
        learn = review.until(lambda c: c["learn"]["events"] or c["learn"]["state"] == "off", "an answer")["learn"]
        if learn["state"] != "off":
            self.assertFalse(learn["events"][0]["swapped"])
            self.assertNotEqual(learn["events"][0]["message"], "")
        start = time.monotonic()
        self.assertEqual(review.stop(), 0)
        self.assertLess(time.monotonic() - start, PATIENCE)


if __name__ == "__main__":
    unittest.main()
