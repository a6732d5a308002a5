"""make_torch_weights.py: one small image tower in every form in which PyTorch writes it.

usage: make_torch_weights.py FOLDER. A program of its own, so that PyTorch and the library's torch module do not meet in
one process. Exits with 77 without PyTorch. Each NAME.pt has the same weights as the safetensors file that cases.json
names for it.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import argparse
import collections
import json
import struct
import sys
import warnings
from pathlib import Path

try:
    import torch
    from torch import nn
except ImportError as error:
    print(error)
    sys.exit(77)

WIDTH, PATCH, IMAGE, LAYERS, OUTPUT, HEADS = 128, 8, 32, 2, 24, 2
DTYPES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.float64: "F64"}


class QuickGELU(nn.Module):
    def forward(self, x: torch.Tensor):
        return x * torch.sigmoid(1.702 * x)


class Block(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.attn = nn.MultiheadAttention(width, heads)
        self.ln_1 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            collections.OrderedDict(
                c_fc=nn.Linear(width, 4 * width), gelu=QuickGELU(), c_proj=nn.Linear(4 * width, width)
            )
        )
        self.ln_2 = nn.LayerNorm(width)

    def forward(self, x: torch.Tensor):
        y = self.ln_1(x)
        x = x + self.attn(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    def __init__(self, width: int, layers: int, heads: int):
        super().__init__()
        self.width = width
        self.layers = layers
        self.resblocks = nn.Sequential(*[Block(width, heads) for _ in range(layers)])

    def forward(self, x: torch.Tensor):
        return self.resblocks(x)


class Visual(nn.Module):
    def __init__(self):
        super().__init__()
        self.input_resolution = IMAGE
        self.output_dim = OUTPUT
        self.conv1 = nn.Conv2d(3, WIDTH, PATCH, PATCH, bias=False)
        self.class_embedding = nn.Parameter(torch.randn(WIDTH))
        self.positional_embedding = nn.Parameter(torch.randn((IMAGE // PATCH) ** 2 + 1, WIDTH))
        self.ln_pre = nn.LayerNorm(WIDTH)
        self.transformer = Transformer(WIDTH, LAYERS, HEADS)
        self.ln_post = nn.LayerNorm(WIDTH)
        self.proj = nn.Parameter(torch.randn(WIDTH, OUTPUT) / 8)

    def forward(self, x: torch.Tensor):
        x = self.conv1(x).flatten(2).permute(0, 2, 1)
        first = self.class_embedding.to(x.dtype) + torch.zeros(x.shape[0], 1, x.shape[2])
        x = self.ln_pre(torch.cat([first, x], 1) + self.positional_embedding)
        x = self.transformer(x.permute(1, 0, 2)).permute(1, 0, 2)
        return self.ln_post(x[:, 0]) @ self.proj


class Clip(nn.Module):
    """With a text tower beside, whose names are like the image tower's, and other attributes."""

    def __init__(self):
        super().__init__()
        self.context_length = 7
        self.visual = Visual()
        self.transformer = Transformer(64, 1, 1)
        self.token_embedding = nn.Embedding(10, 64)
        self.positional_embedding = nn.Parameter(torch.randn(7, 64))
        self.ln_final = nn.LayerNorm(64)
        self.text_projection = nn.Parameter(torch.randn(64, OUTPUT))
        self.logit_scale = nn.Parameter(torch.tensor(2.0))
        self.register_buffer("input_resolution", torch.tensor(IMAGE))
        self.words = ["a", "b"]

    def forward(self, image: torch.Tensor, text: torch.Tensor):
        x = self.token_embedding(text) + self.positional_embedding
        x = self.ln_final(self.transformer(x.permute(1, 0, 2)).permute(1, 0, 2))
        return self.visual(image), x[:, 0] @ self.text_projection * torch.tensor([1.0]) * self.logit_scale.exp()


