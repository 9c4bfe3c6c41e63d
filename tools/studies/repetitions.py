"""Do the stated intervals hold what a repetition would change? Whole benchmarks are repeated, and held against each other.

    python -m tools.studies.repetitions --out FOLDER benchmarks/losses.yaml benchmarks/normalization.yaml
    python -m tools.studies.repetitions --out FOLDER --benchmark cnn_digits --only depth=4,residual=plain benchmarks/cnn_digits.yaml

Each repetition has a benchmark seed of its own, and so other data, weights, orders and tunings; finished runs are cached in
FOLDER. For every pair of recipes that differ in one factor, the interval that a repetition states is held against the mean
of all other repetitions: how often it holds it, and the rms of z, the distance in standard errors, where that mean's own
error is added. 95% and 1 would be right. `naive` is the same from the same runs if tunings are ignored, as if replicates
were independent. For the first two repetitions of a benchmark it tells what changed in ranks, tiers and the best recipe.
"""

from __future__ import annotations

import argparse
import itertools
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import special

from suite.protocol.intervals import Estimate, Scores, scores_of
from suite.protocol.ranks import compared_scores
from suite.protocol.records import Cell
from suite.protocol.tiers import tiers

FIRST_SEED = 1000
"""Benchmark seed of the first repetition; no published benchmark has it or one above."""


@dataclass(frozen=True)
class Repetition:
    """One repetition of a benchmark.

    Attributes:
        cells: Its cells, in the order of the grid.
        scores: Their test scores.
        higher_is_better: Whether higher scores are better.
    """

    cells: Sequence[Cell]
    scores: Scores
    higher_is_better: bool = True


@dataclass(frozen=True)
class Coverage:
    """How well intervals hold.

    Attributes:
        contexts: Number of pairs of recipes.
        held: Share of the intervals that hold the mean of the other repetitions.
        rms: Root mean square of z.
    """

    contexts: int
    held: float
    rms: float


def repeated(spec: Path, seed: int, folder: Path, only: Sequence[str], name: str | None) -> dict[str, Repetition]:
    """Runs the benchmarks of a spec, or a single one, under another seed, and reads what was found, by name."""
    from suite.cli.arguments import parse_only
    from suite.records import Records
    from suite.run.gather import gather
    from suite.spec import read_benchmarks

    place = folder / f"{spec.stem}-{seed}"
    place.mkdir(parents=True, exist_ok=True)
    file = place / spec.name
    documents = re.split(r"(?m)^---$", spec.read_text(encoding="utf-8"))
    chosen = [text for text in documents if name is None or re.search(rf"(?m)^name: {name}$", text)]
    file.write_text(re.sub(r"(?m)^seed: .*$", f"seed: {seed}", "\n---\n".join(chosen)), encoding="utf-8")
    command = [sys.executable, "-m", "suite", "run", spec.name, *(w for part in only for w in ("--only", part))]
    environment = {**os.environ, "SUITE_RECORDS": str(place / "records")}
    subprocess.run(command, cwd=place, check=True, stdout=subprocess.DEVNULL, env=environment)
    found = {}
    for benchmark in read_benchmarks(file):
        records = gather(benchmark, Records(place / "records"), only=parse_only(only), traces=False).records
        found[benchmark.name] = Repetition(
            [record.cell for record in records],
            compared_scores(records),
            bool(records[0].task_facts["higher_is_better"]),
        )
    return found


