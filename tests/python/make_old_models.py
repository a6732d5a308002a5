"""make_old_models.py: rankers and croppers in every form in which PyTorch writes them, and what it computes with them.

usage: make_old_models.py FOLDER [LEGACY]. A program of its own, so that PyTorch and the library's torch module do not
meet in one process. Exits with 77 without PyTorch. For each NAME in cases.json there are NAME.pt, NAME.x.npy (inputs;
croppers: NAME.sizes.npy, too) and NAME.y.npy (outputs in eval mode). LEGACY: a folder with the first attempt's models.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import argparse
import json
import sys
import warnings
from pathlib import Path

import numpy as np

try:
    import torch
    from torch import nn
except ImportError as error:
    print(error)
    sys.exit(77)

ROWS = 300


class Ranker(nn.Module):
    def __init__(self, dim=512):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(dim, 256), nn.ReLU(), nn.Dropout(0.3), nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 1)
        )

    def forward(self, x):
        return self.net(x)


class Cropper(nn.Module):
    def __init__(self, dim=514):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(dim, 512), nn.ReLU(), nn.Dropout(0.3),
            nn.Linear(512, 256), nn.ReLU(), nn.Dropout(0.3),
            nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 4), nn.Sigmoid(),
        )

    def forward(self, x):
        return self.net(x)


class ImprovedAesthetic(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(dim, 1024), nn.Dropout(0.2), nn.Linear(1024, 128), nn.Dropout(0.2), nn.Linear(128, 64),
            nn.Dropout(0.1), nn.Linear(64, 16), nn.Linear(16, 1),
        )

    def forward(self, x):
        return self.layers(x)


class ByHand(nn.Module):
    """Activations that no file knows of."""

    def __init__(self, relu):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(512, 32), nn.Linear(32, 1)
        self.between = torch.relu if relu else (lambda x: x)

    def forward(self, x):
        return self.fc2(self.between(self.fc1(x)))


class Maker:
    def __init__(self, folder):
        self.folder, self.cases, self.rng = folder, {}, np.random.default_rng(8)

    def inputs(self, name, model, cropper):
        dim = next(p for p in model.parameters() if p.dim() == 2).shape[1] - 2 * cropper
        x = self.rng.normal(size=(ROWS, dim)).astype(np.float32)
        x[: ROWS // 2] /= np.linalg.norm(x[: ROWS // 2], axis=1, keepdims=True)
        np.save(self.folder / f"{name}.x.npy", x)
        if cropper:
            sizes = self.rng.integers(1, 4000, (ROWS, 2)).astype(np.uint32)
            np.save(self.folder / f"{name}.sizes.npy", sizes)
            x = np.concatenate([x, (sizes / 2048).astype(np.float32)], axis=1)
        return x

    def add(self, name, model, saved=None, cropper=False, **facts):
        x = self.inputs(name, model, cropper)
        with torch.no_grad():
            y = model.eval()(torch.tensor(x.tolist())).tolist()
        np.save(self.folder / f"{name}.y.npy", np.array(y, np.float32))
        if saved is not None:
            torch.save(saved, self.folder / f"{name}.pt")
        self.cases[name] = {"kind": "cropper" if cropper else "ranker", **facts}


def checkpoint(model):
    optimiser = torch.optim.Adam(model.parameters())
    model(torch.randn(2, next(model.parameters()).shape[1])).sum().backward()
    optimiser.step()
    return {
        "epoch": 12,
        "model_state_dict": model.state_dict(),
        "optimizer_state_dict": optimiser.state_dict(),
        "val_accuracy": 0.9826,
        "args": argparse.Namespace(margin=0.5, out=Path("models")),
        "history": [{"loss": 0.5}, {"loss": 0.25}],
        "note": "v1",
    }


def make(maker):
    relu, none = {"hidden": "relu"}, {"hidden": "none"}
    model = Ranker()
    maker.add("state_dict", model, model.state_dict(), form="torch state dict", **relu)
    maker.add("parallel", model, {"module." + k: v for k, v in model.state_dict().items()}, **relu)
    maker.add("module", model, model, form="torch module", **relu)
    model = Ranker(768)
    maker.add("checkpoint", model, checkpoint(model), form="torch checkpoint", **relu)
    maker.add("half", model.half().float(), {k: v.half() for k, v in model.state_dict().items()}, **relu)
    maker.add("double", model, {k: v.double() for k, v in model.state_dict().items()}, **relu)
    turned = {k: v.t().contiguous().t() if v.dim() == 2 else v for k, v in model.state_dict().items()}
    maker.add("turned", model, turned, **relu)
    for dim in (512, 768):
        model = Cropper(dim + 2)
        for parameter in model.parameters():
            parameter.data *= 3 if parameter.dim() == 2 else 1  # boxes that are not all alike
        model.net[-2].bias.data = torch.tensor([-3.0, -3.0, 3.0, 3.0])
        maker.add(f"cropper_{dim}", model, model.state_dict(), cropper=True, **relu)
    maker.add("cropper_checkpoint", model, checkpoint(model), cropper=True, form="torch checkpoint", **relu)
    for dim in (5, 512, 768, 1024):
        model = nn.Linear(dim, 1)
        maker.add(f"linear_{dim}", model, model.state_dict(), vectors="unit-length", **none)
    model = ImprovedAesthetic(768)
    maker.add("improved", model, model.state_dict(), vectors="unit-length", **none)
    for hidden in ("relu", "none"):
        model = ByHand(hidden == "relu")
        maker.add(f"by_hand_{hidden}", model, model.state_dict(), hidden=hidden, ask=True)
    model = Ranker()
    torch.jit.save(torch.jit.script(model.eval()), maker.folder / "script.pt")
    maker.add("script", model, form="torch script", **relu)


def make_legacy(maker, legacy):
    """The first attempt's own files, which are only linked to."""
    for name, model in (("ranker_v2", Ranker()), ("ranker_v3_w10", Ranker()), ("crop_proposer_v2", Cropper())):
        path = legacy / f"{name}.pt"
        if path.exists():
            model.load_state_dict(torch.load(path, map_location="cpu"))
            maker.add(name, model, cropper=isinstance(model, Cropper), hidden="relu", form="torch state dict")
            (maker.folder / f"{name}.pt").symlink_to(path)


def main(folder, legacy=None):
    warnings.simplefilter("ignore")
    torch.manual_seed(4)
    maker = Maker(Path(folder))
    make(maker)
    if legacy:
        make_legacy(maker, Path(legacy))
    (maker.folder / "cases.json").write_text(json.dumps(maker.cases))


if __name__ == "__main__":
    main(*sys.argv[1:])
