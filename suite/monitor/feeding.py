"""The batches that `fit` really trains on: each is noted on its way into the training step, which changes nothing in it.

Keras calls `model.train_function(iterator)` once an execution. For the time of one `fit`, the iterator that it gets is one over
the same batches in the same order.
"""

from __future__ import annotations

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
        nonfinite: Where the first batch that is not finite has such a value, in words.
    """

    def __init__(self, model: Any) -> None:
        self._model, self._train = model, model.train_function
        self._taken: Any = None
        self._given: Any = None
        self._steps = 0
        self.last: Batch | None = None
        self.nonfinite: str | None = None
        model.train_function = self._trained

    def stop(self) -> None:
        """Puts the model's own function back."""
        if self._model.train_function == self._trained:
            self._model.train_function = self._train

    def _trained(self, iterator: Any) -> Any:
        if iterator is not self._taken:
            self._taken = self._given = iterator
            if isinstance(iterator, tf.data.Iterator):  # a distributed one hands out several batches at once
                self._given = iter(self._relay(iterator))
        return self._train(self._given)

    def _relay(self, iterator: Any) -> Any:
        options = tf.data.Options()
        options.experimental_optimization.inject_prefetch = False  # the last one noted is the last one trained on
        options.autotune.enabled = False

        def note(*flat: Any) -> None:
            data = tf.nest.pack_sequence_as(iterator.element_spec, flat, expand_composites=True)
            self.last, self._steps = Batch(*keras.utils.unpack_x_y_sample_weight(data)), self._steps + 1
            if self.nonfinite is None and (found := self.last.nonfinite()):
                self.nonfinite = f"{found} of the batch of step {self._steps}"

        def noted(batch: Any) -> Any:
            data = batch.get_value()
            tf.py_function(note, tf.nest.flatten(data, expand_composites=True), [])
            return data

        taken = tf.data.Dataset.counter().map(_as_is(lambda _: iterator.get_next_as_optional()))
        there = taken.take_while(_as_is(lambda batch: batch.has_value()))
        return there.map(_as_is(noted)).with_options(options)
