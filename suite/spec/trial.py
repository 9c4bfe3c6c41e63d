"""Tries custom components and those of plug-ins before training: imports, calls and trains them in a one-layer network.

This runs in a separate process, since a module can do anything when it is imported (print, sleep, exit), and TensorFlow
is only loaded if there is something to try.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import pickle
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import source_from_cache
from pathlib import Path
from typing import Any

from suite.catalog import KINDS, is_own_component, load_target
from suite.catalog.own import importing_from
from suite.models import MODELS
from suite.protocol.records import Cell
from suite.spec.benchmark import Benchmark
from suite.spec.levels import default_of
from suite.spec.own_code import code_of_component
from suite.spec.problems import Problem, SpecError, quote
from suite.spec.sources import find_module
from suite.tasks import form_of

LIMIT_SECONDS = 60
"""Time limit in seconds for importing a component, and for each network size."""

_CHILD = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from suite.spec.trial import answer; answer()"
_MOST_SIZES = 8  # each takes about a second
_SIZES = ("width", "channels", "kernel_size", "units")
_ONE_LAYER = {"depth": 1, "layers": 1, "stages": 1}
_SHAPES = {"table": (6,), "image": (8, 8, 1), "sequence": (5, 3)}

_PACKAGE = Path(__file__).parents[1]

Trial = tuple[str, list[Cell]]
"""The factor of the component to try, and cells of increasing size that use it."""

Answer = tuple[str | None, list[str]]
"""Error message of a component, and names of files that it reads but the fingerprints do not cover."""


class NotOfItsKind(Exception):
    """A component returned an object of the wrong type or shape."""


def try_components(cells: Iterable[Cell], benchmark: Benchmark, limit: int = LIMIT_SECONDS) -> list[Problem]:
    """Imports all custom components and those of plug-ins that the cells use, and trains a one-layer network with each.

    Args:
        cells: Cells of the benchmark; those that differ in other factors share a trial, which covers their sizes.
        benchmark: The benchmark, for the positions of errors.
        limit: Time limit per component, in seconds.

    Returns:
        Remarks on components that read files which the fingerprints do not cover.

    Raises:
        SpecError: A component cannot be imported, is shadowed by another module, raises, returns a wrong object, exits the
            process or takes too long.
    """
    trials = trials_of(cells)
    answers: list[Answer] = []
    while len(answers) < len(trials):
        answers += _answers(trials[len(answers) :], limit)
    problems, remarks = [], []
    for (factor, few), (fault, unseen) in zip(trials, answers, strict=True):
        level = few[0].recipe[factor]
        if fault is not None:
            problems.append(benchmark.problem(factor, f"{level['name']} {fault}", level))
        if unseen:
            why = "which no module names in a string: finished runs are not repeated when it changes"
            told = f"{level['name']} reads {', '.join(unseen)}, {why}"
            remarks.append(benchmark.problem(factor, told, level))
    if problems:
        raise SpecError(dict.fromkeys(problems))
    return list(dict.fromkeys(remarks))


def trials_of(cells: Iterable[Cell]) -> list[Trial]:
    """One trial for each distinct component and context."""
    found: dict[str, tuple[str, dict[tuple[int, ...], Cell]]] = {}
    for cell in cells:
        for factor, level in cell.recipe.items():
            if isinstance(level, Mapping) and _target(factor, cell):
                key = json.dumps(
                    [cell.model, factor, [cell.recipe.get(name) for name in _kept(factor)]], sort_keys=True
                )
                found.setdefault(key, (factor, {}))[1].setdefault(tuple(_sizes(cell).values()), cell)
    ordered = ((factor, [by_size[size] for size in sorted(by_size)]) for factor, by_size in found.values())
    return [(factor, cells[:: math.ceil(len(cells) / _MOST_SIZES)]) for factor, cells in ordered]


def _target(factor: str, cell: Cell) -> str:
    """The code of a custom or plug-in component, as `module:attribute`; empty for included components."""
    name, kind = cell.recipe[factor]["name"], _kind(factor, cell)
    entry = KINDS[kind].find(name) if kind else None
    return entry.target if entry is not None and entry.package else name if is_own_component(name) else ""


def _kind(factor: str, cell: Cell) -> str | None:
    parameter = MODELS[cell.model].parameter(factor)
    return parameter.catalog if parameter else None


def _sizes(cell: Cell) -> dict[str, int]:
    """Factors of a recipe that determine the shapes of its layers, except its depth."""
    return {name: cell.recipe[name] for name in _SIZES if name in cell.recipe}


def _kept(factor: str) -> tuple[str, ...]:
    """The components that are kept in the recipe of a trial."""
    return (factor, "cell_type", *(("clipping",) if factor == "optimizer" else ()))


def _plain_recipe(cell: Cell, factor: str) -> dict[str, Any]:
    """The recipe of a trial: one layer, all other components at their default."""
    recipe = {
        p.name: default_of(p) if p.type == "component" and p.name not in _kept(factor) else cell.recipe[p.name]
        for p in MODELS[cell.model].parameters
    }
    return recipe | {name: size for name, size in _ONE_LAYER.items() if name in recipe}


def _answers(trials: Sequence[Trial], limit: int) -> list[Answer]:
    """Answers of one process, up to the component that ends it or takes too long."""
    command = [sys.executable, "-P", "-c", _CHILD, json.dumps(sys.path)]
    done = subprocess.run(
        command, input=pickle.dumps((trials, limit)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
    )
    answers: list[Answer] = [tuple(json.loads(line)) for line in done.stdout.splitlines()]
    if len(answers) < len(trials):
        late = done.returncode == -signal.SIGALRM
        ended = f"ended its process with exit status {done.returncode}"
        answers.append((f"took more than {limit} s" if late else ended, []))
    return answers


def answer() -> None:
    """Runs in the separate process: reads trials from standard input and writes one answer per line."""
    trials, limit = pickle.load(sys.stdin.buffer)
    answers, nowhere = os.fdopen(os.dup(1), "w"), os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    import keras  # before the time limit starts

    keras.config.disable_traceback_filtering()
    opened: set[str] = set()
    sys.addaudithook(lambda event, given: opened.add(str(given[0])) if event == "open" else None)
    for factor, cells in trials:
        opened.clear()
        with importing_from(cells[0].search_path):
            fault = _fault(factor, cells, limit)
        name = cells[0].recipe[factor]["name"]
        unseen = _unseen(name, cells[0].search_path, set(opened)) if is_own_component(name) else []
        print(json.dumps((fault, unseen)), file=answers, flush=True)


def _unseen(name: str, folders: Sequence[str], opened: Iterable[str]) -> list[str]:
    """The opened files next to the spec that are not part of a component's digest."""
    files = {Path(source_from_cache(path) if path.endswith(".pyc") else path).resolve() for path in opened}
    seen = {file.resolve() for file in code_of_component(name, folders)}
    inside, outside = ([Path(place).resolve() for place in places] for places in (folders, (sys.prefix, _PACKAGE)))
    return sorted(
        file.name
        for file in files - seen
        if any(file.is_relative_to(folder) for folder in inside)
        and not any(file.is_relative_to(folder) for folder in outside)
        and "site-packages" not in file.parts
        and file.is_file()
    )


