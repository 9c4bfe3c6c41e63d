"""What one look at a model shows: the layers that are measured, and the numbers of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Place:
    """A layer that is measured.

    Attributes:
        name: Its path in the model.
        hidden: Whether it is a hidden layer; output layers count in no ratio of gradients.
        where: What the gradient is of: `pre-activation`, `output` or `state`.
        activation: Name of the function that follows.
        precision: Float type in which the gradient comes back.
        shared: Index of the first call of the same layer that does not lead to this one.
    """

    name: str
    hidden: bool
    where: str
    activation: str
    precision: str = "float32"
    shared: int = -1


@dataclass(frozen=True)
class Observation:
    """What one look shows.

    Attributes:
        loss: Loss of the batch, penalties included.
        gradient_norm: Global norm of the gradient of all trainable weights.
        layers: One number a layer, by the name of the measurement; what could not be measured is not there.
        through_time: RMS of dLoss by a state at every time step, by (index of the layer, name of the state); NaN at time
            steps that are padding in every example.
        time_ends: The same, at three real steps of each example: the first, one half-way to the last, and the last.
        output_gradient: Largest dLoss/doutput; 0 at a minimum of the loss.
        nonfinite_layer: Where the first value that is not finite arose, if one did: a layer, or "output".
        weights_are_finite: Whether the layers' weights were, before this look.
        zero_weights: Indices of layers all of whose weights are 0; looked for where a gradient is exactly 0.
        awake: The same look after weights that start at 0 have moved, where those keep a gradient from others.
    """

    loss: float
    gradient_norm: float
    layers: dict[str, np.ndarray]
    through_time: Mapping[tuple[int, str], np.ndarray] = field(default_factory=dict)
    time_ends: Mapping[tuple[int, str], np.ndarray] = field(default_factory=dict)
    output_gradient: float = 1.0
    nonfinite_layer: str | None = None
    weights_are_finite: bool = True
    zero_weights: Sequence[int] = ()
    awake: Observation | None = None

    @property
    def finite(self) -> bool:
        """Whether loss and gradients are."""
        return bool(np.isfinite(self.loss) and np.isfinite(self.gradient_norm))

    @property
    def judged(self) -> Observation:
        """The look that verdicts are made of: what starts at 0 keeps the gradient from others for a step only."""
        return self.awake or self
