"""Specs as strings: a tiny right one, changed line by line, with a mark where the mistake is."""

from __future__ import annotations

import re
from pathlib import Path

from suite.spec import Benchmark, Problem, SpecError, read_benchmarks

MARK = "§"
"""Stands right before the text at which a problem is expected."""

TINY = {
    "name": "name: tiny",
    "seed": "seed: 3",
    "task": "task: digits",
    "model": "model: mlp",
    "target": "target: 0.9",
    "fixed": "fixed: {depth: 4, width: 8}",
    "grid": "grid: {activation: [relu, tanh], optimizer: [sgd, adam]}",
    "exclude": "exclude: []",
    "budget": "budget: {steps: 30, trials: 2, replicates: 2, evaluations: 5, learning_rate: {low: 1e-3, high: 1.0}}",
}


GRID = "grid: {activation: [relu, tanh, swish], initializer: [he, glorot], optimizer: [sgd, adam]}"
"""Of twelve cells."""


def tiny(**changes: str) -> str:
    """The tiny spec with sections replaced by other text."""
    return "\n".join({**TINY, **changes}.values()) + "\n"


def read(folder: Path, text: str) -> list[Benchmark]:
    """Reads a text as a spec in a folder."""
    return read_benchmarks(write(folder, text))


def one(folder: Path, text: str | None = None, **changes: str) -> Benchmark:
    """The benchmark of a text, or of the tiny spec with changes."""
    (benchmark,) = read(folder, tiny(**changes) if text is None else text)
    return benchmark


def write(folder: Path, text: str | bytes) -> Path:
    """Writes a text as the folder's spec."""
    file = folder / "spec.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def problems(folder: Path, text: str | bytes) -> tuple[Problem, ...]:
    """What is wrong with a spec."""
    try:
        read_benchmarks(write(folder, text))
    except SpecError as error:
        return error.problems
    return ()


def unmark(text: str) -> tuple[str, tuple[int, int]]:
    """A text without its mark, and the mark's line and column."""
    before, _, after = text.partition(MARK)
    return before + after, (before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


def alike(message: str, pattern: str) -> bool:
    """Whether a message is as expected, where "…" stands for any text."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("…"))), message) is not None
