"""A recipe as Keras code: the model, the optimizer and the call of `fit`, as one would write them without the suite."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from leaderboard.keras_components import CATALOGS, Unwritable, canonical, component, number
from suite.catalog.losses import resolve_loss
from suite.catalog.normalizations import normalization_of, takes_out_bias
from suite.protocol.labels import label_text
from suite.results.manifest import Manifest

_CELLS = {"simple_rnn": "SimpleRNN", "lstm": "LSTM", "gru": "GRU"}
_POOLS = {"max": "MaxPooling2D", "average": "AveragePooling2D"}
_EVERY_STEP = ("copy_memory",)
"""Tasks with a target at every time step."""

_ONE_HOT = "  # y_train one-hot"


class _Recipe(dict[str, Any]):
    """Levels by factor; without the level of a factor that the manifest does not name, no code can be written."""

    def __missing__(self, factor: str) -> Any:
        raise Unwritable(factor)


class CodeWriter:
    """Writes the recipes of a benchmark as programs.

    Args:
        manifest: Manifest of the benchmark.
        grid: All levels of every factor as the spec has them, in the order of the labels; empty if unknown.
    """

    def __init__(self, manifest: Manifest, grid: Mapping[str, Sequence[Any]]) -> None:
        self._manifest, self._grid = manifest, grid
        self._labels = {factor: [label_text(label) for label in labels] for factor, labels in manifest.factors.items()}

    def levels(self, labels: Sequence[str]) -> dict[str, Any]:
        """The level of every factor of the grid, canonical where it is a component, by the name of the factor.

        Raises:
            Unwritable: A component is not part of the catalog.
        """
        found = {}
        for (factor, known), label in zip(self._labels.items(), labels, strict=True):
            name = factor.removesuffix("_level")
            level = self._grid[factor][known.index(label)] if factor in self._grid else label
            found[name] = canonical(CATALOGS[name], level) if name in CATALOGS else number(level)
        return found

    def write(self, labels: Sequence[str], rate: float) -> str | None:
        """The program of the recipe with these labels; None if Keras has no layers for it.

        Args:
            labels: Label of every factor of the grid.
            rate: Learning rate.
        """
        try:
            recipe = _Recipe(self._manifest.fixed | self.levels(labels))
            task = {**self._manifest.task.model_dump(), **{k: v for k, v in recipe.items() if k == "train_size"}}
            return keras_code(self._manifest.model, recipe, task, rate, recipe["steps"] or self._manifest.budget.steps)
        except Unwritable:
            return None


def keras_code(model: str, recipe: Mapping[str, Any], task: Mapping[str, Any], rate: float, steps: int) -> str:
    """A program that builds, compiles and trains a recipe on `x_train` and `y_train`.

    Args:
        model: Family of the model.
        recipe: Every factor with its canonical level.
        task: Name, number of classes (None for numbers) and number of training examples.
        rate: Learning rate.
        steps: Number of training steps.

    Raises:
        Unwritable: Keras has no such component, or the family is not one of the suite's.
    """
    if model not in _BODIES or recipe["schedule"]["name"] != "constant" or task["name"] in _EVERY_STEP:
        raise Unwritable(model)
    if model != "recurrent" and recipe.get("other_layers", "none") != "none":
        raise Unwritable("two activations")
    loss, head = _loss(recipe, task.get("classes"))
    units = task["classes"] if task.get("classes") else "y_train.shape[-1]"
    dense = ", ".join([str(units), *_weights(recipe), *([f'activation="{head}"'] if head else [])])
    epochs = max(1, round(steps * recipe["batch_size"] / task["train_size"])) if task.get("train_size") else 1
    metrics = ['    metrics=["accuracy"],'] if task.get("classes") else []
    return "\n".join([
        "import keras",
        "from keras import layers",
        "",
        *_BODIES[model](recipe),
        f"outputs = layers.Dense({dense})(x)",
        "",
        "model = keras.Model(inputs, outputs)",
        "model.compile(",
        f"    optimizer={_optimizer(recipe, rate)},",
        f"    loss={loss}",
        *metrics,
        ")",
        f"model.fit(x_train, y_train, batch_size={recipe['batch_size']}, epochs={epochs})",
    ])  # fmt: skip


def changed_lines(before: str, after: str) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """The lines of both programs, each with whether the other lacks it."""
    one, two = before.split("\n"), after.split("\n")
    marked: tuple[list[tuple[str, bool]], list[tuple[str, bool]]] = ([], [])
    for kind, a, b, c, d in difflib.SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
        marked[0].extend((line, kind != "equal") for line in one[a:b])
        marked[1].extend((line, kind != "equal") for line in two[c:d])
    return marked


def _loss(recipe: Mapping[str, Any], classes: int | None) -> tuple[str, str]:
    """Code of the loss with the comma behind it, and the output's activation; empty for logits and numbers."""
    level = resolve_loss(recipe["loss"], classes)
    smoothing = recipe["label_smoothing"]
    one_hot = _ONE_HOT if classes else ""
    if level["name"] == "cross_entropy":
        if smoothing:
            return f"keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing={smoothing}),{one_hot}", ""
        return "keras.losses.SparseCategoricalCrossentropy(from_logits=True),", ""
    if smoothing:
        raise Unwritable("label smoothing")
    if level["name"] == "binary_cross_entropy":
        return f"keras.losses.BinaryCrossentropy(from_logits=True),{one_hot}", ""
    if level["name"] == "huber":
        return f"keras.losses.Huber({level['delta']}),", ""
    return f'"mse",{one_hot}', "" if level["output"] == "linear" else level["output"]


