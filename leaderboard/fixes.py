"""What rescued networks that do not train: by symptom, how many published recipes trained after one change, or after two."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from leaderboard.boards import Board, Row, is_condition
from leaderboard.cells import CellPages, Neighbour, Remedy
from suite.protocol.columns import factor_column
from suite.protocol.labels import held_label
from suite.protocol.records import Outcome
from suite.protocol.statistics import wilson

LEAST = 5
"""Smallest number of recipes for which a share is shown."""

_MOST_PAIRS = 5

Steps = tuple[tuple[str, str], ...]
"""Factor and new level of each change."""


@dataclass(frozen=True)
class Symptom:
    """A way in which training fails.

    Attributes:
        key: Anchor on the page.
        title: What one sees.
        text: What it means and what to look for in the output of `suite.probe`.
        shows: Whether a recipe of a board shows it.
        rescued: Whether a neighbouring recipe counts as rescued.
    """

    key: str
    title: str
    text: str
    shows: Callable[[Board, Row], bool]
    rescued: Callable[[Row], bool] = lambda row: row.trains


def _mostly(row: Row, *outcomes: Outcome) -> bool:
    return 2 * sum(row.outcomes.get(outcome, 0) for outcome in outcomes) > row["replicates"]


def _overfits(board: Board, row: Row) -> bool:
    train, higher = row["train_score"], board.scale.higher_is_better
    return not row.trains and train is not None and (train >= board.scale.target) == higher


def _is_long(board: Board, row: Row) -> bool:
    return board.manifest.model == "recurrent" and not row.trains


SYMPTOMS = (
    Symptom(
        "flat",
        "The loss stays flat, at ln(10) = 2.30 for ten classes",
        "The network predicts the same for every input. Usually the gradient vanishes on its way to the first layer: "
        "the probe then shows R, the ratio of the first layer's gradient to the last's, far below 1.",
        lambda board, row: not row.trains and _mostly(row, Outcome.STALLED),
    ),
    Symptom(
        "nan",
        "The loss becomes NaN, or grows",
        "Activations or gradients grow from layer to layer until they overflow. The probe names the first layer where a "
        "value is not finite.",
        lambda board, row: not row.trains and _mostly(row, Outcome.NONFINITE, Outcome.DIVERGED),
    ),
    Symptom(
        "seeds",
        "It trains under some seeds and fails under others",
        "The recipe is at the edge of what trains. Here a change counts as a rescue only if every run trains after it.",
        lambda board, row: bool(row["erratic"]),
        lambda row: row.result == "all",
    ),
    Symptom(
        "overfits",
        "The training score is good, the test score is not",
        "The gradient is fine, the network memorizes. The probe shows no fault; compare the scores on training and "
        "validation data instead.",
        _overfits,
    ),
    Symptom(
        "recurrent",
        "A recurrent network learns nothing from long sequences",
        "The gradient vanishes or explodes on its way back through time. The probe shows it for every time step of the "
        "first recurrent layer.",
        _is_long,
    ),
)


@dataclass(frozen=True)
class _Case:
    """A recipe that shows a symptom, and one that differs from it."""

    symptom: Symptom
    pages: CellPages
    row: Row
    neighbour: Neighbour

    @cached_property
    def steps(self) -> Steps:
        """The changes by the names of the components, whatever their labels, and of numbers by their direction."""
        before, after = self.pages.levels(self.row), self.pages.levels(self.neighbour.row)
        names = (swap.factor.removesuffix("_level") for swap in self.neighbour.swaps)
        return tuple((name, _step(before[name], after[name])) for name in names)

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
    "residual": "{} connections", "folds": "{} folds",
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
        return {"residual": "no skip connections", "folds": "one fixed split"}.get(factor, f"no {name}")
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


def symptoms_of(board: Board, row: Row) -> list[Symptom]:
    """The symptoms that a recipe shows."""
    return [] if row.missing else [symptom for symptom in SYMPTOMS if symptom.shows(board, row)]


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
    found = [(pages, row) for pages in all_pages for row in pages.board.recorded if symptom.shows(pages.board, row)]
    tried: dict[Steps, list[_Case]] = defaultdict(list)
    stuck = 0
    for pages, row in found:
        singles = [_Case(symptom, pages, row, n) for n in _counted(pages, row)]
        _collect(singles, tried)
        if (
            singles
            and not pages.board.fixed_rates
            and not any(case.helps and not case.neighbour.condition for case in singles)
        ):
            stuck += 1
            _collect([_Case(symptom, pages, row, n) for n in pages.differing(row, 2)], tried)
    changes = sorted(
        (Change(steps, cases) for steps, cases in tried.items() if len(cases) >= LEAST),
        key=lambda one: (-one.interval[0], -one.recipes, one.steps),
    )
    single = [one for one in changes if len(one.steps) == 1]
    return SymptomEvidence(
        symptom, len(found), Counter(pages.board.results.name for pages, _ in found).most_common(),
        Counter(cause for _, row in found for cause in row.causes).most_common(),
        [one for one in single if not one.condition], [one for one in single if one.condition and one.trained],
        [one for one in changes if len(one.steps) == 2 and one.trained][:_MOST_PAIRS], stuck,
    )  # fmt: skip


def _counted(pages: CellPages, row: Row) -> list[Neighbour]:
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


def _collect(cases: Sequence[_Case], tried: dict[Steps, list[_Case]]) -> None:
    """Counts a recipe once for each change, by the case that did best."""
    best: dict[Steps, _Case] = {}
    for case in cases:
        best[case.steps] = max(best.get(case.steps, case), case, key=lambda one: (one.helps, one.gain))
    for steps, case in best.items():
        tried[steps].append(case)
