"""A benchmark's board: one row per cell, ranked as in the export; missing cells come last."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leaderboard.factor_names import factor_title, phrase
from suite.pictures.axes import ScoreScale
from suite.pictures.numbers import gradient_text
from suite.pictures.scale import median_over_replicates
from suite.pictures.strips import strip_image
from suite.protocol.columns import CELL_COLUMNS, factor_column
from suite.protocol.gradient_axis import DEPTH, GradientAxis
from suite.protocol.intervals import Scores
from suite.protocol.labels import label_text
from suite.protocol.ranks import compared_scores, order
from suite.protocol.records import Cause, Outcome
from suite.results.manifest import WITHOUT_DRAWS, Manifest
from suite.results.results import Results

RESULTS = {"all": "all runs train", "some": "some runs train", "none": "no run trains", "missing": "no result yet"}
"""Choices of the board's result filter."""


@dataclass(frozen=True)
class Row:
    """One cell. A value of None was not measured; a missing cell only has its recipe and status.

    Attributes:
        cell: Fingerprint of the cell.
        labels: Level of every factor, in the order of the grid.
        phrases: The levels in words that need no factor name.
        missing: Status and detail of a cell without a result, else None.
        figures: The cell's row of the cells table.
        outcomes: Number of runs by outcome, in the order of the protocol.
        causes: Diagnosed causes of its failed runs.
        gradients: Median gradients over replicates, shape (steps, places).
        along: Axis of the places: layers or time steps.
        steps: Probed steps, shape (steps,).
        looks: Number of probed steps of a complete run.
    """

    cell: str
    labels: tuple[str, ...]
    phrases: tuple[str, ...]
    missing: tuple[str, str] | None = None
    figures: Mapping[str, Any] = field(default_factory=lambda: dict.fromkeys(CELL_COLUMNS))
    outcomes: Mapping[str, int] = field(default_factory=dict)
    causes: tuple[str, ...] = ()
    gradients: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))
    along: GradientAxis = DEPTH
    steps: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    looks: int = 1

    def __getitem__(self, column: str) -> Any:
        """A value of the cells table; None if it is empty or the cell is missing."""
        return self.figures[column]

    @property
    def name(self) -> str:
        """The recipe in one line, with line breaks allowed after each dot."""
        return "\u00a0· ".join(self.phrases)

    @property
    def result(self) -> str:
        """A key of `RESULTS`."""
        if self.missing:
            return "missing"
        trained, total = self["trained"], self["replicates"]
        return "all" if trained == total else "some" if trained else "none"

    @property
    def trains(self) -> bool:
        """Whether most of its runs train."""
        return not self.missing and self["success_rate"] > 0.5

    @cached_property
    def strip(self) -> str:
        """The heat strip as a `data:` URI."""
        mostly = 2 * self.outcomes.get(Outcome.NONFINITE, 0) > sum(self.outcomes.values())
        return strip_image(self.gradients, self.looks, mostly)

    @property
    def strip_text(self) -> str:
        """Text alternative of the heat strip."""
        if not self.gradients.size:
            return "not probed"
        first = self.gradients[0]
        last, start = gradient_text(first[-1]), gradient_text(first[0])
        return f"first step: {last} at the {self.along.last}, {start} at the {self.along.first}"


@dataclass(frozen=True)
class Facet:
    """A filter of the board: a factor, the result or the cause of failure.

    Attributes:
        key: Key in the URL.
        title: Title on the page.
        options: Value, text, number of cells and position among the levels of each choice.
        index: Index of the factor; None for a filter that is no factor.
    """

    key: str
    title: str
    options: tuple[tuple[str, str, int, int | str], ...]
    index: int | None = None