def _optimizer(recipe: Mapping[str, Any], rate: float) -> str:
    clipping = recipe["clipping"]
    keyword = {"global_norm": "global_clipnorm", "norm": "clipnorm", "value": "clipvalue"}.get(clipping["name"])
    code = component("optimizers", recipe["optimizer"], (repr(float(f"{rate:.2g}")),))
    added = [f"{keyword}={clipping['value' if keyword == 'clipvalue' else 'norm']}"] if keyword else []
    added += [] if recipe["weight_decay"] is None else [f"weight_decay={recipe['weight_decay']}"]
    return f"{code[:-1]}{''.join(f', {one}' for one in added)})"


def _weights(recipe: Mapping[str, Any]) -> list[str]:
    """Arguments of a layer with a kernel and a bias."""
    parts = []
    if recipe["initializer"]["name"] != "glorot_uniform":
        parts.append(f"kernel_initializer={component('initializers', recipe['initializer'])}")
    if recipe.get("bias_scale"):
        parts.append(f"bias_initializer=keras.initializers.RandomNormal({recipe['bias']}, {recipe['bias_scale']})")
    elif recipe["bias"]:
        parts.append(f"bias_initializer=keras.initializers.Constant({recipe['bias']})")
    penalties = [f"{name}={recipe[name]}" for name in ("l1", "l2") if recipe[name]]
    if penalties:
        parts.append(f"kernel_regularizer=keras.regularizers.L1L2({', '.join(penalties)})")
    return parts


def _normalization(recipe: Mapping[str, Any], images: bool = False) -> list[str]:
    level = recipe["normalization"]
    if level["name"] == "none" or normalization_of(level).of_weights:
        return []
    if images and normalization_of(level).on_images:
        return ["layers.GroupNormalization(groups=1)"]
    return [component("normalizations", level)]


def _hidden(recipe: Mapping[str, Any], linear: str, images: bool = False, head: str = "def layer(x):") -> list[str]:
    """The function `layer`: linear map, normalization, activation, dropout."""
    if normalization_of(recipe["normalization"]).of_weights:
        linear = component("normalizations", recipe["normalization"], (linear,))
    steps = [f"layers.Activation({component('activations', recipe['activation'])})"]
    norm = _normalization(recipe, images)
    steps = [*norm, *steps] if recipe["norm_position"] == "before" else [*steps, *norm]
    steps += [f"layers.Dropout({recipe['dropout']})"] if recipe["dropout"] else []
    *first, last = [linear, *steps]
    return [head, *(f"    x = {step}(x)" for step in first), f"    return {last}(x)"]


