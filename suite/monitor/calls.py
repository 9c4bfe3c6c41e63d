"""What a traced forward pass is made of: calls of layers, the activations among them, and where to look into it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from suite.monitor.states import States


@dataclass(frozen=True)
class Activation:
    """An activation as it was called.

    Attributes:
        function: phi; None where it is not elementwise or not known.
        input: What it read; None where that cannot be had.
        output: What it returned.
    """

    function: Callable[[Any], Any] | None
    input: Any
    output: Any

    @property
    def name(self) -> str:
        """For people."""
        if self.function is None:
            return "unknown"
        return str(getattr(self.function, "__name__", None) or type(self.function).__name__)


@dataclass(eq=False)
class Call:
    """One call of a layer, while the model is traced.

    Attributes:
        layer: The layer.
        path: Names of the layers around it and its own.
        inputs: Tensors that it was given.
        outputs: Tensors that it returned.
        has_parts: Whether it called other layers.
        own: Its own activation, as it was called last.
        states: Of a recurrent layer.
        order: When z was there, for the order of the windows.
    """

    layer: Any
    path: str
    inputs: Sequence[Any]
    outputs: Sequence[Any] = ()
    has_parts: bool = False
    own: Activation | None = None
    states: States | None = None
    order: int = 0


@dataclass(frozen=True)
class Window:
    """Where the probes look into one call of a layer that has weights.

    Attributes:
        name: Path of the layer in the model; a number follows from the second call on.
        layer: The layer.
        kernel: Its weights, as `find_kernels` says.
        where: What `source` is: `pre-activation` (the linear map's output), `output` (of the layer, where no activation
            could be told from it), or `state` (h of a recurrent layer at all time steps).
        source: The tensor whose gradient is taken.
        value: The tensor of which a first non-finite value is looked for: z, or the layer's output.
        activation: The activation that follows, with its input and output.
        states: Of a recurrent layer.
        is_output: Whether the model puts this out: then it is no hidden layer.
    """

    name: str
    layer: Any
    kernel: Any
    where: str
    source: Any
    value: Any
    activation: Activation
    states: States | None
    is_output: bool
