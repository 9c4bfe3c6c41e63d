"""The loop over time: a cell applied at every time step, and its gradient, in time linear in the steps.

TensorFlow's own gradient of such a loop is right, but where a layer puts out all its states XLA copies all of them at every
step. Here the way back is a loop too: each time step is done again from the states before it, and differentiated. Its matrix
products are kept instead of done again: they are what a time step costs (with XLA only where a gradient follows;
without it, a forward pass alone keeps them too). The kernels' gradients are summed step by step, which
stays in the cache; one product over all time steps is slower.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from suite.models.recurrent_cells import Advance


class Recurrence(keras.layers.Layer):
    """Applies a cell to a sequence, from states of zero: (batch, time, features) to (batch, time, units).

    Args:
        cell: One of `suite.models.recurrent_cells`.
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
    """The same cell, with zeros added to its state h, so that their gradient is that of h.

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
            inputs: The sequence, and zeros of shape (batch, time, units).
        """
        h, z, *normalized = _run(self.cell, inputs[0], inputs[1:])
        return [h, z, *(normalized or [z])]


class _Step:
    """One time step of a cell as a function of its weights, which are fed: kernels first, then the others.

    Args:
        cell: Built.
    """

    def __init__(self, cell: Any) -> None:
        self._cell = cell
        self._kernels = [cell.kernel, cell.recurrent_kernel]
        self._others = [v for v in cell.trainable_variables if all(v is not kernel for kernel in self._kernels)]

    def weights(self) -> list[Any]:
        """What the variables hold, as tensors."""
        return [tf.convert_to_tensor(variable) for variable in (*self._kernels, *self._others)]

    def project(self, x: Any, h: Any, weights: Sequence[Any]) -> list[Any]:
        """The products of the time step."""
        with keras.StatelessScope(state_mapping=list(zip(self._kernels, weights[:2], strict=True))):
            return self._cell.project(x, h)

    def advance(
        self, projected: Sequence[Any], states: Sequence[Any], zeros: Sequence[Any], weights: Sequence[Any]
    ) -> Advance:
        """The rest of it."""
        with keras.StatelessScope(state_mapping=list(zip(self._others, weights[2:], strict=True))):
            return self._cell.advance(projected, states, zeros)

    def differentiate(
        self,
        x: Any,
        projected: Sequence[Any],
        states: Sequence[Any],
        zeros: Sequence[Any],
        weights: Sequence[Any],
        arriving: Sequence[Any],
    ) -> tuple[Any, list[Any], list[Any], list[Any]]:
        """Gradients of x, of the states before, of the zeros and of the weights.

        Args:
            x: Shape (batch, features).
            projected: What `project` returned.
            states: Before the step.
            zeros: Added to h after it.
            weights: As of `weights`.
            arriving: Gradients of the states after it.
        """
        kernels, others = list(weights[:2]), list(weights[2:])
        with tf.GradientTape() as tape:
            tape.watch([*projected, *states, *zeros, *others])
            after = self.advance(projected, states, zeros, weights).states
        of_projected, of_states, of_zeros, of_others = tape.gradient(
            after, [projected, states, zeros, others], output_gradients=arriving, unconnected_gradients="zero"
        )
        with tf.GradientTape() as tape:  # linear: of a graph only its gradient is left, the product itself is pruned
            tape.watch([x, states[0], *kernels])
            again = self.project(x, states[0], weights)
        of_x, of_h, *of_kernels = tape.gradient(again, [x, states[0], *kernels], output_gradients=of_projected)
        return of_x, [of_states[0] + of_h, *of_states[1:]], of_zeros, [*of_kernels, *of_others]


def _run(cell: Any, inputs: Any, zeros: Sequence[Any]) -> list[Any]:
    """h of every time step; with zeros, z too, and the activation's input where it is another."""
    step = _Step(cell)
    states = len(tf.nest.flatten(cell.state_size))
    time, units, taps = inputs.shape[1], cell.units, len(zeros)
    looked_at = 0 if not zeros else 2 if cell.normalized else 1  # without normalization, z is what the activation reads

    @tf.custom_gradient
    def recurrence(x: Any, *others: Any) -> Any:
        zeros, weights = others[:taps], others[taps:]
        start = [tf.zeros([tf.shape(x)[1], units])] * states

        def forward(t: Any, before: Sequence[Any], arrays: Sequence[Any]) -> Any:
            projected = step.project(x[t], before[0], weights)
            done = step.advance(projected, before, [added[t] for added in zeros], weights)
            written = [*done.states, *[done.pre_activation, done.activation_input][:looked_at], *projected]
            return t + 1, done.states, [array.write(t, value) for array, value in zip(arrays, written, strict=True)]

        widths = [units] * (states + looked_at) + [cell.kernel.shape[1]] * cell.projections
        _, _, arrays = _loop(forward, time, (0, start, _arrays(time, widths)), lambda t, *_: t < time)
        stacks = [array.stack() for array in arrays]
        seen, projections = stacks[: states + looked_at], stacks[states + looked_at :]

        def gradient(*upstream: Any) -> Any:
            previous = [tf.concat([first[None], stack[:-1]], 0) for first, stack in zip(start, seen, strict=False)]

            def backward(t: Any, of_states: Any, of_weights: Any, of_x: Any, of_zeros: Any) -> Any:
                projected, before, added = ([stack[t] for stack in part] for part in (projections, previous, zeros))
                arriving = [of_states[0] + upstream[0][t], *of_states[1:]]
                of_x_t, of_before, of_added, found = step.differentiate(
                    x[t], projected, before, added, weights, arriving
                )
                return (
                    t - 1,
                    of_before,
                    [total + part for total, part in zip(of_weights, found, strict=True)],
                    of_x.write(t, of_x_t),
                    [array.write(t, part) for array, part in zip(of_zeros, of_added, strict=True)],
                )

            begun = (
                time - 1,
                [tf.zeros_like(state) for state in start],
                [tf.zeros_like(weight) for weight in weights],
                *_arrays(time, [x.shape[2]]),
                _arrays(time, [units] * taps),
            )
            _, _, of_weights, of_x, of_zeros = _loop(backward, time, begun, lambda t, *_: t >= 0)
            return of_x.stack(), *[array.stack() for array in of_zeros], *of_weights

        return [seen[0], *seen[states:]], gradient

    swapped = [tf.transpose(part, [1, 0, 2]) for part in (inputs, *zeros)]
    return [tf.transpose(stack, [1, 0, 2]) for stack in recurrence(*swapped, *step.weights())]


def _arrays(time: int, widths: Sequence[int]) -> list[Any]:
    return [tf.TensorArray(tf.float32, size=time, element_shape=[None, width]) for width in widths]


def _loop(body: Any, time: int, start: Any, condition: Any) -> Any:
    return tf.while_loop(condition, body, start, parallel_iterations=1, maximum_iterations=time)
