#!/usr/bin/env python3
# check_against_pytorch.py: the module's numbers beside PyTorch's own. usage: check_against_pytorch.py MODULE.so
# Exits with 77 (skipped) without numpy and torch. With test towers made by OpenAI's code in ../shared/data/clip/tiny
# beside the project's source tree, compares with those too.
# Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
import json
import os
import struct
import sys

try:
    import numpy as np
    import torch
    from torch import nn
except ImportError as e:
    print(f"skipped: {e}")
    sys.exit(77)

from backend_table import Backend, Net, Tower

CLOSE = 1e-5


def relative(a, b):
    return float(np.abs(a - b).max() / np.abs(b).max())


def sequential(widths, dropout=0.0, sigmoid=False):
    layers = []
    for i, (a, b) in enumerate(zip(widths, widths[1:])):
        layers.append(nn.Linear(a, b))
        if i + 2 < len(widths):
            layers += [nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, *([nn.Sigmoid()] if sigmoid else []))


def flat(net):
    return torch.cat([p.detach().reshape(-1) for p in net.parameters()]).numpy()


def check_predict(backend):
    for widths, sigmoid in (([512, 256, 64, 1], False), ([514, 512, 256, 128, 4], True), ([3, 1], False)):
        torch.manual_seed(1)
        theirs = sequential(widths, 0.3, sigmoid).eval()
        ours = Net(backend, widths, dropout=0.3, output=int(sigmoid))
        ours.set_parameters(flat(theirs))
        x = np.random.default_rng(0).standard_normal((1500, widths[0]), np.float32)
        with torch.no_grad():
            error = relative(ours.predict(x), theirs(torch.from_numpy(x)).numpy())
        print(f"predict {widths}: largest relative difference {error:.1e}")
        assert error < CLOSE


def check_first_weights(backend):
    p = Net(backend, [400, 300, 2]).parameters()
    for part, bound in ((p[:120000], 400 ** -0.5), (p[120300:120900], 300 ** -0.5)):
        assert np.abs(part).max() <= bound and np.abs(part).max() > 0.98 * bound
        assert abs(part.mean()) < 0.1 * bound and abs(part.std() / bound * 3 ** 0.5 - 1) < 0.05


def check_training(backend):
    """Full batches and no dropout leave no chance: the same steps, so the same curve and weights."""
    rng = np.random.default_rng(3)
    x = rng.standard_normal((400, 16), np.float32)
    truth = np.tanh(x @ rng.standard_normal(16).astype(np.float32))
    a, b = rng.integers(0, 400, (2, 600))
    winner, loser = np.where(truth[a] > truth[b], a, b), np.where(truth[a] > truth[b], b, a)
    weight = rng.uniform(0.5, 2, 600).astype(np.float32)
    torch.manual_seed(2)
    theirs = sequential([16, 32, 8, 1])
    ours = Net(backend, [16, 32, 8, 1])
    ours.set_parameters(flat(theirs))
    curve = ours.train_pairs(x, winner, loser, weight, epochs=40, batch=600, lr=2e-3)
    optimiser = torch.optim.Adam(theirs.parameters(), lr=2e-3)
    tx, tw, worst = torch.from_numpy(x), torch.from_numpy(weight), 0.0
    for loss_here, _, _ in curve:
        loss = (torch.relu(0.5 - (theirs(tx[winner]) - theirs(tx[loser])).squeeze(-1)) * tw).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        worst = max(worst, abs(loss.item() - loss_here) / curve[0][0])
    # Without the last bias: a ranking loss has no gradient there, and Adam makes whole steps of its rounding errors.
    error = relative(ours.parameters()[:-1], flat(theirs)[:-1])
    print(f"training, 40 steps: losses {curve[0][0]:.4f} -> {curve[-1][0]:.4f}, largest difference {worst:.1e}, "
          f"weights {error:.1e}")
    assert worst < 1e-4 and error < 1e-3 and curve[-1][0] < 0.5 * curve[0][0]


def group_loss(winner):
    """Softmax over a group's first output, plus half the square of the second output's distance from a target."""
    def loss(outputs):
        return torch.logsumexp(outputs[:, 0], 0) - outputs[winner, 0] + 0.5 * ((outputs[:, 1] - 0.3) ** 2).sum()
    return loss


def margin_loss(weight):
    def loss(outputs):
        return weight * torch.relu(0.5 - (outputs[0, 0] - outputs[1, 0]))
    return loss


