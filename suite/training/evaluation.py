"""Loss and metric of a split, in pieces of one length, inside the compiled program or alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from suite.probes import ValidationProbe
from suite.tasks import Split, Task
from suite.training.device import chunk


def score_each(task: Task, targets: Any, predictions: Any) -> Any:
    """The metric of every example, shape (batch,): 1 or 0 for a class, the share of right steps, a squared error."""
    if task.classes is None:
        return tf.reduce_mean(tf.square(targets - predictions), axis=list(range(1, len(predictions.shape))))
    right = tf.cast(tf.equal(tf.argmax(predictions, axis=-1, output_type=tf.int32), targets), tf.float32)
    return tf.reduce_mean(right[:, task.score_from :], axis=1) if len(right.shape) > 1 else right


def pieces(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Cuts the first `size` examples into pieces of one length, the last one padded.

    Returns:
        Their rows, int32, shape (pieces, length), and 1 for each example or 0 for padding, float32, of the same shape.
    """
    count = -(-size // chunk())
    length = -(-size // count)
    order = np.arange(count * length).reshape(count, length)
    return np.minimum(order, size - 1).astype(np.int32), (order < size).astype(np.float32)


class Evaluation:
    """Evaluates a network on examples, piece by piece.

    Args:
        task: Where the metric comes from.
        forward: In inference mode, from inputs to the outputs and what the probes look at, one tensor a layer.
        loss: From (targets, outputs) to one loss an example.
        predict: From outputs to predictions.
        probes: What is measured besides.
    """

    def __init__(
        self,
        task: Task,
        forward: Callable[[Any], tuple[Any, Sequence[Any]]],
        loss: Callable[[Any, Any], Any],
        predict: Callable[[Any], Any],
        probes: Sequence[ValidationProbe] = (),
    ) -> None:
        self._task, self._forward, self._loss, self._predict, self._probes = task, forward, loss, predict, probes
        self._looked_at: list[tuple[int | None, ...]] = []

    def measure(self, x: Any, y: Any, size: int) -> Mapping[str, Any]:
        """Mean `loss` and `score` over the first `size` examples, and what the probes measured, in one graph; float32.

        Args:
            x: Inputs of the whole split.
            y: Its targets.
            size: How many are evaluated.
        """
        with tf.init_scope():  # XLA would divide by a count that it knows through its inverse, and round otherwise
            rows, weights = map(tf.constant, pieces(size))
        sums = self.sums(x, y, rows[0], weights[0])
        if rows.shape[0] > 1:
            names = list(sums)

            def add(index: Any, totals: Sequence[Any]) -> Any:
                found = self.sums(x, y, rows[index], weights[index])
                return index + 1, [total + found[name] for name, total in zip(names, totals, strict=True)]

            start = (tf.constant(1), [sums[name] for name in names])
            _, totals = tf.while_loop(lambda index, _: index < rows.shape[0], add, start, parallel_iterations=1)
            sums = dict(zip(names, totals, strict=True))
        found = {"loss": sums["loss"] / size, "score": sums["score"] / size}
        for probe in self._probes:
            found |= probe.finish(self._looked_at, sums)
        return found

    def sums(self, x: Any, y: Any, rows: Any, weights: Any) -> dict[str, Any]:
        """Of one piece: the sums of `loss` and `score`, and what the probes add up.

        Args:
            x: Inputs of the whole split.
            y: Its targets.
            rows: Of the piece, shape (length,).
            weights: 1 for each example of it, 0 for padding.
        """
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


class Scores:
    """Loss and metric of any split by one function, which serves pieces of any length: each more would be traced anew.

    Args:
        evaluation: Of the model; it has no probes.
        split: One whose examples are like those of all others.
    """

    def __init__(self, evaluation: Evaluation, split: Split) -> None:
        signature = [tf.TensorSpec((None, *part.shape[1:]), part.dtype) for part in (split.x, split.y)]
        signature += [tf.TensorSpec((None,), kind) for kind in (tf.int32, tf.float32)]
        self._sums = tf.function(evaluation.sums, input_signature=signature, autograph=False)

    def of(self, x: Any, y: Any, size: int) -> tuple[float, float]:
        """Of the first `size` examples of a split, with the model as it is now."""
        totals = dict.fromkeys(("loss", "score"), np.float32(0))
        share = np.float32(1) / np.float32(size)  # and not divided, which would be another last bit than published
        with np.errstate(over="ignore", invalid="ignore"):  # a loss may be as large as it likes
            for rows, weights in zip(*pieces(size), strict=True):
                found = self._sums(x, y, tf.constant(rows), tf.constant(weights))
                totals = {name: total + found[name].numpy() for name, total in totals.items()}
            return float(totals["loss"] * share), float(totals["score"] * share)
