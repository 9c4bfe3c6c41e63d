"""What a traced forward pass is made of: calls of layers, and the activations among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from suite.monitor.recurrent import States


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
        order: When z was there, for the order of the taps.
    """

    layer: Any
    path: str
    inputs: Sequence[Any]
    outputs: Sequence[Any] = ()
    has_parts: bool = False
    own: Activation | None = None
    states: States | None = None
    order: int = 0
