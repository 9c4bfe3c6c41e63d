"""What a run says at its end: the ranked table, and below it what was found, fitted to the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from suite.cli.ranked_table import ERRATIC, WIDE, RankedTable, number
from suite.protocol.gradient_axis import followed
from suite.protocol.labels import label_text, printable
from suite.protocol.ranks import RankedCell, compared_scores
from suite.protocol.records import Outcome, Record
from suite.protocol.written import counted
from suite.run.gather import Gathered
from suite.run.worker import OWN

if TYPE_CHECKING:
    import numpy as np

    from suite.protocol.effects import Effect
    from suite.records import Records

EFFECTS = 2
"""Number of factors whose largest effect is reported."""


class Report:
    """The ranked table with its legend, what is missing, the summary and the findings.

    Args:
        results: Results of one benchmark.
        everything: Whether to show all rows; so does output that is no terminal.
        command: Command that shows all rows.
        below: Number of lines that are printed after the report.
        records: The folder of records, which has the gradients of the strips.
    """

    def __init__(
        self,
        results: Gathered,
        *,
        everything: bool = False,
        command: str = "",
        below: int = 0,
        records: Records | None = None,
    ) -> None:
        self._results, self._everything, self._command = results, everything, command
        self._below, self._records = below, records

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        results, found = self._results, self._results.ranked
        title = Text.assemble((results.benchmark.name, "bold"), f"  {printable(results.benchmark.title)}")
        missing = _missing_line(results)
        if not found:
            yield from (title, missing or Text("no results yet", style="dim"))
            return
        parts = [*_legend(found, console), *([missing] if missing else []), _whole(found), *_findings(results.records)]
        room = None
        if console.is_terminal and not self._everything:
            taken = sum(len(console.render_lines(part, options)) for part in (title, *parts))
            room = console.height - taken - self._below - 1  # the last line is the prompt's
        yield title
        yield RankedTable(found, room, self._command, self._gradients if self._records else None)
        yield from parts

    def _gradients(self, shown: Sequence[RankedCell]) -> dict[str, np.ndarray]:
        """Gradients of cells from their records, the median over runs, by fingerprint."""
        from suite.pictures.scale import median_over_replicates

        assert self._records is not None
        found = {}
        for fingerprint, entry in self._records.answering([s.record.cell for s in shown], partly=True).items():
            for stored in self._records.load([entry]):
                runs = [followed(run.traces) for run in stored.record.replicates if run.traces]
                ends = [run[[0, -1]] for run in runs if len(run)]
                if ends:
                    found[fingerprint] = median_over_replicates(ends)
        return found


def print_report(console: Console, report: RenderableType) -> None:
    """Prints a report; where the output is no terminal, no line is cut or wrapped."""
    console.print(report, soft_wrap=not console.is_terminal)


def ranked_rows(results: Gathered) -> list[dict[str, object]]:
    """The ranking as plain rows: benchmark, fingerprint, labels, and the columns of the exported cells table."""
    from suite.protocol.columns import factor_column

    return [
        {
            "benchmark": results.benchmark.name,
            "cell": standing.record.cell.fingerprint,
            **{factor_column(f): label_text(label) for f, label in standing.record.cell.factors.items()},
            **standing.figures,
        }
        for standing in results.ranked
    ]


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


def _legend(found: Sequence[RankedCell], console: Console) -> list[Text]:
    tiers = "Recipes in one tier (t) are statistically indistinguishable from its best (95%)."
    marks = "ok: runs that met the target"
    if any(standing.figures["erratic"] for standing in found):
        marks += f"; {ERRATIC} some seeds fail"
    if any(standing.figures["at_edge"] for standing in found):
        marks += "; * rate at the edge"
    strips = (
        "gradient: from input to output, at the first step above and the last below; dark vanishes, yellow explodes."
    )
    wide = console.is_terminal and console.width >= WIDE and console.color_system is not None
    return [Text(line, style="dim") for line in (tiers, f"{marks}.", *([strips] if wide else []))]


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
    last = "95% intervals, corrected for {} between two levels."
    none = "None of {} between two levels is significant (corrected for multiple comparisons)."
    return [*told, Text((last if told else none).format(compared), style="dim")]


def _sentence(effect: Effect, record: Record) -> Text:
    higher, metric = record.task_facts["higher_is_better"], record.task_facts["metric"]
    better_first = (effect.mean > 0) == higher
    better, worse = (effect.level, effect.other) if better_first else (effect.other, effect.level)
    low, high = sorted((abs(effect.low), abs(effect.high)))
    wins = effect.wins if effect.mean > 0 else effect.losses
    return Text(
        f"{effect.factor.capitalize()}: {better} beats {worse} by {number(abs(effect.mean))} test {metric} "
        f"({number(low)} to {number(high)}); it wins {wins} of {effect.pairs} pairs that differ only in this factor."
    )
