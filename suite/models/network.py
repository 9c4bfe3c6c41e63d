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
from suite.catalog.normalizations import build_normalization, normalization_of, takes_out_bias, wrap_layer


@dataclass(frozen=True)
class ProbePoint:
    """Where the probes look into one hidden layer. The tensors are Keras's symbolic ones, batch first, units last.

    Attributes:
        name: Of the layer, for people.
        kernel: The weights of its linear map.
        pre_activation: z, the linear map's output, before normalization.
        activation_input: What the activation reads: z, normalized where the normalization comes before it.
        activation: The activation's output.
        function: The activation itself.
        recurrent: Whether z is that of every time step, and the layer's gradient that of the state h that it hands on,
            taken as that of zeros which it adds to h.
    """

    name: str
    kernel: Any
    pre_activation: Any
    activation_input: Any
    activation: Any
    function: Callable[[Any], Any]
    recurrent: bool = False


@dataclass(frozen=True)
class Pass:
    """What one pass through a tapped network shows; lists have one entry a hidden layer.

    Attributes:
        outputs: Of the network.
        pre_activations: z.
        activation_inputs: What the activations read.
        activations: What they put out.
        gradient_sources: The tensors whose gradient is dLoss/dz (of a recurrent layer: dLoss/dh).
    """

    outputs: Any
    pre_activations: Sequence[Any]
    activation_inputs: Sequence[Any]
    activations: Sequence[Any]
    gradient_sources: Sequence[Any]


@dataclass(frozen=True)
class Network:
    """What a model family builds.

    Attributes:
        model: Keras model from the inputs to the outputs: logits of classes, or numbers.
        tapped: The same weights, from the inputs (and zeros for every recurrent layer) to
            `[outputs, *z, *activation inputs, *activations]`.
        taps: The hidden layers, the one nearest the input first.
        built: `model.weights` as Keras built them.
        drawn: Index in `model.weights` of every array that is drawn anew for a run, with the factor that says how, or
            with the level of an initializer where no factor does.
        xla: Whether it trains faster when compiled with XLA on a CPU.
    """

    model: Any
    tapped: Any
    taps: tuple[ProbePoint, ...]
    built: tuple[np.ndarray, ...]
    drawn: Mapping[int, str | Mapping[str, Any]]
    xla: bool

    def initial_weights(self, recipe: Mapping[str, Any], seed: int) -> list[np.ndarray]:
        """First values of `model.weights`: each drawn array under a seed of its own, the others as built."""
        seeds = np.random.SeedSequence(seed).generate_state(len(self.built))
        weights = list(self.built)
        for index, how in self.drawn.items():
            level = recipe[how] if isinstance(how, str) else how
            weights[index] = initial_value(level, weights[index].shape, int(seeds[index] >> 1))
        return weights

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
        """Of the weights that L1 and L2 act on, in `model.trainable_variables`: all that are drawn but biases."""
        drawn = {id(self.model.weights[i]) for i in self.drawn if self.built[i].ndim > 1}
        return tuple(i for i, variable in enumerate(self.model.trainable_variables) if id(variable) in drawn)

    @cached_property
    def recurrent(self) -> tuple[int, ...]:
        """Indices of the taps that are recurrent."""
        return tuple(index for index, tap in enumerate(self.taps) if tap.recurrent)

    def pass_through(self, x: Any, *, training: bool, tape: Any = None) -> Pass:
        """One pass through the tapped network; a tape watches the zeros added to the states."""
        zeros = [tf.zeros([tf.shape(x)[0], *self.taps[i].pre_activation.shape[1:]]) for i in self.recurrent]
        if tape is not None and zeros:
            tape.watch(zeros)
        outputs, *looks = tf.nest.flatten(self.tapped([x, *zeros] if zeros else x, training=training))
        layers = len(self.taps)
        z, activation_inputs, activations = (looks[i * layers : (i + 1) * layers] for i in range(3))
        sources = list(z)
        for index, zero in zip(self.recurrent, zeros, strict=True):
            sources[index] = zero
        return Pass(outputs, z, activation_inputs, activations, sources)


