"""The states of a recurrent layer at every time step: zeros are added to them, whose gradient is dLoss/dh_t."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

_KNOWN = (keras.layers.SimpleRNNCell, keras.layers.LSTMCell, keras.layers.GRUCell)


@dataclass(frozen=True)
class States:
    """What a recurrent layer shows of one call.

    Attributes:
        names: `h`, and `c` for the cell state of an LSTM.
        additions: Zeros that were added to each, shape (batch, time, units).
        outputs: At every time step, shape (batch, time, units).
        activation: phi of the (candidate) state; None for cells other than Keras's own three.
        pre_activations: What phi read at every time step, if it is known.
        mask: Which time steps are real, shape (batch, time); None if all are.
        backwards: Whether the layer reads its input from the end, so that time step 1 is the last of `additions`.
    """

    names: tuple[str, ...]
    additions: tuple[Any, ...]
    outputs: Any
    activation: Callable[[Any], Any] | None
    pre_activations: Any
    mask: Any
    backwards: bool

    def named(self) -> list[tuple[str, Any]]:
        """Name and zeros of every state."""
        return list(zip(self.names, self.additions, strict=True))


def watch_states(layer: Any, tape: Any, keep: Callable[[States], None]) -> Callable[..., Any] | None:
    """A loop over time to put in the place of `layer.inner_loop`, which computes the same and can be looked into.

    Args:
        layer: A `keras.layers.RNN`.
        tape: Watches the zeros.
        keep: Is given what was seen.

    Returns:
        None for cells whose states are not one vector each (stacked cells, convolutional ones).
    """
    cell = layer.cell
    sizes = getattr(cell, "state_size", None)
    units = [sizes] if isinstance(sizes, int) else list(sizes or ())
    if not units or not all(isinstance(size, int) for size in units) or isinstance(cell, keras.layers.StackedRNNCells):
        return None
    is_lstm = isinstance(cell, keras.layers.LSTMCell)
    names = ("h", "c") if is_lstm else ("h",)
    known = isinstance(cell, _KNOWN)

    def inner_loop(sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
        features = sequences.shape[2:]
        if len(features) != 1:
            return type(layer).inner_loop(layer, sequences, initial_state, mask, training)
        start = tf.zeros(tf.shape(sequences)[:2], sequences.dtype)
        zeros = [tf.repeat(start[..., None], size, axis=2) for size in units[: len(names)]]
        zeros = [tf.ensure_shape(z, [*sequences.shape[:2], size]) for z, size in zip(zeros, units, strict=False)]
        tape.watch(zeros)
        widened = tf.concat([sequences, *zeros], axis=-1)
        with _widened(cell, [int(features[0]), *units[: len(names)]]), replaced(layer, return_sequences=True):
            last, outputs, states = keras.layers.RNN.inner_loop(layer, widened, initial_state, mask, training)
        read = outputs[..., units[0] :] if known else None
        last, outputs = last[..., : units[0]], outputs[..., : units[0]]
        keep(States(names, tuple(zeros), outputs, cell.activation if known else None, read, mask, layer.go_backwards))
        return last, outputs, states

    return inner_loop


@contextlib.contextmanager
def _widened(cell: Any, sizes: list[int]) -> Iterator[None]:
    """The cell, for a while, with inputs that carry what is added to h (and c) behind the features.

    Keras's own cells also return what the activation of the (candidate) state read: the first argument of their
    activation in a step. An LSTM's second one is c, before h is made of it: there its zeros are added, so that their
    gradient holds all that depends on c.
    """
    call: Callable[..., Any] = cell.call
    activation: Any = getattr(cell, "activation", None)
    known = isinstance(cell, _KNOWN)
    added_to_c: list[Any] = []
    read: list[Any] = []

    def step(inputs: Any, states: Any, *args: Any, **kwargs: Any) -> Any:
        x, to_h, *added_to_c[:] = tf.split(inputs, sizes, axis=-1)
        read.clear()
        output, after = call(x, states, *args, **kwargs)
        h, *others = after if isinstance(after, (list, tuple)) else [after]
        output = output + to_h if output is h else output
        if added_to_c:
            others = [others[0] + added_to_c[0], *others[1:]]
        return (tf.concat([output, read[0]], axis=-1) if known else output), [h + to_h, *others]

    def recorded_activation(u: Any) -> Any:
        read.append(u)
        return activation(u + added_to_c[0] if added_to_c and len(read) == 2 else u)

    with replaced(cell, call=step, **({"activation": recorded_activation} if known else {})):
        yield


@contextlib.contextmanager
def replaced(owner: Any, **attributes: Any) -> Iterator[None]:
    """Attributes of an object, for a while, past Keras's own `__setattr__`."""
    before = {name: vars(owner)[name] for name in attributes if name in vars(owner)}
    vars(owner).update(attributes)
    try:
        yield
    finally:
        for name in attributes:
            del vars(owner)[name]
        vars(owner).update(before)
