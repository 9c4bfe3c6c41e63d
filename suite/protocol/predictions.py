"""What a condition on a cell's figures says of its outcome, counted over cells.

A cell meets a condition if at least half of its replicates do that are known to. Cells count, not runs: the replicates of a cell share
its recipe.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suite.protocol.claims import Claim, Predict
from suite.protocol.contexts import rows_within
from suite.protocol.decisions import Share, Shares
from suite.protocol.evidence import Evidence
from suite.protocol.expressions import parse
from suite.protocol.statistics import Interval


@dataclass(frozen=True)
class Prediction:
    """Counts of cells.

    Attributes:
        cells: For which the condition holds.
        hits: Those of them for which what is said holds.
        others: For which the condition does not hold.
        other_hits: Those of them for which what is said holds all the same.
        unknown: Cells left out, since one or the other is not known of them.
        misses: (benchmark, fingerprint) of the cells that speak against it.
        benchmarks: The same counts of each benchmark: name, hits, cells.
    """

    cells: int
    hits: int
    others: int
    other_hits: int
    unknown: int
    misses: tuple[tuple[str, str], ...]
    benchmarks: tuple[tuple[str, int, int], ...]

    @property
    def share(self) -> Share:
        """Of the cells for which the condition holds."""
        return Share(self.hits, self.cells)

    @property
    def lift(self) -> Interval | None:
        """By how much the condition raises the share, with Newcombe's interval; None where there are no others."""
        return Shares(self.hits, self.cells, self.other_hits, self.others).interval() if self.others else None


def predicted(claim: Claim, form: Predict, seen: Sequence[Evidence]) -> Prediction:
    """Counts the cells of every benchmark that a claim is about."""
    cells = hits = others = other_hits = unknown = 0
    misses: list[tuple[str, str]] = []
    by_benchmark = []
    for evidence in seen:
        rows = rows_within(claim, evidence)
        when = np.ones(len(rows)) if form.when is None else _met(evidence.values(parse(form.when))[rows])
        then = _met(evidence.values(parse(form.then))[rows])
        known = ~np.isnan(when) & ~np.isnan(then)
        meets, holds, rest = known & (when == 1), known & (then == 1), known & (when == 0)
        found, right = int(meets.sum()), int((meets & holds).sum())
        cells, hits, unknown = cells + found, hits + right, unknown + int((~known).sum())
        others, other_hits = others + int(rest.sum()), other_hits + int((rest & holds).sum())
        misses += [(evidence.benchmark, evidence.cells[rows[i]]) for i in np.flatnonzero(meets & ~holds).tolist()]
        by_benchmark.append((evidence.benchmark, right, found))
    return Prediction(cells, hits, others, other_hits, unknown, tuple(misses), tuple(by_benchmark))


def _met(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each row of (cells, replicates): whether at least half of what is known is true; NaN where nothing is."""
    known = ~np.isnan(table)
    counts = known.sum(axis=1)
    share = np.where(known, table, 0.0).sum(axis=1) / np.maximum(counts, 1)
    return np.where(counts > 0, (share >= 0.5).astype(float), np.nan)
