"""What rescued networks that do not train: by symptom, how many published recipes trained after one change, or after two."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from leaderboard.boards import Board, Row
from leaderboard.cells import CellPages, Neighbour, Remedy
from leaderboard.factor_names import is_condition
from leaderboard.symptoms import SYMPTOMS, Symptom
from suite.protocol.columns import factor_column
from suite.protocol.labels import held_label
from suite.protocol.statistics import wilson

LEAST = 5
"""Smallest number of recipes for which a share is shown."""

_MOST_PAIRS = 5

Steps = tuple[tuple[str, str], ...]
"""Factor and new level of each change."""


@dataclass(frozen=True)
class _Case:
    """A recipe that shows a symptom, and one that differs from it."""

    symptom: Symptom
    pages: CellPages
    row: Row
    neighbour: Neighbour

    @cached_property
    def steps(self) -> Steps:
        return steps_of(self.pages, self.row, self.neighbour)

    @property
    def board(self) -> Board:
        return self.pages.board

    @property
    def helps(self) -> bool:
        return self.symptom.rescued(self.neighbour.row)

    @property
    def gain(self) -> float:
        """How much better the test score is after the change."""
        scale, scores = self.pages.board.scale, (self.neighbour.row["test_score"], self.row["test_score"])
        return 0.0 if None in scores else scale.goodness(scores[0]) - scale.goodness(scores[1])


def steps_of(pages: CellPages, row: Row, neighbour: Neighbour) -> Steps:
    """The changes by the names of the components, whatever their labels, and of numbers by their direction."""
    before, after = pages.levels(row), pages.levels(neighbour.row)
    names = (swap.factor.removesuffix("_level") for swap in neighbour.swaps)
    return tuple((name, _step(before[name], after[name])) for name in names)


def _step(before: Any, after: Any) -> str:
    if isinstance(before, int | float) and isinstance(after, int | float) and not isinstance(after, bool):
        return "larger" if after > before else "smaller"
    return held_label(after)


@dataclass(frozen=True)
class Change:
    """One change, or two together, and what it did to recipes that show a symptom.

    Attributes:
        steps: Factor and new level of each change.
        cases: The recipes that it was tried on.
    """

    steps: Steps
    cases: Sequence[_Case]

    @property
    def recipes(self) -> int:
        """Number of recipes that it was tried on."""
        return len(self.cases)

    @cached_property
    def trained(self) -> int:
        """Number of recipes that trained after it."""
        return sum(case.helps for case in self.cases)

    @cached_property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95% interval of the share that trained."""
        return wilson(self.trained, self.recipes)

    @property
    def name(self) -> str:
        """The change in words."""
        return " and ".join(_in_words(factor, level) for factor, level in self.steps)

    @property
    def condition(self) -> bool:
        """Whether it makes the problem easier instead of changing the recipe."""
        return any(is_condition(factor) for factor, _ in self.steps)

    @cached_property
    def _helped(self) -> list[_Case]:
        """The cases in which it helped, the largest gain first."""
        return sorted((case for case in self.cases if case.helps), key=lambda one: (-one.gain, one.row.cell))

    @property
    def best(self) -> _Case | None:
        """The case with the largest gain."""
        return self._helped[0] if self._helped else None

    @cached_property
    def example(self) -> Example | None:
        """The case with the largest gain that can be written in Keras."""
        for case in self._helped:
            if remedy := case.pages.remedy(case.row, case.neighbour):
                return Example(case.pages.board, case.row, remedy)
        return None


_WORDS = {
    "normalization": "{} normalization", "activation": "{} activation", "initializer": "{} weights", "optimizer": "{}",
    "cell_type": "{}", "recurrent_initializer": "{} recurrent weights", "clipping": "clipping by {}",
    "residual": "{} connections",
}  # fmt: skip
_DIRECTIONS = {
    ("length", "smaller"): "shorter sequences", ("depth", "smaller"): "fewer layers", ("depth", "larger"): "more layers",
    ("train_size", "larger"): "more training data", ("batch_size", "larger"): "larger batches", ("steps", "larger"): "more steps",
    ("length", "larger"): "longer sequences", ("dropout", "larger"): "more dropout", ("l2", "larger"): "more L2",
}  # fmt: skip
_NAMES = {
    "lstm": "LSTM", "gru": "GRU", "simple_rnn": "SimpleRNN", "adam": "Adam", "sgd": "SGD", "global_norm": "global norm",
    "momentum": "SGD with momentum",
}  # fmt: skip


