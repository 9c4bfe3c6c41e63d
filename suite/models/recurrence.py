"""The loop over time: a cell applied at every time step, and its gradient, in time linear in the steps.

TensorFlow's own gradient of such a loop is right, but where a layer puts out all its states XLA copies all of them at every
step. Here the way back is a loop too: each time step is done again from the state before it, and differentiated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from suite.models.cells import Advance


class Recurrence(keras.layers.Layer):
    """Applies a cell to a sequence, from states of zero: (batch, time, features) to (batch, time, units).

    Args:
        cell: One of `suite.models.cells`.
    """

    def __init__(self, cell: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cell = cell

    def build(self, input_shape: Any) -> None:
        """Builds the cell."""
        if not self.cell.built:
            self.cell.build((input_shape[0], input_shape[2]))
        self.built = True

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """As of any recurrent layer that puts out all its states."""
        return (*input_shape[:2], self.cell.units)

    def call(self, inputs: Any) -> Any:
        """h of every time step."""
        return _run(self.cell, inputs, ())[0]


class TappedRecurrence(keras.layers.Layer):
    """The same cell, with zeros added to its states, so that their gradient is that of the states.

    Args:
        cell: Built.
    """

    def __init__(self, cell: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cell = cell
        self.built = True

    def compute_output_shape(self, input_shape: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Three of the layer's shape."""
        return [(*input_shape[0][:2], self.cell.units)] * 3

    def call(self, inputs: Sequence[Any]) -> list[Any]:
        """h of every time step, z of the candidate state and what its activation reads; the last two only to look at.

        Args:
            inputs: The sequence, and zeros of shape (batch, time, units) for every state.
        """
        h, z, *normalized = _run(self.cell, inputs[0], inputs[1:])
        return [h, z, *(normalized or [z])]


def _run(cell: Any, inputs: Any, zeros: Sequence[Any]) -> list[Any]:
    """h of every time step; with zeros, z too, and the activation's input where it is another."""
    variables = cell.trainable_variables
    weights = [tf.convert_to_tensor(variable) for variable in variables]
    states = 2 if isinstance(cell, keras.layers.LSTMCell) else 1
    time, units, taps = inputs.shape[1], cell.units, len(zeros)
    looked_at = 0 if not zeros else 2 if cell.normalized else 1  # without normalization, z is what the activation reads

    def step(x: Any, before: Sequence[Any], added: Sequence[Any], weights: Sequence[Any]) -> Advance:
        with keras.StatelessScope(state_mapping=list(zip(variables, weights, strict=True))):
            return cell.advance(x, before, added)

    @tf.custom_gradient
    def recurrence(x: Any, *others: Any) -> Any:
        zeros, weights = others[:taps], others[taps:]
        start = [tf.zeros([tf.shape(x)[1], units])] * states

        def forward(t: Any, before: Sequence[Any], arrays: Sequence[Any]) -> Any:
            done = step(x[t], before, [added[t] for added in zeros], weights)
            looks = [done.pre_activation, done.activation_input][:looked_at]
            written = [*done.states, *looks]
            return t + 1, done.states, [array.write(t, value) for array, value in zip(arrays, written, strict=True)]

        arrays = [_array(time, units) for _ in range(states + looked_at)]
        _, _, arrays = _loop(forward, time, (0, start, arrays), lambda t, *_: t < time)
        stacks = [array.stack() for array in arrays]

        def gradient(*upstream: Any) -> Any:
            previous = [tf.concat([first[None], stack[:-1]], 0) for first, stack in zip(start, stacks, strict=False)]

            def backward(t: Any, of_states: Any, of_weights: Any, of_x: Any, of_zeros: Any) -> Any:
                at_t, before = x[t], [stack[t] for stack in previous]
                added = [zero[t] for zero in zeros]
                with tf.GradientTape() as tape:
                    tape.watch([at_t, *before, *added, *weights])
                    after = step(at_t, before, added, weights).states
                arriving = [of_states[0] + upstream[0][t], *of_states[1:]]
                found = tape.gradient(
                    after, [[at_t], before, added, weights], output_gradients=arriving, unconnected_gradients="zero"
                )
                return (
                    t - 1,
                    found[1],
                    [total + part for total, part in zip(of_weights, found[3], strict=True)],
                    of_x.write(t, found[0][0]),
                    [array.write(t, part) for array, part in zip(of_zeros, found[2], strict=True)],
                )

            begun = (
                time - 1,
                [tf.zeros_like(state) for state in start],
                [tf.zeros_like(weight) for weight in weights],
                _array(time, x.shape[2]),
                [_array(time, units) for _ in zeros],
            )
            _, _, of_weights, of_x, of_zeros = _loop(backward, time, begun, lambda t, *_: t >= 0)
            return of_x.stack(), *[array.stack() for array in of_zeros], *of_weights

        return [stacks[0], *stacks[states:]], gradient

    swapped = [tf.transpose(part, [1, 0, 2]) for part in (inputs, *zeros)]
    return [tf.transpose(stack, [1, 0, 2]) for stack in recurrence(*swapped, *weights)]


def _array(time: int, units: int) -> Any:
    return tf.TensorArray(tf.float32, size=time, element_shape=[None, units])


def _loop(body: Any, time: int, start: Any, condition: Any) -> Any:
    return tf.while_loop(condition, body, start, parallel_iterations=1, maximum_iterations=time)
