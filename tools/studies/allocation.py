"""How should a cell spend its trainings? The error of differences by tunings, trials and replicates.

    python -m tools.studies.allocation

Cells of the dense table of `tools.studies.tuner` (33 rates, 4 to 8 seeds each) are tuned again and again: a trial at a rate
is one of the table's runs at the nearest rate, drawn at random, and so is a replicate. A cell's estimate is the mean of
its replicates, and its truth the mean test score at its best rate. What counts is the rms error of the difference of two
cells of one model family: it holds the luck of tunings, of seeds, and what fewer trials lose.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import optuna
import pandas as pd

from suite.protocol.rates import best_rate, tried_of
from suite.protocol.records import OWN_SAMPLER, Budget
from suite.training.tuning import TrialResult, tune
from tools.studies.tuner.dense import Table, load

TABLE = Path(__file__).parent / "tuner" / "table.parquet"
TUNINGS = 40
"""Simulated tunings of a cell."""

DRAWS = 400
"""Simulated estimates of a cell for each allocation."""

MOST_TRIALS = 18
LOW, HIGH = 1e-4, 1.0
SAMPLERS = (OWN_SAMPLER, "TPESampler", "RandomSampler")
ALLOCATIONS = tuple(
    (trainings, tunings, trials, trainings - tunings * trials)
    for trainings in (16, 17, 24, 32, 40)
    for tunings in (1, 2, 3, 4)
    for trials in (5, 6, 7, 8, 9, 10, 12, 15, 18)
    if trainings - tunings * trials >= max(2, tunings)
)
"""Trainings of a cell, and how they are spent: tunings, trials of each, replicates."""


@dataclass(frozen=True)
class Simulated:
    """One cell that was tuned `TUNINGS` times.

    Attributes:
        table: The cell.
        chosen: Index of the rate chosen after each number of trials, shape (tunings, MOST_TRIALS + 1).
    """

    table: Table
    chosen: np.ndarray

    def truth(self) -> float:
        """Mean test score at the best rate; of three neighbouring rates, so that luck does not decide."""
        means = np.nan_to_num(np.nanmean(self.table.test, axis=1))
        return float(np.convolve(np.pad(means, 1, "edge"), np.ones(3) / 3, "valid").max())

    def estimates(self, tunings: int, trials: int, replicates: int, rng: np.random.Generator) -> np.ndarray:
        """Means of replicates that alternate among tunings, shape (DRAWS,)."""
        picked = rng.integers(0, len(self.chosen), (DRAWS, tunings))
        rates = self.chosen[picked, trials][:, np.arange(replicates) % tunings]
        first = np.sort(self.table.test, axis=1)  # NaN last
        known = (~np.isnan(first)).sum(axis=1)
        return np.asarray(first[rates, rng.integers(0, known[rates])].mean(axis=1))


def simulated(table: Table, sampler: str, rng: np.random.Generator, tunings: int = TUNINGS) -> Simulated:
    """Tunes a cell again and again."""
    finite = [np.flatnonzero(~np.isnan(row)) for row in table.test]
    budget = Budget(0, MOST_TRIALS, 0, 0, LOW, HIGH, sampler=sampler)
    found = np.zeros((tunings, MOST_TRIALS + 1), int)

    def try_rate(rate: float, repeat: int) -> TrialResult:
        row = table.nearest(rate)
        seen = table.look(rate, int(rng.choice(finite[row])), repeat)
        return TrialResult(seen.score, seen.loss, None, None, "")

    for number in range(tunings):
        trials = tune(try_rate, budget, higher_is_better=True, chance_score=0.0, seed=number).trials
        for count in range(1, MOST_TRIALS + 1):
            rate = best_rate(tried_of(trials[:count], higher_is_better=True, chance_score=0.0))
            found[number, count] = table.nearest(rate)
    return Simulated(table, found)


def errors(cells: Sequence[Simulated], tunings: int, trials: int, replicates: int) -> dict[str, float]:
    """Of differences of two cells of a family: rms error, and the rms of its lasting part (what tuning loses)."""
    rng = np.random.default_rng([tunings, trials, replicates])
    squares, lasting = [], []
    for family in sorted({cell.table.family for cell in cells}):
        own = [cell for cell in cells if cell.table.family == family]
        missed = np.array([cell.estimates(tunings, trials, replicates, rng) - cell.truth() for cell in own])
        for a in range(len(own)):
            for b in range(a):
                squares.append(np.square(missed[a] - missed[b]).mean())
                lasting.append((missed[a].mean() - missed[b].mean()) ** 2)
    return {"rms": float(np.sqrt(np.mean(squares))), "lasting": float(np.sqrt(np.mean(lasting)))}


def study(
    tables: Sequence[Table], samplers: Sequence[str] = SAMPLERS, say: Callable[[str], None] = print
) -> pd.DataFrame:
    """The errors of every sampler and allocation."""
    rows = []
    for sampler in samplers:
        rng = np.random.default_rng(0)
        cells = [simulated(table, sampler, rng) for table in tables]
        say(f"{sampler}: {len(cells)} cells tuned {TUNINGS} times")
        for trainings, tunings, trials, replicates in ALLOCATIONS:
            found = errors(cells, tunings, trials, replicates)
            rows.append((sampler, trainings, tunings, trials, replicates, found["rms"], found["lasting"]))
    return pd.DataFrame(rows, columns=["sampler", "trainings", "tunings", "trials", "replicates", "rms", "lasting"])


def main() -> None:
    """Prints the three best allocations of each number of trainings, and that of protocol 2."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--cells", type=int, default=None, help="only so many cells, for a first look")
    arguments = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    found = study(load(arguments.table)[: arguments.cells])
    with pd.option_context("display.width", 120, "display.float_format", "{:.4f}".format):
        for _, rows in found.groupby(["sampler", "trainings"], sort=False):
            old = rows[(rows["tunings"] == 1) & (rows["trials"] == 12)]
            print(pd.concat([rows.nsmallest(4, "rms"), old]).drop_duplicates().to_string(index=False), "\n")


if __name__ == "__main__":
    main()
