"""A user's own components are tried in a process of their own: what they do and return is told, whatever it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from suite.spec import Problem, SpecError, expand, try_components
from suite.spec.trial import trials_of
from tests.spec.specs import one

SOURCE = """\
import functools
import os
import time

import keras
import tensorflow as tf

print("words of a user's module")
os.write(2, b"more of them")

def good(z, alpha=1.0):
    return tf.where(z > 0, z, alpha * tf.math.expm1(z))

def raises(z):
    scale = 2
    raise OSError("no such device")

def sums(z):
    return tf.reduce_sum(z, axis=-1)

def halves(z):
    return tf.cast(z, tf.float16)

def says(z):
    return "tanh"

def narrow(z):
    return z * tf.constant(2.0)

def outside(z):
    return tf.ensure_shape(tf.numpy_function(lambda x: x, [z], z.dtype), z.shape)

def ends(z):
    os._exit(7)

def waits(z):
    time.sleep(1000)

class Wordless:
    def __repr__(self):
        raise RuntimeError("no words")

    __str__ = __repr__

def fails_wordless(z):
    raise type("Odd", (Wordless, Exception), {})()

def wordless_optimizer(learning_rate, clipnorm=None):
    return Wordless()

wordless = Wordless()
twice = functools.partial(good)
lacking = functools.partial(good, beta=3)

class Scaled:
    def __call__(self, z, factor):
        return factor * z

callable_instance = Scaled()

def ones():
    return lambda shape, dtype=None: tf.ones(shape)

def one_vector():
    return lambda shape, dtype=None: tf.ones(shape[-1:])

def norm(name):
    return keras.layers.LayerNormalization(name=name)

def pool(name):
    return keras.layers.Dense(1, name=name)

def no_layer(name):
    return name

def descent(learning_rate, clipnorm=None):
    return keras.optimizers.SGD(learning_rate, clipnorm=clipnorm)

def plain_descent(learning_rate):
    return keras.optimizers.SGD(learning_rate)

def no_optimizer(learning_rate):
    return learning_rate
"""


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Problem]:
    """What is told of each, by factor and name: one process tries them all, but for those that end it."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "tried.py").write_text(SOURCE)
    activations = ["good", "raises", "sums", "halves", "says", "narrow", "outside", "ends", "twice", "lacking",
                   "callable_instance", "wordless", "fails_wordless"]  # fmt: skip
    changes = {
        "activation": [*activations, "urllib", "layer"],
        "initializer": ["ones", "one_vector"],
        "normalization": ["norm", "pool", "no_layer"],
        "optimizer": ["descent", "plain_descent", "no_optimizer", "wordless_optimizer"],
    }
    elsewhere = {"urllib": "urllib.request:urlopen", "layer": "keras.layers:ReLU"}
    problems: list[Problem] = []
    for factor, names in changes.items():
        levels = ", ".join(f"'{elsewhere.get(name, f'tried:{name}')}'" for name in names)
        fixed = "fixed: {depth: 1, width: 8, clipping: norm}"
        benchmark = one(folder, fixed=fixed, grid=f"grid: {{{factor}: [{levels}]}}")
        with pytest.raises(SpecError) as caught:
            try_components(expand(benchmark), benchmark)
        problems += caught.value.problems
    assert {Path(problem.file).name for problem in problems} == {"spec.yaml"}
    return {problem.message.split()[0].partition(":")[2]: problem for problem in problems}


@pytest.mark.parametrize("name", ["good", "twice", "ones", "norm", "descent"])
def test_what_does_as_its_kind_does_is_told_nothing_of(faults: dict[str, Problem], name: str) -> None:
    assert name not in faults


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "raises",
            "raises OSError: no such device (tried.py, line 16) in a network with one layer, width 8",
        ),
        ("sums", "returned shape (4,), float32, expected a tensor of shape (4, 6), float32, like its input"),
        ("halves", "returned shape (4, 6), float16, expected a tensor of shape (4, 6), float32, like its input"),
        ("says", "returned str, expected a tensor of shape (4, 6), float32, like its input"),
        ("narrow", "raises InvalidArgumentError: "),
        ("outside", "raises InvalidArgumentError: "),
        ("ends", "ended its process with exit status 7"),
        ("lacking", "raises TypeError: good() got an unexpected keyword argument 'beta'"),
        ("callable_instance", "raises TypeError: "),
        ("urlopen", "raises "),
        ("ReLU", "raises "),
        ("wordless", "raises TypeError: 'Wordless' object is not callable"),
        ("fails_wordless", "raises Odd: "),
        ("wordless_optimizer", "returned Wordless, expected a keras Optimizer"),
        ("one_vector", "raises ValueError: initializer 'tried:one_vector' returned shape (8,). Expected"),
        ("pool", "returned shape (4, 1), float32, expected a tensor of shape (4, 8), float32"),
        ("no_layer", "returned str, expected a keras Layer"),
        ("plain_descent", "raises TypeError: plain_descent() got an unexpected keyword argument 'clipnorm'"),
        ("no_optimizer", "raises TypeError"),
    ],
)
def test_whatever_else_it_does_is_told(faults: dict[str, Problem], name: str, message: str) -> None:
    told = faults[name].message.partition(" ")[2]
    assert told.startswith(message), told
    assert faults[name].line is not None
    assert faults[name].column is not None