def check_task(backend, name, widths, x, items, losses, n_validation):
    """Losses through the callback, in batches: PyTorch's autograd makes the same steps with the batches seen."""
    seen, weights = [], []

    def callback(numbers, outputs, training):
        if training:
            seen.append(numbers)
        outputs = [torch.tensor(o, requires_grad=True) for o in outputs]
        total = sum(losses[i](o) for i, o in zip(numbers, outputs))
        total.backward()
        return total.item(), [o.grad.numpy() for o in outputs]

    torch.manual_seed(3)
    theirs = sequential(widths)
    ours = Net(backend, widths)
    ours.set_parameters(flat(theirs))
    curve = ours.train_task(x, items, callback, n_validation, epochs=4, batch=32, lr=2e-3)
    optimiser = torch.optim.Adam(theirs.parameters(), lr=2e-3)
    n_train, worst, step = len(items) - n_validation, 0.0, 0
    total = lambda numbers: sum(losses[i](theirs(torch.from_numpy(x[items[i]]))) for i in numbers)
    for train_loss, validation_loss, _ in curve:
        mean = 0.0
        for numbers in seen[step:step + -(-n_train // 32)]:
            loss = total(numbers)
            mean += loss.item() / n_train
            optimiser.zero_grad()
            (loss / len(numbers)).backward()
            optimiser.step()
            step += 1
        held = total(range(n_train, len(items))).item() / n_validation
        worst = max(worst, abs(mean - train_loss) / curve[0][0], abs(held - validation_loss) / curve[0][1])
        weights.append(flat(theirs))
    assert step == len(seen)
    best = weights[min(range(len(curve)), key=lambda i: curve[i][1])]
    error = relative(ours.parameters()[:-widths[-1]], best[:-widths[-1]])  # the last biases: as in check_training()
    print(f"task, {name}: losses {curve[0][0]:.4f} -> {curve[-1][0]:.4f}, largest difference {worst:.1e}, weights {error:.1e}")
    assert worst < 1e-4 and error < 1e-3 and curve[-1][0] < 0.9 * curve[0][0]


def check_tasks(backend):
    rng = np.random.default_rng(5)
    x = rng.standard_normal((300, 16), np.float32)
    truth = x @ rng.standard_normal(16).astype(np.float32)
    items = [rng.integers(0, 300, rng.integers(1, 8)) for _ in range(250)]
    losses = [group_loss(int(truth[rows].argmax())) for rows in items]
    check_task(backend, "group softmax", [16, 32, 8, 2], x, items, losses, 50)
    items = [sorted(rng.choice(300, 2, replace=False), key=lambda row: -truth[row]) for _ in range(250)]
    losses = [margin_loss(weight) for weight in rng.uniform(0.5, 2, 250)]
    check_task(backend, "margin of pairs", [16, 32, 8, 1], x, items, losses, 50)


def random_tower(image, patch, width, layers, mlp, output):
    rng = np.random.default_rng(5)
    t = {"conv1.weight": (width, 3, patch, patch), "class_embedding": (width,),
         "positional_embedding": ((image // patch) ** 2 + 1, width), "proj": (width, output)}
    for name in ("ln_pre", "ln_post"):
        t[name + ".weight"] = t[name + ".bias"] = (width,)
    for i in range(layers):
        b = f"transformer.resblocks.{i}."
        t.update({b + "ln_1.weight": (width,), b + "ln_1.bias": (width,), b + "ln_2.weight": (width,),
                  b + "ln_2.bias": (width,), b + "attn.in_proj_weight": (3 * width, width),
                  b + "attn.in_proj_bias": (3 * width,), b + "attn.out_proj.weight": (width, width),
                  b + "attn.out_proj.bias": (width,), b + "mlp.c_fc.weight": (mlp, width),
                  b + "mlp.c_fc.bias": (mlp,), b + "mlp.c_proj.weight": (width, mlp), b + "mlp.c_proj.bias": (width,)})
    return {k: (rng.standard_normal(s) * (0.2 if len(s) == 1 else s[-1] ** -0.5) + (k.endswith("weight") and len(s) == 1)
                ).astype(np.float32) for k, s in t.items()}


def torch_tower(t, x, patch, heads, activation, dtype=torch.float64):
    """The same, by default in double precision, from PyTorch's own layers, written after the paper, not after the module."""
    f = {k: torch.from_numpy(v).to(dtype) for k, v in t.items()}
    norm = lambda x, n: nn.functional.layer_norm(x, x.shape[-1:], f[n + ".weight"], f[n + ".bias"])
    act = nn.functional.gelu if activation == "gelu" else lambda x: x * torch.sigmoid(1.702 * x)
    x = nn.functional.conv2d(torch.from_numpy(x).to(dtype), f["conv1.weight"], stride=patch).flatten(2).transpose(1, 2)
    x = torch.cat([f["class_embedding"].expand(len(x), 1, -1), x], 1) + f["positional_embedding"]
    x = norm(x, "ln_pre")
    width, i = x.shape[-1], 0
    while f"transformer.resblocks.{i}.ln_1.weight" in f:
        b = f"transformer.resblocks.{i}."
        attention = nn.MultiheadAttention(width, heads, batch_first=True).to(dtype)
        attention.load_state_dict({"in_proj_weight": f[b + "attn.in_proj_weight"], "in_proj_bias": f[b + "attn.in_proj_bias"],
                                   "out_proj.weight": f[b + "attn.out_proj.weight"],
                                   "out_proj.bias": f[b + "attn.out_proj.bias"]})
        h = norm(x, b + "ln_1")
        x = x + attention(h, h, h, need_weights=False)[0]
        h = act(norm(x, b + "ln_2") @ f[b + "mlp.c_fc.weight"].T + f[b + "mlp.c_fc.bias"])
        x = x + h @ f[b + "mlp.c_proj.weight"].T + f[b + "mlp.c_proj.bias"]
        i += 1
    return (norm(x[:, 0], "ln_post") @ f["proj"]).detach().numpy()


def check_towers(backend):
    # The second: a margin that makes no whole patch, a head width that is no multiple of a vector, an odd MLP.
    for image, patch, width, layers, heads, mlp, output in ((64, 16, 64, 3, 4, 256, 24), (50, 7, 60, 2, 3, 101, 33)):
        t = random_tower(image, patch, width, layers, mlp, output)
        x = np.random.default_rng(6).standard_normal((70, 3, image, image), np.float32)
        for activation in ("quickgelu", "gelu"):
            tower = Tower(backend, t, image, patch, width, layers, heads, output, activation)
            ours = tower.encode(x)
            error = relative(ours, torch_tower(t, x, patch, heads, activation))
            print(f"tower {image}/{patch} width {width} {activation}: largest relative difference {error:.1e}")
            assert error < CLOSE
            assert np.array_equal(tower.encode(x[:1]), ours[:1]), "an image's vector depends on its batch"


def cosine(a, b):
    return float(((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).min())


def check_real_size(backend):
    """ViT-B/32 with random weights of a trained tower's size; PyTorch in float32, which has errors of its own."""
    t = random_tower(224, 32, 768, 12, 3072, 512)
    x = np.random.default_rng(7).standard_normal((3, 3, 224, 224), np.float32)
    want = torch_tower(t, x, 32, 12, "quickgelu", torch.float32)
    got = Tower(backend, t, 224, 32, 768, 12, 12, 512, "quickgelu").encode(x)
    print(f"ViT-B/32 float32: largest relative difference {relative(got, want):.1e}")
    assert relative(got, want) < CLOSE
    try:
        half = Tower(backend, t, 224, 32, 768, 12, 12, 512, "quickgelu", "bfloat16").encode(x)
    except RuntimeError as e:
        print(f"ViT-B/32 bfloat16: not there, not compared: {e}")
        return
    print(f"ViT-B/32 bfloat16: cosine {cosine(half, want):.6f}")
    assert cosine(half, want) > 0.999


def read_safetensors(path):
    data = open(path, "rb").read()
    n = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + n])
    return {k: np.frombuffer(data[8 + n + v["data_offsets"][0]:8 + n + v["data_offsets"][1]], np.float32).reshape(
        v["shape"]) for k, v in header.items() if k != "__metadata__"}


def check_openai_towers(backend):
    here = os.path.dirname(os.path.abspath(__file__))
    folder = os.path.join(here, "../../../../shared/data/clip/tiny")
    if not os.path.isdir(folder):
        print("towers made by OpenAI's code: not there, not compared")
        return
    for name in ("tiny", "tiny128"):
        path = os.path.join(folder, name)
        c = json.load(open(path + ".json"))
        t = {k.removeprefix("visual."): v for k, v in read_safetensors(path + ".safetensors").items()}
        x = np.fromfile(path + ".input.f32", np.float32).reshape(-1, 3, c["image"], c["image"])
        for activation in ("quickgelu", "gelu"):
            want = np.fromfile(f"{path}.emb.{activation}.f32", np.float32).reshape(len(x), -1)
            tower = Tower(backend, t, c["image"], c["patch"], c["width"], c["layers"], c["heads"], c["out"], activation)
            got = tower.encode(x)
            print(f"{name} {activation}: largest difference {np.abs(got - want).max():.1e}, "
                  f"relative {relative(got, want):.1e}")
            assert relative(got, want) < CLOSE
            try:
                half = Tower(backend, t, c["image"], c["patch"], c["width"], c["layers"], c["heads"], c["out"], activation,
                             "bfloat16").encode(x)
            except RuntimeError as e:
                print(f"bfloat16: not there, not compared: {e}")
                continue
            print(f"{name} {activation} bfloat16: cosine {cosine(half, want):.6f}")
            assert cosine(half, want) > 0.999


if __name__ == "__main__":
    module = Backend(os.path.abspath(sys.argv[1]))
    print(module.table.name.decode())
    check_first_weights(module)
    check_predict(module)
    check_training(module)
    check_tasks(module)
    check_towers(module)
    check_openai_towers(module)
    check_real_size(module)
