"""The landscape of the loss about the weights: along the gradient on the way, and its curvature where a run ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from scipy.linalg import eigvalsh_tridiagonal

from suite.probes.probe import StepProbe, StepSnapshot

REACHES = (0.5, 1.0, 2.0, 4.0)
"""How far along the gradient is looked, in steps of plain gradient descent at the rate in force."""

LANCZOS_STEPS = 40


class AlongGradientProbe(StepProbe):
    """The loss of a step's batch on the way along its own gradient, and how much the gradient turns and grows there.

    After Santurkar et al. 2018, "How does batch normalization help optimization?", figure 4 (a) and (c): a landscape
    is smooth where the gradient promises what a longer step would find. Looked at after the step's update, with the
    layers as in training; the way begins at the weights as they are, which are put back.
    """

    def measure(self, look: StepSnapshot) -> Mapping[str, Any]:
        """Two numbers; NaN where a loss or gradient on the way is not finite, or there is no gradient.

        `loss_range`: the largest loss on the way minus the smallest. `effective_beta`: the largest change of the gradient
        over the distance gone, in the Euclidean norm over all weights.
        """
        differentiate = look.differentiate
        assert differentiate is not None
        start = [tf.identity(weight.value) for weight in look.weights]
        loss, gradients = differentiate()
        size = tf.linalg.global_norm(gradients)
        reaches = tf.constant(REACHES) * look.learning_rate

        def look_ahead(index: Any, finite: Any, low: Any, high: Any, beta: Any) -> Any:
            for weight, value, gradient in zip(look.weights, start, gradients, strict=True):
                weight.assign(value - reaches[index] * gradient)
            there, turned = differentiate()
            change = tf.linalg.global_norm([b - a for a, b in zip(gradients, turned, strict=True)])
            here = change / (reaches[index] * size)
            # Seen apart: compiled, the larger of a number and NaN may be the number.
            finite &= tf.math.is_finite(there) & tf.math.is_finite(here)
            return index + 1, finite, tf.minimum(low, there), tf.maximum(high, there), tf.maximum(beta, here)

        first = (tf.constant(0), tf.math.is_finite(loss), loss, loss, tf.constant(0.0))
        _, finite, low, high, beta = tf.while_loop(
            lambda index, *_: index < len(REACHES), look_ahead, first, parallel_iterations=1
        )
        for weight, value in zip(look.weights, start, strict=True):
            weight.assign(value)
        return {
            "loss_range": tf.where(finite, high - low, float("nan")),
            "effective_beta": tf.where(finite, beta, float("nan")),
        }


def differentiating_again(
    model: Any, differentiate: Callable[[], tuple[Any, Sequence[Any]]]
) -> Callable[[], tuple[Any, Sequence[Any]]]:
    """What takes a loss and its gradients, as in training, made to leave the model's moving averages and random states alone.

    Args:
        model: A Keras model.
        differentiate: Takes a scalar and one gradient a weight, where the weights are.
    """
    states = model.non_trainable_variables
    kept = [tf.identity(state.value) for state in states]

    def again() -> tuple[Any, Sequence[Any]]:
        loss, gradients = differentiate()
        with tf.control_dependencies([loss, *gradients]):
            for state, value in zip(states, kept, strict=True):
                state.assign(value)
        return loss, gradients

    return again


def extreme_curvatures(product: Callable[[np.ndarray], np.ndarray], size: int) -> tuple[float, float] | None:
    """The least and the largest curvature that are found: Ritz values of a Hessian after `LANCZOS_STEPS` Lanczos steps.

    Each is the curvature in some direction, so that the true extremes lie at or beyond them. The vectors are made orthogonal to
    all before (Golub and Van Loan, "Matrix Computations", section 10.3), or rounding would find one value many times.
    SciPy's `eigsh` is not taken: where the least is one of many near 0 it does not converge, and then tells none.

    Args:
        product: The Hessian times a vector, float32, shape (size,).
        size: Weights.

    Returns:
        None where a product is not finite.
    """
    vector = np.random.default_rng(0).standard_normal(size)
    basis = np.zeros((min(LANCZOS_STEPS, size), size))
    diagonal, beside = list[float](), list[float]()
    length = float(np.linalg.norm(vector))
    for step in range(len(basis)):
        basis[step] = vector / length
        vector = product(basis[step].astype(np.float32)).astype(np.float64)
        if not np.isfinite(vector).all():
            return None
        diagonal.append(float(vector @ basis[step]))
        before = basis[: step + 1]
        for _ in range(2):
            vector = vector - before.T @ (before @ vector)
        length = float(np.linalg.norm(vector))
        beside.append(length)
        if length <= 1e-6 * max(map(abs, diagonal)):  # nothing is left but rounding
            break
    values = eigvalsh_tridiagonal(np.array(diagonal), np.array(beside[: len(diagonal) - 1]))
    return float(values[0]), float(values[-1])
