"""test_import_model.py: the verb import-model, and old models given to other verbs as they are.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import hashlib
import io
import json
import os
import struct
import unittest
import zipfile

from support import DONE, FAILED, USAGE, ProgramTest, read_jsonl


def text(value):
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def number(value):
    return b"J" + struct.pack("<i", value)


def tensor(key, shape):
    """torch._utils._rebuild_tensor_v2(storage `key`, 0, shape, strides, False, OrderedDict()), as torch.save() pickles it."""
    n = shape[0] * (shape[1] if len(shape) > 1 else 1)
    storage = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text(key) + text("mps") + number(n) + b"tQ"
    strides = (shape[1], 1) if len(shape) > 1 else (1,)
    counts = b"".join(b"(" + b"".join(map(number, c)) + b"t" for c in (shape, strides))
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + number(0) + counts + b"\x89ccollections\nOrderedDict\n)RtR"


def torch_file(widths, names, kind=zipfile.ZIP_STORED, evil=b""):
    """Bytes of a .pt whose layer i takes widths[i] numbers; every weight is 0.5, every bias 0.25."""
    pickle, storages = b"\x80\x02" + evil + b"}(", []
    for name, width, before in zip(names, widths[1:], widths):
        for part, shape, value in (("weight", (width, before), 0.5), ("bias", (width,), 0.25)):
            pickle += text(name + "." + part if name else part) + tensor(str(len(storages)), shape)
            count = shape[0] * (shape[1] if len(shape) > 1 else 1)
            storages.append(struct.pack("<%df" % count, *[value] * count))
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", kind) as archive:
        archive.writestr("old/data.pkl", pickle + b"u.")
        for i, data in enumerate(storages):
            archive.writestr("old/data/%d" % i, data)
    return held.getvalue()


NET = ("net.0", "net.3", "net.5")


class ImportModel(ProgramTest):

    def check(self, *args, code):
        result = self.run_in_dir(*args)
        self.assert_quiet_of_noise(result)
        self.assertEqual(result.code, code, str(result))
        return result

    def test_it_becomes_one_of_ours(self):
        data = torch_file((512, 4, 3, 1), NET)
        self.write("old.pt", data)
        metadata = self.check("import-model", "old.pt", "--output", "new.safetensors", "--encoder", "builtin", "--json",
                              code=DONE).json()["metadata"]
        expected = {"kind": "ranker", "architecture": "512-4-3-1", "hidden": "relu", "encoder_id": "selectai-builtin-1",
                    "source_file": "old.pt", "source_sha256": hashlib.sha256(data).hexdigest(),
                    "source_form": "torch state dict"}
        self.assertEqual({key: metadata[key] for key in expected}, expected)
        self.check("validate", "new.safetensors", code=DONE)
        found = self.check("validate", "old.pt", "--json", code=DONE).json()["files"][0]
        self.assertEqual((found["kind"], found["notes"]), ("legacy-model", {"old-model": 1}))
        self.assertIn("512-4-3-1", self.check("validate", "old.pt", code=DONE).out)

    def test_nothing_is_overwritten(self):
        self.write("old.pt", torch_file((512, 4, 3, 1), NET))
        self.write("there", b"mine")
        for output in ("there", "old.pt", "."):
            self.assertIn(output, self.check("import-model", "old.pt", "--output", output, code=FAILED).err)
        with open(self.path("there"), "rb") as file:
            self.assertEqual(file.read(), b"mine")

    def test_what_cannot_be_known_is_asked_for(self):
        self.write("old.pt", torch_file((512, 4, 1), ("fc1", "fc2")))
        refused = self.check("import-model", "old.pt", "--output", "new", code=FAILED)
        self.assertIn("--hidden", refused.err)
        out = self.check("import-model", "old.pt", "--output", "new", "--hidden", "none", code=DONE).out
        self.assertIn("nothing (given by hand)", out)
        for wrong in (["--encoder", "old.pt"], ["--activation", "gelu"], ["--encoder-id", "x", "--encoder", "builtin"],
                      ["--exif"], ["--hidden", "gelu"], ["other.pt"]):
            self.check("import-model", "old.pt", "--output", "x", *wrong, code=USAGE)
        self.check("import-model", "--output", "x", code=USAGE)
        self.check("import-model", "old.pt", code=USAGE)
        self.check("import-model", "old.pt", "--output", "x", "--hidden", "relu", "--kind", "cropper", code=FAILED)
        self.assertFalse(os.path.exists(self.path("x")))

    def test_harm(self):
        mark = self.path("mark")
        evil = b"cposix\nsystem\n(" + text("touch " + mark) + b"tR0"
        for name, data in (("evil", torch_file((512, 4, 3, 1), NET, evil=evil)),
                           ("packed", torch_file((512, 4, 3, 1), NET, zipfile.ZIP_DEFLATED)),
                           ("cut", torch_file((512, 4, 3, 1), NET)[:3000]),
                           ("deep", torch_file((512, 4, 3, 1), NET, evil=b"(" * 500000))):
            self.write(name + ".pt", data)
            self.assertIn(name + ".pt", self.check("import-model", name + ".pt", "--output", "x", code=FAILED).err)
            self.assertIn("damaged", self.check("validate", name + ".pt", code=FAILED).out)
        self.assertFalse(os.path.exists(mark) or os.path.exists(self.path("x")))

    def test_other_verbs_take_old_models_and_say_what_they_do_not_know(self):
        self.write("laion.pth", torch_file((512, 1), ("",)))
        self.write("crop.pt", torch_file((514, 4, 4), ("net.0", "net.3")))
        self.check("sample", "--output", "s", "--groups", "6", "--size", "256", "--quiet", code=DONE)
        self.check("extract", "--raw", "s/raw", "--final", "s/final", "--project", "p", "--output", "e.jsonl", "--quiet",
                   code=DONE)
        self.assertGreater(len(read_jsonl(self.path("e.jsonl"))), 0)
        self.check("embed", "--project", "p", "s/raw", "--cache", "c", "--quiet", code=DONE)
        result = self.check("suggest", "--ranker", "laion.pth", "--cropper", "crop.pt", "s/raw", "--json", code=DONE)
        document = result.json()
        self.assertEqual([issue["kind"] for issue in document["issues"]].count("encoder-unknown"), 2)
        self.assertGreater(len(document["groups"]), 0)
        for group in document["groups"]:
            box = group["crop"]
            self.assertTrue(0 <= box["x1"] < box["x2"] <= 1 and 0 <= box["y1"] < box["y2"] <= 1)
        self.assertIn("does not say which encoder", result.err)
        self.assertNotIn("could not be read", result.err)
        for model in ("laion.pth", "crop.pt"):
            measured = self.check("evaluate", "--model", model, "--data", "e.jsonl", "--cache", "c", "--json", "--quiet",
                                  code=DONE)
            self.assertIn("does not say which encoder", measured.err)
            self.assertGreater(json.loads(measured.out)["groups"], 0)


if __name__ == "__main__":
    unittest.main()
