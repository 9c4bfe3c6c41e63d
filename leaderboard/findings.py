"""What a benchmark found: its card's figures, what each level does, where factors interact, how deep it goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from leaderboard.boards import Board
from suite.pictures.benchmark import ALONG, trend_factors, trends
from suite.pictures.charts import Mark, histogram
from suite.pictures.drawing import Drawing
from suite.protocol.effects import Effect, FrontierPoint, factor_effects, frontier, interactions, level_effects
from suite.protocol.interactions import InteractionContrast, swings
from suite.protocol.statistics import Interval, interquartile_mean


@dataclass(frozen=True)
class ReportedInteraction:
    """A swing with the two differences that it lies between.

    Attributes:
        swing: By how much they differ.
        high: The difference where it is greater.
        low: The difference where it is less.
    """

    swing: InteractionContrast
    high: Effect
    low: Effect


@dataclass(frozen=True)
class HeatTable:
    """Mean test score by the levels of two factors; None where no cell has a result.

    Attributes:
        rows: The factor down the side.
        columns: The factor along the top.
        values: Mean, success rate and cells of each combination.
    """

    rows: str
    columns: str
    values: tuple[tuple[tuple[float, float, int] | None, ...], ...]


class BoardFindings:
    """Computed when asked for, from a board.

    Args:
        board: The board.
    """

    def __init__(self, board: Board) -> None:
        self.board = board

    def _asked(self, question: Callable[..., list[Effect]]) -> list[Effect]:
        """The effects of the board's cells."""
        board = self.board
        return question(board.columns, board.scores, bounds=board.scale.difference_bounds) if board.recorded else []

    @cached_property
    def levels(self) -> list[Effect]:
        """Every level against the rest of its factor, in the order of the spec."""
        return self._in_order(self._asked(level_effects))

    @cached_property
    def pairs(self) -> list[Effect]:
        """Every pair of levels of a factor, the better one first, the clearest difference first; since whoever reads
        them from the top picks, with the intervals that hold together."""
        turned = [self._better_first(effect.among_all) for effect in self._asked(factor_effects)]
        return sorted(turned, key=lambda e: (not e.significant, -abs(e.mean)))

    @cached_property
    def interactions(self) -> list[Effect]:
        """Every pair of levels within each level of each second factor."""
        return self._in_order(self._asked(interactions))

    def _in_order(self, effects: Sequence[Effect]) -> list[Effect]:
        """The earlier level of the spec first in each pair, and the pairs in the order of the spec."""
        place: dict[tuple[str, Any], int] = {
            (f, label): i for f, labels in self.board.factors.items() for i, label in enumerate(labels)
        }
        rank = {factor: i for i, factor in enumerate(self.board.factors)}

        def key(effect: Effect) -> tuple[Any, ...]:
            given = (rank[effect.given[0]], place[effect.given[0], effect.given[1]]) if effect.given else ()
            other = -1 if effect.other is None else place[effect.factor, effect.other]
            return rank[effect.factor], given[:1], place[effect.factor, effect.level], other, given[1:]

        def turned(effect: Effect) -> Effect:
            late = effect.other is not None and place[effect.factor, effect.level] > place[effect.factor, effect.other]
            return effect.turned() if late else effect

        return sorted(map(turned, effects), key=key)

    def _better_first(self, effect: Effect) -> Effect:
        sign = 1 if self.board.scale.higher_is_better else -1
        if sign * effect.mean >= 0 or effect.other is None:
            return effect
        return effect.turned()

    @property
    def compared(self) -> int:
        """How many differences between two levels were candidates for the biggest."""
        return self.pairs[0].of if self.pairs else 0

    @property
    def biggest(self) -> Effect | None:
        """The biggest difference between two levels that is told from zero among all, over more than one pair of cells."""
        return next((effect for effect in self.pairs if effect.significant and effect.pairs > 1), None)

    @cached_property
    def swings(self) -> list[ReportedInteraction]:
        """Of each two factors the biggest swing that is told from zero among all of the board, biggest first.

        A swing can be read from either of its two factors: it is from the one that does least at one of its ends, and
        with the level first that is better at the other.
        """
        best: dict[tuple[str, str], InteractionContrast] = {}
        for swing in sorted(self.all_swings, key=lambda swing: -swing.mean):
            if swing.significant:
                best.setdefault((swing.factor, swing.second), swing)
        return [
            min(map(self._told, (swing, swing.turned())), key=lambda told: min(abs(told.high.mean), abs(told.low.mean)))
            for swing in best.values()
        ]

    def _told(self, swing: InteractionContrast) -> ReportedInteraction:
        high, low = (
            self._ends[swing.factor, swing.level, swing.other, swing.second, at] for at in (swing.here, swing.there)
        )
        clear = max(high.mean, low.mean, key=abs)
        if (clear > 0) == self.board.scale.higher_is_better:
            return ReportedInteraction(swing, high, low)
        return ReportedInteraction(swing.reversed(), low.turned(), high.turned())

    @cached_property
    def _ends(self) -> dict[tuple[Any, ...], Effect]:
        """The difference of every two levels, either way round, within each level of each second factor."""
        both = [*self.interactions, *map(Effect.turned, self.interactions)]
        return {(e.factor, e.level, e.other, *e.given): e for e in both if e.given}

    @cached_property
    def all_swings(self) -> list[InteractionContrast]:
        """Of every two factors, every two levels of each."""
        board = self.board
        return swings(board.columns, board.scores, bounds=board.scale.difference_bounds) if board.recorded else []

    @property
    def swing_effects(self) -> list[Effect]:
        """Both ends of every swing."""
        return [effect for told in self.swings for effect in (told.low, told.high)]

    @staticmethod
    def by_factor(effects: Sequence[Effect]) -> dict[str, list[Effect]]:
        """Effects by their factor, both in the order they come."""
        groups: dict[str, list[Effect]] = {}
        for effect in effects:
            groups.setdefault(effect.factor, []).append(effect)
        return groups

    @property
    def histogram(self) -> Drawing:
        """How the cells' test scores spread."""
        scale, scores = (
            self.board.scale,
            [row["test_score"] for row in self.board.recorded if row["test_score"] is not None],
        )
        label = f"{len(scores)} cells by test {scale.metric}"
        return histogram(
            scores, scale.axis, mark=Mark("target", scale.target), past=scale.higher_is_better, label=label
        )

    @cached_property
    def heat_table(self) -> HeatTable | None:
        """Activation by initializer where the grid varies both, else its two factors with most levels."""
        varied = {factor: labels for factor, labels in self.board.factors.items() if len(labels) > 1}
        if {"activation", "initializer"} <= set(varied):
            first, second = "activation", "initializer"
        elif len(varied) >= 2:
            first, second = sorted(varied, key=lambda factor: -len(varied[factor]))[:2]
        else:
            return None
        columns, recorded = self.board.columns, self.board.recorded
        cells: dict[tuple[Any, Any], list[int]] = {}
        for index, key in enumerate(zip(columns[first], columns[second], strict=True)):
            cells.setdefault(key, []).append(index)

        def value(key: tuple[str, str]) -> tuple[float, float, int] | None:
            rows = cells.get(key, [])
            known = [i for i in rows if recorded[i]["test_score"] is not None]
            if not known:
                return None
            score = float(np.mean([recorded[i]["test_score"] for i in known]))
            return score, float(np.mean([recorded[i]["success_rate"] for i in known])), len(known)

        return HeatTable(first, second, tuple(tuple(value((a, b)) for b in varied[second]) for a in varied[first]))

    @cached_property
    def frontiers(self) -> dict[str, list[FrontierPoint]]:
        """How far each recipe goes along depth or length, the farthest first."""
        rates, found = [row["success_rate"] for row in self.board.recorded], {}
        for factor in trend_factors(self.board.factors) if rates else ():
            points = frontier(self.board.columns, rates, factor)
            found[factor] = sorted(points, key=lambda p: (-(p.reached or 0), *map(str, p.context.values())))
        return found

    @cached_property
    def trends(self) -> dict[str, dict[str, Drawing]]:
        """Test score and gradient ratio along depth or length, by title."""
        figures = {name: [row[name] for row in self.board.recorded] for name in ALONG}
        return trends(self.board.columns, figures, self.board.scale)


