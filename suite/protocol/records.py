"""What is kept: cells, trials, replicates and records as plain frozen data.

Everything here travels between processes and lives in the store, so it is made of numbers, strings,
tuples, mappings and NumPy arrays only. Nothing heavy is imported.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

PROTOCOL_VERSION = 3
"""Records of different protocol versions are never ranked together."""


OWN_SAMPLER = "SharedGridSampler"
"""The sampler of `suite.training.tuning`, which follows `suite.protocol.rates`."""


class Outcome(StrEnum):
    """The named verdict on one run. The rules, in order, are in `suite.protocol.outcomes`."""

    NONFINITE = "nonfinite"
    DIVERGED = "diverged"
    TRAINED = "trained"
    LOST = "lost"
    STALLED = "stalled"
    SLOW = "slow"


class Cause(StrEnum):
    """Why a run did not train, as its probes show it. A run may have none, one or several."""

    VANISHING = "vanishing"
    EXPLODING = "exploding"
    DEAD = "dead"
    SATURATED = "saturated"


@dataclass(frozen=True)
class Budget:
    """What every cell of a benchmark may spend: the same for all of them.

    Attributes:
        steps: Optimizer steps of one run.
        trials: Learning rates tried in each tuning of a cell; 0 where its rate is fixed.
        replicates: Trainings of the tuned cell with fresh seeds and data. Replicate r has the learning rate of tuning
            r mod `tunings`.
        evaluations: Probed steps of one run, each followed by a pass over the validation split.
        learning_rate_low: Lower end of the range searched.
        learning_rate_high: Upper end of the range searched.
        landscape: Whether the loss is looked at about the weights too: along the gradient at every probed step, and its
            curvature at the end of every replicate.
        tunings: Number of times that the learning rate of a cell is tuned, each with its own seeds and data.
        sampler: Class that proposes learning rates: ours, or one of `optuna.samplers`.
    """

    steps: int
    trials: int
    replicates: int
    evaluations: int
    learning_rate_low: float
    learning_rate_high: float
    landscape: bool = False
    tunings: int = 1
    sampler: str = OWN_SAMPLER


VALIDATED = 2_000
"""Largest number of validation examples that a score is computed on: the first ones of the split."""

CURVED = 1_000
"""Training examples whose loss a curvature is of at most: the first ones of the split."""


@dataclass(frozen=True)
class Cell:
    """One recipe on a task: the unit of distribution, of resume, of caching and of failure.

    Attributes:
        benchmark: Name of the benchmark it belongs to.
        fingerprint: 16 hex digits that name everything its training depends on.
        factors: The grid's factors in the order of the spec, each with the label of this cell's level.
        recipe: Every factor of the model family, varied or not, with its canonical level: a number, a
            boolean, or for a component a mapping `{"name": ..., **arguments}`.
        task: `{"name": ..., **arguments}`.
        model: Name of the model family.
        budget: What the cell may spend.
        seed: The benchmark's seed, from which all seeds are spawned.
        target: Validation metric at which a run counts as trained.
        quick: Whether it belongs to a quick slice, which is recorded apart.
        search_path: Folders from which a user's own components are imported.
        program: Cells of equal `program` share one compiled training loop.
        sources: Digests of a user's own components and data files that it names, by name.
    """

    benchmark: str
    fingerprint: str
    factors: Mapping[str, str | int | float | bool]
    recipe: Mapping[str, Any]
    task: Mapping[str, Any]
    model: str
    budget: Budget
    seed: int
    target: float
    quick: bool
    search_path: tuple[str, ...]
    program: str
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Trial:
    """One learning rate tried for a cell, scored on the validation split at the last step.

    Attributes:
        trial: Its number, from 0.
        learning_rate: Before the schedule.
        validation_score: None where the run went non-finite, as are the other figures then.
        outcome: Verdict on the run.
        shared_grid: Whether the rate is of the grid that all cells share, under the first tuning seed.
        repeat: Which of the tuning seeds it had, from 0.
        validation_loss: At the last step.
        train_loss: At the last step.
        best_score: The best validation score on the way: with the losses, all that a verdict needs.
        tuning: Index of the tuning that it belongs to, from 0.
    """

    trial: int
    learning_rate: float
    validation_score: float | None
    outcome: str
    shared_grid: bool
    repeat: int = 0
    validation_loss: float | None = None
    train_loss: float | None = None
    best_score: float | None = None
    tuning: int = 0


@dataclass(frozen=True)
class Replicate:
    """One training of the tuned cell with a fresh seed and draw of the data. Scores are None where the run went non-finite.

    `tuning` is the index of the tuning that chose its `learning_rate`, which is None in tables of protocol 2.

    `statistics` holds what `suite.protocol.run_statistics.STATISTICS` computes of it, by key.
    `traces` holds the arrays over time that `suite.protocol.measurements.MEASUREMENTS` lists, and `probed_step`, the
    index of each look from 0. A run that ended early has fewer looks in each.
    """

    replicate: int
    seed: int
    outcome: str
    causes: tuple[str, ...]
    test_score: float | None
    train_score: float | None
    validation_score: float | None
    train_loss: float | None
    steps_to_target: int | None
    steps: int
    nonfinite_step: int | None
    nonfinite_layer: str | None
    seconds: float
    milliseconds_per_step: float | None = field(default=None, compare=False)
    tuning: int = 0
    learning_rate: float | None = None
    statistics: Mapping[str, float | None] = field(default_factory=dict)
    traces: Mapping[str, np.ndarray] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Record:
    """All that is kept of one cell.

    Attributes:
        cell: The cell.
        learning_rates: The best rate that each tuning found.
        at_edge: Whether one of them is the lowest or highest of the range.
        trials: In the order they were run.
        replicates: In the order of their index.
        layers: Names of the L probed layers, the one nearest the input first.
        parameters: Trainable weights of the model.
        seconds: Wall time of the whole cell on its worker.
        compile_seconds: The part of it spent building and compiling the program.
        task_facts: What the scores mean: `metric`, `higher_is_better`, `chance_score` (of the best constant
            predictor), `baseline_loss`, `classes` (None for regression) and the splits' sizes.
        thresholds: The verdicts' thresholds in force.
        protocol_version: The protocol's version in force.
    """

    cell: Cell
    learning_rates: tuple[float, ...]
    at_edge: bool
    trials: tuple[Trial, ...]
    replicates: tuple[Replicate, ...]
    layers: tuple[str, ...]
    parameters: int
    seconds: float
    compile_seconds: float
    task_facts: Mapping[str, Any]
    thresholds: Mapping[str, float]
    protocol_version: int = PROTOCOL_VERSION

    def trials_of(self, tuning: int) -> tuple[Trial, ...]:
        """The trials of one tuning."""
        return tuple(trial for trial in self.trials if trial.tuning == tuning)


@dataclass(frozen=True)
class Failure:
    """A cell that could not be run for reasons outside its recipe: no result, shown as missing."""

    cell: Cell
    error: str
    attempts: int


@dataclass(frozen=True)
class Provenance:
    """What is kept beside every record.

    Attributes:
        spec: Text of the whole spec.
        spec_file: Where it lay.
        versions: Of Python, this package and the libraries that numbers depend on.
        git_commit: Of this package's source, with "-dirty" where it was changed since; None outside a checkout.
        machine: System, processor and cores.
    """

    spec: str
    spec_file: str
    versions: Mapping[str, str]
    git_commit: str | None
    machine: Mapping[str, Any]

    @property
    def spec_sha256(self) -> str:
        """Of the spec's text."""
        return hashlib.sha256(self.spec.encode()).hexdigest()


def to_plain(value: Any) -> Any:
    """Turns a dataclass of this module into mappings, lists and scalars, as JSON has them; traces are left out."""
    if value is None or isinstance(value, (str, int, float)):  # by far the most of what is asked
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value) if f.name != "traces"}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    return value


def record_from_plain(plain: Mapping[str, Any], traces: Mapping[int, Mapping[str, np.ndarray]]) -> Record:
    """Rebuilds a record from `to_plain(record)` and the traces of each replicate, by its index."""
    fields = dict(plain)
    fields["cell"] = cell_from_plain(fields["cell"])
    fields["trials"] = tuple(Trial(**trial) for trial in fields["trials"])
    fields["replicates"] = tuple(
        Replicate(**{**row, "causes": tuple(row["causes"])}, traces=traces.get(row["replicate"], {}))
        for row in fields["replicates"]
    )
    fields |= {name: tuple(fields[name]) for name in ("layers", "learning_rates")}
    return Record(**fields)


def cell_from_plain(plain: Mapping[str, Any]) -> Cell:
    """Rebuilds a cell from `to_plain(cell)`."""
    fields = dict(plain)
    fields["budget"] = Budget(**fields["budget"])
    fields["search_path"] = tuple(fields["search_path"])
    return Cell(**fields)
