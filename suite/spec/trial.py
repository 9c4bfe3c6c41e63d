"""A user's own components tried before anything trains: imported, called on a small tensor, held to shape and type.

That happens in a process of its own with a time limit, so that whatever a user's module does when it is imported (print,
sleep, end the process) is told, and TensorFlow is loaded only where there is something to try.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import json
import os
import queue
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from suite.catalog import is_own_component, load_target
from suite.catalog.own import importing_from
from suite.models import MODELS
from suite.protocol.records import Cell
from suite.spec.levels import default_of
from suite.spec.problems import Problem, SpecError, quote
from suite.spec.sources import find_module
from suite.tasks import form_of

LIMIT_SECONDS = 60.0
"""For one component; a module that waits longer is not waited for."""

_START_SECONDS = 300.0
"""For the process to load TensorFlow, on a busy machine."""

_CHILD = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from suite.spec.trial import answer; answer()"

_CALLS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "activations": (("z",), ()),
    "initializers": ((), ("seed",)),
    "normalizations": ((), ("name",)),
    "optimizers": ((), ("learning_rate",)),
}
"""What a component is given besides the arguments of its level: by position, and by name. An initializer that takes no
seed is not given one."""


_LONGEST_ERROR = 200
_ONE_LAYER = {"depth": 1, "layers": 1, "stages": 1}
_SIZES = ("width", "channels", "kernel_size", "units")
"""What else gives a layer its shapes."""

_MOST_SIZES = 8
"""That one component is tried at, from the smallest to the largest: each takes about a second."""

_SHAPES = {"table": (6,), "image": (8, 8, 1), "sequence": (5, 3)}

Trial = Mapping[str, Any]
Recipe = Mapping[str, Any]
Fault = tuple[str, int | None, str]
"""File, line and message."""


def try_components(cells: Iterable[Cell], limit: float = LIMIT_SECONDS) -> None:
    """Imports every component of a user's own that the cells name, and trains a network of one layer with it.

    Args:
        cells: Of any benchmarks; cells that differ in other factors share a trial, which goes through their sizes.
        limit: Seconds for one component.

    Raises:
        SpecError: One cannot be imported, is not what its file beside the spec defines, cannot be called as its kind,
            raises, returns something else than its kind does, ends the process or takes too long.
    """
    trials: dict[str, Trial] = {}
    recipes: dict[str, dict[tuple[int, ...], Recipe]] = {}
    for cell in cells:
        for factor, level in cell.recipe.items():
            if isinstance(level, Mapping) and is_own_component(level["name"]):
                key, trial, recipe = _trial(cell, factor)
                trials.setdefault(key, trial)
                recipes.setdefault(key, {}).setdefault(tuple(_sizes(recipe).values()), recipe)
    chosen = [{**trials[key], "recipes": _some(recipes[key])} for key in sorted(trials)]
    faults: list[Fault | None] = []
    while len(faults) < len(chosen):  # a process that ended, or was ended, has answered one more
        with contextlib.closing(_answers(chosen[len(faults) :], limit)) as answers:
            faults += answers
    problems = [
        Problem(file, line, None, trial["name"], message)
        for trial, (file, line, message) in ((t, f) for t, f in zip(chosen, faults, strict=True) if f is not None)
    ]
    if problems:
        raise SpecError(dict.fromkeys(problems))


def _sizes(recipe: Recipe) -> dict[str, int]:
    return {name: recipe[name] for name in _SIZES if name in recipe}


def _some(recipes: Mapping[tuple[int, ...], Recipe]) -> list[Recipe]:
    """As many as are tried, the smallest and the largest among them, by increasing size."""
    count, last = min(len(recipes), _MOST_SIZES), len(recipes) - 1
    ordered = [recipes[size] for size in sorted(recipes)]
    return [ordered[round(index * last / max(count - 1, 1))] for index in range(count)]


def _trial(cell: Cell, factor: str) -> tuple[str, Trial, Recipe]:
    """What tells trials apart, what a child process is told to try, as plain data, and the recipe it is tried in."""
    parameters = MODELS[cell.model].parameters
    kind = next(p.catalog for p in parameters if p.name == factor)
    kept = [factor, "cell_type", *(["clipping"] if kind == "optimizers" else [])]
    recipe = {
        p.name: default_of(p) if p.type == "component" and p.name not in kept else cell.recipe[p.name]
        for p in parameters
    }
    recipe |= {name: size for name, size in _ONE_LAYER.items() if name in recipe}
    form = form_of(cell.task)
    shape = _SHAPES[form.examples]
    trial = {
        "name": cell.recipe[factor]["name"],
        "kind": kind,
        "factor": factor,
        "folders": list(cell.search_path),
        "model": cell.model,
        "input": shape,
        "output": [*(shape[:1] if form.every_step else ()), 3],
    }
    told_apart = [
        trial["name"],
        trial["folders"],
        cell.model,
        factor,
        *(recipe[name] for name in kept if name in recipe),
    ]
    return json.dumps(told_apart, sort_keys=True), trial, recipe


def _answers(trials: Sequence[Trial], limit: float) -> Generator[Fault | None, None, None]:
    """What is wrong with each component, from one process; up to the one that ends it or takes too long."""
    command = [sys.executable, "-P", "-c", _CHILD, json.dumps(sys.path)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def listen() -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError), process.stdin as requests:
            json.dump(trials, requests)
        for line in process.stdout:
            lines.put(line)
        lines.put("")

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    doing, waiting = "begun", _START_SECONDS
    try:
        for trial in trials:
            while True:
                try:
                    said = lines.get(timeout=waiting)
                except queue.Empty:
                    yield _where(trial), None, f"was not {doing} within {waiting:g} s"
                    return
                if not said:
                    yield (
                        _where(trial),
                        None,
                        f"ended the process, with exit status {process.wait()}, while it was {doing}",
                    )
                    return
                answer = json.loads(said)
                if "fault" in answer:
                    break
                doing, waiting = answer["doing"], _START_SECONDS if answer["loading"] else limit
            yield tuple(answer["fault"]) if answer["fault"] else None
    finally:
        process.kill()
        process.wait()
        listener.join()


def _where(trial: Trial) -> str:
    module = str(trial["name"]).split(":")[0]
    return str(find_module(module, trial["folders"]) or module)


def answer() -> None:
    """The child's side: trials from standard input, an answer a line to standard output; all else is kept silent."""
    answers = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_RDWR)
    trials = json.load(sys.stdin)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)

    def say(**what: Any) -> None:
        print(json.dumps(what), file=answers, flush=True)

    for trial in trials:
        say(doing="imported", loading=False)
        say(fault=_fault(trial, say))


