"""The notebooks of docs/: their code runs, and says what the stored outputs say."""

from __future__ import annotations

import re
from typing import Any

import nbformat
import pytest

from tools.docs.notebooks import FOLDER, executed

SAYS = {
    "why": (
        r"Verdict: vanishing, 0\.2\d per layer",
        r"no fault seen: the gradient changes by 1",
        r"GradientMonitor: exploding, \d",
    ),
    "better": (
        r"squash: 4 recipes, 2 programs",
        r"\[4/4\] tanh",
        r"(open|the opposite holds), digits only +squash-over-tanh",
    ),
}
"""What the outputs of each must say, on any processor."""


def outputs(notebook: Any) -> str:
    """All text of a notebook's outputs."""
    found = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return "".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in found)


@pytest.mark.parametrize("name", SAYS)
def test_a_notebook_runs_and_says_what_is_stored(name: str) -> None:
    file = FOLDER / f"{name}.ipynb"
    stored, again = nbformat.read(file, as_version=4), executed(file)
    for said in SAYS[name]:
        assert re.search(said, outputs(again))
        assert re.search(said, outputs(stored))
    code = [cell for cell in stored.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1)), "stored as run, from top to bottom"


def test_every_notebook_is_tested() -> None:
    assert {file.stem for file in FOLDER.glob("*.ipynb")} == set(SAYS)
