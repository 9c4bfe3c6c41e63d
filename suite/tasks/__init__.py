"""Names to arrays: one module a kind of data, each task with an entry here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suite.catalog.base import Entry, Parameter, catalog_of
from suite.tasks.base import Split, Task, TaskError

_TRAIN_SIZE = Parameter("train_size", "learn from the first so many training examples only", "integer", low=1)
_SCALING = Parameter(
    "scaling",
    "pixels to [0, 1] (unit), or to mean 0 and variance 1 over the training split (standard)",
    "choice",
    "standard",
    choices=("standard", "unit"),
)

TASKS = catalog_of(
    [
        Entry("digits", "1,797 handwritten digits, 8 x 8, shipped with scikit-learn; 60/20/20 stratified",
              "suite.tasks.images:digits", (_TRAIN_SIZE, _SCALING)),
        Entry("mnist", "70,000 handwritten digits, 28 x 28; 50,000/10,000/10,000",
              "suite.tasks.images:mnist", (_TRAIN_SIZE, _SCALING)),
    ]
)  # fmt: skip


def load_task(task: Mapping[str, Any]) -> Task:
    """The arrays of a task.

    Args:
        task: `{"name": ..., **arguments}`.

    Raises:
        TaskError: Its data is not there, or not what was expected; the message says what to do.
    """
    arguments = {key: value for key, value in task.items() if key != "name"}
    return TASKS[task["name"]].load()(**arguments)


__all__ = ["TASKS", "Split", "Task", "TaskError", "load_task"]
