"""What does not go together: combinations that a spec may not hold, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from suite.catalog.base import find
from suite.catalog.normalizations import OF_WEIGHTS
from suite.catalog.optimizers import OPTIMIZERS
from suite.models.stages import blocks_of
from suite.tasks import TASKS, Form, form_of

Conflict = tuple[str, str]

IMAGES_ONLY = "cnn"
SEQUENCES_ONLY = "recurrent"


def conflicts(task: Mapping[str, Any], model: str, recipe: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The factors of a recipe that cannot work together, or not on the task.

    Args:
        task: `{"name": ..., **arguments}`.
        model: Name of the model family.
        recipe: Every factor with its canonical level.

    Returns:
        (factor, reason) for each conflict; empty where there is none. A factor may be an argument of the task, or `model`.
    """
    form = form_of(task)
    rules: tuple[Callable[[Form, Mapping[str, Any], str, Mapping[str, Any]], Iterator[Conflict]], ...] = (
        _of_examples,
        _of_sizes,
        _of_loss,
        _of_optimizer,
        _of_normalization,
        _of_residual,
        _of_cells,
    )
    return [conflict for rule in rules for conflict in rule(form, task, model, recipe)]


def _of_examples(form: Form, task: Mapping[str, Any], model: str, recipe: Mapping[str, Any]) -> Iterator[Conflict]:
    has_layout = TASKS[task["name"]].parameter("layout") is not None
    if model == IMAGES_ONLY and form.examples != "image":
        yield (
            ("layout", "cnn needs images: layout image")
            if has_layout
            else ("model", f"cnn needs images, which {task['name']} has not")
        )
    if model == SEQUENCES_ONLY and form.examples != "sequence":
        if has_layout:
            yield "layout", "recurrent needs sequences: layout rows or pixels"
        else:
            yield "model", f"recurrent needs sequences, which {task['name']} has not"
    if model != SEQUENCES_ONLY and form.every_step:
        yield "model", f"{task['name']} asks for an answer at every time step, which only recurrent gives"
    if model == IMAGES_ONLY:
        stages, depth = recipe["stages"], recipe["depth"]
        if stages > depth:
            yield "stages", f"{stages} stages need a convolution each, and depth is {depth}"
        if form.size is not None and 2 ** (stages - 1) > form.size:
            yield "stages", f"{stages} stages halve an image of {form.size} pixels to less than one"


def _of_sizes(form: Form, task: Mapping[str, Any], model: str, recipe: Mapping[str, Any]) -> Iterator[Conflict]:
    if form.train is None:
        return
    wanted, batch_size = task.get("train_size") or form.train, recipe["batch_size"]
    if wanted > form.train:
        yield "train_size", f"{wanted:,} is more than the {form.train:,} examples that {task['name']} has to train on"
    elif batch_size > wanted:
        yield "batch_size", f"a batch of {batch_size:,} is more than the {wanted:,} examples to train on"


def _of_loss(form: Form, task: Mapping[str, Any], model: str, recipe: Mapping[str, Any]) -> Iterator[Conflict]:
    loss = recipe["loss"]
    cross_entropy = loss["name"] in ("auto", "cross_entropy")
    if form.targets == "numbers":
        if loss["name"] == "cross_entropy":
            yield "loss", f"cross_entropy is of classes, and {task['name']} asks for numbers"
        bounded = "binary_cross_entropy" if loss["name"] == "binary_cross_entropy" else "a sigmoid output"
        if (bounded == "binary_cross_entropy" or loss.get("output") == "sigmoid") and task["name"] == "adding":
            yield "loss", f"{bounded} is of answers in [0, 1], and those of adding are sums up to 2"
        if loss.get("output") == "softmax":
            yield "loss", f"a softmax output is of classes, and {task['name']} asks for numbers"
        if recipe["label_smoothing"]:
            yield "label_smoothing", f"labels are of classes, and {task['name']} asks for numbers"
        return
    if loss["name"] == "huber":
        yield "loss", f"huber is of numbers, and {task['name']} asks for classes"
    if recipe["label_smoothing"] and form.every_step and not cross_entropy:
        yield "label_smoothing", "at every time step, labels are smoothed for cross_entropy only"


