"""What a tier promises, by simulation: how often equal recipes differ significantly, and how large a difference is found.

    python -m tools.studies.tiers            4,000 simulated boards of each kind
    python -m tools.studies.tiers 100        fewer

prints the numbers that the method page quotes; `tests/tools/test_tiers.py` holds the page to them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from suite.protocol.intervals import Scores, scores_of
from suite.protocol.tiers import tiers

BUDGETS = {6: 2, 8: 4}
"""Tunings by number of replicates, as large and small boards have them."""

TABLES = 4000
"""Simulated boards of each kind."""

CROWD = 20
"""Equal recipes of a board on which the best is picked from many."""

Kind = Callable[[np.random.Generator, int, int], Scores]


def steady(rng: np.random.Generator, cells: int, replicates: int) -> Scores:
    """Recipes of one mean, as shares of 360 examples: by what a draw does to all of them, a tuning and a seed to each."""
    of_run = np.arange(replicates) % BUDGETS[replicates]
    shared, tuned = rng.normal(0, 0.005, (1, replicates)), rng.normal(0, 0.005, (cells, BUDGETS[replicates]))
    values = 0.95 + shared + tuned[:, of_run] + rng.normal(0, 0.01, (cells, replicates))
    return scores_of(np.round(360 * values) / 360, of_run)


def erratic(rng: np.random.Generator, cells: int, replicates: int) -> Scores:
    """The same, but 3 runs in 10 fail."""
    found = steady(rng, cells, replicates)
    values: NDArray[np.float64] = np.where(rng.random((cells, replicates)) < 0.3, 0.1, found.values)
    return scores_of(values, found.tunings.tolist())


def separated(kind: Kind, cells: int, replicates: int, tables: int = TABLES) -> float:
    """How often recipes that are all equal end in more than one tier."""
    rng = np.random.default_rng([cells, replicates])
    return float(np.mean([tiers(kind(rng, cells, replicates)).max() > 1 for _ in range(tables)]))


def detected(difference: float, replicates: int, tables: int = TABLES) -> float:
    """How often a recipe that is worse by `difference` falls out of the first tier, among 20 steady recipes."""
    rng = np.random.default_rng([int(1000 * difference), replicates])
    found = 0
    for _ in range(tables):
        scores = steady(rng, CROWD, replicates)
        worse = scores.values - difference * (np.arange(CROWD) == CROWD - 1)[:, None]
        found += tiers(scores_of(worse, scores.tunings.tolist()))[-1] > 1
    return found / tables


def detectable(replicates: int, power: float = 0.8, tables: int = TABLES // 10) -> float:
    """The smallest difference, to 0.005, that is found so often."""
    steps = np.arange(0.005, 0.2, 0.005)
    return next(float(step) for step in steps if detected(float(step), replicates, tables) >= power)


def figures(tables: int = TABLES) -> dict[str, str]:
    """Every number as the page writes it."""
    told: dict[str, str] = {}
    for replicates in BUDGETS:
        for kind in (steady, erratic):
            told[f"two {kind.__name__}, {replicates} replicates"] = (
                f"{100 * separated(kind, 2, replicates, tables):.0f}"
            )
        crowd = separated(steady, CROWD, replicates, tables // 4)
        told[f"{CROWD} steady, {replicates} replicates"] = f"{100 * crowd:.0f}"
        told[f"difference found 80 times in 100, {replicates} replicates"] = (
            f"{detectable(replicates, tables=max(tables // 10, 20)):.3f}"
        )
    return told


if __name__ == "__main__":
    for name, value in figures(int(sys.argv[1]) if len(sys.argv) > 1 else TABLES).items():
        print(f"{name:50} {value}")
