"""The ranked table of a benchmark for the terminal, with a short summary."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from suite.protocol.labels import label_text, printable
from suite.protocol.ranks import RankedCell, compared_scores
from suite.protocol.records import Outcome, Record
from suite.protocol.words import record_causes_in_words
from suite.protocol.written import counted
from suite.run.worker import OWN

if TYPE_CHECKING:
    from suite.protocol.effects import Effect
from suite.run.gather import Gathered

BEST, WORST = 15, 3
"""Number of rows that a long table shows from its top and from its end."""

EFFECTS = 2
"""Number of factors whose largest effect is reported."""

_RUNS = 10
"""Smallest width of the column of outcomes."""

_NARROWEST = 5

_HEADINGS = {
    "activation": "activ",
    "normalization": "norm",
    "initializer": "init",
    "optimizer": "optim",
    "recurrent_initializer": "rec. init",
}
_ERRATIC = "~"
"""Mark of erratic cells."""

_OUTCOME_STYLE = {Outcome.TRAINED: "green", Outcome.SLOW: "yellow", Outcome.LOST: "yellow"}


def report(results: Gathered, *, everything: bool = False, command: str = "") -> RenderableType:
    """The ranked table with summary, missing results and findings.

    Args:
        results: Results of one benchmark.
        everything: Whether to show all rows.
        command: Command that shows all rows.
    """
    records = results.records
    title = Text.assemble((results.benchmark.name, "bold"), f"  {printable(results.benchmark.title)}")
    if not records:
        return Group(title, _missing_line(results) or Text("no results yet", style="dim"))
    found = results.ranked
    parts: list[RenderableType] = [title, _Ranked(found, everything)]
    if not everything and len(found) > BEST + WORST + 1 and command:
        parts.append(Text(f"{len(found) - BEST - WORST} more: {command}", style="dim"))
    parts.append(_whole(found))
    parts += [line for line in (_missing_line(results), *_findings(records)) if line is not None]
    parts.append(_notes(found))
    return Group(*parts)


def outcomes(record: Record) -> Text:
    """Outcomes and causes of a cell's runs: "stalled 2, slow 1: vanishing, 0.24 per layer"."""
    counts = Counter(replicate.outcome for replicate in record.replicates)
    text = Text()
    for name, count in counts.most_common():
        alone = len(counts) == 1
        style = _OUTCOME_STYLE.get(Outcome(name), "red")
        text.append(", " if text else "").append(name if alone else f"{name} {count}", style=style)
    causes = record_causes_in_words(record)
    if causes:
        text.append(f": {causes}", style="dim")
    return text


class _Ranked:
    """The table, fitted to the width of the terminal; the outcomes get the remaining width."""

    def __init__(self, found: Sequence[RankedCell], everything: bool) -> None:
        self._short = not everything and len(found) > BEST + WORST + 1
        self._shown = [*found[:BEST], *found[-WORST:]] if self._short else list(found)
        self._factors = _varied(found)
        self._metric = str(found[0].record.task_facts["metric"])
        self._no_mark = " " if any(standing.figures["erratic"] for standing in self._shown) else ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        ok = f"ok{self._no_mark}"
        headings = ["t", *(_HEADINGS.get(f, f) for f in self._factors), f"test {self._metric}", ok, "rate", "runs"]
        rows = [self._row(standing) for standing in self._shown]
        widths = [max(cell_len(str(cell)) for cell in column) for column in zip(headings, *rows, strict=True)]
        room = options.max_width - len(widths) + 1
        factors = slice(1, 1 + len(self._factors))
        widths[factors] = _fitted(widths[factors], room - sum(widths) + sum(widths[factors]) + widths[-1] - _RUNS)
        widths[-1] = max(0, min(widths[-1], room - sum(widths[:-1])))
        table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False, header_style="bold")
        for heading, width in zip(headings, widths, strict=True):
            justify: Any = "right" if heading in ("t", ok) else "left"
            table.add_column(heading, width=width, no_wrap=True, overflow="ellipsis", justify=justify)
        for index, row in enumerate(rows):
            if self._short and index == BEST:
                table.add_row("…")
            table.add_row(*row)
        yield table

    def _row(self, standing: RankedCell) -> list[Text]:
        figures, record = standing.figures, standing.record
        first = standing.figures["tier"] == 1
        return [
            Text(str(figures["tier"]), style="bold" if first else "dim"),
            *(Text(label_text(record.cell.factors[factor])) for factor in self._factors),
            _score(figures),
            Text(f"{figures['trained']}/{figures['replicates']}{_ERRATIC if figures['erratic'] else self._no_mark}"),
            Text(f"{figures['learning_rate']:.2g}" + ("*" if figures["at_edge"] else "")),
            outcomes(record),
        ]


