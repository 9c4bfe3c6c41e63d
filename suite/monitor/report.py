"""What a monitor and a single look say in the same words: causes, a verdict, and tables."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from suite.monitor.history import History
from suite.protocol.records import Cause

if TYPE_CHECKING:
    import pandas


class Report:
    """What was seen.

    Attributes:
        history: All of it.
    """

    history: History

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Why the model does not (or would not) train, by the rules of the protocol, over all looks."""
        return self.history.causes()

    @property
    def verdict(self) -> str:
        """What was seen, in words: "vanishing, 0.24 per layer"."""
        return self.history.verdict()

    def by_layer(self) -> pandas.DataFrame:
        """One row per look and layer: gradients, activations, update ratio, and what the layer is."""
        return self.history.by_layer()

    def by_time(self) -> pandas.DataFrame:
        """One row per look, recurrent layer, state and time step."""
        return self.history.by_time()


def deprecated(old: str, new: str) -> None:
    """Warns the caller of an old name."""
    warnings.warn(f"{old} will go with the next version: use {new}", DeprecationWarning, stacklevel=3)
