"""What a monitor has seen so far, as tables, as traces, and as a verdict by the project's own rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from suite.monitor.observer import Observation, Place
from suite.protocol.measurements import OF_LAYERS
from suite.protocol.outcomes import find_causes
from suite.protocol.records import Cause
from suite.protocol.words import Diagnosis, causes_in_words, diagnose

if TYPE_CHECKING:
    import pandas

_COLUMNS = tuple(measurement.name for measurement in OF_LAYERS)


@dataclass
class History:
    """The looks of one training, in order.

    Attributes:
        places: The layers looked at.
        steps: Updates that had been made at each look: 0 is the model as it came.
        epochs: In which each look fell, from 0.
        observations: What was seen, with what was measured of the update that followed, if just one did.
        nonfinite_step: First update whose loss was not finite, if one was.
        nonfinite_layer: Where it began, if a look saw it.
    """

    places: Sequence[Place]
    steps: list[int] = field(default_factory=list)
    epochs: list[int] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    nonfinite_step: int | None = None
    nonfinite_layer: str | None = None

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

    def through_time(self, looks: slice = slice(None)) -> Mapping[tuple[int, str], np.ndarray]:
        """RMS of dLoss by the states of recurrent layers, (looks, time) by (index of the layer, name of the state)."""
        keys = self.observations[0].through_time if self.observations else {}
        return {key: np.array([seen.through_time[key] for seen in self.observations[looks]]) for key in keys}

    @property
    def hidden(self) -> list[int]:
        """Indices of the hidden layers."""
        return [index for index, place in enumerate(self.places) if place.hidden]

    def traces(self, looks: slice = slice(None)) -> dict[str, np.ndarray]:
        """The hidden layers' traces as `suite.protocol.records.Replicate.traces` names them, without gradients through time."""
        arrays = {name: self.array(name, looks)[:, self.hidden] for name in _COLUMNS}
        return arrays | {n: np.array([getattr(o, n) for o in self.observations]) for n in ("gradient_norm", "loss")}

    def causes(self, looks: slice = slice(None)) -> tuple[Cause, ...]:
        """The causes that the looks show, by the rules and thresholds of `suite.protocol.outcomes`.

        Args:
            looks: Which of them to judge; growth of the gradient's norm is always judged from the first on.
        """
        if not self.observations:
            return ()
        found: set[Cause] = set()
        for traces in self._with_time(looks):
            found |= set(find_causes(traces))
        if self._stopped(looks):
            found.add(Cause.VANISHING)
        return tuple(cause for cause in Cause if cause in found)

    def facts(self, looks: slice = slice(None)) -> Diagnosis:
        """The numbers behind the causes, in the looks to judge."""
        places = [self.places[index] for index in self.hidden]
        each = [diagnose(traces, [place.name for place in places]) for traces in self._with_time(looks)]
        facts = max(each, key=lambda facts: abs(facts.time_ratio or 0))
        if not facts.zeros:
            return facts
        zero = self.observations[looks][-1].zero_weights
        zero = [index for index in zero if index in self.hidden] or zero
        if zero:  # of several, the one nearest the loss, where the gradient ends first
            return replace(facts, zero_weights=self.places[zero[-1]].name)
        return facts if facts.dead == 1 else replace(facts, precision=places[0].precision)

    def _stopped(self, looks: slice) -> bool:
        """Whether a hidden layer's weights are all 0 and no gradient passes, not even to the last hidden layer.

        An output layer that starts at 0 is no fault: it lets the gradient through after one step.
        """
        zero = set(self.observations[looks][-1].zero_weights) & set(self.hidden)
        return bool(zero) and not self.array("gradient_rms", looks)[:, self.hidden].any()

    def verdict(self) -> str:
        """What was seen, in words."""
        if not self.observations:
            return "nothing seen yet"
        words = []
        if self.nonfinite_step is not None:
            where = f", in {self.nonfinite_layer}" if self.nonfinite_layer else ""
            words.append(f"nonfinite at step {self.nonfinite_step}{where}")
        why = causes_in_words(self.causes(), self.facts())
        return "; ".join([*words, why] if why else words) or self._healthy()

    def _healthy(self) -> str:
        factor = self.facts().factor
        return "no fault seen" + (f": the gradient changes by {factor:.2g} per layer" if factor is not None else "")

    def _with_time(self, looks: slice) -> list[dict[str, np.ndarray]]:
        """The traces, once for every length of time that recurrent layers have."""
        traces = self.traces(looks)
        by_length: dict[int, list[np.ndarray]] = {}
        for (_, state), gradients in self.through_time(looks).items():
            if state == "h":  # as in the protocol; of an LSTM, c is shown and not judged
                by_length.setdefault(gradients.shape[1], []).append(gradients)
        groups = [{**traces, "gradient_rms_through_time": np.stack(g, axis=1)} for g in by_length.values()]
        return groups or [traces]

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
