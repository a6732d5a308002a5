#!/usr/bin/env python3
"""make_mlp.py: writes tests/golden/mlp.h: small networks, inputs, and the outputs that PyTorch computes for them.

Run it from the root of the source tree: python3 tests/golden/make_mlp.py > tests/golden/mlp.h
Weights and inputs are drawn so that the test can repeat them: a linear congruential generator, no random state.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""
import torch

NETS = [("ranker", [37, 19, 5, 1], "linear", 53), ("cropper", [20, 33, 3], "sigmoid", 7), ("wide", [512, 256, 64, 1], "linear", 9)]


def numbers(seed, n, scale):
    """The same as draw() of test_learn_mlp.c: 32-bit LCG of Numerical Recipes, upper 24 bits, -1..1 times scale."""
    state, out = seed, []
    for _ in range(n):
        state = (1664525 * state + 1013904223) % 2**32
        out.append(((state >> 8) / 2**23 - 1.0) * scale)
    return torch.tensor(out, dtype=torch.float64).to(torch.float32)


def main():
    torch.set_num_threads(1)
    print("/*")
    print(" * golden/mlp.h: outputs of small networks as PyTorch %s computes them. Made by make_mlp.py." % torch.__version__)
    print(" *")
    print(" * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT")
    print(" */")
    for seed, (name, widths, output, rows) in enumerate(NETS, 1):
        layers = []
        for i in range(len(widths) - 1):
            n_in, n_out = widths[i], widths[i + 1]
            layer = torch.nn.Linear(n_in, n_out)
            values = numbers(1000 * seed + i, (n_in + 1) * n_out, 1.5 / n_in**0.5)
            layer.weight.data = values[: n_in * n_out].reshape(n_out, n_in)
            layer.bias.data = values[n_in * n_out :]
            layers += [layer, torch.nn.ReLU()]
        layers[-1] = torch.nn.Sigmoid() if output == "sigmoid" else torch.nn.Identity()
        net = torch.nn.Sequential(*layers).eval()
        x = numbers(seed, rows * widths[0], 3.0).reshape(rows, widths[0])
        with torch.no_grad():
            y = net(x)
        print("static const uint32_t %s_widths[] = {%s};" % (name, ", ".join(map(str, widths))))
        text = ["%.9gf" % v if "." in "%.9g" % v or "e" in "%.9g" % v else "%.9g.0f" % v for v in y.reshape(-1).tolist()]
        print("static const float %s_outputs[] = {" % name)
        for i in range(0, len(text), 6):
            print("    " + " ".join(t + "," for t in text[i : i + 6]))
        print("};")


main()
