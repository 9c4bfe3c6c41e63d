"""What a tier promises, by simulation: how often equal recipes are told apart, and how big a difference is found.

    python -m tools.studies.tiers            4,000 simulated boards of each kind
    python -m tools.studies.tiers 100        fewer

prints the figures that the method page quotes; `tests/tools/test_tiers.py` holds the page to them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from suite.protocol.statistics import tiers

REPLICATES = (5, 10)
"""What boards have."""

TABLES = 4000
"""Simulated boards of each kind."""

CROWD = 20
"""Equal recipes of a board on which the best is picked from many."""

Scores = Callable[[np.random.Generator, int, int], NDArray[np.float64]]


def steady(rng: np.random.Generator, cells: int, replicates: int) -> NDArray[np.float64]:
    """Recipes of one mean, as shares of 360 examples: what a seed does to all of them, and what it does to each."""
    shared = rng.normal(0, 0.005, (1, replicates))
    return np.round(360 * (0.95 + shared + rng.normal(0, 0.01, (cells, replicates)))) / 360


def erratic(rng: np.random.Generator, cells: int, replicates: int) -> NDArray[np.float64]:
    """The same, but 3 runs in 10 fail."""
    return np.where(rng.random((cells, replicates)) < 0.3, 0.1, steady(rng, cells, replicates))


def told_apart(scores: Scores, cells: int, replicates: int, tables: int = TABLES) -> float:
    """How often recipes that are all equal end in more than one tier."""
    rng = np.random.default_rng([cells, replicates])
    return float(np.mean([tiers(scores(rng, cells, replicates)).max() > 1 for _ in range(tables)]))


def found(difference: float, replicates: int, tables: int = TABLES) -> float:
    """How often the better of two steady recipes is told from the other.

    Args:
        difference: Of their means, in standard deviations of one run's paired difference.
        replicates: Of both.
        tables: Simulated.
    """
    rng = np.random.default_rng([int(1000 * difference), replicates])
    ahead = difference + rng.normal(0, 1, (tables, replicates))
    return float(np.mean([tiers(np.stack([row, np.zeros_like(row)])).tolist() == [1, 2] for row in ahead]))


def detectable(replicates: int, power: float = 0.8, tables: int = TABLES) -> float:
    """The least difference, to a twentieth of such a standard deviation, that is found so often."""
    steps = np.arange(0.05, 4, 0.05)
    return next(float(step) for step in steps if found(float(step), replicates, tables) >= power)


def figures(tables: int = TABLES) -> dict[str, str]:
    """Every figure as the page writes it."""
    told: dict[str, str] = {}
    for replicates in REPLICATES:
        for scores in (steady, erratic):
            told[f"two {scores.__name__}, {replicates} replicates"] = (
                f"{100 * told_apart(scores, 2, replicates, tables):.0f}"
            )
        crowd = told_apart(steady, CROWD, replicates, tables // 4)
        told[f"{CROWD} steady, {replicates} replicates"] = f"{100 * crowd:.0f}"
        told[f"difference found 80 times in 100, {replicates} replicates"] = (
            f"{detectable(replicates, tables=tables):.1f}"
        )
    return told


if __name__ == "__main__":
    for name, value in figures(int(sys.argv[1]) if len(sys.argv) > 1 else TABLES).items():
        print(f"{name:50} {value}")
