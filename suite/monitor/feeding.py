"""The batches that `fit` really trains on: each is noted on its way into the training step, which changes nothing in it.

Keras calls `model.train_function(iterator)` once an execution. For the time of one `fit`, the iterator that it gets is one over
the same batches in the same order, with copies of the last one, and of the first that is not finite, kept in variables.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from suite.monitor.batches import Batch

_as_is = tf.autograph.experimental.do_not_convert


class TrainingBatches:
    """Notes the batches of one `fit`.

    Args:
        model: The model, whose `train_function` is made.

    Attributes:
        last: The last batch that a step was trained on; None as long as none is known.
    """

    def __init__(self, model: Any) -> None:
        self._model, self._train = model, model.train_function
        self._noted: list[Any] = []
        self._nonfinite: list[Any] = []
        self._steps: Any = None
        self._found_at: Any = None
        self._spec: Any = None
        self._taken: Any = None
        self._given: Any = None
        model.train_function = self._trained

    def _trained(self, iterator: Any) -> Any:
        return self._train(self._with_notes(iterator))

    def stop(self) -> None:
        """Puts the model's own function back."""
        if self._model.train_function == self._trained:
            self._model.train_function = self._train

    @property
    def last(self) -> Batch | None:
        """The last batch of the last step."""
        return self._batch(self._noted) if self._noted and int(self._steps) else None

    @property
    def nonfinite(self) -> str | None:
        """Where the first batch that is not finite has such a value, in words."""
        if not self._noted or not int(self._found_at):
            return None
        return f"{self._batch(self._nonfinite).nonfinite()} of the batch of step {int(self._found_at)}"

    def _batch(self, variables: list[Any]) -> Batch:
        values = [tf.convert_to_tensor(variable) for variable in variables]
        data = tf.nest.pack_sequence_as(self._spec, values, expand_composites=True)
        return Batch(*keras.utils.unpack_x_y_sample_weight(data))

    def _with_notes(self, iterator: Any) -> Any:
        if iterator is self._taken:
            return self._given
        self._taken, self._given = iterator, iterator
        if isinstance(iterator, tf.data.Iterator):  # a distributed one hands out several batches at once
            try:
                self._given = iter(self._relay(iterator))
            except Exception:  # batches of a kind that cannot be kept: training goes on without notes
                self._given, self._noted = iterator, []
        return self._given

    def _relay(self, iterator: Any) -> Any:
        if self._spec is None:
            self._spec = iterator.element_spec
            with tf.device("CPU:0"):
                flat = tf.nest.flatten(self._spec, expand_composites=True)
                self._noted, self._nonfinite = [_variable(s) for s in flat], [_variable(s) for s in flat]
                self._steps, self._found_at = (tf.Variable(0, dtype=tf.int64, trainable=False) for _ in range(2))
        options = tf.data.Options()
        options.experimental_optimization.inject_prefetch = False  # the last one noted is the last one trained on
        options.autotune.enabled = False
        taken = tf.data.Dataset.counter().map(_as_is(lambda _: iterator.get_next_as_optional()))
        there = taken.take_while(_as_is(lambda batch: batch.has_value()))
        return there.map(self._noting()).with_options(options)

    def _noting(self) -> Callable[[Any], Any]:
        @_as_is
        def note(batch: Any) -> Any:
            data = batch.get_value()
            values = tf.nest.flatten(data, expand_composites=True)
            _assign(self._noted, values)
            self._steps.assign_add(1)
            finite = [tf.reduce_all(tf.math.is_finite(value)) for value in values if value.dtype.is_floating]
            if finite:
                first = ~tf.reduce_all(tf.stack(finite)) & (self._found_at == 0)
                tf.cond(first, lambda: _assign([*self._nonfinite, self._found_at], [*values, self._steps]), lambda: 0)
            return data

        return note


def _assign(variables: list[Any], values: list[Any]) -> int:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    return 0


def _variable(spec: Any) -> Any:
    start = tf.zeros([0] * (spec.shape.rank or 0), spec.dtype)
    return tf.Variable(start, shape=tf.TensorShape(None), trainable=False)
