"""A user's own components tried before anything trains: imported, called on a small tensor, held to shape and type.

That happens in a process of its own with a time limit, so that whatever a user's module does when it is imported (print,
sleep, end the process) is told, and TensorFlow is loaded only where there is something to try.
"""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Generator, Iterable, Mapping, Sequence

from suite.catalog import is_own_component
from suite.models import MODELS
from suite.protocol.records import Cell
from suite.spec.levels import default_of
from suite.spec.problems import Problem, SpecError
from suite.spec.trial_child import Fault, Recipe, Trial, sizes, where_of
from suite.tasks import form_of

LIMIT_SECONDS = 60.0
"""For one component; a module that waits longer is not waited for."""

_START_SECONDS = 300.0
"""For the process to load TensorFlow, on a busy machine."""

_CHILD = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from suite.spec.trial_child import answer; answer()"

_MOST_SIZES = 8
"""That one component is tried at, from the smallest to the largest: each takes about a second."""

_ONE_LAYER = {"depth": 1, "layers": 1, "stages": 1}

_SHAPES = {"table": (6,), "image": (8, 8, 1), "sequence": (5, 3)}


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
    for cell in (cell for cell in cells if cell.sources):
        for factor, level in cell.recipe.items():
            if isinstance(level, Mapping) and is_own_component(level["name"]):
                key, trial, recipe = _trial(cell, factor)
                trials.setdefault(key, trial)
                recipes.setdefault(key, {}).setdefault(tuple(sizes(recipe).values()), recipe)
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
                    yield where_of(trial), None, f"was not {doing} within {waiting:g} s"
                    return
                if not said:
                    yield (
                        where_of(trial),
                        None,
                        f"ended the process, with exit status {process.wait()}, while it was {doing}",
                    )
                    return
                answer = json.loads(said)
                if "fault" in answer:
                    break
                doing, waiting = answer["doing"], limit
            yield tuple(answer["fault"]) if answer["fault"] else None
    finally:
        process.kill()
        process.wait()
        listener.join()
