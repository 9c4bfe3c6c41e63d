"""The rows of the ranked table: fitted to the terminal, whole where the output is piped."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from suite.protocol.labels import label_text
from suite.protocol.ranks import RankedCell
from suite.protocol.records import Outcome, Record
from suite.protocol.words import record_causes_in_words

if TYPE_CHECKING:
    import numpy as np

BEST, WORST = 5, 3
"""Rows from the top and from the end that are shown in a terminal of any height."""
MOST = 15
"""Rows from the top that are shown in a high terminal."""

WIDE = 120
"""Columns of a terminal from which on the causes, the factor per layer and the gradient have columns of their own."""

Gradients = Callable[[Sequence[RankedCell]], Mapping[str, "np.ndarray"]]
"""Finds the gradients of cells by fingerprint, shape (steps, places); the place nearest the input first."""

ERRATIC = "~"
"""Mark of erratic cells."""

_RUNS = 10
"""Smallest width of the last column, outcomes or causes."""
_NARROWEST = 5
_STRIP = 12
"""Most characters of a gradient strip."""

_HEADINGS = {
    "activation": "activ",
    "normalization": "norm",
    "initializer": "init",
    "optimizer": "optim",
    "recurrent_initializer": "rec. init",
}
_OUTCOME_STYLE = {Outcome.TRAINED: "green", Outcome.SLOW: "yellow", Outcome.LOST: "yellow"}
_PER = {True: "per step", False: "per layer"}


class RankedTable:
    """The best and the worst cells, with a line for those between.

    Args:
        found: Cells, the best first.
        room: Lines of the terminal for it; None for all rows.
        between: Command that shows all rows.
        gradients: Finds the gradients for the strips; None for none.
    """

    def __init__(
        self, found: Sequence[RankedCell], room: int | None, between: str = "", gradients: Gradients | None = None
    ) -> None:
        fits = room is None or len(found) < room  # the heading takes a line, too
        best = len(found) if fits else min(max((room or 0) - WORST - 2, BEST), MOST)
        self._best = best if best + WORST + 1 < len(found) else len(found)
        self._shown = [*found[: self._best], *(found[-WORST:] if self._best < len(found) else ())]
        self._between = f"… {len(found) - len(self._shown)} more: {between}"
        self._factors = _varied(found)
        self._gradients = gradients
        self._no_mark = " " if any(standing.figures["erratic"] for standing in self._shown) else ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        wide, fits = console.width >= WIDE or not console.is_terminal, console.is_terminal
        columns = self._columns(wide, console.color_system is not None and console.width >= WIDE)
        widths = [max(map(cell_len, (heading, *map(str, cells)))) for heading, cells in columns]
        if fits:
            room = options.max_width - len(widths) + 1
            factors = slice(1, 1 + len(self._factors))
            widths[factors] = _fitted(widths[factors], room - sum(widths) + sum(widths[factors]) + widths[-1] - _RUNS)
            widths[-1] = max(0, min(widths[-1], room - sum(widths[:-1])))
        table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False, header_style="bold")
        for (heading, _), width in zip(columns, widths, strict=True):
            justify: Any = "right" if heading == "t" or heading.startswith("ok") else "left"
            table.add_column(heading, width=width, no_wrap=True, overflow="ellipsis", justify=justify)
        for row in zip(*(cells for _, cells in columns), strict=True):
            table.add_row(*row)
        whole = options.update(max_width=options.max_width if fits else sum(widths) + len(widths), no_wrap=False)
        lines = console.render_lines(table, whole, pad=False)
        for index, line in enumerate(lines):
            if index == self._best + 1:
                yield Text(self._between, style="dim")
            yield from line
            yield Segment.line()

    def _columns(self, wide: bool, colored: bool) -> list[tuple[str, list[Text]]]:
        """Heading and cells of each column."""
        shown = self._shown
        recurrent = bool(shown) and len(shown[0].record.layers) == 1
        columns = [
            ("t", [Text(str(s.figures["tier"]), "bold" if s.figures["tier"] == 1 else "dim") for s in shown]),
            *(
                (_HEADINGS.get(f, f), [Text(label_text(s.record.cell.factors[f])) for s in shown])
                for f in self._factors
            ),
            (f"test {shown[0].record.task_facts['metric']}", [_score(s.figures) for s in shown]),
            (f"ok{self._no_mark}", [self._trained(s.figures) for s in shown]),
            ("rate", [Text(f"{s.figures['learning_rate']:.2g}{'*' if s.figures['at_edge'] else ''}") for s in shown]),
        ]
        if not wide:
            return [*columns, ("runs", [outcomes(s.record) for s in shown])]
        columns.append((_PER[recurrent], [_factor(s.figures.get("gradient_factor_init")) for s in shown]))
        if colored and self._gradients is not None:
            found = self._gradients(shown)
            strips = [strip(found[f]) if (f := s.record.cell.fingerprint) in found else Text() for s in shown]
            columns.append(("gradient", strips))
        columns.append(("runs", [_ends(s.record) for s in shown]))
        return [*columns, ("causes", [Text(record_causes_in_words(s.record), "dim") for s in shown])]

    def _trained(self, figures: Mapping[str, Any]) -> Text:
        return Text(f"{figures['trained']}/{figures['replicates']}{ERRATIC if figures['erratic'] else self._no_mark}")


def outcomes(record: Record) -> Text:
    """Outcomes and causes of a cell's runs: "stalled 2, slow 1: vanishing, 0.24 per layer"."""
    causes = record_causes_in_words(record)
    return _ends(record).append(f": {causes}", style="dim") if causes else _ends(record)


