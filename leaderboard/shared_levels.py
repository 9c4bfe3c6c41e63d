"""Levels that several benchmarks compare: their paired difference within each of these benchmarks, never pooled over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leaderboard.boards import Board
from leaderboard.columns import dot_style
from leaderboard.factor_names import is_condition
from leaderboard.findings import BoardFindings
from suite.pictures.axes import Scale, reach
from suite.protocol.columns import factor_column
from suite.protocol.effects import Effect

FEWEST_BENCHMARKS, FEWEST_PAIRS = 3, 5


@dataclass(frozen=True)
class SharedDifference:
    """Two levels of a factor, compared within several benchmarks.

    Attributes:
        factor: Name of the factor.
        level: The level that is better in more of the benchmarks.
        other: The other level.
        within: The difference in each benchmark, `level` minus `other`, with its simultaneous interval.
    """

    factor: str
    level: str
    other: str
    within: tuple[tuple[Board, Effect], ...]

    @property
    def rows(self) -> list[tuple[Board, Effect, str]]:
        """Board, difference and its place on an axis around zero that benchmarks of one metric share; right is better."""
        shown = [effect if board.scale.higher_is_better else effect.turned() for board, effect in self.within]
        metrics = [board.scale.metric for board, _ in self.within]
        axes = {
            metric: _around_zero(reach([effect for effect, own in zip(shown, metrics, strict=True) if own == metric]))
            for metric in metrics
        }
        return [
            (board, effect, dot_style(drawn, axes[metric]))
            for (board, effect), drawn, metric in zip(self.within, shown, metrics, strict=True)
        ]

    def count(self, sign: int) -> int:
        """Number of benchmarks in which `level` is significantly better (1), worse (-1) or neither (0)."""
        return sum(_better(board, effect) * effect.significant == sign for board, effect in self.within)


def shared_differences(findings: Sequence[BoardFindings]) -> list[SharedDifference]:
    """All pairs of levels with enough pairs of recipes in enough benchmarks, most benchmarks first."""
    found: dict[tuple[str, str, str], list[tuple[Board, Effect]]] = {}
    for each in findings:
        for effect in each.pairs:
            if _is_choice(effect.factor) and effect.pairs >= FEWEST_PAIRS and effect.other is not None:
                first, second = sorted((str(effect.level), str(effect.other)))
                ordered = effect if effect.level == first else effect.turned()
                found.setdefault((effect.factor, first, second), []).append((each.board, ordered))
    shared = [
        _better_first(SharedDifference(*key, tuple(within)))
        for key, within in found.items()
        if len(within) >= FEWEST_BENCHMARKS
    ]
    return sorted(shared, key=lambda one: (-len(one.within), one.factor, one.level))


def _is_choice(factor: str) -> bool:
    """Whether levels of a factor are alternatives; learning rates that suit one benchmark say nothing of another."""
    return not is_condition(factor) and factor != factor_column("learning_rate")


def _better_first(one: SharedDifference) -> SharedDifference:
    votes = [(one.count(sign), sum(_better(*each) == sign for each in one.within)) for sign in (1, -1)]
    if votes[0] >= votes[1]:
        return one
    turned = tuple((board, effect.turned()) for board, effect in one.within)
    return SharedDifference(one.factor, one.other, one.level, turned)


def _around_zero(axis: Scale) -> Scale:
    most = max(-axis.low, axis.high)
    return Scale(-most, most)


def _better(board: Board, effect: Effect) -> int:
    sign = 1 if board.scale.higher_is_better else -1
    return sign * ((effect.mean > 0) - (effect.mean < 0))