def test_component_is_tried_at_the_sizes_of_the_grid_and_told_of_once(tmp_path: Path) -> None:
    (tmp_path / "sized.py").write_text("""\
import keras

def quarters(name):
    return keras.layers.GroupNormalization(4, name=name)

def small(z):
    assert z.shape[-1] != 200, "too wide"
    return z
""")
    grid = "grid: {width: [8, 6, 4, 10, 200], depth: [1, 3], activation: ['sized:small'], normalization: ['sized:quarters']}"
    benchmark = one(tmp_path, fixed="fixed: {}", grid=grid)
    with pytest.raises(SpecError) as caught:
        try_components(expand(benchmark), benchmark)
    told = dict(problem.message.partition(":")[2].split(" ", 1) for problem in caught.value.problems)
    assert {problem.key for problem in caught.value.problems} == {"grid.activation", "grid.normalization"}
    assert len(caught.value.problems) == 2
    assert told["quarters"].startswith("raises ValueError: ")
    assert told["quarters"].endswith(" in a network with one layer, width 6")
    assert told["small"] == "raises AssertionError: too wide (sized.py, line 7) in a network with one layer, width 200"


def test_a_file_that_no_fingerprint_sees_is_remarked_on(tmp_path: Path) -> None:
    (tmp_path / "slope_2.csv").write_text("2.0")
    (tmp_path / "steep.py").write_text("VALUE = 1.0\n")
    (tmp_path / "named.txt").write_text("1.0")
    (tmp_path / "reads.py").write_text("""\
import importlib
from pathlib import Path

SLOPE = float(Path(__file__).with_name(f"slope_{2}.csv").read_text())
LATE = importlib.import_module("st" + "eep").VALUE
NAMED = float(Path(__file__).with_name("named.txt").read_text())

def bend(z):
    return SLOPE * LATE * NAMED * z
""")
    benchmark = one(tmp_path, fixed="fixed: {depth: 1, width: 8}", grid="grid: {activation: [relu, 'reads:bend']}")
    (remark,) = try_components(expand(benchmark), benchmark)
    assert (remark.line, remark.key) == (7, "grid.activation")
    assert remark.message.startswith("reads:bend reads slope_2.csv, steep.py, which no module names in a string: ")


@pytest.mark.parametrize(("count", "tried"), [(1, [1]), (3, [1, 2, 3]), (20, [1, 4, 7, 10, 13, 16, 19])])
def test_of_very_many_sizes_some_are_tried(count: int, tried: list[int], tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def bend(z):\n    return z\n")
    grid = f"grid: {{width: {list(range(1, count + 1))}, activation: ['mine:bend']}}"
    ((factor, cells),) = trials_of(expand(one(tmp_path, fixed="fixed: {depth: 1}", grid=grid)))
    assert factor == "activation"
    assert [cell.recipe["width"] for cell in cells] == tried


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import time\ntime.sleep(1000)\n", "took more than 5 s"),
        ("import os\nos._exit(7)\n", "ended its process with exit status 7"),
        ("import os\nos.kill(os.getpid(), 9)\n", "ended its process with exit status -9"),
        (
            "import sys\nsys.stdin.read()\nraise ValueError('\\n two\\nlines')\n",
            "cannot be imported: ValueError: two (odd_module.py, line 3)",
        ),
    ],
)
def test_what_a_module_does_when_it_is_imported_is_told(tmp_path: Path, source: str, message: str) -> None:
    (tmp_path / "odd_module.py").write_text(source + "def bend(z): ...\n")
    grid = "grid: {activation: ['odd_module:bend'], depth: [1, 2, 3]}"
    benchmark = one(tmp_path, grid=grid, fixed="fixed: {}")
    with pytest.raises(SpecError) as caught:
        try_components(expand(benchmark), benchmark, limit=5)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.key) == (str(benchmark.file), 7, "grid.activation")
    assert problem.message == f"odd_module:bend {message}"