def _stacked(count: int, residual: Mapping[str, Any], call: str = "layer(x)") -> Iterator[str]:
    """So many layers, in residual blocks where the recipe has them."""
    block = residual["every"] if residual["name"] == "skip" else 0
    if block and count >= block:
        inner = "x"
        for _ in range(block):
            inner = f"layer({inner})"
        branch = inner if residual["alpha"] == 1 else f"{residual['alpha']:.4g} * {inner}"
        yield from _loop(count // block, f"layers.Add()([x, {branch}])")
        count %= block
    if count:
        yield from _loop(count, call)


def _loop(count: int, value: str) -> list[str]:
    return [f"x = {value}"] if count == 1 else [f"for _ in range({count}):", f"    x = {value}"]


def _bias(recipe: Mapping[str, Any]) -> list[str]:
    return ["use_bias=False"] if takes_out_bias(recipe) else []


def _mlp(recipe: Mapping[str, Any]) -> list[str]:
    depth, lines = recipe["depth"], []
    if depth:
        dense = f"layers.Dense({', '.join([str(recipe['width']), *_bias(recipe), *_weights(recipe)])})"
        lines = [*_hidden(recipe, dense), ""]
    skips = recipe["residual"]["name"] != "none"
    lines += ["inputs = keras.Input(x_train.shape[1:])", "x = layers.Flatten()(inputs)"]
    if depth and skips:
        lines.append("x = layer(x)")
    return [*lines, *_stacked(depth - skips if depth else 0, recipe["residual"])]


def _cnn(recipe: Mapping[str, Any]) -> list[str]:
    stride = recipe["pooling"] == "stride"
    strides = ["strides=strides"] if stride else []
    parts = [
        str(recipe["channels"]),
        str(recipe["kernel_size"]),
        *strides,
        'padding="same"',
        *_bias(recipe),
        *_weights(recipe),
    ]
    lines = _hidden(
        recipe, f"layers.Conv2D({', '.join(parts)})", images=True,
        head="def layer(x, strides=1):" if stride else "def layer(x):",
    )  # fmt: skip
    lines += ["", "x = inputs = keras.Input(x_train.shape[1:])"]
    whole, longer = divmod(recipe["depth"], recipe["stages"])
    skips = recipe["residual"]["name"] != "none"
    for stage in range(recipe["stages"]):
        count = whole + (stage < longer)
        if stage and not stride:
            lines.append(f'x = layers.{_POOLS[recipe["pooling"]]}(2, padding="same")(x)')
        if count and stage and stride:
            lines.append("x = layer(x, strides=2)")
            count -= 1
        elif count and not stage and skips:
            lines.append("x = layer(x)")
            count -= 1
        lines += _stacked(count, recipe["residual"])
    return [*lines, "x = layers.GlobalAveragePooling2D()(x)"]


def _recurrent(recipe: Mapping[str, Any]) -> list[str]:
    cell, norm = recipe["cell_type"]["name"], recipe["normalization"]
    if cell not in _CELLS or recipe["residual"]["name"] != "none" or normalization_of(norm).of_batches:
        raise Unwritable(cell)
    if norm["name"] != "none" and recipe["norm_position"] == "inside":
        raise Unwritable("normalization inside a cell")
    activation = component("activations", recipe["activation"])
    parts = [str(recipe["units"])]
    parts += [] if activation == '"tanh"' else [f"activation={activation}"]
    gate = component("activations", recipe["recurrent_activation"])
    parts += [] if cell == "simple_rnn" or gate == '"sigmoid"' else [f"recurrent_activation={gate}"]
    recurrent = component("initializers", recipe["recurrent_initializer"])
    parts += [] if recurrent == '"orthogonal"' else [f"recurrent_initializer={recurrent}"]
    parts += _weights(recipe)
    if cell == "lstm" and recipe["forget_bias"] != 1:
        raise Unwritable("forget bias")
    after = _normalization(recipe) + ([f"layers.Dropout({recipe['dropout']})"] if recipe["dropout"] else [])
    lines = ["x = inputs = keras.Input(x_train.shape[1:])"]
    for layer_number in range(recipe["layers"]):
        sequences = [] if layer_number == recipe["layers"] - 1 else ["return_sequences=True"]
        lines.append(f"x = layers.{_CELLS[cell]}({', '.join([*parts, *sequences])})(x)")
        lines += [f"x = {layer}(x)" for layer in after]
    return lines


_BODIES = {"mlp": _mlp, "cnn": _cnn, "recurrent": _recurrent}
