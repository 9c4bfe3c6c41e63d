"""The data behind a spec, loaded before anything trains: what is wrong with it is told once, not by every worker."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from suite.records import Cell
from suite.spec.problems import Problem, SpecError
from suite.tasks import Task, TaskError, load_task

_FEWEST = 1_000
"""Examples that every image task has at least, however it is split: batches up to this size need no look."""

_TOYS = ("xor", "saturated_neuron")
"""Tasks of so few examples that a batch holds them many times over."""


def check_data(cells: Sequence[Cell], file: str, *, downloads: bool = False) -> None:
    """Loads the data of one benchmark where the spec alone cannot tell whether it will do.

    Args:
        cells: All of one benchmark.
        file: The spec, for messages.
        downloads: Whether to load what Keras serves too, so that it is there when workers want it.

    Raises:
        SpecError: Data is missing, unusable, or too little for a batch.
    """
    tasks: dict[str, list[Cell]] = {}
    for cell in cells:
        tasks.setdefault(json.dumps(cell.task), []).append(cell)
    problems = [
        Problem(file, None, None, key, message)
        for sharing in tasks.values()
        for key, message in _faults(sharing, downloads)
    ]
    if problems:
        raise SpecError(dict.fromkeys(problems))


def _faults(cells: Sequence[Cell], downloads: bool) -> Iterator[tuple[str, str]]:
    """(key, message) of what is wrong for cells that share a task."""
    task, largest = cells[0].task, max(cell.recipe["batch_size"] for cell in cells)
    if task["name"] in _TOYS:
        return
    loaded = None
    if task["name"] == "arrays" or (
        "layout" in task and (downloads or task["train_size"] or task["folds"] or largest > _FEWEST)
    ):
        try:
            loaded = load_task(task, folders=cells[0].search_path)
        except TaskError as error:
            yield "task", str(error)
            return
    examples = len(loaded.train) if loaded is not None else task.get("train_size")
    if examples is not None and largest > examples:
        yield "batch_size", f"got {largest}, expected at most the {examples:,} examples to train on"
    if loaded is not None and task["name"] == "arrays":
        yield from _out_of_bounds(cells, loaded)


def _out_of_bounds(cells: Sequence[Cell], task: Task) -> Iterator[tuple[str, str]]:
    losses = [cell.recipe["loss"] for cell in cells]
    bounded = next((x for x in losses if x["name"] == "binary_cross_entropy" or x.get("output") == "sigmoid"), None)
    low, high = task.train.y.min(), task.train.y.max()
    if bounded is not None and task.classes is None and (low < 0 or high > 1):
        yield "loss", f"got {bounded['name']} for answers in [0, 1], and the targets go from {low:g} to {high:g}"
