"""What a monitor has seen so far, as tables, as traces, and as a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from suite.monitor.diagnosis import Diagnosis, Fault, diagnoses_of, factor_per_layer, listed
from suite.monitor.observation import Observation, Place
from suite.protocol.measurements import OF_LAYERS
from suite.protocol.records import Cause, Outcome

if TYPE_CHECKING:
    import pandas

_COLUMNS = tuple(measurement.name for measurement in OF_LAYERS)


@dataclass
class History:
    """The looks of one training, in order.

    Attributes:
        places: The layers.
        steps: Number of updates before each look: 0 is the model as it came.
        epochs: Epoch of each look, from 0.
        observations: What was seen, with what was measured of the update that followed, if just one did.
        nonfinite_step: First update whose loss was not finite, if one was.
        nonfinite_layer: Where it began, if a look saw it.
        data: Where the data hold a value that is not finite, in words, if it is known.
        still: Layers that do not move, if some do not.
        checks: Problems found before any gradient, in words.
        untrained: Layers whose gradient is lost in a `tf.function`.
    """

    places: Sequence[Place]
    steps: list[int] = field(default_factory=list)
    epochs: list[int] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    nonfinite_step: int | None = None
    nonfinite_layer: str | None = None
    data: str | None = None
    still: Diagnosis | None = None
    checks: Sequence[str] = ()
    untrained: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.observations)

    def add(self, step: int, epoch: int, seen: Observation) -> None:
        """Keeps a look."""
        self.steps.append(step)
        self.epochs.append(epoch)
        self.observations.append(seen)
        if seen.nonfinite_layer is not None and self.nonfinite_step is None:
            # Where weights are not finite any more, the update before began it, and every layer shows it.
            self.nonfinite_step = step + 1 if seen.weights_are_finite else step
            self.nonfinite_layer = seen.nonfinite_layer if seen.weights_are_finite else None

    def array(self, name: str, looks: slice = slice(None)) -> np.ndarray:
        """A measurement of all layers over the looks, shape (looks, layers); NaN where there is none."""
        unknown = np.full(len(self.places), np.nan, np.float32)
        rows = [seen.layers.get(name, unknown) for seen in self.observations[looks]]
        return np.array(rows).reshape(len(rows), len(self.places))

    def through_time(self) -> Mapping[tuple[int, str], np.ndarray]:
        """RMS of dLoss by the states of recurrent layers, (looks, time) by (index of the layer, name of the state)."""
        keys = self.observations[0].through_time if self.observations else {}
        return {key: np.array([seen.through_time[key] for seen in self.observations]) for key in keys}

    @property
    def hidden(self) -> list[int]:
        """Indices of the hidden layers."""
        return [index for index, place in enumerate(self.places) if place.hidden]

    def traces(self, looks: slice = slice(None)) -> dict[str, np.ndarray]:
        """The hidden layers' traces as `suite.protocol.records.Replicate.traces` names them, without gradients through time."""
        arrays = {name: self.array(name, looks)[:, self.hidden] for name in _COLUMNS}
        return arrays | {n: np.array([getattr(o, n) for o in self.observations]) for n in ("gradient_norm", "loss")}

    def diagnoses(self, looks: slice = slice(None)) -> list[Diagnosis]:
        """Why the model does not train, as these looks show it, the surest reason first.

        Args:
            looks: Which of them to judge; growth of the gradient's norm is always judged from the first on.
        """
        if self.data is not None:
            return [Diagnosis(Fault.DATA, self.data)]
        found = [Diagnosis(Fault.CHECK, text) for text in self.checks]
        if self.nonfinite_step is not None:
            where = f", in {self.nonfinite_layer}" if self.nonfinite_layer else ""
            found.append(Diagnosis(Outcome.NONFINITE, f"nonfinite at step {self.nonfinite_step}{where}"))
        if self.untrained:
            text = f"nothing trains {listed(list(self.untrained))}: the gradient is lost in the `tf.function` around"
            found.append(Diagnosis(Fault.UNTRAINED, text))
        norms = [seen.gradient_norm for seen in self.observations]
        finite = [seen for seen in self.observations[looks] if seen.finite]
        found += diagnoses_of(finite, self.places, norms)
        explained = any(diagnosis.cause in (Cause.DEAD, Cause.VANISHING) for diagnosis in found)
        return found if self.still is None or explained else [*found, self.still]

    def verdict(self) -> str:
        """What was seen, in words."""
        if not self.observations:
            return "nothing seen yet"
        return "; ".join(diagnosis.text for diagnosis in self.diagnoses()) or self._healthy()

    def _healthy(self) -> str:
        factor = factor_per_layer([seen for seen in self.observations if seen.finite], self.places)
        return "no fault seen" + (f": the gradient changes by {factor:.2g} per layer" if factor is not None else "")

    def by_layer(self) -> pandas.DataFrame:
        """One row per look and layer; columns as in the exported table `gradients`, and what the layer is."""
        import pandas

        looks, layers = len(self), len(self.places)
        what = {name: [getattr(p, name) for p in self.places] * looks for name in ("where", "activation", "hidden")}
        return pandas.DataFrame(
            {
                "step": np.repeat(self.steps, layers),
                "epoch": np.repeat(self.epochs, layers),
                "layer": np.tile(np.arange(1, layers + 1), looks),
                "name": [place.name for place in self.places] * looks,
                **{name: self.array(name).reshape(-1).astype(float) for name in _COLUMNS},
                **what,
            }
        )

    def by_time(self) -> pandas.DataFrame:
        """One row per look, recurrent layer, state and time step, with the RMS of dLoss by that state."""
        import pandas

        rows = [
            (step, layer + 1, self.places[layer].name, state, time + 1, float(value))
            for (layer, state), gradients in self.through_time().items()
            for step, row in zip(self.steps, gradients, strict=True)
            for time, value in enumerate(row)
        ]
        return pandas.DataFrame(rows, columns=["step", "layer", "name", "state", "time", "gradient_rms"])

    def curves(self) -> pandas.DataFrame:
        """One row per look: the loss of the monitor's batch and the global gradient norm."""
        import pandas

        numbers = {name: [getattr(seen, name) for seen in self.observations] for name in ("loss", "gradient_norm")}
        return pandas.DataFrame({"step": self.steps, "epoch": self.epochs, **numbers})
