"""Trains a sample of published recipes again and holds their scores against the new ones: `python -m tools.verify`.

Sampled are 5% of the recipes of a benchmark, at least five: the best one, then at random by the seed, but so that every
level of every factor occurs. Nobody who raises a whole level, or the best recipe, is left out, whatever the seed. Every run of
these recipes is trained again under its published seed and learning rate. Results are refused where

- the mean difference of a recipe's runs leaves zero by more than `TOLERANCE`, in a 95% interval that is corrected for the number
  of recipes: other processors and libraries move single runs, but not their mean;
- a run's score moved by more than that although this machine repeats the recipe's training to the last bit.

With `--record`, results that passed are written to `verified.json`, so that their board is labelled so. About ten seconds a recipe.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from leaderboard import verified
from leaderboard.boards import board
from leaderboard.verified import TOLERANCE, Verified
from suite.claims.from_results import digest_of
from suite.protocol.intervals import scores_of
from suite.protocol.labels import label_text
from suite.protocol.ranks import CellResult, compared_scores
from suite.protocol.records import Cell, Outcome, Record, Replicate
from suite.results import reader
from suite.results.errors import ResultsError
from suite.results.results import Results
from suite.spec import Benchmark, SpecError, expand, read_benchmarks, shipped_specs

PUBLISHED = Path(__file__).parents[1] / "leaderboard" / "results"
SHARE, FEWEST = 0.05, 5

_LEARNED = (Outcome.TRAINED, Outcome.SLOW, Outcome.LOST)


@dataclass(frozen=True)
class Retrained:
    """A published recipe and the same trained again.

    Attributes:
        cell: The recipe, with the budget it was published with.
        published: Its published runs.
        again: The new ones.
        recipes: Number of recipes in the sample.
    """

    cell: Cell
    published: CellResult
    again: Record
    recipes: int

    @property
    def differences(self) -> NDArray[np.float64]:
        """Published minus new test score of every run, as shares of the way from chance to a perfect score."""
        published, again = compared_scores([self.published]), compared_scores([self.again])
        facts = self.again.task_facts
        higher, chance = bool(facts["higher_is_better"]), float(facts["chance_score"])
        return np.asarray((published.values - again.values)[0] / ((1.0 - chance) if higher else chance))

    @property
    def gap(self) -> float:
        """The size of their mean."""
        return abs(float(self.differences.mean()))

    @property
    def problem(self) -> str:
        """Why the published scores are refused; empty if they hold."""
        runs = list(zip(self.published.replicates, self.again.replicates, strict=True))
        if any(_repeats(*run) for run in runs) and np.abs(self.differences).max() > TOLERANCE:
            return "its training repeats to the last bit, its scores do not"
        mean, low, high = scores_of([self.differences]).estimate([1]).interval(1 - 0.05 / self.recipes)
        if low > TOLERANCE or high < -TOLERANCE:
            return (
                f"its scores are {mean:+.3f} from the new ones, {low:+.3f} to {high:+.3f} (shares of chance to perfect)"
            )
        return ""


def _repeats(published: Replicate, again: Replicate) -> bool:
    """Whether a run that learned something ended with the same loss to the last bit."""
    return published.outcome in _LEARNED and published.train_loss == again.train_loss


def benchmark_of(results: Results, specs: Sequence[Path]) -> Benchmark:
    """The benchmark of published results, as its spec is now.

    Raises:
        ResultsError: No spec has it, or its recipes are others.
    """
    found = (each for file in specs for each in read_benchmarks(file) if each.name == results.name)
    benchmark = next(found, None)
    if benchmark is None:
        raise ResultsError(
            [f"{results.folder}: no spec has the benchmark {results.name}. Add its file to benchmarks/."]
        )
    strangers = set(results.ran) - {cell.fingerprint for cell in expand(benchmark)}
    if strangers:
        raise ResultsError(
            [f"{results.folder}: {len(strangers)} recipes are not those of the spec, such as {min(strangers)}."]
        )
    return benchmark


def sampled(results: Results, share: float, seed: int) -> list[str]:
    """Fingerprints of the recipes to train again: the best, then at random, those first that bring levels not yet there."""
    rows = list(board(results).recorded)
    most_levels = max((len({row.labels[i] for row in rows}) for i in range(len(results.factors))), default=1)
    count = min(len(rows), max(FEWEST, math.ceil(share * len(rows)), most_levels))
    rest = [rows[1 + place] for place in np.random.default_rng(seed).permutation(len(rows) - 1)]
    chosen = rows[:1]
    while len(chosen) < count:
        seen = {level for row in chosen for level in enumerate(row.labels)}
        chosen.append(max(rest, key=lambda row: len(set(enumerate(row.labels)) - seen)))
        rest.remove(chosen[-1])
    return [row.cell for row in chosen]


def trained_again(cell: Cell, published: CellResult) -> Record:
    """Every run of a cell at its published learning rates, which its published trials choose."""
    from suite.training.experiment import run_cell

    tuned = Record(
        cell, published.learning_rates, published.at_edge, tuple(published.trials), (), (), 0, 0.0, 0.0,
        published.task_facts, {},
    )  # fmt: skip
    return run_cell(cell, [tuned])


def verify(results: Results, benchmark: Benchmark, share: float, seed: int) -> Iterator[Retrained]:
    """Trains a sample of published recipes again, one after the other."""
    cells = {cell.fingerprint: cell for cell in expand(benchmark)}
    chosen = sampled(results, share, seed)
    for fingerprint in sorted(chosen, key=lambda fingerprint: cells[fingerprint].program):
        cell, ran = cells[fingerprint], results.ran[fingerprint]
        trials = len([trial for trial in ran.trials if trial.tuning == 0])
        budget = dataclasses.replace(
            cell.budget, trials=trials, tunings=len(ran.learning_rates), replicates=len(ran.replicates)
        )
        cell = dataclasses.replace(cell, budget=budget)
        yield Retrained(cell, ran, trained_again(cell, ran), len(chosen))


def main(arguments: list[str] | None = None) -> int:
    """Prints a line a recipe; returns 1 where results are refused, 2 where they cannot be used."""
    about, _, details = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="python -m tools.verify", description=about, epilog=details, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("benchmarks", nargs="*", help="names of benchmarks; all if none is given")
    parser.add_argument("--share", type=float, default=SHARE, help="share of the recipes of each")
    parser.add_argument("--seed", type=int, default=0, help="seed of the sample")
    parser.add_argument("--results", type=Path, default=PUBLISHED, help="folder of published results")
    parser.add_argument(
        "--spec", type=Path, action="append", help="spec of the benchmarks, instead of those in benchmarks/"
    )
    parser.add_argument("--record", action="store_true", help="write results that passed to verified.json")
    asked = parser.parse_args(arguments)
    try:
        return 1 if _refused(asked) else 0
    except (ResultsError, SpecError) as error:
        print(error, file=sys.stderr)
        return 2


def _refused(asked: argparse.Namespace) -> list[str]:
    """Names of the refused benchmarks."""
    from suite.run.preload import load
    from suite.run.worker import set_environment

    folders = {folder.name: folder for folder in reader.folders(asked.results)}
    unknown = [name for name in asked.benchmarks if name not in folders]
    if unknown:
        raise ResultsError([f"{asked.results / name}: no such folder." for name in unknown])
    set_environment()
    load()
    refused, passed = [], {}
    for name in asked.benchmarks or folders:
        results = reader.read(folders[name])
        benchmark = benchmark_of(results, asked.spec or list(shipped_specs().values()))
        found = []
        for one in verify(results, benchmark, asked.share, asked.seed):
            found.append(one)
            labels = " · ".join(map(label_text, one.cell.factors.values()))
            told = f"refused: {one.problem}" if one.problem else f"{one.gap:.4f} apart"
            print(f"{name}  {labels}: {told}", flush=True)
        if any(one.problem for one in found):
            refused.append(name)
        else:
            gap = round(max(one.gap for one in found), 6)
            passed[name] = Verified(
                digest=digest_of(results.manifest),
                recipes=len(found),
                of=len(results.ran),
                seed=asked.seed,
                largest_gap=gap,
            )
        print(
            f"{name}: {'refused' if name in refused else 'verified'}, {len(found)} of {len(results.ran)} recipes",
            flush=True,
        )
        if asked.record:
            kept = {key: check for key, check in verified.read(asked.results).items() if key not in refused}
            verified.write(asked.results, {**kept, **passed})
    return refused


if __name__ == "__main__":
    sys.exit(main())