def _of_optimizer(form: Form, task: Mapping[str, Any], model: str, recipe: Mapping[str, Any]) -> Iterator[Conflict]:
    optimizer, decay = recipe["optimizer"], recipe["weight_decay"]
    entry = find(OPTIMIZERS, optimizer["name"])
    own = entry.parameter("weight_decay") if entry is not None else None
    if decay is not None and own is not None and optimizer["weight_decay"] != own.default:
        yield (
            "weight_decay",
            f"is given twice: {decay:g} as a factor, and {optimizer['weight_decay']:g} of the optimizer",
        )


def _of_normalization(form: Form, task: Mapping[str, Any], model: str, recipe: Mapping[str, Any]) -> Iterator[Conflict]:
    level, position = recipe["normalization"], recipe["norm_position"]
    name = level["name"]
    if name == "instance" and model != IMAGES_ONLY:
        yield "normalization", "instance normalization is over an image's positions, which only cnn has"
        return
    width = recipe["channels"] if model == "cnn" else recipe["units"] if model == "recurrent" else recipe["width"]
    if model == SEQUENCES_ONLY:
        if name == "group":
            yield "normalization", "group normalization is over all time steps, so it would show a layer the future"
        elif name in OF_WEIGHTS:
            yield "normalization", f"{name} normalization wraps layers with one kernel, and a recurrent cell has two"
        elif position == "inside" and name == "batch":
            yield "norm_position", "batch normalization inside a cell would need statistics for every time step"
        return
    if _of_one_number(form, model, level, width, recipe):
        yield "normalization", f"{name} normalization would be over one number here, which leaves nothing but the shift"
    elif name == "group" and width % level["groups"]:
        yield (
            "normalization",
            f"groups {level['groups']} does not divide the {width} {'channels' if model == 'cnn' else 'units'}",
        )
    if position == "after" and name in OF_WEIGHTS:
        yield "norm_position", f"{name} normalization acts on weights and has no position"
    if name == "spectral" and recipe["initializer"]["name"] == "zeros":
        yield "normalization", "spectral normalization divides by the largest singular value, which is 0 of zeros"
    if model == "mlp" and name == "batch" and recipe["batch_size"] == 1:
        yield "normalization", "batch normalization over a batch of 1 leaves nothing but its shift"
    if recipe["depth"] == 0 and name != "none":
        yield "normalization", "is of hidden layers, and depth is 0"


def _of_one_number(form: Form, model: str, level: Mapping[str, Any], width: int, recipe: Mapping[str, Any]) -> bool:
    """Whether each group is one unit; in a cnn, one channel of an image that the stages shrink to one position."""
    groups = {"layer": 1, "instance": width, "group": level.get("groups")}.get(level["name"])
    one_position = model != IMAGES_ONLY or (form.size is not None and form.size <= 2 ** (recipe["stages"] - 1))
    return groups == width and one_position


def _of_residual(form: Form, task: Mapping[str, Any], model: str, recipe: Mapping[str, Any]) -> Iterator[Conflict]:
    residual = recipe["residual"]
    if residual["name"] == "none":
        return
    every = residual["every"]
    if model == "cnn":
        blocks = blocks_of(recipe["depth"], recipe["stages"], recipe["pooling"])
        if every > max(len(keeping) for _, keeping in blocks):
            yield (
                "residual",
                f"a block of {every} layers does not fit into a stage of the {recipe['depth']} convolutions",
            )
        return
    layers = recipe["layers"] if model == "recurrent" else recipe["depth"]
    if every >= layers:
        yield "residual", f"a block of {every} layers does not fit behind the first of {layers}"


def _of_cells(form: Form, task: Mapping[str, Any], model: str, recipe: Mapping[str, Any]) -> Iterator[Conflict]:
    if model != SEQUENCES_ONLY:
        return
    cell = recipe["cell_type"]["name"]
    if cell != "lstm" and recipe["forget_bias"] != 1:
        yield "forget_bias", f"only lstm has a forget gate, {cell} has none"
    if cell == "simple_rnn" and recipe["recurrent_activation"]["name"] != "sigmoid":
        yield "recurrent_activation", "is of gates, and simple_rnn has none"
