"""What a forward pass is made of: calls of layers, the activations among them, and the points where it is measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from suite.monitor.states import States


@dataclass(frozen=True)
class Activation:
    """An activation as it was called.

    Attributes:
        function: phi; None where it is not elementwise or not known.
        input: Tensor that it read; None where it cannot be had.
        output: Tensor that it returned.
        label: Its name, where the function has none.
    """

    function: Callable[[Any], Any] | None
    input: Any
    output: Any
    label: str = "unknown"

    @property
    def name(self) -> str:
        """Name of the function or layer."""
        if self.function is None:
            return self.label
        return str(getattr(self.function, "__name__", None) or type(self.function).__name__)


@dataclass(eq=False)
class Call:
    """One call of a layer during a forward pass.

    Attributes:
        layer: The layer.
        path: Names of the layers around it and its own.
        inputs: Tensors that it was given.
        outputs: Tensors that it returned.
        parts: Layers that it called.
        own: Its own activation, as it was called last.
        states: States of a recurrent layer.
        mask: Which positions are real, shape (batch, positions); None if all are.
        order: Position of z among those of all calls.
        paired: Whether it is one direction of a bidirectional layer.
    """

    layer: Any
    path: str
    inputs: Sequence[Any]
    outputs: Sequence[Any] = ()
    parts: list[Any] = field(default_factory=list)
    own: Activation | None = None
    states: States | None = None
    mask: Any = None
    order: int = 0
    paired: bool = False

    @property
    def z(self) -> Any:
        """Output of the linear map as far as it is known: non-finite values are looked for in it."""
        return self.outputs[0] if self.own is None else self.own.input

    @property
    def source(self) -> Any:
        """Tensor whose gradient is taken."""
        return self.states.additions[0] if self.states else self.z

    @property
    def where(self) -> str:
        """What the source is: `pre-activation`, `output` where the activation is not known, or `state` (h at all time steps)."""
        return "state" if self.states else "output" if self.own is None else "pre-activation"

    @property
    def input(self) -> Any:
        """Tensor that the layer reads; None if it reads none of floating-point numbers."""
        return next((tensor for tensor in self.inputs if tensor.dtype.is_floating), None)


@dataclass(frozen=True)
class ProbePoint:
    """A call of a layer with weights, which is measured.

    Attributes:
        name: Path of the layer in the model; the second call of a layer has "(2)" behind it.
        call: The call.
        kernel: The variable that stands for the layer's weights.
        activation: The activation that follows.
        is_output: Whether it is an output of the model, so that it is no hidden layer.
        reads_data: Whether no other layer with weights lies between the model's inputs and this one.
        shared: Index of the first of the calls of this layer that do not read one another: a layer of a siamese network
            counts once.
    """

    name: str
    call: Call
    kernel: Any
    activation: Activation
    is_output: bool
    reads_data: bool
    shared: int
