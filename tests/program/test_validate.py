"""test_validate.py: the verb validate, and that train and evaluate refuse data with rows that cannot be used.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import csv
import json
import os
import unittest

from support import DONE, FAILED, USAGE, ProgramTest, read_jsonl

HEADER = "session_id,set_id,chosen_path,neg_paths,timestamp\n"
GOOD = 's,g,p/20250101_000000_stage2.png,"[""p/20250101_000000_stage1.png""]",2025-01-02T00:00:00Z\n'
LEGACY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../shared/data/legacy")


class Validate(ProgramTest):

    def check(self, *args, code):
        result = self.run_in_dir(*args)
        self.assert_quiet_of_noise(result)
        self.assertEqual(result.code, code, str(result))
        return result

    def test_json(self):
        self.write("a.csv", HEADER + GOOD + "x,y\n" + GOOD)
        result = self.check("validate", "a.csv", "--json", "--quiet", code=FAILED)
        (file,) = result.json()["files"]
        self.assertEqual((file["path"], file["kind"], file["rows"], file["usable"]), ("a.csv", "selection-log", 3, 2))
        self.assertEqual(file["problems"], {"column-count": 1, "duplicate-decision": 1})
        self.assertEqual({(e["row"], e["code"]) for e in file["examples"] if e["severity"] != "note"},
                         {(3, "column-count"), (4, "duplicate-decision")})
        self.assertTrue(all(e["message"] for e in file["examples"]))

    def test_text_and_codes(self):
        self.write("good.csv", HEADER + GOOD)
        good = self.check("validate", "good.csv", "--quiet", code=DONE)
        self.assertIn("good.csv: selection-log, 1 rows, 1 usable", good.out)
        self.write("bad.csv", HEADER + "x,y\n")
        bad = self.check("validate", "good.csv", "bad.csv", "--quiet", code=FAILED)
        self.assertIn("column-count", bad.out)
        self.assertIn("bad.csv:2: 2 fields where the header has 5", bad.out)
        self.assertIn("what to do", bad.out)
        self.check("validate", code=USAGE)
        self.check("validate", "good.csv", "--colour", code=USAGE)
        self.assertIn("missing.csv", self.check("validate", "missing.csv", code=FAILED).out)

    @staticmethod
    def safetensors(header):
        text = json.dumps(header).encode()
        return len(text).to_bytes(8, "little") + text + b"\0" * 16

    def test_models_and_caches_that_lack_what_names_them(self):
        """A model without metadata, a file without tensors, a cache whose manifest is gone or cut off."""
        tensor = {"dtype": "F32", "shape": [1, 4], "data_offsets": [0, 16]}
        self.write("m.safetensors", self.safetensors({"net.0.weight": tensor}))
        self.write("none.safetensors", self.safetensors({})[:-16])
        self.write("gone/part-a-000001-000001.jsonl", "{}\n")
        self.write("cut/part-a-000001-000001.jsonl", "{}\n")
        self.write("cut/manifest.json", '{"format":')
        for name, kind, code in (("m.safetensors", "model", "model-without-metadata"), ("none.safetensors", "weights", "damaged"),
                                 ("gone", "cache", "damaged"), ("cut", "cache", "damaged")):
            (file,) = self.check("validate", name, "--json", "--quiet", code=FAILED).json()["files"]
            self.assertEqual((file["kind"], file["usable"]), (kind, 0), name)
            self.assertIn(code, file["problems"], name)

    def test_fix(self):
        self.write("in/a.csv", HEADER + GOOD + "x,y\n")
        self.check("validate", "in", "--fix", "out", code=FAILED)
        with open(self.path("out/a.csv")) as file:
            self.assertEqual(file.read(), HEADER + GOOD)
        (dropped,) = read_jsonl(self.path("out/dropped.jsonl"))
        self.assertEqual((dropped["file"], dropped["row"], dropped["code"], dropped["text"]),
                         ("in/a.csv", 3, "column-count", "x,y"))
        self.check("validate", "out/a.csv", code=DONE)
        self.check("validate", "in", "--fix", "in/out", code=FAILED)
        self.assertFalse(os.path.exists(self.path("in/out")))

    def test_training_and_measuring_refuse(self):
        self.write("a.csv", HEADER + GOOD + "x,y\n")
        for verb in (["train", "ranker", "--output", "m.safetensors"], ["evaluate", "--model", "m.safetensors"]):
            refused = self.check(*verb, "--data", "a.csv", "--cache", "c", "--quiet", code=FAILED)
            self.assertIn("a.csv:3", refused.err)
            self.assertIn("--skip-bad-rows", refused.err)
            self.assertNotIn("c: ", refused.err)
            skipped = self.check(*verb, "--data", "a.csv", "--cache", "c", "--quiet", "--skip-bad-rows", code=FAILED)
            self.assertIn("left out", skipped.err)
            self.assertIn("c: ", skipped.err)  # it got as far as the cache, which is not there

    def test_real_logs(self):
        log = os.path.join(LEGACY, "logs/select_crop_log.csv")
        if not os.path.exists(log):
            self.skipTest("../shared/data/legacy is missing")
        with open(log, newline="") as file:
            rows = list(csv.DictReader(file))
        found = self.check("validate", LEGACY, "--json", "--quiet", code=DONE).json()["files"]
        by_name = {os.path.basename(file["path"]): file for file in found}
        crops = by_name["select_crop_log.csv"]
        self.assertEqual((crops["rows"], crops["usable"]), (len(rows), len(rows)))
        normalised = sum(max(float(row["crop_" + e]) for e in ("x1", "y1", "x2", "y2")) <= 1 for row in rows)
        self.assertEqual((crops["notes"]["box-normalised"], crops["notes"]["box-pixels"]),
                         (normalised, len(rows) - normalised))
        pairs = [(row["chosen_path"], row["image_0_path"], row["image_1_path"]) for row in rows]
        self.assertEqual(crops["problems"]["duplicate-decision"] + crops["problems"]["contradicting-decisions"],
                         len(pairs) - len(set(pairs)))
        self.assertEqual({file["kind"] for file in found},
                         {"anomaly-cases", "selection-log", "crop-log", "legacy-model", "manifest", "unknown"})
        self.assertNotIn(json.dumps("error"), json.dumps([file["severity"] for file in found]))


if __name__ == "__main__":
    unittest.main()
