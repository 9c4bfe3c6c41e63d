"""A built network: the Keras model, where the probes look into it, and which of its weights are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from suite.catalog.activations import build_activation
from suite.catalog.initializers import initial_value
from suite.catalog.normalizations import build_normalization, wrap_layer


@dataclass(frozen=True)
class Tap:
    """Where the probes look into one hidden layer. The tensors are Keras's symbolic ones, batch first, units last.

    Attributes:
        name: Of the layer, for people.
        kernel: The weights of its linear map.
        pre_activation: z, the linear map's output, before normalization.
        activation_input: What the activation reads: z, normalized where the normalization comes before it.
        activation: The activation's output.
    """

    name: str
    kernel: Any
    pre_activation: Any
    activation_input: Any
    activation: Any


@dataclass(frozen=True)
class State:
    """A state that a recurrent layer hands from one time step to the next.

    Its gradient is taken as that of zeros which the layer adds to it.

    Attributes:
        layer: Index of the tap.
        name: `h`, or `c` for the cell state of an LSTM.
        shape: (time, units).
    """

    layer: int
    name: str
    shape: tuple[int, int]


@dataclass(frozen=True)
class Seen:
    """What one pass through a tapped network shows; lists have one entry a hidden layer.

    Attributes:
        outputs: Of the network.
        pre_activations: z.
        activation_inputs: What the activations read.
        activations: What they put out.
        gradient_sources: The tensors whose gradient is dLoss/dz (of a recurrent layer: dLoss/dh).
        state_sources: The tensors whose gradients are those of `Network.states`.
    """

    outputs: Any
    pre_activations: Sequence[Any]
    activation_inputs: Sequence[Any]
    activations: Sequence[Any]
    gradient_sources: Sequence[Any]
    state_sources: Sequence[Any]


@dataclass(frozen=True)
class Network:
    """What a model family builds.

    Attributes:
        model: Keras model from the inputs to the outputs: logits of classes, or numbers.
        tapped: The same weights, from the inputs (and zeros for every state) to
            `[outputs, *z, *activation inputs, *activations]`.
        taps: The hidden layers, the one nearest the input first.
        activation: The function of the hidden layers.
        built: `model.weights` as Keras built them.
        drawn: Index in `model.weights` of every array that is drawn anew for a run, with the factor that says how.
        xla: Whether it trains faster when compiled with XLA on a CPU.
        states: Of the recurrent layers.
    """

    model: Any
    tapped: Any
    taps: tuple[Tap, ...]
    activation: Callable[[Any], Any]
    built: tuple[np.ndarray, ...]
    drawn: Mapping[int, str]
    xla: bool
    states: tuple[State, ...] = ()

    def initial_weights(self, recipe: Mapping[str, Any], seed: int) -> list[np.ndarray]:
        """First values of `model.weights`: each drawn array under a seed of its own, the others as built."""
        seeds = np.random.SeedSequence(seed).generate_state(len(self.built))
        return [
            initial_value(recipe[self.drawn[index]], value.shape, int(seeds[index] >> 1)) if index in self.drawn else value
            for index, value in enumerate(self.built)
        ]

    def seed_generators(self) -> list[Any]:
        """Of the layers that draw during training (dropout), in the model's order."""
        return [layer.seed_generator for layer in self.model.layers if hasattr(layer, "seed_generator")]

    @cached_property
    def kernel_indices(self) -> tuple[int, ...]:
        """Of the taps' kernels in `model.trainable_variables`."""
        index = {id(variable): i for i, variable in enumerate(self.model.trainable_variables)}
        return tuple(index[id(tap.kernel)] for tap in self.taps)

    @cached_property
    def penalized_indices(self) -> tuple[int, ...]:
        """Of the weights that L1 and L2 act on, in `model.trainable_variables`: all that are drawn, so no biases."""
        drawn = {id(self.model.weights[i]) for i in self.drawn}
        return tuple(i for i, variable in enumerate(self.model.trainable_variables) if id(variable) in drawn)

    def look(self, x: Any, *, training: bool, tape: Any = None) -> Seen:
        """One pass through the tapped network; a tape watches the zeros added to the states."""
        zeros = [tf.zeros([tf.shape(x)[0], *state.shape]) for state in self.states]
        if tape is not None and zeros:
            tape.watch(zeros)
        outputs, *looks = self.tapped([x, *zeros] if zeros else x, training=training)
        layers = len(self.taps)
        z, activation_inputs, activations = (looks[i * layers : (i + 1) * layers] for i in range(3))
        sources = list(z)
        for state, zero in zip(self.states, zeros, strict=True):
            if state.name == "h":
                sources[state.layer] = zero
        return Seen(outputs, z, activation_inputs, activations, sources, zeros)


class Stack:
    """Puts hidden layers together as every family does: linear map, normalization, activation, dropout.

    Args:
        recipe: Every factor with its canonical level.
    """

    def __init__(self, recipe: Mapping[str, Any]) -> None:
        self.recipe = recipe
        self.activation = build_activation(recipe["activation"])
        self._taps: list[Tap] = []
        self._drawn: dict[int, str] = {}

    def hidden(self, x: Any, linear: Any, name: str) -> Any:
        """One hidden layer.

        Args:
            x: Its input, a Keras tensor.
            linear: Unbuilt Keras layer with a `kernel`.
            name: For people.
        """
        level = self.recipe["normalization"]
        z = wrap_layer(level, linear)(x)
        self.draw(linear.kernel, "initializer")
        normalize = build_normalization(level, f"{name}_normalization")
        before = normalize is not None and self.recipe["norm_position"] == "before"
        activation_input = normalize(z) if before else z
        activation = keras.layers.Activation(self.activation, name=f"{name}_activation")(activation_input)
        self._taps.append(Tap(name, linear.kernel, z, activation_input, activation))
        y = normalize(activation) if normalize is not None and not before else activation
        if self.recipe["dropout"]:
            y = keras.layers.Dropout(self.recipe["dropout"], seed=0, name=f"{name}_dropout")(y)
        return y

    def output(self, x: Any, units: int) -> Any:
        """The last linear map. Its activation belongs to the loss."""
        dense = keras.layers.Dense(units, name="output")
        y = dense(x)
        self.draw(dense.kernel, "initializer")
        return y

    def draw(self, variable: Any, factor: str) -> None:
        """Has a weight array drawn for every run as that factor says."""
        self._drawn[id(variable)] = factor

    def network(self, inputs: Any, outputs: Any, *, xla: bool) -> Network:
        """The finished network."""
        taps = tuple(self._taps)
        model = keras.Model(inputs, outputs)
        looks = [[getattr(tap, part) for tap in taps] for part in ("pre_activation", "activation_input", "activation")]
        return Network(
            model=model,
            tapped=keras.Model(inputs, [outputs, *looks[0], *looks[1], *looks[2]]),
            taps=taps,
            activation=self.activation,
            built=tuple(np.asarray(variable) for variable in model.weights),
            drawn={i: self._drawn[id(v)] for i, v in enumerate(model.weights) if id(v) in self._drawn},
            xla=xla,
        )
