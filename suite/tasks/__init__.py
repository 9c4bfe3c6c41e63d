"""The catalog of tasks, one module per kind of data."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from suite.catalog.entries import Catalog, Parameter
from suite.tasks.draw import FIRST, Draw
from suite.tasks.task import Form, Split, Task, TaskEntry, TaskError

_TRAIN_SIZE = Parameter("train_size", "number of training examples", "integer", low=1, none="all of them")
_GENERATED = dataclasses.replace(_TRAIN_SIZE, summary="number of generated training sequences", default=20_000, none="")
_GENERATED_HELD_OUT = 1_000
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
_IMAGES = (_TRAIN_SIZE, _SCALING, _LAYOUT, _PERMUTATION)


def _images(name: str, summary: str, size: int, train: int, held_out: int, *, downloaded: bool = True) -> TaskEntry:
    """Images of `size` x `size` pixels; `train` examples train, and `held_out` validate."""

    def form(arguments: Mapping[str, Any]) -> Form:
        steps = size if arguments["layout"] == "rows" else size**2
        as_sequence = Form("sequence", "classes", train=train, chance=0.1, steps=steps, held_out=held_out)
        is_image = arguments["layout"] == "image"
        return dataclasses.replace(as_sequence, examples="image", size=size) if is_image else as_sequence

    return TaskEntry(name, summary, f"suite.tasks.images:{name}", _IMAGES, form=form, downloaded=downloaded)


def _sequences(name: str, summary: str, form: Form, length: int = 100, *, shortest: int) -> TaskEntry:
    """Sequences that are generated, of that length if nothing is said."""
    bridged = Parameter("length", "number T of time steps to bridge", "integer", length, low=shortest, high=10_000)
    return TaskEntry(
        name,
        summary,
        f"suite.tasks.sequences:{name}",
        (bridged, _GENERATED),
        form=lambda arguments: dataclasses.replace(
            form, train=arguments["train_size"], steps=arguments["length"], held_out=_GENERATED_HELD_OUT
        ),
    )


TASKS: Catalog[TaskEntry] = Catalog(
    [
        _images("digits", "1,797 handwritten digits, 8 x 8, shipped with scikit-learn; 60/20/20 stratified",
                8, 1_077, 360, downloaded=False),
        _images("mnist", "70,000 handwritten digits, 28 x 28; 50,000/10,000/10,000", 28, 50_000, 10_000),
        _images("fashion_mnist", "70,000 pieces of clothing, 28 x 28; 50,000/10,000/10,000 (Xiao et al. 2017)",
                28, 50_000, 10_000),
        _images("cifar10", "60,000 photographs, 32 x 32 x 3; 40,000/10,000/10,000 (Krizhevsky 2009)", 32, 40_000, 10_000),
        _sequences("adding", "the sum of the two marked numbers of a sequence; solved below an MSE of 0.01 (Le et al. 2015)",
                   Form("sequence", "numbers", chance=1 / 6, largest=2), shortest=2),
        _sequences("copy_memory", "ten of eight symbols, to be repeated after T blanks; without memory the loss stays at 10 ln 8 / (T + 20) (Arjovsky et al. 2016)",
                   Form("sequence", "classes", every_step=True, chance=1 / 8), shortest=1),
        _sequences("temporal_order", "which two symbols came, in which order, among distractors; solved at 99% (Pascanu et al. 2013)",
                   Form("sequence", "classes", chance=1 / 4), shortest=10),
        _sequences("parity", "whether the ones in a sequence of bits are odd in number; whoever misses one bit stays at 50%",
                   Form("sequence", "classes", chance=1 / 2), length=10, shortest=1),
        TaskEntry("teacher", "20 Gaussian features and the class that a fixed random network gives them; ten classes, equally frequent",
                  "suite.tasks.teacher:teacher",
                  (dataclasses.replace(_TRAIN_SIZE, summary="number of generated training examples", default=4_000, none=""),),
                  form=lambda arguments: Form("table", "classes", train=arguments["train_size"], chance=0.1, held_out=1_000)),
        TaskEntry("xor", "the four points that no linear classifier separates; all three splits are the same",
                  "suite.tasks.toys:xor", form=lambda _: Form("table", "classes", chance=0.5)),
        TaskEntry("saturated_neuron", "one example, x = 1 and y = 0: unlearning a wrong and confident answer (Nielsen, ch. 3)",
                  "suite.tasks.toys:saturated_neuron", form=lambda _: Form("table", "numbers", largest=1)),
        TaskEntry(
            "arrays",
            "your own .npz: arrays x and y, or x_train, y_train, x_test, y_test and, if you like, x_validation, y_validation",
            "suite.tasks.arrays:arrays",
            (
                Parameter("path", "path of the .npz file, relative to the spec's folder", "path", required=True),
                Parameter("examples", "shape of one row of x: numbers, (time, features) or (height, width, channels)",
                          "choice", "table", choices=("table", "sequence", "image")),
                Parameter("targets", "contents of y: classes 0 to k - 1, or numbers", "choice", "classes",
                          choices=("classes", "numbers")),
                Parameter("scaling", "inputs to mean 0 and variance 1 per feature over the training split, or as they are",
                          "choice", "standard", choices=("standard", "none")),
                Parameter("target_scaling", "targets that are numbers to mean 0 and variance 1 over the training split, "
                          "so that errors are shares of their variance", "choice", "none", choices=("standard", "none")),
                _TRAIN_SIZE,
            ),
            form=lambda arguments: Form(arguments["examples"], arguments["targets"]),
            revision=2,  # 1 rounded to float32 before it scaled
        ),
    ],
    kind="tasks",
    of=TaskEntry,
)  # fmt: skip


def form_of(task: Mapping[str, Any]) -> Form:
    """The form of a task's examples and targets.

    Args:
        task: `{"name": ..., **arguments}`; arguments that are left out take their defaults.
    """
    entry = TASKS[task["name"]]
    return entry.form({**entry.defaults(), **task})


def load_task(task: Mapping[str, Any], *, draw: Draw = FIRST, folders: Sequence[str] = ()) -> Task:
    """The arrays of a task.

    Args:
        task: `{"name": ..., **arguments}`.
        draw: Draw of its splits or of its generated data.
        folders: Where a relative path is looked for, before the working folder.

    Raises:
        TaskError: Its data is not there, or not what was expected; the message says what to do.
    """
    entry = TASKS[task["name"]]
    arguments = {key: value for key, value in task.items() if key != "name"}
    for parameter in entry.parameters:
        if parameter.type == "path":
            arguments[parameter.name] = _find(arguments[parameter.name], folders)
    load = entry.load()
    if "draw" in inspect.signature(load).parameters:  # toys have nothing to draw
        arguments["draw"] = draw
    return load(**arguments)


def _find(path: str, folders: Sequence[str]) -> str:
    candidates = [Path(folder, path) for folder in (*folders, ".")]
    found = next((candidate for candidate in candidates if candidate.exists()), None)
    if found is None:
        looked = ", ".join(dict.fromkeys(str(candidate.parent.resolve()) for candidate in candidates))
        raise TaskError(f"there is no file {path}. Looked in: {looked}")
    return str(found)


__all__ = ["TASKS", "Draw", "Form", "Split", "Task", "TaskError", "form_of", "load_task"]