class _NotOfItsKind(Exception):
    """What a component returned is not what its kind does."""


def _fault(trial: Trial, say: Callable[..., None]) -> Fault | None:
    name, kind, folders = trial["name"], trial["kind"], trial["folders"]
    file, module = _where(trial), name.split(":")[0]

    def raised(error: BaseException) -> Fault:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
        text = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
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
            return file, None, f"got {quote(repr(component))}, expected a function or class"
        level = trial["recipes"][0][trial["factor"]]
        unfit = _call_fault(component, name, kind, [argument for argument in level if argument != "name"])
        if unfit:
            return file, None, unfit
        where = ""
        try:
            say(doing="tried: TensorFlow did not load", loading=True)
            import keras

            keras.config.disable_traceback_filtering()
            for recipe in trial["recipes"]:
                where = ", ".join(f"{name} {size}" for name, size in _sizes(recipe).items())
                say(doing="tried", loading=False)
                _train_one_layer(trial, recipe)
        except _NotOfItsKind as error:
            return file, None, str(error)
        except (Exception, SystemExit) as error:
            file, line, text = raised(error)
            return file, line, f"raises {text}; it was tried on a network of one layer, {where}"
    return None


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
            raise _NotOfItsKind(f"returned {quote(repr(result))}, expected a keras {expected.__name__}")

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
