#!/usr/bin/env python3
"""make_models.py: writes golden/models-v1 from docs/formats.md alone (numpy, not the library), and models.h with what a
reader must compute from them. Run it only if the format's version changes."""
import json
import struct
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def write(path, tensors, metadata):
    header, offset, data = {"__metadata__": metadata}, 0, b""
    for name, array in tensors.items():
        raw = array.tobytes()
        kind = {"float32": "F32", "uint64": "I64"}[str(array.dtype)]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [offset, offset + len(raw)]}
        offset += len(raw)
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def mix(z):
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & (1 << 64) - 1
    z = (z ^ z >> 27) * 0x94D049BB133111EB & (1 << 64) - 1
    return z ^ z >> 31


def hash_bytes(data, seed):
    h = 0xCBF29CE484222325 ^ mix(seed)
    for b in data:
        h = (h ^ b) * 0x100000001B3 & (1 << 64) - 1
    return mix(h)


def key(project, name):
    return hash_bytes(name.encode(), hash_bytes(project.encode(), 0))


def net(rng, widths):
    out = {}
    for i in range(len(widths) - 1):
        out[f"layers.{i}.weight"] = rng.normal(0, 0.7, (widths[i + 1], widths[i])).astype(np.float32)
        out[f"layers.{i}.bias"] = rng.normal(0, 0.3, widths[i + 1]).astype(np.float32)
    out["standardise.mean"] = rng.normal(0, 1, widths[0]).astype(np.float32)
    out["standardise.scale"] = rng.uniform(0.5, 2, widths[0]).astype(np.float32)
    return out


def forward(t, x, layers):
    x = np.clip((x - t["standardise.mean"]) * t["standardise.scale"], -5, 5)
    for i in range(layers):
        x = x @ t[f"layers.{i}.weight"].T + t[f"layers.{i}.bias"]
        x = np.maximum(x, 0) if i + 1 < layers else x
    return x


def c_array(name, values):
    return f"static const float {name}[] = {{" + ", ".join(f"{v:.9g}f" for v in np.ravel(values)) + "};\n"


rng = np.random.default_rng(20261120)
common = {"format": "selectai-model", "format_version": "1", "encoder_id": "golden-1", "dim": "4", "clip": "5", "split": "group",
          "seed": "1", "training_data_sha256": "0" * 64, "library_version": "0.1.0", "backend": "none", "counts": "{}",
          "options": "{}", "metrics": "[]"}
x = rng.normal(0, 2, (3, 4)).astype(np.float32)
(HERE / "models-v1").mkdir(exist_ok=True)

ranker = net(rng, [4, 3, 1])
ranker["seen"] = np.array(sorted([key("p", "a.png"), key("p", "b.png")]), np.uint64)
write(HERE / "models-v1/ranker.safetensors", ranker, {**common, "kind": "ranker", "architecture": "4-3-1", "output": "linear",
                                                      "temperature": "0.5", "temperature_fitted_on": "nothing"})
scores = forward(ranker, x, 2)[:, 0]

cropper = net(rng, [6, 3, 3])
cropper["seen"] = np.array([], np.uint64)
write(HERE / "models-v1/cropper.safetensors", cropper,
      {**common, "kind": "cropper", "architecture": "6-3-3", "output": "sigmoid", "snap": "0.02", "constant_box": "[0,0,0.5,0.5]"})
sizes = np.array([[832, 1216], [1024, 1024], [640, 480]])
w, h = sizes[:, 0].astype(float), sizes[:, 1].astype(float)
y = 1 / (1 + np.exp(-forward(cropper, np.column_stack([x, np.log2(w * h), np.log2(w / h)]).astype(np.float32), 2)))

text = "/* Made by make_models.py. */\n#include <stdint.h>\n" + c_array("golden_inputs", x) + c_array("golden_scores", scores)
text += c_array("golden_crop_outputs", y)
text += "static const uint32_t golden_sizes[] = {" + ", ".join(str(v) for v in sizes.ravel()) + "};\n"
(HERE / "models.h").write_text(text)
