"""Loss and metric of a split, in chunks of one size, inside the compiled program or alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from suite.probes import ValidationProbe
from suite.tasks import Task
from suite.training.device import chunk


def score_each(task: Task, targets: Any, predictions: Any) -> Any:
    """The metric of every example, shape (batch,): 1 or 0 for a class, the share of right steps, a squared error."""
    if task.classes is None:
        return tf.reduce_mean(tf.square(targets - predictions), axis=list(range(1, len(predictions.shape))))
    right = tf.cast(tf.equal(tf.argmax(predictions, axis=-1, output_type=tf.int32), targets), tf.float32)
    return tf.reduce_mean(right[:, task.score_from :], axis=1) if len(right.shape) > 1 else right


class Evaluation:
    """Evaluates a network on a split of some size.

    Args:
        task: Where the metric comes from.
        size: How many examples, the first ones, are evaluated.
        forward: In inference mode, from inputs to the outputs and what the probes look at, one tensor a layer.
        loss: From (targets, outputs) to one loss an example.
        predict: From outputs to predictions.
        probes: What is measured besides.
    """

    def __init__(
        self,
        task: Task,
        size: int,
        forward: Callable[[Any], tuple[Any, Sequence[Any]]],
        loss: Callable[[Any, Any], Any],
        predict: Callable[[Any], Any],
        probes: Sequence[ValidationProbe] = (),
    ) -> None:
        self._task, self._forward, self._loss, self._predict, self._probes = task, forward, loss, predict, probes
        self._size = size
        self._chunks = -(-self._size // chunk())
        rows = -(-self._size // self._chunks)
        order = np.arange(self._chunks * rows).reshape(self._chunks, rows)
        self._weights = tf.constant((order < self._size).astype(np.float32))
        self._rows = tf.constant(np.minimum(order, self._size - 1).astype(np.int32))
        self._looked_at: list[tuple[int | None, ...]] = []

    def __call__(self, x: Any, y: Any) -> Mapping[str, Any]:
        """Mean `loss` and `score` over the examples, and what the probes measured; float32 tensors.

        Args:
            x: Inputs of the whole split.
            y: Its targets.
        """
        sums = self._chunk(x, y, tf.constant(0))
        if self._chunks > 1:
            names = list(sums)

            def add(index: Any, totals: Sequence[Any]) -> Any:
                chunk = self._chunk(x, y, index)
                return index + 1, [total + chunk[name] for name, total in zip(names, totals, strict=True)]

            start = (tf.constant(1), [sums[name] for name in names])
            _, totals = tf.while_loop(lambda index, _: index < self._chunks, add, start, parallel_iterations=1)
            sums = dict(zip(names, totals, strict=True))
        found = {"loss": sums["loss"] / self._size, "score": sums["score"] / self._size}
        for probe in self._probes:
            found |= probe.finish(self._looked_at, sums)
        return found

    def _chunk(self, x: Any, y: Any, index: Any) -> dict[str, Any]:
        rows, weights = self._rows[index], self._weights[index]
        x, y = tf.gather(x, rows), tf.gather(y, rows)
        outputs, looked_at = self._forward(x)
        self._looked_at = [tensor.shape for tensor in looked_at]
        sums = {
            "loss": tf.reduce_sum(self._loss(y, outputs) * weights),
            "score": tf.reduce_sum(score_each(self._task, y, self._predict(outputs)) * weights),
        }
        for probe in self._probes:
            sums |= probe.measure_chunk(looked_at, weights)
        return sums
