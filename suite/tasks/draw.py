"""A draw of a benchmark's data, by its random streams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

SELECTION, EVALUATION = 2, 3
"""Roles of the random streams of a draw; `suite.training.experiment` uses 0 and 1 for runs."""


@dataclass(frozen=True)
class Draw:
    """One draw of a benchmark's data, the same for all its cells, so that comparisons are paired.

    Attributes:
        seed: Seed of the benchmark.
        tuning: Index of the tuning, from 0. Its validation examples choose the learning rate.
        replicate: Index of a replicate of that tuning, which validates and tests on other examples than those; None
            for the tuning itself.
    """

    seed: int = 0
    tuning: int = 0
    replicate: int | None = None

    def selection(self, *key: int) -> np.random.Generator:
        """A random stream that the tuning and its replicates share."""
        return self._stream(SELECTION, self.tuning, 0, *key)

    def own(self, *key: int) -> np.random.Generator:
        """A random stream of this draw only."""
        if self.replicate is None:
            return self._stream(SELECTION, self.tuning, 1, *key)
        return self._stream(EVALUATION, self.replicate, *key)

    def _stream(self, *key: int) -> np.random.Generator:
        import numpy as np

        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))


FIRST = Draw()
"""The draw of whoever asks for none."""
