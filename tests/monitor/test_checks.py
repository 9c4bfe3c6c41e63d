"""First checks, the assertion that they make, and the fixture for pytest: what is measured, and what raises."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

import suite
from suite.monitor import NotTrainable
from tests.monitor.models import LOGITS, L, batch

pytest_plugins = ["pytester"]


def mlp(rate: float = 1e-3, **settings: Any) -> Any:
    keras.utils.set_random_seed(0)
    hidden = [L.Dense(32, "relu", name=f"h{n}", **settings) for n in (1, 2)]
    model = keras.Sequential([keras.Input((16,)), *hidden, L.Dense(10, name="o")])
    model.compile(keras.optimizers.Adam(rate), LOGITS, jit_compile=False)
    return model


X, Y = batch(16)


def test_checks_come_in_order_each_with_what_it_measured_and_leave_the_model_as_it_was() -> None:
    model = mlp()
    before = [variable.numpy() for variable in (*model.variables, *model.optimizer.variables)]
    found = suite.check_model(model, X, Y, fit_batch=True)
    assert [check.name for check in found.checks] == ["data", "inputs", "loss", "layers", "first update", "one batch"]
    assert found.problems == []
    assert repr(found).splitlines()[0] == "No problem found."
    assert "ok      loss: 2.349 at the start, a constant prediction has 2.252" in repr(found)
    after = [variable.numpy() for variable in (*model.variables, *model.optimizer.variables)]
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))


def shapes_of_regression(model: Any, y: np.ndarray) -> list[str]:
    return suite.check_model(model, X, y, "mse").problems


def regression(activation: str | None = None) -> Any:
    return keras.Sequential([keras.Input((16,)), L.Dense(16, "relu"), L.Dense(1, activation)])


BAD: dict[str, tuple[Any, Any, Any, Any, str]] = {
    "inputs not finite": (mlp, np.where(X > 2, np.nan, X), Y, None, "data: the data hold a NaN: inputs, row "),
    "targets not finite": (
        regression, X, np.r_[np.inf, np.zeros(47)], "mse", "data: the data hold an infinite value: targets, row 0",
    ),
    "inputs constant": (mlp, np.ones_like(X), Y, None, "inputs: the same in all 48 examples"),
    "inputs far from unit scale": (mlp, 1000 * X, Y, None, "inputs: RMS 99"),
    "targets of one class": (mlp, X, np.zeros(48, int), None, "targets: of one class in all 48 examples"),
    "classes that there are not": (mlp, X, Y + 5, None, "targets: Expected classes from 0 to 9. Received: from 5 to 14"),
    "targets that are broadcast": (mlp, X, X[:, :1], "mse", "targets: of shape (48, 1), broadcast to outputs of shape (48, 10)"),
    "targets out of reach": (
        lambda: regression("sigmoid"), X, 10 * X[:, :1], "mse", "targets: sigmoid returns values from 0 to 1, and ",
    ),
    "a softmax over one unit": (
        lambda: regression("softmax"), X, Y % 2, "binary_crossentropy", "outputs: a softmax over 1 unit always returns 1",
    ),
    "logits for probabilities": (
        regression, X, Y % 2, "binary_crossentropy", "outputs: Expected probabilities for binary_crossentropy: end the model in",
    ),
    "targets far away": (regression, X, 2000 + X[:, :1], "mse", "loss: "),
    "a rate by a hundred": (lambda: mlp(0.3), X, Y, None, "first update: "),
    "a rate of nothing": (lambda: mlp(1e-12), X, Y, None, "first update: "),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:You are using a softmax:UserWarning")
@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_a_problem_and_the_assertion_says_it(name: str) -> None:
    build, x, y, loss, message = BAD[name]
    model = build()
    with pytest.raises(NotTrainable) as raised:
        suite.assert_trainable(model, x, y, loss, fit_batch=False)
    assert any(line.startswith(f"- {message}") for line in str(raised.value).splitlines())


def test_a_layer_that_nothing_trains_is_named() -> None:
    inputs = keras.Input((16,))
    hidden = L.Dense(8, "relu")(inputs)
    model = keras.Model(inputs, [L.Dense(10)(hidden), L.Dense(4, name="aside")(hidden)])
    model.compile("sgd", [LOGITS, None])
    problems = suite.check_model(model, X, [Y, np.zeros((48, 4))]).problems
    assert problems == ["layers: nothing trains some weights: the loss does not depend on aside"]


def test_inputs_of_any_size_are_none_where_a_normalization_follows() -> None:
    model = keras.Sequential([keras.Input((16,)), L.Dense(16), L.BatchNormalization(), L.ReLU(), L.Dense(10)])
    assert not any(problem.startswith("inputs") for problem in suite.check_model(model, 500 * X, Y, LOGITS).problems)


def test_one_batch_that_cannot_be_fitted_is_told_with_its_losses() -> None:
    with pytest.raises(NotTrainable, match=r"one batch: its loss goes from 2\.349 to 2\.3\d+ in 51 steps \(a constant"):
        suite.assert_trainable(mlp(1e-6), X, Y)
    suite.assert_trainable(mlp(1e-6), X, Y, fit_batch=False)


def test_the_fixture_is_there_and_fails_with_these_words(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import keras, numpy as np\n"
        "def test_it_trains(trainable):\n"
        "    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])\n"
        "    model.compile('adam', keras.losses.SparseCategoricalCrossentropy(from_logits=True))\n"
        "    trainable(model, np.full((8, 4), 1e6), np.arange(8) % 2)\n"
    )
    done = pytester.runpytest_inprocess()  # the package brings it as an entry point
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*NotTrainable*", "*inputs: the same in all 8 examples*"])
