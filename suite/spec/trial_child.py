"""The other side of a trial of a user's own components: a process that imports them, calls them and trains one layer."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from suite.catalog import load_target
from suite.catalog.own import importing_from
from suite.models import MODELS
from suite.spec.problems import quote
from suite.spec.sources import find_module

_CALLS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "activations": (("z",), ()),
    "initializers": ((), ("seed",)),
    "normalizations": ((), ("name",)),
    "optimizers": ((), ("learning_rate",)),
}
"""What a component is given besides the arguments of its level: by position, and by name. An initializer that takes no
seed is not given one."""

_LONGEST_ERROR = 200

_SIZES = ("width", "channels", "kernel_size", "units")
"""What else gives a layer its shapes."""

Trial = Mapping[str, Any]
Recipe = Mapping[str, Any]
Fault = tuple[str, int | None, str]
"""File, line and message."""


def answer() -> None:
    """The child's side: trials from standard input, an answer a line to standard output; all else is kept silent."""
    answers = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_RDWR)
    trials = json.load(sys.stdin)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)

    def say(**what: Any) -> None:
        print(json.dumps(what), file=answers, flush=True)

    import keras  # whatever a user's module takes from here on is its own time, on a busy machine too

    keras.config.disable_traceback_filtering()
    for trial in trials:
        say(doing="imported")
        say(fault=_fault(trial, say))


class _NotOfItsKind(Exception):
    """What a component returned is not what its kind does."""


def _fault(trial: Trial, say: Callable[..., None]) -> Fault | None:
    name, kind, folders = trial["name"], trial["kind"], trial["folders"]
    file, module = where_of(trial), name.split(":")[0]

    def raised(error: BaseException) -> Fault:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
        said = str(traceback.TracebackException.from_exception(error))  # though the error's own __str__ may raise
        text = next((line.strip() for line in said.splitlines() if line.strip()), "")
        line = error.lineno if isinstance(error, SyntaxError) else (lines[-1] if lines else None)
        return file, line, f"{type(error).__name__}: {quote(text, _LONGEST_ERROR)}".removesuffix(": ")

    importlib.invalidate_caches()
    with importing_from(folders):
        try:
            loaded = importlib.import_module(module).__file__
            if loaded is not None and Path(file).is_file() and Path(loaded).resolve() != Path(file).resolve():
                return file, None, f"another module named {module} is loaded already, from {loaded}; rename this one"
            component = load_target(name)
        except (Exception, SystemExit) as error:
            file, line, text = raised(error)
            return file, line, f"cannot be imported: {text}"
        if not callable(component):
            return file, None, f"got {_shown(component)}, expected a function or class"
        if kind == "activations" and isinstance(component, type):
            expected = "a function of the pre-activations, or an object that is called with them"
            return file, None, f"got the class {quote(component.__name__)}, expected {expected}"
        level = trial["recipes"][0][trial["factor"]]
        unfit = _call_fault(component, name, kind, [argument for argument in level if argument != "name"])
        if unfit:
            return file, None, unfit
        where = ""
        try:
            for recipe in trial["recipes"]:
                where = ", ".join(f"{name} {size}" for name, size in sizes(recipe).items())
                say(doing="tried")
                _train_one_layer(trial, recipe)
        except _NotOfItsKind as error:
            return file, None, str(error)
        except (Exception, SystemExit) as error:
            file, line, text = raised(error)
            return file, line, f"raises {text}; it was tried on a network of one layer, {where}"
    return None


def _shown(value: Any) -> str:
    """A user's object as it writes itself, or by its type where that raises."""
    try:
        return quote(repr(value))
    except Exception:
        return f"an object of type {type(value).__name__}"