def _ends(record: Record) -> Text:
    counts = Counter(replicate.outcome for replicate in record.replicates)
    text = Text()
    for name, count in counts.most_common():
        style = _OUTCOME_STYLE.get(Outcome(name), "red")
        text.append(", " if text else "").append(name if len(counts) == 1 else f"{name} {count}", style=style)
    return text


def strip(gradients: np.ndarray) -> Text:
    """Gradients in half blocks, the input at the left: the first probed step above, the last one below.

    Args:
        gradients: Root mean squares, shape (steps, places).
    """
    from suite.pictures.scale import PALETTE, codes, thinned

    if not gradients.size:
        return Text()
    places = thinned(gradients.shape[1], _STRIP)
    above, below = codes(gradients[[0, -1]][:, places])
    return Text.assemble(*(("▀", f"{PALETTE[a]} on {PALETTE[b]}") for a, b in zip(above, below, strict=True)))


def number(value: float) -> str:
    """A score with three decimals, or its power of ten."""
    return f"{value:.3f}" if 1e-3 <= abs(value) < 100 or value == 0 else f"{value:.1e}"


def _factor(value: float | None) -> Text:
    return Text("" if value is None else f"×{value:.2g}")


def _fitted(widths: Sequence[int], room: int) -> list[int]:
    """Shrinks the widest columns until all fit."""
    fitted = list(widths)
    while sum(fitted) > room and max(fitted) > _NARROWEST:
        fitted[fitted.index(max(fitted))] -= 1
    return fitted


def _score(figures: Mapping[str, Any]) -> Text:
    text = Text(number(figures["test_score"]))
    if figures["test_low"] is not None:
        text.append(f" {_interval(figures['test_low'], figures['test_high'])}", style="dim")
    return text


def _interval(low: float, high: float) -> str:
    """An interval with two digits of its larger end: `.46–.52`, `.0012–.0031`, `3e-04–7e-04`."""
    if 0 < high < 1e-3:
        return f"{low:.0e}–{high:.0e}"
    places = 2 if high >= 0.1 or high == 0 else 1 - math.floor(math.log10(high))

    def end(value: float) -> str:
        return f"{value:.{places}f}".removeprefix("0") if value < 1 else f"{value:.2g}"

    return f"{end(low)}–{end(high)}"


def _varied(found: Sequence[RankedCell]) -> list[str]:
    """Factors with more than one level among the cells, or all if none varies."""
    factors = found[0].record.cell.factors
    varied = [f for f in factors if len({standing.record.cell.factors[f] for standing in found}) > 1]
    return varied or list(factors)
