"""A step of the 20 x 64 network, batch 64, by everyone: the suite, Model.fit, PyTorch, and the products alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from suite.training.program import Program
from tests.probes.cases import digits, feed, recipe
from tools.speed.passes import chained_products, network_of, passes
from tools.speed.timing import interleave, products

DEPTH, STEPS, ROUNDS = 20, 340, 5


def measure() -> dict[str, float]:
    """Milliseconds a step of one thread, validation included where there is any, by contender."""
    contenders = {
        "probed": _suite(probes=True, xla=True),
        "unprobed": _suite(probes=False, xla=True),
        "no_xla": _suite(probes=True, xla=False),
        "fit": _keras(),
        "passes": passes(network_of("mlp", digits(), _factors()), digits(), _factors(), STEPS),
        "products": products(STEPS * DEPTH * 3),
        "xla_products": chained_products(STEPS * DEPTH * 3),
    }
    torch = _torch()
    if torch is not None:
        contenders["torch"] = torch
    return {name: 1000 * seconds / STEPS for name, seconds in interleave(contenders, ROUNDS).items()}


def _factors() -> Mapping[str, Any]:
    return recipe(depth=DEPTH, width=64, activation="relu", initializer="he_normal", optimizer="sgd")


def _suite(*, probes: bool, xla: bool) -> Callable[[], None]:
    factors = _factors()
    program = Program(factors, "mlp", digits(), STEPS, 20, probes=probes, xla=xla)
    fed = feed(program, factors, rate=0.01)
    return lambda: program.run(fed) and None


def _keras() -> Callable[[], None]:
    import keras

    layers = [keras.layers.Dense(64, activation="relu", kernel_initializer="he_normal") for _ in range(DEPTH)]
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), *layers, keras.layers.Dense(10)])
    model.compile(
        optimizer=keras.optimizers.SGD(0.01), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    train, validation = digits().train, digits().validation
    rows = 17 * 64

    def run() -> None:
        x, y = train.x.repeat(2, axis=0)[:rows], train.y.repeat(2, axis=0)[:rows]
        model.fit(x, y, batch_size=64, epochs=20, validation_data=(validation.x, validation.y), verbose=0)

    return run


def _torch() -> Callable[[], None] | None:
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    blocks: list[torch.nn.Module] = [torch.nn.Flatten()]
    for _ in range(DEPTH):
        blocks += [torch.nn.Linear(64, 64), torch.nn.ReLU()]
    model = torch.nn.Sequential(*blocks, torch.nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    loss = torch.nn.CrossEntropyLoss()
    x, y = torch.from_numpy(digits().train.x), torch.from_numpy(digits().train.y).long()

    def run() -> None:
        for _ in range(STEPS):
            rows = torch.randint(0, len(x), (64,))
            optimizer.zero_grad()
            loss(model(x[rows]), y[rows]).backward()
            optimizer.step()

    return run
