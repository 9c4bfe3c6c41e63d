"""Contents of a recipe's page: verdict, curves and gradients, recipes one change away, how to reproduce it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import yaml

from leaderboard import reproduce
from leaderboard.boards import Board, Row
from leaderboard.factor_names import is_condition, phrase
from leaderboard.keras_code import CodeWriter, changed_lines
from leaderboard.keras_components import Unwritable
from suite.pictures.charts import RATE_GAP
from suite.pictures.numbers import significant
from suite.pictures.views import CellView, Curves, Gradients, nonfinite_end
from suite.protocol.gradient_axis import TIME
from suite.protocol.ranks import CellResult
from suite.protocol.rates import any_at_edge
from suite.protocol.records import Budget, Replicate
from suite.protocol.run_statistics import STATISTICS, Statistic
from suite.protocol.statistics import Interval

_CURVES = ("step", "train_loss", "validation_score", "effective_beta")


@dataclass(frozen=True)
class Swap:
    """One factor that differs between two recipes: its level in this one and in the other."""

    factor: str
    was: str
    becomes: str


@dataclass(frozen=True)
class Neighbour:
    """A recipe that differs in one factor, or in two.

    Attributes:
        row: The neighbouring cell.
        swaps: Factors that differ.
        fixes: Whether the neighbour trains and this cell does not.
        gain: Paired mean difference of test score (neighbour minus this) with its interval; None without both results.
    """

    row: Row
    swaps: tuple[Swap, ...]
    fixes: bool
    gain: Interval | None = None

    @property
    def condition(self) -> bool:
        """Whether it trains under easier conditions, such as fewer layers, instead of by another recipe."""
        return any(is_condition(swap.factor) for swap in self.swaps)

    @property
    def name(self) -> str:
        """The changes in words, such as `lstm and adam`."""
        return " and ".join(phrase(swap.factor, swap.becomes) for swap in self.swaps)


@dataclass(frozen=True)
class Remedy:
    """A change as Keras code: lines of both programs, each with whether the other lacks it."""

    neighbour: Neighbour
    before: Sequence[tuple[str, bool]]
    after: Sequence[tuple[str, bool]]


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

    @cached_property
    def _code(self) -> CodeWriter:
        manifest = self.board.manifest
        return CodeWriter(manifest, reproduce.grid_levels(self._document, self.board.factors))

    def replicates(self, row: Row) -> Sequence[Replicate]:
        """The cell's runs; empty for a missing cell."""
        return () if row.missing else self.board.results.ran[row.cell].replicates

    def run_statistics(self, row: Row) -> Sequence[Statistic]:
        """Statistics with a value in at least one of the cell's runs."""
        runs = self.replicates(row)
        return [s for s in STATISTICS if any(run.statistics.get(s.key) is not None for run in runs)]

    def rates(self, row: Row) -> list[float]:
        """The learning rates that the cell's tunings chose, ascending."""
        return sorted(set(self.board.results.ran[row.cell].learning_rates))

    def fragment(self, row: Row) -> str | None:
        """YAML that runs only this cell."""
        document = self._document
        return None if document is None else reproduce.cut(document, self.board.factors, row.labels)

    def neighbours(self, row: Row) -> list[Neighbour]:
        """Cells that differ in one factor: fixes first, conditions after changes of the recipe, then by test score,
        missing cells last."""
        found = []
        for index, (factor, labels) in enumerate(self.board.factors.items()):
            for label in labels:
                other = self._by_labels.get((*row.labels[:index], label, *row.labels[index + 1 :]))
                if other is not None and label != row.labels[index]:
                    swaps = (Swap(factor, row.labels[index], label),)
                    found.append(Neighbour(other, swaps, self._fixes(row, other)))
        return self._ranked(found)

    def differing(self, row: Row, count: int) -> list[Neighbour]:
        """Cells with a result that differ in so many choices, under the same conditions; fixes first, then by test score."""
        found = []
        for other in self.board.recorded:
            swaps = tuple(
                Swap(factor, was, becomes)
                for factor, was, becomes in zip(self.board.factors, row.labels, other.labels, strict=True)
                if was != becomes
            )
            if len(swaps) == count and not any(is_condition(swap.factor) for swap in swaps):
                found.append(Neighbour(other, swaps, self._fixes(row, other)))
        return self._ranked(found)

    def nearest_fixes(self, row: Row, most: int = 5) -> list[Neighbour]:
        """The best cells that train and differ in as few choices as possible, two at least; at most `most`."""
        by_count = (self.differing(row, count) for count in range(2, len(self.board.factors) + 1))
        fixes = ([n for n in found if n.fixes] for found in by_count)
        return next((found[:most] for found in fixes if found), [])

    def _fixes(self, row: Row, other: Row) -> bool:
        return other.trains and row.result in ("some", "none") and not row.trains

    def _ranked(self, found: Sequence[Neighbour]) -> list[Neighbour]:
        sign = -1 if self.board.scale.higher_is_better else 1
        return sorted(
            found, key=lambda n: (
                not n.fixes, n.condition, n.row.missing is not None, sign * (n.row["test_score"] or 0.0), n.row.cell,
            ),
        )  # fmt: skip

    def with_gains(self, row: Row, neighbours: Sequence[Neighbour]) -> list[Neighbour]:
        """The same cells with the paired difference of their test scores to this one."""
        return [replace(n, gain=self._gain(row, n.row)) for n in neighbours]

    def _gain(self, row: Row, other: Row) -> Interval | None:
        if row.missing or other.missing:
            return None
        gain = self.board.scores.estimate([1, -1], [self._index[other.cell], self._index[row.cell]])
        return None if math.isnan(gain.mean) else gain.interval(bounds=self.board.scale.difference_bounds)

    def code(self, row: Row) -> str | None:
        """The recipe as a Keras program; None if Keras has no layers for it."""
        return None if row.missing else self._code.write(row.labels, row["learning_rate"])

    def remedy(self, row: Row, neighbour: Neighbour) -> Remedy | None:
        """A change as Keras code; None if the programs differ in nothing but the rate that each was tuned to."""
        before, after = self.code(row), self.code(neighbour.row)
        tuned = None if self.board.fixed_rates else self._code.write(neighbour.row.labels, row["learning_rate"])
        if before is None or after is None or before in (after, tuned):
            return None
        return Remedy(neighbour, *changed_lines(before, after))

    def remedies(self, row: Row, neighbours: Sequence[Neighbour], most: int = 4) -> list[Remedy]:
        """The first changes that can be written in Keras."""
        found = (remedy for n in neighbours if (remedy := self.remedy(row, n)))
        return list(itertools.islice(found, most))

    def levels(self, row: Row) -> Mapping[str, Any]:
        """Canonical level of every factor of the grid, or its label where that is not known."""
        try:
            return self._code.levels(row.labels)
        except Unwritable:
            return dict(zip((factor.removesuffix("_level") for factor in self.board.factors), row.labels, strict=True))

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
            yield f"none between {significant(low)} and {significant(high)} was tried; one of these may work."


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
    if end := nonfinite_end(board.results.ran[row.cell].replicates):
        said += f" {end.words[0].upper()}{end.words[1:]}."
    factor, ratio = row["gradient_factor_init"], row["gradient_ratio_init"]
    if row.causes:
        said += f" Diagnosis: {' and '.join(_in_words(cause) for cause in row.causes)}."
    if factor is not None and ratio is not None:
        said += f" At the first step each {board.along.place} {_shrinks(factor)}"
        if abs(ratio) >= 1 and (factor < 1) == (ratio < 0):
            said += (
                f"; from the {board.along.last} to the {board.along.first} that is a factor of 10{_raised(abs(ratio))}"
            )
        said += "."
    return said


def _raised(power: float) -> str:
    return f"{power:.0f}".translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _in_words(cause: str) -> str:
    return f"{cause} gradient" if cause in ("vanishing", "exploding") else f"{cause} units"


def _shrinks(factor: float) -> str:
    if factor < 0.95:
        return f"shrinks the backpropagated gradient to {significant(100 * factor)}%"
    if factor > 1.05:
        return f"enlarges the backpropagated gradient {significant(factor)}-fold"
    return "leaves the backpropagated gradient nearly unchanged"
