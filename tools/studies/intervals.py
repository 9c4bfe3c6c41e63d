"""How often do 95% intervals hold the truth, in simulated repetitions of a board?

    python -m tools.studies.intervals            4,000 simulated boards of each kind
    python -m tools.studies.intervals 100        fewer

A board has twelve recipes. Runs differ by seed and data, of which a part is common to all recipes, recipes differ in how
much they vary, and each tuning moves a recipe. `tests/protocol/test_intervals.py` holds the method page to the figures.
"""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

from suite.protocol.intervals import Scores, scores_of

CELLS = 12
BUDGETS = ((2, 6), (4, 8), (4, 4))
"""Tunings and replicates."""

TUNED = (0.0, 0.02)
"""Standard deviations of the effect of a tuning; seeds and data have about 0.01."""

BOARDS = 4000

ASKED = {
    "recipe": np.eye(CELLS)[0],
    "difference": np.eye(CELLS)[0] - np.eye(CELLS)[1],
    "main effect": np.repeat([1.0, -1.0], CELLS // 2) / (CELLS // 2),
}
"""Weights of what is estimated."""


def repetition(
    rng: np.random.Generator, tunings: int, replicates: int, tuned: float
) -> tuple[Scores, NDArray[np.float64]]:
    """The scores of one repetition of a board, and the true means of its recipes."""
    truth = rng.normal(0.9, 0.05, CELLS)
    spread = 0.01 * np.sqrt(8 / rng.chisquare(8, (CELLS, 1)))
    of_run = np.arange(replicates) % tunings
    shared, effect = rng.normal(0, 0.008, replicates), rng.normal(0, tuned, (CELLS, tunings))
    values = truth[:, None] + shared + effect[:, of_run] + spread * rng.normal(size=(CELLS, replicates))
    return scores_of(values, of_run.tolist()), truth


def held(tunings: int, replicates: int, tuned: float, boards: int = BOARDS) -> dict[str, float]:
    """The share of intervals that hold the truth, by what is estimated."""
    rng = np.random.default_rng([tunings, replicates, int(1000 * tuned)])
    counts = dict.fromkeys(ASKED, 0)
    for _ in range(boards):
        scores, truth = repetition(rng, tunings, replicates, tuned)
        for name, weights in ASKED.items():
            _, low, high = scores.estimate(weights).interval()
            counts[name] += bool(low <= weights @ truth <= high)
    return {name: count / boards for name, count in counts.items()}


def main() -> None:
    """Prints a line for each kind of board."""
    boards = int(sys.argv[1]) if len(sys.argv) > 1 else BOARDS
    print("tunings  replicates  sd of a tuning  " + "  ".join(ASKED))
    for tunings, replicates in BUDGETS:
        for tuned in TUNED:
            found = held(tunings, replicates, tuned, boards)
            shares = "  ".join(f"{share:{len(name)}.1%}" for name, share in found.items())
            print(f"{tunings:7}  {replicates:10}  {tuned:14}  {shares}", flush=True)


if __name__ == "__main__":
    main()
