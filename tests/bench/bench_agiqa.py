"""bench_agiqa.py: what the ranker makes of real human scores (AGIQA-3K), on prompts it has not seen.

usage: bench_agiqa.py [--data DIR] [--encoder builtin] [--gap 0.5] [--shuffle SEED] [--parts prior,unlabelled,image,both]
                      [--option NAME=VALUE ...]

DIR (default ../shared/data/agiqa3k beside the checkout) holds images/ and scores.csv (name,generator,prompt,mos_quality);
without it the program says so and exits with 77, as it does without the torch module. A set is a prompt, the stage is the
generator's place in alphabetical order, and of two images of a prompt whose scores are more than `gap` apart the higher
one should win. Prompts are held out by fives (prompt i of the sorted prompts belongs to fold i % 5; --shuffle draws
another order first): five rankers each learn from four fifths and score the rest.

Prints the share of right pairs of the stage prior alone, of the image alone and of both, with 95 % intervals over
prompts (a bootstrap: pairs of one prompt are no independent witnesses), and the same of those pairs that the prior gets
wrong. "image": scoring sees pictures alone, stages are recognised; "unlabelled": training knew no stages either. --option passes an argument to Ranker.train(), such as --option epochs=30.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import argparse
import collections
import csv
import json
import pathlib
import sys
import tempfile

import numpy as np

import selectai

PROJECT = "agiqa"
FOLDS = 5
SKIP = 77
PARTS = {
    "prior": dict(use_image=False),
    "unlabelled": dict(use_prior=False),
    "image": dict(recognise_stages=True),
    "both": {},
}
TARGETS = {"image": 0.90, "both": 0.92}
DRAWS = 2000


class Image:
    """One picture: where it is, what it is called in the cache, its generator's number and its score."""

    def __init__(self, path, prompt, stage, score):
        self.path, self.prompt, self.stage, self.score = path, prompt, stage, score
        # One second of an invented evening to each prompt: its pictures form a group in everybody's eyes.
        clock = f"{18 + prompt // 3600:02d}{prompt // 60 % 60:02d}{prompt % 60:02d}"
        self.name = f"20250101_{clock}_stage{stage}_image.jpg"


