"""The curvature of a loss where a model is: products with its Hessian, which is never written down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from suite.probes import extreme_curvatures


class Hessian:
    """The second derivatives of a loss by a model's weights, traced at its first product.

    Args:
        loss: A scalar of inputs and targets, at the weights as they are.
        weights: Keras variables.
    """

    def __init__(self, loss: Callable[[Any, Any], Any], weights: Sequence[Any]) -> None:
        self._loss, self._weights = loss, weights
        self._product = tf.function(self._along, autograph=False)

    def curvatures(self, x: Any, y: Any) -> tuple[float, float] | None:
        """The least and the largest that are found over these examples; None where they are not finite."""
        shapes = [weight.shape for weight in self._weights]
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])

        def product(direction: np.ndarray) -> np.ndarray:
            parts = np.split(direction, ends[:-1])
            fed = [tf.constant(part.reshape(shape)) for part, shape in zip(parts, shapes, strict=True)]
            return np.concatenate([np.asarray(found).reshape(-1) for found in self._product(x, y, fed)])

        return extreme_curvatures(product, int(ends[-1]))

    def _along(self, x: Any, y: Any, direction: Sequence[Any]) -> list[Any]:
        """Its product with a direction: the gradient of the gradient along it (Pearlmutter 1994)."""
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                loss = self._loss(x, y)
            weights = [weight.value for weight in self._weights]
            gradients = inner.gradient(loss, weights, unconnected_gradients="zero")
            along = tf.add_n([tf.reduce_sum(g * d) for g, d in zip(gradients, direction, strict=True)])
        found: list[Any] = outer.gradient(along, weights, unconnected_gradients="zero")
        return found