def _in_words(factor: str, level: str) -> str:
    name = factor.replace("_", " ")
    if level in ("larger", "smaller"):
        return _DIRECTIONS.get((factor, level), f"{level} {name}")
    if level == "none":
        return "no skip connections" if factor == "residual" else f"no {name}"
    return _WORDS.get(factor, f"{name} {{}}").format(_NAMES.get(level, level))


@dataclass(frozen=True)
class Example:
    """A recipe before and after a change, as Keras code."""

    board: Board
    row: Row
    remedy: Remedy


@dataclass(frozen=True)
class SymptomEvidence:
    """The published recipes that show a symptom, and what helped them.

    Attributes:
        symptom: The symptom.
        recipes: Number of recipes that show it.
        benchmarks: Benchmarks of these recipes, with their number.
        causes: Causes that the probes found, with the number of recipes.
        changes: Changes of the recipe, the surest to help first.
        conditions: Changes of the problem, likewise.
        pairs: Two changes together, tried where no single one helped.
        stuck: Number of recipes that no single change of the recipe helped.
    """

    symptom: Symptom
    recipes: int
    benchmarks: Sequence[tuple[str, int]]
    causes: Sequence[tuple[str, int]]
    changes: Sequence[Change]
    conditions: Sequence[Change]
    pairs: Sequence[Change]
    stuck: int


def all_evidence(boards: Sequence[Board]) -> list[SymptomEvidence]:
    """What the published tables say of every symptom that occurs."""
    pages = [CellPages(board) for board in boards]
    found = [evidence(pages, symptom) for symptom in SYMPTOMS]
    return [one for one in found if one.recipes]


def evidence(all_pages: Sequence[CellPages], symptom: Symptom) -> SymptomEvidence:
    """What the published tables say of a symptom.

    Where learning rates are given with the recipe, it may fail for its rate alone: on these boards only a smaller rate
    is counted.

    Args:
        all_pages: Contents of the recipe pages of every board.
        symptom: The symptom.
    """
    found = _showing(all_pages, symptom)
    stuck = [(pages, row) for pages, row in found if _is_stuck(symptom, pages, row)]
    single = [one for one in changes_of(all_pages, symptom) if one.recipes >= LEAST]
    double = _changes([_Case(symptom, pages, row, n) for pages, row in stuck for n in pages.differing(row, 2)])
    return SymptomEvidence(
        symptom, len(found), Counter(pages.board.results.name for pages, _ in found).most_common(),
        Counter(cause for _, row in found for cause in row.causes).most_common(),
        [one for one in single if not one.condition], [one for one in single if one.condition and one.trained],
        [one for one in double if one.recipes >= LEAST and one.trained][:_MOST_PAIRS], len(stuck),
    )  # fmt: skip


def changes_of(all_pages: Sequence[CellPages], symptom: Symptom) -> list[Change]:
    """Every single change that was tried on recipes with a symptom, the surest to help first."""
    showing = _showing(all_pages, symptom)
    return _changes([_Case(symptom, pages, row, n) for pages, row in showing for n in counted(pages, row)])


def _showing(all_pages: Sequence[CellPages], symptom: Symptom) -> list[tuple[CellPages, Row]]:
    return [(pages, row) for pages in all_pages for row in pages.board.recorded if symptom.shows(pages.board, row)]


def _is_stuck(symptom: Symptom, pages: CellPages, row: Row) -> bool:
    """Whether single changes of the recipe were tried, under tuned rates, and none helped."""
    tried = [n for n in counted(pages, row) if not n.condition]
    return bool(tried) and not pages.board.fixed_rates and not any(symptom.rescued(n.row) for n in tried)


def counted(pages: CellPages, row: Row) -> list[Neighbour]:
    """Neighbours with a result; of recipes whose learning rate is fixed, those with a smaller one."""
    rate = factor_column("learning_rate")
    return [
        n
        for n in pages.neighbours(row)
        if not n.row.missing
        and (
            not pages.board.fixed_rates
            or (n.swaps[0].factor == rate and float(n.swaps[0].becomes) < float(n.swaps[0].was))
        )
    ]


def _changes(cases: Sequence[_Case]) -> list[Change]:
    """The cases by change. A recipe counts once for each, by the case that did best."""
    best: dict[tuple[Steps, str, str], _Case] = {}
    for case in cases:
        key = (case.steps, case.board.results.name, case.row.cell)
        best[key] = max(best.get(key, case), case, key=lambda one: (one.helps, one.gain))
    tried: dict[Steps, list[_Case]] = defaultdict(list)
    for case in best.values():
        tried[case.steps].append(case)
    changes = (Change(steps, found) for steps, found in tried.items())
    return sorted(changes, key=lambda one: (-one.interval[0], -one.recipes, one.steps))