def _fitted(widths: Sequence[int], room: int) -> list[int]:
    """Shrinks the widest columns until all fit."""
    fitted = list(widths)
    while sum(fitted) > room and max(fitted) > _NARROWEST:
        fitted[fitted.index(max(fitted))] -= 1
    return fitted


def _score(figures: Any) -> Text:
    text = Text(_number(figures["test_score"]))
    if figures["test_low"] is not None:
        text.append(f" {_interval(figures['test_low'], figures['test_high'])}", style="dim")
    return text


def _number(value: float) -> str:
    return f"{value:.3f}" if 1e-3 <= abs(value) < 100 or value == 0 else f"{value:.1e}"


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


def _whole(found: Sequence[RankedCell]) -> Text:
    """Number of cells that train, and outcomes of the runs that do not."""
    trained = [standing.figures["trained"] for standing in found]
    runs = [standing.figures["replicates"] for standing in found]
    every = sum(t == n for t, n in zip(trained, runs, strict=True))
    none = sum(t == 0 for t in trained)
    text = Text(
        f"{counted(len(found), 'recipe')}: {every} always train, {len(found) - every - none} sometimes, {none} never."
    )
    failed = [run for s in found for run in s.record.replicates if run.outcome != Outcome.TRAINED]
    if failed:
        ends = Counter(run.outcome for run in failed).most_common()
        text.append(f" Of the {counted(len(failed), 'run')} that missed the target: {_counted(ends)}")
        causes = Counter(cause for run in failed for cause in run.causes).most_common()
        text.append(f"; diagnoses: {_counted(causes)}." if causes else ".")
    return text


def _counted(counts: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts)


def _missing_line(results: Gathered) -> Text | None:
    missing = results.missing
    failed = [cell for cell in missing if cell.fingerprint in results.errors]
    if not missing:
        return None
    text = Text(f"{len(missing)} of {counted(len(results.cells), 'recipe')} without a result")
    if failed:
        errors = Counter(results.errors[cell.fingerprint] for cell in failed)
        common, count = errors.most_common(1)[0]
        reason = "" if common.startswith(OWN) else " for reasons outside the recipe"
        told = common if len(errors) == 1 else f"{common} ({count} times), and {len(errors) - 1} other errors"
        text.append(f"; {len(failed)} failed{reason}: {told}")
    return Text(f"{text.plain}.", style="yellow")


def _notes(found: Sequence[RankedCell]) -> Text:
    note = "Recipes in one tier are statistically indistinguishable from the tier's best (95%). ok: runs that met the target."
    if any(standing.figures["erratic"] for standing in found):
        note += f" {_ERRATIC}: erratic, trains under some seeds and fails under others."
    if any(standing.figures["at_edge"] for standing in found):
        note += " *: the best rate is at the edge of the range searched."
    return Text(note, style="dim")


def _findings(records: Sequence[Record]) -> list[Text]:
    """The largest significant differences between two levels, at most one per factor."""
    from suite.protocol.effects import factor_effects
    from suite.protocol.statistics import difference_bounds

    factors = {name: [label_text(record.cell.factors[name]) for record in records] for name in records[0].cell.factors}
    bounds = difference_bounds(bool(records[0].task_facts["higher_is_better"]))
    effects = factor_effects(factors, compared_scores(records), bounds=bounds)
    effects = [effect.simultaneous for effect in effects if effect.pairs > 1]
    largest: dict[str, Effect] = {}
    for effect in sorted(effects, key=lambda effect: -abs(effect.mean)):
        if effect.significant:
            largest.setdefault(effect.factor, effect)
    told = [_sentence(effect, records[0]) for effect in list(largest.values())[:EFFECTS]]
    if not effects:
        alone = "No effects: fewer than two pairs of recipes differ in a single factor."
        return [Text(alone, style="dim")] if len(records) > 1 else []
    compared = counted(effects[0].n_comparisons, "difference")
    last = "The largest of {} between two levels; 95% intervals corrected for multiple comparisons."
    none = "None of {} between two levels is significant (corrected for multiple comparisons)."
    return [*told, Text((last if told else none).format(compared), style="dim")]


def _sentence(effect: Effect, record: Record) -> Text:
    higher, metric = record.task_facts["higher_is_better"], record.task_facts["metric"]
    better_first = (effect.mean > 0) == higher
    better, worse = (effect.level, effect.other) if better_first else (effect.other, effect.level)
    low, high = sorted((abs(effect.low), abs(effect.high)))
    wins = effect.wins if effect.mean > 0 else effect.losses
    return Text(
        f"{effect.factor.capitalize()}: {better} beats {worse} by {_number(abs(effect.mean))} test {metric} "
        f"({_number(low)} to {_number(high)}); it wins {wins} of {effect.pairs} pairs that differ only in this factor."
    )
