"""Rules for factors that cannot be combined, with the reasons.

Rules of a single model family are defined by that family (`suite.models.family`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from suite.catalog.losses import LOSSES
from suite.catalog.normalizations import normalization_of
from suite.catalog.optimizers import OPTIMIZERS
from suite.models import MODELS
from suite.models.family import Conflict, Family
from suite.tasks import TASKS, Form, form_of


def conflicts(task: Mapping[str, Any], model: str, recipe: Mapping[str, Any]) -> list[Conflict]:
    """The factors of a recipe that cannot be combined, or not with the task.

    Args:
        task: Task with its arguments, `{"name": ..., **arguments}`.
        model: Name of the model family.
        recipe: Canonical level of every factor.

    Returns:
        Factor and reason of each conflict. The factor can also be an argument of the task, or `model`.
    """
    form, family = form_of(task), MODELS[model]
    return [
        *_of_examples(form, task, family),
        *_of_sizes(form, task, recipe),
        *_of_targets(form, task, recipe),
        *_of_loss(form, task, recipe),
        *_of_optimizer(recipe),
        *_of_normalization(family, recipe),
        *family.conflicts(form, recipe),
    ]


def _of_examples(form: Form, task: Mapping[str, Any], family: Family) -> Iterator[Conflict]:
    if family.reads not in (None, form.examples):
        layout = TASKS[task["name"]].parameter("layout")
        choices = layout.choices if layout is not None else ()
        fitting = [choice for choice in choices if form_of({**task, "layout": choice}).examples == family.reads]
        if fitting:
            yield "layout", f"{family.name} needs {family.reads}s: layout {' or '.join(fitting)}"
        else:
            yield "model", f"{family.name} needs {family.reads}s, which {task['name']} does not have"
    if form.every_step and not family.every_step:
        able = " and ".join(other.name for other in MODELS.values() if other.every_step)
        yield "model", f"{task['name']} needs an output at every time step, which only {able} has"


def _of_sizes(form: Form, task: Mapping[str, Any], recipe: Mapping[str, Any]) -> Iterator[Conflict]:
    if form.train is None:
        return
    wanted, batch_size = task.get("train_size") or form.train, recipe["batch_size"]
    if wanted > form.train:
        yield "train_size", f"{wanted:,} is more than the {form.train:,} training examples of {task['name']}"
    elif batch_size > wanted:
        yield "batch_size", f"a batch of {batch_size:,} is more than the {wanted:,} training examples"


def _of_targets(form: Form, task: Mapping[str, Any], recipe: Mapping[str, Any]) -> Iterator[Conflict]:
    if task.get("target_scaling") != "standard":
        return
    if form.targets != "numbers":
        yield "target_scaling", f"needs numeric targets, but {task['name']} has {form.targets}"
    elif recipe["loss"]["name"] == "binary_cross_entropy" or recipe["loss"].get("output") == "sigmoid":
        yield "target_scaling", "scaled targets can be negative, but a sigmoid output cannot"


def _of_loss(form: Form, task: Mapping[str, Any], recipe: Mapping[str, Any]) -> Iterator[Conflict]:
    loss, smoothed = recipe["loss"], recipe["label_smoothing"]
    name, output, of = loss["name"], loss.get("output"), LOSSES[loss["name"]].of
    if of not in (None, form.targets):
        yield "loss", f"{name} needs {of} as targets, but {task['name']} has {form.targets}"
    if form.targets == "numbers":
        if (name == "binary_cross_entropy" or output == "sigmoid") and (form.largest or 0) > 1:
            bounded = "a sigmoid output" if output == "sigmoid" else name
            yield "loss", f"{bounded} needs targets in [0, 1], but those of {task['name']} go up to {form.largest:g}"
        if output == "softmax":
            yield "loss", f"a softmax output needs classes as targets, but {task['name']} has numbers"
        if smoothed:
            yield "label_smoothing", f"needs classes as targets, but {task['name']} has numbers"
    elif smoothed and form.every_step and name not in ("auto", "cross_entropy"):
        yield "label_smoothing", "for outputs at every time step, only works with cross_entropy"


def _of_optimizer(recipe: Mapping[str, Any]) -> Iterator[Conflict]:
    optimizer, decay = recipe["optimizer"], recipe["weight_decay"]
    entry = OPTIMIZERS.find(optimizer["name"])
    own = entry.parameter("weight_decay") if entry is not None else None
    if decay is not None and own is not None and optimizer["weight_decay"] != own.default:
        given = f"{decay:g} as a factor and {optimizer['weight_decay']:g} in the optimizer"
        yield "weight_decay", f"is given twice: {given}"


def _of_normalization(family: Family, recipe: Mapping[str, Any]) -> Iterator[Conflict]:
    name, norm = recipe["normalization"]["name"], normalization_of(recipe["normalization"])
    if norm.of_images and family.reads != "image":
        able = " and ".join(other.name for other in MODELS.values() if other.reads == "image")
        yield "normalization", f"{name} normalization needs image positions, which only {able} has"
    if norm.of_weights and recipe["norm_position"] == "after":
        yield "norm_position", f"{name} normalization acts on weights and has no position"
    if norm.of_zeros and recipe["initializer"]["name"] == "zeros":
        yield "normalization", norm.of_zeros
