"""One run of a program: what is fed to it, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RunInputs:
    """All that one run feeds to a program.

    Attributes:
        weights: First values of the model's weights.
        learning_rates: Of every step, float32, shape (steps,).
        batches: Rows of the training split that make up every step's batch, int32, shape (steps, batch_size).
        seed: Of dropout.
        momentum: Of plain SGD (0) and heavy ball, which share a program; None for that of the program's own recipe.
    """

    weights: Sequence[np.ndarray]
    learning_rates: np.ndarray
    batches: np.ndarray
    seed: int
    momentum: float | None = None


@dataclass(frozen=True)
class Trace:
    """What one run leaves behind.

    Attributes:
        arrays: As in `suite.protocol.records.Replicate.traces`, cut at the step where the run ended.
        steps: Updates done with finite loss and gradients.
        finite: Whether the run went to its end.
        gradient_rms: As in `arrays`, and behind it the row of the step that was not finite, if that was probed: what
            it shows is why.
        clipped: Updates whose gradient exceeded the clipping threshold.
        nonfinite_layer: Where the first value that is not finite arose, if one did: a hidden layer, or "output".
    """

    arrays: Mapping[str, np.ndarray]
    steps: int
    finite: bool
    gradient_rms: np.ndarray
    clipped: int
    nonfinite_layer: str | None
