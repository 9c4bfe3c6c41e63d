"""The display of a run shows a user's labels as they are, whatever they say."""

from __future__ import annotations

import dataclasses
import io
import time

import pytest
from rich.console import Console

from suite.cli.progress import FEW, Display
from suite.protocol.records import Failure
from suite.run.runner import Progress
from tests.made import make_cell, make_record


@pytest.mark.parametrize("terminal", [True, False])
def test_labels_are_no_markup(terminal: bool) -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=120, highlight=False)
    display = Display(console)
    cell = dataclasses.replace(make_cell(), factors={"number": "[/red] [bold]0"})
    with display.showing(2):
        display.step(Progress(make_record(cell), 1, 2))
        display.step(Progress(Failure(cell, "no \x1b[31m such\u202e device", 3), 2, 2))
    shown = stream.getvalue()
    assert "[/red] [bold]0" in shown
    assert "no \\x1b[31m such\\u202e device" in shown


def test_it_says_what_is_done_and_estimates_nothing_before_some_cells_are_finished() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=120, highlight=False)
    display = Display(console)
    with display.showing(FEW + 2):
        for words in ("starting 2 workers", "compiling 1 of 3 programs"):
            display.phase(words)
            display.refresh()
            assert words in stream.getvalue()
        time.sleep(0.3)
        for done in range(1, FEW + 1):
            assert " left" not in stream.getvalue()
            display.step(Progress(make_record(make_cell()), done, FEW + 2))
            display.refresh()
    assert " s left" in stream.getvalue()
