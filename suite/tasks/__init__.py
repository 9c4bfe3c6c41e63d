"""Names to arrays: one module a kind of data, each task with an entry here."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from suite.catalog.base import Entry, Parameter, catalog_of
from suite.tasks.base import Split, Task, TaskError

_TRAIN_SIZE = Parameter("train_size", "learn from the first so many training examples only", "integer", low=1)
_GENERATED = dataclasses.replace(_TRAIN_SIZE, summary="sequences that are generated to learn from", default=20_000)
_FOLDS = Parameter(
    "folds",
    "k-fold cross-validation in place of the fixed split: replicate r tests on fold r mod k",
    "integer",
    low=3,
    high=100,
)
_SCALING = Parameter(
    "scaling",
    "pixels to [0, 1] (unit), or to mean 0 and variance 1 over the training split (standard)",
    "choice",
    "standard",
    choices=("standard", "unit"),
)
_LAYOUT = Parameter(
    "layout",
    "how an example is read: as an image, or as a sequence of its rows or its pixels",
    "choice",
    "image",
    choices=("image", "rows", "pixels"),
)
_PERMUTATION = Parameter("permutation", "pixels in one fixed random order (Le et al. 2015)", "boolean", False)
_IMAGES = (_TRAIN_SIZE, _SCALING, _LAYOUT, _PERMUTATION, _FOLDS)


def _length(default: int, low: int) -> Parameter:
    return Parameter("length", "T, the time steps to be bridged", "integer", default, low=low, high=10_000)


TASKS = catalog_of(
    [
        Entry("digits", "1,797 handwritten digits, 8 x 8, shipped with scikit-learn; 60/20/20 stratified",
              "suite.tasks.images:digits", _IMAGES),
        Entry("mnist", "70,000 handwritten digits, 28 x 28; 50,000/10,000/10,000",
              "suite.tasks.images:mnist", _IMAGES),
        Entry("fashion_mnist", "70,000 pieces of clothing, 28 x 28; 50,000/10,000/10,000 (Xiao et al. 2017)",
              "suite.tasks.images:fashion_mnist", _IMAGES),
        Entry("cifar10", "60,000 photographs, 32 x 32 x 3; 40,000/10,000/10,000 (Krizhevsky 2009)",
              "suite.tasks.images:cifar10", _IMAGES),
        Entry("adding", "the sum of the two marked numbers of a sequence; solved below an MSE of 0.01 (Le et al. 2015)",
              "suite.tasks.sequences:adding", (_length(100, 2), _GENERATED)),
        Entry("copy_memory", "ten of eight symbols, to be repeated after T blanks; without memory the loss stays at 10 ln 8 / (T + 20) (Arjovsky et al. 2016)",
              "suite.tasks.sequences:copy_memory", (_length(100, 1), _GENERATED)),
        Entry("temporal_order", "which two symbols came, in which order, among distractors; solved at 99% (Pascanu et al. 2013)",
              "suite.tasks.sequences:temporal_order", (_length(100, 10), _GENERATED)),
        Entry("parity", "whether the ones in a sequence of bits are odd in number; whoever misses one bit stays at 50%",
              "suite.tasks.sequences:parity", (_length(10, 1), _GENERATED)),
        Entry("xor", "the four points that no linear classifier separates; all three splits are the same",
              "suite.tasks.toys:xor"),
        Entry("saturated_neuron", "one example, x = 1 and y = 0: unlearning a wrong and confident answer (Nielsen, ch. 3)",
              "suite.tasks.toys:saturated_neuron"),
        Entry(
            "arrays",
            "your own .npz: arrays x and y, or x_train, y_train, x_test, y_test and, if you like, x_validation, y_validation",
            "suite.tasks.arrays:arrays",
            (
                Parameter("path", "of the .npz, relative to the spec's folder", "path", required=True),
                Parameter("examples", "what one row of x is: numbers, (time, features), or (height, width, channels)",
                          "choice", "table", choices=("table", "sequence", "image")),
                Parameter("targets", "what y holds: classes 0 to k - 1, or numbers", "choice", "classes",
                          choices=("classes", "numbers")),
                Parameter("scaling", "inputs to mean 0 and variance 1 per feature over the training split, or as they are",
                          "choice", "standard", choices=("standard", "none")),
                _TRAIN_SIZE,
                _FOLDS,
            ),
        ),
    ]
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Form:
    """What can be said of a task without loading it.

    Attributes:
        examples: What one example is.
        targets: What is to be predicted.
        every_step: Whether there is a target at every time step.
        size: Height and width of an image, where known.
        train: Examples to train on, where known.
        chance: What the best constant answer scores, where known: an accuracy, or a mean squared error.
    """

    examples: Literal["table", "sequence", "image"]
    targets: Literal["classes", "numbers"]
    every_step: bool = False
    size: int | None = None
    train: int | None = None
    chance: float | None = None


class _Images(NamedTuple):
    """What is known of a set of images: height and width, examples in all, and those that the fixed split trains on."""

    size: int
    total: int
    train: int


_KNOWN_IMAGES = {
    "digits": _Images(8, 1_797, 1_077),
    "mnist": _Images(28, 70_000, 50_000),
    "fashion_mnist": _Images(28, 70_000, 50_000),
    "cifar10": _Images(32, 60_000, 40_000),
}
DOWNLOADED = tuple(name for name in _KNOWN_IMAGES if name != "digits")
"""Tasks whose data Keras downloads, if it is not in the data folder."""


def form_of(task: Mapping[str, Any]) -> Form:
    """The form of a task's examples and targets.

    Args:
        task: `{"name": ..., **arguments}`; arguments that are left out take their defaults.
    """
    name = task["name"]
    arguments = {**TASKS[name].defaults(), **task}
    if known := _KNOWN_IMAGES.get(name):
        is_image, folds = arguments["layout"] == "image", arguments["folds"]
        train = known.total - 2 * (known.total // folds) if folds else known.train
        return Form(
            "image" if is_image else "sequence",
            "classes",
            size=known.size if is_image else None,
            train=train,
            chance=0.1,
        )
    if name == "arrays":
        return Form(arguments["examples"], arguments["targets"])
    if name in ("xor", "saturated_neuron"):
        return Form("table", "classes", chance=0.5) if name == "xor" else Form("table", "numbers")
    chance = {"adding": 1 / 6, "copy_memory": 1 / 8, "temporal_order": 1 / 4, "parity": 1 / 2}[name]
    return Form(
        "sequence", "numbers" if name == "adding" else "classes", every_step=name == "copy_memory",
        train=arguments["train_size"], chance=chance,
    )  # fmt: skip


def load_task(task: Mapping[str, Any], *, fold: int = 0, folders: Sequence[str] = ()) -> Task:
    """The arrays of a task.

    Args:
        task: `{"name": ..., **arguments}`.
        fold: Which fold is tested on, where the task has an argument `folds`; modulo their number.
        folders: Where a relative path is looked for, before the working folder.

    Raises:
        TaskError: Its data is not there, or not what was expected; the message says what to do.
    """
    entry = TASKS[task["name"]]
    arguments = {key: value for key, value in task.items() if key != "name"}
    for parameter in entry.parameters:
        if parameter.type == "path":
            arguments[parameter.name] = _find(arguments[parameter.name], folders)
    if folds := arguments.get("folds"):
        arguments["fold"] = fold % folds
    return entry.load()(**arguments)


def _find(path: str, folders: Sequence[str]) -> str:
    candidates = [Path(folder, path) for folder in (*folders, ".")]
    found = next((candidate for candidate in candidates if candidate.exists()), None)
    if found is None:
        looked = ", ".join(dict.fromkeys(str(candidate.parent.resolve()) for candidate in candidates))
        raise TaskError(f"there is no file {path}. Looked in: {looked}")
    return str(found)


__all__ = ["DOWNLOADED", "TASKS", "Form", "Split", "Task", "TaskError", "form_of", "load_task"]
