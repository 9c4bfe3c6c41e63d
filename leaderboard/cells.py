"""Contents of a recipe's page: verdict, curves and gradients, recipes one change away, how to reproduce it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import yaml

from leaderboard import reproduce
from leaderboard.boards import Board, Row
from suite.pictures.charts import RATE_GAP
from suite.pictures.numbers import significant
from suite.pictures.views import CellView, Curves, Gradients
from suite.protocol.gradient_axis import TIME
from suite.protocol.ranks import CellResult
from suite.protocol.rates import any_at_edge
from suite.protocol.records import Budget, Replicate
from suite.protocol.run_statistics import STATISTICS, Statistic
from suite.protocol.statistics import Interval

_CURVES = ("step", "train_loss", "validation_score", "effective_beta")


@dataclass(frozen=True)
class Neighbour:
    """A cell that differs in one factor.

    Attributes:
        row: The neighbouring cell.
        factor: Factor that differs.
        was: Level of this cell.
        becomes: Level of the neighbour.
        gain: Paired mean difference of test score (neighbour minus this) with its interval; None without both results.
        fixes: Whether the neighbour trains and this cell does not.
    """

    row: Row
    factor: str
    was: str
    becomes: str
    gain: Interval | None
    fixes: bool


class CellPages:
    """Contents of the pages of all cells of a board."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self._by_labels = {row.labels: row for row in board.rows}
        self._index = {row.cell: index for index, row in enumerate(board.recorded)}
        curves = board.results.curves.sort_values(["cell", "replicate", "step"], kind="stable")
        self._curves = {str(cell): rows for cell, rows in curves.groupby("cell", observed=True)}

    @cached_property
    def _document(self) -> yaml.MappingNode | None:
        return reproduce.documents(self.board.manifest.spec).get(self.board.results.name)

    def replicates(self, row: Row) -> Sequence[Replicate]:
        """The cell's runs; empty for a missing cell."""
        return () if row.missing else self.board.results.ran[row.cell].replicates

    def run_statistics(self, row: Row) -> Sequence[Statistic]:
        """Statistics with a value in at least one of the cell's runs."""
        runs = self.replicates(row)
        return [s for s in STATISTICS if any(run.statistics.get(s.key) is not None for run in runs)]

    def fragment(self, row: Row) -> str | None:
        """YAML that runs only this cell."""
        document = self._document
        return None if document is None else reproduce.cut(document, self.board.factors, row.labels)

    def neighbours(self, row: Row) -> list[Neighbour]:
        """Cells that differ in one factor: fixes first, then by test score, missing cells last."""
        found = []
        for index, (factor, labels) in enumerate(self.board.factors.items()):
            for label in labels:
                other = self._by_labels.get((*row.labels[:index], label, *row.labels[index + 1 :]))
                if other is not None and label != row.labels[index]:
                    found.append((other, factor, row.labels[index], label))
        gains = self._gains(row, [other for other, *_ in found])
        neighbours = [
            Neighbour(
                other, factor, was, becomes, gain, other.trains and row.result in ("some", "none") and not row.trains
            )
            for (other, factor, was, becomes), gain in zip(found, gains, strict=True)
        ]
        sign = -1 if self.board.scale.higher_is_better else 1
        return sorted(
            neighbours, key=lambda n: (not n.fixes, n.row.missing is not None, sign * (n.row["test_score"] or 0.0))
        )

    def _gains(self, row: Row, others: Sequence[Row]) -> list[Interval | None]:
        if row.missing:
            return [None] * len(others)
        mine, bounds = self._index[row.cell], self.board.scale.difference_bounds
        gains = []
        for other in others:
            pair = None if other.missing else [self._index[other.cell], mine]
            gain = self.board.scores.estimate([1, -1], pair).interval(bounds=bounds) if pair else None
            gains.append(None if gain is None or math.isnan(gain[0]) else gain)
        return gains

    def view(self, row: Row) -> CellView:
        """Data of the cell's charts."""
        results = self.board.results
        replicates, steps, _, block = results.probed(row.cell)
        time = None
        if results.through_time is not None:
            of_run, at, _, through_time = results.through_time.of(row.cell)
            time = Gradients(of_run.tolist(), at, through_time, TIME)
        curves = []
        for _, rows in self._curves[row.cell].groupby("replicate") if row.cell in self._curves else ():
            columns = (rows[name].tolist() for name in _CURVES if name in rows)
            curves.append(Curves(int(rows["replicate"].iloc[0]), *columns))
        budget = replace(Budget(**self.board.manifest.budget.model_dump()), steps=self.board.steps(row))
        gradients = Gradients(replicates.tolist(), steps, block, results.along)
        return CellView(results.ran[row.cell], budget, self.board.scale, curves, gradients, time)

    def rate_first(self, row: Row) -> list[str]:
        """Remarks on the learning rate of a cell that does not train: it is the first thing to try."""
        cell = self.board.results.ran[row.cell]
        if not cell.trials:
            return [f"Learning rate: fixed at {significant(cell.learning_rates[0])}; no other was tried."]
        return [f"Learning rate: {said}" for said in (*self._met(cell), *self._at_edge(cell), *self._untried(cell))]

    def _met(self, cell: CellResult) -> Iterator[str]:
        """The best rate that met the target during tuning, by its mean over tuning seeds."""
        scale = self.board.scale
        scores: dict[float, list[float]] = {}
        for trial in cell.trials:
            scores.setdefault(trial.learning_rate, []).append(
                scale.chance if trial.validation_score is None else trial.validation_score
            )
        sign = 1 if scale.higher_is_better else -1
        best, rate = max((sign * float(np.mean(found)), rate) for rate, found in scores.items())
        if best >= sign * scale.target:
            own = " (the chosen rate)" if rate in cell.learning_rates else ""
            yield (
                f"{significant(rate)}{own} met the target during tuning, with other seeds (validation "
                f"{scale.metric} {scale.write(sign * best)})."
            )

    def _at_edge(self, cell: CellResult) -> Iterator[str]:
        budget = self.board.manifest.budget
        low, high = budget.learning_rate_low, budget.learning_rate_high
        for rate in dict.fromkeys(rate for rate in cell.learning_rates if any_at_edge([rate], low, high)):
            nearer_low = rate * rate < low * high
            end, beyond = ("lower", "smaller") if nearer_low else ("upper", "larger")
            yield f"{significant(rate)} is at the {end} end of the range searched; a {beyond} one may work."

    def _untried(self, cell: CellResult) -> Iterator[str]:
        rates = sorted(trial.learning_rate for trial in cell.trials)
        gaps = [(math.log10(high / low), low, high) for low, high in itertools.pairwise(rates)]
        width, low, high = max(gaps, default=(0.0, 0.0, 0.0))
        if width > RATE_GAP + 1e-9:
            yield f"none between {significant(low)} and {significant(high)} was tried; one of them may work."


