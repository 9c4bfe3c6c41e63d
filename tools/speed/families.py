"""Steps of the other families against Keras's `Model.fit`, and MNIST against a bare compiled loop.

Each contender trains the same model on the same number of batches in one thread; rounds are interleaved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from suite.models import MODELS
from suite.tasks import Task, form_of, load_task
from suite.training.device import chunk
from suite.training.program import Program
from tests.probes.cases import feed, recipe
from tools.speed.passes import network_of, passes
from tools.speed.timing import interleave

CNN = {
    "activation": "relu",
    "initializer": "he_normal",
    "channels": 8,
    "batch_size": 32,
    "stages": 3,
    "optimizer": "adam",
}
ROUNDS, STEPS, VALIDATIONS = 3, 150, 2
RECURRENT = {"units": 64, "batch_size": 32, "optimizer": "adam"}


def measure() -> dict[str, dict[str, float]]:
    """Milliseconds a step, the suite's probing among them, by case and contender."""
    digits, adding = {"name": "digits"}, {"name": "adding", "length": 100, "train_size": 1000}
    cases: dict[str, tuple[str, Mapping[str, Any], Mapping[str, Any]]] = {
        "cnn_8": ("cnn", digits, {**CNN, "depth": 8}),
        "cnn_20_batch": ("cnn", digits, {**CNN, "depth": 20, "normalization": "batch"}),
        **{cell: ("recurrent", adding, {**RECURRENT, "cell_type": cell}) for cell in ("simple_rnn", "lstm", "gru")},
    }
    found = {}
    for name, (model, arguments, factors) in cases.items():
        task, chosen = load_task(arguments), recipe(model, **factors)
        contenders = {
            "fit": _keras_fit(model, task, chosen),
            "suite": _suite(model, task, chosen, STEPS),
            "passes": passes(network_of(model, task, chosen), task, chosen, STEPS),
        }
        found[name] = {who: 1000 * seconds / STEPS for who, seconds in interleave(contenders, ROUNDS).items()}
        told = {
            **found[name],
            "the plan's rule of thumb": 1000 * MODELS[model].step_seconds(form_of(arguments), chosen),
        }
        print(f"  {name}: " + ", ".join(f"{who} {ms:.2f} ms" for who, ms in told.items()), flush=True)
    return found


def measure_mnist() -> dict[str, float]:
    """Seconds of three epochs of MNIST through 784-128-128-10, in batches of 64: the program against a bare loop.

    Raises:
        TaskError: MNIST is not there.
    """
    task = load_task({"name": "mnist"})
    steps = 3 * len(task.train) // 64
    chosen = recipe("mlp", depth=2, width=128, batch_size=64, activation="relu", optimizer="adam")
    contenders = {
        "bare": _bare_loop(task, chosen, steps),
        "bare_validating": _bare_loop(task, chosen, steps, validations=VALIDATIONS),
        "suite": _suite("mlp", task, chosen, steps),
    }
    return interleave(contenders, ROUNDS)


def _suite(model: str, task: Task, chosen: Mapping[str, Any], steps: int) -> Callable[[], None]:
    program = Program(chosen, model, task, steps, VALIDATIONS)
    fed = feed(program, chosen, rate=0.001)
    return lambda: program.run(fed) and None


def _keras_fit(model: str, task: Task, chosen: Mapping[str, Any]) -> Callable[[], None]:
    layers = keras.layers
    inputs = x = keras.Input(task.train.x.shape[1:])
    if model == "cnn":
        for number in range(chosen["depth"]):
            if number and number % -(-chosen["depth"] // chosen["stages"]) == 0:
                x = layers.MaxPooling2D(2, padding="same")(x)
            x = layers.Conv2D(chosen["channels"], 3, padding="same", kernel_initializer="he_normal")(x)
            x = layers.BatchNormalization()(x) if chosen["normalization"]["name"] == "batch" else x
            x = layers.Activation("relu")(x)
        x = layers.GlobalAveragePooling2D()(x)
    else:
        cells = {"simple_rnn": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}
        x = cells[chosen["cell_type"]["name"]](chosen["units"])(x)
    built = keras.Model(inputs, layers.Dense(task.classes or 1)(x))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True) if task.classes else "mse"
    built.compile(optimizer=keras.optimizers.Adam(0.001), loss=loss)
    rows = np.arange(STEPS // VALIDATIONS * chosen["batch_size"]) % len(task.train)
    x_fed, y_fed = task.train.x[rows], task.train.y[rows]
    fitting = {
        "batch_size": chosen["batch_size"],
        "epochs": VALIDATIONS,
        "validation_data": (task.validation.x, task.validation.y),
        "validation_batch_size": chunk(),
        "verbose": 0,
    }
    return lambda: built.fit(x_fed, y_fed, **fitting) and None


def _bare_loop(task: Task, chosen: Mapping[str, Any], steps: int, validations: int = 0) -> Callable[[], None]:
    """The same model and batches, compiled, with nothing else in the loop; then passes over the validation split."""
    network = network_of("mlp", task, chosen)
    train = passes(network, task, chosen, steps, optimizer=keras.optimizers.Adam(0.001))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    x, y = tf.constant(task.validation.x), tf.constant(task.validation.y)

    @tf.function(jit_compile=True, autograph=False)
    def validate() -> Any:
        return loss(y, network.model(x, training=False))

    def run() -> None:
        train()
        for _ in range(validations):
            validate().numpy()

    return run
