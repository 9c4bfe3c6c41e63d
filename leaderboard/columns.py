"""The columns of the board: heading, explanation and rendering of each."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from markupsafe import Markup

from leaderboard.boards import Board, Row
from leaderboard.factor_names import factor_title
from leaderboard.glossary import WORDS
from suite.pictures.axes import Scale
from suite.pictures.numbers import significant, written_range
from suite.protocol.effects import Effect
from suite.protocol.run_statistics import STATISTICS


@dataclass(frozen=True)
class Column:
    """A column of the board.

    Attributes:
        key: Key in the URL and in the CSV.
        title: Heading.
        write: Renders the `<td>` of a row; not called for missing cells.
        help: Explanation in one sentence, if the glossary has none.
        shown: Whether the column is visible by default.
        kind: Sort type: "number" and "picture" sort by value with empty cells last, "text" alphabetically.
        best: Sort order of the first click, "asc" or "desc".
        word: Key of the glossary entry explained beside the heading.
    """

    key: str
    title: str
    write: Callable[[Row], Markup]
    help: str = ""
    shown: bool = True
    kind: str = "number"
    best: str = "asc"
    word: str = ""

    @property
    def meaning(self) -> str:
        """Tooltip of the heading."""
        return self.help or WORDS[self.word].text


def number(value: float | None, written: str, style: str = "n") -> Markup:
    """A table cell that shows `written` and sorts by `value`."""
    order = "" if value is None else f"{value:.6g}"
    return Markup('<td class="{}" data-order="{}">{}</td>').format(style, order, written)


def interval(
    value: float, written: str, low: float, high: float, at: Callable[[float], float], detail: str, style: str = "n ci"
) -> Markup:
    """A table cell with a value and its interval, as text and as a bar."""
    return Markup('<td class="{}" data-order="{}" style="--a:{};--m:{};--b:{}">{}<small>{}</small></td>').format(
        style, f"{value:.6g}", *(f"{at(x):.4f}" for x in (low, value, high)), written, detail
    )


def _test_score(board: Board) -> Callable[[Row], Markup]:
    scale = board.scale

    def write(row: Row) -> Markup:
        value, low, high = row["test_score"], row["test_low"], row["test_high"]
        if value is None:
            return number(None, "–")
        ends = (value, value) if low is None or high is None else (low, high)
        detail = written_range(low, high, scale.write) or "one run"
        return interval(value, scale.write(value), *ends, scale.axis.at, detail, "n ci score")

    return write


def interval_range(board: Board) -> str:
    """CSS variables with the part of the score's axis that the intervals of a board cover; the script narrows it to the
    rows in view."""
    ends = [
        row[end] for row in board.recorded for end in ("test_low", "test_high", "test_score") if row[end] is not None
    ]
    places = [board.scale.axis.at(end) for end in ends] or [0.0, 1.0]
    return f"--lo:{min(places):.4f};--hi:{max(*places, min(places) + 0.001):.4f}"


def _success(row: Row) -> Markup:
    detail = written_range(row["success_low"], row["success_high"], lambda x: f"{x:.2f}".removeprefix("0") or "0")
    rate = row["success_rate"]
    written = erratic(row) + f"{row['trained']}/{row['replicates']}"
    return interval(rate, written, row["success_low"], row["success_high"], lambda x: x, detail)


def erratic(row: Row) -> Markup:
    """A chip for a cell that trains under some seeds and fails under others; empty for all other cells."""
    return Markup('<span class="chip erratic">erratic</span>') if row["erratic"] else Markup("")


def chips(row: Row) -> Markup:
    """Chips for the outcomes of the runs, followed by the causes."""
    outcome = Markup("").join(
        Markup('<span class="chip o-{}">{} {}</span>').format(name, name, count) for name, count in row.outcomes.items()
    )
    causes = Markup("").join(Markup('<span class="chip cause">{}</span>').format(cause) for cause in row.causes)
    return outcome + causes


def strip(row: Row) -> Markup:
    """The heat strip."""
    if not row.strip:
        return Markup('<td data-order="">–</td>')
    ratio = row["gradient_ratio_median"]
    return Markup('<td class="h" data-order="{}"><img src="{}" alt="{}" width="64" height="40"></td>').format(
        "" if ratio is None else f"{ratio:.4g}", row.strip, row.strip_text
    )


def _steps(board: Board) -> Callable[[Row], Markup]:
    def write(row: Row) -> Markup:
        value = row["steps_to_target"]
        if value is None:
            budget = board.steps(row)
            return number(float(budget) + 1, f"> {budget:,}", "n censored")
        return number(value, f"{value:,.0f}")

    return write


def _number(key: str, digits: int = 2) -> Callable[[Row], Markup]:
    return lambda row: number(row[key], significant(row[key], digits))


def _whole(key: str) -> Callable[[Row], Markup]:
    return lambda row: number(row[key], "–" if row[key] is None else f"{row[key]:,.0f}")


def _label(index: int) -> Callable[[Row], Markup]:
    return lambda row: Markup("<td>{}</td>").format(row.labels[index])


def _basin(row: Row) -> Markup:
    decades = row["basin_decades"]
    return number(decades, "–" if decades is None else f"{decades:.1f}")


def _learning_rate(row: Row) -> Markup:
    edge = Markup(' <span class="chip edge">at edge</span>') if row["at_edge"] else ""
    return Markup('<td class="n" data-order="{}">{}{}</td>').format(
        f"{row['learning_rate']:.6g}", significant(row["learning_rate"]), edge
    )


def dot_style(effect: Effect, axis: Scale) -> str:
    """CSS variables with the positions of an effect's mean, interval and zero on its axis."""
    ends = (effect.mean, effect.mean) if math.isnan(effect.low) else (effect.low, effect.high)
    places = {"a": ends[0], "m": effect.mean, "b": ends[1], "z": 0.0}
    return ";".join(f"--{name}:{axis.at(value):.4f}" for name, value in places.items())


