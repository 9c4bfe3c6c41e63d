"""Checks the data of a spec before training, so that errors are reported once and not by every worker."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from suite.protocol.records import Cell
from suite.spec.benchmark import Benchmark
from suite.spec.problems import SpecError
from suite.tasks import TASKS, TaskError, load_task


def check_data(cells: Sequence[Cell], benchmark: Benchmark, *, downloads: bool = False) -> None:
    """Loads and checks the data of custom tasks.

    Args:
        cells: Cells of the benchmark.
        benchmark: The benchmark, for the positions of errors.
        downloads: Whether to load datasets that Keras downloads too, so that workers find them.

    Raises:
        SpecError: Data is missing, invalid, or too small for a batch.
    """
    tasks: dict[str, list[Cell]] = {}
    for cell in cells:
        if cell.task["name"] == "arrays" or (downloads and TASKS[cell.task["name"]].downloaded):
            tasks.setdefault(json.dumps(cell.task), []).append(cell)
    problems = [benchmark.problem(*fault) for sharing in tasks.values() for fault in _faults(sharing)]
    if problems:
        raise SpecError(problems)


def _faults(cells: Sequence[Cell]) -> Iterator[tuple[str, str, Any]]:
    """Factor, message and value of each error of cells with the same task."""
    arguments = cells[0].task
    try:
        task = load_task(arguments, folders=cells[0].search_path)
    except TaskError as error:
        factor = next((p.name for p in TASKS[arguments["name"]].parameters if p.type == "path"), "task")
        yield factor, str(error), arguments.get(factor)
        return
    largest = max(cell.recipe["batch_size"] for cell in cells)
    if largest > len(task.train):
        yield "batch_size", f"a batch of {largest:,} is more than the {len(task.train):,} training examples", largest
    losses = [cell.recipe["loss"] for cell in cells]
    bounded = next((x for x in losses if x["name"] == "binary_cross_entropy" or x.get("output") == "sigmoid"), None)
    low, high = task.train.y.min(), task.train.y.max()
    if bounded is not None and task.classes is None and (low < 0 or high > 1):
        message = f"got {bounded['name']}, which needs targets in [0, 1], but they go from {low:g} to {high:g}"
        yield "loss", message, bounded
