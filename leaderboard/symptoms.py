"""The ways in which training fails, as one sees them, and which recipes show them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from leaderboard.boards import Board, Row
from suite.protocol.records import Outcome


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
    """Whether a recurrent recipe fails, at another length than the shortest if the board has several."""
    lengths = board.factors.get("length", ())
    short = len(lengths) > 1 and row.labels[list(board.factors).index("length")] == min(lengths, key=float)
    return board.manifest.model == "recurrent" and not row.trains and not short


SYMPTOMS = (
    Symptom(
        "flat",
        "The loss stays flat, at ln(10) = 2.30 for ten classes",
        "The network predicts the same for every input. Usually the gradient vanishes on its way to the first layer: "
        "the probe then shows R, log10 of the first layer's gradient over the last layer's, far below 0.",
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


def symptoms_of(board: Board, row: Row) -> list[Symptom]:
    """The symptoms that a recipe shows."""
    return [] if row.missing else [symptom for symptom in SYMPTOMS if symptom.shows(board, row)]
