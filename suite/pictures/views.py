"""What there is to draw of a cell, from its record or from exported tables alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suite.pictures.axes import Scale, ScoreScale
from suite.pictures.charts import End
from suite.pictures.scale import median_over_replicates
from suite.protocol.gradient_axis import DEPTH, TIME, GradientAxis
from suite.protocol.ranks import Ran
from suite.protocol.records import Budget, Record, Replicate


@dataclass(frozen=True)
class Gradients:
    """What was probed of a cell's gradients.

    Attributes:
        replicates: Their indices.
        steps: The probed steps.
        block: RMS, shape (replicates, steps, places); infinite where it was not finite, NaN where nothing was probed.
        along: What the places are.
        names: Of the places; their numbers if empty.
    """

    replicates: Sequence[int]
    steps: NDArray[Any]
    block: NDArray[np.float64]
    along: GradientAxis = DEPTH
    names: Sequence[str] = ()

    @cached_property
    def median(self) -> NDArray[np.float64]:
        """(steps, places), over the replicates."""
        return median_over_replicates(self.block)

    @property
    def places(self) -> Sequence[str]:
        """A name for each."""
        return self.names or [str(place + 1) for place in range(self.block.shape[2])]


@dataclass(frozen=True)
class Curves:
    """The curves of one replicate at its probed steps; effective beta is empty or NaN where nobody asked for it."""

    replicate: int
    steps: Sequence[int]
    loss: Sequence[float]
    score: Sequence[float]
    beta: Sequence[float] = ()


@dataclass(frozen=True)
class CellView:
    """All there is to draw of a cell, from its record or from the exported tables alike.

    Attributes:
        cell: Its trials and replicates.
        budget: What it could spend.
        scale: Of the task's scores.
        curves: Of its replicates.
        gradients: GradientAxis layers, or time steps where there is one recurrent layer only.
        through_time: GradientAxis time steps, of the first recurrent layer; None if there is none.
    """

    cell: Ran
    budget: Budget
    scale: ScoreScale
    curves: Sequence[Curves]
    gradients: Gradients
    through_time: Gradients | None = None

    @property
    def words(self) -> dict[str, str]:
        """What the titles and captions of figures leave open."""
        along = self.gradients.along
        return {"metric": self.scale.metric, "place": along.place, "symbol": along.symbol, "first": along.first}

    @property
    def training(self) -> Scale:
        """The axis of the steps: of a whole run, or of the steps there are if all runs became non-finite."""
        return Scale(0, max(1, self.budget.steps if self.end is None else self.end.step * 2), whole=True)

    @cached_property
    def end(self) -> End | None:
        """Where all runs became non-finite; None if one did not."""
        return nonfinite_end(self.cell.replicates)

    def outcome(self, replicate: int) -> str:
        """How a run ended."""
        return next((str(run.outcome) for run in self.cell.replicates if run.replicate == replicate), "")


def nonfinite_end(runs: Sequence[Replicate]) -> End | None:
    """Where all runs became non-finite; None if one did not."""
    steps = [run.nonfinite_step for run in runs if run.nonfinite_step is not None]
    if not steps or len(steps) < len(runs):
        return None
    layers = dict.fromkeys(run.nonfinite_layer for run in runs if run.nonfinite_layer)
    first, last = min(steps), max(steps)
    when = f"step {last}" if first == last else f"steps {first} to {last}"
    where = f", layer {', '.join(layers)}" if layers else ""
    who = "the one run is" if len(runs) == 1 else f"all {len(runs)} runs"
    return End(last, f"{who} NaN at {when}{where}")


def view_of_record(record: Record) -> CellView:
    """What a record has to draw."""
    scale = ScoreScale.of(record.task_facts, record.cell.target)
    layers = _probed(record, "gradient_rms", DEPTH, record.layers)
    time = _probed(record, "gradient_rms_through_time", TIME)
    shown = time if time.block.size and len(record.layers) == 1 else layers
    curves = [_curves_of(run) for run in record.replicates]
    return CellView(record, record.cell.budget, scale, curves, shown, time if time.block.size else None)


def _curves_of(run: Replicate) -> Curves:
    steps, loss = np.asarray(run.traces.get("probed_step", ()), dtype=int), np.asarray(run.traces.get("loss", ()))
    scores = np.asarray(run.traces.get("validation_score", ()), dtype=float)
    seen = loss[steps[steps < len(loss)]].astype(float)
    beta = np.asarray(run.traces.get("effective_beta", ()), dtype=float)
    return Curves(run.replicate, (steps + 1).tolist(), seen.tolist(), scores.tolist(), beta.tolist())


def _probed(record: Record, trace: str, along: GradientAxis, names: Sequence[str] = ()) -> Gradients:
    """One trace of all replicates; of recurrent layers the first."""
    known = [(run, np.asarray(run.traces[trace], dtype=float)) for run in record.replicates if trace in run.traces]
    known = [(run, values if values.ndim == 2 else values[:, 0]) for run, values in known if values.size]
    if not known:
        return Gradients([], np.zeros(0, dtype=int), np.zeros((0, 0, len(names))), along, names)
    steps = np.unique(np.concatenate([run.traces["probed_step"] for run, _ in known])).astype(int)
    block = np.full((len(known), len(steps), known[0][1].shape[1]), np.nan)
    for index, (run, values) in enumerate(known):
        block[index, np.searchsorted(steps, run.traces["probed_step"])] = np.where(np.isfinite(values), values, np.inf)
    return Gradients([run.replicate for run, _ in known], steps + 1, block, along, names)