def verdict(board: Board, row: Row) -> str:
    """The result of a cell in a few sentences."""
    if row.missing:
        status, detail = row.missing
        reason = f" ({detail})" if detail else ""
        return f"No result: {status}{reason}. It is not ranked and counts as neither success nor failure."
    trained, total, scale = row["trained"], row["replicates"], board.scale
    others = ", ".join(f"{count} {name}" for name, count in row.outcomes.items() if name != "trained")
    if trained == total:
        said = f"Trains: {'its one run meets' if total == 1 else f'all {total} runs meet'} the target"
    elif trained:
        said = f"Trains sometimes: {trained} of {total} runs meet the target, {others}"
    else:
        said = f"Does not train: none of {total} runs {'meets' if total == 1 else 'meet'} the target, {others}"
    if row["test_score"] is not None:
        said += f"; test {scale.metric} {scale.write(row['test_score'])}"
        if row["test_low"] is not None and row["test_high"] is not None:
            said += f" (95% interval {scale.write(row['test_low'])} to {scale.write(row['test_high'])})"
    said += f", tier {row['tier']}."
    factor = row["gradient_factor_init"]
    if row.causes:
        said += f" Diagnosis of the failed runs: {', '.join(row.causes)}."
    if factor is not None:
        said += f" At the first step each {board.along.place} multiplies the backpropagated gradient by {significant(factor)}."
    return said