def read(folder):
    with open(folder / "scores.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    prompts = sorted({row["prompt"] for row in rows})
    generators = sorted({row["generator"] for row in rows})
    images = [
        Image(
            folder / "images" / row["name"],
            prompts.index(row["prompt"]),
            1 + generators.index(row["generator"]),
            float(row["mos_quality"]),
        )
        for row in rows
    ]
    groups = collections.defaultdict(list)
    for image in images:
        groups[image.prompt].append(image)
    return [groups[i] for i in range(len(prompts))], len(generators)


def entries(group, gap):
    """A decision for each image that beats others: it against all of those."""
    for winner in group:
        losers = sorted((i for i in group if winner.score - i.score > gap), key=lambda i: i.stage)
        if losers:
            yield {
                "project": PROJECT,
                "timestamp": winner.name[:15],
                "chosen_path": winner.name,
                "chosen_stage": winner.stage,
                "neg_paths": [i.name for i in losers],
                "neg_stages": [i.stage for i in losers],
            }


def pairs(group, gap):
    """Indices of winner and loser within the group."""
    return [(a, b) for a, x in enumerate(group) for b, y in enumerate(group) if x.score - y.score > gap]


def embed(folder, groups, encoder):
    images = [image for group in groups for image in group]
    cache = selectai.EmbeddingCache.create(folder, encoder)
    found = cache.add_files(PROJECT, [i.path for i in images], rel_paths=[i.name for i in images])
    if found.failed:
        raise SystemExit(f"{found.failed} pictures could not be encoded, the first: {found.issues[0]}")
    cache.flush()
    vectors = {i.name: cache.find(PROJECT, i.name) for i in images}
    return cache, vectors


def hold_out(groups, shuffle):
    """The fold of each prompt."""
    order = np.arange(len(groups))
    if shuffle is not None:
        order = np.random.default_rng(shuffle).permutation(order)
    folds = np.empty(len(groups), int)
    folds[order] = np.arange(len(groups)) % FOLDS
    return folds


def train(folder, groups, cache, gap, options):
    path = folder / "decisions.jsonl"
    with open(path, "w", encoding="utf-8") as file:
        for group in groups:
            for entry in entries(group, gap):
                file.write(json.dumps(entry) + "\n")
    return selectai.Ranker.train([path], cache, **options)


def right(scores, wanted):
    """1 for each pair in the right order, a half for a tie."""
    difference = np.array([scores[a] - scores[b] for a, b in wanted])
    return (difference > 0) + 0.5 * (difference == 0)


def measure(groups, cache, vectors, folds, gap, options, folder):
    """Of each prompt, what became of its pairs."""
    out = [None] * len(groups)
    for fold in range(FOLDS):
        ranker = train(folder, [g for i, g in enumerate(groups) if folds[i] != fold], cache, gap, options)
        for i in np.flatnonzero(folds == fold):
            found = ranker.explain(
                np.stack([vectors[image.name] for image in groups[i]]), [float(image.stage) for image in groups[i]]
            )
            out[i] = right(found.scores, pairs(groups[i], gap))
    return out


def interval(values, weights, draws):
    """Share over all pairs, and the middle 95 % of it over draws of prompts."""
    sums, counts = np.array([v.sum() for v in values]), np.array([float(w) for w in weights])
    drawn = sums[draws].sum(1) / np.maximum(counts[draws].sum(1), 1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return sums.sum() / counts.sum(), low, high


def report(found, groups):
    draws = np.random.default_rng(0).integers(0, len(groups), (DRAWS, len(groups)))
    prior = found.get("prior")
    for part, values in found.items():
        share, low, high = interval(values, [len(v) for v in values], draws)
        line = f"{part:10}  {100 * share:.1f} %  ({100 * low:.1f} to {100 * high:.1f})"
        if part in TARGETS:
            line += f"  target {100 * TARGETS[part]:.0f} %"
        if prior is not None and part != "prior":
            more = [v - p for v, p in zip(values, prior)]
            gain = interval(more, [len(v) for v in values], draws)
            wrong = [v[p < 1] for v, p in zip(values, prior)]
            rest = interval(wrong, [len(v) for v in wrong], draws)
            line += f"; beyond the prior {100 * gain[0]:+.1f} ({100 * gain[1]:+.1f} to {100 * gain[2]:+.1f}) points"
            line += f"; of the {sum(map(len, wrong))} pairs the prior gets wrong {100 * rest[0]:.1f} %"
        print(line, flush=True)


def value_of(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def arguments():
    beside = pathlib.Path(__file__).resolve().parents[3] / "shared" / "data" / "agiqa3k"
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--data", type=pathlib.Path, default=beside)
    parser.add_argument("--encoder", default="builtin", help="'builtin' or a file of CLIP weights")
    parser.add_argument("--gap", type=float, default=0.5)
    parser.add_argument("--shuffle", type=int, help="seed of another order of the prompts")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE")
    return parser.parse_args()


def main():
    args = arguments()
    if not (args.data / "scores.csv").is_file():
        print(f"no AGIQA-3K at {args.data}: nothing to measure (--data DIR names another place)")
        return SKIP
    options = {name: value_of(value) for name, _, value in (o.partition("=") for o in args.option)}
    groups, n_generators = read(args.data)
    n_pairs = sum(len(pairs(g, args.gap)) for g in groups)
    folds, found = hold_out(groups, args.shuffle), {}
    with tempfile.TemporaryDirectory() as name, selectai.Encoder.open(args.encoder) as encoder:
        folder = pathlib.Path(name)
        cache, vectors = embed(folder / "cache", groups, encoder)
        print(
            f"AGIQA-3K, {encoder.model_id}: {len(vectors)} pictures, {len(groups)} prompts held out by fives, "
            f"{n_generators} generators, {n_pairs} pairs; right (95 % over prompts):",
            flush=True,
        )
        try:
            for part in args.parts.split(","):
                found[part] = measure(
                    groups, cache, vectors, folds, args.gap, {**options, **PARTS[part]}, folder
                )
        except selectai.BackendMissingError as error:
            print(f"no torch module, nothing to train with: {error}")
            return SKIP
        finally:
            cache.close()
    report(found, groups)
    return 0


if __name__ == "__main__":
    sys.exit(main())
