"""The board's columns: each is one entry here that says what it means and writes its cell of a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from leaderboard.boards import Board, Row, factor_title
from leaderboard.scales import significant, written_range


@dataclass(frozen=True)
class Column:
    """A column of the board.

    Attributes:
        key: In the URL and the CSV.
        title: Its heading.
        help: What it is, in one sentence, shown on the heading.
        write: A row's `<td>`; never asked of a missing cell.
        shown: Whether it is shown before a reader chose.
        kind: "number" and "picture" sort by value with empty cells last either way, "text" by its text.
        best: Which order a first click asks for.
    """

    key: str
    title: str
    help: str
    write: Callable[[Row], Markup]
    shown: bool = True
    kind: str = "number"
    best: str = "asc"


def number(value: float | None, written: str, style: str = "n") -> Markup:
    """A cell that shows `written` and sorts by `value`."""
    order = "" if value is None else f"{value:.6g}"
    return Markup('<td class="{}" data-order="{}">{}</td>').format(style, order, written)


def interval(value: float, written: str, low: float, high: float, at: Callable[[float], float], detail: str) -> Markup:
    """A cell with its value, its interval as text and as a bar."""
    return Markup('<td class="n ci" data-order="{}" style="--a:{};--m:{};--b:{}">{}<small>{}</small></td>').format(
        f"{value:.6g}", *(f"{at(x):.3f}" for x in (low, value, high)), written, detail
    )


def _test_score(board: Board) -> Callable[[Row], Markup]:
    scale = board.scale

    def write(row: Row) -> Markup:
        value, low, high = row["test_score"], row["test_low"], row["test_high"]
        if value is None:
            return number(None, "–")
        ends = (value, value) if low is None or high is None else (low, high)
        detail = written_range(low, high, scale.write) or "one run"
        return interval(value, scale.write(value), *ends, scale.axis.at, detail)

    return write


def _success(row: Row) -> Markup:
    detail = written_range(row["success_low"], row["success_high"], lambda x: f"{x:.2f}".removeprefix("0") or "0")
    rate = row["success_rate"]
    written = f"{row['trained']}/{row['replicates']}"
    return interval(rate, written, row["success_low"], row["success_high"], lambda x: x, detail)


def chips(row: Row) -> Markup:
    """How the runs ended, then why."""
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
    budget = board.manifest.budget.steps

    def write(row: Row) -> Markup:
        value = row["steps_to_target"]
        if value is None:
            return number(float(budget) + 1, f"> {budget}", "n censored")
        return number(value, f"{value:.0f}")

    return write


def _figure(key: str, digits: int = 2) -> Callable[[Row], Markup]:
    return lambda row: number(row[key], significant(row[key], digits))


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


def columns(board: Board) -> tuple[Column, ...]:
    """The columns behind the recipe, in order."""
    along, better = board.along, "higher" if board.scale.higher_is_better else "lower"
    best_first = "desc" if board.scale.higher_is_better else "asc"
    factors = tuple(
        Column(f"f.{factor}", factor_title(factor), f"The level of {factor}.", _label(index), shown=False, kind="text")
        for index, factor in enumerate(board.factors)
    )
    metric, write_score = board.scale.metric, board.scale.write
    return (
        Column(
            "test",
            f"Test {metric}",
            f"Mean over replicates at the last step, with its 95% interval; {better} is better.",
            _test_score(board),
            best=best_first,
        ),
        Column(
            "trained",
            "Trained",
            "Runs that meet the target, of all runs, with Wilson's 95% interval.",
            _success,
            best="desc",
        ),
        Column(
            "outcome",
            "Outcomes",
            "How the runs ended, and what the probes of the failed ones show.",
            lambda row: Markup('<td class="outcomes">{}</td>').format(chips(row)),
            kind="text",
        ),
        Column(
            "gradient",
            "Gradient",
            f"log10 of dLoss/{along.symbol}: training runs to the right, the {along.last} is on top, the {along.first} below. "
            "Sorts by the median ratio R.",
            strip,
            kind="picture",
        ),
        Column(
            "factor",
            f"Factor per {along.place}",
            f"What going back one {along.place} multiplies the gradient by, at the first step: 1 is healthy, "
            "below it vanishes, above it explodes.",
            _figure("gradient_factor_init"),
        ),
        Column(
            "basin",
            "Basin, decades",
            "Decades of learning rate that score at least 95% of the way from chance to the cell's best.",
            _basin,
            best="desc",
        ),
        Column(
            "steps",
            "Steps to target",
            "Median of the first evaluation that meets the target; runs that never do count as later than the budget.",
            _steps(board),
        ),
        Column(
            "seconds",
            "Seconds",
            "Wall time of the whole cell, tuning included. Never ranked on.",
            _figure("seconds"),
        ),
        *factors,
        Column(
            "train",
            f"Train {metric}",
            "The same on training data: trainability is not generalization.",
            lambda row: number(row["train_score"], write_score(row["train_score"])),
            shown=False,
            best=best_first,
        ),
        Column(
            "rate",
            "Learning rate",
            "The best rate found; flagged where it lies at an end of the range.",
            _learning_rate,
            shown=False,
        ),
        Column(
            "ratio_init",
            "R, first step",
            f"log10 of the gradient at the {along.first} over that at the {along.last}, at the first step.",
            _figure("gradient_ratio_init"),
            shown=False,
        ),
        Column(
            "ratio_median",
            "R, median",
            "The same, median over the probed steps.",
            _figure("gradient_ratio_median"),
            shown=False,
        ),
    )
