"""test_tasks.py: the review without its page: exports that spare what is there, lists of files, flags that exclude each other.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import os
import unittest

from review import Review, ReviewTest, support


def read(path):
    with open(path, "rb") as f:
        return f.read()


class Tasks(ReviewTest):
    def review(self, *args):
        return support.selectai("review", self.raw, "--state", self.state, *args)

    def decide_all(self):
        review = self.start()
        self.assertEqual(review.claim().status, 200)
        groups = review.get("api/groups").json()
        for g in range(len(groups["id"])):
            self.assertEqual(self.pick(review, groups, g).status, 200)
        self.assertEqual(review.stop(), 0)
        return groups

    def test_exports_spare_the_journal(self):
        self.decide_all()
        journal = os.path.join(self.state, "journal.jsonl")
        before = read(journal)
        self.fails(self.review("--output", journal), "journal.jsonl", "elsewhere")
        self.fails(self.review("--rejected", os.path.join(self.state, "more.jsonl")), "elsewhere")
        self.assertEqual(read(journal), before)
        for flags in (["--output", "x.png"], ["--rejected", "x.csv"], ["--selection-log", "x.jsonl"], ["--crop-log", "x"]):
            self.fails(self.review(*flags), "end their names in", code=2)
        out = self.path("entries.jsonl")
        self.fails(self.review("--output", out, "--rejected", out), "two exports")
        self.done(self.review("--output", out))
        self.assertEqual(len(support.read_jsonl(out)), self.groups)

    def test_what_was_not_reviewed_is_not_touched(self):
        before = support.snapshot(self.raw)
        for flags in (["--preview"], ["--finalize"], ["--undo-finalize"], ["--output", self.path("out.jsonl")]):
            self.fails(support.selectai("review", self.raw, *flags), "nothing was decided here yet", "--state")
        self.assertEqual(support.snapshot(self.raw), before)
        empty = self.path("empty")
        os.mkdir(empty)
        for flags in ([], ["--preview"]):
            self.fails(support.selectai("review", empty, *flags), "no groups were found")
        self.assertEqual(os.listdir(empty), [])

    def test_flags_that_exclude_each_other(self):
        for flags in (["--preview", "--finalize"], ["--finalize", "--undo-finalize"], ["--preview", "--undo-finalize"]):
            self.fails(self.review(*flags), "give one of", code=2)

    def test_there_and_back(self):
        self.decide_all()
        before = support.snapshot(self.raw)
        preview = self.done(self.review("--preview", "--json")).json()["preview"]
        self.assertEqual(support.snapshot(self.raw), before)
        moved = self.done(self.review("--finalize", "--json")).json()["finalize"]
        self.assertEqual((moved["done"], moved["failed"]), (len(preview["moves"]), 0))
        self.assertNotEqual(support.snapshot(self.raw), before)
        self.done(self.review("--undo-finalize"))
        self.assertEqual(support.snapshot(self.raw), before)

    def test_a_winner_that_cannot_be_cropped_keeps_its_group_together(self):
        review = self.start()
        self.assertEqual(review.claim().status, 200)
        groups = review.get("api/groups").json()
        winner = {"image": groups["images"][0][0], "crop": "edited", "box": {"x1": 0.25, "y1": 0.25, "x2": 0.75, "y2": 0.75}}
        answer = review.post("api/decide", {"group": groups["id"][0], "decision": {"outcome": "pick", "winners": [winner]}})
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(review.stop(), 0)
        path = os.path.join(self.raw, self.name(0, 1))
        whole = read(path)
        support.write(path, whole[:len(whole) // 2])
        before = support.files_below(self.raw)
        self.fails(self.review("--finalize"), self.name(0, 1))
        self.assertEqual(support.files_below(self.raw), before, "what was not chosen stays, too")
        support.write(path, whole)
        self.done(self.review("--finalize"))
        self.assertTrue(os.path.exists(os.path.join(self.raw, "__selected", self.name(0, 1))))
        self.assertTrue(os.path.exists(os.path.join(self.raw, "__delete_staging", self.name(0, 2))))

    def test_a_journal_that_was_taken_away(self):
        review = self.start()
        self.assertEqual(review.claim().status, 200)
        groups = review.get("api/groups").json()
        self.assertEqual(self.pick(review, groups, 0).status, 200)
        journal = os.path.join(self.state, "journal.jsonl")
        os.rename(journal, journal + ".away")
        self.assertGreaterEqual(self.pick(review, groups, 1).status, 500)
        os.rename(journal + ".away", journal)
        self.assertEqual(self.pick(review, groups, 1).status, 200)

    def test_lists(self):
        listed = self.write("list.txt", "\n".join(os.path.join(self.raw, self.name(g, s)) for g in (0, 1) for s in (1, 3)).encode())
        review = Review(listed, "--state", self.path("other"))
        self.addCleanup(review.stop)
        self.assertEqual(review.get("api/groups").json()["stages"], [[1, 3], [1, 3]])
        apart = self.write("apart.txt", b"/etc/passwd\n" + os.path.join(self.raw, self.name(0, 1)).encode())
        self.fails(support.selectai("review", apart), "share no folder")


if __name__ == "__main__":
    unittest.main()