@dataclass(frozen=True)
class AcrossTasks:
    """A level's normalized scores over several benchmarks.

    Attributes:
        factor: The factor.
        level: The level.
        score: Interquartile mean with its interval.
        benchmarks: How many.
        cells: How many.
    """

    factor: str
    level: str
    score: Interval
    benchmarks: int
    cells: int


def across_tasks(boards: Sequence[Board]) -> list[AcrossTasks]:
    """Levels that two or more benchmarks with a frozen reference share, best first within their factor."""
    cells: dict[tuple[str, str], list[np.ndarray]] = {}
    for board in boards:
        reference = board.manifest.reference
        if reference is None or reference == board.scale.chance:
            continue
        # Replicates of a cell share its recipe: a cell, by its mean, is what is independent of the others.
        normalized = (np.nanmean(board.scores, axis=1) - board.scale.chance) / (float(reference) - board.scale.chance)
        for factor, column in board.columns.items():
            labels = np.array([*column, ""], dtype=object)[:-1]
            if len(set(column)) > 1:
                for level in dict.fromkeys(column):
                    cells.setdefault((factor, level), []).append(normalized[labels == level])
    found = [
        AcrossTasks(factor, level, interquartile_mean(tasks), len(tasks), sum(int((~np.isnan(t)).sum()) for t in tasks))
        for (factor, level), tasks in cells.items()
        if len(tasks) > 1
    ]
    order = list(dict.fromkeys(entry.factor for entry in found))
    return sorted(found, key=lambda entry: (order.index(entry.factor), -entry.score[0]))
