"""bench_train.py: training on pairs at the size of a real history, beside what a user would write in PyTorch, in one run.

usage: bench_train.py MODULE.so [--peer train_ranker_dataloader.py] [--libraries DIR] [--shares 0.02,0.1] [--epochs 30]
       [--peer-epochs 1] [--curve-epochs 5] [--seeds 3]

60,000 vectors of 512 numbers, 28,982 pairs whose order is linear in the vectors but for noise, a share of them anomalies
(the other way round), which count ten times and are seen ten times an epoch. Both sides get the same data and learn a
512-256-64-1 network with batches of 32, dropout 0.3, Adam 1e-3.

Speed: seconds an epoch by the wall clock; ours trains --epochs epochs before, between and after the peer's --peer-epochs
with all threads and with one (--peer-epochs 30 is the whole of what the peer would do). Ours works in one thread. Beside
other work on the machine the ratio of processor times says most. Curves: the peer prints no losses, and drops nothing after the
second layer; a loop like its own, with our network, batches drawn by index, stands in for it, each side with --seeds
seeds. --libraries: a folder with another libblas.so.3, for PyTorch alone (docs/testing.md).

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../subprojects/selectai-torch/tests"))
from backend_table import Backend, Net  # noqa: E402

ROWS, WIDTH, PAIRS, TIMES = 60000, 512, 28982, 10
WIDTHS, DROPOUT, BATCH, RATE, MARGIN = [WIDTH, 256, 64, 1], 0.3, 32, 1e-3, 0.5


def make_data(share):
    rng = np.random.default_rng(1)
    x = rng.standard_normal((ROWS, WIDTH), np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    score = x @ rng.standard_normal(WIDTH).astype(np.float32) + 0.7 * rng.standard_normal(ROWS).astype(np.float32)
    a, b = rng.integers(0, ROWS, (2, PAIRS))
    anomaly = rng.random(PAIRS) < share
    first = (score[a] > score[b]) != anomaly
    return x, np.stack([np.where(first, a, b), np.where(first, b, a)], 1), anomaly


def oversampled(anomaly):
    return np.concatenate([np.where(~anomaly)[0]] + [np.where(anomaly)[0]] * TIMES)


def train(backend, data, epochs, seed=1):
    """(seconds, seconds of the thread's processor time, training losses)."""
    x, pairs, anomaly = data
    keep = oversampled(anomaly)
    net = Net(backend, WIDTHS, DROPOUT, seed=seed)
    winner, loser = np.ascontiguousarray(pairs[keep].T)
    weight = np.where(anomaly[keep], TIMES, 1).astype(np.float32)
    wall, cpu = time.perf_counter(), time.thread_time()
    curve = net.train_pairs(x, winner, loser, weight, epochs=epochs, batch=BATCH, lr=RATE, margin=MARGIN)
    return time.perf_counter() - wall, time.thread_time() - cpu, [loss for loss, _, _ in curve]


def reference(path, epochs, seed):
    """The peer's loop with our network; prints the training losses."""
    import torch
    from torch import nn

    d = np.load(path)
    x, pairs, anomaly = (torch.from_numpy(d[name]) for name in ("emb", "pairs", "anomaly"))
    keep = torch.from_numpy(oversampled(d["anomaly"]))
    pairs, anomaly = pairs[keep], anomaly[keep].float()
    torch.manual_seed(seed)
    layers = []
    for i, (a, b) in enumerate(zip(WIDTHS, WIDTHS[1:])):
        layers += [nn.Linear(a, b)] + ([nn.ReLU(), nn.Dropout(DROPOUT)] if i + 2 < len(WIDTHS) else [])
    net = nn.Sequential(*layers)
    adam = torch.optim.Adam(net.parameters(), lr=RATE)
    losses = []
    for _ in range(epochs):
        total = 0.0
        for at in torch.randperm(len(keep)).split(BATCH):
            lead = net(x[pairs[at, 0]]).squeeze(-1) - net(x[pairs[at, 1]]).squeeze(-1)
            loss = (torch.relu(MARGIN - lead) * (1 + (TIMES - 1) * anomaly[at])).mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
            total += loss.item() * len(at)
        losses.append(total / len(keep))
    print(json.dumps(losses))


def run(command, libraries, threads=None):
    """(output, seconds of processor time)"""
    env = dict(os.environ)
    env.update({"LD_LIBRARY_PATH": libraries} if libraries else {})
    env.update({"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)} if threads else {})
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    text = subprocess.run([sys.executable, *command], env=env, check=True, capture_output=True, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return text, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def run_peer(args, path, threads):
    """Seconds an epoch by the wall clock, and of processor time without what starting costs."""
    text, cpu = run([args.peer, path, str(args.peer_epochs)], args.libraries, threads)
    _, start = run([args.peer, path, "0"], args.libraries, threads)
    return float(re.match(r"([0-9.]+) s", text).group(1)) / args.peer_epochs, (cpu - start) / args.peer_epochs


def compare_speed(backend, data, path, args):
    ours, theirs = [train(backend, data, args.epochs)[:2]], {}
    for threads in (None, 1):
        theirs[threads] = run_peer(args, path, threads)
        ours.append(train(backend, data, args.epochs)[:2])
    wall, cpu = (statistics.mean(times) / args.epochs for times in zip(*ours))
    steps = -(-len(oversampled(data[2])) // BATCH)
    print(f"  seconds an epoch of {steps} steps: {wall:.3f} ({', '.join(f'{w / args.epochs:.3f}' for w, _ in ours)}); "
          f"processor time {cpu:.3f}, {cpu / steps * 1e6:.0f} us a step")
    print(f"  the peer with its own threads: {theirs[None][0]:.2f}, {theirs[None][0] / wall:.1f} times as long")
    print(f"  the peer with one thread: {theirs[1][0]:.2f}, {theirs[1][0] / wall:.1f} times as long; "
          f"processor time {theirs[1][1]:.2f}, {theirs[1][1] / cpu:.1f} times as much")


def compare_curves(backend, data, path, args):
    seeds = range(1, args.seeds + 1)
    ours = np.array([train(backend, data, args.curve_epochs, seed)[2] for seed in seeds])
    command = [os.path.abspath(__file__), "--reference", path, str(args.curve_epochs)]
    theirs = np.array([json.loads(run(command + [str(seed)], args.libraries)[0]) for seed in seeds])
    print(f"  training loss by epoch, mean of {args.seeds} seeds (deviation between seeds)")
    print("  epoch      ours             PyTorch          difference")
    for i in range(args.curve_epochs):
        a, b = ours[:, i], theirs[:, i]
        print(
            f"  {i + 1:5d}   {a.mean():.4f} ({a.std(ddof=1):.4f})  {b.mean():.4f} ({b.std(ddof=1):.4f})  "
            f"{a.mean() - b.mean():+.4f} ({100 * (a.mean() / b.mean() - 1):+.1f} %)"
        )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("module")
    parser.add_argument("--peer", default=os.path.join(os.path.dirname(__file__), "../../../shared/peers/train_ranker_dataloader.py"))
    parser.add_argument("--libraries")
    parser.add_argument("--shares", default="0.02,0.1")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--peer-epochs", type=int, default=1)
    parser.add_argument("--curve-epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    backend = Backend(os.path.abspath(args.module))
    for share in map(float, args.shares.split(",")):
        data = make_data(share)
        print(f"{ROWS} x {WIDTH}, {PAIRS} pairs, {100 * share:g} % anomalies, {backend.table.name.decode()}")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "pairs.npz")
            np.savez(path, emb=data[0], pairs=data[1], anomaly=data[2])
            if os.path.exists(args.peer):
                compare_speed(backend, data, path, args)
            else:
                wall, cpu, _ = train(backend, data, args.epochs)
                print(f"  {wall / args.epochs:.3f} s an epoch ({cpu / args.epochs:.3f} of one core); no peer: {args.peer} is missing")
            try:
                import torch  # noqa: F401
            except ImportError:
                print("  curves not compared: there is no PyTorch")
                continue
            if args.seeds > 1 and args.curve_epochs > 0:
                compare_curves(backend, data, path, args)


if __name__ == "__main__":
    if len(sys.argv) == 5 and sys.argv[1] == "--reference":
        reference(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        main()
