"""The least that a training program can take: a network's own passes, forward and back, compiled, and nothing beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from suite.catalog.losses import build_loss
from suite.models import MODELS
from suite.models.network import Network
from suite.tasks import Task
from suite.training.device import compiles_with_xla
from tools.speed.timing import PRODUCT


def network_of(model: str, task: Task, chosen: Mapping[str, Any]) -> Network:
    """What the suite builds of a recipe."""
    network: Network = MODELS[model].load()(chosen, task.train.x.shape[1:], task.output_shape)
    return network


def passes(
    network: Network, task: Task, chosen: Mapping[str, Any], steps: int, *, optimizer: Any = None
) -> Callable[[], None]:
    """So many batches through a network and back: no probe, no validation, no norm of the gradient.

    Args:
        network: Of the suite.
        task: The data.
        chosen: Its recipe.
        steps: Batches, each of other rows, so that nothing can be taken out of the loop.
        optimizer: A Keras optimizer that moves the weights; without, they stay.
    """
    loss, variables = build_loss(chosen["loss"], task.classes), network.model.trainable_variables
    if optimizer is not None:
        optimizer.build(variables)
    x, y = tf.constant(task.train.x), tf.constant(task.train.y)
    shape = steps, chosen["batch_size"]
    batches = tf.constant(np.random.default_rng(0).integers(0, len(task.train), shape).astype(np.int32))

    @tf.function(jit_compile=compiles_with_xla(network.xla), autograph=False)
    def train() -> Any:
        def step(index: Any, _: Any) -> Any:
            rows = batches[index]
            with tf.GradientTape() as tape:
                value = tf.reduce_mean(loss(tf.gather(y, rows), network.model(tf.gather(x, rows), training=True)))
            found = tape.gradient(value, [variable.value for variable in variables], unconnected_gradients="zero")
            if optimizer is not None:
                optimizer.apply(found, variables)
            return index + 1, list(found)

        start = (tf.constant(0), [tf.zeros(variable.shape) for variable in variables])
        return tf.while_loop(lambda index, _: index < steps, step, start, parallel_iterations=1)

    return lambda: train()[0].numpy() and None


def chained_products(count: int) -> Callable[[], None]:
    """So many products of two 64 x 64 matrices of float32 one after the other, by XLA."""
    generator = np.random.default_rng(0)
    a, b = (tf.constant(generator.standard_normal((PRODUCT, PRODUCT), np.float32) / PRODUCT) for _ in range(2))
    unrolled = 60

    @tf.function(jit_compile=True, autograph=False)
    def multiply() -> Any:
        def some(index: Any, x: Any) -> Any:
            for _ in range(unrolled):
                x = x @ b
            return index + 1, x

        return tf.while_loop(
            lambda index, _: index < count // unrolled, some, (tf.constant(0), a), parallel_iterations=1
        )

    return lambda: multiply()[0].numpy() and None
