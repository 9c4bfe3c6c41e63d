"""Progress of a run: a bar with the phase and the remaining time on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
from rich.table import Column
from rich.text import Text

from suite.protocol.labels import label_text, printable
from suite.protocol.records import Cell, Failure, Record
from suite.run.runner import Progress as Step

FEW = 3
"""Finished cells, or a tenth of all, from which on a remaining time is shown."""


def duration(seconds: float) -> str:
    """A duration in words: "40 s", "7 min", "2 h 5 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def recipe(cell: Cell) -> str:
    """A cell's levels in one line."""
    return " · ".join(label_text(label) for label in cell.factors.values())


class Display:
    """Shows the progress of a run.

    Args:
        console: Terminal or file to print to.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._outcomes: Counter[str] = Counter()
        self._failures = 0

    @contextmanager
    def showing(self, total: int) -> Iterator[Display]:
        """Shows the bar while the block runs."""
        whole = Column(no_wrap=True)
        self._bar = Progress(
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            _Left(table_column=whole),
            TextColumn("{task.fields[ends]}", "dim", markup=False, table_column=whole),
            TextColumn(
                "{task.description}",
                "dim",
                markup=False,  # labels are a user's: "[/red]" is one
                table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
            ),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
            expand=True,
            refresh_per_second=4,
        )
        self._task = self._bar.add_task("starting", total=total, ends="", since=0.0, at=0.0)
        with self._bar:
            yield self

    def phase(self, words: str) -> None:
        """Shows what is being done until the next cell is finished; the pace is that since the last start."""
        task = self._bar.tasks[self._task]
        since = task.fields["since"] if task.completed else task.elapsed
        self._bar.update(self._task, description=words, since=since)

    def refresh(self) -> None:
        """Draws now."""
        self._bar.refresh()

    def tell(self, line: str) -> None:
        """Prints a message above the bar."""
        self._bar.console.print(Text(line, style="yellow"), soft_wrap=not self._console.is_terminal)

    def step(self, step: Step) -> None:
        """Updates the display with one more finished cell."""
        result = step.result
        if isinstance(result, Record):
            self._outcomes.update(run.outcome for run in result.replicates)
        else:
            self._failures += 1
        line = _line(result)
        if not self._console.is_terminal:
            self._console.print(
                f"[{step.done}/{step.total}] {line.plain}", markup=False, highlight=False, soft_wrap=True
            )
            return
        if isinstance(result, Failure):
            self._bar.console.print(line)
        ends = ", ".join(f"{name} {count}" for name, count in self._outcomes.most_common(3))
        self._bar.update(
            self._task,
            completed=step.done,
            at=self._bar.tasks[self._task].elapsed,
            description=f"last: {recipe(result.cell)}",
            ends=ends + (f", failed {self._failures}" if self._failures else ""),
        )


class _Left(ProgressColumn):
    """The remaining time by the pace so far; nothing while few cells are finished, or when that time is over.

    The first cells compile programs that later ones share: carried forward, they would promise far too long.
    """

    def render(self, task: Task) -> Text:
        total = task.total or 0
        if task.completed < min(max(FEW, total / 10), total - 1) or task.finished or task.elapsed is None:
            return Text()
        since, at = task.fields["since"], task.fields["at"]
        left = (at - since) / task.completed * (task.remaining or 0) - (task.elapsed - at)
        return Text(f"{duration(left)} left" if left > 0 else "")


def _line(result: Record | Failure) -> Text:
    if isinstance(result, Failure):
        return Text.assemble(f"{recipe(result.cell)}: ", ("failed: ", "red"), printable(result.error))
    ends = ", ".join(f"{name} {count}" for name, count in Counter(r.outcome for r in result.replicates).most_common())
    return Text(f"{recipe(result.cell)}: {ends} ({result.seconds:.1f} s)")