def save_safetensors(path, tensors):
    header, data = {}, b""
    for name, tensor in tensors.items():
        raw = bytes(tensor.detach().contiguous().view(torch.uint8).numpy()) if tensor.dim() else b""
        if not raw:
            continue
        header[name] = {
            "dtype": DTYPES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def tower_of(state):
    return collections.OrderedDict((name, value) for name, value in state.items() if name.startswith("visual."))


def in_one_storage(state):
    """Views of one flat storage, behind each other."""
    flat = torch.cat([value.reshape(-1) for value in state.values()])
    views, at = collections.OrderedDict(), 0
    for name, value in state.items():
        views[name] = flat[at : at + value.numel()].view(value.shape)
        at += value.numel()
    return views


def turned(state):
    """The same values, stored the other way round; biases as columns of a matrix."""
    out = collections.OrderedDict()
    for name, value in state.items():
        if value.dim() == 1:
            out[name] = torch.stack([value, -value], 1)[:, 0]
        else:
            out[name] = value.permute(*reversed(range(value.dim()))).contiguous().permute(*reversed(range(value.dim())))
        assert not out[name].is_contiguous() and torch.equal(out[name], value)
    return out


def half(model):
    """As OpenAI publishes its weights: norms and embeddings stay in float32."""
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear, nn.MultiheadAttention)):
            for parameter in module.parameters(recurse=False):
                parameter.data = parameter.data.half()
    model.visual.proj.data = model.visual.proj.data.half()
    return model


def renamed(state, old, new):
    return collections.OrderedDict((name.replace(old, new, 1), value) for name, value in state.items())


def write_state_dicts(folder, model, cases):
    def case(name, value, like="f32.safetensors", **how):
        torch.save(value, folder / f"{name}.pt", **how)
        cases[name] = like

    whole = model.state_dict()
    tower = tower_of(whole)
    optimiser = torch.optim.Adam(model.parameters())
    case("whole", whole)
    case("tower", tower)
    case("bare", renamed(tower, "visual.", ""))
    case("parallel", renamed(tower, "visual.", "module.visual."))
    case("parameters", dict(model.named_parameters()))
    case("module", model)  # classes of this program, which nobody else has
    case("shared", in_one_storage(tower))
    case("turned", turned(tower))
    for key in ("state_dict", "model_state_dict", "model"):
        extra = {"epoch": 3, "args": argparse.Namespace(lr=1e-3, paths=[Path("a")]), "optimizer": optimiser.state_dict()}
        case(f"checkpoint_{key}", {**extra, key: whole})
    case("checkpoint_nested", {"net": {"clip": whole}, "step": 5})
    for protocol in (3, 4, 5):
        case(f"protocol_{protocol}", whole, pickle_protocol=protocol)
    for name, dtype in (("f16", torch.float16), ("bf16", torch.bfloat16)):
        short = collections.OrderedDict((key, value.to(dtype)) for key, value in tower.items())
        save_safetensors(folder / f"{name}.safetensors", short)
        case(name, short, f"{name}.safetensors")
    case("f64", collections.OrderedDict((key, value.double()) for key, value in tower.items()))
    torch.save(whole, folder / "old.pt", _use_new_zipfile_serialization=False)


def write_scripts(folder, model, cases):
    image, text = torch.randn(1, 3, IMAGE, IMAGE), torch.zeros(1, 7, dtype=torch.long)
    for name, script in (("script", torch.jit.script(model)), ("trace", torch.jit.trace(model, (image, text)))):
        torch.jit.save(script, folder / f"{name}.pt")
        cases[name] = "f32.safetensors"
    scripted = torch.jit.script(half(model))
    save_safetensors(folder / "mixed.safetensors", tower_of(model.state_dict()))
    torch.jit.save(scripted, folder / "mixed.pt")
    cases["mixed"] = "mixed.safetensors"


def main(folder):
    warnings.simplefilter("ignore")
    torch.manual_seed(4)
    cases, model = {}, Clip().eval()
    x = torch.randn(5, 3, IMAGE, IMAGE)
    with torch.no_grad():
        expected = model.visual(x)
    (folder / "x.f32").write_bytes(bytes(x.reshape(-1).view(torch.uint8).numpy()))
    (folder / "expected.f32").write_bytes(bytes(expected.reshape(-1).view(torch.uint8).numpy()))
    save_safetensors(folder / "f32.safetensors", tower_of(model.state_dict()))
    write_state_dicts(folder, model, cases)
    write_scripts(folder, model, cases)
    (folder / "cases.json").write_text(json.dumps(cases))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
