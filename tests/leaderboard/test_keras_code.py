"""The Keras code of recipes runs as it is shown, and builds the models that the suite trained."""

from __future__ import annotations

import functools
from typing import Any

import keras
import numpy as np
import pytest

import suite
from leaderboard.boards import Board, board
from leaderboard.cells import CellPages
from leaderboard.keras_code import changed_lines
from leaderboard.keras_components import Unwritable, canonical, component
from leaderboard.renderer import HERE
from suite.catalog import KINDS
from suite.catalog.entries import component_of
from suite.models import MODELS
from suite.protocol.labels import label_text
from suite.protocol.records import PROTOCOL_VERSION
from suite.results import reader
from suite.spec import expand, read_benchmarks, shipped_specs
from suite.tasks import load_task

BOARDS = ("deep_mlp", "cnn_digits", "cnn_groups", "rnn_adding", "rnn_temporal_order", "losses", "regularization")
EXAMPLES = 8


def published(name: str) -> Board:
    return board(reader.read(HERE / "results" / name))


@functools.cache
def cells_of(name: str) -> dict[tuple[str, ...], Any]:
    specs = {each.name: each for file in shipped_specs().values() for each in read_benchmarks(file)}
    return {tuple(map(label_text, cell.factors.values())): cell for cell in expand(specs[name])}


def run(code: str, x: np.ndarray, y: np.ndarray, classes: int | None) -> keras.Model:
    """Runs a program on some examples, as its reader would."""
    targets = keras.utils.to_categorical(y, classes) if "one-hot" in code else y
    names: dict[str, Any] = {"x_train": x, "y_train": targets}
    exec(code, names)
    return names["model"]


@pytest.mark.parametrize("name", BOARDS)
def test_before_and_after_a_fix_the_code_builds_what_the_suite_trained(name: str) -> None:
    """The same number of weights as published, and with the weights of the suite's model the same outputs. Tracing `fit`
    takes seconds, so one program of a board runs to its end, the others up to it."""
    found = published(name)
    pages = CellPages(found)
    rows = [row for row in found.recorded if not row.trains][:: max(1, len(found.recorded) // 12)][:2]
    written = [row for row in rows if pages.code(row)]
    written += [n.row for row in rows for n in (*pages.neighbours(row), *pages.nearest_fixes(row)) if n.fixes][:2]
    assert written
    for place, row in enumerate(written):
        cell = cells_of(name)[row.labels]
        task = load_task(cell.task)
        x, y = task.train.x[:EXAMPLES], task.train.y[:EXAMPLES]
        network = MODELS[cell.model].load()(cell.recipe, task.train.x.shape[1:], task.output_shape)
        keras.utils.set_random_seed(0)
        whole = pages.code(row).replace("epochs=", "verbose=0, epochs=1 or ")
        model = run(whole if place == 0 else whole.split("model.fit")[0], x, y, task.classes)
        assert model.count_params() == network.model.count_params()
        if found.manifest.protocol_version == PROTOCOL_VERSION:
            assert model.count_params() == row["parameters"]
        assert type(model.optimizer).__name__.lower().startswith(("sgd", "adam"))
        model.set_weights(network.initial_weights(cell.recipe, seed=3))
        network.model.set_weights(network.initial_weights(cell.recipe, seed=3))
        ours, theirs = (np.asarray(each(x, training=False)) for each in (model, network.model))
        softened = model.layers[-1].activation is not keras.activations.linear
        expected = np.asarray(model.layers[-1].activation(theirs)) if softened else theirs
        np.testing.assert_allclose(ours, expected, rtol=2e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["activations", "initializers", "normalizations", "optimizers"])
def test_every_component_is_written_with_the_arguments_that_it_has(kind: str) -> None:
    """Arguments are left out only where they are Keras's defaults."""
    written = 0
    for name, entry in KINDS[kind].items():
        try:
            code = component(kind, canonical(kind, name))
        except Unwritable:
            assert not entry.target.startswith("keras.") or kind == "losses", f"{name} is Keras's own"
            continue
        if entry.target.startswith("keras.") and kind != "activations" and name != "spectral":
            made = eval(code, {"keras": keras, "layers": keras.layers})
            made = keras.initializers.get(made) if kind == "initializers" else made
            factory, arguments = component_of(KINDS[kind], canonical(kind, name))
            one, two = made.get_config(), factory(**arguments).get_config()
            assert {k: v for k, v in one.items() if k != "name"} == {k: v for k, v in two.items() if k != "name"}, name
        if kind == "activations":
            z = np.linspace(-3, 3, 25, dtype="float32")
            function, arguments = component_of(KINDS[kind], canonical(kind, name))
            made = keras.activations.get(eval(code, {"keras": keras}))
            np.testing.assert_allclose(np.asarray(made(z)), np.asarray(function(z, **arguments)), rtol=1e-6)
        written += 1
    assert written > 2


def test_a_level_of_a_spec_is_read_with_its_aliases_and_numbers() -> None:
    assert canonical("clippings", {"name": "global_clipnorm", "norm": "1e-3", "label": "clip"}) == {
        "name": "global_norm", "norm": 1e-3,
    }  # fmt: skip
    assert canonical("normalizations", None) == {"name": "none"}
    with pytest.raises(Unwritable, match="mine:unit"):
        canonical("activations", "mine:unit")


def test_lines_that_differ_are_marked() -> None:
    before, after = changed_lines("a\nb\nc", "a\nx\ny\nc")
    assert before == [("a", False), ("b", True), ("c", False)]
    assert after == [("a", False), ("x", True), ("y", True), ("c", False)]


def test_a_change_of_conditions_alone_has_no_code() -> None:
    found = published("rnn_temporal_order")
    pages = CellPages(found)
    shorter = [n for row in found.recorded for n in pages.neighbours(row) if n.swaps[0].factor == "length"]
    assert shorter
    assert all(n.condition for n in shorter)
    assert not any(pages.remedy(row, n) for row in found.recorded for n in pages.neighbours(row) if n.condition)


def test_the_lines_of_the_fix_page_run_on_a_failing_recipe() -> None:
    """What the page tells a reader to type names the cause that the board has."""
    found = published("deep_mlp")
    row = next(row for row in found.recorded if row.causes == ("vanishing",) and row.labels[0] == "sigmoid")
    task = load_task(cells_of("deep_mlp")[row.labels].task)
    code = CellPages(found).code(row).split("model.fit")[0]
    keras.utils.set_random_seed(1)
    names: dict[str, Any] = {"x_train": task.train.x, "y_train": task.train.y}
    exec(code, names)
    page = (HERE / "templates" / "fix.html").read_text()
    lines = page.split('<pre tabindex="0"><code>')[1].split("</code>")[0]
    exec(lines, names)
    assert isinstance(names["seen"], suite.monitor.Probe)
    assert "vanishing" in names["seen"].verdict