def _fault(factor: str, cells: Sequence[Cell], limit: int) -> str | None:
    target = _target(factor, cells[0])
    module, file = target.partition(":")[0], find_module(target.partition(":")[0], cells[0].search_path)

    def raised(error: BaseException) -> str:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
        said = str(traceback.TracebackException.from_exception(error))  # though the error's own __str__ may raise
        text = next((line.strip() for line in said.splitlines() if line.strip()), "")
        place = f" ({file.name}, line {lines[-1]})" if file is not None and lines else ""
        return f"{type(error).__name__}: {quote(text, 200)}".removesuffix(": ") + place

    signal.alarm(limit)  # which ends the process
    try:
        loaded = importlib.import_module(module).__file__
        if loaded is not None and file is not None and Path(loaded).resolve() != file.resolve():
            return f"is shadowed by another module named {module} ({loaded}); rename yours"
        load_target(target)
    except (Exception, SystemExit) as error:
        return f"cannot be imported: {raised(error)}"
    for cell in cells:
        signal.alarm(limit)
        try:
            _train_one_layer(factor, cell)
        except NotOfItsKind as error:
            return str(error)
        except (Exception, SystemExit) as error:
            sizes = ", ".join(f"{size} {number}" for size, number in _sizes(cell).items())
            return f"raises {raised(error)} in a network with one layer, {sizes}"
    signal.alarm(0)
    return None


def _train_one_layer(factor: str, cell: Cell) -> None:
    """Checks what the component returns, then compiles and runs one training step."""
    import keras
    import tensorflow as tf

    from suite.catalog.activations import build_activation, slope_facts
    from suite.catalog.normalizations import build_normalization
    from suite.catalog.optimizers import build_optimizer

    recipe, form, kind = _plain_recipe(cell, factor), form_of(cell.task), _kind(factor, cell)
    level, build, shape = recipe[factor], MODELS[cell.model].load(), _SHAPES[form.examples]
    shapes = shape, (*(shape[:1] if form.every_step else ()), 3)

    def check(result: Any, wanted: Any) -> None:
        if isinstance(wanted, type):
            right, expected = isinstance(result, wanted), f"a keras {wanted.__name__}"
        else:
            right = getattr(result, "shape", None) == wanted.shape and getattr(result, "dtype", None) == wanted.dtype
            expected = f"a tensor of shape {tuple(wanted.shape)}, {wanted.dtype.name}, like its input"
        if not right:
            tensor = hasattr(result, "shape") and hasattr(result, "dtype")
            got = f"shape {tuple(result.shape)}, {tf.as_dtype(result.dtype).name}" if tensor else type(result).__name__
            raise NotOfItsKind(f"returned {got}, expected {expected}")

    if kind == "activations":
        activation, z = build_activation(level), tf.reshape(tf.linspace(-2.0, 2.0, 24), (4, 6))
        check(activation(z), z)
        slope_facts(activation)
    elif kind == "normalizations":
        plain = build({**recipe, factor: {"name": "none"}}, *shapes).taps[0].pre_activation
        layer: Any = build_normalization(level, "tried", axes=len(plain.shape))
        check(layer, keras.layers.Layer)
        z = tf.ones((4, *plain.shape[1:]))
        check(layer(z), z)
    optimizer = build_optimizer(recipe["optimizer"], recipe["clipping"], recipe["weight_decay"])
    check(optimizer, keras.optimizers.Optimizer)
    network = build(recipe, *shapes)
    for variable, value in zip(network.model.weights, network.initial_weights(recipe, 0), strict=True):
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
