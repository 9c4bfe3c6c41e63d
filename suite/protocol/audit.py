"""Is the tuning to be trusted? What four times the trials would gain, measured on a sample of cells.

Each audited cell is tuned again with `TIMES` the trials under another tuning seed; then the rate that it had and the rate
found now are trained under the same fresh seeds, which no tuning has seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suite.protocol.records import Cell, Outcome, Record

TIMES = 4
"""Trials of the audit, over those of the cell."""

POOR = 0.02
"""A mean gain above this is told beside the ranking: differences as small as it may be the tuning's."""


@dataclass(frozen=True)
class Audited:
    """One cell under fresh seeds: with its own rate, and with the rate that more trials found."""

    cell: Cell
    own: Record
    audited: Record

    def rows(self) -> list[dict[str, Any]]:
        """A row a fresh seed, in the columns that `suite.protocol.columns.AUDIT_COLUMNS` promises."""
        from suite.protocol.ranks import score_or_chance

        return [
            {
                "replicate": own.replicate,
                "seed": own.seed,
                "learning_rate": self.own.learning_rate,
                "audited_learning_rate": self.audited.learning_rate,
                "test_score": score_or_chance(own.test_score, self.own),
                "audited_test_score": score_or_chance(audited.test_score, self.audited),
                "outcome": own.outcome,
                "audited_outcome": audited.outcome,
            }
            for own, audited in zip(self.own.replicates, self.audited.replicates, strict=False)
        ]


@dataclass(frozen=True)
class AuditSummary:
    """What an audit found.

    Attributes:
        cells: That were audited.
        of_cells: That are recorded.
        trials: Of a cell.
        audited_trials: Of the audit.
        gain: Mean over the cells of what the audit's rate scores above the cell's own; positive is better.
        low: Lower end of its 95% interval, by Student's t over the cells; None of one cell.
        high: Upper end.
        worst: The largest gain of a cell.
        changed: Cells that train in half of the fresh runs or more with the one rate, and not with the other.
    """

    cells: int
    of_cells: int
    trials: int
    audited_trials: int
    gain: float
    low: float | None
    high: float | None
    worst: float
    changed: int

    @property
    def poor(self) -> bool:
        """Whether the board has to say so beside its ranking."""
        return self.gain > POOR


def summarize(
    rows: Sequence[Mapping[str, Any]], *, of_cells: int, trials: int, higher_is_better: bool
) -> AuditSummary | None:
    """What an audit found; None of one without rows.

    Args:
        rows: Of the audit's table, with the column `cell`.
        of_cells: Recorded cells of the benchmark.
        trials: Of each of them.
        higher_is_better: Which way scores are ranked.
    """
    import numpy as np
    from scipy import special

    by_cell: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_cell.setdefault(row["cell"], []).append(row)
    if not by_cell:
        return None
    sign = 1 if higher_is_better else -1
    gains = {
        cell: sign * float(np.mean([row["audited_test_score"] - row["test_score"] for row in runs]))
        for cell, runs in by_cell.items()
    }
    values = np.array(list(gains.values()))
    half = None
    if len(values) > 1:
        half = float(special.stdtrit(len(values) - 1, 0.975) * values.std(ddof=1) / np.sqrt(len(values)))
    mean = float(values.mean())
    return AuditSummary(
        cells=len(values),
        of_cells=of_cells,
        trials=trials,
        audited_trials=TIMES * trials,
        gain=mean,
        low=None if half is None else mean - half,
        high=None if half is None else mean + half,
        worst=max(gains.values()),
        changed=sum(_trains(runs, "outcome") != _trains(runs, "audited_outcome") for runs in by_cell.values()),
    )


def _trains(runs: Sequence[Mapping[str, Any]], column: str) -> bool:
    return 2 * sum(run[column] == Outcome.TRAINED for run in runs) >= len(runs)