@dataclass(frozen=True)
class Board:
    """The ranked cells of one benchmark.

    Attributes:
        results: Exported tables and manifest.
        scale: Axis and format of its scores.
        rows: Finished cells by tier, then by test score, followed by the missing cells.
        scores: Test scores of the finished cells, no worse than chance.
    """

    results: Results
    scale: ScoreScale
    rows: tuple[Row, ...]
    scores: Scores

    @property
    def manifest(self) -> Manifest:
        return self.results.manifest

    @property
    def factors(self) -> dict[str, tuple[str, ...]]:
        return self.results.factors

    @cached_property
    def recorded(self) -> tuple[Row, ...]:
        """Rows with a result."""
        return tuple(row for row in self.rows if not row.missing)

    @cached_property
    def missing(self) -> tuple[Row, ...]:
        """Rows without a result."""
        return tuple(row for row in self.rows if row.missing)

    @property
    def along(self) -> GradientAxis:
        """Axis of the gradients: layers or time steps."""
        return self.results.along

    @property
    def steps_vary(self) -> bool:
        """Whether cells differ in their number of training steps."""
        return factor_column("steps") in self.factors

    @property
    def fixed_rates(self) -> bool:
        """Whether learning rates are given with the recipe, and not tuned."""
        return factor_column("learning_rate") in self.factors or self.manifest.fixed.get("learning_rate") is not None

    @property
    def tuning_text(self) -> str:
        """What the intervals hold, and how much scores scatter between tunings, in a sentence or two."""
        tunings = self.manifest.budget.tunings
        if self.manifest.protocol_version == WITHOUT_DRAWS:
            return (
                "Measured under protocol version 2, with one tuning and one split of the data: intervals cover seeds only, "
                "and a repetition changes differences about twice as much."
            )
        if not self.manifest.budget.trials:
            return "Learning rates are fixed. Every run has its own seed and its own draw of the data."
        scatter = {
            words: math.sqrt(self.scores.levels[kind].between.variance)
            for kind, words in enumerate(("all runs train", "some runs train", "no run trains"))
            if kind < len(self.scores.levels) and self.scores.levels[kind].between.degrees
        }
        if not scatter:
            return "Learning rates were tuned once, so that intervals leave out what another tuning would change."
        told = [f"{spread:.2g} where {words}" for words, spread in scatter.items() if spread]
        by = (
            f"by {', '.join(told)} (standard deviation; the intervals include it)"
            if told
            else "no more than from run to run"
        )
        return f"Learning rates were tuned {tunings} times. From one tuning to another scores scatter {by}."

    def steps(self, row: Row) -> int:
        """Number of training steps of a cell."""
        return self.manifest.steps_of(dict(zip(self.factors, row.labels, strict=True)))

    @property
    def best(self) -> Row | None:
        """The best row; None if nothing has a result."""
        return self.recorded[0] if self.recorded else None

    @cached_property
    def tiers(self) -> int:
        """Number of tiers."""
        return max((row["tier"] for row in self.recorded), default=0)

    @cached_property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """Level of every finished row by factor, for the factorial statistics."""
        return {factor: tuple(row.labels[i] for row in self.recorded) for i, factor in enumerate(self.factors)}

    @property
    def views(self) -> list[tuple[str, str, int]]:
        """Key, title and number of recipes of the choices of the switch above the table."""
        trains = sum(row.trains for row in self.rows)
        failed = len(self.recorded) - trains
        return [("best", "Best", trains), ("failures", "Failures", failed), ("all", "All", len(self.rows))]

    @property
    def causes(self) -> list[tuple[str, int]]:
        """Causes of the recipes that fail, with the number of recipes, most frequent first."""
        return Counter(cause for row in self.recorded if not row.trains for cause in row.causes).most_common()

    @cached_property
    def _places(self) -> tuple[dict[str, int], ...]:
        return tuple({label: place for place, label in enumerate(labels)} for labels in self.factors.values())

    def places(self, row: Row) -> str:
        """Index of the row's level of each factor, separated by spaces, for the page's filter."""
        return " ".join(str(places[label]) for places, label in zip(self._places, row.labels, strict=True))

    @cached_property
    def facets(self) -> tuple[Facet, ...]:
        """Filters for the factors that vary, the result and the causes that occur."""
        found: list[Facet] = []
        options: tuple[tuple[str, str, int, int | str], ...]
        for index, (factor, labels) in enumerate(self.factors.items()):
            counts = Counter(row.labels[index] for row in self.rows)
            if len(counts) > 1:
                options = tuple((x, x, counts[x], place) for place, x in enumerate(labels) if counts[x])
                found.append(Facet(f"f.{factor}", factor_title(factor), options, index))
        results = Counter(row.result for row in self.rows)
        options = tuple((key, title, results[key], key) for key, title in RESULTS.items() if results[key])
        found.append(Facet("result", "Result", options))
        causes = Counter(cause for row in self.rows for cause in row.causes)
        if causes:
            options = tuple((cause, cause, causes[cause], cause) for cause in map(str, Cause) if causes[cause])
            found.append(Facet("cause", "Cause of failure", options))
        return tuple(found)


def board(results: Results) -> Board:
    """Builds the board of a benchmark from its exported tables."""
    scale = ScoreScale.of(results.manifest.task.model_dump(), results.manifest.target)
    rows = []
    for figures in results.rows:
        _, steps, _, block = results.probed(figures["cell"])
        count = Counter(run.outcome for run in results.ran[figures["cell"]].replicates)
        rows.append(
            Row(
                figures["cell"],
                labels := tuple(figures[factor] for factor in results.factors),
                tuple(map(phrase, results.factors, labels)),
                figures=figures,
                outcomes={name: count[name] for name in _OUTCOME_ORDER if count[name]},
                causes=tuple(cause for cause in (figures["causes"] or "").split("+") if cause),
                gradients=median_over_replicates(block),
                along=results.along,
                steps=steps,
                looks=results.manifest.budget.evaluations,
            )
        )
    rows.sort(key=lambda row: order(row.figures, row.labels, row.cell, higher_is_better=scale.higher_is_better))
    missing = [
        Row(
            entry.cell,
            labels := tuple(label_text(entry.factors[factor]) for factor in results.factors),
            tuple(map(phrase, results.factors, labels)),
            missing=("not run yet" if entry.status == "not run" else entry.status, entry.detail),
        )
        for entry in results.manifest.missing
    ]
    missing.sort(key=lambda row: (row.labels, row.cell))
    scores = compared_scores([results.ran[row.cell] for row in rows])
    return Board(results, scale, (*rows, *missing), scores)


_OUTCOME_ORDER = (Outcome.TRAINED, Outcome.SLOW, Outcome.LOST, Outcome.STALLED, Outcome.DIVERGED, Outcome.NONFINITE)
