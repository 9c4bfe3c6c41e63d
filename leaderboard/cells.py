"""What a cell's page says: the verdict in a sentence, its runs' curves and gradients, its neighbours, how to redo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import yaml
from markupsafe import Markup
from numpy.typing import NDArray

from leaderboard import charts, reproduce
from leaderboard.boards import Board, Row
from leaderboard.charts import Dot, Line, Mark
from leaderboard.scales import Scale, loss_scale, significant
from suite.pictures.strips import median_over_replicates, strip_image, thinned
from suite.protocol.along import TIME
from suite.protocol.ranks import basin_of
from suite.protocol.records import Replicate
from suite.protocol.statistics import Interval, mean_intervals


@dataclass(frozen=True)
class Neighbour:
    """A cell one factor away.

    Attributes:
        row: The cell.
        factor: Which factor differs.
        was: This cell's level of it.
        becomes: The neighbour's.
        gain: Paired mean difference of test score, neighbour minus this, with its interval; None if one has no result.
        fixes: Whether it trains and this one does not.
    """

    row: Row
    factor: str
    was: str
    becomes: str
    gain: Interval | None
    fixes: bool


class CellPages:
    """Hands out what the page of each cell of a board shows; the tables are taken apart once.

    Args:
        board: The board.
    """

    def __init__(self, board: Board) -> None:
        self.board = board
        self._by_labels = {row.labels: row for row in board.rows}
        self._index = {row.cell: index for index, row in enumerate(board.recorded)}
        curves = board.results.curves.sort_values(["cell", "replicate", "step"], kind="stable")
        self._curves = {
            name: np.asarray(curves[name], dtype=float)
            for name in ("replicate", "step", "train_loss", "validation_score")
        }
        cells = np.asarray(curves["cell"], dtype=str)
        starts = np.flatnonzero(np.r_[True, cells[1:] != cells[:-1]]) if len(cells) else np.zeros(0, dtype=int)
        self._curve_rows = {
            cells[a]: slice(int(a), int(b)) for a, b in zip(starts, [*starts[1:], len(cells)], strict=True)
        }
        self._steps = Scale(0, board.manifest.budget.steps)

    @cached_property
    def _document(self) -> yaml.MappingNode | None:
        return reproduce.documents(self.board.manifest.spec).get(self.board.results.name)

    def replicates(self, row: Row) -> Sequence[Replicate]:
        """The cell's runs; none of a missing one."""
        return () if row.missing else self.board.results.ran[row.cell].replicates

    def fragment(self, row: Row) -> str | None:
        """The YAML that runs this cell alone."""
        document = self._document
        return None if document is None else reproduce.cut(document, self.board.factors, row.labels)

    def neighbours(self, row: Row) -> list[Neighbour]:
        """Cells one factor away: those that fix it first, then by test score, those without a result last."""
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
        mine, scores = self.board.scores[self._index[row.cell]], self.board.scores
        samples = []
        for other in others:
            difference = np.full(0, np.nan) if other.missing else scores[self._index[other.cell]] - mine
            samples.append(difference[~np.isnan(difference)])
        intervals = mean_intervals(samples, bounds=self.board.scale.difference_bounds)
        return [interval if len(sample) else None for interval, sample in zip(intervals, samples, strict=True)]

    def strips(self, row: Row) -> list[tuple[int, str, str]]:
        """Index, outcome and heat strip of every run."""
        outcome = {run.replicate: run.outcome for run in self.replicates(row)}
        replicates, _, _, block = self.board.results.probed(row.cell)
        return [(int(r), outcome.get(int(r), ""), strip_image(block[i], row.looks)) for i, r in enumerate(replicates)]

    def figures(self, row: Row) -> dict[str, Markup]:
        """The charts, by name; one that has nothing to show is left out."""
        outcome = {run.replicate: run.outcome for run in self.replicates(row)}
        found = self._curve_figures(row, outcome) | self._depth_figures(row)
        if self.board.results.ran[row.cell].trials:
            found["rates"] = self._rates(row)
        if self.board.results.through_time is not None:
            _, steps, times, block = self.board.results.through_time.of(row.cell)
            if block.size:
                found |= self._time_figures(steps, times, median_over_replicates(block))
        return found

    def _curve_figures(self, row: Row, outcome: Mapping[int, str]) -> dict[str, Markup]:
        rows = self._curve_rows.get(row.cell, slice(0, 0))
        columns = {name: values[rows] for name, values in self._curves.items()}
        if not len(columns["step"]):
            return {}
        baseline, scale, found = self.board.manifest.task.baseline_loss, self.board.scale, {}
        for name, column, y, title, mark in (
            ("loss", "train_loss", loss_scale(baseline), "training loss", Mark("constant predictor", baseline)),
            ("score", "validation_score", scale.axis, f"validation {scale.metric}", Mark("target", scale.target)),
        ):
            series = []
            for replicate in np.unique(columns["replicate"]).astype(int).tolist():
                run = columns["replicate"] == replicate
                ended = outcome.get(replicate, "")
                points = list(zip(columns["step"][run].tolist(), columns[column][run].tolist(), strict=True))
                series.append(Line(f"replicate {replicate}: {ended}", f"l o-{ended}", points))
            label = f"{title.capitalize()} of {len(series)} runs over training, the last value of each: " + ", ".join(
                significant(line.points[-1][1]) for line in series
            )
            found[name] = charts.lines(
                series, x=self._steps, y=y, x_title="step", y_title="", label=label, marks=[mark]
            )
        return found

    def _depth_figures(self, row: Row) -> dict[str, Markup]:
        if not row.gradients.size:
            return {}
        steps, places = row.steps, row.gradients.shape[1]
        along = self.board.along
        label = f"Median gradient RMS by {along.place} and step; {row.strip_text}"
        picked = thinned(len(steps), 60)
        heat = charts.heat_map(
            row.gradients[picked].T[::-1], x=self._steps, until=self._steps.at(float(steps[-1])),
            y=Scale(0.5, places + 0.5, whole=True),
            x_title="step", y_title=along.way, label=label,
        )  # fmt: skip
        if along is TIME:
            return {"heat": heat}
        depth = Scale(1, max(places, 2), whole=True)
        series = _three_lines(steps, np.arange(1, places + 1), row.gradients)
        by_depth = charts.gradient_lines(series, x=depth, x_title="layer, 1 is nearest the input", label=label)
        return {"heat": heat, "depth": by_depth}

    def _time_figures(
        self, steps: NDArray[np.int32], times: NDArray[np.int32], gradients: NDArray[np.float64]
    ) -> dict[str, Markup]:
        kept = thinned(len(times), 60)
        axis = Scale(int(times[0]), max(int(times[-1]), int(times[0]) + 1), whole=True)
        label = "Median RMS of dLoss/dh by time step, at the first, middle and last probed step"
        series = _three_lines(steps, times[kept], gradients[:, kept])
        return {"time": charts.gradient_lines(series, x=axis, x_title="time step, 1 is the first input", label=label)}

    def _rates(self, row: Row) -> Markup:
        scale, budget, cell = self.board.scale, self.board.manifest.budget, self.board.results.ran[row.cell]
        dots = [
            Dot(
                f"{significant(trial.learning_rate)}: {scale.write(trial.validation_score)}, {trial.outcome}",
                trial.learning_rate, trial.validation_score, trial.shared_grid,
                trial.learning_rate == row["learning_rate"],
            )
            for trial in cell.trials
        ]  # fmt: skip
        x = Scale(budget.learning_rate_low, max(budget.learning_rate_high, budget.learning_rate_low * 1.01), log=True)
        label = (
            f"Validation {scale.metric} of {len(dots)} learning rates, the best is {significant(row['learning_rate'])}"
        )
        return charts.rates(
            dots, basin_of(cell) or [], x=x, y=scale.axis, y_title=f"validation {scale.metric}", label=label,
            marks=[Mark("target", scale.target)],
        )  # fmt: skip


def _three_lines(steps: NDArray[np.int32], places: NDArray[Any], gradients: NDArray[np.float64]) -> list[Line]:
    """The gradient at the first, the middle and the last probed step; a zero lies at the foot of the scale."""
    picks = dict.fromkeys((0, len(steps) // 2, len(steps) - 1))
    styles = ("l s-first", "l s-middle", "l s-last")
    return [
        Line(f"step {int(steps[pick])}", style, list(zip(places.tolist(), gradients[pick].tolist(), strict=True)))
        for pick, style in zip(picks, styles, strict=False)
    ]


def verdict(board: Board, row: Row) -> str:
    """What became of the cell, in a sentence or two."""
    if row.missing:
        status, detail = row.missing
        reason = f" ({detail})" if detail else ""
        return f"There is no result: {status}{reason}. It is not ranked, and counts as neither success nor failure."
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
        said += f" The probes of its failed runs show: {', '.join(row.causes)}."
    if factor is not None:
        said += f" At the first step every {board.along.place} multiplies the gradient by {significant(factor)} on its way back."
    return said
