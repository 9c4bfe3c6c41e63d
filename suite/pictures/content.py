"""What is in a picture: heat maps of gradients over the steps, curves beneath, words. Nothing is drawn here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from suite.protocol.records import Record, Replicate
from suite.protocol.words import record_in_words, run_in_words


@dataclass(frozen=True)
class Heat:
    """Gradients over the steps.

    Attributes:
        title: Of the map.
        steps: One a row of `gradients`.
        gradients: RMS, shape (steps, places): of layers, or of time steps.
        names: Of the places, the first nearest the input.
        axis: What a place is: `layer`, or `time step`.
    """

    title: str
    steps: np.ndarray
    gradients: np.ndarray
    names: Sequence[str]
    axis: str = "layer"


@dataclass(frozen=True)
class Curve:
    """A line over the steps."""

    name: str
    steps: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class Picture:
    """What is drawn.

    Attributes:
        title: In one line.
        words: What happened.
        heats: The maps, one above the other.
        losses: On a log scale.
        scores: Beneath.
        score_name: Of the scores.
        target: Score at which a run counts as trained.
        facts: Names and values for the page.
    """

    title: str
    words: str
    heats: Sequence[Heat]
    losses: Sequence[Curve] = ()
    scores: Sequence[Curve] = ()
    score_name: str = "accuracy"
    target: float | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


def picture_of_record(record: Record) -> Picture:
    """A cell: gradients as the median over the replicates that were probed at a step, losses and scores of each."""
    cell, runs = record.cell, record.replicates
    gradients = [(run, run.traces.get("gradient_rms")) for run in runs]
    heats = [_median_heat("backpropagated gradient", gradients, record.layers)]
    through_time = [(run, run.traces.get("gradient_rms_through_time")) for run in runs]
    recurrent = max((g.shape[1] for _, g in through_time if g is not None), default=0)
    for layer in range(recurrent):
        title = "gradient through time" + (f", recurrent layer {layer + 1}" if recurrent > 1 else "")
        heats.append(_median_heat(title, [(run, None if g is None else g[:, layer]) for run, g in through_time], ()))
    label = " · ".join(str(value) for value in cell.factors.values())
    return Picture(
        title=f"{cell.benchmark}: {label}" if label else cell.benchmark,
        words=record_in_words(record),
        heats=heats,
        losses=[
            Curve(f"replicate {run.replicate}", np.arange(1, len(run.traces["loss"]) + 1), run.traces["loss"])
            for run in runs
            if "loss" in run.traces
        ],
        scores=[
            Curve(f"replicate {run.replicate}", run.traces["probed_step"] + 1, run.traces["validation_score"])
            for run in runs
            if "validation_score" in run.traces
        ],
        score_name=f"validation {record.task_facts.get('metric', 'score')}",
        target=cell.target,
        facts={
            **{str(factor): str(value) for factor, value in cell.factors.items()},
            "learning rate": f"{record.learning_rate:.3g}",
            **{f"replicate {run.replicate}": run_in_words(run, record.layers) for run in runs},
        },
    )


def _median_heat(title: str, traces: Sequence[tuple[Replicate, np.ndarray | None]], names: Sequence[str]) -> Heat:
    known = [(run, gradients) for run, gradients in traces if gradients is not None and len(gradients)]
    places = max((gradients.shape[1] for _, gradients in known), default=len(names))
    steps = np.unique(np.concatenate([run.traces["probed_step"] for run, _ in known])) if known else np.zeros(0, int)
    block = np.full((len(known), len(steps), places), np.nan)
    for index, (run, gradients) in enumerate(known):
        block[index, np.searchsorted(steps, run.traces["probed_step"])] = gradients
    median = _lower_median(block)
    axis = "layer" if names else "time step"
    return Heat(title, steps + 1, median, names or [str(place + 1) for place in range(places)], axis)


def _lower_median(block: np.ndarray) -> np.ndarray:
    """Median over the first axis of those that are there; NaN where none is.

    Of an even number the lower one: a mean of 0 and something would be neither.
    """
    if not len(block):
        return np.zeros(block.shape[1:])
    ordered = np.sort(block, axis=0)  # NaN comes last
    there = (~np.isnan(block)).sum(axis=0)
    return np.take_along_axis(ordered, np.maximum((there - 1) // 2, 0)[None], axis=0)[0]