def columns(board: Board) -> tuple[Column, ...]:
    """The columns after the recipe, in order."""
    along, scale = board.along, board.scale
    better, first = ("higher", "desc") if scale.higher_is_better else ("lower", "asc")
    shown = (
        Column("test", f"Test {scale.metric}", _test_score(board), best=first,
               help=f"Mean over replicates at the last step, with its 95% interval; {better} is better."),
        Column("trained", "Trained", _success, best="desc", word="erratic",
               help="Runs that meet the target, of all runs, with Wilson's 95% interval."),
        Column("outcome", "Outcomes", lambda row: Markup('<td class="outcomes">{}</td>').format(chips(row)), kind="text",
               word="outcomes"),
        Column("gradient", "Gradient", strip, kind="picture",
               help=f"log10 of dLoss/{along.symbol}. Horizontal: training steps; vertical: {along.last} on top, "
               f"{along.first} below. Sorts by the median ratio R."),
        *(Column(s.key, s.label.format(place=along.place), _number(s.key), word=s.key) for s in STATISTICS if s.shown),
        Column("basin", "Working rates, powers of ten", _basin, best="desc", word="basin"),
        Column("steps", "Steps to target", _steps(board),
               help="Median step of the first evaluation that meets the target; runs that never meet it count as later "
               "than the budget."),
        Column("seconds", "Seconds", _number("seconds"),
               help="Wall time of the recipe including tuning, in seconds. Not used for ranking."),
    )  # fmt: skip
    differs = len({row["replicates"] for row in board.recorded}) > 1
    runs = Column(
        "runs",
        "Runs",
        _whole("replicates"),
        best="desc",
        shown=differs,
        help="Number of runs of the tuned recipe, each with its own seed. More runs give narrower intervals.",
    )
    measured = [
        ("parameters", Column("parameters", "Parameters", _whole("parameters"), help="Weights of the model, with the moving averages of batch normalization.")),
        ("milliseconds_per_step", Column("milliseconds", "ms per step", _number("milliseconds_per_step"),
               help="Wall time of a training step, median over runs. Not used for ranking.")),
        *((s.key, Column(s.key, s.label.format(place=along.place), _number(s.key), word=s.beside or s.key))
          for s in STATISTICS if s.of_cell and not s.shown),
    ]  # fmt: skip
    hidden = (
        *(Column(f"f.{factor}", factor_title(factor), _label(index), kind="text", help=f"The level of {factor}.")
          for index, factor in enumerate(board.factors)),
        Column("train", f"Train {scale.metric}", lambda row: number(row["train_score"], scale.write(row["train_score"])),
               best=first, help="The same metric on training data: trainability is not generalization."),
        Column("rate", "Learning rate", _learning_rate,
               help="The tuned learning rate; marked if it is at the edge of the range searched."),
    )  # fmt: skip
    known = (column for key, column in measured if any(row[key] is not None for row in board.recorded))
    return *shown, runs, *(replace(column, shown=False) for column in (*hidden, *known))