def _call_fault(component: Any, name: str, kind: str, arguments: Sequence[str]) -> str | None:
    """Why a component cannot be called with the arguments of its level and what its kind is given, by its signature."""
    try:
        signature = inspect.signature(component)
    except (TypeError, ValueError):
        return None
    parameters = signature.parameters
    if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        unknown = [argument for argument in arguments if argument not in parameters]
        if unknown:
            return f"takes no argument {', '.join(map(quote, unknown))}; it takes {', '.join(parameters) or 'none'}"
    by_position, by_name = _CALLS[kind]
    given = [name for name in by_name if name != "seed" or name in parameters]
    try:
        signature.bind(*by_position, **dict.fromkeys([*given, *arguments]))
    except TypeError as error:
        call = ", ".join([*by_position, *(f"{name}=..." for name in (*given, *arguments))])
        return f"{error}; of the {kind}, it is called as {name.partition(':')[2]}({call})"
    return None


def _train_one_layer(trial: Trial, recipe: Recipe) -> None:
    """One step of training, compiled as a run compiles it, after a look at what the component itself returns.

    Raises:
        _NotOfItsKind: It returns something else than its kind does.
        Exception: Whatever the component raises.
    """
    import keras
    import tensorflow as tf

    from suite.catalog.activations import build_activation, slope_facts
    from suite.catalog.normalizations import build_normalization
    from suite.catalog.optimizers import build_optimizer

    kind, build = trial["kind"], MODELS[trial["model"]].load()
    level, shapes = recipe[trial["factor"]], (tuple(trial["input"]), tuple(trial["output"]))

    def hold(result: Any, given: Any) -> None:
        shape, dtype = getattr(result, "shape", None), getattr(result, "dtype", None)
        if shape is None or dtype is None or tuple(shape) != tuple(given.shape) or dtype != given.dtype:
            what = type(result).__name__ if dtype is None else f"shape {tuple(shape or ())}, {tf.as_dtype(dtype).name}"
            expected = f"a tensor of shape {tuple(given.shape)}, {given.dtype.name}, as it was given"
            raise _NotOfItsKind(f"returned {what}, expected {expected}")

    def hold_class(result: Any, expected: type) -> None:
        if not isinstance(result, expected):
            raise _NotOfItsKind(f"returned {_shown(result)}, expected a keras {expected.__name__}")

    if kind == "activations":
        activation, z = build_activation(level), tf.reshape(tf.linspace(-2.0, 2.0, 24), (4, 6))
        hold(activation(z), z)
        slope_facts(activation)
    elif kind == "normalizations":
        plain = build({**recipe, trial["factor"]: {"name": "none"}}, *shapes).taps[0].pre_activation
        layer: Any = build_normalization(level, "tried", axes=len(plain.shape))
        z = tf.ones((4, *plain.shape[1:]))
        hold_class(layer, keras.layers.Layer)
        hold(layer(z), z)
    optimizer = build_optimizer(recipe["optimizer"], recipe["clipping"], recipe["weight_decay"])
    hold_class(optimizer, keras.optimizers.Optimizer)
    network = build(recipe, *shapes)
    weights = network.initial_weights(recipe, 0)
    for variable, value in zip(network.model.weights, weights, strict=True):
        variable.assign(value)
    optimizer.build(network.model.trainable_variables)

    def step(x: Any) -> None:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(network.model(x, training=True) ** 2)
        variables = network.model.trainable_variables
        gradients = tape.gradient(loss, [v.value for v in variables], unconnected_gradients="zero")
        optimizer.apply(gradients, variables)

    if kind != "initializers":
        tf.function(step, jit_compile=network.xla, autograph=False)(tf.ones((4, *shapes[0])))


def sizes(recipe: Recipe) -> dict[str, int]:
    """What gives the layers of a recipe their shapes, besides its depth."""
    return {name: recipe[name] for name in _SIZES if name in recipe}


def where_of(trial: Trial) -> str:
    """The file of the component that is tried, or its module where none is found."""
    module = str(trial["name"]).split(":")[0]
    return str(find_module(module, trial["folders"]) or module)