class Stack:
    """Puts hidden layers together as every family does: linear map, normalization, activation, dropout.

    Args:
        recipe: Every factor with its canonical level.
    """

    def __init__(self, recipe: Mapping[str, Any]) -> None:
        self.recipe = recipe
        self.activation = build_activation(recipe["activation"])
        self._taps: list[ProbePoint] = []
        self._drawn: dict[int, str | Mapping[str, Any]] = {}
        self._begun: dict[int, np.ndarray] = {}
        self._output: Any = None

    def hidden(self, x: Any, linear: Any, name: str, activation: Callable[[Any], Any] | None = None) -> Any:
        """One hidden layer.

        Args:
            x: Its input, a Keras tensor.
            linear: Unbuilt Keras layer with a `kernel` and a `bias`.
            name: For people.
            activation: In place of the recipe's.
        """
        function = activation or self.activation
        level, before = self.recipe["normalization"], self.recipe["norm_position"] == "before"
        outer = wrap_layer(level, linear)
        linear.use_bias = not takes_out_bias(self.recipe)
        z = outer(x)
        self.draw(linear.kernel, "initializer")
        if linear.use_bias:
            self._bias(linear.bias)
        for variable, how in normalization_of(level).drawn(outer):
            self.draw(variable, how)
        normalize = build_normalization(level, f"{name}_normalization", axes=len(z.shape))
        activation_input = normalize(z) if normalize is not None and before else z
        outputs = keras.layers.Activation(function, name=f"{name}_activation")(activation_input)
        self.tap(ProbePoint(name, linear.kernel, z, activation_input, outputs, function))
        y = normalize(outputs) if normalize is not None and not before else outputs
        if self.recipe["dropout"]:
            y = keras.layers.Dropout(self.recipe["dropout"], seed=0, name=f"{name}_dropout")(y)
        return y

    def output(self, x: Any, shape: tuple[int, ...]) -> Any:
        """The last linear map, of the last axis of x; called again, the same one. Its activation belongs to the loss."""
        if self._output is None:
            self._output = keras.layers.Dense(shape[-1], name="output")
        y = self._output(x)
        self.draw(self._output.kernel, "initializer")
        self._bias(self._output.bias)
        return y

    def _bias(self, variable: Any) -> None:
        """Has a bias begin at the recipe's value, or be drawn about it in families that have a scale of biases."""
        value, scale = self.recipe["bias"], self.recipe.get("bias_scale", 0.0)
        if scale:
            self.draw(variable, {"name": "random_normal", "mean": value, "stddev": scale})
        self.begin(variable, value)

    def tap(self, tap: ProbePoint) -> None:
        """Has the probes look into a hidden layer, the next one on the way from the input."""
        self._taps.append(tap)

    def draw(self, variable: Any, how: str | Mapping[str, Any]) -> None:
        """Has a weight array drawn for every run, as a factor or the level of an initializer says."""
        self._drawn[id(variable)] = how

    def begin(self, variable: Any, value: Any) -> None:
        """Has a weight array begin every run at a value (of its shape, or a number)."""
        self._begun[id(variable)] = np.broadcast_to(np.asarray(value, np.float32), variable.shape).copy()

    def network(
        self, inputs: Any, outputs: Any, tapped: Any = None, *, xla: bool, zeros: Sequence[Any] = ()
    ) -> Network:
        """The finished network.

        Args:
            inputs: Keras's symbolic input.
            outputs: A symbolic tensor.
            tapped: The same where the states are tapped, made with the zeros.
            xla: As of `Network`.
            zeros: Symbolic inputs that are added to the states, one a recurrent tap.
        """
        taps = tuple(self._taps)
        model = keras.Model(inputs, outputs)
        tapped = outputs if tapped is None else tapped
        looks = [[getattr(tap, part) for tap in taps] for part in ("pre_activation", "activation_input", "activation")]
        return Network(
            model=model,
            tapped=keras.Model([inputs, *zeros] if zeros else inputs, [tapped, *looks[0], *looks[1], *looks[2]]),
            taps=taps,
            built=tuple(self._begun.get(id(variable), np.asarray(variable)) for variable in model.weights),
            drawn={i: self._drawn[id(v)] for i, v in enumerate(model.weights) if id(v) in self._drawn},
            xla=xla,
        )


def add_skip(x: Any, branch: Any, alpha: float) -> Any:
    """x + alpha * branch, as Keras layers."""
    if alpha != 1.0:
        branch = keras.layers.Rescaling(alpha)(branch)
    return keras.layers.Add()([x, branch])


def stack_layers(x: Any, numbers: Sequence[int], layer: Callable[[Any, int], Any], residual: Mapping[str, Any]) -> Any:
    """Hidden layers one after another, in residual blocks where the recipe has them.

    A block of k layers computes x + alpha * block(x); what is left over behind the last whole block is plain.

    Args:
        x: Keras tensor, of the shape that the layers put out.
        numbers: Of the layers.
        layer: From its input and its number to its output.
        residual: Canonical level of the residuals.
    """
    block = residual["every"] if residual["name"] == "skip" else len(numbers) + 1
    for start in range(0, len(numbers), block):
        members = numbers[start : start + block]
        branch = x
        for number in members:
            branch = layer(branch, number)
        x = add_skip(x, branch, residual["alpha"]) if len(members) == block else branch
    return x
