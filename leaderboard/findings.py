"""Findings of a benchmark: main effects, pairwise differences, interactions and trainable depth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from leaderboard.boards import Board
from suite.pictures.benchmark import ALONG, trend_factors, trends
from suite.pictures.drawing import Drawing
from suite.protocol.effects import Effect, FrontierPoint, factor_effects, frontier, interactions, level_effects
from suite.protocol.interactions import InteractionContrast, interaction_contrasts


@dataclass(frozen=True)
class ReportedInteraction:
    """An interaction contrast with the two differences that it compares.

    Attributes:
        contrast: Change of the difference.
        high: The larger difference.
        low: The smaller difference.
    """

    contrast: InteractionContrast
    high: Effect
    low: Effect


@dataclass(frozen=True)
class HeatTable:
    """Mean test score by the levels of two factors.

    Attributes:
        rows: Factor of the rows.
        columns: Factor of the columns.
        values: Mean score, success rate and number of cells of each combination; None without a result.
    """

    rows: str
    columns: str
    values: tuple[tuple[tuple[float, float, int] | None, ...], ...]


class BoardFindings:
    """Statistics of a board, each computed on first use."""

    def __init__(self, board: Board) -> None:
        self.board = board

    def _asked(self, question: Callable[..., list[Effect]]) -> list[Effect]:
        board = self.board
        return question(board.columns, board.scores, bounds=board.scale.difference_bounds) if board.recorded else []

    @cached_property
    def levels(self) -> list[Effect]:
        """Main effect of every level, in the order of the spec."""
        return self._in_order(self._asked(level_effects))

    @cached_property
    def pairs(self) -> list[Effect]:
        """Differences of all pairs of levels, better level first, significant and large ones first, with
        simultaneous intervals."""
        turned = [self._better_first(effect.simultaneous) for effect in self._asked(factor_effects)]
        return sorted(turned, key=lambda e: (not e.significant, -abs(e.mean)))

    @cached_property
    def interactions(self) -> list[Effect]:
        """Differences of all pairs of levels within each level of a second factor."""
        return self._in_order(self._asked(interactions))

    def _in_order(self, effects: Sequence[Effect]) -> list[Effect]:
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
        """Number of differences between two levels, all corrected together."""
        return self.pairs[0].n_comparisons if self.pairs else 0

    @property
    def biggest(self) -> Effect | None:
        """The largest significant difference between two levels, over more than one pair of cells."""
        return next((effect for effect in self.pairs if effect.significant and effect.pairs > 1), None)

    @cached_property
    def largest_interactions(self) -> list[ReportedInteraction]:
        """The largest significant interaction of each pair of factors, largest first.

        A contrast can be read from either factor. It is read from the one whose smaller difference is closest to zero,
        with the better level first.
        """
        best: dict[tuple[str, str], InteractionContrast] = {}
        for found in sorted(self.contrasts, key=lambda found: -found.mean):
            if found.significant:
                best.setdefault((found.factor, found.second), found)
        return [
            min(
                map(self._reported, (found, found.turned())), key=lambda one: min(abs(one.high.mean), abs(one.low.mean))
            )
            for found in best.values()
        ]

    def _reported(self, found: InteractionContrast) -> ReportedInteraction:
        high, low = (
            self._ends[found.factor, found.level, found.other, found.second, at] for at in (found.here, found.there)
        )
        clear = max(high.mean, low.mean, key=abs)
        if (clear > 0) == self.board.scale.higher_is_better:
            return ReportedInteraction(found, high, low)
        return ReportedInteraction(found.reversed(), low.turned(), high.turned())

    @cached_property
    def _ends(self) -> dict[tuple[Any, ...], Effect]:
        """Differences within each level of a second factor, in both directions."""
        both = [*self.interactions, *map(Effect.turned, self.interactions)]
        return {(e.factor, e.level, e.other, *e.given): e for e in both if e.given}

    @cached_property
    def contrasts(self) -> list[InteractionContrast]:
        """Interaction contrasts of all pairs of levels of all pairs of factors."""
        board = self.board
        return (
            interaction_contrasts(board.columns, board.scores, bounds=board.scale.difference_bounds)
            if board.recorded
            else []
        )

    @property
    def largest_interaction_effects(self) -> list[Effect]:
        """Both differences of every reported interaction."""
        return [effect for found in self.largest_interactions for effect in (found.low, found.high)]

    @staticmethod
    def by_factor(effects: Sequence[Effect]) -> dict[str, list[Effect]]:
        """Effects grouped by factor, in their given order."""
        groups: dict[str, list[Effect]] = {}
        for effect in effects:
            groups.setdefault(effect.factor, []).append(effect)
        return groups

    @cached_property
    def heat_table(self) -> HeatTable | None:
        """Test score by activation and initializer, or by the two factors with most levels; None for one factor."""
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
        """Largest depth or length at which each recipe trains, best first."""
        rates, found = [row["success_rate"] for row in self.board.recorded], {}
        for factor in trend_factors(self.board.factors) if rates else ():
            points = frontier(self.board.columns, rates, factor)
            found[factor] = sorted(points, key=lambda p: (-(p.reached or 0), *map(str, p.context.values())))
        return found

    @cached_property
    def trends(self) -> dict[str, dict[str, Drawing]]:
        """Charts of test score and gradient ratio along depth or length, by factor and title."""
        figures = {name: [row[name] for row in self.board.recorded] for name in ALONG}
        return trends(self.board.columns, figures, self.board.scale)
