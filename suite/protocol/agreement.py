"""How far two runs of the same recipes lie from each other, in their own standard errors.

Two machines do not give the same bits, and networks amplify rounding. So a repetition with the same seeds on another
processor, or with other seeds on the same one, gives other scores; this says whether by more than their intervals hold.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from suite.protocol.intervals import Estimate
from suite.protocol.ranks import Ran, cell_scores


@dataclass(frozen=True)
class Agreement:
    """The comparison of the recipes that two runs of a benchmark share.

    Attributes:
        recipes: Number of shared recipes.
        identical: Number of them with the same scores in all runs.
        rms: Root mean square of the differences, in standard errors of a difference; NaN if no recipe has one.
    """

    recipes: int
    identical: int
    rms: float


def agreement(here: Mapping[str, Ran], there: Mapping[str, Ran]) -> Agreement:
    """Compares the mean test scores of the recipes that two runs of a benchmark share.

    Args:
        here: Results by fingerprint.
        there: The same of the other run.
    """
    shared = [cell for cell in here if cell in there]
    squares = []
    identical = sum(_scores(here[cell]) == _scores(there[cell]) for cell in shared)
    for one, other in zip(_estimates(here, shared), _estimates(there, shared), strict=True):
        error = math.hypot(one.error, other.error)
        if error > 0:
            squares.append(((one.mean - other.mean) / error) ** 2)
    return Agreement(len(shared), identical, math.sqrt(sum(squares) / len(squares)) if squares else math.nan)


def _scores(cell: Ran) -> list[float | None]:
    return [run.test_score for run in cell.replicates]


def _estimates(cells: Mapping[str, Ran], shared: list[str]) -> list[Estimate]:
    scores = cell_scores([cells[cell] for cell in shared])
    return [scores.estimate([1], [row]) for row in range(len(shared))]