def pairs(cells: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """Cells that differ in one factor."""
    for (i, one), (j, other) in itertools.combinations(enumerate(cells), 2):
        if sum(one.factors[name] != other.factors[name] for name in one.factors) == 1:
            yield i, j


def coverage(found: Sequence[Sequence[Estimate]]) -> Coverage:
    """How well the intervals of repetitions hold each other's means.

    Args:
        found: Of each repetition the differences, in one order.
    """
    rest = len(found) - 1
    held, squares = [], []
    for each in zip(*found, strict=True):
        means = np.array([estimate.mean for estimate in each])
        for estimate, others in zip(each, (means.sum() - means) / rest, strict=True):
            error = estimate.error * math.sqrt(1 + 1 / rest)
            if error > 0:
                z = (estimate.mean - others) / error
                squares.append(z**2)
                held.append(abs(z) <= special.stdtrit(estimate.degrees, 0.975))
    rms = math.sqrt(float(np.mean(squares))) if squares else math.nan
    return Coverage(len(found[0]), float(np.mean(held)) if held else math.nan, rms)


def judged(repetitions: Sequence[Repetition]) -> tuple[Coverage, Coverage]:
    """Coverage of the intervals, and of those that ignore tunings and other cells."""
    asked = list(pairs(repetitions[0].cells))
    stated = [[rep.scores.estimate([1, -1], pair) for pair in asked] for rep in repetitions]
    naive = [[scores_of(rep.scores.values[list(pair)]).estimate([1, -1]) for pair in asked] for rep in repetitions]
    return coverage(stated), coverage(naive)


def main() -> None:
    """Repeats the benchmarks and prints a line for each, and one for all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("specs", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--repetitions", type=int, default=8)
    parser.add_argument("--benchmark", help="of the spec, this benchmark alone")
    parser.add_argument("--only", action="append", default=[])
    arguments = parser.parse_args()
    print(f"{'benchmark':20} pairs  held   rms z   naive: held   rms z")
    every: list[tuple[Coverage, Coverage]] = []
    for spec in arguments.specs:
        seeds = range(FIRST_SEED, FIRST_SEED + arguments.repetitions)
        by_seed = [repeated(spec.resolve(), seed, arguments.out, arguments.only, arguments.benchmark) for seed in seeds]
        for name in by_seed[0]:
            every.append(judged([found[name] for found in by_seed]))
            print(line(name, *every[-1]), flush=True)
            print(f"  {twice(*(found[name] for found in by_seed[:2]))}", flush=True)
    print(line("all", *(together([both[side] for both in every]) for side in (0, 1))))


def twice(first: Repetition, second: Repetition) -> str:
    """What changed from a repetition to the next, and whether the intervals had said so."""
    means = [np.nanmean(each.scores.values, axis=1) for each in (first, second)]
    higher = first.higher_is_better
    cuts = [tiers(each.scores, higher_is_better=higher) for each in (first, second)]
    best = [int(np.argmax(mean if higher else -mean)) for mean in means]
    order = [np.argsort(np.argsort(-mean if higher else mean)) for mean in means]
    moved = np.abs(means[0] - means[1])
    told = []
    for row in range(len(first.cells)):
        errors = [each.scores.estimate([1], [row]).error for each in (first, second)]
        told.append(moved[row] <= 1.96 * math.hypot(*errors))
    return (
        f"twice: ranks move by {np.abs(order[0] - order[1]).mean():.1f} of {len(order[0])} on average; the best recipe is "
        f"{'the same' if best[0] == best[1] else f'another, of tier {cuts[0][best[1]]} and {cuts[1][best[0]]} the other time'}; first "
        f"tiers of {np.sum(cuts[0] == 1)} and {np.sum(cuts[1] == 1)} share {np.sum((cuts[0] == 1) & (cuts[1] == 1))}; scores move by "
        f"{moved.mean():.3f} on average and {moved.max():.3f} at most, in {np.mean(told):.0%} of recipes as the intervals say"
    )


def together(found: Sequence[Coverage]) -> Coverage:
    """The coverage over all benchmarks, each pair counted alike."""
    weights = [each.contexts for each in found]
    held = float(np.average([each.held for each in found], weights=weights))
    squares = float(np.average([each.rms**2 for each in found], weights=weights))
    return Coverage(sum(weights), held, math.sqrt(squares))


def line(name: str, stated: Coverage, naive: Coverage) -> str:
    """A line of the table."""
    return f"{name:20} {stated.contexts:5} {stated.held:5.1%} {stated.rms:7.2f} {naive.held:12.1%} {naive.rms:7.2f}"


if __name__ == "__main__":
    main()
